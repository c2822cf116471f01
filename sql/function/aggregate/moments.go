package aggregate

import (
	"math"

	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

func init() {
	sample := func(m2, n float64) float64 { return m2 / (n - 1) }
	population := func(m2, n float64) float64 { return m2 / n }
	root := func(f func(m2, n float64) float64) func(m2, n float64) float64 {
		return func(m2, n float64) float64 { return math.Sqrt(f(m2, n)) }
	}
	for _, s := range []struct {
		name, text, doc string
		m               measure
	}{
		{"STDDEV_SAMP", "stddev_samp", "Sample variance of the values, under the name that ksqlDB has always given it; STDDEV_SAMPLE is the standard deviation. 0 for less than two values.",
			measure{least: 2, zero: true, of: sample}},
		{"STDDEV_SAMPLE", "", "Sample standard deviation of the values that are not NULL, 0 for less than two.", measure{least: 2, zero: true, of: root(sample)}},
		{"STDDEV", "", "Sample standard deviation of the values that are not NULL; NULL for less than two.", measure{least: 2, of: root(sample)}},
		{"STDDEV_POP", "", "Standard deviation of the values that are not NULL, taken as all there are; NULL for none.", measure{least: 1, of: root(population)}},
		{"VARIANCE", "", "Sample variance of the values that are not NULL; NULL for less than two.", measure{least: 2, of: sample}},
		{"VAR_SAMP", "", "Sample variance of the values that are not NULL; NULL for less than two.", measure{least: 2, of: sample}},
		{"VAR_POP", "", "Variance of the values that are not NULL, taken as all there are; NULL for none.", measure{least: 1, of: population}},
	} {
		function.RegisterAggregate(function.Aggregate{Name: s.name, Text: s.text, Doc: s.doc, Overloads: s.m.overloads()})
	}
	for _, name := range []string{"STDDEV_SAMP", "STDDEV_SAMPLE"} {
		function.RegisterStandardAggregate(function.Aggregate{Name: name, Overloads: measure{least: 2, of: root(sample)}.overloads()})
	}
}

// measure is a function of the sum of squared distances from the mean and the count.
type measure struct {
	least int64 // values that there must be
	zero  bool  // with less the result is 0, as ksqlDB has it; otherwise NULL
	of    func(m2, n float64) float64
}

func (m measure) overloads() []function.AggregateSignature {
	var out []function.AggregateSignature
	add := func(param string, n newFunc) {
		out = append(out, function.AggregateSignature{Params: []string{param}, Result: "DOUBLE", Undo: true, NestedState: true, New: n})
	}
	add("INTEGER value", newMoments[int32](m))
	add("BIGINT value", newMoments[int64](m))
	add("DOUBLE value", newMoments[float64](m))
	return out
}

func (m measure) result(_ *slots[moments], s *moments, out *vector.Vector) {
	switch {
	case s.n < m.least && m.zero:
		putNumber(out, 0.0)
	case s.n < m.least:
		out.AppendNull()
	case s.nan+s.inf+s.negInf > 0:
		putNumber(out, math.NaN())
	default:
		putNumber(out, m.of(s.m2(), float64(s.n)))
	}
}

// cascade adds x to a sum that is held in several doubles: each keeps what rounding took
// from the one before it. What was added and taken back leaves nothing behind, though it
// was larger than what stays by fifteen digits a double.
func cascade(sum []float64, x float64) {
	for i, c := range sum {
		s := c + x
		part := s - c
		sum[i], x = s, (c-(s-part))+(x-part)
	}
	sum[len(sum)-1] += x
}

// settle is the sum in two doubles.
func settle(sum []float64) (hi, lo float64) {
	for i := len(sum) - 1; i >= 0; i-- {
		s := sum[i] + hi
		part := s - sum[i]
		hi, lo = s, lo+(sum[i]-(s-part))+(hi-part)
	}
	s := hi + lo
	return s, lo - (s - hi)
}

// total is a sum of doubles that can be taken back: infinities and NaN are counted, since
// nothing can be subtracted from them.
type total struct {
	n, nan, inf, negInf int64
	sum                 [3]float64
}

// add counts x in (by = 1) or out (by = -1), and reports whether it is finite.
func (s *total) add(x float64, by int64) bool {
	s.n += by
	switch {
	case x != x:
		s.nan += by
	case x > math.MaxFloat64:
		s.inf += by
	case x < -math.MaxFloat64:
		s.negInf += by
	default:
		cascade(s.sum[:], float64(by)*x)
		return true
	}
	return false
}

func (s *total) merge(from *total) {
	s.n, s.nan, s.inf, s.negInf = s.n+from.n, s.nan+from.nan, s.inf+from.inf, s.negInf+from.negInf
	for _, x := range from.sum {
		cascade(s.sum[:], x)
	}
}

// value is the sum; values that are not finite decide it.
func (s *total) value() float64 {
	switch {
	case s.nan > 0 || s.inf > 0 && s.negInf > 0:
		return math.NaN()
	case s.inf > 0:
		return math.Inf(1)
	case s.negInf > 0:
		return math.Inf(-1)
	}
	if math.IsInf(s.sum[0], 0) { // finite values whose sum is none
		return s.sum[0]
	}
	hi, _ := settle(s.sum[:])
	return hi
}

func (s *total) ints() []*int64     { return []*int64{&s.n, &s.nan, &s.inf, &s.negInf} }
func (s *total) floats() []*float64 { return []*float64{&s.sum[0], &s.sum[1], &s.sum[2]} }

func putAll(dst []byte, ints []*int64, floats []*float64) []byte {
	for _, n := range ints {
		dst = putInt(dst, *n)
	}
	for _, f := range floats {
		dst = putFloat(dst, *f)
	}
	return dst
}

// newTotal makes an aggregate of a sum of doubles; it is NULL over no values.
func newTotal(end func(s *total) float64) newFunc {
	return func([]types.Type, []types.Value, types.Type, function.Limits) (function.Accumulator, error) {
		step := func(by int64) func(*slots[total], []int32, []int32, []*vector.Vector) error {
			return func(a *slots[total], slot, rows []int32, args []*vector.Vector) error {
				v := args[0]
				for i, k := range slot {
					r := at(rows, i)
					if v.Nulls.Get(r) {
						continue
					}
					if s := &a.states[k]; s.n+by == 0 {
						*s = total{}
					} else {
						s.add(v.F64[r], by)
					}
				}
				return nil
			}
		}
		return &slots[total]{
			add: step(1), undo: step(-1),
			merge: func(_ *slots[total], into, from *total) error { into.merge(from); return nil },
			result: func(_ *slots[total], s *total, out *vector.Vector) {
				if s.n == 0 {
					out.AppendNull()
					return
				}
				putNumber(out, end(s))
			},
			encode: func(s *total, dst []byte) []byte { return putAll(dst, s.ints(), s.floats()) },
			decode: func(_ *slots[total], s *total, src []byte) ([]byte, error) { return getAll(src, s.ints(), s.floats()) },
		}, nil
	}
}

// moments are the count, the sum and the sum of squares.
type moments struct {
	total
	squares [4]float64
}

func (s *moments) add(x float64, by int64) {
	if s.n+by == 0 {
		*s = moments{}
		return
	}
	if s.total.add(x, by) {
		square := x * x
		cascade(s.squares[:], float64(by)*square)
		cascade(s.squares[:], float64(by)*math.FMA(x, x, -square))
	}
}

// m2 is the sum of squared distances from the mean: (n*squares - sum*sum) / n, in twice the
// digits of a double, for the two are nearly equal where the values are far from 0.
func (s *moments) m2() float64 {
	n := float64(s.n)
	squares, squaresLow := settle(s.squares[:])
	sum, sumLow := settle(s.sum[:])
	a := n * squares
	aLow := math.FMA(n, squares, -a) + n*squaresLow
	b := sum * sum
	bLow := math.FMA(sum, sum, -b) + 2*sum*sumLow
	return max(0, (a-b)+(aLow-bLow)) / n
}

func (s *moments) floats() []*float64 {
	return append(s.total.floats(), &s.squares[0], &s.squares[1], &s.squares[2], &s.squares[3])
}

// readSpread reads what states were in version 1: count, sum, sum of squared distances.
func (s *moments) readSpread(src []byte) ([]byte, error) {
	var m2 float64
	src, err := getAll(src, []*int64{&s.n}, []*float64{&s.sum[0], &m2})
	if err == nil && s.n > 0 {
		cascade(s.squares[:], s.sum[0]*s.sum[0]/float64(s.n))
		cascade(s.squares[:], m2)
	}
	return src, err
}

// newMoments makes a measure of spread, which is NaN where a value is not finite.
func newMoments[T number](m measure) newFunc {
	return func([]types.Type, []types.Value, types.Type, function.Limits) (function.Accumulator, error) {
		step := func(by int64) func(*slots[moments], []int32, []int32, []*vector.Vector) error {
			return func(a *slots[moments], slot, rows []int32, args []*vector.Vector) error {
				v, data := args[0], numbers[T](args[0])
				for i, k := range slot {
					if r := at(rows, i); !v.Nulls.Get(r) {
						a.states[k].add(float64(data[r]), by)
					}
				}
				return nil
			}
		}
		return &slots[moments]{
			add: step(1), undo: step(-1),
			merge: func(_ *slots[moments], into, from *moments) error {
				into.merge(&from.total)
				for _, x := range from.squares {
					cascade(into.squares[:], x)
				}
				return nil
			},
			result: m.result,
			old:    (*moments).readSpread,
			encode: func(s *moments, dst []byte) []byte { return putAll(dst, s.ints(), s.floats()) },
			decode: func(_ *slots[moments], s *moments, src []byte) ([]byte, error) {
				return getAll(src, s.ints(), s.floats())
			},
		}, nil
	}
}
