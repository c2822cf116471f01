package conn

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"tailrace/broker/wire"
	"tailrace/storage/env"
)

// maxPending is how many answers of one connection may wait for durability. Producers
// keep at most five requests in flight unless told otherwise.
const maxPending = 16

// maxClientID is how much of a client's name for itself stands in the log.
const maxClientID = 100

// client is one connection.
type client struct {
	srv    *Server
	conn   net.Conn
	frames *wire.FrameReader
	sender *sender
	host   string
	req    Request // in the handler now
	// readBy belongs to the reading goroutine, writeBy to whoever writes.
	readBy, writeBy deadline

	draining atomic.Bool
	drainBy  time.Time // written before draining is set
	// queued counts answers handed to the writer and not yet sent. Only the reading
	// goroutine adds, so at zero it may write itself.
	queued  atomic.Int32
	answers chan answer // nil until the first Pending
	done    chan struct{}
}

type answer struct {
	body     *wire.Body
	outcome  Outcome
	key      wire.APIKey
	clientID string
	began    time.Time // when the request had come
}

func newClient(s *Server, nc net.Conn) *client {
	c := &client{srv: s, conn: nc}
	c.host, _, _ = net.SplitHostPort(nc.RemoteAddr().String())
	c.frames = wire.NewFrameReader(counted{nc, s.meters}, s.cfg.MaxRequestBytes, s.budget)
	c.readBy.set, c.writeBy.set = nc.SetReadDeadline, nc.SetWriteDeadline
	c.sender = newSender(nc, c.renew, s.meters)
	return c
}

// counted counts what is read.
type counted struct {
	net.Conn
	m *meters
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.m.bytesIn.Add(int64(n))
	return n, err
}

// drainTimeout is how long a client may take for what it is owed when the server closes.
const drainTimeout = 2 * time.Second

// drain makes the connection end after the request that it is busy with, and soon when the
// client does not take the answer.
func (c *client) drain(now time.Time) {
	c.drainBy = now.Add(drainTimeout)
	c.draining.Store(true)
	_ = c.conn.SetReadDeadline(time.Unix(1, 0))
	_ = c.conn.SetWriteDeadline(c.drainBy)
}

// renew gives the client time for the next part of an answer. While the server closes there is
// one deadline for all parts.
func (c *client) renew() {
	c.writeBy.move(c.srv.cfg.Clock.Now(), c.srv.cfg.WriteTimeout)
	if c.draining.Load() {
		_ = c.conn.SetWriteDeadline(c.drainBy)
	}
}

// serve is the life of a connection.
func (c *client) serve() {
	err := c.loop()
	if c.answers != nil {
		close(c.answers)
		<-c.done
	}
	c.report(err)
	_ = c.conn.Close()
}

// report counts and logs why the server closes the connection, if it is the one to do
// so.
func (c *client) report(err error) {
	if err == nil || c.draining.Load() {
		return
	}
	if reason := c.reason(err); reason != "" {
		c.srv.meters.closed[reason].Add(1)
		if reason != closeIdle {
			c.srv.cfg.Logger.Warn("connection closed", "listener", "kafka", "client", c.conn.RemoteAddr().String(), "reason", string(reason), "err", err)
		}
	}
}

// errIdle ends a connection that asked for nothing; refusal one whose request cannot be
// answered.
var errIdle = errors.New("idle")

type refusal struct{ error }

func (c *client) reason(err error) closeReason {
	var r refusal
	switch {
	case errors.Is(err, errIdle):
		return closeIdle
	case errors.As(err, &r):
		return closeHandler
	}
	return reasonOf(err)
}

func (c *client) loop() error {
	for !c.draining.Load() {
		frame, err := c.next()
		if err != nil {
			return err
		}
		err = c.handle(frame)
		frame.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// next reads a frame. The clock of the idle timeout stops at its first byte.
func (c *client) next() (wire.Frame, error) {
	if !c.frames.Buffered() {
		c.deadline(c.srv.cfg.IdleTimeout)
		if err := c.frames.Wait(); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return wire.Frame{}, errIdle
			}
			return wire.Frame{}, err
		}
	}
	if !c.frames.Whole() {
		c.deadline(c.srv.cfg.FrameTimeout)
	}
	return c.frames.Next()
}

