package partition

import (
	"errors"
	"fmt"

	"tailrace/storage/commitlog"
	"tailrace/storage/record"
	"tailrace/storage/record/kerr"
	"tailrace/storage/segment"
)

// ReadOptions bounds a ReadRange.
type ReadOptions struct {
	MaxBytes int
	// MinOneBatch returns the first batch even if it is larger than MaxBytes.
	MinOneBatch bool
	// CopyBytes and Buffers as in segment.ReadLimit: small ranges come with their bytes.
	CopyBytes int
	Buffers   *segment.Buffers
}

// ReadRange finds whole batches in [the one that holds from, high watermark), at most
// MaxBytes and within one segment. Between high watermark and log end the range is empty.
// Outside [LogStart, LogEnd] the error has code OFFSET_OUT_OF_RANGE. Bounds is valid in
// every case. The caller releases the range.
func (p *Partition) ReadRange(from Offset, o ReadOptions) (segment.Range, Bounds, error) {
	p.mu.Lock()
	state, hw, b := p.mu.state, p.mu.hw, p.boundsLocked()
	p.mu.Unlock()
	if state != nil {
		return segment.Range{}, b, state
	}
	if from < b.LogStart || from > b.LogEnd {
		return segment.Range{}, b, p.outOfRange(from, b.LogStart, b.LogEnd)
	}
	if from >= b.HighWatermark {
		return segment.Range{}, b, nil
	}
	r, err := p.log.Locate(int64(from), segment.ReadLimit{MaxBytes: o.MaxBytes, MinOne: o.MinOneBatch, To: hw,
		CopyBytes: o.CopyBytes, Buffers: o.Buffers})
	if err != nil {
		return segment.Range{}, b, p.readError(err)
	}
	// Retention may have taken the place while it was looked for: what was found then
	// lies behind a hole that the reader must hear of.
	if start := Offset(p.log.Start()); from < start {
		r.Release()
		b.LogStart = min(start, b.HighWatermark)
		return segment.Range{}, b, p.outOfRange(from, start, b.LogEnd)
	}
	return r, b, nil
}

func (p *Partition) outOfRange(from, start, end Offset) *Error {
	return p.refuse(kerr.OffsetOutOfRange, nil, "offset %d is outside of [%d, %d]", from, start, end)
}

func (p *Partition) readError(err error) error {
	if errors.Is(err, segment.ErrClosed) {
		if state := p.gone(); state != nil {
			return state
		}
	}
	var hole *segment.HoleError
	if errors.As(err, &hole) {
		// Not a code that clients try again on for ever, and none that sends them elsewhere in
		// silence: what is whole lies before the hole and behind it.
		return p.refuse(kerr.CorruptMessage, errDamaged{hole}, "%v", err)
	}
	return p.storageError(err)
}

// errDamaged is a hole as the seam knows it.
type errDamaged struct{ *segment.HoleError }

// Is matches the sentinel of the seam.
func (e errDamaged) Is(target error) bool { return target == commitlog.ErrDamaged }

// Read copies whole batches into buf, as commitlog.Log.Read documents. Their checksums hold:
// what does not is made a hole, and read around.
func (p *Partition) Read(from Offset, buf []byte) (commitlog.Fetched, error) {
	for {
		out, err := p.read(from, buf)
		bad, last := from, Offset(-1)
		for b := out.Batches; err == nil && len(b) > 0; {
			h, broken := record.Verify(b)
			if broken == nil && (Offset(h.BaseOffset) <= last || Offset(h.NextOffset()) > out.Bounds.HighWatermark) {
				broken = fmt.Errorf("%w: base offset %d", record.ErrMalformed, h.BaseOffset) // which no checksum covers
			}
			if broken != nil {
				err = p.storageError(broken)
				break
			}
			last = Offset(h.LastOffset())
			bad, b = max(bad, last+1), b[h.Size():]
		}
		if err == nil || !segment.Corrupt(err) {
			return out, err
		}
		found, inspected := p.log.Inspect(int64(bad))
		if inspected != nil || !found {
			return out, err
		}
	}
}

