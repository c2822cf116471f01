package parse

import (
	"strconv"

	"tailrace/sql/ast"
	"tailrace/sql/sqlerr"
)

// queryExpr rewrites a query with everything that belongs to it: WITH, set
// operations, ORDER BY, EMIT, LIMIT and OFFSET.
func (f *front) queryExpr() {
	p := f.p
	p.nest()
	if p.isWords("WITH") {
		f.with()
	}
	first, start := len(f.blocks), len(f.out)
	expected := f.term()
	if expected == nil && p.beginsTail() {
		first, expected = f.asRelation(start), []string{"','", "the end of the statement"}
	}
	operators := 0
	for p.isWords("UNION") || p.isWords("EXCEPT") || p.isWords("INTERSECT") {
		f.emit(p.tok().text)
		if p.isWords("ALL") {
			f.emit("ALL")
		} else {
			p.skipWords("DISTINCT")
		}
		if operators++; operators > maxChain {
			fail(sqlerr.New(sqlerr.StatementTooComplex, "more than %d set operations in a row", maxChain).At(p.tok().pos))
		}
		expected = f.term()
	}
	tailTok := p.tok()
	t := f.tail(expected)
	switch {
	case operators > 0 && len(f.blocks) > first:
		// One for every set operation, empty or not: the walker counts them.
		if f.tails == nil {
			f.tails = map[int][]tail{}
		}
		f.tails[first] = append(f.tails[first], t)
	case t == (tail{}):
	case operators == 0 && expected != nil:
		f.blocks[first].tail = t // expected says that the term was a block
	default:
		unsupported(tailTok, "EMIT, LIMIT and OFFSET behind this kind of query are")
	}
	p.unnest()
}

// with rewrites common table expressions.
func (f *front) with() {
	p := f.p
	f.emit("WITH")
	if p.isWords("RECURSIVE") && isName(p.ahead(1)) && !p.ahead(1).word("AS") {
		f.emit("RECURSIVE")
	}
	for {
		f.nameNumber("the name of a common table expression")
		if p.tok().op("(") {
			f.nameList()
		}
		if !p.isWords("AS") {
			p.unexpected("AS")
		}
		f.emit("AS")
		p.expectOp("(")
		f.closeWith("(")
		f.queryExpr()
		p.expectOp(")")
		f.closeWith(")")
		if !p.tok().op(",") {
			break
		}
		f.emit(",")
	}
	if !p.isQueryStart() {
		p.unexpected("','", "SELECT")
	}
}

// nameNumber emits the number of a name.
func (f *front) nameNumber(what string) {
	if !isName(f.p.tok()) {
		f.p.unexpected(what)
	}
	f.emit(number(f.p.i))
}

// nameList rewrites (a, b, ...).
func (f *front) nameList() {
	f.emit("(")
	for {
		f.nameNumber("a column name")
		if f.p.tok().op(",") {
			f.emit(",")
			continue
		}
		break
	}
	f.p.expectOp(")")
	f.closeWith(")")
}

// term rewrites one operand of a set operation: a block, VALUES, or a query in
// parentheses. It returns what could have continued a block, nil for the others.
func (f *front) term() (expected []string) {
	p := f.p
	switch {
	case p.tok().op("("):
		f.emit("(")
		if !p.isQueryStart() {
			p.unexpected("SELECT")
		}
		f.queryExpr()
		p.expectOp(")")
		f.closeWith(")")
		return nil
	case p.isWords("VALUES"):
		f.emit("VALUES")
		f.valueRows()
		return nil
	case p.isWords("SELECT"):
		return f.block()
	}
	p.unexpected("SELECT")
	return nil
}

func (f *front) valueRows() {
	p := f.p
	for {
		if !p.tok().op("(") {
			p.unexpected("'('")
		}
		f.emit("ROW(")
		for {
			f.expression(anyExpr)
			if !p.tok().op(",") {
				break
			}
			f.emit(",")
		}
		p.expectOp(")")
		f.closeWith(")")
		if !p.tok().op(",") {
			return
		}
		f.emit(",")
	}
}

// block rewrites SELECT ... HAVING.
func (f *front) block() (expected []string) {
	p := f.p
	n := len(f.blocks)
	f.blocks = append(f.blocks, block{loc: p.loc()})
	f.emit("SELECT /*+ QB_NAME(q" + strconv.Itoa(n) + ") */")
	if p.isWords("DISTINCT") {
		if p.ahead(1).word("ON") && p.ahead(2).op("(") {
			f.distinctOn()
		} else {
			f.emit("DISTINCT")
		}
	} else if p.isWords("ALL") && p.ahead(1).kind != tokOp && !p.ahead(1).word("FROM") && !p.ahead(1).word("AS") {
		p.next()
	}
	for {
		f.item()
		if !p.tok().op(",") {
			break
		}
		f.emit(",")
	}
	expected = []string{"','", "FROM"}
	from := p.isWords("FROM")
	if from {
		f.emit("FROM")
		f.from()
		expected = []string{"JOIN", "WINDOW", "WHERE", "GROUP BY", "PARTITION BY", "HAVING", "EMIT", "LIMIT"}
		if p.isWindow() {
			f.blocks[n].window = p.window()
			expected = expected[2:]
		}
	}
	if p.isWords("WHERE") {
		f.emit("WHERE")
		f.expression(anyExpr)
		expected = []string{"AND", "OR", "GROUP BY", "PARTITION BY", "HAVING", "EMIT", "LIMIT"}
	}
	if !from && (p.isWords("GROUP") || p.isWords("HAVING") || p.isWords("PARTITION", "BY")) {
		p.unexpected("FROM")
	}
	if p.isWords("GROUP") {
		f.emit("GROUP")
		f.byList("GROUP BY")
		expected = []string{"','", "PARTITION BY", "HAVING", "EMIT", "LIMIT"}
	}
	return f.blockEnd(expected)
}

