package session_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"tailrace/server/session"
	"tailrace/sql/sqlerr"
)

// longLoops are statements that take minutes or hours, each in a loop of its own.
var longLoops = map[string]string{
	"generated rows":                  `SELECT COUNT(*) FROM generate_series(1, 1000000000000)`,
	"generated rows, dropped":         `SELECT n FROM generate_series(1, 1000000000000) AS g(n) WHERE n < 0`,
	"rows that are exploded":          `SELECT COUNT(*) FROM (SELECT unnest(ARRAY[n, n, n]) AS m FROM generate_series(1, 1000000000000) AS g(n)) AS x WHERE m < 0`,
	"sort":                            `SELECT n FROM generate_series(1, 30000000) AS g(n) ORDER BY n * 7919 % 1000003, n`,
	"distinct rows":                   `SELECT COUNT(*) FROM (SELECT DISTINCT n FROM generate_series(1, 30000000) AS g(n)) AS x`,
	"cross join":                      `SELECT COUNT(*) FROM generate_series(1, 1000000) AS a(n), generate_series(1, 1000000) AS b(m) WHERE n + m < 0`,
	"join by hash":                    `SELECT COUNT(*) FROM generate_series(1, 100000) AS a(n) JOIN generate_series(1, 100000) AS b(m) ON n % 2 = m % 2`,
	"left join with a filter":         `SELECT COUNT(*) FROM generate_series(1, 100000) AS a(n) LEFT JOIN generate_series(1, 100000) AS b(m) ON n % 2 = m % 2 AND n + m < 0`,
	"correlated subquery":             `SELECT COUNT(*) FROM generate_series(1, 1000000) AS a(n) WHERE EXISTS (SELECT 1 FROM generate_series(1, 1000000) AS b(m) WHERE m + n < 0)`,
	"recursion":                       `WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 1000000000) SELECT COUNT(*) FROM r`,
	"set operation":                   `SELECT COUNT(*) FROM (SELECT n FROM generate_series(1, 30000000) AS a(n) EXCEPT SELECT n FROM generate_series(1, 30000000) AS b(n)) AS x`,
	"window function":                 `SELECT MAX(r) FROM (SELECT ROW_NUMBER() OVER (ORDER BY n * 7919 % 1000003) AS r FROM generate_series(1, 30000000) AS g(n)) AS x`,
	"window frames":                   `SELECT MAX(s) FROM (SELECT SUM(n) OVER (ORDER BY n ROWS BETWEEN 100000 PRECEDING AND 100000 FOLLOWING) AS s FROM generate_series(1, 3000000) AS g(n)) AS x`,
	"TOPK":                            `SELECT TOPK(m, 100000) FROM slow CROSS JOIN generate_series(1, 100000000) AS g(m)`,
	"lambda":                          `SELECT REDUCE(GENERATE_SERIES(1, 50000), 0, (s, x) => REDUCE(GENERATE_SERIES(1, 50000), s, (t, y) => y)) FROM slow`,
	"lambda in a lambda":              `SELECT TRANSFORM(GENERATE_SERIES(1, 100000), x => ARRAY_LENGTH(FILTER(GENERATE_SERIES(1, 100000), y => y < 0))) FROM slow`,
	"regular expression":              `SELECT SUM(LENGTH(REGEXP_REPLACE(repeat('ab', 500000 + n), '(a|b)*c', 'x'))) FROM generate_series(1, 100000) AS g(n)`,
	"text that is doubled":            `SELECT SUM(LENGTH(REPLACE(repeat('a', 100000 + n % 10), 'a', 'bb'))) FROM generate_series(1, 10000000) AS g(n)`,
	"regular expression, of a stream": `SELECT REGEXP_REPLACE(LPAD(v, 1000000, 'ab'), '(a|b)*c', 'x') FROM many`,
	"emit changes":                    `SELECT REDUCE(GENERATE_SERIES(1, 50000), 0, (s, x) => REDUCE(GENERATE_SERIES(1, 50000), s, (t, y) => y)) FROM slow EMIT CHANGES`,
}

// TestLongLoopsLookAtCancel: a statement ends with its timeout, or at a limit before, wherever it is;
// 20 seconds are for ever.
func TestLongLoopsLookAtCancel(t *testing.T) {
	s := session.New(newSystem(t).deps, nil)
	run(t, s, `SET 'auto.offset.reset' = 'earliest'; CREATE STREAM slow (n INT) WITH (kafka_topic='slow', value_format='JSON', partitions=1); INSERT INTO slow VALUES (1);`)
	run(t, s, "CREATE STREAM many (v VARCHAR) WITH (kafka_topic='many', value_format='JSON', partitions=1); INSERT INTO many VALUES ('x')"+strings.Repeat(", ('x')", 999))
	run(t, s, "SET statement_timeout = '100ms'")
	for name, sql := range longLoops {
		t.Run(name, func(t *testing.T) {
			p, err := s.Prepare(context.Background(), sql, nil)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			_, err = p.Run(ctx, nil, &text{})
			if code := sqlerr.CodeOf(err); code != sqlerr.QueryCanceled && code != sqlerr.LimitExceeded || ctx.Err() != nil {
				t.Errorf("%s\nends with %v; the test gave up: %v", sql, err, ctx.Err() != nil)
			}
		})
	}
}

// TestDropEndsALongLoop: the query of a stream that is dropped ends wherever it is.
func TestDropEndsALongLoop(t *testing.T) {
	s := session.New(newSystem(t).deps, nil)
	run(t, s, "SET 'auto.offset.reset' = 'earliest'; CREATE STREAM many (v VARCHAR) WITH (kafka_topic='many', value_format='JSON', partitions=1); INSERT INTO many VALUES ('x')"+strings.Repeat(", ('x')", 999))
	for name, expr := range map[string]string{
		"regular expression": `SELECT SUM(LENGTH(REGEXP_REPLACE(repeat('ab', 500000 + n), '(a|b)*c', 'x'))) FROM generate_series(1, 100000) AS g(n)`,
		"lambda":             `REDUCE(GENERATE_SERIES(1, 50000), 0, (s, x) => REDUCE(GENERATE_SERIES(1, 50000), s, (t, y) => y))`,
	} {
		run(t, s, "CREATE STREAM slow AS SELECT LEN(CAST("+expr+" AS VARCHAR)) AS n FROM many")
		done := make(chan string, 1)
		go func() {
			got, _ := run(t, s, "DROP STREAM slow DELETE TOPIC")
			done <- got
		}()
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			t.Fatalf("%s: the stream cannot be dropped", name)
		}
	}
}
