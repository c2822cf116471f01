package expr_test

import (
	"strings"
	"testing"

	"tailrace/sql/expr"
	"tailrace/sql/function"
	_ "tailrace/sql/function/all"
	"tailrace/sql/parse"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// table is a few rows of typed columns, written as a person reads them: a header
// "A INT, S STRING" and rows of literals.
type table struct {
	scope expr.ColumnScope
	cols  []*vector.Vector
	n     int
}

func makeTable(t testing.TB, header string, rows ...string) *table {
	t.Helper()
	typ, err := types.ParseType("STRUCT<" + header + ">")
	if err != nil {
		t.Fatal(err)
	}
	out := &table{n: len(rows)}
	for i, f := range typ.Fields {
		out.scope = append(out.scope, expr.Column{Qualifier: "T", Name: f.Name, Type: f.Type, Index: i})
		out.cols = append(out.cols, vector.New(f.Type, len(rows)))
	}
	for _, row := range rows {
		e := mustBind(t, "STRUCT("+fields(typ, row)+")", expr.NoColumns, expr.Options{})
		cast := expr.Fold(expr.Cast(e, typ, false))
		if cast.Op != expr.OpLiteral {
			t.Fatalf("row %s is not constant: %s", row, expr.Format(cast))
		}
		for i, v := range cast.Value.V.(types.StructVal) {
			out.cols[i].AppendValue(v)
		}
	}
	return out
}

// fields names the literals of a row, which are parted by " | ".
func fields(t types.Type, row string) string {
	parts := strings.Split(row, " | ")
	for i := range parts {
		parts[i] = "`" + t.Fields[i].Name + "` := CAST(" + parts[i] + " AS " + t.Fields[i].Type.String() + ")"
	}
	return strings.Join(parts, ", ")
}

func mustBind(t testing.TB, text string, scope expr.Scope, opts expr.Options) *expr.Expr {
	t.Helper()
	e, err := bind(text, scope, opts)
	if err != nil {
		t.Fatalf("binding %.200s: %v", text, err)
	}
	return e
}

func bind(text string, scope expr.Scope, opts expr.Options) (*expr.Expr, error) {
	tree, err := parse.ParseExpr(text)
	if err != nil {
		return nil, err
	}
	return expr.Bind(tree, scope, opts)
}

// evalText is the value of every row as text, or ! for one that failed.
func (tb *table) eval(t testing.TB, e *expr.Expr) []string {
	t.Helper()
	p, err := expr.Compile(e, expr.CompileEnv{})
	if err != nil {
		t.Fatalf("compiling %s: %v", expr.Format(e), err)
	}
	failed := map[int]bool{}
	ctx := &function.Context{Fail: func(row int, _ error) { failed[row] = true }}
	v, err := p.Eval(tb.cols, tb.n, ctx)
	if err != nil {
		t.Fatalf("evaluating %s: %v", expr.Format(e), err)
	}
	if v.N != tb.n || !v.Type.Equal(e.Type) {
		t.Fatalf("%s gives %d rows of %s, want %d of %s", expr.Format(e), v.N, v.Type, tb.n, e.Type)
	}
	out := make([]string, tb.n)
	for i := range out {
		out[i] = types.Text(v.Type, v.Value(i))
		if failed[i] {
			out[i] = "!" + strings.TrimPrefix(out[i], "null")
		}
	}
	return out
}
