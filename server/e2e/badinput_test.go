package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestGarbageOnEveryPort throws bytes of many kinds at each port; the server must go on
// serving everybody else.
func TestGarbageOnEveryPort(t *testing.T) {
	s := newServer(t)
	s.start()
	rng := rand.New(rand.NewSource(1))
	noise := make([]byte, 4096)
	rng.Read(noise)
	payloads := map[string][]byte{
		"random":            noise,
		"http":              []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
		"huge kafka frame":  {0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0},
		"negative frame":    {0xff, 0xff, 0xff, 0xff},
		"half a frame":      {0, 0, 1, 0, 0, 18, 0},
		"zeroes":            make([]byte, 1024),
		"postgres bad size": {0, 0, 0, 1, 0, 3, 0, 0},
		"postgres huge":     {0x7f, 0xff, 0xff, 0xff, 0, 3, 0, 0},
		"unknown protocol":  {0, 0, 0, 9, 0, 9, 0, 9, 0},
		"tls":               {0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3},
		"long header":       []byte("GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 1<<20)),
		"nothing":           nil,
	}
	for _, addr := range []string{s.kafka, s.pg, s.http} {
		for name, payload := range payloads {
			if err := throw(addr, payload); err != nil {
				t.Fatalf("%s at %s: %v\n%s", name, addr, err, s.log())
			}
		}
	}
	for range 50 { // half a frame each, and then silence
		for _, addr := range []string{s.kafka, s.pg, s.http} {
			silent, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer silent.Close()
			_, _ = silent.Write([]byte{0, 0})
		}
	}
	c := s.psql()
	s.exec(c, `CREATE STREAM ok (v INT) WITH (kafka_topic='ok', value_format='JSON', partitions=1)`)
	if err := s.client().ProduceSync(context.Background(), &kgo.Record{Topic: "ok", Value: []byte(`{"v":1}`)}).FirstErr(); err != nil {
		t.Errorf("producing after the garbage: %v", err)
	}
	resp, err := http.Get("http://" + s.http + "/health")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("health after the garbage: %v %v", resp, err)
	}
}

// throw sends bytes, reads what comes for a moment, and goes away.
func throw(addr string, payload []byte) error {
	c, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	_, _ = c.Write(payload) // the server may have closed already
	_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	_, _ = io.Copy(io.Discard, io.LimitReader(c, 1<<20))
	return nil
}

// TestOversized: what is larger than a limit is refused with an error that says so, and
// the server goes on.
func TestOversized(t *testing.T) {
	s := newServer(t, "message.max.bytes=20000", "socket.request.max.bytes=1048576")
	s.start()
	c := s.psql()
	s.exec(c, `CREATE STREAM small (v VARCHAR) WITH (kafka_topic='small', value_format='JSON', partitions=1)`)
	client := s.client(kgo.DefaultProduceTopic("small"), kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.ProducerBatchMaxBytes(90<<10))
	send := func(size int) error {
		return client.ProduceSync(context.Background(), kgo.StringRecord(strings.Repeat("x", size))).FirstErr()
	}
	if err := send(50_000); !errors.Is(err, kerr.MessageTooLarge) {
		t.Errorf("a batch above message.max.bytes: %v, want %v", err, kerr.MessageTooLarge)
	}
	if err := send(10_000); err != nil {
		t.Errorf("a batch below message.max.bytes: %v", err)
	}
	frame := append(binary.BigEndian.AppendUint32(nil, 2<<20), make([]byte, 2<<20)...)
	if err := throw(s.kafka, frame); err != nil {
		t.Error(err)
	}
	_, err := c.Exec(context.Background(), "INSERT INTO small (v) VALUES ('"+strings.Repeat("x", 50_000)+"')")
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != "54000" || !strings.Contains(pg.Hint, "max.message.bytes") {
		t.Errorf("a row above message.max.bytes: %v, want SQLSTATE 54000", err)
	}
	s.exec(c, "INSERT INTO small (v) VALUES ('fits')")
	big := s.psql()
	if _, err := big.Exec(context.Background(), "SELECT '"+strings.Repeat("x", 70<<20)+"'", pgx.QueryExecModeSimpleProtocol); err == nil {
		t.Error("a statement of 70 MB was taken")
	}
	s.exec(c, "INSERT INTO small (v) VALUES ('alive')")
}

