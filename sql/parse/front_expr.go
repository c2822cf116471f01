package parse

import (
	"strconv"

	"tailrace/sql/ast"
	"tailrace/sql/sqlerr"
)

// exprMode says what kind of expression the grammar has room for.
type exprMode uint8

const (
	anyExpr   exprMode = iota
	valueExpr          // no comparison, predicate, AND, OR or NOT outside brackets
)

// step is what operator found behind an operand.
type step uint8

const (
	exprEnds    step = iota
	needOperand      // an infix operator
	hasOperand       // a predicate that is complete
)

// expression rewrites an expression and returns the piece at which its last operand
// begins. What stands behind it is the caller's to judge.
func (f *front) expression(mode exprMode) (lastOperand int) {
	notAllowed := mode == valueExpr
	predicate := false // the operand is a complete predicate
	for n := 0; ; n++ {
		if n > maxChain {
			fail(sqlerr.New(sqlerr.StatementTooComplex, "the expression has more than %d operators", maxChain).At(f.p.tok().pos).
				Hint("Put parts of it in parentheses, or use IN (...)."))
		}
		lastOperand = f.operand(notAllowed)
		for {
			if t := f.p.tok(); predicate && t.kind == tokOp && infix[t.text] != "" && !comparison(t.text) {
				f.p.unexpected("AND", "OR")
			}
			s, logical := f.operator(mode)
			if s == exprEnds {
				return lastOperand
			}
			predicate = s == hasOperand
			lastOperand = len(f.out)
			if s == needOperand {
				notAllowed = !logical
				break
			}
			n++
		}
	}
}

// infix maps the operators to MySQL's. Its | binds weaker than + and stronger than =,
// which is where || stands in ksqlDB's grammar.
var infix = map[string]string{
	"+": "+", "-": "-", "*": "*", "/": "/", "%": "%", "^": "^",
	"||": "|", "~": "|", "~*": "|", "!~": "|", "!~*": "|", "->": "|", "->>": "|", "#>": "|", "#>>": "|",
	"@>": "|", "<@": "|", "&&": "|", "?": "|",
	"=": "=", "<>": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">=",
}

// operator rewrites what may follow an operand. logical says that it was AND or OR.
func (f *front) operator(mode exprMode) (s step, logical bool) {
	p := f.p
	t := p.tok()
	if t.kind == tokOp {
		text := infix[t.text]
		if text == "" || mode == valueExpr && comparison(t.text) || t.op("->") && !p.isJSONKey() {
			return exprEnds, false
		}
		f.emit(text)
		if comparison(t.text) && f.quantified() {
			return hasOperand, false
		}
		return needOperand, false
	}
	if t.kind != tokWord {
		return exprEnds, false
	}
	switch t.text {
	case "XOR", "DIV", "MOD", "REGEXP", "RLIKE", "SIMILAR":
		if n := p.ahead(1); n.kind != tokEOF && n.kind != tokOp && !n.word("FROM") || n.op("(") {
			f.foreignOperator(t)
		}
	}
	if mode == valueExpr {
		return exprEnds, false
	}
	switch t.text {
	case "AND", "OR":
		f.emit(t.text)
		return needOperand, true
	case "IS":
		f.is()
	case "NOT":
		switch next := p.ahead(1); next.text {
		case "BETWEEN", "IN", "LIKE", "ILIKE":
			f.emit("NOT")
			f.predicate()
		default:
			p.next()
			p.unexpected("BETWEEN", "IN", "LIKE")
		}
	case "BETWEEN", "IN", "LIKE":
		f.predicate()
	case "ILIKE":
		if p.ahead(1).kind == tokEOF {
			return exprEnds, false
		}
		f.predicate()
	default:
		return exprEnds, false
	}
	return hasOperand, false
}

// quantified rewrites ANY (array), SOME (array) or ALL (array) behind a comparison.
func (f *front) quantified() bool {
	p := f.p
	t := p.tok()
	if !t.word("ANY") && !t.word("SOME") && !t.word("ALL") || !p.ahead(1).op("(") {
		return false
	}
	if p.isQueryAt(p.i + 2) {
		f.quantifiedQuery()
		return true
	}
	marker := "`any`("
	if t.text == "ALL" {
		marker = "`all`("
	}
	f.emit(marker)
	p.expectOp("(")
	p.nest()
	f.expression(anyExpr)
	p.unnest()
	p.expectOp(")")
	f.closeWith(")")
	return true
}

func comparison(op string) bool {
	switch op {
	case "=", "<>", "<", "<=", ">", ">=":
		return true
	}
	return false
}

func (f *front) foreignOperator(t *token) {
	hints := map[string]string{
		"XOR": "Write a <> b for two conditions.", "DIV": "Write a / b: it truncates for integers.",
		"MOD": "Write a % b.", "REGEXP": "Write LIKE, or REGEXP_EXTRACT(pattern, text).",
		"RLIKE": "Write LIKE, or REGEXP_EXTRACT(pattern, text).", "SIMILAR": "Write LIKE, or REGEXP_EXTRACT(pattern, text).",
	}
	fail(sqlerr.New(sqlerr.SyntaxError, "Syntax Error: there is no operator %s", t.text).At(t.pos).Hint("%s", hints[t.text]))
}

