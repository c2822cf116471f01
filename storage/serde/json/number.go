package json

import "math/bits"

// leadingDigits returns the number that up to eight digits at p make, and how many.
func leadingDigits(b []byte, p int) (x uint64, digits int) {
	w := load(b, p)
	m := nonDigits(w)
	if m == 0 {
		return eightDigits(w), 8
	}
	digits = bits.TrailingZeros64(m) >> 3
	// Move the digits to the end and fill up with leading zeros.
	return eightDigits(w<<(64-8*digits) | ones*'0'>>(8*digits)), digits
}

// parseInt reads an integer of at most 16 digits. It returns a position of -1 for
// everything else: longer ones, fractions, exponents, and what is no number.
func parseInt(b []byte, p int) (int64, int) {
	negative := b[p] == '-'
	if negative {
		p++
	}
	start := p
	x, k := leadingDigits(b, p)
	p += k
	if k == 8 {
		y, k := leadingDigits(b, p)
		if k == 8 {
			return 0, -1
		}
		x, p = x*uint64Pow10[k]+y, p+k
	}
	if k == 0 || b[start] == '0' && p > start+1 || b[p] == '.' || b[p]|0x20 == 'e' {
		return 0, -1
	}
	if negative {
		return -int64(x), p
	}
	return int64(x), p
}

// parseFloat reads a number of at most 15 significant digits without an exponent, no more
// than seven of them after the point: both parts of the quotient are exact then, and so
// one division rounds correctly. It returns a position of -1 for everything else.
func parseFloat(b []byte, p int) (float64, int) {
	negative := b[p] == '-'
	if negative {
		p++
	}
	start := p
	x, k := leadingDigits(b, p)
	p += k
	if k == 0 || k == 8 || b[start] == '0' && k > 1 {
		return 0, -1
	}
	f := float64(x)
	if b[p] == '.' {
		y, k := leadingDigits(b, p+1)
		if k == 0 || k == 8 {
			return 0, -1
		}
		p += 1 + k
		f = float64(x*uint64Pow10[k]+y) / floatPow10[k]
	}
	if b[p]|0x20 == 'e' {
		return 0, -1
	}
	if negative {
		f = -f
	}
	return f, p
}

var (
	uint64Pow10 = [8]uint64{1, 10, 100, 1000, 10000, 100000, 1000000, 10000000}
	floatPow10  = [8]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7}
)
