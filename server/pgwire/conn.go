package pgwire

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"tailrace/server/session"
	"tailrace/sql/sqlerr"
	"tailrace/storage/env"
	"tailrace/storage/memory"
)

// flushBytes is how much output is gathered before it is written: large enough that a
// write costs little per row, small enough to stay in the cache.
const flushBytes = 48 << 10

// conn is one client connection. Only cancelStatement and shutdown may be called from
// other goroutines.
type conn struct {
	server  *Server
	net     net.Conn
	in      *bufio.Reader
	out     []byte // gathered output
	reader  reader
	session *session.Session
	id      uint32
	secret  uint32

	statements map[string]*statement
	portals    map[string]*portal
	// What the client has the connection keep: bytes of statements, portals and of a message
	// that is longer than most.
	memory *memory.Held
	kept   int64
	// surplus: this connection is one too many. It may cancel statements, no more.
	surplus bool
	// failed: an error in an extended exchange; messages are skipped up to Sync.
	failed bool
	// lost is the first failure of a write. The connection ends with it: nobody is there to
	// be told, and no statement is to blame.
	lost error

	mu struct {
		sync.Mutex
		cancel   context.CancelFunc // of the running statement, else nil
		stopping bool
	}
}

func newConn(s *Server, nc net.Conn) *conn {
	c := &conn{server: s, net: nc, in: bufio.NewReaderSize(counted{nc, s.meters}, 4096),
		statements: map[string]*statement{}, portals: map[string]*portal{}}
	c.reader = reader{in: c.in, limit: s.cfg.MaxMessageBytes, room: c.messageRoom}
	return c
}

// counted counts what is read.
type counted struct {
	net.Conn
	m *meters
}

// Read implements net.Conn.
func (c counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.m.received.Add(int64(n))
	return n, err
}

// ran counts a statement that took so long, and says so when that was too long.
func (c *conn) ran(st *statement, took time.Duration) {
	kind := st.prepared.Kind
	c.server.meters.ran(kind, took)
	if limit := c.server.cfg.SlowStatement; limit > 0 && took > limit && !st.prepared.Streaming {
		c.server.cfg.Logger.Warn("slow statement", "kind", kind, "client", c.net.RemoteAddr().String(),
			"statement", masked(st.text), env.Took(took))
	}
}

// since is how long ago began was.
func (c *conn) since(began time.Time) time.Duration { return c.server.cfg.Clock.Now().Sub(began) }

// run is the life of a connection. It returns what ended it, nil after Terminate.
func (c *conn) run() error {
	ok, err := c.startup()
	if err != nil || !ok {
		return err
	}
	c.memory = c.server.cfg.Memory.Hold()
	defer c.memory.Release()
	defer c.closePortals()
	defer c.session.Close()
	for {
		msg, err := c.receive()
		if err != nil {
			return c.explainReceive(err)
		}
		if _, ok := msg.(*pgproto3.Terminate); ok {
			return nil
		}
		if err := c.guard(msg); err != nil {
			return err
		}
		if c.stopping() {
			return c.goodbye()
		}
	}
}

// receive returns the next message, after all output has been sent: the client may be
// waiting for it.
func (c *conn) receive() (pgproto3.FrontendMessage, error) {
	if c.in.Buffered() == 0 {
		if err := c.flush(); err != nil {
			return nil, err
		}
	}
	return c.reader.next()
}

// keep counts what the client has the connection keep from now on, or no more where bytes is
// below 0. An error is of class 53200, and nothing was counted.
func (c *conn) keep(bytes int64) error {
	if err := c.memory.Ask(c.kept + bytes); err != nil {
		return err
	}
	c.kept += bytes
	return nil
}

// messageRoom makes room for a message; that of the one before is free again.
func (c *conn) messageRoom(bytes int) error { return c.memory.Ask(c.kept + int64(bytes)) }

// guard handles a message. A panic is a bug: with -tags invariants it ends the program, in
// production it is the failure of that message. What it says is for the log; the client
// gets a number to find it by.
func (c *conn) guard(msg pgproto3.FrontendMessage) (err error) {
	if !panicsAreFatal {
		defer func() {
			if fault := recover(); fault != nil {
				err = c.broken(msg, fault)
			}
		}()
	}
	return c.handle(msg)
}

// panicsAreFatal: tests that provoke one switch it off.
var panicsAreFatal = invariants

// broken answers a message whose handling panicked, and lets the connection go on.
func (c *conn) broken(msg pgproto3.FrontendMessage, fault any) error {
	reference := c.server.panics.Add(1)
	c.server.cfg.Logger.Error("bug: a statement panicked", "reference", reference, "panic", fault, "stack", string(debug.Stack()))
	told := sqlerr.New(sqlerr.InternalError, "internal error (reference %d)", reference).
		Hint("This is a bug of Tailrace: the server's log has more of it under this reference.")
	if err := c.sendError(told, "ERROR"); err != nil {
		return err
	}
	if _, simple := msg.(*pgproto3.Query); simple {
		return c.ready()
	}
	c.failed = true // until Sync
	return nil
}

func (c *conn) handle(msg pgproto3.FrontendMessage) error {
	if _, ok := msg.(*pgproto3.Sync); c.failed && !ok {
		return nil
	}
	switch m := msg.(type) {
	case *pgproto3.Query:
		return c.simpleQuery(m.String)
	case *pgproto3.Sync:
		c.failed = false
		return c.ready()
	case *pgproto3.Flush:
		return c.flush()
	case *pgproto3.FunctionCall:
		err := sqlerr.New(sqlerr.FeatureNotSupported, "function calls by oid are not supported").Hint("Use a SELECT statement.")
		if err := c.sendError(err, "ERROR"); err != nil {
			return err
		}
		return c.ready()
	case *pgproto3.CopyData, *pgproto3.CopyDone, *pgproto3.CopyFail:
		return nil // as PostgreSQL: ignored outside of COPY
	}
	return c.extended(msg)
}

