package agg

import (
	"encoding/binary"
	"math"

	"tailrace/executor/chunk"
	"tailrace/executor/op"
	"tailrace/executor/op/window"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/state"
)

// Suppress holds the rows of a windowed table back until stream time has passed the end of
// their window and the grace, and then emits each once, as an insert, with the time of its
// last change (EMIT FINAL). Every row moves stream time for itself, wherever chunks begin and
// end: a session that one row closes is out before a late one makes it part of another. What
// a row closes comes out in order of the windows.
//
// State: end start key -> time, row.
type Suppress struct {
	schema types.Schema
	window window.Window
	state  *state.Ordered
	now    int64
	first  int64 // no window that is held ends before it
	// With forget, windows that a jump of stream time carries beyond their retention
	// before they could be emitted are lost, as in Kafka Streams.
	forget bool

	keys       []int // key columns without the bounds of the window
	start, end int
	values     []int
	out        *chunk.Builder
	key, row   []byte
}

// NewSuppress makes a Suppress with its state in the map id of st; forget is as in Kafka
// Streams: see the type.
func NewSuppress(schema types.Schema, w window.Window, forget bool, st *state.Task, id string) *Suppress {
	s := &Suppress{schema: schema, window: w, forget: forget, now: op.NoTime, first: math.MinInt64, state: st.Ordered(id), out: chunk.NewBuilder(schema)}
	keys := schema.Key()
	n := len(keys)
	s.keys, s.start, s.end, s.values = keys[:n-2], keys[n-2], keys[n-1], schema.Value()
	return s
}

// StreamTime implements op.Clocked.
func (s *Suppress) StreamTime() int64 { return s.now }

// SetStreamTime implements op.Clocked.
func (s *Suppress) SetStreamTime(ms int64) { s.now = max(s.now, ms) }

// Push implements op.Operator.
func (s *Suppress) Push(_ int, in *chunk.Chunk, out chunk.Emitter) error {
	keys, values := in.Columns(s.keys), in.Columns(s.values)
	for i := range in.N {
		s.key = appendTime(appendTime(s.key[:0], in.Cols[s.end].I64[i]), in.Cols[s.start].I64[i])
		s.key = state.AppendKey(s.key, keys, i)
		switch in.Op(i) {
		case chunk.UpdateBefore:
			continue
		case chunk.Delete:
			s.state.Delete(s.key)
			continue
		}
		s.now = max(s.now, in.Time[i])
		s.first = min(s.first, in.Cols[s.end].I64[i])
		s.row = state.AppendRow(binary.AppendVarint(s.row[:0], in.Time[i]), values, state.AllBits, i)
		s.state.Set(s.key, s.row)
		if err := s.release(out); err != nil {
			return err
		}
	}
	return s.out.Flush(out)
}

// release emits what is closed.
func (s *Suppress) release(out chunk.Emitter) error {
	limit := s.now - s.window.Grace // windows that end at or before it are closed
	if s.window.Kind == window.Sessions {
		limit -= s.window.Size + 1
	}
	if limit < s.first {
		return nil
	}
	s.first = math.MaxInt64
	keys, values := s.cols(s.keys), s.cols(s.values)
	return s.state.Scan(nil, nil, func(k, v []byte) (bool, error) {
		end, start := timeAt(k), timeAt(k[8:])
		if end > limit {
			s.first = end
			return false, nil
		}
		s.state.Delete(k)
		if s.forget && s.window.Kind != window.Sessions && start < window.Newest(&s.window, s.now)-s.window.Size-s.window.Grace {
			return true, nil
		}
		time, n := binary.Varint(v)
		if n <= 0 {
			return false, errGroup
		}
		if _, err := state.DecodeKey(k[16:], keys); err != nil {
			return false, err
		}
		s.out.Cols()[s.start].AppendValue(start)
		s.out.Cols()[s.end].AppendValue(end)
		if _, err := state.DecodeRow(v[n:], values, state.AllBits); err != nil {
			return false, err
		}
		s.out.End(chunk.Insert, time)
		if s.out.Len() < chunk.MaxRows {
			return true, nil
		}
		return true, s.out.Flush(out)
	})
}

func (s *Suppress) cols(at []int) []*vector.Vector {
	out := make([]*vector.Vector, len(at))
	for i, c := range at {
		out[i] = s.out.Cols()[c]
	}
	return out
}

// Flush implements op.Operator: nothing is held that may go yet.
func (s *Suppress) Flush(chunk.Emitter) error { return nil }
