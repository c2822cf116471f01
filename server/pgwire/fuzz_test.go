package pgwire_test

import (
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"tailrace/server/pgwire"
)

// FuzzMessages: whatever bytes a client sends after it has logged in, the server answers
// in whole messages, ends the connection, and serves the next client.
func FuzzMessages(f *testing.F) {
	join := func(messages ...pgproto3.FrontendMessage) []byte {
		var out []byte
		for _, m := range messages {
			out = append(out, encode(f, m)...)
		}
		return out
	}
	text := "SELECT g, $1::text FROM generate_series(1, 3) g"
	f.Add(join(&pgproto3.Query{String: "SELECT 1, current_schema(); BEGIN; SELECT * FROM pg_class"}))
	f.Add(join(&pgproto3.Parse{Name: "s", Query: text}, &pgproto3.Describe{ObjectType: 'S', Name: "s"},
		&pgproto3.Bind{PreparedStatement: "s", Parameters: [][]byte{[]byte("x")}}, &pgproto3.Execute{MaxRows: 2}, &pgproto3.Sync{}))
	f.Add(join(&pgproto3.Close{ObjectType: 'P'}, &pgproto3.Flush{}, &pgproto3.FunctionCall{}, &pgproto3.CopyData{Data: []byte("x")}, &pgproto3.Terminate{}))
	f.Add([]byte{'B', 0, 0, 0, 12, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0})
	f.Add([]byte{'P', 0, 0, 0, 8, 0, 0, 0xff, 0xff})
	f.Add([]byte{'Q', 0x7f, 0xff, 0xff, 0xff})
	addr, _ := startServer(f, pgwire.Config{MaxMessageBytes: 1 << 20})
	hello := encode(f, startup())
	f.Fuzz(func(t *testing.T, raw []byte) {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		_ = nc.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := nc.Write(slices.Concat(hello, raw)); err != nil {
			t.Fatal(err)
		}
		if err := nc.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		answers := pgproto3.NewFrontend(nc, io.Discard)
		for {
			m, err := answers.Receive()
			if err != nil {
				if ne, ok := err.(net.Error); ok && ne.Timeout() {
					t.Fatal("the server does not end the connection")
				}
				return
			}
			if e, ok := m.(*pgproto3.ErrorResponse); ok && e.Code == "XX000" {
				t.Fatalf("a bug shows: %s", e.Message)
			}
		}
	})
}
