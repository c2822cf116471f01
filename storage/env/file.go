package env

import (
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/cockroachdb/errors/oserror"
)

// LockDir takes the exclusive lock of a data folder, so that two servers never write the
// same files. Close the result to release it.
func LockDir(fs FS, dir string) (io.Closer, error) {
	l, err := fs.Lock(fs.PathJoin(dir, ".lock"))
	switch {
	case IsPermission(err):
		return nil, fmt.Errorf("data folder %s cannot be written by this user, or its disk is read-only: %w", dir, err)
	case err != nil:
		return nil, fmt.Errorf("data folder %s is in use by another server: %w", dir, err)
	}
	return l, nil
}

// IsPermission reports whether err says that this user may not do that, or that the disk
// takes no writes at all.
func IsPermission(err error) bool {
	return errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EROFS)
}

// IsNotExist reports whether err says that a file does not exist.
func IsNotExist(err error) bool { return oserror.IsNotExist(err) }

// IsNoSpace reports whether err says that the disk (or the user's share of it) is full.
func IsNoSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// IsExist reports whether err says that there is a file of that name already.
func IsExist(err error) bool { return errors.Is(err, syscall.EEXIST) }

// IsWrongKind reports whether err says that a folder stands where a file is needed, or a
// file, or more, where a folder or an empty one is.
func IsWrongKind(err error) bool {
	return errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EISDIR) || errors.Is(err, syscall.ENOTEMPTY)
}

// IsDevice reports whether err says that the disk itself failed.
func IsDevice(err error) bool { return errors.Is(err, syscall.EIO) }

// IsNoMemory reports whether err says that the machine has no memory left.
func IsNoMemory(err error) bool { return errors.Is(err, syscall.ENOMEM) }

// Truncate cuts the named file to size. Nobody may have it open for writing: where the
// file system cannot cut (in memory), the kept prefix is copied to a new file that takes
// the name.
func Truncate(fs FS, name string, size int64) error {
	f, err := fs.OpenReadWrite(name, LogWrites)
	if err != nil {
		return err
	}
	defer f.Close()
	if ok, err := TruncateOpen(f, size); ok {
		return err
	}
	tmp := name + ".tmp"
	if err := copyPrefix(fs, tmp, f, size); err != nil {
		return err
	}
	if err := fs.Rename(tmp, name); err != nil {
		return err
	}
	return SyncDir(fs, fs.PathDir(name))
}

// TruncateOpen cuts an open file and reports whether its file system can do so.
func TruncateOpen(f File, size int64) (ok bool, err error) {
	if t, is := f.(interface{ Truncate(size int64) error }); is && f.Fd() != NoFd {
		return true, t.Truncate(size)
	}
	return false, nil
}

func copyPrefix(fs FS, to string, from io.ReaderAt, size int64) error {
	w, err := fs.Create(to, LogWrites)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, io.NewSectionReader(from, 0, size))
	if err == nil {
		err = w.Sync()
	}
	return errors.Join(err, w.Close())
}

// MakeDir makes a folder, with those above it, and makes their names durable.
func MakeDir(fs FS, dir string) error {
	if _, err := fs.Stat(dir); err == nil {
		return nil
	} else if !IsNotExist(err) {
		return err
	}
	parent := fs.PathDir(dir)
	if parent == dir {
		return nil
	}
	if err := MakeDir(fs, parent); err != nil {
		return err
	}
	if err := fs.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return SyncDir(fs, parent)
}

// SyncDir makes the names in a folder durable.
func SyncDir(fs FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// ReadFile returns the content of a file.
func ReadFile(fs FS, name string) ([]byte, error) {
	f, err := fs.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// ReplaceFile makes the named file hold content, durably, and at every instant either
// the old content or the new.
func ReplaceFile(fs FS, name string, content []byte) error {
	tmp := name + ".tmp"
	w, err := fs.Create(tmp, MetaWrites)
	if err != nil {
		return err
	}
	_, err = w.Write(content)
	if err == nil {
		err = w.Sync()
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	if err := fs.Rename(tmp, name); err != nil {
		return err
	}
	return SyncDir(fs, fs.PathDir(name))
}
