package scalar

import (
	"math"
	"math/big"
	"strconv"

	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

func init() {
	rounding := func(name, doc string, mode roundMode) {
		function.RegisterScalar(function.Scalar{Name: name, Category: mathematical, Doc: doc, Overloads: []function.Signature{
			function.F1("INTEGER value", "BIGINT", func(x int32) (int64, error) { return int64(x), nil }),
			function.F1("BIGINT value", "BIGINT", func(x int64) (int64, error) { return x, nil }),
			function.F1("DOUBLE value", "BIGINT", func(x float64) (int64, error) { return saturate(mode.float(x)), nil }),
			function.F2("DOUBLE value", "INTEGER decimalPlaces", "DOUBLE", func(x float64, n int32) (float64, error) { return roundDouble(x, int(n), mode) }),
			decimalRound("DECIMAL(38, 0)", []string{"DECIMAL value"}, mode).Typed(func(args []types.Type) (types.Type, error) {
				return types.DecimalOf(max(1, args[0].Precision-args[0].Scale), 0), nil
			}),
			decimalRound("DECIMAL(38, 0)", []string{"DECIMAL value", "INTEGER decimalPlaces"}, mode).Typed(firstType),
		}})
	}
	rounding("ROUND", "The value rounded to the nearest whole number, or to decimalPlaces digits after the point (before it where negative). "+
		"Halves go towards positive infinity. A DECIMAL with decimalPlaces keeps its type.", halfUp)
	rounding("TRUNC", "The value without its fraction, or with decimalPlaces digits of it (rounded towards zero). "+
		"A DECIMAL with decimalPlaces keeps its type.", towardsZero)
}

type roundMode bool

// halfUp rounds halves towards positive infinity, as Java's Math.round does.
const (
	halfUp      roundMode = false
	towardsZero roundMode = true
)

func (m roundMode) float(x float64) float64 {
	if m == towardsZero {
		return math.Trunc(x)
	}
	floor := math.Floor(x)
	if x-floor >= 0.5 {
		return floor + 1
	}
	return floor
}

// saturate converts as Java casts: NaN to 0, what is too large to the nearest end.
func saturate(x float64) int64 {
	switch {
	case x != x:
		return 0
	case x >= math.MaxInt64:
		return math.MaxInt64
	case x <= math.MinInt64:
		return math.MinInt64
	}
	return int64(x)
}

// quotient rounds x / 10^n.
func (m roundMode) quotient(x *big.Int, n int) *big.Int {
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
	quo, rem := new(big.Int).QuoRem(x, unit, new(big.Int))
	if m == towardsZero || rem.Sign() == 0 {
		return quo
	}
	twice := rem.Lsh(rem.Abs(rem), 1)
	switch c := twice.Cmp(unit); {
	case x.Sign() > 0 && c >= 0:
		quo.Add(quo, big.NewInt(1))
	case x.Sign() < 0 && c > 0:
		quo.Sub(quo, big.NewInt(1))
	}
	return quo
}

// roundDouble rounds the shortest decimal that reads back as x, which is what a person
// sees, rather than the binary value behind it.
func roundDouble(x float64, places int, mode roundMode) (float64, error) {
	if math.IsNaN(x) || math.IsInf(x, 0) || x == 0 {
		return x, nil
	}
	digits, exponent := shortest(x)
	drop := -exponent - places
	switch {
	case drop <= 0:
		return x, nil
	case drop > 18: // more than there are digits: a half is out of reach
		return 0, nil
	}
	unit := int64(1)
	for range drop {
		unit *= 10
	}
	rounded, rest := digits/unit, digits%unit
	if mode == halfUp {
		// Halves go up: for negative numbers towards zero.
		if rest >= unit-unit/2 {
			rounded++
		} else if -rest > unit/2 {
			rounded--
		}
	}
	const exact = 1 << 53 // the integers that doubles hold without gaps
	if places >= 0 && places <= 22 && rounded < exact && rounded > -exact {
		return float64(rounded) / math.Pow10(places), nil
	}
	return strconv.ParseFloat(strconv.FormatInt(rounded, 10)+"e"+strconv.Itoa(-places), 64)
}

// shortest writes x as digits * 10^exponent, with at most 17 digits.
func shortest(x float64) (digits int64, exponent int) {
	var buf [32]byte
	text := strconv.AppendFloat(buf[:0], x, 'e', -1, 64)
	fraction, seen := 0, false
	for i, c := range text {
		switch {
		case c == '.':
			seen = true
		case c == 'e':
			exponent, _ = strconv.Atoi(string(text[i+1:]))
			if x < 0 {
				digits = -digits
			}
			return digits, exponent - fraction
		case c != '-':
			digits = digits*10 + int64(c-'0')
			if seen {
				fraction++
			}
		}
	}
	return digits, exponent - fraction
}

// decimalRound rounds a decimal to the places and brings it to the scale of the result.
func decimalRound(result string, params []string, mode roundMode) function.Signature {
	compile := func(_ []types.Type, to types.Type) (function.Kernel, error) {
		round := func(x types.Dec, places int32) (types.Dec, error) {
			unscaled := x.Unscaled
			scale := int(x.Scale)
			if drop := scale - int(places); drop > 60 {
				unscaled, scale = types.Int128{}, 0
			} else if drop > 0 {
				b := mode.quotient(unscaled.Big(), drop)
				if scale = int(places); scale < 0 {
					b.Mul(b, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-scale)), nil))
					scale = 0
				}
				var ok bool
				if unscaled, ok = types.Int128FromBig(b); !ok {
					return types.Dec{}, errOverflow
				}
			}
			return types.Dec{Unscaled: unscaled, Scale: int32(scale)}.Fit(to.Precision, to.Scale, types.Unnecessary)
		}
		if len(params) == 2 {
			return function.Lift2(round), nil
		}
		return function.Lift1(func(x types.Dec) (types.Dec, error) { return round(x, 0) }), nil
	}
	return function.Signature{Params: params, Result: result, NullIn: true, Compile: compile}
}

