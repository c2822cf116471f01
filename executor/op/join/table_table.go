package join

import (
	"tailrace/executor/chunk"
	"tailrace/executor/op"
	"tailrace/storage/state"
)

// TableTable joins two tables on their keys. It keeps both, and needs no half before from
// its inputs. The time of a result is the later of its rows.
//
// A change on one side finds the other side's row, if any, and emits the change of the
// joined row. A deletion of a row that is not known goes on as one where the other side has a
// row, as in Kafka Streams: downstream may know more.
//
// State: two maps id-left and id-right: key -> time and row.
type TableTable struct {
	spec   Spec
	sides  [2]side
	tables [2]*state.Keyed
	values [2]*state.ByteValues
	out    *rows
	keys   state.Keys
	mine   []int32
	theirs []int32
	buf    []byte
	before []byte
}

// NewTableTable makes a TableTable with its state in the maps id-left and id-right of st.
func NewTableTable(spec Spec, st *state.Task, id string) (*TableTable, error) {
	j := &TableTable{spec: spec}
	j.sides = [2]side{newSide(spec.Left, spec.Output, FromLeft), newSide(spec.Right, spec.Output, FromRight)}
	for i, name := range []string{"-left", "-right"} {
		var err error
		j.values[i] = &state.ByteValues{}
		if j.tables[i], err = st.Keyed(id+name, j.values[i]); err != nil {
			return nil, err
		}
	}
	j.out = newRows(spec, j.sides[0], j.sides[1])
	return j, nil
}

// Push implements op.Operator.
func (j *TableTable) Push(side int, in *chunk.Chunk, out chunk.Emitter) error {
	keys := in.Columns(j.sides[side].keys)
	j.keys.Reset()
	for i := range in.N {
		j.keys.Arena = state.AppendKey(j.keys.Arena, keys, i)
		j.keys.End()
	}
	j.mine, j.theirs = resize(j.mine, in.N), resize(j.theirs, in.N)
	if err := j.tables[side].Slots(&j.keys, j.mine); err != nil {
		return err
	}
	if err := j.tables[1-side].Find(&j.keys, j.theirs); err != nil {
		return err
	}
	for i := range in.N {
		if in.Op(i) == chunk.UpdateBefore || anyNull(keys, i) {
			continue
		}
		j.out.follow(in, i)
		if err := j.change(side, in, i); err != nil {
			return err
		}
		if j.out.n >= chunk.MaxRows/2 {
			if err := j.out.flush(out); err != nil {
				return err
			}
		}
	}
	return j.out.flush(out)
}

// change applies one change and collects what follows.
func (j *TableTable) change(side int, in *chunk.Chunk, row int) error {
	table, values, slot := j.tables[side], j.values[side], j.mine[row]
	var before, after, other []byte
	time := in.Time[row]
	if table.Has(slot) {
		j.before = append(j.before[:0], values.Get(slot)...)
		before = j.before
	}
	if in.Op(row) == chunk.Delete {
		table.Delete(slot)
	} else {
		j.buf = j.sides[side].encode(j.buf[:0], in, row)
		after = j.buf
		values.Set(slot, after)
		table.Put(slot)
	}
	if s := j.theirs[row]; s >= 0 {
		other = j.values[1-side].Get(s)
		t, _, err := timeOf(other)
		if err != nil {
			return err
		}
		time = max(time, t)
	}
	left := side == op.Left
	was, is := j.exists(before, other, left), j.exists(after, other, left)
	key := j.keys.Key(row)
	switch {
	case was && is:
		if err := j.add(chunk.UpdateBefore, time, key, before, other, left); err != nil {
			return err
		}
		return j.add(chunk.UpdateAfter, time, key, after, other, left)
	case was:
		return j.add(chunk.Delete, time, key, before, other, left)
	case is:
		return j.add(chunk.Insert, time, key, after, other, left)
	case after == nil && before == nil && other != nil:
		err := j.add(chunk.Delete, time, key, nil, nil, left)
		j.out.forget()
		return err
	}
	return nil
}

// exists reports whether a row and the other side's make a row of the result.
func (j *TableTable) exists(mine, other []byte, left bool) bool {
	switch {
	case mine != nil && other != nil:
		return true
	case mine != nil:
		return j.spec.Type.keeps(left)
	case other != nil:
		return j.spec.Type.keeps(!left)
	}
	return false
}

func (j *TableTable) add(how chunk.Op, time int64, key, mine, other []byte, left bool) error {
	if left {
		return j.out.add(how, time, key, mine, other)
	}
	return j.out.add(how, time, key, other, mine)
}

// Flush implements op.Operator: nothing is held.
func (j *TableTable) Flush(chunk.Emitter) error { return nil }
