package executor_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sort"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tailrace/storage/commitlog"
)

// recompute is what the view COUNTS must hold: the query over all events.
func recompute(events []rec) []string {
	type group struct{ count, sum int }
	groups := map[string]*group{}
	for _, e := range events {
		var g string
		var v int
		if _, err := fmt.Sscanf(e.value, `{"G":%q,"V":%d}`, &g, &v); err != nil || v <= 0 {
			continue
		}
		if groups[g] == nil {
			groups[g] = &group{}
		}
		groups[g].count++
		groups[g].sum += v
	}
	out := []string{}
	for g, x := range groups {
		out = append(out, fmt.Sprintf("+ %s %d %d @1", g, x.count, x.sum))
	}
	sort.Strings(out)
	return out
}

// latest is the last record of each key of a table's topic, as rows of the view.
func latest(records []string) []string {
	last := map[string]string{}
	for _, r := range records {
		var key string
		var c, s int
		if _, err := fmt.Sscanf(r, `%s {"C":%d,"S":%d} @1`, &key, &c, &s); err == nil {
			last[key] = fmt.Sprintf("+ %s %d %d @1", key, c, s)
		}
	}
	out := []string{}
	for _, r := range last {
		out = append(out, r)
	}
	sort.Strings(out)
	return out
}

// TestCrashesLoseAndRepeatNothing kills the machine at random moments of a query's work:
// what was not synced is gone. At the end the view and the topic must be what the query
// gives over all acknowledged events.
func TestCrashesLoseAndRepeatNothing(t *testing.T) {
	for round := range 6 {
		seed := rand.Uint64()
		t.Run(fmt.Sprint("round ", round), func(t *testing.T) { crashes(t, seed, round%2 == 1) })
	}
}

func crashes(t *testing.T, seed uint64, stateLost bool) {
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 4))
	fs := vfs.NewCrashableMem()
	n := start(t, fs, true, nil)
	n.topic("events", 3)
	var all []rec
	ctx := context.Background()
	for life := range 8 {
		if life > 0 {
			n = start(t, fs, true, nil)
		}
		n.start(counts(t, nil))
		for range 1 + r.IntN(12) {
			var batch []rec
			for range 1 + r.IntN(40) {
				batch = append(batch, event(fmt.Sprint("g", r.IntN(30)), r.IntN(10)))
			}
			n.produce("events", int32(r.IntN(3)), batch...)
			all = append(all, batch...)
			for range r.IntN(4) {
				if _, err := n.eng.Step(ctx, 1+r.IntN(20)); err != nil {
					t.Fatal(err)
				}
			}
		}
		// Some of what was not synced survives, as on a real disk.
		clone := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: r})
		n.close() // of the machine that is no more: frees its goroutines
		fs = clone
		if stateLost {
			if err := fs.RemoveAll("state"); err != nil {
				t.Fatal(err)
			}
		}
	}
	n = start(t, fs, true, nil)
	defer n.close()
	n.start(counts(t, nil))
	n.idle()
	want := recompute(all)
	same(t, fmt.Sprintf("view, seed %d", seed), n.rows("COUNTS"), want...)
	same(t, fmt.Sprintf("topic, seed %d", seed), latest(n.dump("COUNTS")), want...)
}

// TestChunksDoNotMatter runs the same input in chunks of random sizes, in one go, and with
// every change shown: the view at the end is the same, and is the recomputed one.
func TestChunksDoNotMatter(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 5))
	t.Logf("seed %d", seed)
	var all []rec
	for range 3000 {
		all = append(all, event(fmt.Sprint("g", r.IntN(100)), r.IntN(10)))
	}
	for name, props := range map[string]map[string]string{"gathered": nil, "eager": {"ksql.streams.cache.max.bytes.buffering": "0"}, "at least once": {"processing.guarantee": "at_least_once"}} {
		t.Run(name, func(t *testing.T) {
			n := start(t, vfs.NewMem(), true, props)
			defer n.close()
			n.topic("events", 2)
			n.start(counts(t, nil))
			for at := 0; at < len(all); {
				end := min(len(all), at+1+r.IntN(400))
				n.produce("events", int32(r.IntN(2)), all[at:end]...)
				at = end
				if _, err := n.eng.Step(context.Background(), 1+r.IntN(300)); err != nil {
					t.Fatal(err)
				}
			}
			n.idle()
			same(t, fmt.Sprintf("view, seed %d", seed), n.rows("COUNTS"), recompute(all)...)
		})
	}
}

// TestKilledWhileRunning is the same with the engine's own goroutines, stopped without a
// last commit.
func TestKilledWhileRunning(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 6))
	t.Logf("seed %d", seed)
	fs := vfs.NewCrashableMem()
	var all []rec
	for life := range 5 {
		n := start(t, fs, false, nil)
		if life == 0 {
			n.topic("events", 2)
		}
		n.start(counts(t, nil))
		for range 20 {
			var batch []rec
			for range 1 + r.IntN(50) {
				batch = append(batch, event(fmt.Sprint("g", r.IntN(20)), r.IntN(10)))
			}
			n.produce("events", int32(r.IntN(2)), batch...)
			all = append(all, batch...)
		}
		clone := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: r})
		n.close()
		fs = clone
	}
	n := start(t, fs, false, nil)
	defer n.close()
	n.start(counts(t, nil))
	v, _ := n.eng.View("COUNTS")
	target := map[commitlog.TopicPartition]commitlog.Offset{}
	for p := range 2 {
		tp := commitlog.TopicPartition{Topic: "events", Partition: commitlog.PartitionID(p)}
		b, err := n.log.Bounds(context.Background(), tp)
		if err != nil {
			t.Fatal(err)
		}
		target[tp] = b.HighWatermark
	}
	if err := v.WaitApplied(context.Background(), target); err != nil {
		t.Fatal(err)
	}
	same(t, fmt.Sprintf("view, seed %d", seed), n.rows("COUNTS"), recompute(all)...)
}
