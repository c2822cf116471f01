package types

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Int128 is a 128-bit two's complement integer: Hi*2^64 + Lo.
type Int128 struct {
	Hi int64
	Lo uint64
}

// Dec is a DECIMAL: Unscaled * 10^-Scale. Its scale matters: 5.00 and 5.0 compare equal
// but are written differently.
type Dec struct {
	Unscaled Int128
	Scale    int32
}

// Rounding says what becomes of digits that a scale has no room for.
type Rounding uint8

// The rounding modes, by Java's names.
const (
	Unnecessary Rounding = iota // an inexact result is an error
	HalfUp                      // to nearest, ties away from zero
	Down                        // towards zero
)

// ErrInexact and ErrOverflow are why a decimal does not fit.
var (
	ErrInexact  = errors.New("rounding necessary")
	ErrOverflow = errors.New("numeric field overflow")
)

// DecOf is an integer as a decimal without fraction.
func DecOf(v int64) Dec { return Dec{Unscaled: Int128Of(v)} }

// Cmp compares by value: -1, 0 or +1.
func (d Dec) Cmp(o Dec) int {
	if d.Scale == o.Scale {
		return d.Unscaled.Cmp(o.Unscaled)
	}
	if d.Scale > o.Scale {
		return -o.Cmp(d)
	}
	if n := int(o.Scale - d.Scale); n <= MaxPrecision {
		if up, ok := d.Unscaled.Mul(pow10[n]); ok {
			return up.Cmp(o.Unscaled)
		}
	}
	return d.Unscaled.Sign() // scaled up, it is beyond what o can be
}

// Rescale returns the unscaled value at another scale.
func Rescale(x Int128, from, to int, mode Rounding) (Int128, error) {
	n := to - from
	if n == 0 || x == (Int128{}) {
		return x, nil
	}
	if n > 0 {
		if n > MaxPrecision {
			return Int128{}, ErrOverflow
		}
		up, ok := x.Mul(pow10[n])
		if !ok {
			return Int128{}, ErrOverflow
		}
		return up, nil
	}
	if -n > MaxPrecision {
		if mode == Unnecessary {
			return Int128{}, ErrInexact
		}
		return Int128{}, nil
	}
	quo, rem, _ := x.QuoRem(pow10[-n])
	return roundQuotient(quo, rem, pow10[-n], mode, x.Hi < 0)
}

// roundQuotient rounds a truncated quotient by its remainder. negative is the sign of the
// exact result, which a quotient of zero has lost.
func roundQuotient(quo, rem, divisor Int128, mode Rounding, negative bool) (Int128, error) {
	if rem == (Int128{}) || mode == Down {
		return quo, nil
	}
	if mode == Unnecessary {
		return Int128{}, ErrInexact
	}
	rh, rl := rem.magnitude()
	dh, dl := divisor.magnitude()
	if h, l := dh-rh, dl-rl; true { // round up when rem >= divisor-rem
		if dl < rl {
			h--
		}
		if rh < h || rh == h && rl < l {
			return quo, nil
		}
	}
	one := Int128Of(1)
	if negative {
		one = Int128Of(-1)
	}
	up, ok := quo.Add(one)
	if !ok {
		return Int128{}, ErrOverflow
	}
	return up, nil
}

// QuoDec divides unscaled values: x of scale xs by y of scale ys, with a result of scale
// to. y must not be zero.
func QuoDec(x Int128, xs int, y Int128, ys int, to int, mode Rounding) (Int128, error) {
	n := to - xs + ys // quotient = x * 10^n / y
	negative := (x.Hi < 0) != (y.Hi < 0)
	if n < 0 || n > MaxPrecision {
		return quoBig(x, y, n, mode, negative)
	}
	quo, rem, ok := x.MulQuoRem(pow10[n], y)
	if !ok {
		return Int128{}, ErrOverflow
	}
	return roundQuotient(quo, rem, y, mode, negative)
}

