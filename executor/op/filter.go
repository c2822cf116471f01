package op

import (
	"tailrace/executor/chunk"
	"tailrace/sql/types/vector"
)

// Filter keeps the rows for which the predicate is true; NULL counts as false. It holds no
// state: an update that crosses the predicate becomes the insert or delete that the
// downstream relation really saw. Rows of a stream without a value never qualify, and
// neither does the deletion of a row that was not known.
type Filter struct {
	pred  Eval
	table bool
	keep  vector.Bitmap
	sel   []int32
}

// NewFilter makes a Filter; table says that its input is a table.
func NewFilter(pred Eval, table bool) *Filter { return &Filter{pred: pred, table: table} }

// Push implements Operator.
func (f *Filter) Push(_ int, in *chunk.Chunk, out chunk.Emitter) error {
	v, err := f.pred.Eval(in)
	if err != nil {
		return err
	}
	f.keep = vector.Zero(f.keep, in.N)
	for i, ok := range v.Bool[:in.N] {
		if ok {
			f.keep[i>>6] |= 1 << (uint(i) & 63)
		}
	}
	if v.Nulls.Any() {
		f.keep = vector.AndNot(f.keep, f.keep, v.Nulls, in.N)
	}
	if in.NullValue.Any() {
		f.keep = vector.AndNot(f.keep, f.keep, in.NullValue, in.N)
	}
	if f.keep.All(in.N) {
		return out.Emit(in) // untouched, not copied
	}
	f.sel = f.keep.AppendIndexes(f.sel[:0])
	if len(f.sel) == 0 {
		return nil
	}
	res := in.Select(f.sel)
	if in.Ops != nil {
		f.fixOps(in, res)
	}
	return out.Emit(res)
}

// fixOps turns the halves of updates that lost the other half into a delete or an insert.
func (f *Filter) fixOps(in, res *chunk.Chunk) {
	for i, row := range f.sel {
		r := int(row)
		switch in.Ops[r] {
		case chunk.UpdateBefore:
			if !f.keep.Get(r + 1) {
				res.Ops[i] = chunk.Delete
				// The deletion happens when the new row came.
				res.Time[i] = in.Time[r+1]
			}
		case chunk.UpdateAfter:
			if r > 0 && in.Ops[r-1] == chunk.UpdateBefore && !f.keep.Get(r-1) {
				res.Ops[i] = chunk.Insert
			}
		}
	}
}

// Flush implements Operator: nothing is held.
func (f *Filter) Flush(chunk.Emitter) error { return nil }
