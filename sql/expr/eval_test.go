package expr_test

import (
	"strings"
	"testing"

	"tailrace/sql/expr"
)

// valueCases are expressions over the one row of TestValues: "!" is a failure (NULL and
// reported), "!v" a failure that was contained and became v.
var valueCases = []struct{ rule, text, typ, want string }{
	{"arithmetic", "I + J * 2", "INTEGER", "3"},
	{"arithmetic", "I - 10", "INTEGER", "-3"},
	{"arithmetic", "10 - I", "INTEGER", "3"},
	{"arithmetic", "-I", "INTEGER", "-7"},
	{"arithmetic", "I + B", "BIGINT", "5000000007"},
	{"arithmetic", "I * D", "DOUBLE", "17.5"},
	{"INT wraps", "I + 2147483647", "INTEGER", "-2147483642"},
	{"INT wraps", "I * 2147483647", "INTEGER", "2147483641"},
	{"integer division truncates", "I / J", "INTEGER", "-3"},
	{"integer division truncates", "I / 2", "INTEGER", "3"},
	{"remainder has the sign of the dividend", "-7 % 3", "INTEGER", "-1"},
	{"remainder has the sign of the dividend", "I % J", "INTEGER", "1"},
	{"division by zero fails", "I / Z", "INTEGER", "!"},
	{"division by zero fails", "I % Z", "INTEGER", "!"},
	{"division by zero fails", "I / 0", "INTEGER", "!"},
	{"a double divided by zero is infinite", "D / Z", "DOUBLE", "Infinity"},
	{"NULL goes through", "I + N", "INTEGER", "null"},
	{"NULL goes through, before failures", "N / Z", "INTEGER", "null"},
	{"NULL goes through", "CAST(NULL AS INT) + I", "INTEGER", "null"},
	{"decimal sum", "M + M", "DECIMAL(7, 2)", "24.68"},
	{"decimal with INT", "M + I", "DECIMAL(13, 2)", "19.34"},
	{"decimal product", "M * M", "DECIMAL(13, 4)", "152.2756"},
	{"decimal quotient", "M / 2.0", "DECIMAL(11, 6)", "6.170000"},
	{"decimal quotient is rounded", "M / 3", "DECIMAL(17, 13)", "4.1133333333333"},
	{"decimal remainder", "M % 5.0", "DECIMAL(3, 2)", "2.34"},
	{"decimal with DOUBLE", "M * D", "DOUBLE", "30.85"},
	{"decimal literal with DOUBLE", "D + 0.5", "DOUBLE", "3.0"},
	{"negative decimal", "-M", "DECIMAL(6, 2)", "-12.34"},
	{"text", "S + '!'", "STRING", "Hello!"},
	{"text", "S || '!' || 1", "STRING", "Hello!1"},
	{"NULL in || is empty", "S || NS", "STRING", "Hello"},
	{"NULL in + is NULL", "S + NS", "STRING", "null"},

	{"comparison", "I > 5", "BOOLEAN", "true"},
	{"comparison", "5 > I", "BOOLEAN", "false"},
	{"comparison", "I = B", "BOOLEAN", "false"},
	{"comparison", "I <> J", "BOOLEAN", "true"},
	{"comparison", "M = 12.340", "BOOLEAN", "true"},
	{"comparison", "M > I", "BOOLEAN", "true"},
	{"comparison", "D <= 2.5", "BOOLEAN", "true"},
	{"comparison", "S < 'Help'", "BOOLEAN", "true"},
	{"comparison", "S = 'Hello' AND S <> 'x'", "BOOLEAN", "true"},
	{"comparison with NULL is FALSE", "I = N", "BOOLEAN", "false"},
	{"comparison with NULL is FALSE", "I <> N", "BOOLEAN", "false"},
	{"comparison with NULL is FALSE, and NOT of it TRUE", "NOT I = N", "BOOLEAN", "true"},
	{"distinct", "I IS DISTINCT FROM N", "BOOLEAN", "true"},
	{"distinct", "N IS NOT DISTINCT FROM N", "BOOLEAN", "true"},
	{"distinct", "I IS NOT DISTINCT FROM 7", "BOOLEAN", "true"},
	{"nested equality", "A = ARRAY[10, 20, 30]", "BOOLEAN", "true"},
	{"nested equality", "MP <> MAP('b' := 2, 'a' := 1)", "BOOLEAN", "false"},
	{"dates read text", "DT = '2020-01-31'", "BOOLEAN", "true"},
	{"times read text", "TM < '10:15:01'", "BOOLEAN", "true"},
	{"timestamps read text", "T >= '2020-01-31T10:15'", "BOOLEAN", "true"},
	{"a date is its midnight", "T > DT", "BOOLEAN", "true"},
	{"between", "I BETWEEN 7 AND 8", "BOOLEAN", "true"},
	{"between", "I NOT BETWEEN 7 AND 8", "BOOLEAN", "false"},
	{"in", "I IN (1, 7)", "BOOLEAN", "true"},
	{"in", "I IN (1, NULL)", "BOOLEAN", "false"},
	{"in", "I IN (1, '7')", "BOOLEAN", "true"},
	{"in", "I IN (1, J + 9)", "BOOLEAN", "true"},
	{"in", "I IN (6.5, 7.00)", "BOOLEAN", "true"},
	{"in", "S IN ('a', 'Hello')", "BOOLEAN", "true"},
	{"in", "N IN (1, 7)", "BOOLEAN", "false"},
	{"in", "N NOT IN (1, 7)", "BOOLEAN", "true"},
	{"in", "I IN (1,2,3,4,5,6,7,8,9,10)", "BOOLEAN", "true"},
	{"in", "A IN (ARRAY[1], ARRAY[10, '20', 30])", "BOOLEAN", "true"},
	{"in", "Q IN ('t')", "BOOLEAN", "true"},
	{"like", "S LIKE 'He%'", "BOOLEAN", "true"},
	{"like", "S LIKE '%llo'", "BOOLEAN", "true"},
	{"like", "S LIKE '%ell%'", "BOOLEAN", "true"},
	{"like", "S LIKE 'H_l%o'", "BOOLEAN", "true"},
	{"like", "S LIKE 'H%l'", "BOOLEAN", "false"},
	{"like", "'a%c' LIKE 'a!%c' ESCAPE '!'", "BOOLEAN", "true"},
	{"like", "S NOT LIKE 'x%'", "BOOLEAN", "true"},
	{"like", "NS LIKE 'x%'", "BOOLEAN", "null"},
	{"like", "S LIKE S", "BOOLEAN", "true"},
	{"null tests", "N IS NULL AND I IS NOT NULL", "BOOLEAN", "true"},
	{"null tests", "NULL IS NULL", "BOOLEAN", "true"},
	{"null tests", "(I = N) IS NULL", "BOOLEAN", "false"},
	{"the right side of AND is not evaluated in vain", "Z <> 0 AND I / Z > 1", "BOOLEAN", "false"},
	{"the right side of OR is not evaluated in vain", "Z = 0 OR I / Z > 1", "BOOLEAN", "true"},
	{"a failure makes the whole NULL", "COALESCE(I / Z, 5)", "INTEGER", "!"},
	{"a failure inside a cast is contained", "COALESCE(CAST(I / Z AS INT), 5)", "INTEGER", "!5"},

	{"case", "CASE WHEN I > 5 THEN 'big' ELSE 'small' END", "STRING", "big"},
	{"case", "CASE I WHEN 1 THEN 'one' WHEN 7 THEN 'seven' END", "STRING", "seven"},
	{"case", "CASE WHEN I > 100 THEN 1 END", "INTEGER", "null"},
	{"case widens", "CASE WHEN I > 5 THEN 1 ELSE B END", "BIGINT", "1"},
	{"a branch not taken cannot fail", "CASE WHEN Z = 0 THEN -1 ELSE I / Z END", "INTEGER", "-1"},
	{"case with NULL branches", "CASE WHEN I > 5 THEN NULL ELSE 'x' END", "STRING", "null"},

	{"cast", "CAST(D AS INT)", "INTEGER", "2"},
	{"cast", "CAST(3.7E0 AS BIGINT)", "BIGINT", "3"},
	{"cast", "CAST(1E20 AS INT)", "INTEGER", "2147483647"},
	{"cast", "CAST(B AS INT)", "INTEGER", "705032704"},
	{"cast", "CAST(M AS INT)", "INTEGER", "12"},
	{"cast", "CAST(M AS DECIMAL(5, 1))", "DECIMAL(5, 1)", "12.3"},
	{"cast", "CAST(M AS DECIMAL(3, 2))", "DECIMAL(3, 2)", "!"},
	{"cast", "CAST(D AS DECIMAL(3, 0))", "DECIMAL(3, 0)", "3"},
	{"cast", "CAST(' 12 ' AS INT)", "INTEGER", "12"},
	{"cast", "CAST(S AS INT)", "INTEGER", "!"},
	{"cast", "CAST(S AS BOOLEAN)", "BOOLEAN", "false"},
	{"cast", "CAST('yEs' AS BOOLEAN)", "BOOLEAN", "true"},
	{"cast", "CAST(D AS STRING)", "STRING", "2.5"},
	{"cast", "CAST(T AS STRING)", "STRING", "2020-01-31T10:15:30.500"},
	{"cast", "CAST(T AS DATE)", "DATE", "2020-01-31"},
	{"cast", "CAST(T AS TIME)", "TIME", "10:15:30.500"},
	{"cast", "CAST(DT AS TIMESTAMP)", "TIMESTAMP", "2020-01-31T00:00:00.000"},
	{"cast", "CAST(A AS ARRAY<STRING>)", "ARRAY<STRING>", "[10, 20, 30]"},
	{"cast", "CAST(A AS STRING)", "STRING", "[10, 20, 30]"},
	{"cast", "CAST(MP AS STRING)", "STRING", "{a=1, b=2}"},
	{"cast", "CAST(ST AS STRUCT<Y STRING, X BIGINT, W INT>)", "STRUCT<`Y` STRING, `X` BIGINT, `W` INTEGER>", "Struct{Y=y,X=1}"},
	{"cast", "CAST(ST AS STRING)", "STRING", "Struct{X=1,Y=y}"},

	{"item", "A[1]", "INTEGER", "10"},
	{"item", "A[-1]", "INTEGER", "30"},
	{"item", "A[0]", "INTEGER", "null"},
	{"item", "A[4]", "INTEGER", "null"},
	{"item", "NA[1]", "INTEGER", "null"},
	{"item", "MP['b']", "BIGINT", "2"},
	{"item", "MP['c']", "BIGINT", "null"},
	{"field", "ST->Y", "STRING", "y"},
	{"constructors", "ARRAY[I, 2.5, B]", "ARRAY<DECIMAL(20, 1)>", "[7.0, 2.5, 5000000000.0]"},
	{"constructors", "ARRAY[NULL, '3', 4]", "ARRAY<STRING>", "[null, 3, 4]"},
	{"constructors", "MAP('k' := I, 'l' := '5')", "MAP<STRING, INTEGER>", "{k=7, l=5}"},
	{"constructors", "STRUCT(X := I, Y := ARRAY[S])", "STRUCT<`X` INTEGER, `Y` ARRAY<STRING>>", "Struct{X=7,Y=[Hello]}"},

	{"calls", "UCASE(S)", "STRING", "HELLO"},
	{"calls", "ABS(J)", "INTEGER", "2"},
	{"lambdas", "TRANSFORM(A, x => x + I)", "ARRAY<INTEGER>", "[17, 27, 37]"},
	{"lambdas", "FILTER(A, x => x > 10 + Z)", "ARRAY<INTEGER>", "[20, 30]"},
	{"lambdas", "REDUCE(A, 0, (s, x) => s + x)", "INTEGER", "60"},
	{"NULL in the arithmetic of a lambda fails the call", "TRANSFORM(ARRAY[1, N], x => x + 5)", "ARRAY<INTEGER>", "!"},
	{"NULL in the arithmetic of a lambda fails the call", "TRANSFORM(A, x => x * N)", "ARRAY<INTEGER>", "!"},
	{"NULL in a lambda without arithmetic does not", "FILTER(ARRAY[1, N], x => x > 0)", "ARRAY<INTEGER>", "[1]"},
	{"an argument in a lambda contains its failure", "TRANSFORM(ARRAY[1, N], x => IFNULL(ABS(x + 5), 0))", "ARRAY<INTEGER>", "![6, 0]"},
	{"lambdas", "TRANSFORM(A, x => REDUCE(A, 0, (s, y) => s + x * y))", "ARRAY<INTEGER>", "[600, 1200, 1800]"},
	{"lambdas", "TRANSFORM(ARRAY[A, A], x => TRANSFORM(A, y => I))", "ARRAY<ARRAY<INTEGER>>", "[[7, 7, 7], [7, 7, 7]]"},
	{"lambdas", "TRANSFORM(MP, (k, v) => UCASE(k), (k, v) => v + 1)", "MAP<STRING, BIGINT>", "{A=2, B=3}"},
}

