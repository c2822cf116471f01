package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/server/config"
	"tailrace/server/node"
)

// serverEnv tells the test binary to be a server; its value is the flags, one a line.
const serverEnv = "TAILRACE_E2E_SERVER"

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
		if key, value, ok := strings.Cut(f, "="); ok {
			given[key] = value
		}
	}
	cfg, err := config.Load(nil, func(string) (string, bool) { return "", false }, given)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
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
	if err := n.Close(context.Background()); err != nil {
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
	prefix          []string // of the command line: strace, a memory limit, ...
}

// newServer makes a server on a fresh folder; start runs it.
func newServer(t *testing.T, extra ...string) *server {
	t.Helper()
	s := &server{t: t, dir: filepath.Join(t.TempDir(), "data"), extra: extra,
		kafka: freeAddr(t), pg: freeAddr(t), http: freeAddr(t)}
	t.Cleanup(s.kill)
	return s
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (s *server) flags() []string {
	return append([]string{"data-dir=" + s.dir, "kafka-addr=" + s.kafka, "pg-addr=" + s.pg, "http-addr=" + s.http}, s.extra...)
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
	args := append(append([]string{}, s.prefix...), os.Args[0])
	s.cmd = exec.Command(args[0], args[1:]...)
	s.cmd.Env = append(os.Environ(), serverEnv+"="+strings.Join(s.flags(), "\n"))
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if s.stderr, err = os.CreateTemp(s.t.TempDir(), "stderr-"); err != nil {
		return err
	}
	s.cmd.Stderr = s.stderr
	if err := s.cmd.Start(); err != nil {
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

// log is what the server has written to standard error.
func (s *server) log() string {
	text, _ := os.ReadFile(s.stderr.Name())
	return string(text)
}

// kill is kill -9.
func (s *server) kill() {
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		s.cmd = nil
	}
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

// consumeAll reads a topic from its start up to its end as of now, a slice a partition.
func (s *server) consumeAll(topic string, partitions int) [][]*kgo.Record {
	s.t.Helper()
	c := s.client(kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	out := make([][]*kgo.Record, partitions)
	for idle := 0; idle < 3; {
		ctx, cancel := context.WithTimeout(context.Background(), 700*time.Millisecond)
		f := c.PollFetches(ctx)
		cancel()
		n := 0
		f.EachRecord(func(r *kgo.Record) { out[r.Partition] = append(out[r.Partition], r); n++ })
		if n == 0 {
			idle++
		} else {
			idle = 0
		}
	}
	return out
}
