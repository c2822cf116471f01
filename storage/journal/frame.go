package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"tailrace/storage/env"
)

// Version is that of the files that are written.
const Version = 3

const (
	headSize   = 28
	headSizeV2 = 20
	headSizeV1 = 16
	frameHead  = 20
	// MaxFrame bounds a frame: a length above it is garbage.
	MaxFrame = 256 << 20
)

var (
	magic      = [8]byte{'T', 'R', 'J', 'R', 'N', 'L', 0, 3}
	magicV2    = [8]byte{'T', 'R', 'J', 'R', 'N', 'L', 0, 2}
	magicV1    = [8]byte{'T', 'R', 'J', 'R', 'N', 'L', 0, 1}
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// ErrCorrupt is returned for a file whose head does not hold: nothing in it can be told.
var ErrCorrupt = errors.New("not a journal file, or its head is damaged")

// appendFrame appends the frame of payload, for the file of that number, to dst. synced is
// how much of the file was durable when the frame was written.
func appendFrame(dst []byte, number uint64, synced int64, payload []byte) []byte {
	be := binary.BigEndian
	dst = be.AppendUint32(dst, marker(number))
	dst = be.AppendUint32(dst, uint32(len(payload)))
	dst = be.AppendUint32(dst, frameCRC(number, synced, payload))
	dst = be.AppendUint64(dst, uint64(synced))
	return append(dst, payload...)
}

// marker begins the frames of a file: it is what is looked for behind damage. Frames of a
// former life of a recycled file have another.
func marker(number uint64) uint32 {
	return crc32.Checksum(binary.BigEndian.AppendUint64([]byte("frame of "), number), castagnoli) | 1<<31
}

// frameCRC covers the file's number, so that frames of a former life of a recycled file
// do not count.
func frameCRC(number uint64, synced int64, payload []byte) uint32 {
	var b [20]byte
	binary.BigEndian.PutUint64(b[:], number)
	binary.BigEndian.PutUint32(b[8:], uint32(len(payload)))
	binary.BigEndian.PutUint64(b[12:], uint64(synced))
	return crc32.Update(crc32.Checksum(b[:], castagnoli), castagnoli, payload)
}

// fileHead is the head of a file. before is where the file before it ended, which is over
// when this one begins; 0: there is none, or it is not known.
func fileHead(number uint64, before int64) []byte {
	b := binary.BigEndian.AppendUint64(append([]byte(nil), magic[:]...), number)
	return withCRC(binary.BigEndian.AppendUint64(b, uint64(before)))
}

func fileHeadV2(number uint64) []byte {
	return withCRC(binary.BigEndian.AppendUint64(append([]byte(nil), magicV2[:]...), number))
}

func withCRC(b []byte) []byte {
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// Hole is a range of bytes of a file that fails its check although it had been durable:
// damage. What stood in it is not known.
type Hole struct{ From, To int64 }

// Contents is what ReadFrames found in a file.
type Contents struct {
	Number  uint64
	Version int // of the file's format; older ones are read and never written
	// Before is where the file before this one ended; 0: not known.
	Before int64
	// End is where the next frame goes.
	End int64
	// Frames counts those that hold.
	Frames int
	Holes  []Hole
}

// frame is one that holds.
type frame struct {
	at, end, synced int64
	payload         []byte
}

// ReadFrames calls visit with the payload of each frame of a file, in order. The payload is
// valid during the call.
//
// The last write of a crash may be torn anywhere: its frames were not acknowledged, and the
// file ends before the first of them that does not hold. Bytes that fail their check below
// what a later frame says was durable are damage: a Hole; the frames behind it count.
func ReadFrames(fs env.FS, path string, visit func(payload []byte) error) (Contents, error) {
	b, err := env.ReadFile(fs, path)
	if err != nil {
		return Contents{}, err
	}
	if len(b) < headSizeV1 || len(bytes.TrimLeft(b[:headSizeV1], "\x00")) == 0 {
		return Contents{}, nil // made, but nothing was ever durable
	}
	c := Contents{Number: binary.BigEndian.Uint64(b[8:]), End: headSize, Version: Version}
	var frames []frame
	switch {
	case [8]byte(b) == magicV1:
		c.End, c.Version = headSizeV1, 1
		frames = framesV1(b, c.Number)
	case len(b) >= headSizeV2 && bytes.Equal(b[:headSizeV2], fileHeadV2(c.Number)):
		c.End, c.Version = headSizeV2, 2
		frames = findFrames(b, c.Number, c.End)
	case len(b) >= headSize && bytes.Equal(b[:headSize], fileHead(c.Number, int64(binary.BigEndian.Uint64(b[16:])))):
		c.Before = int64(binary.BigEndian.Uint64(b[16:]))
		frames = findFrames(b, c.Number, c.End)
	default:
		return Contents{}, fmt.Errorf("%s: %w", path, ErrCorrupt)
	}
	durable := int64(0)
	for i := range frames {
		durable = max(durable, frames[i].synced)
	}
	for _, f := range frames {
		if f.at > c.End {
			if durable <= c.End {
				break // the tail of a write that was never acknowledged
			}
			c.Holes = append(c.Holes, Hole{c.End, f.at})
		}
		c.End = f.end
		c.Frames++
		if err := visit(f.payload); err != nil {
			return c, err
		}
	}
	return c, nil
}

// findFrames returns every frame that holds from at on, also those behind bytes that do not.
func findFrames(b []byte, number uint64, at int64) (out []frame) {
	begin := binary.BigEndian.AppendUint32(nil, marker(number))
	for {
		if f, ok := frameAt(b, at, number); ok {
			out = append(out, f)
			at = f.end
			continue
		}
		next := bytes.Index(b[min(at+1, int64(len(b))):], begin)
		if next < 0 {
			return out
		}
		at += 1 + int64(next)
	}
}

func frameAt(b []byte, at int64, number uint64) (f frame, ok bool) {
	be := binary.BigEndian
	if int64(len(b))-at < frameHead || be.Uint32(b[at:]) != marker(number) {
		return f, false
	}
	n := int64(be.Uint32(b[at+4:]))
	f = frame{at: at, end: at + frameHead + n, synced: int64(be.Uint64(b[at+12:]))}
	if n == 0 || n > MaxFrame || f.end > int64(len(b)) {
		return f, false
	}
	f.payload = b[at+frameHead : f.end]
	return f, frameCRC(number, f.synced, f.payload) == be.Uint32(b[at+8:])
}

// framesV1 reads a file of version 1, whose frames do not tell how far it was durable: it
// ends at the first frame that does not hold.
//
//	frame | length u32 | crc32c(number, length, payload) u32 | payload |
func framesV1(b []byte, number uint64) (out []frame) {
	be := binary.BigEndian
	for at := int64(headSizeV1); int64(len(b))-at >= 8; {
		n := int64(be.Uint32(b[at:]))
		f := frame{at: at, end: at + 8 + n}
		if n == 0 || n > MaxFrame || f.end > int64(len(b)) {
			break
		}
		f.payload = b[at+8 : f.end]
		head := be.AppendUint32(be.AppendUint64(nil, number), uint32(n))
		if crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, f.payload) != be.Uint32(b[at+4:]) {
			break
		}
		out = append(out, f)
		at = f.end
	}
	return out
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
// that an fsync has less to do). before is where the file before it ended; 0: there is none.
func CreateFile(fs env.FS, path string, number uint64, before int64) (*File, error) {
	f, err := fs.OpenReadWrite(path, env.MetaWrites)
	if err != nil {
		return nil, err
	}
	w := &File{f: f, number: number, end: headSize}
	if _, err := f.WriteAt(fileHead(number, before), 0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return w, nil
}

// OpenFile opens a file to append where ReadFrames found its end. It must be of the version
// that is written: Contents of older files are written anew by who holds them.
func OpenFile(fs env.FS, path string, c Contents) (*File, error) {
	if c.Version == 0 {
		return CreateFile(fs, path, c.Number, 0)
	}
	f, err := fs.OpenReadWrite(path, env.MetaWrites)
	if err != nil {
		return nil, err
	}
	return &File{f: f, number: c.Number, end: c.End}, nil
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
		w.buf = appendFrame(w.buf, w.number, w.end, p)
	}
	n := int64(len(w.buf))
	// Zeroes behind the frames end them: what lies there may be an old write that failed
	// half way.
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
