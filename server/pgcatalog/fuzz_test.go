package pgcatalog_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tailrace/server/pgcatalog"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// corpus are the statements of the test scripts.
func corpus(f testing.TB) []string {
	var out []string
	for _, pattern := range []string{"testdata/*", "testdata/tools/*"} {
		paths, _ := filepath.Glob(pattern)
		for _, p := range paths {
			b, err := os.ReadFile(p)
			if err != nil {
				continue // a folder
			}
			for _, part := range strings.Split(string(b), "\nquery\n")[1:] {
				text, _, _ := strings.Cut(part, "\n----\n")
				out = append(out, text)
			}
		}
	}
	if len(out) == 0 {
		f.Fatal("no corpus")
	}
	return out
}

// FuzzQuery: whatever the text, it is refused with an error of the user's or it runs, in
// bounded time, to rows of the columns that were announced.
func FuzzQuery(f *testing.F) {
	for _, text := range corpus(f) {
		f.Add(text)
	}
	facts := facts()
	f.Fuzz(func(t *testing.T, text string) {
		pgcatalog.Wants(text)
		q, err := pgcatalog.Prepare(text, nil)
		if err != nil {
			if _, ok := sqlerr.As(err); !ok {
				t.Fatalf("%q: not the user's error: %v", text, err)
			}
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		rows, err := q.Run(ctx, facts, make([]types.Value, len(q.Params)))
		if err != nil {
			if _, ok := sqlerr.As(err); !ok && ctx.Err() == nil {
				t.Fatalf("%q: not the user's error: %v", text, err)
			}
			return
		}
		for _, row := range rows {
			if len(row) != len(q.Columns) {
				t.Fatalf("%q: %d values in %d columns", text, len(row), len(q.Columns))
			}
		}
	})
}

func BenchmarkWants(b *testing.B) {
	for name, text := range map[string]string{
		"point select": "SELECT id, n, v FROM seen WHERE id = $1",
		"catalog":      "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				pgcatalog.Wants(text)
			}
		})
	}
}

// BenchmarkDescribe is the largest of psql's statements behind \d, and a join over all
// columns of all tables.
func BenchmarkDescribe(b *testing.B) {
	f := facts()
	for name, text := range map[string]string{
		"columns of one table": "SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a WHERE a.attrelid = 'flights'::regclass AND a.attnum > 0 ORDER BY a.attnum",
		"all columns":          "SELECT n.nspname, c.relname, a.attname, t.typname FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid ORDER BY 1, 2, a.attnum",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				q, err := pgcatalog.Prepare(text, nil)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := q.Run(context.Background(), f, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
