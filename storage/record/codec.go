package record

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// Codec is the compression of a batch.
type Codec int8

// The codecs that a batch can have.
const (
	None Codec = iota
	Gzip
	Snappy // in Xerial's framing, or one bare block
	LZ4    // in LZ4's frame format
	Zstd
)

// ParseCodec returns the codec with Kafka's name for it ("uncompressed" is none).
func ParseCodec(name string) (Codec, bool) {
	switch name {
	case "none", "uncompressed":
		return None, true
	case "gzip":
		return Gzip, true
	case "snappy":
		return Snappy, true
	case "lz4":
		return LZ4, true
	case "zstd":
		return Zstd, true
	}
	return None, false
}

// String is Kafka's name of the codec.
func (c Codec) String() string {
	switch c {
	case None:
		return "none"
	case Gzip:
		return "gzip"
	case Snappy:
		return "snappy"
	case LZ4:
		return "lz4"
	case Zstd:
		return "zstd"
	}
	return fmt.Sprintf("codec %d", int8(c))
}

// MaxDecompressed bounds the records of one batch. It is far above what clients send (a
// batch is limited to max.message.bytes, 1 MiB by default, and compresses some ten
// times), and keeps a bomb from taking the process.
const MaxDecompressed = 128 << 20

// xerial is the head of Snappy's Java framing: magic, version 1, compatible with 1.
var xerial = []byte{0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1}

const (
	xerialHead  = 16
	xerialMagic = 8
	xerialBlock = 32 << 10 // Java's default block
)

var (
	gzipReaders = sync.Pool{New: func() any { return new(gzip.Reader) }}
	gzipWriters = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}
	lz4Readers  = sync.Pool{New: func() any { return lz4.NewReader(nil) }}
	lz4Writers  = sync.Pool{New: func() any {
		w := lz4.NewWriter(io.Discard)
		// As Kafka's clients: every reader has to have room for a block.
		if err := w.Apply(lz4.BlockSizeOption(lz4.Block64Kb)); err != nil {
			panic(err) // the option is a constant
		}
		return w
	}}
	zstdReaders = sync.Pool{New: func() any {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderMaxMemory(MaxDecompressed), zstd.WithDecoderLowmem(true))
		if err != nil {
			panic(err) // the options are constants
		}
		return d
	}}
	zstdWriters = sync.Pool{New: func() any {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
		if err != nil {
			panic(err)
		}
		return e
	}}
)

// decompress appends the content of src to dst[:0]. The result has Slack readable bytes
// behind it and is never longer than MaxDecompressed.
func decompress(c Codec, dst, src []byte) ([]byte, error) {
	dst = dst[:0]
	var err error
	switch c {
	case Gzip:
		r := gzipReaders.Get().(*gzip.Reader)
		defer gzipReaders.Put(r)
		if err = r.Reset(bytes.NewReader(src)); err == nil {
			dst, err = readAll(dst, r)
		}
	case Snappy:
		dst, err = unsnappy(dst, src)
	case LZ4:
		r := lz4Readers.Get().(*lz4.Reader)
		defer lz4Readers.Put(r)
		r.Reset(bytes.NewReader(src))
		dst, err = readAll(dst, r)
	case Zstd:
		d := zstdReaders.Get().(*zstd.Decoder)
		defer zstdReaders.Put(d)
		dst, err = d.DecodeAll(src, dst)
		if errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded) {
			err = ErrTooLarge
		}
	default:
		return dst, fmt.Errorf("%w: unknown %v", ErrMalformed, c)
	}
	switch {
	case errors.Is(err, ErrTooLarge):
		return dst, err
	case err != nil:
		return dst, fmt.Errorf("%w: %v: %v", ErrMalformed, c, err)
	}
	return withSlack(dst), nil
}

func withSlack(b []byte) []byte {
	if cap(b)-len(b) >= Slack {
		return b
	}
	return append(b, make([]byte, Slack)...)[:len(b)]
}

func readAll(dst []byte, r io.Reader) ([]byte, error) {
	for {
		if cap(dst)-len(dst) < 512 {
			dst = append(dst, make([]byte, max(4096, len(dst)))...)[:len(dst)]
		}
		n, err := r.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if len(dst) > MaxDecompressed {
			return dst, ErrTooLarge
		}
		if err == io.EOF {
			return dst, nil
		}
		if err != nil {
			return dst, err
		}
	}
}

func unsnappy(dst, src []byte) ([]byte, error) {
	if len(src) < xerialHead || !bytes.Equal(src[:xerialMagic], xerial[:xerialMagic]) {
		return unsnappyBlock(dst, src)
	}
	src = src[xerialHead:]
	for len(src) > 0 {
		if len(src) < 4 {
			return dst, io.ErrUnexpectedEOF
		}
		n := int64(binary.BigEndian.Uint32(src))
		src = src[4:]
		if n > int64(len(src)) {
			return dst, io.ErrUnexpectedEOF
		}
		var err error
		if dst, err = unsnappyBlock(dst, src[:n]); err != nil {
			return dst, err
		}
		src = src[n:]
	}
	return dst, nil
}

func unsnappyBlock(dst, src []byte) ([]byte, error) {
	n, err := s2.DecodedLen(src)
	if err != nil {
		return dst, err
	}
	// A block cannot expand more than a copy of 64 bytes for each 2 bytes of input: a
	// larger claim is a lie that must not be allocated.
	if n > MaxDecompressed-len(dst) || n > 64*len(src)+64 {
		return dst, ErrTooLarge
	}
	if cap(dst)-len(dst) < n+Slack {
		grown := make([]byte, len(dst), len(dst)+max(n+Slack, len(dst)))
		copy(grown, dst)
		dst = grown
	}
	out, err := s2.Decode(dst[len(dst):len(dst)+n], src)
	if err != nil {
		return dst, err
	}
	return dst[:len(dst)+len(out)], nil
}

// compress appends the compressed form of src to dst.
func compress(c Codec, dst, src []byte) ([]byte, error) {
	switch c {
	case Gzip:
		w := gzipWriters.Get().(*gzip.Writer)
		defer gzipWriters.Put(w)
		return compressTo(w, dst, src)
	case LZ4:
		w := lz4Writers.Get().(*lz4.Writer)
		defer lz4Writers.Put(w)
		return compressTo(w, dst, src)
	case Snappy:
		dst = append(dst, xerial...)
		for len(src) > 0 {
			n := min(len(src), xerialBlock)
			at := len(dst)
			dst = append(dst, make([]byte, 4+s2.MaxEncodedLen(n))...)
			out := s2.EncodeSnappy(dst[at+4:], src[:n])
			binary.BigEndian.PutUint32(dst[at:], uint32(len(out)))
			dst = dst[:at+4+len(out)]
			src = src[n:]
		}
		return dst, nil
	case Zstd:
		e := zstdWriters.Get().(*zstd.Encoder)
		defer zstdWriters.Put(e)
		return e.EncodeAll(src, dst), nil
	}
	return dst, fmt.Errorf("record: cannot compress with %v", c)
}

type resetWriter interface {
	io.WriteCloser
	Reset(io.Writer)
}

func compressTo(w resetWriter, dst, src []byte) ([]byte, error) {
	out := appender{dst}
	w.Reset(&out)
	if _, err := w.Write(src); err != nil {
		return dst, err
	}
	err := w.Close()
	return out.b, err
}

type appender struct{ b []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}
