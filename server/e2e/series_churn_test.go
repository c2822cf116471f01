package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"
)

// churn makes, replaces and drops statements while a series runs: between faults, and while one
// happens. A statement whose answer a fault has swallowed may have happened or not.
type churn struct {
	rng  *rand.Rand
	n    int
	made []*churned
}

// churned is a statement's stream or table.
type churned struct {
	name        string
	table       bool
	rests       []int64 // remainders of v that a stream selects; those behind the first from its replacement on
	there, gone bool    // that it was made, and dropped, is sure
}

func newChurn(seed int64) *churn {
	return &churn{rng: rand.New(rand.NewSource(seed))}
}

// create is the statement that makes it, or takes its place.
func (cd *churned) create(how string) string {
	if cd.table {
		return fmt.Sprintf("%s TABLE %s AS SELECT k, COUNT(*) AS n, SUM(v) AS total FROM ev WHERE v %% 5 = %d GROUP BY k", how, cd.name, cd.rests[0])
	}
	var where []string
	for _, r := range cd.rests {
		where = append(where, fmt.Sprintf("v %% 5 = %d", r))
	}
	return fmt.Sprintf("%s STREAM %s AS SELECT k, v FROM ev WHERE %s", how, cd.name, strings.Join(where, " OR "))
}

func (cd *churned) drop() string {
	if cd.table {
		return "DROP TABLE " + cd.name + " DELETE TOPIC"
	}
	return "DROP STREAM " + cd.name + " DELETE TOPIC"
}

// next decides on a statement; done says whether it was answered.
func (ch *churn) next() (sql string, done func(bool)) {
	var alive, plain []*churned
	for _, cd := range ch.made {
		if cd.there && !cd.gone {
			alive = append(alive, cd)
			if !cd.table && len(cd.rests) == 1 {
				plain = append(plain, cd)
			}
		}
	}
	switch x := ch.rng.Intn(4); {
	case x == 0 && len(alive) > 0 || len(alive) > 5:
		cd := alive[ch.rng.Intn(len(alive))]
		return cd.drop(), func(ok bool) { cd.there, cd.gone = false, ok }
	case x == 1 && len(plain) > 0:
		cd := plain[ch.rng.Intn(len(plain))]
		cd.rests = append(cd.rests, (cd.rests[0]+1+int64(ch.rng.Intn(4)))%5)
		return cd.create("CREATE OR REPLACE"), func(bool) {}
	}
	ch.n++
	cd := &churned{name: fmt.Sprint("churn_", ch.n), table: ch.rng.Intn(3) == 0, rests: []int64{int64(ch.rng.Intn(5))}}
	ch.made = append(ch.made, cd)
	return cd.create("CREATE"), func(ok bool) { cd.there = ok }
}

// step runs a statement while nothing happens to the server.
func (ch *churn) step(t *testing.T, s *server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := s.psql()
	s.exec(c, "SET 'auto.offset.reset' = 'earliest'")
	sql, done := ch.next()
	_, err := c.Exec(ctx, sql)
	if done(err == nil); err != nil {
		t.Errorf("%s: %v", sql, err)
	}
}

// meanwhile sends a statement, now and then, and does not wait for its answer: that is what is
// returned for.
func (ch *churn) meanwhile(t *testing.T, s *server) func() {
	t.Helper()
	if ch.rng.Intn(3) > 0 {
		return func() {}
	}
	c := s.psql()
	s.exec(c, "SET 'auto.offset.reset' = 'earliest'")
	sql, done := ch.next()
	answer := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_, err := c.Exec(ctx, sql)
		answer <- err
	}()
	time.Sleep(time.Duration(ch.rng.Intn(10)) * time.Millisecond)
	return func() {
		err := <-answer
		t.Logf("meanwhile %s: %v", sql, err)
		done(err == nil)
	}
}

// check compares what is left with the input. What is known to be made is there, what is known
// to be dropped is not, its topic neither.
func (ch *churn) check(t *testing.T, s *server, in *input) {
	t.Helper()
	c := s.psql()
	s.exec(c, "SET read_consistency = strict")
	for _, cd := range ch.made {
		_, err := c.Exec(t.Context(), "DESCRIBE "+cd.name)
		if (cd.there || cd.gone) && (err == nil) != cd.there {
			t.Errorf("DESCRIBE %s: %v, want it there: %v", cd.name, err, cd.there)
			continue
		}
		if _, topic := s.tryEnds(strings.ToUpper(cd.name)); cd.gone && topic == nil || err == nil && topic != nil {
			t.Errorf("topic of %s: %v, want it there: %v", cd.name, topic, err == nil)
		}
		if err == nil && cd.table {
			cd.checkTable(t, c, in)
		} else if err == nil {
			eventually(t, func() error { return cd.checkStream(s, in) })
		}
	}
}

func (cd *churned) checkTable(t *testing.T, c *pgx.Conn, in *input) {
	t.Helper()
	want := sums{}
	for _, partition := range in.evs {
		for _, e := range partition {
			if e.val.V%5 == cd.rests[0] {
				want.add(e.key, e.val.V)
			}
		}
	}
	got, err := table(c, 1, "SELECT k, n, total FROM "+cd.name)
	if err != nil {
		t.Errorf("%s: %v", cd.name, err)
	}
	same(t, cd.name, got, want.rows())
}

// checkStream: what was selected all the time is there, in order; of what was selected later,
// each partition has what came from some event on.
func (cd *churned) checkStream(s *server, in *input) error {
	got := make([][]int64, seriesPartitions)
	s.consume(strings.ToUpper(cd.name), func(r *kgo.Record) {
		var v struct{ V int64 }
		_ = json.Unmarshal(r.Value, &v)
		got[r.Partition] = append(got[r.Partition], v.V)
	})
	for p, partition := range in.evs {
		there := map[int64]bool{}
		for _, v := range got[p] {
			there[v] = true
		}
		since := slices.IndexFunc(partition, func(e keyed[evRecord]) bool { return e.val.V%5 != cd.rests[0] && there[e.val.V] })
		var want []int64
		for i, e := range partition {
			if rest := e.val.V % 5; rest == cd.rests[0] || since >= 0 && i >= since && slices.Contains(cd.rests, rest) {
				want = append(want, e.val.V)
			}
		}
		if !slices.Equal(got[p], want) {
			return fmt.Errorf("%s-%d (v %% 5 in %v) has %d records, want %d, of %d events", cd.name, p, cd.rests, len(got[p]), len(want), len(partition))
		}
	}
	return nil
}
