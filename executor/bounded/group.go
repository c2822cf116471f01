package bounded

import (
	"tailrace/executor/chunk"
	"tailrace/planner/plan/algebra"
	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// aggregate folds rows into groups: for each of its sets, a table of groups with the state of
// the calls.
type aggregate struct {
	in    compiled
	keys  []int // columns of in
	types []types.Type
	sets  [][]int // of keys
	marks []int64 // of a set: the bits of the keys that it leaves out; nil: nobody asks
	calls []aggregateCall
}

// aggregateCall is a call of an aggregate function.
type aggregateCall struct {
	args     []*program
	types    []types.Type
	initial  []types.Value
	result   types.Type
	sig      *function.AggregateSignature
	filter   *program
	distinct bool
	order    []algebra.Order
	orderAt  []int // columns of in
	orderTs  []types.Type
}

func (c *compiler) aggregate(n *algebra.Aggregate) (compiled, error) {
	need := algebra.Set{}
	algebra.Refs(n, func(id algebra.ID) { need[id] = true })
	in, err := c.compile(n.Input, need)
	if err != nil {
		return in, err
	}
	a := &aggregate{in: in, sets: n.Sets}
	all := []int{}
	for i, k := range n.Keys {
		a.keys, a.types, all = append(a.keys, place(in.cols, k.In)), append(a.types, c.q.Columns[k.In].Type), append(all, i)
	}
	if a.sets == nil {
		a.sets = [][]int{all}
	}
	if n.Grouping >= 0 {
		for _, set := range a.sets {
			bits := int64(1)<<len(n.Keys) - 1
			for _, i := range set {
				bits &^= 1 << (len(n.Keys) - 1 - i)
			}
			a.marks = append(a.marks, bits)
		}
	}
	for _, call := range n.Calls {
		ac, err := c.aggregateCall(call, in)
		if err != nil {
			return in, err
		}
		a.calls = append(a.calls, ac)
	}
	return compiled{a, n.Cols()}, nil
}

func (c *compiler) aggregateCall(call algebra.Call, in compiled) (aggregateCall, error) {
	out := aggregateCall{result: call.Type, distinct: call.Distinct, order: call.Order}
	var err error
	if out.sig, err = function.FindAggregate(call.Overload); err != nil {
		return out, err
	}
	if out.args, err = c.programs(call.Args, in.cols); err != nil {
		return out, err
	}
	for _, e := range call.Args {
		out.types = append(out.types, e.Type)
	}
	for _, k := range call.Initial {
		out.initial = append(out.initial, k.V)
	}
	if call.Filter != nil {
		if out.filter, err = c.program(call.Filter, in.cols); err != nil {
			return out, err
		}
	}
	for _, o := range call.Order {
		out.orderAt, out.orderTs = append(out.orderAt, place(in.cols, o.ID)), append(out.orderTs, c.q.Columns[o.ID].Type)
	}
	return out, nil
}

func (c *aggregateCall) accumulator() (function.Accumulator, error) {
	return c.sig.New(c.types, c.initial, c.result, nil)
}

// groups are the groups of one set, and the state of the calls.
type groups struct {
	keys  []*vector.Vector // of the batch at hand
	table *table
	slots []int32
	calls []*folding
}

// folding is the state of a call for the groups.
type folding struct {
	call *aggregateCall
	acc  function.Accumulator
	seen *table // of DISTINCT: group and arguments
	// Of a call with an order: the rows are folded when all are there.
	rows *rows // group, arguments, order
}

func (a *aggregate) newGroups(set []int) (*groups, error) {
	var ts []types.Type
	for _, i := range set {
		ts = append(ts, a.types[i])
	}
	g := &groups{table: newTable(ts)}
	for i := range a.calls {
		call := &a.calls[i]
		f := &folding{call: call}
		var err error
		if f.acc, err = call.accumulator(); err != nil {
			return nil, err
		}
		group := append([]types.Type{types.IntType}, call.types...)
		if call.distinct {
			f.seen = newTable(group)
		}
		if len(call.order) > 0 {
			f.rows = newRows(append(group, call.orderTs...))
		}
		g.calls = append(g.calls, f)
	}
	if len(set) == 0 { // there is one group, even of no rows
		g.table.put(nil, 1, []int32{0})
		g.resize()
	}
	return g, nil
}

func (g *groups) resize() {
	for _, f := range g.calls {
		f.acc.Resize(g.table.len())
	}
}

func (g *groups) bytes() int {
	n := g.table.bytes()
	for _, f := range g.calls {
		n += f.acc.Bytes()
		if f.seen != nil {
			n += f.seen.bytes()
		}
	}
	return n
}

func (a *aggregate) run(x *run, out emit) error {
	sets := make([]*groups, len(a.sets))
	for i, set := range a.sets {
		var err error
		if sets[i], err = a.newGroups(set); err != nil {
			return err
		}
	}
	var mem counted
	defer func() {
		_ = mem.set(x, 0)
		for _, g := range sets {
			for _, f := range g.calls {
				if f.rows != nil {
					f.rows.reset(x)
				}
			}
		}
	}()
	count := func(times int) error {
		n := 0
		for _, g := range sets {
			n += g.bytes()
		}
		return mem.set(x, times*n)
	}
	err := a.in.run(x, func(b *batch) error {
		return x.apply(b, func(b *batch) (*batch, error) {
			if err := a.add(x, sets, b); err != nil {
				return nil, err
			}
			return &batch{}, count(1)
		}, out)
	})
	if err != nil {
		return err
	}
	if err := count(3); err != nil { // the results are a copy, and what the client gets of them another
		return err
	}
	for i, g := range sets {
		if err := a.deliver(x, i, g, out); err != nil {
			return err
		}
	}
	return nil
}

// add folds a batch. What may ask for a smaller batch is evaluated before anything is folded.
func (a *aggregate) add(x *run, sets []*groups, b *batch) error {
	args := make([][]*vector.Vector, len(a.calls))
	keep := make([]vector.Bitmap, len(a.calls))
	for i := range a.calls {
		c := &a.calls[i]
		var err error
		if args[i], err = evalAll(x, c.args, b); err != nil {
			return err
		}
		if c.filter == nil {
			continue
		}
		k, err := c.filter.EvalBool(c.filter.inputs(x, b), b.n, x.fctx)
		if err == nil {
			err = x.failed
		}
		if err != nil {
			return err
		}
		keep[i] = append(vector.NewBitmap(b.n)[:0], k...)
	}
	for s, g := range sets {
		g.keys = g.keys[:0]
		for _, i := range a.sets[s] {
			g.keys = append(g.keys, b.cols[a.keys[i]])
		}
		g.slots = sized(g.slots, b.n)
		g.table.put(g.keys, b.n, g.slots)
		g.resize()
		for i, f := range g.calls {
			if err := f.add(x, b, g.slots, args[i], keep[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// add folds the rows of a batch that the call takes.
func (f *folding) add(x *run, b *batch, slots []int32, args []*vector.Vector, keep vector.Bitmap) error {
	var rows []int32 // nil: all
	if f.call.filter != nil {
		if !keep.All(b.n) {
			rows = keep.AppendIndexes([]int32{})
		}
	}
	if f.seen != nil {
		rows = f.unseen(b.n, slots, args, rows)
	}
	if rows != nil {
		chosen := make([]int32, len(rows))
		for i, r := range rows {
			chosen[i] = slots[r]
		}
		slots = chosen
	}
	if f.rows == nil {
		if len(slots) == 0 {
			return nil
		}
		return f.acc.Add(slots, rows, args)
	}
	cols := append([]*vector.Vector{ints(slots)}, args...)
	for _, at := range f.call.orderAt {
		cols = append(cols, b.cols[at])
	}
	if rows != nil {
		cols = append(cols[:1:1], gather(cols[1:], rows)...)
	}
	return f.rows.addCols(x, cols, len(slots))
}

func ints(s []int32) *vector.Vector { return &vector.Vector{Type: types.IntType, N: len(s), I32: s} }

// unseen are the rows, of rows, whose arguments are new in their group.
func (f *folding) unseen(n int, slots []int32, args []*vector.Vector, rows []int32) []int32 {
	cols := append([]*vector.Vector{ints(slots)}, args...)
	hashes := f.seen.hash(cols, n)
	out := []int32{}
	check := func(i int32) {
		if f.seen.find(cols, int(i), hashes[i]) < 0 {
			f.seen.insert(cols, int(i), hashes[i])
			out = append(out, i)
		}
	}
	if rows == nil {
		for i := range n {
			check(int32(i))
		}
		return out
	}
	for _, i := range rows {
		check(i)
	}
	return out
}

// fold folds the rows that have been gathered, in their order.
func (f *folding) fold(x *run) error {
	if f.rows == nil || f.rows.n == 0 {
		return nil
	}
	width := 1 + len(f.call.types)
	order := make([]sortKey, len(f.call.order))
	for i, o := range f.call.order {
		order[i] = sortKey{width + i, o.Desc, o.NullsFirst}
	}
	sel, err := x.sorted(f.rows.cols, f.rows.n, order)
	if err != nil {
		return err
	}
	for from := 0; from < len(sel); from += chunk.MaxRows {
		part := gather(f.rows.cols[:width], sel[from:min(from+chunk.MaxRows, len(sel))])
		if err := f.acc.Add(part[0].I32, nil, part[1:]); err != nil {
			return err
		}
	}
	return nil
}

// deliver hands on the groups of a set, in the order of their first row.
func (a *aggregate) deliver(x *run, set int, g *groups, out emit) error {
	for _, f := range g.calls {
		if err := f.fold(x); err != nil {
			return err
		}
	}
	n := g.table.len()
	slots := make([]int32, 0, chunk.MaxRows)
	for from := 0; from < n; from += chunk.MaxRows {
		if err := x.ctx.Err(); err != nil {
			return err
		}
		to := min(from+chunk.MaxRows, n)
		slots = slots[:0]
		for i := from; i < to; i++ {
			slots = append(slots, int32(i))
		}
		b := &batch{n: to - from}
		for i, t := range a.types {
			at := -1
			for k, key := range a.sets[set] {
				if key == i {
					at = k
				}
			}
			if at < 0 {
				b.cols = append(b.cols, vector.Const(t, nil, b.n))
				continue
			}
			b.cols = append(b.cols, g.table.keys[at].Slice(from, to))
		}
		if a.marks != nil {
			b.cols = append(b.cols, vector.Const(types.BigintType, a.marks[set], b.n))
		}
		for _, f := range g.calls {
			v := vector.New(f.call.result, b.n)
			if err := f.acc.Result(slots, v); err != nil {
				return err
			}
			b.cols = append(b.cols, v)
		}
		if err := out(b); err != nil {
			return err
		}
	}
	return nil
}
