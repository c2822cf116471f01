package env

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// scripted fails as often as it has errors, and then has a connection.
type scripted struct {
	net.Listener
	errs []error
}

func (s *scripted) Accept() (net.Conn, error) {
	if len(s.errs) == 0 {
		return &net.TCPConn{}, nil
	}
	err := s.errs[0]
	s.errs = s.errs[1:]
	return nil, err
}

func (s *scripted) Close() error { return nil }

func TestPatientListener(t *testing.T) {
	full := &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	warned := 0
	s := &scripted{errs: []error{full, full, syscall.ECONNABORTED}}
	l := PatientListener(s, SystemClock, func(error) { warned++ })
	if nc, err := l.Accept(); nc == nil || err != nil || warned != 1 {
		t.Errorf("after failures that pass: %v, %v, %d warnings", nc, err, warned)
	}
	s.errs = []error{syscall.EINVAL}
	if _, err := l.Accept(); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("a failure that does not pass: %v", err)
	}
	// A close ends the wait, however long it is.
	s.errs = []error{full, full, full, full}
	l = PatientListener(s, NewManualClock(SystemClock.Now()), func(error) {})
	done := make(chan error)
	go func() {
		_, err := l.Accept()
		done <- err
	}()
	_ = l.Close()
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed while it waited: %v", err)
	}
}

func TestFrugal(t *testing.T) {
	left, sheds := 0, 0
	inner := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		switch op.Kind {
		case errorfs.OpCreate, errorfs.OpOpen, errorfs.OpOpenDir:
			if left == 0 {
				return fmt.Errorf("open: %w", syscall.EMFILE)
			}
		}
		return nil
	}))
	fs := Frugal(inner, SystemClock, func() {
		if sheds++; sheds%2 == 0 { // what was in use the first time is not any more
			left = 1
		}
	})
	for name, open := range map[string]func() (File, error){
		"create": func() (File, error) { return fs.Create("a", LogWrites) },
		"write":  func() (File, error) { return fs.OpenReadWrite("a", LogWrites) },
		"folder": func() (File, error) { return fs.OpenDir("") },
	} {
		left = 0
		f, err := open()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		f.Close()
	}
	left = 0
	never := Frugal(inner, SystemClock, func() {})
	if _, err := never.Open("a"); !IsNoDescriptors(err) {
		t.Errorf("when none comes free: %v", err)
	}
}
