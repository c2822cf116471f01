package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// event is what the producer under fire sends: V numbers the events.
type event struct {
	K  int   `json:"k"`
	V  int64 `json:"v"`
	TS int64 `json:"ts"`
}

const (
	fireKeys       = 50
	firePartitions = 3
	fireStep       = 2       // milliseconds of event time from one event to the next
	fireWindow     = 100_000 // milliseconds
)

// fireQueries is one query of every kind: a filter, an aggregate (repartitioned), an
// aggregate over another query's stream, a windowed aggregate, a join with a table, and
// an aggregate over that.
var fireQueries = []string{
	fmt.Sprintf(`CREATE STREAM events (k INT, v BIGINT, ts BIGINT)
		WITH (kafka_topic='events', value_format='JSON', timestamp='ts', partitions=%d)`, firePartitions),
	fmt.Sprintf(`CREATE TABLE names (k INT PRIMARY KEY, name VARCHAR)
		WITH (kafka_topic='names', value_format='JSON', partitions=%d)`, firePartitions),
	`CREATE STREAM even AS SELECT k, v FROM events WHERE v % 2 = 0`,
	`CREATE TABLE totals AS SELECT k, COUNT(*) AS n, SUM(v) AS total FROM events GROUP BY k`,
	`CREATE TABLE even_totals AS SELECT k, COUNT(*) AS n, MAX(v) AS top FROM even GROUP BY k`,
	`CREATE TABLE per_window AS SELECT k, COUNT(*) AS n, SUM(v) AS total FROM events
		WINDOW TUMBLING (SIZE 100 SECONDS, GRACE PERIOD 30 DAYS) GROUP BY k`,
	`CREATE STREAM named AS SELECT e.k, n.name AS name, e.v AS v FROM events e JOIN names n ON e.k = n.k`,
	`CREATE TABLE by_name AS SELECT name, COUNT(*) AS n, SUM(v) AS total FROM named GROUP BY name`,
}

// acked is what the producer has been promised, by partition and offset.
type acked struct {
	mu    sync.Mutex
	count int64
	seq   map[int32]map[int64]int64
}

func (a *acked) add(r *kgo.Record, seq int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.seq[r.Partition] == nil {
		a.seq[r.Partition] = map[int64]int64{}
	}
	a.seq[r.Partition][r.Offset] = seq
	a.count++
}

func (a *acked) total() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.count
}

// seeded returns the random numbers of a test, which TAILRACE_SEED replays.
func seeded(t *testing.T) *rand.Rand {
	seed := time.Now().UnixNano()
	if v := os.Getenv("TAILRACE_SEED"); v != "" {
		seed, _ = strconv.ParseInt(v, 10, 64)
	}
	t.Logf("replay with TAILRACE_SEED=%d", seed)
	return rand.New(rand.NewSource(seed))
}

// TestRestartUnderFire kills the server with SIGKILL at random moments, also while it
// starts, under a producer at full speed. Every acknowledged record must be there, once,
// in order; the streams that queries make hold each result once; the views equal a
// recomputation over the input, also after a clean restart, and after one that finds the
// state's folder gone and has only the changelogs.
func TestRestartUnderFire(t *testing.T) {
	rounds := 10
	if testing.Short() {
		rounds = 3
	}
	rng := seeded(t)
	// Small segments: they roll, are compacted and are deleted under fire too.
	s := newServer(t, "pull.timeout.ms=120000", "log.segment.bytes=4194304")
	s.start()
	c := s.psql()
	s.exec(c, fireQueries...)
	for k := range fireKeys {
		s.exec(c, fmt.Sprintf("INSERT INTO names (k, name) VALUES (%d, 'name %d')", k, k%7))
	}
	promised := &acked{seq: map[int32]map[int64]int64{}}
	stop := make(chan struct{})
	sent := make(chan int64, 1)
	go func() { sent <- produceUnderFire(t, s, promised, stop) }()
	for range rounds {
		time.Sleep(time.Duration(100+rng.Intn(900)) * time.Millisecond)
		s.kill()
		for rng.Intn(3) == 0 { // again, before it is up
			if _, err := s.launch(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(rng.Intn(200)) * time.Millisecond)
			s.kill()
		}
		s.start()
		if rng.Intn(3) == 0 {
			readUnderFire(t, s, promised)
		}
	}
	time.Sleep(300 * time.Millisecond)
	close(stop)
	n := <-sent
	if n == 0 {
		t.Fatal("the producer sent nothing")
	}
	input := checkInput(t, s, promised, n)
	want := recompute(input)
	checkViews(t, s, "after the kills", want)
	checkStreams(t, s, input)

	s.stop()
	s.start()
	checkViews(t, s, "after a clean stop", want)

	s.stop()
	if err := os.RemoveAll(filepath.Join(s.dir, "state")); err != nil {
		t.Fatal(err)
	}
	s.start()
	checkViews(t, s, "from the changelogs alone", want)
	checkStreams(t, s, input)
}

