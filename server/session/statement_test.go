package session_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"tailrace/server/session"
	"tailrace/sql/sqlerr"
)

// TestTags: what was done is told in words that psql and drivers can read.
func TestTags(t *testing.T) {
	s := session.New(newSystem(t).deps, nil)
	run(t, s, orders+"CREATE STREAM copy (id INT KEY, region VARCHAR, amount DOUBLE) WITH (kafka_topic='copy', value_format='JSON', partitions=2)")
	for sql, want := range map[string]string{
		"INSERT INTO copy SELECT * FROM orders":                                              "INSERT 0 0",
		"INSERT INTO orders VALUES (1,'w',1), (2,'w',1)":                                     "INSERT 0 2",
		"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED":          "SET",
		"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY": "SET",
		"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE, NOT DEFERRABLE":        "SET",
		"SELECT array_length(generate_series(1,5,2))":                                        "3",
		"SELECT ARRAY_MAX(GENERATE_SERIES(1,3)) AS x":                                        "3",
		"SELECT max(g) FROM generate_series(1,3) g":                                          "3",
	} {
		if got, _ := run(t, s, sql); got != want {
			t.Errorf("%s\n got %s\nwant %s", sql, got, want)
		}
	}
	if got, _ := run(t, s, "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE; SHOW default_transaction_isolation"); got != "serializable" {
		t.Errorf("default_transaction_isolation = %s", got)
	}
}

// TestStatementTimeout ends every kind of statement that runs for long, and no other.
func TestStatementTimeout(t *testing.T) {
	s := session.New(newSystem(t).deps, nil)
	run(t, s, orders)
	for sql, want := range map[string]string{
		"SET statement_timeout = '500ms'; SHOW statement_timeout": "500ms", "SET statement_timeout = 2000; SHOW statement_timeout": "2s",
		"SET statement_timeout TO '1.5 min'; SHOW statement_timeout": "90s", "SET statement_timeout = 0; SHOW statement_timeout": "0",
		"SET statement_timeout = 'soon'": "ERROR 22023", "SET statement_timeout = -1": "ERROR 22023", "SET statement_timeout = '5 weeks'": "ERROR 22023",
		"SET statement_timeout = '1d'; SELECT 1": "1",
	} {
		if got, _ := run(t, s, sql); got != want {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
	}
	run(t, s, "SET statement_timeout = '50ms'")
	for _, sql := range []string{"SELECT id FROM orders EMIT CHANGES", "SELECT * FROM sales EMIT CHANGES", "PRINT 'orders'"} {
		p, err := s.Prepare(context.Background(), sql, nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		_, err = p.Run(ctx, nil, &text{})
		cancel()
		if sqlerr.CodeOf(err) != sqlerr.QueryCanceled || !strings.Contains(err.Error(), "statement timeout") {
			t.Errorf("%s ends with %v", sql, err)
		}
	}
	if got, _ := run(t, s, "RESET statement_timeout; SELECT 1"); got != "1" {
		t.Error(got)
	}
}

// TestFaultsAreNamed: a message names what is wrong, and what to do.
func TestFaultsAreNamed(t *testing.T) {
	s := session.New(newSystem(t).deps, nil)
	run(t, s, "CREATE STREAM dq (a INT, b INT) WITH (kafka_topic='dq', value_format='JSON', partitions=1)")
	for sql, want := range map[string][]string{
		"SELECT a, json_arrayagg(b) FROM dq GROUP BY a":                        {"42883", "name 'JSON_ARRAYAGG'", "COLLECT_LIST"},
		"CREATE TABLE t AS SELECT a, json_arrayagg(b) AS l FROM dq GROUP BY a": {"42883", "name 'JSON_ARRAYAGG'", "COLLECT_LIST"},
		"SELECT a, COUNT(*) FROM dq GROUP BY a HAVING nosuch(a) > 1":           {"42883", "name 'NOSUCH'"},
		"SELECT a, SUMM(b) FROM dq GROUP BY a":                                 {"42883", "name 'SUMM'", "SUM"},
		"SELECT a, b, COUNT(*) FROM dq GROUP BY a":                             {"42803", "must appear in the GROUP BY clause"},
		"INSERT INTO dq (a, rowtime) VALUES (1, NULL)":                         {"22004", "not NULL", "Leave the column out"},
		"INSERT INTO dq (a, rowtime) VALUES (1, -5)":                           {"22023", "not -5"},
	} {
		got, _ := answer(t, s, sql)
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s\n got %s\nwant %q in it", sql, got, w)
			}
		}
	}
}

