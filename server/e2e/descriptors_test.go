package e2e

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestOutOfDescriptors: more clients than the process has descriptors neither end the server
// nor harm its log: those that are in go on, and everybody is served when they leave.
func TestOutOfDescriptors(t *testing.T) {
	s := newServer(t, "pg.max.connections=100000")
	t.Setenv(nofileEnv, "256")
	s.start()
	c := s.psql()
	s.exec(c, `CREATE STREAM s (k INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON', partitions=8)`,
		`CREATE TABLE n AS SELECT k, COUNT(*) AS n FROM s GROUP BY k`)
	client := s.client()
	if err := client.ProduceSync(context.Background(), &kgo.Record{Topic: "s", Value: []byte(`{"v":1}`)}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{s.kafka, s.pg, s.http} {
		var idle []net.Conn
		for range 400 {
			nc, err := net.DialTimeout("tcp", addr, time.Second)
			if err != nil {
				break // the backlog is full
			}
			idle = append(idle, nc)
		}
		s.exec(c, `INSERT INTO s (k, v) VALUES (1, 1)`)
		if err := client.ProduceSync(context.Background(), &kgo.Record{Topic: "s", Value: []byte(`{"v":1}`)}).FirstErr(); err != nil {
			t.Errorf("with clients at %s: %v", addr, err)
		}
		for _, nc := range idle {
			nc.Close()
		}
	}
	eventually(t, func() error {
		c, err := pgx.Connect(context.Background(), "postgres://e2e@"+s.pg+"/tailrace?sslmode=disable")
		if err != nil {
			return err
		}
		return c.Close(context.Background())
	})
	resp, err := http.Get("http://" + s.http + "/health")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 {
		t.Errorf("/health: %d %s", resp.StatusCode, body)
	}
	reader := s.psql()
	s.exec(reader, "SET read_consistency = strict")
	got, err := table(reader, 1, "SELECT k, n FROM n")
	if err != nil || got["1"] != "3" {
		t.Errorf("the view has %v (%v)", got, err)
	}
	if said := s.log(); !strings.Contains(said, "ulimit -n") {
		t.Errorf("the start does not say how many descriptors it needs:\n%s", said)
	}
}
