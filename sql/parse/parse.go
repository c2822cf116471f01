package parse

import (
	"tailrace/sql/ast"
	"tailrace/sql/sqlerr"
)

// Limits of one statement. What is over them is an error of class 54.
const (
	// maxStatementBytes bounds the text of one statement, and so the memory that
	// parsing it can take (about 100 times as much at worst).
	maxStatementBytes = 1 << 20
	// maxDepth bounds how deep brackets, CASE, subqueries and prefix operators nest:
	// every later stage recurses over the tree.
	maxDepth = 500
	// maxChain bounds the operators of one expression without brackets and the set
	// operations of one query, which nest to the left: a AND b AND c ...
	maxChain = 5000
)

// Statement is a parsed statement and its text.
type Statement struct {
	AST ast.Statement
	// Text is the statement as written, without its semicolon.
	Text string
	// Start is the byte offset of Text in the parsed text.
	Start int
	// Params is the highest $n, 0 if there is none.
	Params int
}

// Parse parses all statements of a text; the last one needs no semicolon. Positions
// in trees and in the *sqlerr.Error count from the start of text.
func Parse(text string) (list []Statement, err error) {
	defer recoverError(&err)
	lex := newLexer(text)
	toks := make([]token, 0, min(len(text)/4, 512)+8)
	for more := true; more; {
		var lexErr *sqlerr.Error
		if toks, more, lexErr = lex.statement(toks[:0]); lexErr != nil {
			return nil, lexErr
		}
		if len(toks) == 1 {
			continue
		}
		p := &parser{text: text, toks: toks}
		list = append(list, p.whole())
	}
	return list, nil
}

// ParseOne parses a text that holds exactly one statement.
func ParseOne(text string) (Statement, error) {
	list, err := Parse(text)
	switch {
	case err != nil:
		return Statement{}, err
	case len(list) == 0:
		return Statement{}, sqlerr.New(sqlerr.SyntaxError, "Syntax Error: the statement is empty")
	case len(list) > 1:
		return Statement{}, sqlerr.New(sqlerr.SyntaxError, "Syntax Error: more than one statement").
			At(newLexer(text).posAt(list[1].Start)).Hint("Send one statement at a time.")
	}
	return list[0], nil
}

// ParseExpr parses a value expression.
func ParseExpr(text string) (e ast.Expr, err error) {
	defer recoverError(&err)
	p := singleParser(text)
	f := newFront(p)
	f.expr(anyExpr)
	p.end()
	return f.finish()[0], nil
}

// ParseType parses a type, as in CREATE TYPE or a catalog's text.
func ParseType(text string) (t *ast.TypeName, err error) {
	defer recoverError(&err)
	p := singleParser(text)
	t = p.typeName()
	p.end()
	return t, nil
}

// ParseElements parses a list of columns without its parentheses, in the form
// "ID BIGINT KEY, V STRING" that ksqlDB uses to show schemas.
func ParseElements(text string) (list []ast.Element, err error) {
	defer recoverError(&err)
	p := singleParser(text)
	for {
		list = append(list, p.element())
		if !p.skipOp(",") {
			p.end()
			return list, nil
		}
	}
}

func singleParser(text string) *parser {
	lex := newLexer(text)
	toks, more, err := lex.statement(nil)
	if err == nil && more {
		err = lex.fail(sqlerr.SyntaxError, lex.at-1, "Syntax Error: unexpected ';'")
	}
	if err != nil {
		fail(err)
	}
	return &parser{text: text, toks: toks}
}

// parser reads one statement's tokens. Faults leave it by panic(bailout).
type parser struct {
	text  string
	toks  []token // ends with tokEOF
	i     int     // the current token
	depth int     // of brackets around the current token

	maxParam int
	closers  map[int]int // closing parentheses by opening ones; see afterParen
}

// bailout carries a user error up to the exported functions.
type bailout struct{ err *sqlerr.Error }

func fail(err *sqlerr.Error) { panic(bailout{err}) }

func recoverError(err *error) {
	switch r := recover().(type) {
	case nil:
	case bailout:
		*err = r.err
	default:
		panic(r)
	}
}

// whole parses the one statement that the tokens hold.
func (p *parser) whole() Statement {
	s := p.statement()
	p.end()
	first, last := p.toks[0].start, p.toks[len(p.toks)-2].end
	return Statement{AST: s, Text: p.text[first:last], Start: first, Params: p.maxParam}
}

func (p *parser) tok() *token { return &p.toks[p.i] }

// ahead is the token n places on, or the final tokEOF.
func (p *parser) ahead(n int) *token { return &p.toks[min(p.i+n, len(p.toks)-1)] }

func (p *parser) next() *token {
	t := &p.toks[p.i]
	if t.kind != tokEOF {
		p.i++
	}
	return t
}

func (p *parser) loc() ast.Loc { return ast.Loc(p.tok().pos) }

// isWords says that the next tokens are these keywords.
func (p *parser) isWords(words ...string) bool {
	for i, w := range words {
		if !p.ahead(i).word(w) {
			return false
		}
	}
	return true
}

// skipWords passes these keywords if they are next, all of them or none.
func (p *parser) skipWords(words ...string) bool {
	if !p.isWords(words...) {
		return false
	}
	p.i += len(words)
	return true
}

func (p *parser) expectWord(w string) {
	if !p.skipWords(w) {
		p.unexpected(w)
	}
}

// skipOneOf passes one of these keywords and returns it, or "".
func (p *parser) skipOneOf(words ...string) string {
	for _, w := range words {
		if p.skipWords(w) {
			return w
		}
	}
	return ""
}

func (p *parser) skipOp(o string) bool {
	if p.tok().op(o) {
		p.i++
		return true
	}
	return false
}

func (p *parser) expectOp(o string) {
	if !p.skipOp(o) {
		p.unexpected("'" + o + "'")
	}
}

func (p *parser) end() {
	if p.tok().kind != tokEOF {
		p.unexpected("the end of the statement")
	}
}

// nest counts an opening bracket, unnest its end.
func (p *parser) nest() {
	p.depth++
	if p.depth > maxDepth {
		fail(tooDeep(p.tok()))
	}
}

func tooDeep(t *token) *sqlerr.Error {
	return sqlerr.New(sqlerr.StatementTooComplex, "the statement nests deeper than %d levels", maxDepth).At(t.pos)
}

func (p *parser) unnest() { p.depth-- }

// isName says that t can be a name: quoted, or a word that is not reserved.
func isName(t *token) bool {
	return t.kind == tokQuoted || t.kind == tokWord && !ast.Reserved(t.text)
}

func identOf(t *token) ast.Ident {
	return ast.Ident{Loc: ast.Loc(t.pos), Name: t.text, Quoted: t.kind == tokQuoted}
}

// name reads an identifier that is no reserved word; what names it in errors.
func (p *parser) name(what string) ast.Ident {
	if !isName(p.tok()) {
		p.unexpected(what)
	}
	return identOf(p.next())
}

// tableName reads name or schema.name.
func (p *parser) tableName(what string) ast.TableName {
	first := p.name(what)
	if p.tok().op(".") && p.ahead(1).ident() {
		p.next()
		return ast.TableName{Schema: first, Ident: identOf(p.next())}
	}
	return ast.TableName{Ident: first}
}

// str reads a string literal.
func (p *parser) str(what string) string {
	if p.tok().kind != tokString {
		p.unexpected(what)
	}
	return p.next().text
}
