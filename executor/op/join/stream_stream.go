package join

import (
	"encoding/binary"
	"math"

	"tailrace/executor/chunk"
	"tailrace/executor/op"
	"tailrace/storage/state"
)

// defaultRetention is how long rows wait for partners when no grace is given.
const defaultRetention = 24 * 60 * 60 * 1000

// Within is how near the times of two rows must be: right in [left-Before, left+After].
// Without a Grace, rows of an outer side are emitted with NULLs at once, and again with
// each partner; with one they are emitted alone when stream time has passed the last
// partner that could come, and the grace.
type Within struct {
	Before, After int64
	Grace         *int64
}

// StreamStream pairs the rows of two streams. The time of a result is the later of its
// rows; of a row alone, its own. Rows that come after stream time has passed all their
// partners do not wait, nor do those without a key, which have none. Rows without a value are
// dropped, and rows without a key of a side that does not survive alone; stream time goes by
// all of them.
//
// State: 'l' or 'r' key time n -> row   what waits for partners, by side
//
//	'x' time side key n -> nothing        the same, in the order in which it expires
//	'o' time side key n -> row            what has had no partner yet (outer sides)
//	'n' -> the next n                     it tells rows of equal key and time apart
type StreamStream struct {
	spec   Spec
	within Within
	sides  [2]side
	state  *state.Ordered
	log    op.RowLog
	now    int64    // stream time of both
	seen   [2]int64 // of each side
	oldest int64    // no later than the first 'o'; NoTime: not known, as after a restart
	swept  int64
	next   uint32
	out    *rows
	key    []byte
	buf    []byte
}

// NewStreamStream makes a StreamStream with its state in the map id of st.
func NewStreamStream(spec Spec, w Within, log op.RowLog, st *state.Task, id string) (*StreamStream, error) {
	j := &StreamStream{spec: spec, within: w, log: log, now: op.NoTime, seen: [2]int64{op.NoTime, op.NoTime}, oldest: op.NoTime, swept: op.NoTime}
	j.sides = [2]side{newSide(spec.Left, spec.Output, FromLeft), newSide(spec.Right, spec.Output, FromRight)}
	j.state, j.out = st.Ordered(id), newRows(spec, j.sides[0], j.sides[1])
	v, ok, err := j.state.Get(nil, []byte{'n'})
	if ok && len(v) == 20 {
		j.next = binary.BigEndian.Uint32(v)
		j.seen = [2]int64{int64(binary.BigEndian.Uint64(v[4:])), int64(binary.BigEndian.Uint64(v[12:]))}
		j.now = max(j.seen[0], j.seen[1])
	}
	return j, err
}

func (j *StreamStream) retention() int64 {
	if j.within.Grace == nil {
		return max(defaultRetention, j.within.Before+j.within.After)
	}
	return j.within.Before + j.within.After + *j.within.Grace
}

// reach is how far partners of a side's row lie before and after it.
func (j *StreamStream) reach(side int) (before, after int64) {
	if side == op.Left {
		return j.within.Before, j.within.After
	}
	return j.within.After, j.within.Before
}

// StreamTime implements op.Clocked.
func (j *StreamStream) StreamTime() int64 { return j.now }

// SetStreamTime implements op.Clocked.
func (j *StreamStream) SetStreamTime(ms int64) { j.now = max(j.now, ms) }

// Push implements op.Operator.
func (j *StreamStream) Push(side int, in *chunk.Chunk, out chunk.Emitter) error {
	keys := in.Columns(j.sides[side].keys)
	for i := range in.N {
		keyless := anyNull(keys, i)
		if in.NullValue.Get(i) || keyless && !j.spec.Type.keeps(side == op.Left) {
			if j.log != nil {
				j.log(in, i, "Skipping record due to null key or value.")
			}
			j.now = max(j.now, in.Time[i])
			continue
		}
		j.out.follow(in, i)
		j.key = state.AppendKey(j.key[:0], keys, i)
		j.buf = j.sides[side].encode(j.buf[:0], in, i)
		var err error
		if t := in.Time[i]; keyless {
			j.now = max(j.now, t)
			err = j.emit(side, t, j.key, j.buf, nil)
		} else {
			err = j.row(side, t)
		}
		if err != nil {
			return err
		}
		if j.out.n >= chunk.MaxRows/2 {
			if err := j.out.flush(out); err != nil {
				return err
			}
		}
	}
	return j.out.flush(out)
}

// row takes one row, j.key and j.buf, of a side.
func (j *StreamStream) row(side int, t int64) error {
	j.now = max(j.now, t)
	if t == j.now {
		if err := j.alone(); err != nil {
			return err
		}
	}
	matched, err := j.match(side, t)
	if err != nil {
		return err
	}
	_, after := j.reach(side)
	if !matched && j.spec.Type.keeps(side == op.Left) {
		if j.within.Grace == nil || t+after < j.now {
			if err := j.emit(side, t, j.key, j.buf, nil); err != nil {
				return err
			}
		} else {
			j.state.Set(j.timeKey('o', t, side, j.key, j.next), j.buf)
			if j.oldest != op.NoTime {
				j.oldest = min(j.oldest, t)
			}
		}
	}
	j.seen[side] = max(j.seen[side], t)
	if t > j.seen[side]-j.retention() {
		j.state.Set(j.rowKey(side, t, j.next), j.buf)
		j.state.Set(j.timeKey('x', t, side, j.key, j.next), nil)
	}
	j.next++
	return j.sweep()
}

