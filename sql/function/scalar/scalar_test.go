package scalar_test

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"tailrace/sql/function"
	_ "tailrace/sql/function/scalar"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// unit marks a bare time unit, typed a value with a type of its own (NULL, arrays).
type unit string

type typed struct {
	t string
	v types.Value
}

// call is one row through the kernel of the overload that the arguments choose. It returns
// the result as text with its type, "NULL", or "!" and the error.
func call(t *testing.T, name string, args ...any) string {
	t.Helper()
	got, _ := callTyped(t, name, args...)
	return got
}

func callTyped(t *testing.T, name string, args ...any) (text, typ string) {
	t.Helper()
	argTypes, values := make([]function.ArgType, len(args)), make([]types.Value, len(args))
	lambdas := make([]function.Lambda, len(args))
	for i, a := range args {
		argTypes[i], values[i], lambdas[i] = describe(t, a)
	}
	b, err := function.Resolve(name, argTypes)
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return "!" + first, ""
	}
	kernel, err := b.Signature.Compile(b.ArgTypes, b.Result)
	if err != nil {
		return "!" + err.Error(), ""
	}
	var failure error
	random := uint64(1)
	ctx := &function.Context{Lambdas: lambdas, NowMillis: func() int64 { return 1_600_000_000_123 },
		Random: func() uint64 { random *= 6364136223846793005; return random },
		Fail:   func(_ int, err error) { failure = err }}
	// Three equal rows, so that kernels that read one row and write another fail.
	columns := make([]*vector.Vector, len(args))
	for i := range args {
		if lambdas[i] == nil {
			columns[i] = vector.Const(b.ArgTypes[i], cast(t, values[i], b.ArgTypes[i]), 3)
		}
	}
	out := vector.New(b.Result, 3)
	if err := kernel(ctx, columns, 3, out); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if out.N != 3 {
		t.Fatalf("%s appended %d rows, want 3", b.Canonical, out.N)
	}
	if failure != nil {
		if !out.IsNull(2) {
			t.Errorf("%s failed and is not NULL", b.Canonical)
		}
		return "!" + failure.Error(), b.Result.String()
	}
	if out.IsNull(2) {
		return "NULL", b.Result.String()
	}
	if b.Result.Kind == types.Bytes {
		return "0x" + hex.EncodeToString(out.Bytes(2)), b.Result.String()
	}
	return types.Text(b.Result, out.Value(2)), b.Result.String()
}

// lambda is a lambda argument: parameters, the type of its result (empty: of its first
// parameter) and its code.
type lambda struct {
	params int
	result string
	f      function.Lambda
}

func describe(t *testing.T, a any) (function.ArgType, types.Value, function.Lambda) {
	t.Helper()
	switch a := a.(type) {
	case nil:
		return function.ArgType{}, nil, nil
	case int:
		return function.ArgType{Type: types.IntType}, int32(a), nil
	case int64:
		return function.ArgType{Type: types.BigintType}, a, nil
	case float64:
		return function.ArgType{Type: types.DoubleType}, a, nil
	case bool:
		return function.ArgType{Type: types.BooleanType}, a, nil
	case string:
		return function.ArgType{Type: types.StringType}, a, nil
	case []byte:
		return function.ArgType{Type: types.BytesType}, a, nil
	case unit:
		return function.ArgType{Unit: true}, string(a), nil
	case types.Dec:
		return function.ArgType{Type: a.Type()}, a, nil
	case types.DateVal:
		return function.ArgType{Type: types.DateType}, a, nil
	case types.TimeVal:
		return function.ArgType{Type: types.TimeType}, a, nil
	case types.TimestampVal:
		return function.ArgType{Type: types.TimestampType}, a, nil
	case typed:
		typ, err := types.ParseType(a.t)
		if err != nil {
			t.Fatal(err)
		}
		return function.ArgType{Type: typ}, a.v, nil
	case lambda:
		return function.ArgType{LambdaParams: a.params, BindLambda: func(ps []types.Type) (types.Type, error) {
			if a.result == "" {
				return ps[0], nil
			}
			return types.ParseType(a.result)
		}}, nil, a.f
	}
	t.Fatalf("argument %T", a)
	return function.ArgType{}, nil, nil
}

// cast does the implicit casts that the binder would put around an argument.
func cast(t *testing.T, v types.Value, to types.Type) types.Value {
	if n, ok := v.(int32); ok {
		v = int64(n)
		if to.Kind == types.Int {
			return n
		}
	}
	switch x := v.(type) {
	case int64:
		switch to.Kind {
		case types.Double:
			return float64(x)
		case types.Decimal:
			d, err := types.DecOf(x).Fit(to.Precision, to.Scale, types.Unnecessary)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
	case types.Dec:
		if to.Kind == types.Double {
			return x.Float64()
		}
	}
	return v
}

func dec(text string) types.Dec {
	d, err := types.ParseDec(text)
	if err != nil {
		panic(err)
	}
	return d
}

func strs(xs ...any) typed { return typed{"ARRAY<STRING>", types.ArrayVal(xs)} }

func ints(xs ...any) typed {
	out := types.ArrayVal{}
	for _, x := range xs {
		if n, ok := x.(int); ok {
			out = append(out, int32(n))
		} else {
			out = append(out, x)
		}
	}
	return typed{"ARRAY<INTEGER>", out}
}

func intMap(kv ...any) typed {
	m := &types.MapVal{}
	for i := 0; i < len(kv); i += 2 {
		if n, ok := kv[i+1].(int); ok {
			m.Put(kv[i], int32(n))
		} else {
			m.Put(kv[i], nil)
		}
	}
	return typed{"MAP<STRING, INTEGER>", m}
}

type row struct {
	name string
	args []any
	want string
}

func in(args ...any) []any { return args }

func check(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		got, typ := callTyped(t, r.name, r.args...)
		want := r.want
		if i := strings.Index(want, " :: "); i >= 0 {
			got += " :: " + typ
		}
		if got != want && !(strings.HasSuffix(want, "...") && strings.HasPrefix(got, strings.TrimSuffix(want, "..."))) {
			t.Errorf("%s%s\n got %s\nwant %s", r.name, show(r.args), got, want)
		}
	}
}

func show(args []any) string {
	parts := make([]string, len(args))
	for i, a := range args {
		switch a := a.(type) {
		case string:
			parts[i] = strconv.Quote(a)
		case typed:
			parts[i] = fmt.Sprintf("%s %v", a.t, a.v)
		default:
			parts[i] = fmt.Sprint(a)
		}
	}
	return "(" + strings.Join(parts, ", ") + ")"
}
