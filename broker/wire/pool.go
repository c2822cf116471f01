package wire

import (
	"math/bits"
	"sync"

	"tailrace/storage/segment"
)

// Buffers come in powers of two between these sizes. A larger one is made for its user
// and left to the garbage collector: a 64 MiB frame is too rare to keep.
const (
	minPooledShift = 9  // 512 B: most responses
	maxPooledShift = 22 // 4 MiB: a full fetch answer or produce request
)

var pools [maxPooledShift - minPooledShift + 1]sync.Pool

// boxes hold empty slice headers between uses, or putting a buffer back would allocate.
var boxes = sync.Pool{New: func() any { return new([]byte) }}

// GetBuffer returns a buffer of length 0 and at least the given capacity.
func GetBuffer(capacity int) []byte {
	shift := minPooledShift
	if capacity > 1<<minPooledShift {
		shift = bits.Len(uint(capacity - 1))
	}
	if shift > maxPooledShift {
		return make([]byte, 0, capacity)
	}
	if box, _ := pools[shift-minPooledShift].Get().(*[]byte); box != nil {
		b := *box
		*box = nil
		boxes.Put(box)
		return b
	}
	return make([]byte, 0, 1<<shift)
}

// PutBuffer gives a buffer back. The caller and everybody it lent slices to must be
// done with it. Buffers that grew by append are welcome: they are filed under the
// largest class that they can serve.
func PutBuffer(b []byte) {
	c := cap(b)
	if c < 1<<minPooledShift {
		return
	}
	shift := bits.Len(uint(c)) - 1
	if shift > maxPooledShift {
		return
	}
	box := boxes.Get().(*[]byte)
	*box = b[:0]
	pools[shift-minPooledShift].Put(box)
}

// RangeBuffers lend pooled buffers to small ranges of segments.
var RangeBuffers = segment.Buffers{Get: GetBuffer, Put: PutBuffer}
