package aggregate

import (
	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// avgScale is the number of digits after the point of the standard's AVG of exact numbers:
// what PostgreSQL shows for values of usual size.
const avgScale = 16

func init() {
	wide := func(args []types.Type, _ []types.Value) (types.Type, error) {
		return types.DecimalOf(types.MaxPrecision, args[0].Scale), nil
	}
	// The average of exact numbers has no more digits before its point than they have.
	average := func(args []types.Type, _ []types.Value) (types.Type, error) {
		digits := args[0].Precision - args[0].Scale
		switch args[0].Kind {
		case types.Int:
			digits = 10
		case types.Bigint:
			digits = 19
		}
		return types.DecimalOf(types.MaxPrecision, max(args[0].Scale, min(avgScale, types.MaxPrecision-digits))), nil
	}
	function.RegisterStandardAggregate(function.Aggregate{Name: "SUM", Overloads: []function.AggregateSignature{
		{Params: []string{"INTEGER value"}, Result: "BIGINT", Undo: true, New: newExact(exactInt32, finishInt)},
		{Params: []string{"BIGINT value"}, Result: "DECIMAL(38, 0)", Undo: true, New: newExact(exactInt64, finishSum)},
		{Params: []string{"DECIMAL value"}, Result: "DECIMAL(38, 0)", ResultType: wide, Undo: true, New: newExact(exactDecimal, finishSum)},
		{Params: []string{"DOUBLE value"}, Result: "DOUBLE", Undo: true, New: newTotal(func(s *total) float64 { return s.value() })},
	}})
	function.RegisterStandardAggregate(function.Aggregate{Name: "AVG", Overloads: []function.AggregateSignature{
		{Params: []string{"INTEGER value"}, Result: "DECIMAL(38, 16)", Undo: true, New: newExact(exactInt32, finishAvg)},
		{Params: []string{"BIGINT value"}, Result: "DECIMAL(38, 16)", Undo: true, New: newExact(exactInt64, finishAvg)},
		{Params: []string{"DECIMAL value"}, Result: "DECIMAL(38, 16)", ResultType: average, Undo: true, New: newExact(exactDecimal, finishAvg)},
		{Params: []string{"DOUBLE value"}, Result: "DOUBLE", Undo: true, New: newTotal(func(s *total) float64 { return s.value() / float64(s.n) })},
	}})
}

// exactSum is a count and a sum of exact numbers of one scale.
type exactSum struct {
	n   int64
	sum types.Int128
}

// exactColumn reads a value of a column as an unscaled 128-bit number.
type exactColumn func(v *vector.Vector, i int) types.Int128

func exactInt32(v *vector.Vector, i int) types.Int128   { return types.Int128Of(int64(v.I32[i])) }
func exactInt64(v *vector.Vector, i int) types.Int128   { return types.Int128Of(v.I64[i]) }
func exactDecimal(v *vector.Vector, i int) types.Int128 { return v.Dec[i] }

// finish writes the result of a sum over at least one value.
type finish func(s *exactSum, scale int, result types.Type, out *vector.Vector) error

func finishInt(s *exactSum, _ int, _ types.Type, out *vector.Vector) error {
	n, ok := s.sum.Int64()
	if !ok {
		return errNumber
	}
	putNumber(out, n)
	return nil
}

func finishSum(s *exactSum, _ int, _ types.Type, out *vector.Vector) error {
	decCell.put(out, s.sum)
	return nil
}

func finishAvg(s *exactSum, scale int, result types.Type, out *vector.Vector) error {
	avg, err := types.QuoDec(s.sum, scale, types.Int128Of(s.n), 0, result.Scale, types.HalfUp)
	if err != nil {
		return errNumber
	}
	decCell.put(out, avg)
	return nil
}

func newExact(column exactColumn, end finish) newFunc {
	return func(args []types.Type, _ []types.Value, result types.Type, _ function.Limits) (function.Accumulator, error) {
		step := func(by int64, op func(x, y types.Int128) (types.Int128, bool)) func(*slots[exactSum], []int32, []int32, []*vector.Vector) error {
			return func(a *slots[exactSum], slot, rows []int32, args []*vector.Vector) error {
				v := args[0]
				for i, k := range slot {
					r := at(rows, i)
					if v.Nulls.Get(r) {
						continue
					}
					s := &a.states[k]
					sum, ok := op(s.sum, column(v, r))
					if !ok || !sum.Fits(types.MaxPrecision) {
						return errNumber
					}
					s.n, s.sum = s.n+by, sum
				}
				return nil
			}
		}
		inner := &slots[exactSum]{
			add: step(1, types.Int128.Add), undo: step(-1, types.Int128.Sub),
			merge: func(_ *slots[exactSum], into, from *exactSum) error {
				sum, ok := into.sum.Add(from.sum)
				if !ok || !sum.Fits(types.MaxPrecision) {
					return errNumber
				}
				*into = exactSum{into.n + from.n, sum}
				return nil
			},
			encode: func(s *exactSum, dst []byte) []byte { return encodeInt128(&s.sum, putInt(dst, s.n)) },
			decode: func(_ *slots[exactSum], s *exactSum, src []byte) ([]byte, error) {
				src, err := getInt(src, &s.n)
				if err != nil {
					return nil, err
				}
				return decodeInt128(nil, &s.sum, src)
			},
		}
		return &exactResult{inner, end, args[0].Scale, result}, nil
	}
}

// exactResult lets a result fail, which slots does not: a sum is held in more bits than
// its type shows.
type exactResult struct {
	*slots[exactSum]
	end    finish
	scale  int
	result types.Type
}

func (a *exactResult) Result(slot []int32, out *vector.Vector) error {
	for _, k := range slot {
		s := &a.states[k]
		if s.n == 0 {
			out.AppendNull()
		} else if err := a.end(s, a.scale, a.result, out); err != nil {
			return err
		}
	}
	return nil
}