// ksqlDB's dialect: every operation, by the rule it proves.
func TestValues(t *testing.T) {
	row := makeTable(t, "`I` INT, `J` INT, `B` BIGINT, `D` DOUBLE, `M` DECIMAL(6, 2), `S` STRING, `N` INT, `T` TIMESTAMP, `DT` DATE, `TM` TIME, `Z` INT, `Q` BOOLEAN, `NS` STRING, "+
		"`A` ARRAY<INT>, `MP` MAP<STRING, BIGINT>, `ST` STRUCT<X INT, Y STRING>, `NA` ARRAY<INT>, `BY` BYTES",
		"7 | -2 | 5000000000 | 2.5E0 | 12.34 | 'Hello' | NULL | '2020-01-31T10:15:30.5' | '2020-01-31' | '10:15' | 0 | TRUE | NULL | "+
			"ARRAY[10, 20, 30] | MAP('a' := 1, 'b' := 2) | STRUCT(X := 1, Y := 'y') | NULL | 'aGk='")
	for _, tc := range valueCases {
		e, err := bind(tc.text, row.scope, expr.Options{})
		if err != nil {
			t.Errorf("%s: %s: %v", tc.rule, tc.text, err)
			continue
		}
		got := row.eval(t, e)
		if got[0] != tc.want || e.Type.String() != tc.typ {
			t.Errorf("%s: %s\n got %s %s\nwant %s %s\nbound %s", tc.rule, tc.text, e.Type, got[0], tc.typ, tc.want, expr.Format(e))
		}
	}
}

