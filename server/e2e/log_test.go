package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// logLine is a line of a log in JSON.
type logLine map[string]any

// lines are the lines of the log with a message.
func (s *server) lines(message string) (out []logLine) {
	s.t.Helper()
	for _, text := range strings.Split(strings.TrimSpace(s.log()), "\n") {
		var l logLine
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			s.t.Errorf("a line of the log is no JSON (%v): %s", err, text)
			continue
		}
		if l["msg"] == message {
			out = append(out, l)
		}
	}
	return out
}

// says waits for a line with a message and these attributes: numbers need only be there.
func (s *server) says(level, message string, attrs map[string]any) logLine {
	s.t.Helper()
	var found logLine
	eventually(s.t, func() error {
		lines := s.lines(message)
		for _, l := range lines {
			ok := l["level"] == level
			for k, v := range attrs {
				_, there := l[k]
				ok = ok && there && (v == nil || fmt.Sprint(l[k]) == fmt.Sprint(v))
			}
			if ok {
				found = l
				return nil
			}
		}
		return fmt.Errorf("the log has no %s %q with %v, but %v\n%s", level, message, attrs, lines, s.log())
	})
	return found
}

// TestLogOfALife: what an operator depends on stands in the log, from the start to the stop.
func TestLogOfALife(t *testing.T) {
	ctx := context.Background()
	s := newServer(t, "log.format=json", "log.segment.bytes=1048576", "log.retention.check.interval.ms=100", "log.segment.delete.delay.ms=0", "pg.max.connections=2")
	s.start()
	s.says("INFO", "starting", map[string]any{"version": "e2e", "pid": s.cmd.Process.Pid, "data_dir": s.dir})
	s.says("INFO", "log opened", map[string]any{"partitions": nil, "took_ms": nil})
	s.says("INFO", "ready", map[string]any{"kafka": s.kafka, "pg": s.pg, "http": s.http, "version": "e2e", "data_dir": s.dir, "took_ms": nil})

	c := s.psql()
	s.exec(c, `CREATE STREAM clicks (page VARCHAR) WITH (kafka_topic='clicks', value_format='JSON', partitions=1, retention_ms=1)`,
		`CREATE TABLE pages AS SELECT page, COUNT(*) AS n FROM clicks GROUP BY page`)
	s.says("INFO", "topic created", map[string]any{"topic": "clicks", "partitions": 1})
	s.says("INFO", "query started", map[string]any{"query": "CTAS_PAGES_1", "tasks": 2, "took_ms": nil})
	s.exec(c, "PAUSE CTAS_PAGES_1", "RESUME CTAS_PAGES_1")
	s.says("INFO", "query stopped", map[string]any{"query": "CTAS_PAGES_1", "reason": "paused"})

	s.fill("clicks", 3<<20)
	s.says("INFO", "segments deleted", map[string]any{"partition": "clicks-0", "segments": nil, "bytes": nil, "log_start": nil})

	s.psql()
	if _, err := pgx.Connect(ctx, "postgres://e2e@"+s.pg+"/tailrace?sslmode=disable"); err == nil {
		t.Error("a third connection was served")
	}
	s.says("WARN", "connection refused: there are too many", map[string]any{"listener": "postgres", "client": nil, "limit": 2, "setting": "pg.max.connections"})

	adm := kadm.NewClient(s.client())
	if _, err := adm.DeleteTopics(ctx, "clicks"); err != nil {
		t.Fatal(err)
	}
	s.says("INFO", "topic deleted", map[string]any{"topic": "clicks"})
	s.says("ERROR", "query failed", map[string]any{"query": "CTAS_PAGES_1", "err": nil, "retry_in_ms": 15000})
	s.exec(c, "DROP TABLE pages")
	s.says("INFO", "query stopped", map[string]any{"query": "CTAS_PAGES_1", "reason": "terminated"})

	s.kill()
	s.start()
	s.says("INFO", "log recovered after an unclean stop", map[string]any{"partitions": nil, "verified_bytes": nil, "truncated_bytes": nil, "redone_batches": nil, "took_ms": nil})
	s.stop()
	s.says("INFO", "stopping", map[string]any{"reason": "terminated signal received", "up_s": nil})
	s.says("INFO", "stopped", map[string]any{"took_ms": nil})
	s.start()
	s.says("INFO", "log opened", nil)
	if len(s.lines("log recovered after an unclean stop")) > 0 {
		t.Error("a clean stop was not taken for one")
	}
}

