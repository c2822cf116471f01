package expr_test

import (
	"testing"

	"tailrace/sql/expr"
)

// TestNullInsideNestedValues: IN and comparisons of arrays, maps and structs with NULL in
// or beside them. NULL as an element equals NULL, as in PostgreSQL's arrays and Java's
// lists; a whole value that is NULL is unknown by the standard and matches nothing in
// ksqlDB's dialect.
func TestNullInsideNestedValues(t *testing.T) {
	row := makeTable(t, "`A` ARRAY<INT>, `E` ARRAY<INT>, `N` ARRAY<INT>, `M` MAP<STRING, INT>, `S` STRUCT<X INT, Y STRING>, `D` ARRAY<DECIMAL(4, 2)>, `I` INT, `NI` INT, `T` ARRAY<STRING>",
		"ARRAY[1, 2] | ARRAY[1, NULL] | NULL | MAP('k' := CAST(NULL AS INT)) | STRUCT(X := 1, Y := CAST(NULL AS STRING)) | ARRAY[1.50, NULL] | 7 | NULL | ARRAY['a', NULL]")
	for _, tc := range []struct{ text, ksql, standard string }{
		{"A IN (ARRAY[1, 2], NULL)", "true", "true"},
		{"A IN (ARRAY[1, 3], NULL)", "false", "null"},
		{"A IN (NULL)", "false", "null"},
		{"A IN (N)", "false", "null"},
		{"A IN (N, A)", "true", "true"},
		{"N IN (ARRAY[1, 2])", "false", "null"},
		{"N IN (ARRAY[1, NULL], NULL)", "false", "null"},
		{"E IN (ARRAY[1, NULL])", "true", "true"},
		{"E IN (ARRAY[1, 2], ARRAY[NI, NULL])", "false", "false"},
		{"E IN (ARRAY[I, NULL], ARRAY[1, NI])", "true", "true"},
		{"E NOT IN (ARRAY[1, NULL])", "false", "false"},
		{"A NOT IN (ARRAY[1, 3], N)", "true", "null"},
		{"D IN (ARRAY[1.5, NULL])", "true", "true"},
		{"D = ARRAY[1.5, NULL]", "true", "true"},
		{"D = ARRAY[1.500, CAST(NULL AS DECIMAL(5, 3))]", "true", "true"},
		{"D IN (ARRAY[1.500, NULL], ARRAY[2.1, NULL])", "true", "true"},
		{"T IN (ARRAY['a', NULL], ARRAY['b'])", "true", "true"},
		{"T = ARRAY['a', NULL]", "true", "true"},
		{"M IN (MAP('k' := CAST(NULL AS INT)))", "true", "true"},
		{"M IN (MAP('k' := 1), NULL)", "false", "null"},
		{"M = MAP('k' := CAST(NULL AS INT))", "true", "true"},
		{"S IN (STRUCT(X := 1, Y := NULL))", "true", "true"},
		{"S IN (STRUCT(X := 1, Y := 'y'), NULL)", "false", "null"},
		{"S = STRUCT(X := 1, Y := CAST(NULL AS STRING))", "true", "true"},
		{"ARRAY[NI] IN (ARRAY[1], ARRAY[CAST(NULL AS INT)])", "true", "true"},
		{"ARRAY[1, NULL] IN (A, E)", "true", "true"},
		{"NULL IN (A, E)", "false", "null"},
		{"E = E", "true", "true"},
		{"E <> A", "true", "true"},
		{"E = N", "false", "null"},
		{"E <> N", "false", "null"},
		{"E IS DISTINCT FROM N", "true", "true"},
		{"N IS NOT DISTINCT FROM N", "true", "true"},
		{"E IS DISTINCT FROM ARRAY[1, NULL]", "false", "false"},
		{"ARRAY[A, N] = ARRAY[A, N]", "true", "true"},
		{"ARRAY[A, NULL] IN (ARRAY[N, A], ARRAY[A, N])", "true", "true"},
	} {
		for _, standard := range []bool{false, true} {
			want := tc.ksql
			if standard {
				want = tc.standard
			}
			t.Run(tc.text, func(t *testing.T) {
				defer func() {
					if p := recover(); p != nil {
						t.Errorf("standard %v: panic %v", standard, p)
					}
				}()
				e, err := bind(tc.text, row.scope, expr.Options{Standard: standard})
				if err != nil {
					t.Errorf("standard %v: %v", standard, err)
					return
				}
				if got := row.eval(t, e); got[0] != want {
					t.Errorf("standard %v: %s, want %s\nbound %s", standard, got[0], want, expr.Format(e))
				}
				if got := row.eval(t, expr.Fold(e)); got[0] != want {
					t.Errorf("standard %v, folded: %s, want %s", standard, got[0], want)
				}
			})
		}
	}
}
