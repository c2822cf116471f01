package vector

import "math/bits"

// Bitmap is a set of row numbers, one bit a row. A nil or short Bitmap has zeros past its
// end, so that "no NULLs" costs nothing.
type Bitmap []uint64

// NewBitmap makes a bitmap of n zero bits.
func NewBitmap(n int) Bitmap { return make(Bitmap, (n+63)/64) }

// Get reports bit i.
func (b Bitmap) Get(i int) bool {
	w := i >> 6
	return w < len(b) && b[w]>>(uint(i)&63)&1 != 0
}

// Set sets bit i, which must lie inside.
func (b Bitmap) Set(i int) { b[i>>6] |= 1 << (uint(i) & 63) }

// Clear clears bit i.
func (b Bitmap) Clear(i int) {
	if w := i >> 6; w < len(b) {
		b[w] &^= 1 << (uint(i) & 63)
	}
}

// Count is the number of set bits.
func (b Bitmap) Count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// Any reports whether a bit is set.
func (b Bitmap) Any() bool {
	for _, w := range b {
		if w != 0 {
			return true
		}
	}
	return false
}

// grow returns b with room for n bits; new bits are zero.
func (b Bitmap) grow(n int) Bitmap {
	for len(b) < (n+63)/64 {
		b = append(b, 0)
	}
	return b
}

// Grow returns a bitmap with at least n bits that holds b's.
func (b Bitmap) Grow(n int) Bitmap { return b.grow(n) }
