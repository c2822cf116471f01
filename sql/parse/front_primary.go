package parse

import (
	"strconv"
	"strings"

	"tailrace/sql/ast"
)

// primary rewrites a literal, a name, a call, a constructor, CASE, CAST, or something
// in parentheses.
func (f *front) primary() {
	p := f.p
	t := p.tok()
	switch t.kind {
	case tokInt:
		f.emit(t.text)
	case tokDecimal:
		// TiDB reads "1. AS" as something else; the walker takes the text from here.
		if strings.HasSuffix(t.text, ".") {
			f.emit(t.text + "0")
		} else {
			f.emit(t.text)
		}
	case tokFloat:
		parseDouble(t, t.text)
		f.emit(t.text)
	case tokString:
		f.string()
	case tokParam:
		p.param()
		f.closeWith("?")
	case tokOp:
		if t.op("?") {
			parameterMark(t)
		}
		if !t.op("(") {
			p.unexpected("an expression")
		}
		f.parens()
	case tokWord:
		f.word(t)
	case tokQuoted:
		f.name()
	default:
		p.unexpected("an expression")
	}
}

// word rewrites a primary that begins with a word: keywords count only with what
// follows them.
func (f *front) word(t *token) {
	p := f.p
	next := p.ahead(1)
	switch t.text {
	case "NULL", "TRUE", "FALSE":
		f.emit(t.text)
		return
	case "CASE":
		f.caseExpr()
		return
	case "CAST":
		if next.op("(") {
			f.cast()
			return
		}
	case "EXISTS":
		if next.op("(") {
			f.emit("EXISTS")
			if !p.isQueryAt(p.i + 1) {
				p.next()
				p.unexpected("SELECT")
			}
			f.parens()
			return
		}
	case "ARRAY":
		if next.op("[") {
			f.array()
			return
		}
	case "MAP":
		if next.op("(") {
			f.mapConstructor()
			return
		}
	case "STRUCT":
		if next.op("(") {
			f.structConstructor()
			return
		}
	case "DATE", "TIME", "TIMESTAMP":
		if next.kind == tokString {
			f.types = append(f.types, &ast.TypeName{Loc: p.loc(), Name: t.text})
			f.add("`cast`(")
			p.next()
			f.string()
			f.closeWith("," + strconv.Itoa(len(f.types)-1) + ")")
			return
		}
	case "LEFT", "RIGHT":
		if next.op("(") {
			f.name()
			return
		}
	}
	if ast.Reserved(t.text) {
		p.unexpected("an expression")
	}
	if next.op("(") && f.standardWord(t) || f.postgresWord(t) {
		return
	}
	f.name()
}

// name rewrites a column reference or the name of a function with its arguments.
func (f *front) name() {
	p := f.p
	start := p.i
	text := number(p.i)
	p.next()
	parts := 1
	for parts < 3 && p.tok().op(".") && p.ahead(1).ident() {
		p.next()
		text += "." + number(p.i)
		p.next()
		parts++
	}
	if p.tok().op(".") {
		p.next()
		p.unexpected("a column name")
	}
	if p.tok().op("(") && parts < 3 {
		f.call(start, text)
		return
	}
	f.out = append(f.out, piece{text: text, tok: start})
	if p.tok().kind == tokString {
		hint := "Strings stand alone; write || to concatenate."
		if instead := p.openCall(); instead != "" {
			hint = instead
		}
		fail(syntaxAt(p.text, p.tok(), nil).Hint("%s", hint))
	}
}

// call rewrites the arguments of a function, and what stands behind it. The name goes as a
// quoted one, which TiDB never takes for one of MySQL's special functions.
func (f *front) call(nameTok int, name string) {
	p := f.p
	piecesBefore := len(f.out)
	f.out = append(f.out, piece{text: name + "(", tok: nameTok})
	p.next()
	p.nest()
	function := &p.toks[nameTok]
	switch {
	case p.tok().op(")"):
	case p.tok().op("*"):
		f.emit("`star`()")
	case p.isWords("DISTINCT"):
		f.emit("`unique`(")
		f.args(anyExpr)
		f.closeWith(")")
		f.argsOrder()
	default:
		if isUnitArg(function, p) {
			f.emit("`unit`(" + strconv.Itoa(int(ast.UnitByName(p.tok().text))) + ")")
			f.emit(",")
		}
		f.callArgs()
		f.argsOrder()
	}
	p.unnest()
	if !p.skipOp(")") {
		p.unexpected("','", "')'")
	}
	f.closeWith(")")
	f.afterCall(piecesBefore)
}

// callArgs rewrites arguments, which may be lambdas.
func (f *front) callArgs() {
	p := f.p
	for {
		if params := p.lambdaParams(); params != nil {
			f.lambda(params)
		} else {
			f.expression(anyExpr)
		}
		if !p.tok().op(",") {
			return
		}
		f.emit(",")
	}
}

