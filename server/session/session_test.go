package session_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"tailrace/broker/local"
	"tailrace/executor"
	"tailrace/server/ddl"
	"tailrace/server/session"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/damage"
	"tailrace/storage/env"
)

// system is a log, an engine and a catalog in memory, which can be closed and opened
// again on the same files.
type system struct {
	t      testing.TB
	fs     env.FS
	log    *local.Log
	engine *executor.Engine
	damage *damage.Ledger
	deps   *session.Deps
}

func newSystem(t testing.TB) *system {
	s := &system{t: t, fs: env.NewMemory()}
	s.open()
	t.Cleanup(s.close)
	return s
}

func (s *system) open() {
	s.t.Helper()
	var err error
	s.damage = damage.NewLedger(slog.New(slog.DiscardHandler), time.Now)
	if s.log, err = local.Open(local.Config{FS: s.fs, Dir: "log", Damage: s.damage, TopicDefaults: map[string]string{"retention.ms": "-1"}}); err != nil {
		s.t.Fatal(err)
	}
	if s.engine, err = executor.New(executor.Config{Log: s.log, FS: s.fs, Dir: "state", Damage: s.damage}); err != nil {
		s.t.Fatal(err)
	}
	catalog, err := ddl.Open(context.Background(), ddl.Config{Log: s.log, Engine: s.engine, Clock: env.SystemClock, ServiceID: "default_", Damage: s.damage})
	if err != nil {
		s.t.Fatal(err)
	}
	s.deps = &session.Deps{Damage: s.damage, Log: s.log, Engine: s.engine, Catalog: catalog, Clock: env.SystemClock, Rand: env.SystemRand,
		PullTimeout: 20 * time.Second, Version: "test"}
}

func (s *system) close() {
	if err := s.engine.Close(); err != nil {
		s.t.Error(err)
	}
	if err := s.log.Close(); err != nil {
		s.t.Error(err)
	}
}

// text is a session.Result as a person reads it: rows with commas, one a line.
type text struct {
	rows    []string
	notices []string
	hints   []string
}

func (r *text) Columns([]session.Column) error { return nil }
func (r *text) Flush() error                   { return nil }
func (r *text) Notice(n session.Notice) {
	r.notices = append(r.notices, n.Message)
	if n.Hint != "" {
		r.hints = append(r.hints, n.Hint)
	}
}
func (r *text) Rows(cols []*vector.Vector, n int) error {
	for i := range n {
		var cells []string
		for _, c := range cols {
			cells = append(cells, fmt.Sprint(c.Value(i)))
		}
		r.rows = append(r.rows, strings.Join(cells, ","))
	}
	return nil
}

// run executes a text of statements in a session; the answer is the rows, the tag of the
// last statement, or "ERROR sqlstate".
func run(t *testing.T, s *session.Session, sql string, args ...types.Value) (string, *text) {
	t.Helper()
	out, tag := &text{}, ""
	pieces, err := session.Split(sql)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pieces {
		prepared, err := s.Prepare(context.Background(), p.Text, nil)
		if err == nil {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			tag, err = prepared.Run(ctx, args, out)
			cancel()
		}
		if err != nil {
			s.Failed()
			return fmt.Sprintf("ERROR %s", sqlerr.CodeOf(err)), out
		}
	}
	if len(out.rows) > 0 {
		return strings.Join(out.rows, "\n"), out
	}
	return tag, out
}

const orders = `CREATE STREAM orders (id INT KEY, region VARCHAR, amount DOUBLE) WITH (kafka_topic='orders', value_format='JSON', partitions=2);
CREATE TABLE sales AS SELECT region, COUNT(*) AS n, SUM(amount) AS total FROM orders GROUP BY region;`

