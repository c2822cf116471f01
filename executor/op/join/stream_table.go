package join

import (
	"tailrace/executor/chunk"
	"tailrace/executor/op"
	"tailrace/sql/types/vector"
	"tailrace/storage/state"
)

// StreamTable looks each row of the stream (left) up in the table (right) by key. A row
// without a match is dropped (INNER) or has NULLs (LEFT), and one without a key matches
// nothing; a row without a value is dropped. Changes of the table emit nothing. The time of a
// result is the stream's.
//
// State: key -> time and row of the table.
type StreamTable struct {
	spec        Spec
	left, right side
	table       *state.Keyed
	values      *state.ByteValues
	log         op.RowLog
	keys        state.Keys
	rows, slots []int32
	buf         []byte
}

// NewStreamTable makes a StreamTable with its state in the map id of st.
func NewStreamTable(spec Spec, log op.RowLog, st *state.Task, id string) (*StreamTable, error) {
	j := &StreamTable{spec: spec, log: log, values: &state.ByteValues{}}
	j.left, j.right = newSide(spec.Left, spec.Output, FromLeft), newSide(spec.Right, spec.Output, FromRight)
	var err error
	j.table, err = st.Keyed(id, j.values)
	return j, err
}

// Push implements op.Operator.
func (j *StreamTable) Push(side int, in *chunk.Chunk, out chunk.Emitter) error {
	if side == op.Right {
		return store(j.table, j.values, &j.right, in, &j.keys, &j.slots, &j.buf)
	}
	keys := in.Columns(j.left.keys)
	j.keys.Reset()
	j.rows = j.rows[:0]
	for i := range in.N {
		if in.NullValue.Get(i) || j.spec.Type == Inner && anyNull(keys, i) {
			if j.log != nil {
				j.log(in, i, "Skipping record due to null join key or value.")
			}
			continue
		}
		j.keys.Arena = state.AppendKey(j.keys.Arena, keys, i)
		j.keys.End()
		j.rows = append(j.rows, int32(i))
	}
	j.slots = resize(j.slots, len(j.rows))
	if err := j.table.Find(&j.keys, j.slots); err != nil {
		return err
	}
	if j.spec.Type == Inner {
		n := 0
		for i, slot := range j.slots {
			if slot >= 0 {
				j.rows[n], j.slots[n] = j.rows[i], slot
				n++
			}
		}
		j.rows, j.slots = j.rows[:n], j.slots[:n]
	}
	if len(j.rows) == 0 {
		return nil
	}
	return j.emit(in, out)
}

func (j *StreamTable) emit(in *chunk.Chunk, out chunk.Emitter) error {
	rights := j.right.columns()
	for _, slot := range j.slots {
		var stored []byte
		if slot >= 0 {
			stored = j.values.Get(slot)
		}
		if err := appendStored(stored, rights); err != nil {
			return err
		}
	}
	left := in
	if len(j.rows) < in.N {
		left = in.Select(j.rows)
	}
	cols := make([]*vector.Vector, len(j.spec.Output))
	for i, o := range j.spec.Output {
		switch o.From {
		case FromLeft:
			cols[i] = left.Cols[o.Column]
		case FromRight:
			cols[i] = rights[j.right.place[o.Column]]
		case FromKey:
			cols[i] = left.Cols[j.left.keys[o.Column]]
		}
	}
	return out.Emit(left.With(j.spec.Schema, cols))
}

// store applies the changes of a table to its map.
func store(table *state.Keyed, values *state.ByteValues, s *side, in *chunk.Chunk, keys *state.Keys, slots *[]int32, buf *[]byte) error {
	cols := in.Columns(s.keys)
	keys.Reset()
	for i := range in.N {
		keys.Arena = state.AppendKey(keys.Arena, cols, i)
		keys.End()
	}
	*slots = resize(*slots, in.N)
	table.Reserve(keys, *slots) // overwritten whole: what was there does not matter
	for i, slot := range *slots {
		switch in.Op(i) {
		case chunk.UpdateBefore:
		case chunk.Delete:
			table.Delete(slot)
		default:
			if anyNull(cols, i) {
				continue
			}
			*buf = s.encode((*buf)[:0], in, i)
			values.Set(slot, *buf)
			table.Put(slot)
		}
	}
	return nil
}

func resize(s []int32, n int) []int32 {
	if cap(s) < n {
		return make([]int32, n)
	}
	return s[:n]
}

// Flush implements op.Operator: nothing is held.
func (j *StreamTable) Flush(chunk.Emitter) error { return nil }
