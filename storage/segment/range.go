package segment

import "tailrace/storage/env"

// Range is a run of whole record batches inside one segment file, ready to leave by
// sendfile (File.Fd, Pos, Len) or through a buffer (ReadAt). The file stays open, and
// readable even if the segment is deleted meanwhile, until Release.
type Range struct {
	File *File
	Pos  int64
	Len  int
}

// Empty reports whether there is nothing to send.
func (r *Range) Empty() bool { return r.Len == 0 }

// ReadAt fills b with the bytes of the range from off on; it returns how many.
func (r *Range) ReadAt(b []byte, off int) (int, error) {
	if n := r.Len - off; len(b) > n {
		b = b[:n]
	}
	return r.File.ReadAt(b, r.Pos+int64(off))
}

// Fd returns the descriptor of the segment file, or false when there is none (in memory).
func (r *Range) Fd() (uintptr, bool) {
	if r.File == nil {
		return 0, false
	}
	fd := r.File.Fd()
	return fd, fd != env.NoFd
}

// Release lets go of the file. The Range must not be used after it.
func (r *Range) Release() {
	if r.File != nil {
		r.File.Release()
		r.File = nil
	}
}
