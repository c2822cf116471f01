package session_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"tailrace/server/session"
)

// BenchmarkQueries measures queries over a view of 100,000 rows.
func BenchmarkQueries(b *testing.B) {
	s := session.New(newSystem(b).deps, nil)
	const rows = 100_000
	must := func(sql string) {
		p, err := s.Prepare(context.Background(), sql, nil)
		if err == nil {
			_, err = p.Run(context.Background(), nil, &text{})
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	must("CREATE TABLE t (id INT PRIMARY KEY, n BIGINT, total DOUBLE, name VARCHAR)")
	for from := 0; from < rows; from += 1000 {
		var v []string
		for i := from; i < from+1000; i++ {
			v = append(v, fmt.Sprintf("(%d, %d, %d.25, 'name%d')", i, i*7919%1000, i*31%1000, i%5000))
		}
		must("INSERT INTO t VALUES " + strings.Join(v, ","))
	}
	must("SELECT COUNT(*) FROM t")
	for _, bc := range []struct{ name, sql string }{
		{"count and sum", "SELECT COUNT(*), SUM(n) FROM t"},
		{"filter", "SELECT COUNT(*) FROM t WHERE total > 500 AND n < 100"},
		{"group by 1000", "SELECT n, COUNT(*), SUM(total) FROM t GROUP BY n"},
		{"top 10", "SELECT id, total FROM t ORDER BY total DESC LIMIT 10"},
		{"join", "SELECT COUNT(*) FROM t a JOIN t b ON a.id = b.n"},
	} {
		b.Run(bc.name, func(b *testing.B) {
			p, err := s.Prepare(context.Background(), bc.sql, nil)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := p.Run(context.Background(), nil, &text{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
