package scalar

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// masks are what letters, digits and other characters become; nil keeps them.
type masks [4]types.Value

// defaultMasks by kind: upper case, lower case, digit, other.
var defaultMasks = masks{"X", "x", "n", "-"}

func init() {
	mask := func(name, doc string, part func(size, n int) (from, to int)) {
		params := []string{"STRING input"}
		if part != nil {
			params = append(params, "INTEGER numChars")
		}
		own := append(params[:len(params):len(params)], "STRING upper", "STRING lower", "STRING digit", "STRING other")
		f := func(_ *function.Context, a []types.Value) (types.Value, error) { return maskRow(a, len(params), part) }
		registerString(name, doc+" Upper case letters become X, lower case ones x, digits n and others -, or the characters given; NULL keeps the kind as it is.",
			function.Rows(params, "STRING", f), function.Rows(own, "STRING", f))
	}
	mask("MASK", "The text with all characters masked.", nil)
	mask("MASK_LEFT", "The text with its first numChars characters masked.", func(size, n int) (int, int) { return 0, min(n, size) })
	mask("MASK_RIGHT", "The text with its last numChars characters masked.", func(size, n int) (int, int) { return max(0, size-n), size })
	mask("MASK_KEEP_LEFT", "The text with all but its first numChars characters masked.", func(size, n int) (int, int) { return min(n, size), size })
	mask("MASK_KEEP_RIGHT", "The text with all but its last numChars characters masked.", func(size, n int) (int, int) { return 0, max(0, size-n) })
}

func maskRow(a []types.Value, params int, part func(size, n int) (int, int)) (types.Value, error) {
	if anyNil(a[:params]) {
		return nil, nil
	}
	s, m := a[0].(string), defaultMasks
	for i, x := range a[params:] {
		if x != nil && utf8.RuneCountInString(x.(string)) != 1 {
			return nil, sqlerr.New(sqlerr.InvalidParameter, "Invalid mask character. Must be only single character, but was '%s'", x)
		}
		m[i] = x
	}
	from, to := 0, utf8.RuneCountInString(s)
	if part != nil {
		n := int(a[1].(int32))
		if n < 0 {
			return nil, sqlerr.New(sqlerr.InvalidParameter, "function requires a non-negative number of characters to mask or skip, not %d", n)
		}
		from, to = part(to, n)
	}
	var b strings.Builder
	i := 0
	for _, r := range s {
		if i >= from && i < to {
			b.WriteString(m.apply(r))
		} else {
			b.WriteRune(r)
		}
		i++
	}
	return b.String(), nil
}

func (m *masks) apply(r rune) string {
	kind := 3
	switch {
	case unicode.IsUpper(r):
		kind = 0
	case unicode.IsLower(r):
		kind = 1
	case unicode.IsDigit(r):
		kind = 2
	}
	if m[kind] == nil {
		return string(r)
	}
	return m[kind].(string)
}
