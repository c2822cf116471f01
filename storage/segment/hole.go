package segment

import (
	"fmt"
	"io"
	"slices"

	"tailrace/storage/record"
)

// A log whose middle is damaged serves what is whole. What is not is a hole: a range of
// offsets whose records are gone or cannot be read. A read that begins inside of one fails
// with HoleError, so that nobody goes past it unknowing; one that begins before it ends
// there. Damage is told from the torn tail of a crash by what had been durable: below the
// recovery point nothing may be missing.

// Hole is a range of offsets [From, To) that cannot be read.
type Hole struct {
	From, To int64
	// File and Pos are where the damage lies; Pos is -1 when the bytes are not there at all.
	File   string
	Pos    int64
	Reason string
}

// HoleError refuses a read inside of a hole.
type HoleError struct{ Hole }

// Error names the hole and why.
func (e *HoleError) Error() string {
	return fmt.Sprintf("records from offset %d to %d are damaged: %s", e.From, e.To-1, e.Reason)
}

// span is a range of bytes of a segment file that hold no batch.
type span struct{ from, to int64 }

// Holes lists the holes that are known, by offset.
func (l *Log) Holes() []Hole {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.Clone(l.mu.holes)
}

// addHole takes note of a hole. mu is held, or nobody else has the log yet.
func (l *Log) addHole(h Hole) {
	if h.From >= h.To {
		return
	}
	l.mu.holes = slices.DeleteFunc(l.mu.holes, func(o Hole) bool { return o.From >= h.From && o.To <= h.To })
	l.mu.holes = append(l.mu.holes, h)
	slices.SortFunc(l.mu.holes, func(a, b Hole) int { return int(min(max(a.From-b.From, -1), 1)) })
}

// holeAt returns the hole that offset lies in, and the first that begins behind it. mu is
// held.
func (l *Log) holeAt(offset int64) (in, next *Hole) {
	for i := range l.mu.holes {
		switch h := &l.mu.holes[i]; {
		case h.From > offset:
			return nil, h
		case offset < h.To:
			return h, nil
		}
	}
	return nil, nil
}

// nextWhole returns the position of the first batch at or after pos, and before limit, whose
// checksum holds and whose offsets are in [offset, end); ok is false when there is none.
func nextWhole(f io.ReaderAt, pos, limit, offset, end int64) (at int64, h record.Header, ok bool) {
	const step = scanChunk
	var sc scanner
	sc.full, sc.chunk = true, walkChunk
	buf := make([]byte, step+record.HeaderSize)
	for base := pos; base < limit; base += step {
		n := min(int64(len(buf)), limit-base)
		if _, err := f.ReadAt(buf[:n], base); err != nil {
			return 0, h, false
		}
		for i := int64(0); i+record.HeaderSize <= n && i < step; i++ {
			if buf[i+16] != 2 { // magic
				continue
			}
			c, err := record.ParseHeader(buf[i:n])
			if err != nil || c.BaseOffset < offset || c.LastOffset() < c.BaseOffset || c.LastOffset() >= end || int64(c.Size()) > limit-base-i || c.Size() > MaxBatchBytes {
				continue
			}
			sc.start(f, base+i, limit)
			if !sc.step() {
				continue
			}
			if _, err := record.Verify(sc.batch); err == nil {
				return base + i, sc.h, true
			}
		}
	}
	return 0, h, false
}

// Inspect verifies the segment that holds offset, where a reader has found a checksum that
// does not hold, and reports whether a hole was found that was not known.
func (l *Log) Inspect(offset int64) (bool, error) {
	p, ok, err := l.placeOf(offset, l.End())
	if err != nil || !ok {
		return false, err
	}
	return l.inspect(p.s)
}

// inspect verifies a segment whole, with checksums, after a read has come upon damage in it:
// what is found becomes holes, and reading goes on around them. It reports whether there is
// any that was not known.
func (l *Log) inspect(s *seg) (bool, error) {
	l.inspecting.Lock()
	defer l.inspecting.Unlock()
	l.mu.RLock()
	size, next := s.size, s.next
	known := len(s.bad)
	l.mu.RUnlock()
	f, err := l.o.Files.acquire(&s.log, s.logPath(), readOnly)
	if err != nil {
		return false, err
	}
	defer f.Release()
	holes, bad, _ := l.examine(f, s, size, next)
	l.mu.Lock()
	for _, h := range holes {
		l.addHole(h)
	}
	s.bad = bad
	l.mu.Unlock()
	if len(bad) <= known {
		return false, nil
	}
	l.tellHoles()
	return true, nil
}

// examine finds the holes of one segment file of that size whose last record is before next,
// and the offset after the last record that holds.
// The offset of a batch is not in its checksum: only compaction leaves gaps.
func (l *Log) examine(f io.ReaderAt, s *seg, size, next int64) (holes []Hole, bad []span, end int64) {
	var sc scanner
	sc.full, sc.chunk = true, scanChunk
	sc.start(f, 0, size)
	expect := s.base
	l.mu.RLock()
	gaps := l.mu.cfg.Compact || expect < l.mu.cleanedTo
	l.mu.RUnlock()
	for {
		for sc.step() {
			if sc.h.BaseOffset < expect || sc.h.BaseOffset > expect && !gaps || sc.h.NextOffset() > next {
				sc.err = fmt.Errorf("%w: base offset %d where %d was due", record.ErrMalformed, sc.h.BaseOffset, expect)
			} else {
				_, sc.err = record.Verify(sc.batch)
			}
			if sc.err != nil {
				break
			}
			expect = sc.h.NextOffset()
		}
		if sc.err == nil {
			return holes, bad, expect
		}
		at, h, ok := nextWhole(f, sc.pos+1, size, expect, next)
		hole := Hole{From: expect, To: next, File: s.logPath(), Pos: sc.pos, Reason: sc.err.Error()}
		if !ok {
			return append(holes, hole), append(bad, span{sc.pos, size}), expect
		}
		hole.To, expect = h.BaseOffset, h.BaseOffset
		holes, bad = append(holes, hole), append(bad, span{sc.pos, at})
		sc.start(f, at, size)
	}
}

// tellHoles hands the holes to who opened the log.
func (l *Log) tellHoles() {
	if l.o.Damaged != nil {
		l.o.Damaged(l.Holes())
	}
}

// forgetHoles drops the holes below the start of the log: retention took what was around
// them.
func (l *Log) forgetHoles() {
	l.mu.Lock()
	n := len(l.mu.holes)
	l.mu.holes = slices.DeleteFunc(l.mu.holes, func(h Hole) bool { return h.To <= l.mu.start })
	changed := len(l.mu.holes) < n
	l.mu.Unlock()
	if changed {
		l.tellHoles()
	}
}