// TestFaultsOfTheMachine have a SQLSTATE, and a hint where somebody can do something: they
// are no bugs of the server.
func TestFaultsOfTheMachine(t *testing.T) {
	for cause, want := range map[syscall.Errno][]string{
		syscall.EACCES:  {"42501 ", "read-only"},
		syscall.EPERM:   {"42501 "},
		syscall.EROFS:   {"42501 ", "read-only"},
		syscall.ENOSPC:  {"53100 ", "as soon as there is room"},
		syscall.EDQUOT:  {"53100 "},
		syscall.EMFILE:  {"53000 ", "ulimit -n"},
		syscall.ENFILE:  {"53000 "},
		syscall.ENOMEM:  {"53200 ", "memory"},
		syscall.ENOENT:  {"58P01 "},
		syscall.EEXIST:  {"58P02 "},
		syscall.ENOTDIR: {"42809 "},
		syscall.EISDIR:  {"42809 "},
		syscall.EIO:     {"58030 ", "SHOW FAULTS"},
	} {
		sys := newSystem(t)
		sys.deps.Backup = func(context.Context, string) (int64, int, error) {
			return 0, 0, fmt.Errorf("backup: %w", &os.PathError{Op: "mkdir", Path: "/backup", Err: cause})
		}
		got, _ := answer(t, session.New(sys.deps, nil), "BACKUP TO '/backup'")
		for _, w := range append(want, "/backup") {
			if !strings.Contains(got, w) {
				t.Errorf("%v\n got %s\nwant %q in it", cause, got, w)
			}
		}
	}
}

