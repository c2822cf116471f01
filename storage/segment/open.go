package segment

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tailrace/storage/env"
	"tailrace/storage/record"
)

// Recovery says what Open found and did.
type Recovery struct {
	ScannedBytes int64
	// Truncated is how many bytes were cut off the end, and Reason why.
	Truncated int64
	Reason    string
}

// Open opens the log in o.Dir, or an empty one when the folder is missing. What lies
// behind the recovery point is verified; the log is cut at the first batch that does not
// hold. Below it nothing may be missing: what is becomes a hole. The caller flushes a log
// whose end is above the recovery point before it serves.
func Open(o Options) (*Log, Recovery, error) {
	l := &Log{o: o}
	l.mu.cfg = o.Config
	l.mu.cleanedTo = o.CleanedTo
	l.mu.start, l.mu.end, l.mu.flushed = o.StartOffset, o.StartOffset, o.StartOffset
	var rec Recovery
	names, err := o.FS.List(o.Dir)
	if env.IsNotExist(err) && o.RecoveryPoint > o.StartOffset {
		err = l.restoreEnd("the folder is missing")
		return l, rec, err
	}
	if env.IsNotExist(err) {
		return l, rec, nil
	}
	if err == nil {
		names, err = l.settle(names)
	}
	if err == nil {
		err = l.load(names)
	}
	switch {
	case err == nil && len(l.mu.segs) > 0:
		rec, err = l.recover(names)
	case err == nil && o.RecoveryPoint > o.StartOffset:
		err = l.restoreEnd("there is no segment")
	}
	if err != nil {
		l.closeFiles()
		return nil, rec, fmt.Errorf("open log %s: %w", o.Dir, err)
	}
	if len(l.mu.holes) > 0 {
		l.tellHoles()
	}
	return l, rec, nil
}

// restoreEnd makes the log end where it is known to have ended, when its last records are
// gone: offsets that were acknowledged are not given to others.
func (l *Log) restoreEnd(reason string) error {
	point, from := l.o.RecoveryPoint, l.o.StartOffset
	if n := len(l.mu.segs); n > 0 {
		from = max(from, l.mu.segs[n-1].next)
	}
	l.mu.start, l.mu.end, l.mu.flushed = min(max(l.o.StartOffset, 0), point), point, point
	l.addHole(Hole{From: from, To: point, File: l.o.Dir, Pos: -1, Reason: reason})
	if err := l.makeFolder(); err != nil {
		return err
	}
	_, err := l.addSegment(point)
	return err
}

// load lists the segments and learns what their files say without reading the log.
func (l *Log) load(names []string) error {
	for _, name := range names {
		if b, ok := strings.CutSuffix(name, ".log"); ok {
			base, err := strconv.ParseInt(b, 10, 64)
			if err != nil || base < 0 {
				return fmt.Errorf("file %s does not belong into a log", name)
			}
			l.mu.segs = append(l.mu.segs, l.newSeg(base))
		}
	}
	l.chain = l.readChain()
	segs := l.mu.segs
	slices.SortFunc(segs, func(a, b *seg) int { return int(min(max(a.base-b.base, -1), 1)) })
	for i, s := range segs {
		st, err := l.o.FS.Stat(s.logPath())
		if err != nil {
			return err
		}
		s.size, s.reserved = st.Size(), st.Size()
		if i+1 < len(segs) {
			s.next, s.rolled = segs[i+1].base, true
		}
		if s.offsets.n, err = l.entries(&s.offsets); err != nil {
			return err
		}
		if s.times.n, err = l.entries(&s.times); err != nil {
			return err
		}
	}
	return nil
}

