package aggregate_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"tailrace/sql/function"
	_ "tailrace/sql/function/aggregate"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// law is one overload under test and its meaning, recomputed over all rows of a group in
// order of arrival.
type law struct {
	name    string
	args    []types.Type
	initial []types.Value
	variant function.Variant
	slack   float64 // by how much doubles may differ: what cancels leaves rounding behind
	naive   func(rows [][]types.Value) types.Value
}

var (
	decimal = types.DecimalOf(30, 2)
	pair    = types.StructOf(types.Field{Name: "A", Type: types.StringType}, types.Field{Name: "B", Type: types.BigintType})
	scalars = []types.Type{types.IntType, types.BigintType, types.DoubleType, decimal, types.DateType, types.TimeType,
		types.TimestampType, types.StringType, types.BytesType}
	everything = append(slices.Clone(scalars), types.BooleanType, types.ArrayOf(types.IntType), types.MapOf(types.StringType, types.DoubleType), pair)
)

// randomValue draws from few values, so that equal ones meet, and one NULL in eight.
func randomValue(r *rand.Rand, t types.Type) types.Value {
	if r.IntN(8) == 0 {
		return nil
	}
	n := r.IntN(21) - 10
	switch t.Kind {
	case types.Boolean:
		return n > 0
	case types.Int:
		return int32(n)
	case types.Bigint:
		return int64(n) << 33
	case types.Double:
		return float64(n) / 4
	case types.Decimal:
		return types.Dec{Unscaled: types.Int128Of(int64(n)), Scale: int32(t.Scale)}
	case types.String:
		return fmt.Sprint("s", n)
	case types.Bytes:
		return fmt.Append(nil, "b", n)
	case types.Date:
		return types.DateVal(n)
	case types.Time:
		return types.TimeVal(n + 10)
	case types.Timestamp:
		return types.TimestampVal(n)
	case types.Array:
		a := types.ArrayVal{}
		for range r.IntN(3) {
			a = append(a, randomValue(r, *t.Elem))
		}
		return a
	case types.Map:
		m := types.NewMapBuilder(2)
		for range r.IntN(3) {
			m.Put(fmt.Sprint("k", r.IntN(3)), randomValue(r, *t.Elem))
		}
		return m.Map()
	case types.Struct:
		s := types.StructVal{}
		for _, f := range t.Fields {
			s = append(s, randomValue(r, f.Type))
		}
		return s
	}
	panic(t.String())
}

