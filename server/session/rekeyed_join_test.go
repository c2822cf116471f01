package session_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tailrace/server/session"
)

// TestJoinsDoNotDependOnRekeying: a join of sources that are keyed by the join column, and
// the same join of the same rows keyed by something else, which go through an internal
// topic first, give the same rows: over history, and over rows that come while it runs.
func TestJoinsDoNotDependOnRekeying(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	sys := newSystem(t)
	s := session.New(sys.deps, nil)
	must(t, s, "SET 'auto.offset.reset' = 'earliest'")
	for _, name := range []string{"o", "p"} {
		must(t, s, fmt.Sprintf(`CREATE STREAM %[1]s_keyed (k VARCHAR KEY, v INT, ts BIGINT) WITH (kafka_topic='%[1]s_keyed', value_format='JSON', partitions=1, timestamp='ts');
			CREATE STREAM %[1]s_other (id VARCHAR KEY, k VARCHAR, v INT, ts BIGINT) WITH (kafka_topic='%[1]s_other', value_format='JSON', partitions=1, timestamp='ts');`, name))
	}
	must(t, s, `CREATE TABLE names (k VARCHAR PRIMARY KEY, name VARCHAR, ts BIGINT) WITH (kafka_topic='names', value_format='JSON', partitions=1, timestamp='ts')`)
	n := 0
	// Rows that come while a join runs come one by one: what a join without a grace shows of
	// rows out of order depends on which of them it had seen.
	feed := func(rows int, oneByOne bool) {
		for range rows {
			if oneByOne {
				sys.settle(t)
			}
			n++
			ts := 1_700_000_000_000 + int64(n)*500 - rng.Int64N(3000)
			k := fmt.Sprint("k", rng.IntN(6))
			switch rng.IntN(5) {
			case 0:
				must(t, s, fmt.Sprintf("INSERT INTO names VALUES ('%s', 'n%d', %d)", k, n, ts))
			case 1, 2:
				must(t, s, fmt.Sprintf("INSERT INTO o_keyed VALUES ('%[1]s', %[2]d, %[3]d); INSERT INTO o_other VALUES ('x', '%[1]s', %[2]d, %[3]d)", k, n, ts))
			default:
				must(t, s, fmt.Sprintf("INSERT INTO p_keyed VALUES ('%[1]s', %[2]d, %[3]d); INSERT INTO p_other VALUES ('y', '%[1]s', %[2]d, %[3]d)", k, n, ts))
			}
		}
	}
	feed(200, false) // history
	joins := map[string]string{}
	for _, kind := range []string{"INNER", "LEFT", "RIGHT", "FULL OUTER"} {
		for _, within := range []string{"WITHIN 5 SECONDS", "WITHIN 2 SECONDS GRACE PERIOD 3 SECONDS", "WITHIN (1 SECONDS, 4 SECONDS) GRACE PERIOD 1 DAYS"} {
			joins[fmt.Sprintf("ss_%d", len(joins))] = fmt.Sprintf("SELECT o.k AS ok, p.k AS pk, o.v AS v, p.v AS w, %%[3]s FROM o_%%[1]s o %s JOIN p_%%[1]s p %s ON o.k = p.k", kind, within)
		}
	}
	for _, kind := range []string{"INNER", "LEFT"} {
		joins[fmt.Sprintf("st_%d", len(joins))] = fmt.Sprintf("SELECT o.k AS ok, o.v AS v, n.name AS w FROM o_%%[1]s o %s JOIN names n ON o.k = n.k", kind)
	}
	for name, sql := range joins {
		for _, how := range []string{"keyed", "other"} {
			key := ""
			if strings.Contains(sql, "FULL") {
				key = "ROWKEY"
			}
			q := strings.ReplaceAll(fmt.Sprintf(strings.ReplaceAll(sql, "%[3]s", "%[2]s"), how, key), ",  FROM", " FROM")
			must(t, s, fmt.Sprintf("CREATE STREAM %s_%s AS %s", name, how, q))
		}
	}
	compare := func(when string) {
		t.Helper()
		for name, sql := range joins {
			var keyed, other []string
			deadline := time.Now().Add(20 * time.Second)
			for time.Now().Before(deadline) {
				keyed, other = sorted(t, s, "SELECT ok, v, w FROM "+name+"_keyed"), sorted(t, s, "SELECT ok, v, w FROM "+name+"_other")
				if slices.Equal(keyed, other) && len(keyed) > 0 && sys.caughtUp() {
					break
				}
				time.Sleep(20 * time.Millisecond)
			}
			if !slices.Equal(keyed, other) || len(keyed) == 0 {
				t.Errorf("%s, %s: %s\nkeyed: %d rows, re-keyed: %d rows, first difference: %s", name, when, sql, len(keyed), len(other), firstDifference(keyed, other))
			}
		}
	}
	compare("over history")
	feed(40, true)
	compare("with what came since")
}

// caughtUp reports whether no query has anything left to read.
func (s *system) caughtUp() bool {
	for _, q := range s.deps.Catalog.Snapshot().Queries() {
		st, err := s.engine.Status(q.ID)
		if err != nil {
			return false
		}
		for _, lag := range st.Lag {
			if lag > 0 {
				return false
			}
		}
	}
	return true
}

func sorted(t *testing.T, s *session.Session, sql string) []string {
	t.Helper()
	rows := rowsOf(t, s, sql)
	slices.Sort(rows)
	return rows
}

// rowsOf is the answer of a query, its cells with commas.
func rowsOf(t *testing.T, s *session.Session, sql string) []string {
	t.Helper()
	prepared, err := s.Prepare(context.Background(), sql, nil)
	if err != nil {
		t.Fatal(err)
	}
	out := &text{}
	if _, err := prepared.Run(context.Background(), nil, out); err != nil {
		t.Fatal(err)
	}
	return out.rows
}

func firstDifference(a, b []string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] + " | " + b[i]
		}
	}
	return fmt.Sprint("the end: ", a[min(len(a), len(b)):], b[min(len(a), len(b)):])
}
