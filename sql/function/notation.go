package function

import (
	"fmt"
	"slices"
	"strings"

	"tailrace/sql/types"
)

// pattern is a parameter or result of a signature, read from its notation. Exactly one of
// the alternatives below holds.
type pattern struct {
	is     patternKind
	kind   types.Kind // concrete, and the outer kind of container
	letter byte       // variable
	full   types.Type // concrete with parameters, as DECIMAL(10, 2) or STRUCT<...>
	subs   []pattern  // container: elements; lambda: parameters, then the result
	name   string     // of a parameter, for messages and the reference page
}

type patternKind uint8

const (
	concrete   patternKind = iota // one type
	anyDecimal                    // DECIMAL with whatever precision and scale
	anyStruct                     // STRUCT with whatever fields
	anything                      // ANY
	variable                      // T
	container                     // ARRAY<...> or MAP<...> over patterns
	lambda                        // LAMBDA(...) -> ...
	unit                          // UNIT
)

// mustPattern reads a notation written in a program text; a fault in it is a bug.
func mustPattern(text string) pattern {
	p := patternParser{rest: text}
	out, err := p.parse()
	if err != nil {
		panic(fmt.Sprintf("function: notation %q: %v", text, err))
	}
	out.name = strings.TrimSpace(p.rest)
	return out
}

type patternParser struct{ rest string }

func (p *patternParser) word() string {
	p.rest = strings.TrimLeft(p.rest, " ")
	n := 0
	for n < len(p.rest) && (p.rest[n] >= 'A' && p.rest[n] <= 'Z') {
		n++
	}
	w := p.rest[:n]
	p.rest = p.rest[n:]
	return w
}

func (p *patternParser) take(text string) bool {
	trimmed := strings.TrimLeft(p.rest, " ")
	if !strings.HasPrefix(trimmed, text) {
		return false
	}
	p.rest = trimmed[len(text):]
	return true
}

func (p *patternParser) list(end string) ([]pattern, error) {
	var out []pattern
	for !p.take(end) {
		if len(out) > 0 && !p.take(",") {
			return nil, fmt.Errorf("expected , or %s", end)
		}
		sub, err := p.parse()
		if err != nil {
			return nil, err
		}
		out = append(out, sub)
	}
	return out, nil
}

func (p *patternParser) parse() (pattern, error) {
	word := p.word()
	switch {
	case len(word) == 1:
		return pattern{is: variable, letter: word[0]}, nil
	case word == "ANY":
		return pattern{is: anything}, nil
	case word == "UNIT":
		return pattern{is: unit}, nil
	case word == "LAMBDA":
		if !p.take("(") {
			return pattern{}, fmt.Errorf("expected ( after LAMBDA")
		}
		subs, err := p.list(")")
		if err != nil {
			return pattern{}, err
		}
		if !p.take("->") {
			return pattern{}, fmt.Errorf("expected -> after the parameters of LAMBDA")
		}
		result, err := p.parse()
		return pattern{is: lambda, subs: append(subs, result)}, err
	}
	if word == "NUMERIC" {
		return pattern{is: concrete, kind: types.Numeric, full: types.NumericType}, nil
	}
	kind, ok := types.KindByName(word)
	if !ok {
		return pattern{}, fmt.Errorf("unknown type %q", word)
	}
	return p.ofKind(kind)
}

func (p *patternParser) ofKind(kind types.Kind) (pattern, error) {
	switch {
	case kind == types.Decimal:
		if strings.HasPrefix(p.rest, "(") {
			return p.literalType("DECIMAL", ")")
		}
		return pattern{is: anyDecimal, kind: kind}, nil
	case kind == types.Struct:
		if strings.HasPrefix(p.rest, "<") {
			return p.literalType("STRUCT", ">")
		}
		return pattern{is: anyStruct, kind: kind}, nil
	case kind == types.Array || kind == types.Map:
		if !p.take("<") {
			return pattern{}, fmt.Errorf("expected < after %s", kind)
		}
		subs, err := p.list(">")
		if want := int(kind-types.Array) + 1; err == nil && len(subs) != want {
			err = fmt.Errorf("%s takes %d types", kind, want)
		}
		return pattern{is: container, kind: kind, subs: subs}, err
	}
	return pattern{is: concrete, kind: kind, full: types.Type{Kind: kind}}, nil
}

// literalType reads the parameters of a type, up to the bracket that closes them.
func (p *patternParser) literalType(word, end string) (pattern, error) {
	depth, n := 0, -1
	for i := 0; i < len(p.rest) && n < 0; i++ {
		switch p.rest[i] {
		case '<', '(':
			depth++
		case '>', ')':
			if depth--; depth == 0 {
				n = i
			}
		}
	}
	if n < 0 {
		return pattern{}, fmt.Errorf("expected %s", end)
	}
	t, err := types.ParseType(word + p.rest[:n+1])
	p.rest = p.rest[n+1:]
	return pattern{is: concrete, kind: t.Kind, full: t}, err
}

// String writes the pattern as ksqlDB lists signatures, without the name.
func (p pattern) String() string {
	switch p.is {
	case anyDecimal, anyStruct:
		return p.kind.String()
	case anything:
		return "ANY"
	case unit:
		return "UNIT"
	case variable:
		return string(p.letter)
	case container:
		return p.kind.String() + "<" + joinPatterns(p.subs) + ">"
	case lambda:
		last := len(p.subs) - 1
		return "LAMBDA (" + joinPatterns(p.subs[:last]) + ") => " + p.subs[last].String()
	}
	return p.full.String()
}

func joinPatterns(ps []pattern) string {
	parts := make([]string, len(ps))
	for i, p := range ps {
		parts[i] = p.String()
	}
	return strings.Join(parts, ", ")
}

// numeric reports whether NUMERIC or JSON stands in the pattern: results of that type have
// another where they are to be stored.
func (p pattern) numeric() bool {
	return p.kind == types.Numeric || p.kind == types.JSON || p.kind == types.JSONB || slices.ContainsFunc(p.subs, pattern.numeric)
}

// generic reports whether a type variable stands in the pattern.
func (p pattern) generic() bool {
	if p.is == variable {
		return true
	}
	for _, s := range p.subs {
		if s.generic() {
			return true
		}
	}
	return false
}
