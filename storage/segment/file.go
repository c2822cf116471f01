package segment

import (
	"sync"
	"sync/atomic"

	"tailrace/storage/env"
)

// File is an open segment file, shared and counted: whoever was handed one calls Release
// once.
type File struct {
	env.File
	refs  atomic.Int32
	onEnd func() // after the last Release closed the file
}

// Release gives back one reference; the last one closes the file.
func (f *File) Release() {
	if f.refs.Add(-1) == 0 {
		_ = f.File.Close()
		if f.onEnd != nil {
			f.onEnd()
		}
	}
}

func (f *File) retain() bool {
	for {
		n := f.refs.Load()
		if n == 0 {
			return false
		}
		if f.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// Files bounds how many segment files all logs of a node keep open between uses. A file
// in use, or with data that is not yet on disk, stays open beyond the bound.
type Files struct {
	fs  env.FS
	max int
	mu  struct {
		sync.Mutex
		idle fileList
	}
}

// fileList is the clock order of cached files: a ring walked by a hand.
type fileList struct {
	slots []*handle
	hand  int
}

// NewFiles returns a cache that keeps at most max files open between uses.
func NewFiles(fs env.FS, max int) *Files {
	return &Files{fs: fs, max: max}
}

// handle is the place where a segment keeps its open file, if it has one.
type handle struct {
	mu   sync.Mutex
	file *File // cached: holds one reference
	slot int   // index in the ring, -1 when not cached
	used atomic.Bool
}

// acquire returns the file with a reference for the caller, opening it when needed.
func (c *Files) acquire(h *handle, path string) (*File, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.used.Store(true)
	if h.file != nil && h.file.retain() {
		return h.file, nil
	}
	f, err := c.fs.OpenReadWrite(path, env.LogWrites)
	if err != nil {
		return nil, err
	}
	h.file = &File{File: f}
	h.file.refs.Store(2)
	out := h.file
	c.insert(h)
	return out, nil
}

// insert puts h in the ring and drops another file when the ring is full. The lock
// order is handle before ring; the victim's lock is only tried.
func (c *Files) insert(h *handle) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := &c.mu.idle
	if len(l.slots) < c.max {
		h.slot = len(l.slots)
		l.slots = append(l.slots, h)
		return
	}
	for range 2*len(l.slots) + 1 {
		l.hand = (l.hand + 1) % len(l.slots)
		v := l.slots[l.hand]
		if v == nil {
			break
		}
		if v == h || v.used.Swap(false) || !v.mu.TryLock() {
			continue
		}
		v.drop()
		v.mu.Unlock()
		break
	}
	if v := l.slots[l.hand]; v != nil && v != h && v.mu.TryLock() {
		v.drop()
		v.mu.Unlock()
	}
	h.slot = l.hand
	l.slots[l.hand] = h
}

func (h *handle) drop() {
	if h.file != nil {
		h.file.Release()
		h.file = nil
	}
}

// forget closes the cached file of a segment that goes away or is being replaced.
func (c *Files) forget(h *handle) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop()
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.mu.idle.slots; h.slot >= 0 && h.slot < len(s) && s[h.slot] == h {
		s[h.slot] = nil
	}
}
