package console_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tailrace/server/config"
	"tailrace/server/console"
	"tailrace/server/node"
)

// system is a server of its own, asked through its HTTP port.
type system struct {
	t     *testing.T
	cfg   config.Config
	node  *node.Node
	token string
}

func newSystem(t *testing.T, change ...func(*config.Config)) *system {
	t.Helper()
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	cfg.KafkaAddr, cfg.PGAddr, cfg.HTTPAddr = "127.0.0.1:0", "off", "127.0.0.1:0"
	for _, f := range change {
		f(&cfg)
	}
	s := &system{t: t, cfg: cfg}
	var err error
	if s.node, err = node.Start(context.Background(), cfg, node.Options{Version: "test"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := s.node.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	if cfg.Console {
		var info struct{ Token string }
		s.get("/api/session", &info)
		s.token = info.Token
	}
	return s
}

func (s *system) url(path string) string { return "http://" + s.node.Addrs().HTTP + path }

// send makes a request; headers are name, value pairs. A token is sent unless one is given.
func (s *system) send(method, path string, body any, headers ...string) (int, []byte) {
	s.t.Helper()
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			s.t.Fatal(err)
		}
		in = bytes.NewReader(text)
	}
	r, err := http.NewRequest(method, s.url(path), in)
	if err != nil {
		s.t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set(console.TokenHeader, s.token)
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, text
}

// get asks for something that must be there.
func (s *system) get(path string, into any) { s.t.Helper(); s.call("GET", path, nil, into) }

func (s *system) post(path string, body, into any) { s.t.Helper(); s.call("POST", path, body, into) }

func (s *system) call(method, path string, body, into any) {
	s.t.Helper()
	status, text := s.send(method, path, body)
	if status != http.StatusOK {
		s.t.Fatalf("%s %s = %d %s", method, path, status, text)
	}
	if err := json.Unmarshal(text, into); err != nil {
		s.t.Fatalf("%s %s: %v in %s", method, path, err, text)
	}
}

// refused asserts the status and a part of the message of an answer.
func (s *system) refused(method, path string, body any, status int, want string, headers ...string) {
	s.t.Helper()
	got, text := s.send(method, path, body, headers...)
	if got != status || !strings.Contains(string(text), want) {
		s.t.Errorf("%s %s %v\n got %d %s\nwant %d and %q", method, path, body, got, text, status, want)
	}
}

// line is a line of an answer that streams.
type line struct {
	Type      string
	Statement int
	Streaming bool
	Columns   []struct{ Name, Type string }
	Rows      [][]any
	Tag       string
	Cut       bool
	Notice    *struct{ Message string }
	Error     *apiError
	Messages  []message
	Skipped   int64
}

type apiError struct {
	Message, Hint, Reason, SQLState string
	Position                        int
}

type message struct {
	Partition  int32
	Offset     int64
	Timestamp  int64
	Key, Value *struct {
		Text, Format string
		Size         int
		Cut          bool
	}
	Headers []struct {
		Key   string
		Value *string
	}
	Row      map[string]any
	RowError string `json:"row_error"`
}

// stream makes a request whose answer is lines, and hands them on until it ends or stop is called.
func (s *system) stream(method, path string, body any) (lines <-chan line, stop func()) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	text, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(ctx, method, s.url(path), bytes.NewReader(text))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(console.TokenHeader, s.token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		s.t.Fatalf("%s %s = %d %s", method, path, resp.StatusCode, text)
	}
	out := make(chan line, 1000)
	go func() {
		defer close(out)
		defer resp.Body.Close()
		scan := bufio.NewScanner(resp.Body)
		scan.Buffer(nil, 16<<20)
		for scan.Scan() {
			var l line
			if json.Unmarshal(scan.Bytes(), &l) == nil {
				out <- l
			}
		}
	}()
	return out, cancel
}

// sql runs statements and returns the rows of all, one a line, or "ERROR sqlstate".
func (s *system) sql(text string) string {
	s.t.Helper()
	lines, stop := s.stream("POST", "/api/sql", map[string]any{"sql": text})
	defer stop()
	var out []string
	for l := range lines {
		for _, row := range l.Rows {
			var cells []string
			for _, c := range row {
				cells = append(cells, fmt.Sprint(c))
			}
			out = append(out, strings.Join(cells, ","))
		}
		if l.Error != nil {
			return "ERROR " + l.Error.SQLState + " " + l.Error.Message
		}
	}
	return strings.Join(out, "\n")
}

// must runs statements that do not fail.
func (s *system) must(text string) string {
	s.t.Helper()
	out := s.sql(text)
	if strings.HasPrefix(out, "ERROR") {
		s.t.Fatalf("%s\n%s", text, out)
	}
	return out
}

// eventually waits for something.
func (s *system) eventually(what string, ok func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: not within 20 s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// flights makes a stream with n rows, and a table over it.
func (s *system) flights(n int) {
	s.t.Helper()
	s.must(`CREATE STREAM flights (id VARCHAR KEY, origin VARCHAR, delay INT) WITH (kafka_topic='flights', value_format='JSON', partitions=2);
		CREATE TABLE by_origin WITH (kafka_topic='by_origin') AS SELECT origin, COUNT(*) AS n, SUM(delay) AS minutes FROM flights GROUP BY origin;`)
	s.produceFlights(0, n)
}

var origins = []string{"SFO", "JFK", "ORD", "LAX"}

func (s *system) produceFlights(from, to int) {
	s.t.Helper()
	for from < to {
		next := min(from+1000, to)
		var list []map[string]any
		for i := from; i < next; i++ {
			list = append(list, map[string]any{"key": fmt.Sprintf("F%d", i), "timestamp": 1_700_000_000_000 + i*1000,
				"value": fmt.Sprintf(`{"origin":%q,"delay":%d}`, origins[i%4], i%100), "headers": []map[string]any{{"key": "n", "value": fmt.Sprint(i)}}})
		}
		var out any
		s.post("/api/topics/flights/messages", map[string]any{"messages": list}, &out)
		from = next
	}
}
