package agg_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tailrace/executor/check"
	"tailrace/executor/chunk"
	"tailrace/executor/op"
	"tailrace/executor/op/agg"
	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/state"
)

// declared is one overload that can take rows back, as one dialect reads it.
type declared struct {
	bound *function.BoundAggregate
	ends  bool
}

// declarations are all of them, in both dialects.
func declarations(t *testing.T) []declared {
	var out []declared
	for _, name := range function.Names(function.IsAggregate) {
		f, _ := function.LookupAggregate(name)
		for _, sig := range f.Overloads {
			if slices.ContainsFunc(sig.Params, notStored) {
				continue
			}
			var args []function.ArgType
			for _, p := range sig.Params {
				args = append(args, function.ArgType{Type: sampleType(p)})
			}
			for _, p := range sig.Initial {
				a := function.ArgType{Type: types.IntType, Literal: true, Value: int32(3)}
				switch {
				case strings.HasPrefix(p, "BOOLEAN"):
					a.Type, a.Value = types.BooleanType, true
				case strings.HasPrefix(p, "DOUBLE"):
					a.Type, a.Value = types.DoubleType, 0.5
				case strings.HasPrefix(p, "ARRAY<DOUBLE>"):
					a.Type, a.Value = types.ArrayOf(types.DoubleType), types.ArrayVal{0.5}
				}
				args = append(args, a)
			}
			for _, standard := range []bool{false, true} {
				b, err := function.ResolveAggregateVariant(name, args, function.Variant{Standard: standard, Retract: standard})
				if err != nil {
					t.Fatalf("%s%v: %v", name, sig.Params, err)
				}
				if b.Signature.Undo {
					out = append(out, declared{b, standard})
				}
			}
		}
	}
	return out
}

// notStored says that a parameter takes values that no table has, of queries that end alone.
func notStored(param string) bool {
	for _, t := range []string{"INTERVAL", "NUMERIC", "JSON", "JSONB"} {
		if strings.HasPrefix(strings.TrimPrefix(param, "ARRAY<"), t) {
			return true
		}
	}
	return false
}

// sampleType is a concrete type for a parameter of a signature.
func sampleType(param string) types.Type {
	list := strings.HasPrefix(param, "ARRAY<")
	name, _, _ := strings.Cut(strings.TrimPrefix(param, "ARRAY<"), " ")
	t, ok := map[string]types.Type{"INTEGER": types.IntType, "BIGINT": types.BigintType, "DOUBLE": types.DoubleType,
		"DECIMAL": types.DecimalOf(6, 2), "DATE": types.DateType, "TIME": types.TimeType, "TIMESTAMP": types.TimestampType,
		"BYTES": types.BytesType, "BOOLEAN": types.BooleanType}[strings.TrimSuffix(name, ">")]
	if !ok {
		t = types.StringType
	}
	if list {
		return types.ArrayOf(t)
	}
	return t
}

// draw makes a value that meets its like: NULL, and for numbers the ends of their range.
func draw(r *rand.Rand, t types.Type, ends bool) types.Value {
	n := r.IntN(9) - 4
	if r.IntN(7) == 0 {
		return nil
	}
	switch t.Kind {
	case types.Boolean:
		return n > 0
	case types.Int:
		return []int32{int32(n), math.MaxInt32, math.MinInt32}[r.IntN(3)]
	case types.Bigint:
		return []int64{int64(n), math.MaxInt64, math.MinInt64}[r.IntN(3)]
	case types.Double:
		if !ends { // ksqlDB's sums are plain ones
			return float64(n) / 4
		}
		return []float64{float64(n) / 4, float64(n) / 4, 1e20, -1e17, math.Inf(1), math.Inf(-1), math.NaN()}[r.IntN(7)]
	case types.Decimal:
		if !ends { // nor does its sum have more digits than the values
			return types.Dec{Unscaled: types.Int128Of(int64(n)), Scale: 2}
		}
		return types.Dec{Unscaled: types.Int128Of([]int64{int64(n), 999999}[r.IntN(2)]), Scale: 2}
	case types.Date:
		return types.DateVal(n)
	case types.Time:
		return types.TimeVal(n + 10)
	case types.Timestamp:
		return types.TimestampVal(n)
	case types.Bytes:
		return fmt.Append(nil, n)
	case types.Array:
		a := types.ArrayVal{}
		for range r.IntN(3) {
			a = append(a, draw(r, *t.Elem, ends))
		}
		return a
	}
	return fmt.Sprint("s", n)
}

// TestRetractionsEqualRecomputation changes a table at random, and after each batch
// compares what came out with every aggregate recomputed over the rows that are left: no
// change is lost, and a group without rows is gone, or 0 in ksqlDB's dialect.
func TestRetractionsEqualRecomputation(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	for _, d := range declarations(t) {
		t.Run(fmt.Sprintf("%s ends=%v", d.bound.Canonical, d.ends), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			tab := newTable(t, d)
			for batch := range 12 {
				tab.change(r)
				if batch%3 == 2 {
					tab.reopen()
				}
				tab.compare(seed)
			}
		})
	}
}

// table is a table under an Aggregate: its rows by key, and the result that was emitted.
type table struct {
	t      *testing.T
	d      declared
	in     types.Schema
	out    types.Schema
	store  state.Store
	task   *state.Task
	op     *agg.Aggregate
	rows   map[int][]types.Value // group, arguments
	seen   map[string]bool       // groups that there have been
	result map[string]types.Value
}

