package numeric

import (
	"math"
	"math/big"

	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// precision is that of logarithms and exponentials, in bits: more than twice what 38 digits
// need, for what is lost between.
const precision = 384

func float(d Dec) *big.Float {
	x := new(big.Float).SetPrec(precision).SetInt(d.Unscaled.Big())
	return x.Quo(x, new(big.Float).SetPrec(precision).SetInt(pow10(scaleOf(d))))
}

// fixed rounds to a scale.
func fixed(f *big.Float, scale int) (Dec, error) {
	if f.IsInf() || f.MantExp(nil) > 512 {
		return Dec{}, errOverflow
	}
	scaled := new(big.Float).SetPrec(precision+512).Mul(f, new(big.Float).SetPrec(precision+512).SetInt(pow10(scale)))
	half := big.NewFloat(0.5)
	if f.Sign() < 0 {
		half.Neg(half)
	}
	x, _ := scaled.Add(scaled, half).Int(nil)
	return build(x, scale)
}

func newFloat(x float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(x) }

// exp is e^x: the series of x/2^k, squared k times.
func exp(x *big.Float) *big.Float {
	k := max(0, x.MantExp(nil)+8)
	small := new(big.Float).SetPrec(precision).SetMantExp(x, -k)
	sum, term := newFloat(1), newFloat(1)
	for i := 1; i < 200; i++ {
		term.Mul(term, small)
		term.Quo(term, newFloat(float64(i)))
		if term.Sign() == 0 || term.MantExp(nil) < -precision {
			break
		}
		sum.Add(sum, term)
	}
	for range k {
		sum.Mul(sum, sum)
	}
	return sum
}

// ln2 is the logarithm of 2.
var ln2 = lnNear(newFloat(2))

// ln is the natural logarithm of a positive number.
func ln(x *big.Float) *big.Float {
	mantissa := new(big.Float).SetPrec(precision)
	e := x.MantExp(mantissa) // [0.5, 1) * 2^e
	if f, _ := mantissa.Float64(); f < 0.7 {
		mantissa.SetMantExp(mantissa, 1)
		e--
	}
	out := lnNear(mantissa)
	return out.Add(out, new(big.Float).SetPrec(precision).Mul(ln2, newFloat(float64(e))))
}

// lnNear is the logarithm of a number near 1 by Halley's iteration, whose error is cubed at
// each step.
func lnNear(x *big.Float) *big.Float {
	f, _ := x.Float64()
	y := newFloat(math.Log(f))
	for range 4 {
		e := exp(y)
		num := new(big.Float).SetPrec(precision).Sub(x, e)
		den := new(big.Float).SetPrec(precision).Add(x, e)
		y.Add(y, num.Quo(num.Mul(num, newFloat(2)), den))
	}
	return y
}

// Sqrt is the square root; that of a negative number is 2201F.
func Sqrt(d Dec) (Dec, error) {
	if d.Unscaled.Sign() < 0 {
		return Dec{}, sqlerr.New(sqlerr.InvalidPower, "cannot take square root of a negative number")
	}
	weight, _ := first(d.Unscaled.Big(), scaleOf(d))
	sweight := (weight+1)*groupDigits/2 - 1
	return SqrtAt(d, clamp(max(significant-sweight, scaleOf(d))))
}

// SqrtAt is the square root at a scale.
func SqrtAt(d Dec, scale int) (Dec, error) {
	x := d.Unscaled.Big()
	x.Mul(x, pow10(2*scale+2+scaleOf(d)%2)) // one digit more than is kept
	at := (scaleOf(d)+scaleOf(d)%2)/2 + scale + 1
	x.Sqrt(x)
	return build(round(x, at-scale), scale)
}

// Exp is e^d.
func Exp(d Dec) (Dec, error) {
	val := min(max(d.Float64()*0.434294481903252, -2000), 2000)
	return fixed(exp(float(d)), clamp(max(significant-int(val), scaleOf(d))))
}

func positive(d Dec) error {
	switch d.Unscaled.Sign() {
	case 0:
		return sqlerr.New(sqlerr.InvalidLogarithm, "cannot take logarithm of zero")
	case -1:
		return sqlerr.New(sqlerr.InvalidLogarithm, "cannot take logarithm of a negative number")
	}
	return nil
}

// lnWeight is estimate_ln_dweight: about the decimal exponent of the logarithm.
func lnWeight(d Dec) int {
	f := d.Float64()
	if f >= 0.9 && f <= 1.1 {
		x, err := Sub(d, types.DecOf(1))
		if err != nil || x.Unscaled.Sign() == 0 {
			return 0
		}
		weight, digit := first(x.Unscaled.Big(), scaleOf(x))
		return weight*groupDigits + int(math.Log10(float64(digit)))
	}
	return int(math.Log10(math.Abs(math.Log(f))))
}

// Ln is the natural logarithm; of what is not positive 2201E.
func Ln(d Dec) (Dec, error) {
	if err := positive(d); err != nil {
		return Dec{}, err
	}
	return fixed(ln(float(d)), clamp(max(significant-lnWeight(d), scaleOf(d))))
}

// Log is the logarithm to a base.
func Log(base, d Dec) (Dec, error) {
	for _, x := range []Dec{base, d} {
		if err := positive(x); err != nil {
			return Dec{}, err
		}
	}
	scale := clamp(max(significant-(lnWeight(d)-lnWeight(base)), scaleOf(base), scaleOf(d)))
	den := ln(float(base))
	if den.Sign() == 0 {
		return Dec{}, ErrDivisionByZero
	}
	num := ln(float(d))
	return fixed(num.Quo(num, den), scale)
}

// Power is base to the power of e; 0 to a negative power and a negative number to one that is not
// whole are 2201F.
func Power(base, e Dec) (Dec, error) {
	n, isWhole := e.Int64()
	isWhole = isWhole && types.DecOf(n).Cmp(e) == 0
	switch {
	case base.Unscaled.Sign() == 0 && e.Unscaled.Sign() < 0:
		return Dec{}, sqlerr.New(sqlerr.InvalidPower, "zero raised to a negative power is undefined")
	case base.Unscaled.Sign() < 0 && !isWhole:
		return Dec{}, sqlerr.New(sqlerr.InvalidPower, "a negative number raised to a non-integer power yields a complex result")
	case isWhole && int64(int32(n)) == n:
		return powerInt(base, n, clamp(max(significant, scaleOf(base))))
	case base.Unscaled.Sign() == 0:
		return build(new(big.Int), significant)
	}
	p := ln(float(base))
	p.Mul(p, float(e))
	val, _ := p.Float64()
	val = min(max(val*0.434294481903252, -2000), 2000)
	return fixed(exp(p), clamp(max(significant-int(val), scaleOf(base), scaleOf(e))))
}

func powerInt(base Dec, n int64, scale int) (Dec, error) {
	if n == 0 {
		return build(pow10(scale), scale)
	}
	size := math.Log10(math.Abs(base.Float64())) * float64(n)
	switch {
	case base.Unscaled.Sign() == 0, size+1 < -float64(scale):
		return build(new(big.Int), scale)
	case size > types.MaxPrecision+1:
		return Dec{}, errOverflow
	}
	x, k := float(base), n
	if k < 0 {
		k = -k
	}
	out := newFloat(1)
	for ; k > 0; k >>= 1 {
		if k&1 == 1 {
			out.Mul(out, x)
		}
		x.Mul(x, x)
	}
	if n < 0 {
		out.Quo(newFloat(1), out)
	}
	return fixed(out, scale)
}
