package session_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tailrace/server/session"
)

// TestWindowsDoNotDependOnRestarts: the same rows, out of order and late, go to a server that
// runs all the time and to one that starts anew between them. What both answer is the same at
// any moment: what is kept is a rule of event time.
func TestWindowsDoNotDependOnRestarts(t *testing.T) {
	// The first is one whose join forgot after a restart which of its rows was the oldest.
	for _, seed := range []uint64{11033209947988665222, rand.Uint64()} {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { windowsAndRestarts(t, seed) })
	}
}

func windowsAndRestarts(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	const sources = `CREATE STREAM s (k VARCHAR KEY, v INT, ts BIGINT) WITH (kafka_topic='s', value_format='JSON', partitions=2, timestamp='ts');
		CREATE STREAM r (k VARCHAR KEY, v INT, ts BIGINT) WITH (kafka_topic='r', value_format='JSON', partitions=2, timestamp='ts');`
	queries := map[string]string{
		"tumbling": `CREATE TABLE %s AS SELECT k, COUNT(*) AS n, SUM(v) AS total FROM s WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 5 SECONDS) GROUP BY k`,
		"kept":     `CREATE TABLE %s AS SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 10 SECONDS, RETENTION 200 SECONDS, GRACE PERIOD 5 SECONDS) GROUP BY k`,
		"hopping":  `CREATE TABLE %s AS SELECT v, COUNT(*) AS n FROM s WINDOW HOPPING (SIZE 20 SECONDS, ADVANCE BY 5 SECONDS, GRACE PERIOD 5 SECONDS) GROUP BY v`,
		"sessions": `CREATE TABLE %s AS SELECT k, COUNT(*) AS n FROM s WINDOW SESSION (4 SECONDS, GRACE PERIOD 5 SECONDS) GROUP BY k`,
		"several":  `CREATE TABLE %s AS SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 30 SECONDS, GRACE PERIOD 5 SECONDS) GROUP BY k HAVING COUNT(*) > 2`,
		"finals":   `CREATE TABLE %s AS SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 10 SECONDS, RETENTION 1 DAYS, GRACE PERIOD 5 SECONDS) GROUP BY k EMIT FINAL`,
		"ended":    `CREATE TABLE %s AS SELECT k, COUNT(*) AS n FROM s WINDOW SESSION (4 SECONDS, GRACE PERIOD 5 SECONDS) GROUP BY k EMIT FINAL`,
		"joined":   `CREATE STREAM %s AS SELECT s.k AS k, s.v AS v, r.v AS w FROM s LEFT JOIN r WITHIN 5 SECONDS GRACE PERIOD 5 SECONDS ON s.k = r.k`,
	}
	var steady, restarted *system
	open := func() *system {
		sys := newSystem(t)
		s := session.New(sys.deps, nil)
		must(t, s, "SET 'auto.offset.reset' = 'earliest'; "+sources)
		for name, sql := range queries {
			must(t, s, fmt.Sprintf(sql, name))
		}
		return sys
	}
	steady, restarted = open(), open()
	now := int64(1_000_000_000_000) // long ago: no clock of a machine decides
	for round := range 8 {
		for range 25 {
			now += rng.Int64N(3000)
			if rng.IntN(12) == 0 {
				now += 40_000
			}
			ts := now - rng.Int64N(12_000)*rng.Int64N(2)
			row := fmt.Sprintf("INSERT INTO %s VALUES ('k%d', %d, %d)", []string{"s", "s", "r"}[rng.IntN(3)], rng.IntN(4), rng.IntN(3), ts)
			for _, sys := range []*system{steady, restarted} {
				must(t, session.New(sys.deps, nil), row)
				sys.settle(t) // what a join shows of rows out of order depends on which of them it had seen
			}
		}
		steady.settle(t)
		restarted.settle(t)
		restarted.close()
		restarted.open()
		for name := range queries {
			want, got := views(t, steady, name), views(t, restarted, name)
			if !slices.Equal(want, got) {
				t.Fatalf("round %d, %s: %d rows, after restarts %d; first difference: %s", round, name, len(want), len(got), firstDifference(want, got))
			}
			if round == 7 && len(want) == 0 {
				t.Errorf("%s is empty", name)
			}
		}
	}
}

func views(t *testing.T, sys *system, name string) []string {
	t.Helper()
	s := session.New(sys.deps, nil)
	columns := "*"
	if name == "joined" {
		columns = "k, v, w"
	}
	return sorted(t, s, fmt.Sprintf("SELECT %s FROM %s", columns, name))
}

// must runs statements that must not fail.
func must(t *testing.T, s *session.Session, sql string) {
	t.Helper()
	if got, _ := run(t, s, sql); strings.HasPrefix(got, "ERROR") {
		t.Fatalf("%s: %s", sql, got)
	}
}

// settle waits until no query has anything left to read.
func (s *system) settle(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !s.caughtUp(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("queries do not catch up")
		}
	}
}

// TestWindowsSayHowLongTheyAreKept: who makes a windowed table learns what it will show.
func TestWindowsSayHowLongTheyAreKept(t *testing.T) {
	sys := newSystem(t)
	s := session.New(sys.deps, nil)
	must(t, s, "CREATE STREAM s (k VARCHAR KEY, v INT) WITH (kafka_topic='s', value_format='JSON', partitions=1)")
	prepared, err := s.Prepare(t.Context(), "CREATE TABLE w AS SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 12 HOURS) GROUP BY k", nil)
	if err != nil {
		t.Fatal(err)
	}
	out := &text{}
	if _, err := prepared.Run(t.Context(), nil, out); err != nil {
		t.Fatal(err)
	}
	const want = "It shows windows for 1d of event time after they start (sessions: end); RETENTION, in the WINDOW clause, makes that longer."
	if len(out.hints) != 1 || out.hints[0] != want {
		t.Errorf("the hint is %q", out.hints)
	}
	described, _ := run(t, s, "DESCRIBE w EXTENDED")
	if !strings.Contains(described, "Windows,shown for 1d of event time after they start") {
		t.Errorf("DESCRIBE says\n%s", described)
	}
}
