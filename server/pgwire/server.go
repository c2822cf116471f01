// Package pgwire speaks the PostgreSQL frontend/backend protocol, version 3.0, so that
// psql and every Postgres driver is a client of Tailrace.
//
//	Startup   SSLRequest is answered N; trust authentication; CancelRequest
//	Query     any number of statements, one after the other
//	Extended  Parse, Bind, Describe, Execute with row limits, Close, Flush, Sync
//
// A connection is one goroutine, which owns a session.Session. Control messages go
// through pgproto3; rows are encoded here (encode.go), because they are what costs.
// Source of every rule: PostgreSQL documentation, chapter "Frontend/Backend Protocol".
package pgwire

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"tailrace/server/session"
	"tailrace/storage/env"
	"tailrace/storage/memory"
)

// Config is what a Server needs.
type Config struct {
	// NewSession makes the session of a new connection; params are those of its startup
	// message (user, database, application_name, ...).
	NewSession func(params map[string]string) *session.Session
	// MaxConnections bounds the connections; a further one is refused with SQLSTATE 53300.
	MaxConnections int
	// MaxMessageBytes bounds one message of a client; a longer one ends its connection.
	MaxMessageBytes int
	// WriteTimeout is how long a client may read nothing of what it is sent before its
	// connection ends; default two minutes.
	WriteTimeout time.Duration
	// SlowStatement is how long a statement that ends by itself may take before the log says so;
	// 0: for ever.
	SlowStatement time.Duration
	// Memory is the account of what connections keep; nil: no limit.
	Memory *memory.Account
	Clock  env.Clock // default env.SystemClock
	Logger *slog.Logger
}

// Server serves connections until it is closed.
type Server struct {
	cfg    Config
	meters *meters

	panics atomic.Int64
	nextID atomic.Uint32
	done   chan struct{}
	wg     sync.WaitGroup

	mu struct {
		sync.Mutex
		conns  map[uint32]*conn
		closed bool
	}
}

// maxSurplus is how many clients beyond MaxConnections are heard, so that they can be told of
// the limit; those beyond are closed at once.
const maxSurplus = 16

// New makes a server; Serve starts it.
func New(cfg Config) *Server {
	if cfg.MaxConnections == 0 {
		cfg.MaxConnections = 1000
	}
	if cfg.MaxMessageBytes == 0 {
		cfg.MaxMessageBytes = 64 << 20
	}
	if cfg.WriteTimeout == 0 {
		cfg.WriteTimeout = 2 * time.Minute
	}
	if cfg.Clock == nil {
		cfg.Clock = env.SystemClock
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg, meters: newMeters(), done: make(chan struct{})}
	s.mu.conns = map[uint32]*conn{}
	return s
}

// Serve accepts connections until the listener or the server is closed, and then returns
// nil.
func (s *Server) Serve(l net.Listener) error {
	l = env.PatientListener(l, s.cfg.Clock, func(err error) {
		s.cfg.Logger.Warn("cannot accept a connection for now", "listener", "postgres", "err", err)
	})
	for {
		nc, err := l.Accept()
		if err != nil {
			select {
			case <-s.done:
				return nil
			default:
			}
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		}
		if !s.begin() {
			return nc.Close()
		}
		go s.serve(nc)
	}
}

// begin counts one more connection for Close to wait for, unless it waits already.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.closed {
		return false
	}
	s.wg.Add(1)
	return true
}

func (s *Server) serve(nc net.Conn) {
	defer s.wg.Done()
	defer nc.Close()
	s.meters.Accepted.Add(1)
	defer s.meters.Open.Add(-1)
	c := newConn(s, nc)
	open := s.meters.Open.Add(1)
	c.surplus = open > int64(s.cfg.MaxConnections)
	if open > int64(s.cfg.MaxConnections+maxSurplus) {
		s.refused(nc)
		return
	}
	if !s.add(c) {
		return
	}
	defer s.remove(c)
	err := c.run()
	if err != nil && !clientGone(err) {
		s.cfg.Logger.Warn("connection closed", "listener", "postgres", "client", nc.RemoteAddr().String(), "err", err)
	}
}

// refused counts and logs a connection that is one too many.
func (s *Server) refused(nc net.Conn) {
	s.meters.Refused.Add(1)
	s.cfg.Logger.Warn("connection refused: there are too many", "listener", "postgres", "client", nc.RemoteAddr().String(),
		"limit", s.cfg.MaxConnections, "setting", "pg.max.connections")
}

func (s *Server) add(c *conn) bool {
	var secret [4]byte
	_, _ = rand.Read(secret[:]) // never fails
	c.id, c.secret = s.nextID.Add(1), binary.BigEndian.Uint32(secret[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.closed {
		return false
	}
	s.mu.conns[c.id] = c
	return true
}

func (s *Server) remove(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.mu.conns, c.id)
}

// cancel stops the statement that a connection runs, if the secret is right. As in
// PostgreSQL the one who asks learns nothing either way.
func (s *Server) cancel(id, secret uint32) {
	s.mu.Lock()
	c := s.mu.conns[id]
	s.mu.Unlock()
	if c != nil && c.secret == secret {
		c.cancelStatement()
	}
}

// Close ends all connections: running statements are cancelled, clients are told that
// the server shuts down. It returns when the last has gone, or ctx ends.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	if !s.mu.closed {
		s.mu.closed = true
		close(s.done)
	}
	for _, c := range s.mu.conns {
		c.shutdown()
	}
	s.mu.Unlock()
	gone := make(chan struct{})
	go func() { s.wg.Wait(); close(gone) }()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
