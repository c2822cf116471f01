package env

import (
	"errors"
	"math"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A process has so many file descriptors, for files and connections together. When there is
// none left, nothing is broken: whoever wants one waits, or is refused that one thing.

// IsNoDescriptors reports whether err says that the process, or the machine, has no file
// descriptor left. It says nothing about the disk, and passes.
func IsNoDescriptors(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// DescriptorLimit is how many descriptors the process may have (ulimit -n; the runtime has
// raised the soft limit to the hard one).
func DescriptorLimit() int {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil || r.Cur > math.MaxInt32 {
		return math.MaxInt32
	}
	return int(r.Cur)
}

// The pauses between tries double from the first to the last.
const (
	firstPause = time.Millisecond
	lastOpen   = 256 * time.Millisecond // half a second in all
	lastAccept = time.Second
)

// frugal is an FS that waits a moment for a descriptor.
type frugal struct {
	FS
	clock Clock
	shed  func()
}

// Frugal returns fs as one that, out of descriptors, calls shed (which lets go of files that
// nobody uses) and tries again for half a second before it fails.
func Frugal(fs FS, clock Clock, shed func()) FS { return frugal{fs, clock, shed} }

func (f frugal) open(try func() (File, error)) (File, error) {
	for pause := firstPause; ; pause *= 2 {
		file, err := try()
		if !IsNoDescriptors(err) || pause > lastOpen {
			return file, err
		}
		f.shed()
		t := f.clock.NewTimer(pause)
		<-t.C()
	}
}

// Create implements FS.
func (f frugal) Create(name string, c vfs.DiskWriteCategory) (File, error) {
	return f.open(func() (File, error) { return f.FS.Create(name, c) })
}

// Open implements FS.
func (f frugal) Open(name string, opts ...vfs.OpenOption) (File, error) {
	return f.open(func() (File, error) { return f.FS.Open(name, opts...) })
}

// OpenReadWrite implements FS.
func (f frugal) OpenReadWrite(name string, c vfs.DiskWriteCategory, opts ...vfs.OpenOption) (File, error) {
	return f.open(func() (File, error) { return f.FS.OpenReadWrite(name, c, opts...) })
}

// OpenDir implements FS.
func (f frugal) OpenDir(name string) (File, error) {
	return f.open(func() (File, error) { return f.FS.OpenDir(name) })
}

// Unwrap implements FS.
func (f frugal) Unwrap() FS { return f.FS }

// patient is a listener that waits where others give up.
type patient struct {
	net.Listener
	clock Clock
	warn  func(error)
	done  chan struct{}
	once  sync.Once
}

// PatientListener returns l as one whose Accept goes on after failures that pass: no
// descriptor, no memory, a client that went away in between. Clients wait in the backlog
// meanwhile. warn is told of the first failure of a row.
func PatientListener(l net.Listener, clock Clock, warn func(error)) net.Listener {
	return &patient{Listener: l, clock: clock, warn: warn, done: make(chan struct{})}
}

func passes(err error) bool {
	for _, e := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED, syscall.EINTR} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// Accept implements net.Listener.
func (p *patient) Accept() (net.Conn, error) {
	for pause := firstPause; ; pause = min(2*pause, lastAccept) {
		nc, err := p.Listener.Accept()
		if err == nil || !passes(err) {
			return nc, err
		}
		if pause == firstPause {
			p.warn(err)
		}
		t := p.clock.NewTimer(pause)
		select {
		case <-t.C():
		case <-p.done:
			t.Stop()
			return nil, net.ErrClosed
		}
	}
}

// Close implements net.Listener.
func (p *patient) Close() error {
	p.once.Do(func() { close(p.done) })
	return p.Listener.Close()
}
