package parse

import (
	"math"
	"strconv"

	"tailrace/sql/ast"
	"tailrace/sql/sqlerr"
)

// create parses CREATE of anything.
func (p *parser) create() ast.Statement {
	loc := p.loc()
	p.expectWord("CREATE")
	replace := p.skipWords("OR")
	if replace {
		p.expectWord("REPLACE")
	}
	switch t := p.tok(); {
	case p.isWords("SOURCE", "CONNECTOR"), p.isWords("SINK", "CONNECTOR"):
		return p.createConnector(loc)
	case p.skipWords("TYPE"):
		s := &ast.CreateType{Loc: loc, IfNotExists: p.skipWords("IF", "NOT", "EXISTS")}
		s.Name = p.name("a type name")
		p.expectWord("AS")
		s.Type = p.typeName()
		return s
	case p.skipWords("MATERIALIZED"):
		p.expectWord("VIEW")
		return p.createSource(loc, ast.TableKind, replace, false, true)
	case t.word("VIEW"):
		fail(sqlerr.New(sqlerr.FeatureNotSupported, "plain views are not supported").At(t.pos).
			Hint("Write CREATE MATERIALIZED VIEW: it is kept up to date."))
	}
	source := p.skipWords("SOURCE")
	switch p.skipOneOf("STREAM", "TABLE") {
	case "STREAM":
		return p.createSource(loc, ast.Stream, replace, source, false)
	case "TABLE":
		return p.createSource(loc, ast.TableKind, replace, source, false)
	}
	expected := []string{"STREAM", "TABLE"}
	if !source {
		expected = append(expected, "MATERIALIZED VIEW", "TYPE", "SOURCE", "SINK")
	}
	p.unexpected(expected...)
	return nil
}

// createSource parses what follows STREAM, TABLE or MATERIALIZED VIEW.
func (p *parser) createSource(loc ast.Loc, kind ast.Kind, replace, source, view bool) ast.Statement {
	ifNotExists := p.skipWords("IF", "NOT", "EXISTS")
	what := "a stream name"
	switch {
	case view:
		what = "a view name"
	case kind == ast.TableKind:
		what = "a table name"
	}
	name := p.tableName(what)
	var elements []ast.Element
	if p.tok().op("(") && !view {
		elements = p.elements()
	}
	var with []ast.Property
	if p.isWords("WITH") {
		with = p.properties()
	}
	as := elements == nil && !source && p.skipWords("AS")
	if view && !as {
		p.unexpected("AS")
	}
	if as {
		start := p.tok().start
		q := p.query()
		return &ast.CreateAs{Loc: loc, Kind: kind, OrReplace: replace, IfNotExists: ifNotExists, View: view,
			Name: name, With: with, Query: q, QueryText: p.text[start:p.toks[p.i-1].end]}
	}
	if p.tok().kind != tokEOF {
		switch {
		case elements == nil && with == nil:
			p.unexpected("'('", "WITH", "AS")
		case with == nil:
			p.unexpected("WITH", "the end of the statement")
		case elements == nil && !source:
			p.unexpected("AS")
		}
	}
	return &ast.CreateSource{Loc: loc, Kind: kind, OrReplace: replace, IfNotExists: ifNotExists, Source: source,
		Name: name, Elements: elements, With: with}
}

// elements parses a list of columns in parentheses.
func (p *parser) elements() []ast.Element {
	p.expectOp("(")
	list := []ast.Element{}
	for {
		list = append(list, p.element())
		if p.skipOp(",") {
			continue
		}
		if !p.skipOp(")") {
			p.unexpected("','", "')'")
		}
		return list
	}
}

func (p *parser) element() ast.Element {
	e := ast.Element{Loc: p.loc(), Name: p.name("a column name")}
	e.Type = p.typeName()
	switch {
	case p.skipWords("PRIMARY"):
		p.expectWord("KEY")
		e.Constraint = ast.PrimaryKey
	case p.skipWords("KEY"):
		e.Constraint = ast.Key
	case p.skipWords("HEADERS"):
		e.Constraint = ast.Headers
	case p.skipWords("HEADER"):
		p.expectOp("(")
		e.Constraint, e.HeaderKey = ast.Header, p.str("the header's key as a string")
		p.expectOp(")")
	}
	return e
}

// properties parses WITH (name = literal, ...).
func (p *parser) properties() []ast.Property {
	p.expectWord("WITH")
	p.expectOp("(")
	var list []ast.Property
	for {
		var prop ast.Property
		if t := p.tok(); t.kind == tokString {
			prop.Name = ast.Ident{Loc: ast.Loc(t.pos), Name: t.text, Quoted: true}
			p.next()
		} else {
			prop.Name = p.name("a property name")
		}
		p.expectOp("=")
		prop.Value = p.literal()
		list = append(list, prop)
		if p.skipOp(",") {
			continue
		}
		if !p.skipOp(")") {
			p.unexpected("','", "')'")
		}
		return list
	}
}

