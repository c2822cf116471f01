package session_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tailrace/server/session"
)

// TestNewViewsAreNotEmpty: the first read of what a statement has just made waits for what
// there was, through chains of queries and internal topics, in whatever session.
func TestNewViewsAreNotEmpty(t *testing.T) {
	sys := newSystem(t)
	s := session.New(sys.deps, nil)
	must(t, s, "CREATE STREAM src (k VARCHAR KEY, v INT, g VARCHAR) WITH (kafka_topic='src', value_format='JSON', partitions=2)")
	const rows = 20_000
	for at := 0; at < rows; at += 1000 {
		var values []string
		for i := at; i < at+1000; i++ {
			values = append(values, fmt.Sprintf("('k%d', %d, 'g%d')", i, i, i%3))
		}
		must(t, s, "INSERT INTO src VALUES "+strings.Join(values, ", "))
	}
	must(t, s, "SET 'auto.offset.reset' = 'earliest'")
	for _, tc := range [][2]string{
		{"CREATE TABLE grouped AS SELECT g, COUNT(*) AS n FROM src GROUP BY g", "SELECT SUM(n) FROM grouped"},
		{"CREATE STREAM copied AS SELECT k, v, g FROM src; CREATE TABLE chained AS SELECT g, COUNT(*) AS n FROM copied GROUP BY g", "SELECT SUM(n) FROM chained"},
		{"CREATE STREAM filtered AS SELECT k, v FROM src WHERE v >= 0", "SELECT COUNT(*) FROM filtered"},
		{"CREATE MATERIALIZED VIEW viewed AS SELECT g, COUNT(*) AS n FROM src GROUP BY g", "SELECT SUM(n) FROM viewed"},
	} {
		must(t, s, tc[0])
		other := session.New(sys.deps, nil)
		if got, _ := run(t, other, tc[1]); got != fmt.Sprint(rows) {
			t.Errorf("%s\nthe first read gives %s, want %d", tc[0], got, rows)
		}
	}
}

// TestFillingIsTold: who cannot wait any longer is told that rows are missing; the next reader
// does not wait again; and a query that leaves out what is there says so when it is made.
func TestFillingIsTold(t *testing.T) {
	sys := newSystem(t)
	sys.deps.PullTimeout = 20 * time.Millisecond
	s := session.New(sys.deps, nil)
	must(t, s, `CREATE STREAM src (k VARCHAR KEY, v INT) WITH (kafka_topic='src', value_format='JSON', partitions=1);
		INSERT INTO src VALUES ('a', 1)`)
	_, out := answer(t, s, "CREATE TABLE late AS SELECT k, COUNT(*) AS n FROM src GROUP BY k")
	if len(out.hints) != 1 || !strings.Contains(out.hints[0], "SET 'auto.offset.reset' = 'earliest'") {
		t.Errorf("a query that begins at the end says %q", out.hints)
	}
	must(t, s, "SET 'auto.offset.reset' = 'earliest'")
	_, out = answer(t, s, "CREATE TABLE early AS SELECT k, COUNT(*) AS n FROM src GROUP BY k")
	if strings.Join(out.hints, "") != "" {
		t.Errorf("a query that reads everything says %q", out.hints)
	}
	must(t, s, "SELECT * FROM early")

	must(t, s, "INSERT INTO src VALUES ('b', 2)"+strings.Repeat(", ('c', 3)", 2000))
	must(t, s, "CREATE TABLE slow AS SELECT k, MAX(REDUCE(GENERATE_SERIES(1, 1000), v, (s, x) => REDUCE(GENERATE_SERIES(1, 1000), s, (a, b) => a + b))) AS n FROM src GROUP BY k")
	for _, reader := range []string{"the first reader", "the next"} {
		other := session.New(sys.deps, nil)
		before := time.Now()
		_, out = answer(t, other, "SELECT COUNT(*) FROM slow")
		if len(out.notices) != 1 || !strings.Contains(out.notices[0], "SLOW is still being filled") {
			t.Errorf("%s, after %v, is told %q", reader, time.Since(before), out.notices)
		}
	}
	// Each row takes a tenth of a second: a statement that ends the query does not wait for all.
	was := time.Now()
	must(t, s, "DROP TABLE slow")
	if took := time.Since(was); took > time.Minute {
		t.Errorf("DROP TABLE waited %v for a chunk that nobody wants any more", took)
	}
}
