package segment

import (
	"errors"
	"sort"
	"sync"

	"tailrace/storage/record"
)

// hints remember where reads ended: the next read of a consumer begins there, and finds
// its place without a search and without looking at the file.
type hints struct {
	mu   sync.Mutex
	ring [16]hint
	at   int
}

// hint says that the first batch of s with a record at or behind offset is at pos. It
// names the segment itself, not its base: compaction puts another one in its place.
type hint struct {
	s      *seg
	offset int64
	pos    int64
}

func (h *hints) find(s *seg, offset int64) (pos int64, ok bool) {
	if offset <= s.base {
		return 0, true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.ring {
		if m := &h.ring[i]; m.offset == offset && m.s == s {
			return m.pos, true
		}
	}
	return 0, false
}

// add remembers n, once: consumers in step share a hint.
func (h *hints) add(n hint) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.ring {
		if h.ring[i] == n {
			return
		}
	}
	h.at = (h.at + 1) % len(h.ring)
	h.ring[h.at] = n
}

// clear lets go of segments that are gone.
func (h *hints) clear() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ring = [len(h.ring)]hint{}
}

var walkers = sync.Pool{New: func() any { return &scanner{chunk: walkChunk} }}

// ReadLimit bounds Locate.
type ReadLimit struct {
	MaxBytes int
	MinOne   bool // the first batch comes even if it is larger than MaxBytes
	To       Mark // nothing at or behind it is returned
	// A range of at most CopyBytes is read at once into memory of Buffers, which may be
	// nil. Small answers are faster that way: what finds the end of the range is the same
	// read of the file that brings its bytes.
	CopyBytes int
	Buffers   *Buffers
}

// Locate finds whole batches of one segment, beginning with the one that holds offset
// from, or the first after it. The range is empty when there is none below limit.To.
//
// It fails with a HoleError when from lies in a hole, and ends before one.
func (l *Log) Locate(from int64, limit ReadLimit) (Range, error) {
	for {
		r, s, err := l.locate(from, limit)
		if corrupt(err) && s != nil {
			if found, inspected := l.inspect(s); inspected != nil || !found {
				return r, err
			}
			continue // around what was found
		}
		if !errors.Is(err, errGone) {
			return r, err
		}
	}
}

// place is a segment at one moment.
type place struct {
	s       *seg
	end     int64 // position that may be read up to
	next    int64 // offset at end
	after   int64 // offset at the end of the segment
	offsets indexView
	bad     []span
}

// placeOf returns the segment that holds from and something below to.
func (l *Log) placeOf(from int64, to Mark) (place, bool, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.mu.closed {
		return place{}, false, ErrClosed
	}
	segs := l.mu.segs
	i := sort.Search(len(segs), func(i int) bool { return segs[i].next > from })
	for ; i < len(segs); i++ {
		s := segs[i]
		if s.base >= to.Offset {
			break
		}
		p := place{s: s, end: s.size, next: s.next, after: s.next, offsets: s.offsets.view(), bad: s.bad}
		if s.next > to.Offset {
			p.end, p.next = to.pos, to.Offset
		}
		if p.end > 0 { // compaction can leave a segment without a batch
			return p, true, nil
		}
	}
	return place{}, false, nil
}

// locate returns the segment that it looked into beside the range.
func (l *Log) locate(from int64, limit ReadLimit) (Range, *seg, error) {
	for {
		if err := l.outsideHoles(from); err != nil {
			return Range{}, nil, err
		}
		p, ok, err := l.placeOf(from, limit.To)
		if err == nil && ok {
			l.endBeforeHole(&p, from)
		}
		if err != nil || !ok {
			return Range{}, nil, err
		}
		f, err := l.o.Files.acquire(&p.s.log, p.s.logPath(), readOnly)
		if err != nil {
			return Range{}, p.s, err
		}
		r, err := l.cut(p, f, from, limit)
		if err != nil || r.Len == 0 {
			f.Release()
		}
		if err != nil || r.Len > 0 || !r.past {
			return r.Range, p.s, err
		}
		from = p.after // the rest of this segment was compacted away
	}
}

