package ast

import (
	"math"
	"strconv"
	"strings"
)

func (f *formatter) exprs(list []Expr) {
	for i, e := range list {
		f.comma(i)
		f.expr(e)
	}
}

// expr renders an expression. Whatever is not closed by itself is put in
// parentheses, so no context needs to know about precedence.
func (f *formatter) expr(e Expr) {
	switch e := e.(type) {
	case *Null, *Bool, *Int, *Decimal, *Double, *String:
		f.literal(e)
	case *Param:
		f.add("$", strconv.Itoa(e.Number))
	case *ColumnRef:
		for _, part := range []Ident{e.Schema, e.Qualifier} {
			if !part.Empty() {
				f.name(part)
				f.add(".")
			}
		}
		f.name(e.Name)
	case *Unary:
		f.unary(e)
	case *Binary:
		f.binary(e)
	case *Not:
		f.add("(NOT ")
		f.expr(e.X)
		f.add(")")
	case *IsNull:
		f.is(e.X, e.Not, "NULL")
	case *IsBool:
		f.is(e.X, e.Not, boolText(e.Value))
	case *Between, *In, *Quantified, *Like:
		f.predicate(e)
	case *Case:
		f.caseExpr(e)
	case *Cast:
		f.add("CAST(")
		f.expr(e.X)
		f.add(" AS ")
		f.typeName(e.Type)
		f.add(")")
	case *FunctionCall:
		f.call(e)
	case *Subquery:
		f.add("(")
		f.query(e.Query)
		f.add(")")
	case *Exists:
		f.add("EXISTS (")
		f.query(e.Query)
		f.add(")")
	default:
		f.composite(e)
	}
}

func boolText(b bool) string {
	if b {
		return "TRUE"
	}
	return "FALSE"
}

func (f *formatter) constant(word string) {
	if f.small {
		word = strings.ToLower(word)
	}
	f.add(word)
}

func (f *formatter) literal(e Expr) {
	switch e := e.(type) {
	case *Null:
		f.constant("NULL")
	case *Bool:
		f.constant(boolText(e.Value))
	case *Int:
		f.add(strconv.FormatInt(e.Value, 10))
	case *Decimal:
		f.add(e.Text)
	case *Double:
		f.add(doubleText(e.Value))
	case *String:
		f.add(FormatString(e.Value))
	}
}

// doubleText always has an exponent, which is what makes a literal a DOUBLE, and
// writes it as Java does: 1.5E3, not 1.5E+03.
func doubleText(v float64) string {
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'E', -1, 64), "E")
	sign := ""
	if exponent[0] == '-' {
		sign = "-"
	}
	digits := strings.TrimLeft(exponent[1:], "0")
	if digits == "" {
		sign, digits = "", "0"
	}
	return mantissa + "E" + sign + digits
}

// unary keeps a sign apart from a number or another sign: "-(1)" is not the literal
// -1, and "--" would begin a comment.
func (f *formatter) unary(e *Unary) {
	f.add("(", e.Op.String())
	switch e.X.(type) {
	case *Int, *Decimal, *Double, *Unary:
		f.add("(")
		f.expr(e.X)
		f.add(")")
	default:
		f.expr(e.X)
	}
	f.add(")")
}

// binary walks down chains of left operands in a loop: a chain may be thousands
// long.
func (f *formatter) binary(e *Binary) {
	var chain []*Binary
	left := Expr(e)
	for {
		b, ok := left.(*Binary)
		if !ok {
			break
		}
		f.add("(")
		chain = append(chain, b)
		left = b.L
	}
	f.expr(left)
	for i := len(chain) - 1; i >= 0; i-- {
		f.add(" ", chain[i].Op.String(), " ")
		f.expr(chain[i].R)
		f.add(")")
	}
}

func (f *formatter) is(x Expr, not bool, what string) {
	f.add("(")
	f.expr(x)
	f.add(" IS ", notText(not), what, ")")
}

func notText(not bool) string {
	if not {
		return "NOT "
	}
	return ""
}

func (f *formatter) predicate(e Expr) {
	f.add("(")
	switch e := e.(type) {
	case *Between:
		f.expr(e.X)
		f.add(" ", notText(e.Not), "BETWEEN ")
		f.expr(e.Low)
		f.add(" AND ")
		f.expr(e.High)
	case *In:
		f.expr(e.X)
		f.add(" ", notText(e.Not), "IN (")
		if e.Query != nil {
			f.query(e.Query)
		} else {
			f.exprs(e.List)
		}
		f.add(")")
	case *Quantified:
		f.expr(e.X)
		word := " ANY ("
		if e.All {
			word = " ALL ("
		}
		f.add(" ", e.Op.String(), word)
		if e.Query != nil {
			f.query(e.Query)
		} else {
			f.expr(e.Array)
		}
		f.add(")")
	case *Like:
		f.expr(e.X)
		word := "LIKE "
		if e.Fold {
			word = "ILIKE "
		}
		f.add(" ", notText(e.Not), word)
		f.expr(e.Pattern)
		if e.Escape != "" {
			f.add(" ESCAPE ", FormatString(e.Escape))
		}
	}
	f.add(")")
}

