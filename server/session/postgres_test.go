package session_test

import (
	"strings"
	"testing"

	"tailrace/server/session"
)

// TestPostgresAnswers: what an ad-hoc query and a view of the same stream say in the standard
// dialect, and what ksqlDB's statements keep.
func TestPostgresAnswers(t *testing.T) {
	sys := newSystem(t)
	s := session.New(sys.deps, nil)
	for _, tc := range []struct{ name, sql, want string }{
		{"input", `CREATE STREAM pq (k VARCHAR, i INT, d DECIMAL(6,2), at TIMESTAMP, s VARCHAR) WITH (kafka_topic='pq', value_format='JSON', partitions=1);
			INSERT INTO pq VALUES ('a', 7, 10.00, '2020-01-31T10:15:00', 'x,y'), ('b', -7, 3.00, '2020-02-29T23:00:00', 'z')`, "INSERT 0 2"},
		{"quotients have their digits", "SELECT d / 3 FROM pq ORDER BY k", "3.3333333333333333\n1.00000000000000000000"},
		{"averages have, too", "SELECT avg(i), avg(d) FROM pq", "0.00000000000000000000,6.5000000000000000"},
		{"dates", "SELECT at + '1 month'::interval, extract('hour', at), date_trunc('month', at) FROM pq WHERE k = 'a'",
			"2020-02-29T10:15:00.000,10,2020-01-01T00:00:00.000"},
		{"text", "SELECT split_part(s, ',', 2), substr(s, 0, 2), left(s, -1), concat(k, NULL, i) FROM pq ORDER BY k", "y,x,x,,a7\n,z,,b-7"},
		{"division by zero is an error", "SELECT i / 0 FROM pq", "ERROR 22012"},
		{"text that is no number", "SELECT s::int FROM pq", "ERROR 22P02"},
		{"out of range", "SELECT i * 2147483647 FROM pq", "ERROR 22003"},
		{"in order", "SELECT string_agg(k, '-' ORDER BY i), array_agg(i ORDER BY k) FROM pq", "b-a,[7 -7]"},
		{"nothing", "SELECT string_agg(k, '-'), bool_and(i > 0), array_agg(i) FROM pq WHERE i = 0", "<nil>,<nil>,<nil>"},
		{"a query that goes on has intervals, too", "SET dialect = standard; SET 'auto.offset.reset' = 'earliest'; SELECT k, at - '2020-01-01'::timestamp AS since FROM pq EMIT CHANGES LIMIT 1; SET dialect = auto", "a,30 days 10:15:00"},
		{"as JSON", "SELECT json_build_object('k', k, 'd', d, 'in', json_build_array(i, at)), to_json_string('1 day'::interval) FROM pq WHERE k = 'a'",
			`{"k" : "a", "d" : 10.00, "in" : [7, "2020-01-31T10:15:00"]},"1 day"`},
		{"in order of intervals", "SELECT k FROM pq GROUP BY k, at - '2020-01-01'::timestamp ORDER BY at - '2020-01-01'::timestamp DESC", "b\na"},
		{"distinct ones", "SELECT count(DISTINCT x) FROM (VALUES ('1 mon'::interval), ('30 days'::interval), (NULL)) AS v(x)", "1"},
		{"distinct numbers", "SELECT count(DISTINCT x), max(x) FROM (VALUES (1 / 3.0), (1.50), (1.5), (0.5 / 1.5)) AS v(x)", "2,1.5"},
		{"a series is rows", "SELECT sum(n) FROM generate_series(1, 4) AS g(n)", "10"},
		{"a view has functions of text and time", "CREATE MATERIALIZED VIEW pv AS SELECT k, count(*) AS n, max(split_part(s, ',', 1)) AS p, max(extract('day', at)) AS day FROM pq GROUP BY k", "CREATE MATERIALIZED VIEW"},
		{"and their results", "SET read_consistency = strict; SELECT k, n, p, day FROM pv ORDER BY k", "a,1,x,31\nb,1,z,29"},
		{"no column is an interval", "CREATE STREAM bad AS SELECT at - '2020-01-01'::timestamp AS since FROM pq", "ERROR 42804"},
		{"nor in a view", "CREATE MATERIALIZED VIEW bad AS SELECT k, sum(i) AS n, max('1 day'::interval * i) AS x FROM pq GROUP BY k", "ERROR"},
		{"nor declared", "CREATE STREAM bad (x INTERVAL) WITH (kafka_topic='bad', value_format='JSON', partitions=1)", "ERROR 0A000"},
		{"ksqlDB's statements keep ksqlDB's readings", "SET dialect = ksql; SELECT substring('hello', -3), 7 / 0, concat('a', NULL) FROM pq LIMIT 1", "llo,<nil>,a"},
	} {
		got, _ := run(t, s, tc.sql)
		if got != tc.want && !(tc.want == "ERROR" && strings.HasPrefix(got, "ERROR ")) {
			t.Errorf("%s: %s\n got %s\nwant %s", tc.name, tc.sql, got, tc.want)
		}
	}
}