// outsideHoles refuses an offset inside of a hole.
func (l *Log) outsideHoles(from int64) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if in, _ := l.holeAt(from); in != nil {
		return &HoleError{*in}
	}
	return nil
}

// endBeforeHole makes a place end where a hole begins.
func (l *Log) endBeforeHole(p *place, from int64) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	_, next := l.holeAt(from)
	if next == nil || next.From >= p.next {
		return
	}
	p.next, p.after = next.From, next.From
	if next.Pos >= 0 && next.File == p.s.logPath() {
		p.end = min(p.end, next.Pos)
	}
}

// cutRange is a Range, or the news that the segment has nothing from the offset on.
type cutRange struct {
	Range
	past bool
}

// cut finds the range in one segment. A consumer that reads on needs no search and no look
// at the first batch: the hint of its last read says where that is.
func (l *Log) cut(p place, f *File, from int64, limit ReadLimit) (cutRange, error) {
	sc := walkers.Get().(*scanner)
	defer func() { sc.f = nil; walkers.Put(sc) }()
	pos, known := l.hints.find(p.s, from)
	if !known {
		var err error
		if pos, err = l.seek(sc, p, f, from); err != nil || pos < 0 {
			return cutRange{past: err == nil}, err
		}
	}
	if pos >= p.end {
		return cutRange{past: true}, nil
	}
	r, err := l.copyOut(p, f, pos, limit)
	if err == nil && r.Len == 0 {
		r = Range{File: f, Pos: pos}
		if p.end-pos <= int64(limit.MaxBytes) {
			r.Len, r.Next = int(p.end-pos), p.next
		} else {
			err = l.cutAt(&r, p, sc, limit)
		}
	}
	if err != nil || r.Len == 0 {
		return cutRange{}, err
	}
	l.hints.add(hint{p.s, r.Next, r.Pos + int64(r.Len)})
	return cutRange{Range: r}, nil
}

// seek returns the position of the batch that holds offset from, or of the first after
// it; -1 when there is none.
func (l *Log) seek(sc *scanner, p place, f *File, from int64) (int64, error) {
	begin := int64(0)
	share := float64(from-p.s.base) / float64(max(p.next-p.s.base, 1))
	e, err := p.offsets.searchNear(l.o.Files, share, func(e []byte) bool { return p.s.base+entryDelta(e) <= from })
	if err != nil {
		return -1, err
	}
	if e != nil {
		begin = entryPos(e)
	}
	sc.start(f, begin, p.end)
	sc.skips = p.bad
	for sc.step() {
		if sc.h.LastOffset() >= from {
			return sc.pos, nil
		}
	}
	return -1, sc.err
}

// cutAt ends r, which begins with a batch, at the last batch boundary within MaxBytes.
func (l *Log) cutAt(r *Range, p place, sc *scanner, limit ReadLimit) error {
	stop := r.Pos + int64(limit.MaxBytes)
	share := float64(stop) / float64(max(p.end, 1))
	e, err := p.offsets.searchNear(l.o.Files, share, func(e []byte) bool { return entryPos(e) <= stop })
	if err != nil {
		return err
	}
	isEntry := e != nil && entryPos(e) > r.Pos
	if isEntry {
		sc.start(r.File, entryPos(e), p.end)
	} else {
		sc.start(r.File, r.Pos, p.end)
	}
	sc.chunk = record.HeaderSize // large batches: one header is all there is to read
	ok := sc.step()
	sc.chunk = walkChunk
	if !ok {
		return sc.err
	}
	switch {
	case isEntry:
		r.Len, r.Next = int(sc.pos-r.Pos), sc.h.BaseOffset
	case sc.next > stop && limit.MinOne:
		r.Len, r.Next = sc.h.Size(), sc.h.NextOffset()
	}
	for sc.next <= stop {
		r.Len, r.Next = int(sc.next-r.Pos), sc.h.NextOffset()
		if !sc.step() {
			break
		}
	}
	return sc.err
}

