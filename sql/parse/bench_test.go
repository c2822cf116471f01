package parse_test

import (
	"testing"

	tidb "github.com/pingcap/tidb/pkg/parser"

	"tailrace/sql/ast"
	"tailrace/sql/parse"
)

const (
	typicalSelect = `SELECT o.region, COUNT(*) AS orders, SUM(o.amount * 1.1) AS total FROM orders o ` +
		`LEFT JOIN customers c ON o.customer_id = c.id WHERE o.amount > 100 AND c.country IN ('DE', 'FR') ` +
		`GROUP BY o.region HAVING COUNT(*) > 10;`
	// typicalMySQL is the same query as the TiDB parser reads it without a front.
	typicalMySQL = `SELECT o.region, COUNT(*) AS orders, SUM(o.amount * 1.1) AS total FROM orders o ` +
		`LEFT JOIN customers c ON o.customer_id = c.id WHERE o.amount > 100 AND c.country IN ('DE', 'FR') ` +
		`GROUP BY o.region HAVING COUNT(*) > 10;`
)

// BenchmarkParse compares the whole way from text to our tree with what the TiDB
// parser alone takes for the query, which is the ceiling.
func BenchmarkParse(b *testing.B) {
	for _, q := range []struct{ name, text string }{
		{"query=typical", typicalSelect},
		{"query=point", `SELECT * FROM flights WHERE id = $1;`},
		{"query=ddl", `CREATE STREAM s (id INT KEY, v STRING) WITH (kafka_topic='t', value_format='JSON');`},
	} {
		b.Run(q.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parse.ParseOne(q.text); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "stmts/s")
		})
	}
	b.Run("ceiling=tidb", func(b *testing.B) {
		b.ReportAllocs()
		p := tidb.New()
		for b.Loop() {
			if _, _, err := p.ParseSQL(typicalMySQL); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "stmts/s")
	})
}

// BenchmarkFormat renders a typical query.
func BenchmarkFormat(b *testing.B) {
	s, err := parse.ParseOne(typicalSelect)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		ast.Format(s.AST)
	}
}
