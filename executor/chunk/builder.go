package chunk

import (
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/record"
)

// Builder collects rows one by one. Its chunk is handed on by Take; Reset reuses the
// memory, so the chunk of before must be done with.
type Builder struct {
	c Chunk
}

// NewBuilder returns an empty builder.
func NewBuilder(schema types.Schema) *Builder {
	b := &Builder{}
	b.c.Schema = schema
	for _, col := range schema.Columns {
		b.c.Cols = append(b.c.Cols, vector.New(col.Type, 0))
	}
	return b
}

// Len is the number of rows so far.
func (b *Builder) Len() int { return b.c.N }

// Cols are the columns to append to: one value each, then End.
func (b *Builder) Cols() []*vector.Vector { return b.c.Cols }

// End finishes a row whose values have been appended to Cols.
func (b *Builder) End(op Op, time int64) {
	b.c.Ops = append(b.c.Ops, op)
	b.c.Time = append(b.c.Time, time)
	b.c.N++
	if b.c.Headers != nil {
		b.c.Headers = append(b.c.Headers, nil)
	}
}

// SetHeaders gives the row that was ended last the headers of the record that it is of.
func (b *Builder) SetHeaders(h []record.RecordHeader) {
	if h == nil {
		return
	}
	if b.c.Headers == nil {
		b.c.Headers = make([][]record.RecordHeader, b.c.N)
	}
	b.c.Headers[b.c.N-1] = h
}

// MarkNull sets the NullValue bit of the row that was ended last.
func (b *Builder) MarkNull() {
	b.c.NullValue = b.c.NullValue.Grow(b.c.N)
	b.c.NullValue.Set(b.c.N - 1)
}

// Add appends a row of values.
func (b *Builder) Add(op Op, time int64, row ...types.Value) {
	for i, x := range row {
		b.c.Cols[i].AppendValue(x)
	}
	b.End(op, time)
}

// AddFrom appends row i of a chunk of the same schema, with another op.
func (b *Builder) AddFrom(op Op, src *Chunk, i int) {
	for c, v := range src.Cols {
		b.c.Cols[c].AppendFrom(v, i)
	}
	b.End(op, src.Time[i])
	if src.NullValue.Get(i) {
		b.MarkNull()
	}
	if src.Headers != nil {
		b.SetHeaders(src.Headers[i])
	}
}

// Chunk is what has been collected; it is the builder's until Reset.
func (b *Builder) Chunk() *Chunk { return &b.c }

// Reset empties the builder.
func (b *Builder) Reset() {
	for _, v := range b.c.Cols {
		v.Reset()
	}
	b.c.N, b.c.Ops, b.c.Time = 0, b.c.Ops[:0], b.c.Time[:0]
	clear(b.c.NullValue)
	b.c.Headers = nil
}

// Flush emits the rows, if there are any, and resets.
func (b *Builder) Flush(out Emitter) error {
	if b.c.N == 0 {
		return nil
	}
	err := out.Emit(&b.c)
	b.Reset()
	return err
}
