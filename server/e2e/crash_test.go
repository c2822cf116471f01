package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// event is what the producer under fire sends.
type event struct {
	K int   `json:"k"`
	V int64 `json:"v"`
}

const (
	fireKeys       = 50
	firePartitions = 3
)

// acked is what the producer has been promised, by partition and offset.
type acked struct {
	mu  sync.Mutex
	seq map[int32]map[int64]int64
}

func (a *acked) add(r *kgo.Record, seq int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.seq[r.Partition] == nil {
		a.seq[r.Partition] = map[int64]int64{}
	}
	a.seq[r.Partition][r.Offset] = seq
}

// TestRestartUnderFire kills the server with SIGKILL at random moments while a producer
// sends at full speed. Every acknowledged record must be there, once, in order; the
// filtered stream and the views must equal a recomputation over the input.
func TestRestartUnderFire(t *testing.T) {
	rounds := 10
	if testing.Short() {
		rounds = 3
	}
	seed := time.Now().UnixNano()
	if v := os.Getenv("TAILRACE_SEED"); v != "" {
		seed, _ = strconv.ParseInt(v, 10, 64)
	}
	t.Logf("replay with TAILRACE_SEED=%d", seed)
	rng := rand.New(rand.NewSource(seed))

	s := newServer(t)
	s.start()
	c := s.psql()
	s.exec(c, fmt.Sprintf(`CREATE STREAM events (k INT, v BIGINT) WITH (kafka_topic='events', value_format='JSON', partitions=%d)`, firePartitions),
		`CREATE STREAM even AS SELECT k, v FROM events WHERE v % 2 = 0`,
		`CREATE TABLE totals AS SELECT k, COUNT(*) AS n, SUM(v) AS total FROM events GROUP BY k`,
		`CREATE TABLE even_totals AS SELECT k, COUNT(*) AS n FROM even GROUP BY k`)

	promised := &acked{seq: map[int32]map[int64]int64{}}
	stop := make(chan struct{})
	var producing sync.WaitGroup
	producing.Add(1)
	sent := int64(0)
	go func() {
		defer producing.Done()
		sent = produceUnderFire(t, s, promised, stop)
	}()
	for round := range rounds {
		time.Sleep(time.Duration(200+rng.Intn(900)) * time.Millisecond)
		s.kill()
		s.start()
		t.Logf("round %d: killed and started again", round)
	}
	time.Sleep(300 * time.Millisecond)
	close(stop)
	producing.Wait()
	if sent == 0 {
		t.Fatal("the producer sent nothing")
	}
	input := checkInput(t, s, promised, sent)
	checkEven(t, s, input)
	checkTotals(t, s, input)
}

// produceUnderFire sends numbered events until stop, and waits for every promise.
func produceUnderFire(t *testing.T, s *server, promised *acked, stop chan struct{}) int64 {
	client := s.client(kgo.DefaultProduceTopic("events"), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()),
		kgo.MaxBufferedRecords(5000), kgo.ProducerBatchMaxBytes(64<<10), kgo.RetryTimeout(2*time.Minute))
	var seq atomic.Int64
	for {
		select {
		case <-stop:
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
			defer cancel()
			if err := client.Flush(ctx); err != nil {
				t.Errorf("flush: %v", err)
			}
			return seq.Load()
		default:
		}
		n := seq.Add(1)
		value, _ := json.Marshal(event{K: int(n % fireKeys), V: n})
		client.Produce(context.Background(), &kgo.Record{Value: value}, func(r *kgo.Record, err error) {
			if err != nil {
				t.Errorf("record %d: %v", n, err)
				return
			}
			promised.add(r, n)
		})
	}
}

// checkInput reads the topic back: what was promised is where it was promised, nothing is
// there twice, and each partition is in order.
func checkInput(t *testing.T, s *server, promised *acked, sent int64) []event {
	t.Helper()
	var all []event
	seen := map[int64]bool{}
	for p, records := range s.consumeAll("events", firePartitions) {
		last := int64(0)
		for _, r := range records {
			var e event
			if err := json.Unmarshal(r.Value, &e); err != nil {
				t.Fatalf("events-%d@%d: %v", p, r.Offset, err)
			}
			if seen[e.V] {
				t.Errorf("record %d is there twice", e.V)
			}
			if e.V < last {
				t.Errorf("events-%d@%d: record %d after %d", p, r.Offset, e.V, last)
			}
			if want, ok := promised.seq[int32(p)][r.Offset]; ok && want != e.V {
				t.Errorf("events-%d@%d holds %d, promised was %d", p, r.Offset, e.V, want)
			}
			seen[e.V], last = true, e.V
			all = append(all, e)
		}
	}
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

// checkEven compares the filtered stream with the filter of the input.
func checkEven(t *testing.T, s *server, input []event) {
	t.Helper()
	want := map[int64]bool{}
	for _, e := range input {
		if e.V%2 == 0 {
			want[e.V] = true
		}
	}
	deadline := time.Now().Add(time.Minute)
	var got int
	for {
		seen := map[int64]bool{}
		got = 0
		for _, records := range s.consumeAll("EVEN", firePartitions) {
			for _, r := range records {
				var e struct{ V int64 }
				if err := json.Unmarshal(r.Value, &e); err != nil {
					t.Fatal(err)
				}
				if seen[e.V] {
					t.Fatalf("record %d is in the result twice", e.V)
				}
				if !want[e.V] {
					t.Fatalf("record %d does not belong into the result", e.V)
				}
				seen[e.V] = true
				got++
			}
		}
		if got == len(want) || time.Now().After(deadline) {
			break
		}
	}
	if got != len(want) {
		t.Errorf("the filtered stream has %d records, want %d", got, len(want))
	}
}

// checkTotals compares the views with the aggregates of the input.
func checkTotals(t *testing.T, s *server, input []event) {
	t.Helper()
	type total struct{ n, sum int64 }
	want, even := map[int]total{}, map[int]int64{}
	for _, e := range input {
		w := want[e.K]
		want[e.K] = total{w.n + 1, w.sum + e.V}
		if e.V%2 == 0 {
			even[e.K]++
		}
	}
	c := s.psql()
	s.exec(c, "SET read_consistency = strict")
	rows, err := c.Query(context.Background(), "SELECT k, n, total FROM totals")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for rows.Next() {
		var k int
		var n, sum int64
		if err := rows.Scan(&k, &n, &sum); err != nil {
			t.Fatal(err)
		}
		if want[k] != (total{n, sum}) {
			t.Errorf("totals of key %d: n=%d total=%d, want %+v", k, n, sum, want[k])
		}
		count++
	}
	if err := rows.Err(); err != nil || count != len(want) {
		t.Errorf("totals has %d keys, want %d (%v)", count, len(want), err)
	}
	rows, err = c.Query(context.Background(), "SELECT k, n FROM even_totals")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var k int
		var n int64
		if err := rows.Scan(&k, &n); err != nil {
			t.Fatal(err)
		}
		if even[k] != n {
			t.Errorf("even_totals of key %d: %d, want %d", k, n, even[k])
		}
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
}
