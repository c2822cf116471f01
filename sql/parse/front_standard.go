package parse

import (
	"strconv"

	"tailrace/sql/ast"
)

// What the SQL standard and PostgreSQL have beyond ksqlDB: window functions, ordered
// aggregates, grouping sets, DISTINCT ON, functions in FROM, lateral relations.

// aliasMark is what stands beside an alias in FROM; it is kept under the alias' token.
type aliasMark struct {
	columns    []ast.Ident
	lateral    bool
	ordinality bool
}

func (f *front) markAlias(tok int, m aliasMark) {
	if f.aliases == nil {
		f.aliases = map[int]aliasMark{}
	}
	f.aliases[tok] = m
}

// orderList rewrites ORDER BY a, b of an aggregate or a window, behind the words, as the
// marker `order`(...).
func (f *front) orderList() {
	f.add("`order`(")
	f.orderItems(func(start int, desc bool) {
		if desc {
			f.wrap(start, "desc", ")")
		}
	})
	f.closeWith(")")
}

// orderItems rewrites sort keys; descending has one say so.
func (f *front) orderItems(descending func(start int, desc bool)) {
	p := f.p
	for {
		start := len(f.out)
		f.expression(anyExpr)
		direction := p.skipOneOf("ASC", "DESC")
		switch {
		case p.skipWords("NULLS", "FIRST"):
			f.wrap(start, "nullsfirst", ")")
		case p.skipWords("NULLS", "LAST"):
			f.wrap(start, "nullslast", ")")
		case p.skipWords("NULLS"):
			p.unexpected("FIRST", "LAST")
		}
		descending(start, direction == "DESC")
		if !p.tok().op(",") {
			return
		}
		f.emit(",")
	}
}

// argsOrder rewrites ORDER BY behind the arguments of a call.
func (f *front) argsOrder() {
	if f.p.skipWords("ORDER", "BY") {
		f.closeWith(",")
		f.orderList()
	}
}

// afterCall rewrites what may stand behind a call, which begins at piece start.
func (f *front) afterCall(start int) {
	p := f.p
	if p.isWords("WITHIN", "GROUP") && p.ahead(2).op("(") {
		p.next()
		p.next()
		f.emit(",")
		p.nest()
		if !p.skipWords("ORDER", "BY") {
			p.unexpected("ORDER BY")
		}
		f.orderList()
		p.unnest()
		p.expectOp(")")
		f.wrap(start, "within", ")")
	}
	if p.isWords("FILTER") && p.ahead(1).op("(") {
		p.next()
		f.emit(",")
		p.expectWord("WHERE")
		f.expression(anyExpr)
		p.expectOp(")")
		f.wrap(start, "filter", ")")
	}
	if p.isWords("OVER") && (p.ahead(1).op("(") || p.ahead(1).ident()) {
		p.next()
		f.over(start)
	}
}

// over rewrites OVER name or OVER (...) of the call that begins at piece start. What is no
// expression of it is kept under a number.
func (f *front) over(start int) {
	p := f.p
	n := len(f.overs)
	f.overs = append(f.overs, ast.Over{Loc: p.loc()})
	if !p.tok().op("(") {
		f.overs[n].Name, f.overs[n].Named = p.name("the name of a window"), true
		f.closeWith("," + strconv.Itoa(n))
	} else {
		f.closeWith("," + strconv.Itoa(n))
		f.windowSpec(n)
	}
	f.wrap(start, "over", ")")
}

// windowSpec rewrites (name PARTITION BY ... ORDER BY ... frame) as further arguments of a
// marker.
func (f *front) windowSpec(n int) {
	p := f.p
	p.expectOp("(")
	p.nest()
	if t := p.tok(); isName(t) && !p.isWords("PARTITION", "BY") && !p.isWords("ORDER", "BY") && !p.isFrame() {
		f.overs[n].Name = p.name("the name of a window")
	}
	if p.skipWords("PARTITION", "BY") {
		f.closeWith(",`part`(")
		f.args(anyExpr)
		f.closeWith(")")
	}
	if p.skipWords("ORDER", "BY") {
		f.closeWith(",")
		f.orderList()
	}
	if p.isFrame() {
		f.overs[n].Frame = f.frame()
	}
	p.unnest()
	if !p.skipOp(")") {
		p.unexpected("PARTITION BY", "ORDER BY", "ROWS", "RANGE", "GROUPS", "')'")
	}
}

func (p *parser) isFrame() bool {
	t := p.ahead(1)
	return (p.isWords("ROWS") || p.isWords("RANGE") || p.isWords("GROUPS")) && t.kind != tokEOF && !t.op(")") && !t.op(",")
}

