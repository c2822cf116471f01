package standard_test

import (
	"strings"
	"testing"

	"tailrace/sql/ast"
	"tailrace/sql/expr"
	"tailrace/sql/function"
	_ "tailrace/sql/function/all"
	"tailrace/sql/parse"
	"tailrace/sql/types"
	"tailrace/sql/types/pgtext"
)

// TestTableFunctions: the rows that PostgreSQL 15 gives.
func TestTableFunctions(t *testing.T) {
	for call, want := range map[string]string{
		"generate_series(1, 3)":                   "integer 1 2 3",
		"generate_series(3, 1)":                   "integer",
		"generate_series(5, 1, -2)":               "integer 5 3 1",
		"generate_series(1, 3, 0)":                "!step size cannot equal zero",
		"generate_series(2147483646, 2147483647)": "integer 2147483646 2147483647",
		"generate_series(1, 2::bigint)":           "bigint 1 2",
		"generate_series(1.1, 2, 0.4)":            "numeric 1.1 1.5 1.9",
		"generate_series(NULL::int, 3)":           "integer",
		"generate_series('2020-01-31'::timestamp, '2020-04-30'::timestamp, '1 month'::interval)": "timestamp without time zone 2020-01-31 00:00:00 2020-02-29 00:00:00 2020-03-29 00:00:00 2020-04-29 00:00:00",
		"generate_series('2020-01-01'::date, '2020-01-01'::date, '1 day'::interval)":             "timestamp without time zone 2020-01-01 00:00:00",
		"unnest(ARRAY[1,NULL,3])":                  "integer 1 NULL 3",
		"unnest(ARRAY[1.5,2])":                     "numeric 1.5 2",
		"unnest(NULL::int[])":                      "integer",
		"generate_subscripts(ARRAY['a','b'], 1)":   "integer 1 2",
		"string_to_table('a,b', ',')":              "text a b",
		"regexp_matches('foobarbaz', 'b(.)', 'g')": "text[] {a} {a}",
		"regexp_matches('foobarbaz', 'b.')":        "text[] {ba}",
		"regexp_matches('foo', 'z')":               "text[]",
		"regexp_split_to_table('a1b2c', '\\d')":    "text a b c",
	} {
		if got := rows(t, call); got != want {
			t.Errorf("%s\n got %s\nwant %s", call, got, want)
		}
	}
}

func rows(t *testing.T, text string) string {
	t.Helper()
	tree, err := parse.ParseExpr(text)
	if err != nil {
		t.Fatal(err)
	}
	call := tree.(*ast.FunctionCall)
	var args []function.ArgType
	var bound []*expr.Expr
	for _, a := range call.Args {
		e, err := expr.Bind(a, expr.NoColumns, expr.Options{Standard: true, Numeric: true})
		if err != nil {
			t.Fatal(err)
		}
		args, bound = append(args, function.ArgType{Type: e.Type}), append(bound, e)
	}
	f, err := function.ResolveTableVariant(call.Name.Name, args, function.Variant{Standard: true, Numeric: true})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := function.FindTable(f.Canonical); err != nil || again != f.Signature {
		t.Errorf("%s is not found again: %v", f.Canonical, err)
	}
	values := make([]types.Value, len(bound))
	for i, e := range bound {
		values[i] = expr.Fold(expr.Cast(e, f.ArgTypes[i], true)).Value.V
	}
	out, err := f.Signature.Expand(values)
	if err != nil {
		return "!" + err.Error()
	}
	parts := []string{pgtext.TypeName(f.Result)}
	for _, v := range out {
		if v == nil {
			parts = append(parts, "NULL")
		} else {
			parts = append(parts, string(pgtext.Append(nil, f.Result, v)))
		}
	}
	return strings.Join(parts, " ")
}
