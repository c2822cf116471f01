package syntax

import (
	"tailrace/sql/sqlerr"
)

// maxDepth bounds how deep expressions and queries nest: the binder recurses over them.
const maxDepth = 250

type parser struct {
	tokens []Token
	at     int
	depth  int
}

// Parse reads one statement: a SELECT, WITH, VALUES or TABLE, with or without a
// semicolon after it.
func Parse(text string) (*Query, error) {
	tokens, err := Lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	q, err := p.query()
	if err != nil {
		return nil, err
	}
	for p.op(";") {
	}
	if p.peek().Kind != End {
		return nil, p.unexpected()
	}
	return q, nil
}

func (p *parser) peek() Token { return p.tokens[p.at] }

func (p *parser) peekAt(n int) Token {
	if p.at+n >= len(p.tokens) {
		return p.tokens[len(p.tokens)-1]
	}
	return p.tokens[p.at+n]
}

func (p *parser) next() Token {
	t := p.tokens[p.at]
	if t.Kind != End {
		p.at++
	}
	return t
}

// op takes an operator or a punctuation mark if it comes next.
func (p *parser) op(value string) bool {
	if t := p.peek(); t.Kind == Op && t.Value == value {
		p.at++
		return true
	}
	return false
}

// word takes a keyword if it comes next.
func (p *parser) word(value string) bool {
	if p.isWord(0, value) {
		p.at++
		return true
	}
	return false
}

// words takes several keywords if all of them come next.
func (p *parser) words(values ...string) bool {
	for i, v := range values {
		if !p.isWord(i, v) {
			return false
		}
	}
	p.at += len(values)
	return true
}

func (p *parser) isWord(n int, value string) bool {
	t := p.peekAt(n)
	return t.Kind == Word && t.Value == value
}

func (p *parser) isOp(n int, value string) bool {
	t := p.peekAt(n)
	return t.Kind == Op && t.Value == value
}

func (p *parser) expectOp(value string) error {
	if !p.op(value) {
		return p.unexpected()
	}
	return nil
}

func (p *parser) expectWord(value string) error {
	if !p.word(value) {
		return p.unexpected()
	}
	return nil
}

func (p *parser) unexpected() error {
	t := p.peek()
	if t.Kind == End {
		return sqlerr.New(sqlerr.SyntaxError, "syntax error at end of input").At(t.Pos)
	}
	return sqlerr.New(sqlerr.SyntaxError, "syntax error at or near %q", t.Value).At(t.Pos)
}

// enter counts a level of nesting; the caller calls leave.
func (p *parser) enter() error {
	if p.depth++; p.depth > maxDepth {
		return sqlerr.New(sqlerr.StatementTooComplex, "statement nests deeper than %d levels", maxDepth).At(p.peek().Pos)
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

// name takes any name, quoted or a word that is not reserved in its place.
func (p *parser) name() (string, error) {
	t := p.peek()
	if t.Kind == QuotedWord || t.Kind == Word && !reserved[t.Value] {
		p.at++
		return t.Value, nil
	}
	return "", p.unexpected()
}

// label takes a name after AS or a point, where keywords are names too.
func (p *parser) label() (string, error) {
	t := p.peek()
	if t.Kind == QuotedWord || t.Kind == Word {
		p.at++
		return t.Value, nil
	}
	return "", p.unexpected()
}

// reserved are the words that cannot be a column or an alias without AS.
var reserved = set("all and any array as asc both case cast check collate column constraint create cross desc distinct do else end " +
	"except false fetch for foreign from full grant group having in initially inner intersect into is isnull join lateral leading left " +
	"like ilike limit natural not notnull null offset on only or order outer over placing primary references returning right select similar " +
	"some symmetric table tablesample then to trailing true union unique using variadic when where window with between escape filter")

func set(words string) map[string]bool {
	out := map[string]bool{}
	for at, i := 0, 0; i <= len(words); i++ {
		if i == len(words) || words[i] == ' ' {
			out[words[at:i]] = true
			at = i + 1
		}
	}
	return out
}
