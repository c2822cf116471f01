package shell_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"tailrace/cli/shell"
	"tailrace/server/config"
	"tailrace/server/node"
)

// startNode runs a server on a scratch folder and free ports.
func startNode(t *testing.T) *node.Node {
	t.Helper()
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	cfg.KafkaAddr, cfg.PGAddr, cfg.HTTPAddr = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	n, err := node.Start(context.Background(), cfg, node.Options{Version: "test", LogTo: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return n
}

// screenText is what a shell writes; Write and String may be called side by side.
type screenText struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *screenText) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(b)
}

func (s *screenText) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// waitFor waits until a text has appeared.
func (s *screenText) waitFor(t *testing.T, want string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(s.String(), want); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%q did not appear in:\n%s", want, s.String())
		}
	}
}

// session opens a shell whose keys come from the test.
func session(t *testing.T, n *node.Node, history string) (keys func(string), out *screenText, wait func()) {
	t.Helper()
	out = &screenText{}
	r, w := io.Pipe()
	s, err := shell.Open(context.Background(), shell.Options{URL: n.Addrs().PG, Out: out, Err: out, HistoryFile: history,
		Version: "test", Stdin: r, Stdout: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Interactive(); s.Close() }()
	keys = func(text string) {
		if _, err := io.WriteString(w, text); err != nil {
			t.Error(err)
		}
	}
	wait = func() {
		t.Helper()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("the shell did not end:\n%s", out.String())
		}
	}
	return keys, out, wait
}

func TestInteractive(t *testing.T) {
	n := startNode(t)
	history := filepath.Join(t.TempDir(), "history")
	keys, out, wait := session(t, n, history)
	out.waitFor(t, `\q leaves`)
	keys("CREATE STREAM orders (id INT, region VARCHAR)\n  WITH (kafka_topic = 'orders', value_format = 'JSON', partitions = 1);\n")
	out.waitFor(t, "Stream created")
	keys("SELECT half typed\x03INSERT INTO orders (id, region) VALUES (1, 'west');\n") // Ctrl-C forgets the line
	out.waitFor(t, "INSERT 0 1")
	keys("SELECT regon FROM orders EMIT CHANGES;\n")
	out.waitFor(t, "HINT:  Perhaps you meant the column")
	keys("\\d\n\\timing\nSHOW\n\\foo\nTOPICS;\n") // a command in the middle of a statement
	out.waitFor(t, `no command \foo`)
	out.waitFor(t, "Time: ")
	keys("SET 'auto.offset.reset' = 'earliest';\n")
	keys("SEL\t* FROM ord\tEMIT CHANGES LIMIT 1;\n") // Tab completes
	out.waitFor(t, "| west ")
	keys("exit\n")
	wait()
	if want := "ORDERS | STREAM | orders"; !strings.Contains(out.String(), want) {
		t.Errorf("%q is not in:\n%s", want, out.String())
	}

	keys, out, wait = session(t, n, history) // the arrow key reaches into the session before
	out.waitFor(t, `\q leaves`)
	keys("\x10\x10\x10\n") // Ctrl-P, as the arrow up: exit, SELECT, SET
	keys("\x10\x10\x10\n") // and from there: exit, SELECT
	out.waitFor(t, "| west ")
	keys("\x04")
	wait()
}

// TestCancel stops a push query and then uses the connection again.
func TestCancel(t *testing.T) {
	n := startNode(t)
	out := &screenText{}
	s, err := shell.Open(context.Background(), shell.Options{URL: n.Addrs().PG, Out: out, Err: out})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	run := func(ctx context.Context, text string) error { return s.RunText(ctx, text) }
	if err := run(context.Background(), `CREATE STREAM o (id INT, v VARCHAR) WITH (kafka_topic = 'o', value_format = 'JSON', partitions = 1);
INSERT INTO o (id, v) VALUES (1, 'x'); SET 'auto.offset.reset' = 'earliest';`); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, "SELECT * FROM o EMIT CHANGES;") }()
	out.waitFor(t, "| x ")
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled script ends with %v", err)
	}
	out.waitFor(t, "Query terminated (1 row)")
	if err := run(context.Background(), "SHOW STREAMS;"); err != nil {
		t.Errorf("after the cancel: %v\n%s", err, out.String())
	}
}

// TestReconnect loses the server between two statements.
func TestReconnect(t *testing.T) {
	first := startNode(t)
	out := &screenText{}
	s, err := shell.Open(context.Background(), shell.Options{URL: first.Addrs().PG, Out: out, Err: out})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := first.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the first finds the connection gone, the second nobody to connect to
		if err := s.RunText(context.Background(), "SHOW STREAMS;"); !errors.Is(err, shell.ErrConnection) {
			t.Errorf("without a server: %v", err)
		}
	}
	if got := out.String(); !regexp.MustCompile(`FATAL:  .*\nFATAL:  no server answers at .*: connection refused\n`).MatchString(got) {
		t.Errorf("got:\n%s", got)
	}
}

func TestParseURL(t *testing.T) {
	for _, tc := range []struct{ text, host string }{
		{"127.0.0.1:5", "127.0.0.1:5"}, {":5", "127.0.0.1:5"}, {"db.example", "db.example:7432"},
		{"postgres://me@h:6/x", "h:6"}, {"host=h port=6", "h:6"}, {"foo bar", "error"}, {"postgres://h:port/", "error"},
	} {
		cfg, err := shell.ParseURL(tc.text)
		got := "error"
		if err == nil {
			got = fmt.Sprintf("%s:%d", cfg.Host, cfg.Port)
		}
		if got != tc.host {
			t.Errorf("ParseURL(%q) = %s, %v; want %s", tc.text, got, err, tc.host)
		}
	}
}