func (p *Partition) read(from Offset, buf []byte) (commitlog.Fetched, error) {
	free := max(len(buf)-record.Slack, 0)
	own := segment.Buffers{Get: func(int) []byte { return buf }}
	r, b, err := p.ReadRange(from, ReadOptions{MaxBytes: free, MinOneBatch: true, CopyBytes: free, Buffers: &own})
	out := commitlog.Fetched{Bounds: commitlog.Bounds{LogStart: b.LogStart, HighWatermark: b.HighWatermark}}
	if err == nil && from > b.HighWatermark {
		err = p.outOfRange(from, b.LogStart, b.HighWatermark)
	}
	if err != nil || r.Empty() {
		return out, err
	}
	defer r.Release()
	if r.Data != nil { // in buf
		out.Batches = r.Data
		return out, nil
	}
	if len(buf) < r.Len+record.Slack {
		buf = make([]byte, r.Len+record.Slack)
	}
	if _, err := r.ReadAt(buf[:r.Len], 0); err != nil {
		return out, p.storageError(err)
	}
	out.Batches = buf[:r.Len]
	return out, nil
}

// TimedOffset is an answer of OffsetForTime: -1 in each field when there is no record.
type TimedOffset struct {
	Offset      Offset
	TimestampMs int64
	LeaderEpoch int32
}

// OffsetForTime finds the first record below the high watermark whose timestamp is at
// least ms.
func (p *Partition) OffsetForTime(ms int64) (TimedOffset, error) {
	return p.timed(func(hw segment.Mark) (segment.Timed, bool, error) { return p.log.FindTime(ms, hw) })
}

// MaxTimestamp finds the record with the largest timestamp (ListOffsets -3), which may lie
// before the log start.
func (p *Partition) MaxTimestamp() (TimedOffset, error) { return p.timed(p.log.FindMaxTime) }

func (p *Partition) timed(find func(hw segment.Mark) (segment.Timed, bool, error)) (TimedOffset, error) {
	none := TimedOffset{-1, -1, -1}
	p.mu.Lock()
	state, hw := p.mu.state, p.mu.hw
	p.mu.Unlock()
	if state != nil {
		return none, state
	}
	t, ok, err := find(hw)
	if err != nil {
		return none, p.readError(err)
	}
	if !ok {
		return none, nil
	}
	return TimedOffset{Offset(t.Offset), t.TimestampMs, p.LeaderEpoch()}, nil
}

// DeleteRecords moves the log start to before (-1: the high watermark) and returns it.
// It is durable on return; the space is given back in whole segments, later.
func (p *Partition) DeleteRecords(before Offset) (Offset, error) {
	p.appendMu.Lock()
	if err := p.gone(); err != nil {
		p.appendMu.Unlock()
		return -1, err
	}
	b := p.Bounds()
	if before == -1 {
		before = b.HighWatermark
	}
	if before < 0 || before > b.HighWatermark {
		p.appendMu.Unlock()
		return -1, p.outOfRange(before, b.LogStart, b.HighWatermark)
	}
	p.log.TruncatePrefix(int64(before))
	start := Offset(p.log.Start())
	p.appendMu.Unlock()
	if p.starts != nil {
		if err := p.starts(); err != nil {
			return -1, p.storageError(err)
		}
	}
	return start, nil
}

// Trim moves the log start to before, which is at most the high watermark, or leaves it
// where it is later. It is durable with the next checkpoint.
func (p *Partition) Trim(before Offset) error {
	p.appendMu.Lock()
	defer p.appendMu.Unlock()
	if err := p.gone(); err != nil {
		return err
	}
	p.log.TruncatePrefix(int64(min(before, p.Bounds().HighWatermark)))
	return nil
}