// produceUnderFire sends numbered events until stop, waits for every promise, and returns
// how many it sent.
func produceUnderFire(t *testing.T, s *server, promised *acked, stop chan struct{}) int64 {
	client := s.client(kgo.DefaultProduceTopic("events"), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()),
		kgo.MaxBufferedRecords(5000), kgo.ProducerBatchMaxBytes(64<<10), kgo.RetryTimeout(2*time.Minute))
	base := time.Now().Add(time.Minute).UnixMilli() // after the names
	var seq atomic.Int64
	for {
		select {
		case <-stop:
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			if err := client.Flush(ctx); err != nil {
				t.Errorf("flush: %v", err)
			}
			return seq.Load()
		default:
		}
		n := seq.Add(1)
		value, _ := json.Marshal(event{K: int(n % fireKeys), V: n, TS: base + n*fireStep})
		client.Produce(context.Background(), &kgo.Record{Value: value}, func(r *kgo.Record, err error) {
			if err != nil {
				t.Errorf("record %d: %v", n, err)
				return
			}
			promised.add(r, n)
		})
	}
}

// readUnderFire asks for everything that was acknowledged before: a strict read has it.
func readUnderFire(t *testing.T, s *server, promised *acked) {
	t.Helper()
	c := s.psql()
	s.exec(c, "SET read_consistency = strict")
	before := promised.total()
	got, err := table(c, 1, "SELECT k, n FROM totals")
	if err != nil {
		t.Fatalf("a strict read under fire: %v\n%s", err, s.log())
	}
	sum := int64(0)
	for _, n := range got {
		v, _ := strconv.ParseInt(n, 10, 64)
		sum += v
	}
	if sum < before {
		t.Errorf("a strict read under fire has %d events, %d were acknowledged before it", sum, before)
	}
}

// checkInput reads the topic back: what was promised is where it was promised, nothing is
// there twice, and each partition is in order.
func checkInput(t *testing.T, s *server, promised *acked, sent int64) []event {
	t.Helper()
	var all []event
	seen := make(map[int64]bool, sent)
	var next, last [firePartitions]int64
	s.consume("events", func(r *kgo.Record) {
		var e event
		if err := json.Unmarshal(r.Value, &e); err != nil {
			t.Fatalf("events-%d@%d: %v", r.Partition, r.Offset, err)
		}
		p := r.Partition
		if r.Offset != next[p] {
			t.Fatalf("events-%d: offset %d follows %d", p, r.Offset, next[p]-1)
		}
		if seen[e.V] {
			t.Errorf("record %d is there twice", e.V)
		}
		if e.V < last[p] {
			t.Errorf("events-%d@%d: record %d after %d", p, r.Offset, e.V, last[p])
		}
		if want, ok := promised.seq[p][r.Offset]; ok && want != e.V {
			t.Errorf("events-%d@%d holds %d, promised was %d", p, r.Offset, e.V, want)
		}
		seen[e.V], last[p], next[p] = true, e.V, r.Offset+1
		all = append(all, e)
	})
	for p, offsets := range promised.seq {
		for offset, seq := range offsets {
			if !seen[seq] {
				t.Errorf("record %d, acknowledged at events-%d@%d, is lost", seq, p, offset)
			}
		}
	}
	t.Logf("%d records sent, %d in the log", sent, len(all))
	return all
}

