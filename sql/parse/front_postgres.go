package parse

import (
	"strconv"
	"strings"

	"tailrace/sql/ast"
	"tailrace/sql/sqlerr"
)

// PostgreSQL's operators, words between arguments, and literals.

// pgOperators share one precedence, that of ||: all go as MySQL's |, and the operator's token
// says which it is.
var pgOperators = map[string]ast.BinaryOp{
	"||": ast.Concat, "~": ast.Match, "~*": ast.MatchFold, "!~": ast.NotMatch, "!~*": ast.NotMatchFold,
	"->": ast.JSONGet, "->>": ast.JSONText, "#>": ast.JSONPath, "#>>": ast.JSONPathText,
	"@>": ast.Contains, "<@": ast.ContainedBy, "&&": ast.Overlap, "?": ast.HasKey,
}

// isJSONKey says that what follows -> is a key or an index of JSON, not the name of a field.
func (p *parser) isJSONKey() bool {
	t := p.ahead(1)
	return t.kind == tokString || t.kind == tokInt || t.kind == tokParam || t.op("-") && p.ahead(2).kind == tokInt
}

// suffix rewrites COLLATE and AT TIME ZONE behind the primary that begins at piece start; it
// reports whether one of them stands here.
func (f *front) suffix(start int) bool {
	p := f.p
	switch {
	case p.isWords("COLLATE") && p.ahead(1).ident():
		p.next()
		if p.ahead(1).op(".") && p.ahead(2).ident() {
			p.next()
			p.next()
		}
		p.next()
		f.wrap(start, "collate", ","+strconv.Itoa(p.i-1)+")")
	case p.isWords("AT", "TIME", "ZONE"):
		p.next()
		p.next()
		p.next()
		f.closeWith(",")
		f.operand(true)
		f.wrap(start, "attimezone", ")")
	default:
		return false
	}
	return true
}

// subscript rewrites [index] or [low:high] behind the primary that begins at piece start.
func (f *front) subscript(start int) {
	p := f.p
	f.emit(",")
	p.nest()
	bound := func() {
		if p.tok().op(":") || p.tok().op("]") {
			f.closeWith("`none`()")
		} else {
			f.expression(valueExpr)
		}
	}
	marker := "item"
	if p.tok().op("]") {
		p.unexpected("an expression")
	}
	bound()
	if p.tok().op(":") {
		marker = "slice"
		f.emit(",")
		bound()
	}
	p.unnest()
	p.expectOp("]")
	f.wrap(start, marker, ")")
}

// typedLiterals are the types that stand in front of a text in quotes, DATE and its like apart.
var typedLiterals = wordSet("INT INT4 INT8 INTEGER BIGINT SMALLINT NUMERIC DECIMAL FLOAT8 DOUBLE TEXT VARCHAR BOOLEAN BOOL JSON JSONB TIMESTAMPTZ BYTEA")

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// postgresWord rewrites a primary of PostgreSQL's that begins with a word; it reports whether
// there is one.
func (f *front) postgresWord(t *token) bool {
	p := f.p
	next := p.ahead(1)
	if next.kind == tokString {
		switch {
		case t.text == "INTERVAL":
			f.interval()
		case typedLiterals[t.text]:
			f.types = append(f.types, &ast.TypeName{Loc: p.loc(), Name: t.text})
			f.add("`cast`(")
			p.next()
			f.string()
			f.closeWith("," + strconv.Itoa(len(f.types)-1) + ")")
		default:
			return false
		}
		return true
	}
	if !next.op("(") {
		return false
	}
	switch t.text {
	case "EXTRACT":
		return f.extract()
	case "POSITION":
		return f.position()
	case "TRIM":
		return f.trim()
	case "SUBSTRING", "OVERLAY":
		return f.spelled(t.text)
	}
	return false
}

// interval rewrites INTERVAL 'text' [unit [TO unit]].
func (f *front) interval() {
	p := f.p
	out := &ast.Interval{Loc: p.loc()}
	f.add("`interval`(" + strconv.Itoa(len(f.intervals)) + ")")
	f.intervals = append(f.intervals, out)
	p.next()
	out.Text = p.next().text
	if out.From = p.field(); out.From != 0 && p.skipWords("TO") {
		if out.To = p.field(); out.To == 0 {
			p.unexpected("MONTH", "HOUR", "MINUTE", "SECOND")
		}
	}
}

