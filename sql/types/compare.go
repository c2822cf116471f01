package types

import "bytes"

// Equal reports whether two values of the same type are the same. NULL equals NULL here
// (it is not the language's =). Decimals compare by value, whatever their scale.
func Equal(a, b Value) bool {
	switch a := a.(type) {
	case nil:
		return b == nil
	case []byte:
		bb, ok := b.([]byte)
		return ok && bytes.Equal(a, bb)
	case Dec:
		bd, ok := b.(Dec)
		return ok && a.Cmp(bd) == 0
	case ArrayVal:
		bv, ok := b.(ArrayVal)
		return ok && equalAll(a, bv)
	case StructVal:
		bv, ok := b.(StructVal)
		return ok && equalAll(a, bv)
	case *MapVal:
		bv, ok := b.(*MapVal)
		return ok && equalMaps(a, bv)
	}
	return a == b
}

func equalAll(a, b []Value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func equalMaps(a, b *MapVal) bool {
	if a.Len() != b.Len() {
		return false
	}
	for i, k := range a.Keys {
		v, ok := b.Get(k)
		if !ok || !Equal(a.Values[i], v) {
			return false
		}
	}
	return true
}