// frame reads a frame clause; its offsets are further arguments, `start`(x) and `end`(x).
func (f *front) frame() *ast.Frame {
	p := f.p
	out := &ast.Frame{Unit: map[string]ast.FrameUnit{"ROWS": ast.Rows, "RANGE": ast.RangeUnit, "GROUPS": ast.Groups}[p.tok().text]}
	p.next()
	if p.skipWords("BETWEEN") {
		out.Start = f.bound("start")
		p.expectWord("AND")
		out.End = f.bound("end")
	} else {
		out.Start = f.bound("start")
		out.End = ast.Bound{Kind: ast.CurrentRow}
	}
	if p.skipWords("EXCLUDE") {
		switch {
		case p.skipWords("NO", "OTHERS"):
		case p.skipWords("CURRENT", "ROW"):
			out.Exclude = ast.ExcludeCurrent
		case p.skipWords("GROUP"):
			out.Exclude = ast.ExcludeGroup
		case p.skipWords("TIES"):
			out.Exclude = ast.ExcludeTies
		default:
			p.unexpected("NO OTHERS", "CURRENT ROW", "GROUP", "TIES")
		}
	}
	return out
}

func (f *front) bound(which string) ast.Bound {
	p := f.p
	switch {
	case p.skipWords("UNBOUNDED", "PRECEDING"):
		return ast.Bound{Kind: ast.UnboundedPreceding}
	case p.skipWords("UNBOUNDED", "FOLLOWING"):
		return ast.Bound{Kind: ast.UnboundedFollowing}
	case p.skipWords("CURRENT", "ROW"):
		return ast.Bound{Kind: ast.CurrentRow}
	}
	f.closeWith(",`" + which + "`(")
	f.expression(valueExpr)
	f.closeWith(")")
	switch {
	case p.skipWords("PRECEDING"):
		return ast.Bound{Kind: ast.Preceding}
	case p.skipWords("FOLLOWING"):
		return ast.Bound{Kind: ast.Following}
	}
	p.unexpected("PRECEDING", "FOLLOWING")
	return ast.Bound{}
}

// isNamedWindow says that WINDOW name AS (...) begins here.
func (p *parser) isNamedWindow() bool {
	return p.isWords("WINDOW") && p.ahead(1).ident() && p.ahead(2).word("AS")
}

// namedWindows rewrites WINDOW name AS (...), ...: one marker each, which goes with HAVING.
func (f *front) namedWindows(having bool) {
	p := f.p
	p.next()
	word := "HAVING "
	if having {
		word = "AND "
	}
	f.closeWith(word + "`windows`(")
	for {
		n := len(f.overs)
		f.overs = append(f.overs, ast.Over{Loc: p.loc()})
		f.closeWith("`window`(" + strconv.Itoa(p.i) + "," + strconv.Itoa(n))
		p.next()
		p.expectWord("AS")
		f.windowSpec(n)
		f.closeWith(")")
		if !p.tok().op(",") {
			break
		}
		f.emit(",")
		if !p.tok().ident() {
			p.unexpected("the name of a window")
		}
	}
	f.closeWith(")")
}

// distinctOn rewrites DISTINCT ON (a, b) as a marker in front of the select list.
func (f *front) distinctOn() {
	p := f.p
	f.emit("DISTINCT")
	p.next()
	f.add("`distincton`(")
	p.expectOp("(")
	p.nest()
	f.args(anyExpr)
	p.unnest()
	p.expectOp(")")
	f.closeWith("),")
}

// groupingSets rewrites ROLLUP (...), CUBE (...) and GROUPING SETS (...); it reports whether
// one of them stands here.
func (f *front) groupingSets() bool {
	p := f.p
	word := ""
	switch {
	case p.isWords("ROLLUP") && p.ahead(1).op("("):
		word = "rollup"
	case p.isWords("CUBE") && p.ahead(1).op("("):
		word = "cube"
	case p.isWords("GROUPING", "SETS") && p.ahead(2).op("("):
		word = "sets"
		p.next()
	default:
		return false
	}
	f.emit("`" + word + "`(")
	p.expectOp("(")
	p.nest()
	for {
		f.add("`set`(")
		switch {
		case p.tok().op("(") && p.ahead(1).op(")"):
			p.next()
			p.next()
		case p.setInParens():
			p.next()
			f.args(anyExpr)
			p.expectOp(")")
		case word == "sets" && f.groupingSets():
		default:
			f.expression(anyExpr)
		}
		f.closeWith(")")
		if !p.tok().op(",") {
			break
		}
		f.emit(",")
	}
	p.unnest()
	p.expectOp(")")
	f.closeWith(")")
	return true
}

// setInParens says that the parenthesis here opens a grouping set of several expressions.
func (p *parser) setInParens() bool {
	if !p.tok().op("(") {
		return false
	}
	depth, comma := 0, false
	for i := p.i; i < len(p.toks); i++ {
		switch t := &p.toks[i]; {
		case t.op("(") || t.op("["):
			depth++
		case t.op(",") && depth == 1:
			comma = true
		case t.op(")") || t.op("]"):
			depth--
		}
		if depth == 0 {
			after := &p.toks[min(i+1, len(p.toks)-1)]
			return comma && (after.op(",") || after.op(")"))
		}
	}
	return false
}

