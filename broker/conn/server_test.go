package conn

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tailrace/broker/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo answers every request with its body; special bodies make it do other things.
type echo struct {
	mu      sync.Mutex
	release map[string]chan struct{} // body -> when its Pending may end
	entered chan string
}

func (e *echo) gate(body string) chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.release == nil {
		e.release = map[string]chan struct{}{}
	}
	if e.release[body] == nil {
		e.release[body] = make(chan struct{})
	}
	return e.release[body]
}

func (e *echo) Handle(ctx context.Context, r *Request, answer *wire.Body) Outcome {
	body := string(r.Body)
	if e.entered != nil {
		e.entered <- body
	}
	switch {
	case body == "silent":
		return Outcome{Silent: true}
	case body == "refuse":
		return Outcome{Err: errors.New("refused")}
	case body == "block":
		<-ctx.Done()
	case strings.HasPrefix(body, "pending"):
		return Outcome{Pending: func(ctx context.Context, answer *wire.Body) {
			select {
			case <-e.gate(body):
			case <-ctx.Done():
			}
			answer.Bytes = append(answer.Bytes, body...)
		}}
	}
	answer.Bytes = append(answer.Bytes, body...)
	return Outcome{}
}

// rig is a server on a loopback port.
type rig struct {
	t    *testing.T
	srv  *Server
	addr string
	log  *syncBuffer
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func start(t *testing.T, c Config, h Handler) *rig {
	t.Helper()
	r := &rig{t: t, log: &syncBuffer{}}
	c.Logger = slog.New(slog.NewTextHandler(r.log, nil))
	c = c.WithDefaults()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	r.srv = New(c, h)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = ln.Addr().String()
	done := make(chan error, 1)
	go func() { done <- r.srv.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := r.srv.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
		if err := <-done; err != ErrClosed {
			t.Errorf("Serve returned %v", err)
		}
	})
	return r
}

func (r *rig) dial() net.Conn {
	r.t.Helper()
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	return c
}

// request is a Metadata v1 frame: header v1 and a body.
func request(correlation int32, body string) []byte {
	b := []byte{0, 3, 0, 1}
	b = binary.BigEndian.AppendUint32(b, uint32(correlation))
	b = append(b, 0xff, 0xff)
	b = append(b, body...)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
}

func (r *rig) send(c net.Conn, b []byte) {
	r.t.Helper()
	if _, err := c.Write(b); err != nil {
		r.t.Fatal(err)
	}
}

// answer reads one answer as "correlation body".
func (r *rig) answer(c net.Conn) string {
	r.t.Helper()
	var head [8]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return err.Error()
	}
	body := make([]byte, binary.BigEndian.Uint32(head[:])-4)
	if _, err := io.ReadFull(c, body); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d %s", binary.BigEndian.Uint32(head[4:]), body)
}

func (r *rig) want(c net.Conn, want string) {
	r.t.Helper()
	if got := r.answer(c); got != want {
		r.t.Errorf("got answer %q, want %q", got, want)
	}
}

// gone reports whether the server closed the connection.
func gone(c net.Conn) bool {
	_, err := c.Read(make([]byte, 1))
	return err != nil && !errors.Is(err, context.DeadlineExceeded) && !strings.Contains(err.Error(), "timeout")
}

func TestAnswersKeepTheOrderOfRequests(t *testing.T) {
	h := &echo{}
	r := start(t, Config{}, h)
	c := r.dial()
	var all []byte
	for i, body := range []string{"a", "pending1", "b", "pending2", "silent", "c"} {
		all = append(all, request(int32(i), body)...)
	}
	r.send(c, all)
	r.want(c, "0 a")
	close(h.gate("pending2")) // ready first, sent second
	close(h.gate("pending1"))
	r.want(c, "1 pending1")
	r.want(c, "2 b")
	r.want(c, "3 pending2")
	r.want(c, "5 c")
}

// The point of Pending: the request behind it is handled before it is answered.
func TestNextRequestIsHandledWhileOneIsPending(t *testing.T) {
	h := &echo{entered: make(chan string, 10)}
	r := start(t, Config{}, h)
	c := r.dial()
	r.send(c, append(request(1, "pending"), request(2, "next")...))
	if a, b := <-h.entered, <-h.entered; a != "pending" || b != "next" {
		t.Fatalf("handled %q, %q", a, b)
	}
	close(h.gate("pending"))
	r.want(c, "1 pending")
	r.want(c, "2 next")
}

