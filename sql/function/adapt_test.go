package function_test

import (
	"errors"
	"fmt"
	"testing"

	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

func column(t types.Type, values ...types.Value) *vector.Vector {
	v := vector.New(t, len(values))
	for _, x := range values {
		v.AppendValue(x)
	}
	return v
}

// TestLift: NULL stays NULL without a call, ErrNull is NULL without a failure, and an
// error is NULL with one.
func TestLift(t *testing.T) {
	half := func(x int32) (int32, error) {
		switch {
		case x < 0:
			return 0, function.ErrNull
		case x%2 != 0:
			return 0, fmt.Errorf("%d is odd", x)
		}
		return x / 2, nil
	}
	var failed []string
	ctx := &function.Context{Fail: func(row int, err error) { failed = append(failed, fmt.Sprint(row, ": ", err)) }}
	in, out := column(types.IntType, int32(8), nil, int32(-1), int32(7), int32(2)), vector.New(types.IntType, 0)
	if err := function.Lift1(half)(ctx, []*vector.Vector{in}, 5, out); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(out.Value(0), out.Value(1), out.Value(2), out.Value(3), out.Value(4), failed); got != "4 <nil> <nil> <nil> 1 [3: 7 is odd]" {
		t.Errorf("got %s", got)
	}
}

// TestReaderWriter: every type goes through a lifted identity as it came.
func TestReaderWriter(t *testing.T) {
	through(t, types.BooleanType, true)
	through(t, types.IntType, int32(1))
	through(t, types.BigintType, int64(1))
	through(t, types.DoubleType, 1.5)
	through(t, types.StringType, "x")
	through(t, types.BytesType, []byte("x"))
	through(t, types.DateType, types.DateVal(1))
	through(t, types.TimeType, types.TimeVal(1))
	through(t, types.TimestampType, types.TimestampVal(1))
	through(t, types.DecimalOf(4, 2), types.Dec{Unscaled: types.Int128Of(150), Scale: 2})
	through(t, types.ArrayOf(types.IntType), types.ArrayVal{int32(1)})
	through(t, types.StructOf(types.Field{Name: "A", Type: types.IntType}), types.StructVal{nil})
	through(t, types.MapOf(types.StringType, types.IntType), &types.MapVal{Keys: []types.Value{"a"}, Values: []types.Value{nil}})
}

func through[T any](t *testing.T, typ types.Type, x T) {
	t.Helper()
	for name, kernel := range map[string]function.Kernel{
		"typed": function.Lift1(func(x T) (T, error) { return x, nil }),
		"boxed": function.Lift1(func(x types.Value) (types.Value, error) { return x, nil }),
		"rows":  function.LiftRows(func(_ *function.Context, a []types.Value) (types.Value, error) { return a[0], nil }),
	} {
		out := vector.New(typ, 0)
		if err := kernel(&function.Context{}, []*vector.Vector{column(typ, x, nil)}, 2, out); err != nil {
			t.Fatal(err)
		}
		if out.N != 2 || !types.Equal(out.Value(0), types.Value(x)) || !out.IsNull(1) {
			t.Errorf("%s %s: got %v of %v", name, typ, out.Value(0), x)
		}
	}
}

func TestRowsSeeTheirRow(t *testing.T) {
	ctx := &function.Context{Row: 7}
	k := function.LiftRows(func(ctx *function.Context, _ []types.Value) (types.Value, error) {
		if ctx.Row == 1 {
			return nil, errors.New("no")
		}
		return int32(ctx.Row), nil
	})
	out := vector.New(types.IntType, 0)
	if err := k(ctx, []*vector.Vector{nil}, 3, out); err != nil {
		t.Fatal(err)
	}
	if out.Value(0) != int32(0) || !out.IsNull(1) || out.Value(2) != int32(2) || ctx.Row != 7 {
		t.Errorf("rows %v %v %v, then %d", out.Value(0), out.Value(1), out.Value(2), ctx.Row)
	}
}

// TestVariants: a variant replaces the function where it exists and can what is asked.
func TestVariants(t *testing.T) {
	sig := func(result string, undo bool) []function.AggregateSignature {
		return []function.AggregateSignature{{Params: []string{"INTEGER v"}, Result: result, Undo: undo}}
	}
	function.RegisterAggregate(function.Aggregate{Name: "X_MIN", Overloads: sig("INTEGER", false)})
	function.RegisterRetractableAggregate(function.Aggregate{Name: "X_MIN", Overloads: sig("INTEGER", true)})
	function.RegisterAggregate(function.Aggregate{Name: "X_SUM", Overloads: sig("INTEGER", true)})
	function.RegisterStandardAggregate(function.Aggregate{Name: "X_SUM", Overloads: sig("BIGINT", true)})
	for _, tc := range []struct {
		name    string
		variant function.Variant
		want    string
	}{
		{"x_min", function.Variant{}, "X_MIN(INTEGER)"}, {"x_min", function.Variant{Retract: true}, "retractable X_MIN(INTEGER)"},
		{"x_min", function.Variant{Standard: true}, "X_MIN(INTEGER)"}, {"x_sum", function.Variant{Standard: true, Retract: true}, "standard X_SUM(INTEGER)"},
		{"x_sum", function.Variant{Retract: true}, "X_SUM(INTEGER)"},
	} {
		b, err := function.ResolveAggregateVariant(tc.name, args("INT"), tc.variant)
		if err != nil || b.Canonical != tc.want {
			t.Errorf("%s %+v: got %v, %v, want %s", tc.name, tc.variant, b, err, tc.want)
			continue
		}
		if again, err := function.FindAggregate(b.Canonical); err != nil || again != b.Signature {
			t.Errorf("FindAggregate(%s) = %v, %v", b.Canonical, again, err)
		}
	}
	for _, name := range function.Names(function.IsAggregate) {
		if info, ok := function.Find(name); !ok || info.Category != "AGGREGATE" || len(info.Variations) == 0 || info.Name != name {
			t.Errorf("Find(%s) = %+v", name, info)
		}
	}
	if _, ok := function.Find("standard X_SUM"); ok {
		t.Error("a variant is no function of its own")
	}
}
