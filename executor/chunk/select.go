package chunk

import (
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/record"
)

// Empty reports whether the chunk has no rows.
func (c *Chunk) Empty() bool { return c.N == 0 }

// Select returns the rows sel, in that order. Text is shared with c.
func (c *Chunk) Select(sel []int32) *Chunk {
	out := &Chunk{Schema: c.Schema, N: len(sel), Cols: make([]*vector.Vector, len(c.Cols))}
	for i, v := range c.Cols {
		out.Cols[i] = v.Gather(sel)
	}
	out.Time = make([]int64, len(sel))
	for i, row := range sel {
		out.Time[i] = c.Time[row]
	}
	if c.Ops != nil {
		out.Ops = make([]Op, len(sel))
		for i, row := range sel {
			out.Ops[i] = c.Ops[row]
		}
	}
	out.NullValue, out.NullKey = gatherBits(c.NullValue, sel), gatherBits(c.NullKey, sel)
	if c.Headers != nil {
		out.Headers = make([][]record.RecordHeader, len(sel))
		for i, row := range sel {
			out.Headers[i] = c.Headers[row]
		}
	}
	return out
}

func gatherBits(b vector.Bitmap, sel []int32) vector.Bitmap {
	if !b.Any() {
		return nil
	}
	out := vector.NewBitmap(len(sel))
	for i, row := range sel {
		if b.Get(int(row)) {
			out.Set(i)
		}
	}
	return out
}

// Slice returns the rows [from, to) without copying values.
func (c *Chunk) Slice(from, to int) *Chunk {
	if from == 0 && to == c.N {
		return c
	}
	out := &Chunk{Schema: c.Schema, N: to - from, Time: c.Time[from:to:to], Cols: make([]*vector.Vector, len(c.Cols))}
	for i, v := range c.Cols {
		out.Cols[i] = v.Slice(from, to)
	}
	if c.Ops != nil {
		out.Ops = c.Ops[from:to:to]
	}
	if c.NullValue.Any() {
		out.NullValue = c.NullValue.Slice(from, to)
	}
	if c.NullKey.Any() {
		out.NullKey = c.NullKey.Slice(from, to)
	}
	if c.Headers != nil {
		out.Headers = c.Headers[from:to:to]
	}
	return out
}

// With returns the rows of c with other columns: a projection.
func (c *Chunk) With(schema types.Schema, cols []*vector.Vector) *Chunk {
	return &Chunk{Schema: schema, N: c.N, Ops: c.Ops, Time: c.Time, Cols: cols, NullValue: c.NullValue, NullKey: c.NullKey, Headers: c.Headers}
}

// Clone returns a copy that shares nothing with c but nested values, which nobody
// changes: it may outlive the Emit that c came with.
func (c *Chunk) Clone() *Chunk {
	out := &Chunk{Schema: c.Schema, N: c.N, Cols: make([]*vector.Vector, len(c.Cols))}
	for i, v := range c.Cols {
		out.Cols[i] = v.Clone()
	}
	out.Time = append([]int64(nil), c.Time...)
	if c.Ops != nil {
		out.Ops = append([]Op(nil), c.Ops...)
	}
	if c.NullValue.Any() {
		out.NullValue = append(vector.Bitmap(nil), c.NullValue...)
	}
	if c.NullKey.Any() {
		out.NullKey = append(vector.Bitmap(nil), c.NullKey...)
	}
	if c.Headers != nil {
		out.Headers = append([][]record.RecordHeader(nil), c.Headers...)
	}
	return out
}

// Columns returns the vectors of some columns.
func (c *Chunk) Columns(indexes []int) []*vector.Vector {
	out := make([]*vector.Vector, len(indexes))
	for i, at := range indexes {
		out[i] = c.Cols[at]
	}
	return out
}

// MemBytes estimates the memory that the columns hold, for budgets.
func (c *Chunk) MemBytes() int {
	n := 0
	for _, col := range c.Cols {
		n += col.MemBytes()
	}
	return n
}

// HasOps reports whether any row is not an Insert.
func (c *Chunk) HasOps() bool {
	for _, op := range c.Ops {
		if op != Insert {
			return true
		}
	}
	return false
}

// Retracts reports whether the op takes a row back.
func (o Op) Retracts() bool { return o == Delete || o == UpdateBefore }
