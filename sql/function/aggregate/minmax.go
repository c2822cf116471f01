package aggregate

import (
	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// ordered are the parameters of functions that compare values, in the order in which
// ksqlDB has them.
var ordered = []string{"INTEGER", "BIGINT", "DOUBLE", "DECIMAL", "DATE", "TIME", "TIMESTAMP", "STRING", "BYTES"}

func init() {
	extreme := func(name, doc string, sign int) {
		f := function.Aggregate{Name: name, Doc: doc}
		for _, t := range ordered {
			f.Overloads = append(f.Overloads, function.AggregateSignature{
				Params: []string{t + " value"}, Result: fixedResult(t), ResultType: firstType, New: newExtreme(sign)})
		}
		function.RegisterAggregate(f)
	}
	extreme("MIN", "Least of the values that are not NULL; NULL when there are none. NaN is greater than every number.", -1)
	extreme("MAX", "Greatest of the values that are not NULL; NULL when there are none. NaN is greater than every number.", 1)
}

// fixedResult keeps DECIMAL, which has parameters, out of a result's notation: ResultType
// says it.
func fixedResult(t string) string {
	if t == "DECIMAL" {
		return "DECIMAL(38, 0)"
	}
	return t
}

func newExtreme(sign int) newFunc {
	return func(args []types.Type, _ []types.Value, _ types.Type, _ function.Limits) (function.Accumulator, error) {
		switch args[0].Kind {
		case types.Int, types.Date:
			return numericExtreme[int32](int32Cell, sign), nil
		case types.Bigint, types.Time, types.Timestamp:
			return numericExtreme[int64](int64Cell, sign), nil
		case types.Double:
			return numericExtreme[float64](doubleCell, sign), nil
		case types.Decimal:
			return extremeOf(decCell, sign), nil
		}
		return extremeOf(bytesCell, sign), nil
	}
}

// some is a value that may not be there yet.
type some[T any] struct {
	value T
	ok    bool
}

func extremeOf[T any](c *cell[T], sign int) *slots[some[T]] {
	return &slots[some[T]]{
		add: func(a *slots[some[T]], slot, rows []int32, args []*vector.Vector) error {
			v := args[0]
			each(slot, rows, args, func(i int32, r int) {
				s, x := &a.states[i], c.get(v, r)
				if !s.ok || c.compare(x, s.value)*sign > 0 {
					a.heap += c.heap(x) - c.heap(s.value)
					*s = some[T]{x, true}
				}
			})
			return nil
		},
		merge: func(a *slots[some[T]], into, from *some[T]) error {
			if from.ok && (!into.ok || c.compare(from.value, into.value)*sign > 0) {
				a.heap += c.heap(from.value) - c.heap(into.value)
				*into = *from
			}
			return nil
		},
		result: func(_ *slots[some[T]], s *some[T], out *vector.Vector) {
			if !s.ok {
				out.AppendNull()
				return
			}
			c.put(out, s.value)
		},
		encode: func(s *some[T], dst []byte) []byte {
			if !s.ok {
				return append(dst, 0)
			}
			return c.encode(append(dst, 1), s.value)
		},
		decode: func(a *slots[some[T]], s *some[T], src []byte) (rest []byte, err error) {
			if len(src) == 0 {
				return nil, errState
			}
			if src[0] == 0 {
				return src[1:], nil
			}
			s.ok = true
			s.value, rest, err = c.decode(src[1:])
			a.heap += c.heap(s.value)
			return rest, err
		},
		forget: func(s *some[T]) int { return c.heap(s.value) },
	}
}

// numericExtreme is extremeOf with the loop over numbers unrolled from the cell.
func numericExtreme[T number](c *cell[T], sign int) *slots[some[T]] {
	a := extremeOf(c, sign)
	a.add = func(a *slots[some[T]], slot, rows []int32, args []*vector.Vector) error {
		v, data := args[0], numbers[T](args[0])
		for i, s := range slot {
			r := at(rows, i)
			if v.Nulls.Get(r) {
				continue
			}
			x, st := data[r], &a.states[s]
			better := x < st.value
			if sign > 0 {
				better = x > st.value
			}
			// NaN compares false above and must still win MAX and lose MIN.
			if x != x || st.value != st.value {
				better = c.compare(x, st.value)*sign > 0
			}
			if better || !st.ok {
				*st = some[T]{x, true}
			}
		}
		return nil
	}
	return a
}
