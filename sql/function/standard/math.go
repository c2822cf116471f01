package standard

import (
	"math"
	"math/big"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/numeric"
	"tailrace/sql/types/vector"
)

var (
	errIntRange   = sqlerr.New(sqlerr.NumericOutOfRange, "integer out of range")
	errFloatRange = sqlerr.New(sqlerr.NumericOutOfRange, "value out of range: overflow")
	errInput      = sqlerr.New(sqlerr.NumericOutOfRange, "input is out of range")
)

// real lifts a function of doubles; a result that is infinite of an argument that is not is out
// of range.
func real(f func(float64) (float64, error)) function.Signature {
	return function.F1("DOUBLE x", "DOUBLE", func(x float64) (float64, error) {
		y, err := f(x)
		if err == nil && math.IsInf(y, 0) && !math.IsInf(x, 0) {
			err = errFloatRange
		}
		return y, err
	})
}

// number1 lifts a function of NUMERIC.
func number1(f func(types.Dec) (types.Dec, error)) function.Signature {
	return function.F1("NUMERIC x", "NUMERIC", f)
}

func number2(f func(a, b types.Dec) (types.Dec, error)) function.Signature {
	return function.F2("NUMERIC x", "NUMERIC y", "NUMERIC", f)
}

// within refuses arguments that a function is not defined for; NaN passes.
func within(low, high float64, f func(float64) float64) func(float64) (float64, error) {
	return func(x float64) (float64, error) {
		if x < low || x > high {
			return 0, errInput
		}
		return f(x), nil
	}
}

func total(f func(float64) float64) func(float64) (float64, error) {
	return func(x float64) (float64, error) { return f(x), nil }
}

// logOf refuses what has no logarithm.
func logOf(f func(float64) float64) func(float64) (float64, error) {
	return func(x float64) (float64, error) {
		switch {
		case x == 0:
			return 0, sqlerr.New(sqlerr.InvalidLogarithm, "cannot take logarithm of zero")
		case x < 0:
			return 0, sqlerr.New(sqlerr.InvalidLogarithm, "cannot take logarithm of a negative number")
		}
		return f(x), nil
	}
}

