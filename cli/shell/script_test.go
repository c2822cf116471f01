package shell_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"tailrace/cli/shell"
	"tailrace/cli/shell/syntax"
)

// TestScript runs scripts through a pipe, on a server where the fixture of the table of
// statements has been run. Each file is one session. Commands:
//
//	run [stdin=TEXT]     runs the input as a script named "script", shows output and errors
//	file name=NAME       writes the input to a file of the working folder
//	show name=NAME       shows a file
//
// An error is said behind what has been printed.
func TestScript(t *testing.T) {
	datadriven.Walk(t, "testdata/script", func(t *testing.T, path string) {
		abs, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		n := startNode(t)
		t.Chdir(t.TempDir())
		t.Setenv("EDITOR", "ed")
		t.Setenv("LC_ALL", "C")
		out := &bytes.Buffer{}
		stdin := &strings.Reader{}
		s, err := shell.Open(context.Background(), shell.Options{URL: n.Addrs().PG, In: stdin, Out: out, Err: out, Version: "test"})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := s.RunText(context.Background(), syntax.Fixture); err != nil {
			t.Fatal(err)
		}
		datadriven.RunTest(t, abs, func(t *testing.T, d *datadriven.TestData) string {
			name := ""
			d.MaybeScanArgs(t, "name", &name)
			switch d.Cmd {
			case "file":
				if err := os.WriteFile(name, []byte(d.Input+"\n"), 0o700); err != nil {
					t.Fatal(err)
				}
				return ""
			case "show":
				text, err := os.ReadFile(name)
				if err != nil {
					return err.Error()
				}
				return string(text)
			}
			text := ""
			d.MaybeScanArgs(t, "stdin", &text)
			stdin.Reset(strings.NewReplacer("_", " ", `\n`, "\n").Replace(text))
			out.Reset()
			if err := s.RunScript(context.Background(), "script", strings.NewReader(d.Input+"\n")); err != nil {
				if text, _, _ := strings.Cut(err.Error(), "\n"); !strings.HasPrefix(text, shell.ErrStatement.Error()) {
					out.WriteString("-> " + text + "\n")
				}
			}
			return mask(out.String())
		})
	})
}
