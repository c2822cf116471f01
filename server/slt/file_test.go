package slt

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const folder = "../../testdata/sql"

// entry is a statement or query of a file.
type entry struct {
	line    int
	head    string // the first line
	text    string
	rows    []string
	code    string // SQLSTATE of an error that is expected
	types   string // of a query
	rowsort bool
}

func (e *entry) query() bool { return e.types != "" }

// key names the entry in the list of what is pending.
func (e *entry) key(file string) string {
	return strings.TrimSuffix(file, ".slt") + ": " + strings.Join(strings.Fields(e.text), " ")
}

func files(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(folder + "/*.slt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files in %s: %v", folder, err)
	}
	return paths
}

// read parses a file.
func read(t *testing.T, path string) []*entry {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []*entry
	lines := strings.Split(string(data), "\n")
	for i := 0; i < len(lines); {
		words := strings.Fields(lines[i])
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			i++
			continue
		}
		e := &entry{line: i + 1, head: lines[i]}
		switch {
		case words[0] == "statement" && len(words) == 2 && words[1] == "ok":
		case words[0] == "statement" && len(words) == 3 && words[1] == "error":
			e.code = strings.Trim(words[2], "()")
		case words[0] == "query" && len(words) >= 2:
			e.types, e.rowsort = words[1], slices.Contains(words, "rowsort")
		default:
			t.Fatalf("%s:%d: %s", path, i+1, lines[i])
		}
		var text []string
		for i++; i < len(lines) && lines[i] != "" && lines[i] != "----"; i++ {
			text = append(text, lines[i])
		}
		e.text = strings.Join(text, "\n")
		if i < len(lines) && lines[i] == "----" {
			for i++; i < len(lines) && lines[i] != ""; i++ {
				e.rows = append(e.rows, lines[i])
			}
		}
		out = append(out, e)
	}
	return out
}

// write writes a file; what stands in front of its first entry stays.
func write(t *testing.T, path string, entries []*entry) {
	t.Helper()
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, line := range strings.SplitAfter(string(old), "\n") {
		if !strings.HasPrefix(line, "#") {
			break
		}
		b.WriteString(line)
	}
	for _, e := range entries {
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		switch {
		case e.code != "":
			fmt.Fprintf(&b, "statement error (%s)\n%s\n", e.code, e.text)
		case e.query():
			sort := ""
			if e.rowsort {
				sort = " rowsort"
			}
			fmt.Fprintf(&b, "query %s%s\n%s\n----\n", e.types, sort, e.text)
			for _, r := range e.rows {
				b.WriteString(r + "\n")
			}
		default:
			fmt.Fprintf(&b, "statement ok\n%s\n", e.text)
		}
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
