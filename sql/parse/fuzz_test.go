package parse_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"tailrace/sql/ast"
	"tailrace/sql/parse"
	"tailrace/sql/sqlerr"
)

// seedStatements are the lines of the golden files: every form of the grammar and
// every error that has one.
func seedStatements(f testing.TB) []string {
	files, err := filepath.Glob("testdata/*/*")
	if err != nil || len(files) == 0 {
		f.Fatalf("no golden files: %v", err)
	}
	var seeds []string
	for _, name := range files {
		if strings.Contains(name, "fuzz") {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, line := range strings.Split(string(data), "\n") {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				seeds = append(seeds, line)
			}
		}
	}
	return seeds
}

// FuzzParse: no text makes the parser panic or fail with a bug's code; an error points
// into the text; what parses renders to a text that parses to the same tree.
func FuzzParse(f *testing.F) {
	for _, s := range seedStatements(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		checkText(t, text)
	})
}

// checkText checks what FuzzParse promises.
func checkText(t *testing.T, text string) {
	t.Helper()
	list, err := parse.Parse(text)
	if err != nil {
		checkError(t, text, err)
		return
	}
	for _, s := range list {
		if !strings.HasPrefix(text[s.Start:], s.Text) {
			t.Errorf("%q is not at %d of %q", s.Text, s.Start, text)
		}
		rendered := ast.Format(s.AST)
		again, err := parse.ParseOne(rendered)
		if err != nil {
			t.Fatalf("%q renders as\n%q, which fails: %v", text, rendered, err)
		}
		if diff := treeDiff(s.AST, again.AST); diff != "" {
			t.Fatalf("%q renders as\n%q, another tree:\n%s", text, rendered, diff)
		}
		if twice := ast.Format(again.AST); twice != rendered {
			t.Fatalf("%q renders as\n%q and then as\n%q", text, rendered, twice)
		}
	}
	if n := len(parse.Split(text)); n != len(list) {
		t.Fatalf("%q: Split finds %d statements, Parse %d", text, n, len(list))
	}
}

// FuzzExpr is FuzzParse for expressions, which gets deeper into them.
func FuzzExpr(f *testing.F) {
	for _, s := range seedStatements(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := parse.ParseExpr(text)
		if err != nil {
			checkError(t, text, err)
			return
		}
		rendered := ast.Format(e)
		again, err := parse.ParseExpr(rendered)
		if err != nil {
			t.Fatalf("%q renders as\n%q, which fails: %v", text, rendered, err)
		}
		if diff := treeDiff(e, again); diff != "" {
			t.Fatalf("%q renders as\n%q, another tree:\n%s", text, rendered, diff)
		}
	})
}

func checkError(t *testing.T, text string, err error) {
	t.Helper()
	e, ok := sqlerr.As(err)
	if !ok || e.Code == sqlerr.InternalError {
		t.Fatalf("%q: %v", text, err)
	}
	if e.Pos < 0 || e.Pos > utf8.RuneCountInString(text)+1 {
		t.Fatalf("%q: %v at %d, outside of the text", text, err, e.Pos)
	}
	e.Caret(text)
	parse.KsqlMessage(e, text)
}
