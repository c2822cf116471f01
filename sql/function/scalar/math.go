package scalar

import (
	"math"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

const mathematical = "MATHEMATICAL"

func init() {
	for _, f := range []struct {
		name, doc string
		f         func(float64) float64
	}{
		{"ACOS", "Inverse cosine in radians; NaN outside of [-1, 1].", math.Acos},
		{"ASIN", "Inverse sine in radians; NaN outside of [-1, 1].", math.Asin},
		{"ATAN", "Inverse tangent in radians.", math.Atan},
		{"CBRT", "Cube root.", math.Cbrt},
		{"COS", "Cosine of an angle in radians.", math.Cos},
		{"COSH", "Hyperbolic cosine.", math.Cosh},
		{"COT", "Cotangent of an angle in radians; Infinity for 0.", func(x float64) float64 { return 1 / math.Tan(x) }},
		{"DEGREES", "Radians in degrees.", func(x float64) float64 { return x * (180 / math.Pi) }},
		{"EXP", "e to the power of the value.", math.Exp},
		{"LN", "Natural logarithm; NaN for negative values.", math.Log},
		{"RADIANS", "Degrees in radians.", func(x float64) float64 { return x * (math.Pi / 180) }},
		{"SIN", "Sine of an angle in radians.", math.Sin},
		{"SINH", "Hyperbolic sine.", math.Sinh},
		{"SQRT", "Square root; NaN for negative values.", math.Sqrt},
		{"TAN", "Tangent of an angle in radians.", math.Tan},
		{"TANH", "Hyperbolic tangent.", math.Tanh},
	} {
		function.RegisterScalar(function.Scalar{Name: f.name, Category: mathematical, Doc: f.doc, Overloads: []function.Signature{
			function.F1("DOUBLE value", "DOUBLE", func(x float64) (float64, error) { return f.f(x), nil })}})
	}
	register := func(name, doc string, overloads ...function.Signature) {
		function.RegisterScalar(function.Scalar{Name: name, Category: mathematical, Doc: doc, Overloads: overloads})
	}
	register("ATAN2", "Angle in radians between the x axis and the point (x, y).",
		function.F2("DOUBLE y", "DOUBLE x", "DOUBLE", func(y, x float64) (float64, error) { return math.Atan2(y, x), nil }))
	register("LOG", "Natural logarithm, or with a base the logarithm to that base.",
		function.F1("DOUBLE value", "DOUBLE", func(x float64) (float64, error) { return math.Log(x), nil }),
		function.F2("DOUBLE base", "DOUBLE value", "DOUBLE", logarithm))
	register("POWER", "base to the power of exponent.",
		function.F2("DOUBLE base", "DOUBLE exponent", "DOUBLE", func(x, y float64) (float64, error) { return math.Pow(x, y), nil }))
	register("PI", "The number pi.",
		function.F0("DOUBLE", func(*function.Context) (float64, error) { return math.Pi, nil }))
	register("RANDOM", "Random number of [0, 1).",
		function.F0("DOUBLE", func(ctx *function.Context) (float64, error) { return float64(ctx.Random()>>11) / (1 << 53), nil }).Unstable())
	register("SIGN", "-1, 0 or 1, as the value is negative, zero or positive.",
		function.F1("INTEGER value", "INTEGER", signOf[int32]),
		function.F1("BIGINT value", "INTEGER", signOf[int64]),
		function.F1("DOUBLE value", "INTEGER", signOf[float64]),
		function.F1("DECIMAL value", "INTEGER", func(x types.Dec) (int32, error) { return int32(x.Unscaled.Sign()), nil }))
	register("ABS", "Absolute value. The least INTEGER and BIGINT have none and stay.",
		function.F1("INTEGER value", "INTEGER", absolute[int32]),
		function.F1("BIGINT value", "BIGINT", absolute[int64]),
		function.F1("DOUBLE value", "DOUBLE", func(x float64) (float64, error) { return math.Abs(x), nil }),
		function.F1("DECIMAL value", "DECIMAL(38, 0)", func(x types.Dec) (types.Dec, error) {
			if x.Unscaled.Sign() < 0 {
				x.Unscaled = x.Unscaled.Neg()
			}
			return x, nil
		}).Typed(firstType))
	register("CEIL", "Least whole number that is not below the value.", whole(math.Ceil, 1)...)
	register("FLOOR", "Greatest whole number that is not above the value.", whole(math.Floor, -1)...)
}

// firstType is the rule of functions that return what they are given.
func firstType(args []types.Type) (types.Type, error) { return args[0], nil }

func logarithm(base, x float64) (float64, error) {
	if base <= 0 || base == 1 {
		return math.NaN(), nil
	}
	return math.Log(x) / math.Log(base), nil
}

func signOf[T int32 | int64 | float64](x T) (int32, error) {
	switch {
	case x < 0:
		return -1, nil
	case x > 0:
		return 1, nil
	}
	return 0, nil
}

func absolute[T int32 | int64](x T) (T, error) {
	if x < 0 {
		return -x, nil
	}
	return x, nil
}

// whole makes the overloads of CEIL and FLOOR. direction is where a decimal goes that has
// a fraction.
func whole(f func(float64) float64, direction int) []function.Signature {
	return []function.Signature{
		function.F1("INTEGER value", "INTEGER", func(x int32) (int32, error) { return x, nil }),
		function.F1("BIGINT value", "BIGINT", func(x int64) (int64, error) { return x, nil }),
		function.F1("DOUBLE value", "DOUBLE", func(x float64) (float64, error) { return f(x), nil }),
		function.F1("DECIMAL value", "DECIMAL(38, 0)", func(x types.Dec) (types.Dec, error) {
			quo, rem, ok := x.Unscaled.QuoRem(types.Pow10(int(x.Scale)))
			if ok && rem.Sign() == direction {
				quo, ok = quo.Add(types.Int128Of(int64(direction)))
			}
			if ok {
				quo, ok = quo.Mul(types.Pow10(int(x.Scale)))
			}
			if !ok || !quo.Fits(types.MaxPrecision) {
				return types.Dec{}, errOverflow
			}
			return types.Dec{Unscaled: quo, Scale: x.Scale}, nil
		}).Typed(firstType),
	}
}

var errOverflow = sqlerr.New(sqlerr.NumericOutOfRange, "Numeric field overflow")
