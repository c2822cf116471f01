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
		// Over the first eight value columns, whose NULLs are bits, and again.
		{"CREATE OR REPLACE TABLE crb AS SELECT id, name, age, ok, age+1 AS c4, age+2 AS c5, age+3 AS c6, age+4 AS c7, age+5 AS c8, age+6 AS c9 FROM cra", "CREATE TABLE"},
		{"INSERT INTO cra VALUES (3, 'n3', 32, true)", "INSERT 0 1"},
		{"SET read_consistency = strict; SELECT name, c8, c9 FROM crb ORDER BY id", "n1,<nil>,<nil>\nn2,<nil>,<nil>\nn3,37,38\n<nil>,<nil>,<nil>"},
		{"CREATE OR REPLACE TABLE crb AS SELECT id, name, age, ok, age+1 AS c4, age+2 AS c5, age+3 AS c6, age+4 AS c7, age+5 AS c8, age+6 AS c9, name AS c10 FROM cra", "CREATE TABLE"},
		{"INSERT INTO cra VALUES (4, NULL, 33, true)", "INSERT 0 1"}})
	for range 2 {
		sys.wants(t, [][2]string{{"SET read_consistency = strict; SELECT name, c4, c8, c9, c10 FROM crb ORDER BY id",
			"n1,<nil>,<nil>,<nil>,<nil>\nn2,<nil>,<nil>,<nil>,<nil>\nn3,33,37,38,<nil>\n<nil>,34,38,39,<nil>\n<nil>,<nil>,<nil>,<nil>,<nil>"}})
		sys.close()
		sys.open()
	}
	sys.wants(t, [][2]string{
		{"CREATE OR REPLACE TABLE crb AS SELECT id, name, ok FROM cra", "ERROR 42P17"},
		{"SET read_consistency = strict; SELECT COUNT(*) AS n FROM crb", "5"}})
}

// TestReplacedAggregatesGoOn: of an aggregation of a stream CREATE OR REPLACE may change what is
// filtered, before and after, and what is made of the groups; they go on as they stand. What
// they are folded with, and by, stays.
func TestReplacedAggregatesGoOn(t *testing.T) {
	sys := newSystem(t)
	sys.wants(t, [][2]string{{"SET read_consistency = strict", "SET"},
		{"CREATE STREAM cro (k INT KEY, region STRING, v INT) WITH (kafka_topic='cro', value_format='JSON', partitions=2)", "CREATE STREAM"},
		{"CREATE TABLE crs AS SELECT region, SUM(v) AS s, COUNT(*) AS n FROM cro GROUP BY region", "CREATE TABLE"},
		{"INSERT INTO cro VALUES (1, 'w', 10), (2, 'w', 1), (3, 'e', 1)", "INSERT 0 3"},
		{"SELECT * FROM crs ORDER BY region", "e,1,1\nw,11,2"},
		{"CREATE OR REPLACE TABLE crs AS SELECT region, SUM(v) AS s, COUNT(*) AS n, SUM(v) / COUNT(*) AS mean FROM cro WHERE v > 5 GROUP BY region HAVING COUNT(*) > 1", "CREATE TABLE"},
		{"INSERT INTO cro VALUES (1, 'w', 20), (2, 'w', 2), (3, 'e', 3)", "INSERT 0 3"}})
	for range 2 {
		sys.wants(t, [][2]string{{"SET read_consistency = strict; SELECT * FROM crs ORDER BY region", "e,1,1,<nil>\nw,31,3,10"}})
		sys.close()
		sys.open()
	}
	for _, tc := range [][2]string{
		{"region, SUM(v) AS s, COUNT(v) AS n, CAST(1 AS BIGINT) AS mean FROM cro GROUP BY region", "aggregationFunctions. Values differ: '[SUM(V), COUNT(*)]' vs. '[SUM(V), COUNT(V)]'"},
		{"region, SUM(v) AS s, COUNT(*) AS n, CAST(1 AS BIGINT) AS mean, MAX(v) AS most FROM cro GROUP BY region", "aggregationFunctions"},
		{"UCASE(region) AS region, SUM(v) AS s, COUNT(*) AS n, CAST(1 AS BIGINT) AS mean FROM cro GROUP BY UCASE(region)", "groupByExpressions"},
		{"region, SUM(v) AS s, COUNT(*) AS n, CAST(1 AS BIGINT) AS mean FROM cro WINDOW TUMBLING (SIZE 1 SECOND) GROUP BY region", "StreamWindowedAggregate"},
		{"region, SUM(v) AS s, COUNT(*) AS n, CAST(1 AS BIGINT) AS mean FROM cro GROUP BY region HAVING MAX(v) > 1", "aggregationFunctions"},
	} {
		statement := "CREATE OR REPLACE TABLE crs AS SELECT " + tc[0]
		sys.wants(t, [][2]string{{statement, "ERROR 0A000"}})
		if why, _ := answer(t, sys.session(), statement); !strings.Contains(why, tc[1]) {
			t.Errorf("%s\n got %s\nwant %s", statement, why, tc[1])
		}
	}
	sys.wants(t, [][2]string{{"SET read_consistency = strict; SELECT * FROM crs ORDER BY region", "e,1,1,<nil>\nw,31,3,10"}})
}
