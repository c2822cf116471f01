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
// With a retention, rows whose window began (sessions: ended) longer ago than that, in
// stream time, are not shown, and forgotten in time; nobody downstream is told.
//
// State: key, with the bounds of its window -> time, row of the other columns.
type Materialize struct {
	keys, values []int
	view         *state.Shared
	retention    int64 // 0: for ever
	bits         int   // of the rows' layout
	now, swept   int64
	key, row     []byte
}

// NewMaterialize makes a Materialize that writes to view. A retention is for tables whose
// last two key columns are the bounds of a window.
// bits is that of the rows' layout (state.AppendRow).
func NewMaterialize(schema types.Schema, retention int64, bits int, view *state.Shared) *Materialize {
	return &Materialize{bits: bits, keys: schema.Key(), values: Others(schema), view: view, retention: retention, now: NoTime, swept: NoTime}
}

// StreamTime implements Clocked.
func (m *Materialize) StreamTime() int64 { return m.now }

// SetStreamTime implements Clocked.
func (m *Materialize) SetStreamTime(ms int64) {
	m.now = max(m.now, ms)
	m.view.ShowFrom(m.now - m.retention)
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
		m.now = max(m.now, in.Time[i])
		switch in.Op(i) {
		case chunk.UpdateBefore:
			continue
		case chunk.Delete:
			m.key = state.AppendKey(m.key[:0], keys, i)
			m.view.Stage(m.key, nil, true)
			continue
		}
		m.key = state.AppendKey(m.key[:0], keys, i)
		m.row = state.AppendRow(binary.AppendVarint(m.row[:0], in.Time[i]), values, m.bits, i)
		m.view.Stage(m.key, m.row, false)
	}
	if m.retention > 0 && m.now != NoTime {
		m.view.SetHorizon(m.now - m.retention)
	}
	return out.Emit(in)
}

// Flush implements Operator: nothing is held. When an eighth of the retention has gone by
// it deletes the rows that have outlived it; that walks the whole view.
func (m *Materialize) Flush(chunk.Emitter) error {
	if m.retention == 0 || m.now == NoTime {
		return nil
	}
	limit := m.now - m.retention
	if m.swept != NoTime && limit < m.swept+m.retention/8+1 {
		return nil
	}
	m.swept = limit
	return m.view.Sweep()
}
