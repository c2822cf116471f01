package wire

import (
	"sync"

	"tailrace/storage/segment"
)

// Body is an answer on its way out: encoded bytes, and between them ranges of segment
// files, most of which nobody has looked at.
//
//	Bytes   | head ......... | ... | tail |
//	                  range ^  range ^
type Body struct {
	Bytes  []byte
	ranges []placed
	extra  int64
}

// placed is a range that goes out after the first at bytes.
type placed struct {
	at int
	segment.Range
}

var bodies = sync.Pool{New: func() any { return new(Body) }}

// NewBody starts the answer to h with its header, in a pooled buffer.
func NewBody(h Header) *Body {
	b := bodies.Get().(*Body)
	b.Bytes = AppendAnswerHeader(GetBuffer(0), h)
	return b
}

// AddRange puts a range after the bytes appended so far. The Body owns it from here on.
func (b *Body) AddRange(r segment.Range) {
	if r.Empty() {
		r.Release()
		return
	}
	b.ranges = append(b.ranges, placed{len(b.Bytes), r})
	b.extra += int64(r.Len)
}

// Finish writes the size field; the Body is then ready to be sent.
func (b *Body) Finish() { FinishFrame(b.Bytes, b.extra) }

// Size is the number of bytes on the wire.
func (b *Body) Size() int64 { return int64(len(b.Bytes)) + b.extra }

// Walk calls put for each run of bytes and splice for each range, in wire order, until
// one of them fails.
func (b *Body) Walk(put func([]byte) error, splice func(*segment.Range) error) error {
	sent := 0
	for i := range b.ranges {
		r := &b.ranges[i]
		if r.at > sent {
			if err := put(b.Bytes[sent:r.at]); err != nil {
				return err
			}
			sent = r.at
		}
		if err := splice(&r.Range); err != nil {
			return err
		}
	}
	if sent < len(b.Bytes) {
		return put(b.Bytes[sent:])
	}
	return nil
}

// Plain reports whether the answer is nothing but Bytes.
func (b *Body) Plain() bool { return len(b.ranges) == 0 }

// Release gives buffers and files back; the Body must not be used after.
func (b *Body) Release() {
	for i := range b.ranges {
		b.ranges[i].Release()
	}
	PutBuffer(b.Bytes)
	clear(b.ranges)
	*b = Body{ranges: b.ranges[:0]}
	bodies.Put(b)
}