// match pairs a row with what waits on the other side.
func (j *StreamStream) match(side int, t int64) (bool, error) {
	other, found := 1-side, false
	before, after := j.reach(side)
	from := max(0, t-before)
	if j.seen[other] != op.NoTime {
		from = max(from, j.seen[other]-j.retention()+1)
	}
	lo, hi := j.rowKey(other, from, 0), j.rowKey(other, t+after, math.MaxUint32)
	n := 1 + len(j.key)
	outer := j.within.Grace != nil && j.spec.Type.keeps(other == op.Left)
	err := j.state.Scan(lo, append(hi, 0), func(k, v []byte) (bool, error) {
		ot, seq := timeAt(k[n:]), binary.BigEndian.Uint32(k[n+8:])
		found = true
		if outer {
			j.state.Delete(j.timeKey('o', ot, other, j.key, seq))
		}
		return true, j.emit(side, max(t, ot), j.key, j.buf, v)
	})
	return found, err
}

func (j *StreamStream) emit(side int, t int64, key, mine, theirs []byte) error {
	if side == op.Left {
		return j.out.add(chunk.Insert, t, key, mine, theirs)
	}
	return j.out.add(chunk.Insert, t, key, theirs, mine)
}

// alone emits the rows that have had no partner and can get none any more.
func (j *StreamStream) alone() error {
	g := j.within.Grace
	if g == nil || j.spec.Type == Inner || (j.oldest != op.NoTime && j.oldest+min(j.within.Before, j.within.After)+*g >= j.now) {
		return nil
	}
	j.oldest = j.now
	return j.state.Scan([]byte{'o'}, []byte{'p'}, func(k, v []byte) (bool, error) {
		t, side := timeAt(k[1:]), sideOf(k[9])
		if _, after := j.reach(side); t+after+*g >= j.now {
			j.oldest = min(j.oldest, t)
			other, _ := j.reach(side)
			return t+min(after, other)+*g < j.now, nil // the other side may still have closed ones
		}
		key, row := append([]byte{}, k[10:len(k)-4]...), append([]byte{}, v...)
		j.state.Delete(k)
		return true, j.emit(side, t, key, row, nil)
	})
}

// sweep forgets rows that no partner can reach any more.
func (j *StreamStream) sweep() error {
	limit := min(j.seen[0], j.seen[1])
	if limit == op.NoTime {
		limit = max(j.seen[0], j.seen[1]) // a side without rows waits for nothing older than the other's window
	}
	limit -= j.retention()
	if j.swept != op.NoTime && limit < j.swept+1+j.retention()/16 {
		return nil
	}
	j.swept = limit
	return j.state.Scan([]byte{'x'}, appendTime([]byte{'x'}, limit), func(k, _ []byte) (bool, error) {
		t, side, key, n := timeAt(k[1:]), sideOf(k[9]), k[10:len(k)-4], binary.BigEndian.Uint32(k[len(k)-4:])
		row := binary.BigEndian.AppendUint32(appendTime(append([]byte{"lr"[side]}, key...), t), n)
		j.state.Delete(row)
		j.state.Delete(append([]byte{}, k...))
		return true, nil
	})
}

func (j *StreamStream) rowKey(side int, t int64, n uint32) []byte {
	return binary.BigEndian.AppendUint32(appendTime(append([]byte{"lr"[side]}, j.key...), t), n)
}

func (j *StreamStream) timeKey(tag byte, t int64, side int, key []byte, n uint32) []byte {
	k := append(appendTime([]byte{tag}, t), byte(1-side)) // of one moment, right rows first
	return binary.BigEndian.AppendUint32(append(k, key...), n)
}

func sideOf(b byte) int { return 1 - int(b) }

// Flush implements op.Operator: it stores what tells rows apart after a restart.
func (j *StreamStream) Flush(chunk.Emitter) error {
	if j.now == op.NoTime {
		return nil
	}
	v := binary.BigEndian.AppendUint32(nil, j.next)
	v = binary.BigEndian.AppendUint64(v, uint64(j.seen[0]))
	v = binary.BigEndian.AppendUint64(v, uint64(j.seen[1]))
	if old, ok, err := j.state.Get(nil, []byte{'n'}); err != nil || (ok && string(old) == string(v)) {
		return err
	}
	j.state.Set([]byte{'n'}, v)
	return nil
}

// appendTime appends a time so that bytes sort as times do.
func appendTime(dst []byte, t int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(t)^1<<63)
}

func timeAt(b []byte) int64 { return int64(binary.BigEndian.Uint64(b) ^ 1<<63) }
