package standard

import (
	"strconv"
	"strings"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/pgtext"
)

func init() {
	dimension := func(name, doc string, f func(a types.ArrayVal) int32) {
		both(arrays, name, doc, strict([]string{"ARRAY<T> array", "INTEGER dimension"}, "INTEGER", func(_ *function.Context, a []types.Value) (types.Value, error) {
			of, dim := a[0].(types.ArrayVal), a[1].(int32)
			for ; dim > 1 && len(of) > 0; dim-- {
				inner, ok := of[0].(types.ArrayVal)
				if !ok {
					return nil, nil
				}
				of = inner
			}
			if dim < 1 || len(of) == 0 {
				return nil, nil
			}
			return f(of), nil
		}))
	}
	dimension("ARRAY_UPPER", "The greatest index in a dimension of an array, from 1; NULL for an empty array.", func(a types.ArrayVal) int32 { return int32(len(a)) })
	dimension("ARRAY_LOWER", "The least index in a dimension of an array, which is 1; NULL for an empty array.", func(types.ArrayVal) int32 { return 1 })
	upper, _ := function.LookupScalar("ARRAY_UPPER")
	differs(arrays, "ARRAY_LENGTH", "Number of elements in a dimension of an array, from 1; NULL for an empty array.", upper.Overloads...)
	differs(arrays, "CARDINALITY", "Number of elements of an array, in all its dimensions.",
		function.F1("ARRAY<T> array", "INTEGER", func(a types.ArrayVal) (int32, error) { return cardinality(a), nil }))
	both(arrays, "ARRAY_NDIMS", "Number of dimensions of an array; NULL for an empty array.", strict([]string{"ARRAY<T> array"}, "INTEGER", func(_ *function.Context, a []types.Value) (types.Value, error) {
		if n := len(dimensions(a[0].(types.ArrayVal))); n > 0 {
			return int32(n), nil
		}
		return nil, nil
	}))
	both(arrays, "ARRAY_DIMS", "The bounds of an array as text: [1:3]; NULL for an empty array.", strict([]string{"ARRAY<T> array"}, "STRING", func(_ *function.Context, a []types.Value) (types.Value, error) {
		var out []byte
		for _, n := range dimensions(a[0].(types.ArrayVal)) {
			out = append(strconv.AppendInt(append(out, "[1:"...), int64(n), 10), ']')
		}
		if out == nil {
			return nil, nil
		}
		return string(out), nil
	}))
	changes()
	searches()
	listTexts()
}

func cardinality(a types.ArrayVal) int32 {
	n := int32(0)
	for _, x := range a {
		if inner, ok := x.(types.ArrayVal); ok {
			n += cardinality(inner)
		} else {
			n++
		}
	}
	return n
}

func dimensions(a types.ArrayVal) (out []int) {
	for len(a) > 0 {
		out = append(out, len(a))
		inner, ok := a[0].(types.ArrayVal)
		if !ok {
			break
		}
		a = inner
	}
	return out
}

func list(x types.Value) types.ArrayVal {
	a, _ := x.(types.ArrayVal)
	return a
}

