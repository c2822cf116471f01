package op

import (
	"tailrace/executor/chunk"
	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// TableCall is a call of a table function, ready to run.
type TableCall struct {
	Args   []Eval
	Expand func(args []types.Value) ([]types.Value, error)
}

// TableCallOf makes a TableCall from an overload of the catalogue.
func TableCallOf(sig *function.TableSignature, args []Eval) TableCall {
	return TableCall{Args: args, Expand: sig.Expand}
}

// FlatMap runs table functions over the rows of a stream. The calls of one row run side
// by side: it becomes as many rows as the longest gives, the others padded with NULL. A
// row for which all give nothing is gone, as is a row without a value.
type FlatMap struct {
	schema types.Schema
	calls  []TableCall
	log    RowLog
	sel    []int32
}

// NewFlatMap makes a FlatMap: schema is the input's columns and one for each call.
func NewFlatMap(schema types.Schema, calls []TableCall, log RowLog) *FlatMap {
	return &FlatMap{schema: schema, calls: calls, log: log}
}

// Push implements Operator.
func (f *FlatMap) Push(_ int, in *chunk.Chunk, out chunk.Emitter) error {
	args := make([][]*vector.Vector, len(f.calls))
	for i, c := range f.calls {
		var err error
		if args[i], err = EvalAll(c.Args, in); err != nil {
			return err
		}
	}
	extra := make([]*vector.Vector, len(f.calls))
	reset := func() {
		f.sel = f.sel[:0]
		for i := range extra {
			extra[i] = vector.New(f.schema.Columns[len(in.Cols)+i].Type, in.N)
		}
	}
	emit := func() error {
		if len(f.sel) == 0 {
			return nil
		}
		res := in.Select(f.sel)
		res.Schema, res.Cols = f.schema, append(res.Cols, extra...)
		reset()
		return out.Emit(res)
	}
	reset()
	for row := range in.N {
		if in.NullValue.Get(row) {
			continue
		}
		f.expand(in, row, args, extra)
		if len(f.sel) >= chunk.MaxRows {
			if err := emit(); err != nil {
				return err
			}
		}
	}
	return emit()
}

// expand appends the rows that one row becomes.
func (f *FlatMap) expand(in *chunk.Chunk, row int, args [][]*vector.Vector, extra []*vector.Vector) {
	results, most := make([][]types.Value, len(f.calls)), 0
	for i, c := range f.calls {
		values := make([]types.Value, len(args[i]))
		for a, v := range args[i] {
			values[a] = v.Value(row)
		}
		r, err := c.Expand(values)
		if err != nil {
			f.log.note(in, row, err.Error())
		}
		results[i], most = r, max(most, len(r))
	}
	for n := range most {
		f.sel = append(f.sel, int32(row))
		for i, r := range results {
			if n < len(r) {
				extra[i].AppendValue(r[n])
			} else {
				extra[i].AppendNull()
			}
		}
	}
}

// Flush implements Operator: nothing is held.
func (f *FlatMap) Flush(chunk.Emitter) error { return nil }
