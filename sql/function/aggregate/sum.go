package aggregate

import (
	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

func init() {
	function.RegisterAggregate(function.Aggregate{
		Name: "COUNT",
		Doc:  "Number of rows, or with an argument the number of rows where it is not NULL.",
		Overloads: []function.AggregateSignature{
			{Result: "BIGINT", Undo: true, New: newCountRows, Doc: "Counts rows."},
			{Params: []string{"ANY value"}, Result: "BIGINT", Undo: true, New: newCount, Doc: "Counts values."},
		},
	})
	function.RegisterAggregate(function.Aggregate{
		Name: "SUM",
		Doc: "Sum of the values that are not NULL, 0 when there are none. The type is that of the values: " +
			"INTEGER and BIGINT wrap around, a DECIMAL that does not hold its sum is an error.",
		Overloads: []function.AggregateSignature{
			{Params: []string{"INTEGER value"}, Result: "INTEGER", Undo: true, New: newSum[int32]},
			{Params: []string{"BIGINT value"}, Result: "BIGINT", Undo: true, New: newSum[int64]},
			{Params: []string{"DOUBLE value"}, Result: "DOUBLE", Undo: true, New: newSum[float64]},
			{Params: []string{"DECIMAL value"}, ResultType: firstType, Result: "DECIMAL(38, 0)", Undo: true, New: newSumDec},
		},
	})
	function.RegisterAggregate(function.Aggregate{
		Name: "SUM_LIST",
		Text: "sum_list",
		Doc:  "Sum of all elements of arrays that are not NULL.",
		Overloads: []function.AggregateSignature{
			{Params: []string{"ARRAY<INTEGER> list"}, Result: "INTEGER", Undo: true, New: newSumList[int32]},
			{Params: []string{"ARRAY<BIGINT> list"}, Result: "BIGINT", Undo: true, New: newSumList[int64]},
			{Params: []string{"ARRAY<DOUBLE> list"}, Result: "DOUBLE", Undo: true, New: newSumList[float64]},
		},
	})
}

// firstType is the rule of functions that return what they are given.
func firstType(args []types.Type, _ []types.Value) (types.Type, error) { return args[0], nil }

type newFunc = func([]types.Type, []types.Value, types.Type, function.Limits) (function.Accumulator, error)

func countSlots() *slots[int64] {
	return &slots[int64]{
		merge:  func(_ *slots[int64], into, from *int64) error { *into += *from; return nil },
		result: func(_ *slots[int64], s *int64, out *vector.Vector) { out.I64 = append(out.I64, *s); out.N++ },
		encode: func(s *int64, dst []byte) []byte { return putInt(dst, *s) },
		decode: func(_ *slots[int64], s *int64, src []byte) ([]byte, error) { return getInt(src, s) },
	}
}

func newCountRows([]types.Type, []types.Value, types.Type, function.Limits) (function.Accumulator, error) {
	a := countSlots()
	step := func(by int64) func(*slots[int64], []int32, []int32, []*vector.Vector) error {
		return func(a *slots[int64], slot, _ []int32, _ []*vector.Vector) error {
			states := a.states
			for _, s := range slot {
				states[s] += by
			}
			return nil
		}
	}
	a.add, a.undo = step(1), step(-1)
	return a, nil
}

func newCount([]types.Type, []types.Value, types.Type, function.Limits) (function.Accumulator, error) {
	a := countSlots()
	step := func(by int64) func(*slots[int64], []int32, []int32, []*vector.Vector) error {
		return func(a *slots[int64], slot, rows []int32, args []*vector.Vector) error {
			v, states := args[0], a.states
			if v.Type.Kind != types.Null && !v.Nulls.Any() {
				for _, s := range slot {
					states[s] += by
				}
				return nil
			}
			for i, s := range slot {
				if !v.IsNull(at(rows, i)) {
					states[s] += by
				}
			}
			return nil
		}
	}
	a.add, a.undo = step(1), step(-1)
	return a, nil
}

type number interface{ int32 | int64 | float64 }

// numbers is the storage of a numeric column.
func numbers[T number](v *vector.Vector) []T {
	var out any
	switch any(T(0)).(type) {
	case int32:
		out = v.I32
	case int64:
		out = v.I64
	default:
		out = v.F64
	}
	return out.([]T)
}

func putNumber[T number](out *vector.Vector, x T) {
	switch x := any(x).(type) {
	case int32:
		out.I32 = append(out.I32, x)
	case int64:
		out.I64 = append(out.I64, x)
	case float64:
		out.F64 = append(out.F64, x)
	}
	out.N++
}

func sumSlots[T number]() *slots[T] {
	return &slots[T]{
		merge:  func(_ *slots[T], into, from *T) error { *into += *from; return nil },
		result: func(_ *slots[T], s *T, out *vector.Vector) { putNumber(out, *s) },
		encode: func(s *T, dst []byte) []byte {
			if f, ok := any(*s).(float64); ok {
				return putFloat(dst, f)
			}
			return putInt(dst, int64(*s))
		},
		decode: func(_ *slots[T], s *T, src []byte) ([]byte, error) {
			if f, ok := any(s).(*float64); ok {
				return getFloat(src, f)
			}
			var n int64
			rest, err := getInt(src, &n)
			*s = T(n)
			return rest, err
		},
	}
}

func newSum[T number]([]types.Type, []types.Value, types.Type, function.Limits) (function.Accumulator, error) {
	a := sumSlots[T]()
	a.add = func(a *slots[T], slot, rows []int32, args []*vector.Vector) error {
		v, states, data := args[0], a.states, numbers[T](args[0])
		if dense(rows, v) {
			data = data[:len(slot)]
			for i, s := range slot {
				states[s] += data[i]
			}
			return nil
		}
		for i, s := range slot {
			if r := at(rows, i); !v.Nulls.Get(r) {
				states[s] += data[r]
			}
		}
		return nil
	}
	a.undo = func(a *slots[T], slot, rows []int32, args []*vector.Vector) error {
		v, states, data := args[0], a.states, numbers[T](args[0])
		for i, s := range slot {
			if r := at(rows, i); !v.Nulls.Get(r) {
				states[s] -= data[r]
			}
		}
		return nil
	}
	return a, nil
}

func newSumDec(args []types.Type, _ []types.Value, result types.Type, _ function.Limits) (function.Accumulator, error) {
	step := func(op func(x, y types.Int128) (types.Int128, bool)) func(*slots[types.Int128], []int32, []int32, []*vector.Vector) error {
		return func(a *slots[types.Int128], slot, rows []int32, args []*vector.Vector) error {
			v := args[0]
			for i, s := range slot {
				r := at(rows, i)
				if v.Nulls.Get(r) {
					continue
				}
				sum, ok := op(a.states[s], v.Dec[r])
				if !ok || !sum.Fits(result.Precision) {
					return errNumber
				}
				a.states[s] = sum
			}
			return nil
		}
	}
	return &slots[types.Int128]{
		add:  step(types.Int128.Add),
		undo: step(types.Int128.Sub),
		merge: func(_ *slots[types.Int128], into, from *types.Int128) error {
			sum, ok := into.Add(*from)
			if !ok || !sum.Fits(result.Precision) {
				return errNumber
			}
			*into = sum
			return nil
		},
		result: func(_ *slots[types.Int128], s *types.Int128, out *vector.Vector) {
			out.Dec = append(out.Dec, *s)
			out.N++
		},
		encode: encodeInt128,
		decode: decodeInt128,
	}, nil
}

func encodeInt128(s *types.Int128, dst []byte) []byte { return putInt(putInt(dst, s.Hi), int64(s.Lo)) }

func decodeInt128(_ *slots[types.Int128], s *types.Int128, src []byte) ([]byte, error) {
	var lo int64
	rest, err := getAll(src, []*int64{&s.Hi, &lo}, nil)
	s.Lo = uint64(lo)
	return rest, err
}

func newSumList[T number]([]types.Type, []types.Value, types.Type, function.Limits) (function.Accumulator, error) {
	step := func(by T) func(*slots[T], []int32, []int32, []*vector.Vector) error {
		return func(a *slots[T], slot, rows []int32, args []*vector.Vector) error {
			each(slot, rows, args, func(s int32, r int) {
				for _, x := range args[0].Obj[r].(types.ArrayVal) {
					if x != nil {
						a.states[s] += by * x.(T)
					}
				}
			})
			return nil
		}
	}
	a := sumSlots[T]()
	var one T = 1
	a.add, a.undo = step(one), step(-one)
	return a, nil
}
