package expr_test

import (
	"testing"

	"pgregory.net/rapid"

	"tailrace/sql/expr"
	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

var propertyTypes = []types.Type{types.BooleanType, types.IntType, types.BigintType, types.DoubleType,
	types.DecimalOf(6, 2), types.DecimalOf(9, 0), types.StringType, types.DateType, types.ArrayOf(types.IntType)}

// grower draws typed expressions over one column of each of propertyTypes.
type grower struct {
	t        *rapid.T
	standard bool
}

func (g *grower) pick(n int) int { return rapid.IntRange(0, n-1).Draw(g.t, "pick") }

func (g *grower) value(t types.Type) types.Value {
	if g.pick(6) == 0 {
		return nil
	}
	switch t.Kind {
	case types.Boolean:
		return g.pick(2) == 0
	case types.Int:
		return rapid.OneOf(rapid.Int32Range(-3, 3), rapid.Int32()).Draw(g.t, "int")
	case types.Bigint:
		return rapid.OneOf(rapid.Int64Range(-3, 3), rapid.Int64()).Draw(g.t, "bigint")
	case types.Double:
		return rapid.OneOf(rapid.SampledFrom([]float64{0, 1, -2.5, 1e300}), rapid.Float64()).Draw(g.t, "double")
	case types.Decimal:
		limit := int64(1)
		for range t.Precision {
			limit *= 10
		}
		u := rapid.OneOf(rapid.Int64Range(-300, 300), rapid.Int64Range(1-limit, limit-1)).Draw(g.t, "decimal")
		return types.Dec{Unscaled: types.Int128Of(u), Scale: int32(t.Scale)}
	case types.String:
		return rapid.StringOfN(rapid.SampledFrom([]rune("ab1%_ü")), 0, 4, -1).Draw(g.t, "string")
	case types.Date:
		return types.DateVal(rapid.Int32Range(-2, 2).Draw(g.t, "date"))
	}
	out := types.ArrayVal{}
	for range g.pick(3) {
		out = append(out, g.value(*t.Elem))
	}
	return out
}

func (g *grower) leaf(t types.Type) *expr.Expr {
	if g.pick(3) > 0 {
		for i, c := range propertyTypes {
			if c.Equal(t) {
				return expr.Col(i, "C", t)
			}
		}
	}
	return expr.Lit(t, g.value(t))
}

func (g *grower) node(op expr.Op, t types.Type, args ...*expr.Expr) *expr.Expr {
	return &expr.Expr{Op: op, Type: t, Args: args, Standard: g.standard}
}

func (g *grower) grow(t types.Type, depth int) *expr.Expr {
	if depth <= 0 || g.pick(5) == 0 {
		return g.leaf(t)
	}
	depth--
	if g.pick(6) == 0 {
		e := g.node(expr.OpCase, t)
		for range 1 + g.pick(2) {
			e.Args = append(e.Args, g.grow(types.BooleanType, depth), g.grow(t, depth))
		}
		if g.pick(2) == 0 {
			e.Args = append(e.Args, g.grow(t, depth))
		}
		return e
	}
	switch t.Kind {
	case types.Boolean:
		return g.condition(depth)
	case types.Int:
		if g.pick(6) == 0 {
			return g.node(expr.OpItem, t, g.grow(types.ArrayOf(types.IntType), depth), g.grow(t, depth))
		}
		return g.number(t, depth)
	case types.Bigint, types.Double, types.Decimal:
		return g.number(t, depth)
	case types.String:
		if g.pick(2) == 0 {
			return g.node(expr.OpCast, t, g.grow(rapid.SampledFrom(propertyTypes).Draw(g.t, "from"), depth))
		}
		return g.node(expr.OpConcat, t, g.grow(t, depth), g.grow(t, depth))
	case types.Date:
		return g.node(expr.OpCast, t, g.grow(types.StringType, depth))
	}
	e := g.node(expr.OpArray, t)
	for range g.pick(3) {
		e.Args = append(e.Args, g.grow(*t.Elem, depth))
	}
	return e
}

var numbers = []types.Type{types.IntType, types.BigintType, types.DoubleType, types.DecimalOf(6, 2), types.StringType}

func (g *grower) number(t types.Type, depth int) *expr.Expr {
	if g.pick(4) == 0 {
		from := rapid.SampledFrom(numbers).Draw(g.t, "from")
		return g.node(expr.OpCast, t, g.grow(from, depth))
	}
	op := rapid.SampledFrom([]expr.Op{expr.OpAdd, expr.OpSub, expr.OpMul, expr.OpDiv, expr.OpMod, expr.OpNeg}).Draw(g.t, "op")
	if op == expr.OpNeg {
		return g.node(op, t, g.grow(t, depth))
	}
	if t.Kind == types.Decimal { // operands may have other scales than the result
		l := rapid.SampledFrom([]types.Type{types.DecimalOf(6, 2), types.DecimalOf(9, 0)}).Draw(g.t, "left")
		return g.node(op, t, g.grow(l, depth), g.grow(types.DecimalOf(6, 2), depth))
	}
	return g.node(op, t, g.grow(t, depth), g.grow(t, depth))
}

func (g *grower) condition(depth int) *expr.Expr {
	b, t := types.BooleanType, rapid.SampledFrom(propertyTypes).Draw(g.t, "operands")
	switch g.pick(8) {
	case 0, 1:
		e := g.node(rapid.SampledFrom([]expr.Op{expr.OpAnd, expr.OpOr}).Draw(g.t, "op"), b)
		for range 2 + g.pick(2) {
			e.Args = append(e.Args, g.grow(b, depth))
		}
		return e
	case 2:
		return g.node(expr.OpNot, b, g.grow(b, depth))
	case 3:
		return g.node(rapid.SampledFrom([]expr.Op{expr.OpIsNull, expr.OpNotNull}).Draw(g.t, "op"), b, g.grow(t, depth))
	case 4:
		return g.node(expr.OpLike, b, g.grow(types.StringType, depth), g.grow(types.StringType, depth))
	case 5:
		e := g.node(expr.OpIn, b, g.grow(t, depth))
		for range g.pick(12) {
			e.Args = append(e.Args, g.grow(t, g.pick(2)))
		}
		return e
	}
	op := rapid.SampledFrom([]expr.Op{expr.OpEq, expr.OpNe, expr.OpLt, expr.OpLe, expr.OpGt, expr.OpGe,
		expr.OpDistinct, expr.OpNotDistinct}).Draw(g.t, "op")
	return g.node(op, b, g.grow(t, depth), g.grow(t, depth))
}

// Compiled expressions give what the oracle gives, row by row: the same values, and the
// same rows reported as failed. One program serves several batches of changing size.
func TestProgramsAgreeWithTheOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := &grower{t: t, standard: rapid.Bool().Draw(t, "standard")}
		e := g.grow(rapid.SampledFrom(propertyTypes).Draw(t, "type"), 4)
		p, err := expr.Compile(e, expr.CompileEnv{Inputs: propertyTypes, Fresh: rapid.Bool().Draw(t, "fresh")})
		if err != nil {
			t.Fatalf("%s: %v", expr.Format(e), err)
		}
		for range 2 {
			n := rapid.IntRange(0, 70).Draw(t, "rows")
			cols := make([]*vector.Vector, len(propertyTypes))
			for i, ct := range propertyTypes {
				cols[i] = vector.New(ct, n)
				for range n {
					cols[i].AppendValue(g.value(ct))
				}
			}
			agree(t, e, p, cols, n)
		}
	})
}

