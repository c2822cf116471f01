package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tailrace/broker/local"
	"tailrace/executor"
	"tailrace/server/config"
	"tailrace/server/ddl"
	"tailrace/server/node"
	"tailrace/server/session"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/commitlog"
	"tailrace/storage/env"
	"tailrace/storage/record"
)

// serverEnv tells the test binary to be a server; its value is the flags, one a line.
const serverEnv = "TAILRACE_BENCH_SERVER"

func TestMain(m *testing.M) {
	if flags, ok := os.LookupEnv(serverEnv); ok {
		os.Exit(beServer(strings.Split(flags, "\n")))
	}
	os.Exit(m.Run())
}

// beServer is what "tailrace server" does.
func beServer(flags []string) int {
	given := map[string]string{}
	for _, f := range flags {
		key, value, _ := strings.Cut(f, "=")
		given[strings.TrimPrefix(key, "--")] = value
	}
	cfg, err := config.Load(nil, func(string) (string, bool) { return "", false }, given)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	n, err := node.Start(ctx, cfg, node.Options{Version: "bench", LogTo: os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("ready " + n.Addrs().String())
	<-ctx.Done()
	if err := n.Close(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// process is a server process.
type process struct {
	cmd             *exec.Cmd
	kafka, pg, http string
	took            time.Duration // from the start of the process to its ready line
}

// launch runs a server over a folder until the end of the test.
func launch(tb testing.TB, dir string, extra ...string) *process {
	tb.Helper()
	flags := append([]string{"--data-dir=" + dir, "--kafka-addr=127.0.0.1:0", "--pg-addr=127.0.0.1:0", "--http-addr=off", "--log.level=error"}, extra...)
	p := &process{cmd: exec.Command(os.Args[0])}
	if bin, ok := os.LookupEnv("TAILRACE_BIN"); ok {
		p.cmd = exec.Command(bin, append([]string{"server"}, flags...)...)
	} else {
		p.cmd.Env = append(os.Environ(), serverEnv+"="+strings.Join(flags, "\n"))
	}
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	p.took = time.Since(began)
	if err != nil {
		tb.Fatalf("server did not start: %v", err)
	}
	go io.Copy(io.Discard, out)
	for _, f := range strings.Fields(line) {
		switch name, addr, _ := strings.Cut(f, "="); name {
		case "kafka":
			p.kafka = addr
		case "pg":
			p.pg = addr
		case "http":
			p.http = addr
		}
	}
	return p
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// rss is the memory that the process holds.
func (p *process) rss(tb testing.TB) float64 {
	tb.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		tb.Skip("memory is read from /proc: ", err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); f[0] == "VmRSS:" {
			kb, _ := strconv.Atoi(f[1])
			return float64(kb) / 1024
		}
	}
	tb.Fatal("no VmRSS")
	return 0
}

// connect opens a connection to the Postgres port.
func (p *process) connect(tb testing.TB) *pgx.Conn {
	tb.Helper()
	c, err := pgx.Connect(context.Background(), "postgres://bench@"+p.pg+"/tailrace?sslmode=disable")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

func execute(tb testing.TB, c *pgx.Conn, statements ...string) {
	tb.Helper()
	for _, st := range statements {
		if _, err := c.Exec(context.Background(), st); err != nil {
			tb.Fatalf("%s\n%v", st, err)
		}
	}
}

// inside is a log, an engine and a catalog in this process, without ports.
type inside struct {
	tb   testing.TB
	log  *local.Log
	eng  *executor.Engine
	deps *session.Deps
	s    *session.Session
}

func open(tb testing.TB) *inside {
	tb.Helper()
	dir := tb.TempDir()
	log, err := local.Open(local.Config{Dir: filepath.Join(dir, "log")})
	if err != nil {
		tb.Fatal(err)
	}
	eng, err := executor.New(executor.Config{Log: log, Dir: filepath.Join(dir, "state")})
	if err != nil {
		tb.Fatal(err)
	}
	cat, err := ddl.Open(context.Background(), ddl.Config{Log: log, Engine: eng, Clock: env.SystemClock, ServiceID: "default_", DefaultPartitions: 1})
	if err != nil {
		tb.Fatal(err)
	}
	n := &inside{tb: tb, log: log, eng: eng, deps: &session.Deps{Log: log, Engine: eng, Catalog: cat, Clock: env.SystemClock, Rand: env.SystemRand,
		PullTimeout: time.Minute, Version: "bench"}}
	n.s = session.New(n.deps, nil)
	tb.Cleanup(func() {
		if err := eng.Close(); err != nil {
			tb.Error(err)
		}
		if err := log.Close(); err != nil {
			tb.Error(err)
		}
	})
	return n
}

// execute runs statements and returns the rows of the last.
func (n *inside) execute(statements ...string) [][]types.Value {
	n.tb.Helper()
	var out collect
	for _, st := range statements {
		out = collect{}
		p, err := n.s.Prepare(context.Background(), st, nil)
		if err == nil {
			_, err = p.Run(context.Background(), nil, &out)
		}
		if err != nil {
			n.tb.Fatalf("%s\n%v", st, err)
		}
	}
	return out.rows
}

// append writes batches to partition 0 of a topic and returns its end.
func (n *inside) append(topic string, batches [][]byte) commitlog.Offset {
	n.tb.Helper()
	var end commitlog.Offset
	for i, b := range batches {
		acks := commitlog.AcksLeader
		if i == len(batches)-1 {
			acks = commitlog.AcksDurable
		}
		b = append(make([]byte, 0, len(b)+record.Slack), b...)
		base, err := n.log.Append(context.Background(), commitlog.PartitionBatch{TopicPartition: commitlog.TopicPartition{Topic: topic}, Batch: b}, acks)
		if err != nil {
			n.tb.Fatal(err)
		}
		h, err := record.ParseHeader(b)
		if err != nil {
			n.tb.Fatal(err)
		}
		end = base + commitlog.Offset(h.LastOffsetDelta) + 1
	}
	return end
}

// applied waits until a view shows everything below an offset of a topic.
func (n *inside) applied(view, topic string, end commitlog.Offset) {
	n.tb.Helper()
	v, ok := n.eng.View(view)
	if !ok {
		n.tb.Fatalf("no view %s", view)
	}
	if err := v.WaitApplied(context.Background(), map[commitlog.TopicPartition]commitlog.Offset{{Topic: topic}: end}); err != nil {
		n.tb.Fatal(err)
	}
}

// collect is a session.Result that keeps the rows.
type collect struct {
	rows [][]types.Value
}

func (r *collect) Columns([]session.Column) error { return nil }
func (r *collect) Flush() error                   { return nil }
func (r *collect) Notice(session.Notice)          {}
func (r *collect) Rows(cols []*vector.Vector, n int) error {
	for i := range n {
		row := make([]types.Value, len(cols))
		for c := range cols {
			row[c] = cols[c].Value(i)
		}
		r.rows = append(r.rows, row)
	}
	return nil
}

// The records that are measured with: ten fields, about 200 bytes; three are used.
const (
	createEvents = `CREATE STREAM EVENTS (K VARCHAR KEY, ID BIGINT, NAME VARCHAR, G VARCHAR, STATUS VARCHAR, REGION VARCHAR, V BIGINT,
		PRICE DOUBLE, FLAG BOOLEAN, NOTE VARCHAR, TS BIGINT) WITH (KAFKA_TOPIC = 'events', VALUE_FORMAT = 'JSON', PARTITIONS = 1)`
	fromStart = `SET 'auto.offset.reset' = 'earliest'`
)

func eventKey(i int) string { return fmt.Sprintf("key-%09d", i) }

func eventValue(id, key, v int) string {
	return fmt.Sprintf(`{"ID":%d,"NAME":"customer name %d","G":%q,"STATUS":"active","REGION":"eu-central-1","V":%d,"PRICE":%.2f,"FLAG":true,"NOTE":"some text that nobody reads","TS":%d}`,
		id, id%1000, eventKey(key), v, float64(id%10_000)/100, 1700000000000+id)
}

// eventBatches makes batches of 2,000 records whose keys keyOf chooses.
func eventBatches(tb testing.TB, records int, keyOf func(i int) int) [][]byte {
	tb.Helper()
	var out [][]byte
	for at := 0; at < records; {
		b := record.NewBuilder(record.Options{})
		for range min(2000, records-at) {
			k := keyOf(at)
			b.Append(1700000000000+int64(at), []byte(eventKey(k)), []byte(eventValue(at, k, at%100)), nil)
			at++
		}
		batch, err := b.Finish()
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, batch)
	}
	return out
}

// random chooses among n keys, the same way every time.
func random(n int) func(int) int {
	r := rand.New(rand.NewPCG(1, 2))
	return func(int) int { return r.IntN(n) }
}

// quantile of durations in ms.
func quantile(took []time.Duration, q float64) float64 {
	if len(took) == 0 {
		return 0
	}
	took = slices.Sorted(slices.Values(took))
	return took[min(len(took)-1, int(q*float64(len(took))))].Seconds() * 1e3
}

// figures are what a measurement reports, by unit.
type figures map[string]float64

// measure runs a measurement as a benchmark, and reports the median of each figure.
func measure(b *testing.B, run func() figures) {
	all := map[string][]float64{}
	for b.Loop() {
		for unit, v := range run() {
			all[unit] = append(all[unit], v)
		}
	}
	for unit, v := range all {
		slices.Sort(v)
		b.ReportMetric(v[len(v)/2], unit)
	}
	b.ReportMetric(0, "ns/op")
}

// cpu is the processor time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // cannot fail with these arguments
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
