package kernel

import "math"

// Add is dst = a + b; integers wrap.
func Add[T Number](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

// AddC is dst = a + c.
func AddC[T Number](dst, a []T, c T) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = a[i] + c
	}
}

// Sub is dst = a - b.
func Sub[T Number](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] - b[i]
	}
}

// CSub is dst = c - a.
func CSub[T Number](dst []T, c T, a []T) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = c - a[i]
	}
}

// Mul is dst = a * b.
func Mul[T Number](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

// MulC is dst = a * c.
func MulC[T Number](dst, a []T, c T) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = a[i] * c
	}
}

// Neg is dst = -a.
func Neg[T Number](dst, a []T) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = -a[i]
	}
}

// DivF is dst = a / b for doubles, where x/0 is infinite or NaN.
func DivF(dst, a, b []float64) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] / b[i]
	}
}

// ModF is dst = a mod b for doubles, with the sign of a.
func ModF(dst, a, b []float64) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = math.Mod(a[i], b[i])
	}
}

// Div is dst = a / b for integers, truncated towards zero; x/0 fails.
func Div[T Integer](dst, a, b []T, fail Failer) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		if b[i] == 0 {
			fail(i, ErrDivisionByZero)
			continue
		}
		dst[i] = a[i] / b[i]
	}
}

// DivC is dst = a / c for a c that is not zero.
func DivC[T Integer](dst, a []T, c T) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = a[i] / c
	}
}

// Mod is dst = a % b for integers, with the sign of a; x%0 fails.
func Mod[T Integer](dst, a, b []T, fail Failer) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		if b[i] == 0 {
			fail(i, ErrDivisionByZero)
			continue
		}
		dst[i] = a[i] % b[i]
	}
}

// ModC is dst = a % c for a c that is not zero.
func ModC[T Integer](dst, a []T, c T) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = a[i] % c
	}
}

// Checked does what the SQL standard asks of integers: op is one of + - * / %, and a
// result out of range fails.
func Checked[T Integer](op byte, dst, a, b []T, fail Failer) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		x, y := a[i], b[i]
		var r T
		bad := false
		switch op {
		case '+':
			r = x + y
			bad = (x^r)&(y^r) < 0
		case '-':
			r = x - y
			bad = (x^y)&(x^r) < 0
		case '*':
			r = x * y
			bad = x != 0 && (r/x != y || x == -1 && y == -y && y != 0)
		default:
			if y == 0 {
				fail(i, ErrDivisionByZero)
				continue
			}
			if op == '%' {
				r = x % y
			} else {
				r = x / y
				bad = y == -1 && x == -x && x != 0
			}
		}
		if bad {
			fail(i, ErrOutOfRange)
			continue
		}
		dst[i] = r
	}
}

// CheckedF is Checked for doubles: a zero divisor fails.
func CheckedF(op byte, dst, a, b []float64, fail Failer) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		if b[i] == 0 {
			fail(i, ErrDivisionByZero)
			continue
		}
		if op == '%' {
			dst[i] = math.Mod(a[i], b[i])
		} else {
			dst[i] = a[i] / b[i]
		}
	}
}

// CheckRange fails where an operation on finite doubles, op of + - * /, has become infinite, or a
// product or quotient of other numbers than 0 has become 0.
func CheckRange(op byte, dst, a, b []float64, fail Failer) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i, r := range dst {
		if r-r != 0 { // infinite or NaN
			if math.IsInf(r, 0) && !math.IsInf(a[i], 0) && !math.IsInf(b[i], 0) {
				fail(i, ErrOverflow)
			}
		} else if r == 0 && a[i] != 0 && (op == '*' && b[i] != 0 || op == '/' && !math.IsInf(b[i], 0)) {
			fail(i, ErrUnderflow)
		}
	}
}

// Convert is dst = a in another Go type, where that cannot fail (or wraps, as BIGINT to
// INT does in ksqlDB).
func Convert[D, S Number](dst []D, a []S) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = D(a[i])
	}
}

// Saturate converts doubles to integers as Java does: towards zero, NaN to 0, and what is
// out of range to the nearest limit.
func Saturate[D Integer](dst []D, a []float64, low, high D) {
	a = a[:len(dst)]
	for i := range dst {
		switch x := a[i]; {
		case x != x:
			dst[i] = 0
		case x <= float64(low):
			dst[i] = low
		case x >= float64(high):
			dst[i] = high
		default:
			dst[i] = D(x)
		}
	}
}

// Round converts doubles to integers as PostgreSQL does: to nearest, ties to even; out of
// range fails.
func Round[D Integer](dst []D, a []float64, low, high D, fail Failer) {
	a = a[:len(dst)]
	for i := range dst {
		x := math.RoundToEven(a[i])
		if !(x >= float64(low) && x < float64(high)+1) {
			fail(i, ErrOutOfRange)
			continue
		}
		dst[i] = D(x)
	}
}

// Narrow converts BIGINT to INT; out of range fails.
func Narrow(dst []int32, a []int64, fail Failer) {
	a = a[:len(dst)]
	for i := range dst {
		if dst[i] = int32(a[i]); int64(dst[i]) != a[i] {
			fail(i, ErrOutOfRange)
		}
	}
}
