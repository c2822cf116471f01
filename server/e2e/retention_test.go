package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestDerivedTopicsOutliveTheirEvents: what statements make of events of long ago is kept
// by when it was made. Retention runs all the time here; a topic that a client makes, and
// one whose statement gives a retention, keep Kafka's rule, by the records' timestamps.
func TestDerivedTopicsOutliveTheirEvents(t *testing.T) {
	s := newServer(t, "log.retention.check.interval.ms=50", "num.partitions=1")
	s.start()
	c := s.psql()
	s.exec(c, "SET 'auto.offset.reset' = 'earliest'",
		`CREATE STREAM flights (origin VARCHAR, delay INT) WITH (kafka_topic='flights', value_format='JSON', partitions=2)`,
		`CREATE STREAM by_origin AS SELECT origin, delay FROM flights PARTITION BY origin`,
		`CREATE STREAM short WITH (retention_ms=3600000) AS SELECT origin, delay FROM flights`,
		`CREATE TABLE daily AS SELECT origin, COUNT(*) AS n FROM flights WINDOW TUMBLING (SIZE 1 DAY, RETENTION 9000 DAYS) GROUP BY origin`)
	client := s.client(kgo.AllowAutoTopicCreation())
	old := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	const rows = 200
	var records []*kgo.Record
	for i := range rows {
		value := fmt.Appendf(nil, `{"origin":"o%d","delay":%d}`, i%7, i)
		for _, topic := range []string{"flights", "clients_own"} {
			records = append(records, &kgo.Record{Topic: topic, Value: value, Timestamp: old.Add(time.Duration(i) * time.Hour)})
		}
	}
	if err := client.ProduceSync(context.Background(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	starts := func(topic string) (kept int64) {
		t.Helper()
		s.consume(topic, func(*kgo.Record) { kept++ })
		return kept
	}
	s.exec(c, "SET read_consistency = strict")
	if _, err := table(c, 2, "SELECT origin, windowstart, n FROM daily"); err != nil {
		t.Fatal(err)
	}
	for _, topic := range []string{"clients_own", "SHORT"} { // retention has been here
		eventually(t, func() error {
			ends, err := s.tryEnds(topic)
			if err != nil || ends[0]+ends[1] < 100 {
				return fmt.Errorf("%s has %v (%v)", topic, ends, err)
			}
			return s.startsAt(topic, ends)
		})
	}
	for _, topic := range []string{"flights", "BY_ORIGIN"} {
		if kept := starts(topic); kept != rows {
			t.Errorf("%s has %d records after retention, want %d", topic, kept, rows)
		}
	}
	want, err := table(c, 2, "SELECT origin, windowstart, n FROM daily")
	if err != nil || len(want) == 0 {
		t.Fatalf("%d windows, %v", len(want), err)
	}
	s.stop()
	s.start()
	got, err := table(s.psql(), 2, "SELECT origin, windowstart, n FROM daily")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "daily after a restart", got, want)
}

// TestRetentionIsTold: a statement over a topic whose records are older than it keeps says
// what will become of them.
func TestRetentionIsTold(t *testing.T) {
	s := newServer(t)
	s.start()
	client := s.client(kgo.AllowAutoTopicCreation())
	for topic, at := range map[string]time.Time{"history": time.Date(2001, 2, 3, 0, 0, 0, 0, time.UTC), "today": time.Now()} {
		if err := client.ProduceSync(context.Background(), &kgo.Record{Topic: topic, Value: []byte(`{}`), Timestamp: at}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := pgx.ParseConfig("postgres://e2e@" + s.pg + "/tailrace?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	var warnings []string
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if n.Severity == "WARNING" {
			warnings = append(warnings, n.Message)
		}
	}
	c, err := pgx.ConnectConfig(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	s.exec(c, "CREATE STREAM today (v INT) WITH (kafka_topic='today', value_format='JSON')",
		"CREATE STREAM history (v INT) WITH (kafka_topic='history', value_format='JSON')")
	if len(warnings) != 1 || !strings.Contains(warnings[0], "history") || !strings.Contains(warnings[0], "2001-02-03") || !strings.Contains(warnings[0], "retention.ms") {
		t.Errorf("warnings: %q, want one of topic history, 2001-02-03 and retention.ms", warnings)
	}
}