// field reads a field of an interval, 0 if there is none.
func (p *parser) field() ast.Unit {
	switch p.tok().text {
	case "YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND":
		if p.tok().kind == tokWord {
			return ast.UnitByName(p.next().text)
		}
	}
	return 0
}

// begin emits the call of a function whose name stands here, up to its parenthesis.
func (f *front) begin() {
	p := f.p
	f.add(number(p.i) + "(")
	p.next()
	p.next()
	p.nest()
}

// end closes what begin opened.
func (f *front) end() {
	f.p.unnest()
	if !f.p.skipOp(")") {
		f.p.unexpected("','", "')'")
	}
	f.closeWith(")")
}

// extract rewrites EXTRACT (field FROM x) as the call EXTRACT('field', x).
func (f *front) extract() bool {
	p := f.p
	field := p.ahead(2)
	if !p.ahead(3).word("FROM") || !field.ident() && field.kind != tokString {
		return false
	}
	f.begin()
	f.emit(ast.FormatString(strings.ToLower(field.text)))
	p.next()
	f.closeWith(",")
	f.expression(anyExpr)
	f.end()
	return true
}

// position rewrites POSITION (a IN b) as a marker.
func (f *front) position() bool {
	p := f.p
	f.add("`position`(")
	p.next()
	p.next()
	p.nest()
	f.expression(valueExpr)
	if !p.skipWords("IN") && !p.skipOp(",") {
		p.unexpected("IN")
	}
	f.closeWith(",")
	f.expression(valueExpr)
	f.end()
	return true
}

// trim rewrites TRIM ([BOTH | LEADING | TRAILING] [characters] FROM x) as a marker; the
// plain call is none of it.
func (f *front) trim() bool {
	p := f.p
	side, at := "'B'", p.ahead(2)
	switch {
	case at.word("LEADING"):
		side = "'L'"
	case at.word("TRAILING"):
		side = "'R'"
	}
	words := side != "'B'" || at.word("BOTH")
	if after := p.ahead(3); words && (after.op(")") || after.op(",") || after.op(".")) {
		words = false // a column of that name
	}
	if !words && !at.word("FROM") && !p.callHasWord("FROM") {
		return false
	}
	f.add("`trim`(" + side + ",")
	p.next()
	p.next()
	p.nest()
	if words {
		p.next()
	}
	if p.skipWords("FROM") {
		f.closeWith("' ',")
	} else {
		f.expression(anyExpr)
		f.closeWith(",")
		if !p.skipWords("FROM") {
			p.unexpected("FROM")
		}
	}
	f.expression(anyExpr)
	f.end()
	return true
}

// callHasWord says that a word stands between the arguments of the call that begins here.
func (p *parser) callHasWord(word string) bool {
	depth := 0
	for i := p.i + 1; i < len(p.toks); i++ {
		switch t := &p.toks[i]; {
		case t.op("(") || t.op("["):
			depth++
		case t.op(")") || t.op("]"):
			if depth--; depth == 0 {
				return false
			}
		case depth == 1 && t.word(word):
			return true
		}
	}
	return false
}

// spelled rewrites SUBSTRING (x FROM a FOR b) and OVERLAY (x PLACING y FROM a FOR b), whose words
// become commas.
func (f *front) spelled(name string) bool {
	p := f.p
	if !p.callHasWord("FROM") && !p.callHasWord("FOR") {
		return false
	}
	f.begin()
	f.expression(anyExpr)
	if name == "OVERLAY" {
		f.argument("PLACING")
	}
	if p.isWords("FROM") {
		f.argument("FROM")
		if p.isWords("FOR") {
			f.argument("FOR")
		}
	} else {
		p.expectWord("FOR")
		f.closeWith(",1,")
		f.expression(anyExpr)
	}
	f.end()
	return true
}

func (f *front) argument(word string) {
	f.p.expectWord(word)
	f.closeWith(",")
	f.expression(anyExpr)
}

// parameterMark is the error for ? where a value is wanted.
func parameterMark(t *token) {
	fail(sqlerr.New(sqlerr.SyntaxError, "Syntax Error: unexpected character '?'").At(t.pos).Hint("Write parameters as $1, $2, ..."))
}
