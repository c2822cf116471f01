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
		return &slots[topList]{
			add: func(a *slots[topList], slot, rows []int32, args []*vector.Vector) error {
				for i, s := range slot {
					if r := at(rows, i); !args[0].IsNull(r) {
						a.heap += top.insert(&a.states[s], args, r)
					}
				}
				return nil
			},
			merge: func(a *slots[topList], into, from *topList) error {
				for _, x := range top.whole(from) {
					a.heap += top.put(into, x)
				}
				return nil
			},
			result: func(_ *slots[topList], s *topList, out *vector.Vector) {
				out.AppendValue(types.ArrayVal(slices.Clone(top.whole(s))))
			},
			encode: func(s *topList, dst []byte) []byte { return encodeValues(top.elem, top.whole(s), dst) },
			decode: func(a *slots[topList], s *topList, src []byte) ([]byte, error) {
				all, rest, err := decodeValues(top.elem, src)
				*s = topList{best: all}
				a.heap += allBytes(all)
				return rest, err
			},
			forget: func(s *topList) int { return allBytes(s.best) + allBytes(s.fresh) },
		}, nil
	}
}

// topList is the state of a group: its greatest entries in order, at most k, and behind them,
// in order of arrival, those that came since these were put in order. Putting in order costs
// a pass over all of them, so it waits until there are as many fresh ones: n rows take
// O(n log k).
type topList struct{ best, fresh []types.Value }

// fewFresh is how many entries wait at least.
const fewFresh = 16

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
func (t *topRule) insert(s *topList, args []*vector.Vector, r int) int {
	key := args[0].Value(r)
	if t.fails(s, key) {
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

// fails reports whether k entries are known that stand before one with that key.
func (t *topRule) fails(s *topList, key types.Value) bool {
	return len(s.best) >= t.k && types.Compare(key, t.sortKey(s.best[len(s.best)-1])) <= 0
}

// put adds an entry and returns the change of memory.
func (t *topRule) put(s *topList, x types.Value) int {
	if t.fails(s, t.sortKey(x)) {
		return 0
	}
	s.fresh = append(s.fresh, x)
	grown := allBytes(s.fresh[len(s.fresh)-1:])
	if len(s.fresh) < max(fewFresh, len(s.best)) {
		return grown
	}
	before := allBytes(s.best) + allBytes(s.fresh)
	*s = topList{best: t.whole(s), fresh: s.fresh[:0]}
	clear(s.fresh[:cap(s.fresh)])
	return grown + allBytes(s.best) - before
}

// whole is the entries in order: of equal ones those that came first stand first and, where
// they are to be distinct, alone.
func (t *topRule) whole(s *topList) []types.Value {
	if len(s.fresh) == 0 {
		return s.best
	}
	all := append(slices.Clone(s.best), s.fresh...)
	slices.SortStableFunc(all, func(a, b types.Value) int { return types.Compare(t.sortKey(b), t.sortKey(a)) })
	if t.distinct {
		all = slices.CompactFunc(all, func(a, b types.Value) bool { return types.Compare(t.sortKey(a), t.sortKey(b)) == 0 })
	}
	n := min(len(all), t.k)
	clear(all[n:]) // what has fallen out is not kept alive
	return all[:n]
}
