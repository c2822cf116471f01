package segment

import (
	"errors"
	"sync"
	"sync/atomic"

	"tailrace/storage/env"
)

// errGone says that a file was replaced or deleted between finding and opening it: the
// reader looks again.
var errGone = errors.New("segment: file is gone")

// File is an open segment file, shared and counted: whoever was handed one calls Release
// once.
type File struct {
	env.File
	refs atomic.Int32
}

// Release gives back one reference; the last one closes the file.
func (f *File) Release() {
	if f.refs.Add(-1) == 0 {
		_ = f.File.Close()
	}
}

func (f *File) retain() { f.refs.Add(1) }

// Files bounds how many segment files all logs of a node keep open between uses. A file
// in use, or with content that is not yet on disk, stays open beyond the bound.
type Files struct {
	fs  env.FS
	max int
	mu  struct {
		sync.Mutex
		ring []*handle // walked by hand, as the clock algorithm does
		hand int
	}
}

// NewFiles returns a cache that keeps at most max files open between uses.
func NewFiles(fs env.FS, max int) *Files { return &Files{fs: fs, max: max} }

// handle is the place of one file that may or may not be open. The zero value is closed.
type handle struct {
	mu   sync.Mutex
	file *File    // holds one reference
	mode openMode // of file
	dead bool
	used atomic.Bool
	slot int // 1 + index in the ring; guarded by Files.mu
}

// openMode says how a closed file is opened.
type openMode bool

const (
	readOnly  openMode = false
	readWrite openMode = true // made when missing
)

// acquire returns the file with a reference for the caller, opening it when needed.
func (c *Files) acquire(h *handle, path string, mode openMode) (*File, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.dead {
		return nil, errGone
	}
	h.used.Store(true)
	if h.file != nil && mode == readWrite && h.mode == readOnly {
		h.drop()
	}
	if h.file == nil {
		f, err := c.open(path, mode)
		if err != nil {
			return nil, err
		}
		h.file, h.mode = &File{File: f}, mode
		h.file.retain()
		c.insert(h)
	}
	h.file.retain()
	return h.file, nil
}

func (c *Files) open(path string, mode openMode) (env.File, error) {
	if mode == readWrite {
		return c.fs.OpenReadWrite(path, env.LogWrites)
	}
	return c.fs.Open(path)
}

// insert puts h, whose lock is held, in the ring and closes another file when it is full.
// The victim's lock is only tried, as the order of the locks demands.
func (c *Files) insert(h *handle) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h.slot > 0 {
		return
	}
	if len(c.mu.ring) >= c.max {
		for range 2 * len(c.mu.ring) {
			c.mu.hand = (c.mu.hand + 1) % len(c.mu.ring)
			v := c.mu.ring[c.mu.hand]
			if v == nil || c.evict(v) {
				c.mu.ring[c.mu.hand] = h
				h.slot = c.mu.hand + 1
				return
			}
		}
	}
	c.mu.ring = append(c.mu.ring, h)
	h.slot = len(c.mu.ring)
}

// Shed closes every file that nobody uses now: the process is out of descriptors.
func (c *Files) Shed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, v := range c.mu.ring {
		if v == nil || !v.mu.TryLock() {
			continue
		}
		v.drop()
		v.slot = 0
		v.mu.Unlock()
		c.mu.ring[i] = nil
	}
}

func (c *Files) evict(v *handle) bool {
	if v.used.Swap(false) || !v.mu.TryLock() {
		return false
	}
	v.drop()
	v.slot = 0
	v.mu.Unlock()
	return true
}

func (h *handle) drop() {
	if h.file != nil {
		h.file.Release()
		h.file = nil
	}
}

// kill closes the file for new users for good: its name may belong to another file soon.
func (c *Files) kill(h *handle) { c.close(h, true) }

// close lets go of the file until it is needed again.
func (c *Files) close(h *handle, dead bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop()
	h.dead = h.dead || dead
	c.mu.Lock()
	defer c.mu.Unlock()
	if h.slot > 0 {
		c.mu.ring[h.slot-1] = nil
		h.slot = 0
	}
}
