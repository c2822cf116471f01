package scalar

import (
	"slices"

	"tailrace/sql/function"
	"tailrace/sql/types"
)

func registerMap(name, doc string, overloads ...function.Signature) {
	function.RegisterScalar(function.Scalar{Name: name, Category: "MAP", Doc: doc, Overloads: overloads})
}

func init() {
	registerMap("AS_MAP", "Map of the keys to the values at the same position, or to NULL where there is none.",
		function.Rows([]string{"ARRAY<STRING> keys", "ARRAY<T> values"}, "MAP<STRING, T>", strict(func(a []types.Value) (types.Value, error) {
			keys, values := a[0].(types.ArrayVal), a[1].(types.ArrayVal)
			m := types.NewMapBuilder(len(keys))
			for i, k := range keys {
				switch {
				case k == nil:
				case i < len(values):
					m.Put(k, values[i])
				default:
					m.Put(k, nil)
				}
			}
			return m.Map(), nil
		})))
	registerMap("MAP_KEYS", "Array of the keys.",
		function.Rows([]string{"MAP<K, V> input"}, "ARRAY<K>", strict(func(a []types.Value) (types.Value, error) {
			return types.ArrayVal(slices.Clone(a[0].(*types.MapVal).Keys)), nil
		})))
	registerMap("MAP_VALUES", "Array of the values.",
		function.Rows([]string{"MAP<K, V> input"}, "ARRAY<V>", strict(func(a []types.Value) (types.Value, error) {
			return types.ArrayVal(slices.Clone(a[0].(*types.MapVal).Values)), nil
		})))
	registerMap("MAP_UNION", "The entries of both maps; for keys of both, the second map's. A NULL map counts as empty unless both are NULL.",
		function.Rows([]string{"MAP<K, V> map1", "MAP<K, V> map2"}, "MAP<K, V>", func(_ *function.Context, a []types.Value) (types.Value, error) {
			if a[0] == nil && a[1] == nil {
				return nil, nil
			}
			m := types.NewMapBuilder(8)
			for _, x := range a {
				if side, ok := x.(*types.MapVal); ok {
					for i, k := range side.Keys {
						m.Put(k, side.Values[i])
					}
				}
			}
			return m.Map(), nil
		}))
	f := function.Scalar{Name: "ENTRIES", Category: "MAP",
		Doc: "Array of the entries as structs of K and V; with sorted, in order of the keys."}
	for _, v := range []string{"INTEGER", "BIGINT", "DOUBLE", "BOOLEAN", "STRING"} {
		f.Overloads = append(f.Overloads, function.Rows([]string{"MAP<STRING, " + v + "> map", "BOOLEAN sorted"},
			"ARRAY<STRUCT<K STRING, V "+v+">>", strict(entries)))
	}
	function.RegisterScalar(f)
}

func entries(a []types.Value) (types.Value, error) {
	m := a[0].(*types.MapVal)
	order := make([]int, m.Len())
	for i := range order {
		order[i] = i
	}
	if a[1].(bool) {
		order = m.SortedKeys()
	}
	out := types.ArrayVal{}
	for _, i := range order {
		out = append(out, types.StructVal{m.Keys[i], m.Values[i]})
	}
	return out, nil
}
