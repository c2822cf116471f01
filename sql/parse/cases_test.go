package parse_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tailrace/sql/ast"
	"tailrace/sql/parse"
	"tailrace/sql/sqlerr"
)

// casesDir is where ksqlDB's cases are: $TAILRACE_CASES, or beside the project.
func casesDir(t *testing.T) string {
	dir := os.Getenv("TAILRACE_CASES")
	if dir == "" {
		dir = "../../../shared/ksql-cases"
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no ksqlDB cases in %s; set TAILRACE_CASES to their folder", dir)
	}
	return dir
}

type caseFile struct {
	Tests []struct {
		Name              string
		Format            []string
		Statements        []string
		ExpectedException *expectation
		ExpectedError     *expectation
	}
}

type expectation struct{ Type, Message string }

// syntax says that the case expects the statement not to parse.
func (e *expectation) syntax() bool {
	return e != nil && (strings.Contains(e.Message, "Syntax Error") || strings.Contains(e.Message, "Syntax error"))
}

// literal says that the case expects a literal to be refused, or a list that may not
// be empty.
func (e *expectation) literal() bool {
	return e != nil && (strings.Contains(e.Message, "Number overflows") || strings.Contains(e.Message, "must be integer") ||
		strings.Contains(e.Message, "at least one expression"))
}

// TestCases parses every statement of ksqlDB's own cases. All that ksqlDB accepts
// must parse, render, and parse again to the same tree; what it calls a syntax error
// must be one, apart from the forms that this dialect adds.
func TestCases(t *testing.T) {
	statements, refused := 0, 0
	err := filepath.WalkDir(casesDir(t), func(path string, entry os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".json") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var file caseFile
		if err := json.Unmarshal(data, &file); err != nil {
			t.Errorf("%s: %v", path, err)
			return nil
		}
		for _, test := range file.Tests {
			expect := test.ExpectedException
			if expect == nil {
				expect = test.ExpectedError
			}
			format := "JSON"
			if len(test.Format) > 0 {
				format = test.Format[0]
			}
			for i, text := range test.Statements {
				text = strings.ReplaceAll(text, "{FORMAT}", format)
				name := filepath.Base(path) + "/" + test.Name
				if i == len(test.Statements)-1 && expect.syntax() {
					refused += checkRefused(t, name, text, expect)
					continue
				}
				if _, err := parse.Parse(text); i == len(test.Statements)-1 && err != nil && expect.literal() {
					if !strings.Contains(expect.Message, err.Error()) {
						t.Errorf("%s: %s\n got %v\nwant %s", name, text, err, expect.Message)
					}
					refused++
					continue
				}
				statements++
				checkRoundTrip(t, name, text)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if statements < 3000 {
		t.Errorf("only %d statements found", statements)
	}
	t.Logf("%d statements parse and survive a round trip, %d are refused as ksqlDB does", statements, refused)
}

func checkRefused(t *testing.T, name, text string, expect *expectation) int {
	_, err := parse.Parse(text)
	// ksqlDB has no ORDER BY, and its scripts only run under its test tool.
	if err == nil && (strings.Contains(text, "ORDER BY") || strings.HasPrefix(text, "RUN SCRIPT")) {
		return 0
	}
	e, ok := sqlerr.As(err)
	if !ok || e.Code != sqlerr.SyntaxError || !strings.Contains(e.Message, "Syntax Error") {
		t.Errorf("%s: %s\n got %v\nwant %s", name, text, err, expect.Message)
		return 0
	}
	// Line numbers count the statements before, which are not here.
	message := parse.KsqlMessage(e, text)
	if _, want, ok := strings.Cut(expect.Message, ":"); ok && strings.HasPrefix(expect.Message, "line ") {
		if _, got, _ := strings.Cut(message, ":"); !strings.Contains(got, want) {
			t.Errorf("%s: %s\n got %q\nwant %q", name, text, got, want)
		}
	}
	return 1
}

// checkRoundTrip checks that rendering the statements of text and parsing that again
// changes nothing.
func checkRoundTrip(t *testing.T, name, text string) {
	t.Helper()
	list, err := parse.Parse(text)
	if err != nil {
		e, _ := sqlerr.As(err)
		t.Errorf("%s:\n%s", name, e.Caret(text))
		return
	}
	for _, s := range list {
		rendered := ast.Format(s.AST)
		again, err := parse.ParseOne(rendered)
		if err != nil {
			t.Errorf("%s: %s\nrendered as %s\nwhich fails: %v", name, text, rendered, err)
			continue
		}
		if diff := treeDiff(s.AST, again.AST); diff != "" {
			t.Errorf("%s: %s\nrendered as %s\nreads as %s\n%s", name, text, rendered, ast.Format(again.AST), diff)
		}
	}
}
