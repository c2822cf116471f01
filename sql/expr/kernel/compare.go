package kernel

import (
	"bytes"

	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// The comparisons below set bit i of dst, which has the words of len(a) bits, to the
// result of row i, and the bits past the end to zero. Doubles compare as IEEE 754 says:
// NaN is equal to nothing.

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// Eq is a = b.
func Eq[T Number](dst vector.Bitmap, a, b []T) {
	for w := range dst {
		lo, hi := w*64, min(w*64+64, len(a))
		x, y, word := a[lo:hi], b[lo:hi], uint64(0)
		for j := range x {
			word |= bit(x[j] == y[j]) << (uint(j) & 63)
		}
		dst[w] = word
	}
}

// Lt is a < b.
func Lt[T Number](dst vector.Bitmap, a, b []T) {
	for w := range dst {
		lo, hi := w*64, min(w*64+64, len(a))
		x, y, word := a[lo:hi], b[lo:hi], uint64(0)
		for j := range x {
			word |= bit(x[j] < y[j]) << (uint(j) & 63)
		}
		dst[w] = word
	}
}

// Le is a <= b.
func Le[T Number](dst vector.Bitmap, a, b []T) {
	for w := range dst {
		lo, hi := w*64, min(w*64+64, len(a))
		x, y, word := a[lo:hi], b[lo:hi], uint64(0)
		for j := range x {
			word |= bit(x[j] <= y[j]) << (uint(j) & 63)
		}
		dst[w] = word
	}
}

// EqC is a = c.
func EqC[T Number](dst vector.Bitmap, a []T, c T) {
	for w := range dst {
		x, word := a[w*64:min(w*64+64, len(a))], uint64(0)
		for j := range x {
			word |= bit(x[j] == c) << (uint(j) & 63)
		}
		dst[w] = word
	}
}

// LtC is a < c.
func LtC[T Number](dst vector.Bitmap, a []T, c T) {
	for w := range dst {
		x, word := a[w*64:min(w*64+64, len(a))], uint64(0)
		for j := range x {
			word |= bit(x[j] < c) << (uint(j) & 63)
		}
		dst[w] = word
	}
}

// LeC is a <= c.
func LeC[T Number](dst vector.Bitmap, a []T, c T) {
	for w := range dst {
		x, word := a[w*64:min(w*64+64, len(a))], uint64(0)
		for j := range x {
			word |= bit(x[j] <= c) << (uint(j) & 63)
		}
		dst[w] = word
	}
}

// GtC is a > c.
func GtC[T Number](dst vector.Bitmap, a []T, c T) {
	for w := range dst {
		x, word := a[w*64:min(w*64+64, len(a))], uint64(0)
		for j := range x {
			word |= bit(x[j] > c) << (uint(j) & 63)
		}
		dst[w] = word
	}
}

// GeC is a >= c.
func GeC[T Number](dst vector.Bitmap, a []T, c T) {
	for w := range dst {
		x, word := a[w*64:min(w*64+64, len(a))], uint64(0)
		for j := range x {
			word |= bit(x[j] >= c) << (uint(j) & 63)
		}
		dst[w] = word
	}
}

// Bits is a as a bitmap.
func Bits(dst vector.Bitmap, a []bool) {
	for w := range dst {
		x, word := a[w*64:min(w*64+64, len(a))], uint64(0)
		for j := range x {
			word |= bit(x[j]) << (uint(j) & 63)
		}
		dst[w] = word
	}
}

// Bools is the opposite of Bits.
func Bools(dst []bool, a vector.Bitmap) {
	for i := range dst {
		dst[i] = a[i>>6]>>(uint(i)&63)&1 != 0
	}
}

// Accept says for the three outcomes of a comparison whether it holds: less, equal,
// greater.
type Accept [3]bool

// Holds applies a to a result of types.Compare.
func (a Accept) Holds(order int) bool { return a[order+1] }

// EqBytes is a = b, or a <> b where negate is set, for text and bytes.
func EqBytes(dst vector.Bitmap, a, b *vector.Vector, negate bool) {
	clear(dst)
	for i, r := range a.Ref {
		s := b.Ref[i]
		equal := r.Len == s.Len && !a.Nulls.Get(i) && !b.Nulls.Get(i) &&
			bytes.Equal(a.Arena[r.Off:r.Off+r.Len], b.Arena[s.Off:s.Off+s.Len])
		if equal != negate {
			dst[i>>6] |= 1 << (uint(i) & 63)
		}
	}
}

// EqBytesC is EqBytes with one constant.
func EqBytesC(dst vector.Bitmap, a *vector.Vector, c []byte, negate bool) {
	clear(dst)
	for i, r := range a.Ref {
		equal := int(r.Len) == len(c) && !a.Nulls.Get(i) && string(a.Arena[r.Off:r.Off+r.Len]) == string(c)
		if equal != negate {
			dst[i>>6] |= 1 << (uint(i) & 63)
		}
	}
}

// Rows compares row by row whatever type the columns have; rows that are NULL on a side
// are left out.
func Rows(dst vector.Bitmap, a, b *vector.Vector, accept Accept) {
	clear(dst)
	for i := range a.N {
		if a.IsNull(i) || b.IsNull(i) {
			continue
		}
		if accept.Holds(compareAt(a, b, i)) {
			dst[i>>6] |= 1 << (uint(i) & 63)
		}
	}
}

// compareAt orders row i of two columns; decimals may differ in scale.
func compareAt(a, b *vector.Vector, i int) int {
	if a.Type.Kind == types.Decimal && a.Type.Scale != b.Type.Scale {
		return types.Dec{Unscaled: a.Dec[i], Scale: int32(a.Type.Scale)}.Cmp(
			types.Dec{Unscaled: b.Dec[i], Scale: int32(b.Type.Scale)})
	}
	return a.CompareAt(i, b, i)
}
