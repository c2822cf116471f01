package agg

import (
	"encoding/binary"
	"slices"

	"tailrace/executor/chunk"
	"tailrace/executor/op"
	"tailrace/executor/op/window"
	"tailrace/sql/types/vector"
	"tailrace/storage/record"
	"tailrace/storage/state"
)

// Aggregate folds rows by key, and by window when there is one. The rows of a stream are
// added; of a table, the half before a change is taken back, in its old group, before the
// half after is added. With nothing left in it a group stays, its counts 0; with Spec.Ends
// it is deleted.
//
// A change of a group is emitted on Flush, once, however many rows made it; its time is
// the greatest that the group has seen. With Spec.Eager each row emits its change.
//
// State: key -> time, accumulators; with a window the start of the window stands before
// the key, so that what has expired is one range.
type Aggregate struct {
	spec  Spec
	state *state.Keyed
	vals  *groups
	now   int64 // stream time
	swept int64 // windows that start before it are gone

	// touched are the slots changed since the last flush; before[i] is the row of
	// touched[i] in old, or -1 for a group that is new.
	touched []int32
	before  []int32
	old     []*vector.Vector
	epoch   []uint32
	current uint32

	headers []record.RecordHeader // of the row that Eager emits the change of
	keys    state.Keys
	rows    []int32
	starts  []int64
	slots   []int32
	fresh   []int32
}

// NewAggregate makes an Aggregate with its state in the map id of st.
func NewAggregate(spec Spec, st *state.Task, id string) (*Aggregate, error) {
	spec.Before = spec.Before || spec.Ends // a deletion carries the row that goes
	a := &Aggregate{spec: spec, vals: &groups{calls: spec.Calls, ends: spec.Ends}, now: op.NoTime, swept: op.NoTime, current: 1}
	a.old = newColumns(spec.Schema, len(spec.Schema.Columns)-len(spec.Calls), 0)
	var err error
	a.state, err = st.Keyed(id, a.vals)
	return a, err
}

// StreamTime implements op.Clocked.
func (a *Aggregate) StreamTime() int64 { return a.now }

// SetStreamTime implements op.Clocked.
func (a *Aggregate) SetStreamTime(ms int64) { a.now = max(a.now, ms) }

// Push implements op.Operator.
func (a *Aggregate) Push(_ int, in *chunk.Chunk, out chunk.Emitter) error {
	args := make([][]*vector.Vector, len(a.spec.Calls))
	for i, c := range a.spec.Calls {
		var err error
		if args[i], err = op.EvalAll(c.Args, in); err != nil {
			return err
		}
	}
	if !a.spec.Eager {
		return a.fold(in, 0, in.N, args)
	}
	for i := 0; i < in.N; {
		next := i + 1
		if in.Op(i) == chunk.UpdateBefore && next < in.N {
			next++ // both halves: one change for a group that stays the same
		}
		if err := a.fold(in, i, next, args); err != nil {
			return err
		}
		a.headers = nil
		if in.Headers != nil {
			a.headers = in.Headers[next-1]
		}
		if err := a.Flush(out); err != nil {
			return err
		}
		i = next
	}
	return nil
}

// fold takes the rows [from, to).
func (a *Aggregate) fold(in *chunk.Chunk, from, to int, args [][]*vector.Vector) error {
	a.locate(in, from, to)
	n := len(a.rows)
	if n == 0 {
		return nil
	}
	if cap(a.slots) < n {
		a.slots = make([]int32, n)
	}
	a.slots = a.slots[:n]
	if err := a.state.Slots(&a.keys, a.slots); err != nil {
		return err
	}
	if err := a.touch(in); err != nil {
		return err
	}
	return a.accumulate(in, args)
}

// locate finds the rows that count and the keys of their groups: a row stands in rows once
// for each window that takes it.
func (a *Aggregate) locate(in *chunk.Chunk, from, to int) {
	a.keys.Reset()
	a.rows = a.rows[:0]
	cols := in.Columns(a.spec.Keys)
	for i := from; i < to; i++ {
		if in.NullValue.Get(i) || a.nullKey(in, cols, i) {
			continue
		}
		if a.spec.Window == nil {
			a.keys.Arena = state.AppendKey(a.keys.Arena, cols, i)
			a.keys.End()
			a.rows = append(a.rows, int32(i))
			continue
		}
		t := in.Time[i]
		a.now = max(a.now, t)
		a.starts = window.Starts(a.spec.Window, t, a.starts[:0])
		for _, start := range a.starts {
			if window.Closed(a.spec.Window, start+a.spec.Window.Size, a.now) {
				if a.spec.Late != nil {
					a.spec.Late(in, i, "window is closed")
				}
				continue
			}
			a.keys.Arena = binary.BigEndian.AppendUint64(a.keys.Arena, uint64(start)^1<<63)
			a.keys.Arena = state.AppendKey(a.keys.Arena, cols, i)
			a.keys.End()
			a.rows = append(a.rows, int32(i))
		}
	}
}

func (a *Aggregate) nullKey(in *chunk.Chunk, cols []*vector.Vector, row int) bool {
	for _, v := range cols {
		if v.IsNull(row) {
			if a.spec.Log != nil && !in.Op(row).Retracts() {
				a.spec.Log(in, row, "Group-by column resolved to null. The source row will be excluded from the table.")
			}
			return true
		}
	}
	return false
}

