package expr_test

import (
	"strings"
	"testing"

	"tailrace/sql/ast"
	"tailrace/sql/expr"
	"tailrace/sql/parse"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

var errorScope = expr.ColumnScope{
	{Qualifier: "T", Name: "ID", Type: types.IntType, Index: 0},
	{Qualifier: "T", Name: "K", Type: types.StringType, Index: 1},
	{Qualifier: "T", Name: "B", Type: types.ArrayOf(types.IntType), Index: 2},
	{Qualifier: "T", Name: "C", Type: types.ArrayOf(types.IntType), Index: 3},
	{Qualifier: "T", Name: "Q", Type: types.BooleanType, Index: 4},
	{Qualifier: "T", Name: "DEC", Type: types.DecimalOf(12, 2), Index: 5},
	{Qualifier: "T", Name: "ST", Type: types.StructOf(types.Field{Name: "F0", Type: types.BigintType}), Index: 6},
	{Qualifier: "T", Name: "MP", Type: types.MapOf(types.StringType, types.BigintType), Index: 7},
	{Qualifier: "T", Name: "DBL", Type: types.DoubleType, Index: 8},
	{Qualifier: "T", Name: "ROWTIME", Type: types.BigintType, Index: 9},
	{Qualifier: "T", Name: "AB", Type: types.ArrayOf(types.BigintType), Index: 10},
	{Qualifier: "U", Name: "ID", Type: types.IntType, Index: 11, Display: "U_ID"},
}

// Messages are ksqlDB's; the position is that of the fault.
func TestErrors(t *testing.T) {
	for _, tc := range []struct {
		clause, text, want string
		pos                int
	}{
		{"WHERE", "K = 'abc' AND T.ID >= 'not an int'", "Error in WHERE expression: Cannot compare ID (INTEGER) to 'not an int' (STRING) with GREATER_THAN_OR_EQUAL.", 15},
		{"HAVING", "DBL > '100'", "Error in HAVING expression: Cannot compare DBL (DOUBLE) to '100' (STRING) with GREATER_THAN.", 1},
		{"WHERE", "U.ID > K", "Error in WHERE expression: Cannot compare U_ID (INTEGER) to K (STRING) with GREATER_THAN.", 1},
		{"SELECT", "B < C", "Cannot compare B (ARRAY<INTEGER>) to C (ARRAY<INTEGER>) with LESS_THAN.", 1},
		{"SELECT", "ST < ST", "Cannot compare ST (STRUCT<`F0` BIGINT>) to ST (STRUCT<`F0` BIGINT>) with LESS_THAN.", 1},
		{"SELECT", "Q < TRUE", "Cannot compare Q (BOOLEAN) to true (BOOLEAN) with LESS_THAN.", 1},
		{"WHERE", "K = NULL", "Error in WHERE expression: Comparison with NULL not supported: STRING = NULL\nUse 'IS NULL' or 'IS NOT NULL' instead.", 5},
		{"SELECT", "NULL <> NULL", "Comparison with NULL not supported: NULL <> NULL", 9},
		{"WHERE", "ABS(BOB) < 10", "WHERE column 'BOB' cannot be resolved.", 5},
		{"SELECT", "BOB", "SELECT column 'BOB' cannot be resolved.", 1},
		{"JOIN ON", "T.IID = 1", "JOIN ON column 'T.IID' cannot be resolved.", 1},
		{"SELECT", "unknown.ID", "'UNKNOWN' is not a valid stream/table name or alias.", 1},
		{"SELECT", "1 + ID", "Column 'ID' is ambiguous. Could be T.ID or U.ID.", 5},
		{"SELECT", "cast(K as ARRAY<INTEGER>)", "Invalid Select: Cast of STRING to ARRAY<INTEGER> is not supported", 1},
		{"SELECT", "cast(K as STRUCT<F0 VARCHAR, F1 INTEGER>)", "Invalid Select: Cast of STRING to STRUCT<`F0` STRING, `F1` INTEGER> is not supported", 1},
		{"SELECT", "CASE WHEN Q THEN NULL ELSE NULL END", "Invalid Case expression. All case branches have NULL type", 1},
		{"SELECT", "CASE WHEN K THEN 1 END", "WHEN operand type should be boolean.\nType for 'K' is STRING", 11},
		{"SELECT", "CASE WHEN Q THEN 'small' WHEN Q THEN 4.0 ELSE 'x' END", "Invalid Case expression. Type for all 'THEN' clauses should be the same.\nTHEN expression 'WHEN Q THEN 4.0' has type: DECIMAL(2, 1).\nPrevious THEN expression(s) type: STRING.", 38},
		{"SELECT", "CASE WHEN Q THEN 2 ELSE 'x' END", "Invalid Case expression. Type for the default clause should be the same as for 'THEN' clauses.\nTHEN type: INTEGER.\nDEFAULT type: STRING.", 25},
		{"SELECT", "CASE WHEN Q THEN 1 ELSE K END", "Invalid Case expression. Type for the default clause should be the same as for 'THEN' clauses.\nTHEN type: INTEGER.\nDEFAULT type: STRING.", 25},
		{"SELECT", "CASE WHEN Q THEN 1 WHEN Q THEN K END", "Invalid Case expression. Type for all 'THEN' clauses should be the same.\nTHEN expression 'WHEN Q THEN K' has type: STRING.\nPrevious THEN expression(s) type: INTEGER.", 32},
		{"SELECT", "K IN (ARRAY[TRUE])", "Invalid Select: operator does not exist: STRING = ARRAY<BOOLEAN> (ARRAY[true])\nHint: You might need to add explicit type casts.", 7},
		{"SELECT", "ARRAY[NULL]", "Cannot construct an array with all NULL elements (see https://github.com/confluentinc/ksql/issues/4239). As a workaround, you may cast a NULL value to the desired type.", 1},
		{"SELECT", "ARRAY[1, 'not a number']", "invalid input syntax for type INTEGER: \"not a number\"", 10},
		{"SELECT", "MAP('a' := DBL, 'b' := 'hello')", "invalid input syntax for type DOUBLE: \"hello\".", 24},
		{"WHERE", "Q IN (true, K)", "Invalid Predicate: operator does not exist: BOOLEAN = STRING (K)\nHint: You might need to add explicit type casts.", 13},
		{"WHERE", "T.ID IN (10, '10 - not a number')", "Invalid Predicate: invalid input syntax for type INTEGER: \"10 - not a number\".", 14},
		{"WHERE", "DEC IN (10, true)", "Invalid Predicate: operator does not exist: DECIMAL(12, 2) = BOOLEAN (true)", 13},
		{"WHERE", "DEC IN (10, K)", "Invalid Predicate: operator does not exist: DECIMAL(12, 2) = STRING (K)", 13},
		{"WHERE", "K IN (10, DBL)", "Invalid Predicate: operator does not exist: STRING = DOUBLE (DBL)", 11},
		{"WHERE", "AB IN (AB, ARRAY[Q])", "Invalid Predicate: operator does not exist: ARRAY<BIGINT> = ARRAY<BOOLEAN> (ARRAY[Q])", 12},
		{"WHERE", "MP IN (MP, MAP('a' := Q))", "Invalid Predicate: operator does not exist: MAP<STRING, BIGINT> = MAP<STRING, BOOLEAN> (MAP('a':=Q))", 12},
		{"WHERE", "ST IN (STRUCT(F0 := Q))", "Invalid Predicate: operator does not exist: STRUCT<`F0` BIGINT> = STRUCT<`F0` BOOLEAN> (STRUCT(F0:=Q))", 8},
		{"WHERE", "ST IN (STRUCT(F0 := 10), ARRAY[10])", "Invalid Predicate: operator does not exist: STRUCT<`F0` BIGINT> = ARRAY<INTEGER> (ARRAY[10])", 26},
		{"SELECT", "K * 2", "Error processing expression: (K * 2). Unsupported arithmetic types. STRING INTEGER", 3},
		{"SELECT", "1 + NULL", "Error processing expression: (1 + null). Arithmetic on types INTEGER and null are not supported.", 3},
		{"SELECT", "NULL * NULL", "Error processing expression: (null * null). Arithmetic on types null and null are not supported.", 6},
		{"SELECT", "MAP(1 := 'cat') + NULL", "Error processing expression: (MAP(1:='cat') + null). Arithmetic on types MAP<INTEGER, STRING> and null are not supported.", 17},
		{"SELECT", "ST->nope", "Could not find field 'NOPE' in 'ST'.", 5},
		{"SELECT", "K->x", "Expected STRUCT type, got: STRING", 1},
		{"SELECT", "ST['F0']", "Subscript expression (ST['F0']) do not apply to STRUCT<`F0` BIGINT>. Use the dereference operator for STRUCTS: ST->'F0'", 1},
		{"SELECT", "WONT_FIND_ME(K)", "Can't find any functions with the name 'WONT_FIND_ME'", 1},
		{"WHERE", "ROWTIME > 'soon'", "Failed to parse timestamp 'soon'", 11},
		{"WHERE", "COUNT(K) > 1", "aggregate function COUNT is not allowed in WHERE", 1},
		{"SELECT", "$1 + 1", "there is no parameter $1", 1},
		{"SELECT", "K IN (SELECT K FROM T)", "subqueries are not supported here", 7},
	} {
		_, err := bind(tc.text, errorScope, expr.Options{Clause: tc.clause})
		known, ok := sqlerr.As(err)
		if !ok || !strings.Contains(known.Message, tc.want) || known.Pos != tc.pos {
			t.Errorf("%s %s\n got %v at %d\nwant %s at %d", tc.clause, tc.text, err, posOf(err), tc.want, tc.pos)
		}
	}
}

func posOf(err error) int {
	if known, ok := sqlerr.As(err); ok {
		return known.Pos
	}
	return -1
}

func TestPredicatesMustBeBoolean(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"'not a boolean'", "Type error in WHERE expression: Should evaluate to boolean but is 'not a boolean' (STRING) instead."},
		{"RANDOM() + 1.5", "Type error in WHERE expression: Should evaluate to boolean but is (RANDOM() + 1.5) (DOUBLE) instead."},
	} {
		tree, err := parse.ParseExpr(tc.text)
		if err != nil {
			t.Fatal(err)
		}
		_, err = expr.BindPredicate(tree, errorScope, expr.Options{Clause: "WHERE"})
		if err == nil || err.Error() != tc.want {
			t.Errorf("%s\n got %v\nwant %s", tc.text, err, tc.want)
		}
	}
}

