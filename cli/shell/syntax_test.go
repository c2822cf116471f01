package shell_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tailrace/cli/shell"
	"tailrace/cli/shell/syntax"
	"tailrace/sql/parse"
)

var updateDocs = flag.Bool("update", false, "write docs/sql.md")

// TestSyntaxReference: docs/sql.md is what the table of statements says.
func TestSyntaxReference(t *testing.T) {
	const file = "../../docs/sql.md"
	if *updateDocs {
		if err := os.WriteFile(file, []byte(syntax.Page()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), syntax.Page()); diff != "" {
		t.Errorf("%s is not what the table says; \"make docs\" writes it (-file +table):\n%s", file, diff)
	}
}

// TestSyntaxWidth: syntax and examples fit a screen of eighty columns as they are written.
func TestSyntaxWidth(t *testing.T) {
	for _, st := range syntax.All() {
		for _, line := range strings.Split(st.Syntax+"\n"+st.Example, "\n") {
			if len(line) > 74 {
				t.Errorf("%s: %d columns: %s", st.Name, len(line), line)
			}
		}
	}
}

// TestExamples runs the example of every statement, each on a server of its own where the
// fixture has been run.
func TestExamples(t *testing.T) {
	for _, st := range syntax.All() {
		t.Run(st.Name, func(t *testing.T) {
			t.Parallel()
			n := startNode(t)
			dir := t.TempDir()
			script := filepath.Join(dir, "script.sql")
			if err := os.WriteFile(script, []byte("SHOW TABLES;"), 0o600); err != nil {
				t.Fatal(err)
			}
			out := &screenText{}
			s, err := shell.Open(context.Background(), shell.Options{URL: n.Addrs().PG, Out: out, Err: out})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			for name, value := range map[string]string{"script": script, "backup_folder": filepath.Join(dir, "backup")} {
				if err := s.SetVariable(name, value); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.RunText(context.Background(), syntax.Fixture+st.Example); err != nil || strings.Contains(out.String(), "WARNING") {
				t.Errorf("%v\n%s", err, out.String())
			}
		})
	}
}

// TestSyntaxCovers: every first word that the parser knows and the server carries out has
// an entry.
func TestSyntaxCovers(t *testing.T) {
	_, err := parse.Parse("XYZZY")
	if err == nil {
		t.Fatal("XYZZY is a statement")
	}
	for _, word := range strings.Fields(`SELECT CREATE INSERT DROP SHOW LIST DESCRIBE EXPLAIN PRINT TERMINATE PAUSE RESUME REBUILD ALTER SET UNSET RESET
		DEFINE UNDEFINE BEGIN COMMIT ROLLBACK SAVEPOINT RELEASE DISCARD BACKUP RUN`) {
		if len(syntax.Find(word)) == 0 {
			t.Errorf("no entry for %s", word)
		}
	}
}

func TestFindSyntax(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"select", "SELECT"},
		{"create stream", "CREATE STREAM"},
		{"create stream as", "CREATE STREAM ... AS"},
		{"create tab", "CREATE TABLE, CREATE TABLE ... AS"},
		{"create", "CREATE STREAM, CREATE STREAM ... AS, CREATE TABLE, CREATE TABLE ... AS, CREATE MATERIALIZED VIEW, CREATE TYPE"},
		{"emit changes", "SELECT ... EMIT CHANGES"},
		{"list tables;", "SHOW TABLES"},
		{"select * from orders", "SELECT"},
		{"show", "SHOW"},
		{"show t", "SHOW TABLES, SHOW TOPICS, SHOW TYPES"},
		{"drop table orders", "DROP STREAM"},
		{"commit", "BEGIN"},
		{"desc", "DESCRIBE, DESCRIBE FUNCTION"},
		{"select emit final", "SELECT ... EMIT FINAL"},
		{"insert into select", "INSERT INTO ... SELECT"},
		{"xyzzy", ""},
		{"insert", "INSERT INTO ... VALUES"},
	} {
		var names []string
		for _, st := range syntax.Find(tc.text) {
			names = append(names, st.Name)
		}
		if got := strings.Join(names, ", "); got != tc.want {
			t.Errorf("Find(%q) = %s, want %s", tc.text, got, tc.want)
		}
	}
}