// deadline sets the read deadline unless the server is closing, which has set its own.
func (c *client) deadline(d time.Duration) {
	c.readBy.move(c.srv.cfg.Clock.Now(), d)
	if c.draining.Load() {
		_ = c.conn.SetReadDeadline(time.Unix(1, 0))
	}
}

func (c *client) handle(frame wire.Frame) error {
	h, body, err := wire.ReadHeader(frame.Bytes)
	if err != nil {
		return err
	}
	if h.Key != wire.Produce && len(frame.Bytes) > wire.MaxControlBytes {
		return fmt.Errorf("%w: %s request of %d bytes", wire.ErrFrameTooLarge, h.Key.Name(), len(frame.Bytes))
	}
	a := answer{body: wire.NewBody(h), key: h.Key, clientID: h.ClientID, began: c.srv.cfg.Clock.Now()}
	c.req = Request{Header: h, Body: body, Client: c.host, Listener: c.conn.LocalAddr()}
	a.outcome = c.call(&c.req, a.body)
	if a.outcome.Err != nil {
		a.body.Release()
		return refusal{fmt.Errorf("%s v%d: %w", h.Key.Name(), h.Version, a.outcome.Err)}
	}
	if a.outcome.Pending == nil {
		c.served(&a)
	}
	switch {
	case a.outcome.Silent:
		a.body.Release()
		return nil
	case a.outcome.Pending == nil && c.queued.Load() == 0:
		return c.send(a.body)
	}
	c.enqueue(a)
	return nil
}

// served counts a request whose answer is ready.
func (c *client) served(a *answer) {
	took := c.srv.cfg.Clock.Now().Sub(a.began)
	c.srv.meters.observe(a.key, took)
	if limit := c.srv.cfg.SlowRequest; limit > 0 && took > limit && !a.key.Waits() {
		c.srv.cfg.Logger.Warn("slow request", "api", a.key.Name(), "client", c.conn.RemoteAddr().String(), "client_id", a.clientID[:min(len(a.clientID), maxClientID)], env.Took(took))
	}
}

// call runs the handler. A panic is a bug of ours that one request found: it costs that
// connection, not the server.
func (c *client) call(r *Request, body *wire.Body) (out Outcome) {
	defer func() {
		if p := recover(); p != nil {
			if panicsAreFatal {
				panic(p)
			}
			c.srv.cfg.Logger.Error("bug: a handler panicked", "api", r.Key.Name(), "version", r.Version, "panic", p, "stack", string(debug.Stack()))
			out = Outcome{Err: fmt.Errorf("internal error: %v", p)}
		}
	}()
	return c.srv.handler.Handle(c.srv.ctx, r, body)
}

// enqueue hands an answer to the writer. It waits when too many are on their way.
func (c *client) enqueue(a answer) {
	if c.answers == nil {
		c.answers = make(chan answer, maxPending)
		c.done = make(chan struct{})
		go c.write()
	}
	c.queued.Add(1)
	c.answers <- a
}

// write sends queued answers in order. After a failure it closes the connection, which
// ends the reader, and lets go of the rest.
func (c *client) write() {
	defer close(c.done)
	failed := false
	for a := range c.answers {
		if a.outcome.Pending != nil {
			a.outcome.Pending(c.srv.ctx, a.body)
			c.served(&a)
		}
		if failed {
			a.body.Release()
		} else if err := c.send(a.body); err != nil {
			failed = true
			_ = c.conn.Close()
		}
		c.queued.Add(-1)
	}
}

// send finishes, writes and releases an answer.
func (c *client) send(b *wire.Body) error {
	b.Finish()
	c.srv.meters.bytesOut.Add(b.Size())
	err := c.sender.send(b)
	b.Release()
	return err
}