func changes() {
	both(arrays, "ARRAY_APPEND", "The array with the element at its end.",
		function.Rows([]string{"ARRAY<T> array", "T element"}, "ARRAY<T>", func(_ *function.Context, a []types.Value) (types.Value, error) {
			return append(list(a[0])[:len(list(a[0])):len(list(a[0]))], a[1]), nil
		}))
	both(arrays, "ARRAY_PREPEND", "The array with the element at its beginning.",
		function.Rows([]string{"T element", "ARRAY<T> array"}, "ARRAY<T>", func(_ *function.Context, a []types.Value) (types.Value, error) {
			return append(types.ArrayVal{a[0]}, list(a[1])...), nil
		}))
	both(arrays, "ARRAY_CAT", "The elements of both arrays; NULL counts as none.",
		function.Rows([]string{"ARRAY<T> array", "ARRAY<T> other"}, "ARRAY<T>", func(_ *function.Context, a []types.Value) (types.Value, error) {
			if a[0] == nil || a[1] == nil {
				if a[0] == nil {
					return a[1], nil
				}
				return a[0], nil
			}
			return append(append(types.ArrayVal{}, list(a[0])...), list(a[1])...), nil
		}))
	both(arrays, "ARRAY_REPLACE", "The array with every element that equals from replaced by to.",
		function.Rows([]string{"ARRAY<T> array", "T from", "T to"}, "ARRAY<T>", func(_ *function.Context, a []types.Value) (types.Value, error) {
			if a[0] == nil {
				return nil, nil
			}
			out := make(types.ArrayVal, len(list(a[0])))
			for i, x := range list(a[0]) {
				if out[i] = x; types.Equal(x, a[1]) {
					out[i] = a[2]
				}
			}
			return out, nil
		}))
	both(arrays, "TRIM_ARRAY", "The array without its last n elements.",
		strict([]string{"ARRAY<T> array", "INTEGER n"}, "ARRAY<T>", func(_ *function.Context, a []types.Value) (types.Value, error) {
			of, n := list(a[0]), int(a[1].(int32))
			if n < 0 || n > len(of) {
				return nil, sqlerr.New(sqlerr.ArraySubscript, "number of elements to trim must be between 0 and %d", len(of))
			}
			return of[: len(of)-n : len(of)-n], nil
		}))
	both(arrays, "ARRAY_FILL", "An array of so many times the value.",
		function.Rows([]string{"T value", "ARRAY<INTEGER> lengths"}, "ARRAY<T>", func(ctx *function.Context, a []types.Value) (types.Value, error) {
			if a[1] == nil || len(list(a[1])) != 1 || list(a[1])[0] == nil {
				return nil, sqlerr.New(sqlerr.FeatureNotSupported, "ARRAY_FILL makes arrays of one dimension")
			}
			n := max(0, int64(list(a[1])[0].(int32)))
			if err := ctx.Grow(n * function.BoxBytes); err != nil {
				return nil, err
			}
			out := make(types.ArrayVal, n)
			for i := range out {
				out[i] = a[0]
			}
			return out, nil
		}))
	// ARRAY_SLICE is array[low:high], with NULL for a bound that is not written.
	both(arrays, "ARRAY_SLICE", "The elements from index low to index high, as array[low:high].",
		function.Rows([]string{"ARRAY<T> array", "INTEGER low", "INTEGER high"}, "ARRAY<T>", func(_ *function.Context, a []types.Value) (types.Value, error) {
			if a[0] == nil || a[1] == nil || a[2] == nil {
				return nil, nil
			}
			of := list(a[0])
			low, high := max(1, int(a[1].(int32))), min(len(of), int(a[2].(int32)))
			if low > high {
				return types.ArrayVal{}, nil
			}
			return of[low-1 : high : high], nil
		}))
}