func TestUnknownNamesComeWithHints(t *testing.T) {
	_, err := bind("DBLL + 1", errorScope, expr.Options{Clause: "SELECT"})
	known, _ := sqlerr.As(err)
	if known == nil || known.HintText != `Perhaps you meant the column "DBL".` {
		t.Errorf("got %v with hint %q", err, known.HintText)
	}
}

// Bound trees show where casts went, and what was folded.
func TestBoundForm(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"DBL < 2", "(DBL < 2E+00)"},
		{"T.ID < DBL", "(CAST(ID AS DOUBLE) < DBL)"},
		{"T.ID = 1 AND K = 'a' AND Q", "((ID = 1) AND (K = 'a') AND Q)"},
		{"ROWTIME >= '2018'", "(ROWTIME >= 1514764800000)"},
		{"ROWTIME BETWEEN '2018' AND '2019-01-01T00:00:00+0100'", "((ROWTIME >= 1514764800000) AND (ROWTIME <= 1546297200000))"},
		{"1 + 2 * 3", "7"},
		{"T.ID + (1 + 2)", "(ID + 3)"},
		{"1 / 0", "(1 / 0)"},
		{"UCASE('a') || K", "('A' || K)"},
		{"RANDOM() > 1", "(RANDOM() > 1E+00)"},
		{"CASE WHEN Q THEN 1 ELSE 2.5 END", "(CASE WHEN Q THEN 1.0 ELSE 2.5 END)"},
		{"K NOT LIKE 'a%'", "(NOT (K LIKE 'a%'))"},
		{"DEC + T.ID", "(DEC + CAST(ID AS DECIMAL(10, 0)))"},
		{"TRANSFORM(B, x => x + 1)", "TRANSFORM(B, (X) => (X + 1))"},
	} {
		e := mustBind(t, tc.text, errorScope, expr.Options{})
		if got := expr.Format(e); got != tc.want {
			t.Errorf("%s\n got %s\nwant %s", tc.text, got, tc.want)
		}
	}
}