// touch notes which groups change, and what they were before the first change.
func (a *Aggregate) touch(in *chunk.Chunk) error {
	for len(a.epoch) < len(a.vals.time) {
		a.epoch = append(a.epoch, 0)
	}
	a.fresh = a.fresh[:0]
	for i, slot := range a.slots {
		if t := in.Time[a.rows[i]]; t > a.vals.time[slot] {
			a.vals.time[slot] = t
		}
		if a.epoch[slot] == a.current {
			continue
		}
		a.epoch[slot] = a.current
		a.touched = append(a.touched, slot)
		switch {
		case !a.state.Has(slot):
			a.before = append(a.before, -1)
		case a.spec.Before:
			a.before = append(a.before, int32(a.old0()+len(a.fresh)))
			a.fresh = append(a.fresh, slot)
		default:
			a.before = append(a.before, 0)
		}
		a.state.Put(slot)
	}
	if len(a.fresh) == 0 {
		return nil
	}
	return a.vals.results(a.fresh, a.old)
}

// old0 is the number of rows in old.
func (a *Aggregate) old0() int {
	if len(a.old) == 0 {
		return 0
	}
	return a.old[0].N
}

// accumulate adds and takes back in the order of the rows: runs of one kind go together.
func (a *Aggregate) accumulate(in *chunk.Chunk, args [][]*vector.Vector) error {
	for from := 0; from < len(a.rows); {
		to := len(a.rows)
		undo := false
		if in.Ops != nil {
			undo = in.Ops[a.rows[from]].Retracts()
			for to = from + 1; to < len(a.rows) && in.Ops[a.rows[to]].Retracts() == undo; {
				to++
			}
		}
		if a.spec.Ends {
			a.count(a.slots[from:to], undo)
		}
		for i, c := range a.spec.Calls {
			var err error
			if undo {
				err = c.Acc.Undo(a.slots[from:to], a.rows[from:to], args[i])
			} else {
				err = c.Acc.Add(a.slots[from:to], a.rows[from:to], args[i])
			}
			if err != nil {
				return err
			}
		}
		from = to
	}
	return nil
}

// count keeps the number of rows of each group.
func (a *Aggregate) count(slots []int32, undo bool) {
	by := int64(1)
	if undo {
		by = -1
	}
	for _, s := range slots {
		a.vals.rows[s] += by
	}
}

// Flush implements op.Operator.
func (a *Aggregate) Flush(out chunk.Emitter) error {
	for from := 0; from < len(a.touched); from += chunk.MaxRows / 2 {
		to := min(from+chunk.MaxRows/2, len(a.touched))
		if err := a.emit(from, to, out); err != nil {
			return err
		}
	}
	a.touched, a.before = a.touched[:0], a.before[:0]
	for _, v := range a.old {
		v.Reset()
	}
	a.current++
	return a.sweep()
}

// emit sends the changes of touched[from:to].
func (a *Aggregate) emit(from, to int, out chunk.Emitter) error {
	slots := a.touched[from:to]
	first := len(a.spec.Schema.Columns) - len(a.spec.Calls)
	after := newColumns(a.spec.Schema, first, len(slots))
	if err := a.vals.results(slots, after); err != nil {
		return err
	}
	res := &chunk.Chunk{Schema: a.spec.Schema, Cols: newColumns(a.spec.Schema, 0, 2*len(slots))[:first]}
	// sel are rows of after, then (shifted by len(slots)) of old.
	sel, plain := make([]int32, 0, 2*len(slots)), true
	for i, slot := range slots {
		op, b := chunk.Insert, a.before[from+i]
		if a.spec.Ends && a.vals.rows[slot] <= 0 {
			plain = false
			if b >= 0 {
				if err := a.row(res, slot, chunk.Delete); err != nil {
					return err
				}
				sel = append(sel, int32(len(slots))+b)
			}
			a.state.Delete(slot)
			continue
		}
		if b >= 0 {
			op = chunk.UpdateAfter
			if a.spec.Before {
				if err := a.row(res, slot, chunk.UpdateBefore); err != nil {
					return err
				}
				sel, plain = append(sel, int32(len(slots))+b), false
			}
		}
		if err := a.row(res, slot, op); err != nil {
			return err
		}
		sel = append(sel, int32(i))
	}
	if res.N == 0 {
		return nil
	}
	if !plain {
		for i, v := range after {
			v.AppendVector(a.old[i])
			after[i] = v.Gather(sel)
		}
	}
	res.Cols = append(res.Cols, after...)
	if a.headers != nil {
		res.Headers = slices.Repeat([][]record.RecordHeader{a.headers}, res.N)
	}
	return out.Emit(res)
}

// row appends op, time and key columns of a group.
func (a *Aggregate) row(res *chunk.Chunk, slot int32, op chunk.Op) error {
	res.Ops, res.Time = append(res.Ops, op), append(res.Time, a.vals.time[slot])
	res.N++
	key, keys := a.state.Key(slot), res.Cols
	if w := a.spec.Window; w != nil {
		start := int64(binary.BigEndian.Uint64(key) ^ 1<<63)
		key, keys = key[8:], res.Cols[:len(res.Cols)-2]
		for i, bound := range []int64{start, start + w.Size} {
			v := res.Cols[len(res.Cols)-2+i]
			v.I64, v.N = append(v.I64, bound), v.N+1
		}
	}
	_, err := state.DecodeKey(key, keys)
	return err
}

// sweep forgets the windows that have outlived their retention. It walks all groups, so it
// waits until a window's length of time, or an eighth of the retention, has gone by.
func (a *Aggregate) sweep() error {
	w := a.spec.Window
	if w == nil || a.now == op.NoTime {
		return nil
	}
	keep := window.Keep(w)
	if a.now-keep < a.swept+max(w.Advance, keep/8) && a.swept != op.NoTime {
		return nil
	}
	a.swept = a.now - keep
	return a.state.DeleteBelow(binary.BigEndian.AppendUint64(nil, uint64(a.swept)^1<<63))
}
