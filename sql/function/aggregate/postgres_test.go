package aggregate_test

import (
	"flag"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"tailrace/sql/ast"
	"tailrace/sql/expr"
	"tailrace/sql/function"
	_ "tailrace/sql/function/all"
	"tailrace/sql/parse"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/pgtext"
	"tailrace/sql/types/vector"
)

var askPostgres = flag.String("postgres", "", "write the answers of the PostgreSQL 15 that this conninfo leads to into testdata/postgres.txt")

// TestPostgres: what PostgreSQL answers. A line of testdata/postgres.txt is
//
//	call [@ the same as PostgreSQL writes it] : array, ... => type value
//
// where the call is over the columns a, b, ... that the arrays are, in their order. The arguments
// of WITHIN GROUP come before the others here. Half of the values are folded into one state and half
// into another, which are encoded, decoded and merged.
func TestPostgres(t *testing.T) {
	const file = "testdata/postgres.txt"
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
		calls, arrays, _ := strings.Cut(texts, " : ")
		ours, theirs, differ := strings.Cut(calls, " @ ")
		if !differ {
			theirs = ours
		}
		if *askPostgres != "" {
			want = answer(t, theirs, arrays)
			out.WriteString(texts + " => " + want + "\n")
		}
		for _, merge := range []bool{false, true} {
			if got := aggregateOf(t, ours, arrays, merge); got != want && !near(got, want) {
				t.Errorf("%s over %s, merged %t\n got %s\nwant %s", ours, arrays, merge, got, want)
			}
		}
	}
	if *askPostgres != "" {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// near says that two answers are doubles that differ in the last digits.
func near(got, want string) bool {
	const kind = "double precision "
	a, err := strconv.ParseFloat(strings.TrimPrefix(got, kind), 64)
	b, err2 := strconv.ParseFloat(strings.TrimPrefix(want, kind), 64)
	return strings.HasPrefix(got, kind) && strings.HasPrefix(want, kind) && err == nil && err2 == nil && math.Abs(a-b) <= 1e-13*math.Abs(b)
}

func failed(err error) string { return "ERROR " + string(sqlerr.CodeOf(err)) }

func aggregateOf(t *testing.T, call, arrays string, merge bool) string {
	t.Helper()
	tree, err := parse.ParseExpr(call)
	if err != nil {
		t.Fatalf("%s: %v", call, err)
	}
	columns := columnsOf(t, arrays)
	c := tree.(*ast.FunctionCall)
	args, cols := []function.ArgType{}, []*vector.Vector{}
	for _, a := range c.Args {
		if ref, ok := a.(*ast.ColumnRef); ok && len(ref.Name.Name) == 1 {
			v := columns[ref.Name.Name[0]-'A']
			args, cols = append(args, function.ArgType{Type: v.Type}), append(cols, v)
			continue
		}
		e, err := expr.Bind(a, expr.NoColumns, expr.Options{Standard: true, Numeric: true})
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, function.ArgType{Type: e.Type, Literal: true, Value: e.Value.V})
	}
	bound, err := function.ResolveAggregateVariant(c.Name.Name, args, function.Variant{Standard: true, Numeric: true})
	if err != nil {
		return failed(err) + " " + err.Error()
	}
	if again, err := function.FindAggregate(bound.Canonical); err != nil || again != bound.Signature {
		t.Errorf("%s is not found again: %v", bound.Canonical, err)
	}
	acc, err := bound.Signature.New(bound.ArgTypes, bound.Initial, bound.Result, nil)
	if err != nil {
		return failed(err)
	}
	acc.Resize(2)
	n := columns[0].N
	slots := make([]int32, n)
	for i := range slots {
		if merge && i >= n/2 {
			slots[i] = 1
		}
	}
	for i, v := range cols {
		cols[i] = castColumn(t, v, bound.ArgTypes[i])
	}
	if err := acc.Add(slots, nil, cols); err != nil {
		return failed(err)
	}
	if merge {
		if _, err := acc.Decode(1, acc.Encode(1, nil)); err != nil {
			t.Fatalf("%s: %v", bound.Canonical, err)
		}
		if err := acc.Merge(0, 1); err != nil {
			return failed(err)
		}
	}
	out := vector.New(bound.Result, 1)
	if err := acc.Result([]int32{0}, out); err != nil {
		return failed(err)
	}
	if out.IsNull(0) {
		return pgtext.TypeName(bound.Result) + " NULL"
	}
	return pgtext.TypeName(bound.Result) + " " + strings.ReplaceAll(string(pgtext.Append(nil, bound.Result, out.Value(0))), "\n", "\\n")
}

// columnsOf makes a column of each array.
func columnsOf(t *testing.T, arrays string) []*vector.Vector {
	t.Helper()
	var out []*vector.Vector
	for _, text := range strings.Split(arrays, "; ") {
		tree, err := parse.ParseExpr(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		e, err := expr.Bind(tree, expr.NoColumns, expr.Options{Standard: true, Numeric: true})
		if err != nil || e.Op != expr.OpLiteral {
			t.Fatalf("%s: %v", text, err)
		}
		v := vector.New(*e.Type.Elem, 0)
		for _, x := range e.Value.V.(types.ArrayVal) {
			v.AppendValue(x)
		}
		out = append(out, v)
	}
	return out
}

func castColumn(t *testing.T, v *vector.Vector, to types.Type) *vector.Vector {
	t.Helper()
	p, err := expr.Compile(expr.Cast(expr.Col(0, "a", v.Type), to, true), expr.CompileEnv{Fresh: true})
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Eval([]*vector.Vector{v}, v.N, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// answer is what PostgreSQL says.
func answer(t *testing.T, call, arrays string) string {
	t.Helper()
	names := "abcdef"[:len(strings.Split(arrays, "; "))]
	sql := "SELECT pg_typeof(v), v FROM (SELECT (" + call + ") AS v FROM unnest(" + strings.ReplaceAll(arrays, "; ", ", ") + ") AS t(" + strings.Join(strings.Split(names, ""), ", ") + ")) x"
	out, err := exec.Command("psql", *askPostgres, "-qAtX", "-F", " ", "-P", "null=NULL", "-v", "VERBOSITY=sqlstate", "-c", sql).CombinedOutput()
	got := strings.ReplaceAll(strings.TrimSuffix(string(out), "\n"), "\n", "\\n")
	if err != nil {
		_, code, found := strings.Cut(got, "ERROR:  ")
		if !found {
			t.Fatalf("%s: %s", call, out)
		}
		return "ERROR " + code[:5]
	}
	return got
}