// A parameter without a type takes the one its place asks for, and keeps it.
func TestParametersFindTheirTypes(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"DBL > $1", "DOUBLE"}, {"$1 = K", "STRING"}, {"T.ID + $1", "INTEGER"}, {"T.ID IN (1, $1)", "INTEGER"},
		{"CAST($1 AS DATE)", "DATE"}, {"$1 AND Q", "BOOLEAN"}, {"UCASE($1)", "STRING"},
		{"T.ID BETWEEN $1 AND 5", "INTEGER"}, {"CASE WHEN Q THEN 1.5 ELSE $1 END", "DECIMAL(2, 1)"},
	} {
		params := &expr.Params{Types: []types.Type{types.NullType}}
		mustBind(t, tc.text, errorScope, expr.Options{Standard: true, Params: params})
		if got := params.Types[0].String(); got != tc.want {
			t.Errorf("%s: $1 is %s, want %s", tc.text, got, tc.want)
		}
	}
}

func TestParametersAreConstants(t *testing.T) {
	rows := makeTable(t, "`X` INT", "1", "5", "9")
	params := &expr.Params{Types: []types.Type{types.NullType}}
	e := mustBind(t, "X * 2 > $1", rows.scope, expr.Options{Params: params})
	p, err := expr.Compile(e, expr.CompileEnv{Params: []expr.Constant{{V: "9", Type: types.StringType}}})
	if err != nil {
		t.Fatal(err)
	}
	keep, err := p.EvalBool(rows.cols, rows.n, nil)
	if err != nil || indexes(keep.AppendIndexes(nil)) != "1 2" {
		t.Errorf("got %b, %v; want rows 1 2", keep, err)
	}
}

