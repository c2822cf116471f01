package segment

import (
	"errors"
	"fmt"
	"sync"

	"tailrace/storage/env"
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
	cleaned    bool   // output of a compaction
	bad        []span // bytes that hold no batch: holes
}

func (l *Log) newSeg(base int64) *seg {
	path := l.o.FS.PathJoin(l.o.Dir, fmt.Sprintf("%020d", base))
	s := &seg{
		base: base, path: path, logName: path + ".log", next: base, maxTime: -1, maxTimeAt: -1, firstTime: -1,
		offsets: index{entry: offsetEntry, path: path + ".index"},
		times:   index{entry: timeEntry, path: path + ".timeindex"},
	}
	s.times.beside = &s.offsets
	return s
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
	chain     []int64  // as found on disk when the log was opened
	// inspecting is held while a segment is verified whole.
	inspecting sync.Mutex

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
		cleanedTo  int64  // compaction: what is below has been cleaned
		holes      []Hole // ascending
	}
}

// dirtySeg is a segment with content that is not on disk yet; its file stays open.
type dirtySeg struct {
	s *seg
	f *File
}

// Unavailable is a log that could not be opened, for cause: it takes and gives nothing, and
// stands for what the options say of its start and end.
func Unavailable(o Options, cause error) *Log {
	l := &Log{o: o}
	l.mu.cfg, l.mu.cleanedTo = o.Config, o.CleanedTo
	l.mu.start, l.mu.end, l.mu.flushed = o.StartOffset, max(o.StartOffset, o.RecoveryPoint), max(o.StartOffset, o.RecoveryPoint)
	l.mu.failed = fmt.Errorf("%w: %w", ErrFailed, cause)
	return l
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

// Stat is a log at one moment.
type Stat struct {
	Start, End int64 // offsets
	Bytes      int64 // of all .log files
	// MaxTimestamp is the largest of the records that the segments hold, in ms; -1: none.
	MaxTimestamp int64
}

// Stat looks at the log as a whole; it reads no file.
func (l *Log) Stat() Stat {
	l.mu.RLock()
	defer l.mu.RUnlock()
	out := Stat{Start: l.mu.start, End: l.mu.end, MaxTimestamp: -1}
	for _, s := range l.mu.segs {
		out.Bytes += s.size
		out.MaxTimestamp = max(out.MaxTimestamp, s.maxTime)
	}
	return out
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

func (l *Log) fail(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if errors.Is(err, ErrFailed) {
		return err
	}
	err = fmt.Errorf("%w: %s: %w", ErrFailed, l.o.Dir, err)
	if l.mu.failed == nil {
		l.mu.failed = err
		if l.o.Failed != nil {
			l.o.Failed(err)
		}
	}
	return err
}

// refuse is fail for steps that can be taken again: being out of descriptors is no failure of
// the disk, which was not asked.
func (l *Log) refuse(err error) error {
	if env.IsNoDescriptors(err) {
		return err
	}
	return l.fail(err)
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
