package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	seriesPartitions = 3
	seriesKeys       = 200
	seriesRefs       = 50000
	seriesStep       = 2 // milliseconds of event time from one event to the next
	seriesDims       = 120
	seriesGroups     = 9
	maybeWithin      = 20 * 60_000 // milliseconds, of the outer join
)

// evRecord, payRecord and dimRecord are the values of the topics.
type evRecord struct {
	V   int64  `json:"v"`
	Ref string `json:"ref"`
	G   string `json:"g"`
	TS  int64  `json:"ts"`
}

type payRecord struct {
	Ref    string `json:"ref"`
	Amount int64  `json:"amount"`
	TS     int64  `json:"ts"`
}

type dimRecord struct {
	Grp string `json:"grp"`
	X   int64  `json:"x"`
}

// load sends the input of a series. It remembers what it has been promised, by topic; its
// counters go on from one run to the next, so that every record can be told from others.
type load struct {
	base int64 // event time of the first event, ms
	evs  atomic.Int64
	pays atomic.Int64
	// batches numbers the INSERTs of many rows.
	batches atomic.Int64

	mu       sync.Mutex
	closed   bool // promises that come now count no more
	promised map[string]map[int32]map[int64]string
	sizes    map[int64]int  // of batches that were sent
	inserted map[int64]bool // batches that were acknowledged
}

func newLoad() *load {
	return &load{base: time.Now().Add(time.Minute).UnixMilli() / 4000 * 4000, promised: map[string]map[int32]map[int64]string{},
		sizes: map[int64]int{}, inserted: map[int64]bool{}}
}

// promise remembers that a record has been acknowledged.
func (l *load) promise(r *kgo.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	topic := l.promised[r.Topic]
	if topic == nil {
		topic = map[int32]map[int64]string{}
		l.promised[r.Topic] = topic
	}
	if topic[r.Partition] == nil {
		topic[r.Partition] = map[int64]string{}
	}
	topic[r.Partition][r.Offset] = string(r.Key) + "=" + string(r.Value)
}

// promisedSoFar is a load that goes on from here, with what has been promised up to now.
func (l *load) promisedSoFar() *load {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &load{base: l.base, promised: map[string]map[int32]map[int64]string{}, sizes: maps.Clone(l.sizes), inserted: maps.Clone(l.inserted)}
	c.evs.Store(l.evs.Load() + 1_000_000) // numbers of its own
	c.pays.Store(l.pays.Load() + 1_000_000)
	c.batches.Store(l.batches.Load() + 1_000_000)
	for topic, partitions := range l.promised {
		c.promised[topic] = map[int32]map[int64]string{}
		for p, offsets := range partitions {
			c.promised[topic][p] = maps.Clone(offsets)
		}
	}
	return c
}

// count says whether promises count from now on. A machine whose power fails has made
// none after the moment that its disk is put back to.
func (l *load) count(yes bool) {
	l.mu.Lock()
	l.closed = !yes
	l.mu.Unlock()
}

// run sends until stop is closed, and then, unless drop is set, waits for what is on its way.
func (l *load) run(t *testing.T, s *server, seed int64, stop <-chan struct{}, drop bool) {
	var inserting sync.WaitGroup
	defer inserting.Wait()
	inserting.Go(func() { l.insertBatches(t, s, seed+1, stop) })
	client := s.client(kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)), kgo.RetryTimeout(patience), kgo.RecordDeliveryTimeout(patience))
	defer client.Close()
	rng := rand.New(rand.NewSource(seed))
	for {
		select {
		case <-stop:
			if drop {
				return
			}
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			if err := client.Flush(ctx); err != nil {
				t.Errorf("flush: %v\n%s", err, s.log())
			}
			return
		case <-time.After(5 * time.Millisecond):
		}
		for _, r := range l.next(rng) {
			client.Produce(context.Background(), r, func(r *kgo.Record, err error) {
				if err == nil {
					l.promise(r)
				} else if !drop {
					t.Errorf("%s: %v", r.Topic, err)
				}
			})
		}
	}
}

