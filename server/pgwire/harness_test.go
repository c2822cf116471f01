package pgwire_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"tailrace/broker/local"
	"tailrace/executor"
	"tailrace/server/ddl"
	"tailrace/server/pgwire"
	"tailrace/server/session"
	"tailrace/storage/env"
)

// startServer serves sessions over a log, an engine and a catalog of their own, on a free
// port of the loopback interface.
func startServer(t testing.TB, cfg pgwire.Config) (addr string, server *pgwire.Server) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := context.Background()
	dir := t.TempDir()
	logger := slog.New(slog.DiscardHandler)
	log, err := local.Open(local.Config{Dir: dir + "/log", Logger: logger, DefaultPartitions: 1})
	must(err)
	engine, err := executor.New(executor.Config{Log: log, Dir: dir + "/state", Clock: env.SystemClock, Logger: logger,
		ServiceID: "test_"})
	must(err)
	catalog, err := ddl.Open(ctx, ddl.Config{Log: log, Engine: engine, Clock: env.SystemClock, ServiceID: "test_", Logger: logger, DefaultPartitions: 1})
	must(err)
	deps := &session.Deps{Log: log, Engine: engine, Catalog: catalog, Clock: env.SystemClock, Rand: env.SystemRand, Logger: logger,
		PullTimeout: 10 * time.Second, Version: "test",
		Backup: func(context.Context, string) (int64, int, error) { panic("a secret of the program") }}
	cfg.NewSession = func(params map[string]string) *session.Session { return session.New(deps, params) }
	server = pgwire.New(cfg)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() {
		_ = l.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := server.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
		_ = engine.Close()
		_ = log.Close()
	})
	return l.Addr().String(), server
}

// connect is a pgx connection.
func connect(t testing.TB, addr string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(context.Background(), "postgres://joe@"+addr+"/trdb?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// client speaks the protocol message by message.
type client struct {
	t  testing.TB
	nc net.Conn
	*pgproto3.Frontend
}

func dial(t testing.TB, addr string) *client {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	if err := nc.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &client{t, nc, pgproto3.NewFrontend(nc, nc)}
}

// login is dial and a startup message; what the server says to it is read.
func login(t testing.TB, addr string) *client {
	t.Helper()
	c := dial(t, addr)
	c.say(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "joe", "database": "trdb"}})
	c.until('Z')
	return c
}

func (c *client) say(messages ...pgproto3.FrontendMessage) {
	c.t.Helper()
	for _, m := range messages {
		c.Send(m)
	}
	if err := c.Flush(); err != nil {
		c.t.Fatal(err)
	}
}

// until reads up to a message of a kind, or the end of the connection, and shows all.
func (c *client) until(kind byte) []string {
	c.t.Helper()
	var out []string
	for {
		m, err := c.Receive()
		if err != nil {
			return append(out, "closed")
		}
		out = append(out, show(m))
		encoded, err := m.Encode(nil)
		if err != nil {
			c.t.Fatal(err)
		}
		if encoded[0] == kind {
			return out
		}
	}
}

// show writes a message in a line, without what differs from run to run.
func show(m pgproto3.BackendMessage) string {
	switch m := m.(type) {
	case *pgproto3.RowDescription:
		var cols []string
		for _, f := range m.Fields {
			cols = append(cols, fmt.Sprintf("%s:%d", f.Name, f.DataTypeOID))
		}
		return "RowDescription " + strings.Join(cols, " ")
	case *pgproto3.DataRow:
		var values []string
		for _, v := range m.Values {
			switch {
			case v == nil:
				values = append(values, "NULL")
			case strings.ContainsFunc(string(v), func(r rune) bool { return r < ' ' }):
				values = append(values, fmt.Sprintf("%x", v))
			default:
				values = append(values, string(v))
			}
		}
		return "DataRow " + strings.Join(values, "|")
	case *pgproto3.CommandComplete:
		return "CommandComplete " + string(m.CommandTag)
	case *pgproto3.ReadyForQuery:
		return "ReadyForQuery " + string(m.TxStatus)
	case *pgproto3.ErrorResponse:
		return strings.TrimSpace(fmt.Sprintf("%s %s %s (at %d) %s", m.Severity, m.Code, m.Message, m.Position, m.Hint))
	case *pgproto3.NoticeResponse:
		return fmt.Sprintf("%s %s %s", m.Severity, m.Code, m.Message)
	case *pgproto3.ParameterStatus:
		return fmt.Sprintf("ParameterStatus %s=%s", m.Name, m.Value)
	case *pgproto3.ParameterDescription:
		return fmt.Sprintf("ParameterDescription %v", m.ParameterOIDs)
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", m), "*pgproto3.")
}
