package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/server/config"
	"tailrace/server/node"
)

// serverEnv tells the test binary to be a server; its value is the flags, one a line.
const serverEnv = "TAILRACE_E2E_SERVER"

// nofileEnv is how many descriptors the server may have.
const nofileEnv = "TAILRACE_E2E_NOFILE"

func TestMain(m *testing.M) {
	if flags, ok := os.LookupEnv(serverEnv); ok {
		os.Exit(beServer(strings.Split(flags, "\n")))
	}
	if args, ok := os.LookupEnv(consumerEnv); ok {
		os.Exit(beConsumer(strings.Fields(args)))
	}
	os.Exit(m.Run())
}

// beServer is what "tailrace server" does.
func beServer(flags []string) int {
	given := map[string]string{}
	for _, f := range flags {
		if key, value, ok := strings.Cut(f, "="); ok {
			given[key] = value
		}
	}
	cfg, err := config.Load(nil, func(string) (string, bool) { return "", false }, given)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if text, ok := os.LookupEnv(nofileEnv); ok {
		n, err := strconv.ParseUint(text, 10, 64)
		if err == nil {
			err = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: n, Max: n})
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	n, err := node.Start(ctx, cfg, node.Options{Version: "e2e", LogTo: os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("ready " + n.Addrs().String())
	<-ctx.Done()
	if err := n.Stop(context.Background(), context.Cause(ctx).Error()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// server is a server process. Its addresses stay the same when it is started again.
type server struct {
	t               *testing.T
	dir             string
	kafka, pg, http string
	extra           []string
	cmd             *exec.Cmd
	stderr          *os.File
}

// newServer makes a server on a fresh folder; start runs it.
func newServer(t *testing.T, extra ...string) *server {
	t.Helper()
	s := &server{t: t, dir: filepath.Join(t.TempDir(), "data"), extra: extra,
		kafka: freeAddr(t), pg: freeAddr(t), http: freeAddr(t)}
	t.Cleanup(s.kill)
	t.Cleanup(s.keepIfFailed)
	return s
}

// keepIfFailed writes what the server of a failed test knows to files that stay: its metrics, and
// its log with what every goroutine does.
func (s *server) keepIfFailed() {
	if !s.t.Failed() || s.cmd == nil || s.cmd.ProcessState != nil {
		return
	}
	dir, err := os.MkdirTemp("", "tailrace-failed-")
	if err != nil {
		return
	}
	client := http.Client{Timeout: 10 * time.Second}
	if resp, err := client.Get("http://" + s.http + "/metrics"); err == nil {
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		_ = os.WriteFile(filepath.Join(dir, "metrics"), text, 0o600)
	}
	_ = s.cmd.Process.Signal(syscall.SIGCONT) // a test may have paused it
	_ = s.cmd.Process.Signal(syscall.SIGQUIT)
	_ = s.cmd.Wait()
	s.cmd = nil
	_ = os.WriteFile(filepath.Join(dir, "log"), []byte(s.log()), 0o600)
	s.t.Logf("what the server knew is in %s", dir)
}

// freeAddr finds a port below those that the kernel gives to clients: while a server is
// down, no connection of a client may take its port.
func freeAddr(t *testing.T) string {
	t.Helper()
	for range 1000 {
		addr := fmt.Sprintf("127.0.0.1:%d", 12000+rand.IntN(18000))
		if l, err := net.Listen("tcp", addr); err == nil {
			l.Close()
			return addr
		}
	}
	t.Fatal("no free port")
	return ""
}

func (s *server) flags() []string {
	return append([]string{"data-dir=" + s.dir, "kafka-addr=" + s.kafka, "pg-addr=" + s.pg, "http-addr=" + s.http,
		"group.initial.rebalance.delay.ms=0"}, s.extra...)
}

// start runs the server and returns when it is ready.
func (s *server) start() {
	s.t.Helper()
	if err := s.tryStart(); err != nil {
		s.t.Fatal(err)
	}
}

// tryStart is start for a server that may refuse; the error holds what it said.
func (s *server) tryStart() error {
	out, err := s.launch()
	if err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if !strings.HasPrefix(line, "ready ") {
		_ = s.cmd.Wait()
		s.cmd = nil
		return fmt.Errorf("server did not start (%v): %s", err, s.log())
	}
	go io.Copy(io.Discard, out)
	return nil
}

// launch runs the process and does not wait for it to be ready.
func (s *server) launch() (io.Reader, error) {
	s.cmd = exec.Command(os.Args[0])
	s.cmd.Env = append(os.Environ(), serverEnv+"="+strings.Join(s.flags(), "\n"))
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if s.stderr, err = os.CreateTemp(s.t.TempDir(), "stderr-"); err != nil {
		return nil, err
	}
	defer s.stderr.Close() // the process has its own
	s.cmd.Stderr = s.stderr
	return out, s.cmd.Start()
}

// log is what the server has written to standard error.
func (s *server) log() string {
	if s.stderr == nil {
		return "" // not a process
	}
	text, _ := os.ReadFile(s.stderr.Name())
	return string(text)
}

// kill is kill -9. A server that has ended by itself before is a failure.
func (s *server) kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	if status, ok := s.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signal() != syscall.SIGKILL {
		s.t.Errorf("the server had ended by itself: %v\n%s", s.cmd.ProcessState, s.log())
	}
	s.cmd = nil
}

// stop is SIGTERM; the server must end with exit code 0.
func (s *server) stop() {
	s.t.Helper()
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	if err := s.cmd.Wait(); err != nil {
		s.t.Fatalf("stopping: %v\n%s", err, s.log())
	}
	s.cmd = nil
}

// psql connects to the Postgres port.
func (s *server) psql() *pgx.Conn {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, "postgres://e2e@"+s.pg+"/tailrace?sslmode=disable")
	if err != nil {
		s.t.Fatalf("connect: %v\n%s", err, s.log())
	}
	s.t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// exec runs statements that return no rows.
func (s *server) exec(c *pgx.Conn, statements ...string) {
	s.t.Helper()
	for _, st := range statements {
		if _, err := c.Exec(context.Background(), st); err != nil {
			s.t.Fatalf("%s\n%v", st, err)
		}
	}
}

// client connects to the Kafka port.
func (s *server) client(opts ...kgo.Opt) *kgo.Client {
	s.t.Helper()
	c, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(s.kafka)}, opts...)...)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(c.Close)
	return c
}

