package segment

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tailrace/storage/record"
)

func compacted() Config {
	c := small()
	c.Delete, c.Compact, c.MinDirtyRatio = false, true, 0.01
	c.DeleteRetention = time.Hour
	return c
}

func (k *kit) compact(now time.Time) bool {
	k.Helper()
	k.flush()
	c, err := k.log.PlanCompaction(now, k.log.Flushed())
	if err != nil {
		k.Fatal(err)
	}
	if c == nil {
		return false
	}
	if err := c.Run(); err != nil {
		k.Fatal(err)
	}
	if err := c.Install(); err != nil {
		k.Fatal(err)
	}
	return true
}

// The active segment is never compacted: with max.compaction.lag.ms it is closed in time,
// by an append or, on a topic that nobody writes to, by the compaction itself (KIP-354).
func TestCompactionLagClosesTheActiveSegment(t *testing.T) {
	cfg := compacted()
	cfg.MaxCompactionLag = 2 * time.Second
	k := newKit(t, cfg)
	put := func(after time.Duration, v string) { k.append(t0.Add(after).UnixMilli(), kv{"k", v}) }
	put(0, "1")
	put(time.Second, "2")
	k.compact(t0.Add(time.Second))
	if n := k.log.Segments(); n != 1 {
		t.Errorf("%d segments within the lag, want 1", n)
	}
	put(3*time.Second, "3")
	if n := k.log.Segments(); n != 2 {
		t.Errorf("%d segments when an append found the first too old, want 2", n)
	}
	if !k.compact(t0.Add(10*time.Second)) || k.text(0) != "2:k=3" {
		t.Errorf("after the lag of all: %s, want the last value only", k.text(0))
	}
}

func TestCompactionKeepsTheLastOfEachKey(t *testing.T) {
	for _, codec := range []record.Codec{record.None, record.Snappy} {
		k := newKit(t, compacted())
		put := func(kvs ...kv) {
			if _, err := k.try(record.Options{Codec: codec}, t0.UnixMilli(), kvs...); err != nil {
				t.Fatal(err)
			}
		}
		put(kv{"a", "1"}, kv{"b", "1"}, kv{"a", "2"})
		put(kv{"c", "1"})
		put(kv{"b", "-"}, kv{"d", "1"})
		if k.compact(t0) {
			t.Error("the active segment was compacted")
		}
		if err := k.log.Roll(); err != nil {
			t.Fatal(err)
		}
		put(kv{"c", "2"})
		if !k.compact(t0) {
			t.Fatal("nothing was compacted")
		}
		const first = "2:a=2 3:c=1 4:b=- 5:d=1 6:c=2"
		if got := k.text(0); got != first {
			t.Errorf("%v\n got %s\nwant %s", codec, got, first)
		}
		if k.compact(t0) {
			t.Error("nothing is dirty, yet it was compacted")
		}
		if err := k.log.Roll(); err != nil {
			t.Fatal(err)
		}
		put(kv{"e", "1"})
		k.compact(t0.Add(30 * time.Minute))
		const second = "2:a=2 4:b=- 5:d=1 6:c=2 7:e=1"
		if got := k.text(0); got != second {
			t.Errorf("%v: the tombstone is young\n got %s\nwant %s", codec, got, second)
		}
		if err := k.log.Roll(); err != nil {
			t.Fatal(err)
		}
		put(kv{"f", "1"})
		k.compact(t0.Add(2 * time.Hour))
		const third = "2:a=2 5:d=1 6:c=2 7:e=1 8:f=1"
		if got := k.text(0); got != third {
			t.Errorf("%v: the tombstone is old\n got %s\nwant %s", codec, got, third)
		}
		for from := range int64(9) {
			if got := k.text(from); !strings.HasSuffix(third, got) {
				t.Errorf("from %d: %s", from, got)
			}
		}
		point := k.log.Flushed()
		k.close()
		k.open(point)
		if got := k.text(0); got != third {
			t.Errorf("%v: after reopening\n got %s\nwant %s", codec, got, third)
		}
	}
}

// Whatever is appended and compacted in whatever order, the last value of each key is
// there, at its offset, and so are the producers.
func TestCompactionAgainstAMap(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	k := newKit(t, compacted())
	last := map[string]string{}
	next := map[int64]int32{}
	for step := range 400 {
		pid := int64(rng.IntN(4))
		var kvs []kv
		at := k.log.End().Offset
		for i := range 1 + rng.IntN(5) {
			r := kv{fmt.Sprint("k", rng.IntN(30)), fmt.Sprint("v", step)}
			kvs = append(kvs, r)
			last[r.key] = fmt.Sprintf("%d:%s=%s", at+int64(i), r.key, r.value)
		}
		o := record.Options{Idempotent: true, ProducerID: pid, BaseSequence: next[pid], Codec: record.Codec(rng.IntN(2) * 3)}
		if _, err := k.try(o, t0.UnixMilli(), kvs...); err != nil {
			t.Fatal(err)
		}
		next[pid] += int32(len(kvs))
		switch rng.IntN(30) {
		case 0:
			k.compact(t0)
		case 1:
			point := k.log.Flushed()
			k.flush()
			if rng.IntN(2) == 0 {
				k.close()
			} else {
				k.log.closeFiles()
			}
			k.open(point)
			if holes := k.log.Holes(); len(holes) > 0 {
				t.Fatalf("step %d: holes without damage: %v", step, holes)
			}
			for pid, n := range next {
				if got, ok := k.log.Producers().LastSequence(pid); !ok || got != n-1 {
					t.Fatalf("step %d: producer %d is at %d, %v, want %d", step, pid, got, ok, n-1)
				}
			}
		}
		all := " " + k.text(0) + " "
		for key, want := range last {
			if !strings.Contains(all, " "+want+" ") {
				t.Fatalf("step %d: the last of %s, %s, is not in %s", step, key, want, all)
			}
		}
	}
	if err := k.log.Roll(); err != nil {
		t.Fatal(err)
	}
	k.append(1, kv{"end", "1"})
	k.compact(t0)
	if n := strings.Count(k.text(0), "="); n != len(last)+1 {
		t.Errorf("%d records for %d keys: %s", n, len(last)+1, k.text(0))
	}
}

