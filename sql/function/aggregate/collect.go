package aggregate

import (
	"encoding/binary"
	"math"
	"slices"

	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// Properties that bound what the collecting functions hold; without them there is no
// bound, and what comes beyond the bound is dropped without a word.
const (
	CollectListLimit = "ksql.functions.collect_list.limit"
	CollectSetLimit  = "ksql.functions.collect_set.limit"
)

func init() {
	function.RegisterAggregate(function.Aggregate{
		Name: "COLLECT_LIST",
		Text: "collect_list",
		Doc:  "Array of all values, NULLs included, in order of arrival; at most " + CollectListLimit + " of them.",
		Overloads: []function.AggregateSignature{
			{Params: []string{"T value"}, Result: "ARRAY<T>", Undo: true, NestedState: true, New: newCollectList},
		},
	})
	function.RegisterAggregate(function.Aggregate{
		Name: "COLLECT_SET",
		Text: "collect_set",
		Doc:  "Array of the distinct values, NULL included, in order of first arrival; at most " + CollectSetLimit + " of them.",
		Overloads: []function.AggregateSignature{
			{Params: []string{"T value"}, Result: "ARRAY<T>", NestedState: true, New: newCollectSet},
		},
	})
	function.RegisterAggregate(function.Aggregate{
		Name: "ATTR",
		Doc:  "The value that all rows share, NULL when they do not share one.",
		Overloads: []function.AggregateSignature{
			{Params: []string{"T value"}, Result: "T", Undo: true, NestedState: true, New: newAttr},
		},
	})
}

func limitOf(limits function.Limits, property string) int {
	if n, ok := limits[property]; ok && n >= 0 {
		return n
	}
	return math.MaxInt
}

func encodeValues(t types.Type, xs []types.Value, dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(xs)))
	for _, x := range xs {
		dst = vector.AppendKeyValue(dst, t, x)
	}
	return dst
}

func decodeValues(t types.Type, src []byte) ([]types.Value, []byte, error) {
	n, src, err := getCount(src)
	if err != nil {
		return nil, nil, err
	}
	var out []types.Value
	for range n {
		var x types.Value
		if x, src, err = vector.DecodeKeyValue(src, t); err != nil {
			return nil, nil, err
		}
		out = append(out, x)
	}
	return out, src, nil
}

// newCollectList: a list a group. Taking a value back removes its last occurrence, as
// ksqlDB does; one that the bound kept out is not found and changes nothing.
func newCollectList(args []types.Type, _ []types.Value, _ types.Type, limits function.Limits) (function.Accumulator, error) {
	limit := limitOf(limits, CollectListLimit)
	type list = []types.Value
	push := func(a *slots[list], s *list, x types.Value) {
		if len(*s) < limit {
			a.heap += 16 + valueBytes(x)
			*s = append(*s, x)
		}
	}
	return &slots[list]{
		add: func(a *slots[list], slot, rows []int32, args []*vector.Vector) error {
			for i, s := range slot {
				push(a, &a.states[s], args[0].Value(at(rows, i)))
			}
			return nil
		},
		undo: func(a *slots[list], slot, rows []int32, args []*vector.Vector) error {
			for i, k := range slot {
				s, x := &a.states[k], args[0].Value(at(rows, i))
				for j := len(*s) - 1; j >= 0; j-- {
					if types.Equal((*s)[j], x) {
						a.heap -= 16 + valueBytes(x)
						*s = slices.Delete(*s, j, j+1)
						break
					}
				}
			}
			return nil
		},
		merge: func(a *slots[list], into, from *list) error {
			for _, x := range *from {
				push(a, into, x)
			}
			return nil
		},
		result: func(_ *slots[list], s *list, out *vector.Vector) { out.AppendValue(types.ArrayVal(slices.Clone(*s))) },
		encode: func(s *list, dst []byte) []byte { return encodeValues(args[0], *s, dst) },
		decode: func(a *slots[list], s *list, src []byte) ([]byte, error) {
			all, rest, err := decodeValues(args[0], src)
			*s = all
			a.heap += allBytes(all)
			return rest, err
		},
		forget: func(s *list) int { return allBytes(*s) },
	}, nil
}

