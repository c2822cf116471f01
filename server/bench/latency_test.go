package bench

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sys/unix"
)

// latency is from the moment a producer has the acknowledgement of a record (acks=all) to
// the moment a push query's client has the row, on an idle system. The ceilings: a write
// of 4 KiB with fdatasync, of which a view needs one (its commit), and an echo over TCP.
func latency(tb testing.TB, records int, pause time.Duration, query string) figures {
	p := launch(tb, tb.TempDir())
	ddl := p.connect(tb)
	execute(tb, ddl, createEvents, fromStart, createCounts)
	w := newWatch(tb, p, query)
	w.round(records, pause)
	drop := min(len(w.visible)-1, 20) // connections, caches
	visible, acks := w.visible[drop:], w.acks[drop:]
	return figures{"p50-ms": quantile(visible, 0.5), "p99-ms": quantile(visible, 0.99), "ack-p50-ms": quantile(acks, 0.5),
		"fdatasync-p50-ms": syncs(tb, min(records, 200)), "echo-us": 1e6 / echo(tb, 1, min(records*10, 5000))}
}

// watch is a producer to the events of a server, and a push query that sees what it produces.
type watch struct {
	tb     testing.TB
	client *kgo.Client
	seen   chan time.Time
	// acks are from sending to the acknowledgement, visible from there to the row.
	acks, visible []time.Duration
}

func newWatch(tb testing.TB, p *process, query string) *watch {
	ctx, cancel := context.WithCancel(context.Background())
	w := &watch{tb: tb, seen: make(chan time.Time, 1000)}
	failed, gone := make(chan error, 1), make(chan struct{})
	follower := p.connect(tb)
	go func() {
		defer close(gone)
		failed <- follow(ctx, follower, query, w.seen)
	}()
	tb.Cleanup(func() { // before the follower's connection is closed
		cancel()
		<-gone
	})
	var err error
	if w.client, err = kgo.NewClient(kgo.SeedBrokers(p.kafka), kgo.DefaultProduceTopic("events"), kgo.ProducerLinger(0)); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(w.client.Close)
	await(tb, w.client, w.seen, failed)
	return w
}

// round produces records one by one, each after a pause.
func (w *watch) round(records int, pause time.Duration) {
	w.tb.Helper()
	for i := range records {
		time.Sleep(pause)
		began := time.Now()
		r := &kgo.Record{Key: []byte(eventKey(i % 10)), Value: []byte(eventValue(i, i%10, 1))}
		if err := w.client.ProduceSync(context.Background(), r).FirstErr(); err != nil {
			w.tb.Fatal(err)
		}
		acked := time.Now()
		select {
		case at := <-w.seen:
			w.acks, w.visible = append(w.acks, acked.Sub(began)), append(w.visible, max(0, at.Sub(acked)))
		case <-time.After(30 * time.Second):
			w.tb.Fatalf("record %d never came", i)
		}
	}
}

// await produces until the first row comes, and then waits until no more do: a client
// cannot know from when on its push query sees what is produced.
func await(tb testing.TB, c *kgo.Client, seen <-chan time.Time, failed <-chan error) {
	tb.Helper()
	for came := false; ; {
		if !came {
			if err := c.ProduceSync(context.Background(), &kgo.Record{Key: []byte(eventKey(0)), Value: []byte(eventValue(0, 0, 1))}).FirstErr(); err != nil {
				tb.Fatal(err)
			}
		}
		select {
		case <-seen:
			came = true
		case err := <-failed:
			tb.Fatal("push query ended: ", err)
		case <-time.After(200 * time.Millisecond):
			if came {
				return
			}
		}
	}
}

// follow runs a push query from now on and notes when each row arrives.
func follow(ctx context.Context, c *pgx.Conn, query string, seen chan<- time.Time) error {
	if _, err := c.Exec(ctx, "SET 'auto.offset.reset' = 'latest'"); err != nil {
		return err
	}
	rows, err := c.Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		select {
		case seen <- time.Now():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return rows.Err()
}

// syncs is the median time of a write of 4 KiB with fdatasync into a preallocated file.
func syncs(tb testing.TB, n int) float64 {
	tb.Helper()
	f, err := os.Create(filepath.Join(tb.TempDir(), "f"))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(make([]byte, 4096*n)); err != nil {
		tb.Fatal(err)
	}
	var took []time.Duration
	buf := make([]byte, 4096)
	for i := range n {
		binary.LittleEndian.PutUint64(buf, uint64(i))
		began := time.Now()
		if _, err := f.WriteAt(buf, int64(i)*4096); err != nil {
			tb.Fatal(err)
		}
		if err := unix.Fdatasync(int(f.Fd())); err != nil {
			tb.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	return quantile(took, 0.5)
}

var pushQueries = map[string]string{
	"stream": "SELECT K, V FROM EVENTS EMIT CHANGES",
	"view":   "SELECT K, C FROM COUNTS EMIT CHANGES",
}

func TestLatency(t *testing.T) {
	for _, q := range pushQueries {
		latency(t, 5, 0, q)
	}
}

func BenchmarkLatency(b *testing.B) {
	for name, q := range pushQueries {
		b.Run(name, func(b *testing.B) {
			measure(b, func() figures { return latency(b, 500, 15*time.Millisecond, q) })
		})
	}
}
