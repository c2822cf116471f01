package segment

import (
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"tailrace/storage/env"
	"tailrace/storage/record"
)

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
		s.firstTime >= 0 && cfg.rollAge() > 0 && h.MaxTimestamp-s.firstTime > cfg.rollAge().Milliseconds(),
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
			return nil, l.refuse(err)
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
	if err := WriteMetadata(fs, l.o.Dir, l.o.TopicID); err != nil {
		return err
	}
	return env.ReplaceFile(fs, fs.PathJoin(l.o.Dir, epochFile),
		fmt.Appendf(nil, "0\n1\n0 %d\n", l.mu.start))
}

// WriteMetadata writes MetadataFile into a partition's folder.
func WriteMetadata(fs env.FS, dir string, topicID [16]byte) error {
	id := base64.RawURLEncoding.EncodeToString(topicID[:])
	return env.ReplaceFile(fs, fs.PathJoin(dir, MetadataFile), []byte("version: 0\ntopic_id: "+id))
}

// MetadataFile names the file in a partition's folder that says which topic it is of.
const MetadataFile = "partition.metadata"

const epochFile = "leader-epoch-checkpoint"

// reserve allocates blocks ahead of the end, so that an fsync need not. It may fail: the
// write that follows then finds its blocks, or the error, itself.
func (l *Log) reserve(s *seg, f *File, size, segmentBytes int64) {
	if s.size+size <= s.reserved || s.size < minPreallocate {
		return
	}
	step := min(s.size, maxPreallocate)
	from := max(s.reserved, s.size)
	to := max(min(from+step, segmentBytes), s.size+size)
	_ = f.Preallocate(from, to-from)
	s.reserved = to
}
