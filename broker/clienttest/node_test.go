package clienttest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/broker"
	"tailrace/broker/coordinator/group"
	"tailrace/broker/local"
)

// node is a broker on a scratch folder, reachable at addr.
type node struct {
	t      testing.TB
	dir    string
	addr   string
	cfg    broker.Config
	log    *local.Log
	broker *broker.Broker
	logs   *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start runs a node until the test ends. Groups begin without a delay unless c says so.
func start(t testing.TB, c broker.Config) *node {
	t.Helper()
	n := &node{t: t, dir: t.TempDir(), addr: "127.0.0.1:0", cfg: c, logs: &lockedBuffer{}}
	if n.cfg.Group.InitialRebalanceDelay == 0 {
		n.cfg.Group.InitialRebalanceDelay = group.NoDelay
	}
	n.cfg.Logger = slog.New(slog.NewTextHandler(n.logs, nil))
	n.open()
	t.Cleanup(func() {
		n.close()
		if t.Failed() {
			t.Logf("log of the node:\n%s", n.logs)
		}
	})
	return n
}

func (n *node) open() {
	n.t.Helper()
	log, err := local.Open(local.Config{Dir: n.dir, Logger: n.cfg.Logger})
	if err != nil {
		n.t.Fatal(err)
	}
	b, err := broker.New(n.cfg, log)
	if err != nil {
		n.t.Fatal(err)
	}
	ln, err := net.Listen("tcp", n.addr)
	if err != nil {
		n.t.Fatal(err)
	}
	n.log, n.broker, n.addr = log, b, ln.Addr().String()
	go func() { _ = b.Serve(ln) }()
}

func (n *node) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := n.broker.Close(ctx); err != nil {
		n.t.Errorf("closing the broker: %v", err)
	}
	if err := n.log.Close(); err != nil {
		n.t.Errorf("closing the log: %v", err)
	}
}

// restart closes the node and opens it again on the same folder and port.
func (n *node) restart() {
	n.t.Helper()
	n.close()
	n.open()
}

// client is a franz-go client that is closed when the test ends.
func (n *node) client(opts ...kgo.Opt) *kgo.Client {
	n.t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(n.addr)}, opts...)...)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(cl.Close)
	return cl
}

func (n *node) admin() *kadm.Client { return kadm.NewClient(n.client()) }

// topic creates a topic.
func (n *node) topic(name string, partitions int32, configs map[string]*string) {
	n.t.Helper()
	if _, err := n.admin().CreateTopic(ctxOf(n.t), partitions, 1, configs, name); err != nil {
		n.t.Fatal(err)
	}
}

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

func ctxOf(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// values reads count records and returns them as "partition:offset value", in order of
// arrival.
func values(t testing.TB, cl *kgo.Client, count int) []*kgo.Record {
	t.Helper()
	var out []*kgo.Record
	ctx := ctxOf(t)
	for len(out) < count {
		fs := cl.PollFetches(ctx)
		if err := fs.Err(); err != nil {
			t.Fatalf("after %d of %d records: %v", len(out), count, err)
		}
		out = append(out, fs.Records()...)
	}
	return out
}

// produce sends records and fails the test if one of them is refused.
func produce(t testing.TB, cl *kgo.Client, rs ...*kgo.Record) {
	t.Helper()
	if err := cl.ProduceSync(ctxOf(t), rs...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// numbered makes records with the values 0 to count-1.
func numbered(topic string, count int) []*kgo.Record {
	rs := make([]*kgo.Record, count)
	for i := range rs {
		rs[i] = &kgo.Record{Topic: topic, Key: []byte(fmt.Sprint("k", i)), Value: []byte(fmt.Sprint(i))}
	}
	return rs
}

// TestListen serves a scratch folder at TAILRACE_LISTEN until it is interrupted.
func TestListen(t *testing.T) {
	addr := os.Getenv("TAILRACE_LISTEN")
	if addr == "" {
		t.Skip("TAILRACE_LISTEN is not set")
	}
	n := &node{t: t, dir: t.TempDir(), addr: addr, logs: &lockedBuffer{}}
	n.cfg.Group.InitialRebalanceDelay = group.NoDelay
	n.cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	n.open()
	defer n.close()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	t.Logf("serving %s at %s", n.dir, n.addr)
	<-interrupted
}