func (l *Log) entries(x *index) (int64, error) {
	st, err := l.o.FS.Stat(x.path)
	if env.IsNotExist(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return st.Size() / int64(x.entry), nil
}

// recover verifies the log from the recovery point on. It reads from the last snapshot of
// the producers below it, and trusts the indexes of the segments before that.
func (l *Log) recover(names []string) (Recovery, error) {
	var rec Recovery
	segs := l.mu.segs
	trusted := l.o.RecoveryPoint
	from := max(l.loadSnapshot(names, trusted), segs[0].base)
	first := len(segs) - 1
	for first > 0 && segs[first].base > from {
		first--
	}
	for _, s := range segs[:first] {
		if err := l.loadTimes(s); err != nil {
			return rec, err
		}
		if err := l.checkEnd(s); err != nil {
			return rec, err
		}
	}
	var sc scanner
	sc.full, sc.chunk = true, scanChunk
	for i := first; i < len(segs); i++ {
		whole, err := l.rescan(segs[i], from, trusted, &sc, &rec)
		if err != nil {
			return rec, err
		}
		// Compaction leaves gaps, but never above the recovery point; what else is missing
		// below that is a hole.
		if i+1 < len(segs) && segs[i+1].base <= trusted {
			l.noteGap(segs[i], segs[i+1].base)
			continue
		}
		if i+1 < len(segs) && (!whole || segs[i].next != segs[i+1].base) {
			if rec.Reason == "" {
				rec.Reason = fmt.Sprintf("segment %d ends at %d, the next begins at %d", segs[i].base, segs[i].next, segs[i+1].base)
			}
			if err := l.dropTail(i+1, &rec); err != nil {
				return rec, err
			}
			break
		}
	}
	last := l.mu.segs[len(l.mu.segs)-1]
	l.mu.end = last.next
	last.rolled = false
	if l.mu.end < trusted {
		return rec, l.restoreEnd("the end of the log is missing")
	}
	l.mu.start = min(max(l.o.StartOffset, l.mu.segs[0].base), l.mu.end)
	if base := l.mu.segs[0].base; base > l.o.StartOffset && !l.o.StartUnknown {
		l.mu.start = l.o.StartOffset
		l.addHole(Hole{From: l.o.StartOffset, To: base, File: l.o.Dir, Pos: -1, Reason: "the first segments are missing"})
	}
	for _, h := range l.unlinked(l.mu.end) {
		l.addHole(h)
	}
	l.mu.flushed = min(trusted, l.mu.end)
	if l.o.StartOffset > l.mu.end {
		return rec, l.restartAt(l.o.StartOffset)
	}
	return rec, l.markUnflushed(trusted)
}

// noteGap makes what is missing between the records of s and the next segment a hole, unless
// compaction may have taken it.
func (l *Log) noteGap(s *seg, next int64) {
	if s.next < next && !l.mayGap(s, s.next) {
		l.addHole(Hole{From: s.next, To: next, File: s.logPath(), Pos: s.size, Reason: "records at the end of the segment are missing"})
	}
	s.next = next
}

// checkEnd looks whether a closed segment, of which recovery reads nothing else, ends with
// the record before the next segment.
func (l *Log) checkEnd(s *seg) error {
	f, err := l.o.Files.acquire(&s.log, s.logPath(), readOnly)
	if err != nil {
		return err
	}
	defer f.Release()
	e, err := s.offsets.view().last(l.o.Files)
	if err != nil {
		return err
	}
	pos := int64(0)
	if e != nil {
		pos = entryPos(e)
	}
	next := s.next
	sc := scanner{chunk: walkChunk}
	sc.start(f, min(pos, s.size), s.size)
	s.next = s.base
	for sc.step() {
		s.next = sc.h.NextOffset()
	}
	if pos > s.size || sc.err != nil && corrupt(sc.err) || s.next > next {
		holes, bad, end := l.examine(f, s, s.size, next)
		s.bad, s.next = bad, end
		for _, h := range holes {
			l.addHole(h)
			s.next = max(s.next, h.To)
		}
	} else if sc.err != nil {
		return sc.err
	}
	l.noteGap(s, next)
	return nil
}

// rescan walks s from the batch that holds from (or its begin), verifies what is not
// trusted, rebuilds the indexes on the way and cuts s where it ends to make sense. It
// reports whether all of s was good.
func (l *Log) rescan(s *seg, from, trusted int64, sc *scanner, rec *Recovery) (bool, error) {
	fileSize := s.size
	pos, err := l.keepIndexes(s, from)
	if err != nil {
		return false, err
	}
	f, err := l.o.Files.acquire(&s.log, s.logPath(), readOnly)
	if err != nil {
		return false, err
	}
	defer f.Release()
	s.size, s.next = pos, s.base
	if pos > 0 {
		s.sinceIndex = l.mu.cfg.IndexIntervalBytes + 1
		if err := l.firstBatchTime(s, f, fileSize); err != nil {
			return false, err
		}
	}
	sc.start(f, pos, fileSize)
	expect := s.base
	if pos > 0 && sc.step() {
		expect = sc.h.BaseOffset
		sc.start(f, pos, fileSize)
	}
	gaps := l.mu.cfg.Compact || s.base < l.mu.cleanedTo
	for {
		if !sc.step() {
			if corrupt(sc.err) && expect < trusted && l.skipDamage(s, f, sc, fileSize, &expect, trusted) {
				continue
			}
			break
		}
		if sc.h.BaseOffset < expect || sc.h.LastOffset()-s.base > 1<<31-1 ||
			sc.h.BaseOffset > expect && (sc.h.BaseOffset > trusted || !gaps) {
			sc.err = fmt.Errorf("%w: base offset %d where %d was due", record.ErrMalformed, sc.h.BaseOffset, expect)
			sc.next = sc.pos
			continue
		}
		if sc.h.BaseOffset >= trusted {
			if _, sc.err = record.Verify(sc.batch); sc.err != nil {
				break
			}
		}
		expect = sc.h.NextOffset()
		l.extend(s, &sc.h, int64(sc.h.Size()), l.mu.cfg.IndexIntervalBytes)
		if sc.h.BaseOffset >= from {
			l.producers.update(&sc.h, l.o.Now.UnixMilli())
			l.sinceSnap += int64(sc.h.Size())
		}
	}
	rec.ScannedBytes += s.size - pos
	if s.size == fileSize {
		l.giveBack(s)
		return true, nil
	}
	if sc.err != nil && !corrupt(sc.err) {
		return false, sc.err // the disk could not be read: cutting would lose what is there
	}
	rec.Truncated += fileSize - s.size
	rec.Reason = fmt.Sprintf("segment %d, position %d: %v", s.base, s.size, sc.err)
	l.o.Files.close(&s.log, false)
	s.reserved = s.size
	return false, env.Truncate(l.o.FS, s.logPath(), s.size)
}

// giveBack frees the blocks that were reserved ahead of the end of s before a crash. Where it
// cannot they stay until the segment is closed.
func (l *Log) giveBack(s *seg) {
	if f, err := l.o.Files.acquire(&s.log, s.logPath(), readWrite); err == nil {
		_, _ = env.TruncateOpen(f.File, s.size)
		f.Release()
	}
}

// skipDamage goes over bytes that hold no batch although what follows had been durable: they
// are a hole. It reports false when nothing follows.
func (l *Log) skipDamage(s *seg, f *File, sc *scanner, size int64, expect *int64, trusted int64) bool {
	cause, pos := sc.err, sc.pos
	at, h, ok := nextWhole(f, pos+1, size, *expect, 1<<62)
	if !ok {
		return false
	}
	s.bad = append(s.bad, span{pos, at})
	l.addHole(Hole{From: *expect, To: h.BaseOffset, File: s.logPath(), Pos: pos, Reason: cause.Error()})
	*expect, s.next, s.size = h.BaseOffset, h.BaseOffset, at
	sc.start(f, at, size)
	return true
}

// Corrupt reports whether err says that bytes are not what was written.
func Corrupt(err error) bool { return corrupt(err) }

func corrupt(err error) bool {
	return errors.Is(err, record.ErrTruncated) || errors.Is(err, record.ErrMalformed) ||
		errors.Is(err, record.ErrCRC) || errors.Is(err, record.ErrMagic)
}

// keepIndexes keeps those entries of the indexes of s that are sound and lie at or below
// offset from, and returns the position where the scan begins: that of the last of them.
func (l *Log) keepIndexes(s *seg, from int64) (pos int64, err error) {
	b, err := l.readIndex(&s.offsets)
	if err != nil {
		return 0, err
	}
	n, prev, prevPos := int64(0), int64(-1), int64(-1)
	for ; len(b) >= offsetEntry; b = b[offsetEntry:] {
		d, p := entryDelta(b), entryPos(b)
		if d <= prev || p <= prevPos || p >= s.size || s.base+d > from {
			break
		}
		n, prev, prevPos = n+1, d, p
	}
	if n > 0 && l.batchAt(s, prevPos, s.base+prev) {
		pos = prevPos
	} else {
		n, prev = 0, -1
	}
	// The entry of the batch at pos is made again by the scan.
	n = max(n-1, 0)
	if err := s.offsets.reset(l.o.FS, l.o.Files, n); err != nil {
		return 0, err
	}
	return pos, l.keepTimes(s, prev)
}

// keepTimes keeps the time entries of batches before the one that ends at offset delta.
func (l *Log) keepTimes(s *seg, delta int64) error {
	b, err := l.readIndex(&s.times)
	if err != nil {
		return err
	}
	n := int64(0)
	for ; len(b) >= timeEntry; b = b[timeEntry:] {
		t, d := entryTime(b), entryTimeDelta(b)
		if t <= s.maxTime || d < 0 || d >= delta {
			break
		}
		n++
		s.maxTime, s.maxTimeAt = t, s.base+d
	}
	return s.times.reset(l.o.FS, l.o.Files, n)
}

func (l *Log) readIndex(x *index) ([]byte, error) {
	if x.n == 0 {
		return nil, nil
	}
	return env.ReadFile(l.o.FS, x.path)
}

// batchAt reports whether a batch that ends with offset last begins at pos.
func (l *Log) batchAt(s *seg, pos, last int64) bool {
	f, err := l.o.Files.acquire(&s.log, s.logPath(), readOnly)
	if err != nil {
		return false
	}
	defer f.Release()
	var b [record.HeaderSize]byte
	if _, err := f.ReadAt(b[:], pos); err != nil {
		return false
	}
	h, err := record.ParseHeader(b[:])
	return err == nil && h.LastOffset() == last
}

func (l *Log) firstBatchTime(s *seg, f *File, limit int64) error {
	var sc scanner
	sc.chunk = record.HeaderSize
	sc.start(f, 0, limit)
	if sc.step() {
		s.firstTime = sc.h.MaxTimestamp
	}
	return nil
}

// loadTimes learns the largest timestamp of a segment that needs no scan, from its time
// index; a missing or empty index is rebuilt.
func (l *Log) loadTimes(s *seg) error {
	if s.size == 0 {
		return nil
	}
	if s.times.n > 0 {
		e, err := s.times.view().last(l.o.Files)
		if err != nil {
			return err
		}
		s.maxTime, s.maxTimeAt = entryTime(e), s.base+entryTimeDelta(e)
		return nil
	}
	return l.rebuildIndexes(s)
}

// rebuildIndexes makes both indexes of a closed segment from its batches.
func (l *Log) rebuildIndexes(s *seg) error {
	if err := s.offsets.reset(l.o.FS, l.o.Files, 0); err != nil {
		return err
	}
	if err := s.times.reset(l.o.FS, l.o.Files, 0); err != nil {
		return err
	}
	f, err := l.o.Files.acquire(&s.log, s.logPath(), readOnly)
	if err != nil {
		return err
	}
	defer f.Release()
	size, next := s.size, s.next
	s.size = 0
	var sc scanner
	sc.chunk = scanChunk
	sc.start(f, 0, size)
	for sc.step() {
		l.extend(s, &sc.h, int64(sc.h.Size()), l.mu.cfg.IndexIntervalBytes)
	}
	s.size, s.next = size, next
	l.addTime(s)
	return errors.Join(s.offsets.flush(l.o.Files), s.times.flush(l.o.Files))
}

// dropTail removes the segments from i on: they lie behind a hole.
func (l *Log) dropTail(i int, rec *Recovery) error {
	for _, s := range l.mu.segs[i:] {
		rec.Truncated += s.size
		l.killFiles(s)
		for _, path := range s.paths() {
			if err := l.o.FS.Remove(path); err != nil && !env.IsNotExist(err) {
				return err
			}
		}
	}
	l.mu.segs = l.mu.segs[:i]
	return nil
}

// restartAt begins an empty log at offset: all that is there lies below the log start.
func (l *Log) restartAt(offset int64) error {
	if err := l.dropTail(0, &Recovery{}); err != nil {
		return err
	}
	l.mu.start, l.mu.end, l.mu.flushed = offset, offset, offset
	_, err := l.addSegment(offset)
	return err
}

// markUnflushed makes the next Flush sync every segment that reaches above trusted.
func (l *Log) markUnflushed(trusted int64) error {
	for _, s := range l.mu.segs {
		if s.next <= trusted || s.size == 0 {
			continue
		}
		f, err := l.o.Files.acquire(&s.log, s.logPath(), readWrite)
		if err != nil {
			return err
		}
		s.dirty = true
		l.mu.dirty = append(l.mu.dirty, dirtySeg{s, f})
		l.mu.namesDirty = true
	}
	return nil
}

func (s *seg) paths() []string {
	return []string{s.logPath(), s.offsets.path, s.times.path}
}
