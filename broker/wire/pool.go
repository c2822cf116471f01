package wire

import (
	"math/bits"
	"sync"
)

// Buffers come in powers of two between these sizes. A larger one is made for its user
// and left to the garbage collector: a 64 MiB frame is too rare to keep.
const (
	minPooledShift = 9  // 512 B: most responses
	maxPooledShift = 22 // 4 MiB: a full fetch answer or produce request
)

var pools [maxPooledShift - minPooledShift + 1]sync.Pool

// GetBuffer returns a buffer of length 0 and at least the given capacity.
func GetBuffer(capacity int) []byte {
	shift := minPooledShift
	if capacity > 1<<minPooledShift {
		shift = bits.Len(uint(capacity - 1))
	}
	if shift > maxPooledShift {
		return make([]byte, 0, capacity)
	}
	if p, _ := pools[shift-minPooledShift].Get().(*[]byte); p != nil {
		return (*p)[:0]
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
	b = b[:0]
	pools[shift-minPooledShift].Put(&b)
}