// A crash at any moment of an installation leaves the old segments or the new.
func TestInstallationSurvivesPowerLoss(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	fs := vfs.NewCrashableMem()
	k := &kit{T: t, fs: fs, cfg: compacted()}
	k.open(0)
	for i := range 60 {
		k.append(t0.UnixMilli(), kv{fmt.Sprint("k", i%7), fmt.Sprint(i)})
		if i == 30 {
			k.compact(t0)
		}
	}
	if err := k.log.Roll(); err != nil {
		t.Fatal(err)
	}
	k.append(t0.UnixMilli(), kv{"end", "1"})
	k.flush()
	point := k.log.Flushed()
	var clones []*vfs.MemFS
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := k.log.PlanCompaction(t0, k.log.Flushed())
		if err != nil {
			t.Error(err)
			return
		}
		if err := c.Run(); err != nil {
			t.Error(err)
		}
		if err := c.Install(); err != nil {
			t.Error(err)
		}
	}()
	for more := true; more && len(clones) < 300; {
		select {
		case <-done:
			more = false
		default:
		}
		clones = append(clones, fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng}))
	}
	<-done
	for _, clone := range clones {
		c := &kit{T: t, fs: clone, cfg: compacted()}
		c.open(point)
		if holes := c.log.Holes(); len(holes) > 0 {
			t.Fatalf("holes without damage: %v", holes)
		}
		got := " " + c.text(0) + " "
		for i := 53; i < 60; i++ {
			if want := fmt.Sprintf(" %d:k%d=%d ", i, i%7, i); !strings.Contains(got, want) {
				t.Fatalf("%q is not in %s", want, got)
			}
		}
		if c.log.End().Offset != 61 {
			t.Fatalf("the log ends at %d", c.log.End().Offset)
		}
	}
	t.Logf("%d crashes", len(clones))
}

// TestMissingCompactedSegments: compaction leaves gaps, and still a segment that is missing
// among what it has rewritten is told, until it is repaired.
func TestMissingCompactedSegments(t *testing.T) {
	k := newKit(t, compacted())
	put := func(from, to int) {
		for i := from; i < to; i++ {
			k.append(t0.UnixMilli(), kv{fmt.Sprint("k", i), strings.Repeat("v", 40)})
			if i%3 > 0 {
				k.append(t0.UnixMilli(), kv{fmt.Sprint("k", i), "again"})
			}
		}
	}
	put(0, 100)
	k.compact(t0)
	put(100, 130) // closed, and not compacted yet
	k.flush()
	point := k.log.Flushed()
	var bases []int64
	for _, s := range k.log.mu.segs {
		bases = append(bases, s.base)
	}
	k.close()
	if len(bases) < 6 {
		t.Fatalf("only %d segments", len(bases))
	}
	options := func(dir string) Options {
		return Options{FS: k.fs, Files: NewFiles(k.fs, 4), Dir: dir, Config: k.cfg, Now: t0, RecoveryPoint: point}
	}
	for i, base := range bases[:len(bases)-1] {
		dir := fmt.Sprintf("/missing-%d", i)
		if _, err := vfs.Clone(k.fs, k.fs, "/t-0", dir); err != nil {
			t.Fatal(err)
		}
		if err := k.fs.Remove(fmt.Sprintf("%s/%020d.log", dir, base)); err != nil {
			t.Fatal(err)
		}
		r, err := Verify(options(dir))
		if err != nil || len(r.Holes) != 1 || r.Holes[0].From != base || r.Holes[0].To != bases[i+1] {
			t.Errorf("verify without segment %d: %v, %v", base, r.Holes, err)
		}
		open := func() []Hole {
			l, _, err := Open(options(dir))
			if err != nil {
				t.Fatal(err)
			}
			defer l.closeFiles()
			return l.Holes()
		}
		if holes := open(); len(holes) != 1 || holes[0].From != base || holes[0].To != bases[i+1] {
			t.Errorf("open without segment %d: %v", base, holes)
		}
		if err := Repair(options(dir), r, func(path string) error { return k.fs.Rename(path, path+".aside") }); err != nil {
			t.Fatal(err)
		}
		if holes := open(); len(holes) != 0 {
			t.Errorf("after the repair of segment %d: %v", base, holes)
		}
	}
}
