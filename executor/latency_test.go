package executor_test

import (
	"context"
	"sort"
	"testing"
	"time"

	"tailrace/broker/local"
	"tailrace/executor"
	"tailrace/executor/chunk"
	"tailrace/planner/plan"
	"tailrace/storage/commitlog"
	"tailrace/storage/env"
)

// BenchmarkLatency is one record at a time on an idle system with a real disk: from the
// moment that it is produced (the append and its fsync included) until a push query has
// its row, or a view shows it. The ceiling is the append alone.
func BenchmarkLatency(b *testing.B) {
	dir := b.TempDir()
	log, err := local.Open(local.Config{FS: env.Disk, Dir: dir + "/log"})
	if err != nil {
		b.Fatal(err)
	}
	eng, err := executor.New(executor.Config{Log: log, FS: env.Disk, Dir: dir + "/state", ServiceID: "bench_"})
	if err != nil {
		b.Fatal(err)
	}
	n := &node{t: b, log: log, eng: eng}
	defer n.close()
	n.topic("events", 1)
	q := counts(b, nil)
	keepKey(b, q)
	n.start(q)
	v, _ := eng.View("COUNTS")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	rows := make(chan int, 100)
	push := counts(b, nil)
	push.ID, push.Kind, push.Sink = "transient_1", plan.Push, nil
	filter := push.Root.Node.Inputs()[0].Inputs()[0].Inputs()[0].(*plan.Rekey).Input
	push.Root = filter
	go func() {
		_ = eng.RunPush(ctx, push, "latest", func(c *chunk.Chunk, _ bool) error { rows <- c.N; return nil })
	}()
	time.Sleep(300 * time.Millisecond) // until the push query stands at the end
	measure := func(name string, seen func(end commitlog.Offset)) {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				time.Sleep(10 * time.Millisecond) // idle
				begin := time.Now()
				end := n.produce("events", 0, event("a", 1))
				seen(end)
				took = append(took, time.Since(begin))
			}
			sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		})
		for len(rows) > 0 {
			<-rows
		}
	}
	measure("append alone", func(commitlog.Offset) {})
	time.Sleep(50 * time.Millisecond)
	for len(rows) > 0 {
		<-rows
	}
	measure("push query", func(commitlog.Offset) { <-rows })
	measure("view", func(end commitlog.Offset) {
		if err := v.WaitApplied(ctx, map[commitlog.TopicPartition]commitlog.Offset{{Topic: "events"}: end}); err != nil {
			b.Fatal(err)
		}
	})
}
