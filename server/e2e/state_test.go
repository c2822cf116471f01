package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestStartingPositionsAreDurable: a query that begins at the end of its topic, which is
// what queries do unless told otherwise, begins at the end as it was when CREATE
// returned, also when the server is killed before the query has read anything.
func TestStartingPositionsAreDurable(t *testing.T) {
	s := newServer(t)
	s.start()
	c := s.psql()
	s.exec(c, `CREATE STREAM source (v INT) WITH (kafka_topic='source', value_format='JSON', partitions=2)`)
	produced := 0
	produce := func(client *kgo.Client) {
		t.Helper()
		for p := range int32(2) {
			r := &kgo.Record{Topic: "source", Partition: p, Value: []byte(`{"v":1}`)}
			if err := client.ProduceSync(context.Background(), r).FirstErr(); err != nil {
				t.Fatal(err)
			}
			produced++
		}
	}
	want := map[int]int{}
	for round := range 5 {
		c, client := s.psql(), s.client(kgo.RecordPartitioner(kgo.ManualPartitioner()))
		admin := kadm.NewClient(client)
		s.exec(c, fmt.Sprintf("CREATE TABLE late_%d AS SELECT 'all' AS k, COUNT(*) AS n FROM source GROUP BY 'all'", round))
		want[round] = produced
		groups, err := admin.ListGroups(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		positions, missing := 0, 0
		for _, g := range groups.Groups() {
			offsets, err := admin.FetchOffsets(context.Background(), g)
			if err != nil {
				t.Fatal(err)
			}
			for p := range int32(2) {
				if o, ok := offsets.Lookup("source", p); !ok {
					missing++
				} else if o.At >= 0 {
					positions++
				}
			}
		}
		if positions != 2*(round+1) {
			t.Errorf("%d of %d starting positions are committed when CREATE has returned (%d missing)", positions, 2*(round+1), missing)
		}
		produce(client)
		s.kill()
		s.start()
		produce(s.client(kgo.RecordPartitioner(kgo.ManualPartitioner())))
	}
	for round, before := range want {
		c := s.psql()
		s.exec(c, "SET read_consistency = strict")
		var n int
		if err := c.QueryRow(context.Background(), fmt.Sprintf("SELECT n FROM late_%d", round)).Scan(&n); err != nil || n != produced-before {
			t.Errorf("late_%d: %d (%v), want %d: all that came after its CREATE", round, n, err, produced-before)
		}
	}
}

// TestStateIsRebuilt: without the state's folder a server fills its views from their
// changelogs, also those of tables that were declared over a topic, and goes on.
func TestStateIsRebuilt(t *testing.T) {
	s := newServer(t)
	s.start()
	c := s.psql()
	s.exec(c, `CREATE STREAM visits (page VARCHAR KEY, who INT) WITH (kafka_topic='visits', value_format='JSON', partitions=2)`,
		`CREATE TABLE people (who INT PRIMARY KEY, name VARCHAR) WITH (kafka_topic='people', value_format='JSON', partitions=2)`,
		`CREATE TABLE pages AS SELECT page, COUNT(*) AS n, COLLECT_LIST(who) AS who FROM visits GROUP BY page`,
		`CREATE TABLE busy AS SELECT page, COUNT(*) AS n FROM visits GROUP BY page HAVING COUNT(*) > 1`,
		`CREATE STREAM known AS SELECT v.page, v.who, p.name FROM visits v LEFT JOIN people p ON v.who = p.who`,
		`CREATE TABLE names AS SELECT p.name, COUNT(*) AS n FROM visits v JOIN people p ON v.who = p.who GROUP BY p.name`)
	insert := func(from, to int) {
		for i := from; i < to; i++ {
			s.exec(c, fmt.Sprintf("INSERT INTO visits (page, who) VALUES ('p%d', %d)", i%7, i%5))
		}
	}
	for i := range 4 {
		s.exec(c, fmt.Sprintf("INSERT INTO people (who, name) VALUES (%d, 'n%d')", i, i/2))
	}
	queries := []string{"SELECT page, n, who FROM pages", "SELECT page, n FROM busy", "SELECT who, name FROM people", "SELECT name, n FROM names"}
	ask := func() (out []map[string]string) {
		t.Helper()
		c = s.psql()
		s.exec(c, "SET read_consistency = strict")
		for _, q := range queries {
			rows, err := table(c, 1, q)
			if err != nil {
				t.Fatalf("%s: %v", q, err)
			}
			if len(rows) == 0 {
				t.Fatalf("%s: no rows", q)
			}
			out = append(out, rows)
		}
		return out
	}
	insert(0, 40)
	want := ask()
	remove := func() error { return os.RemoveAll(filepath.Join(s.dir, "state")) }
	for _, how := range []struct {
		name string
		stop func()
		lose func() error
	}{{"killed", s.kill, remove}, {"stopped", s.stop, remove}, {"damaged", s.stop, func() error { return damage(s.dir) }}} {
		how.stop()
		if err := how.lose(); err != nil {
			t.Fatal(err)
		}
		s.start()
		for i, got := range ask() {
			same(t, queries[i]+", state lost, "+how.name, got, want[i])
		}
	}
	// What is rebuilt is as good as what was there: the counts go on from it.
	insert(40, 75)
	got := ask()
	if n := got[0]["p0"]; n[:2] != "11" {
		t.Errorf("page p0 after more visits: %s, want 11 of them", n)
	}
}

// damage overwrites what names the files of the state.
func damage(dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, "state", "MANIFEST-*"))
	if err == nil && len(names) == 0 {
		err = errors.New("no manifest")
	}
	for _, name := range names {
		err = errors.Join(err, os.WriteFile(name, []byte("this is no manifest, although it is as long as one"), 0o644))
	}
	return err
}

// TestCleanStop: SIGTERM ends a server with exit code 0 while clients are connected, busy
// and waiting, and the next start has everything.
func TestCleanStop(t *testing.T) {
	s := newServer(t)
	s.start()
	c := s.psql()
	s.exec(c, `CREATE STREAM ticks (v INT) WITH (kafka_topic='ticks', value_format='JSON', partitions=1)`,
		`CREATE TABLE ticked AS SELECT 'all' AS k, COUNT(*) AS n, SUM(v) AS total FROM ticks GROUP BY 'all'`)
	idle := s.client(kgo.ConsumeTopics("ticks")) // a fetch that waits
	go idle.PollFetches(context.Background())
	push := s.psql()
	ended := make(chan error, 1)
	go func() {
		_, err := push.Exec(context.Background(), "SELECT v FROM ticks EMIT CHANGES")
		ended <- err
	}()
	for _, addr := range []string{s.kafka, s.pg, s.http} { // half a frame, and then silence
		silent, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer silent.Close()
		_, _ = silent.Write([]byte{0, 0})
	}
	total := 0
	for i := range 50 {
		s.exec(c, fmt.Sprintf("INSERT INTO ticks (v) VALUES (%d)", i))
		total += i
	}
	s.stop()
	if err := <-ended; err == nil {
		t.Error("the push query ended without an error")
	}
	s.start()
	var n, sum int
	c = s.psql()
	s.exec(c, "SET read_consistency = strict") // the last rows may have come too late for the stopped query
	if err := c.QueryRow(context.Background(), "SELECT n, total FROM ticked").Scan(&n, &sum); err != nil || n != 50 || sum != total {
		t.Errorf("after a clean stop: n=%d total=%d (%v), want 50 and %d\n%s", n, sum, err, total, s.log())
	}
}
