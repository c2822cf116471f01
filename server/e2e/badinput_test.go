package e2e

import (
	"bytes"
	"context"
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
		"nothing":           nil,
	}
	for _, addr := range []string{s.kafka, s.pg, s.http} {
		for name, payload := range payloads {
			if err := throw(addr, payload); err != nil {
				t.Fatalf("%s at %s: %v\n%s", name, addr, err, s.log())
			}
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
	deadline := time.Now().Add(10 * time.Second)
	entries := 0
	for entries < 4 && time.Now().Before(deadline) {
		entries = 0
		for _, partition := range s.consumeAll("default_ksql_processing_log", 1) {
			for _, r := range partition {
				if bytes.Contains(r.Value, []byte("deserializationError")) {
					entries++
				}
			}
		}
	}
	if entries != 4 {
		t.Errorf("the processing log has %d entries, want 4", entries)
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
		position        bool
	}{
		{"syntax", "SELEC 1", "42601", true},
		{"unknown stream", "SELECT * FROM nope EMIT CHANGES", "42P01", true},
		{"unknown column", "SELECT amuont FROM orders EMIT CHANGES", "42703", true},
		{"unknown function", "SELECT NOPE(id) FROM orders EMIT CHANGES", "42883", true},
		{"duplicate", "CREATE STREAM orders (id INT) WITH (kafka_topic='orders', value_format='JSON')", "42P07", false},
		{"missing format", "CREATE STREAM x (id INT) WITH (kafka_topic='orders', value_format='FOO')", "22023", false},
	} {
		_, err := c.Exec(context.Background(), tc.sql)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) {
			t.Errorf("%s: %v, want an error", tc.name, err)
			continue
		}
		if pg.Code != tc.code || tc.position && pg.Position == 0 {
			t.Errorf("%s: SQLSTATE %s at %d (%s), want %s", tc.name, pg.Code, pg.Position, pg.Message, tc.code)
		}
	}
}

// TestFullDisk fills the disk under the server: writes fail with an error, reads go on,
// nothing that was acknowledged is lost, and writes work again when there is room.
func TestFullDisk(t *testing.T) {
	s := newServer(t, "log.segment.bytes=1048576")
	mountSmallDisk(t, s.dir, "48m")
	s.start()
	c := s.psql()
	s.exec(c, `CREATE STREAM filler (v VARCHAR) WITH (kafka_topic='filler', value_format='JSON', partitions=1)`)
	client := s.client(kgo.RecordDeliveryTimeout(3*time.Second), kgo.RecordRetries(2))
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
	got := int64(0)
	for _, r := range s.consumeAll("filler", 1)[0] {
		_ = r
		got++
	}
	if got < kept {
		t.Errorf("%d records can be read, %d were acknowledged", got, kept)
	}
	if _, err := c.Exec(context.Background(), "SHOW STREAMS"); err != nil {
		t.Errorf("a full disk stops reading statements: %v", err)
	}
	if out, err := exec.Command("mount", "-o", "remount,size=512m", s.dir).CombinedOutput(); err != nil {
		t.Fatalf("remount: %v %s", err, out)
	}
	deadline := time.Now().Add(20 * time.Second)
	for {
		err := s.client().ProduceSync(context.Background(), &kgo.Record{Topic: "filler", Value: []byte(payload)}).FirstErr()
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("there is room again, and still: %v\n%s", err, s.log())
		}
	}
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
