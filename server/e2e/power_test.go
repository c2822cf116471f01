package e2e

import (
	"bytes"
	"context"
	"math/rand"
	randv2 "math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tailrace/server/config"
	"tailrace/server/node"
)

// powered is a server in this process, on a disk in memory that forgets what was not
// synced when its power is cut.
type powered struct {
	*server
	fs   *vfs.MemFS
	node *node.Node
	out  logBuffer
}

// logBuffer takes the log of a node, and is read while it is written.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (p *powered) start() {
	p.t.Helper()
	if err := p.run(p.fs); err != nil {
		p.out.mu.Lock()
		defer p.out.mu.Unlock()
		p.t.Fatalf("start after a power cut: %v\n%s", err, p.out.text.String())
	}
}

func (p *powered) run(fs *vfs.MemFS) error {
	given := map[string]string{}
	for _, f := range p.flags() {
		key, value, _ := strings.Cut(f, "=")
		given[key] = value
	}
	cfg, err := config.Load(nil, func(string) (string, bool) { return "", false }, given)
	if err == nil {
		p.node, err = node.Start(context.Background(), cfg, node.Options{Version: "e2e", LogTo: &p.out, FS: fs})
	}
	return err
}

// cut cuts the power: the disk is as it was at one moment of the past call, less some of
// what had not been synced. What the old server still does happens to a disk that is no more.
func (p *powered) cut(rng *rand.Rand) {
	p.lose(rng)
	p.off()
}

// cutWhileStarting cuts the power before the server is up, or soon after.
func (p *powered) cutWhileStarting(rng *rand.Rand) {
	p.t.Helper()
	started, fs := make(chan error, 1), p.fs
	go func() { started <- p.run(fs) }()
	time.Sleep(time.Duration(rng.Intn(500)) * time.Millisecond)
	p.lose(rng)
	if err := <-started; err != nil {
		p.t.Fatal(err)
	}
	p.off()
}

func (p *powered) lose(rng *rand.Rand) {
	survives := rng.Intn(101)
	p.fs = p.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: survives, RNG: randv2.New(randv2.NewPCG(rng.Uint64(), 1))})
	p.t.Logf("power cut: %d %% of what was not synced survives", survives)
}

func (p *powered) off() {
	if p.node != nil {
		_ = p.node.Close(context.Background()) // its disk is no more: nothing of this counts
		p.node = nil
	}
}

// TestPowerCuts cuts the power under load and while the server starts, again and again, with
// queries of every kind running and statements made, replaced and dropped. What was
// acknowledged before a cut is there after it, records and statements, and every query's result
// is what its input gives, once: an answer was given only for what had been synced.
func TestPowerCuts(t *testing.T) {
	rng := seeded(t)
	p := &powered{server: newServer(t, "pull.timeout.ms=120000", "log.segment.bytes=4194304"), fs: vfs.NewCrashableMem()}
	p.dir = "/data"
	t.Cleanup(p.off)
	p.start()
	prepareSeries(t, p.server)
	l, churn := newLoad(), newChurn(rng.Int63())
	for range seriesRounds(t) {
		stop := make(chan struct{})
		var sending sync.WaitGroup
		seed := rng.Int63()
		sending.Go(func() { l.run(t, p.server, seed, stop, true) })
		time.Sleep(time.Duration(200+rng.Intn(800)) * time.Millisecond)
		churn.step(t, p.server)
		l.count(false)
		p.cut(rng)
		close(stop)
		sending.Wait()
		for rng.Intn(3) == 0 {
			p.cutWhileStarting(rng)
		}
		l.count(true)
		p.start()
	}
	l.flush(t, p.server)
	in := readInput(t, p.server, l)
	checkSeries(t, p.server, in, "after the power cuts")
	churn.check(t, p.server, in)
	p.cut(rng)
	p.start()
	checkSeries(t, p.server, in, "after one more")
}
