package aggregate

import (
	"fmt"
	"slices"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

func init() {
	topk := function.Aggregate{Name: "TOPK", Text: "topk",
		Doc: "Array of the k greatest values, greatest first; equal ones in order of arrival. With further columns an array of " +
			"structs: sort_col, col0, col1, ... NULLs of the first column are passed over."}
	distinct := function.Aggregate{Name: "TOPKDISTINCT", Text: "topkdistinct",
		Doc: "Array of the k greatest distinct values, greatest first. NULLs are passed over."}
	for _, t := range ordered {
		topk.Overloads = append(topk.Overloads,
			function.AggregateSignature{Params: []string{t + " value"}, Initial: []string{"INTEGER k"},
				Result: arrayResult(t), ResultType: arrayOfFirst, NestedState: true, New: newTop(false)},
			function.AggregateSignature{Params: []string{t + " value", "ANY first", "ANY others"}, Initial: []string{"INTEGER k"},
				Variadic: true, Result: "ARRAY<STRUCT>", ResultType: arrayOfStruct, NestedState: true, New: newTop(false)})
		distinct.Overloads = append(distinct.Overloads,
			function.AggregateSignature{Params: []string{t + " value"}, Initial: []string{"INTEGER k"},
				Result: arrayResult(t), ResultType: arrayOfFirst, NestedState: true, New: newTop(true)})
	}
	function.RegisterAggregate(topk)
	function.RegisterAggregate(distinct)
}

// arrayResult is what the reference page shows; ResultType says the type.
func arrayResult(t string) string { return "ARRAY<" + t + ">" }

func arrayOfFirst(args []types.Type, _ []types.Value) (types.Type, error) {
	return types.ArrayOf(args[0]), nil
}

func arrayOfStruct(args []types.Type, _ []types.Value) (types.Type, error) {
	fields := []types.Field{{Name: "sort_col", Type: args[0]}}
	for i, t := range args[1:] {
		fields = append(fields, types.Field{Name: fmt.Sprintf("col%d", i), Type: t})
	}
	return types.ArrayOf(types.StructOf(fields...)), nil
}

// newTop keeps the k greatest entries in order. An entry is the value itself or, with
// further columns, the struct that the result shows.
func newTop(distinct bool) newFunc {
	return func(args []types.Type, initial []types.Value, result types.Type, _ function.Limits) (function.Accumulator, error) {
		k := int(initial[0].(int32))
		if k < 1 {
			return nil, sqlerr.New(sqlerr.InvalidParameter, "k must be 1 or greater, not %d", k)
		}
		top := &topRule{k: k, distinct: distinct, elem: *result.Elem}
		type list = []types.Value
		return &slots[list]{
			add: func(a *slots[list], slot, rows []int32, args []*vector.Vector) error {
				for i, s := range slot {
					if r := at(rows, i); !args[0].IsNull(r) {
						a.heap += top.insert(&a.states[s], args, r)
					}
				}
				return nil
			},
			merge: func(a *slots[list], into, from *list) error {
				for _, x := range *from {
					a.heap += top.put(into, x)
				}
				return nil
			},
			result: func(_ *slots[list], s *list, out *vector.Vector) { out.AppendValue(types.ArrayVal(slices.Clone(*s))) },
			encode: func(s *list, dst []byte) []byte { return encodeValues(top.elem, *s, dst) },
			decode: func(a *slots[list], s *list, src []byte) ([]byte, error) {
				all, rest, err := decodeValues(top.elem, src)
				*s = all
				a.heap += allBytes(all)
				return rest, err
			},
			forget: func(s *list) int { return allBytes(*s) },
		}, nil
	}
}

type topRule struct {
	k        int
	distinct bool
	elem     types.Type
}

// sortKey is what an entry is ordered by.
func (t *topRule) sortKey(x types.Value) types.Value {
	if t.elem.Kind == types.Struct {
		return x.(types.StructVal)[0]
	}
	return x
}

// insert adds row r, without boxing its other columns when it does not make the list.
func (t *topRule) insert(s *[]types.Value, args []*vector.Vector, r int) int {
	key := args[0].Value(r)
	if len(*s) >= t.k && types.Compare(key, t.sortKey((*s)[len(*s)-1])) <= 0 {
		return 0
	}
	if t.elem.Kind != types.Struct {
		return t.put(s, key)
	}
	entry := make(types.StructVal, len(args))
	for i, v := range args {
		entry[i] = v.Value(r)
	}
	return t.put(s, entry)
}

// put places an entry behind its equals and returns the change of memory.
func (t *topRule) put(s *[]types.Value, x types.Value) int {
	key := t.sortKey(x)
	at := len(*s)
	for at > 0 {
		c := types.Compare(key, t.sortKey((*s)[at-1]))
		if c == 0 && t.distinct {
			return 0
		}
		if c <= 0 {
			break
		}
		at--
	}
	if at >= t.k {
		return 0
	}
	grown := 16 + valueBytes(x)
	*s = slices.Insert(*s, at, x)
	if len(*s) > t.k {
		grown -= 16 + valueBytes((*s)[t.k])
		*s = slices.Delete(*s, t.k, t.k+1)
	}
	return grown
}
