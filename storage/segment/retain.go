package segment

import (
	"errors"
	"time"

	"tailrace/storage/env"
)

const deletedSuffix = ".deleted"

// doomed are the files of a deleted segment, renamed, until they are unlinked: a reader
// of another process may have been told of them.
type doomed struct {
	due   time.Time
	paths []string
}

// Retain deletes whole segments at the front of the log: those that lie below the log
// start, and with cleanup.policy delete those that are too old or make the log too large.
// Nothing at or above highWatermark goes. An active segment whose records are all too old
// is closed and goes too.
//
// A segment's age is that of its youngest record; where no record has a timestamp, or with
// RetentionByAppend, that of its file, which is when it was last appended to (Kafka's rule
// for the former).
//
// storeStart makes the new start of the log durable before anything goes, so that a segment
// that retention took is told from one that is missing; nil: nobody keeps it.
func (l *Log) Retain(now time.Time, highWatermark int64, storeStart func() error) (segments int, err error) {
	l.unlinkDoomed(func(d doomed) bool { return !d.due.After(now) })
	if err := l.Failed(); err != nil {
		return 0, err
	}
	n := l.countDeletable(now, highWatermark)
	if n == 0 {
		return 0, nil
	}
	if n == len(l.mu.segs) {
		if err := l.Roll(); err != nil {
			return 0, err
		}
	}
	n = min(n, len(l.mu.segs)-1)
	l.TruncatePrefix(l.mu.segs[n].base)
	if storeStart != nil {
		if err := storeStart(); err != nil {
			return 0, err
		}
	}
	err = l.deleteFront(n, now)
	l.forgetHoles()
	return n, err
}

func (l *Log) countDeletable(now time.Time, highWatermark int64) int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	cfg, total := &l.mu.cfg, int64(0)
	for _, s := range l.mu.segs {
		total += s.size
	}
	n := 0
	for i, s := range l.mu.segs {
		last := i == len(l.mu.segs)-1
		if s.next > highWatermark || last && s.size == 0 {
			break
		}
		below := s.next <= l.mu.start && !last
		old := cfg.Delete && cfg.RetentionAge >= 0 && l.tooOld(cfg, s, now.Add(-cfg.RetentionAge).UnixMilli())
		large := cfg.Delete && cfg.RetentionBytes >= 0 && total-s.size >= cfg.RetentionBytes && !last
		if !below && !old && !large {
			break
		}
		total -= s.size
		n++
	}
	return n
}

// tooOld reports whether the youngest record of s is older than limit, in ms.
func (l *Log) tooOld(cfg *Config, s *seg, limit int64) bool {
	if s.maxTime >= 0 && !cfg.RetentionByAppend {
		return s.maxTime < limit
	}
	st, err := l.o.FS.Stat(s.logPath())
	return err == nil && st.ModTime().UnixMilli() < limit
}

// deleteFront takes the first n segments out of the log. Their files get another name at
// once, so that no later segment is confused with them, and are unlinked later.
func (l *Log) deleteFront(n int, now time.Time) error {
	l.mu.Lock()
	gone := l.mu.segs[:n]
	l.mu.segs = append([]*seg(nil), l.mu.segs[n:]...)
	l.mu.start = max(l.mu.start, l.mu.segs[0].base)
	l.mu.namesDirty = true
	for _, s := range gone {
		l.killFiles(s)
		l.dropDirty(s)
	}
	delay := l.mu.cfg.FileDeleteDelay
	l.mu.Unlock()
	d := doomed{due: now.Add(delay)}
	var errs []error
	for _, s := range gone {
		for _, path := range s.paths() {
			err := l.o.FS.Rename(path, path+deletedSuffix)
			switch {
			case err == nil:
				d.paths = append(d.paths, path+deletedSuffix)
			case !env.IsNotExist(err):
				errs = append(errs, err)
			}
		}
	}
	l.doomed = append(l.doomed, d)
	l.pruneSnapshots()
	return errors.Join(errs...)
}

// dropDirty forgets that s must be synced. Log.mu is held.
func (l *Log) dropDirty(s *seg) {
	for i, d := range l.mu.dirty {
		if d.s == s {
			d.f.Release()
			s.dirty = false
			l.mu.dirty = append(l.mu.dirty[:i:i], l.mu.dirty[i+1:]...)
			return
		}
	}
}

func (l *Log) unlinkDoomed(due func(doomed) bool) {
	kept := l.doomed[:0]
	for _, d := range l.doomed {
		if !due(d) {
			kept = append(kept, d)
			continue
		}
		for _, path := range d.paths {
			_ = l.o.FS.Remove(path) // Open removes what is left
		}
	}
	l.doomed = kept
}

// TruncatePrefix moves the log start up to offset; Retain then deletes the segments
// below. The caller stores the new start.
func (l *Log) TruncatePrefix(offset int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.start = max(l.mu.start, min(offset, l.mu.end))
}

// ExpireProducers forgets the producers that were last heard of before t.
func (l *Log) ExpireProducers(t time.Time) { l.producers.expire(t.UnixMilli()) }
