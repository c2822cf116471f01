package expr

import (
	"strconv"
	"strings"

	"tailrace/sql/ast"
	"tailrace/sql/types"
)

// Format writes e as text close to what the user wrote, for EXPLAIN and messages; the
// casts that binding added are shown.
func Format(e *Expr) string {
	f := formatter{}
	f.expr(e)
	return f.String()
}

type formatter struct{ strings.Builder }

func (f *formatter) add(parts ...string) {
	for _, p := range parts {
		f.WriteString(p)
	}
}

func (f *formatter) list(args []*Expr) {
	for i, a := range args {
		if i > 0 {
			f.add(", ")
		}
		f.expr(a)
	}
}

func (f *formatter) expr(e *Expr) {
	switch e.Op {
	case OpColumn:
		f.add(ast.FormatName(e.Name))
	case OpLiteral:
		f.literal(e.Value)
	case OpParam:
		f.add("$", strconv.Itoa(e.Column))
	case OpAnd, OpOr:
		f.add("(")
		for i, a := range e.Args {
			if i > 0 {
				f.add(" ", strings.ToUpper(string(e.Op)), " ")
			}
			f.expr(a)
		}
		f.add(")")
	case OpNot:
		f.add("(NOT ")
		f.expr(e.Args[0])
		f.add(")")
	case OpNeg:
		f.add("(-")
		f.expr(e.Args[0])
		f.add(")")
	case OpIsNull, OpNotNull:
		f.add("(")
		f.expr(e.Args[0])
		f.add(" ", strings.ToUpper(string(e.Op)), ")")
	case OpLike:
		f.like(e)
	case OpIn:
		f.add("(")
		f.expr(e.Args[0])
		f.add(" IN (")
		f.list(e.Args[1:])
		f.add("))")
	case OpCase:
		f.cases(e)
	case OpCast:
		f.add("CAST(")
		f.expr(e.Args[0])
		f.add(" AS ", e.Type.String(), ")")
	default:
		f.composite(e)
	}
}

func (f *formatter) composite(e *Expr) {
	switch e.Op {
	case OpCall:
		f.add(e.Name, "(")
		f.list(e.Args)
		f.add(")")
	case OpField:
		f.expr(e.Args[0])
		f.add("->", ast.FormatName(e.Name))
	case OpItem:
		f.expr(e.Args[0])
		f.add("[")
		f.expr(e.Args[1])
		f.add("]")
	case OpArray:
		f.add("ARRAY[")
		f.list(e.Args)
		f.add("]")
	case OpMap:
		f.add("MAP(")
		for i := 0; i+1 < len(e.Args); i += 2 {
			if i > 0 {
				f.add(", ")
			}
			f.expr(e.Args[i])
			f.add(":=")
			f.expr(e.Args[i+1])
		}
		f.add(")")
	case OpStruct:
		f.add("STRUCT(")
		for i, a := range e.Args {
			if i > 0 {
				f.add(", ")
			}
			f.add(ast.FormatName(e.Type.Fields[i].Name), ":=")
			f.expr(a)
		}
		f.add(")")
	case OpLambda:
		f.add("(", strings.Join(e.Params, ", "), ") => ")
		f.expr(e.Args[0])
	case OpVar:
		f.add(e.Name)
	default: // two operands
		f.add("(")
		f.expr(e.Args[0])
		f.add(" ", strings.ToUpper(string(e.Op)), " ")
		f.expr(e.Args[1])
		f.add(")")
	}
}

func (f *formatter) like(e *Expr) {
	f.add("(")
	f.expr(e.Args[0])
	if e.Name == FoldCase {
		f.add(" ILIKE ")
	} else {
		f.add(" LIKE ")
	}
	f.expr(e.Args[1])
	if len(e.Args) > 2 {
		f.add(" ESCAPE ")
		f.expr(e.Args[2])
	}
	f.add(")")
}

func (f *formatter) cases(e *Expr) {
	f.add("(CASE")
	for i := 0; i+1 < len(e.Args); i += 2 {
		f.add(" WHEN ")
		f.expr(e.Args[i])
		f.add(" THEN ")
		f.expr(e.Args[i+1])
	}
	if len(e.Args)%2 == 1 {
		f.add(" ELSE ")
		f.expr(e.Args[len(e.Args)-1])
	}
	f.add(" END)")
}

func (f *formatter) literal(c *Constant) {
	switch v := c.V.(type) {
	case nil:
		f.add("NULL")
	case bool:
		f.add(strings.ToUpper(strconv.FormatBool(v)))
	case string:
		f.add(ast.FormatString(v))
	case float64:
		f.add(strconv.FormatFloat(v, 'E', -1, 64))
	case int32, int64, types.Dec:
		f.add(types.Text(c.Type, v))
	case types.DateVal, types.TimeVal, types.TimestampVal:
		f.add(c.Type.String(), " '", types.Text(c.Type, v), "'")
	default:
		f.add("CAST(", ast.FormatString(types.Text(c.Type, v)), " AS ", c.Type.String(), ")")
	}
}
