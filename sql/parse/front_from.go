package parse

import (
	"strconv"

	"tailrace/sql/ast"
)

// from rewrites the relations of FROM.
func (f *front) from() {
	p := f.p
	f.relation()
	for {
		natural := p.skipWords("NATURAL")
		kind, ok := f.joinWord()
		if natural && (!ok || kind == ast.CrossJoin) {
			p.unexpected("JOIN")
		}
		if !ok {
			return
		}
		if kind == ast.CrossJoin {
			f.relation()
			continue
		}
		mark := joinMark{kind: kind, loc: p.loc(), natural: natural}
		f.relation()
		if natural {
			f.closeWith("USING (`j" + strconv.Itoa(len(f.joins)) + "`)")
			f.joins = append(f.joins, mark)
			continue
		}
		if p.isWords("WITHIN") {
			mark.within = p.within()
		}
		f.joinCondition(mark)
	}
}

// joinWord emits the words of a join. MySQL has no full join: it goes as a left one,
// and the mark says what it is.
func (f *front) joinWord() (ast.JoinType, bool) {
	p := f.p
	switch {
	case p.tok().op(","):
		f.emit(",")
		return ast.CrossJoin, true
	case p.isWords("CROSS"):
		p.next()
		f.joinKeyword("CROSS JOIN")
		return ast.CrossJoin, true
	case p.isWords("JOIN"):
		f.joinKeyword("JOIN")
		return ast.InnerJoin, true
	case p.skipWords("INNER"):
		f.joinKeyword("JOIN")
		return ast.InnerJoin, true
	}
	kind := ast.LeftJoin
	word := "LEFT JOIN"
	switch p.skipOneOf("LEFT", "RIGHT", "FULL") {
	case "":
		return 0, false
	case "RIGHT":
		kind, word = ast.RightJoin, "RIGHT JOIN"
	case "FULL":
		kind = ast.FullJoin
	}
	p.skipWords("OUTER")
	f.joinKeyword(word)
	return kind, true
}

func (f *front) joinKeyword(text string) {
	if !f.p.isWords("JOIN") {
		f.p.unexpected("JOIN")
	}
	f.emit(text)
}

// joinCondition rewrites ON and USING; both carry the number of the mark.
func (f *front) joinCondition(mark joinMark) {
	p := f.p
	n := strconv.Itoa(len(f.joins))
	f.joins = append(f.joins, mark)
	switch {
	case p.isWords("ON"):
		f.emit("ON `join`(" + n + ") AND (")
		f.expression(anyExpr)
		f.closeWith(")")
	case p.skipWords("USING"):
		if !p.tok().op("(") {
			p.unexpected("'('")
		}
		f.emit("USING (`j" + n + "`")
		for {
			f.closeWith(",")
			f.nameNumber("a column name")
			if !p.skipOp(",") {
				break
			}
		}
		p.expectOp(")")
		f.closeWith(")")
	case mark.within == nil:
		p.unexpected("WITHIN", "ON")
	default:
		p.unexpected("ON")
	}
}

// relation rewrites a source, a subquery or a join in parentheses, with its alias.
func (f *front) relation() {
	p := f.p
	lateral := p.isWords("LATERAL") && (p.ahead(1).op("(") || p.ahead(1).ident() && p.ahead(2).op("("))
	if lateral {
		p.next()
	}
	if p.tok().op("(") {
		p.nest()
		if p.isQueryAt(p.i + 1) {
			f.emit("(")
			f.queryExpr()
			p.expectOp(")")
			f.closeWith(")")
			f.aliasOf(-1, aliasMark{lateral: lateral})
		} else {
			f.emit("(")
			f.from()
			p.expectOp(")")
			f.closeWith(")")
		}
		p.unnest()
		return
	}
	if !isName(p.tok()) {
		p.unexpected("the name of a stream or table")
	}
	text := number(p.i)
	start := p.i
	p.next()
	if p.tok().op(".") && p.ahead(1).ident() {
		p.next()
		text += "." + number(p.i)
		p.next()
	}
	if p.tok().op("(") {
		f.tableFunction(start, text, lateral)
		return
	}
	f.out = append(f.out, piece{text: text, tok: start})
	f.aliasOf(-1, aliasMark{})
}
