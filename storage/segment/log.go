package segment

import (
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"time"

	"tailrace/storage/env"
	"tailrace/storage/record"
)

// ErrFailed marks a log whose disk failed to make data durable. What the disk holds is
// not known any more, so the log takes no appends until it is opened again: a second
// fsync would report a success that means nothing.
var ErrFailed = errors.New("log stopped after a disk failure")

// ErrClosed is returned by a log that was closed or deleted.
var ErrClosed = errors.New("log is closed")

// seg is one segment: files of the same base offset.
type seg struct {
	base    int64
	path    string // without the suffix
	logName string // with .log
	log     handle
	offsets index
	times   index

	// Guarded by Log.mu; a closed segment does not change any more.
	size       int64 // logical end of the .log file
	next       int64 // offset after the last record
	maxTime    int64 // largest timestamp, -1 when empty
	maxTimeAt  int64 // offset of (the batch of) maxTime
	firstTime  int64 // largest timestamp of the first batch, -1 when empty
	sinceIndex int64 // bytes since the last index entry
	reserved   int64 // allocated on disk; writer only
	dirty      bool  // in Log.mu.dirty
	rolled     bool
	cleaned    bool // output of a compaction
}

func (l *Log) newSeg(base int64) *seg {
	path := l.o.FS.PathJoin(l.o.Dir, fmt.Sprintf("%020d", base))
	return &seg{
		base: base, path: path, logName: path + ".log", next: base, maxTime: -1, maxTimeAt: -1, firstTime: -1,
		offsets: index{entry: offsetEntry, path: path + ".index"},
		times:   index{entry: timeEntry, path: path + ".timeindex"},
	}
}

func (s *seg) logPath() string { return s.logName }

// Mark is a place in the log: an offset that begins a batch, and where that is.
type Mark struct {
	Offset int64
	base   int64 // of the segment
	pos    int64
}

// Log is one partition's log. See the package comment for who may call what.
type Log struct {
	o         Options
	producers Producers // writer only
	snapshots []int64   // writer only: offsets of the snapshot files, ascending
	sinceSnap int64     // writer only: bytes appended since the last snapshot
	hints     hints
	doomed    []doomed // writer only: files to unlink later

	mu struct {
		sync.RWMutex
		cfg        Config
		segs       []*seg // ascending; empty until the first append
		start      int64
		end        int64
		flushed    int64
		dirty      []dirtySeg
		namesDirty bool
		failed     error
		closed     bool
		cleanedTo  int64 // compaction: what is below has been cleaned
	}
}

// dirtySeg is a segment with content that is not on disk yet; its file stays open.
type dirtySeg struct {
	s *seg
	f *File
}

// Config returns the configuration in force.
func (l *Log) Config() Config {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.mu.cfg
}

// SetConfig changes the configuration from the next append on.
func (l *Log) SetConfig(c Config) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.cfg = c
}

// Producers are the idempotent producers of the log. Writer only.
func (l *Log) Producers() *Producers { return &l.producers }

// Start is the first offset that can be read.
func (l *Log) Start() int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.mu.start
}

// End is the mark after the last batch.
func (l *Log) End() Mark {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.endLocked()
}

func (l *Log) endLocked() Mark {
	m := Mark{Offset: l.mu.end, base: l.mu.end}
	if n := len(l.mu.segs); n > 0 {
		m.base, m.pos = l.mu.segs[n-1].base, l.mu.segs[n-1].size
	}
	return m
}

// Flushed is the offset up to which the log is known to be on disk: the recovery point.
func (l *Log) Flushed() int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.mu.flushed
}

// Size is the size of all .log files in bytes.
func (l *Log) Size() int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	n := int64(0)
	for _, s := range l.mu.segs {
		n += s.size
	}
	return n
}

// Segments is the number of segments.
func (l *Log) Segments() int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return len(l.mu.segs)
}

// Failed returns why the log takes no appends, or nil.
func (l *Log) Failed() error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.usable()
}

