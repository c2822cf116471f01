package parse

import (
	"strings"

	"tailrace/sql/ast"
	"tailrace/sql/sqlerr"
)

// typeName parses a type. ARRAY may stand before or behind its element; the words of
// PostgreSQL's longer names are put together.
func (p *parser) typeName() *ast.TypeName {
	t := p.baseType()
	for {
		switch {
		case p.isWords("ARRAY"):
			p.next()
		case p.tok().op("[") && p.ahead(1).op("]"):
			p.i += 2
		default:
			return t
		}
		t = &ast.TypeName{Loc: t.Loc, Name: "ARRAY", Args: []*ast.TypeName{t}}
		p.checkTypeDepth(t)
	}
}

// checkTypeDepth bounds INT ARRAY ARRAY ARRAY ..., which nests without brackets.
func (p *parser) checkTypeDepth(t *ast.TypeName) {
	depth := 0
	for len(t.Args) == 1 {
		t = t.Args[0]
		depth++
	}
	if depth > maxDepth {
		fail(sqlerr.New(sqlerr.StatementTooComplex, "the type nests deeper than %d levels", maxDepth).At(p.tok().pos))
	}
}

func (p *parser) baseType() *ast.TypeName {
	tok := p.tok()
	if tok.word("NULL") {
		fail(sqlerr.New(sqlerr.SyntaxError, "Syntax Error: unexpected %s; expected a type", shown(p.text, tok)).At(tok.pos))
	}
	if !isName(tok) {
		p.unexpected("a type")
	}
	p.next()
	t := &ast.TypeName{Loc: ast.Loc(tok.pos), Name: tok.text, Quoted: tok.kind == tokQuoted}
	if t.Quoted {
		return t
	}
	p.nest()
	defer p.unnest()
	switch {
	case t.Name == "ARRAY" && p.tok().op("<"):
		p.typeArgs(t, 1)
	case t.Name == "MAP" && p.tok().op("<"):
		p.typeArgs(t, 2)
	case t.Name == "STRUCT" && p.skipOp("<>"):
		// no fields
	case t.Name == "STRUCT" && p.tok().op("<"):
		p.typeFields(t)
	case t.Name == "ARRAY" || t.Name == "MAP" || t.Name == "STRUCT":
		p.unexpected("'<'")
	default:
		p.postgresName(t)
		if p.skipOp("(") {
			p.typeParams(t)
		}
	}
	return t
}

func (p *parser) typeArgs(t *ast.TypeName, n int) {
	p.expectOp("<")
	for i := range n {
		if i > 0 {
			p.expectOp(",")
		}
		t.Args = append(t.Args, p.typeName())
	}
	p.expectOp(">")
}

func (p *parser) typeFields(t *ast.TypeName) {
	p.expectOp("<")
	for !p.skipOp(">") {
		if len(t.Fields) > 0 && !p.skipOp(",") {
			p.unexpected("','", "'>'")
		}
		field := ast.TypeField{Name: p.name("a field name")}
		field.Type = p.typeName()
		t.Fields = append(t.Fields, field)
	}
}

// typeParams parses the rest of "(10, 2)": integers, or the word STRING.
func (p *parser) typeParams(t *ast.TypeName) {
	for {
		tok := p.tok()
		switch {
		case tok.kind == tokInt, tok.word("STRING"):
			t.Params = append(t.Params, tok.text)
			p.next()
		default:
			err := syntaxAt(p.text, tok, []string{"an integer"})
			fail(err.Detail("Expecting {'STRING', INTEGER_VALUE}"))
		}
		if p.skipOp(")") {
			break
		}
		if !p.skipOp(",") {
			p.unexpected("','", "')'")
		}
	}
	if p.tok().op("(") {
		fail(syntaxAt(p.text, p.tok(), []string{"','", "')'"}).Detail("Expecting {',', ')'}"))
	}
}

// postgresName joins the words of names as PostgreSQL writes them.
func (p *parser) postgresName(t *ast.TypeName) {
	switch t.Name {
	case "DOUBLE":
		p.skipWords("PRECISION")
	case "CHARACTER":
		if p.skipWords("VARYING") {
			t.Name = "VARCHAR"
		}
	case "TIMESTAMP", "TIME":
		for _, prefix := range []string{"WITH", "WITHOUT"} {
			if p.skipWords(prefix, "TIME", "ZONE") {
				if prefix == "WITH" {
					t.Name = strings.ToUpper(t.Name) + "TZ"
				}
				return
			}
		}
	}
}
