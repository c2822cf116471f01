package types

import (
	"math"
	"math/big"
	"math/bits"
)

// Int128Of widens a 64-bit integer.
func Int128Of(v int64) Int128 { return Int128{Hi: v >> 63, Lo: uint64(v)} }

// Int64 narrows to 64 bits; ok is false when the value does not fit.
func (x Int128) Int64() (v int64, ok bool) {
	v = int64(x.Lo)
	return v, x.Hi == v>>63
}

// Sign is -1, 0 or +1.
func (x Int128) Sign() int {
	switch {
	case x.Hi < 0:
		return -1
	case x.Hi == 0 && x.Lo == 0:
		return 0
	}
	return 1
}

// Cmp compares: -1, 0 or +1.
func (x Int128) Cmp(y Int128) int {
	switch {
	case x.Hi < y.Hi || x.Hi == y.Hi && x.Lo < y.Lo:
		return -1
	case x == y:
		return 0
	}
	return 1
}

// Neg is -x; the least value, which has no opposite, stays itself.
func (x Int128) Neg() Int128 {
	lo, borrow := bits.Sub64(0, x.Lo, 0)
	hi, _ := bits.Sub64(0, uint64(x.Hi), borrow)
	return Int128{Hi: int64(hi), Lo: lo}
}

// Add is x+y; ok is false on overflow.
func (x Int128) Add(y Int128) (sum Int128, ok bool) {
	lo, carry := bits.Add64(x.Lo, y.Lo, 0)
	hi, _ := bits.Add64(uint64(x.Hi), uint64(y.Hi), carry)
	sum = Int128{Hi: int64(hi), Lo: lo}
	return sum, (x.Hi^sum.Hi)&(y.Hi^sum.Hi) >= 0
}

// Sub is x-y; ok is false on overflow.
func (x Int128) Sub(y Int128) (diff Int128, ok bool) {
	lo, borrow := bits.Sub64(x.Lo, y.Lo, 0)
	hi, _ := bits.Sub64(uint64(x.Hi), uint64(y.Hi), borrow)
	diff = Int128{Hi: int64(hi), Lo: lo}
	return diff, (x.Hi^y.Hi)&(x.Hi^diff.Hi) >= 0
}

// magnitude returns |x| as an unsigned number, which holds the least value's too.
func (x Int128) magnitude() (hi, lo uint64) {
	if x.Hi < 0 {
		x = x.Neg()
	}
	return uint64(x.Hi), x.Lo
}

// signed gives an unsigned magnitude a sign; ok is false when it does not fit.
func signed(hi, lo uint64, negative bool) (Int128, bool) {
	x := Int128{Hi: int64(hi), Lo: lo}
	if !negative {
		return x, x.Hi >= 0
	}
	x = x.Neg()
	return x, x.Hi < 0 || hi|lo == 0
}

// Mul is x*y; ok is false on overflow.
func (x Int128) Mul(y Int128) (product Int128, ok bool) {
	xh, xl := x.magnitude()
	yh, yl := y.magnitude()
	p := mul256(xh, xl, yh, yl)
	product, ok = signed(p[1], p[0], (x.Hi < 0) != (y.Hi < 0))
	return product, ok && p[2]|p[3] == 0
}

// QuoRem divides and truncates towards zero, so that the remainder has the sign of x.
// The divisor must not be zero. ok is false for the least value divided by -1.
func (x Int128) QuoRem(y Int128) (quo, rem Int128, ok bool) {
	xh, xl := x.magnitude()
	yh, yl := y.magnitude()
	q, rh, rl := div256([4]uint64{xl, xh}, yh, yl)
	quo, ok = signed(q[1], q[0], (x.Hi < 0) != (y.Hi < 0))
	rem, _ = signed(rh, rl, x.Hi < 0)
	return quo, rem, ok
}

// MulQuoRem is x*y/z with a 256-bit intermediate, truncated towards zero, and the
// remainder of that division. z must not be zero. ok is false when the quotient does not
// fit.
func (x Int128) MulQuoRem(y, z Int128) (quo, rem Int128, ok bool) {
	xh, xl := x.magnitude()
	yh, yl := y.magnitude()
	zh, zl := z.magnitude()
	negative := (x.Hi < 0) != (y.Hi < 0)
	q, rh, rl := div256(mul256(xh, xl, yh, yl), zh, zl)
	quo, ok = signed(q[1], q[0], negative != (z.Hi < 0))
	rem, _ = signed(rh, rl, negative)
	return quo, rem, ok && q[2]|q[3] == 0
}

// mul256 multiplies two unsigned 128-bit numbers; the result's words go from low to high.
func mul256(xh, xl, yh, yl uint64) (p [4]uint64) {
	p[1], p[0] = bits.Mul64(xl, yl)
	if xh|yh == 0 {
		return p
	}
	h1, l1 := bits.Mul64(xh, yl)
	h2, l2 := bits.Mul64(xl, yh)
	h3, l3 := bits.Mul64(xh, yh)
	var c1, c2 uint64
	p[1], c1 = bits.Add64(p[1], l1, 0)
	p[1], c2 = bits.Add64(p[1], l2, 0)
	p[2], c1 = bits.Add64(h1, h2, c1)
	p[3] = h3 + c1
	p[2], c2 = bits.Add64(p[2], l3, c2)
	p[3] += c2
	return p
}

