package vector

import (
	"bytes"
	"cmp"
	"math"
	"math/bits"

	"github.com/cespare/xxhash/v2"

	"tailrace/sql/types"
)

// HashRows hashes the rows of key columns into out[:n]. Rows that EqualRows holds equal
// hash alike. The hash is for tables in memory: it may change between versions.
func HashRows(keys []*Vector, n int, seed uint64, out []uint64) {
	out = out[:n]
	for i := range out {
		out[i] = seed
	}
	for _, v := range keys {
		hashColumn(v, out)
	}
}

const nullHash = 0x9ddfea08eb382d69

// mix folds a word into a hash: multiply to 128 bits and fold the halves.
func mix(h, x uint64) uint64 {
	hi, lo := bits.Mul64(h^x^0xa0761d6478bd642f, x^0xe7037ed1a0b428db)
	return hi ^ lo ^ h>>32
}

func hashColumn(v *Vector, out []uint64) {
	nulls := v.Nulls.Any() || v.Type.Kind == types.Null
	switch physical(v.Type.Kind) {
	case types.Int:
		if !nulls {
			for i, x := range v.I32[:len(out)] {
				out[i] = mix(out[i], uint64(x))
			}
			return
		}
	case types.Bigint:
		if !nulls {
			for i, x := range v.I64[:len(out)] {
				out[i] = mix(out[i], uint64(x))
			}
			return
		}
	case types.String:
		if !nulls {
			for i, r := range v.Ref[:len(out)] {
				out[i] = mix(out[i], xxhash.Sum64(v.Arena[r.Off:r.Off+r.Len]))
			}
			return
		}
	}
	var buf []byte
	for i := range out {
		if v.IsNull(i) {
			out[i] = mix(out[i], nullHash)
			continue
		}
		var x uint64
		switch physical(v.Type.Kind) {
		case types.Boolean:
			if v.Bool[i] {
				x = 1
			}
		case types.Int:
			x = uint64(v.I32[i])
		case types.Bigint:
			x = uint64(v.I64[i])
		case types.Double:
			x = floatBits(v.F64[i])
		case types.Decimal:
			x = mix(v.Dec[i].Lo, uint64(v.Dec[i].Hi))
		case types.String:
			x = xxhash.Sum64(v.Bytes(i))
		case types.Array:
			buf = appendKeyValue(buf[:0], v.Type, v.Obj[i])
			x = xxhash.Sum64(buf)
		}
		out[i] = mix(out[i], x)
	}
}

// floatBits are the bits of f with one zero and one NaN.
func floatBits(f float64) uint64 {
	switch {
	case f == 0:
		return 0
	case f != f:
		return 0x7ff8000000000000
	}
	return math.Float64bits(f)
}

// EqualRows reports whether row i of columns a equals row j of columns b, which are of
// the same types. NULL equals NULL, NaN equals NaN and 0.0 equals -0.0.
func EqualRows(a []*Vector, i int, b []*Vector, j int) bool {
	for k := range a {
		if !a[k].EqualAt(i, b[k], j) {
			return false
		}
	}
	return true
}

// EqualAt is EqualRows for one column.
func (v *Vector) EqualAt(i int, o *Vector, j int) bool {
	if null := v.IsNull(i); null || o.IsNull(j) {
		return null && o.IsNull(j)
	}
	switch physical(v.Type.Kind) {
	case types.Boolean:
		return v.Bool[i] == o.Bool[j]
	case types.Int:
		return v.I32[i] == o.I32[j]
	case types.Bigint:
		return v.I64[i] == o.I64[j]
	case types.Double:
		return types.CompareFloat(v.F64[i], o.F64[j]) == 0
	case types.Decimal:
		return v.Dec[i] == o.Dec[j]
	case types.String:
		return bytes.Equal(v.Bytes(i), o.Bytes(j))
	}
	return types.Equal(v.Obj[i], o.Obj[j])
}

// CompareAt orders row i of v and row j of o, of the same type, as types.Compare does.
func (v *Vector) CompareAt(i int, o *Vector, j int) int {
	if a, b := v.IsNull(i), o.IsNull(j); a || b {
		switch {
		case a && b:
			return 0
		case a:
			return 1
		}
		return -1
	}
	switch physical(v.Type.Kind) {
	case types.Boolean:
		return boolOrder(v.Bool[i], o.Bool[j])
	case types.Int:
		return cmp.Compare(v.I32[i], o.I32[j])
	case types.Bigint:
		return cmp.Compare(v.I64[i], o.I64[j])
	case types.Double:
		return types.CompareFloat(v.F64[i], o.F64[j])
	case types.Decimal:
		return v.Dec[i].Cmp(o.Dec[j])
	case types.String:
		return bytes.Compare(v.Bytes(i), o.Bytes(j))
	}
	return types.Compare(v.Obj[i], o.Obj[j])
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
