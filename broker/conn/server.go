package conn

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"

	"tailrace/broker/wire"
	"tailrace/storage/env"
)

// Request is one request of one client.
type Request struct {
	wire.Header
	Body   []byte // aliases the frame: gone when Handle returns
	Client string // the client's IP address
	// Listener is the address at which the client reached us.
	Listener net.Addr
}

// Outcome says what is to happen with the answer.
type Outcome struct {
	// Silent: no answer is sent (Produce with acks=0).
	Silent bool
	// Err, when set, closes the connection without an answer, with a line in the log.
	Err error
	// Pending, when set, is called before the answer is sent, while the connection goes
	// on with the next request. It completes the answer. It must return when ctx ends.
	Pending func(ctx context.Context, answer *wire.Body)
}

// Handler answers requests. Handle appends the body of the answer to answer, which holds
// its header already. It may block; ctx ends when the server closes.
type Handler interface {
	Handle(ctx context.Context, r *Request, answer *wire.Body) Outcome
}

// Server serves listeners.
type Server struct {
	cfg     Config
	handler Handler
	meters  *meters
	budget  *budget

	ctx    context.Context // ends when Close begins
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu struct {
		sync.Mutex
		closed    bool
		listeners map[net.Listener]struct{}
		conns     map[*client]struct{}
	}
}

// New makes a server; c has been through WithDefaults and Validate.
func New(c Config, h Handler) *Server {
	s := &Server{cfg: c, handler: h, meters: newMeters()}
	s.budget = newBudget(c.QueuedRequestBytes, c.FrameTimeout, c.Clock, c.Memory)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.mu.listeners = map[net.Listener]struct{}{}
	s.mu.conns = map[*client]struct{}{}
	return s
}

// ErrClosed is what Serve returns after Close.
var ErrClosed = errors.New("broker: server closed")

// Serve accepts connections until the listener fails or Close is called.
func (s *Server) Serve(ln net.Listener) error {
	ln = env.PatientListener(ln, s.cfg.Clock, func(err error) {
		s.cfg.Logger.Warn("cannot accept a connection for now", "listener", "kafka", "err", err)
	})
	s.mu.Lock()
	if s.mu.closed {
		s.mu.Unlock()
		_ = ln.Close()
		return ErrClosed
	}
	s.mu.listeners[ln] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.mu.listeners, ln)
		s.mu.Unlock()
		_ = ln.Close()
	}()
	for {
		nc, err := ln.Accept()
		switch {
		case err == nil:
			s.admit(nc)
		case s.ctx.Err() != nil:
			return ErrClosed
		default:
			return err
		}
	}
}

// admit starts serving a connection, or closes it when there are too many.
func (s *Server) admit(nc net.Conn) {
	c := newClient(s, nc)
	s.mu.Lock()
	most := s.mostConnections()
	full := len(s.mu.conns) >= most
	if s.mu.closed || full {
		s.mu.Unlock()
		_ = nc.Close()
		if full {
			s.meters.Refused.Add(1)
			s.cfg.Logger.Warn("connection refused: there are too many", "listener", "kafka", "client", nc.RemoteAddr().String(), "limit", most, "setting", "max.connections")
		}
		return
	}
	s.mu.conns[c] = struct{}{}
	s.wg.Add(1)
	s.mu.Unlock()
	s.meters.Accepted.Add(1)
	s.meters.Open.Add(1)
	go func() {
		defer s.wg.Done()
		defer s.forget(c)
		c.serve()
	}()
}

func (s *Server) forget(c *client) {
	s.mu.Lock()
	delete(s.mu.conns, c)
	s.mu.Unlock()
	s.meters.Open.Add(-1)
}

// mostConnections is how many clients may be served at once, as of now.
func (s *Server) mostConnections() int {
	if s.cfg.MaxConnectionsNow != nil {
		return s.cfg.MaxConnectionsNow()
	}
	return s.cfg.MaxConnections
}

// Connections is the number of clients now.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.mu.conns)
}

// Close stops accepting, wakes requests that wait, lets those in progress be answered,
// and closes the connections. Clients that do not take their answers within drainTimeout are
// cut; when ctx ends, all are, where they stand.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.mu.closed = true
	s.cancel()
	for ln := range s.mu.listeners {
		_ = ln.Close()
	}
	for c := range s.mu.conns {
		c.drain(s.cfg.Clock.Now())
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.wg.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	for c := range s.mu.conns {
		_ = c.conn.Close()
	}
	s.mu.Unlock()
	<-done
	return ctx.Err()
}

// reasonOf classifies why reading from a client ended. Empty: the client left.
func reasonOf(err error) closeReason {
	var ne net.Error
	switch {
	case errors.Is(err, wire.ErrFrameTooLarge), errors.Is(err, wire.ErrFrameTooSmall), errors.Is(err, wire.ErrMalformed):
		return closeMalformed
	case errors.Is(err, errNoMemory):
		return closeMemory
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		return ""
	case errors.As(err, &ne) && ne.Timeout():
		return closeSlow
	}
	return ""
}