func laws() []law {
	out := []law{
		{name: "COUNT", naive: func(rows [][]types.Value) types.Value { return int64(len(rows)) }},
		{name: "SUM", args: []types.Type{types.IntType}, naive: fold(int32(0), func(s, x types.Value) types.Value { return s.(int32) + x.(int32) })},
		{name: "SUM", args: []types.Type{types.BigintType}, naive: fold(int64(0), func(s, x types.Value) types.Value { return s.(int64) + x.(int64) })},
		{name: "SUM", args: []types.Type{types.DoubleType}, naive: func(rows [][]types.Value) types.Value { _, sum := moments(rows); return sum }},
		{name: "SUM", args: []types.Type{decimal}, naive: fold(types.Dec{Scale: 2}, func(s, x types.Value) types.Value {
			sum, _ := s.(types.Dec).Unscaled.Add(x.(types.Dec).Unscaled)
			return types.Dec{Unscaled: sum, Scale: 2}
		})},
		{name: "SUM_LIST", args: []types.Type{types.ArrayOf(types.IntType)}, naive: fold(int32(0), func(s, x types.Value) types.Value {
			for _, e := range x.(types.ArrayVal) {
				if e != nil {
					s = s.(int32) + e.(int32)
				}
			}
			return s
		})},
		{name: "SUMMARY_STATS", args: []types.Type{types.DoubleType}, naive: func(rows [][]types.Value) types.Value {
			n, sum := moments(rows)
			return &types.MapVal{Keys: []types.Value{"mean", "sample_size", "sum"}, Values: []types.Value{sum / n, n, sum}}
		}},
		{name: "HISTOGRAM", args: []types.Type{types.StringType}, naive: naiveHistogram},
		{name: "CORRELATION", args: []types.Type{types.DoubleType, types.DoubleType}, slack: 1e-6, naive: naiveCorrelation},
		{name: "TOPK", args: []types.Type{types.IntType, types.StringType, types.DoubleType}, initial: []types.Value{int32(4)}, naive: func(rows [][]types.Value) types.Value {
			var all types.ArrayVal
			for _, r := range rows {
				if r[0] != nil {
					all = append(all, types.StructVal(slices.Clone(r)))
				}
			}
			slices.SortStableFunc(all, func(a, b types.Value) int { return types.Compare(b.(types.StructVal)[0], a.(types.StructVal)[0]) })
			return all[:min(4, len(all))]
		}},
	}
	for _, t := range []types.Type{types.IntType, types.BigintType, types.DoubleType} {
		one, slack := []types.Type{t}, 1e-6
		if t.Kind == types.Bigint {
			slack *= 1 << 33
		}
		out = append(out,
			law{name: "AVG", args: one, naive: func(rows [][]types.Value) types.Value {
				n, sum := moments(rows)
				return sum / max(n, 1)
			}},
			law{name: "STDDEV_SAMP", args: one, slack: slack * slack, naive: variance},
			law{name: "STDDEV_SAMPLE", args: one, slack: slack, naive: func(rows [][]types.Value) types.Value { return math.Sqrt(variance(rows).(float64)) }})
	}
	out = append(out, variantLaws()...)
	for _, t := range scalars {
		one := []types.Type{t}
		out = append(out,
			law{name: "MIN", args: one, naive: fold(nil, func(s, x types.Value) types.Value { return pick(s, x, -1) })},
			law{name: "MAX", args: one, naive: fold(nil, func(s, x types.Value) types.Value { return pick(s, x, 1) })},
			law{name: "TOPK", args: one, initial: []types.Value{int32(3)}, naive: naiveTop(3, false)},
			law{name: "TOPKDISTINCT", args: one, initial: []types.Value{int32(3)}, naive: naiveTop(3, true)})
	}
	for _, t := range everything {
		one := []types.Type{t}
		values := func(rows [][]types.Value, nulls bool) types.ArrayVal {
			out := types.ArrayVal{}
			for _, r := range rows {
				if nulls || r[0] != nil {
					out = append(out, r[0])
				}
			}
			return out
		}
		last := func(a types.ArrayVal, n int) types.ArrayVal { return a[max(0, len(a)-n):] }
		first := func(a types.ArrayVal, n int) types.ArrayVal { return a[:min(n, len(a))] }
		single := func(a types.ArrayVal) types.Value {
			if len(a) == 0 {
				return nil
			}
			return a[0]
		}
		out = append(out,
			law{name: "COUNT", args: one, naive: func(rows [][]types.Value) types.Value { return int64(len(values(rows, false))) }},
			law{name: "COUNT_DISTINCT", args: one, naive: func(rows [][]types.Value) types.Value { return int64(len(unique(values(rows, false)))) }},
			law{name: "COLLECT_LIST", args: one, naive: func(rows [][]types.Value) types.Value { return values(rows, true) }},
			law{name: "COLLECT_SET", args: one, naive: func(rows [][]types.Value) types.Value { return unique(values(rows, true)) }},
			law{name: "ATTR", args: one, naive: func(rows [][]types.Value) types.Value {
				if u := unique(values(rows, true)); len(u) == 1 {
					return u[0]
				}
				return nil
			}},
			law{name: "LATEST_BY_OFFSET", args: one, naive: func(rows [][]types.Value) types.Value { return single(last(values(rows, false), 1)) }},
			law{name: "LATEST_BY_OFFSET", args: one, initial: []types.Value{false}, naive: func(rows [][]types.Value) types.Value { return single(last(values(rows, true), 1)) }},
			law{name: "LATEST_BY_OFFSET", args: one, initial: []types.Value{int32(2)}, naive: func(rows [][]types.Value) types.Value { return last(values(rows, false), 2) }},
			law{name: "LATEST_BY_OFFSET", args: one, initial: []types.Value{int32(2), false}, naive: func(rows [][]types.Value) types.Value { return last(values(rows, true), 2) }},
			law{name: "EARLIEST_BY_OFFSET", args: one, naive: func(rows [][]types.Value) types.Value { return single(values(rows, false)) }},
			law{name: "EARLIEST_BY_OFFSET", args: one, initial: []types.Value{false}, naive: func(rows [][]types.Value) types.Value { return single(values(rows, true)) }},
			law{name: "EARLIEST_BY_OFFSET", args: one, initial: []types.Value{int32(2)}, naive: func(rows [][]types.Value) types.Value { return first(values(rows, false), 2) }},
			law{name: "EARLIEST_BY_OFFSET", args: one, initial: []types.Value{int32(2), false}, naive: func(rows [][]types.Value) types.Value { return first(values(rows, true), 2) }})
	}
	return out
}