func searches() {
	find := func(a []types.Value, all bool) (types.ArrayVal, error) {
		var out types.ArrayVal
		start := 1
		if len(a) == 3 {
			if a[2] == nil {
				return nil, sqlerr.New(sqlerr.NullNotAllowed, "initial position must not be null")
			}
			start = int(a[2].(int32))
		}
		for i, x := range list(a[0]) {
			if i+1 >= start && types.Equal(x, a[1]) {
				if out = append(out, int32(i+1)); !all {
					break
				}
			}
		}
		return out, nil
	}
	first := func(_ *function.Context, a []types.Value) (types.Value, error) {
		at, err := find(a, false)
		if err != nil || len(at) == 0 {
			return nil, err
		}
		return at[0], nil
	}
	both(arrays, "ARRAY_POSITION", "Index of the first element that equals the value, from an index on; NULL when there is none.",
		function.Rows([]string{"ARRAY<T> array", "T value"}, "INTEGER", first), function.Rows([]string{"ARRAY<T> array", "T value", "INTEGER start"}, "INTEGER", first))
	both(arrays, "ARRAY_POSITIONS", "Indexes of all elements that equal the value.",
		function.Rows([]string{"ARRAY<T> array", "T value"}, "ARRAY<INTEGER>", func(_ *function.Context, a []types.Value) (types.Value, error) {
			if a[0] == nil {
				return nil, nil
			}
			at, err := find(a, true)
			if at == nil {
				at = types.ArrayVal{}
			}
			return at, err
		}))
	pair := func(name, doc string, f func(a, b types.ArrayVal) bool) {
		both(arrays, name, doc, strict([]string{"ARRAY<T> array", "ARRAY<T> other"}, "BOOLEAN", func(_ *function.Context, a []types.Value) (types.Value, error) {
			return f(list(a[0]), list(a[1])), nil
		}))
	}
	pair("ARRAYCONTAINS", "Whether every element of other is in the array, as array @> other.", containsAll)
	pair("ARRAYCONTAINED", "Whether every element of the array is in other, as array <@ other.", func(a, b types.ArrayVal) bool { return containsAll(b, a) })
	pair("ARRAYOVERLAP", "Whether the arrays share an element, as array && other.", func(a, b types.ArrayVal) bool {
		for _, x := range b {
			if x != nil && containsAll(a, types.ArrayVal{x}) {
				return true
			}
		}
		return false
	})
}

// containsAll says that every element of b equals one of a; NULL equals nothing.
func containsAll(a, b types.ArrayVal) bool {
	for _, x := range b {
		found := false
		for _, y := range a {
			found = found || x != nil && y != nil && types.Equal(x, y)
		}
		if !found {
			return false
		}
	}
	return true
}

func listTexts() {
	both(texts, "STRING_TO_ARRAY", "Array of the parts of the text between the delimiters, or of its characters where the delimiter is NULL; parts that equal null become NULL.",
		function.Rows([]string{"STRING text", "STRING delimiter"}, "ARRAY<STRING>", splitText), function.Rows([]string{"STRING text", "STRING delimiter", "STRING null"}, "ARRAY<STRING>", splitText))
	join := func(_ *function.Context, t []types.Type, a []types.Value) (types.Value, error) {
		if a[0] == nil || a[1] == nil {
			return nil, nil
		}
		var out []byte
		first := true
		for _, x := range flat(list(a[0])) {
			if x == nil && (len(a) < 3 || a[2] == nil) {
				continue
			}
			if !first {
				out = append(out, a[1].(string)...)
			}
			first = false
			if x == nil {
				out = append(out, a[2].(string)...)
			} else {
				out = pgtext.Append(out, innermost(t[0]), x)
			}
		}
		return string(out), nil
	}
	both(arrays, "ARRAY_TO_STRING", "The elements as text with the delimiter between; NULLs are left out, or written as null.",
		typed([]string{"ARRAY<T> array", "STRING delimiter"}, "STRING", join), typed([]string{"ARRAY<T> array", "STRING delimiter", "STRING null"}, "STRING", join))
}

// splitText is STRING_TO_ARRAY.
func splitText(_ *function.Context, a []types.Value) (types.Value, error) {
	if a[0] == nil {
		return nil, nil
	}
	s, parts := a[0].(string), []string(nil)
	switch {
	case s == "":
	case a[1] == nil:
		parts = strings.Split(s, "")
	case a[1] == "":
		parts = []string{s}
	default:
		parts = strings.Split(s, a[1].(string))
	}
	out := make(types.ArrayVal, len(parts))
	for i, p := range parts {
		if out[i] = p; len(a) == 3 && p == a[2] {
			out[i] = nil
		}
	}
	return out, nil
}

// flat lists the elements of all dimensions.
func flat(a types.ArrayVal) types.ArrayVal {
	out := make(types.ArrayVal, 0, len(a))
	for _, x := range a {
		if inner, ok := x.(types.ArrayVal); ok {
			out = append(out, flat(inner)...)
		} else {
			out = append(out, x)
		}
	}
	return out
}

func innermost(t types.Type) types.Type {
	for t.Kind == types.Array {
		t = *t.Elem
	}
	return t
}