// literal parses the value of a property.
func (p *parser) literal() ast.Expr {
	loc := p.loc()
	minus := p.skipOp("-")
	t := p.tok()
	switch {
	case t.kind == tokInt || t.kind == tokDecimal || t.kind == tokFloat:
		p.next()
		return numberLiteral(loc, t, minus)
	case minus:
		p.unexpected("a number")
	case t.kind == tokString:
		p.next()
		return &ast.String{Loc: loc, Value: t.text}
	case p.skipWords("NULL"):
		return &ast.Null{Loc: loc}
	case p.skipWords("TRUE"), p.skipWords("FALSE"):
		return &ast.Bool{Loc: loc, Value: t.text == "TRUE"}
	}
	p.unexpected("a literal")
	return nil
}

func numberLiteral(loc ast.Loc, t *token, minus bool) ast.Expr {
	text := t.text
	if minus {
		text = "-" + text
	}
	if t.kind == tokFloat {
		return &ast.Double{Loc: loc, Value: parseDouble(t, text)}
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return &ast.Int{Loc: loc, Value: n}
	}
	return &ast.Decimal{Loc: loc, Text: text}
}

// parseDouble reads a literal with an exponent; beyond the range is an error, too
// small is zero.
func parseDouble(t *token, text string) float64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil && math.IsInf(v, 0) {
		fail(sqlerr.New(sqlerr.NumericOutOfRange, "Number overflows DOUBLE: %s", t.text).At(t.pos))
	}
	return v
}

func (p *parser) createConnector(loc ast.Loc) ast.Statement {
	s := &ast.CreateConnector{Loc: loc, Sink: p.next().text == "SINK"}
	p.expectWord("CONNECTOR")
	s.IfNotExists = p.skipWords("IF", "NOT", "EXISTS")
	s.Name = p.name("a connector name")
	if !p.isWords("WITH") {
		p.unexpected("WITH")
	}
	s.With = p.properties()
	return s
}

var dropKinds = map[string]ast.DropKind{
	"STREAM": ast.DropStream, "TABLE": ast.DropTable, "TYPE": ast.DropType, "CONNECTOR": ast.DropConnector,
}

func (p *parser) drop() ast.Statement {
	s := &ast.Drop{Loc: p.loc()}
	p.expectWord("DROP")
	switch word := p.skipOneOf("STREAM", "TABLE", "TYPE", "CONNECTOR", "MATERIALIZED"); word {
	case "":
		p.unexpected("STREAM", "TABLE", "MATERIALIZED VIEW", "TYPE", "CONNECTOR")
	case "MATERIALIZED":
		p.expectWord("VIEW")
		s.Kind = ast.DropView
	default:
		s.Kind = dropKinds[word]
	}
	s.IfExists = p.skipWords("IF", "EXISTS")
	s.Name = p.tableName("a name")
	if s.Kind == ast.DropStream || s.Kind == ast.DropTable || s.Kind == ast.DropView {
		s.DeleteTopic = p.skipWords("DELETE", "TOPIC")
	}
	return s
}

func (p *parser) alter() ast.Statement {
	loc := p.loc()
	p.expectWord("ALTER")
	if p.skipWords("SYSTEM") {
		s := &ast.AlterSystem{Loc: loc, Name: p.str("a property name as a string")}
		p.expectOp("=")
		s.Value = p.str("a value as a string")
		return s
	}
	s := &ast.AlterSource{Loc: loc, Kind: ast.Stream}
	switch p.skipOneOf("STREAM", "TABLE") {
	case "":
		p.unexpected("STREAM", "TABLE", "SYSTEM")
	case "TABLE":
		s.Kind = ast.TableKind
	}
	s.Name = p.tableName("a name")
	for {
		p.expectWord("ADD")
		// COLUMN may be a column's name itself: ADD COLUMN INT.
		if p.isWords("COLUMN") && isName(p.ahead(1)) && p.ahead(2).kind != tokEOF && !p.ahead(2).op(",") &&
			!p.ahead(2).op("(") && !p.ahead(2).op("<") {
			p.next()
		}
		add := ast.AddColumn{Loc: p.loc(), Name: p.name("a column name")}
		add.Type = p.typeName()
		s.Add = append(s.Add, add)
		if !p.skipOp(",") {
			return s
		}
	}
}