func (f *formatter) caseExpr(e *Case) {
	f.add("(CASE")
	if e.Operand != nil {
		f.add(" ")
		f.expr(e.Operand)
	}
	for _, w := range e.Whens {
		f.add(" WHEN ")
		f.expr(w.Cond)
		f.add(" THEN ")
		f.expr(w.Result)
	}
	if e.Else != nil {
		f.add(" ELSE ")
		f.expr(e.Else)
	}
	f.add(" END)")
}

func (f *formatter) call(e *FunctionCall) {
	if !e.Schema.Empty() {
		f.name(e.Schema)
		f.add(".")
	}
	f.functionName(e.Name)
	f.add("(")
	if e.Star {
		f.add("*")
	}
	if e.Distinct {
		f.add("DISTINCT ")
	}
	within := e.Within
	for i, a := range e.Args {
		f.comma(i)
		// A column called DAYS would be read back as the unit.
		if ref, ok := a.(*ColumnRef); ok && ref.Qualifier.Empty() && UnitByName(ref.Name.Name) != 0 {
			f.add(Quote(ref.Name.Name))
			continue
		}
		f.expr(a)
	}
	if !within {
		f.orderBy(e.OrderBy)
	}
	f.add(")")
	if within {
		f.add(" WITHIN GROUP (ORDER BY ")
		f.orderItems(e.OrderBy)
		f.add(")")
	}
	if e.Filter != nil {
		f.add(" FILTER (WHERE ")
		f.expr(e.Filter)
		f.add(")")
	}
	if e.Over != nil {
		f.add(" OVER ")
		if e.Over.Named {
			f.name(e.Over.Name)
		} else {
			f.over(e.Over)
		}
	}
}

// functionName renders a name in front of a parenthesis, where fewer words mean
// something else than elsewhere.
func (f *formatter) functionName(name Ident) {
	switch name.Name {
	case "CAST", "EXISTS", "MAP", "STRUCT":
		f.add(Quote(name.Name))
	case "LEFT", "RIGHT":
		f.add(name.Name)
	default:
		if contextual[name.Name] {
			f.add(name.Name)
			return
		}
		f.name(name)
	}
}

// composite renders what ksqlDB has beyond SQL: access into and construction of
// nested values, and lambdas.
func (f *formatter) composite(e Expr) {
	switch e := e.(type) {
	case *Deref:
		f.expr(e.X)
		f.add("->")
		f.name(e.Field)
	case *Subscript:
		f.expr(e.X)
		f.add("[")
		f.expr(e.Index)
		f.add("]")
	case *ArrayLit:
		f.add("ARRAY[")
		f.exprs(e.Elems)
		f.add("]")
	case *MapLit:
		f.add("MAP(")
		for i, entry := range e.Entries {
			f.comma(i)
			f.expr(entry.Key)
			f.add(":=")
			f.expr(entry.Value)
		}
		f.add(")")
	case *StructLit:
		f.add("STRUCT(")
		for i, field := range e.Fields {
			f.comma(i)
			f.name(field.Name)
			f.add(":=")
			f.expr(field.Value)
		}
		f.add(")")
	case *Lambda:
		if len(e.Params) == 1 {
			f.name(e.Params[0])
		} else {
			f.add("(")
			f.names(e.Params)
			f.add(")")
		}
		f.add(" => ")
		f.expr(e.Body)
	case *IntervalUnit:
		f.add(e.Unit.String())
	default:
		f.standard(e)
	}
}

// UnitByName is the unit that the upper-case word names, singular or plural, or 0.
func UnitByName(word string) Unit {
	switch word {
	case "MILLISECOND", "MILLISECONDS":
		return Millisecond
	case "SECOND", "SECONDS":
		return Second
	case "MINUTE", "MINUTES":
		return Minute
	case "HOUR", "HOURS":
		return Hour
	case "DAY", "DAYS":
		return Day
	case "WEEK", "WEEKS":
		return Week
	case "MONTH", "MONTHS":
		return Month
	case "YEAR", "YEARS":
		return Year
	}
	return 0
}

// Fits32 says that the literal is an INT; otherwise it is a BIGINT.
func (i *Int) Fits32() bool { return i.Value >= math.MinInt32 && i.Value <= math.MaxInt32 }