// TestFaultsOfTopics: what the log refuses to a statement, or has lost under a stream, has a
// SQLSTATE.
func TestFaultsOfTopics(t *testing.T) {
	sys := newSystem(t)
	s := session.New(sys.deps, nil)
	if got, _ := run(t, s, `CREATE STREAM gone (k VARCHAR KEY, v INT) WITH (kafka_topic='gone', value_format='JSON', partitions=1);
		CREATE TABLE latest (k VARCHAR PRIMARY KEY, v INT) WITH (kafka_topic='latest', value_format='JSON', partitions=1);
		CREATE STREAM keyless (v INT) WITH (kafka_topic='latest', value_format='JSON');
		CREATE STREAM pair (k VARCHAR KEY, v INT) WITH (kafka_topic='pair', value_format='JSON', partitions=2)`); got != "CREATE STREAM" {
		t.Fatal(got)
	}
	for _, topic := range []string{"gone", "pair"} {
		if err := sys.log.DeleteTopic(context.Background(), topic); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range [][2]string{
		{"SELECT * FROM gone", "42P01"},
		{"SELECT COUNT(*) FROM pair", "42P01"},
		{"SELECT * FROM gone EMIT CHANGES", "42P01"},
		{"INSERT INTO gone VALUES ('a', 1)", "42P01"},
		{"INSERT INTO pair VALUES ('a', 1), ('b', 2), ('c', 3)", "42P01"},
		{"PRINT gone", "42P01"},
		{"DESCRIBE gone EXTENDED", ""},
		{"CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM gone GROUP BY k", "42P01"},
		{"INSERT INTO keyless VALUES (1)", "22000"},
		{"INSERT INTO latest VALUES ('a', 1)", ""},
	} {
		got, _ := answer(t, s, tc[0])
		if code, _, _ := strings.Cut(got, " "); code != tc[1] {
			t.Errorf("%s\n got %s\nwant %q", tc[0], got, tc[1])
		}
	}
}

// TestIntegersBeyond64Bits are NUMERIC by the standard, and an error in ksqlDB's
// statements: never another number.
func TestIntegersBeyond64Bits(t *testing.T) {
	s := session.New(newSystem(t).deps, nil)
	run(t, s, "CREATE STREAM n (b BIGINT, d DECIMAL(30,0)) WITH (kafka_topic='n', value_format='JSON', partitions=1)")
	for _, tc := range [][2]string{
		{"SELECT 9223372036854775807, -9223372036854775808", "9223372036854775807,-9223372036854775808"},
		{"SELECT 9223372036854775808, -9223372036854775809", "9223372036854775808,-9223372036854775809"},
		{"SELECT 18446744073709551616 + 1", "18446744073709551617"},
		{"SELECT 100000000000000000000000000000000000000000", "ERROR 22003"},
		{"CREATE STREAM m AS SELECT b + 9223372036854775808 AS x FROM n", "ERROR 22003"},
		{"CREATE STREAM m AS SELECT b, -18446744073709551616 AS x FROM n", "ERROR 22003"},
		{"INSERT INTO n (b) VALUES (9223372036854775808)", "ERROR 22003"},
		{"INSERT INTO n (b, d) VALUES (-9223372036854775808, 9223372036854775808.0)", "INSERT 0 1"},
		{"SELECT b, d FROM n", "-9223372036854775808,9223372036854775808"},
		{"SET dialect = ksql; SELECT b FROM n WHERE b < 9223372036854775808", "ERROR 22003"},
	} {
		if got, _ := run(t, s, tc[0]); got != tc[1] {
			t.Errorf("%s: %s, want %s", tc[0], got, tc[1])
		}
	}
}

// TestNamesOfOthers: what PostgreSQL calls types and functions that are here means the same,
// in what is asked once and in what is kept.
func TestNamesOfOthers(t *testing.T) {
	sys := newSystem(t)
	sys.wants(t, [][2]string{
		{"CREATE STREAM pg (id TEXT KEY, a INT4, b INT8, c FLOAT8, d NUMERIC(6,2), e BOOL, f TIMESTAMPTZ, g BYTEA, h DOUBLE PRECISION, i SMALLINT, j CHARACTER VARYING(10)) " +
			"WITH (kafka_topic='pg', value_format='JSON', partitions=1)", "CREATE STREAM"},
		{"INSERT INTO pg (id, a, b, c, d, e) VALUES ('Anna', 1, 2, 3.5, 4.25, true)", "INSERT 0 1"},
		{"SELECT lower(id), UPPER(id), length(id), char_length(id), substr(id, 2, 2), strpos(id, 'n') FROM pg", "anna,ANNA,4,4,nn,2"},
		{"SELECT a::text, CAST(b AS int4), '7'::int8, pow(2, 3), ceiling(1.2), nvl(NULL, 'x') FROM pg", "1,2,7,8,2,x"},
		{"SELECT array_agg(a), corr(a, b) FROM pg", "[1],<nil>"},
		{"SELECT NOW() > TIMESTAMP '2020-01-01T00:00:00', current_timestamp > '2020-01-01', CURRENT_DATE > '2020-01-01', CURRENT_TIME >= '00:00:00'", "true,true,true,true"},
		{"SELECT id FROM pg WHERE current_date > '2020-01-01' AND now() IS NOT NULL", "Anna"},
		{"SET 'auto.offset.reset' = 'earliest'", "SET"},
		{"CREATE TABLE kept AS SELECT lower(id) AS l, MAX(length(id)) AS n, MAX(current_date) > '2020-01-01' AS later FROM pg GROUP BY lower(id)", "CREATE TABLE"},
		{"SET read_consistency = strict", "SET"},
		{"SELECT * FROM kept", "anna,4,true"},
		// A column of that name is the column.
		{"CREATE STREAM days (current_date VARCHAR) WITH (kafka_topic='days', value_format='JSON', partitions=1)", "CREATE STREAM"},
		{"INSERT INTO days VALUES ('mine')", "INSERT 0 1"},
		{"SELECT current_date FROM days", "mine"},
	})
}

// TestProperties: a property is listed with its default, its value and what it means; a value
// that it does not have is refused, and a name that nothing looks at is told.
func TestProperties(t *testing.T) {
	sys := newSystem(t)
	sys.deps.Settings = []session.Setting{{Name: "num.partitions", Default: "1", Value: "4", Doc: "Partitions."}}
	s := session.New(sys.deps, nil)
	for sql, want := range map[string]string{
		"SET 'auto.offset.reset' = 'earlyest'":         "22023",
		"SET 'ksql.streams.commit.interval.ms' = 'ab'": "22023",
		"SET commit.interval.ms = 0":                   "22023",
		"SET 'ksql.suppress.enabled' = 'FALSE'":        "",
		"SET 'ksql.streams.commit.interval.ms' = '20'": "",
		"SET 'ksql.streams.num.stream.threads' = '2'":  "",
	} {
		if got, _ := answer(t, s, sql); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
	_, out := answer(t, s, "SET 'auto.ofset.reset' = 'earliest'")
	if len(out.hints) != 1 || !strings.Contains(out.hints[0], "Perhaps you meant 'auto.offset.reset'") {
		t.Errorf("a misspelt property is answered %q, %q", out.notices, out.hints)
	}
	_, out = answer(t, s, "SHOW PROPERTIES")
	listed := strings.Join(out.rows, "\n")
	for _, want := range []string{
		"auto.offset.reset,KSQL,latest,latest,Where a query begins",
		"commit.interval.ms,KSQL,100,20,How long a busy query",
		"ksql.suppress.enabled,KSQL,true,FALSE,",
		"ksql.streams.num.stream.threads,KSQL,,2,Nothing looks at it.",
		"read_consistency,SESSION,read_your_writes,read_your_writes,What a read waits for",
		"num.partitions,SERVER,1,4,Partitions.",
	} {
		if !strings.Contains(listed, want) {
			t.Errorf("SHOW PROPERTIES lacks %q:\n%s", want, listed)
		}
	}
}

// TestDescribeFunction: a parameter that repeats is marked where it stands, and a function
// of another database is answered with what does the same here.
func TestDescribeFunction(t *testing.T) {
	s := session.New(newSystem(t).deps, nil)
	if got, _ := run(t, s, "DESCRIBE FUNCTION topk"); !strings.Contains(got, "TOPK(INTEGER value, ANY first, ANY... others, INTEGER k),") {
		t.Errorf("TOPK:\n%s", got)
	}
	if got, _ := answer(t, s, "DESCRIBE FUNCTION startswith"); got != "42883 Can't find any functions with the name 'STARTSWITH'  Write STARTS_WITH(text, start)." {
		t.Errorf("STARTSWITH: %s", got)
	}
}
