package session_test

import (
	"testing"

	"tailrace/server/session"
)

// TestJoinsOfTopicsWhosePartitionsDiffer: every row meets its partners, whatever the numbers
// of partitions; tables alone are refused, also where they are not the first that are joined.
func TestJoinsOfTopicsWhosePartitionsDiffer(t *testing.T) {
	s := session.New(newSystem(t).deps, nil)
	for _, tc := range []struct{ name, sql, want string }{
		{"input", `SET 'auto.offset.reset'='earliest';
			CREATE STREAM l (k INT KEY, v INT) WITH (kafka_topic='l', value_format='JSON', partitions=3);
			CREATE STREAM r (k INT KEY, w INT) WITH (kafka_topic='r', value_format='JSON', partitions=2);
			CREATE TABLE u (k INT PRIMARY KEY, x INT) WITH (kafka_topic='u', value_format='JSON', partitions=4);
			CREATE TABLE u3 (k INT PRIMARY KEY, y INT) WITH (kafka_topic='u3', value_format='JSON', partitions=3);
			INSERT INTO u VALUES (1,1), (2,2), (3,3), (4,4), (5,5), (6,6);
			INSERT INTO r VALUES (1,10), (2,20), (3,30), (4,40), (5,50), (6,60);
			INSERT INTO l VALUES (1,100), (2,200), (3,300), (4,400), (5,500), (6,600)`, "INSERT 0 6"},
		{"streams", `CREATE STREAM lr AS SELECT l.k AS k, v, w FROM l JOIN r WITHIN 1 HOUR ON l.k = r.k;
			SELECT COUNT(*), SUM(v + w) FROM lr`, "6,2310"},
		{"a stream and a table", `CREATE STREAM lu AS SELECT l.k AS k, v, x FROM l JOIN u ON l.k = u.k;
			SELECT COUNT(*), SUM(v + x) FROM lu`, "6,2121"},
		{"several", `CREATE STREAM lru AS SELECT l.k AS k, v, w, x FROM l JOIN r WITHIN 1 HOUR ON l.k = r.k JOIN u ON l.k = u.k;
			SELECT COUNT(*), SUM(v + w + x) FROM lru`, "6,2331"},
		{"tables", "CREATE TABLE uu AS SELECT u.k AS k, x, y FROM u JOIN u3 ON u.k = u3.k", "ERROR 42P17"},
		{"tables after others", `CREATE TABLE u4 (k INT PRIMARY KEY, z INT) WITH (kafka_topic='u4', value_format='JSON', partitions=4);
			CREATE TABLE uuu AS SELECT u.k AS k, x, z, y FROM u JOIN u4 ON u.k = u4.k JOIN u3 ON u.k = u3.k`, "ERROR 42P17"},
	} {
		if got, _ := run(t, s, tc.sql); got != tc.want {
			t.Errorf("%s: %s\n got %s\nwant %s", tc.name, tc.sql, got, tc.want)
		}
	}
}