// variantLaws are the standard's aggregates, and those that retract at a price.
func variantLaws() []law {
	standard, retract := function.Variant{Standard: true}, function.Variant{Standard: true, Retract: true}
	unlessEmpty := func(f func(n, sum float64, rows [][]types.Value) types.Value) func([][]types.Value) types.Value {
		return func(rows [][]types.Value) types.Value {
			n, sum := moments(rows)
			if n == 0 {
				return nil
			}
			return f(n, sum, rows)
		}
	}
	fixed := func(x float64, scale int32) types.Dec {
		d, err := types.ParseDec(fmt.Sprintf("%.*f", scale, x))
		if err != nil {
			panic(err)
		}
		return d
	}
	out := []law{
		{name: "SUM", args: []types.Type{types.IntType}, variant: standard, naive: unlessEmpty(func(_, sum float64, _ [][]types.Value) types.Value { return int64(sum) })},
		{name: "SUM", args: []types.Type{types.BigintType}, variant: standard, naive: unlessEmpty(func(_, sum float64, _ [][]types.Value) types.Value { return fixed(sum, 0) })},
		{name: "SUM", args: []types.Type{types.DoubleType}, variant: standard, naive: unlessEmpty(func(_, sum float64, _ [][]types.Value) types.Value { return sum })},
		{name: "SUM", args: []types.Type{decimal}, variant: standard, naive: fold(nil, func(s, x types.Value) types.Value {
			if s == nil {
				return x
			}
			sum, _ := s.(types.Dec).Unscaled.Add(x.(types.Dec).Unscaled)
			return types.Dec{Unscaled: sum, Scale: 2}
		})},
		{name: "AVG", args: []types.Type{types.DoubleType}, variant: standard, naive: unlessEmpty(func(n, sum float64, _ [][]types.Value) types.Value { return sum / n })},
	}
	for _, t := range []types.Type{types.IntType, types.DoubleType} {
		out = append(out, law{name: "STDDEV_SAMP", args: []types.Type{t}, variant: standard, slack: 1e-6, naive: unlessEmpty(func(n, _ float64, rows [][]types.Value) types.Value {
			if n < 2 {
				return nil
			}
			return math.Sqrt(variance(rows).(float64))
		})})
	}
	for _, t := range scalars {
		one, k := []types.Type{t}, []types.Value{int32(3)}
		out = append(out,
			law{name: "MIN", args: one, variant: retract, naive: fold(nil, func(s, x types.Value) types.Value { return pick(s, x, -1) })},
			law{name: "MAX", args: one, variant: retract, naive: fold(nil, func(s, x types.Value) types.Value { return pick(s, x, 1) })},
			law{name: "TOPK", args: one, initial: k, variant: retract, naive: naiveTop(3, false)},
			law{name: "TOPKDISTINCT", args: one, initial: k, variant: retract, naive: naiveTop(3, true)})
	}
	for _, t := range everything {
		column := func(rows [][]types.Value, nulls bool) types.ArrayVal {
			all := types.ArrayVal{}
			for _, r := range rows {
				if nulls || r[0] != nil {
					all = append(all, r[0])
				}
			}
			all = unique(all)
			slices.SortFunc(all, types.Compare)
			return all
		}
		out = append(out,
			law{name: "COUNT_DISTINCT", args: []types.Type{t}, variant: retract, naive: func(rows [][]types.Value) types.Value { return int64(len(column(rows, false))) }},
			law{name: "COLLECT_SET", args: []types.Type{t}, variant: retract, naive: func(rows [][]types.Value) types.Value { return column(rows, true) }})
	}
	return out
}

func pick(s, x types.Value, sign int) types.Value {
	if s == nil || types.Compare(x, s)*sign > 0 {
		return x
	}
	return s
}

func fold(init types.Value, f func(s, x types.Value) types.Value) func([][]types.Value) types.Value {
	return func(rows [][]types.Value) types.Value {
		s := init
		for _, r := range rows {
			if r[0] != nil {
				s = f(s, r[0])
			}
		}
		return s
	}
}

func float(x types.Value) float64 {
	switch x := x.(type) {
	case int32:
		return float64(x)
	case int64:
		return float64(x)
	}
	return x.(float64)
}

func moments(rows [][]types.Value) (n, sum float64) {
	for _, r := range rows {
		if r[0] != nil {
			n, sum = n+1, sum+float(r[0])
		}
	}
	return n, sum
}

func variance(rows [][]types.Value) types.Value {
	n, sum := moments(rows)
	if n < 2 {
		return 0.0
	}
	m2 := 0.0
	for _, r := range rows {
		if r[0] != nil {
			m2 += (float(r[0]) - sum/n) * (float(r[0]) - sum/n)
		}
	}
	return m2 / (n - 1)
}

