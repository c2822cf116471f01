package op

import (
	"encoding/binary"

	"tailrace/executor/chunk"
	"tailrace/sql/types"
	"tailrace/storage/state"
)

// Materialize keeps the current rows of a table for readers outside of the task: they see
// them when the task has committed. Rows pass unchanged.
//
// State: key, with the bounds of its window -> time, row of the other columns.
type Materialize struct {
	keys, values []int
	view         *state.Shared
	key, row     []byte
}

// NewMaterialize makes a Materialize that writes to view.
func NewMaterialize(schema types.Schema, view *state.Shared) *Materialize {
	return &Materialize{keys: schema.Key(), values: Others(schema), view: view}
}

// Others are the columns of a schema that are not key.
func Others(schema types.Schema) []int {
	var out []int
	for i, c := range schema.Columns {
		if c.In != types.InKey {
			out = append(out, i)
		}
	}
	return out
}

// Push implements Operator.
func (m *Materialize) Push(_ int, in *chunk.Chunk, out chunk.Emitter) error {
	keys, values := in.Columns(m.keys), in.Columns(m.values)
	for i := range in.N {
		switch in.Op(i) {
		case chunk.UpdateBefore:
			continue
		case chunk.Delete:
			m.key = state.AppendKey(m.key[:0], keys, i)
			m.view.Stage(m.key, nil, true)
			continue
		}
		m.key = state.AppendKey(m.key[:0], keys, i)
		m.row = state.AppendRow(binary.AppendVarint(m.row[:0], in.Time[i]), values, i)
		m.view.Stage(m.key, m.row, false)
	}
	return out.Emit(in)
}

// Flush implements Operator: nothing is held.
func (m *Materialize) Flush(chunk.Emitter) error { return nil }
