package bounded

import (
	"sort"

	"tailrace/planner/plan/algebra"
	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// over gathers rows, sorts them by partition and order, and computes window functions.
type over struct {
	in        compiled
	at        []int
	partition []int // of the gathered columns
	order     []sortKey
	calls     []windowCall
	rows      *rows
}

type windowCall struct {
	name       string // of what is no aggregate
	agg        aggregateCall
	args       []*program
	result     types.Type
	unit       algebra.FrameUnit
	start, end frameBound
	exclude    algebra.Exclusion
}

type frameBound struct {
	kind   algebra.BoundKind
	offset *program
}

func (c *compiler) over(n *algebra.Over, need algebra.Set) (compiled, error) {
	algebra.Refs(n, func(id algebra.ID) { need = with(need, []algebra.ID{id}) })
	in, err := c.compile(n.Input, need)
	if err != nil {
		return in, err
	}
	o := &over{in: in}
	var cols []algebra.ID
	o.at, cols = chosen(in.cols, need, nil)
	gathered := compiled{nil, cols}
	o.partition, o.order = gathered.places(n.Partition), sortKeys(n.Order, cols)
	o.rows = newRows(c.typesOf(cols))
	for _, call := range n.Calls {
		w := windowCall{result: call.Type, unit: call.Frame.Unit, exclude: call.Frame.Exclude}
		if call.Builtin {
			w.name = call.Name
			w.args, err = c.programs(call.Args, cols)
		} else {
			w.agg, err = c.aggregateCall(call.Call, gathered)
			w.args = w.agg.args
		}
		if err != nil {
			return in, err
		}
		for _, b := range []struct {
			from algebra.Bound
			to   *frameBound
		}{{call.Frame.Start, &w.start}, {call.Frame.End, &w.end}} {
			b.to.kind = b.from.Kind
			if b.from.Offset != nil {
				if b.to.offset, err = c.program(b.from.Offset, nil); err != nil {
					return in, err
				}
			}
		}
		o.calls = append(o.calls, w)
	}
	out := cols
	for _, call := range n.Calls {
		out = append(out, call.ID)
	}
	return compiled{o, out}, nil
}

func (o *over) run(x *run, out emit) error {
	o.rows.reset(x)
	if err := o.in.run(x, func(b *batch) error { return o.rows.add(x, b, o.at) }); err != nil {
		return err
	}
	if o.rows.n == 0 {
		return nil
	}
	var keys []sortKey
	for _, p := range o.partition {
		keys = append(keys, sortKey{at: p})
	}
	sel, err := x.sorted(o.rows.cols, o.rows.n, append(keys, o.order...))
	if err != nil {
		return err
	}
	b := &batch{cols: gather(o.rows.cols, sel), n: len(sel)}
	o.rows.reset(x)
	var mem counted
	defer func() { _ = mem.set(x, 0) }()
	size := func() int {
		n := 0
		for _, c := range b.cols {
			n += c.MemBytes()
		}
		return n
	}
	if err := mem.set(x, size()); err != nil {
		return err
	}
	w := newWindowed(o, b)
	width := len(b.cols)
	for i := range o.calls {
		v, err := w.compute(x, &o.calls[i], &batch{cols: b.cols[:width], n: b.n})
		if err != nil {
			return err
		}
		b.cols = append(b.cols, v)
		if err := mem.set(x, size()); err != nil {
			return err
		}
	}
	return x.inBatches(b, out)
}

// windowed is sorted rows with the ends of their partitions and groups of peers.
type windowed struct {
	b             *batch
	order         []sortKey
	start, end    []int32 // of a row: its partition
	first, beyond []int32 // of a row: its peers
	group         []int32 // of a row: the number of its group of peers in the partition
}

func newWindowed(o *over, b *batch) *windowed {
	w := &windowed{b: b, order: o.order, start: make([]int32, b.n), end: make([]int32, b.n),
		first: make([]int32, b.n), beyond: make([]int32, b.n), group: make([]int32, b.n)}
	same := func(at []int, i, k int) bool {
		for _, c := range at {
			if !b.cols[c].EqualAt(i, b.cols[c], k) {
				return false
			}
		}
		return true
	}
	var orderAt []int
	for _, k := range o.order {
		orderAt = append(orderAt, k.at)
	}
	for from := 0; from < b.n; {
		to := from + 1
		for to < b.n && same(o.partition, from, to) {
			to++
		}
		group := int32(0)
		for p := from; p < to; group++ {
			q := p + 1
			for q < to && same(orderAt, p, q) {
				q++
			}
			for i := p; i < q; i++ {
				w.start[i], w.end[i], w.first[i], w.beyond[i], w.group[i] = int32(from), int32(to), int32(p), int32(q), group
			}
			p = q
		}
		from = to
	}
	return w
}

// compute is the column of a call.
func (w *windowed) compute(x *run, c *windowCall, b *batch) (*vector.Vector, error) {
	args, err := evalAll(x, c.args, b)
	if err != nil {
		return nil, err
	}
	out := vector.New(c.result, b.n)
	switch c.name {
	case "":
		return out, w.aggregate(x, c, b, args, out)
	case "FIRST_VALUE", "LAST_VALUE", "NTH_VALUE":
		return out, w.nth(x, c, args, out)
	}
	for i := range b.n {
		if err := w.ranked(c, args, i, out); err != nil {
			return nil, err
		}
	}
	return out, x.ctx.Err()
}

// ranked appends the value of a function that looks at no frame.
func (w *windowed) ranked(c *windowCall, args []*vector.Vector, i int, out *vector.Vector) error {
	start, end := int(w.start[i]), int(w.end[i])
	size := end - start
	switch c.name {
	case "ROW_NUMBER":
		out.AppendValue(int64(i - start + 1))
	case "RANK":
		out.AppendValue(int64(int(w.first[i]) - start + 1))
	case "DENSE_RANK":
		out.AppendValue(int64(w.group[i] + 1))
	case "PERCENT_RANK":
		if size == 1 {
			out.AppendValue(0.0)
		} else {
			out.AppendValue(float64(int(w.first[i])-start) / float64(size-1))
		}
	case "CUME_DIST":
		out.AppendValue(float64(int(w.beyond[i])-start) / float64(size))
	case "NTILE":
		return ntile(args[0], i, start, size, out)
	default:
		w.shifted(c, args, i, out)
	}
	return nil
}

// ntile numbers the parts of a partition; the first ones are larger by one row.
func ntile(parts *vector.Vector, i, start, size int, out *vector.Vector) error {
	if parts.IsNull(start) {
		out.AppendNull()
		return nil
	}
	n := parts.I64[start]
	if n <= 0 {
		return sqlerr.New(sqlerr.InvalidNtile, "argument of ntile must be greater than zero")
	}
	row := int64(i - start)
	small, large := int64(size)/n, int64(size)%n // rows of a part, and how many parts have one more
	if row < large*(small+1) {
		out.AppendValue(int32(row/(small+1) + 1))
	} else {
		out.AppendValue(int32(large + (row-large*(small+1))/max(small, 1) + 1))
	}
	return nil
}

// shifted is LAG and LEAD.
func (w *windowed) shifted(c *windowCall, args []*vector.Vector, i int, out *vector.Vector) {
	by := int64(1)
	if len(args) > 1 {
		if args[1].IsNull(i) {
			out.AppendNull()
			return
		}
		by = args[1].I64[i]
	}
	if c.name == "LAG" {
		by = -by
	}
	at := int64(i) + by
	switch {
	case at >= int64(w.start[i]) && at < int64(w.end[i]):
		out.AppendFrom(args[0], int(at))
	case len(args) > 2:
		out.AppendFrom(args[2], i)
	default:
		out.AppendNull()
	}
}

// nth is FIRST_VALUE, LAST_VALUE and NTH_VALUE.
func (w *windowed) nth(x *run, c *windowCall, args []*vector.Vector, out *vector.Vector) error {
	f, err := w.frames(x, c)
	if err != nil {
		return err
	}
	var in []int32
	for i := range w.b.n {
		if i%1024 == 0 && x.ctx.Err() != nil {
			return x.ctx.Err()
		}
		lo, hi := f.of(i)
		n := int64(1)
		if c.name == "NTH_VALUE" {
			if args[1].IsNull(i) {
				out.AppendNull()
				continue
			}
			if n = args[1].I64[i]; n <= 0 {
				return sqlerr.New(sqlerr.InvalidNthValue, "argument of nth_value must be greater than zero")
			}
		}
		if c.exclude == algebra.NoOthers {
			at := int64(lo) + n - 1
			if c.name == "LAST_VALUE" {
				at = int64(hi) - 1
			}
			if at < int64(lo) || at >= int64(hi) {
				out.AppendNull()
			} else {
				out.AppendFrom(args[0], int(at))
			}
			continue
		}
		in = w.without(c.exclude, i, lo, hi, in[:0])
		at := n - 1
		if c.name == "LAST_VALUE" {
			at = int64(len(in)) - 1
		}
		if at < 0 || at >= int64(len(in)) {
			out.AppendNull()
		} else {
			out.AppendFrom(args[0], int(in[at]))
		}
	}
	return nil
}

// without are the rows of a frame that are not excluded.
func (w *windowed) without(e algebra.Exclusion, i, lo, hi int, in []int32) []int32 {
	for k := lo; k < hi; k++ {
		peer := k >= int(w.first[i]) && k < int(w.beyond[i])
		switch {
		case e == algebra.CurrentOnly && k == i, e == algebra.Peers && peer, e == algebra.Ties && peer && k != i:
		default:
			in = append(in, int32(k))
		}
	}
	return in
}

// aggregate folds the frames. One that grows only is folded once; of one that moves the rows
// that leave it are taken back, where the function can do that exactly.
func (w *windowed) aggregate(x *run, c *windowCall, b *batch, args []*vector.Vector, out *vector.Vector) error {
	f, err := w.frames(x, c)
	if err != nil {
		return err
	}
	acc, err := c.agg.accumulator()
	if err != nil {
		return err
	}
	acc.Resize(1)
	g := gliding{acc: acc, args: args, undo: c.agg.sig.Undo}
	for _, a := range args {
		g.undo = g.undo && a.Type.Kind != types.Double
	}
	if c.agg.filter != nil {
		sel, all, err := c.agg.filter.selected(x, b)
		if err != nil {
			return err
		}
		if !all {
			g.keep = vector.NewBitmap(b.n)
			for _, i := range sel {
				g.keep.Set(int(i))
			}
		}
	}
	var in []int32
	for i := range b.n {
		if i%256 == 0 && x.ctx.Err() != nil {
			return x.ctx.Err()
		}
		lo, hi := f.of(i)
		if c.exclude != algebra.NoOthers {
			in = w.without(c.exclude, i, lo, hi, in[:0])
			if err := g.only(in); err != nil {
				return err
			}
		} else if err := g.move(lo, hi); err != nil {
			return err
		}
		if err := acc.Result([]int32{0}, out); err != nil {
			return err
		}
	}
	return nil
}

// gliding is an accumulator over the rows of a frame that moves.
type gliding struct {
	acc    function.Accumulator
	args   []*vector.Vector
	keep   vector.Bitmap // of FILTER; nil: all rows
	undo   bool
	lo, hi int
	rows   []int32
	slots  []int32
}

// move makes the frame [lo, hi).
func (g *gliding) move(lo, hi int) error {
	hi = max(lo, hi)
	if lo < g.lo || hi < g.hi || lo > g.hi || lo > g.lo && !g.undo {
		g.acc.Clear(0)
		g.lo, g.hi = lo, lo
	}
	if err := g.fold(g.lo, lo, g.acc.Undo); err != nil {
		return err
	}
	err := g.fold(g.hi, hi, g.acc.Add)
	g.lo, g.hi = lo, hi
	return err
}

func (g *gliding) fold(from, to int, f func(slots, rows []int32, args []*vector.Vector) error) error {
	g.rows = g.rows[:0]
	for i := from; i < to; i++ {
		if g.keep == nil || g.keep.Get(i) {
			g.rows = append(g.rows, int32(i))
		}
	}
	return g.each(f)
}

func (g *gliding) each(f func(slots, rows []int32, args []*vector.Vector) error) error {
	if len(g.rows) == 0 {
		return nil
	}
	for len(g.slots) < len(g.rows) {
		g.slots = append(g.slots, 0)
	}
	return f(g.slots[:len(g.rows)], g.rows, g.args)
}

// only makes the frame the given rows.
func (g *gliding) only(in []int32) error {
	g.acc.Clear(0)
	g.rows = g.rows[:0]
	for _, i := range in {
		if g.keep == nil || g.keep.Get(int(i)) {
			g.rows = append(g.rows, i)
		}
	}
	return g.each(g.acc.Add)
}

// frames knows the ends of the frame of each row.
type frames struct {
	w          *windowed
	c          *windowCall
	start, end types.Value // offsets
	values     *vector.Vector
	desc       bool
}

func (w *windowed) frames(x *run, c *windowCall) (*frames, error) {
	f := &frames{w: w, c: c}
	for _, b := range []struct {
		from *program
		to   *types.Value
	}{{c.start.offset, &f.start}, {c.end.offset, &f.end}} {
		if b.from == nil {
			continue
		}
		v, err := b.from.value(x)
		if err != nil {
			return nil, err
		}
		if v == nil {
			return nil, sqlerr.New(sqlerr.NullNotAllowed, "frame offset must not be null")
		}
		if negative(v) {
			return nil, sqlerr.New(sqlerr.InvalidFrameOffset, "frame offset must not be negative")
		}
		*b.to = v
	}
	if len(w.order) == 1 {
		f.values, f.desc = w.b.cols[w.order[0].at], w.order[0].desc
	}
	return f, nil
}

func negative(v types.Value) bool {
	switch v := v.(type) {
	case int32:
		return v < 0
	case int64:
		return v < 0
	case float64:
		return v < 0
	case types.Dec:
		return v.Unscaled.Sign() < 0
	}
	return false
}

// of is the frame of a row: its rows are [lo, hi).
func (f *frames) of(i int) (lo, hi int) {
	w := f.w
	start, end := int(w.start[i]), int(w.end[i])
	lo, hi = f.edge(i, f.c.start, f.start, true), f.edge(i, f.c.end, f.end, false)
	return min(max(lo, start), end), min(max(hi, start), end)
}

// edge is where a frame starts, or the row beyond its end.
func (f *frames) edge(i int, b frameBound, offset types.Value, start bool) int {
	w := f.w
	switch b.kind {
	case algebra.UnboundedPreceding:
		return int(w.start[i])
	case algebra.UnboundedFollowing:
		return int(w.end[i])
	case algebra.CurrentRow:
		switch {
		case f.c.unit == algebra.Rows && start:
			return i
		case f.c.unit == algebra.Rows:
			return i + 1
		case start:
			return int(w.first[i])
		}
		return int(w.beyond[i])
	}
	back := b.kind == algebra.Preceding
	switch f.c.unit {
	case algebra.Rows:
		n := clamp(offset.(int64))
		if back {
			n = -n
		}
		if start {
			return i + n
		}
		return i + n + 1
	case algebra.Groups:
		n := clamp(offset.(int64))
		if back {
			n = -n
		}
		return f.groupEdge(i, int(w.group[i])+n, start)
	}
	return f.valueEdge(i, offset, back, start)
}

// clamp bounds an offset by what any partition has.
func clamp(n int64) int { return int(min(n, 1<<31)) }

// groupEdge is where the group of peers of a number starts, or the row beyond it.
func (f *frames) groupEdge(i, group int, start bool) int {
	w := f.w
	from, to := int(w.start[i]), int(w.end[i])
	return from + sort.Search(to-from, func(k int) bool {
		g := int(w.group[from+k])
		if start {
			return g >= group
		}
		return g > group
	})
}

// valueEdge is the first row, or the one beyond the last, whose value is within an offset.
func (f *frames) valueEdge(i int, offset types.Value, back, start bool) int {
	w := f.w
	if f.values.IsNull(i) { // NULL is near to NULL alone
		if start {
			return int(w.first[i])
		}
		return int(w.beyond[i])
	}
	limit := shift(f.values.Value(i), offset, back != f.desc)
	from, to := int(w.start[i]), int(w.end[i])
	// NULLs stand at one end of the partition: they are not searched.
	for from < to && f.values.IsNull(from) {
		from = int(w.beyond[from])
	}
	for from < to && f.values.IsNull(to-1) {
		to = int(w.first[to-1])
	}
	return from + sort.Search(to-from, func(k int) bool {
		c := types.Compare(f.values.Value(from+k), limit)
		if f.desc {
			c = -c
		}
		if start {
			return c >= 0
		}
		return c > 0
	})
}

// shift is a value less or plus an offset; what overflows is the end of its type.
func shift(v, offset types.Value, minus bool) types.Value {
	switch v := v.(type) {
	case int32:
		d := int64(offset.(int32))
		if minus {
			d = -d
		}
		return int32(min(max(int64(v)+d, -1<<31), 1<<31-1))
	case int64:
		d := offset.(int64)
		if minus {
			if r := v - d; r <= v {
				return r
			}
			return int64(-1 << 63)
		}
		if r := v + d; r >= v {
			return r
		}
		return int64(1<<63 - 1)
	case float64:
		if minus {
			return v - offset.(float64)
		}
		return v + offset.(float64)
	case types.Dec:
		d := offset.(types.Dec).Unscaled
		if minus {
			d = d.Neg()
		}
		if sum, ok := v.Unscaled.Add(d); ok {
			return types.Dec{Unscaled: sum, Scale: v.Scale}
		}
	}
	return v
}
