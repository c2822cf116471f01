package env_test

import (
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"tailrace/storage/env"
)

// refusing is a disk on which no file can be locked.
type refusing struct {
	env.FS
	err error
}

func (r refusing) Lock(name string) (io.Closer, error) {
	return nil, &os.PathError{Op: "open", Path: name, Err: r.err}
}

// TestLockDirSaysWhy a data folder cannot be taken: what may not be written is not in use.
func TestLockDirSaysWhy(t *testing.T) {
	for err, want := range map[error]string{
		syscall.EROFS: "read-only", syscall.EACCES: "cannot be written by this user", syscall.EPERM: "cannot be written by this user", syscall.EAGAIN: "in use by another server",
	} {
		_, got := env.LockDir(refusing{env.NewMemory(), err}, "data")
		if got == nil || !strings.Contains(got.Error(), want) || strings.Contains(got.Error(), "in use") != (err == syscall.EAGAIN) {
			t.Errorf("%v: %v, want %q", err, got, want)
		}
	}
}
