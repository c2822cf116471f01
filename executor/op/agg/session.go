package agg

import (
	"encoding/binary"

	"tailrace/executor/chunk"
	"tailrace/executor/op"
	"tailrace/executor/op/window"
	"tailrace/sql/types/vector"
	"tailrace/storage/state"
)

// Session folds the rows of a stream by key into sessions: rows no further apart than the
// gap belong together. A row that touches sessions takes their place: each of them is
// deleted, with its end as the time, and the merged one is inserted, even where it has the
// bounds of one of them, as Kafka Streams does. Only a session of one moment is updated by
// another row of that moment. A row whose merged
// session would have ended more than gap and grace before stream time is late.
//
// Every row emits its changes at once.
//
// State: 's' key end start -> version, time, accumulators;  'i' end start key -> nothing,
// the order in which sessions expire.
type Session struct {
	spec  Spec
	state *state.Ordered
	vals  *groups
	now   int64
	out   *chunk.Builder
	found []session
	key   []byte
	buf   []byte
}

type session struct{ start, end int64 }

// The slots of the accumulators that Session works with: the merged session, one that was
// found, and a new one.
const (
	slotMerged = iota
	slotFound
	slotCount
)

// NewSession makes a Session with its state in the map id of st.
func NewSession(spec Spec, st *state.Task, id string) *Session {
	s := &Session{spec: spec, state: st.Ordered(id), vals: &groups{calls: spec.Calls}, now: op.NoTime, out: chunk.NewBuilder(spec.Schema)}
	s.vals.Resize(slotCount)
	return s
}

// StreamTime implements op.Clocked.
func (s *Session) StreamTime() int64 { return s.now }

// SetStreamTime implements op.Clocked.
func (s *Session) SetStreamTime(ms int64) { s.now = max(s.now, ms) }

// Push implements op.Operator.
func (s *Session) Push(_ int, in *chunk.Chunk, out chunk.Emitter) error {
	args := make([][]*vector.Vector, len(s.spec.Calls))
	for i, c := range s.spec.Calls {
		var err error
		if args[i], err = op.EvalAll(c.Args, in); err != nil {
			return err
		}
	}
	cols := in.Columns(s.spec.Keys)
rows:
	for row := range in.N {
		if in.NullValue.Get(row) {
			continue
		}
		for _, v := range cols {
			if v.IsNull(row) {
				if s.spec.Log != nil {
					s.spec.Log(in, row, "Group-by column resolved to null. The source row will be excluded from the table.")
				}
				continue rows
			}
		}
		s.key = state.AppendKey(s.key[:0], cols, row)
		if err := s.add(in, row, args); err != nil {
			return err
		}
		if s.out.Len() >= chunk.MaxRows/2 {
			if err := s.out.Flush(out); err != nil {
				return err
			}
		}
	}
	return s.out.Flush(out)
}

// add puts one row into its session.
func (s *Session) add(in *chunk.Chunk, row int, args [][]*vector.Vector) error {
	t, gap := in.Time[row], s.spec.Window.Size
	merged := session{t, t}
	if err := s.find(t-gap, t+gap); err != nil { // before stream time comes to this row, as in Kafka Streams
		return err
	}
	s.now = max(s.now, t)
	for _, f := range s.found {
		merged = session{min(merged.start, f.start), max(merged.end, f.end)}
	}
	if merged.end < s.now-s.spec.Window.Grace-gap {
		if s.spec.Late != nil {
			s.spec.Late(in, row, "session is closed")
		}
		return nil
	}
	s.vals.Clear(slotMerged)
	same := len(s.found) == 1 && merged == session{t, t}
	for _, f := range s.found {
		if err := s.absorb(f, same); err != nil {
			return err
		}
	}
	for i, c := range s.spec.Calls {
		if err := c.Acc.Add([]int32{slotMerged}, []int32{int32(row)}, args[i]); err != nil {
			return err
		}
	}
	s.vals.time[slotMerged] = merged.end
	s.buf = s.vals.Encode(slotMerged, s.buf[:0])
	s.state.Set(s.rowKey(merged), s.buf)
	s.state.Set(s.indexKey(merged), nil)
	how := chunk.Insert
	if same {
		how = chunk.UpdateAfter
	}
	if err := s.emit(how, merged, slotMerged); err != nil {
		return err
	}
	return s.expire()
}

// find collects the sessions of s.key that touch [from, to].
func (s *Session) find(from, to int64) error {
	s.found = s.found[:0]
	lo := append([]byte{'s'}, s.key...)
	n := len(lo)
	return s.state.Scan(appendTime(lo, from), state.Successor(lo[:n]), func(k, _ []byte) (bool, error) {
		f := session{end: timeAt(k[n:]), start: timeAt(k[n+8:])}
		if f.start > to {
			return false, nil
		}
		if s.now == op.NoTime || f.end > s.horizon() { // whether expire has come to it or not
			s.found = append(s.found, f)
		}
		return true, nil
	})
}

// absorb folds a session into the merged one and takes its row back.
func (s *Session) absorb(f session, same bool) error {
	key := s.rowKey(f)
	v, _, err := s.state.Get(nil, key)
	if err != nil {
		return err
	}
	if err := s.vals.Decode(slotFound, v); err != nil {
		return err
	}
	how := chunk.UpdateBefore
	if !same {
		how = chunk.Delete
		s.state.Delete(key)
		s.state.Delete(s.indexKey(f))
	}
	if err := s.emit(how, f, slotFound); err != nil {
		return err
	}
	for _, c := range s.spec.Calls {
		if err := c.Acc.Merge(slotMerged, slotFound); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) emit(how chunk.Op, w session, slot int32) error {
	cols := s.out.Cols()
	n := len(cols) - len(s.spec.Calls)
	if _, err := state.DecodeKey(s.key, cols[:n-2]); err != nil {
		return err
	}
	cols[n-2].AppendValue(w.start)
	cols[n-1].AppendValue(w.end)
	if err := s.vals.results([]int32{slot}, cols[n:]); err != nil {
		return err
	}
	s.out.End(how, w.end)
	return nil
}

// horizon is the end before which sessions have outlived their retention.
func (s *Session) horizon() int64 { return s.now - window.Keep(s.spec.Window) }

// expire forgets sessions whose retention has passed, some at a time.
func (s *Session) expire() error {
	var gone [][]byte
	err := s.state.Scan([]byte{'i'}, appendTime([]byte{'i'}, s.horizon()), func(k, _ []byte) (bool, error) {
		gone = append(gone, append([]byte{}, k...))
		return len(gone) < 64, nil
	})
	for _, k := range gone {
		s.state.Delete(k)
		row := append(append([]byte{'s'}, k[17:]...), k[1:17]...)
		s.state.Delete(row)
	}
	return err
}

func (s *Session) rowKey(w session) []byte {
	return appendTime(appendTime(append([]byte{'s'}, s.key...), w.end), w.start)
}

func (s *Session) indexKey(w session) []byte {
	return append(appendTime(appendTime([]byte{'i'}, w.end), w.start), s.key...)
}

// appendTime appends a time so that bytes sort as times do.
func appendTime(dst []byte, t int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(t)^1<<63)
}

func timeAt(b []byte) int64 { return int64(binary.BigEndian.Uint64(b) ^ 1<<63) }

// Flush implements op.Operator: nothing is held.
func (s *Session) Flush(chunk.Emitter) error { return nil }
