package kernel

import (
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// Decimals are the operands and the result type of decimal arithmetic.
type Decimals struct {
	Scale, ScaleA, ScaleB int // of the result and the operands
	Precision             int // of the result
	Rounding              types.Rounding
}

// Add is dst = a + b, or a - b where subtract is set: exact, then rounded once.
func (d Decimals) Add(dst, a, b []types.Int128, subtract bool, fail Failer) {
	a, b = a[:len(dst)], b[:len(dst)]
	at := max(d.ScaleA, d.ScaleB)
	if d.ScaleA == d.ScaleB && at == d.Scale {
		d.addAligned(dst, a, b, subtract, fail)
		return
	}
	for i := range dst {
		x, err := types.Rescale(a[i], d.ScaleA, at, types.Unnecessary)
		y, err2 := types.Rescale(b[i], d.ScaleB, at, types.Unnecessary)
		if err == nil {
			err = err2
		}
		var r types.Int128
		ok := true
		if subtract {
			r, ok = x.Sub(y)
		} else {
			r, ok = x.Add(y)
		}
		if at != d.Scale && ok && err == nil {
			r, err = types.Rescale(r, at, d.Scale, d.Rounding)
		}
		dst[i] = d.finish(i, r, ok, err, fail)
	}
}

// addAligned is Add for operands and result of one scale.
func (d Decimals) addAligned(dst, a, b []types.Int128, subtract bool, fail Failer) {
	for i := range dst {
		x, y := a[i], b[i]
		if p, q := int64(x.Lo), int64(y.Lo); x.Hi == p>>63 && y.Hi == q>>63 && small(p) && small(q) {
			if subtract {
				q = -q
			}
			if r := types.Int128Of(p + q); d.Precision > 18 || r.Fits(d.Precision) {
				dst[i] = r
				continue
			}
		}
		r, ok := x, true
		if subtract {
			r, ok = x.Sub(y)
		} else {
			r, ok = x.Add(y)
		}
		dst[i] = d.finish(i, r, ok, nil, fail)
	}
}

// small says that sums of two such numbers fit 64 bits and 18 digits.
func small(x int64) bool { return x > -5e17 && x < 5e17 }

// Mul is dst = a * b.
func (d Decimals) Mul(dst, a, b []types.Int128, fail Failer) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		x, y := a[i], b[i]
		if p, q := int64(x.Lo), int64(y.Lo); d.Scale == d.ScaleA+d.ScaleB && d.Precision > 18 &&
			x.Hi == p>>63 && y.Hi == q>>63 && int64(int32(p)) == p && int64(int32(q)) == q {
			dst[i] = types.Int128Of(p * q)
			continue
		}
		r, ok := x.Mul(y)
		var err error
		if ok && d.Scale != d.ScaleA+d.ScaleB {
			r, err = types.Rescale(r, d.ScaleA+d.ScaleB, d.Scale, d.Rounding)
		}
		dst[i] = d.finish(i, r, ok, err, fail)
	}
}

// Div is dst = a / b.
func (d Decimals) Div(dst, a, b []types.Int128, fail Failer) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		if b[i] == (types.Int128{}) {
			fail(i, ErrDivisionByZero)
			continue
		}
		r, err := types.QuoDec(a[i], d.ScaleA, b[i], d.ScaleB, d.Scale, d.Rounding)
		dst[i] = d.finish(i, r, true, err, fail)
	}
}

// Mod is dst = a % b, with the sign of a.
func (d Decimals) Mod(dst, a, b []types.Int128, fail Failer) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		if b[i] == (types.Int128{}) {
			fail(i, ErrDivisionByZero)
			continue
		}
		at := max(d.ScaleA, d.ScaleB)
		x, err := types.Rescale(a[i], d.ScaleA, at, types.Unnecessary)
		y, err2 := types.Rescale(b[i], d.ScaleB, at, types.Unnecessary)
		if err == nil {
			err = err2
		}
		var r types.Int128
		if err == nil {
			_, r, _ = x.QuoRem(y)
			r, err = types.Rescale(r, at, d.Scale, d.Rounding)
		}
		dst[i] = d.finish(i, r, true, err, fail)
	}
}

// finish checks that a result fits its type.
func (d Decimals) finish(i int, r types.Int128, ok bool, err error, fail Failer) types.Int128 {
	switch {
	case err != nil:
		fail(i, err)
	case !ok || !r.Fits(d.Precision):
		fail(i, types.ErrOverflow)
	}
	return r
}

// Rescale brings a, of scale ScaleA, into the result type.
func (d Decimals) Rescale(dst, a []types.Int128, fail Failer) {
	a = a[:len(dst)]
	for i := range dst {
		r, err := types.Rescale(a[i], d.ScaleA, d.Scale, d.Rounding)
		dst[i] = d.finish(i, r, true, err, fail)
	}
}

// FromInts makes decimals of integers.
func FromInts[T Integer](d Decimals, dst []types.Int128, a []T, fail Failer) {
	a = a[:len(dst)]
	for i := range dst {
		r, err := types.Rescale(types.Int128Of(int64(a[i])), 0, d.Scale, d.Rounding)
		dst[i] = d.finish(i, r, true, err, fail)
	}
}

// DecFloats makes doubles of decimals.
func DecFloats(dst []float64, a []types.Int128, scale int) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = types.Dec{Unscaled: a[i], Scale: int32(scale)}.Float64()
	}
}

// DecInts makes integers of decimals: by rounding where the result must fit, else
// truncated and cut to the low bits, as Java does.
func DecInts[T Integer](dst []T, a []types.Int128, scale int, rounding types.Rounding, fail Failer) {
	a = a[:len(dst)]
	for i := range dst {
		r, err := types.Rescale(a[i], scale, 0, rounding)
		if err == nil && rounding != types.Down {
			if v, ok := r.Int64(); !ok || int64(T(v)) != v {
				err = ErrOutOfRange
			}
		}
		if err != nil {
			fail(i, err)
			continue
		}
		dst[i] = T(r.Lo)
	}
}

// DecRows compares decimals of one scale row by row.
func DecRows(dst vector.Bitmap, a, b []types.Int128, accept Accept) {
	for w := range dst {
		lo, hi := w*64, min(w*64+64, len(a))
		x, y, word := a[lo:hi], b[lo:hi], uint64(0)
		for j := range x {
			word |= bit(accept.Holds(order128(x[j], y[j]))) << (uint(j) & 63)
		}
		dst[w] = word
	}
}

// DecRowsC is DecRows with one constant.
func DecRowsC(dst vector.Bitmap, a []types.Int128, c types.Int128, accept Accept) {
	for w := range dst {
		x, word := a[w*64:min(w*64+64, len(a))], uint64(0)
		for j := range x {
			word |= bit(accept.Holds(order128(x[j], c))) << (uint(j) & 63)
		}
		dst[w] = word
	}
}

// order128 is Int128.Cmp, small enough to be inlined.
func order128(x, y types.Int128) int {
	if x.Hi == y.Hi {
		return int(bit(x.Lo > y.Lo)) - int(bit(x.Lo < y.Lo))
	}
	return int(bit(x.Hi > y.Hi)) - int(bit(x.Hi < y.Hi))
}
