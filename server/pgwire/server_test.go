package pgwire_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"go.uber.org/goleak"

	"tailrace/server/pgwire"
)

func startup(params ...string) *pgproto3.StartupMessage {
	m := &pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "joe"}}
	for i := 0; i < len(params); i += 2 {
		m.Parameters[params[i]] = params[i+1]
	}
	return m
}

func TestEncryptionIsRefusedAndTheConnectionGoesOn(t *testing.T) {
	addr, _ := startServer(t, pgwire.Config{})
	c := dial(t, addr)
	for _, m := range []pgproto3.FrontendMessage{&pgproto3.GSSEncRequest{}, &pgproto3.SSLRequest{}} {
		c.say(m)
		var answer [1]byte
		if _, err := c.nc.Read(answer[:]); err != nil || answer[0] != 'N' {
			t.Fatalf("%T is answered %q, %v", m, answer, err)
		}
	}
	c.say(startup("application_name", "app", "options", "-c search_path=other --statement_timeout=7"))
	got := c.until('Z')
	for _, want := range []string{"AuthenticationOk", "ParameterStatus application_name=app", "ParameterStatus client_encoding=UTF8",
		"ParameterStatus standard_conforming_strings=on", "BackendKeyData", "ReadyForQuery I"} {
		if !slices.Contains(got, want) {
			t.Errorf("no %s in %q", want, got)
		}
	}
	c.say(&pgproto3.Query{String: "SHOW statement_timeout"})
	if got := c.until('Z'); !slices.Contains(got, "DataRow 7ms") {
		t.Errorf("a setting of PGOPTIONS is not there: %q", got)
	}
}

func TestWhatIsNoStartupIsRefused(t *testing.T) {
	addr, _ := startServer(t, pgwire.Config{})
	old := binary.BigEndian.AppendUint32([]byte{0, 0, 0, 9}, 2<<16)
	for _, tc := range []struct {
		name  string
		bytes []byte
		want  string
	}{
		{"a browser", []byte("GET / HTTP/1.1\r\n\r\n"), "FATAL 08P01 this port speaks the PostgreSQL protocol 3.0"},
		{"a Kafka client", []byte{0, 0, 0, 20, 0, 18, 0, 3, 0, 0, 0, 1}, "FATAL 08P01"},
		{"a length below its own", []byte{0, 0, 0, 3, 0, 0, 0, 0}, "FATAL 08P01"},
		{"protocol 2", append(old, 0), "unsupported frontend protocol 2.0"},
		{"replication", encode(t, startup("replication", "database")), "FATAL 0A000 replication"},
		{"nothing", nil, "closed"},
		{"half a message", []byte{0, 0, 0, 50, 0, 3, 0, 0, 'u'}, "closed"},
	} {
		c := dial(t, addr)
		if _, err := c.nc.Write(tc.bytes); err != nil {
			t.Fatal(err)
		}
		if err := c.nc.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(c.until('Z'), "\n"); !strings.Contains(got, tc.want) {
			t.Errorf("%s\n got %s\nwant %s", tc.name, got, tc.want)
		}
	}
}

func encode(t testing.TB, m pgproto3.FrontendMessage) []byte {
	b, err := m.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestMinorVersionsAreAgreedUpon(t *testing.T) {
	addr, _ := startServer(t, pgwire.Config{})
	c := dial(t, addr)
	m := startup("_pq_.fancy", "on")
	m.ProtocolVersion = 3<<16 | 2
	if _, err := c.nc.Write(encode(t, m)); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 5)
	if _, err := c.nc.Read(head); err != nil || head[0] != 'v' {
		t.Fatalf("got %q, %v; want NegotiateProtocolVersion", head, err)
	}
	body := make([]byte, binary.BigEndian.Uint32(head[1:])-4)
	if _, err := c.nc.Read(body); err != nil {
		t.Fatal(err)
	}
	want := append([]byte{0, 3, 0, 0, 0, 0, 0, 1}, "_pq_.fancy\x00"...)
	if !bytes.Equal(body, want) {
		t.Errorf("\n got %q\nwant %q", body, want)
	}
	if got := c.until('Z'); got[len(got)-1] != "ReadyForQuery I" {
		t.Errorf("the session does not begin: %q", got)
	}
}