func init() {
	inf := math.Inf(1)
	finite := math.MaxFloat64
	for _, f := range []struct {
		name, doc string
		f         func(float64) (float64, error)
	}{
		{"ACOS", "Inverse cosine in radians; 22003 outside of [-1, 1].", within(-1, 1, math.Acos)},
		{"ASIN", "Inverse sine in radians; 22003 outside of [-1, 1].", within(-1, 1, math.Asin)},
		{"COS", "Cosine of an angle in radians.", within(-finite, finite, math.Cos)},
		{"SIN", "Sine of an angle in radians.", within(-finite, finite, math.Sin)},
		{"TAN", "Tangent of an angle in radians.", within(-finite, finite, math.Tan)},
	} {
		differs(numbers, f.name, f.doc, real(f.f))
	}
	differs(numbers, "COT", "Cotangent of an angle in radians; infinite for 0.", function.F1("DOUBLE x", "DOUBLE", func(x float64) (float64, error) {
		return within(-finite, finite, func(x float64) float64 { return 1 / math.Tan(x) })(x)
	}))
	for _, f := range []struct {
		name, doc string
		f         func(float64) (float64, error)
	}{
		{"ACOSH", "Inverse hyperbolic cosine.", within(1, inf, math.Acosh)},
		{"ASINH", "Inverse hyperbolic sine.", total(math.Asinh)},
		{"ATANH", "Inverse hyperbolic tangent; infinite at the ends of [-1, 1].", nil},
		{"SIND", "Sine of an angle in degrees.", total(func(x float64) float64 { return degrees(x, math.Sin) })},
		{"COSD", "Cosine of an angle in degrees.", total(func(x float64) float64 { return degrees(x, math.Cos) })},
		{"TAND", "Tangent of an angle in degrees.", total(func(x float64) float64 { return degrees(x, math.Tan) })},
	} {
		if f.f != nil {
			both(numbers, f.name, f.doc, real(f.f))
		}
	}
	both(numbers, "ATANH", "Inverse hyperbolic tangent; infinite at the ends of [-1, 1].", function.F1("DOUBLE x", "DOUBLE", within(-1, 1, math.Atanh)))
	differs(numbers, "SQRT", "Square root; 2201F for negative values.", real(func(x float64) (float64, error) {
		if x < 0 {
			return 0, sqlerr.New(sqlerr.InvalidPower, "cannot take square root of a negative number")
		}
		return math.Sqrt(x), nil
	}), number1(numeric.Sqrt))
	differs(numbers, "EXP", "e to the power of the value.", real(func(x float64) (float64, error) { return inRange(math.Exp(x), x != math.Inf(-1)) }), number1(numeric.Exp))
	differs(numbers, "LN", "Natural logarithm; 2201E for what is not positive.", real(logOf(math.Log)), number1(numeric.Ln))
	log10 := []function.Signature{real(logOf(math.Log10)), number1(func(d types.Dec) (types.Dec, error) { return numeric.Log(types.DecOf(10), d) })}
	both(numbers, "LOG10", "Logarithm to base 10; 2201E for what is not positive.", log10...)
	differs(numbers, "LOG", "Logarithm to base 10, or to the base x; 2201E for what is not positive.", append(log10[:2:2], number2(numeric.Log))...)
	differs(numbers, "POWER", "x to the power of y; 2201F where that is no real number.", function.F2("DOUBLE x", "DOUBLE y", "DOUBLE", power), number2(numeric.Power))
	both(numbers, "GCD", "Greatest common divisor.", function.F2("INTEGER x", "INTEGER y", "INTEGER", gcd[int32]), function.F2("BIGINT x", "BIGINT y", "BIGINT", gcd[int64]))
	both(numbers, "LCM", "Least common multiple.", function.F2("INTEGER x", "INTEGER y", "INTEGER", lcm[int32]), function.F2("BIGINT x", "BIGINT y", "BIGINT", lcm[int64]))
	both(numbers, "DIV", "The quotient without its fraction.", number2(numeric.Quo))
	both(numbers, "MOD", "The remainder of x / y, with the sign of x.",
		function.F2("INTEGER x", "INTEGER y", "INTEGER", modulo[int32]), function.F2("BIGINT x", "BIGINT y", "BIGINT", modulo[int64]), number2(numeric.Mod))
	both(numbers, "FACTORIAL", "n! = 1 * 2 * ... * n.", function.F1("BIGINT n", "NUMERIC", factorial))
	both(numbers, "SCALE", "How many digits stand behind the point.", function.F1("NUMERIC x", "INTEGER", func(d types.Dec) (int32, error) { return d.Scale, nil }))
	both(numbers, "MIN_SCALE", "How many digits behind the point the value needs.", function.F1("NUMERIC x", "INTEGER", func(d types.Dec) (int32, error) { return numeric.TrimScale(d).Scale, nil }))
	both(numbers, "TRIM_SCALE", "The value without zeros at its end.", number1(func(d types.Dec) (types.Dec, error) { return numeric.TrimScale(d), nil }))
	roundings()
	buckets()
	extremes()
}

// degrees computes with an angle in degrees; multiples of 30 are exact, as in PostgreSQL.
func degrees(x float64, f func(float64) float64) float64 {
	y := f(math.Mod(x, 360) * (math.Pi / 180))
	for _, exact := range []float64{0, 0.5, 1, -0.5, -1} {
		if math.Abs(y-exact) < 1e-15 {
			return exact
		}
	}
	return y
}

// inRange fails for 0 where the result cannot be that.
func inRange(y float64, positive bool) (float64, error) {
	if y == 0 && positive {
		return 0, sqlerr.New(sqlerr.NumericOutOfRange, "value out of range: underflow")
	}
	return y, nil
}

func power(x, y float64) (float64, error) {
	switch {
	case x == 0 && y < 0:
		return 0, sqlerr.New(sqlerr.InvalidPower, "zero raised to a negative power is undefined")
	case x < 0 && y != math.Floor(y):
		return 0, sqlerr.New(sqlerr.InvalidPower, "a negative number raised to a non-integer power yields a complex result")
	}
	z := math.Pow(x, y)
	if math.IsInf(z, 0) && !math.IsInf(x, 0) && !math.IsInf(y, 0) {
		return 0, errFloatRange
	}
	return inRange(z, x != 0 && !math.IsInf(x, 0) && !math.IsInf(y, 0))
}

func gcd[T int32 | int64](x, y T) (T, error) {
	for y != 0 {
		if y == -1 { // the least number has no remainder by it
			return 1, nil
		}
		x, y = y, x%y
	}
	if x < 0 {
		if x = -x; x < 0 {
			return 0, errIntRange
		}
	}
	return x, nil
}

