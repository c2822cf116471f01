package executor_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"tailrace/storage/commitlog"
	"tailrace/storage/record"
)

// TestFullDisk fills the disk again and again under a running query: appends are refused,
// and nothing else is. When there is room, the query goes on by itself, and its view is
// what the query gives over all acknowledged events; so it is after a restart.
func TestFullDisk(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 7))
	var full atomic.Bool
	fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		switch op.Kind {
		case errorfs.OpFileWrite, errorfs.OpFileWriteAt, errorfs.OpFilePreallocate, errorfs.OpCreate, errorfs.OpReuseForWrite, errorfs.OpMkdirAll:
			if full.Load() {
				return syscall.ENOSPC
			}
		}
		return nil
	}))
	props := map[string]string{"ksql.query.retry.backoff.initial.ms": "10"}
	n := start(t, fs, false, props)
	n.topic("events", 2)
	n.start(counts(t, nil))
	if err := n.eng.Ready(context.Background(), counts(t, nil).ID); err != nil {
		t.Fatal(err)
	}
	var all []rec
	refused := 0
	for range 6 {
		for range 10 {
			all = append(all, tryProduce(t, n, r, &refused)...)
		}
		full.Store(true)
		for range 10 {
			all = append(all, tryProduce(t, n, r, &refused)...)
		}
		time.Sleep(time.Duration(r.IntN(30)) * time.Millisecond) // the query meets the full disk
		full.Store(false)
	}
	if refused == 0 {
		t.Error("no append was refused")
	}
	check := func(n *node, when string) {
		t.Helper()
		want := fmt.Sprint(recompute(all))
		got := ""
		for deadline := time.Now().Add(time.Minute); got != want && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
			got = fmt.Sprint(n.rows("COUNTS"))
		}
		if got != want {
			t.Errorf("seed %d, %s:\n got %s\nwant %s", seed, when, got, want)
		}
	}
	check(n, "with room")
	n.close()
	n = start(t, fs, false, props)
	defer n.close()
	n.start(counts(t, nil))
	check(n, "after a restart")
}

// tryProduce appends a few events and returns those that were taken.
func tryProduce(t *testing.T, n *node, r *rand.Rand, refused *int) []rec {
	t.Helper()
	var batch []rec
	b := record.NewBuilder(record.Options{})
	for range 1 + r.IntN(20) {
		e := event(fmt.Sprint("g", r.IntN(30)), r.IntN(10))
		b.Append(e.time, nil, []byte(e.value), nil)
		batch = append(batch, e)
	}
	encoded, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	_, err = n.log.Append(context.Background(), commitlog.PartitionBatch{
		TopicPartition: commitlog.TopicPartition{Topic: "events", Partition: commitlog.PartitionID(r.IntN(2))}, Batch: encoded}, commitlog.AcksDurable)
	if err != nil {
		*refused++
		return nil
	}
	return batch
}