// lambdaParams looks whether a lambda begins here and returns its parameters; the
// current token does not move.
func (p *parser) lambdaParams() []ast.Ident {
	if isName(p.tok()) && p.ahead(1).op("=>") {
		return []ast.Ident{identOf(p.tok())}
	}
	if !p.tok().op("(") {
		return nil
	}
	var params []ast.Ident
	for i := 1; ; i += 2 {
		if !isName(p.ahead(i)) {
			return nil
		}
		params = append(params, identOf(p.ahead(i)))
		switch sep := p.ahead(i + 1); {
		case sep.op(",") && len(params) < maxDepth:
		case sep.op(")") && p.ahead(i+2).op("=>"):
			return params
		default:
			return nil
		}
	}
}

func (f *front) lambda(params []ast.Ident) {
	p := f.p
	f.add("`lambda`(" + strconv.Itoa(len(f.lambdas)) + ",")
	f.lambdas = append(f.lambdas, params)
	for !p.tok().op("=>") {
		p.next()
	}
	p.next()
	p.nest()
	f.expression(anyExpr)
	p.unnest()
	f.closeWith(")")
}

// parens rewrites ( expression ) or a subquery.
func (f *front) parens() {
	p := f.p
	p.nest()
	query, row := p.isQueryAt(p.i+1), f.rows > 0 || p.isRow()
	f.emit("(")
	switch {
	case query:
		f.queryExpr()
	case row:
		f.args(anyExpr)
	default:
		f.expression(anyExpr)
		if p.tok().op(",") {
			fail(syntaxAt(p.text, p.tok(), []string{"')'"}).Detail("missing ')' at ','"))
		}
	}
	p.unnest()
	p.expectOp(")")
	f.closeWith(")")
}

func (f *front) caseExpr() {
	p := f.p
	p.nest()
	f.emit("CASE")
	if !p.isWords("WHEN") {
		f.expression(anyExpr)
	}
	if !p.isWords("WHEN") {
		p.unexpected("WHEN")
	}
	for p.isWords("WHEN") {
		f.emit("WHEN")
		f.expression(anyExpr)
		if !p.isWords("THEN") {
			p.unexpected("THEN")
		}
		f.emit("THEN")
		f.expression(anyExpr)
	}
	if p.isWords("ELSE") {
		f.emit("ELSE")
		f.expression(anyExpr)
		if !p.isWords("END") {
			p.unexpected("END")
		}
	}
	if !p.isWords("END") {
		p.unexpected("WHEN", "ELSE", "END")
	}
	f.emit("END")
	p.unnest()
}

func (f *front) cast() {
	p := f.p
	f.emit("`cast`(")
	p.nest()
	p.expectOp("(")
	f.expression(anyExpr)
	p.expectWord("AS")
	if t := p.tok(); t.word("NULL") {
		fail(syntaxAt(p.text, t, []string{"a type"}))
	}
	n := f.typeNumber()
	p.unnest()
	p.expectOp(")")
	f.closeWith("," + n + ")")
}

func (f *front) array() {
	p := f.p
	f.emit("`array`(")
	p.nest()
	p.expectOp("[")
	if !p.tok().op("]") {
		f.args(anyExpr)
	}
	p.unnest()
	if !p.skipOp("]") {
		p.unexpected("','", "']'")
	}
	f.closeWith(")")
}

// mapConstructor rewrites MAP(k := v, ...).
func (f *front) mapConstructor() {
	p := f.p
	f.emit("`map`(")
	p.nest()
	p.expectOp("(")
	for !p.tok().op(")") {
		f.expression(anyExpr)
		p.expectOp(":=")
		f.closeWith(",")
		f.expression(anyExpr)
		if !p.tok().op(",") {
			break
		}
		f.emit(",")
		if p.tok().op(")") {
			p.unexpected("an expression")
		}
	}
	p.unnest()
	if !p.skipOp(")") {
		p.unexpected("','", "')'")
	}
	f.closeWith(")")
}

// structConstructor rewrites STRUCT(name := v, ...).
func (f *front) structConstructor() {
	p := f.p
	f.emit("`struct`(")
	p.nest()
	p.expectOp("(")
	for !p.tok().op(")") {
		if !p.tok().ident() {
			p.unexpected("a field name")
		}
		f.emit(strconv.Itoa(p.i))
		p.expectOp(":=")
		f.closeWith(",")
		f.expression(anyExpr)
		if !p.tok().op(",") {
			break
		}
		f.emit(",")
		if p.tok().op(")") {
			p.unexpected("a field name")
		}
	}
	p.unnest()
	if !p.skipOp(")") {
		p.unexpected("','", "')'")
	}
	f.closeWith(")")
}
