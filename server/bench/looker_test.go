package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// looks are what the pages of the console ask for, as often as they do, by somebody who has all of
// them open; a scan goes on as long as it is wanted, here without end; Prometheus scrapes.
var looks = []struct {
	path  string
	every time.Duration
}{
	{"/api/overview", 5 * time.Second},
	{"/api/overview/history", 5 * time.Second},
	{"/api/topics?limit=100&sort=bytes&order=desc", 5 * time.Second},
	{"/api/queries?limit=100&sort=lag", 2 * time.Second},
	{"/api/groups?limit=100&queries=true", 3 * time.Second},
	{"/api/topics/big/messages?limit=100", 3 * time.Second},
	{"/api/topics/big/messages?filter=" + url.QueryEscape("VALUE LIKE '%nowhere%'"), 0},
	{"/metrics", 15 * time.Second},
}

// looker measures the latency of a busy server alone and while somebody looks at it through the
// console, in turns, so that what else the machine does falls upon both.
func looker(tb testing.TB, topics, queries, messages, turns, records int) figures {
	p := launch(tb, tb.TempDir(), "--http-addr=127.0.0.1:0")
	ddl := p.connect(tb)
	execute(tb, ddl, createEvents, fromStart)
	for i := range topics {
		execute(tb, ddl, fmt.Sprintf("CREATE STREAM S%d (A INT, B VARCHAR) WITH (KAFKA_TOPIC='topic-%d', VALUE_FORMAT='JSON', PARTITIONS=1)", i, i))
	}
	for i := range queries {
		execute(tb, ddl, fmt.Sprintf("CREATE STREAM Q%d AS SELECT A, UCASE(B) AS B FROM S%d WHERE A > 0", i, i%topics))
	}
	execute(tb, ddl, "CREATE STREAM BIG (A INT) WITH (KAFKA_TOPIC='big', VALUE_FORMAT='JSON', PARTITIONS=4)")
	fill(tb, p, messages)
	w := newWatch(tb, p, pushQueries["stream"])
	w.round(20, 0) // connections, caches
	var alone, looked watch
	var answers []time.Duration
	for range turns {
		w.acks, w.visible = nil, nil
		w.round(records, 15*time.Millisecond)
		alone.acks, alone.visible = append(alone.acks, w.acks...), append(alone.visible, w.visible...)
		w.acks, w.visible = nil, nil
		took := look(tb, p, func() { w.round(records, 15*time.Millisecond) })
		looked.acks, looked.visible = append(looked.acks, w.acks...), append(looked.visible, w.visible...)
		answers = append(answers, took...)
	}
	return figures{"ack-p50-ms": quantile(alone.acks, 0.5), "ack-p99-ms": quantile(alone.acks, 0.99),
		"push-p50-ms": quantile(alone.visible, 0.5), "push-p99-ms": quantile(alone.visible, 0.99),
		"looked-ack-p50-ms": quantile(looked.acks, 0.5), "looked-ack-p99-ms": quantile(looked.acks, 0.99),
		"looked-push-p50-ms": quantile(looked.visible, 0.5), "looked-push-p99-ms": quantile(looked.visible, 0.99),
		"answer-p50-ms": quantile(answers, 0.5), "answer-p99-ms": quantile(answers, 0.99)}
}

// fill writes messages of 100 bytes.
func fill(tb testing.TB, p *process, messages int) {
	tb.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(p.kafka), kgo.DefaultProduceTopic("big"))
	if err != nil {
		tb.Fatal(err)
	}
	defer c.Close()
	failed := make(chan error, 1)
	for i := range messages {
		c.Produce(context.Background(), &kgo.Record{Value: fmt.Appendf(nil, `{"A":%d,"note":"%080d"}`, i, i)}, func(_ *kgo.Record, err error) {
			if err != nil {
				select {
				case failed <- err:
				default:
				}
			}
		})
	}
	if err := c.Flush(context.Background()); err != nil {
		tb.Fatal(err)
	}
	select {
	case err := <-failed:
		tb.Fatal(err)
	default:
	}
}

// look asks for everything until f has ended, and returns how long the answers took that are not a
// scan's: those take as long as they may.
func look(tb testing.TB, p *process, f func()) []time.Duration {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	var mu sync.Mutex
	var took []time.Duration
	for _, l := range looks {
		all.Go(func() {
			for {
				began := time.Now()
				err := ask(ctx, "http://"+p.http+l.path)
				if ctx.Err() != nil {
					return
				}
				if err != nil {
					tb.Errorf("%s: %v", l.path, err)
					return
				}
				if l.every > 0 {
					mu.Lock()
					took = append(took, time.Since(began))
					mu.Unlock()
				}
				select {
				case <-ctx.Done():
				case <-time.After(l.every):
				}
			}
		})
	}
	f()
	cancel()
	all.Wait()
	return took
}

func ask(ctx context.Context, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

func TestLooker(t *testing.T) { looker(t, 10, 3, 1000, 1, 10) }

func BenchmarkLooker(b *testing.B) {
	measure(b, func() figures { return looker(b, 10_000, 1000, 1_000_000, 5, 300) })
}