// tableFunction rewrites a call in FROM as a subquery of one marker; name is the piece of its
// name, which begins at token start.
func (f *front) tableFunction(start int, name string, lateral bool) {
	p := f.p
	n := len(f.blocks)
	f.blocks = append(f.blocks, block{loc: ast.Loc(p.toks[start].pos)})
	f.out = append(f.out, piece{text: "(SELECT /*+ QB_NAME(q" + strconv.Itoa(n) + ") */ `from`(", tok: start})
	f.call(start, name)
	f.closeWith("))")
	mark := aliasMark{lateral: lateral}
	if p.isWords("WITH", "ORDINALITY") {
		p.next()
		p.next()
		mark.ordinality = true
	}
	f.aliasOf(start, mark)
}

// aliasOf rewrites [AS] alias [(columns)] of a relation with a mark; without an alias it is
// that of token other, none if that is negative.
func (f *front) aliasOf(other int, mark aliasMark) {
	p := f.p
	tok := -1
	switch {
	case p.isWords("AS"):
		f.emit("AS")
		tok = p.i
		f.nameNumber("an alias")
	case isName(p.tok()) && !p.endsItem():
		tok = p.i
		f.emit(number(p.i))
	case other >= 0:
		f.closeWith("AS " + number(other))
		tok = other
	}
	if tok >= 0 && p.tok().op("(") {
		p.next()
		for {
			mark.columns = append(mark.columns, p.name("a column name"))
			if !p.skipOp(",") {
				break
			}
		}
		p.expectOp(")")
	}
	if tok >= 0 && (mark.lateral || mark.ordinality || mark.columns != nil) {
		f.markAlias(tok, mark)
	}
}

// asRelation makes the query that begins at piece start, and has no block of its own, the only
// relation of one: for ORDER BY and LIMIT behind VALUES or parentheses.
func (f *front) asRelation(start int) int {
	n := len(f.blocks)
	f.blocks = append(f.blocks, block{loc: ast.Loc(f.p.toks[f.out[start].tok].pos)})
	f.out[start].pre = "SELECT /*+ QB_NAME(q" + strconv.Itoa(n) + ") */ * FROM (" + f.out[start].pre
	f.closeWith(") AS " + number(f.out[start].tok))
	return n
}

// beginsTail says that ORDER BY, LIMIT, OFFSET or FETCH stands here.
func (p *parser) beginsTail() bool {
	return p.isWords("ORDER", "BY") || p.isWords("LIMIT") || p.isOffset() || p.isFetch()
}

func (p *parser) isFetch() bool {
	return p.isWords("FETCH", "FIRST") || p.isWords("FETCH", "NEXT")
}

// fetch reads FETCH FIRST [n] ROWS ONLY | WITH TIES.
func (p *parser) fetch(t *tail) {
	p.next()
	p.next()
	if p.isWords("ROW") || p.isWords("ROWS") {
		t.limit = &ast.Int{Loc: p.loc(), Value: 1}
	} else {
		t.limit = p.rowCount("FETCH")
	}
	if p.skipOneOf("ROW", "ROWS") == "" {
		p.unexpected("ROWS")
	}
	switch {
	case p.skipWords("ONLY"):
	case p.skipWords("WITH", "TIES"):
		t.ties = true
	default:
		p.unexpected("ONLY", "WITH TIES")
	}
}

// quantifiedQuery rewrites ANY (query), SOME (query) or ALL (query) behind a comparison.
func (f *front) quantifiedQuery() {
	p := f.p
	word := "ANY"
	if p.tok().text == "ALL" {
		word = "ALL"
	}
	f.emit(word)
	f.emit("(")
	p.nest()
	f.queryExpr()
	p.unnest()
	p.expectOp(")")
	f.closeWith(")")
}

// standardWord rewrites ARRAY (query) and ROW (...); it reports whether one stands here.
func (f *front) standardWord(t *token) bool {
	switch {
	case t.text == "ARRAY" && f.p.isQueryAt(f.p.i+2):
		f.arrayQuery()
	case t.text == "ROW":
		f.row()
	default:
		return false
	}
	return true
}

// arrayQuery rewrites ARRAY (query).
func (f *front) arrayQuery() {
	p := f.p
	f.emit("`arrayquery`((")
	p.expectOp("(")
	p.nest()
	f.queryExpr()
	p.unnest()
	p.expectOp(")")
	f.closeWith("))")
}

// isRow says that the parenthesis here opens a row of values: one that is compared, or looked
// for with IN.
func (p *parser) isRow() bool {
	if p.i > 0 {
		if t := &p.toks[p.i-1]; t.kind == tokOp && comparison(t.text) {
			return true
		}
	}
	depth := 0
	for i := p.i; i < len(p.toks); i++ {
		switch t := &p.toks[i]; {
		case t.op("(") || t.op("["):
			depth++
		case t.op(")") || t.op("]"):
			depth--
		}
		if depth == 0 {
			after := &p.toks[min(i+1, len(p.toks)-1)]
			return after.kind == tokOp && comparison(after.text) || after.word("IN") || after.word("IS") || after.word("NOT")
		}
	}
	return false
}

// row rewrites ROW (a, b, ...).
func (f *front) row() {
	p := f.p
	f.emit("`row`(")
	p.expectOp("(")
	p.nest()
	if !p.tok().op(")") {
		f.args(anyExpr)
	}
	p.unnest()
	p.expectOp(")")
	f.closeWith(")")
}
