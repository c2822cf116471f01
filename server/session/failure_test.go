package session_test

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tailrace/executor"
	"tailrace/server/session"
	"tailrace/sql/sqlerr"
)

// answer is the text of the error of a statement, with its detail and hint.
func answer(t *testing.T, s *session.Session, sql string) (string, *text) {
	t.Helper()
	out := &text{}
	prepared, err := s.Prepare(context.Background(), sql, nil)
	if err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		_, err = prepared.Run(ctx, nil, out)
	}
	if err == nil {
		return "", out
	}
	s.Failed()
	var e *sqlerr.Error
	if !errors.As(err, &e) {
		return err.Error(), out
	}
	return fmt.Sprintf("%s %s %s %s", e.Code, e.Message, e.DetailText, e.HintText), out
}

// failing is a system whose query over ORDERS has failed at its start: the topic is gone.
func failing(t *testing.T) *system {
	sys := newSystem(t)
	s := session.New(sys.deps, nil)
	if got, _ := run(t, s, orders+`CREATE TABLE big AS SELECT region, n FROM sales WHERE n > 1;
		INSERT INTO orders VALUES (1,'w',10.5), (2,'w',4)`); got != "INSERT 0 2" {
		t.Fatal(got)
	}
	if got, _ := run(t, s, "SELECT n FROM big"); got != "2" {
		t.Fatal(got)
	}
	if err := sys.engine.Close(); err != nil {
		t.Fatal(err)
	}
	if err := sys.log.DeleteTopic(context.Background(), "orders"); err != nil {
		t.Fatal(err)
	}
	sys.close()
	sys.open()
	until(t, func() bool {
		st, err := sys.engine.Status("CTAS_SALES_1")
		return err == nil && st.State == executor.Failed
	})
	return sys
}

func until(t *testing.T, done func() bool) {
	t.Helper()
	for range 3000 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it does not happen")
}

// TestReadersOfAFailedQueryAreTold: who reads the view of a query that has failed, or one
// that is made from it, hears at once which query, why, since when, and what to do.
func TestReadersOfAFailedQueryAreTold(t *testing.T) {
	sys := failing(t)
	s := session.New(sys.deps, nil)
	for _, sql := range []string{"SELECT * FROM sales", "SELECT * FROM sales WHERE region = 'w'", "SELECT COUNT(*) AS c FROM big"} {
		got, _ := answer(t, s, sql)
		for _, want := range []string{"55000", "query CTAS_SALES_1 has failed", "unknown topic", "It failed at 20", "SHOW QUERIES EXTENDED"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s\n got %s\nwant %q in it", sql, got, want)
			}
		}
	}
	for _, sql := range []string{"SHOW QUERIES EXTENDED", "DESCRIBE sales EXTENDED", "EXPLAIN CTAS_SALES_1"} {
		_, out := answer(t, s, sql)
		if all := strings.Join(out.rows, "\n"); !strings.Contains(all, "ERROR") || !strings.Contains(all, "unknown topic") {
			t.Errorf("%s does not tell the failure:\n%s", sql, all)
		}
	}
	// The view of the second query is there to be read by who asks for it.
	if got, _ := run(t, s, "SET read_consistency = eventual"); got != "SET" {
		t.Fatal(got)
	}
	until(t, func() bool { // it has to be restored first
		got, out := answer(t, s, "SELECT n FROM big")
		if len(out.notices) == 0 {
			t.Fatalf("no warning beside the rows %q (%s)", out.rows, got)
		}
		return strings.Join(out.rows, "") == "2"
	})
}

// TestDamagedStateIsRestored: a state whose tables are damaged, before the start or while
// the server runs, is read again from the changelogs, and readers notice nothing.
func TestDamagedStateIsRestored(t *testing.T) {
	for _, tc := range []struct{ running, once bool }{{false, false}, {true, false}, {false, true}, {true, true}} {
		running := tc.running
		t.Run(fmt.Sprintf("running %v, one byte %v", running, tc.once), func(t *testing.T) {
			sys := newSystem(t)
			s := session.New(sys.deps, nil)
			rows := make([]string, 3000)
			for i := range rows {
				rows[i] = fmt.Sprintf("(%d,'region %d',1)", i, i)
			}
			if got, _ := run(t, s, orders+"INSERT INTO orders VALUES "+strings.Join(rows, ",")); got != "INSERT 0 3000" {
				t.Fatal(got)
			}
			if got, _ := run(t, s, "SELECT COUNT(*) AS c FROM sales"); got != "3000" {
				t.Fatal(got)
			}
			sys.close()
			if !running {
				spoilTables(t, sys.fs, tc.once)
			}
			sys.open()
			if running {
				spoilTables(t, sys.fs, tc.once)
			}
			s = session.New(sys.deps, nil)
			for _, tc := range [][2]string{{"SELECT COUNT(*) AS c FROM sales", "3000"}, {"SELECT n FROM sales WHERE region = 'region 7'", "1"},
				{"INSERT INTO orders VALUES (9000, 'region 7', 1)", "INSERT 0 1"}, {"SELECT n FROM sales WHERE region = 'region 7'", "2"},
				{"SELECT SUM(n) AS c FROM sales", "3001"}} {
				if got, _ := run(t, s, tc[0]); got != tc[1] {
					t.Errorf("%s\n got %s\nwant %s", tc[0], got, tc[1])
				}
			}
			if names, err := sys.fs.List(""); err != nil || !strings.Contains(strings.Join(names, " "), "state.damaged-") {
				t.Errorf("what was damaged is not kept: %q %v", names, err)
			}
		})
	}
}

// spoilTables writes over the tables of the state, all over or one byte in each.
func spoilTables(t *testing.T, fs vfs.FS, once bool) {
	t.Helper()
	names, err := fs.List("state")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range names {
		if !strings.HasSuffix(name, ".sst") {
			continue
		}
		n++
		f, err := fs.OpenReadWrite(path.Join("state", name), vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		start, step := int64(64), int64(512)
		if once {
			start, step = info.Size()/3, info.Size()
		}
		for at := start; at < info.Size(); at += step {
			if _, err := f.WriteAt([]byte{0xa5}, at); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if n == 0 {
		t.Fatal("no tables to damage")
	}
}

// TestFailedQueriesLag: what a query that does not run has not read is lag, from the moment
// that it fails.
func TestFailedQueriesLag(t *testing.T) {
	sys := newSystem(t)
	s := session.New(sys.deps, nil)
	must(t, s, `SET 'ksql.timestamp.throw.on.invalid' = 'true';
		CREATE STREAM i (k INT KEY, t BIGINT) WITH (kafka_topic='i', value_format='JSON', partitions=1, timestamp='t');
		CREATE STREAM o AS SELECT k, t FROM i;
		INSERT INTO i VALUES (1, 5)`)
	sys.settle(t)
	id := sys.engine.Queries()[0]
	must(t, s, "INSERT INTO i VALUES (1, -1)")
	until(t, func() bool {
		st, err := sys.engine.Status(id)
		if err != nil {
			t.Fatal(err)
		}
		lag := int64(0)
		for _, n := range st.Lag {
			lag += n
		}
		if lag != 1 {
			t.Fatalf("lag %d in state %s, one record has not been read", lag, st.State)
		}
		return st.State == executor.Failed
	})
}
