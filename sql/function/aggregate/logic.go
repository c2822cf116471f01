package aggregate

import (
	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

func init() {
	for _, f := range []struct {
		name, doc string
		of        func(s *truths) bool
	}{
		{"BOOL_AND", "Whether all values that are not NULL are TRUE; NULL for none.", func(s *truths) bool { return s.yes == s.n }},
		{"EVERY", "Whether all values that are not NULL are TRUE; NULL for none.", func(s *truths) bool { return s.yes == s.n }},
		{"BOOL_OR", "Whether one of the values that are not NULL is TRUE; NULL for none.", func(s *truths) bool { return s.yes > 0 }},
	} {
		function.RegisterAggregate(function.Aggregate{Name: f.name, Doc: f.doc, Overloads: []function.AggregateSignature{
			{Params: []string{"BOOLEAN value"}, Result: "BOOLEAN", Undo: true, New: newTruths(f.of)}}})
	}
	bits := func(name, doc string, start int64, of func(a, b int64) int64, undo bool) {
		function.RegisterAggregate(function.Aggregate{Name: name, Doc: doc, Overloads: []function.AggregateSignature{
			{Params: []string{"INTEGER value"}, Result: "INTEGER", Undo: undo, New: newBits[int32](start, of)},
			{Params: []string{"BIGINT value"}, Result: "BIGINT", Undo: undo, New: newBits[int64](start, of)}}})
	}
	bits("BIT_AND", "Bitwise AND of the values that are not NULL; NULL for none.", -1, func(a, b int64) int64 { return a & b }, false)
	bits("BIT_OR", "Bitwise OR of the values that are not NULL; NULL for none.", 0, func(a, b int64) int64 { return a | b }, false)
	bits("BIT_XOR", "Bitwise exclusive OR of the values that are not NULL; NULL for none.", 0, func(a, b int64) int64 { return a ^ b }, true)
}

// truths counts values, and those that are TRUE.
type truths struct{ n, yes int64 }

func newTruths(of func(s *truths) bool) newFunc {
	return func([]types.Type, []types.Value, types.Type, function.Limits) (function.Accumulator, error) {
		step := func(by int64) func(*slots[truths], []int32, []int32, []*vector.Vector) error {
			return func(a *slots[truths], slot, rows []int32, args []*vector.Vector) error {
				each(slot, rows, args, func(k int32, r int) {
					s := &a.states[k]
					s.n += by
					if args[0].Bool[r] {
						s.yes += by
					}
				})
				return nil
			}
		}
		return &slots[truths]{
			add: step(1), undo: step(-1),
			merge: func(_ *slots[truths], into, from *truths) error {
				*into = truths{into.n + from.n, into.yes + from.yes}
				return nil
			},
			result: func(_ *slots[truths], s *truths, out *vector.Vector) {
				if s.n == 0 {
					out.AppendNull()
					return
				}
				boolCell.put(out, of(s))
			},
			encode: func(s *truths, dst []byte) []byte { return putInt(putInt(dst, s.n), s.yes) },
			decode: func(_ *slots[truths], s *truths, src []byte) ([]byte, error) {
				return getAll(src, []*int64{&s.n, &s.yes}, nil)
			},
		}, nil
	}
}

// pattern is a count and what the bits of the values make.
type pattern struct{ n, bits int64 }

func newBits[T int32 | int64](start int64, of func(a, b int64) int64) newFunc {
	return func([]types.Type, []types.Value, types.Type, function.Limits) (function.Accumulator, error) {
		step := func(by int64) func(*slots[pattern], []int32, []int32, []*vector.Vector) error {
			return func(a *slots[pattern], slot, rows []int32, args []*vector.Vector) error {
				data := numbers[T](args[0])
				each(slot, rows, args, func(k int32, r int) {
					s := &a.states[k]
					*s = pattern{s.n + by, of(s.bits, int64(data[r]))}
				})
				return nil
			}
		}
		return &slots[pattern]{
			zero: pattern{bits: start}, add: step(1), undo: step(-1),
			merge: func(_ *slots[pattern], into, from *pattern) error {
				*into = pattern{into.n + from.n, of(into.bits, from.bits)}
				return nil
			},
			result: func(_ *slots[pattern], s *pattern, out *vector.Vector) {
				if s.n == 0 {
					out.AppendNull()
					return
				}
				putNumber(out, T(s.bits))
			},
			encode: func(s *pattern, dst []byte) []byte { return putInt(putInt(dst, s.n), s.bits) },
			decode: func(_ *slots[pattern], s *pattern, src []byte) ([]byte, error) {
				return getAll(src, []*int64{&s.n, &s.bits}, nil)
			},
		}, nil
	}
}
