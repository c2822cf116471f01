package bench

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/executor/chunk"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

const (
	createCounts = `CREATE TABLE COUNTS AS SELECT K, COUNT(*) C, SUM(V) S FROM EVENTS GROUP BY K`
	lookup       = `SELECT C, S FROM COUNTS WHERE K = $1`
)

// counted is a Result that counts rows.
type counted struct {
	collect
	n int
}

func (r *counted) Rows(_ []*vector.Vector, n int) error { r.n += n; return nil }

// lookupInside looks rows up by key: through the view itself, and as a prepared statement
// of a session. The ceiling is a Go map.
func lookupInside(tb testing.TB, keys, lookups int) figures {
	n := open(tb)
	n.execute(createEvents, fromStart, createCounts)
	n.applied("COUNTS", "events", n.append("events", eventBatches(tb, keys, func(i int) int { return i })))
	ctx := context.Background()
	view, _ := n.eng.View("COUNTS")
	boxed, args := make([][]types.Value, keys), random(keys)
	bare := map[string]int64{}
	for i := range boxed {
		boxed[i] = []types.Value{eventKey(i)}
		bare[eventKey(i)] = int64(i)
	}
	found, sum := 0, int64(0)
	hash := timed(func() {
		for range lookups {
			sum += bare[boxed[args(0)][0].(string)]
		}
	})
	get := timed(func() {
		for range lookups {
			i := args(0)
			if err := view.Get(ctx, boxed[i:i+1], func(c *chunk.Chunk) error { found += c.N; return nil }); err != nil {
				tb.Fatal(err)
			}
		}
	})
	p, err := n.s.Prepare(ctx, lookup, nil)
	if err != nil {
		tb.Fatal(err)
	}
	var out counted
	prepared := timed(func() {
		for range lookups {
			if _, err := p.Run(ctx, boxed[args(0)], &out); err != nil {
				tb.Fatal(err)
			}
		}
	})
	if found != lookups || out.n != lookups || sum == 0 {
		tb.Fatalf("%d and %d rows of %d", found, out.n, lookups)
	}
	rate := func(s spent) float64 { return float64(lookups) / s.cpu.Seconds() / 1e6 }
	return figures{"get-M/cpu-s": rate(get), "prepared-M/cpu-s": rate(prepared), "map-M/cpu-s": rate(hash)}
}

// lookupWire looks rows up by key over the extended protocol, with a statement that is
// prepared once a connection. Ceilings: SELECT 1 the same way, and a bare echo over TCP.
func lookupWire(tb testing.TB, keys, lookups, conns int) figures {
	p := launch(tb, tb.TempDir())
	execute(tb, p.connect(tb), createEvents, fromStart, createCounts)
	produce(tb, p, keys)
	clients := make([]*pgx.Conn, conns)
	for i := range clients {
		clients[i] = p.connect(tb)
	}
	awaitRows(tb, clients[0], keys)
	ctx := context.Background()
	row := together(conns, lookups, func(c, i int) error {
		var count, sum int64
		return clients[c].QueryRow(ctx, lookup, eventKey((i*7919+c)%keys)).Scan(&count, &sum)
	})
	one := together(conns, lookups, func(c, i int) error {
		var x int64
		return clients[c].QueryRow(ctx, "SELECT 1").Scan(&x)
	})
	for _, err := range []error{row.err, one.err} {
		if err != nil {
			tb.Fatal(err)
		}
	}
	return figures{"lookups/s": row.rate, "p99-ms": row.p99, "select-1/s": one.rate, "echo/s": echo(tb, conns, lookups)}
}

// produce writes one record for each key.
func produce(tb testing.TB, p *process, keys int) {
	tb.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(p.kafka), kgo.DefaultProduceTopic("events"))
	if err != nil {
		tb.Fatal(err)
	}
	defer c.Close()
	var failed error
	for i := range keys {
		c.Produce(context.Background(), &kgo.Record{Key: []byte(eventKey(i)), Value: []byte(eventValue(i, i, i%100))}, func(_ *kgo.Record, err error) {
			if err != nil {
				failed = err
			}
		})
	}
	if err := c.Flush(context.Background()); err != nil || failed != nil {
		tb.Fatal(err, failed)
	}
}

// awaitRows waits until COUNTS has as many rows.
func awaitRows(tb testing.TB, c *pgx.Conn, want int) {
	tb.Helper()
	for n := 0; n < want; time.Sleep(20 * time.Millisecond) {
		if err := c.QueryRow(context.Background(), "SELECT COUNT(*) FROM COUNTS").Scan(&n); err != nil {
			tb.Fatal(err)
		}
	}
}

type concurrent struct {
	rate, p99 float64
	err       error
}

// together calls do a number of times, on some goroutines at once.
func together(workers, total int, do func(worker, i int) error) concurrent {
	var wg sync.WaitGroup
	errs, took := make([]error, workers), make([][]time.Duration, workers)
	began := time.Now()
	for w := range workers {
		wg.Go(func() {
			for i := range total / workers {
				at := time.Now()
				if errs[w] = do(w, i); errs[w] != nil {
					return
				}
				took[w] = append(took[w], time.Since(at))
			}
		})
	}
	wg.Wait()
	out := concurrent{rate: float64(total) / time.Since(began).Seconds()}
	var all []time.Duration
	for w := range workers {
		all = append(all, took[w]...)
		if out.err == nil {
			out.err = errs[w]
		}
	}
	out.p99 = quantile(all, 0.99)
	return out
}

// echo measures round trips of 64 bytes over TCP.
func echo(tb testing.TB, conns, total int) float64 {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.CopyBuffer(struct{ io.Writer }{c}, struct{ io.Reader }{c}, make([]byte, 4096)) }()
		}
	}()
	clients := make([]net.Conn, conns)
	for i := range clients {
		if clients[i], err = net.Dial("tcp", l.Addr().String()); err != nil {
			tb.Fatal(err)
		}
		defer clients[i].Close()
	}
	r := together(conns, total, func(c, _ int) error {
		buf := make([]byte, 64)
		if _, err := clients[c].Write(buf); err != nil {
			return err
		}
		_, err := io.ReadFull(clients[c], buf)
		return err
	})
	if r.err != nil {
		tb.Fatal(r.err)
	}
	return r.rate
}

func TestLookup(t *testing.T) {
	lookupInside(t, 500, 2000)
	lookupWire(t, 200, 400, 2)
}

func BenchmarkLookupInside(b *testing.B) {
	measure(b, func() figures { return lookupInside(b, 100_000, 1_000_000) })
}

func BenchmarkLookupWire(b *testing.B) {
	for _, conns := range []int{1, 4, 16} {
		b.Run(fmt.Sprintf("connections=%d", conns), func(b *testing.B) {
			measure(b, func() figures { return lookupWire(b, 10_000, 60_000, conns) })
		})
	}
}
