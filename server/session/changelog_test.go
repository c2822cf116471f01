package session_test

import (
	"path"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tailrace/executor"
	"tailrace/server/session"
)

// empty cuts the segment files of the partitions whose name has a part, and takes the
// checkpoints away, which would tell where they ended.
func empty(t *testing.T, fs vfs.FS, part string, checkpoints bool) {
	t.Helper()
	names, err := fs.List("log")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range names {
		if !checkpoints && strings.HasSuffix(name, "checkpoint") {
			if err := fs.Remove(path.Join("log", name)); err != nil {
				t.Fatal(err)
			}
		}
		if !strings.Contains(name, part) {
			continue
		}
		files, err := fs.List(path.Join("log", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, ".log") {
				n++
				created, err := fs.Create(path.Join("log", name, f), vfs.WriteCategoryUnspecified)
				if err != nil {
					t.Fatal(err)
				}
				if err := created.Close(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if n == 0 {
		t.Fatalf("no partition has a name with %q in it", part)
	}
}

const clicks = `CREATE STREAM clicks (k VARCHAR KEY, v INT) WITH (kafka_topic='clicks', value_format='JSON', partitions=1);
CREATE TABLE totals AS SELECT k, COUNT(*) AS n FROM clicks GROUP BY k;
CREATE TABLE byv AS SELECT v, COUNT(*) AS n FROM clicks GROUP BY v;`

// TestLostChangelogs: what a commit says of the changelogs and what is there are compared.
// With a copy in the state's folder the query goes on and the changelog is whole again;
// without one it is out of service, alone, until it is rebuilt.
func TestLostChangelogs(t *testing.T) {
	for _, tc := range []struct {
		name        string
		lose        string // part of the names of what is emptied
		checkpoints bool   // are kept
		state       bool   // is kept
		fails       bool
	}{
		{"the copy survives", "CTAS_TOTALS_1-Aggregate", true, true, false},
		{"the copy survives, checkpoints lost", "CTAS_TOTALS_1-Aggregate", false, true, false},
		{"all changelogs of the query, the copy survives", "CTAS_TOTALS_1-", true, true, false},
		{"no copy", "CTAS_TOTALS_1-Aggregate", true, false, true},
		{"no copy, checkpoints lost", "CTAS_TOTALS_1-Aggregate", false, false, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sys := newSystem(t)
			s := session.New(sys.deps, nil)
			insert := "INSERT INTO clicks VALUES " + strings.Repeat("('a',1),", 999) + "('b',2);"
			if got, _ := run(t, s, clicks+insert+"SELECT n FROM totals WHERE k = 'a'"); got != "999" {
				t.Fatal(got)
			}
			if got, _ := run(t, s, "SELECT n FROM byv WHERE v = 1"); got != "999" {
				t.Fatal(got)
			}
			sys.close()
			empty(t, sys.fs, tc.lose, tc.checkpoints)
			if !tc.state {
				if err := sys.fs.RemoveAll("state"); err != nil {
					t.Fatal(err)
				}
			}
			sys.open()
			s = session.New(sys.deps, nil)
			if tc.fails {
				sys.close() // another start does not take it for whole
				sys.open()
				s = session.New(sys.deps, nil)
				until(t, func() bool {
					st, err := sys.engine.Status("CTAS_TOTALS_1")
					return err == nil && st.State == executor.Failed
				})
				got, _ := answer(t, s, "SELECT n FROM totals")
				if !strings.Contains(got, "55000") || !strings.Contains(got, "REBUILD CTAS_TOTALS_1") {
					t.Errorf("a SELECT says %s", got)
				}
				if got, _ := run(t, s, "SELECT n FROM byv WHERE v = 1"); got != "999" {
					t.Errorf("another query gives %s", got)
				}
				if got, _ := run(t, s, "REBUILD ctas_totals_1"); got != "REBUILD" {
					t.Fatal(got)
				}
			}
			sys.wants(t, [][2]string{{"SET read_consistency = strict", "SET"}, {"SELECT n FROM totals WHERE k = 'a'", "999"},
				{"INSERT INTO clicks VALUES ('a', 1)", "INSERT 0 1"}, {"SELECT n FROM totals WHERE k = 'a'", "1000"}})
			// Whole again: another start has it all, without the copy too.
			for _, keep := range []bool{true, false} {
				sys.close()
				if !keep {
					if err := sys.fs.RemoveAll("state"); err != nil {
						t.Fatal(err)
					}
				}
				sys.open()
				sys.wants(t, [][2]string{{"SET read_consistency = strict", "SET"}, {"SELECT n FROM totals WHERE k = 'a'", "1000"},
					{"SELECT n FROM totals WHERE k = 'b'", "1"}, {"SELECT n FROM byv WHERE v = 1", "1000"}})
			}
		})
	}
}

func (s *system) session() *session.Session { return session.New(s.deps, nil) }

// wants runs statements in a session of its own.
func (s *system) wants(t *testing.T, statements [][2]string) {
	t.Helper()
	own := s.session()
	for _, tc := range statements {
		if got, _ := run(t, own, tc[0]); got != tc[1] {
			why, _ := answer(t, own, tc[0])
			t.Errorf("%s\n got %s (%s)\nwant %s", tc[0], got, why, tc[1])
		}
	}
}

// TestLostRepartition: an internal topic that ends before what was read of it has lost what
// was not read. Its query is out of service until it is rebuilt; where the log knows that
// only what was read is missing, it goes on.
func TestLostRepartition(t *testing.T) {
	for _, checkpoints := range []bool{true, false} {
		sys := newSystem(t)
		s := session.New(sys.deps, nil)
		if got, _ := run(t, s, clicks+"INSERT INTO clicks VALUES ('a',1), ('b',1), ('c',2); SELECT n FROM byv WHERE v = 1"); got != "2" {
			t.Fatal(got)
		}
		sys.close()
		empty(t, sys.fs, "-repartition", checkpoints)
		sys.open()
		if !checkpoints {
			until(t, func() bool {
				st, err := sys.engine.Status("CTAS_BYV_2")
				return err == nil && st.State == executor.Failed
			})
			sys.wants(t, [][2]string{{"SELECT n FROM byv", "ERROR 55000"}, {"SELECT n FROM totals WHERE k = 'a'", "1"}, {"REBUILD CTAS_BYV_2", "REBUILD"}})
		}
		sys.wants(t, [][2]string{{"SET read_consistency = strict", "SET"}, {"SELECT n FROM byv WHERE v = 1", "2"},
			{"INSERT INTO clicks VALUES ('d', 1)", "INSERT 0 1"}, {"SELECT n FROM byv WHERE v = 1", "3"}, {"SELECT n FROM byv WHERE v = 2", "1"}})
	}
}
