package parse_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"tailrace/sql/ast"
	"tailrace/sql/parse"
	"tailrace/sql/sqlerr"
)

// TestLimits: what is nested or chained too far is refused with a clear error, in
// good time; what is just within the limits parses.
func TestLimits(t *testing.T) {
	rep := strings.Repeat
	for _, tc := range []struct {
		name, text string
		want       sqlerr.Code // "" for none
	}{
		{"400 parentheses", "SELECT " + rep("(", 400) + "1" + rep(")", 400), ""},
		{"100,000 parentheses", "SELECT " + rep("(", 100_000) + "1" + rep(")", 100_000), sqlerr.StatementTooComplex},
		{"100,000 open parentheses", rep("(", 100_000), sqlerr.StatementTooComplex},
		{"100,000 brackets", "SELECT " + rep("a[", 100_000) + "1" + rep("]", 100_000), sqlerr.StatementTooComplex},
		{"100,000 calls", "SELECT " + rep("f(", 100_000) + "1" + rep(")", 100_000), sqlerr.StatementTooComplex},
		{"100,000 lambdas", "SELECT f(" + rep("x=>", 100_000) + "1)", sqlerr.SyntaxError},
		{"100,000 NOTs", "SELECT " + rep("NOT ", 100_000) + "a", sqlerr.StatementTooComplex},
		{"100,000 signs", "SELECT " + rep("- ", 100_000) + "a", sqlerr.StatementTooComplex},
		{"100,000 CASEs", "SELECT " + rep("CASE WHEN ", 100_000), sqlerr.StatementTooComplex},
		{"100,000 accesses", "SELECT a" + rep("->b", 100_000), sqlerr.StatementTooComplex},
		{"100,000 casts", "SELECT a" + rep("::int", 100_000), sqlerr.StatementTooComplex},
		{"100,000 subqueries", rep("SELECT (", 100_000), sqlerr.StatementTooComplex},
		{"100,000 derived tables", rep("SELECT * FROM (", 60_000), sqlerr.StatementTooComplex},
		{"100,000 types", "SELECT CAST(1 AS " + rep("ARRAY<", 100_000), sqlerr.StatementTooComplex},
		{"100,000 array types", "SELECT CAST(1 AS INT" + rep(" ARRAY", 100_000) + ")", sqlerr.StatementTooComplex},
		{"4,000 ANDs", "SELECT a FROM t WHERE a" + rep(" AND a", 4000), ""},
		{"100,000 ANDs", "SELECT a FROM t WHERE a" + rep(" AND a", 100_000), sqlerr.StatementTooComplex},
		{"100,000 IS NULLs", "SELECT a" + rep(" IS NULL", 100_000), sqlerr.StatementTooComplex},
		{"100,000 IN values", "SELECT a IN (1" + rep(",1", 100_000) + ")", ""},
		{"30,000 rows", "INSERT INTO t VALUES (1, 'a')" + rep(",(1,'a')", 30_000), ""},
		{"100,000 UNIONs", "SELECT 1" + rep(" UNION SELECT 1", 60_000), sqlerr.StatementTooComplex},
		{"20,000 joins", "SELECT 1 FROM a" + rep(" JOIN b ON c", 20_000), sqlerr.StatementTooComplex},
		{"20,000 cross joins", "SELECT 1 FROM a" + rep(",b", 20_000), sqlerr.StatementTooComplex},
		{"a megabyte of string", "SELECT '" + rep("x", 1<<20) + "'", sqlerr.TooComplex},
		{"many small statements", rep("SELECT 1;", 20_000), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			list, err := parse.Parse(tc.text)
			if tc.want != "" {
				if sqlerr.CodeOf(err) != tc.want {
					t.Fatalf("got %v, want code %s", err, tc.want)
				}
				checkError(t, tc.text, err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(list) == 1 {
				if _, err := parse.ParseOne(ast.Format(list[0].AST)); err != nil && sqlerr.CodeOf(err) != sqlerr.StatementTooComplex {
					t.Errorf("rendered: %v", err)
				}
			}
		})
	}
}

// TestSubstitute covers ${v} in every place it may stand.
func TestSubstitute(t *testing.T) {
	vars := func(name string) (string, bool) {
		v, ok := map[string]string{"T": "topic", "N": "3", "Q": "it''s", "U": "ä"}[strings.ToUpper(name)]
		return v, ok
	}
	for _, tc := range []struct{ in, want string }{
		{"SELECT 1", "SELECT 1"},
		{"SELECT '${t}', ${n}, `${T}`, '${q}'", "SELECT 'topic', 3, `topic`, 'it''s'"},
		{"${t}${t}", "topictopic"},
		{"'$${t}' $${x} ${u}", "'${t}' ${x} ä"},
		{"$ $$ ${ ${} ${1x} ${a b} $1", "$ $$ ${ ${} ${1x} ${a b} $1"},
		{"é ${nope}", "ERROR 3 the variable ${nope} is not defined"},
	} {
		got, err := parse.Substitute(tc.in, vars)
		if e, ok := sqlerr.As(err); ok {
			got = fmt.Sprintf("ERROR %d %s", e.Pos, e.Message)
		}
		if got != tc.want {
			t.Errorf("Substitute(%q)\n got %q\nwant %q", tc.in, got, tc.want)
		}
	}
}

// TestEntryPoints covers what is parsed without being a statement, and the facts
// beside a statement's tree.
func TestEntryPoints(t *testing.T) {
	list, err := parse.Parse(" SELECT $2 ;;\n-- é\nSELECT a -> b ; ")
	if err != nil || len(list) != 2 {
		t.Fatalf("%d statements, %v", len(list), err)
	}
	if s := list[0]; s.Text != "SELECT $2" || s.Start != 1 || s.Params != 2 {
		t.Errorf("first: %+v", s)
	}
	if s := list[1]; s.Text != "SELECT a -> b" || s.Params != 0 || s.AST.Pos() != 20 || s.Start != 20 {
		t.Errorf("second: %+v at %d", s, s.AST.Pos())
	}
	for text, pos := range map[string]int{"": 0, "SELECT 1; SELECT 2": 11, "SELECT 1; FOO": 11} {
		_, err := parse.ParseOne(text)
		if e, ok := sqlerr.As(err); !ok || e.Code != sqlerr.SyntaxError || e.Pos != pos {
			t.Errorf("ParseOne(%q) = %v", text, err)
		}
	}
	typ, err := parse.ParseType("map<string, decimal(4, 2)>")
	if err != nil || ast.Format(typ) != "MAP<STRING, DECIMAL(4, 2)>" {
		t.Errorf("ParseType: %v, %v", typ, err)
	}
	elements, err := parse.ParseElements("ID BIGINT KEY, `v` STRING")
	if err != nil || len(elements) != 2 || elements[0].Constraint != ast.Key || elements[1].Name.Name != "v" {
		t.Errorf("ParseElements: %v, %v", elements, err)
	}
	for _, bad := range []string{"", "INT,", "INT KEY;", "INT;"} {
		if _, err := parse.ParseType(bad); sqlerr.CodeOf(err) != sqlerr.SyntaxError {
			t.Errorf("ParseType(%q): %v", bad, err)
		}
	}
	create, err := parse.ParseOne("CREATE TABLE t AS  SELECT a, b /* c */ FROM s EMIT CHANGES ;")
	if err != nil {
		t.Fatal(err)
	}
	if got := create.AST.(*ast.CreateAs).QueryText; got != "SELECT a, b /* c */ FROM s EMIT CHANGES" {
		t.Errorf("QueryText = %q", got)
	}
}

// TestConcurrentUse shares the parser pool between goroutines; run it with -race.
func TestConcurrentUse(t *testing.T) {
	seeds := seedStatements(t)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := g; i < len(seeds); i += 2 {
				first, err1 := parse.Parse(seeds[i])
				second, err2 := parse.Parse(seeds[i])
				if (err1 == nil) != (err2 == nil) || len(first) != len(second) {
					t.Errorf("%q parses differently: %v, %v", seeds[i], err1, err2)
				}
			}
		})
	}
	wg.Wait()
}
