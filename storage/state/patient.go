package state

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tailrace/storage/env"
)

// spaceRetry is how long a full disk is given before a write is tried again.
const spaceRetry = 100 * time.Millisecond

// patient is a file system that waits where the disk is full, until there is room. Pebble
// itself would try a flush again in a tight loop, and end the process when it cannot
// write its manifest; but a full disk is no reason to lose the server, which still has
// reads to serve, and which waits for the disk with its log as well.
type patient struct {
	env.FS
	clock env.Clock
	// blocked gets a signal whenever somebody waits.
	blocked chan struct{}
	// cut off: the folder is no longer Pebble's, and another one may have its name.
	gate struct {
		sync.RWMutex
		cut  bool
		lock io.Closer // of the folder
	}
}

var errCut = errors.New("the folder has been moved away")

// cut refuses everything that names a file from now on, and lets the folder's lock go.
func (p *patient) cut() {
	p.gate.Lock()
	defer p.gate.Unlock()
	p.gate.cut = true
	_ = p.unlock() // the file is closed and the lock gone, whatever closing says
}

func (p *patient) unlock() error {
	l := p.gate.lock
	p.gate.lock = nil
	if l == nil {
		return nil
	}
	return l.Close()
}

// Lock implements vfs.FS: the lock is ours to let go.
func (p *patient) Lock(name string) (io.Closer, error) {
	p.gate.Lock()
	defer p.gate.Unlock()
	if p.gate.cut {
		return nil, errCut
	}
	l, err := p.FS.Lock(name)
	if err != nil {
		return nil, err
	}
	p.gate.lock = l
	return folderLock{p}, nil
}

// folderLock is what Pebble holds of the lock.
type folderLock struct{ p *patient }

func (l folderLock) Close() error {
	l.p.gate.Lock()
	defer l.p.gate.Unlock()
	return l.p.unlock()
}

// named runs f, which names files, unless they are cut off.
func (p *patient) named(f func() error) error {
	p.gate.RLock()
	defer p.gate.RUnlock()
	if p.gate.cut {
		return errCut
	}
	return f()
}

func newPatient(fs env.FS, clock env.Clock) *patient {
	return &patient{FS: fs, clock: clock, blocked: make(chan struct{}, 1)}
}

// again waits a little when err says that the disk is full, and reports whether it did.
func (p *patient) again(err error) bool {
	if err == nil || !env.IsNoSpace(err) {
		return false
	}
	if p.named(func() error { return nil }) != nil {
		return false
	}
	select {
	case p.blocked <- struct{}{}:
	default:
	}
	t := p.clock.NewTimer(spaceRetry)
	defer t.Stop()
	<-t.C()
	return true
}

func (p *patient) do(f func() error) error {
	err := f()
	for p.again(err) {
		err = f()
	}
	return err
}

func (p *patient) open(f func() (vfs.File, error)) (vfs.File, error) {
	var file vfs.File
	err := p.do(func() error {
		return p.named(func() (err error) {
			file, err = f()
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return &patientFile{file, p}, nil
}

// Create implements vfs.FS.
func (p *patient) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return p.open(func() (vfs.File, error) { return p.FS.Create(name, c) })
}

// OpenReadWrite implements vfs.FS.
func (p *patient) OpenReadWrite(name string, c vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	return p.open(func() (vfs.File, error) { return p.FS.OpenReadWrite(name, c, opts...) })
}

// ReuseForWrite implements vfs.FS.
func (p *patient) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return p.open(func() (vfs.File, error) { return p.FS.ReuseForWrite(from, to, c) })
}

// Link implements vfs.FS.
func (p *patient) Link(from, to string) error {
	return p.do(func() error { return p.named(func() error { return p.FS.Link(from, to) }) })
}

// Rename implements vfs.FS.
func (p *patient) Rename(from, to string) error {
	return p.do(func() error { return p.named(func() error { return p.FS.Rename(from, to) }) })
}

// MkdirAll implements vfs.FS.
func (p *patient) MkdirAll(dir string, perm os.FileMode) error {
	return p.do(func() error { return p.named(func() error { return p.FS.MkdirAll(dir, perm) }) })
}

// Remove implements vfs.FS.
func (p *patient) Remove(name string) error {
	return p.named(func() error { return p.FS.Remove(name) })
}

// RemoveAll implements vfs.FS.
func (p *patient) RemoveAll(name string) error {
	return p.named(func() error { return p.FS.RemoveAll(name) })
}

// Open implements vfs.FS.
func (p *patient) Open(name string, opts ...vfs.OpenOption) (vfs.File, error) {
	var file vfs.File
	err := p.named(func() (err error) {
		file, err = p.FS.Open(name, opts...)
		return err
	})
	return file, err
}

// OpenDir implements vfs.FS.
func (p *patient) OpenDir(name string) (vfs.File, error) {
	var file vfs.File
	err := p.named(func() (err error) {
		file, err = p.FS.OpenDir(name)
		return err
	})
	return file, err
}

// Unwrap implements vfs.FS.
func (p *patient) Unwrap() vfs.FS { return p.FS }

// patientFile waits in its writes. Sync does not wait: what a failed fsync has dropped
// does not come back by asking again.
type patientFile struct {
	vfs.File
	p *patient
}

func (f *patientFile) Write(b []byte) (n int, err error) {
	err = f.p.do(func() error {
		k, err := f.File.Write(b[n:])
		n += k
		return err
	})
	return n, err
}

func (f *patientFile) WriteAt(b []byte, at int64) (n int, err error) {
	err = f.p.do(func() error {
		k, err := f.File.WriteAt(b[n:], at+int64(n))
		n += k
		return err
	})
	return n, err
}

// Preallocate is only a wish: without room for it the writes themselves will wait.
func (f *patientFile) Preallocate(at, length int64) error {
	if err := f.File.Preallocate(at, length); !env.IsNoSpace(err) {
		return err
	}
	return nil
}