// TestSecondServer: two servers on one folder would destroy it, so the second refuses and
// says why.
func TestSecondServer(t *testing.T) {
	first := newServer(t)
	first.start()
	second := newServer(t)
	second.dir = first.dir
	err := second.tryStart()
	if err == nil {
		t.Fatal("a second server opened the folder")
	}
	if !strings.Contains(err.Error(), first.dir) {
		t.Errorf("the error does not name the folder: %v", err)
	}
	first.exec(first.psql(), `CREATE STREAM still (v INT) WITH (kafka_topic='still', value_format='JSON', partitions=1)`)
}

// TestUnknownSetting: a typing error in a setting is an error with a suggestion.
func TestUnknownSetting(t *testing.T) {
	s := newServer(t, "num.partition=3")
	err := s.tryStart()
	if err == nil || !strings.Contains(err.Error(), "num.partitions") {
		t.Errorf("num.partition=3: %v, want a hint at num.partitions", err)
	}
}

// TestWrongRecords: records that do not fit the schema are skipped, counted, and written
// to the processing log; the rest is processed.
func TestWrongRecords(t *testing.T) {
	s := newServer(t)
	s.start()
	c := s.psql()
	s.exec(c, `CREATE STREAM numbers (v INT) WITH (kafka_topic='numbers', value_format='JSON', partitions=1)`,
		`CREATE TABLE sums AS SELECT 'all' AS k, SUM(v) AS total, COUNT(*) AS n FROM numbers GROUP BY 'all'`)
	var records []*kgo.Record
	for _, v := range []string{`{"v":1}`, `{"v":`, `not json`, `{"v":"x"}`, `{"v":2}`, `[1,2]`, `{"v":3}`} {
		records = append(records, &kgo.Record{Topic: "numbers", Value: []byte(v)})
	}
	if err := s.client().ProduceSync(context.Background(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	s.exec(c, "SET read_consistency = strict")
	var total, n int64
	if err := c.QueryRow(context.Background(), "SELECT total, n FROM sums").Scan(&total, &n); err != nil {
		t.Fatal(err)
	}
	if total != 6 || n != 3 {
		t.Errorf("total=%d n=%d, want 6 and 3", total, n)
	}
	checkProcessingLog(t, s, 4)
	s.scrape().Want(t, `tailrace_query_processing_log_entries_total{query="CTAS_SUMS_1"}`, 4)
}

// checkProcessingLog waits for the processing log's entries of records that could not be
// read, each of the form that ksqlDB gives it.
func checkProcessingLog(t *testing.T, s *server, want int) {
	t.Helper()
	const topic = "default_ksql_processing_log" // ksql.service.id, then ksqlDB's suffix
	eventually(t, func() error {
		ends, err := s.tryEnds(topic)
		if err == nil && ends[0] < int64(want) {
			err = fmt.Errorf("the processing log has %d entries, want %d", ends[0], want)
		}
		return err
	})
	entries := s.consumeAll(topic, 1)[0]
	if len(entries) != want {
		t.Errorf("the processing log has %d entries, want %d", len(entries), want)
	}
	for _, r := range entries {
		var e struct {
			Level, Logger string
			Message       struct {
				Type                 int
				DeserializationError struct{ Target, ErrorMessage, Topic string }
			}
		}
		if err := json.Unmarshal(r.Value, &e); err != nil {
			t.Fatalf("%s: %v", r.Value, err)
		}
		d := e.Message.DeserializationError
		if e.Level != "ERROR" || !strings.Contains(e.Logger, "CTAS_SUMS_") || e.Message.Type != 0 || d.Target != "value" || d.Topic != "numbers" || d.ErrorMessage == "" {
			t.Errorf("entry %s", r.Value)
		}
	}
	c := s.psql() // as docs/reference/processing-log.md reads it
	s.exec(c, `CREATE STREAM processing_log (level VARCHAR, logger VARCHAR, time BIGINT,
		message STRUCT<type INT, deserializationError STRUCT<target VARCHAR, errorMessage VARCHAR, topic VARCHAR>>)
		WITH (kafka_topic = '`+topic+`', value_format = 'JSON')`)
	n := 0
	err := c.QueryRow(context.Background(), `SELECT COUNT(*) FROM processing_log
		WHERE message->deserializationError->topic = 'numbers' AND message->deserializationError->errorMessage IS NOT NULL`).Scan(&n)
	if err != nil || n != want {
		t.Errorf("the processing log read with SQL: %d entries (%v), want %d", n, err, want)
	}
}

// TestStatementErrors: each error of a user carries a SQLSTATE and, where there is one, a
// position and a hint.
func TestStatementErrors(t *testing.T) {
	s := newServer(t)
	s.start()
	c := s.psql()
	s.exec(c, `CREATE STREAM orders (id INT, amount DOUBLE) WITH (kafka_topic='orders', value_format='JSON', partitions=1)`)
	for _, tc := range []struct {
		name, sql, code string
		position        int32 // counted in characters from 1; 0: none
		hint            string
	}{
		{"syntax", "SELEC 1", "42601", 1, "SELECT"},
		{"unknown stream", "SELECT * FROM ordes EMIT CHANGES", "42P01", 15, "ORDERS"},
		{"unknown column", "SELECT amuont FROM orders EMIT CHANGES", "42703", 8, "AMOUNT"},
		{"after wide letters", "SELECT 'äöü', amuont FROM orders EMIT CHANGES", "42703", 15, "AMOUNT"},
		{"unknown function", "SELECT LENN('x') FROM orders EMIT CHANGES", "42883", 8, "LEN"},
		{"duplicate", "CREATE STREAM orders (id INT) WITH (kafka_topic='orders', value_format='JSON')", "42P07", 15, ""},
		{"unknown format", "CREATE STREAM x (id INT) WITH (kafka_topic='orders', value_format='FOO')", "22023", 0, ""},
		{"wrong type", "SELECT id + 'x' FROM orders EMIT CHANGES", "42804", 11, ""},
		{"second statement", "SHOW STREAMS; SELEC 1", "42601", 15, "SELECT"},
		{"unknown setting", "SET read_consistensy = strict", "42704", 0, "read_consistency"},
		{"wrong value of a setting", "SET read_consistency = maybe", "22023", 0, "strict"},
		{"not a table", "DROP TABLE orders", "42809", 0, ""},
		{"missing query", "TERMINATE nope_1", "42704", 0, ""},
	} {
		_, err := c.Exec(context.Background(), tc.sql, pgx.QueryExecModeSimpleProtocol)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) {
			t.Errorf("%s: %v, want an error", tc.name, err)
			continue
		}
		if pg.Code != tc.code || tc.position != 0 && pg.Position != tc.position || !strings.Contains(strings.ToUpper(pg.Hint), strings.ToUpper(tc.hint)) {
			t.Errorf("%s: SQLSTATE %s at %d (%s; hint: %s)\n want %s at %d, hint %s", tc.name, pg.Code, pg.Position, pg.Message, pg.Hint, tc.code, tc.position, tc.hint)
		}
	}
	s.exec(c, "INSERT INTO orders (id) VALUES (1)")
}

// TestFullDisk fills the disk under the server: writes fail with an error, reads go on,
// nothing that was acknowledged is lost, and writes and queries go on when there is room,
// without a restart. (TestFullDisk of package executor does the same in memory, where nothing can be
// mounted.)
func TestFullDisk(t *testing.T) {
	s := newServer(t, "log.segment.bytes=1048576", "pull.timeout.ms=120000", "ksql.query.retry.backoff.initial.ms=100")
	mountSmallDisk(t, s.dir, "48m")
	s.start()
	c := s.psql()
	s.exec(c, `CREATE STREAM filler (v VARCHAR) WITH (kafka_topic='filler', value_format='JSON', partitions=1)`,
		`CREATE STREAM copied AS SELECT v, 1 AS one FROM filler`,
		`CREATE TABLE counted AS SELECT 'all' AS k, COUNT(*) AS n FROM filler GROUP BY 'all'`)
	client := s.client(kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.RecordDeliveryTimeout(3*time.Second), kgo.RecordRetries(2))
	payload := fmt.Sprintf(`{"v":%q}`, strings.Repeat("x", 200_000))
	var kept int64
	var failure error
	for range 600 {
		r := client.ProduceSync(context.Background(), &kgo.Record{Topic: "filler", Value: []byte(payload)})
		if failure = r.FirstErr(); failure != nil {
			break
		}
		kept++
	}
	if failure == nil {
		t.Fatal("120 MB fit on a disk of 48 MB")
	}
	t.Logf("%d records fit; then: %v", kept, failure)
	if got := len(s.consumeAll("filler", 1)[0]); int64(got) < kept {
		t.Errorf("%d records can be read, %d were acknowledged", got, kept)
	}
	s.exec(c, "SHOW STREAMS")
	// What the server clears away may make room for a while: insert until it is used up.
	var err error
	for range 100 {
		if _, err = c.Exec(context.Background(), "INSERT INTO filler (v) VALUES ('"+strings.Repeat("y", 900_000)+"')"); err != nil {
			break
		}
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != "53100" {
		t.Errorf("INSERT on a full disk: %v, want SQLSTATE 53100", err)
	}
	if out, err := exec.Command("mount", "-o", "remount,size=512m", s.dir).CombinedOutput(); err != nil {
		t.Fatalf("remount: %v %s", err, out)
	}
	eventually(t, func() error {
		return s.client().ProduceSync(context.Background(), &kgo.Record{Topic: "filler", Value: []byte(`{"v":"room"}`)}).FirstErr()
	})
	checkFilled(t, s, "with room again")
	s.kill()
	s.start()
	checkFilled(t, s, "after a restart")
}

// checkFilled compares what queries made of the topic filler with the topic.
func checkFilled(t *testing.T, s *server, when string) {
	t.Helper()
	c := s.psql()
	s.exec(c, "SET read_consistency = strict")
	want := s.ends("filler")[0]
	eventually(t, func() error { // a query that has failed is tried again after a while
		var n int64
		if err := c.QueryRow(context.Background(), "SELECT n FROM counted").Scan(&n); err != nil || n != want {
			return fmt.Errorf("%s: the view counts %d (%v), the topic has %d\n%s", when, n, err, want, s.log())
		}
		return nil
	})
	eventually(t, func() error {
		if got := s.ends("COPIED")[0]; got != want {
			return fmt.Errorf("%s: the copy has %d records, the topic %d", when, got, want)
		}
		return nil
	})
}

// mountSmallDisk puts a file system of a given size under a folder; the test is skipped
// where that is not allowed.
func mountSmallDisk(t *testing.T, dir, size string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("no small disk to be had here (mount: %v %s)", err, bytes.TrimSpace(out))
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
}

// TestCancel: a push query that never ends is ended by a cancel request, and the
// connection is good for more.
func TestCancel(t *testing.T) {
	s := newServer(t)
	s.start()
	c := s.psql()
	s.exec(c, `CREATE STREAM quiet (v INT) WITH (kafka_topic='quiet', value_format='JSON', partitions=1)`)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	go func() {
		time.Sleep(300 * time.Millisecond)
		_ = c.PgConn().CancelRequest(ctx)
	}()
	_, err := c.Exec(ctx, "SELECT v FROM quiet EMIT CHANGES", pgx.QueryExecModeSimpleProtocol)
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != "57014" {
		t.Fatalf("cancelled push query: %v, want SQLSTATE 57014", err)
	}
	var one int
	if err := c.QueryRow(ctx, "SELECT 1").Scan(&one); err != nil || one != 1 {
		t.Errorf("the connection after a cancel: %d, %v", one, err)
	}
}

// TestPoisonRecord: a record of which an expression would make a terabyte is a row whose
// value is NULL, with an entry in the processing log; the query and the server go on.
func TestPoisonRecord(t *testing.T) {
	s := newServer(t)
	s.start()
	c := s.psql()
	s.exec(c, `CREATE STREAM poison (n INT, v VARCHAR) WITH (kafka_topic='poison', value_format='JSON', partitions=1)`,
		`CREATE STREAM multiplied AS SELECT n, REPLACE(v, 'a', v) AS x FROM poison`,
		`CREATE TABLE lengths AS SELECT n, MAX(LEN(REDUCE(GENERATE_SERIES(1, LEN(v)), 'a', (s, i) => CONCAT(s, s)))) AS l FROM poison GROUP BY n`)
	client := s.client(kgo.ProducerBatchCompression(kgo.NoCompression()))
	for i, v := range []string{"b", strings.Repeat("a", 900_000), "ab"} {
		record := &kgo.Record{Topic: "poison", Value: fmt.Appendf(nil, `{"n":%d,"v":%q}`, i, v)}
		if err := client.ProduceSync(context.Background(), record).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	s.exec(c, "SET read_consistency = strict")
	got, err := table(c, 1, "SELECT n, l FROM lengths")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "lengths", got, map[string]string{"0": "2", "1": "<nil>", "2": "4"})
	eventually(t, func() error {
		if ends := s.ends("MULTIPLIED"); ends[0] != 3 {
			return fmt.Errorf("multiplied has %v records, want 3", ends)
		}
		return nil
	})
	var values []string
	s.consume("MULTIPLIED", func(r *kgo.Record) { values = append(values, string(r.Value)) })
	if want := `[{"N":0,"X":"b"} {"N":1,"X":null} {"N":2,"X":"abb"}]`; fmt.Sprint(values) != want {
		t.Errorf("multiplied: %.200v\nwant %s", values, want)
	}
	eventually(t, func() error {
		entries, err := s.tryEnds("default_ksql_processing_log")
		if err == nil && entries[0] < 2 {
			err = fmt.Errorf("the processing log has %v entries, want 2", entries)
		}
		return err
	})
}