// TestLogOfSlowThings: what takes longer than the settings say stands in the log, without what
// users write about; what waits because it is asked to does not.
func TestLogOfSlowThings(t *testing.T) {
	s := newServer(t, "log.format=json", "log.slow.statement.ms=0", "log.slow.request.ms=0", "log.slow.disk.ms=0")
	s.start()
	c := s.psql()
	s.exec(c, `CREATE STREAM clicks (page VARCHAR) WITH (kafka_topic='clicks', value_format='JSON', partitions=1)`,
		`CREATE TABLE pages AS SELECT page, COUNT(*) AS n FROM clicks GROUP BY page`,
		`INSERT INTO clicks (page) VALUES ('secret')`)
	if _, err := c.Exec(context.Background(), "SELECT * FROM pages WHERE page = $1 AND n > 12345", "secret"); err != nil {
		t.Fatal(err)
	}
	kafka := s.client(kgo.ConsumeTopics("clicks"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err := kafka.ProduceSync(context.Background(), &kgo.Record{Topic: "clicks", Value: []byte("{}")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	kafka.PollFetches(context.Background())
	s.says("WARN", "slow statement", map[string]any{"kind": "insert", "client": nil, "statement": "INSERT INTO clicks (page) VALUES (?)", "took_ms": nil})
	s.says("WARN", "slow statement", map[string]any{"kind": "select", "statement": "SELECT * FROM pages WHERE page = $1 AND n > ?"})
	s.says("WARN", "slow request", map[string]any{"api": "Produce", "client": nil, "client_id": "kgo", "took_ms": nil})
	s.says("WARN", "slow fsync", map[string]any{"file": "segment", "partition": "clicks-0", "took_ms": nil})
	s.says("WARN", "slow fsync", map[string]any{"file": "journal", "took_ms": nil})
	s.says("WARN", "slow fsync", map[string]any{"file": "metadata", "took_ms": nil})
	s.says("WARN", "slow commit", map[string]any{"group": "_confluent-ksql-default_query_CTAS_PAGES_1", "task": nil, "took_ms": nil})
	for _, l := range s.lines("slow request") {
		if l["api"] == "Fetch" {
			t.Errorf("a Fetch waits because it is asked to: %v", l)
		}
	}
	if strings.Contains(s.log(), "secret") || strings.Contains(s.log(), "12345") {
		t.Errorf("the log has what a user wrote about:\n%s", s.log())
	}

	off := newServer(t, "log.format=json", "log.slow.statement.ms=-1", "log.slow.request.ms=-1", "log.slow.disk.ms=-1")
	off.start()
	off.exec(off.psql(), `CREATE STREAM s (v INT) WITH (kafka_topic='s', value_format='JSON', partitions=1)`, `INSERT INTO s VALUES (1)`)
	if strings.Contains(off.log(), "slow") {
		t.Errorf("the log has slow things, which were turned off:\n%s", off.log())
	}
}

// TestLogIsNotFlooded: clients cannot fill the log; how much was left out is told.
func TestLogIsNotFlooded(t *testing.T) {
	s := newServer(t, "log.format=json")
	s.start()
	const floods = 500
	for range floods {
		c, err := net.Dial("tcp", s.kafka)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
		_, _ = c.Read(make([]byte, 1)) // until it is closed
		_ = c.Close()
	}
	eventually(t, func() error {
		if v, _ := s.scrape().Value(`tailrace_kafka_connections_closed_total{reason="malformed"}`); v != floods {
			return fmt.Errorf("%g connections were closed", v)
		}
		return nil
	})
	s.stop()
	written := s.lines("connection closed")
	if len(written) < 10 || len(written) > 60 {
		t.Errorf("%d lines were written of %d clients", len(written), floods)
	}
	left := 0.0
	for _, l := range append(written, s.lines("lines were left out")...) {
		if n, ok := l["left_out"].(float64); ok {
			left += n
		}
	}
	if int(left)+len(written) != floods {
		t.Errorf("%d lines were written and %g are told to be left out, of %d", len(written), left, floods)
	}
}
