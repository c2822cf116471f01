package expr_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tailrace/sql/expr"
	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types/pgtext"
	"tailrace/sql/types/vector"
)

var askPostgres = flag.String("postgres", "", "write the answers of the PostgreSQL 15 that this conninfo leads to into testdata/postgres")

// TestPostgres: what PostgreSQL answers. A line of testdata/postgres/*.txt is
//
//	expression [@ the same as PostgreSQL writes it] => type value
//
// or => ERROR and the SQLSTATE. The answers are PostgreSQL's own: after adding a line run
//
//	go test ./sql/expr -run TestPostgres -postgres "host=... user=..."
//
// with a database of C collation in UTC.
func TestPostgres(t *testing.T) {
	files, err := filepath.Glob("testdata/postgres/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { postgresFile(t, file) })
	}
}

func postgresFile(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			out.WriteString(line + "\n")
			continue
		}
		texts, want, _ := strings.Cut(line, " => ")
		ours, theirs, differ := strings.Cut(texts, " @ ")
		if !differ {
			theirs = ours
		}
		if *askPostgres != "" {
			want = answer(t, theirs)
			out.WriteString(texts + " => " + want + "\n")
		}
		if got := ask(ours); got != want && !near(got, want) {
			t.Errorf("%s\n got %s\nwant %s", ours, got, want)
		}
	}
	if *askPostgres != "" {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// near says that two answers are doubles that differ in the last digit: PostgreSQL's come from the
// C library.
func near(got, want string) bool {
	const kind = "double precision "
	a, err := strconv.ParseFloat(strings.TrimPrefix(got, kind), 64)
	b, err2 := strconv.ParseFloat(strings.TrimPrefix(want, kind), 64)
	return strings.HasPrefix(got, kind) && strings.HasPrefix(want, kind) && err == nil && err2 == nil && math.Abs(a-b) <= 1e-15*math.Abs(b)
}

// ask evaluates an expression over no columns in the standard dialect.
func ask(text string) string {
	e, err := bind(text, expr.NoColumns, expr.Options{Standard: true, Numeric: true, NoFold: true})
	if err != nil {
		return "ERROR " + string(sqlerr.CodeOf(err)) + problem(err)
	}
	folded := evaluate(expr.Fold(e))
	if got := evaluate(e); got != folded { // folding changes nothing
		return got + " but folded " + folded
	}
	return folded
}

// problem shows errors that are no answer of PostgreSQL's.
func problem(err error) string {
	if sqlerr.CodeOf(err) == sqlerr.InternalError || sqlerr.CodeOf(err) == sqlerr.UndefinedFunction || sqlerr.CodeOf(err) == sqlerr.SyntaxError {
		return " " + strings.ReplaceAll(err.Error(), "\n", " ")
	}
	return ""
}

func evaluate(e *expr.Expr) string {
	p, err := expr.Compile(e, expr.CompileEnv{})
	if err != nil {
		return "ERROR compile " + err.Error()
	}
	var failed error
	ctx := function.NewContext(func() int64 { return 1_600_000_000_123 }, func() uint64 { return 1 << 63 })
	ctx.Fail = func(_ int, err error) {
		if failed == nil {
			failed = err
		}
	}
	v, err := p.Eval(nil, 1, ctx)
	if err == nil {
		err = failed
	}
	if err != nil {
		return "ERROR " + string(sqlerr.CodeOf(err)) + problem(err)
	}
	return pgtext.TypeName(e.Type) + " " + shown(v)
}

func shown(v *vector.Vector) string {
	if v.IsNull(0) {
		return "NULL"
	}
	return fmt.Sprint(strings.ReplaceAll(string(pgtext.Append(nil, v.Type, v.Value(0))), "\n", "\\n"))
}

// answer is what PostgreSQL says.
func answer(t *testing.T, text string) string {
	t.Helper()
	cmd := exec.Command("psql", *askPostgres, "-qAtX", "-F", " ", "-P", "null=NULL", "-v", "VERBOSITY=sqlstate",
		"-c", "SELECT pg_typeof(v), v FROM (SELECT ("+text+") AS v) x")
	out, err := cmd.CombinedOutput()
	got := strings.ReplaceAll(strings.TrimSuffix(string(out), "\n"), "\n", "\\n")
	if err != nil {
		_, code, found := strings.Cut(got, "ERROR:  ")
		if !found {
			t.Fatalf("%s: %s", text, out)
		}
		return "ERROR " + code[:5]
	}
	return got
}