// ready ends an exchange. Outside of a transaction block portals end with it, so that a
// suspended one holds nothing.
func (c *conn) ready() error {
	if c.session.TransactionStatus() == 'I' {
		c.closePortals()
	}
	return c.send(&pgproto3.ReadyForQuery{TxStatus: c.session.TransactionStatus()})
}

// send appends a message to the output.
func (c *conn) send(m pgproto3.BackendMessage) error {
	var err error
	if c.out, err = m.Encode(c.out); err != nil {
		return err
	}
	if len(c.out) >= flushBytes {
		return c.flush()
	}
	return nil
}

func (c *conn) flush() error {
	err := c.write(c.out)
	c.out = c.out[:0]
	if cap(c.out) > 4*flushBytes {
		c.out = nil // a row of many megabytes went by; do not keep it
	}
	return err
}

// write is the only way to the network. It goes piece by piece, each with a limit of its
// own: the limit is on a client's silence, not on the length of what it is sent.
func (c *conn) write(b []byte) error {
	var err error
	for len(b) > 0 && err == nil {
		piece := b[:min(len(b), flushBytes)]
		b = b[len(piece):]
		c.limitWrite()
		var n int
		n, err = c.net.Write(piece)
		c.server.meters.sent.Add(int64(n))
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("the client took no data for %s (pg.write.timeout.ms): %w", c.server.cfg.WriteTimeout, err)
	}
	if c.lost == nil {
		c.lost = err
	}
	return err
}

// stopGrace is how long a client may take to read what is left for it when the server stops.
const stopGrace = time.Second

// limitWrite bounds the next write: a client that reads nothing holds neither a
// connection nor a stop for ever.
func (c *conn) limitWrite() {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.server.cfg.WriteTimeout
	if c.mu.stopping {
		d = min(d, stopGrace)
	}
	_ = c.net.SetWriteDeadline(c.server.cfg.Clock.Now().Add(d))
}

// fail reports an error of a message of the extended protocol and skips up to Sync.
func (c *conn) fail(err error) error {
	c.failed = true
	return c.sendError(err, "ERROR")
}

// sendError writes an ErrorResponse. Errors that are not the user's are logged: they are
// bugs, or the machine's.
func (c *conn) sendError(err error, severity string) error {
	if c.lost != nil {
		return c.lost
	}
	e, ok := sqlerr.As(err)
	switch {
	case ok:
	case errors.Is(err, context.Canceled):
		e = sqlerr.New(sqlerr.QueryCanceled, "canceling statement due to user request")
	default:
		c.server.cfg.Logger.Error("statement failed", "err", err)
		e = sqlerr.New(sqlerr.InternalError, "%s", err)
	}
	c.server.meters.errors.Add(1, string(e.Code))
	return c.send(&pgproto3.ErrorResponse{Severity: severity, SeverityUnlocalized: severity, Code: string(e.Code),
		Message: e.Message, Detail: e.DetailText, Hint: e.HintText, Position: int32(e.Pos)})
}

// statementContext is the context of one statement, cancelled by CancelRequest, shutdown
// and, for a streaming statement, by the client going away.
func (c *conn) statementContext(streaming bool) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	c.mu.Lock()
	c.mu.cancel = cancel
	if c.mu.stopping {
		cancel()
	}
	c.mu.Unlock()
	stopWatch := func() {}
	if streaming {
		stopWatch = c.watchClient(cancel)
	}
	return ctx, func() {
		stopWatch()
		c.mu.Lock()
		c.mu.cancel = nil
		c.mu.Unlock()
		cancel()
	}
}

// watchClient cancels when the client closes the connection or terminates while a
// statement streams. The reader is idle then; peeking takes nothing from it.
func (c *conn) watchClient(cancel func()) (stop func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := c.reader.awaitTerminate()
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, bufio.ErrBufferFull) {
			cancel()
		}
	}()
	return func() {
		_ = c.net.SetReadDeadline(time.Unix(1, 0))
		<-done
		_ = c.net.SetReadDeadline(time.Time{})
	}
}

func (c *conn) cancelStatement() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.cancel != nil {
		c.mu.cancel()
	}
}

// shutdown makes the connection end: a running statement is cancelled, an idle
// connection is woken by its read failing.
func (c *conn) shutdown() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.stopping = true
	_ = c.net.SetWriteDeadline(c.server.cfg.Clock.Now().Add(stopGrace))
	if c.mu.cancel != nil {
		c.mu.cancel()
	} else {
		_ = c.net.SetReadDeadline(time.Unix(1, 0))
	}
}

func (c *conn) stopping() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.stopping
}

// goodbye tells the client why the connection ends.
func (c *conn) goodbye() error {
	err := sqlerr.New(sqlerr.AdminShutdown, "terminating connection due to administrator command")
	if err := c.sendError(err, "FATAL"); err != nil {
		return err
	}
	return c.flush()
}

// explainReceive turns a failed read into the answer it deserves.
func (c *conn) explainReceive(err error) error {
	switch {
	case c.stopping():
		return c.goodbye()
	case clientGone(err):
		return nil
	}
	fault := err
	if sqlerr.CodeOf(err) != sqlerr.OutOfMemory {
		fault = sqlerr.New(sqlerr.ProtocolViolation, "%s", fmt.Sprintf("malformed message: %s", err))
	}
	if sendErr := c.sendError(fault, "FATAL"); sendErr == nil {
		_ = c.flush()
	}
	return err
}

func clientGone(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
