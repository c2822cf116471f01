package vector

import "tailrace/sql/types"

// Gather returns the rows sel of v, in that order; a row may come many times. The arena
// is shared with v.
func (v *Vector) Gather(sel []int32) *Vector {
	out := &Vector{Type: v.Type, N: len(sel), Arena: v.Arena}
	switch physical(v.Type.Kind) {
	case types.Boolean:
		out.Bool = gather(v.Bool, sel)
	case types.Int:
		out.I32 = gather(v.I32, sel)
	case types.Bigint:
		out.I64 = gather(v.I64, sel)
	case types.Double:
		out.F64 = gather(v.F64, sel)
	case types.Decimal:
		out.Dec = gather(v.Dec, sel)
	case types.String:
		out.Ref = gather(v.Ref, sel)
	case types.Array:
		out.Obj = gather(v.Obj, sel)
	}
	if v.Nulls.Any() {
		out.Nulls = NewBitmap(len(sel))
		for i, row := range sel {
			if v.Nulls.Get(int(row)) {
				out.Nulls.Set(i)
			}
		}
	}
	return out
}

func gather[T any](from []T, sel []int32) []T {
	out := make([]T, len(sel))
	for i, row := range sel {
		out[i] = from[row]
	}
	return out
}

// Slice returns rows [from, to) of v without copying values; whoever appends to the
// result gets memory of its own.
func (v *Vector) Slice(from, to int) *Vector {
	out := &Vector{Type: v.Type, N: to - from, Arena: v.Arena[:len(v.Arena):len(v.Arena)]}
	switch physical(v.Type.Kind) {
	case types.Boolean:
		out.Bool = v.Bool[from:to:to]
	case types.Int:
		out.I32 = v.I32[from:to:to]
	case types.Bigint:
		out.I64 = v.I64[from:to:to]
	case types.Double:
		out.F64 = v.F64[from:to:to]
	case types.Decimal:
		out.Dec = v.Dec[from:to:to]
	case types.String:
		out.Ref = v.Ref[from:to:to]
	case types.Array:
		out.Obj = v.Obj[from:to:to]
	}
	if v.Nulls.Any() {
		out.Nulls = v.Nulls.Slice(from, to)
	}
	return out
}

// AppendFrom adds row i of src, a vector of the same type. Text and bytes are copied.
func (v *Vector) AppendFrom(src *Vector, i int) {
	if src.IsNull(i) {
		v.AppendNull()
		return
	}
	switch physical(v.Type.Kind) {
	case types.Boolean:
		v.Bool = append(v.Bool, src.Bool[i])
	case types.Int:
		v.I32 = append(v.I32, src.I32[i])
	case types.Bigint:
		v.I64 = append(v.I64, src.I64[i])
	case types.Double:
		v.F64 = append(v.F64, src.F64[i])
	case types.Decimal:
		v.Dec = append(v.Dec, src.Dec[i])
	case types.String:
		v.AppendBytes(src.Bytes(i))
		return
	case types.Array:
		v.Obj = append(v.Obj, src.Obj[i])
	}
	v.N++
}

// AppendVector adds all rows of src, a vector of the same type. Text and bytes are copied,
// only what the rows refer to.
func (v *Vector) AppendVector(src *Vector) {
	if v.Type.Kind == types.Null {
		v.N += src.N
		return
	}
	if src.Nulls.Any() {
		v.Nulls = v.Nulls.appendBits(v.N, src.Nulls, src.N)
	}
	switch physical(v.Type.Kind) {
	case types.Boolean:
		v.Bool = append(v.Bool, src.Bool[:src.N]...)
	case types.Int:
		v.I32 = append(v.I32, src.I32[:src.N]...)
	case types.Bigint:
		v.I64 = append(v.I64, src.I64[:src.N]...)
	case types.Double:
		v.F64 = append(v.F64, src.F64[:src.N]...)
	case types.Decimal:
		v.Dec = append(v.Dec, src.Dec[:src.N]...)
	case types.String:
		for i := range src.N {
			if src.Nulls.Get(i) {
				v.Ref = append(v.Ref, Ref{})
				continue
			}
			off := len(v.Arena)
			b := src.Bytes(i)
			v.Arena = append(v.Arena, b...)
			v.Ref = append(v.Ref, Ref{uint32(off), uint32(len(b))})
		}
	case types.Array:
		v.Obj = append(v.Obj, src.Obj[:src.N]...)
	}
	v.N += src.N
}

// Concat returns the rows of all vectors, which are of type t, one after the other. One
// vector alone is returned as it is.
func Concat(t types.Type, vs ...*Vector) *Vector {
	if len(vs) == 1 {
		return vs[0]
	}
	n := 0
	for _, v := range vs {
		n += v.N
	}
	out := New(t, n)
	for _, v := range vs {
		out.AppendVector(v)
	}
	return out
}

// Const returns n times the same value of type t.
func Const(t types.Type, x types.Value, n int) *Vector {
	out := New(t, n)
	if n == 0 {
		return out
	}
	out.AppendValue(x)
	out.Repeat(n)
	return out
}

// Repeat makes a vector of one row a vector of n equal rows; text is stored once.
func (v *Vector) Repeat(n int) {
	if v.Nulls.Get(0) {
		v.Nulls = Fill(v.Nulls, n)
	}
	switch physical(v.Type.Kind) {
	case types.Boolean:
		v.Bool = repeat(v.Bool, n)
	case types.Int:
		v.I32 = repeat(v.I32, n)
	case types.Bigint:
		v.I64 = repeat(v.I64, n)
	case types.Double:
		v.F64 = repeat(v.F64, n)
	case types.Decimal:
		v.Dec = repeat(v.Dec, n)
	case types.String:
		v.Ref = repeat(v.Ref, n)
	case types.Array:
		v.Obj = repeat(v.Obj, n)
	}
	v.N = n
}

func repeat[T any](s []T, n int) []T {
	x := s[0]
	for len(s) < n {
		s = append(s, x)
	}
	return s[:n]
}

// Grow adds n rows with zero values that are not NULL, for a kernel that then writes into
// the slices.
func (v *Vector) Grow(n int) { v.grow(n) }

// SetNull makes row i NULL.
func (v *Vector) SetNull(i int) {
	v.Nulls = v.Nulls.grow(i + 1)
	v.Nulls.Set(i)
}

// Clone returns a copy that shares nothing but nested values.
func (v *Vector) Clone() *Vector {
	out := New(v.Type, v.N)
	out.AppendVector(v)
	return out
}

// MemBytes estimates the memory that the vector holds, for budgets. Nested values count
// as 64 bytes each.
func (v *Vector) MemBytes() int {
	return cap(v.Nulls)*8 + cap(v.Bool) + cap(v.I32)*4 + cap(v.I64)*8 + cap(v.F64)*8 +
		cap(v.Dec)*16 + cap(v.Ref)*8 + cap(v.Arena) + cap(v.Obj)*64
}
