package local

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tailrace/storage/commitlog"
	"tailrace/storage/commitlog/logtest"
	"tailrace/storage/record"
)

// seedFor is the seed of a random test: TAILRACE_SEED replays one.
func seedFor(t *testing.T) uint64 {
	seed := rand.Uint64()
	if s := os.Getenv("TAILRACE_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	t.Logf("replay with TAILRACE_SEED=%d go test -run %s ./broker/local", seed, t.Name())
	return seed
}

const (
	crashPartitions = 2
	crashWriters    = 3
	crashTasks      = 3
)

func part(topic string, p int) commitlog.TopicPartition {
	return commitlog.TopicPartition{Topic: topic, Partition: commitlog.PartitionID(p)}
}

// crashRun is one life of a log: writers, committing tasks and readers, until it dies.
//
//	log    writers append "w/i" durably, noise appends without waiting
//	out    tasks append "k/i" to both partitions, and set position k to i+1, in one commit
//	table  the same commit sets key k to i; compacted
type crashRun struct {
	t    *testing.T
	log  *Log
	ctx  context.Context
	next progress // where this life begins

	mu    sync.Mutex
	acked progress
	seen  map[commitlog.TopicPartition]map[commitlog.Offset]string
}

// progress is how far each writer and each task is.
type progress struct{ writer, task [8]int }

func (r *crashRun) start(wg *sync.WaitGroup) {
	for w := range crashWriters {
		wg.Go(func() { r.write(w) })
	}
	for k := range crashTasks {
		wg.Go(func() { r.commit(k) })
	}
	wg.Go(r.noise)
	for _, topic := range []string{"log", "out"} {
		for p := range crashPartitions {
			wg.Go(func() { r.read(part(topic, p)) })
		}
	}
}

// ended reports whether err is how a call ends when this life does.
func (r *crashRun) ended(err error) bool {
	if r.ctx.Err() == nil && err != nil && !errors.Is(err, commitlog.ErrClosed) {
		r.t.Errorf("%v", err)
	}
	return err != nil || r.ctx.Err() != nil
}

func (r *crashRun) write(w int) {
	for i := r.next.writer[w]; ; i++ {
		_, err := r.log.Append(r.ctx, commitlog.PartitionBatch{TopicPartition: part("log", w%crashPartitions),
			Batch: logtest.Batch(1, fmt.Sprintf("%d/%d", w, i))}, commitlog.AcksDurable)
		if r.ended(err) {
			return
		}
		r.mu.Lock()
		r.acked.writer[w] = i + 1
		r.mu.Unlock()
	}
}

func (r *crashRun) noise() {
	for i := 0; ; i++ {
		topic := []string{"log", "out"}[i%2]
		_, err := r.log.Append(r.ctx, commitlog.PartitionBatch{TopicPartition: part(topic, i/2%crashPartitions),
			Batch: logtest.Batch(1, "noise")}, commitlog.AcksLeader)
		if r.ended(err) {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func (r *crashRun) commit(k int) {
	for i := r.next.task[k]; ; i++ {
		v := fmt.Sprintf("%d/%d", k, i)
		b := record.NewBuilder(record.Options{})
		b.Append(1, fmt.Append(nil, k), fmt.Append(nil, i), nil)
		table, err := b.Finish()
		if err != nil {
			r.t.Error(err)
			return
		}
		_, err = r.log.Commit(r.ctx, commitlog.Commit{Group: "g", Task: fmt.Sprint(k), Owner: 1,
			Appends: []commitlog.PartitionBatch{
				{TopicPartition: part("out", 0), Batch: logtest.Batch(1, v)},
				{TopicPartition: part("table", 0), Batch: table},
				{TopicPartition: part("out", 1), Batch: logtest.Batch(1, v)},
			},
			Positions: map[commitlog.TopicPartition]commitlog.Position{part("in", k): {Offset: commitlog.Offset(i + 1)}}})
		if r.ended(err) {
			return
		}
		r.mu.Lock()
		r.acked.task[k] = i + 1
		r.mu.Unlock()
	}
}

// read follows a partition: what was seen below the high watermark must stay.
func (r *crashRun) read(tp commitlog.TopicPartition) {
	buf := make([]byte, 1<<16)
	for at := commitlog.Offset(0); r.ctx.Err() == nil; {
		f, err := r.log.Read(r.ctx, tp, at, buf)
		if err != nil {
			r.ended(err)
			return
		}
		vs, err := logtest.Decode(at, f.Batches)
		if err != nil {
			r.t.Error(err)
			return
		}
		r.mu.Lock()
		for _, v := range vs {
			r.seen[tp][v.Offset] = v.Value
			at = v.Offset + 1
		}
		r.mu.Unlock()
		time.Sleep(time.Millisecond)
	}
}

// crash keeps what was known for sure, then takes the power.
func (r *crashRun) crash(fs *vfs.MemFS, cfg vfs.CrashCloneCfg) (*vfs.MemFS, progress, map[commitlog.TopicPartition]map[commitlog.Offset]string) {
	r.mu.Lock()
	acked, seen := r.acked, map[commitlog.TopicPartition]map[commitlog.Offset]string{}
	for tp, vs := range r.seen {
		seen[tp] = maps.Clone(vs)
	}
	r.mu.Unlock()
	return fs.CrashClone(cfg), acked, seen
}

func crashConfig(fs *vfs.MemFS) Config {
	return Config{FS: fs, Dir: "/data", CheckpointInterval: 3 * time.Millisecond,
		CompactionBackoff: 10 * time.Millisecond, RetentionCheckInterval: 10 * time.Millisecond}
}

// TestPowerLoss takes the power at random moments: of what was not fsynced, random blocks
// and names are lost. Every acknowledged record is there once, in order; every commit is
// whole; and what a reader saw at an offset is there still.
func TestPowerLoss(t *testing.T) {
	seed := seedFor(t)
	rng := rand.New(rand.NewPCG(seed, 1))
	worlds := 6
	if testing.Short() {
		worlds = 2
	}
	for world := range worlds {
		t.Run(fmt.Sprint("world ", world), func(t *testing.T) { powerLoss(t, rng) })
	}
}

func powerLoss(t *testing.T, rng *rand.Rand) {
	fs := vfs.NewCrashableMem()
	ctx := context.Background()
	log, err := Open(crashConfig(fs))
	if err != nil {
		t.Fatal(err)
	}
	for topic, cfg := range map[string]map[string]string{
		"log":   {"retention.ms": "-1", "internal.segment.bytes": "3000", "index.interval.bytes": "300"},
		"out":   {"retention.ms": "-1", "internal.segment.bytes": "3000", "index.interval.bytes": "300"},
		"in":    nil,
		"table": {"internal.segment.bytes": "2000", "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.1"},
	} {
		n := int32(crashPartitions)
		if topic == "in" {
			n = crashTasks
		}
		if _, err := log.CreateTopic(ctx, commitlog.TopicSpec{Name: topic, Partitions: n, ReplicationFactor: -1, Configs: cfg}); err != nil {
			t.Fatal(err)
		}
	}
	r := &crashRun{t: t, log: log}
	for life := range 4 {
		lctx, cancel := context.WithCancel(ctx)
		r = &crashRun{t: t, log: log, ctx: lctx, next: r.next, acked: r.acked, seen: map[commitlog.TopicPartition]map[commitlog.Offset]string{}}
		for _, topic := range []string{"log", "out"} {
			for p := range crashPartitions {
				r.seen[part(topic, p)] = map[commitlog.Offset]string{}
			}
		}
		var wg sync.WaitGroup
		r.start(&wg)
		time.Sleep(time.Duration(rng.IntN(120)) * time.Millisecond)
		clone, known, seen := r.crash(fs, vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
		cancel()
		wg.Wait()
		_ = log.Close() // of the world that did not crash
		r.acked = known
		fs = clone
		if log, err = Open(crashConfig(fs)); err != nil {
			t.Fatalf("life %d: %v", life, err)
		}
		r.log = log
		r.verify(seen)
		if t.Failed() {
			t.Fatalf("life %d", life)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
}

// verify checks the log after a crash, and sets where the next life begins.
func (r *crashRun) verify(seen map[commitlog.TopicPartition]map[commitlog.Offset]string) {
	ctx := context.Background()
	counts := func(topic string, p int) (n [8]int) {
		vs, err := logtest.ReadAll(ctx, r.log, part(topic, p))
		if err != nil {
			r.t.Fatalf("%s-%d: %v", topic, p, err)
		}
		now := map[commitlog.Offset]string{}
		for _, v := range vs {
			now[v.Offset] = v.Value
			var w, i int
			if v.Value == "noise" {
				continue
			}
			if _, err := fmt.Sscanf(v.Value, "%d/%d", &w, &i); err != nil || n[w] != i {
				r.t.Fatalf("%s-%d, offset %d: %s where %d/%d was due", topic, p, v.Offset, v.Value, w, n[w])
			}
			n[w]++
		}
		for off, v := range seen[part(topic, p)] {
			if now[off] != v {
				r.t.Errorf("%s-%d, offset %d: a reader saw %q, now it is %q", topic, p, off, v, now[off])
			}
		}
		return n
	}
	a, b := counts("log", 0), counts("log", 1)
	for w := range crashWriters {
		r.next.writer[w] = a[w] + b[w]
		if r.next.writer[w] < r.acked.writer[w] {
			r.t.Errorf("writer %d: %d records were acknowledged, %d are there", w, r.acked.writer[w], r.next.writer[w])
		}
	}
	a, b = counts("out", 0), counts("out", 1)
	positions, err := r.log.Positions(ctx, "g")
	if err != nil {
		r.t.Fatal(err)
	}
	table := r.table(ctx)
	for k := range crashTasks {
		at := int(positions[part("in", k)].Offset)
		if a[k] != b[k] || a[k] != at || a[k] != table[k] || a[k] < r.acked.task[k] {
			r.t.Errorf("task %d: %d commits were acknowledged; %d and %d records, position %d, table %d",
				k, r.acked.task[k], a[k], b[k], at, table[k])
		}
		r.next.task[k] = a[k]
	}
}

// table returns 1 + the last value of each key of the compacted topic.
func (r *crashRun) table(ctx context.Context) (out [8]int) {
	tp := part("table", 0)
	b, err := r.log.Bounds(ctx, tp)
	if err != nil {
		r.t.Fatal(err)
	}
	var it record.Iter
	for at := b.LogStart; at < b.HighWatermark; {
		f, err := r.log.Read(ctx, tp, at, make([]byte, 1<<16))
		if err != nil {
			r.t.Fatal(err)
		}
		for bs := f.Batches; len(bs) > 0; bs = bs[it.Header().Size():] {
			if err := it.Reset(bs); err != nil {
				r.t.Fatal(err)
			}
			for it.Next() {
				k, _ := strconv.Atoi(string(it.Record().Key))
				v, _ := strconv.Atoi(string(it.Record().Value))
				out[k] = v + 1
			}
			at = commitlog.Offset(it.Header().NextOffset())
		}
		if len(f.Batches) == 0 {
			break
		}
	}
	return out
}