// set is the distinct values in order of arrival, and their keys.
type set struct {
	values []types.Value
	keys   map[string]struct{}
}

func newCollectSet(args []types.Type, _ []types.Value, _ types.Type, limits function.Limits) (function.Accumulator, error) {
	limit := limitOf(limits, CollectSetLimit)
	t := args[0]
	var scratch []byte
	push := func(a *slots[set], s *set, x types.Value) {
		scratch = vector.AppendKeyValue(scratch[:0], t, x)
		if _, have := s.keys[string(scratch)]; have || len(s.values) >= limit {
			return
		}
		if s.keys == nil {
			s.keys = map[string]struct{}{}
		}
		s.keys[string(scratch)] = struct{}{}
		s.values = append(s.values, x)
		a.heap += 16 + valueBytes(x) + 32 + len(scratch)
	}
	return &slots[set]{
		add: func(a *slots[set], slot, rows []int32, args []*vector.Vector) error {
			for i, s := range slot {
				push(a, &a.states[s], args[0].Value(at(rows, i)))
			}
			return nil
		},
		merge: func(a *slots[set], into, from *set) error {
			for _, x := range from.values {
				push(a, into, x)
			}
			return nil
		},
		result: func(_ *slots[set], s *set, out *vector.Vector) {
			out.AppendValue(types.ArrayVal(slices.Clone(s.values)))
		},
		encode: func(s *set, dst []byte) []byte { return encodeValues(t, s.values, dst) },
		decode: func(a *slots[set], s *set, src []byte) ([]byte, error) {
			all, rest, err := decodeValues(t, src)
			for _, x := range all {
				push(a, s, x)
			}
			return rest, err
		},
		forget: func(s *set) int {
			n := allBytes(s.values)
			for k := range s.keys {
				n += 32 + len(k)
			}
			return n
		},
	}, nil
}

// counted is a value and how many rows have it. In a well-used ATTR there is one.
type counted struct {
	value types.Value
	n     int64
}

func newAttr(args []types.Type, _ []types.Value, _ types.Type, _ function.Limits) (function.Accumulator, error) {
	type list = []counted
	bump := func(a *slots[list], s *list, x types.Value, by int64) {
		i := slices.IndexFunc(*s, func(c counted) bool { return types.Equal(c.value, x) })
		switch {
		case i < 0 && by > 0:
			a.heap += 24 + valueBytes(x)
			*s = append(*s, counted{x, by})
		case i >= 0 && (*s)[i].n+by <= 0:
			a.heap -= 24 + valueBytes(x)
			*s = slices.Delete(*s, i, i+1)
		case i >= 0:
			(*s)[i].n += by
		}
	}
	step := func(by int64) func(*slots[list], []int32, []int32, []*vector.Vector) error {
		return func(a *slots[list], slot, rows []int32, args []*vector.Vector) error {
			for i, s := range slot {
				bump(a, &a.states[s], args[0].Value(at(rows, i)), by)
			}
			return nil
		}
	}
	return &slots[list]{
		add: step(1), undo: step(-1),
		merge: func(a *slots[list], into, from *list) error {
			for _, c := range *from {
				bump(a, into, c.value, c.n)
			}
			return nil
		},
		result: func(_ *slots[list], s *list, out *vector.Vector) {
			if len(*s) != 1 {
				out.AppendNull()
				return
			}
			out.AppendValue((*s)[0].value)
		},
		encode: func(s *list, dst []byte) []byte {
			dst = binary.AppendUvarint(dst, uint64(len(*s)))
			for _, c := range *s {
				dst = putInt(vector.AppendKeyValue(dst, args[0], c.value), c.n)
			}
			return dst
		},
		decode: func(a *slots[list], s *list, src []byte) ([]byte, error) {
			n, src, err := getCount(src)
			for i := 0; i < n && err == nil; i++ {
				var c counted
				if c.value, src, err = vector.DecodeKeyValue(src, args[0]); err != nil {
					return nil, err
				}
				if src, err = getInt(src, &c.n); err == nil {
					bump(a, s, c.value, c.n)
				}
			}
			return src, err
		},
		forget: func(s *list) int {
			n := 0
			for _, c := range *s {
				n += 24 + valueBytes(c.value)
			}
			return n
		},
	}, nil
}
