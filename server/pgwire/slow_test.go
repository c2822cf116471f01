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

	"tailrace/server/pgwire"
)

// logged hands on the lines of a log that contain a text.
type logged struct {
	slog.Handler
	text  string
	lines chan string
}

func (l *logged) Enabled(context.Context, slog.Level) bool { return true }
func (l *logged) Handle(_ context.Context, r slog.Record) error {
	line := r.Message
	r.Attrs(func(a slog.Attr) bool { line += " " + a.String(); return true })
	if strings.Contains(line, l.text) {
		l.lines <- line
	}
	return nil
}

// deafClient asks for a hundred megabytes and reads nothing of them.
func deafClient(t *testing.T, addr string) net.Conn {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	front := pgproto3.NewFrontend(nc, nc)
	front.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersionNumber, Parameters: map[string]string{"user": "u"}})
	if err := front.Flush(); err != nil {
		t.Fatal(err)
	}
	for {
		m, err := front.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := m.(*pgproto3.ReadyForQuery); ok {
			break
		}
	}
	front.Send(&pgproto3.Query{String: strings.Repeat("SELECT LPAD('x', 1000000, 'x') AS x;", 100)})
	if err := front.Flush(); err != nil {
		t.Fatal(err)
	}
	return nc
}

// TestDeafClientsAreDropped: a client that reads nothing is dropped after the limit, with
// the reason in the log, and holds up nobody else meanwhile.
func TestDeafClientsAreDropped(t *testing.T) {
	lines := make(chan string, 10)
	addr, _ := startServer(t, pgwire.Config{WriteTimeout: 300 * time.Millisecond,
		Logger: slog.New(&logged{Handler: slog.DiscardHandler, text: "took no data", lines: lines})})
	deafClient(t, addr)
	other, err := pgx.Connect(context.Background(), "postgres://u@"+addr+"/d")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(context.Background())
	var n int
	if err := other.QueryRow(context.Background(), "SELECT 1").Scan(&n); err != nil || n != 1 {
		t.Errorf("beside a deaf client: %d, %v", n, err)
	}
	select {
	case line := <-lines:
		if !strings.Contains(line, "pg.write.timeout.ms") || !strings.Contains(line, "connection closed") {
			t.Errorf("the log does not name the setting, or blames a statement: %s", line)
		}
	case <-time.After(30 * time.Second):
		t.Error("the client was not dropped")
	}
}

// TestStopDoesNotWaitForDeafClients, however long they may take otherwise.
func TestStopDoesNotWaitForDeafClients(t *testing.T) {
	addr, server := startServer(t, pgwire.Config{WriteTimeout: time.Hour})
	deafClient(t, addr)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := server.Close(ctx); err != nil {
		t.Errorf("the stop waited: %v", err)
	}
}

// TestQuietQueriesAreNotDeafClients: the limit counts from when a client was last sent
// something. What comes after a longer silence of the query, in one large piece that
// clients share, arrives.
func TestQuietQueriesAreNotDeafClients(t *testing.T) {
	const limit = 200 * time.Millisecond
	addr, _ := startServer(t, pgwire.Config{WriteTimeout: limit})
	producer := pushing(t, addr)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	insert := func(size int) {
		t.Helper()
		if _, err := producer.Exec(ctx, "INSERT INTO pushed (id, v) VALUES ($1, $2)", size, strings.Repeat("v", size)); err != nil {
			t.Fatal(err)
		}
	}
	const large = 200_000
	first, done := make(chan struct{}, 2), make(chan error, 2)
	for range 2 {
		reader := connect(t, addr)
		go func() {
			rows, err := reader.Query(ctx, "SELECT v FROM pushed EMIT CHANGES", pgx.QueryExecModeSimpleProtocol)
			for count := 0; err == nil; count++ {
				if !rows.Next() {
					err = fmt.Errorf("the rows ended: %w", rows.Err())
				} else if count == 0 {
					first <- struct{}{}
				} else if len(rows.RawValues()[0]) == large {
					break
				}
			}
			done <- err
		}()
	}
	for reading := 0; reading < 2; { // until the queries are there
		insert(1)
		select {
		case <-first:
			reading++
		case err := <-done:
			t.Fatal(err)
		default:
		}
	}
	time.Sleep(2 * limit) // the silence
	insert(large)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
