package scalar

import (
	"fmt"
	"regexp"
	"strings"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

func init() {
	register := func(name, doc string, overloads ...function.Signature) {
		function.RegisterScalar(function.Scalar{Name: name, Category: "REGULAR EXPRESSION",
			Doc: doc + " Patterns have Java's syntax without look-around, back-references, possessive quantifiers and class intersections.", Overloads: overloads})
	}
	// rows lifts f with the pattern at position p compiled, once for all rows with the
	// same pattern. Any NULL makes the result NULL.
	rows := func(p int, params []string, result string, f func(re *regexp.Regexp, a []types.Value) (types.Value, error)) function.Signature {
		s := function.Signature{Params: params, Result: result, NullIn: true}
		s.Compile = func([]types.Type, types.Type) (function.Kernel, error) {
			var m memo[*regexp.Regexp]
			return function.LiftRows(func(_ *function.Context, a []types.Value) (types.Value, error) {
				if anyNil(a) {
					return nil, nil
				}
				re, err := m.get(a[p].(string), compileJava)
				if err != nil {
					return nil, err
				}
				return f(re, a)
			}), nil
		}
		return s
	}
	group := func(a []types.Value) int {
		if len(a) == 3 {
			return int(a[2].(int32))
		}
		return 0
	}
	extract := func(re *regexp.Regexp, a []types.Value) (types.Value, error) {
		g := group(a)
		at := re.FindStringSubmatchIndex(a[1].(string))
		if g < 0 || g > re.NumSubexp() || at == nil || at[2*g] < 0 {
			return nil, nil
		}
		return a[1].(string)[at[2*g]:at[2*g+1]], nil
	}
	all := func(re *regexp.Regexp, a []types.Value) (types.Value, error) {
		g, out := group(a), types.ArrayVal{}
		if g < 0 || g > re.NumSubexp() {
			return nil, nil
		}
		for _, at := range re.FindAllStringSubmatchIndex(a[1].(string), -1) {
			if at[2*g] < 0 {
				out = append(out, nil)
			} else {
				out = append(out, a[1].(string)[at[2*g]:at[2*g+1]])
			}
		}
		return out, nil
	}
	two, three := []string{"STRING pattern", "STRING input"}, []string{"STRING pattern", "STRING input", "INTEGER group"}
	register("REGEXP_EXTRACT", "The first match of the pattern in the input, or a group of it; NULL when there is none.",
		rows(0, two, "STRING", extract), rows(0, three, "STRING", extract))
	register("REGEXP_EXTRACT_ALL", "Array of all matches of the pattern in the input, or of a group of them.",
		rows(0, two, "ARRAY<STRING>", all), rows(0, three, "ARRAY<STRING>", all))
	register("REGEXP_REPLACE", "The input with every match of the pattern replaced by newStr, in which $1 is the first group and \\ takes the meaning from the next character.",
		rows(1, []string{"STRING str", "STRING pattern", "STRING newStr"}, "STRING", func(re *regexp.Regexp, a []types.Value) (types.Value, error) {
			return replaceJava(re, a[0].(string), a[2].(string))
		}))
	register("REGEXP_SPLIT_TO_ARRAY", "Array of the parts of the input between the matches of the pattern.",
		rows(1, []string{"STRING input", "STRING pattern"}, "ARRAY<STRING>", func(re *regexp.Regexp, a []types.Value) (types.Value, error) {
			return textArray(re.Split(a[0].(string), -1)), nil
		}))
}

// replaceJava expands $n and \c of Java's Matcher.replaceAll.
func replaceJava(re *regexp.Regexp, s, template string) (types.Value, error) {
	var b strings.Builder
	end := 0
	for _, at := range re.FindAllStringSubmatchIndex(s, -1) {
		b.WriteString(s[end:at[0]])
		end = at[1]
		for i := 0; i < len(template); i++ {
			c := template[i]
			if c != '\\' && c != '$' {
				b.WriteByte(c)
				continue
			}
			if i++; i == len(template) {
				return nil, sqlerr.New(sqlerr.InvalidRegexp, "replacement %q ends in the middle of an escape", template)
			}
			if c == '\\' {
				b.WriteByte(template[i])
				continue
			}
			g, next, err := groupReference(re, template, i)
			if err != nil {
				return nil, err
			}
			if at[2*g] >= 0 {
				b.WriteString(s[at[2*g]:at[2*g+1]])
			}
			i = next - 1
		}
	}
	b.WriteString(s[end:])
	return b.String(), nil
}

// groupReference reads the number or {name} after a $ at template[i]; more digits count
// as long as they make a group that exists.
func groupReference(re *regexp.Regexp, template string, i int) (group, next int, err error) {
	if template[i] == '{' {
		if n := strings.IndexByte(template[i:], '}'); n > 0 {
			if g := re.SubexpIndex(template[i+1 : i+n]); g >= 0 {
				return g, i + n + 1, nil
			}
		}
		return 0, 0, sqlerr.New(sqlerr.InvalidRegexp, "no group of the name in replacement %q", template)
	}
	start, g := i, 0
	for i < len(template) && template[i] >= '0' && template[i] <= '9' {
		n := g*10 + int(template[i]-'0')
		if n > re.NumSubexp() && i > start {
			break
		}
		g = n
		i++
	}
	if i == start || g > re.NumSubexp() {
		return 0, 0, sqlerr.New(sqlerr.InvalidRegexp, "no group of the number in replacement %q", template)
	}
	return g, i, nil
}

// compileJava compiles a pattern of java.util.regex with RE2, which takes linear time
// whatever the pattern, and refuses what RE2 cannot do rather than mean something else.
func compileJava(pattern string) (*regexp.Regexp, error) {
	t := translation{in: pattern}
	if err := t.run(); err != nil {
		return nil, sqlerr.New(sqlerr.InvalidRegexp, "invalid regular expression pattern: %s: %w", pattern, err)
	}
	re, err := regexp.Compile(t.out.String())
	if err != nil {
		return nil, sqlerr.New(sqlerr.InvalidRegexp, "invalid regular expression pattern: %s: %w", pattern, err)
	}
	return re, nil
}

type translation struct {
	in    string
	at    int
	out   strings.Builder
	class int // nesting of [...]
}

// posixClasses are Java's \p names that RE2 knows under other names.
var posixClasses = map[string]string{
	"Lower": "[:lower:]", "Upper": "[:upper:]", "ASCII": "[:ascii:]", "Alpha": "[:alpha:]", "Digit": "[:digit:]", "Alnum": "[:alnum:]",
	"Punct": "[:punct:]", "Graph": "[:graph:]", "Print": "[:print:]", "Blank": "[:blank:]", "Cntrl": "[:cntrl:]", "XDigit": "[:xdigit:]",
	"Space": "[:space:]",
}

func (t *translation) rest() string { return t.in[t.at:] }

func (t *translation) run() error {
	quantified := false
	for t.at < len(t.in) {
		c := t.in[t.at]
		wasQuantified := quantified
		quantified = false
		switch {
		case c == '\\':
			if err := t.escape(); err != nil {
				return err
			}
			continue
		case t.class > 0:
			if err := t.inClass(c); err != nil {
				return err
			}
		case c == '[':
			t.class++
			t.out.WriteByte(c)
			if strings.HasPrefix(t.rest(), "[^") {
				t.out.WriteByte('^')
				t.at++
			}
		case c == '(' && strings.HasPrefix(t.rest(), "(?"):
			if err := t.group(); err != nil {
				return err
			}
			t.out.WriteByte(c)
		case c == '+' && wasQuantified:
			return fmt.Errorf("possessive quantifiers are not supported")
		default:
			quantified = c == '*' || c == '+' || c == '?' || c == '}'
			t.out.WriteByte(c)
		}
		t.at++
	}
	return nil
}

func (t *translation) inClass(c byte) error {
	switch {
	case c == '[':
		return fmt.Errorf("classes inside of classes are not supported")
	case strings.HasPrefix(t.rest(), "&&"):
		return fmt.Errorf("class intersections (&&) are not supported")
	case c == ']':
		t.class--
	}
	t.out.WriteByte(c)
	return nil
}

func (t *translation) group() error {
	for prefix, what := range map[string]string{"(?=": "look-ahead", "(?!": "look-ahead", "(?<=": "look-behind", "(?<!": "look-behind", "(?>": "atomic groups"} {
		if strings.HasPrefix(t.rest(), prefix) {
			return fmt.Errorf("%s %s is not supported", what, prefix+")")
		}
	}
	return nil
}

// escape translates \x at t.at and moves past it.
func (t *translation) escape() error {
	rest := t.rest()
	if len(rest) < 2 {
		return fmt.Errorf("nothing follows the last backslash")
	}
	write := func(text string, n int) error {
		t.out.WriteString(text)
		t.at += n
		return nil
	}
	switch c := rest[1]; {
	case c == 'Q':
		quoted, tail, _ := strings.Cut(rest[2:], `\E`)
		t.out.WriteString(regexp.QuoteMeta(quoted))
		t.at = len(t.in) - len(tail)
		return nil
	case c >= '1' && c <= '9' || c == 'k':
		return fmt.Errorf("back-references (\\%c) are not supported", c)
	case c == 'G' || c == 'X' || c == 'R':
		return fmt.Errorf("\\%c is not supported", c)
	case c == 'u' && len(rest) >= 6:
		return write(`\x{`+rest[2:6]+`}`, 6)
	case c == 'e':
		return write(`\x1b`, 2)
	case c == 'Z' && t.class == 0:
		return write(`(?:\n?\z)`, 2)
	case c == 'h' && t.class == 0:
		return write(`[ \t\x{a0}]`, 2)
	case (c == 'p' || c == 'P') && len(rest) > 2 && rest[2] == '{':
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			return fmt.Errorf("\\%c{ without }", c)
		}
		return write(t.property(rest[3:end], c == 'P'), end+1)
	}
	return write(rest[:2], 2)
}

func (t *translation) property(name string, negated bool) string {
	if posix, ok := posixClasses[name]; ok {
		if negated {
			posix = "[:^" + posix[2:]
		}
		if t.class > 0 {
			return posix
		}
		return "[" + posix + "]"
	}
	name = strings.TrimPrefix(name, "Is")
	if name == "Alphabetic" {
		name = "L"
	}
	if negated {
		return `\P{` + name + `}`
	}
	return `\p{` + name + `}`
}
