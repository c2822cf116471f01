package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"tailrace/broker/local"
	"tailrace/storage/commitlog"
	"tailrace/storage/record"
)

// startEmpty is from the start of the process to its ready line, on an empty folder, and
// what the process holds when it has served for a moment.
func startEmpty(tb testing.TB) figures {
	p := launch(tb, tb.TempDir())
	time.Sleep(300 * time.Millisecond)
	return figures{"start-ms": p.took.Seconds() * 1e3, "rss-MiB": p.rss(tb)}
}

// startAfterKill fills a log, counts it into a view, kills the process, and starts again.
func startAfterKill(tb testing.TB, bytes, keys int) figures {
	dir := tb.TempDir()
	p := launch(tb, dir)
	c := p.connect(tb)
	execute(tb, c, createEvents, fromStart)
	p.kill()
	records := fillLog(tb, filepath.Join(dir, "log"), bytes, keys)
	p = launch(tb, dir)
	c = p.connect(tb)
	execute(tb, c, fromStart, createCounts)
	for n := 0; n < records; time.Sleep(20 * time.Millisecond) {
		if err := c.QueryRow(context.Background(), "SELECT COALESCE(SUM(C), 0) FROM COUNTS").Scan(&n); err != nil {
			tb.Fatal(err)
		}
	}
	p.kill()
	p = launch(tb, dir)
	began := time.Now()
	var n int
	if err := p.connect(tb).QueryRow(context.Background(), "SELECT SUM(C) FROM COUNTS").Scan(&n); err != nil || n != records {
		tb.Fatalf("%d of %d records: %v", n, records, err)
	}
	return figures{"start-ms": p.took.Seconds() * 1e3, "first-answer-ms": time.Since(began).Seconds() * 1e3, "log-MiB": float64(bytes >> 20)}
}

// fillLog appends to the topic of events of a folder that no server holds.
func fillLog(tb testing.TB, dir string, bytes, keys int) (records int) {
	tb.Helper()
	log, err := local.Open(local.Config{Dir: dir})
	if err != nil {
		tb.Fatal(err)
	}
	batches := eventBatches(tb, 20_000, random(keys))
	for size := 0; size < bytes; {
		b := batches[records/2000%len(batches)]
		copied := append(make([]byte, 0, len(b)+record.Slack), b...)
		if _, err := log.Append(context.Background(), commitlog.PartitionBatch{TopicPartition: commitlog.TopicPartition{Topic: "events"}, Batch: copied}, commitlog.AcksLeader); err != nil {
			tb.Fatal(err)
		}
		size, records = size+len(b), records+2000
	}
	if err := log.Close(); err != nil {
		tb.Fatal(err)
	}
	return records
}

// idle is what a process holds more for each idle partition and each idle query.
func idle(tb testing.TB, partitions, queries int) figures {
	p := launch(tb, tb.TempDir())
	c := p.connect(tb)
	execute(tb, c, createEvents)
	settle := func() float64 { time.Sleep(500 * time.Millisecond); return p.rss(tb) }
	before := settle()
	execute(tb, c, fmt.Sprintf("CREATE STREAM IDLE (A INT) WITH (KAFKA_TOPIC = 'idle', VALUE_FORMAT = 'JSON', PARTITIONS = %d)", partitions))
	topics := settle()
	for i := range queries {
		execute(tb, c, fmt.Sprintf("CREATE STREAM Q%d AS SELECT K, V FROM EVENTS WHERE V > %d", i, i))
	}
	all := settle()
	var n int
	if err := c.QueryRow(context.Background(), "SELECT COUNT(*) FROM Q0").Scan(&n); err != nil || n != 0 {
		tb.Fatal(n, err)
	}
	return figures{"KiB/partition": 1024 * (topics - before) / float64(partitions), "KiB/query": 1024 * (all - topics) / float64(queries)}
}

func TestStart(t *testing.T) {
	startEmpty(t)
	startAfterKill(t, 1<<20, 100)
	idle(t, 3, 2)
}

func BenchmarkStartEmpty(b *testing.B) { measure(b, func() figures { return startEmpty(b) }) }

func BenchmarkStartAfterKill(b *testing.B) {
	for _, size := range []int{256 << 20, 1 << 30} {
		b.Run(fmt.Sprintf("log=%dMiB", size>>20), func(b *testing.B) {
			measure(b, func() figures { return startAfterKill(b, size, 100_000) })
		})
	}
}

func BenchmarkIdle(b *testing.B) { measure(b, func() figures { return idle(b, 1000, 100) }) }
