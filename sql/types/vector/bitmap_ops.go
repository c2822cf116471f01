package vector

import "math/bits"

// And sets dst to a AND b over n bits and returns it, grown as needed. dst may be a or b.
func And(dst, a, b Bitmap, n int) Bitmap {
	dst = dst.resize(n)
	for i := range dst {
		dst[i] = a.word(i) & b.word(i)
	}
	return dst
}

// Or sets dst to a OR b over n bits; otherwise as And.
func Or(dst, a, b Bitmap, n int) Bitmap {
	dst = dst.resize(n)
	for i := range dst {
		dst[i] = a.word(i) | b.word(i)
	}
	return dst.trim(n)
}

// AndNot sets dst to a AND NOT b over n bits; otherwise as And.
func AndNot(dst, a, b Bitmap, n int) Bitmap {
	dst = dst.resize(n)
	for i := range dst {
		dst[i] = a.word(i) &^ b.word(i)
	}
	return dst.trim(n)
}

// Not sets dst to NOT a over n bits; otherwise as And.
func Not(dst, a Bitmap, n int) Bitmap {
	dst = dst.resize(n)
	for i := range dst {
		dst[i] = ^a.word(i)
	}
	return dst.trim(n)
}

// Fill sets the first n bits of dst and clears the rest.
func Fill(dst Bitmap, n int) Bitmap {
	dst = dst.resize(n)
	for i := range dst {
		dst[i] = ^uint64(0)
	}
	return dst.trim(n)
}

// Zero makes dst n zero bits.
func Zero(dst Bitmap, n int) Bitmap {
	dst = dst.resize(n)
	clear(dst)
	return dst
}

// resize gives b exactly the words of n bits; words it gains are zero, so that a dst which
// is also a short operand still reads as that operand.
func (b Bitmap) resize(n int) Bitmap {
	words := (n + 63) / 64
	if words <= len(b) {
		return b[:words]
	}
	for len(b) < words {
		b = append(b, 0)
	}
	return b
}

// trim clears the bits from n on in the last word.
func (b Bitmap) trim(n int) Bitmap {
	if r := uint(n) & 63; r != 0 && len(b) > 0 {
		b[len(b)-1] &= 1<<r - 1
	}
	return b
}

// word is the i-th word, zero past the end.
func (b Bitmap) word(i int) uint64 {
	if i < len(b) {
		return b[i]
	}
	return 0
}

// All reports whether the first n bits are all set.
func (b Bitmap) All(n int) bool {
	if n == 0 {
		return true
	}
	full := n / 64
	for i := range full {
		if b.word(i) != ^uint64(0) {
			return false
		}
	}
	r := uint(n) & 63
	return r == 0 || ^b.word(full)&(1<<r-1) == 0
}

// Next returns the first set bit from i on, or -1.
func (b Bitmap) Next(i int) int {
	for w := i >> 6; w < len(b); w++ {
		word := b[w]
		if w == i>>6 {
			word = word >> (uint(i) & 63) << (uint(i) & 63)
		}
		if word != 0 {
			return w<<6 + bits.TrailingZeros64(word)
		}
	}
	return -1
}

// AppendIndexes appends the numbers of the set bits to sel, in order.
func (b Bitmap) AppendIndexes(sel []int32) []int32 {
	for w, word := range b {
		base := int32(w << 6)
		for ; word != 0; word &= word - 1 {
			sel = append(sel, base+int32(bits.TrailingZeros64(word)))
		}
	}
	return sel
}

// Slice returns bits [from, to) as a bitmap of its own.
func (b Bitmap) Slice(from, to int) Bitmap {
	out := NewBitmap(to - from)
	shift := uint(from) & 63
	for i := range out {
		w := i + from>>6
		out[i] = b.word(w) >> shift
		if shift != 0 {
			out[i] |= b.word(w+1) << (64 - shift)
		}
	}
	return out.trim(to - from)
}

// appendBits appends n bits of src at position at; the bits of b from at on are zero.
func (b Bitmap) appendBits(at int, src Bitmap, n int) Bitmap {
	b = b.resize(max(at+n, len(b)*64))
	shift := uint(at) & 63
	for i := range (n + 63) / 64 {
		word := src.word(i)
		if r := n - i*64; r < 64 {
			word &= 1<<uint(r) - 1
		}
		w := at>>6 + i
		b[w] |= word << shift
		if shift != 0 && word>>(64-shift) != 0 {
			b[w+1] |= word >> (64 - shift)
		}
	}
	return b
}
