package aggregate

import (
	"math"
	"math/bits"

	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

func init() {
	function.RegisterAggregate(function.Aggregate{
		Name: "AVG",
		Doc:  "Average of the values that are not NULL, 0 when there are none.",
		Overloads: []function.AggregateSignature{
			{Params: []string{"INTEGER value"}, Result: "DOUBLE", Undo: true, NestedState: true, New: newAvgInt[int32]},
			{Params: []string{"BIGINT value"}, Result: "DOUBLE", Undo: true, NestedState: true, New: newAvgInt[int64]},
			{Params: []string{"DOUBLE value"}, Result: "DOUBLE", Undo: true, NestedState: true, New: newAvgDouble},
		},
	})
	function.RegisterAggregate(function.Aggregate{
		Name: "CORRELATION",
		Text: "correlation",
		Doc:  "Pearson correlation coefficient of two columns over the rows where neither is NULL; NaN when it is not defined.",
		Overloads: []function.AggregateSignature{
			{Params: []string{"DOUBLE x", "DOUBLE y"}, Result: "DOUBLE", Undo: true, NestedState: true, New: newCorrelation},
		},
	})
	function.RegisterAggregate(function.Aggregate{
		Name: "SUMMARY_STATS",
		Text: "summary_stats",
		Doc:  "The entries mean, sample_size and sum of the values that are not NULL.",
		Overloads: []function.AggregateSignature{
			{Params: []string{"DOUBLE value"}, Result: "MAP<STRING, DOUBLE>", NestedState: true, New: newSummary},
		},
	})
}

// wideSum is a count and an exact sum of integers: 128 bits never overflow.
type wideSum struct {
	n, hi int64
	lo    uint64
}

func (s *wideSum) add(x int64) {
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, uint64(x), 0)
	s.hi += x>>63 + int64(carry)
}

func (s *wideSum) sub(x int64) {
	var borrow uint64
	s.lo, borrow = bits.Sub64(s.lo, uint64(x), 0)
	s.hi -= x>>63 + int64(borrow)
}

func newAvgInt[T int32 | int64]([]types.Type, []types.Value, types.Type, function.Limits) (function.Accumulator, error) {
	return &slots[wideSum]{
		add: func(a *slots[wideSum], slot, rows []int32, args []*vector.Vector) error {
			v, data := args[0], numbers[T](args[0])
			for i, s := range slot {
				if r := at(rows, i); !v.Nulls.Get(r) {
					st := &a.states[s]
					st.n++
					st.add(int64(data[r]))
				}
			}
			return nil
		},
		undo: func(a *slots[wideSum], slot, rows []int32, args []*vector.Vector) error {
			v, data := args[0], numbers[T](args[0])
			for i, s := range slot {
				if r := at(rows, i); !v.Nulls.Get(r) {
					st := &a.states[s]
					st.n--
					st.sub(int64(data[r]))
				}
			}
			return nil
		},
		merge: func(_ *slots[wideSum], into, from *wideSum) error {
			sum, _ := types.Int128{Hi: into.hi, Lo: into.lo}.Add(types.Int128{Hi: from.hi, Lo: from.lo})
			*into = wideSum{into.n + from.n, sum.Hi, sum.Lo}
			return nil
		},
		result: func(_ *slots[wideSum], s *wideSum, out *vector.Vector) {
			avg := 0.0
			if s.n != 0 {
				avg = types.Int128{Hi: s.hi, Lo: s.lo}.Float64() / float64(s.n)
			}
			putNumber(out, avg)
		},
		encode: func(s *wideSum, dst []byte) []byte { return putInt(putInt(putInt(dst, s.n), s.hi), int64(s.lo)) },
		decode: func(_ *slots[wideSum], s *wideSum, src []byte) ([]byte, error) {
			var lo int64
			rest, err := getAll(src, []*int64{&s.n, &s.hi, &lo}, nil)
			s.lo = uint64(lo)
			return rest, err
		},
	}, nil
}

// doubleSum is a count and a sum of doubles.
type doubleSum struct {
	n   int64
	sum float64
}

