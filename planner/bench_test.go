package planner_test

import (
	"testing"

	"tailrace/planner"
	"tailrace/sql/ast"
	"tailrace/sql/catalog"
	"tailrace/sql/parse"
)

// BenchmarkPlan measures planning alone: what a statement costs that is not prepared.
func BenchmarkPlan(b *testing.B) {
	s := &session{catalog: catalog.Empty()}
	s.run(streams+"CREATE TABLE c AS SELECT name, COUNT(*) AS n FROM s GROUP BY name;", false)
	for _, bc := range []struct{ name, text string }{
		{"pull by key", "SELECT n FROM c WHERE name = 'x'"},
		{"create join", "CREATE STREAM o AS SELECT s.name, t.city, v FROM s LEFT JOIN t ON s.name = t.code WHERE v > 5"},
	} {
		st, err := parse.ParseOne(bc.text)
		if err != nil {
			b.Fatal(err)
		}
		env := planner.Env{Catalog: s.catalog, Text: bc.text, NextQueryID: 9}
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if q, ok := st.AST.(*ast.Select); ok {
					_, err = planner.PlanPull(q, env)
				} else {
					_, err = planner.Plan(st.AST, env)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "plans/s")
		})
	}
}
