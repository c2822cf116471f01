package function_test

import (
	"strings"
	"testing"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

func nothing([]types.Type, types.Type) (function.Kernel, error) { return nil, nil }

func sig(result string, params ...string) function.Signature {
	return function.Signature{Params: params, Result: result, Compile: nothing}
}

func init() {
	function.RegisterScalar(function.Scalar{Name: "X_LADDER", Overloads: []function.Signature{
		sig("INTEGER", "INTEGER v"), sig("BIGINT", "BIGINT v"), sig("DOUBLE", "DOUBLE v"), sig("DECIMAL(1, 0)", "DECIMAL v")}})
	function.RegisterScalar(function.Scalar{Name: "X_GREATEST", Overloads: []function.Signature{
		sig("INTEGER", "INTEGER v", "INTEGER vs").Repeat(), sig("BIGINT", "BIGINT v", "BIGINT vs").Repeat(), sig("DOUBLE", "DOUBLE v", "DOUBLE vs").Repeat()}})
	function.RegisterScalar(function.Scalar{Name: "X_DOUBLE", Overloads: []function.Signature{sig("DOUBLE", "DOUBLE v")}})
	function.RegisterScalar(function.Scalar{Name: "X_COALESCE", Text: "X_COALESCE", Overloads: []function.Signature{sig("T", "T first", "T others").Repeat()}})
	function.RegisterScalar(function.Scalar{Name: "X_GENERIC", Overloads: []function.Signature{sig("STRING", "T any"), sig("INTEGER", "INTEGER v")}})
	function.RegisterScalar(function.Scalar{Name: "X_ADD", Overloads: []function.Signature{sig("DATE", "UNIT u", "INTEGER n", "DATE d")}})
	function.RegisterScalar(function.Scalar{Name: "X_REDUCE", Overloads: []function.Signature{
		sig("S", "ARRAY<T> a", "S init", "LAMBDA(S, T) -> S f"), sig("S", "MAP<K, V> m", "S init", "LAMBDA(S, K, V) -> S f")}})
	function.RegisterScalar(function.Scalar{Name: "X_FILTER", Overloads: []function.Signature{sig("ARRAY<T>", "ARRAY<T> a", "LAMBDA(T) -> BOOLEAN f")}})
	function.RegisterScalar(function.Scalar{Name: "X_PAIR", Overloads: []function.Signature{sig("MAP<K, V>", "ARRAY<K> k", "ARRAY<V> v")}})
	function.RegisterAggregate(function.Aggregate{Name: "X_TOP", Overloads: []function.AggregateSignature{
		{Params: []string{"T v", "ANY others"}, Initial: []string{"INTEGER k"}, Variadic: true, Result: "ARRAY<T>"}}})
	function.RegisterTable(function.Table{Name: "X_EXPLODE", Overloads: []function.TableSignature{{Params: []string{"ARRAY<T> list"}, Result: "T"}}})
}

// args reads "INT | BIGINT | unit | null" into argument types.
func args(text string) []function.ArgType {
	var out []function.ArgType
	for _, word := range strings.Split(text, "|") {
		switch word = strings.TrimSpace(word); word {
		case "":
		case "unit":
			out = append(out, function.ArgType{Unit: true})
		case "null":
			out = append(out, function.ArgType{})
		default:
			t, err := types.ParseType(word)
			if err != nil {
				panic(err)
			}
			out = append(out, function.ArgType{Type: t})
		}
	}
	return out
}

func show(b *function.Bound) string {
	parts := make([]string, len(b.ArgTypes))
	for i, t := range b.ArgTypes {
		parts[i] = t.String()
	}
	return b.Canonical + ": " + strings.Join(parts, " | ") + " -> " + b.Result.String()
}

func TestResolve(t *testing.T) {
	for _, tc := range []struct{ rule, name, args, want string }{
		{"an exact overload wins over casts", "x_ladder", "BIGINT", "X_LADDER(BIGINT): BIGINT -> BIGINT"},
		{"a decimal keeps its precision", "X_LADDER", "DECIMAL(4,2)", "X_LADDER(DECIMAL): DECIMAL(4, 2) -> DECIMAL(1, 0)"},
		{"numbers widen to the one overload", "X_DOUBLE", "DECIMAL(4,2)", "X_DOUBLE(DOUBLE): DOUBLE -> DOUBLE"},
		{"NULL alone is ambiguous", "X_LADDER", "null", "!Function 'x_ladder' cannot be resolved due to ambiguous method parameters (null)."},
		{"two overloads that take the casts are ambiguous", "X_GREATEST", "INT|BIGINT", "!Function 'x_greatest' cannot be resolved due to ambiguous method parameters (INTEGER, BIGINT)."},
		{"only one overload takes the casts", "X_GREATEST", "INT|DOUBLE|null", "X_GREATEST(DOUBLE, DOUBLE...): DOUBLE | DOUBLE | DOUBLE -> DOUBLE"},
		{"NULL takes the type of its siblings", "X_GREATEST", "INT|null", "X_GREATEST(INTEGER, INTEGER...): INTEGER | INTEGER -> INTEGER"},
		{"a variable binds once", "X_COALESCE", "null|STRING|null", "X_COALESCE(T, T...): STRING | STRING | STRING -> STRING"},
		{"types behind one variable widen", "X_COALESCE", "INT|DECIMAL(4,2)", "X_COALESCE(T, T...): DECIMAL(12, 2) | DECIMAL(12, 2) -> DECIMAL(12, 2)"},
		{"but not text and numbers", "X_COALESCE", "INT|STRING", "!Function 'X_COALESCE' does not accept parameters (INTEGER, STRING)."},
		{"a repeating parameter needs its first", "X_COALESCE", "", "!Function 'X_COALESCE' does not accept parameters ()."},
		{"fewer variables win", "X_GENERIC", "INT", "X_GENERIC(INTEGER): INTEGER -> INTEGER"},
		{"a unit is a unit", "X_ADD", "unit|INT|DATE", "X_ADD(UNIT, INTEGER, DATE): STRING | INTEGER | DATE -> DATE"},
		{"a date is no unit", "X_ADD", "DATE|INT|DATE", "!Function 'x_add' does not accept parameters (DATE, INTEGER, DATE)."},
		{"text casts to dates", "X_ADD", "unit|INT|STRING", "X_ADD(UNIT, INTEGER, DATE): STRING | INTEGER | DATE -> DATE"},
		{"variables of containers", "X_PAIR", "ARRAY<STRING>|ARRAY<INT>", "X_PAIR(ARRAY<K>, ARRAY<V>): ARRAY<STRING> | ARRAY<INTEGER> -> MAP<STRING, INTEGER>"},
		{"types are listed without backquotes", "X_PAIR", "STRUCT<a INT>|INT", "!Function 'x_pair' does not accept parameters (STRUCT<A INTEGER>, INTEGER).\nValid alternatives are:\nx_pair(ARRAY<K> k, ARRAY<V> v)\n"},
		{"an unknown name", "x_gratest", "INT", "!Can't find any functions with the name 'x_gratest'"},
	} {
		b, err := function.Resolve(tc.name, args(tc.args))
		var got string
		if err != nil {
			got = "!" + err.Error()
		} else {
			got = show(b)
		}
		if got != tc.want && !(err != nil && strings.HasPrefix(got, tc.want)) {
			t.Errorf("%s: %s(%s)\n got %s\nwant %s", tc.rule, tc.name, tc.args, got, tc.want)
		}
	}
	_, err := function.Resolve("x_gratest", nil)
	if e, ok := sqlerr.As(err); !ok || e.HintText != "Perhaps you meant the function X_GREATEST." {
		t.Errorf("hint: %+v", err)
	}
}

func TestResolveLambda(t *testing.T) {
	sum := function.ArgType{LambdaParams: 2, BindLambda: func(ps []types.Type) (types.Type, error) {
		common, _ := function.Common(ps[0], ps[1])
		return common, nil
	}}
	for _, tc := range []struct {
		rule, name, args string
		lambda           function.ArgType
		want             string
	}{
		{"the state has the type of the initial value", "X_REDUCE", "ARRAY<INT>|INT", sum, "X_REDUCE(ARRAY<T>, S, LAMBDA (S, T) => S): ARRAY<INTEGER> | INTEGER | INTEGER -> INTEGER"},
		{"the state widens to what the body gives", "X_REDUCE", "ARRAY<BIGINT>|INT", sum, "X_REDUCE(ARRAY<T>, S, LAMBDA (S, T) => S): ARRAY<BIGINT> | BIGINT | BIGINT -> BIGINT"},
		{"a predicate is BOOLEAN", "X_FILTER", "ARRAY<INT>", function.ArgType{LambdaParams: 1, BindLambda: func(ps []types.Type) (types.Type, error) { return ps[0], nil }},
			"!Function 'x_filter': the lambda in argument 2 gives INTEGER where BOOLEAN is needed"},
		{"the number of parameters chooses the overload", "X_FILTER", "ARRAY<INT>", sum, "!Function 'x_filter' does not accept parameters (ARRAY<INTEGER>, LAMBDA)."},
	} {
		b, err := function.Resolve(tc.name, append(args(tc.args), tc.lambda))
		got := ""
		if err != nil {
			got, _, _ = strings.Cut("!"+err.Error(), "\n")
		} else {
			got = show(b)
		}
		if got != tc.want {
			t.Errorf("%s:\n got %s\nwant %s", tc.rule, got, tc.want)
		}
	}
}

func TestResolveAggregate(t *testing.T) {
	k := function.ArgType{Type: types.IntType, Literal: true, Value: int32(3), Text: "3"}
	b, err := function.ResolveAggregate("x_top", append(args("DOUBLE|STRING|INT"), k))
	if err != nil || len(b.ArgTypes) != 3 || len(b.Initial) != 1 || b.Initial[0] != int32(3) || b.Result.String() != "ARRAY<DOUBLE>" {
		t.Errorf("X_TOP: %+v, %v", b, err)
	}
	if again, err := function.FindAggregate(b.Canonical); err != nil || again != b.Signature {
		t.Errorf("FindAggregate(%s) = %v, %v", b.Canonical, again, err)
	}
	_, err = function.ResolveAggregate("x_top", append(args("DOUBLE"), function.ArgType{Type: types.IntType, Text: "F0"}))
	if want := "Parameter 2 passed to function X_TOP must be a literal constant, but was expression: 'F0'"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestResolveTable(t *testing.T) {
	b, err := function.ResolveTable("x_explode", args("ARRAY<MAP<STRING,INT>>"))
	if err != nil || b.Result.String() != "MAP<STRING, INTEGER>" {
		t.Errorf("X_EXPLODE: %+v, %v", b, err)
	}
	_, err = function.ResolveTable("x_explode", args("MAP<STRING,INT>"))
	if want := "Function 'x_explode' does not accept parameters (MAP<STRING, INTEGER>).\nValid alternatives are:\nx_explode(ARRAY<T> list)"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v", err)
	}
}