func TestBadMessagesEndTheConnectionAndNoOther(t *testing.T) {
	addr, _ := startServer(t, pgwire.Config{MaxMessageBytes: 1000})
	other := login(t, addr)
	for _, tc := range []struct {
		name  string
		bytes []byte
		want  string
	}{
		{"too long", encode(t, &pgproto3.Query{String: strings.Repeat("x", 2000)}), "message of 2001 bytes; the limit is 1000"},
		{"unknown kind", []byte{'?', 0, 0, 0, 4}, "unknown message type"},
		{"length below its own", []byte{'Q', 0, 0, 0, 3}, "invalid message length 3"},
		{"text without an end", []byte{'Q', 0, 0, 0, 5, 'x'}, "FATAL 08P01"},
		{"cut off", []byte{'Q', 0, 0, 0, 50, 'x'}, "closed"},
	} {
		c := login(t, addr)
		if _, err := c.nc.Write(tc.bytes); err != nil {
			t.Fatal(err)
		}
		if err := c.nc.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(c.until('Z'), "\n"); !strings.Contains(got, tc.want) || !strings.HasSuffix(got, "closed") {
			t.Errorf("%s\n got %s\nwant %s and the end", tc.name, got, tc.want)
		}
	}
	other.say(&pgproto3.Query{String: "SELECT current_schema()"})
	if got := other.until('Z'); !slices.Contains(got, "DataRow public") {
		t.Errorf("another connection suffers: %q", got)
	}
}

// pushing starts a push query and returns its connection when the query runs.
func pushing(t *testing.T, addr string) *pgx.Conn {
	t.Helper()
	conn := connect(t, addr)
	if _, err := conn.Exec(context.Background(),
		"CREATE STREAM IF NOT EXISTS pushed (id INT KEY, v STRING) WITH (kafka_topic='pushed', value_format='JSON', partitions=1)"); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestCancelRequestStopsAPushQuery(t *testing.T) {
	addr, _ := startServer(t, pgwire.Config{MaxConnections: 1})
	conn := pushing(t, addr)
	for range 3 {
		rows, err := conn.Query(context.Background(), "SELECT * FROM pushed EMIT CHANGES", pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			t.Fatal(err)
		}
		// The request comes over a connection of its own, which is one too many here, and
		// may be there before the query; it is repeated until the query has ended.
		stop := make(chan struct{})
		go func() {
			for {
				_ = conn.PgConn().CancelRequest(context.Background())
				select {
				case <-stop:
					return
				case <-time.After(10 * time.Millisecond):
				}
			}
		}()
		for rows.Next() {
		}
		close(stop)
		if err := rows.Err(); err == nil || !strings.Contains(err.Error(), "57014") {
			t.Fatalf("the query ended with %v; want 57014", err)
		}
	}
	// A late cancel may hit this statement; the connection itself lives on.
	var got string
	err := conn.QueryRow(context.Background(), "SELECT current_schema()").Scan(&got)
	if err != nil && !strings.Contains(err.Error(), "57014") || err == nil && got != "public" {
		t.Errorf("after a cancel: %q, %v", got, err)
	}
}

// A number that is compared with a DECIMAL is compared as it came, not as the column would
// store it.
func TestNumbersAreComparedAsTheyCome(t *testing.T) {
	addr, _ := startServer(t, pgwire.Config{})
	conn := connect(t, addr)
	ctx := context.Background()
	for _, sql := range []string{"CREATE TABLE prices (id INT PRIMARY KEY, price DECIMAL(10,2), big DECIMAL(38,2))", "INSERT INTO prices VALUES (1, 1.24, 1.24)"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		where string
		arg   any
		want  int64
	}{
		{"price = $1", "1.239", 0}, {"price = $1", "1.240", 1}, {"price < $1", "1.239", 0}, {"price > $1", "1.239", 1}, {"price < $1", "12345678901", 1},
		{"price IN (1, $1)", "1.239", 0}, {"price IN (1, $1)", "1.24", 1}, {"price = ANY ($1)", []string{"1.239", "1.2401"}, 0}, {"price = ANY ($1)", []string{"1.239", "1.24"}, 1},
		{"price BETWEEN $1 AND 1.2399", "1.235", 0}, {"big = $1", "1.239", 0}, {"price = $1::numeric", "1.239", 0},
	} {
		for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeExec} {
			var n int64
			if err := conn.QueryRow(ctx, "SELECT count(*) FROM prices WHERE "+tc.where, mode, tc.arg).Scan(&n); err != nil || n != tc.want {
				t.Errorf("%s with %v, %v: %d rows, want %d (%v)", tc.where, tc.arg, mode, n, tc.want, err)
			}
		}
	}
}

func TestAWrongSecretCancelsNothing(t *testing.T) {
	addr, _ := startServer(t, pgwire.Config{})
	c := login(t, addr)
	other := dial(t, addr)
	other.say(&pgproto3.CancelRequest{ProcessID: 1, SecretKey: []byte{1, 2, 3, 4}})
	if got := other.until('Z'); !slices.Equal(got, []string{"closed"}) {
		t.Errorf("a cancel request is answered %q", got)
	}
	c.say(&pgproto3.Query{String: "SELECT count(*) FROM generate_series(1, 100000)"})
	if got := c.until('Z'); !slices.Contains(got, "DataRow 100000") {
		t.Errorf("the statement did not run: %q", got)
	}
}

