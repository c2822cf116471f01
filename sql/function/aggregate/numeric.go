package aggregate

import (
	"cmp"
	"math/big"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/numeric"
	"tailrace/sql/types/vector"
)

// The aggregates of exact numbers as PostgreSQL has them where a result need not be stored:
// averages and measures of spread are NUMERIC, with the digits that a quotient has.
func init() {
	exact := func(result string, ends map[string]newFunc) []function.AggregateSignature {
		var out []function.AggregateSignature
		for _, t := range []string{"INTEGER", "BIGINT", "DECIMAL", "NUMERIC", "INTERVAL"} {
			if f, ok := ends[t]; ok {
				of := result
				if t == "INTERVAL" {
					of = t
				}
				out = append(out, function.AggregateSignature{Params: []string{t + " value"}, Result: of, Undo: true, New: f})
			}
		}
		return out
	}
	function.RegisterNumericAggregate(function.Aggregate{Name: "SUM", Overloads: exact("NUMERIC", map[string]newFunc{
		"NUMERIC": newDigits(digitsSum), "INTERVAL": newIntervals(false)})})
	function.RegisterNumericAggregate(function.Aggregate{Name: "AVG", Overloads: exact("NUMERIC", map[string]newFunc{
		"INTEGER": newExact(exactInt32, finishRatio), "BIGINT": newExact(exactInt64, finishRatio), "DECIMAL": newExact(exactDecimal, finishRatio),
		"NUMERIC": newDigits(digitsAvg), "INTERVAL": newIntervals(true)})})
	for name, sign := range map[string]int{"MIN": -1, "MAX": 1} {
		f := function.Aggregate{Name: name}
		for _, t := range []string{"NUMERIC", "INTERVAL", "ARRAY<T>"} {
			f.Overloads = append(f.Overloads, function.AggregateSignature{Params: []string{t + " value"}, Result: t,
				New: func(args []types.Type, _ []types.Value, _ types.Type, _ function.Limits) (function.Accumulator, error) {
					c := *valueCell(args[0])
					c.compare = func(a, b types.Value) int { // of equal ones, the last: 1.50 and then 1.5
						return cmp.Or(types.Compare(a, b), sign)
					}
					return extremeOf(&c, sign), nil
				}})
		}
		function.RegisterNumericAggregate(f)
	}
	for name, m := range map[string]spread{
		"STDDEV": {sample: true, root: true}, "STDDEV_SAMP": {sample: true, root: true}, "STDDEV_POP": {root: true},
		"VARIANCE": {sample: true}, "VAR_SAMP": {sample: true}, "VAR_POP": {},
	} {
		f := newDigits(m.end)
		function.RegisterNumericAggregate(function.Aggregate{Name: name, Overloads: exact("NUMERIC", map[string]newFunc{
			"INTEGER": f, "BIGINT": f, "DECIMAL": f, "NUMERIC": f})})
	}
}

func finishRatio(s *exactSum, scale int, _ types.Type, out *vector.Vector) error {
	d, err := numeric.Ratio(s.sum.Big(), scale, big.NewInt(s.n), 0)
	if err != nil {
		return err
	}
	out.AppendValue(d)
	return nil
}

// digits are the count, the sum and the sum of squares of exact numbers, in as many digits as
// they have.
type digits struct {
	n       int64
	sum     *big.Int // 10^-scale
	squares *big.Int // 10^-2*scale
	scale   int
}

func exactValue(v *vector.Vector, i int) types.Dec {
	switch v.Type.Kind {
	case types.Int:
		return types.DecOf(int64(v.I32[i]))
	case types.Bigint:
		return types.DecOf(v.I64[i])
	case types.Decimal:
		return types.Dec{Unscaled: v.Dec[i], Scale: int32(v.Type.Scale)}
	}
	return v.Obj[i].(types.Dec)
}

