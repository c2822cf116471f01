package all_test

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
)

// TestForeignFunctions: what is said to the functions of PostgreSQL, MySQL, Spark and
// others that are not here. testdata/foreign has a name and its hint a line; -update writes
// the hints. A function that comes to be here leaves the file.
func TestForeignFunctions(t *testing.T) {
	const file = "testdata/foreign"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var want, got strings.Builder
	for line := range strings.Lines(string(text)) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if function.KindOf(name) != function.NotAFunction {
			continue
		}
		hint := hintFor(t, name)
		want.WriteString(line)
		got.WriteString(name + ": " + hint + "\n")
		checkHint(t, name, hint)
	}
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for i, line := range strings.Split(want.String(), "\n") {
		if now := strings.Split(got.String(), "\n")[i]; now != line {
			t.Errorf("\n got %s\nwant %s", now, line)
		}
	}
}

func hintFor(t *testing.T, name string) string {
	t.Helper()
	_, err := function.Resolve(name, nil)
	var e *sqlerr.Error
	if !errors.As(err, &e) {
		t.Fatalf("%s: %v", name, err)
	}
	return e.HintText
}

var called = regexp.MustCompile(`([A-Z][A-Z_0-9]+)\(`)

// checkHint: a hint names functions that there are.
func checkHint(t *testing.T, name, hint string) {
	t.Helper()
	meant, _ := strings.CutPrefix(hint, "Perhaps you meant the function ")
	names := []string{strings.TrimSuffix(meant, ".")}
	if meant == hint {
		names = nil
		for _, m := range called.FindAllStringSubmatch(hint, -1) {
			names = append(names, m[1])
		}
	}
	for _, n := range names {
		switch n {
		case "CAST", "DECIMAL", "STRUCT", "MAP":
			continue // no functions, but written like them
		}
		if function.KindOf(n) == function.NotAFunction {
			t.Errorf("%s: %q names %s, which is no function", name, hint, n)
		}
	}
}
