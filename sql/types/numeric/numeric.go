// Package numeric computes with NUMERIC as PostgreSQL does: every value has a scale of its own,
// and a result that is not exact gets at least 16 significant digits (numeric.c, the select_*
// and estimate_* functions). What needs more than 38 digits loses those behind the point first,
// and fails with 22003 when the ones before it do not fit.
package numeric

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

const (
	significant = 16   // least significant digits of a result that is not exact
	maxScale    = 1000 // of a result, before it is cut to what a Dec holds
	groupDigits = 4    // PostgreSQL's digits are base 10,000
)

// Dec is a value of NUMERIC.
type Dec = types.Dec

var errOverflow = sqlerr.New(sqlerr.NumericOutOfRange, "value overflows numeric format")

// ErrDivisionByZero is x / 0.
var ErrDivisionByZero = sqlerr.New(sqlerr.DivisionByZero, "division by zero")

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// round divides by 10^n, halves away from zero.
func round(x *big.Int, n int) *big.Int {
	if n <= 0 {
		return new(big.Int).Mul(x, pow10(-n))
	}
	return quotient(x, pow10(n))
}

// quotient is x/y, halves away from zero.
func quotient(x, y *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(x, y, new(big.Int))
	if r.Abs(r).Lsh(r, 1).CmpAbs(y) >= 0 {
		if x.Sign()*y.Sign() < 0 {
			return q.Sub(q, big.NewInt(1))
		}
		return q.Add(q, big.NewInt(1))
	}
	return q
}

// build brings unscaled*10^-scale into a Dec of that scale, or of the greatest that has room.
func build(x *big.Int, scale int) (Dec, error) {
	if digits := len(new(big.Int).Abs(x).String()); digits > types.MaxPrecision {
		drop := min(digits-types.MaxPrecision, scale)
		if drop > 0 {
			x, scale = round(x, drop), scale-drop
		}
	}
	out, ok := types.Int128FromBig(x)
	if !ok || !out.Fits(types.MaxPrecision) {
		if scale > 0 && x.CmpAbs(pow10(types.MaxPrecision)) == 0 { // rounded up to one digit more
			return build(round(x, 1), scale-1)
		}
		return Dec{}, errOverflow
	}
	return Dec{Unscaled: out, Scale: int32(scale)}, nil
}

func scaleOf(d Dec) int { return int(d.Scale) }

// aligned128 is aligned within 128 bits, which nearly all numbers fit.
func aligned128(a, b Dec) (x, y types.Int128, scale int32, ok bool) {
	scale = max(a.Scale, b.Scale)
	x, err := types.Rescale(a.Unscaled, int(a.Scale), int(scale), types.Unnecessary)
	if err == nil {
		y, err = types.Rescale(b.Unscaled, int(b.Scale), int(scale), types.Unnecessary)
	}
	return x, y, scale, err == nil
}

// aligned are the unscaled values at the greater scale.
func aligned(a, b Dec) (x, y *big.Int, scale int) {
	scale = max(scaleOf(a), scaleOf(b))
	return round(a.Unscaled.Big(), scaleOf(a)-scale), round(b.Unscaled.Big(), scaleOf(b)-scale), scale
}

// Add is a + b, with the greater scale.
func Add(a, b Dec) (Dec, error) {
	if x, y, scale, ok := aligned128(a, b); ok {
		if sum, ok := x.Add(y); ok && sum.Fits(types.MaxPrecision) {
			return Dec{Unscaled: sum, Scale: scale}, nil
		}
	}
	return addBig(a, b)
}

func addBig(a, b Dec) (Dec, error) {
	x, y, scale := aligned(a, b)
	return build(x.Add(x, y), scale)
}

// Sub is a - b, with the greater scale.
func Sub(a, b Dec) (Dec, error) {
	b.Unscaled = b.Unscaled.Neg()
	return Add(a, b)
}

// Mul is a * b, with the sum of the scales.
func Mul(a, b Dec) (Dec, error) {
	if x, ok := a.Unscaled.Mul(b.Unscaled); ok && x.Fits(types.MaxPrecision) {
		return Dec{Unscaled: x, Scale: a.Scale + b.Scale}, nil
	}
	return mulBig(a, b)
}

func mulBig(a, b Dec) (Dec, error) {
	x := a.Unscaled.Big()
	return build(x.Mul(x, b.Unscaled.Big()), scaleOf(a)+scaleOf(b))
}

// Mod is the remainder of the truncated quotient, with the greater scale.
func Mod(a, b Dec) (Dec, error) {
	if b.Unscaled.Sign() == 0 {
		return Dec{}, ErrDivisionByZero
	}
	x, y, scale := aligned(a, b)
	return build(x.Rem(x, y), scale)
}

// Quo is the quotient without its fraction.
func Quo(a, b Dec) (Dec, error) {
	if b.Unscaled.Sign() == 0 {
		return Dec{}, ErrDivisionByZero
	}
	x, y, _ := aligned(a, b)
	return build(x.Quo(x, y), 0)
}