// The SQL standard's dialect, for statements that PostgreSQL's clients send.
func TestStandardValues(t *testing.T) {
	row := makeTable(t, "I INT, D DOUBLE, M DECIMAL(6, 2), S STRING, N INT, Z INT, Q BOOLEAN, B BIGINT",
		"7 | 2.5E0 | 12.35 | 'Hello' | NULL | 0 | NULL | 5000000000")
	for _, tc := range []struct{ rule, text, want string }{
		{"comparison with NULL is NULL", "I = N", "null"},
		{"comparison with NULL is NULL", "NOT I = N", "null"},
		{"comparison with NULL is NULL", "I = NULL", "null"},
		{"NULL AND FALSE is FALSE", "I = N AND I = 1", "false"},
		{"NULL AND TRUE is NULL", "I = N AND I = 7", "null"},
		{"NULL OR TRUE is TRUE", "I = N OR I = 7", "true"},
		{"NULL OR FALSE is NULL", "I = 1 OR I = N", "null"},
		{"NULL OR FALSE is NULL", "Q OR I = 1", "null"},
		{"IS NULL of a comparison", "(I = N) IS NULL", "true"},
		{"IS TRUE", "(I = N) IS TRUE", "false"},
		{"IS NOT TRUE", "Q IS NOT TRUE", "true"},
		{"IN with NULL", "I IN (1, NULL)", "null"},
		{"IN with NULL", "I IN (7, NULL)", "true"},
		{"IN with NULL", "N IN (7)", "null"},
		{"BETWEEN", "N NOT BETWEEN 1 AND 2", "null"},
		{"literals take the other side's type", "I = '7'", "true"},
		{"literals take the other side's type", "B > '4'", "true"},
		{"overflow fails", "I + 2147483647", "!"},
		{"overflow fails", "I * 2147483647", "!"},
		{"division by zero fails", "D / Z", "!"},
		{"decimals round", "M / 3", "4.1166666666667"},
		{"casts round", "CAST(M AS INT)", "12"},
		{"casts round", "CAST(3.5 AS INT)", "4"},
		{"casts round to even", "CAST(D AS INT)", "2"},
		{"casts that lose fail", "CAST(B AS INT)", "!"},
		{"|| with NULL is NULL", "S || CAST(NULL AS STRING)", "null"},
		{"booleans are ordered", "(I = 7) > (I = 1)", "true"},
		{"ILIKE", "S ILIKE 'hEL%'", "true"},
	} {
		e, err := bind(tc.text, row.scope, expr.Options{Standard: true})
		if err != nil {
			t.Errorf("%s: %s: %v", tc.rule, tc.text, err)
			continue
		}
		if got := row.eval(t, e); got[0] != tc.want {
			t.Errorf("%s: %s\n got %s\nwant %s\nbound %s", tc.rule, tc.text, got[0], tc.want, expr.Format(e))
		}
	}
}