// views is what the views must hold, each as rows by key.
type views struct{ totals, even, windows, names map[string]string }

// recompute computes the views from the input, in the plainest way.
func recompute(input []event) views {
	type key struct{ k, window int64 }
	type sum struct{ n, total, top int64 }
	totals, even, windows, names := map[key]sum{}, map[key]sum{}, map[key]sum{}, map[key]sum{}
	add := func(m map[key]sum, k key, v int64) {
		x := m[k]
		m[k] = sum{x.n + 1, x.total + v, max(x.top, v)}
	}
	for _, e := range input {
		k := int64(e.K)
		add(totals, key{k: k}, e.V)
		add(windows, key{k, e.TS / fireWindow * fireWindow}, e.V)
		add(names, key{k: k % 7}, e.V)
		if e.V%2 == 0 {
			add(even, key{k: k}, e.V)
		}
	}
	out := views{map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}}
	for k, x := range totals {
		out.totals[fmt.Sprint(k.k)] = fmt.Sprint(x.n, x.total)
	}
	for k, x := range even {
		out.even[fmt.Sprint(k.k)] = fmt.Sprint(x.n, x.top)
	}
	for k, x := range windows {
		out.windows[fmt.Sprint(k.k, k.window)] = fmt.Sprint(x.n, x.total)
	}
	for k, x := range names {
		out.names[fmt.Sprintf("name %d", k.k)] = fmt.Sprint(x.n, x.total)
	}
	return out
}

// checkViews compares the views with what they must hold.
func checkViews(t *testing.T, s *server, when string, want views) {
	t.Helper()
	c := s.psql()
	s.exec(c, "SET read_consistency = strict")
	for _, v := range []struct {
		keys int
		sql  string
		want map[string]string
	}{
		{1, "SELECT k, n, total FROM totals", want.totals},
		{1, "SELECT k, n, top FROM even_totals", want.even},
		{2, "SELECT k, windowstart, n, total FROM per_window", want.windows},
		{1, "SELECT name, n, total FROM by_name", want.names},
	} {
		got, err := table(c, v.keys, v.sql)
		if err != nil {
			t.Fatalf("%s, %s: %v", v.sql, when, err)
		}
		same(t, v.sql+", "+when, got, v.want)
	}
}

// checkStreams compares the streams that queries write with the input: each result is
// there once, and those of one partition of the input are in its order. The views that
// depend on them have been read strictly, so that they are complete.
func checkStreams(t *testing.T, s *server, input []event) {
	t.Helper()
	even := map[int64]bool{}
	all := map[int64]bool{}
	for _, e := range input {
		all[e.V] = true
		if e.V%2 == 0 {
			even[e.V] = true
		}
	}
	for topic, want := range map[string]map[int64]bool{"EVEN": even, "NAMED": all} {
		seen := make(map[int64]bool, len(want))
		var last [firePartitions]int64
		s.consume(topic, func(r *kgo.Record) {
			var e struct{ V int64 }
			if err := json.Unmarshal(r.Value, &e); err != nil {
				t.Fatal(err)
			}
			if seen[e.V] || !want[e.V] {
				t.Fatalf("%s-%d@%d: record %d is in it twice or does not belong there", topic, r.Partition, r.Offset, e.V)
			}
			if topic == "EVEN" && e.V < last[r.Partition] {
				t.Fatalf("%s-%d@%d: record %d after %d", topic, r.Partition, r.Offset, e.V, last[r.Partition])
			}
			seen[e.V], last[r.Partition] = true, e.V
		})
		if len(seen) != len(want) {
			t.Errorf("%s has %d records, want %d", topic, len(seen), len(want))
		}
	}
}
