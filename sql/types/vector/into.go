package vector

import "tailrace/sql/types"

// Resize gives the vector exactly n rows whose values are whatever the memory holds, none
// of them NULL, and an empty arena. It is for kernels that overwrite every row.
func (v *Vector) Resize(n int) {
	v.N, v.Nulls, v.Arena = n, v.Nulls[:0], v.Arena[:0]
	switch physical(v.Type.Kind) {
	case types.Boolean:
		v.Bool = sized(v.Bool, n)
	case types.Int:
		v.I32 = sized(v.I32, n)
	case types.Bigint:
		v.I64 = sized(v.I64, n)
	case types.Double:
		v.F64 = sized(v.F64, n)
	case types.Decimal:
		v.Dec = sized(v.Dec, n)
	case types.String:
		v.Ref = sized(v.Ref, n)
	case types.Array:
		v.Obj = sized(v.Obj, n)
	}
}

func sized[T any](s []T, n int) []T {
	if cap(s) >= n {
		return s[:n]
	}
	return make([]T, n, n+n/4)
}

// GatherInto makes dst, a vector of v's type that owns its memory, hold the rows sel of
// v, as Gather does. dst then shares v's arena: reuse dst for this only.
func (v *Vector) GatherInto(dst *Vector, sel []int32) {
	dst.Arena = nil
	dst.Resize(len(sel))
	dst.Type, dst.Arena = v.Type, v.Arena
	switch physical(v.Type.Kind) {
	case types.Boolean:
		gatherInto(dst.Bool, v.Bool, sel)
	case types.Int:
		gatherInto(dst.I32, v.I32, sel)
	case types.Bigint:
		gatherInto(dst.I64, v.I64, sel)
	case types.Double:
		gatherInto(dst.F64, v.F64, sel)
	case types.Decimal:
		gatherInto(dst.Dec, v.Dec, sel)
	case types.String:
		gatherInto(dst.Ref, v.Ref, sel)
	case types.Array:
		gatherInto(dst.Obj, v.Obj, sel)
	}
	if v.Nulls.Any() {
		dst.Nulls = Zero(dst.Nulls, len(sel))
		for i, row := range sel {
			if v.Nulls.Get(int(row)) {
				dst.Nulls.Set(i)
			}
		}
	}
}

func gatherInto[T any](dst, from []T, sel []int32) {
	for i, row := range sel {
		dst[i] = from[row]
	}
}

// Scatter writes row from[i] of src to row to[i] of v, for all i; a nil from means row i.
// Both are of one type, and row to[i] exists and is not NULL so far. Text is copied.
func (v *Vector) Scatter(to []int32, src *Vector, from []int32) {
	row := func(i int) int { return i }
	if from != nil {
		row = func(i int) int { return int(from[i]) }
	}
	switch physical(v.Type.Kind) {
	case types.Boolean:
		scatter(v.Bool, to, src.Bool, from)
	case types.Int:
		scatter(v.I32, to, src.I32, from)
	case types.Bigint:
		scatter(v.I64, to, src.I64, from)
	case types.Double:
		scatter(v.F64, to, src.F64, from)
	case types.Decimal:
		scatter(v.Dec, to, src.Dec, from)
	case types.Array:
		scatter(v.Obj, to, src.Obj, from)
	case types.String:
		for i, t := range to {
			if src.Nulls.Get(row(i)) {
				continue
			}
			b := src.Bytes(row(i))
			v.Ref[t] = Ref{uint32(len(v.Arena)), uint32(len(b))}
			v.Arena = append(v.Arena, b...)
		}
	}
	if src.Nulls.Any() {
		for i, t := range to {
			if src.Nulls.Get(row(i)) {
				v.SetNull(int(t))
			}
		}
	}
}

func scatter[T any](dst []T, to []int32, src []T, from []int32) {
	if from == nil {
		for i, t := range to {
			dst[t] = src[i]
		}
		return
	}
	for i, t := range to {
		dst[t] = src[from[i]]
	}
}

// Prefix makes dst the first n rows of v, sharing its memory.
func (v *Vector) Prefix(dst *Vector, n int) {
	nulls := dst.Nulls[:0]
	*dst = Vector{Type: v.Type, N: n, Arena: v.Arena[:len(v.Arena):len(v.Arena)]}
	if v.Nulls.Any() {
		dst.Nulls = And(nulls, v.Nulls, v.Nulls, n).trim(n)
	}
	switch physical(v.Type.Kind) {
	case types.Boolean:
		dst.Bool = v.Bool[:n:n]
	case types.Int:
		dst.I32 = v.I32[:n:n]
	case types.Bigint:
		dst.I64 = v.I64[:n:n]
	case types.Double:
		dst.F64 = v.F64[:n:n]
	case types.Decimal:
		dst.Dec = v.Dec[:n:n]
	case types.String:
		dst.Ref = v.Ref[:n:n]
	case types.Array:
		dst.Obj = v.Obj[:n:n]
	}
}
