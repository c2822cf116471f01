package aggregate

import (
	"cmp"
	"encoding/binary"
	"slices"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

func init() {
	byOffset := func(name, which string, latest bool) {
		result := func(initial ...string) function.AggregateSignature {
			s := function.AggregateSignature{Params: []string{"T value"}, Initial: initial, Result: "T", NestedState: true}
			for _, p := range initial {
				if p[0] == 'I' {
					s.Result = "ARRAY<T>"
				}
			}
			s.New = newByOffset(latest)
			return s
		}
		function.RegisterAggregate(function.Aggregate{
			Name: name,
			Doc: which + " value by the order of arrival. NULLs are passed over unless ignoreNulls is false; " +
				"with n, an array of that many values, in order.",
			Overloads: []function.AggregateSignature{
				result(), result("BOOLEAN ignoreNulls"), result("INTEGER n"), result("INTEGER n", "BOOLEAN ignoreNulls"),
			},
		})
	}
	byOffset("LATEST_BY_OFFSET", "Latest", true)
	byOffset("EARLIEST_BY_OFFSET", "Earliest", false)
}

// stamped is a value and when it came: a number that grows with every row the accumulator
// sees, so that merged sessions know whose value is the later one.
type stamped[T any] struct {
	seq   int64 // 0: no value yet
	null  bool
	value T
}

// offsetRule is which values are kept.
type offsetRule struct {
	latest, ignoreNulls bool
	n                   int // 0: one value, not an array
}

func newByOffset(latest bool) newFunc {
	return func(args []types.Type, initial []types.Value, _ types.Type, _ function.Limits) (function.Accumulator, error) {
		rule := offsetRule{latest: latest, ignoreNulls: true}
		n := "earliestN"
		if latest {
			n = "latestN"
		}
		for _, v := range initial {
			switch v := v.(type) {
			case bool:
				rule.ignoreNulls = v
			case int32:
				if v < 1 {
					return nil, sqlerr.New(sqlerr.InvalidParameter, "%s must be 1 or greater", n).Detail("It is %d.", v)
				}
				rule.n = int(v)
			}
		}
		switch args[0].Kind {
		case types.Boolean:
			return byOffset(boolCell, args[0], rule), nil
		case types.Int, types.Date:
			return byOffset(int32Cell, args[0], rule), nil
		case types.Bigint, types.Time, types.Timestamp:
			return byOffset(int64Cell, args[0], rule), nil
		case types.Double:
			return byOffset(doubleCell, args[0], rule), nil
		case types.Decimal:
			return byOffset(decCell, args[0], rule), nil
		case types.String, types.Bytes:
			return byOffset(bytesCell, args[0], rule), nil
		}
		return byOffset(valueCell(args[0]), args[0], rule), nil
	}
}

func byOffset[T any](c *cell[T], t types.Type, rule offsetRule) function.Accumulator {
	if rule.n > 0 {
		return manyByOffset(c, t, rule)
	}
	return oneByOffset(c, rule)
}

// encodeStamped writes a value and its number; decodeStamped reads them and moves the
// accumulator's count past the number.
func (c *cell[T]) encodeStamped(dst []byte, s stamped[T]) []byte {
	dst = putInt(dst, s.seq)
	if s.seq == 0 {
		return dst
	}
	if s.null {
		return append(dst, 0)
	}
	return c.encode(append(dst, 1), s.value)
}

func (c *cell[T]) decodeStamped(src []byte, count *int64) (s stamped[T], rest []byte, err error) {
	src, err = getInt(src, &s.seq)
	if err != nil || s.seq == 0 {
		return s, src, err
	}
	if len(src) == 0 {
		return s, nil, errState
	}
	*count = max(*count, s.seq)
	if src[0] == 0 {
		s.null = true
		return s, src[1:], nil
	}
	s.value, rest, err = c.decode(src[1:])
	return s, rest, err
}

func oneByOffset[T any](c *cell[T], rule offsetRule) *slots[stamped[T]] {
	var count int64
	keep := func(a *slots[stamped[T]], s *stamped[T], x stamped[T]) {
		a.heap += c.heap(x.value) - c.heap(s.value)
		*s = x
	}
	return &slots[stamped[T]]{
		add: func(a *slots[stamped[T]], slot, rows []int32, args []*vector.Vector) error {
			v := args[0]
			for i, k := range slot {
				r, s := at(rows, i), &a.states[k]
				count++
				null := v.IsNull(r)
				if null && rule.ignoreNulls || !rule.latest && s.seq != 0 {
					continue
				}
				x := stamped[T]{seq: count, null: null}
				if !null {
					x.value = c.get(v, r)
				}
				keep(a, s, x)
			}
			return nil
		},
		merge: func(a *slots[stamped[T]], into, from *stamped[T]) error {
			if from.seq != 0 && (into.seq == 0 || (from.seq > into.seq) == rule.latest) {
				keep(a, into, *from)
			}
			return nil
		},
		result: func(_ *slots[stamped[T]], s *stamped[T], out *vector.Vector) {
			if s.seq == 0 || s.null {
				out.AppendNull()
				return
			}
			c.put(out, s.value)
		},
		encode: func(s *stamped[T], dst []byte) []byte { return c.encodeStamped(dst, *s) },
		decode: func(a *slots[stamped[T]], s *stamped[T], src []byte) ([]byte, error) {
			x, rest, err := c.decodeStamped(src, &count)
			keep(a, s, x)
			return rest, err
		},
		forget: func(s *stamped[T]) int { return c.heap(s.value) },
	}
}

// offsetList is the state of the forms with n: the values kept, in order of arrival.
type offsetList[T any] []stamped[T]

// offsetEntry is the estimated memory of an entry besides its value.
const offsetEntry = 48

// manyRule is the code of the forms with n: it keeps the first or last n values.
type manyRule[T any] struct {
	offsetRule
	cell  *cell[T]
	elem  types.Type
	count int64 // rows seen
}

func manyByOffset[T any](c *cell[T], t types.Type, rule offsetRule) *slots[offsetList[T]] {
	m := &manyRule[T]{offsetRule: rule, cell: c, elem: t}
	return &slots[offsetList[T]]{add: m.add, merge: m.merge, result: m.result, encode: m.encode, decode: m.decode,
		forget: func(s *offsetList[T]) int { return m.weight(*s) }}
}

func (m *manyRule[T]) weight(s offsetList[T]) int {
	n := 0
	for _, x := range s {
		n += offsetEntry + m.cell.heap(x.value)
	}
	return n
}

// trim drops what is beyond n: the oldest of the latest, the youngest of the earliest.
func (m *manyRule[T]) trim(s offsetList[T]) offsetList[T] {
	over := len(s) - m.n
	switch {
	case over <= 0:
		return s
	case m.latest:
		return slices.Delete(s, 0, over)
	}
	return slices.Delete(s, m.n, len(s))
}

func (m *manyRule[T]) set(a *slots[offsetList[T]], s *offsetList[T], x offsetList[T]) {
	a.heap += m.weight(x) - m.weight(*s)
	*s = x
}

func (m *manyRule[T]) add(a *slots[offsetList[T]], slot, rows []int32, args []*vector.Vector) error {
	v := args[0]
	for i, k := range slot {
		r, s := at(rows, i), &a.states[k]
		m.count++
		null := v.IsNull(r)
		if null && m.ignoreNulls || !m.latest && len(*s) >= m.n {
			continue
		}
		x := stamped[T]{seq: m.count, null: null}
		if !null {
			x.value = m.cell.get(v, r)
		}
		a.heap += offsetEntry + m.cell.heap(x.value)
		if len(*s) >= m.n {
			a.heap -= offsetEntry + m.cell.heap((*s)[0].value)
		}
		*s = m.trim(append(*s, x))
	}
	return nil
}

func (m *manyRule[T]) merge(a *slots[offsetList[T]], into, from *offsetList[T]) error {
	all := append(slices.Clone(*into), *from...)
	slices.SortStableFunc(all, func(x, y stamped[T]) int { return cmp.Compare(x.seq, y.seq) })
	m.set(a, into, m.trim(all))
	return nil
}

func (m *manyRule[T]) result(_ *slots[offsetList[T]], s *offsetList[T], out *vector.Vector) {
	elems := vector.New(m.elem, len(*s))
	for _, x := range *s {
		if x.null {
			elems.AppendNull()
		} else {
			m.cell.put(elems, x.value)
		}
	}
	values := make(types.ArrayVal, len(*s))
	for i := range values {
		values[i] = elems.Value(i)
	}
	out.AppendValue(values)
}

func (m *manyRule[T]) encode(s *offsetList[T], dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(*s)))
	for _, x := range *s {
		dst = m.cell.encodeStamped(dst, x)
	}
	return dst
}

func (m *manyRule[T]) decode(a *slots[offsetList[T]], s *offsetList[T], src []byte) ([]byte, error) {
	n, src, err := getCount(src)
	if err != nil {
		return nil, err
	}
	var all offsetList[T]
	for range n {
		var x stamped[T]
		if x, src, err = m.cell.decodeStamped(src, &m.count); err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	m.set(a, s, all)
	return src, nil
}

// getCount reads the length of a list, which cannot exceed the bytes that follow.
func getCount(src []byte) (int, []byte, error) {
	n, k := binary.Uvarint(src)
	if k <= 0 || n > uint64(len(src)-k) {
		return 0, nil, errState
	}
	return int(n), src[k:], nil
}
