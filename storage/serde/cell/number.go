package cell

import (
	"math"
	"strconv"
	"unsafe"

	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// View is b as a string without a copy, for calls that do not keep it.
func View(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// ParseInteger reads text as Java's Long.parseLong does: a sign and digits, nothing else.
func ParseInteger(b []byte) (x int64, ok bool) {
	i, negative := 0, false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		i, negative = 1, b[0] == '-'
	}
	if i == len(b) {
		return 0, false
	}
	for ; i < len(b); i++ {
		c := int64(b[i]) - '0'
		if c < 0 || c > 9 || x < (math.MinInt64+c)/10 {
			return 0, false
		}
		x = x*10 - c // downwards, since the least value has no opposite
	}
	if !negative {
		if x == math.MinInt64 {
			return 0, false
		}
		x = -x
	}
	return x, true
}

// ParseDouble reads text as Java's Double.parseDouble does: blanks around it and a type
// suffix are allowed, "NaN" and "Infinity" are spelled so and only so, and a number that
// is too large is infinite.
func ParseDouble(b []byte) (x float64, ok bool) {
	for len(b) > 0 && b[0] <= ' ' {
		b = b[1:]
	}
	for len(b) > 0 && b[len(b)-1] <= ' ' {
		b = b[:len(b)-1]
	}
	if len(b) == 0 {
		return 0, false
	}
	digits := b
	if b[0] == '-' || b[0] == '+' {
		digits = b[1:]
	}
	switch string(digits) {
	case "NaN":
		return math.NaN(), true
	case "Infinity":
		if b[0] == '-' {
			return math.Inf(-1), true
		}
		return math.Inf(1), true
	}
	if len(digits) == 0 || digits[0] != '.' && (digits[0] < '0' || digits[0] > '9') {
		return 0, false
	}
	hex := len(digits) > 1 && digits[1]|0x20 == 'x'
	if c := b[len(b)-1] | 0x20; (c == 'd' || c == 'f') && (!hex || hasExponent(digits)) {
		b = b[:len(b)-1]
	}
	for _, c := range b {
		if c == '_' {
			return 0, false
		}
	}
	return parseFloat(b)
}

// hasExponent reports whether hexadecimal digits have their exponent, without which a
// trailing d or f is a digit.
func hasExponent(b []byte) bool {
	for _, c := range b {
		if c|0x20 == 'p' {
			return true
		}
	}
	return false
}

func parseFloat(b []byte) (float64, bool) {
	x, err := strconv.ParseFloat(View(b), 64)
	if err != nil && !math.IsInf(x, 0) {
		return 0, false
	}
	return x, true
}

// ParseDecimal reads text as a DECIMAL(precision, scale). Digits that the scale has no
// room for are an error unless they are zeros.
func ParseDecimal(b []byte, precision, scale int) (types.Int128, error) {
	if x, ok := shortDecimal(b, precision, scale); ok {
		return x, nil
	}
	d, err := types.ParseDec(string(b))
	if err != nil {
		return types.Int128{}, sqlerr.New(sqlerr.InvalidText, "%w", err)
	}
	if d, err = d.Fit(precision, scale, types.Unnecessary); err != nil {
		return types.Int128{}, sqlerr.New(sqlerr.NumericOutOfRange, "%w", err)
	}
	return d.Unscaled, nil
}

// shortDecimal reads up to 18 digits without an exponent, which is nearly all there are.
func shortDecimal(b []byte, precision, scale int) (types.Int128, bool) {
	i, negative := 0, false
	if len(b) > 0 && b[0] == '-' {
		i, negative = 1, true
	}
	digits, point := 0, -1
	var x int64
	for ; i < len(b); i++ {
		switch c := b[i]; {
		case c >= '0' && c <= '9' && digits < 18:
			x = x*10 + int64(c-'0')
			digits++
		case c == '.' && point < 0:
			point = digits
		default:
			return types.Int128{}, false
		}
	}
	fraction := 0
	if point >= 0 {
		fraction = digits - point
	}
	if digits == 0 || fraction > scale {
		return types.Int128{}, false
	}
	if negative {
		x = -x
	}
	out, ok := types.Int128Of(x).Mul(types.Pow10(scale - fraction))
	return out, ok && out.Fits(precision)
}

// AppendBigDecimal writes a JSON number token as Java's BigDecimal.toString does: digits
// and scale as written, scientific notation when the exponent is positive or very small.
func AppendBigDecimal(dst, token []byte) []byte {
	i, negative := 0, false
	if len(token) > 0 && (token[0] == '-' || token[0] == '+') {
		i, negative = 1, token[0] == '-'
	}
	var digits []byte
	scale := 0
	for point := false; i < len(token) && token[i]|0x20 != 'e'; i++ {
		if token[i] == '.' {
			point = true
			continue
		}
		if point {
			scale++
		}
		if len(digits) > 0 || token[i] != '0' {
			digits = append(digits, token[i])
		}
	}
	if len(digits) == 0 {
		digits, negative = append(digits, '0'), false
	}
	if i < len(token) {
		exp, ok := ParseInteger(token[i+1:])
		if !ok || exp < math.MinInt32 || exp > math.MaxInt32 {
			return append(dst, token...) // beyond what a BigDecimal holds
		}
		scale -= int(exp)
	}
	if negative {
		dst = append(dst, '-')
	}
	return appendUnscaled(dst, digits, scale)
}

// appendUnscaled lays out digits * 10^-scale.
func appendUnscaled(dst, digits []byte, scale int) []byte {
	adjusted := len(digits) - 1 - scale
	switch {
	case scale == 0:
		return append(dst, digits...)
	case scale > 0 && adjusted >= -6:
		if whole := len(digits) - scale; whole > 0 {
			dst = append(append(dst, digits[:whole]...), '.')
			return append(dst, digits[whole:]...)
		}
		dst = append(dst, '0', '.')
		for range scale - len(digits) {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	}
	dst = append(dst, digits[0])
	if len(digits) > 1 {
		dst = append(append(dst, '.'), digits[1:]...)
	}
	if adjusted == 0 {
		return dst
	}
	dst = append(dst, 'E')
	if adjusted > 0 {
		dst = append(dst, '+')
	}
	return strconv.AppendInt(dst, int64(adjusted), 10)
}
