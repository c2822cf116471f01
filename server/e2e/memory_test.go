package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestMemoryLimit: with memory.bytes a server stays within a fifth of it, whatever is asked of
// it: state that is much larger, many queries, scans of large values side by side, sorts and
// groups that do not fit. State is spilled, and those statements fail; the rest goes on.
func TestMemoryLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector takes memory of its own")
	}
	const limit = 768 << 20
	s := newServer(t, fmt.Sprintf("memory.bytes=%d", limit), "state.memory.bytes=67108864", "auto.offset.reset=earliest")
	s.start()
	s.confine(limit / 5 * 6)
	c := s.psql()
	ctx := context.Background()
	exec := func(sql string) {
		t.Helper()
		if _, err := c.Exec(ctx, sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	exec(`CREATE STREAM wide (k VARCHAR KEY, v VARCHAR) WITH (kafka_topic='wide', value_format='JSON', partitions=2)`)
	exec(`CREATE STREAM many (k VARCHAR KEY, n BIGINT) WITH (kafka_topic='many', value_format='JSON', partitions=2)`)
	cl := s.client(kgo.ProducerBatchMaxBytes(1_000_000))
	const wide, many = 200, 120_000
	for i := range wide {
		cl.Produce(ctx, &kgo.Record{Topic: "wide", Key: fmt.Append(nil, "w", i), Value: fmt.Appendf(nil, `{"V":"%s"}`, strings.Repeat(string(rune('a'+i%26)), 700_000))}, nil)
	}
	for i := range many {
		cl.Produce(ctx, &kgo.Record{Topic: "many", Key: fmt.Append(nil, "key of some length ", i), Value: fmt.Appendf(nil, `{"N":%d}`, i)}, nil)
	}
	if err := cl.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		exec(fmt.Sprintf("CREATE TABLE t%d AS SELECT k, COUNT(*) AS n, MAX(n) AS m FROM many GROUP BY k", i))
	}
	for i := range 20 {
		exec(fmt.Sprintf("CREATE TABLE small%d AS SELECT n %% 10 AS d, COUNT(*) AS c FROM many GROUP BY n %% 10", i))
	}
	exec(`CREATE TABLE large AS SELECT k, LATEST_BY_OFFSET(v) AS v FROM wide GROUP BY k`)

	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			conn, err := pgx.Connect(ctx, "postgres://e2e@"+s.pg+"/tailrace?sslmode=disable")
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close(ctx)
			for _, sql := range []string{
				"SELECT SUM(LEN(v)) FROM wide",
				"SELECT k, v FROM wide ORDER BY v",
				"SELECT DISTINCT v FROM wide",
				"SELECT k, COUNT(*) FROM many GROUP BY k",
				"SELECT COLLECT_LIST(v) FROM wide",
			} {
				rows, err := conn.Query(ctx, sql)
				if err == nil {
					for rows.Next() {
					}
					err = rows.Err()
				}
				if e := new(pgconn.PgError); err != nil && (!errors.As(err, &e) || e.Code != "53200" && e.Code != "54000" || e.Hint == "") {
					t.Errorf("connection %d: %s: %v", i, sql, err)
				}
			}
		})
	}
	wg.Wait()
	for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		var n int64
		err := c.QueryRow(ctx, "SELECT COUNT(*) FROM t3").Scan(&n)
		if err == nil && n == many {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the large table has %d rows: %v", n, err)
		}
	}
	peak := highWater(t, s.cmd.Process.Pid)
	t.Logf("%d MiB at most, of %d", peak>>20, limit>>20)
	if peak > limit/5*6 {
		t.Errorf("the server took %d MiB, and memory.bytes is %d MiB", peak>>20, limit>>20)
	}
}

// confine puts the process into a control group of its own with so much memory, where that may
// be done: what it takes beyond ends it.
func (s *server) confine(bytes int64) {
	t, pid := s.t, s.cmd.Process.Pid
	t.Helper()
	dir := fmt.Sprintf("/sys/fs/cgroup/memory/tailrace-%d", pid)
	if _, err := os.Stat("/sys/fs/cgroup/memory/memory.limit_in_bytes"); err != nil || os.Mkdir(dir, 0o755) != nil {
		t.Log("no control group to be had: the process is only measured")
		return
	}
	t.Cleanup(func() {
		s.kill()
		for range 50 { // the group is empty a moment after the process has gone
			if os.Remove(dir) == nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
	for _, w := range [][2]string{{"memory.limit_in_bytes", fmt.Sprint(bytes)}, {"cgroup.procs", fmt.Sprint(pid)}} {
		if err := os.WriteFile(filepath.Join(dir, w[0]), []byte(w[1]), 0o644); err != nil {
			t.Logf("no control group to be had: %v", err)
			return
		}
	}
}

// highWater is the most memory that a process has had.
func highWater(t *testing.T, pid int) int64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Skip("no /proc here")
	}
	for _, line := range strings.Split(string(b), "\n") {
		var kb int64
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kb); err == nil {
			return kb << 10
		}
	}
	t.Fatal("no VmHWM")
	return 0
}