func TestStatements(t *testing.T) {
	s := session.New(newSystem(t).deps, nil)
	if got, _ := run(t, s, orders); got != "CREATE TABLE" {
		t.Fatal(got)
	}
	for _, tc := range []struct{ name, sql, want string }{
		{"insert several rows", "INSERT INTO orders VALUES (1,'w',10.5), (2,'w',4), (3,'e',2)", "INSERT 0 3"},
		{"a view shows the session's own writes", "SELECT * FROM sales WHERE region = 'w'", "w,2,14.5"},
		{"ad-hoc queries aggregate, sort and limit", "SELECT SUM(total) AS t FROM sales", "16.5"},
		{"order by, limit", "SELECT region FROM sales ORDER BY total DESC LIMIT 1", "w"},
		{"offset", "SELECT region FROM sales ORDER BY region OFFSET 1", "w"},
		{"no rows", "SELECT * FROM sales WHERE region = 'x'", "SELECT 0"},
		{"without FROM", "SELECT 1 + 1, 'a' || 'b'", "2,ab"},
		{"a stream is scanned", "SELECT COUNT(*) FROM orders", "3"},
		{"push with a limit", "SET 'auto.offset.reset'='earliest'; SELECT amount * 2 AS d FROM orders WHERE region = 'e' EMIT CHANGES LIMIT 1", "4"},
		{"print", "PRINT 'orders' FROM BEGINNING LIMIT 0", "PRINT 0"},
		{"comparisons with NULL are NULL in ad-hoc queries", "SELECT (NULL = 1) IS NULL AS x", "true"},
		{"settings", "SET application_name = 'x'; SHOW application_name", "x"},
		{"variables", "DEFINE r = 'e'; SELECT n FROM sales WHERE region = '${r}'", "1"},
		{"show streams", "SHOW STREAMS", "ORDERS,orders,KAFKA,JSON,false"},
		{"show tables", "SHOW TABLES", "SALES,SALES,KAFKA,JSON,false"},
		{"unknown column", "SELECT nope FROM sales", "ERROR 42703"},
		{"unknown table", "SELECT * FROM nope", "ERROR 42P01"},
		{"fixed setting", "SET server_encoding = 'LATIN1'", "ERROR 22023"},
		{"unknown setting", "SET nope = 1", "ERROR 42704"},
		{"wrong value", "SET read_consistency = maybe", "ERROR 22023"},
		{"drop of what is read", "DROP STREAM orders", "ERROR 2BP01"},
		{"drop", "DROP TABLE sales DELETE TOPIC; DROP STREAM orders", "DROP STREAM"},
		{"gone", "SELECT * FROM sales", "ERROR 42P01"},
	} {
		if got, _ := run(t, s, tc.sql); got != tc.want {
			t.Errorf("%s: %s\n got %s\nwant %s", tc.name, tc.sql, got, tc.want)
		}
	}
}

// TestReadYourWrites: whatever a session has written is in the next answer, also behind a
// chain of queries.
func TestReadYourWrites(t *testing.T) {
	s := session.New(newSystem(t).deps, nil)
	run(t, s, orders)
	run(t, s, `CREATE STREAM big AS SELECT * FROM orders WHERE amount > 5;
		CREATE TABLE big_by_region AS SELECT region, COUNT(*) AS n FROM big GROUP BY region`)
	for i := range 50 {
		if got, _ := run(t, s, fmt.Sprintf("INSERT INTO orders VALUES (%d, 'w', 10)", i)); got != "INSERT 0 1" {
			t.Fatal(got)
		}
		want := fmt.Sprint(i + 1)
		for _, sql := range []string{"SELECT n FROM sales WHERE region='w'", "SELECT n FROM big_by_region WHERE region='w'", "SELECT COUNT(*) FROM big"} {
			if got, _ := run(t, s, sql); got != want {
				t.Fatalf("after %d inserts: %s = %s", i+1, sql, got)
			}
		}
	}
}

// TestCatalogSurvives: closing and opening again gives the same streams, tables and
// answers, and the queries go on.
func TestCatalogSurvives(t *testing.T) {
	sys := newSystem(t)
	s := session.New(sys.deps, nil)
	run(t, s, orders+"INSERT INTO orders VALUES (1,'w',1); CREATE TYPE money AS DECIMAL(10,2); SELECT * FROM sales")
	before, _ := run(t, s, "SELECT * FROM sales; SHOW STREAMS; SHOW TABLES; SHOW QUERIES; SHOW TYPES")
	sys.close()
	sys.open()
	s = session.New(sys.deps, nil)
	run(t, s, "SET read_consistency = strict")
	if after, _ := run(t, s, "SELECT * FROM sales; SHOW STREAMS; SHOW TABLES; SHOW QUERIES; SHOW TYPES"); after != before {
		t.Errorf("after a restart\n got %s\nwant %s", after, before)
	}
	if got, _ := run(t, s, "INSERT INTO orders VALUES (2,'w',5); SELECT * FROM sales"); got != "w,2,6" {
		t.Errorf("the query after a restart: %s", got)
	}
}

