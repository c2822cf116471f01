package segment

import (
	"errors"

	"tailrace/storage/env"
)

// Flush makes everything that was appended before the call durable and returns how far
// that is. When it fails the log is ErrFailed from then on, unless the process was out of
// descriptors: then it may be called again.
func (l *Log) Flush() (m Mark, err error) {
	l.mu.Lock()
	if err := l.usable(); err != nil {
		l.mu.Unlock()
		return Mark{}, err
	}
	mark := l.endLocked()
	dirty := append([]dirtySeg(nil), l.mu.dirty...)
	names := l.mu.namesDirty
	l.mu.namesDirty = false
	defer func() {
		if err != nil && names {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.mu.namesDirty = true
		}
	}()
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
			if err = l.syncIndex(&d.s.offsets); err == nil {
				err = l.syncIndex(&d.s.times)
			}
		}
		if err != nil {
			return Mark{}, l.refuse(err)
		}
	}
	if names {
		err := env.SyncDir(l.o.FS, l.o.Dir)
		if err == nil {
			err = env.SyncDir(l.o.FS, l.o.FS.PathDir(l.o.Dir))
		}
		if err != nil {
			return Mark{}, l.refuse(err)
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
