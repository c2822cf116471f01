package aggregate

import (
	"encoding/binary"
	"slices"
	"strings"

	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

func init() {
	retractable := func(name string, initial []string, rule func([]types.Type, []types.Value) (types.Type, error), result func(b *bag, initial []types.Value, out *vector.Vector)) {
		f := function.Aggregate{Name: name}
		for _, t := range ordered {
			shown := fixedResult(t)
			if initial != nil {
				shown = arrayResult(t)
			}
			f.Overloads = append(f.Overloads, function.AggregateSignature{Params: []string{t + " value"}, Initial: initial,
				Result: shown, ResultType: rule, Undo: true, New: newBag(result)})
		}
		function.RegisterRetractableAggregate(f)
	}
	retractable("MIN", nil, firstType, func(b *bag, _ []types.Value, out *vector.Vector) { b.put(0, out) })
	retractable("MAX", nil, firstType, func(b *bag, _ []types.Value, out *vector.Vector) { b.put(len(b.keys)-1, out) })
	top := func(distinct bool) func(b *bag, initial []types.Value, out *vector.Vector) {
		return func(b *bag, initial []types.Value, out *vector.Vector) {
			out.AppendValue(b.top(int(initial[0].(int32)), distinct))
		}
	}
	retractable("TOPK", []string{"INTEGER k"}, arrayOfFirst, top(false))
	retractable("TOPKDISTINCT", []string{"INTEGER k"}, arrayOfFirst, top(true))
	function.RegisterRetractableAggregate(function.Aggregate{Name: "COUNT_DISTINCT", Overloads: []function.AggregateSignature{
		{Params: []string{"ANY value"}, Result: "BIGINT", Undo: true, New: newBag(func(b *bag, _ []types.Value, out *vector.Vector) {
			putNumber(out, int64(len(b.keys)))
		})}}})
	function.RegisterRetractableAggregate(function.Aggregate{Name: "COLLECT_SET", Text: "collect_set", Overloads: []function.AggregateSignature{
		{Params: []string{"T value"}, Result: "ARRAY<T>", Undo: true, New: newBag(func(b *bag, _ []types.Value, out *vector.Vector) {
			all := types.ArrayVal{}
			for i := range b.keys {
				all = append(all, b.value(i))
			}
			out.AppendValue(all)
		})}}})
}

// bag is a multiset in order: the values as sortable keys, and how often each is there.
// It is the state of functions that must know what comes next when a value goes. An
// insertion moves what lies behind it, which is cheap up to some ten thousand distinct
// values a group.
type bag struct {
	elem   types.Type
	keys   []string
	counts []int64
}

func (b *bag) bump(key []byte, by int64) (grown int) {
	i, found := slices.BinarySearchFunc(b.keys, key, func(k string, key []byte) int { return strings.Compare(k, string(key)) })
	switch {
	case !found && by > 0:
		b.keys, b.counts = slices.Insert(b.keys, i, string(key)), slices.Insert(b.counts, i, by)
		return 24 + len(key)
	case found && b.counts[i]+by <= 0:
		b.keys, b.counts = slices.Delete(b.keys, i, i+1), slices.Delete(b.counts, i, i+1)
		return -24 - len(key)
	case found:
		b.counts[i] += by
	}
	return 0
}

// value decodes the i-th key, which bump has been given by an encoder or checked decoder.
func (b *bag) value(i int) types.Value {
	v, _, _ := vector.DecodeKeyValue([]byte(b.keys[i]), b.elem)
	return v
}

func (b *bag) put(i int, out *vector.Vector) {
	if len(b.keys) == 0 {
		out.AppendNull()
		return
	}
	out.AppendValue(b.value(i))
}

func (b *bag) top(k int, distinct bool) types.ArrayVal {
	out := types.ArrayVal{}
	for i := len(b.keys) - 1; i >= 0 && len(out) < k; i-- {
		v := b.value(i)
		for n := b.counts[i]; n > 0 && len(out) < k; n-- {
			out = append(out, v)
			if distinct {
				break
			}
		}
	}
	return out
}

func newBag(result func(b *bag, initial []types.Value, out *vector.Vector)) newFunc {
	return func(args []types.Type, initial []types.Value, resultType types.Type, _ function.Limits) (function.Accumulator, error) {
		keepsNull := resultType.Kind == types.Array && initial == nil // COLLECT_SET
		var scratch []byte
		step := func(by int64) func(*slots[bag], []int32, []int32, []*vector.Vector) error {
			return func(a *slots[bag], slot, rows []int32, args []*vector.Vector) error {
				for i, k := range slot {
					r := at(rows, i)
					if !keepsNull && args[0].IsNull(r) {
						continue
					}
					scratch = args[0].AppendKeyColumn(scratch[:0], r)
					a.heap += a.states[k].bump(scratch, by)
				}
				return nil
			}
		}
		return &slots[bag]{
			zero: bag{elem: args[0]}, add: step(1), undo: step(-1),
			merge: func(a *slots[bag], into, from *bag) error {
				for i, k := range from.keys {
					a.heap += into.bump([]byte(k), from.counts[i])
				}
				return nil
			},
			result: func(_ *slots[bag], s *bag, out *vector.Vector) { result(s, initial, out) },
			encode: func(s *bag, dst []byte) []byte {
				dst = binary.AppendUvarint(dst, uint64(len(s.keys)))
				for i, k := range s.keys {
					dst = putInt(append(dst, k...), s.counts[i])
				}
				return dst
			},
			decode: func(a *slots[bag], s *bag, src []byte) ([]byte, error) {
				n, src, err := getCount(src)
				for i := 0; i < n && err == nil; i++ {
					_, rest, bad := vector.DecodeKeyValue(src, s.elem)
					if bad != nil {
						return nil, bad
					}
					var count int64
					key := src[:len(src)-len(rest)]
					if src, err = getInt(rest, &count); err == nil {
						a.heap += s.bump(key, count)
					}
				}
				return src, err
			},
			forget: func(s *bag) int {
				n := 0
				for _, k := range s.keys {
					n += 24 + len(k)
				}
				return n
			},
		}, nil
	}
}
