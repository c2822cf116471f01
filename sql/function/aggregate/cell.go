package aggregate

import (
	"bytes"
	"cmp"

	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// cell is how values of one storage class are read, written, ordered and encoded, so that
// MIN, MAX and the functions by offset need one body for all types. T is the storage:
// bool, int32, int64, float64, types.Int128, []byte (a copy of its own) or types.Value.
type cell[T any] struct {
	get     func(v *vector.Vector, i int) T
	put     func(out *vector.Vector, x T)
	compare func(a, b T) int
	encode  func(dst []byte, x T) []byte
	decode  func(src []byte) (T, []byte, error)
	size    func(x T) int // bytes behind pointers; nil: none
}

func (c *cell[T]) heap(x T) int {
	if c.size == nil {
		return 0
	}
	return c.size(x)
}

var boolCell = &cell[bool]{
	get:     func(v *vector.Vector, i int) bool { return v.Bool[i] },
	put:     func(out *vector.Vector, x bool) { out.Bool = append(out.Bool, x); out.N++ },
	compare: func(a, b bool) int { return types.Compare(a, b) },
	encode: func(dst []byte, x bool) []byte {
		if x {
			return append(dst, 1)
		}
		return append(dst, 0)
	},
	decode: func(src []byte) (bool, []byte, error) {
		if len(src) == 0 {
			return false, nil, errState
		}
		return src[0] == 1, src[1:], nil
	},
}

func intCell[T int32 | int64](get func(v *vector.Vector, i int) T) *cell[T] {
	return &cell[T]{
		get:     get,
		put:     putNumber[T],
		compare: cmp.Compare[T],
		encode:  func(dst []byte, x T) []byte { return putInt(dst, int64(x)) },
		decode: func(src []byte) (T, []byte, error) {
			var n int64
			rest, err := getInt(src, &n)
			return T(n), rest, err
		},
	}
}

var (
	int32Cell = intCell(func(v *vector.Vector, i int) int32 { return v.I32[i] })
	int64Cell = intCell(func(v *vector.Vector, i int) int64 { return v.I64[i] })
)

var doubleCell = &cell[float64]{
	get:     func(v *vector.Vector, i int) float64 { return v.F64[i] },
	put:     putNumber[float64],
	compare: types.CompareFloat,
	encode:  putFloat,
	decode: func(src []byte) (float64, []byte, error) {
		var f float64
		rest, err := getFloat(src, &f)
		return f, rest, err
	},
}

var decCell = &cell[types.Int128]{
	get:     func(v *vector.Vector, i int) types.Int128 { return v.Dec[i] },
	put:     func(out *vector.Vector, x types.Int128) { out.Dec = append(out.Dec, x); out.N++ },
	compare: types.Int128.Cmp,
	encode:  func(dst []byte, x types.Int128) []byte { return encodeInt128(&x, dst) },
	decode: func(src []byte) (types.Int128, []byte, error) {
		var x types.Int128
		rest, err := decodeInt128(nil, &x, src)
		return x, rest, err
	},
}

var bytesCell = &cell[[]byte]{
	get:     func(v *vector.Vector, i int) []byte { return append([]byte{}, v.Bytes(i)...) },
	put:     func(out *vector.Vector, x []byte) { out.AppendBytes(x) },
	compare: bytes.Compare,
	encode:  putBytes[[]byte],
	decode: func(src []byte) ([]byte, []byte, error) {
		b, rest, err := getBytes(src)
		return append([]byte{}, b...), rest, err
	},
	size: func(x []byte) int { return cap(x) },
}

// valueCell holds values of nested types.
func valueCell(t types.Type) *cell[types.Value] {
	return &cell[types.Value]{
		get:     func(v *vector.Vector, i int) types.Value { return v.Value(i) },
		put:     func(out *vector.Vector, x types.Value) { out.AppendValue(x) },
		compare: types.Compare,
		encode:  func(dst []byte, x types.Value) []byte { return vector.AppendKeyValue(dst, t, x) },
		decode: func(src []byte) (types.Value, []byte, error) {
			return vector.DecodeKeyValue(src, t)
		},
		size: valueBytes,
	}
}

// valueBytes estimates the memory of a boxed value.
func valueBytes(x types.Value) int {
	switch x := x.(type) {
	case nil:
		return 0
	case string:
		return 32 + len(x)
	case []byte:
		return 40 + len(x)
	case types.Dec:
		return 40
	case types.ArrayVal:
		return 40 + allBytes(x)
	case types.StructVal:
		return 40 + allBytes(x)
	case *types.MapVal:
		return 64 + allBytes(x.Keys) + allBytes(x.Values)
	}
	return 24
}

func allBytes(xs []types.Value) int {
	n := 0
	for _, x := range xs {
		n += 16 + valueBytes(x)
	}
	return n
}
