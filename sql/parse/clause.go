package parse

import (
	"strconv"

	"tailrace/sql/ast"
	"tailrace/sql/sqlerr"
)

// count parses a whole number that is not negative.
func (p *parser) count(what string) int64 {
	t := p.tok()
	if t.kind != tokInt {
		p.unexpected(what)
	}
	n, err := strconv.ParseInt(t.text, 10, 64)
	if err != nil {
		fail(sqlerr.New(sqlerr.NumericOutOfRange, "%s is too large a number", t.text).At(t.pos))
	}
	p.next()
	return n
}

// duration parses "10 SECONDS". Windows know the units from days down.
func (p *parser) duration() ast.Duration {
	d := ast.Duration{Loc: p.loc(), N: p.count("a number of time units")}
	t := p.tok()
	if t.kind == tokWord {
		d.Unit = ast.UnitByName(t.text)
	}
	if d.Unit == 0 || d.Unit > ast.Day {
		p.unexpected("DAYS", "HOURS", "MINUTES", "SECONDS", "MILLISECONDS")
	}
	p.next()
	return d
}

// isWindow says that a WINDOW clause begins here, rather than an alias called WINDOW.
func (p *parser) isWindow() bool {
	if !p.isWords("WINDOW") {
		return false
	}
	switch p.ahead(1).text {
	case "TUMBLING", "HOPPING", "SESSION":
		return p.ahead(1).kind == tokWord
	}
	if name := p.ahead(2); name.word("TUMBLING") || name.word("HOPPING") || name.word("SESSION") {
		return true
	}
	// A misspelt window type is still a window.
	return p.ahead(1).kind == tokWord && p.ahead(2).op("(")
}

// window parses WINDOW [name] TUMBLING | HOPPING | SESSION (...).
func (p *parser) window() *ast.Window {
	w := &ast.Window{}
	p.expectWord("WINDOW")
	if isName(p.tok()) && !p.ahead(1).op("(") {
		w.Name = p.name("a window type")
	}
	w.Loc = p.loc()
	switch p.skipOneOf("TUMBLING", "HOPPING", "SESSION") {
	case "TUMBLING":
		w.Type = ast.Tumbling
	case "HOPPING":
		w.Type = ast.Hopping
	case "SESSION":
		w.Type = ast.Session
	default:
		p.unexpected("TUMBLING", "HOPPING", "SESSION")
	}
	p.expectOp("(")
	if w.Type != ast.Session {
		p.expectWord("SIZE")
	}
	w.Size = p.duration()
	if w.Type == ast.Hopping {
		p.expectOp(",")
		p.expectWord("ADVANCE")
		p.expectWord("BY")
		w.Advance = p.duration()
	}
	for p.skipOp(",") {
		switch {
		case w.Retention == nil && w.Grace == nil && p.skipWords("RETENTION"):
			d := p.duration()
			w.Retention = &d
		case w.Grace == nil && p.isWords("GRACE"):
			w.Grace = p.grace()
		case w.Grace == nil:
			p.unexpected("RETENTION", "GRACE")
		default:
			p.unexpected("')'")
		}
	}
	if !p.skipOp(")") {
		p.unexpected("','", "')'")
	}
	return w
}

func (p *parser) grace() *ast.Duration {
	p.expectWord("GRACE")
	p.expectWord("PERIOD")
	d := p.duration()
	return &d
}

// within parses WITHIN 1 HOUR or WITHIN (1 HOUR, 2 HOURS), and GRACE PERIOD.
func (p *parser) within() *ast.Within {
	w := &ast.Within{Loc: p.loc()}
	p.expectWord("WITHIN")
	if p.skipOp("(") {
		w.Before = p.duration()
		p.expectOp(",")
		w.After = p.duration()
		p.expectOp(")")
	} else {
		w.Before = p.duration()
		w.After, w.Symmetric = w.Before, true
	}
	if p.isWords("GRACE") {
		w.Grace = p.grace()
	}
	return w
}

// isEmit says that EMIT CHANGES or EMIT FINAL begins here, misspelt maybe.
func (p *parser) isEmit() bool {
	next := p.ahead(1)
	return p.isWords("EMIT") && next.kind == tokWord && sqlerr.Closest(next.text, []string{"CHANGES", "FINAL"}) != ""
}

// isOffset says that an OFFSET clause begins here, rather than a name.
func (p *parser) isOffset() bool {
	t := p.ahead(1)
	return p.isWords("OFFSET") && (t.kind == tokInt || t.kind == tokParam || t.op("(") || t.word("CAST"))
}

// rowCount parses the operand of LIMIT or OFFSET: a number or a parameter, cast or not; ALL
// and NULL mean no limit. A negative number parses: what to say about it depends on the kind
// of query.
func (p *parser) rowCount(clause string) ast.Expr {
	var x ast.Expr
	switch t := p.tok(); {
	case t.op("("):
		p.next()
		p.nest()
		x = p.rowCount(clause)
		p.unnest()
		p.expectOp(")")
	case t.word("CAST"):
		loc := p.loc()
		p.next()
		p.expectOp("(")
		p.nest()
		x = p.rowCount(clause)
		p.unnest()
		p.expectWord("AS")
		x = castOf(loc, x, p.typeName())
		p.expectOp(")")
	default:
		x = p.plainRowCount(clause)
	}
	for p.tok().op("::") {
		loc := p.loc()
		p.next()
		x = castOf(loc, x, p.typeName())
	}
	return x
}

// castOf is a cast of x; nil stays nil.
func castOf(loc ast.Loc, x ast.Expr, t *ast.TypeName) ast.Expr {
	if x == nil {
		return nil
	}
	return &ast.Cast{Loc: loc, X: x, Type: t}
}

func (p *parser) plainRowCount(clause string) ast.Expr {
	t := p.tok()
	number := p.i
	if t.op("-") {
		number++
	}
	switch n := &p.toks[number]; {
	case t.kind == tokParam:
		return p.param()
	case p.skipWords("ALL"), p.skipWords("NULL"):
		return nil
	case n.kind == tokInt:
		loc := p.loc()
		p.i = number
		count := p.count("a number of rows")
		if number > 0 && p.toks[number-1].op("-") {
			count = -count
		}
		return &ast.Int{Loc: loc, Value: count}
	case n.kind == tokDecimal || n.kind == tokFloat:
		fail(sqlerr.New(sqlerr.InvalidRowCount, "Value must be integer for command: %s", clause).At(t.pos))
	}
	p.unexpected("a number of rows")
	return nil
}

func (p *parser) param() *ast.Param {
	t := p.next()
	n, _ := strconv.Atoi(t.text) // the lexer has checked the range
	p.maxParam = max(p.maxParam, n)
	return &ast.Param{Loc: ast.Loc(t.pos), Number: n}
}
