package join

import (
	"bytes"
	"encoding/binary"

	"tailrace/executor/chunk"
	"tailrace/executor/op"
	"tailrace/sql/types/vector"
	"tailrace/storage/state"
)

// ForeignKey joins each row of the left table with the row of the right one whose key is
// the value of an expression over it. The key of the result is the left key. A change of a
// right row changes the results of all left rows that refer to it, in order of their keys, and
// gives them its time; a change of a left row has the later time of both.
// Left rows whose reference is NULL have no partner.
//
// State: 'l' key -> length of reference, reference, time, row     'r' key -> time, row
//
//	's' reference key -> nothing: the left rows by what they refer to
//
// A reference is an encoded key, which ends itself: no reference is a prefix of another.
type ForeignKey struct {
	spec        Spec
	left, right side
	ref         op.Eval
	state       *state.Ordered
	out         *rows
	key, buf    []byte
	refBuf      []byte
}

// NewForeignKey makes a ForeignKey with its state in the map id of st.
func NewForeignKey(spec Spec, ref op.Eval, st *state.Task, id string) *ForeignKey {
	j := &ForeignKey{spec: spec, ref: ref, state: st.Ordered(id)}
	j.left, j.right = newSide(spec.Left, spec.Output, FromLeft), newSide(spec.Right, spec.Output, FromRight)
	j.out = newRows(spec, j.left, j.right)
	return j
}

// Push implements op.Operator.
func (j *ForeignKey) Push(side int, in *chunk.Chunk, out chunk.Emitter) error {
	var refs *vector.Vector
	keys := in.Columns(j.right.keys)
	if side == op.Left {
		keys = in.Columns(j.left.keys)
		var err error
		if refs, err = j.ref.Eval(in); err != nil {
			return err
		}
	}
	for i := range in.N {
		if in.Op(i) == chunk.UpdateBefore || anyNull(keys, i) {
			continue
		}
		j.out.follow(in, i)
		j.key = state.AppendKey(j.key[:0], keys, i)
		var err error
		if side == op.Left {
			err = j.changeLeft(in, i, refs)
		} else {
			err = j.changeRight(in, i)
		}
		if err != nil {
			return err
		}
		if err := j.out.flush(out); err != nil {
			return err
		}
	}
	return nil
}

// leftRow is a row of the left table as it is stored.
type leftRow struct{ ref, row []byte }

func splitLeft(v []byte) (leftRow, error) {
	n, size := binary.Uvarint(v)
	if size <= 0 || n > uint64(len(v)-size) {
		return leftRow{}, errStored
	}
	return leftRow{ref: v[size : size+int(n)], row: v[size+int(n):]}, nil
}

func tagged(tag byte, parts ...[]byte) []byte {
	k := []byte{tag}
	for _, p := range parts {
		k = append(k, p...)
	}
	return k
}

func (j *ForeignKey) changeLeft(in *chunk.Chunk, i int, refs *vector.Vector) error {
	var before, after leftRow
	v, had, err := j.state.Get(nil, tagged('l', j.key))
	if err != nil {
		return err
	}
	if had {
		if before, err = splitLeft(v); err != nil {
			return err
		}
		if len(before.ref) > 0 {
			j.state.Delete(tagged('s', before.ref, j.key))
		}
	}
	if in.Op(i) == chunk.Delete {
		j.state.Delete(tagged('l', j.key))
	} else {
		j.refBuf = j.refBuf[:0]
		if !refs.IsNull(i) {
			j.refBuf = refs.AppendKeyColumn(j.refBuf, i)
			j.state.Set(tagged('s', j.refBuf, j.key), nil)
		}
		j.buf = append(binary.AppendUvarint(j.buf[:0], uint64(len(j.refBuf))), j.refBuf...)
		j.buf = j.left.encode(j.buf, in, i)
		j.state.Set(tagged('l', j.key), j.buf)
		if after, err = splitLeft(j.buf); err != nil {
			return err
		}
	}
	return j.leftChange(in.Time[i], had, before, after)
}

// leftChange emits what follows from a change of the left row j.key.
func (j *ForeignKey) leftChange(time int64, had bool, before, after leftRow) error {
	oldRight, oldTime, err := j.partner(before)
	if err != nil {
		return err
	}
	newRight, newTime, err := j.partner(after)
	if err != nil {
		return err
	}
	keeps := j.spec.Type.keeps(true)
	was := had && (keeps || oldRight != nil)
	is := after.row != nil && (keeps || newRight != nil)
	switch {
	case was && is:
		time = max(time, newTime)
		if err := j.out.add(chunk.UpdateBefore, time, j.key, before.row, oldRight); err != nil {
			return err
		}
		return j.out.add(chunk.UpdateAfter, time, j.key, after.row, newRight)
	case was:
		if !keeps && len(after.ref) == 0 { // told by who had the partner, elsewhere by who has none
			time = max(time, oldTime)
		}
		return j.out.add(chunk.Delete, time, j.key, before.row, oldRight)
	case is:
		return j.out.add(chunk.Insert, max(time, newTime), j.key, after.row, newRight)
	case len(before.ref) > 0 && !bytes.Equal(before.ref, after.ref):
		// Downstream may still hold a row that an earlier partner made.
		err := j.out.add(chunk.Delete, time, j.key, nil, nil)
		j.out.forget()
		return err
	}
	return nil
}

// partner finds the right row that a left row refers to.
func (j *ForeignKey) partner(l leftRow) (row []byte, time int64, err error) {
	if len(l.ref) == 0 {
		return nil, 0, nil
	}
	row, ok, err := j.state.Get(nil, tagged('r', l.ref))
	if err != nil || !ok {
		return nil, 0, err
	}
	time, _, err = timeOf(row)
	return row, time, err
}

func (j *ForeignKey) changeRight(in *chunk.Chunk, i int) error {
	before, had, err := j.state.Get(nil, tagged('r', j.key))
	if err != nil {
		return err
	}
	var after []byte
	if in.Op(i) == chunk.Delete {
		j.state.Delete(tagged('r', j.key))
	} else {
		after = j.right.encode(nil, in, i)
		j.state.Set(tagged('r', j.key), after)
	}
	if !had {
		before = nil
	}
	prefix := tagged('s', j.key)
	return j.state.Scan(prefix, state.Successor(prefix), func(k, _ []byte) (bool, error) {
		leftKey := append([]byte{}, k[len(prefix):]...)
		v, ok, err := j.state.Get(nil, tagged('l', leftKey))
		if err != nil || !ok {
			return err == nil, err
		}
		l, err := splitLeft(v)
		if err != nil {
			return false, err
		}
		return true, j.rightChange(in.Time[i], leftKey, l, before, after)
	})
}

// rightChange emits what follows for one left row from a change of its right row.
func (j *ForeignKey) rightChange(time int64, key []byte, l leftRow, before, after []byte) error {
	keeps := j.spec.Type.keeps(true)
	was, is := keeps || before != nil, keeps || after != nil
	if !was && !is { // the deletion of a row that is not known
		err := j.out.add(chunk.Delete, time, key, nil, nil)
		j.out.forget()
		return err
	}
	if was {
		how := chunk.Delete
		if is {
			how = chunk.UpdateBefore
		}
		if err := j.out.add(how, time, key, l.row, before); err != nil {
			return err
		}
	}
	if !is {
		return nil
	}
	how := chunk.Insert
	if was {
		how = chunk.UpdateAfter
	}
	return j.out.add(how, time, key, l.row, after)
}

// Flush implements op.Operator: nothing is held.
func (j *ForeignKey) Flush(chunk.Emitter) error { return nil }