func agree(t *rapid.T, e *expr.Expr, p *expr.Program, cols []*vector.Vector, n int) {
	failed := map[int]bool{}
	ctx := &function.Context{Fail: func(row int, _ error) { failed[row] = true }}
	got, err := p.Eval(cols, n, ctx)
	if err != nil {
		t.Fatalf("%s: %v", expr.Format(e), err)
	}
	want := make([]types.Value, n)
	for i := range n {
		o := &oracle{}
		for _, c := range cols {
			o.row = append(o.row, c.Value(i))
		}
		want[i] = o.eval(e, false)
		if o.hard {
			want[i] = nil
		}
		if !same(got.Value(i), want[i]) || failed[i] != o.failed {
			t.Fatalf("%s\nover %v\n got %v (failed: %v)\nwant %v (failed: %v)", expr.Format(e), o.row, got.Value(i), failed[i], want[i], o.failed)
		}
	}
	if e.Type.Kind != types.Boolean {
		return
	}
	keep, err := p.EvalBool(cols, n, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if keep.Get(i) != (want[i] == true) {
			t.Fatalf("%s as a condition: row %d is kept: %v, value %v", expr.Format(e), i, keep.Get(i), want[i])
		}
	}
	if keep.Count() != len(keep.AppendIndexes(nil)) || n > 0 && keep.Next(n) >= 0 {
		t.Fatalf("%s sets bits past the last row", expr.Format(e))
	}
}

// same is types.Equal with scales, and NaN equal to NaN.
func same(a, b types.Value) bool {
	if x, ok := a.(types.Dec); ok {
		return a == b || x.Unscaled == types.Int128{} && types.Equal(a, b)
	}
	return types.Equal(a, b)
}