// TestParameters: types come from where parameters stand.
func TestParameters(t *testing.T) {
	s := session.New(newSystem(t).deps, nil)
	run(t, s, orders)
	p, err := s.Prepare(context.Background(), "INSERT INTO orders (id, region, amount) VALUES ($1, $2, $3)", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(p.Params); got != "[INTEGER STRING DOUBLE]" {
		t.Errorf("parameters of the insert: %s", got)
	}
	if tag, err := p.Run(context.Background(), []types.Value{int32(1), "w", 2.5}, &text{}); err != nil || tag != "INSERT 0 1" {
		t.Fatal(tag, err)
	}
	if got, _ := run(t, s, "SELECT total FROM sales WHERE region = $1", "w"); got != "2.5" {
		t.Errorf("lookup with a parameter: %s", got)
	}
}

// TestColumnNames: what an unquoted name finds is told as Postgres would fold it.
func TestColumnNames(t *testing.T) {
	s := session.New(newSystem(t).deps, nil)
	run(t, s, "CREATE STREAM mixed (id INT, `Own` INT) WITH (kafka_topic='mixed', value_format='JSON', partitions=1)")
	for _, sql := range []string{"SELECT id, `Own` FROM mixed", "SELECT id, `Own` FROM mixed EMIT CHANGES"} {
		p, err := s.Prepare(context.Background(), sql, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Columns[0].Name + " " + p.Columns[1].Name; got != "id Own" {
			t.Errorf("%s: columns %s, want id Own", sql, got)
		}
	}
}

// TestTransactionBlocks follow PostgreSQL's states; statements take effect one by one.
func TestTransactionBlocks(t *testing.T) {
	s := session.New(newSystem(t).deps, nil)
	run(t, s, orders)
	for _, tc := range []struct {
		sql, want string
		status    byte
		warned    bool
	}{
		{"BEGIN", "BEGIN", 'T', false},
		{"SELECT 1", "1", 'T', false},
		{"SELECT nope", "ERROR 42703", 'E', false},
		{"SELECT 1", "ERROR 25P02", 'E', false},
		{"ROLLBACK", "ROLLBACK", 'I', false},
		{"BEGIN; INSERT INTO orders VALUES (1,'w',1)", "INSERT 0 1", 'T', false},
		{"ROLLBACK", "ROLLBACK", 'I', true},
	} {
		got, out := run(t, s, tc.sql)
		if got != tc.want || s.TransactionStatus() != tc.status {
			t.Errorf("%s: %s, status %c; want %s, %c", tc.sql, got, s.TransactionStatus(), tc.want, tc.status)
		}
		if warned := strings.Contains(strings.Join(out.notices, " "), "stay"); warned != tc.warned {
			t.Errorf("%s: notices %q, a warning that statements stay: want %v", tc.sql, out.notices, tc.warned)
		}
	}
}

// TestTombstonesOfPushQueries: a row that leaves a table is sent with its key and NULLs.
func TestTombstonesOfPushQueries(t *testing.T) {
	s := session.New(newSystem(t).deps, nil)
	run(t, s, orders)
	run(t, s, `SET 'auto.offset.reset'='earliest'; CREATE TABLE rich AS SELECT region, SUM(amount) AS total FROM orders GROUP BY region HAVING SUM(amount) > 5`)
	run(t, s, "INSERT INTO orders VALUES (1,'w',10); SELECT * FROM rich; INSERT INTO orders VALUES (2,'w',-9); SELECT * FROM rich")
	got, _ := run(t, s, "SELECT * FROM rich EMIT CHANGES LIMIT 2")
	if got != "w,10\nw,<nil>" {
		t.Errorf("changes of a HAVING view\n got %s\nwant w,10 and then w,<nil>", got)
	}
}

// TestInsertEvaluatesLikeAnythingElse: functions of time and chance work in VALUES.
func TestInsertEvaluatesLikeAnythingElse(t *testing.T) {
	sys := newSystem(t)
	s := session.New(sys.deps, nil)
	if got, _ := run(t, s, `CREATE STREAM moments (a BIGINT, b DOUBLE, c VARCHAR, d INT) WITH (kafka_topic='moments', value_format='JSON', partitions=1);
		INSERT INTO moments VALUES (UNIX_TIMESTAMP(), RANDOM(), UUID(), UNIX_DATE());
		INSERT INTO moments (rowtime, a) VALUES (UNIX_TIMESTAMP() - 5, LEN(UUID()));`); got != "INSERT 0 1" {
		t.Fatal(got)
	}
	now := env.SystemClock.Now().UnixMilli()
	_, out := run(t, s, "SELECT a, b, c, d FROM moments")
	var a int64
	var b float64
	var c string
	var d int64
	if len(out.rows) != 2 {
		t.Fatalf("rows: %v", out.rows)
	}
	if _, err := fmt.Sscanf(strings.ReplaceAll(out.rows[0], ",", " "), "%d %g %s %d", &a, &b, &c, &d); err != nil {
		t.Fatal(err)
	}
	if now-a > 60_000 || now < a || b < 0 || b >= 1 || len(c) != 36 || d < now/86_400_000-1 || d > now/86_400_000 {
		t.Errorf("row %s", out.rows[0])
	}
	if !strings.HasPrefix(out.rows[1], "36,") {
		t.Errorf("row %s, want LEN(UUID()) = 36", out.rows[1])
	}
}

// TestInsertIsAllOrNothing: rows for several partitions of which one is refused leave none.
func TestInsertIsAllOrNothing(t *testing.T) {
	sys := newSystem(t)
	s := session.New(sys.deps, nil)
	if got, _ := run(t, s, `CREATE STREAM spread (k INT KEY, v VARCHAR) WITH (kafka_topic='spread', value_format='JSON', partitions=8)`); got != "CREATE STREAM" {
		t.Fatal(got)
	}
	limit := "2000"
	if err := sys.log.SetTopicConfig(context.Background(), "spread", map[string]*string{"max.message.bytes": &limit}); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		rows := []string{"(100, '" + strings.Repeat("x", 3000) + "')"}
		for k := range 16 {
			rows = append(rows, fmt.Sprintf("(%d, 'small')", k))
		}
		if got, _ := run(t, s, "INSERT INTO spread (k, v) VALUES "+strings.Join(rows, ", ")); got != "ERROR 54000" {
			t.Fatal(got)
		}
	}
	if got, _ := run(t, s, "SELECT COUNT(*) FROM spread"); got != "0" {
		t.Errorf("%s rows of statements that failed", got)
	}
	run(t, s, "INSERT INTO spread (k, v) VALUES (1, 'a'), (2, 'b'), (3, 'c')")
	if got, _ := run(t, s, "SELECT COUNT(*) FROM spread"); got != "3" {
		t.Errorf("%s rows of a statement with three", got)
	}
}

// TestListsOfNestedValuesWithNulls: IN compares arrays, maps and structs that hold NULLs as
// values, and takes a NULL in any place of a constructor.
func TestListsOfNestedValuesWithNulls(t *testing.T) {
	sys := newSystem(t)
	s := session.New(sys.deps, nil)
	if got, _ := run(t, s, `CREATE STREAM nested (a ARRAY<INT>, m MAP<VARCHAR, INT>, st STRUCT<x INT, y VARCHAR>) WITH (kafka_topic='nested', value_format='JSON', partitions=1);
		INSERT INTO nested VALUES (ARRAY[1, NULL], MAP('a':=CAST(NULL AS INT)), STRUCT(x:=CAST(NULL AS INT), y:='q'));`); got != "INSERT 0 1" {
		t.Fatal(got)
	}
	for where, want := range map[string]string{
		"a IN (ARRAY[1, NULL])":                           "1",
		"a IN (ARRAY[2, NULL], ARRAY[1, NULL])":           "1",
		"a IN (ARRAY[1, 2])":                              "0",
		"a NOT IN (ARRAY[2, NULL])":                       "1",
		"a IN (NULL)":                                     "0",
		"st IN (STRUCT(x:=NULL, y:='q'))":                 "1",
		"st IN (STRUCT(x:=1, y:='q'))":                    "0",
		"st IN (STRUCT(x:=NULL, y:=NULL))":                "0",
		"m IN (MAP('a':=CAST(NULL AS INT)))":              "1",
		"m IN (MAP('a':=1), MAP('a':=CAST(NULL AS INT)))": "1",
	} {
		if got, _ := run(t, s, "SELECT COUNT(*) FROM nested WHERE "+where); got != want {
			t.Errorf("WHERE %s: %s rows, want %s", where, got, want)
		}
	}
}

// TestValuesThatGrow: what makes much of little fails as a statement, before it has taken
// the memory; what is large only because many rows are computed together is computed in
// smaller parts, and right.
func TestValuesThatGrow(t *testing.T) {
	sys := newSystem(t)
	s := session.New(sys.deps, nil)
	if got, _ := run(t, s, `CREATE STREAM grows (k VARCHAR, n INT) WITH (kafka_topic='grows', value_format='JSON', partitions=1)`); got != "CREATE STREAM" {
		t.Fatal(got)
	}
	const rows = 150
	var values []string
	for i := range rows {
		values = append(values, fmt.Sprintf("('k%d', %d)", i, i))
	}
	run(t, s, "INSERT INTO grows (k, n) VALUES "+strings.Join(values, ","))
	long := strings.Repeat("a", 2000)
	for _, sql := range []string{
		"SELECT LEN(REPLACE(REPLACE('" + long + "', 'a', '" + long + "'), 'a', '" + long + "')) FROM grows LIMIT 1",
		"SELECT LEN(REDUCE(GENERATE_SERIES(1, 40), 'a', (s, x) => CONCAT(s, s))) FROM grows LIMIT 1",
		"SELECT LEN(REDUCE(GENERATE_SERIES(1, 40), 'a', (s, x) => s || s)) FROM grows LIMIT 1",
		"SELECT ARRAY_LENGTH(REDUCE(GENERATE_SERIES(1, 40), ARRAY['a'], (s, x) => ARRAY_CONCAT(s, s))) FROM grows LIMIT 1",
		"SELECT ARRAY_LENGTH(TRANSFORM(SPLIT(REPLACE('" + long + "', 'a', 'a,a,a,a,a,'), ','), x => SPLIT(REPLACE('" + long + "', 'a', 'a,a,a,a,a,'), ','))) FROM grows LIMIT 1",
		"SELECT LEN(LPAD(k, 2000000000, 'xyz')) FROM grows LIMIT 1",
		"SELECT LEN(CAST(TRANSFORM(GENERATE_SERIES(1, 1000), x => LPAD('', 100000, 'y')) AS VARCHAR)) FROM grows LIMIT 1",
	} {
		if got, _ := run(t, s, sql); got != "ERROR 54000" {
			t.Errorf("%.120s: %.100s, want SQLSTATE 54000", sql, got)
		}
	}
	for sql, want := range map[string]string{
		"SELECT COUNT(*), MIN(LEN(LPAD(k, 1000000, 'x'))), MAX(LEN(LPAD(k, 1000000, 'x'))) FROM grows": "150,1000000,1000000",
		"SELECT COUNT(*) FROM grows WHERE LPAD(k, 1000000, 'x') LIKE '%xk5'":                           "1",
		"SELECT SUM(LEN(k || LPAD('', 500000, 'y'))) > 70000000 FROM grows":                            "true",
	} {
		if got, _ := run(t, s, sql); got != want {
			t.Errorf("%s: %.100s, want %s", sql, got, want)
		}
	}
	if _, out := run(t, s, "SELECT LEN(LPAD(k, 1000000, 'x')), n FROM grows"); len(out.rows) != rows || out.rows[rows-1] != "1000000,149" {
		t.Errorf("%d rows, the last %q", len(out.rows), out.rows[len(out.rows)-1])
	}
}

// TestEvaluationStops: a statement that nobody waits for any more ends in the middle of a
// row.
func TestEvaluationStops(t *testing.T) {
	sys := newSystem(t)
	s := session.New(sys.deps, nil)
	run(t, s, `CREATE STREAM slow (n INT) WITH (kafka_topic='slow', value_format='JSON', partitions=1); INSERT INTO slow VALUES (1);`)
	prepared, err := s.Prepare(context.Background(), `SELECT REDUCE(GENERATE_SERIES(1, 50000), 0, (s, x) => REDUCE(GENERATE_SERIES(1, 50000), s, (t, y) => y)) FROM slow`, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	out := &text{}
	if _, err := prepared.Run(ctx, nil, out); sqlerr.CodeOf(err) != sqlerr.QueryCanceled && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a statement of billions of steps: %v %v, want it stopped", err, out.rows)
	}
}