func (l *Log) usable() error {
	if l.mu.closed {
		return ErrClosed
	}
	return l.mu.failed
}

// Append writes one whole batch, whose base offset must be the end of the log, to the
// page cache. When it fails the log ends where it ended before: the caller may try again
// (a full disk recovers by itself) unless the error is ErrFailed.
func (l *Log) Append(b []byte, h *record.Header, now time.Time) (Mark, error) {
	l.mu.RLock()
	err, cfg, end := l.usable(), l.mu.cfg, l.mu.end
	l.mu.RUnlock()
	if err != nil {
		return Mark{}, err
	}
	if h.BaseOffset != end || len(b) != h.Size() || len(b) > MaxBatchBytes {
		err := fmt.Errorf("segment: append of a batch of %d bytes at %d to a log that ends at %d", len(b), h.BaseOffset, end)
		if invariants {
			panic(err)
		}
		return Mark{}, err
	}
	s, err := l.active(&cfg, int64(len(b)), h, now)
	if err != nil {
		return Mark{}, err
	}
	f, err := l.o.Files.acquire(&s.log, s.logPath(), readWrite)
	if err != nil {
		return Mark{}, err
	}
	defer f.Release()
	l.reserve(s, f, int64(len(b)), cfg.SegmentBytes)
	if _, err := f.WriteAt(b, s.size); err != nil {
		if _, terr := env.TruncateOpen(f.File, s.size); terr != nil {
			return Mark{}, l.fail(errors.Join(err, terr))
		}
		return Mark{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.extend(s, h, int64(len(b)), cfg.IndexIntervalBytes)
	l.mu.end = h.NextOffset()
	if !s.dirty {
		s.dirty = true
		f.retain()
		l.mu.dirty = append(l.mu.dirty, dirtySeg{s, f})
	}
	l.producers.update(h, now.UnixMilli())
	l.sinceSnap += int64(len(b))
	return l.endLocked(), nil
}

// extend takes note of a batch at the end of s, with an index entry when one is due.
func (l *Log) extend(s *seg, h *record.Header, size, interval int64) {
	if s.firstTime < 0 {
		s.firstTime = h.MaxTimestamp
	}
	if h.MaxTimestamp > s.maxTime {
		s.maxTime, s.maxTimeAt = h.MaxTimestamp, h.LastOffset()
	}
	if s.sinceIndex > interval {
		var e [timeEntry]byte
		s.offsets.add(l.o.Files, putOffsetEntry(e[:0], int32(h.LastOffset()-s.base), s.size))
		l.addTime(s)
		s.sinceIndex = 0
	}
	s.sinceIndex += size
	s.size += size
	s.next = h.NextOffset()
}

// addTime adds the largest timestamp so far to the time index, unless it is there.
func (l *Log) addTime(s *seg) {
	if s.maxTime < 0 {
		return
	}
	if e, err := s.times.view().last(l.o.Files); err != nil || e != nil && entryTime(e) >= s.maxTime {
		return
	}
	var e [timeEntry]byte
	s.times.add(l.o.Files, putTimeEntry(e[:0], s.maxTime, int32(s.maxTimeAt-s.base)))
}

// active returns the segment that takes the next batch, rolling when the last must not.
func (l *Log) active(cfg *Config, size int64, h *record.Header, now time.Time) (*seg, error) {
	n := len(l.mu.segs)
	if n == 0 {
		if err := l.makeFolder(); err != nil {
			return nil, err
		}
		return l.addSegment(h.BaseOffset)
	}
	s := l.mu.segs[n-1]
	switch {
	case s.size == 0:
		return s, nil
	case s.size+size > cfg.SegmentBytes,
		s.firstTime >= 0 && cfg.SegmentAge > 0 && h.MaxTimestamp-s.firstTime > cfg.SegmentAge.Milliseconds(),
		s.offsets.bytes() > cfg.IndexBytes-offsetEntry, s.times.bytes() > cfg.IndexBytes-timeEntry,
		h.LastOffset()-s.base > 1<<31-1:
		return l.roll()
	}
	if l.sinceSnap > snapshotBytes {
		// Losing a snapshot costs time on recovery, not truth.
		_ = l.snapshot()
	}
	return s, nil
}

// Roll closes the active segment, unless it is empty, and begins the next.
func (l *Log) Roll() error {
	if n := len(l.mu.segs); n == 0 || l.mu.segs[n-1].size == 0 {
		return nil
	}
	if err := l.Failed(); err != nil {
		return err
	}
	_, err := l.roll()
	return err
}

func (l *Log) roll() (*seg, error) {
	s := l.mu.segs[len(l.mu.segs)-1]
	if err := l.finishIndexes(s); err != nil {
		return nil, err
	}
	_ = l.snapshot()
	next, err := l.addSegment(s.next)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s.rolled = true
	return next, nil
}

func (l *Log) finishIndexes(s *seg) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.addTime(s)
	return errors.Join(s.offsets.flush(l.o.Files), s.times.flush(l.o.Files))
}

// addSegment makes the files of a segment. The name of the one before is durable first:
// a crash may take the last segments, never one in the middle.
func (l *Log) addSegment(base int64) (*seg, error) {
	l.mu.Lock()
	names := l.mu.namesDirty && len(l.mu.segs) > 0
	l.mu.Unlock()
	if names {
		if err := env.SyncDir(l.o.FS, l.o.Dir); err != nil {
			return nil, l.fail(err)
		}
	}
	s := l.newSeg(base)
	f, err := l.o.Files.acquire(&s.log, s.logPath(), readWrite)
	if err != nil {
		return nil, err
	}
	f.Release()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.segs = append(l.mu.segs, s)
	l.mu.namesDirty = true
	return s, nil
}

// makeFolder makes the folder with Kafka's two small files. This log is led by one node
// for ever, in epoch 0.
func (l *Log) makeFolder() error {
	fs := l.o.FS
	if err := fs.MkdirAll(l.o.Dir, 0o755); err != nil {
		return err
	}
	id := base64.RawURLEncoding.EncodeToString(l.o.TopicID[:])
	err := env.ReplaceFile(fs, fs.PathJoin(l.o.Dir, MetadataFile), []byte("version: 0\ntopic_id: "+id))
	if err != nil {
		return err
	}
	return env.ReplaceFile(fs, fs.PathJoin(l.o.Dir, "leader-epoch-checkpoint"),
		fmt.Appendf(nil, "0\n1\n0 %d\n", l.mu.start))
}

// MetadataFile names the file in a partition's folder that says which topic it is of.
const MetadataFile = "partition.metadata"

// reserve allocates blocks ahead of the end, so that an fsync need not. It may fail: the
// write that follows then finds its blocks, or the error, itself.
func (l *Log) reserve(s *seg, f *File, size, segmentBytes int64) {
	if s.size+size <= s.reserved {
		return
	}
	step := min(max(s.size, minPreallocate), maxPreallocate)
	from := max(s.reserved, s.size)
	to := max(min(from+step, segmentBytes), s.size+size)
	_ = f.Preallocate(from, to-from)
	s.reserved = to
}

// Flush makes everything that was appended before the call durable and returns how far
// that is. When it fails the log is ErrFailed from then on.
func (l *Log) Flush() (Mark, error) {
	l.mu.Lock()
	if err := l.usable(); err != nil {
		l.mu.Unlock()
		return Mark{}, err
	}
	mark := l.endLocked()
	dirty := append([]dirtySeg(nil), l.mu.dirty...)
	names := l.mu.namesDirty
	l.mu.namesDirty = false
	rolled := make([]bool, len(dirty))
	for i, d := range dirty {
		rolled[i] = d.s.rolled
		d.f.retain() // retention may take the segment meanwhile
		defer d.f.Release()
	}
	l.mu.Unlock()
	for i, d := range dirty {
		err := d.f.SyncData()
		if err == nil && rolled[i] {
			_, _ = env.TruncateOpen(d.f.File, d.s.size) // gives back reserved blocks
			err = errors.Join(l.syncIndex(&d.s.offsets), l.syncIndex(&d.s.times))
		}
		if err != nil {
			return Mark{}, l.fail(err)
		}
	}
	if names {
		err := env.SyncDir(l.o.FS, l.o.Dir)
		if err == nil {
			err = env.SyncDir(l.o.FS, l.o.FS.PathDir(l.o.Dir))
		}
		if err != nil {
			return Mark{}, l.fail(err)
		}
	}
	l.flushedTo(mark, dirty, rolled)
	return mark, nil
}

// flushedTo drops from the dirty segments those that cannot have grown since mark.
func (l *Log) flushedTo(mark Mark, done []dirtySeg, rolled []bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.flushed = max(l.mu.flushed, mark.Offset)
	kept := l.mu.dirty[:0]
	for _, d := range l.mu.dirty {
		clean := false
		for i := range done {
			if done[i].s == d.s {
				clean = rolled[i] || d.s.base == mark.base && d.s.size == mark.pos && !d.s.rolled
			}
		}
		if !clean {
			kept = append(kept, d)
			continue
		}
		d.s.dirty = false
		d.f.Release()
	}
	clear(l.mu.dirty[len(kept):])
	l.mu.dirty = kept
}

func (l *Log) syncIndex(x *index) error {
	f, err := l.o.Files.acquire(&x.h, x.path, readWrite)
	if errors.Is(err, errGone) {
		return nil // deleted or compacted meanwhile
	}
	if err != nil {
		return err
	}
	defer f.Release()
	return f.SyncData()
}

func (l *Log) fail(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if errors.Is(err, ErrFailed) {
		return err
	}
	err = fmt.Errorf("%w: %s: %w", ErrFailed, l.o.Dir, err)
	if l.mu.failed == nil {
		l.mu.failed = err
	}
	return err
}

// Close makes the log durable, with its indexes and producers, gives back reserved
// blocks, and closes its files. Ranges that are still out stay readable.
func (l *Log) Close() error {
	l.mu.RLock()
	err, n := l.usable(), len(l.mu.segs)
	l.mu.RUnlock()
	if errors.Is(err, ErrClosed) {
		return nil
	}
	if err == nil && n > 0 {
		s := l.mu.segs[n-1]
		err = l.finishIndexes(s)
		if err == nil && (l.sinceSnap > 0 || len(l.snapshots) == 0) {
			err = l.snapshot()
		}
		if err == nil {
			_, err = l.Flush()
		}
		if err == nil && s.reserved > s.size {
			var f *File
			if f, err = l.o.Files.acquire(&s.log, s.logPath(), readWrite); err == nil {
				_, err = env.TruncateOpen(f.File, s.size)
				f.Release()
			}
		}
	}
	l.unlinkDoomed(func(doomed) bool { return true })
	l.closeFiles()
	return err
}

// closeFiles lets go of all files, without making anything durable.
func (l *Log) closeFiles() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.closed = true
	for _, d := range l.mu.dirty {
		d.f.Release()
	}
	l.mu.dirty = nil
	for _, s := range l.mu.segs {
		l.killFiles(s)
	}
}

func (l *Log) killFiles(s *seg) {
	l.o.Files.kill(&s.log)
	l.o.Files.kill(&s.offsets.h)
	l.o.Files.kill(&s.times.h)
}

// Delete closes the log and removes its folder.
func (l *Log) Delete() error {
	l.closeFiles()
	fs := l.o.FS
	if _, err := fs.Stat(l.o.Dir); env.IsNotExist(err) {
		return nil
	}
	gone := l.o.Dir + ".delete"
	if err := fs.Rename(l.o.Dir, gone); err != nil {
		return err
	}
	return fs.RemoveAll(gone)
}
