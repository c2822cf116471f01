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
	pred Predicate
	keep vector.Bitmap
	sel  []int32
}

// Predicate is a condition: the rows for which it is true. The result may belong to the
// predicate until the next call.
type Predicate interface {
	EvalBool(in *chunk.Chunk) (vector.Bitmap, error)
}

// PredicateFunc is a function as a Predicate.
type PredicateFunc func(in *chunk.Chunk) (vector.Bitmap, error)

// EvalBool calls f.
func (f PredicateFunc) EvalBool(in *chunk.Chunk) (vector.Bitmap, error) { return f(in) }

// NewFilter makes a Filter.
func NewFilter(pred Predicate) *Filter { return &Filter{pred: pred} }

// Push implements Operator.
func (f *Filter) Push(_ int, in *chunk.Chunk, out chunk.Emitter) error {
	keep, err := f.pred.EvalBool(in)
	if err != nil {
		return err
	}
	if in.NullValue.Any() {
		f.keep = vector.AndNot(f.keep, keep, in.NullValue, in.N)
		keep = f.keep
	}
	if keep.All(in.N) {
		return out.Emit(in) // untouched, not copied
	}
	f.sel = keep.AppendIndexes(f.sel[:0])
	if len(f.sel) == 0 {
		return nil
	}
	res := in.Select(f.sel)
	if in.Ops != nil {
		f.fixOps(in, res, keep)
	}
	return out.Emit(res)
}

// fixOps turns the halves of updates that lost the other half into a delete or an insert.
func (f *Filter) fixOps(in, res *chunk.Chunk, keep vector.Bitmap) {
	for i, row := range f.sel {
		r := int(row)
		switch in.Ops[r] {
		case chunk.UpdateBefore:
			if !keep.Get(r + 1) {
				res.Ops[i] = chunk.Delete
				// The deletion happens when the new row came.
				res.Time[i] = in.Time[r+1]
			}
		case chunk.UpdateAfter:
			if r > 0 && in.Ops[r-1] == chunk.UpdateBefore && !keep.Get(r-1) {
				res.Ops[i] = chunk.Insert
			}
		}
	}
}

// Flush implements Operator: nothing is held.
func (f *Filter) Flush(chunk.Emitter) error { return nil }