// div256 divides an unsigned 256-bit number by an unsigned 128-bit one, not zero: Knuth's
// algorithm D with 64-bit digits.
func div256(u [4]uint64, vh, vl uint64) (q [4]uint64, rh, rl uint64) {
	if vh == 0 {
		var r uint64
		for i := 3; i >= 0; i-- {
			q[i], r = bits.Div64(r, u[i], vl)
		}
		return q, 0, r
	}
	s := uint(bits.LeadingZeros64(vh))
	vh, vl = vh<<s|vl>>(64-s), vl<<s // s = 0 shifts by 64: zero, as wanted
	n := [5]uint64{u[0] << s, u[1]<<s | u[0]>>(64-s), u[2]<<s | u[1]>>(64-s), u[3]<<s | u[2]>>(64-s), u[3] >> (64 - s)}
	for j := 2; j >= 0; j-- {
		q[j] = divStep(n[j:j+3], vh, vl)
	}
	return q, n[1] >> s, n[0]>>s | n[1]<<(64-s)
}

// divStep finds one digit of a quotient and takes its product away from the three words
// of w, low to high. v is normalised: its top bit is set.
func divStep(w []uint64, vh, vl uint64) uint64 {
	digit, rest, over := uint64(math.MaxUint64), uint64(0), uint64(0)
	if w[2] < vh {
		digit, rest = bits.Div64(w[2], w[1], vh)
	} else {
		rest, over = bits.Add64(w[1], vh, 0)
	}
	for over == 0 {
		ph, pl := bits.Mul64(digit, vl)
		if ph < rest || ph == rest && pl <= w[0] {
			break
		}
		digit--
		rest, over = bits.Add64(rest, vh, 0)
	}
	ph, pl := bits.Mul64(digit, vl)
	mh, ml := bits.Mul64(digit, vh)
	var b, c uint64
	ml, c = bits.Add64(ml, ph, 0)
	mh += c
	w[0], b = bits.Sub64(w[0], pl, 0)
	w[1], b = bits.Sub64(w[1], ml, b)
	w[2], b = bits.Sub64(w[2], mh, b)
	if b != 0 { // the digit was one too large
		digit--
		w[0], c = bits.Add64(w[0], vl, 0)
		w[1], c = bits.Add64(w[1], vh, c)
		w[2] += c
	}
	return digit
}

// pow10 holds 10^0 to 10^38, all that 128 bits hold.
var pow10 = func() (t [MaxPrecision + 1]Int128) {
	t[0] = Int128{Lo: 1}
	for i := 1; i < len(t); i++ {
		t[i], _ = t[i-1].Mul(Int128{Lo: 10})
	}
	return t
}()

// Pow10 is 10^n for n from 0 to MaxPrecision.
func Pow10(n int) Int128 { return pow10[n] }

// Digits is the number of decimal digits of |x|, at least 1.
func (x Int128) Digits() int {
	hi, lo := x.magnitude()
	n := (bits.Len64(lo)*1233)>>12 + 1 // log10(2) is about 1233/4096
	if hi != 0 {
		n = ((bits.Len64(hi)+64)*1233)>>12 + 1
	}
	if n <= MaxPrecision+1 && n > 1 {
		if p := pow10[n-1]; hi < uint64(p.Hi) || hi == uint64(p.Hi) && lo < p.Lo {
			n--
		}
	}
	return max(n, 1)
}

// Fits reports whether |x| < 10^precision.
func (x Int128) Fits(precision int) bool {
	if precision > MaxPrecision {
		return true
	}
	hi, lo := x.magnitude()
	p := pow10[precision]
	return hi < uint64(p.Hi) || hi == uint64(p.Hi) && lo < p.Lo
}

// Float64 is the nearest double.
func (x Int128) Float64() float64 {
	if v, ok := x.Int64(); ok {
		return float64(v)
	}
	f, _ := new(big.Float).SetInt(x.Big()).Float64()
	return f
}

// Append writes x in decimal.
func (x Int128) Append(dst []byte) []byte {
	var buf [40]byte
	hi, lo := x.magnitude()
	i := len(buf)
	for hi != 0 {
		var r uint64
		hi, r = hi/1e18, hi%1e18
		lo, r = bits.Div64(r, lo, 1e18)
		for range 18 {
			i--
			buf[i] = '0' + byte(r%10)
			r /= 10
		}
	}
	for first := i == len(buf); lo != 0 || first; first = false {
		i--
		buf[i] = '0' + byte(lo%10)
		lo /= 10
	}
	if x.Hi < 0 {
		i--
		buf[i] = '-'
	}
	return append(dst, buf[i:]...)
}

// String is x in decimal.
func (x Int128) String() string { return string(x.Append(nil)) }

// Big returns the integer as a big.Int.
func (x Int128) Big() *big.Int {
	b := new(big.Int).SetInt64(x.Hi)
	b.Lsh(b, 64)
	return b.Add(b, new(big.Int).SetUint64(x.Lo))
}

// Int128FromBig narrows a big integer; ok is false when it does not fit.
func Int128FromBig(b *big.Int) (x Int128, ok bool) {
	if b.BitLen() > 127 {
		return Int128{}, false // the least value is of no decimal precision: not needed
	}
	var words [16]byte
	b.FillBytes(words[:])
	var hi, lo uint64
	for i := range 8 {
		hi, lo = hi<<8|uint64(words[i]), lo<<8|uint64(words[8+i])
	}
	return signed(hi, lo, b.Sign() < 0)
}