// blockEnd rewrites PARTITION BY and HAVING, which share MySQL's HAVING.
func (f *front) blockEnd(expected []string) []string {
	p := f.p
	partition := p.isWords("PARTITION", "BY")
	if partition {
		f.emit("HAVING `partition`(")
		f.byList("PARTITION BY")
		f.closeWith(")")
		expected = []string{"','", "HAVING", "EMIT", "LIMIT"}
	}
	having := p.isWords("HAVING")
	if having {
		if partition {
			f.emit("AND (")
		} else {
			f.emit("HAVING (")
		}
		f.expression(anyExpr)
		f.closeWith(")")
		expected = []string{"AND", "OR", "EMIT", "LIMIT"}
	}
	if p.isNamedWindow() {
		f.namedWindows(partition || having)
		expected = []string{"','", "ORDER BY", "LIMIT"}
	}
	return expected
}

// byList rewrites BY a, b or BY (a, b). Only values may stand there, as in ksqlDB's
// grammar: a condition needs its own parentheses.
func (f *front) byList(clause string) {
	p := f.p
	if !p.isWords("BY") {
		p.unexpected("BY")
	}
	if clause == "GROUP BY" {
		f.emit("BY")
	} else {
		p.next()
	}
	if p.tok().op("(") && p.ahead(1).op(")") {
		fail(sqlerr.New(sqlerr.SyntaxError, "%s requires at least one expression", clause).At(p.tok().pos))
	}
	bracketed := p.listInParens()
	if bracketed {
		p.next()
	}
	for {
		if clause != "GROUP BY" || !f.groupingSets() {
			f.expression(valueExpr)
		}
		if !p.tok().op(",") {
			break
		}
		f.emit(",")
	}
	if bracketed {
		p.expectOp(")")
	}
}

// listInParens says that the parenthesis here opens a whole list: one with a comma in
// it, behind which the clause ends.
func (p *parser) listInParens() bool {
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
			return comma && after.kind != tokOp || comma && after.op(")")
		}
	}
	return false
}

// tail rewrites ORDER BY, and reads EMIT, LIMIT and OFFSET. expected is nil behind
// what is no single block.
func (f *front) tail(expected []string) tail {
	p := f.p
	var t tail
	for {
		switch {
		case p.isWords("ORDER", "BY"):
			f.orderBy()
			expected = []string{"','", "EMIT", "LIMIT", "OFFSET"}
			continue
		case t.emit == ast.EmitNone && p.skipWords("EMIT", "CHANGES"):
			t.emit = ast.EmitChanges
			expected = []string{"LIMIT"}
			continue
		case t.emit == ast.EmitNone && p.skipWords("EMIT", "FINAL"):
			t.emit = ast.EmitFinal
			expected = []string{"LIMIT"}
			continue
		case t.emit == ast.EmitNone && p.skipWords("EMIT"):
			p.unexpected("CHANGES", "FINAL")
		case t.limit == nil && p.skipWords("LIMIT"):
			t.limit = p.rowCount("LIMIT")
			expected = []string{"OFFSET", "the end of the statement"}
			continue
		case t.limit == nil && p.isFetch():
			p.fetch(&t)
			expected = []string{"OFFSET", "the end of the statement"}
			continue
		case t.offset == nil && p.isOffset():
			p.next()
			t.offset = p.rowCount("OFFSET")
			p.skipOneOf("ROW", "ROWS")
			expected = []string{"LIMIT", "the end of the statement"}
			continue
		}
		if k := p.tok(); k.kind != tokEOF && !k.op(")") && !k.word("UNION") && !k.word("EXCEPT") && !k.word("INTERSECT") {
			if expected == nil {
				expected = []string{"UNION", "the end of the statement"}
			}
			p.unexpected(expected...)
		}
		return t
	}
}

func (f *front) orderBy() {
	f.emit("ORDER BY")
	f.p.next()
	f.orderItems(func(_ int, desc bool) {
		if desc {
			f.closeWith("DESC")
		}
	})
}

// item rewrites one entry of the select list.
func (f *front) item() {
	p := f.p
	start := len(f.out)
	if p.tok().op("*") {
		f.emit("*")
		return
	}
	if isName(p.tok()) && p.ahead(1).op(".") {
		switch {
		case p.ahead(2).op("*"):
			f.add(number(p.i) + ".*")
			p.i += 3
			return
		case p.ahead(2).ident() && p.ahead(3).op(".") && p.ahead(4).op("*"):
			f.add(number(p.i) + "." + number(p.i+2) + ".*")
			p.i += 5
			return
		}
	}
	primary := f.expression(anyExpr)
	if p.tok().op("->") && p.ahead(1).op("*") {
		if primary != start {
			p.i++
			p.unexpected("a field name")
		}
		p.i += 2
		f.wrap(start, "fields", ")")
		return
	}
	switch {
	case p.isWords("AS"):
		f.emit("AS")
		if !p.tok().ident() {
			p.unexpected("a column name")
		}
		f.emit(number(p.i))
	case isName(p.tok()) && !p.endsItem():
		f.emit(number(p.i))
	}
}

// endsItem says that the word here begins a clause rather than being an alias.
func (p *parser) endsItem() bool {
	if p.tok().kind == tokQuoted {
		return false
	}
	return p.isEmit() || p.isOffset() || p.isFetch() || p.isNamedWindow() || p.isWords("WITH", "ORDINALITY") || p.isWords("ORDER", "BY") || p.isWords("PARTITION", "BY") || p.isWindow()
}