// Div is a / b with the number of digits that PostgreSQL gives it.
func Div(a, b Dec) (Dec, error) {
	if b.Unscaled.Sign() == 0 {
		return Dec{}, ErrDivisionByZero
	}
	var bufA, bufB [40]byte
	w1, d1 := firstOf(a.Unscaled.Append(bufA[:0]), scaleOf(a))
	w2, d2 := firstOf(b.Unscaled.Append(bufB[:0]), scaleOf(b))
	scale := quotientScale(w1, d1, w2, d2, scaleOf(a), scaleOf(b))
	if scale <= types.MaxPrecision {
		if q, err := types.QuoDec(a.Unscaled, scaleOf(a), b.Unscaled, scaleOf(b), scale, types.HalfUp); err == nil && q.Fits(types.MaxPrecision) {
			return Dec{Unscaled: q, Scale: int32(scale)}, nil
		}
	}
	return Ratio(a.Unscaled.Big(), scaleOf(a), b.Unscaled.Big(), scaleOf(b))
}

// Ratio is Div of numbers of any size.
func Ratio(x *big.Int, xs int, y *big.Int, ys int) (Dec, error) {
	if y.Sign() == 0 {
		return Dec{}, ErrDivisionByZero
	}
	return ratioAt(x, xs, y, ys, divScale(x, xs, y, ys))
}

func ratioAt(x *big.Int, xs int, y *big.Int, ys, scale int) (Dec, error) {
	n := scale - xs + ys
	if n >= 0 {
		return build(quotient(new(big.Int).Mul(x, pow10(n)), y), scale)
	}
	return build(quotient(x, new(big.Int).Mul(y, pow10(-n))), scale)
}

// divScale is select_div_scale.
func divScale(x *big.Int, xs int, y *big.Int, ys int) int {
	w1, d1 := first(x, xs)
	w2, d2 := first(y, ys)
	return quotientScale(w1, d1, w2, d2, xs, ys)
}

func quotientScale(w1, d1, w2, d2, xs, ys int) int {
	weight := w1 - w2
	if d1 <= d2 {
		weight--
	}
	return clamp(max(significant-weight*groupDigits, xs, ys))
}

func clamp(scale int) int { return min(max(scale, 0), maxScale) }

// first is the weight of the first digit base 10,000 of a number, and that digit.
func first(x *big.Int, scale int) (weight, digit int) {
	return firstOf(x.Append(nil, 10), scale)
}

// firstOf is first of the digits of a number.
func firstOf(text []byte, scale int) (weight, digit int) {
	if text[0] == '-' {
		text = text[1:]
	}
	if text[0] == '0' {
		return 0, 0
	}
	exponent := len(text) - 1 - scale // of the first decimal digit
	weight = exponent / groupDigits
	if exponent < 0 && exponent%groupDigits != 0 {
		weight--
	}
	for i := range exponent - weight*groupDigits + 1 {
		digit *= 10
		if i < len(text) {
			digit += int(text[i] - '0')
		}
	}
	return weight, digit
}

// Round rounds to a number of digits behind the point (before it where negative), halves away
// from zero.
func Round(d Dec, scale int) (Dec, error) {
	x := round(d.Unscaled.Big(), scaleOf(d)-scale)
	if scale < 0 {
		return build(x.Mul(x, pow10(-scale)), 0)
	}
	return build(x, scale)
}

// Trunc cuts to a number of digits behind the point, or before it.
func Trunc(d Dec, scale int) (Dec, error) {
	if n := scaleOf(d) - scale; n > 0 {
		x := d.Unscaled.Big()
		x.Quo(x, pow10(n))
		if scale < 0 {
			return build(x.Mul(x, pow10(-scale)), 0)
		}
		return build(x, scale)
	}
	return Round(d, scale)
}

// Ceil is the least whole number that is not below d.
func Ceil(d Dec) (Dec, error) { return whole(d, 1) }

// Floor is the greatest whole number that is not above d.
func Floor(d Dec) (Dec, error) { return whole(d, -1) }

func whole(d Dec, direction int) (Dec, error) {
	q, r := d.Unscaled.Big(), new(big.Int)
	q.QuoRem(q, pow10(scaleOf(d)), r)
	if r.Sign() == direction {
		q.Add(q, big.NewInt(int64(direction)))
	}
	return build(q, 0)
}

// OfFloat is a double as a number: its first 15 significant digits, as a cast has it. NaN and
// infinities have none.
func OfFloat(f float64) (Dec, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Dec{}, sqlerr.New(sqlerr.NumericOutOfRange, "cannot convert %s to numeric", strings.TrimPrefix(strconv.FormatFloat(f, 'g', -1, 64), "+"))
	}
	d, err := types.ParseDec(strconv.FormatFloat(f, 'g', 15, 64))
	if err != nil {
		return Dec{}, errOverflow
	}
	return trimZeros(d), nil
}

// trimZeros drops zeros at the end, as %g prints none.
func trimZeros(d Dec) Dec {
	for d.Scale > 0 {
		q, r, _ := d.Unscaled.QuoRem(types.Int128Of(10))
		if r != (types.Int128{}) {
			break
		}
		d = Dec{Unscaled: q, Scale: d.Scale - 1}
	}
	return d
}

// TrimScale is the number with the fewest digits that say it.
func TrimScale(d Dec) Dec { return trimZeros(d) }
