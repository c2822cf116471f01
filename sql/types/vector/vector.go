// Package vector holds columns: many values of one type, side by side. It is what
// deserializers fill, kernels run over and operators hand on.
//
//	kind                      values live in
//	BOOLEAN                   Bool
//	INT, DATE                 I32
//	BIGINT, TIME, TIMESTAMP   I64
//	DOUBLE                    F64
//	DECIMAL                   Dec  (unscaled; the scale is the type's)
//	STRING, BYTES, JSON(B)    Ref into Arena
//	ARRAY, MAP, STRUCT        Obj
//	NUMERIC, INTERVAL         Obj
//
// Row i is NULL where bit i of Nulls is set; its slot then holds any value. Only nested
// types, NUMERIC and INTERVAL hold Go pointers: everything hot is memory the garbage collector
// does not walk.
//
// A Vector has one writer. Once it has been handed on it is read only, and may share its
// arena or whole slices with others.
package vector

import "tailrace/sql/types"

// Ref is where a STRING or BYTES value lies in its vector's Arena.
type Ref struct{ Off, Len uint32 }

// Vector is a column of values of one type. Exactly the slice that belongs to the type
// has N entries; see the package comment.
type Vector struct {
	Type  types.Type
	N     int
	Nulls Bitmap // nil: no NULLs

	Bool  []bool
	I32   []int32
	I64   []int64
	F64   []float64
	Dec   []types.Int128
	Ref   []Ref
	Arena []byte // may be shared: append to it only if you own it
	Obj   []types.Value
}

// New makes an empty vector with room for capacity values.
func New(t types.Type, capacity int) *Vector {
	v := &Vector{Type: t}
	switch physical(t.Kind) {
	case types.Boolean:
		v.Bool = make([]bool, 0, capacity)
	case types.Int:
		v.I32 = make([]int32, 0, capacity)
	case types.Bigint:
		v.I64 = make([]int64, 0, capacity)
	case types.Double:
		v.F64 = make([]float64, 0, capacity)
	case types.Decimal:
		v.Dec = make([]types.Int128, 0, capacity)
	case types.String:
		v.Ref = make([]Ref, 0, capacity)
	case types.Array:
		v.Obj = make([]types.Value, 0, capacity)
	}
	return v
}

// physical maps a kind to the first kind of its row in the package comment; Null has no
// storage but N and Nulls.
func physical(k types.Kind) types.Kind {
	switch k {
	case types.Date:
		return types.Int
	case types.Time, types.Timestamp:
		return types.Bigint
	case types.Bytes, types.JSON, types.JSONB:
		return types.String
	case types.Map, types.Struct, types.Numeric, types.Interval:
		return types.Array
	}
	return k
}

// Reset empties the vector and keeps its memory. The arena is kept too, so nobody else
// may hold it.
func (v *Vector) Reset() {
	v.N, v.Nulls = 0, v.Nulls[:0]
	v.Bool, v.I32, v.I64, v.F64 = v.Bool[:0], v.I32[:0], v.I64[:0], v.F64[:0]
	v.Dec, v.Ref, v.Arena = v.Dec[:0], v.Ref[:0], v.Arena[:0]
	clear(v.Obj)
	v.Obj = v.Obj[:0]
}

// IsNull reports whether row i is NULL.
func (v *Vector) IsNull(i int) bool {
	return v.Type.Kind == types.Null || v.Nulls.Get(i)
}

// Bytes returns row i of a STRING or BYTES vector without copying; it is valid as long
// as the arena is not reset.
func (v *Vector) Bytes(i int) []byte {
	r := v.Ref[i]
	return v.Arena[r.Off : r.Off+r.Len : r.Off+r.Len]
}

// AppendNull adds a NULL.
func (v *Vector) AppendNull() {
	v.Nulls = v.Nulls.grow(v.N + 1)
	v.Nulls.Set(v.N)
	v.grow(1)
}

// grow adds n zero slots.
func (v *Vector) grow(n int) {
	switch physical(v.Type.Kind) {
	case types.Boolean:
		v.Bool = append(v.Bool, make([]bool, n)...)
	case types.Int:
		v.I32 = append(v.I32, make([]int32, n)...)
	case types.Bigint:
		v.I64 = append(v.I64, make([]int64, n)...)
	case types.Double:
		v.F64 = append(v.F64, make([]float64, n)...)
	case types.Decimal:
		v.Dec = append(v.Dec, make([]types.Int128, n)...)
	case types.String:
		v.Ref = append(v.Ref, make([]Ref, n)...)
	case types.Array:
		v.Obj = append(v.Obj, make([]types.Value, n)...)
	}
	v.N += n
}

// AppendBytes adds a STRING or BYTES value, copied into the arena.
func (v *Vector) AppendBytes(b []byte) {
	off := len(v.Arena)
	v.Arena = append(v.Arena, b...)
	v.Ref = append(v.Ref, Ref{uint32(off), uint32(len(b))})
	v.N++
}

// AppendString is AppendBytes for a string.
func (v *Vector) AppendString(s string) {
	off := len(v.Arena)
	v.Arena = append(v.Arena, s...)
	v.Ref = append(v.Ref, Ref{uint32(off), uint32(len(s))})
	v.N++
}

// AppendValue adds one value of the vector's type, or NULL for nil. It panics on a value
// of another dynamic type: binding has checked types before.
func (v *Vector) AppendValue(x types.Value) {
	if x == nil {
		v.AppendNull()
		return
	}
	switch x := x.(type) {
	case bool:
		v.Bool = append(v.Bool, x)
	case int32:
		v.I32 = append(v.I32, x)
	case types.DateVal:
		v.I32 = append(v.I32, int32(x))
	case int64:
		v.I64 = append(v.I64, x)
	case types.TimeVal:
		v.I64 = append(v.I64, int64(x))
	case types.TimestampVal:
		v.I64 = append(v.I64, int64(x))
	case float64:
		v.F64 = append(v.F64, x)
	case types.Dec:
		if v.Type.Kind == types.Numeric {
			v.Obj = append(v.Obj, x)
		} else {
			v.Dec = append(v.Dec, x.Unscaled)
		}
	case string:
		v.AppendString(x)
		return
	case []byte:
		v.AppendBytes(x)
		return
	default:
		v.Obj = append(v.Obj, x)
	}
	v.N++
}

// Value returns row i as a Value. Strings and bytes are copied.
func (v *Vector) Value(i int) types.Value {
	if v.IsNull(i) {
		return nil
	}
	switch v.Type.Kind {
	case types.Boolean:
		return v.Bool[i]
	case types.Int:
		return v.I32[i]
	case types.Date:
		return types.DateVal(v.I32[i])
	case types.Bigint:
		return v.I64[i]
	case types.Time:
		return types.TimeVal(v.I64[i])
	case types.Timestamp:
		return types.TimestampVal(v.I64[i])
	case types.Double:
		return v.F64[i]
	case types.Decimal:
		return types.Dec{Unscaled: v.Dec[i], Scale: int32(v.Type.Scale)}
	case types.String, types.JSON, types.JSONB:
		return string(v.Bytes(i))
	case types.Bytes:
		return append([]byte{}, v.Bytes(i)...)
	}
	return v.Obj[i]
}