func lcm[T int32 | int64](x, y T) (T, error) {
	if x == 0 || y == 0 {
		return 0, nil
	}
	g, err := gcd(x, y)
	if err != nil {
		return 0, err
	}
	product := new(big.Int).Mul(big.NewInt(int64(x/g)), big.NewInt(int64(y)))
	product.Abs(product)
	if !product.IsInt64() || int64(T(product.Int64())) != product.Int64() {
		return 0, errIntRange
	}
	return T(product.Int64()), nil
}

func modulo[T int32 | int64](x, y T) (T, error) {
	switch y {
	case 0:
		return 0, numeric.ErrDivisionByZero
	case -1:
		return 0, nil
	}
	return x % y, nil
}

func factorial(n int64) (types.Dec, error) {
	switch {
	case n < 0:
		return types.Dec{}, sqlerr.New(sqlerr.NumericOutOfRange, "factorial of a negative number is undefined")
	case n > 33:
		return types.Dec{}, sqlerr.New(sqlerr.NumericOutOfRange, "value overflows numeric format")
	}
	out, _ := types.Int128FromBig(new(big.Int).MulRange(1, n))
	return types.Dec{Unscaled: out}, nil
}

func roundings() {
	absolute := func(x types.Dec) (types.Dec, error) {
		if x.Unscaled.Sign() < 0 {
			x.Unscaled = x.Unscaled.Neg()
		}
		return x, nil
	}
	differs(numbers, "ABS", "Absolute value.",
		function.F1("INTEGER x", "INTEGER", distance[int32]), function.F1("BIGINT x", "BIGINT", distance[int64]),
		function.F1("DOUBLE x", "DOUBLE", func(x float64) (float64, error) { return math.Abs(x), nil }),
		function.F1("DECIMAL x", "DECIMAL(38, 0)", absolute).Typed(func(t []types.Type) (types.Type, error) { return t[0], nil }), number1(absolute))
	differs(numbers, "SIGN", "-1, 0 or 1, as the value is negative, zero or positive.",
		function.F1("DOUBLE x", "DOUBLE", func(x float64) (float64, error) {
			switch {
			case x > 0:
				return 1, nil
			case x < 0:
				return -1, nil
			}
			return 0, nil
		}), number1(func(x types.Dec) (types.Dec, error) { return types.DecOf(int64(x.Unscaled.Sign())), nil }))
	differs(numbers, "CEIL", "Least whole number that is not below the value.", real(total(math.Ceil)), number1(numeric.Ceil))
	differs(numbers, "FLOOR", "Greatest whole number that is not above the value.", real(total(math.Floor)), number1(numeric.Floor))
	at := func(f func(types.Dec, int) (types.Dec, error)) []function.Signature {
		return []function.Signature{
			number1(func(d types.Dec) (types.Dec, error) { return f(d, 0) }),
			function.F2("NUMERIC x", "INTEGER digits", "NUMERIC", func(d types.Dec, n int32) (types.Dec, error) {
				return f(d, int(min(max(n, -1000), types.MaxPrecision)))
			}),
		}
	}
	differs(numbers, "ROUND", "The value rounded to the nearest whole number, or to digits behind the point (before it where negative). NUMERIC rounds halves away from zero, DOUBLE to the even number.",
		append(at(numeric.Round), real(total(math.RoundToEven)))...)
	differs(numbers, "TRUNC", "The value without its fraction, or with digits of it.", append(at(numeric.Trunc), real(total(math.Trunc)))...)
	differs(numbers, "RANDOM", "Random number of [0, 1).",
		function.F0("DOUBLE", func(ctx *function.Context) (float64, error) { return float64(ctx.Random()>>11) / (1 << 53), nil }).Unstable())
}

func distance[T int32 | int64](x T) (T, error) {
	if x < 0 {
		if x = -x; x < 0 {
			return 0, errIntRange
		}
	}
	return x, nil
}

