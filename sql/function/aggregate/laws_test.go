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
