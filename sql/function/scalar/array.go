package scalar

import (
	"slices"
	"strings"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

func registerArray(name, doc string, overloads ...function.Signature) {
	function.RegisterScalar(function.Scalar{Name: name, Category: "ARRAY", Doc: doc, Overloads: overloads})
}

// typedRows is Rows for functions that look at the types of their arguments.
func typedRows(params []string, result string, f func(t []types.Type, a []types.Value) (types.Value, error)) function.Signature {
	return function.Signature{Params: params, Result: result, Compile: func(t []types.Type, _ types.Type) (function.Kernel, error) {
		return function.LiftRows(func(_ *function.Context, a []types.Value) (types.Value, error) { return f(t, a) }), nil
	}}
}

// strict keeps NULL arguments from f.
func strict(f func(a []types.Value) (types.Value, error)) func(*function.Context, []types.Value) (types.Value, error) {
	return func(_ *function.Context, a []types.Value) (types.Value, error) {
		if anyNil(a) {
			return nil, nil
		}
		return f(a)
	}
}

func init() {
	registerArray("ARRAY_LENGTH", "Number of elements.",
		function.F1("ARRAY<T> function", "INTEGER", func(a types.ArrayVal) (int32, error) { return int32(len(a)), nil }))
	registerArray("ARRAY_CONTAINS", "Whether an element equals the value; NULL is found too.",
		function.Rows([]string{"ARRAY<T> array", "T val"}, "BOOLEAN", func(_ *function.Context, a []types.Value) (types.Value, error) {
			return a[0] != nil && contains(a[0].(types.ArrayVal), a[1]), nil
		}))
	extreme := func(name, doc string, sign int) {
		registerArray(name, doc, function.Rows([]string{"ARRAY<T> array"}, "T", strict(func(a []types.Value) (types.Value, error) {
			var best types.Value
			for _, x := range a[0].(types.ArrayVal) {
				if x != nil && (best == nil || types.Compare(x, best)*sign > 0) {
					best = x
				}
			}
			return best, nil
		})))
	}
	extreme("ARRAY_MAX", "Greatest element without NULLs; NULL when there is none.", 1)
	extreme("ARRAY_MIN", "Least element without NULLs; NULL when there is none.", -1)
	registerArray("ARRAY_SORT", "The elements in order, NULLs last, in direction ASC (the default) or DESC.",
		function.Rows([]string{"ARRAY<T> input"}, "ARRAY<T>", strict(func(a []types.Value) (types.Value, error) { return sorted(a[0].(types.ArrayVal), 1), nil })),
		function.Rows([]string{"ARRAY<T> input", "STRING direction"}, "ARRAY<T>", strict(func(a []types.Value) (types.Value, error) {
			switch strings.ToUpper(a[1].(string)) {
			case "ASC", "ASCENDING":
				return sorted(a[0].(types.ArrayVal), 1), nil
			case "DESC", "DESCENDING":
				return sorted(a[0].(types.ArrayVal), -1), nil
			}
			return nil, nil
		})))
	registerArray("ARRAY_REMOVE", "The elements without those that equal the victim.",
		function.Rows([]string{"ARRAY<T> array", "T victim"}, "ARRAY<T>", func(_ *function.Context, a []types.Value) (types.Value, error) {
			if a[0] == nil {
				return nil, nil
			}
			return slices.DeleteFunc(slices.Clone(a[0].(types.ArrayVal)), func(x types.Value) bool { return types.Equal(x, a[1]) }), nil
		}))
	registerArray("SLICE", "The elements from position from to position to, both counted from 1 and included.",
		function.Rows([]string{"ARRAY<T> in", "INTEGER from", "INTEGER to"}, "ARRAY<T>", slice))
	join := func(t []types.Type, a []types.Value) (types.Value, error) {
		if a[0] == nil {
			return nil, nil
		}
		delimiter := ","
		if len(a) == 2 {
			delimiter, _ = a[1].(string)
		}
		var out []byte
		for i, x := range a[0].(types.ArrayVal) {
			if i > 0 {
				out = append(out, delimiter...)
			}
			if x == nil {
				out = append(out, "null"...)
			} else {
				out = types.AppendText(out, *t[0].Elem, x)
			}
		}
		return string(out), nil
	}
	registerArray("ARRAY_JOIN", "The elements as text, with the delimiter (a comma by default) between; NULL is written null.",
		typedRows([]string{"ARRAY<T> array"}, "STRING", join), typedRows([]string{"ARRAY<T> array", "STRING delimiter"}, "STRING", join))
	registerSeries()
	registerSets()
}

func contains(a types.ArrayVal, x types.Value) bool {
	return slices.ContainsFunc(a, func(y types.Value) bool { return types.Equal(x, y) })
}

func sorted(a types.ArrayVal, sign int) types.ArrayVal {
	out := slices.Clone(a)
	slices.SortStableFunc(out, func(x, y types.Value) int {
		if x == nil || y == nil {
			return types.Compare(x, y)
		}
		return types.Compare(x, y) * sign
	})
	return out
}

func slice(_ *function.Context, a []types.Value) (types.Value, error) {
	if a[0] == nil {
		return nil, nil
	}
	in := a[0].(types.ArrayVal)
	from, to := 1, len(in)
	if n, ok := a[1].(int32); ok {
		from = int(n)
	}
	if n, ok := a[2].(int32); ok {
		to = int(n)
	}
	if from < 1 || to > len(in) || from > to+1 {
		return nil, nil
	}
	return in[from-1 : to : to], nil
}

// seriesLimit bounds an array made from two numbers.
const seriesLimit = 1_000_000

func registerSeries() {
	registerArray("GENERATE_SERIES", "Array of the numbers from start to end, in steps of 1 or -1 or the step given.",
		function.F2("INTEGER start", "INTEGER end", "ARRAY<INTEGER>", func(from, to int32) (types.ArrayVal, error) { return series(from, to, 0) }),
		function.F2("BIGINT start", "BIGINT end", "ARRAY<BIGINT>", func(from, to int64) (types.ArrayVal, error) { return series(from, to, 0) }),
		function.F3("INTEGER start", "INTEGER end", "INTEGER step", "ARRAY<INTEGER>", func(from, to, step int32) (types.ArrayVal, error) {
			if step == 0 {
				return nil, errStep
			}
			return series(from, to, int64(step))
		}),
		function.F3("BIGINT start", "BIGINT end", "INTEGER step", "ARRAY<BIGINT>", func(from, to int64, step int32) (types.ArrayVal, error) {
			if step == 0 {
				return nil, errStep
			}
			return series(from, to, int64(step))
		}))
}

var errStep = sqlerr.New(sqlerr.InvalidParameter, "GENERATE_SERIES step cannot be zero")

// series counts from from to to; a step of 0 means towards to.
func series[T int32 | int64](from, to T, step int64) (types.ArrayVal, error) {
	up := to >= from
	if step == 0 {
		if step = 1; !up {
			step = -1
		}
	}
	if up != (step > 0) && from != to {
		return nil, sqlerr.New(sqlerr.InvalidParameter, "GENERATE_SERIES step has wrong sign")
	}
	distance, stride := uint64(int64(to)-int64(from)), uint64(step)
	if !up {
		distance = -distance
	}
	if step < 0 {
		stride = -stride
	}
	n := distance / stride
	if n >= seriesLimit {
		return nil, sqlerr.New(sqlerr.LimitExceeded, "GENERATE_SERIES makes at most %d elements", seriesLimit)
	}
	out := make(types.ArrayVal, n+1)
	for i := range out {
		out[i] = T(int64(from) + int64(i)*step)
	}
	return out, nil
}

// registerSets: arrays as sets, in order of first appearance.
func registerSets() {
	registerArray("ARRAY_DISTINCT", "The distinct elements, NULL included.",
		typedRows([]string{"ARRAY<T> input"}, "ARRAY<T>", func(t []types.Type, a []types.Value) (types.Value, error) {
			if a[0] == nil {
				return nil, nil
			}
			return newSeen(t[0]).take(nil, a[0].(types.ArrayVal)), nil
		}))
	set := func(name, doc string, f func(t types.Type, l, r types.ArrayVal) types.ArrayVal) {
		registerArray(name, doc, typedRows([]string{"ARRAY<T> left", "ARRAY<T> right"}, "ARRAY<T>", func(t []types.Type, a []types.Value) (types.Value, error) {
			if anyNil(a) {
				return nil, nil
			}
			return f(t[0], a[0].(types.ArrayVal), a[1].(types.ArrayVal)), nil
		}))
	}
	set("ARRAY_UNION", "The distinct elements of both arrays; NULL when one is NULL.", func(t types.Type, l, r types.ArrayVal) types.ArrayVal {
		s := newSeen(t)
		return s.take(s.take(nil, l), r)
	})
	set("ARRAY_EXCEPT", "The distinct elements of the first array that the second does not have; NULL when one is NULL.", func(t types.Type, l, r types.ArrayVal) types.ArrayVal {
		s := newSeen(t)
		s.take(nil, r)
		return s.take(nil, l)
	})
	set("ARRAY_INTERSECT", "The distinct elements of the first array that the second has too; NULL when one is NULL.", func(t types.Type, l, r types.ArrayVal) types.ArrayVal {
		right, both := newSeen(t), newSeen(t)
		right.take(nil, r)
		out := types.ArrayVal{}
		for _, x := range l {
			if right.has(x) && both.add(x) {
				out = append(out, x)
			}
		}
		return out
	})
	registerArray("ARRAY_CONCAT", "The elements of both arrays; a NULL array counts as empty unless both are NULL.",
		function.Rows([]string{"ARRAY<T> left", "ARRAY<T> right"}, "ARRAY<T>", func(_ *function.Context, a []types.Value) (types.Value, error) {
			l, _ := a[0].(types.ArrayVal)
			r, _ := a[1].(types.ArrayVal)
			if a[0] == nil && a[1] == nil {
				return nil, nil
			}
			return slices.Concat(types.ArrayVal{}, l, r), nil
		}))
}

// seen is a set of elements of one type by their keys.
type seen struct {
	elem    types.Type
	keys    map[string]struct{}
	scratch []byte
}

func newSeen(array types.Type) *seen { return &seen{elem: *array.Elem, keys: map[string]struct{}{}} }

func (s *seen) has(x types.Value) bool {
	s.scratch = vector.AppendKeyValue(s.scratch[:0], s.elem, x)
	_, ok := s.keys[string(s.scratch)]
	return ok
}

func (s *seen) add(x types.Value) (fresh bool) {
	if s.has(x) {
		return false
	}
	s.keys[string(s.scratch)] = struct{}{}
	return true
}

// take appends the elements that are new.
func (s *seen) take(out, from types.ArrayVal) types.ArrayVal {
	if out == nil {
		out = types.ArrayVal{}
	}
	for _, x := range from {
		if s.add(x) {
			out = append(out, x)
		}
	}
	return out
}
