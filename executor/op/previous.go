package op

import (
	"encoding/binary"
	"errors"

	"tailrace/executor/chunk"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/state"
)

// Previous gives the changes of a table that was read from a topic their halves before. A
// record says only what a row is now; Previous remembers what it was.
//
//	row not known    U+ -> +        - -> - not known
//	row known        U+ -> U- U+    - -> - with the row
//
// State: key -> time, row of all columns that are not key.
type Previous struct {
	schema       types.Schema
	keys, values []int
	table        *state.Keyed
	rows         *state.ByteValues
	out          *chunk.Builder
	batch        state.Keys
	slots        []int32
	bits         int // of the rows' layout
	buf          []byte
}

// NewPrevious makes a Previous with its state in the map id of st. bits is that of the rows'
// layout (state.AppendRow).
func NewPrevious(schema types.Schema, st *state.Task, id string, bits int) (*Previous, error) {
	p := &Previous{bits: bits, schema: schema, keys: schema.Key(), values: Others(schema), rows: &state.ByteValues{}, out: chunk.NewBuilder(schema)}
	var err error
	p.table, err = st.Keyed(id, p.rows)
	return p, err
}

// Push implements Operator.
func (p *Previous) Push(_ int, in *chunk.Chunk, out chunk.Emitter) error {
	p.batch.Reset()
	state.AppendKeys(&p.batch, in.Columns(p.keys), nil, in.N)
	if cap(p.slots) < in.N {
		p.slots = make([]int32, in.N)
	}
	p.slots = p.slots[:in.N]
	if err := p.table.Slots(&p.batch, p.slots); err != nil {
		return err
	}
	values := in.Columns(p.values)
	for i, slot := range p.slots {
		if err := p.change(in, i, slot, values); err != nil {
			return err
		}
		if p.out.Len() >= chunk.MaxRows-2 {
			if err := p.out.Flush(out); err != nil {
				return err
			}
		}
	}
	return p.out.Flush(out)
}

func (p *Previous) change(in *chunk.Chunk, i int, slot int32, values []*vector.Vector) error {
	known := p.table.Has(slot)
	if in.Op(i) == chunk.Delete {
		if !known {
			p.out.AddFrom(chunk.Delete, in, i)
			return nil
		}
		if err := p.old(chunk.Delete, in, i, slot); err != nil {
			return err
		}
		p.table.Delete(slot)
		return nil
	}
	how := chunk.Insert
	if known {
		how = chunk.UpdateAfter
		if err := p.old(chunk.UpdateBefore, in, i, slot); err != nil {
			return err
		}
	}
	p.buf = state.AppendRow(binary.AppendVarint(p.buf[:0], in.Time[i]), values, p.bits, i)
	p.rows.Set(slot, p.buf)
	p.table.Put(slot)
	p.out.AddFrom(how, in, i)
	return nil
}

var errPrevious = errors.New("malformed row of a table in state")

// old appends the row that is known, under the key and time of row i.
func (p *Previous) old(how chunk.Op, in *chunk.Chunk, i int, slot int32) error {
	cols := make([]*vector.Vector, len(p.values))
	for n, c := range p.values {
		cols[n] = p.out.Cols()[c]
	}
	stored := p.rows.Get(slot)
	_, n := binary.Varint(stored)
	if n <= 0 {
		return errPrevious
	}
	if _, err := state.DecodeRow(stored[n:], cols, p.bits); err != nil {
		return err
	}
	for _, c := range p.keys {
		p.out.Cols()[c].AppendFrom(in.Cols[c], i)
	}
	p.out.End(how, in.Time[i])
	if in.Headers != nil {
		p.out.SetHeaders(in.Headers[i])
	}
	return nil
}

// Flush implements Operator: nothing is held.
func (p *Previous) Flush(chunk.Emitter) error { return nil }
