package segment

import (
	"errors"
	"sort"
	"sync"

	"tailrace/storage/env"
	"tailrace/storage/record"
)

// Range is a run of whole record batches inside one segment file, ready to leave by
// sendfile (Fd, Pos, Len) or through a buffer (ReadAt). The file stays open, and readable
// even if the segment is deleted meanwhile, until Release.
type Range struct {
	File *File
	Pos  int64
	Len  int
	// Next is the offset after the last record of the range.
	Next int64
}

// Empty reports whether there is nothing to send.
func (r *Range) Empty() bool { return r.Len == 0 }

// ReadAt fills b with the bytes of the range from off on; it returns how many.
func (r *Range) ReadAt(b []byte, off int) (int, error) {
	if n := r.Len - off; len(b) > n {
		b = b[:n]
	}
	return r.File.ReadAt(b, r.Pos+int64(off))
}

// Fd returns the descriptor of the segment file, or false when there is none (in memory).
func (r *Range) Fd() (uintptr, bool) {
	if r.File == nil {
		return 0, false
	}
	fd := r.File.Fd()
	return fd, fd != env.NoFd
}

// Release lets go of the file. The Range must not be used after it.
func (r *Range) Release() {
	if r.File != nil {
		r.File.Release()
		r.File = nil
	}
}

// hints remember where reads ended: the next read of a consumer begins there, and finds
// its place without a search.
type hints struct {
	mu   sync.Mutex
	ring [8]Mark
	at   int
}

func (h *hints) find(offset, base int64) (pos int64, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.ring {
		if m := &h.ring[i]; m.Offset == offset && m.base == base && m.pos > 0 {
			return m.pos, true
		}
	}
	return 0, false
}

func (h *hints) add(m Mark) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = (h.at + 1) % len(h.ring)
	h.ring[h.at] = m
}

func (h *hints) clear() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ring = [8]Mark{}
}

var walkers = sync.Pool{New: func() any { return &scanner{chunk: walkChunk} }}

// ReadLimit bounds Locate.
type ReadLimit struct {
	MaxBytes int
	MinOne   bool // the first batch comes even if it is larger than MaxBytes
	To       Mark // nothing at or behind it is returned
}

// Locate finds whole batches of one segment, beginning with the one that holds offset
// from, or the first after it. The range is empty when there is none below limit.To.
func (l *Log) Locate(from int64, limit ReadLimit) (Range, error) {
	for {
		r, err := l.locate(from, limit)
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
	offsets indexView
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
		p := place{s: s, end: s.size, next: s.next, offsets: s.offsets.view()}
		if s.next > to.Offset {
			p.end, p.next = to.pos, to.Offset
		}
		if p.end > 0 { // compaction can leave a segment without a batch
			return p, true, nil
		}
	}
	return place{}, false, nil
}

func (l *Log) locate(from int64, limit ReadLimit) (Range, error) {
	for {
		p, ok, err := l.placeOf(from, limit.To)
		if err != nil || !ok {
			return Range{}, err
		}
		f, err := l.o.Files.acquire(&p.s.log, p.s.logPath(), readOnly)
		if err != nil {
			return Range{}, err
		}
		r, err := l.cut(p, f, from, limit)
		if err != nil || r.Len == 0 {
			f.Release()
		}
		if err != nil || r.Len > 0 || !r.past {
			return r.Range, err
		}
		from = p.s.next // the rest of this segment was compacted away
	}
}

// cutRange is a Range, or the news that the segment has nothing from the offset on.
type cutRange struct {
	Range
	past bool
}

func (l *Log) cut(p place, f *File, from int64, limit ReadLimit) (cutRange, error) {
	sc := walkers.Get().(*scanner)
	defer func() { sc.f = nil; walkers.Put(sc) }()
	begin, known := l.hints.find(from, p.s.base)
	if !known {
		share := float64(from-p.s.base) / float64(max(p.next-p.s.base, 1))
		e, err := p.offsets.searchNear(l.o.Files, share, func(e []byte) bool { return p.s.base+entryDelta(e) <= from })
		if err != nil {
			return cutRange{}, err
		}
		if e != nil {
			begin = entryPos(e)
		}
	}
	sc.start(f, begin, p.end)
	for {
		if !sc.step() {
			if sc.err != nil {
				return cutRange{}, sc.err
			}
			return cutRange{past: true}, nil
		}
		if sc.h.LastOffset() >= from {
			break
		}
	}
	r := Range{File: f, Pos: sc.pos}
	if p.end-sc.pos <= int64(limit.MaxBytes) {
		r.Len, r.Next = int(p.end-sc.pos), p.next
	} else if err := l.cutAt(&r, p, sc, limit); err != nil || r.Len == 0 {
		return cutRange{}, err
	}
	l.hints.add(Mark{Offset: r.Next, base: p.s.base, pos: r.Pos + int64(r.Len)})
	return cutRange{Range: r}, nil
}

// cutAt ends r at the last batch boundary within MaxBytes; sc stands on its first batch.
func (l *Log) cutAt(r *Range, p place, sc *scanner, limit ReadLimit) error {
	stop := r.Pos + int64(limit.MaxBytes)
	if sc.next > stop {
		if limit.MinOne {
			r.Len, r.Next = sc.h.Size(), sc.h.NextOffset()
		}
		return nil
	}
	r.Len, r.Next = sc.h.Size(), sc.h.NextOffset()
	share := float64(stop) / float64(max(p.end, 1))
	e, err := p.offsets.searchNear(l.o.Files, share, func(e []byte) bool { return entryPos(e) <= stop })
	if err != nil {
		return err
	}
	if e != nil && entryPos(e) > sc.next {
		sc.start(sc.f, entryPos(e), p.end)
		if !sc.step() {
			return sc.err
		}
		r.Len, r.Next = int(sc.pos-r.Pos), sc.h.BaseOffset
		if sc.next > stop {
			return nil
		}
		r.Len, r.Next = int(sc.next-r.Pos), sc.h.NextOffset()
	}
	for sc.step() && sc.next <= stop {
		r.Len, r.Next = int(sc.next-r.Pos), sc.h.NextOffset()
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
	from := l.Start()
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

// MaxTimestamp is the largest timestamp in the log, -1 when it is empty.
func (l *Log) MaxTimestamp() int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	ms := int64(-1)
	for _, s := range l.mu.segs {
		ms = max(ms, s.maxTime)
	}
	return ms
}
