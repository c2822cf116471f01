package bind_test

import (
	"strings"
	"testing"

	"tailrace/planner/bind"
	"tailrace/sql/ast"
	"tailrace/sql/parse"
	"tailrace/sql/types"
)

func mustExpr(t *testing.T, text string) ast.Expr {
	t.Helper()
	e, err := parse.ParseExpr(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return e
}

func with(t *testing.T, text string) []ast.Property {
	t.Helper()
	st, err := parse.ParseOne("CREATE STREAM s (a INT) WITH (" + text + ")")
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return st.AST.(*ast.CreateSource).With
}

func TestReadWith(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"kafka_topic='a', value_format='json', partitions=3", ""},
		{"'kafka_topic'='a', format='json'", ""},
		{"window_type='tumbling', window_size='10 SECONDS'", ""},
		{"window_type='session', window_size='10 SECONDS'", "'WINDOW_SIZE' should not be set for SESSION windows."},
		{"window_type='hopping'", "HOPPING windows require 'WINDOW_SIZE'"},
		{"window_type='hopping', window_size='ten'", "Error in WITH clause property 'WINDOW_SIZE': Invalid duration: 'ten'. Expected 2 tokens, got: 1\nExample valid value: '10 SECONDS'"},
		{"window_type='hopping', window_size='10 weeks'", "Invalid duration: '10 weeks'. Unknown time unit: 'weeks'"},
		{"window_type='hopping', window_size='0 days'", "A whole number of units is needed, not 0"},
		{"window_size='1 day'", "'WINDOW_SIZE' should not be set for SESSION windows. Others need 'WINDOW_TYPE' too."},
		{"timestamp_format='bogus'", "Invalid datetime format for config:TIMESTAMP_FORMAT, reason:invalid date pattern \"bogus\": Unknown pattern letter: b"},
		{"window_type='sliding'", "Invalid value sliding for property WINDOW_TYPE"},
		{"partitions=0", "a whole number of at least 1 is needed"},
		{"partitions='x'", "Invalid value x for property PARTITIONS: Not a number of type INT"},
		{"format='json', key_format='json'", "Cannot supply both 'KEY_FORMAT' and 'FORMAT'"},
		{"wrap_single_value='maybe'", "Expected value to be either true or false"},
		{"value_delimiter='ab'", "Delimiter must be a single character or TAB,SPACE"},
		{"cleanup_policy='shred'", "String must be one of"},
		{"kafka_topic='a', KAFKA_TOPIC='b'", "Duplicate config variable"},
		{"query_id='q'", "Invalid config variable(s) in the WITH clause: QUERY_ID"},
	} {
		_, err := bind.ReadWith(with(t, tc.text), bind.InCreate)
		switch {
		case tc.want == "" && err != nil:
			t.Errorf("%s: %v", tc.text, err)
		case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%s:\n got %v\nwant %s", tc.text, err, tc.want)
		}
	}
	w, err := bind.ReadWith(with(t, "value_delimiter='TAB', window_type='hopping', window_size='2 minutes', timestamp='ts', retention_ms=5"), bind.InCreate)
	if err != nil {
		t.Fatal(err)
	}
	if w.ValueDelimiter != "TAB" || w.Window().Size != 120_000 || w.Timestamp != "TS" || w.Configs["retention.ms"] != "5" {
		t.Errorf("read as %+v", w)
	}
}

func TestNames(t *testing.T) {
	n := bind.NewNames(types.Schema{Columns: []types.Column{{Name: "KSQL_COL_0"}, {Name: "B"}, {Name: "B_1"}}})
	var got []string
	for _, e := range []string{"1 + 1", "a->b", "c->b", "x->fresh", "y->fresh", "LEN(z)"} {
		got = append(got, n.For(mustExpr(t, e)))
	}
	if want := "KSQL_COL_1 B_2 B_3 FRESH FRESH_1 KSQL_COL_2"; strings.Join(got, " ") != want {
		t.Errorf("\n got %s\nwant %s", strings.Join(got, " "), want)
	}
}

// TestRewriteCopies checks that a rewrite that replaces nothing gives an equal tree, and
// that the parameters of lambdas are known as such.
func TestRewriteCopies(t *testing.T) {
	for _, text := range []string{
		"a + b * -c", "NOT (a IS NULL) AND b IS NOT NULL", "a BETWEEN 1 AND 2 OR b NOT IN (1, 2)", "a LIKE 'x%' ESCAPE '!'",
		"CASE a WHEN 1 THEN 'x' ELSE 'y' END", "CASE WHEN a > 1 THEN b END", "CAST(a AS BIGINT)", "f(a, DAYS, 'x')",
		"s->f->g[1]['k']", "ARRAY[a, b]", "MAP('k' := a)", "STRUCT(f := a)", "TRANSFORM(l, x => x + a)", "REDUCE(m, 0, (s, k, v) => s + v)",
	} {
		e := mustExpr(t, text)
		columns := 0
		out, err := bind.Rewrite(e, func(e ast.Expr, shadowed map[string]bool) (ast.Expr, error) {
			if ref := bind.Column(e); ref != nil && !shadowed[ref.Name.Name] {
				columns++
			}
			return nil, nil
		})
		if err != nil || bind.Text(out) != bind.Text(e) {
			t.Errorf("%s becomes %s (%v)", bind.Text(e), bind.Text(out), err)
		}
		if strings.Contains(text, "=>") && columns > 2 {
			t.Errorf("%s: %d columns, lambda parameters counted", text, columns)
		}
	}
}

func TestLongChains(t *testing.T) {
	e := mustExpr(t, "1"+strings.Repeat(" + 1", 4000))
	nodes := 0
	bind.Walk(e, func(ast.Expr, map[string]bool) bool { nodes++; return true })
	if nodes != 8001 {
		t.Errorf("%d nodes, want 8001", nodes)
	}
}