// The hook stands before everything: the planner puts aggregates' results in place.
func TestHookReplacesNodes(t *testing.T) {
	hook := func(e ast.Expr, bind func(ast.Expr) (*expr.Expr, error)) (*expr.Expr, error) {
		if call, ok := e.(*ast.FunctionCall); ok && call.Name.Name == "SUM" {
			if _, err := bind(call.Args[0]); err != nil {
				return nil, err
			}
			return expr.Col(99, "KSQL_AGG_0", types.BigintType), nil
		}
		return nil, nil
	}
	e := mustBind(t, "SUM(DBL) + 1", errorScope, expr.Options{Hook: hook})
	if got := expr.Format(e); got != "(KSQL_AGG_0 + 1)" || len(expr.Columns(e)) != 1 || expr.Columns(e)[0] != 99 {
		t.Errorf("got %s over columns %v", got, expr.Columns(e))
	}
}

func TestDeepAndLongExpressions(t *testing.T) {
	long := "T.ID" + strings.Repeat(" + 1", 3000)
	e := mustBind(t, long, errorScope, expr.Options{})
	if _, err := expr.Compile(e, expr.CompileEnv{}); err != nil {
		t.Error(err)
	}
	many := "Q" + strings.Repeat(" OR Q", 3000)
	if e := mustBind(t, many, errorScope, expr.Options{}); len(e.Args) != 3001 {
		t.Errorf("a chain of 3001 has %d operands", len(e.Args))
	}
}