func buckets() {
	both(numbers, "WIDTH_BUCKET", "Which of count buckets of one size between low and high the value falls into, from 1; 0 below and count + 1 above. Or the number of thresholds, in order, that are not above it.",
		strict([]string{"DOUBLE x", "DOUBLE low", "DOUBLE high", "INTEGER count"}, "INTEGER", func(_ *function.Context, a []types.Value) (types.Value, error) {
			return widthBucket(a[0].(float64), a[1].(float64), a[2].(float64), a[3].(int32))
		}),
		strict([]string{"NUMERIC x", "NUMERIC low", "NUMERIC high", "INTEGER count"}, "INTEGER", func(_ *function.Context, a []types.Value) (types.Value, error) {
			return numericBucket(a[0].(types.Dec), a[1].(types.Dec), a[2].(types.Dec), a[3].(int32))
		}),
		strict([]string{"T x", "ARRAY<T> thresholds"}, "INTEGER", func(_ *function.Context, a []types.Value) (types.Value, error) {
			n := int32(0)
			for _, t := range a[1].(types.ArrayVal) {
				if t == nil {
					return nil, sqlerr.New(sqlerr.NullNotAllowed, "thresholds array must not contain NULLs")
				}
				if types.Compare(t, a[0]) <= 0 {
					n++
				}
			}
			return n, nil
		}))
}

var (
	errBucketCount = sqlerr.New(sqlerr.InvalidWidthBucket, "count must be greater than zero")
	errBucketSame  = sqlerr.New(sqlerr.InvalidWidthBucket, "lower bound cannot equal upper bound")
)

func widthBucket(x, low, high float64, count int32) (types.Value, error) {
	switch {
	case count <= 0:
		return nil, errBucketCount
	case x != x || low != low || high != high:
		return nil, sqlerr.New(sqlerr.InvalidWidthBucket, "operand, lower bound, and upper bound cannot be NaN")
	case math.IsInf(low, 0) || math.IsInf(high, 0):
		return nil, sqlerr.New(sqlerr.InvalidWidthBucket, "lower and upper bounds must be finite")
	case low == high:
		return nil, errBucketSame
	}
	if low > high {
		x, low, high = -x, -low, -high
	}
	switch {
	case x < low:
		return int32(0), nil
	case x >= high:
		return bucketAbove(count)
	}
	return min(int32(float64(count)*((x-low)/(high-low)))+1, count), nil
}

func bucketAbove(count int32) (types.Value, error) {
	if count == math.MaxInt32 {
		return nil, errIntRange
	}
	return count + 1, nil
}

func numericBucket(x, low, high types.Dec, count int32) (types.Value, error) {
	order := low.Cmp(high)
	switch {
	case count <= 0:
		return nil, errBucketCount
	case order == 0:
		return nil, errBucketSame
	case x.Cmp(low)*order > 0:
		return int32(0), nil
	case x.Cmp(high)*order <= 0:
		return bucketAbove(count)
	}
	part, err := numeric.Sub(x, low)
	if err != nil {
		return nil, err
	}
	all, err := numeric.Sub(high, low)
	if err != nil {
		return nil, err
	}
	n := new(big.Int).Mul(part.Unscaled.Big(), big.NewInt(int64(count)))
	n.Mul(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(0, all.Scale-part.Scale))), nil))
	d := all.Unscaled.Big()
	d.Mul(d, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(0, part.Scale-all.Scale))), nil))
	return int32(n.Quo(n, d).Int64()) + 1, nil
}

// extremes are GREATEST and LEAST over values of any one type.
func extremes() {
	extreme := func(name, doc string, sign int) {
		kernel := func(_ *function.Context, args []*vector.Vector, n int, out *vector.Vector) error {
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
		var overloads []function.Signature
		for _, t := range []string{"INTEGER", "BIGINT", "DOUBLE", "NUMERIC", "STRING", "DATE", "TIMESTAMP", "T"} {
			overloads = append(overloads, function.Signature{Params: []string{t + " value", t + " others"}, Variadic: true, Result: t, Compile: function.Always(kernel)})
		}
		differs(numbers, name, doc, overloads...)
	}
	extreme("GREATEST", "Greatest of the values, without NULLs; NULL when all are.", 1)
	extreme("LEAST", "Least of the values, without NULLs; NULL when all are.", -1)
	count := func(nulls bool) function.Kernel {
		return func(_ *function.Context, args []*vector.Vector, n int, out *vector.Vector) error {
			put := function.Writer[int32](out)
			for i := range n {
				k := int32(0)
				for _, v := range args {
					if v.IsNull(i) == nulls {
						k++
					}
				}
				put(k)
			}
			return nil
		}
	}
	for name, nulls := range map[string]bool{"NUM_NULLS": true, "NUM_NONNULLS": false} {
		doc := "How many of the arguments are not NULL."
		if nulls {
			doc = "How many of the arguments are NULL."
		}
		both("CONDITIONAL", name, doc, function.Signature{Params: []string{"ANY value", "ANY others"}, Variadic: true, Result: "INTEGER", Compile: function.Always(count(nulls))})
	}
}
