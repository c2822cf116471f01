package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	// DefaultMaxFrameBytes is Kafka's socket.request.max.bytes.
	DefaultMaxFrameBytes = 100 << 20
	// MaxControlBytes bounds every request but Produce. Decoding such a request costs
	// up to some hundred bytes of memory for a byte of frame; the largest honest ones
	// (a group's assignments, commits of thousands of partitions) stay below 1 MiB.
	MaxControlBytes = 4 << 20

	// firstRead is what a frame may make us allocate before any of its bytes came.
	firstRead = 64 << 10
	// growth is the factor by which the buffer follows the bytes that did come.
	growth = 4
	// minFrameBytes is the smallest header: key, version, correlation id.
	minFrameBytes = 8
)

var (
	// ErrFrameTooLarge means a size field beyond the limit: garbage, or TLS or HTTP
	// spoken to a Kafka port.
	ErrFrameTooLarge = errors.New("frame size exceeds the limit")
	// ErrFrameTooSmall means a size field that cannot hold a header.
	ErrFrameTooSmall = errors.New("frame size is smaller than a request header")
	// ErrMalformed means bytes that do not follow the layout they claim.
	ErrMalformed = errors.New("malformed request")
)

// Budget lends memory for frames that are larger than firstRead, so that many
// connections together cannot exceed a limit. Implementations may block for a while.
type Budget interface {
	Acquire(n int) error
	Release(n int)
}

// A Frame is one request as it came, without its size field.
type Frame struct {
	Bytes []byte

	budget Budget
	lent   int
	reader *FrameReader // Bytes are in its buffer
}

// Release gives the frame's memory back. Nothing that aliases Bytes may be used after.
func (f *Frame) Release() {
	if f.Bytes == nil {
		return
	}
	if f.reader != nil {
		f.reader.settle()
	} else {
		PutBuffer(f.Bytes)
	}
	if f.lent > 0 {
		f.budget.Release(f.lent)
	}
	*f = Frame{}
}

// FrameReader cuts a byte stream into frames.
type FrameReader struct {
	r      *bufio.Reader
	max    int
	budget Budget
	out    int // bytes at the front of r that belong to the last frame
}

// settle passes over the last frame.
func (fr *FrameReader) settle() {
	_, _ = fr.r.Discard(fr.out)
	fr.out = 0
}

// NewFrameReader reads frames of at most max bytes from r. budget may be nil.
func NewFrameReader(r io.Reader, max int, budget Budget) *FrameReader {
	// 4 KiB takes the small requests in one system call; a larger read goes past the
	// buffer straight into the frame.
	return &FrameReader{r: bufio.NewReaderSize(r, 4<<10), max: max, budget: budget}
}

// Wait blocks until the first byte of a frame has come. It lets the caller tell an idle
// connection (io.EOF, timeout) from a frame that was cut.
func (fr *FrameReader) Wait() error {
	_, err := fr.r.Peek(1)
	return err
}

// Buffered reports whether bytes of a further frame have arrived already.
func (fr *FrameReader) Buffered() bool { return fr.r.Buffered() > 0 }

// Whole reports whether all of the next frame has arrived.
func (fr *FrameReader) Whole() bool {
	n := fr.r.Buffered()
	if n < 4 {
		return false
	}
	head, err := fr.r.Peek(4)
	return err == nil && n-4 >= int(int32(binary.BigEndian.Uint32(head)))
}

// Next returns the next frame; the one before must have been released. io.EOF means the
// stream ended between frames, and io.ErrUnexpectedEOF that it ended inside one. After an
// error the stream is lost.
func (fr *FrameReader) Next() (Frame, error) {
	fr.settle()
	head, err := fr.r.Peek(4)
	if err != nil {
		if err == io.EOF && len(head) > 0 {
			err = io.ErrUnexpectedEOF
		}
		return Frame{}, err
	}
	size := int(int32(binary.BigEndian.Uint32(head)))
	_, _ = fr.r.Discard(4)
	switch {
	case size < minFrameBytes:
		return Frame{}, fmt.Errorf("%w: %d bytes", ErrFrameTooSmall, size)
	case size > fr.max:
		return Frame{}, fmt.Errorf("%w: %d > %d bytes", ErrFrameTooLarge, size, fr.max)
	}
	if size <= fr.r.Buffered() { // a small request is used where it is
		b, err := fr.r.Peek(size)
		fr.out = size
		return Frame{Bytes: b[:size:size], reader: fr}, err
	}
	return fr.body(size)
}

// body reads size bytes into a buffer that grows only as they arrive.
func (fr *FrameReader) body(size int) (f Frame, err error) {
	f = Frame{Bytes: GetBuffer(min(size, firstRead)), budget: fr.budget}
	for {
		have := len(f.Bytes)
		want := min(size, cap(f.Bytes))
		n, err := io.ReadFull(fr.r, f.Bytes[have:want])
		f.Bytes = f.Bytes[:have+n]
		if err != nil {
			f.Release()
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return Frame{}, err
		}
		if want == size {
			return f, nil
		}
		next := min(size, growth*want)
		if fr.budget != nil {
			more := next - f.lent
			if err := fr.budget.Acquire(more); err != nil {
				f.Release()
				return Frame{}, err
			}
			f.lent += more
		}
		bigger := append(GetBuffer(next), f.Bytes...)
		PutBuffer(f.Bytes)
		f.Bytes = bigger
	}
}
