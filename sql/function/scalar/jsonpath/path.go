package jsonpath

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Path leads to a part of a JSON value.
type Path []Step

// Step goes to a member of an object, or to an element of an array where Index counts.
type Step struct {
	Name    string
	Index   int
	Indexed bool
}

// Parse reads a path: $.name, $['any name'], $[name] and $[0], in any sequence. A name after a dot
// ends before the next dot or bracket.
func Parse(text string) (Path, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), "$")
	if !ok {
		return nil, fmt.Errorf("invalid JSON path %q: it must start with $", text)
	}
	var out Path
	for rest != "" {
		var step Step
		var err error
		switch rest[0] {
		case '.':
			end := strings.IndexAny(rest[1:], ".[")
			if end < 0 {
				end = len(rest) - 1
			}
			step.Name, rest = rest[1:1+end], rest[1+end:]
			if step.Name == "" {
				err = fmt.Errorf("a name is missing")
			}
		case '[':
			step, rest, err = bracket(rest)
		default:
			err = fmt.Errorf("expected . or [ before %q", rest)
		}
		if err != nil {
			return nil, fmt.Errorf("invalid JSON path %q: %w", text, err)
		}
		out = append(out, step)
	}
	return out, nil
}

// bracket reads [n], [name], ['name'] or ["name"].
func bracket(rest string) (Step, string, error) {
	if len(rest) > 1 && (rest[1] == '\'' || rest[1] == '"') {
		quote := rest[1]
		var name strings.Builder
		for i := 2; i < len(rest); i++ {
			switch {
			case rest[i] == '\\' && i+1 < len(rest):
				i++
				name.WriteByte(rest[i])
			case rest[i] == quote:
				if i+1 >= len(rest) || rest[i+1] != ']' {
					return Step{}, "", fmt.Errorf("expected ] after %s", rest[:i+1])
				}
				return Step{Name: name.String()}, rest[i+2:], nil
			default:
				name.WriteByte(rest[i])
			}
		}
		return Step{}, "", fmt.Errorf("a quoted name does not end")
	}
	end := strings.IndexByte(rest, ']')
	if end < 0 {
		return Step{}, "", fmt.Errorf("expected ]")
	}
	word := rest[1:end]
	if n, err := strconv.Atoi(word); err == nil && n >= 0 {
		return Step{Name: word, Index: n, Indexed: true}, rest[end+1:], nil
	}
	if word == "" || strings.ContainsFunc(word, func(c rune) bool { return c != '_' && c != '-' && !unicode.IsLetter(c) && !unicode.IsDigit(c) }) {
		return Step{}, "", fmt.Errorf("%q is neither an index nor a name", word)
	}
	return Step{Name: word}, rest[end+1:], nil
}

// Find is the part of a value that the path leads to; ok is false when there is none. Of
// members with one name the last counts. A name that is a number leads into arrays too, and
// an index to the member of that name.
func (p Path) Find(v Value) (found Value, ok bool) {
	for _, s := range p {
		next, ok := Value(nil), false
		switch {
		case v.Kind() == Array:
			i, index := 0, s.Index
			if !s.Indexed {
				var err error
				if index, err = strconv.Atoi(s.Name); err != nil {
					return nil, false
				}
			}
			v.each(func(_, x Value) bool {
				if i == index {
					next, ok = x, true
				}
				i++
				return !ok
			})
		case v.Kind() == Object:
			v.each(func(name, x Value) bool {
				if named(name, s.Name) {
					next, ok = x, true
				}
				return true
			})
		}
		if !ok {
			return nil, false
		}
		v = next
	}
	return v, true
}

// named compares a quoted name without unescaping it, if it can.
func named(quoted Value, name string) bool {
	inner := quoted[1 : len(quoted)-1]
	if string(inner) == name {
		return strings.IndexByte(name, '\\') < 0
	}
	return strings.IndexByte(string(inner), '\\') >= 0 && unquote(quoted) == name
}
