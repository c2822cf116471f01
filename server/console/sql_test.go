package console_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestSQL: statements run one after the other; errors stop them, and point into the whole text.
func TestSQL(t *testing.T) {
	s := newSystem(t)
	s.flights(8)
	if got := s.must(`SET read_consistency = strict; SELECT origin, n FROM by_origin ORDER BY origin;`); got != "JFK,2\nLAX,2\nORD,2\nSFO,2" {
		t.Errorf("by_origin is\n%s", got)
	}
	for _, tc := range []struct{ name, sql, want string }{
		{"a BIGINT that JavaScript cannot hold is text", "SELECT CAST(9007199254740993 AS BIGINT) AS n;", "9007199254740993"},
		{"nested values", "SELECT ARRAY[1,2] AS a, MAP('k' := 1) AS m, STRUCT(f := 'x') AS s;", "[1 2],map[k:1],map[F:x]"},
		{"decimals and times are text", "SELECT CAST('1.50' AS DECIMAL(4,2)) AS d, CAST('2020-01-02' AS DATE) AS t, CAST(NULL AS INT) AS n;", "1.50,2020-01-02,<nil>"},
		{"statements that return nothing", "SET 'auto.offset.reset' = 'earliest';", ""},
		{"an error", "SELECT orign FROM flights;", `ERROR 42703`},
	} {
		if got := s.sql(tc.sql); got != tc.want && !(strings.HasPrefix(tc.want, "ERROR") && strings.HasPrefix(got, tc.want)) {
			t.Errorf("%s: got %s\nwant %s", tc.name, got, tc.want)
		}
	}
	lines, stop := s.stream("POST", "/api/sql", map[string]any{"sql": "SELECT 1 AS x;\n SELECT 'é', nope FROM flights; SELECT 3 AS y;"})
	defer stop()
	var seen []string
	for l := range lines {
		if l.Error != nil {
			seen = append(seen, fmt.Sprintf("%s@%d", l.Error.SQLState, l.Error.Position))
		}
		seen = append(seen, l.Rows2()...)
	}
	if got := strings.Join(seen, " "); got != "1 42703@29" {
		t.Errorf("three statements, the second wrong: %s, want 1 and an error at 29", got)
	}
	var check struct{ Errors []apiError }
	s.post("/api/sql/check", map[string]any{"sql": "CREATE TABLE x AS SELECT orgin, COUNT(*) FROM flights GROUP BY origin;"}, &check)
	if len(check.Errors) != 1 || check.Errors[0].Position != 26 {
		t.Errorf("the check says %+v, want one error at 26", check.Errors)
	}
	s.post("/api/sql/check", map[string]any{"sql": "CREATE STREAM a AS SELECT * FROM flights; SELECT * FROM a EMIT CHANGES;"}, &check)
	if len(check.Errors) != 0 {
		t.Errorf("what follows a CREATE is wrong: %+v", check.Errors)
	}
	s.refused("POST", "/api/sql", `{"sql":"SELECT 1;","max_rows":-1}`, 400, "max_rows")
	s.refused("POST", "/api/sql", fmt.Sprintf(`{"sql":"SELECT 1;","session":%q}`, strings.Repeat("x", 65)), 400, "64 characters")
}

// Rows2 are the rows of a line as text.
func (l line) Rows2() []string {
	var out []string
	for _, r := range l.Rows {
		out = append(out, strings.Trim(fmt.Sprint(r), "[]"))
	}
	return out
}

// TestSessions: statements of one name share settings, one request at a time; the number of names
// is bounded.
func TestSessions(t *testing.T) {
	s := newSystem(t)
	run := func(session, sql string) string {
		lines, stop := s.stream("POST", "/api/sql", map[string]any{"sql": sql, "session": session})
		defer stop()
		out := ""
		for l := range lines {
			out += strings.Join(l.Rows2(), " ")
			if l.Error != nil {
				out += l.Error.Message
			}
		}
		return out
	}
	run("a", "DEFINE x = '7';")
	if got := run("a", "SELECT ${x} AS x;"); got != "7" {
		t.Errorf("a variable of the session is %s", got)
	}
	if got := run("b", "SELECT '${x}' AS x;"); got != "${x}" {
		t.Errorf("a variable of another session is %s", got)
	}
	s.must(`CREATE STREAM e (a INT) WITH (kafka_topic='e', value_format='JSON', partitions=1);`)
	lines, stop := s.stream("POST", "/api/sql", map[string]any{"sql": "SELECT * FROM e EMIT CHANGES;", "session": "a"})
	<-lines
	s.refused("POST", "/api/sql", `{"sql":"SELECT 1;","session":"a"}`, 409, "busy")
	stop()
	s.eventually("the session is free", func() bool {
		status, _ := s.send("POST", "/api/sql", `{"sql":"SELECT 1;","session":"a"}`)
		return status == 200
	})
	for i := range 100 {
		run(fmt.Sprint("tab", i), "SELECT 1;")
	}
	if got := run("a", "SELECT '${x}' AS x;"); got != "${x}" {
		t.Errorf("a session was kept beyond 64 others")
	}
}

// TestPush: a push query sends rows as they come, and ends when the client goes.
func TestPush(t *testing.T) {
	s := newSystem(t)
	s.flights(4)
	lines, stop := s.stream("POST", "/api/sql", map[string]any{"sql": "SET 'auto.offset.reset'='latest'; SELECT id, delay FROM flights EMIT CHANGES;"})
	defer stop()
	for l := range lines {
		if l.Type == "columns" {
			break
		}
	}
	produced := 4
	deadline := time.After(20 * time.Second)
	for got := ""; !strings.Contains(got, "F"); {
		s.produceFlights(produced, produced+1)
		produced++
		select {
		case l := <-lines:
			got += strings.Join(l.Rows2(), " ")
		case <-time.After(200 * time.Millisecond):
		case <-deadline:
			t.Fatal("no row of the push query within 20 s")
		}
	}
	stop()
}

// TestCut: a query that ends is cut off at max_rows, and says so.
func TestCut(t *testing.T) {
	s := newSystem(t)
	s.flights(50)
	lines, stop := s.stream("POST", "/api/sql", map[string]any{"sql": "SELECT * FROM flights;", "max_rows": 10})
	defer stop()
	rows, cut := 0, false
	for l := range lines {
		rows += len(l.Rows)
		cut = cut || l.Cut
	}
	if rows != 10 || !cut {
		t.Errorf("%d rows, cut %v; want 10 and that it was cut", rows, cut)
	}
}
