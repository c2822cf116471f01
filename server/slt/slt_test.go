package slt

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"tailrace/server/config"
	"tailrace/server/node"
)

var (
	update  = flag.Bool("update", false, "write PostgreSQL's answers into testdata/sql")
	pending = flag.Bool("pending", false, "write testdata/sql/pending anew")
)

// answer is what a server says: rows, or a SQLSTATE.
type answer struct {
	rows []string
	code string
	text string // of the error
}

// ask runs an entry on a connection.
func ask(t *testing.T, c *pgconn.PgConn, e *entry) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	results, err := c.Exec(ctx, e.text).ReadAll()
	var a answer
	for _, r := range results {
		for _, row := range r.Rows {
			cells := make([]string, len(row))
			for i, v := range row {
				cells[i] = cell(v, e.types, i)
			}
			a.rows = append(a.rows, strings.Join(cells, "\t"))
		}
	}
	if err == nil {
		if e.rowsort {
			slices.Sort(a.rows)
		}
		return a
	}
	var known *pgconn.PgError
	if !errors.As(err, &known) {
		t.Fatalf("line %d: %s: %v", e.line, e.text, err)
	}
	return answer{code: known.Code, text: known.Message}
}

// cell is a value as the files have it.
func cell(v []byte, types string, column int) string {
	switch {
	case v == nil:
		return "NULL"
	case len(v) == 0:
		return "(empty)"
	}
	text := strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(string(v))
	if column < len(types) && types[column] == 'R' {
		if f, err := strconv.ParseFloat(text, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return strconv.FormatFloat(f, 'g', 9, 64)
		}
	}
	return text
}

// difference says how an answer departs from what is expected; empty: it does not.
func (e *entry) difference(a answer) string {
	switch {
	case e.code != "" && a.code == "":
		return fmt.Sprintf("it succeeds, and should fail with %s", e.code)
	case e.code != a.code:
		return fmt.Sprintf("%s %s, want %q", a.code, a.text, e.code)
	case e.query() && !slices.Equal(e.rows, a.rows):
		return fmt.Sprintf("got\n\t%s\nwant\n\t%s", strings.Join(a.rows, "\n\t"), strings.Join(e.rows, "\n\t"))
	}
	return ""
}

// startNode starts a server and connects to it.
func startNode(t *testing.T) *pgconn.PgConn {
	t.Helper()
	cfg := config.Default()
	cfg.DataDir, cfg.KafkaAddr, cfg.PGAddr, cfg.HTTPAddr = t.TempDir(), "127.0.0.1:0", "127.0.0.1:0", "off"
	n, err := node.Start(context.Background(), cfg, node.Options{Version: "test", LogTo: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return connect(t, fmt.Sprintf("postgres://test@%s/test?sslmode=disable", n.Addrs().PG))
}

func connect(t *testing.T, url string) *pgconn.PgConn {
	t.Helper()
	c, err := pgconn.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// TestFiles: the answers are PostgreSQL's, but for those that are pending.
func TestFiles(t *testing.T) {
	c := startNode(t)
	list := pendingList(t)
	var failing []string
	total, known := 0, 0
	for _, path := range files(t) {
		file := filepath.Base(path)
		n, ok := 0, 0
		for _, e := range read(t, path) {
			diff := e.difference(ask(t, c, e))
			key := e.key(file)
			n++
			switch {
			case diff == "":
				ok++
				if list[key] && !*pending {
					t.Errorf("%s:%d: it is pending, and answered as PostgreSQL does: take it off the list with -pending\n%s", file, e.line, e.text)
				}
			default:
				failing = append(failing, key)
				if !list[key] && !*pending {
					t.Errorf("%s:%d: %s\n%s", file, e.line, e.text, diff)
				} else if testing.Verbose() {
					t.Logf("pending: %s:%d: %s\n%s", file, e.line, e.text, diff)
				}
			}
		}
		t.Logf("%-16s %5d, of which %5d as PostgreSQL", file, n, ok)
		total, known = total+n, known+ok
	}
	t.Logf("%-16s %5d, of which %5d as PostgreSQL", "all", total, known)
	if *pending {
		slices.Sort(failing)
		if err := os.WriteFile(folder+"/pending", []byte(strings.Join(slices.Compact(failing), "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func pendingList(t *testing.T) map[string]bool {
	data, err := os.ReadFile(folder + "/pending")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, line := range strings.Split(string(data), "\n") {
		if line != "" {
			out[line] = true
		}
	}
	return out
}
