package standard

import (
	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/numeric"
)

// seriesLimit is the most rows of one call: each is a boxed value.
const seriesLimit = 10_000_000

var (
	errStep   = sqlerr.New(sqlerr.InvalidParameter, "step size cannot equal zero")
	errSeries = sqlerr.New(sqlerr.LimitExceeded, "a series has at most %d values", seriesLimit)
)

// series lists start, start + step, ... up to stop; next adds the step and reports whether that
// is in range, order compares in the direction of the step.
func series(start, stop types.Value, next func(types.Value) (types.Value, bool), past func(x, stop types.Value) bool) ([]types.Value, error) {
	var out []types.Value
	for x, ok := start, true; ok && !past(x, stop); x, ok = next(x) {
		if len(out) == seriesLimit {
			return nil, errSeries
		}
		out = append(out, x)
	}
	return out, nil
}

// past says that x lies behind the end, going up or down.
func past(up bool) func(x, stop types.Value) bool {
	return func(x, stop types.Value) bool {
		if up {
			return types.Compare(x, stop) > 0
		}
		return types.Compare(x, stop) < 0
	}
}

func integers[T int32 | int64](a []types.Value) ([]types.Value, error) {
	step := T(1)
	if len(a) == 3 {
		step = a[2].(T)
	}
	if step == 0 {
		return nil, errStep
	}
	return series(a[0], a[1], func(x types.Value) (types.Value, bool) {
		sum := x.(T) + step
		return sum, (sum > x.(T)) == (step > 0)
	}, past(step > 0))
}

func numerics(a []types.Value) ([]types.Value, error) {
	step := types.DecOf(1)
	if len(a) == 3 {
		step = a[2].(types.Dec)
	}
	if step.Unscaled.Sign() == 0 {
		return nil, errStep
	}
	return series(a[0], a[1], func(x types.Value) (types.Value, bool) {
		sum, err := numeric.Add(x.(types.Dec), step)
		return sum, err == nil
	}, past(step.Unscaled.Sign() > 0))
}

func timestamps(a []types.Value) ([]types.Value, error) {
	step := a[2].(types.IntervalVal)
	sign := step.Cmp(types.IntervalVal{})
	if sign == 0 {
		return nil, errStep
	}
	return series(a[0], a[1], func(x types.Value) (types.Value, bool) {
		next := step.AddTo(x.(types.TimestampVal))
		return next, (next > x.(types.TimestampVal)) == (sign > 0) && next != x.(types.TimestampVal)
	}, past(sign > 0))
}

// known keeps NULL arguments from f: they make no rows.
func known(f func(a []types.Value) ([]types.Value, error)) func(a []types.Value) ([]types.Value, error) {
	return func(a []types.Value) ([]types.Value, error) {
		for _, x := range a {
			if x == nil {
				return nil, nil
			}
		}
		return f(a)
	}
}

func init() {
	var overloads []function.TableSignature
	for _, o := range []struct {
		t string
		f func(a []types.Value) ([]types.Value, error)
	}{{"INTEGER", integers[int32]}, {"BIGINT", integers[int64]}, {"NUMERIC", numerics}} {
		params := []string{o.t + " start", o.t + " stop", o.t + " step"}
		overloads = append(overloads, function.TableSignature{Params: params[:2], Result: o.t, Expand: known(o.f)},
			function.TableSignature{Params: params, Result: o.t, Expand: known(o.f)})
	}
	overloads = append(overloads, function.TableSignature{Params: []string{"TIMESTAMP start", "TIMESTAMP stop", "INTERVAL step"}, Result: "TIMESTAMP", Expand: known(timestamps)})
	function.RegisterStandardTable(function.Table{Name: "GENERATE_SERIES", Doc: "One row for each value from start to stop, step (by default 1) apart.", Overloads: overloads})
	function.RegisterStandardTable(function.Table{Name: "UNNEST", Doc: "One row for each element of an array, of all its dimensions, in order; none for NULL.", Overloads: []function.TableSignature{
		{Params: []string{"ARRAY<T> array"}, Result: "T", ResultType: func(t []types.Type) (types.Type, error) { return innermost(t[0]), nil },
			Expand: known(func(a []types.Value) ([]types.Value, error) { return flat(a[0].(types.ArrayVal)), nil })}}})
	function.RegisterTable(function.Table{Name: "GENERATE_SUBSCRIPTS", Doc: "One row for each index of a dimension of an array.", Overloads: []function.TableSignature{
		{Params: []string{"ARRAY<T> array", "INTEGER dimension"}, Result: "INTEGER", Expand: known(func(a []types.Value) ([]types.Value, error) {
			sizes := dimensions(a[0].(types.ArrayVal))
			d := int(a[1].(int32))
			if d < 1 || d > len(sizes) {
				return nil, nil
			}
			return integers[int32]([]types.Value{int32(1), int32(sizes[d-1])})
		})}}})
	function.RegisterTable(function.Table{Name: "STRING_TO_TABLE", Doc: "One row for each part of the text between the delimiters, or for each character where the delimiter is NULL.", Overloads: []function.TableSignature{
		{Params: []string{"STRING text", "STRING delimiter"}, Result: "STRING", Expand: func(a []types.Value) ([]types.Value, error) {
			parts, err := splitText(nil, a)
			return list(parts), err
		}}}})
}
