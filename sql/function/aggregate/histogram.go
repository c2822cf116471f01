package aggregate

import (
	"encoding/binary"
	"slices"

	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// histogramKeys is how many distinct values HISTOGRAM counts; later ones are dropped.
const histogramKeys = 1000

func init() {
	function.RegisterAggregate(function.Aggregate{
		Name: "HISTOGRAM",
		Text: "histogram",
		Doc:  "Map from each distinct value to how often it came, for the first 1000 distinct values.",
		Overloads: []function.AggregateSignature{
			{Params: []string{"STRING value"}, Result: "MAP<STRING, BIGINT>", Undo: true, NestedState: true, New: newHistogram},
		},
	})
}

// histogram counts by value and remembers the order of first arrival, which the result
// shows.
type histogram struct {
	counts map[string]int64
	order  []string
}

func (h *histogram) bump(key []byte, by int64) (grown int) {
	n, have := h.counts[string(key)]
	switch {
	case !have && (by < 0 || len(h.order) >= histogramKeys):
		return 0
	case !have:
		if h.counts == nil {
			h.counts = map[string]int64{}
		}
		k := string(key)
		h.counts[k], h.order = by, append(h.order, k)
		return 64 + len(k)
	case n+by < 1:
		delete(h.counts, string(key))
		i := slices.Index(h.order, string(key))
		h.order = slices.Delete(h.order, i, i+1)
		return -64 - len(key)
	}
	h.counts[string(key)] = n + by
	return 0
}

func newHistogram([]types.Type, []types.Value, types.Type, function.Limits) (function.Accumulator, error) {
	step := func(by int64) func(*slots[histogram], []int32, []int32, []*vector.Vector) error {
		return func(a *slots[histogram], slot, rows []int32, args []*vector.Vector) error {
			each(slot, rows, args, func(s int32, r int) { a.heap += a.states[s].bump(args[0].Bytes(r), by) })
			return nil
		}
	}
	return &slots[histogram]{
		add: step(1), undo: step(-1),
		merge: func(a *slots[histogram], into, from *histogram) error {
			for _, k := range from.order {
				a.heap += into.bump([]byte(k), from.counts[k])
			}
			return nil
		},
		result: func(_ *slots[histogram], s *histogram, out *vector.Vector) {
			m := types.NewMapBuilder(len(s.order))
			for _, k := range s.order {
				m.Put(k, s.counts[k])
			}
			out.AppendValue(m.Map())
		},
		encode: func(s *histogram, dst []byte) []byte {
			dst = binary.AppendUvarint(dst, uint64(len(s.order)))
			for _, k := range s.order {
				dst = putInt(putBytes(dst, k), s.counts[k])
			}
			return dst
		},
		decode: func(a *slots[histogram], s *histogram, src []byte) ([]byte, error) {
			n, src, err := getCount(src)
			for i := 0; i < n && err == nil; i++ {
				var key []byte
				var count int64
				if key, src, err = getBytes(src); err != nil {
					return nil, err
				}
				if src, err = getInt(src, &count); err == nil {
					a.heap += s.bump(key, count)
				}
			}
			return src, err
		},
		forget: func(s *histogram) int {
			n := 0
			for _, k := range s.order {
				n += 64 + len(k)
			}
			return n
		},
	}, nil
}