// ends are the ends of a topic's partitions.
func (s *server) ends(topic string) map[int32]int64 {
	s.t.Helper()
	out, err := s.tryEnds(topic)
	if err != nil {
		s.t.Fatalf("ends of %s: %v", topic, err)
	}
	return out
}

// tryEnds is ends for a topic that may not exist yet.
func (s *server) tryEnds(topic string) (map[int32]int64, error) {
	client := s.client()
	defer client.Close()
	listed, err := kadm.NewClient(client).ListEndOffsets(context.Background(), topic)
	if err == nil {
		err = listed.Error()
	}
	out := map[int32]int64{}
	listed.Each(func(o kadm.ListedOffset) { out[o.Partition] = o.Offset })
	return out, err
}

// startsAt complains unless every partition of a topic begins at the offset given for it.
func (s *server) startsAt(topic string, want map[int32]int64) error {
	client := s.client()
	defer client.Close()
	listed, err := kadm.NewClient(client).ListStartOffsets(context.Background(), topic)
	if err != nil {
		return err
	}
	listed.Each(func(o kadm.ListedOffset) {
		if o.Offset != want[o.Partition] {
			err = fmt.Errorf("%s-%d starts at %d, want %d", topic, o.Partition, o.Offset, want[o.Partition])
		}
	})
	return err
}

// consume gives fn every record of a topic, from its start up to its ends as of now.
func (s *server) consume(topic string, fn func(*kgo.Record)) {
	s.t.Helper()
	left := s.ends(topic)
	for p, end := range left {
		if end == 0 {
			delete(left, p)
		}
	}
	c := s.client(kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(100*time.Millisecond))
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for len(left) > 0 {
		f := c.PollFetches(ctx)
		if ctx.Err() != nil {
			s.t.Fatalf("reading %s up to %v: %v", topic, left, ctx.Err())
		}
		f.EachRecord(func(r *kgo.Record) {
			fn(r)
			if r.Offset+1 >= left[r.Partition] {
				delete(left, r.Partition)
			}
		})
	}
}

// consumeAll reads a topic from its start up to its end as of now, a slice a partition.
func (s *server) consumeAll(topic string, partitions int) [][]*kgo.Record {
	s.t.Helper()
	out := make([][]*kgo.Record, partitions)
	s.consume(topic, func(r *kgo.Record) { out[r.Partition] = append(out[r.Partition], r) })
	return out
}

// patience is how long a test waits for what must come.
const patience = 2 * time.Minute

// eventually waits until check has no complaint.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// table runs a query and returns its rows as text by the first n columns.
func table(c *pgx.Conn, n int, sql string) (map[string]string, error) {
	rows, err := c.Query(context.Background(), sql)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return nil, err
		}
		key := line(values[:n]...)
		if _, ok := out[key]; ok {
			return nil, fmt.Errorf("%s: two rows of key %s", sql, key)
		}
		out[key] = line(values[n:]...)
	}
	return out, rows.Err()
}

// line is values as text, with a blank between any two.
func line(values ...any) string { return strings.TrimSuffix(fmt.Sprintln(values...), "\n") }

// same compares two results, and tells of the first few differences.
func same(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	wrong := 0
	for k, w := range want {
		if g, ok := got[k]; g != w {
			if wrong++; wrong <= 5 {
				t.Errorf("%s, key %s: got %q (there: %v), want %q", what, k, g, ok, w)
			}
		}
	}
	for k, g := range got {
		if _, ok := want[k]; !ok {
			if wrong++; wrong <= 5 {
				t.Errorf("%s, key %s: got %q, want no row", what, k, g)
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%s: %d of %d rows are wrong", what, wrong, len(want))
	}
}
