package aggregate

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

	"github.com/cespare/xxhash/v2"

	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

func init() {
	function.RegisterAggregate(function.Aggregate{
		Name: "COUNT_DISTINCT",
		Doc: "Approximate number of distinct values that are not NULL: exact up to 256, then within about 2 % (HyperLogLog with " +
			"4096 registers).",
		Overloads: []function.AggregateSignature{
			{Params: []string{"ANY value"}, Result: "BIGINT", NestedState: true, New: newCountDistinct},
		},
	})
}

const (
	sketchBits = 12 // log2 of the number of registers: standard error 1.04/sqrt(4096)
	sketchSize = 1 << sketchBits
	exactLimit = 256 // hashes kept one by one before the registers take over
)

// sketch counts distinct 64-bit hashes: while few, as a sorted list; then in the registers
// of a HyperLogLog, each the greatest number of leading zeros seen (plus one).
type sketch struct {
	exact     []uint64
	registers []uint8
}

// add returns the change of memory.
func (s *sketch) add(h uint64) int {
	if s.registers != nil {
		s.register(h)
		return 0
	}
	i, found := slices.BinarySearch(s.exact, h)
	if found {
		return 0
	}
	if len(s.exact) < exactLimit {
		s.exact = slices.Insert(s.exact, i, h)
		return 8
	}
	before := 8 * len(s.exact)
	s.registers = make([]uint8, sketchSize)
	for _, x := range s.exact {
		s.register(x)
	}
	s.exact = nil
	s.register(h)
	return sketchSize - before
}

func (s *sketch) register(h uint64) {
	i := h >> (64 - sketchBits)
	rank := uint8(bits.LeadingZeros64(h<<sketchBits|1<<(sketchBits-1))) + 1
	s.registers[i] = max(s.registers[i], rank)
}

func (s *sketch) merge(o *sketch) (grown int) {
	for _, h := range o.exact {
		grown += s.add(h)
	}
	if o.registers == nil {
		return grown
	}
	if s.registers == nil {
		exact := s.exact
		grown += sketchSize - 8*len(exact)
		s.exact, s.registers = nil, slices.Clone(o.registers)
		for _, h := range exact {
			s.register(h)
		}
		return grown
	}
	for i, r := range o.registers {
		s.registers[i] = max(s.registers[i], r)
	}
	return grown
}

// estimate is Ertl's improved estimator (New cardinality estimation algorithms for
// HyperLogLog sketches, 2017): no correction tables, no bias between the ranges.
func (s *sketch) estimate() int64 {
	if s.registers == nil {
		return int64(len(s.exact))
	}
	const q = 64 - sketchBits
	var histogram [q + 2]int
	for _, r := range s.registers {
		histogram[r]++
	}
	m := float64(sketchSize)
	z := m * tau((m-float64(histogram[q+1]))/m)
	for k := q; k >= 1; k-- {
		z = 0.5 * (z + float64(histogram[k]))
	}
	z += m * sigma(float64(histogram[0])/m)
	return int64(math.Round(m * m / (2 * math.Ln2) / z))
}

func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	y, z := 1.0, x
	for {
		x *= x
		before := z
		z += x * y
		y += y
		if z == before {
			return z
		}
	}
}

func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for {
		x = math.Sqrt(x)
		before := z
		y *= 0.5
		z -= (1 - x) * (1 - x) * y
		if z == before {
			return z / 3
		}
	}
}

func newCountDistinct([]types.Type, []types.Value, types.Type, function.Limits) (function.Accumulator, error) {
	var scratch []byte
	return &slots[sketch]{
		add: func(a *slots[sketch], slot, rows []int32, args []*vector.Vector) error {
			each(slot, rows, args, func(s int32, r int) {
				scratch = args[0].AppendKeyColumn(scratch[:0], r)
				a.heap += a.states[s].add(xxhash.Sum64(scratch))
			})
			return nil
		},
		merge: func(a *slots[sketch], into, from *sketch) error {
			a.heap += into.merge(from)
			return nil
		},
		result: func(_ *slots[sketch], s *sketch, out *vector.Vector) { putNumber(out, s.estimate()) },
		encode: func(s *sketch, dst []byte) []byte {
			if s.registers != nil {
				return append(append(dst, 1), s.registers...)
			}
			dst = binary.AppendUvarint(append(dst, 0), uint64(len(s.exact)))
			for _, h := range s.exact {
				dst = putInt(dst, int64(h))
			}
			return dst
		},
		decode: func(a *slots[sketch], s *sketch, src []byte) ([]byte, error) { return s.decode(src, &a.heap) },
		forget: func(s *sketch) int { return 8*len(s.exact) + len(s.registers) },
	}, nil
}

func (s *sketch) decode(src []byte, heap *int) ([]byte, error) {
	switch {
	case len(src) == 0 || src[0] > 1:
		return nil, errState
	case src[0] == 1:
		if len(src) < 1+sketchSize {
			return nil, errState
		}
		s.registers = slices.Clone(src[1 : 1+sketchSize])
		for _, r := range s.registers {
			if r > 64-sketchBits+1 {
				return nil, errState
			}
		}
		*heap += sketchSize
		return src[1+sketchSize:], nil
	}
	n, src, err := getCount(src[1:])
	for i := 0; i < n && err == nil; i++ {
		var h int64
		if src, err = getInt(src, &h); err == nil {
			*heap += s.add(uint64(h))
		}
	}
	return src, err
}