// Whatever one client sends, it harms only its own connection.
func TestBadClientsHarmNobody(t *testing.T) {
	control := append([]byte{0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xff}, make([]byte, wire.MaxControlBytes)...)
	for _, tc := range []struct {
		name string
		send []byte
		log  string // a line that must be in the log
	}{
		{"garbage", []byte("\xde\xad\xbe\xef\xde\xad\xbe\xef"), "malformed"},
		{"HTTP", []byte("GET / HTTP/1.1\r\n\r\n"), "malformed"},
		{"TLS", []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), "malformed"},
		{"size of a gigabyte", []byte{0x40, 0, 0, 0}, "malformed"},
		{"negative size", []byte{0x80, 0, 0, 0}, "malformed"},
		{"truncated header", []byte{0, 0, 0, 10, 0, 3, 0, 1, 0, 0, 0, 1, 0x7f, 0xff}, "malformed"},
		{"oversized control request", append(binary.BigEndian.AppendUint32(nil, uint32(len(control))), control...), "malformed"},
		{"refused request", request(1, "refuse"), "refused_request"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := start(t, Config{}, &echo{})
			good, bad := r.dial(), r.dial()
			r.send(good, request(1, "before"))
			r.want(good, "1 before")
			go func() { _, _ = bad.Write(tc.send) }()
			if !gone(bad) {
				t.Error("the server kept the connection")
			}
			r.send(good, request(2, "after"))
			r.want(good, "2 after")
			if !strings.Contains(r.log.String(), tc.log) {
				t.Errorf("no %q in the log:\n%s", tc.log, r.log)
			}
		})
	}
}

func TestHalfOpenConnections(t *testing.T) {
	r := start(t, Config{FrameTimeout: 50 * time.Millisecond}, &echo{})
	good := r.dial()
	half := r.dial()
	r.send(half, request(1, "never finished")[:9])
	if !gone(half) {
		t.Error("a frame that never ends keeps its connection")
	}
	reset := r.dial()
	r.send(reset, request(1, "x")[:9])
	_ = reset.(*net.TCPConn).SetLinger(0)
	reset.Close()
	r.send(good, request(2, "after"))
	r.want(good, "2 after")
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	r := start(t, Config{IdleTimeout: 50 * time.Millisecond}, &echo{})
	c := r.dial()
	r.send(c, request(1, "a"))
	r.want(c, "1 a")
	if !gone(c) {
		t.Error("an idle connection was kept")
	}
	if log := r.log.String(); log != "" {
		t.Errorf("an idle client is no news, but the log has:\n%s", log)
	}
}

func TestConnectionLimit(t *testing.T) {
	r := start(t, Config{MaxConnections: 2}, &echo{})
	a, b := r.dial(), r.dial()
	r.send(a, request(1, "a"))
	r.want(a, "1 a")
	r.send(b, request(1, "b"))
	r.want(b, "1 b")
	if c := r.dial(); !gone(c) {
		t.Error("a third connection was served")
	}
	a.Close()
	for r.srv.Connections() > 1 {
		time.Sleep(time.Millisecond)
	}
	d := r.dial()
	r.send(d, request(1, "d"))
	r.want(d, "1 d")
}

// Close answers what is in progress, wakes what waits, and cuts the idle.
func TestCloseAnswersWhatIsInProgress(t *testing.T) {
	h := &echo{entered: make(chan string, 10)}
	r := start(t, Config{}, h)
	busy, idle, pending := r.dial(), r.dial(), r.dial()
	r.send(busy, request(1, "block"))
	r.send(pending, request(2, "pending"))
	<-h.entered
	<-h.entered
	if err := r.srv.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	r.want(busy, "1 block")
	r.want(pending, "2 pending")
	if !gone(idle) || !gone(busy) {
		t.Error("connections are open after Close")
	}
	if _, err := net.Dial("tcp", r.addr); err == nil {
		t.Error("the listener is open after Close")
	}
}

func TestSlowReaderIsCut(t *testing.T) {
	r := start(t, Config{WriteTimeout: 50 * time.Millisecond}, &echo{})
	slow, good := r.dial(), r.dial()
	big := request(1, strings.Repeat("x", 1<<20))
	go func() {
		for range 64 { // far more than the socket buffers hold, and nothing is read
			if _, err := slow.Write(big); err != nil {
				return
			}
		}
	}()
	for r.srv.Connections() < 2 {
		time.Sleep(time.Millisecond)
	}
	for r.srv.Connections() > 1 {
		time.Sleep(time.Millisecond)
	}
	r.send(good, request(2, "after"))
	r.want(good, "2 after")
}

// A client that does not take its answers does not hold up the stop, however long it may take
// them otherwise.
func TestSlowReaderDoesNotHoldUpClose(t *testing.T) {
	r := start(t, Config{WriteTimeout: time.Hour}, &echo{})
	slow := r.dial()
	big := request(1, strings.Repeat("x", 1<<20))
	go func() {
		for range 64 {
			if _, err := slow.Write(big); err != nil {
				return
			}
		}
	}()
	for last := -1; ; { // until the server is stuck in a write
		time.Sleep(20 * time.Millisecond)
		sent := int(r.srv.meters.bytesOut.Load())
		if sent > 0 && sent == last {
			break
		}
		last = sent
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := r.srv.Close(ctx); err != nil {
		t.Errorf("close: %v", err)
	}
}

func TestConfigNamesEveryFault(t *testing.T) {
	err := Config{MaxRequestBytes: 1, MaxConnections: -1, QueuedRequestBytes: -1, IdleTimeout: -1}.WithDefaults().Validate()
	for _, key := range []string{"socket.request.max.bytes", "max.connections", "queued.max.request.bytes", "connections.max.idle.ms"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("no word about %s in: %v", key, err)
		}
	}
}
