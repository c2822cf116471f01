package types

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// Equal reports whether two values of the same type are the same. NULL equals NULL here
// (it is not the language's =). Decimals compare by value, whatever their scale.
func Equal(a, b Value) bool {
	switch a := a.(type) {
	case nil:
		return b == nil
	case float64:
		bf, ok := b.(float64)
		return ok && CompareFloat(a, bf) == 0
	case []byte:
		bb, ok := b.([]byte)
		return ok && bytes.Equal(a, bb)
	case Dec:
		bd, ok := b.(Dec)
		return ok && a.Cmp(bd) == 0
	case IntervalVal:
		bv, ok := b.(IntervalVal)
		return ok && a.Cmp(bv) == 0
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

// Compare orders two values of one type: -1, 0 or +1. It is a total order: FALSE before
// TRUE, NaN after every number and equal to itself, -0.0 equal to 0.0, text and bytes by
// byte, arrays and structs from the left, maps as arrays of their entries sorted by key,
// and NULL after everything. Vector keys (vector.AppendKey) sort the same.
func Compare(a, b Value) int {
	if a == nil || b == nil {
		return cmp.Compare(b2i(a == nil), b2i(b == nil))
	}
	switch a := a.(type) {
	case bool:
		return cmp.Compare(b2i(a), b2i(b.(bool)))
	case int32:
		return cmp.Compare(a, b.(int32))
	case int64:
		return cmp.Compare(a, b.(int64))
	case float64:
		return CompareFloat(a, b.(float64))
	case Dec:
		return a.Cmp(b.(Dec))
	case IntervalVal:
		return a.Cmp(b.(IntervalVal))
	case string:
		return strings.Compare(a, b.(string))
	case []byte:
		return bytes.Compare(a, b.([]byte))
	case DateVal:
		return cmp.Compare(a, b.(DateVal))
	case TimeVal:
		return cmp.Compare(a, b.(TimeVal))
	case TimestampVal:
		return cmp.Compare(a, b.(TimestampVal))
	case ArrayVal:
		return slices.CompareFunc(a, b.(ArrayVal), Compare)
	case StructVal:
		return slices.CompareFunc(a, b.(StructVal), Compare)
	case *MapVal:
		return slices.CompareFunc(a.sorted(), b.(*MapVal).sorted(), Compare)
	}
	panic("types: not a value of the language")
}

// CompareFloat orders doubles: NaN last and equal to itself, the zeros equal.
func CompareFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	}
	return cmp.Compare(b2i(a != a), b2i(b != b))
}

// sorted lists the entries by key: key, value, key, value, ...
func (m *MapVal) sorted() []Value {
	order := m.SortedKeys()
	out := make([]Value, 0, 2*len(order))
	for _, i := range order {
		out = append(out, m.Keys[i], m.Values[i])
	}
	return out
}

// SortedKeys returns the indexes of the entries in order of their keys.
func (m *MapVal) SortedKeys() []int {
	order := make([]int, m.Len())
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return Compare(m.Keys[i], m.Keys[j]) })
	return order
}