func newTable(t *testing.T, d declared) *table {
	tab := &table{t: t, d: d, store: state.NewMemory(), rows: map[int][]types.Value{}, seen: map[string]bool{}, result: map[string]types.Value{}}
	tab.in.Columns = []types.Column{{Name: "G", Type: types.StringType, In: types.InKey}}
	for i, a := range d.bound.ArgTypes {
		tab.in.Columns = append(tab.in.Columns, types.Column{Name: fmt.Sprint("A", i), Type: a})
	}
	tab.out.Columns = []types.Column{tab.in.Columns[0], {Name: "R", Type: d.bound.Result}}
	tab.open()
	return tab
}

func (tab *table) accumulator() function.Accumulator {
	b := tab.d.bound
	acc, err := b.Signature.New(b.ArgTypes, b.Initial, b.Result, nil)
	if err != nil {
		tab.t.Fatal(err)
	}
	return acc
}

func (tab *table) open() {
	call := agg.Call{Acc: tab.accumulator(), Type: tab.d.bound.Result}
	for i := range tab.d.bound.ArgTypes {
		call.Args = append(call.Args, op.Column(1+i))
	}
	tab.task = state.NewTask(tab.store)
	var err error
	if tab.op, err = agg.NewAggregate(agg.Spec{Schema: tab.out, Keys: []int{0}, Calls: []agg.Call{call}, Ends: tab.d.ends}, tab.task, "a"); err != nil {
		tab.t.Fatal(err)
	}
}

// reopen commits and goes on from what was stored.
func (tab *table) reopen() {
	tab.task.Committed()
	if err := tab.task.Flush([]byte("meta")); err != nil {
		tab.t.Fatal(err)
	}
	tab.open()
}

// change inserts, updates and deletes some rows.
func (tab *table) change(r *rand.Rand) {
	in := &chunk.Chunk{Schema: tab.in}
	for _, c := range tab.in.Columns {
		in.Cols = append(in.Cols, vector.New(c.Type, 0))
	}
	row := func(op chunk.Op, values []types.Value) {
		for i, v := range values {
			in.Cols[i].AppendValue(v)
		}
		in.Ops, in.Time, in.N = append(in.Ops, op), append(in.Time, int64(in.N)), in.N+1
	}
	for range 1 + r.IntN(12) {
		key := r.IntN(8)
		old, ok := tab.rows[key]
		if ok && r.IntN(2) == 0 {
			row(chunk.Delete, old)
			delete(tab.rows, key)
			continue
		}
		fresh := []types.Value{fmt.Sprint("g", r.IntN(3))}
		for _, a := range tab.d.bound.ArgTypes {
			fresh = append(fresh, draw(r, a, strings.HasPrefix(tab.d.bound.Canonical, "standard ")))
		}
		switch {
		case ok && old[0] == fresh[0]:
			row(chunk.UpdateBefore, old)
			row(chunk.UpdateAfter, fresh)
		case ok: // another group: the rows of a changed key are a deletion and an insertion
			row(chunk.Delete, old)
			row(chunk.Insert, fresh)
		default:
			row(chunk.Insert, fresh)
		}
		tab.rows[key], tab.seen[fresh[0].(string)] = fresh, true
	}
	emit := check.Emitter(tab.out, chunk.EmitFunc(tab.apply))
	if err := tab.op.Push(op.Left, in, emit); err != nil {
		tab.t.Fatal(err)
	}
	if err := tab.op.Flush(emit); err != nil {
		tab.t.Fatal(err)
	}
}

func (tab *table) apply(c *chunk.Chunk) error {
	for i := range c.N {
		g, v := c.Cols[0].Value(i).(string), c.Cols[1].Value(i)
		had, there := tab.result[g]
		switch c.Op(i) {
		case chunk.Delete, chunk.UpdateBefore:
			if !there || !tab.same(had, v) {
				tab.t.Fatalf("%s of %s carries %v, not %v", c.Op(i), g, v, had)
			}
			delete(tab.result, g)
		default:
			tab.result[g] = v
		}
	}
	return nil
}

// compare recomputes every group.
func (tab *table) compare(seed uint64) {
	want := map[string]types.Value{}
	for g := range tab.seen {
		acc := tab.accumulator()
		acc.Resize(1)
		n := 0
		for key := range 8 {
			row, ok := tab.rows[key]
			if !ok || row[0] != g {
				continue
			}
			n++
			var args []*vector.Vector
			for i, a := range tab.d.bound.ArgTypes {
				args = append(args, vector.Const(a, row[1+i], 1))
			}
			if err := acc.Add([]int32{0}, nil, args); err != nil {
				tab.t.Fatal(err)
			}
		}
		if n == 0 && tab.d.ends {
			continue
		}
		out := vector.New(tab.d.bound.Result, 1)
		if err := acc.Result([]int32{0}, out); err != nil {
			tab.t.Fatal(err)
		}
		want[g] = out.Value(0)
	}
	if len(want) != len(tab.result) {
		tab.t.Fatalf("seed %d: groups %v, want %v", seed, tab.result, want)
	}
	for g, w := range want {
		if got, ok := tab.result[g]; !ok || !tab.same(got, w) {
			tab.t.Fatalf("seed %d: %s of the rows %v\n got %v\nwant %v", seed, g, tab.rows, got, w)
		}
	}
}

// same compares results. Lists in order of arrival are compared as bags, for what stays
// after a retraction stands in the order in which it came.
func (tab *table) same(a, b types.Value) bool {
	x, isFloat := a.(float64)
	y, both := b.(float64)
	if isFloat && both {
		return x == y || x != x && y != y || math.Abs(x-y) <= 1e-9*max(1, math.Abs(x), math.Abs(y))
	}
	l, isList := a.(types.ArrayVal)
	m, lists := b.(types.ArrayVal)
	if isList && lists {
		l, m = slices.Clone(l), slices.Clone(m)
		slices.SortFunc(l, types.Compare)
		slices.SortFunc(m, types.Compare)
		return types.Equal(l, m)
	}
	return types.Equal(a, b)
}
