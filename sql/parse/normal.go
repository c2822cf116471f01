package parse

import (
	"strconv"
	"strings"
)

// Literal is one that Parametrize has taken out of a statement.
type Literal struct {
	// Text is the value as text: the digits of a whole number, or what stands in quotes.
	Text string
	// Number says that it is a whole number of 64 bits.
	Number bool
}

// Parametrize replaces the literals of a SELECT that stand in plain comparisons, column = 5 or
// column = 'x' at the end of a statement or before AND, by parameters $1, $2, ...: texts that
// differ in such values become one, whose plan can be kept. ok is false where there is none, or
// the statement is anything else or has parameters of its own.
func Parametrize(text string) (normal string, literals []Literal, ok bool) {
	if len(text) < 6 || !strings.EqualFold(text[:6], "SELECT") || strings.Contains(text, "$") {
		return "", nil, false
	}
	var buf [64]token
	toks, more, err := newLexer(text).statement(buf[:0])
	if err != nil || more && strings.TrimSpace(text[toks[len(toks)-1].end+1:]) != "" {
		return "", nil, false
	}
	var b strings.Builder
	from := 0
	for i := 2; i < len(toks)-1; i++ {
		t := &toks[i]
		if t.kind != tokInt && t.kind != tokString || toks[i-1].kind != tokOp || !comparison(toks[i-1].text) || !toks[i-2].ident() {
			continue
		}
		if next := &toks[i+1]; next.kind != tokEOF && !next.word("AND") {
			continue
		}
		if t.kind == tokInt {
			if _, err := strconv.ParseInt(t.text, 10, 64); err != nil {
				continue
			}
		}
		literals = append(literals, Literal{Text: t.text, Number: t.kind == tokInt})
		b.WriteString(text[from:t.start])
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(len(literals)))
		from = t.end
	}
	if len(literals) == 0 {
		return "", nil, false
	}
	b.WriteString(text[from:])
	return b.String(), literals, true
}
