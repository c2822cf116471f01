package pgwire_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5"

	"tailrace/server/pgwire"
)

// BenchmarkPointSelect reads one row of a view by its key, prepared, over the loopback
// interface, one connection. The ceiling is a server that answers the same number of
// bytes without looking at the question.
func BenchmarkPointSelect(b *testing.B) {
	ctx := context.Background()
	addr, _ := startServer(b, pgwire.Config{})
	conn := connect(b, addr)
	exec := func(text string, args ...any) {
		if _, err := conn.Exec(ctx, text, args...); err != nil {
			b.Fatal(text, err)
		}
	}
	exec("CREATE STREAM clicks (id INT KEY, v STRING) WITH (kafka_topic='clicks', value_format='JSON', partitions=1)")
	exec("CREATE TABLE seen AS SELECT id, COUNT(*) AS n, LATEST_BY_OFFSET(v) AS v FROM clicks GROUP BY id EMIT CHANGES")
	for i := range 100 {
		exec("INSERT INTO clicks (id, v) VALUES ($1, $2)", int32(i), fmt.Sprintf("value-%d", i))
	}
	// The session that has written waits for its writes; the one that is measured reads.
	if err := conn.QueryRow(ctx, "SELECT n FROM seen WHERE id = 99").Scan(new(int64)); err != nil {
		b.Fatal(err)
	}
	conn = connect(b, addr)
	const text = "SELECT id, n, v FROM seen WHERE id = $1"
	var id int32
	var n int64
	var v string
	b.Run("pgx", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if err := conn.QueryRow(ctx, text, pgx.QueryExecModeCacheStatement, int32(i%100)).Scan(&id, &n, &v); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "queries/s")
	})
	b.Run("ceiling=echo", func(b *testing.B) {
		const question, answer = 75, 60 // bytes of Bind + Describe + Execute + Sync, and of their answers
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		defer l.Close()
		go func() {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			in, q, a := bufio.NewReader(nc), make([]byte, question), make([]byte, answer)
			for {
				if _, err := io.ReadFull(in, q); err != nil {
					return
				}
				if _, err := nc.Write(a); err != nil {
					return
				}
			}
		}()
		nc, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		defer nc.Close()
		q, a := make([]byte, question), make([]byte, answer)
		for b.Loop() {
			if _, err := nc.Write(q); err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadFull(nc, a); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "queries/s")
	})
}