// A condition keeps the rows for which it is TRUE: not those where it is NULL, and not
// those where it failed.
func TestConditionsKeepWhatIsTrue(t *testing.T) {
	rows := makeTable(t, "`X` INT, `Y` INT", "1 | 1", "2 | 0", "NULL | 1", "4 | NULL", "0 | 0")
	for _, tc := range []struct {
		text string
		std  bool
		want string
	}{
		{"X > 1", false, "1 3"},
		{"NOT X > 1", false, "0 2 4"},
		{"NOT X > 1", true, "0 4"},
		{"NOT X / Y > 1", false, "0 2 3"}, // a failed row is dropped, whatever NOT makes of it
		{"Y <> 0 AND X / Y >= 1", false, "0"},
		{"Y = 0 OR X / Y >= 1", false, "0 1 4"},
		{"X IS NULL OR Y IS NULL", false, "2 3"},
		{"X IN (1, 4) AND Y IS NOT NULL", false, "0"},
		{"TRUE", false, "0 1 2 3 4"},
		{"CASE WHEN Y = 0 THEN X = 2 ELSE X = 1 END", false, "0 1"},
	} {
		e := mustBind(t, tc.text, rows.scope, expr.Options{Standard: tc.std})
		p, err := expr.Compile(e, expr.CompileEnv{})
		if err != nil {
			t.Fatal(err)
		}
		keep, err := p.EvalBool(rows.cols, rows.n, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := indexes(keep.AppendIndexes(nil)); got != tc.want {
			t.Errorf("%s (standard: %v)\n got rows %s\nwant rows %s", tc.text, tc.std, got, tc.want)
		}
	}
}

func indexes(sel []int32) string {
	var parts []string
	for _, i := range sel {
		parts = append(parts, string(rune('0'+i)))
	}
	return strings.Join(parts, " ")
}