// quoBig is QuoDec for scales so far apart that 256 bits do not hold the dividend.
func quoBig(x, y Int128, n int, mode Rounding, negative bool) (Int128, error) {
	a, b := x.Big(), y.Big()
	p := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(n, -n))), nil)
	if n > 0 {
		a.Mul(a, p)
	} else {
		b.Mul(b, p)
	}
	q, r := new(big.Int).QuoRem(a, b, new(big.Int))
	if r.Sign() != 0 {
		switch {
		case mode == Unnecessary:
			return Int128{}, ErrInexact
		case mode == HalfUp && r.Abs(r).Lsh(r, 1).CmpAbs(b) >= 0 && negative:
			q.Sub(q, big.NewInt(1))
		case mode == HalfUp && r.CmpAbs(b) >= 0:
			q.Add(q, big.NewInt(1))
		}
	}
	out, ok := Int128FromBig(q)
	if !ok {
		return Int128{}, ErrOverflow
	}
	return out, nil
}

// Fit brings d into DECIMAL(precision, scale).
func (d Dec) Fit(precision, scale int, mode Rounding) (Dec, error) {
	x, err := Rescale(d.Unscaled, int(d.Scale), scale, mode)
	if err == nil && !x.Fits(precision) {
		err = ErrOverflow
	}
	if err == ErrOverflow {
		err = fmt.Errorf("%w: A field with precision %d and scale %d must round to an absolute value less than 10^%d. Got %s",
			ErrOverflow, precision, scale, precision-scale, d.String())
	} else if err != nil {
		err = fmt.Errorf("%w: cannot fit decimal '%s' into DECIMAL(%d, %d)", err, d.String(), precision, scale)
	}
	return Dec{Unscaled: x, Scale: int32(scale)}, err
}

// Type is the DECIMAL of a literal written as d. A number within (-1, 1) counts the zero
// before its point: 0.05 is DECIMAL(3, 2), as in ksqlDB.
func (d Dec) Type() Type {
	return DecimalOf(max(d.Unscaled.Digits(), int(d.Scale)+1), int(d.Scale))
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Int64 truncates towards zero; ok is false when the result does not fit.
func (d Dec) Int64() (v int64, ok bool) {
	x, err := Rescale(d.Unscaled, int(d.Scale), 0, Down)
	if err != nil {
		return 0, false
	}
	return x.Int64()
}

// Float64 is the nearest double.
func (d Dec) Float64() float64 {
	if v, ok := d.Unscaled.Int64(); ok && v>>53 == v>>63 && d.Scale >= 0 && d.Scale <= 22 {
		return float64(v) / float64Pow10[d.Scale] // both exact, so one rounding
	}
	var buf [64]byte
	f, _ := strconv.ParseFloat(string(d.Append(buf[:0])), 64)
	return f
}

// float64Pow10 are the powers of ten that doubles hold exactly.
var float64Pow10 = [23]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// DecFromFloat turns a double into DECIMAL(precision, scale) as ksqlDB casts: the exact
// binary value, first rounded half up to precision digits, then half up to scale.
func DecFromFloat(f float64, precision, scale int) (Dec, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Dec{}, fmt.Errorf("cannot convert %v to a decimal", f)
	}
	if math.Abs(f) >= 1e38 {
		return Dec{}, fmt.Errorf("%w: A field with precision %d and scale %d must round to an absolute value less than 10^%d. Got %s",
			ErrOverflow, precision, scale, precision-scale, strconv.FormatFloat(f, 'f', -1, 64))
	}
	exact := new(big.Float).SetFloat64(f)
	d, err := ParseDec(roundHalfUp(exact.Text('e', 800), precision))
	if err != nil {
		return Dec{}, err
	}
	return d.Fit(precision, scale, HalfUp)
}

// roundHalfUp rounds text of the form d.ddde±xx, whose digits are exact, to n significant
// digits. (Formatting with n digits rounds half to even.)
func roundHalfUp(text string, n int) string {
	mantissa, exp, _ := strings.Cut(text, "e")
	negative := strings.HasPrefix(mantissa, "-")
	digits := []byte(strings.Replace(strings.TrimPrefix(mantissa, "-"), ".", "", 1))
	e, _ := strconv.Atoi(exp)
	if len(digits) > n {
		up := digits[n] >= '5'
		digits = digits[:n]
		i := n - 1
		for ; up && i >= 0; i-- {
			if digits[i]++; digits[i] <= '9' {
				up = false
				break
			}
			digits[i] = '0'
		}
		if up {
			digits = append([]byte{'1'}, digits...)
			e++
		}
	}
	whole := strings.TrimRight(string(digits[1:]), "0")
	sign := ""
	if negative {
		sign = "-"
	}
	return fmt.Sprintf("%s%c.%se%d", sign, digits[0], whole, e)
}
