package segment

import (
	"encoding/binary"
	"fmt"

	"tailrace/storage/env"
	"tailrace/storage/record"
)

// Range is a run of whole record batches inside one segment file, ready to leave by
// sendfile (Fd, Pos, Len) or through a buffer (ReadAt). The file stays open, and readable
// even if the segment is deleted meanwhile, until Release.
type Range struct {
	File *File
	Pos  int64
	Len  int
	// Next is the offset after the last record of the range.
	Next int64
	// Data is the range itself, when Locate has read it: see ReadLimit.Buffers.
	Data []byte

	buffers *Buffers // which Data goes back to
}

// Buffers lend memory for ranges that are read at once.
type Buffers struct {
	// Get returns a buffer with a capacity of at least n.
	Get func(n int) []byte
	// Put takes it back; nil leaves it to the garbage collector.
	Put func([]byte)
}

func (b *Buffers) put(p []byte) {
	if b.Put != nil {
		b.Put(p)
	}
}

// Empty reports whether there is nothing to send.
func (r *Range) Empty() bool { return r.Len == 0 }

// ReadAt fills b with the bytes of the range from off on; it returns how many.
func (r *Range) ReadAt(b []byte, off int) (int, error) {
	if r.Data != nil {
		return copy(b, r.Data[off:]), nil
	}
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

// Release lets go of the file and of Data. The Range must not be used after it.
func (r *Range) Release() {
	if r.Data != nil {
		r.buffers.put(r.Data)
		r.Data = nil
	}
	if r.File != nil {
		r.File.Release()
		r.File = nil
	}
}

// copyOut reads the range that begins with the batch at pos into memory, when it is small
// enough for that: one read finds its end and has its bytes. It returns an empty range
// when there is no whole batch within the limit.
func (l *Log) copyOut(p place, f *File, pos int64, limit ReadLimit) (Range, error) {
	n := min(p.end-pos, int64(limit.MaxBytes))
	if limit.Buffers == nil || n > int64(limit.CopyBytes) || n < record.HeaderSize {
		return Range{}, nil
	}
	b := limit.Buffers.Get(int(n))[:n]
	_, err := f.ReadAt(b, pos)
	whole, next := 0, int64(0)
	if err == nil {
		whole, next, err = wholeBatches(b)
	}
	if err != nil || whole == 0 {
		limit.Buffers.put(b)
		return Range{}, err
	}
	if pos+int64(whole) == p.end {
		next = p.next
	}
	return Range{File: f, Pos: pos, Len: whole, Next: next, Data: b[:whole], buffers: limit.Buffers}, nil
}

// wholeBatches returns how many bytes of b are whole batches, and the offset after them.
func wholeBatches(b []byte) (n int, next int64, err error) {
	last := -1
	for len(b)-n >= record.HeaderSize {
		size := record.PrefixSize + int(int32(binary.BigEndian.Uint32(b[n+8:])))
		if size < record.HeaderSize {
			return 0, 0, fmt.Errorf("%w: a batch of %d bytes", record.ErrMalformed, size)
		}
		if size > len(b)-n {
			break
		}
		last, n = n, n+size
	}
	if last < 0 {
		return 0, 0, nil
	}
	h, err := record.ParseHeader(b[last:])
	return n, h.NextOffset(), err
}