// next makes some more input: events, of which one in ten is late and one in fifty very
// late, payments beside them, and changes of the tables, of which some are deletions.
func (l *load) next(rng *rand.Rand) []*kgo.Record {
	var out []*kgo.Record
	put := func(topic, key string, value any) {
		r := &kgo.Record{Topic: topic, Key: []byte(key)}
		if value != nil {
			r.Value, _ = json.Marshal(value)
		}
		out = append(out, r)
	}
	for range 12 {
		n := l.evs.Add(1)
		put("ev", fmt.Sprint("k", rng.Intn(seriesKeys)), evRecord{V: n, Ref: fmt.Sprint("r", rng.Intn(seriesRefs)), G: fmt.Sprint("g", n%7), TS: l.at(n, rng)})
	}
	for range 3 {
		n := l.pays.Add(1)
		put("pay", fmt.Sprint("p", n), payRecord{Ref: fmt.Sprint("r", rng.Intn(seriesRefs)), Amount: n, TS: l.at(l.evs.Load(), rng)})
	}
	dim := fmt.Sprint("d", rng.Intn(seriesDims))
	switch rng.Intn(8) {
	case 0:
		put("dim", dim, nil)
	case 1:
		put("extra", dim, nil)
	case 2, 3:
		put("extra", dim, map[string]int{"y": rng.Intn(1000)})
	case 4:
		group := fmt.Sprint("grp", rng.Intn(seriesGroups))
		if rng.Intn(4) == 0 {
			put("groups", group, nil)
		} else {
			put("groups", group, map[string]string{"name": fmt.Sprint("name", rng.Intn(20))})
		}
	default:
		put("dim", dim, dimRecord{Grp: fmt.Sprint("grp", rng.Intn(seriesGroups)), X: int64(rng.Intn(1000))})
	}
	return out
}

// at is the event time of event n.
func (l *load) at(n int64, rng *rand.Rand) int64 {
	ts := l.base + n*seriesStep
	switch x := rng.Intn(100); {
	case x < 2:
		ts -= int64(rng.Intn(600_000))
	case x < 10:
		ts -= int64(rng.Intn(3_000))
	}
	return ts
}

// flush ends event time: what waits for a window to close is decided. Its records are of
// refs of their own, enough of them that every partition of every topic has some. They
// come when the queries have taken what was before them: a join's partitions of input may
// be apart for a while, and what comes after its window has closed is another question.
func (l *load) flush(t *testing.T, s *server) {
	t.Helper()
	c := s.psql()
	s.exec(c, "SET read_consistency = strict")
	for _, view := range []string{"paid_by_ref", "maybe_by_ref", "right_by_ref", "full_by_ref", "finals", "session_finals"} {
		s.caughtUp(c, view)
	}
	client := s.client()
	end := l.base + l.evs.Load()*seriesStep + 3*24*time.Hour.Milliseconds()
	for i := range 40 {
		n := l.evs.Add(1)
		e, _ := json.Marshal(evRecord{V: n, Ref: fmt.Sprint("end", i), G: "none", TS: end})
		p, _ := json.Marshal(payRecord{Ref: fmt.Sprint("paid", i), Amount: l.pays.Add(1), TS: end})
		records := []*kgo.Record{{Topic: "ev", Key: fmt.Append(nil, "end", i), Value: e}, {Topic: "pay", Key: fmt.Append(nil, "end", i), Value: p}}
		if err := client.ProduceSync(context.Background(), records...).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// caughtUp waits for a view to show what has been sent, as long as the queries get on: how long
// they may take is the machine's affair. c reads with read_consistency strict. A query that has
// failed is tried again after a while.
func (s *server) caughtUp(c *pgx.Conn, view string) {
	s.t.Helper()
	for read, deadline := "", time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		_, err := c.Exec(context.Background(), "SELECT COUNT(*) FROM "+view)
		if err == nil {
			return
		}
		if now := s.recordsRead(); now != read {
			read, deadline = now, time.Now().Add(patience)
		}
		if time.Now().After(deadline) {
			s.t.Fatal(err)
		}
	}
}

// recordsRead is how many records each query has read.
func (s *server) recordsRead() string {
	var read []string
	for line := range strings.Lines(s.scrape().Text) {
		if strings.HasPrefix(line, "tailrace_query_read_records_total{") {
			read = append(read, line)
		}
	}
	return strings.Join(read, "")
}
