package expr_test

import (
	"testing"

	"tailrace/sql/ast"
	"tailrace/sql/expr"
	"tailrace/sql/parse"
)

func parsed(t *testing.T, text string) ast.Expr {
	t.Helper()
	if text == "" {
		return nil
	}
	e, err := parse.ParseExpr(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return e
}

func askTree(t *testing.T, e ast.Expr) string {
	t.Helper()
	bound, err := expr.Bind(e, expr.NoColumns, expr.Options{Standard: true, Numeric: true})
	if err != nil {
		return "!" + err.Error()
	}
	return evaluate(bound)
}

// TestOperatorsOfPostgres: what PostgreSQL 15 answers.
func TestOperatorsOfPostgres(t *testing.T) {
	for _, tc := range []struct {
		l    string
		op   ast.BinaryOp
		r    string
		want string
	}{
		{"'abc'", ast.Match, "'b'", "boolean t"},
		{"'abc'", ast.MatchFold, "'B'", "boolean t"},
		{"'abc'", ast.NotMatch, "'b'", "boolean f"},
		{"'abc'", ast.NotMatchFold, "'x'", "boolean t"},
		{"NULL", ast.Match, "'x'", "boolean NULL"},
		{"2", ast.Power, "10", "double precision 1024"},
		{"2.0", ast.Power, "3", "numeric 8.0000000000000000"},
		{`'{"a":{"b":1}}'::json`, ast.JSONGet, "'a'", `json {"b":1}`},
		{`'{"a":{"b":1}}'::json`, ast.JSONText, "'a'", `text {"b":1}`},
		{"'[1,2,3]'::json", ast.JSONGet, "1", "json 2"},
		{"'[1,2,3]'::jsonb", ast.JSONText, "-1", "text 3"},
		{`'{"a":{"b":[1,2]}}'::jsonb`, ast.JSONPath, "'{a,b}'", "jsonb [1, 2]"},
		{`'{"a":{"b":[1,2]}}'::jsonb`, ast.JSONPathText, "'{a,b,0}'", "text 1"},
		{`'{"a":1,"b":2}'::jsonb`, ast.Contains, `'{"a":1}'`, "boolean t"},
		{`'{"a":1}'::jsonb`, ast.ContainedBy, `'{"a":1,"b":2}'::jsonb`, "boolean t"},
		{`'{"a":1}'::jsonb`, ast.HasKey, "'a'", "boolean t"},
		{"ARRAY[1,2,3]", ast.Contains, "ARRAY[1]", "boolean t"},
		{"ARRAY[1]", ast.ContainedBy, "ARRAY[1,2]", "boolean t"},
		{"ARRAY[1,2]", ast.Overlap, "ARRAY[2,3]", "boolean t"},
		{"ARRAY[1,2]", ast.Overlap, "'{5,6}'", "boolean f"},
		{"1", ast.Contains, "2", "!operator does not exist: integer @> integer"},
		{"1", ast.Overlap, "2", "!operator does not exist: integer && integer"},
	} {
		if got := askTree(t, &ast.Binary{Op: tc.op, L: parsed(t, tc.l), R: parsed(t, tc.r)}); got != tc.want {
			t.Errorf("%s %s %s\n got %s\nwant %s", tc.l, tc.op, tc.r, got, tc.want)
		}
	}
}

// TestFormsOfPostgres: INTERVAL with fields, slices, zones and collations.
func TestFormsOfPostgres(t *testing.T) {
	slice := func(low, high string) ast.Expr {
		return &ast.Slice{X: parsed(t, "ARRAY[1,2,3,4]"), Low: parsed(t, low), High: parsed(t, high)}
	}
	for _, tc := range []struct {
		e    ast.Expr
		want string
	}{
		{&ast.Interval{Text: "1 day"}, "interval 1 day"},
		{&ast.Interval{Text: "1", From: ast.Day}, "interval 1 day"},
		{&ast.Interval{Text: "1.5", From: ast.Hour}, "interval 01:00:00"},
		{&ast.Interval{Text: "1-2", From: ast.Year, To: ast.Month}, "interval 1 year 2 mons"},
		{&ast.Interval{Text: "1:30", From: ast.Hour, To: ast.Minute}, "interval 01:30:00"},
		{&ast.Interval{Text: "1:30", From: ast.Minute, To: ast.Second}, "interval 00:01:30"},
		{&ast.Interval{Text: "1 day 02:03:04", From: ast.Day, To: ast.Hour}, "interval 1 day 02:00:00"},
		{&ast.Interval{Text: "14 months", From: ast.Year}, "interval 1 year"},
		{&ast.Interval{Text: "soon"}, `!invalid input syntax for type interval: "soon"`},
		{slice("2", "3"), "integer[] {2,3}"},
		{slice("", "2"), "integer[] {1,2}"},
		{slice("3", ""), "integer[] {3,4}"},
		{slice("5", "9"), "integer[] {}"},
		{&ast.AtTimeZone{X: parsed(t, "TIMESTAMP '2020-07-01 12:00'"), Zone: parsed(t, "'Europe/Berlin'")}, "timestamp without time zone 2020-07-01 10:00:00"},
		{&ast.Collate{X: parsed(t, "'a'"), Name: ast.TableName{Ident: ast.Ident{Name: "C"}}}, "text a"},
		{&ast.Collate{X: parsed(t, "'a'"), Name: ast.TableName{Ident: ast.Ident{Name: "de_DE"}}}, `!collation "de_DE" does not exist`},
	} {
		if got := askTree(t, tc.e); got != tc.want {
			t.Errorf("%#v\n got %s\nwant %s", tc.e, got, tc.want)
		}
	}
}