// is rewrites IS [NOT] NULL | TRUE | FALSE | DISTINCT FROM.
func (f *front) is() {
	p := f.p
	at := p.i
	p.next()
	not := p.skipWords("NOT")
	if p.isWords("DISTINCT") {
		p.next()
		p.expectWord("FROM")
		f.out = append(f.out, piece{text: "<=>", tok: at})
		marker := "`distinct`("
		if not {
			marker = "`same`("
		}
		f.closeWith(marker)
		f.expression(valueExpr)
		f.closeWith(")")
		// MySQL's comparison would give the predicate the marker instead of the whole.
		switch t := p.tok(); t.text {
		case "BETWEEN", "IN", "LIKE", "ILIKE", "NOT":
			if t.kind == tokWord {
				p.unexpected("AND", "OR", "the end of the expression")
			}
		}
		return
	}
	text := "IS"
	if not {
		text = "IS NOT"
	}
	f.out = append(f.out, piece{text: text, tok: at})
	switch t := p.tok(); {
	case t.word("NULL"), t.word("TRUE"), t.word("FALSE"):
		f.emit(t.text)
	case t.word("UNKNOWN"):
		f.emit("NULL")
	case not:
		p.unexpected("NULL", "TRUE", "FALSE", "DISTINCT")
	default:
		p.unexpected("NULL", "NOT", "TRUE", "FALSE", "DISTINCT")
	}
}

// predicate rewrites BETWEEN, IN, LIKE and ILIKE, behind NOT or not.
func (f *front) predicate() {
	p := f.p
	switch word := p.tok().text; word {
	case "BETWEEN":
		f.emit("BETWEEN")
		if p.isWords("SYMMETRIC") && !p.ahead(1).word("AND") && p.ahead(1).kind != tokOp {
			p.next()
			f.closeWith("`symmetric`(")
			f.expression(valueExpr)
			f.closeWith(")")
		} else {
			f.expression(valueExpr)
		}
		if !p.isWords("AND") {
			p.unexpected("AND")
		}
		f.emit("AND")
		f.expression(valueExpr)
	case "IN":
		f.emit("IN")
		if !p.tok().op("(") {
			p.unexpected("'('")
		}
		f.emit("(")
		if p.isQueryStart() {
			f.queryExpr()
		} else {
			p.nest()
			f.rows++
			f.args(anyExpr)
			f.rows--
			p.unnest()
		}
		p.expectOp(")")
		f.closeWith(")")
	default:
		// MySQL's pattern takes no operators, and its escape is one byte: both go into
		// the arguments of a marker.
		marker := "LIKE `like`("
		if word == "ILIKE" {
			marker = "LIKE `ilike`("
		}
		f.emit(marker)
		f.expression(valueExpr)
		if p.skipWords("ESCAPE") {
			if p.tok().kind != tokString {
				p.unexpected("a string of one character")
			}
			f.add(",")
			f.string()
		}
		f.closeWith(")")
	}
}

// args rewrites expressions separated by commas.
func (f *front) args(mode exprMode) {
	for {
		f.expression(mode)
		if !f.p.tok().op(",") {
			return
		}
		f.emit(",")
	}
}

// operand rewrites prefix operators, one primary and what is attached to it, and
// returns the piece at which the primary begins (-1 with a prefix).
func (f *front) operand(notAllowed bool) int {
	p := f.p
	prefixes := 0
	for {
		t := p.tok()
		switch {
		case t.op("-"), t.op("+"):
			f.emit(t.text)
			notAllowed = true
		case t.word("NOT") && !notAllowed && !p.ahead(1).op("."):
			f.emit("NOT")
		default:
			start := len(f.out)
			f.primary()
			f.postfix(start)
			if prefixes > 0 {
				return -1
			}
			return start
		}
		if prefixes++; prefixes > maxDepth {
			fail(sqlerr.New(sqlerr.StatementTooComplex, "more than %d prefix operators in a row", maxDepth).At(t.pos))
		}
	}
}

// postfix rewrites ->field, [index] and ::type behind the primary that begins at
// piece start.
func (f *front) postfix(start int) {
	p := f.p
	for n := 0; ; n++ {
		if n > maxDepth {
			fail(sqlerr.New(sqlerr.StatementTooComplex, "more than %d accesses in a row", maxDepth).At(p.tok().pos))
		}
		switch t := p.tok(); {
		case t.op("->"):
			if p.ahead(1).op("*") || p.isJSONKey() {
				return
			}
			p.next()
			if !p.tok().ident() {
				p.unexpected("a field name")
			}
			p.next()
			f.wrap(start, "field", ","+strconv.Itoa(p.i-1)+")")
		case t.op("["):
			f.subscript(start)
		case t.op("::"):
			p.next()
			f.wrap(start, "cast", ","+f.typeNumber()+")")
		case t.kind == tokWord && f.suffix(start):
		default:
			return
		}
	}
}

// typeNumber reads a type and returns the number it is kept under.
func (f *front) typeNumber() string {
	f.types = append(f.types, f.p.typeName())
	return strconv.Itoa(len(f.types) - 1)
}

// string emits the string literal here as it stands: the quoting is the same. MySQL
// would join it to a string that follows.
func (f *front) string() {
	p := f.p
	if t := p.tok(); p.text[t.start] == '\'' {
		f.emit(p.text[t.start:t.end])
	} else { // E'...' and $$...$$
		f.emit(ast.FormatString(t.text))
	}
	if t := p.tok(); t.kind == tokString {
		fail(syntaxAt(p.text, t, nil).Hint("Write || between the strings to concatenate them."))
	}
}

// isUnitArg says that the first argument of the function is a bare unit of time.
func isUnitArg(function *token, p *parser) bool {
	if function.kind != tokWord || p.tok().kind != tokWord || ast.UnitByName(p.tok().text) == 0 || !p.ahead(1).op(",") {
		return false
	}
	switch function.text {
	case "DATEADD", "DATESUB", "TIMEADD", "TIMESUB", "TIMESTAMPADD", "TIMESTAMPSUB":
		return true
	}
	return false
}
