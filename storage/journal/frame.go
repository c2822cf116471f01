package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"tailrace/storage/env"
)

const (
	headSize  = 16
	frameHead = 8
	// MaxFrame bounds a frame: a length above it is garbage.
	MaxFrame = 256 << 20
)

var (
	magic      = [8]byte{'T', 'R', 'J', 'R', 'N', 'L', 0, 1}
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// ErrCorrupt is returned when a file is not a journal at all.
var ErrCorrupt = errors.New("not a journal file")

// AppendFrame appends the frame of payload, for the file of that number, to dst.
func AppendFrame(dst []byte, number uint64, payload []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(payload)))
	dst = binary.BigEndian.AppendUint32(dst, frameCRC(number, payload))
	return append(dst, payload...)
}

// frameCRC covers the file's number, so that frames of a former life of a recycled file
// do not count.
func frameCRC(number uint64, payload []byte) uint32 {
	var b [12]byte
	binary.BigEndian.PutUint64(b[:], number)
	binary.BigEndian.PutUint32(b[8:], uint32(len(payload)))
	return crc32.Update(crc32.Checksum(b[:], castagnoli), castagnoli, payload)
}

func fileHead(number uint64) []byte {
	return binary.BigEndian.AppendUint64(append([]byte(nil), magic[:]...), number)
}

// ReadFrames calls visit with the payload of each frame of a file, in order, up to the
// first that is cut short or does not hold, and returns where that is. The payload is
// valid during the call.
func ReadFrames(fs env.FS, path string, visit func(payload []byte) error) (number uint64, end int64, err error) {
	f, err := fs.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return 0, 0, err
	}
	var head [headSize]byte
	if _, err := f.ReadAt(head[:], 0); err == io.EOF {
		return 0, 0, nil // made, but nothing was ever durable
	} else if err != nil {
		return 0, 0, err
	}
	if [8]byte(head[:8]) == ([8]byte{}) {
		return 0, 0, nil
	}
	if [8]byte(head[:8]) != magic {
		return 0, 0, fmt.Errorf("%s: %w", path, ErrCorrupt)
	}
	number = binary.BigEndian.Uint64(head[8:])
	var buf []byte
	for end = headSize; ; {
		if st.Size()-end < frameHead {
			return number, end, nil
		}
		if _, err := f.ReadAt(head[:frameHead], end); err != nil {
			return number, end, err
		}
		n := int64(binary.BigEndian.Uint32(head[:]))
		if n == 0 || n > MaxFrame || n > st.Size()-end-frameHead {
			return number, end, nil
		}
		if int64(cap(buf)) < n {
			buf = make([]byte, n)
		}
		buf = buf[:n]
		if _, err := f.ReadAt(buf, end+frameHead); err != nil {
			return number, end, err
		}
		if frameCRC(number, buf) != binary.BigEndian.Uint32(head[4:]) {
			return number, end, nil
		}
		if err := visit(buf); err != nil {
			return number, end, err
		}
		end += frameHead + n
	}
}

// File is one journal file that is being written.
type File struct {
	f      env.File
	number uint64
	end    int64
	buf    []byte
	failed error
}

// CreateFile makes a file, or overwrites a former one in place (its blocks are there, so
// that an fsync has less to do).
func CreateFile(fs env.FS, path string, number uint64) (*File, error) {
	f, err := fs.OpenReadWrite(path, env.MetaWrites)
	if err != nil {
		return nil, err
	}
	w := &File{f: f, number: number, end: headSize}
	if _, err := f.WriteAt(fileHead(number), 0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return w, nil
}

// OpenFile opens a file to append at end, as ReadFrames returned it.
func OpenFile(fs env.FS, path string, number uint64, end int64) (*File, error) {
	if end < headSize {
		return CreateFile(fs, path, number)
	}
	f, err := fs.OpenReadWrite(path, env.MetaWrites)
	if err != nil {
		return nil, err
	}
	return &File{f: f, number: number, end: end}, nil
}

// ErrFailed marks a file of which it is not known what is on disk.
var ErrFailed = errors.New("journal stopped after a disk failure")

// Append adds a frame for each payload with one write and makes them durable with one
// fsync. When the write fails nothing was added and it may be tried again; after a failed
// fsync the file is ErrFailed.
func (w *File) Append(payloads ...[]byte) error {
	if w.failed != nil {
		return w.failed
	}
	w.buf = w.buf[:0]
	for _, p := range payloads {
		if len(p) == 0 || len(p) > MaxFrame {
			return fmt.Errorf("journal: frame of %d bytes", len(p))
		}
		w.buf = AppendFrame(w.buf, w.number, p)
	}
	n := int64(len(w.buf))
	// A zero length behind the frames ends them: what lies there may be an old write
	// that failed half way.
	w.buf = append(w.buf, make([]byte, frameHead)...)
	if _, err := w.f.WriteAt(w.buf, w.end); err != nil {
		return err
	}
	if err := w.f.SyncData(); err != nil {
		w.failed = fmt.Errorf("%w: %w", ErrFailed, err)
		return w.failed
	}
	w.end += n
	if cap(w.buf) > 4<<20 {
		w.buf = nil
	}
	return nil
}

// Size is the size of the file so far.
func (w *File) Size() int64 { return w.end }

// Reserve allocates blocks up to size; it may do nothing.
func (w *File) Reserve(size int64) { _ = w.f.Preallocate(0, size) }

// Close closes the file.
func (w *File) Close() error { return w.f.Close() }