func unique(all types.ArrayVal) types.ArrayVal {
	out := types.ArrayVal{}
	for _, x := range all {
		if !slices.ContainsFunc(out, func(y types.Value) bool { return types.Equal(x, y) }) {
			out = append(out, x)
		}
	}
	return out
}

func naiveTop(k int, distinct bool) func([][]types.Value) types.Value {
	return func(rows [][]types.Value) types.Value {
		all := types.ArrayVal{}
		for _, r := range rows {
			if r[0] != nil {
				all = append(all, r[0])
			}
		}
		if distinct {
			all = unique(all)
		}
		slices.SortStableFunc(all, func(a, b types.Value) int { return types.Compare(b, a) })
		return all[:min(k, len(all))]
	}
}

func naiveHistogram(rows [][]types.Value) types.Value {
	m := types.NewMapBuilder(0)
	counts := map[string]int64{}
	for _, r := range rows {
		if s, ok := r[0].(string); ok {
			counts[s]++
			m.Put(s, counts[s])
		}
	}
	return m.Map()
}

func naiveCorrelation(rows [][]types.Value) types.Value {
	var xs, ys []float64
	var mx, my float64
	for _, r := range rows {
		if r[0] != nil && r[1] != nil {
			xs, ys = append(xs, float(r[0])), append(ys, float(r[1]))
			mx, my = mx+float(r[0]), my+float(r[1])
		}
	}
	mx, my = mx/float64(len(xs)), my/float64(len(xs))
	var sxy, sx, sy float64
	for i := range xs {
		sxy, sx, sy = sxy+(xs[i]-mx)*(ys[i]-my), sx+(xs[i]-mx)*(xs[i]-mx), sy+(ys[i]-my)*(ys[i]-my)
	}
	return sxy / math.Sqrt(sx*sy)
}

// same compares results: doubles to nine digits, since the order of summing differs; NaN
// stands for any quotient without meaning.
func same(a, b types.Value, slack float64) bool {
	if m, ok := a.(*types.MapVal); ok {
		o, isMap := b.(*types.MapVal)
		if !isMap || m.Len() != o.Len() {
			return false
		}
		for i, k := range m.Keys {
			if v, found := o.Get(k); !found || !same(m.Values[i], v, slack) {
				return false
			}
		}
		return true
	}
	x, ok1 := a.(float64)
	y, ok2 := b.(float64)
	if !ok1 || !ok2 {
		return types.Equal(a, b)
	}
	return math.Abs(x-y) <= slack+1e-9*max(1, math.Abs(x), math.Abs(y)) || x != x || y != y
}

func bind(t *testing.T, l law) *function.BoundAggregate {
	var args []function.ArgType
	for _, a := range l.args {
		args = append(args, function.ArgType{Type: a})
	}
	for _, v := range l.initial {
		a := function.ArgType{Type: types.IntType, Literal: true, Value: v}
		if _, ok := v.(bool); ok {
			a.Type = types.BooleanType
		}
		args = append(args, a)
	}
	b, err := function.ResolveAggregateVariant(l.name, args, l.variant)
	if err != nil {
		t.Fatal(err)
	}
	if l.variant.Retract && !b.Signature.Undo {
		t.Fatalf("%s cannot retract", b.Canonical)
	}
	if again, err := function.FindAggregate(b.Canonical); err != nil || again != b.Signature {
		t.Fatalf("FindAggregate(%s) = %v, %v", b.Canonical, again, err)
	}
	return b
}

func accumulator(t *testing.T, b *function.BoundAggregate) function.Accumulator {
	acc, err := b.Signature.New(b.ArgTypes, b.Initial, b.Result, nil)
	if err != nil {
		t.Fatal(err)
	}
	return acc
}

func resultOf(t *testing.T, acc function.Accumulator, b *function.BoundAggregate, slot int32) types.Value {
	out := vector.New(b.Result, 1)
	if err := acc.Result([]int32{slot}, out); err != nil {
		t.Fatal(err)
	}
	if out.N != 1 {
		t.Fatalf("%s: Result appended %d values, want 1", b.Canonical, out.N)
	}
	return out.Value(0)
}

const groups = 5

