package table_test

import (
	"strings"
	"testing"

	"tailrace/sql/function"
	_ "tailrace/sql/function/table"
	"tailrace/sql/types"
)

func TestExpand(t *testing.T) {
	str, num := types.ArrayOf(types.StringType), types.ArrayOf(types.DecimalOf(3, 1))
	dec, _ := types.ParseDec("1.5")
	for _, tc := range []struct {
		rule, name string
		t          types.Type
		arg        types.Value
		want       string
	}{
		{"a row an element", "explode", str, types.ArrayVal{"a", nil, "b"}, "STRING: a | NULL | b"},
		{"no row for NULL", "EXPLODE", str, nil, "STRING: "},
		{"no row for the empty array", "EXPLODE", str, types.ArrayVal{}, "STRING: "},
		{"decimals keep their type", "EXPLODE", num, types.ArrayVal{dec}, "DECIMAL(3, 1): 1.5"},
		{"every subset, the last element changing fastest", "CUBE_EXPLODE", str, types.ArrayVal{"one", "two"},
			"ARRAY<STRING>: [null, null] | [null, two] | [one, null] | [one, two]"},
		{"NULL is replaced once", "CUBE_EXPLODE", str, types.ArrayVal{"one", nil}, "ARRAY<STRING>: [null, null] | [one, null]"},
		{"too many", "CUBE_EXPLODE", str, types.ArrayVal(strings21()), "!cube_explode takes at most 20 elements, not 21"},
	} {
		b, err := function.ResolveTable(tc.name, []function.ArgType{{Type: tc.t}})
		if err != nil {
			t.Fatal(err)
		}
		rows, err := b.Signature.Expand([]types.Value{tc.arg})
		var parts []string
		for _, r := range rows {
			if r == nil {
				parts = append(parts, "NULL")
			} else {
				parts = append(parts, types.Text(b.Result, r))
			}
		}
		got := b.Result.String() + ": " + strings.Join(parts, " | ")
		if err != nil {
			got = "!" + err.Error()
		}
		if got != tc.want {
			t.Errorf("%s:\n got %s\nwant %s", tc.rule, got, tc.want)
		}
	}
}

func strings21() []types.Value {
	out := make([]types.Value, 21)
	for i := range out {
		out[i] = "x"
	}
	return out
}

func TestNoOverload(t *testing.T) {
	_, err := function.ResolveTable("explode", []function.ArgType{{Type: types.MapOf(types.StringType, types.IntType)}})
	want := "Function 'explode' does not accept parameters (MAP<STRING, INTEGER>).\nValid alternatives are:\n" +
		"explode(ARRAY<DECIMAL> input)\nexplode(ARRAY<T> list)"
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v", err)
	}
}
