package aggregate

import (
	"math"

	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

func init() {
	register := func(name, doc string, end func(s *regression) (float64, bool)) function.Aggregate {
		return function.Aggregate{Name: name, Doc: doc, Overloads: []function.AggregateSignature{
			{Params: []string{"DOUBLE y", "DOUBLE x"}, Result: "DOUBLE", New: newRegression(func(s *regression, out *vector.Vector) {
				if v, ok := end(s); ok {
					putNumber(out, v)
				} else {
					out.AppendNull()
				}
			})}}}
	}
	const pairs = " over the rows where neither is NULL"
	for _, f := range []struct {
		name, doc string
		end       func(s *regression) (float64, bool)
	}{
		{"COVAR_POP", "Population covariance of two columns" + pairs + "; NULL for none.", func(s *regression) (float64, bool) { return s.xy / s.n, s.n >= 1 }},
		{"COVAR_SAMP", "Sample covariance of two columns" + pairs + "; NULL for less than two.", func(s *regression) (float64, bool) { return s.xy / (s.n - 1), s.n >= 2 }},
		{"REGR_AVGX", "Average of x" + pairs + "; NULL for none.", func(s *regression) (float64, bool) { return s.x / s.n, s.n >= 1 }},
		{"REGR_AVGY", "Average of y" + pairs + "; NULL for none.", func(s *regression) (float64, bool) { return s.y / s.n, s.n >= 1 }},
		{"REGR_SXX", "Sum of squares of x" + pairs + ", around their mean; NULL for none.", func(s *regression) (float64, bool) { return s.xx, s.n >= 1 }},
		{"REGR_SYY", "Sum of squares of y" + pairs + ", around their mean; NULL for none.", func(s *regression) (float64, bool) { return s.yy, s.n >= 1 }},
		{"REGR_SXY", "Sum of products of y and x" + pairs + ", around their means; NULL for none.", func(s *regression) (float64, bool) { return s.xy, s.n >= 1 }},
		{"REGR_SLOPE", "Slope of the line that fits best" + pairs + "; NULL where x does not vary.", func(s *regression) (float64, bool) { return s.xy / s.xx, s.n >= 1 && s.xx != 0 }},
		{"REGR_INTERCEPT", "Where the line that fits best" + pairs + " meets x = 0; NULL where x does not vary.", func(s *regression) (float64, bool) {
			return (s.y - s.x*s.xy/s.xx) / s.n, s.n >= 1 && s.xx != 0
		}},
		{"REGR_R2", "Square of the correlation" + pairs + "; NULL where x does not vary.", func(s *regression) (float64, bool) {
			if s.yy == 0 {
				return 1, s.n >= 1 && s.xx != 0
			}
			return s.xy * s.xy / (s.xx * s.yy), s.n >= 1 && s.xx != 0
		}},
	} {
		function.RegisterAggregate(register(f.name, f.doc, f.end))
	}
	function.RegisterStandardAggregate(register("CORR", "", func(s *regression) (float64, bool) {
		return max(-1, min(1, s.xy/math.Sqrt(s.xx*s.yy))), s.n >= 1 && s.xx != 0 && s.yy != 0
	}))
	function.RegisterAggregate(function.Aggregate{Name: "REGR_COUNT", Doc: "How many rows there are where neither is NULL.", Overloads: []function.AggregateSignature{
		{Params: []string{"DOUBLE y", "DOUBLE x"}, Result: "BIGINT", New: newRegression(func(s *regression, out *vector.Vector) { putNumber(out, int64(s.n)) })}}})
}

// regression holds the count, the sums, and the sums of squares and products around the means of
// two columns, by the recurrence of Youden and Cramer (float.c, float8_regr_accum).
type regression struct{ n, x, xx, y, yy, xy float64 }

func (s *regression) add(y, x float64) {
	s.n++
	s.x, s.y = s.x+x, s.y+y
	if s.n == 1 {
		if d := x - x + (y - y); d != 0 { // not finite
			s.xx, s.yy, s.xy = d, d, d
		}
		return
	}
	dx, dy := x*s.n-s.x, y*s.n-s.y
	scale := 1 / (s.n * (s.n - 1))
	s.xx, s.yy, s.xy = s.xx+dx*dx*scale, s.yy+dy*dy*scale, s.xy+dx*dy*scale
}

// merge is float8_regr_combine.
func (s *regression) merge(o *regression) {
	switch {
	case o.n == 0:
		return
	case s.n == 0:
		*s = *o
		return
	}
	n := s.n + o.n
	dx, dy := s.x/s.n-o.x/o.n, s.y/s.n-o.y/o.n
	w := s.n * o.n / n
	*s = regression{n, s.x + o.x, s.xx + o.xx + w*dx*dx, s.y + o.y, s.yy + o.yy + w*dy*dy, s.xy + o.xy + w*dx*dy}
}

func (s *regression) floats() []*float64 { return []*float64{&s.n, &s.x, &s.xx, &s.y, &s.yy, &s.xy} }

func newRegression(result func(s *regression, out *vector.Vector)) newFunc {
	return func([]types.Type, []types.Value, types.Type, function.Limits) (function.Accumulator, error) {
		return &slots[regression]{
			add: func(a *slots[regression], slot, rows []int32, args []*vector.Vector) error {
				each(slot, rows, args, func(k int32, r int) { a.states[k].add(args[0].F64[r], args[1].F64[r]) })
				return nil
			},
			merge:  func(_ *slots[regression], into, from *regression) error { into.merge(from); return nil },
			result: func(_ *slots[regression], s *regression, out *vector.Vector) { result(s, out) },
			encode: func(s *regression, dst []byte) []byte { return putAll(dst, nil, s.floats()) },
			decode: func(_ *slots[regression], s *regression, src []byte) ([]byte, error) {
				return getAll(src, nil, s.floats())
			},
		}, nil
	}
}
