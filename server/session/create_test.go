package session_test

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// TestFailedCreateLeavesNothing: a CREATE that cannot run changes neither the catalog, nor
// the topics, nor what there is after a restart.
func TestFailedCreateLeavesNothing(t *testing.T) {
	sys := newSystem(t)
	sys.wants(t, [][2]string{{orders, "CREATE TABLE"}})
	names := func() []string {
		topics, err := sys.log.Topics(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, d := range topics {
			out = append(out, d.Name)
		}
		return out
	}
	before := names()
	long := strings.Repeat("n", 211)
	for _, sql := range []string{
		"CREATE TABLE " + long + " AS SELECT region, COUNT(*) AS n FROM orders GROUP BY region",
		"CREATE STREAM x" + strings.Repeat("n", 260) + " AS SELECT region FROM orders",
		"CREATE STREAM odd WITH (kafka_topic='no such/name') AS SELECT region FROM orders",
	} {
		got, _ := answer(t, sys.session(), sql)
		if got == "" || strings.Contains(got, "XX000") {
			t.Errorf("%.60s\n got %q, want an error in the user's terms", sql, got)
		}
		if after := names(); !slices.Equal(after, before) {
			t.Errorf("%.60s\nleaves topics %q\nthere were  %q", sql, after, before)
		}
	}
	for range 2 {
		sys.wants(t, [][2]string{{"SHOW TABLES", "SALES,SALES,KAFKA,JSON,false"}, {"SHOW STREAMS", "ORDERS,orders,KAFKA,JSON,false"}})
		if ids := sys.engine.Queries(); !slices.Equal(ids, []string{"CTAS_SALES_1"}) {
			t.Errorf("queries %q", ids)
		}
		sys.close()
		sys.open()
	}
}

// TestReplacedTablesKeepTheirRows: a column that CREATE OR REPLACE adds is NULL in the rows
// that were there; what cannot be read is refused before anything changes.
func TestReplacedTablesKeepTheirRows(t *testing.T) {
	sys := newSystem(t)
	sys.wants(t, [][2]string{{"SET read_consistency = strict", "SET"},
		{"CREATE TABLE cra (id INT PRIMARY KEY, name VARCHAR, age INT, ok BOOLEAN) WITH (kafka_topic='cra', value_format='JSON', partitions=1)", "CREATE TABLE"},
		{"INSERT INTO cra VALUES (1, 'n1', 30, true), (7, NULL, 1, true)", "INSERT 0 2"}, {"CREATE MATERIALIZED VIEW crb AS SELECT id, name FROM cra", "CREATE MATERIALIZED VIEW"},
		{"SELECT id, name FROM crb ORDER BY id", "1,n1\n7,<nil>"},
		{"CREATE OR REPLACE TABLE crb AS SELECT id, name, age, ok FROM cra", "CREATE TABLE"}})
	for range 2 {
		sys.wants(t, [][2]string{{"SET read_consistency = strict; SELECT id, name, age, ok FROM crb ORDER BY id", "1,n1,<nil>,<nil>\n7,<nil>,<nil>,<nil>"},
			{"SELECT name, age, ok FROM crb WHERE id = 1", "n1,<nil>,<nil>"}})
		sys.close()
		sys.open()
	}
	sys.wants(t, [][2]string{{"INSERT INTO cra VALUES (2, 'n2', 31, false)", "INSERT 0 1"},
		{"SET read_consistency = strict; SELECT id, name, age, ok FROM crb ORDER BY id", "1,n1,<nil>,<nil>\n2,n2,31,false\n7,<nil>,<nil>,<nil>"},
		{"CREATE OR REPLACE TABLE crb AS SELECT id, name, age, ok, age+1 AS c5, age+2 AS c6, age+3 AS c7, age+4 AS c8, age+5 AS c9, age+6 AS c10 FROM cra", "ERROR 0A000"},
		{"SET read_consistency = strict; SELECT COUNT(*) AS n FROM crb", "3"}})
}