func doubleSlots(result func(*slots[doubleSum], *doubleSum, *vector.Vector)) *slots[doubleSum] {
	step := func(n int64, sign float64) func(*slots[doubleSum], []int32, []int32, []*vector.Vector) error {
		return func(a *slots[doubleSum], slot, rows []int32, args []*vector.Vector) error {
			v := args[0]
			for i, s := range slot {
				if r := at(rows, i); !v.Nulls.Get(r) {
					st := &a.states[s]
					st.n += n
					st.sum += sign * v.F64[r]
				}
			}
			return nil
		}
	}
	return &slots[doubleSum]{
		add: step(1, 1), undo: step(-1, -1), result: result,
		merge: func(_ *slots[doubleSum], into, from *doubleSum) error {
			into.n, into.sum = into.n+from.n, into.sum+from.sum
			return nil
		},
		encode: func(s *doubleSum, dst []byte) []byte { return putFloat(putInt(dst, s.n), s.sum) },
		decode: func(_ *slots[doubleSum], s *doubleSum, src []byte) ([]byte, error) {
			return getAll(src, []*int64{&s.n}, []*float64{&s.sum})
		},
	}
}

func newAvgDouble([]types.Type, []types.Value, types.Type, function.Limits) (function.Accumulator, error) {
	return doubleSlots(func(_ *slots[doubleSum], s *doubleSum, out *vector.Vector) {
		avg := 0.0
		if s.n != 0 {
			avg = s.sum / float64(s.n)
		}
		putNumber(out, avg)
	}), nil
}

func newSummary([]types.Type, []types.Value, types.Type, function.Limits) (function.Accumulator, error) {
	return doubleSlots(func(_ *slots[doubleSum], s *doubleSum, out *vector.Vector) {
		out.AppendValue(&types.MapVal{
			Keys:   []types.Value{"mean", "sample_size", "sum"},
			Values: []types.Value{s.sum / float64(s.n), float64(s.n), s.sum},
		})
	}), nil
}

// correlation holds the sums of the one-pass formula.
type correlation struct {
	n                int64
	x, y, xx, yy, xy float64
}

func (s *correlation) move(x, y, sign float64) {
	s.n += int64(sign)
	s.x, s.y = s.x+sign*x, s.y+sign*y
	s.xx, s.yy, s.xy = s.xx+sign*x*x, s.yy+sign*y*y, s.xy+sign*x*y
}

func newCorrelation([]types.Type, []types.Value, types.Type, function.Limits) (function.Accumulator, error) {
	step := func(sign float64) func(*slots[correlation], []int32, []int32, []*vector.Vector) error {
		return func(a *slots[correlation], slot, rows []int32, args []*vector.Vector) error {
			each(slot, rows, args, func(s int32, r int) { a.states[s].move(args[0].F64[r], args[1].F64[r], sign) })
			return nil
		}
	}
	return &slots[correlation]{
		add: step(1), undo: step(-1),
		merge: func(_ *slots[correlation], into, from *correlation) error {
			*into = correlation{into.n + from.n, into.x + from.x, into.y + from.y, into.xx + from.xx, into.yy + from.yy, into.xy + from.xy}
			return nil
		},
		result: func(_ *slots[correlation], s *correlation, out *vector.Vector) {
			n := float64(s.n)
			putNumber(out, (n*s.xy-s.x*s.y)/math.Sqrt((n*s.xx-s.x*s.x)*(n*s.yy-s.y*s.y)))
		},
		encode: func(s *correlation, dst []byte) []byte {
			dst = putInt(dst, s.n)
			for _, f := range []float64{s.x, s.y, s.xx, s.yy, s.xy} {
				dst = putFloat(dst, f)
			}
			return dst
		},
		decode: func(_ *slots[correlation], s *correlation, src []byte) ([]byte, error) {
			return getAll(src, []*int64{&s.n}, []*float64{&s.x, &s.y, &s.xx, &s.yy, &s.xy})
		},
	}, nil
}