func tenTo(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// rescale gives the sums a scale of at least n.
func (s *digits) rescale(n int) {
	if s.sum == nil {
		s.sum, s.squares = new(big.Int), new(big.Int)
	}
	if more := n - s.scale; more > 0 {
		s.sum.Mul(s.sum, tenTo(more))
		s.squares.Mul(s.squares, tenTo(2*more))
		s.scale = n
	}
}

func (s *digits) move(d types.Dec, by int64) {
	s.rescale(int(d.Scale))
	x := d.Unscaled.Big()
	if less := s.scale - int(d.Scale); less > 0 {
		x.Mul(x, tenTo(less))
	}
	square := new(big.Int).Mul(x, x)
	s.n += by
	if by > 0 {
		s.sum.Add(s.sum, x)
		s.squares.Add(s.squares, square)
	} else {
		s.sum.Sub(s.sum, x)
		s.squares.Sub(s.squares, square)
	}
}

func digitsSum(s *digits) (types.Dec, bool, error) {
	if s.n == 0 {
		return types.Dec{}, false, nil
	}
	out, ok := types.Int128FromBig(s.sum)
	if !ok || !out.Fits(types.MaxPrecision) {
		return types.Dec{}, false, errNumber
	}
	return types.Dec{Unscaled: out, Scale: int32(s.scale)}, true, nil
}

func digitsAvg(s *digits) (types.Dec, bool, error) {
	if s.n == 0 {
		return types.Dec{}, false, nil
	}
	d, err := numeric.Ratio(s.sum, s.scale, big.NewInt(s.n), 0)
	return d, true, err
}

// spread is a variance or its root, of a sample or of all that there is (numeric.c,
// numeric_stddev_internal).
type spread struct{ sample, root bool }

func (m spread) end(s *digits) (types.Dec, bool, error) {
	if s.n == 0 || m.sample && s.n == 1 {
		return types.Dec{}, false, nil
	}
	n := big.NewInt(s.n)
	apart := new(big.Int).Mul(n, s.squares)
	apart.Sub(apart, new(big.Int).Mul(s.sum, s.sum))
	if apart.Sign() <= 0 {
		return types.Dec{}, true, nil
	}
	of := n
	if m.sample {
		of = big.NewInt(s.n - 1)
	}
	variance, err := numeric.Ratio(apart, 2*s.scale, new(big.Int).Mul(n, of), 0)
	if err == nil && m.root {
		variance, err = numeric.SqrtAt(variance, int(variance.Scale))
	}
	return variance, true, err
}

// newDigits makes an aggregate of exact numbers; end says that it is not NULL.
func newDigits(end func(s *digits) (types.Dec, bool, error)) newFunc {
	return func([]types.Type, []types.Value, types.Type, function.Limits) (function.Accumulator, error) {
		step := func(by int64) func(*slots[digits], []int32, []int32, []*vector.Vector) error {
			return func(a *slots[digits], slot, rows []int32, args []*vector.Vector) error {
				each(slot, rows, args, func(k int32, r int) { a.states[k].move(exactValue(args[0], r), by) })
				return nil
			}
		}
		inner := &slots[digits]{
			add: step(1), undo: step(-1),
			merge: func(_ *slots[digits], into, from *digits) error {
				if from.sum == nil {
					return nil
				}
				into.rescale(from.scale)
				up := into.scale - from.scale
				into.n += from.n
				into.sum.Add(into.sum, new(big.Int).Mul(from.sum, tenTo(up)))
				into.squares.Add(into.squares, new(big.Int).Mul(from.squares, tenTo(2*up)))
				return nil
			},
			encode: func(s *digits, dst []byte) []byte {
				dst = putInt(putInt(dst, s.n), int64(s.scale))
				for _, x := range []*big.Int{s.sum, s.squares} {
					text := ""
					if x != nil {
						text = x.String()
					}
					dst = putBytes(dst, text)
				}
				return dst
			},
			decode: func(_ *slots[digits], s *digits, src []byte) ([]byte, error) {
				var scale int64
				src, err := getAll(src, []*int64{&s.n, &scale}, nil)
				s.scale = int(scale)
				for _, x := range []**big.Int{&s.sum, &s.squares} {
					var text []byte
					if err == nil {
						text, src, err = getBytes(src)
					}
					if n, ok := new(big.Int).SetString(string(text), 10); ok {
						*x = n
					}
				}
				if s.scale < 0 || s.scale > 1000 || (s.sum == nil) != (s.squares == nil) {
					return nil, errState
				}
				return src, err
			},
		}
		return &digitsResult{inner, end}, nil
	}
}

// digitsResult lets a result fail, as exactResult does.
type digitsResult struct {
	*slots[digits]
	end func(s *digits) (types.Dec, bool, error)
}

func (a *digitsResult) Result(slot []int32, out *vector.Vector) error {
	for _, k := range slot {
		d, some, err := a.end(&a.states[k])
		switch {
		case err != nil:
			return err
		case !some:
			out.AppendNull()
		default:
			out.AppendValue(d)
		}
	}
	return nil
}

// intervals are a count and a sum of intervals.
type intervals struct {
	n   int64
	sum types.IntervalVal
}

var errInterval = sqlerr.New(sqlerr.DatetimeOverflow, "interval out of range")

func newIntervals(average bool) newFunc {
	return func([]types.Type, []types.Value, types.Type, function.Limits) (function.Accumulator, error) {
		step := func(by int64) func(*slots[intervals], []int32, []int32, []*vector.Vector) error {
			return func(a *slots[intervals], slot, rows []int32, args []*vector.Vector) error {
				fine := true
				each(slot, rows, args, func(k int32, r int) {
					x, ok := args[0].Obj[r].(types.IntervalVal), true
					if by < 0 {
						x, ok = x.Neg()
					}
					s := &a.states[k]
					sum, fits := s.sum.Add(x)
					s.n, s.sum = s.n+by, sum
					fine = fine && ok && fits
				})
				if !fine {
					return errInterval
				}
				return nil
			}
		}
		return &slots[intervals]{
			add: step(1), undo: step(-1),
			merge: func(_ *slots[intervals], into, from *intervals) error {
				sum, ok := into.sum.Add(from.sum)
				if !ok {
					return errInterval
				}
				*into = intervals{into.n + from.n, sum}
				return nil
			},
			result: func(_ *slots[intervals], s *intervals, out *vector.Vector) {
				if s.n == 0 {
					out.AppendNull()
					return
				}
				v := s.sum
				if average {
					v, _ = v.Scale(float64(s.n), true)
				}
				out.AppendValue(v)
			},
			encode: func(s *intervals, dst []byte) []byte {
				return putInt(putInt(putInt(putInt(dst, s.n), int64(s.sum.Months)), int64(s.sum.Days)), s.sum.Micros)
			},
			decode: func(_ *slots[intervals], s *intervals, src []byte) ([]byte, error) {
				var months, days int64
				rest, err := getAll(src, []*int64{&s.n, &months, &days, &s.sum.Micros}, nil)
				s.sum.Months, s.sum.Days = int32(months), int32(days)
				return rest, err
			},
		}, nil
	}
}