// A client that goes away while a push query is quiet must not leave it running, whether
// it says goodbye or not, and whether or not it had sent more before.
func TestAPushQueryEndsWithItsClient(t *testing.T) {
	for _, tc := range []struct {
		name  string
		after []pgproto3.FrontendMessage
		close bool
	}{
		{"Terminate", []pgproto3.FrontendMessage{&pgproto3.Terminate{}}, false},
		{"Sync and Terminate", []pgproto3.FrontendMessage{&pgproto3.Sync{}, &pgproto3.Terminate{}}, false},
		{"Sync and a closed connection", []pgproto3.FrontendMessage{&pgproto3.Sync{}}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			addr, server := startServer(t, pgwire.Config{})
			conn := pushing(t, addr)
			_ = conn.Close(context.Background())
			before := goleak.IgnoreCurrent()
			c := login(t, addr)
			c.say(&pgproto3.Parse{Query: "SELECT * FROM pushed EMIT CHANGES"}, &pgproto3.Bind{}, &pgproto3.Execute{})
			c.until('2') // bound
			c.say(tc.after...)
			if tc.close {
				_ = c.nc.Close()
			}
			if err := goleak.Find(before); err != nil {
				t.Errorf("the query goes on: %v", err)
			}
			_ = server
		})
	}
}

func TestTooManyConnections(t *testing.T) {
	addr, _ := startServer(t, pgwire.Config{MaxConnections: 2})
	login(t, addr)
	second := login(t, addr)
	third := dial(t, addr)
	third.say(startup())
	if got := third.until('Z'); !strings.HasPrefix(got[0], "FATAL 53300") {
		t.Errorf("a third connection: %q", got)
	}
	second.say(&pgproto3.Terminate{})
	second.until('Z')
	_ = second.nc.Close()
	for try := 0; ; try++ { // the server notices a moment later
		c := dial(t, addr)
		c.say(startup())
		if got := c.until('Z'); got[len(got)-1] == "ReadyForQuery I" {
			break
		} else if try > 1000 {
			t.Fatalf("no room after a connection has ended: %q", got)
		}
	}
}

func TestCloseTellsTheClients(t *testing.T) {
	addr, server := startServer(t, pgwire.Config{})
	idle := login(t, addr)
	conn := pushing(t, addr)
	_ = conn.Close(context.Background())
	busy := login(t, addr)
	busy.say(&pgproto3.Query{String: "SELECT * FROM pushed EMIT CHANGES"})
	busy.until('T')
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := server.Close(ctx); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*client{"idle": idle, "busy": busy} {
		got := strings.Join(c.until('?'), "\n")
		if !strings.Contains(got, "FATAL 57P01 terminating connection") || !strings.HasSuffix(got, "closed") {
			t.Errorf("an %s client is told %s", name, got)
		}
	}
}

// A panic is a bug: the client learns that, and no more, and the connection goes on.
func TestPanicsStayInside(t *testing.T) {
	pgwire.SurvivePanics(t)
	addr, _ := startServer(t, pgwire.Config{Logger: slog.New(slog.DiscardHandler)})
	c := connect(t, addr)
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeDescribeExec} {
		_, err := c.Exec(context.Background(), "BACKUP TO '/nowhere'", mode)
		var e *pgconn.PgError
		if !errors.As(err, &e) || e.Code != "XX000" || !strings.Contains(e.Message, "reference") {
			t.Fatalf("%v: %v, want SQLSTATE XX000 with a reference", mode, err)
		}
		if all := fmt.Sprintf("%+v", *e); strings.Contains(all, "secret") || strings.Contains(all, ".go") || strings.Contains(all, "goroutine") {
			t.Errorf("%v: the client is told %s", mode, all)
		}
		var one int
		if err := c.QueryRow(context.Background(), "SELECT 1").Scan(&one); err != nil || one != 1 {
			t.Errorf("%v: the connection after a panic: %d, %v", mode, one, err)
		}
	}
}

func TestPipelinedExchangesAnswerInOrder(t *testing.T) {
	addr, _ := startServer(t, pgwire.Config{})
	c := login(t, addr)
	for i := range 50 {
		c.Send(&pgproto3.Parse{Query: fmt.Sprintf("SELECT %d, current_schema()", i)})
		c.Send(&pgproto3.Bind{})
		c.Send(&pgproto3.Execute{})
		c.Send(&pgproto3.Sync{})
	}
	c.say()
	for i := range 50 {
		want := []string{"ParseComplete", "BindComplete", fmt.Sprintf("DataRow %d|public", i), "CommandComplete SELECT 1", "ReadyForQuery I"}
		if got := c.until('Z'); !slices.Equal(got, want) {
			t.Fatalf("exchange %d\n got %q\nwant %q", i, got, want)
		}
	}
}