func init() {
	extreme := func(name, doc string, sign int) {
		f := function.Scalar{Name: name, Category: mathematical, Doc: doc}
		for _, t := range []string{"INTEGER", "BIGINT", "DOUBLE", "STRING", "BYTES", "DATE", "TIME", "TIMESTAMP"} {
			f.Overloads = append(f.Overloads, function.Signature{Params: []string{t + " val", t + " vals"}, Variadic: true, Result: t,
				Compile: function.Always(extremeKernel(sign))})
		}
		f.Overloads = append(f.Overloads, function.Signature{Params: []string{"DECIMAL val", "DECIMAL vals"}, Variadic: true,
			Result: "DECIMAL(38, 0)", ResultType: widestDecimal, Compile: extremeDecimal(sign)})
		function.RegisterScalar(f)
	}
	extreme("GREATEST", "Greatest of the values, without NULLs; NULL when all are. All values must have one type, or a type that all cast to.", 1)
	extreme("LEAST", "Least of the values, without NULLs; NULL when all are. All values must have one type, or a type that all cast to.", -1)
}

// widestDecimal holds every value of the arguments.
func widestDecimal(args []types.Type) (types.Type, error) {
	out := types.NullType
	for _, t := range args {
		out, _ = function.Common(out, t)
	}
	return out, nil
}

// extremeKernel picks rows without boxing: CompareAt and AppendFrom work on columns.
func extremeKernel(sign int) function.Kernel {
	return func(_ *function.Context, args []*vector.Vector, n int, out *vector.Vector) error {
		for i := range n {
			var best *vector.Vector
			for _, v := range args {
				if !v.IsNull(i) && (best == nil || v.CompareAt(i, best, i)*sign > 0) {
					best = v
				}
			}
			if best == nil {
				out.AppendNull()
			} else {
				out.AppendFrom(best, i)
			}
		}
		return nil
	}
}

// extremeDecimal compares across scales.
func extremeDecimal(sign int) func([]types.Type, types.Type) (function.Kernel, error) {
	return func(_ []types.Type, result types.Type) (function.Kernel, error) {
		return function.LiftRows(func(_ *function.Context, args []types.Value) (types.Value, error) {
			var best types.Value
			for _, x := range args {
				if x != nil && (best == nil || types.Compare(x, best)*sign > 0) {
					best = x
				}
			}
			if best == nil {
				return nil, nil
			}
			d, err := best.(types.Dec).Fit(result.Precision, result.Scale, types.Unnecessary)
			return d, err
		}), nil
	}
}
