package scalar

import (
	"errors"
	"fmt"

	"tailrace/sql/function"
	"tailrace/sql/types"
)

func init() {
	register := func(name, doc string, overloads ...function.Signature) {
		function.RegisterScalar(function.Scalar{Name: name, Category: "LAMBDA", Doc: doc, Overloads: overloads})
	}
	register("FILTER", "The elements of an array, or the entries of a map, for which the lambda is TRUE.",
		function.Rows([]string{"ARRAY<T> array", "LAMBDA(T) -> BOOLEAN lambda"}, "ARRAY<T>", filterArray),
		function.Rows([]string{"MAP<K, V> map", "LAMBDA(K, V) -> BOOLEAN lambda"}, "MAP<K, V>", filterMap))
	register("TRANSFORM", "The array of what the lambda makes of each element, or the map of what the two lambdas make of each entry's key and value.",
		function.Rows([]string{"ARRAY<T> array", "LAMBDA(T) -> U lambda"}, "ARRAY<U>", transformArray),
		function.Rows([]string{"MAP<K, V> map", "LAMBDA(K, V) -> T keyLambda", "LAMBDA(K, V) -> U valueLambda"}, "MAP<T, U>", transformMap))
	register("REDUCE", "The state after the lambda has folded every element of an array, or entry of a map, into the initial one.",
		function.Rows([]string{"ARRAY<T> array", "S initial", "LAMBDA(S, T) -> S lambda"}, "S", reduceArray),
		function.Rows([]string{"MAP<K, V> map", "S initial", "LAMBDA(S, K, V) -> S lambda"}, "S", reduceMap))
}

func filterArray(ctx *function.Context, a []types.Value) (types.Value, error) {
	if a[0] == nil {
		return nil, nil
	}
	out := types.ArrayVal{}
	for _, x := range a[0].(types.ArrayVal) {
		keep, err := ctx.Lambdas[1](x)
		if err != nil {
			return nil, err
		}
		if keep == true {
			out = append(out, x)
		}
	}
	return out, nil
}

func filterMap(ctx *function.Context, a []types.Value) (types.Value, error) {
	if a[0] == nil {
		return nil, nil
	}
	m, out := a[0].(*types.MapVal), types.NewMapBuilder(4)
	for i, k := range m.Keys {
		keep, err := ctx.Lambdas[1](k, m.Values[i])
		if err != nil {
			return nil, err
		}
		if keep != true {
			continue
		}
		if err := entry(out, k, m.Values[i]); err != nil {
			return nil, err
		}
	}
	return out.Map(), nil
}

// entry puts an entry into the result of a lambda. Java's collector of maps, which ksqlDB
// uses, has neither NULL values nor a key twice.
func entry(out *types.MapBuilder, key, value types.Value) error {
	if value == nil {
		return errors.New("the value of an entry is NULL")
	}
	if !out.PutNew(key, value) {
		return fmt.Errorf("duplicate key %v", key)
	}
	return nil
}

func transformArray(ctx *function.Context, a []types.Value) (types.Value, error) {
	if a[0] == nil {
		return nil, nil
	}
	in := a[0].(types.ArrayVal)
	out := make(types.ArrayVal, len(in))
	for i, x := range in {
		y, err := ctx.Lambdas[1](x)
		if err != nil {
			return nil, err
		}
		out[i] = y
	}
	return out, nil
}

// transformMap drops entries whose new key is NULL.
func transformMap(ctx *function.Context, a []types.Value) (types.Value, error) {
	if a[0] == nil {
		return nil, nil
	}
	m := a[0].(*types.MapVal)
	out := types.NewMapBuilder(m.Len())
	for i, k := range m.Keys {
		key, err := ctx.Lambdas[1](k, m.Values[i])
		if err != nil {
			return nil, err
		}
		value, err := ctx.Lambdas[2](k, m.Values[i])
		if err != nil {
			return nil, err
		}
		if key == nil {
			continue
		}
		if err := entry(out, key, value); err != nil {
			return nil, err
		}
	}
	return out.Map(), nil
}

func reduceArray(ctx *function.Context, a []types.Value) (types.Value, error) {
	if a[0] == nil || a[1] == nil {
		return a[1], nil
	}
	state := a[1]
	for _, x := range a[0].(types.ArrayVal) {
		next, err := ctx.Lambdas[2](state, x)
		if err != nil {
			return nil, err
		}
		state = next
	}
	return state, nil
}

func reduceMap(ctx *function.Context, a []types.Value) (types.Value, error) {
	if a[0] == nil || a[1] == nil {
		return a[1], nil
	}
	state, m := a[1], a[0].(*types.MapVal)
	for i, k := range m.Keys {
		next, err := ctx.Lambdas[2](state, k, m.Values[i])
		if err != nil {
			return nil, err
		}
		state = next
	}
	return state, nil
}