// Timed is a record found by time.
type Timed struct {
	Offset      int64
	TimestampMs int64
}

// FindTime returns the first record at or after the log start and below to whose
// timestamp is at least ms. ok is false when there is none.
func (l *Log) FindTime(ms int64, to Mark) (t Timed, ok bool, err error) {
	return l.findTime(l.Start(), ms, to)
}

// FindMaxTime returns the first record below to with the largest timestamp of the log. As
// Kafka has it, that is one of the segments that are there: its offset may lie before the log
// start.
func (l *Log) FindMaxTime(to Mark) (t Timed, ok bool, err error) {
	l.mu.RLock()
	ms, from := int64(-1), int64(0)
	for i, s := range l.mu.segs {
		if i == 0 {
			from = s.base
		}
		ms = max(ms, s.maxTime)
	}
	l.mu.RUnlock()
	if ms < 0 {
		return Timed{}, false, nil
	}
	return l.findTime(from, ms, to)
}

func (l *Log) findTime(from, ms int64, to Mark) (t Timed, ok bool, err error) {
	for {
		l.mu.RLock()
		segs := l.mu.segs
		i := sort.Search(len(segs), func(i int) bool { return segs[i].next > from })
		for i < len(segs) && (segs[i].maxTime < ms || segs[i].size == 0) {
			i++
		}
		var s *seg
		var times indexView
		if i < len(segs) {
			s = segs[i]
			times = s.times.view()
		}
		l.mu.RUnlock()
		if s == nil || s.base >= to.Offset {
			return Timed{}, false, nil
		}
		// All records before the one of the last entry below ms are older than ms.
		e, err := times.search(l.o.Files, func(e []byte) bool { return entryTime(e) < ms })
		if err == nil {
			begin := max(s.base, from)
			if e != nil {
				begin = max(begin, s.base+entryTimeDelta(e))
			}
			t, ok, err = l.findFrom(begin, s.base, ms, to)
		}
		if corrupt(err) {
			if found, inspected := l.inspect(s); inspected == nil && found {
				continue
			}
		}
		switch {
		case errors.Is(err, errGone):
			continue
		case err != nil || ok:
			return t, ok, err
		}
		from = s.next
	}
}

// findFrom looks for the record in the batches from offset begin on, in the segment
// with the given base.
func (l *Log) findFrom(begin, base, ms int64, to Mark) (Timed, bool, error) {
	p, ok, err := l.placeOf(begin, to)
	if err != nil || !ok || p.s.base != base {
		return Timed{}, false, err
	}
	f, err := l.o.Files.acquire(&p.s.log, p.s.logPath(), readOnly)
	if err != nil {
		return Timed{}, false, err
	}
	defer f.Release()
	e, err := p.offsets.search(l.o.Files, func(e []byte) bool { return base+entryDelta(e) <= begin })
	if err != nil {
		return Timed{}, false, err
	}
	sc := &scanner{chunk: walkChunk}
	sc.start(f, 0, p.end)
	if e != nil {
		sc.start(f, entryPos(e), p.end)
	}
	sc.skips = p.bad
	var it record.Iter
	for sc.step() {
		if sc.h.LastOffset() < begin || sc.h.MaxTimestamp < ms {
			continue
		}
		b, err := sc.bytes(sc.pos, sc.h.Size())
		if err != nil {
			return Timed{}, false, err
		}
		if err := it.Reset(b); err != nil {
			return Timed{}, false, err
		}
		for it.Next() {
			if r := it.Record(); r.Timestamp >= ms && r.Offset >= begin {
				return Timed{r.Offset, r.Timestamp}, true, nil
			}
		}
		if it.Err() != nil {
			return Timed{}, false, it.Err()
		}
	}
	return Timed{}, false, sc.err
}