// TestAccumulatorLaws drives every accumulator with random batches, takes rows back,
// clears, moves states through bytes, and merges; after each the result of every group
// must be what recomputation gives.
func TestAccumulatorLaws(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for _, l := range laws() {
		b := bind(t, l)
		t.Run(fmt.Sprint(b.Canonical, b.ArgTypes, b.Initial), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			acc := accumulator(t, b)
			acc.Resize(2)
			acc.Resize(groups)
			rows := make([][][]types.Value, groups)
			check := func(after string) {
				t.Helper()
				for g := range groups {
					if got, want := resultOf(t, acc, b, int32(g)), l.naive(rows[g]); !same(got, want, l.slack) {
						t.Fatalf("after %s, group %d of %v\n got %v\nwant %v", after, g, rows[g], got, want)
					}
				}
				if acc.Bytes() < 0 {
					t.Fatalf("after %s: %d bytes", after, acc.Bytes())
				}
			}
			check("nothing")
			for range 6 {
				addBatch(t, r, acc, l, rows)
				check("add")
				if b.Signature.Undo && l.name != "COLLECT_LIST" && l.name != "HISTOGRAM" {
					undoOne(t, r, acc, l, rows)
					check("undo")
				}
			}
			acc = reload(t, acc, b)
			check("encode and decode")
			addBatch(t, r, acc, l, rows)
			check("add to decoded states")
			clear := int32(r.IntN(groups))
			acc.Clear(clear)
			rows[clear] = nil
			check("clear")
			mergeTwo(t, acc, rows, l)
			check("merge")
		})
	}
}

func addBatch(t *testing.T, r *rand.Rand, acc function.Accumulator, l law, rows [][][]types.Value) {
	n := r.IntN(20)
	args := make([]*vector.Vector, len(l.args))
	for i, typ := range l.args {
		args[i] = vector.New(typ, n)
		for range n {
			args[i].AppendValue(randomValue(r, typ))
		}
	}
	var slots, sel []int32
	for i := range n {
		if n%2 == 0 && r.IntN(3) == 0 {
			continue
		}
		slots, sel = append(slots, int32(r.IntN(groups))), append(sel, int32(i))
		row := make([]types.Value, len(args))
		for j, v := range args {
			row[j] = v.Value(i)
		}
		g := slots[len(slots)-1]
		rows[g] = append(rows[g], row)
	}
	if n%2 != 0 {
		sel = nil
	}
	if err := acc.Add(slots, sel, args); err != nil {
		t.Fatal(err)
	}
	for _, v := range args { // the accumulator must not have kept what it was shown
		for i := range v.Arena {
			v.Arena[i] = '!'
		}
	}
}

func undoOne(t *testing.T, r *rand.Rand, acc function.Accumulator, l law, rows [][][]types.Value) {
	g := r.IntN(groups)
	if len(rows[g]) == 0 {
		return
	}
	i := r.IntN(len(rows[g]))
	args := make([]*vector.Vector, len(l.args))
	for j, typ := range l.args {
		args[j] = vector.Const(typ, rows[g][i][j], 1)
	}
	if err := acc.Undo([]int32{int32(g)}, nil, args); err != nil {
		t.Fatal(err)
	}
	rows[g] = slices.Delete(slices.Clone(rows[g]), i, i+1)
}

func reload(t *testing.T, acc function.Accumulator, b *function.BoundAggregate) function.Accumulator {
	fresh := accumulator(t, b)
	fresh.Resize(groups)
	var all []byte
	for g := range int32(groups) {
		all = acc.Encode(g, all)
	}
	for g, rest := int32(0), all; g < groups; g++ {
		var err error
		if rest, err = fresh.Decode(g, rest); err != nil {
			t.Fatalf("decoding group %d: %v", g, err)
		}
		if g == groups-1 && len(rest) != 0 {
			t.Fatalf("%d bytes left over", len(rest))
		}
	}
	var again []byte
	for g := range int32(groups) {
		again = fresh.Encode(g, again)
	}
	if string(again) != string(all) {
		t.Fatalf("encoding what was decoded:\n got %x\nwant %x", again, all)
	}
	for n := range all { // a torn state is refused or is another state; it never panics
		_, _ = accumulatorOf(t, b, 1).Decode(0, all[:n])
	}
	return fresh
}

func accumulatorOf(t *testing.T, b *function.BoundAggregate, n int) function.Accumulator {
	acc := accumulator(t, b)
	acc.Resize(n)
	return acc
}

// mergeTwo folds group 1 into 0. By offset, the order of arrival is not that of the
// concatenation, so there only the merge with an empty group is checked here.
func mergeTwo(t *testing.T, acc function.Accumulator, rows [][][]types.Value, l law) {
	if l.name == "LATEST_BY_OFFSET" || l.name == "EARLIEST_BY_OFFSET" {
		acc.Clear(0)
		rows[0] = nil
	}
	if err := acc.Merge(0, 1); err != nil {
		t.Fatal(err)
	}
	rows[0] = append(slices.Clone(rows[0]), rows[1]...)
	acc.Clear(1)
	rows[1] = nil
}
