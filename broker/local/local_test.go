package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"tailrace/storage/commitlog"
	"tailrace/storage/commitlog/logtest"
	"tailrace/storage/damage"
	"tailrace/storage/env"
	"tailrace/storage/record"
	"tailrace/storage/record/kerr"
)

func mustOpen(t testing.TB, c Config) *Log {
	t.Helper()
	l, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func mustCreate(t testing.TB, l *Log, name string, partitions int32, configs map[string]string) {
	t.Helper()
	_, err := l.CreateTopic(context.Background(), commitlog.TopicSpec{Name: name, Partitions: partitions, ReplicationFactor: 1, Configs: configs})
	if err != nil {
		t.Fatal(err)
	}
}

func mustClose(t testing.TB, l *Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func one(topic, value string) commitlog.PartitionBatch {
	return commitlog.PartitionBatch{TopicPartition: part(topic, 0), Batch: logtest.Batch(1, value)}
}

func TestSecondServerIsRefused(t *testing.T) {
	for _, fs := range []env.FS{vfs.NewMem(), env.Disk} {
		dir := t.TempDir()
		l := mustOpen(t, Config{FS: fs, Dir: dir})
		if _, err := Open(Config{FS: fs, Dir: dir}); err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "in use") {
			t.Errorf("a second server on the folder got: %v", err)
		}
		mustClose(t, l)
		mustClose(t, mustOpen(t, Config{FS: fs, Dir: dir}))
	}
}

func TestIdentitySurvives(t *testing.T) {
	fs, ctx := vfs.NewMem(), context.Background()
	seen := map[int64]bool{}
	id := ""
	for range 3 {
		l := mustOpen(t, Config{FS: fs, Dir: "/d"})
		if id == "" {
			id = l.ClusterID()
		}
		if len(l.ClusterID()) != 22 || l.ClusterID() != id {
			t.Errorf("cluster id %q, was %q", l.ClusterID(), id)
		}
		for range producerIDBlock + 5 {
			pid, err := l.AllocateProducerID(ctx)
			if err != nil || seen[pid] {
				t.Fatalf("producer id %d was given out before, %v", pid, err)
			}
			seen[pid] = true
		}
		mustClose(t, l)
	}
}

func TestTopicConfigs(t *testing.T) {
	fs, ctx := vfs.NewMem(), context.Background()
	l := mustOpen(t, Config{FS: fs, Dir: "/d", TopicDefaults: map[string]string{"retention.ms": "7"}})
	mustCreate(t, l, "t", 1, map[string]string{"segment.bytes": "5000000"})
	get := func(name string) string {
		t.Helper()
		es, err := l.TopicConfig("t")
		if err != nil || len(es) != len(ConfigKeys()) {
			t.Fatalf("%d entries, %v", len(es), err)
		}
		for _, e := range es {
			if e.Key.Name == name {
				return fmt.Sprintf("%s %v %v", e.Value, e.Source() == SourceTopic, e.Source() == SourceStatic)
			}
		}
		return "no such key"
	}
	p := func(s string) *string { return &s }
	check := func(want map[string]string) {
		t.Helper()
		for name, v := range want {
			if got := get(name); got != v {
				t.Errorf("%s: got %s, want %s", name, got, v)
			}
		}
	}
	check(map[string]string{"segment.bytes": "5000000 true false", "retention.ms": "7 false true", "cleanup.policy": "delete false false"})
	err := l.SetTopicConfig(ctx, "t", map[string]*string{"segment.bytes": nil, "retention.ms": p("9"), "flush.ms": p("x")})
	if !errors.Is(err, commitlog.ErrInvalidConfig) || kerr.Of(err) != kerr.InvalidConfig {
		t.Errorf("a bad value: %v", err)
	}
	check(map[string]string{"segment.bytes": "5000000 true false", "retention.ms": "7 false true"})
	if err := l.SetTopicConfig(ctx, "t", map[string]*string{"segment.bytes": nil, "retention.ms": p("9"), "flush.ms": p("1000")}); err != nil {
		t.Fatal(err)
	}
	mustClose(t, l)
	l = mustOpen(t, Config{FS: fs, Dir: "/d", TopicDefaults: map[string]string{"retention.ms": "7"}})
	check(map[string]string{"segment.bytes": "1073741824 false false", "retention.ms": "9 true false", "flush.ms": "1000 true false"})
	mustClose(t, l)
	if _, err := Open(Config{FS: fs, Dir: "/d", TopicDefaults: map[string]string{"retention.ms": "soon"}}); !errors.Is(err, commitlog.ErrInvalidConfig) {
		t.Errorf("a bad default: %v", err)
	}
}

func TestConfigCatalogueIsSound(t *testing.T) {
	last := ""
	for _, k := range ConfigKeys() {
		if k.Name <= last {
			t.Errorf("%s stands behind %s", k.Name, last)
		}
		last = k.Name
		if got, err := k.parse(k.Default); err != nil || got != k.Default {
			t.Errorf("the default of %s: %q, %v", k.Name, got, err)
		}
		if k.Doc == "" {
			t.Errorf("%s has no doc", k.Name)
		}
	}
	for name, bad := range map[string]string{
		"compression.type": "brotli", "segment.bytes": "13", "max.message.bytes": "-1",
		"min.cleanable.dirty.ratio": "1.5", "preallocate": "maybe", "remote.storage.enable": "true", "retention.ms": "-2",
	} {
		if _, err := findKey(name).parse(bad); err == nil {
			t.Errorf("%s accepts %q", name, bad)
		}
	}
}

// A value is read once, as Kafka reads it; what was read is stored, described and applied.
func TestConfigsAreParsedOnce(t *testing.T) {
	fs, ctx := vfs.NewMem(), context.Background()
	l := mustOpen(t, Config{FS: fs, Dir: "/d", TopicDefaults: map[string]string{"segment.ms": " 7200000\t"}})
	defer mustClose(t, l)
	for name, tc := range map[string]struct{ given, want string }{
		"retention.ms": {" 604800000", "604800000"}, "segment.bytes": {"+1048576\n", "1048576"}, "cleanup.policy": {"compact , delete", "compact,delete"},
		"preallocate": {" TRUE ", "true"}, "min.cleanable.dirty.ratio": {" 0.25", "0.25"},
	} {
		topic := "t-" + name
		mustCreate(t, l, topic, 1, map[string]string{name: tc.given})
		for _, altered := range []bool{false, true} {
			if altered {
				if err := l.SetTopicConfig(ctx, topic, map[string]*string{name: &tc.given}); err != nil {
					t.Fatal(err)
				}
			}
			es, err := l.TopicConfig(topic)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range es {
				if e.Key.Name == name && e.Value != tc.want {
					t.Errorf("%s = %q is described as %q, want %q", name, tc.given, e.Value, tc.want)
				}
			}
		}
	}
	p, err := l.Partition(part("t-retention.ms", 0))
	if err != nil {
		t.Fatal(err)
	}
	if c := p.Log().Config(); c.RetentionAge != 7*24*time.Hour || c.SegmentAge != 2*time.Hour {
		t.Errorf("retention of %v and segments of %v are applied, want 168h and 2h", c.RetentionAge, c.SegmentAge)
	}
}

func TestGrowingATopic(t *testing.T) {
	fs, ctx := vfs.NewMem(), context.Background()
	l := mustOpen(t, Config{FS: fs, Dir: "/d"})
	mustCreate(t, l, "t", 1, nil)
	for count, want := range map[int32]kerr.Code{1: kerr.InvalidPartitions, 0: kerr.InvalidPartitions, MaxPartitions + 1: kerr.InvalidPartitions} {
		if err := l.CreatePartitions(ctx, "t", count); kerr.Of(err) != want {
			t.Errorf("to %d: %v", count, err)
		}
	}
	if err := l.CreatePartitions(ctx, "t", 3); err != nil {
		t.Fatal(err)
	}
	mustClose(t, l)
	l = mustOpen(t, Config{FS: fs, Dir: "/d"})
	defer mustClose(t, l)
	if _, err := l.Partition(part("t", 2)); err != nil {
		t.Error(err)
	}
	if _, err := l.Partition(part("t", 3)); !errors.Is(err, commitlog.ErrUnknownPartition) {
		t.Error(err)
	}
}

// The numbers are Java's: Math.abs("...".hashCode()) % 50.
func TestPartitionForIsJavas(t *testing.T) {
	for group, want := range map[string]commitlog.PartitionID{
		"": 0, "a": 47, "ab": 5, "my-group-id": 12, "console-consumer-12345": 6, "polygenelubricants": 0,
	} {
		if got := PartitionFor(group); got != want {
			t.Errorf("%q: got %d, want %d", group, got, want)
		}
	}
}

func TestOffsetsOfGroups(t *testing.T) {
	fs, ctx := vfs.NewMem(), context.Background()
	l := mustOpen(t, Config{FS: fs, Dir: "/d"})
	mustCreate(t, l, "t", 2, nil)
	mustCreate(t, l, "u", 1, nil)
	o := l.Offsets()
	at := func(n int) CommittedOffset {
		return CommittedOffset{Offset: commitlog.Offset(n), LeaderEpoch: 3, Metadata: "ü", CommitMs: 99}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(o.Commit(ctx, "g", map[commitlog.TopicPartition]CommittedOffset{part("t", 0): at(1), part("t", 1): at(2), part("u", 0): at(3)}))
	must(o.Commit(ctx, "h", map[commitlog.TopicPartition]CommittedOffset{part("t", 0): at(4)}))
	must(o.PutGroup(ctx, "g", []byte("meta")))
	must(o.Commit(ctx, "nothing", nil))
	must(o.Delete(ctx, "g", []commitlog.TopicPartition{part("t", 1)}))
	must(o.DeleteGroup(ctx, "h"))
	must(l.DeleteTopic(ctx, "u"))
	if err := o.Commit(ctx, "g", map[commitlog.TopicPartition]CommittedOffset{part("t", 0): {Metadata: strings.Repeat("x", 40000)}}); kerr.Of(err) != kerr.OffsetMetadataTooLarge {
		t.Errorf("long metadata: %v", err)
	}
	check := func() {
		t.Helper()
		if got, want := fmt.Sprint(l.Offsets().Fetch("g")), fmt.Sprint(map[commitlog.TopicPartition]CommittedOffset{part("t", 0): at(1)}); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
		if m, ok := l.Offsets().Group("g"); !ok || string(m) != "meta" {
			t.Errorf("metadata %q %v", m, ok)
		}
		if got := fmt.Sprint(l.Offsets().Groups()); got != "[g]" {
			t.Errorf("groups %s", got)
		}
	}
	check()
	mustClose(t, l)
	l = mustOpen(t, Config{FS: fs, Dir: "/d"})
	check()
	topic, err := l.Topic(ctx, OffsetsTopic)
	if err != nil || !topic.Internal || topic.Partitions != OffsetsPartitions || topic.Configs["cleanup.policy"] != "compact" {
		t.Errorf("%+v %v", topic, err)
	}
	mustClose(t, l)
}

// Commits that a full disk holds up in the partitions go on when there is space again:
// they are durable in the journal.
func TestCommitWaitsForSpace(t *testing.T) {
	var full atomic.Bool
	fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if full.Load() && op.Kind == errorfs.OpFileWriteAt && strings.HasSuffix(op.Path, ".log") {
			return syscall.ENOSPC
		}
		return nil
	}))
	ctx := context.Background()
	l := mustOpen(t, Config{FS: fs, Dir: "/d"})
	mustCreate(t, l, "t", 1, nil)
	commit := func(v string) error {
		_, err := l.Commit(ctx, commitlog.Commit{Group: "g", Task: "0", Owner: 1, Appends: []commitlog.PartitionBatch{one("t", v)}})
		return err
	}
	if err := commit("a"); err != nil {
		t.Fatal(err)
	}
	full.Store(true)
	if _, err := l.Append(ctx, one("t", "x"), commitlog.AcksDurable); kerr.Of(err) != kerr.StorageError || !env.IsNoSpace(err) {
		t.Errorf("Append on a full disk: %v", err)
	}
	done := make(chan error)
	go func() { done <- commit("b") }()
	select {
	case err := <-done:
		t.Errorf("a commit ended on a full disk: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	full.Store(false)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := l.Append(ctx, one("t", "c"), commitlog.AcksDurable); err != nil {
		t.Error(err)
	}
	vs, err := logtest.ReadAll(ctx, l, part("t", 0))
	if got := fmt.Sprint(vs); err != nil || got != "[{0 a} {1 b} {2 c}]" {
		t.Errorf("%s %v", got, err)
	}
	mustClose(t, l)
}

// Who gives up waiting for a commit may still see it happen. A newer owner's claim waits
// for it: the positions that are read then are the last that the old owner has made.
func TestClaimWaitsForAbandonedCommit(t *testing.T) {
	var full atomic.Bool
	fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if full.Load() && op.Kind == errorfs.OpFileWriteAt && strings.HasSuffix(op.Path, ".log") {
			return syscall.ENOSPC
		}
		return nil
	}))
	l := mustOpen(t, Config{FS: fs, Dir: "/d"})
	defer mustClose(t, l)
	mustCreate(t, l, "t", 1, nil)
	commit := func(ctx context.Context, owner int64, off commitlog.Offset) error {
		c := commitlog.Commit{Group: "g", Task: "0", Owner: owner}
		if off > 0 {
			c.Appends = []commitlog.PartitionBatch{one("t", "a")}
			c.Positions = map[commitlog.TopicPartition]commitlog.Position{part("t", 0): {Offset: off}}
		}
		_, err := l.Commit(ctx, c)
		return err
	}
	if err := commit(context.Background(), 1, 1); err != nil {
		t.Fatal(err)
	}
	full.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := commit(ctx, 1, 2); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a commit on a full disk: %v", err)
	}
	claimed := make(chan error)
	go func() { claimed <- commit(context.Background(), 2, 0) }()
	select {
	case err := <-claimed:
		t.Errorf("claimed while a commit of the old owner is on its way: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	full.Store(false)
	if err := <-claimed; err != nil {
		t.Fatal(err)
	}
	positions, err := l.Positions(context.Background(), "g")
	if got := positions[part("t", 0)].Offset; err != nil || got != 2 {
		t.Errorf("position %d %v, want 2", got, err)
	}
	if err := commit(context.Background(), 1, 3); !errors.Is(err, commitlog.ErrFenced) {
		t.Errorf("a commit of the old owner: %v", err)
	}
}

// A commit that is durable in the journal and cannot be applied is redone by the next start.
func TestCommitIsRedoneAfterClose(t *testing.T) {
	var full atomic.Bool
	inner := vfs.NewMem()
	fs := errorfs.Wrap(inner, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if full.Load() && op.Kind == errorfs.OpFileWriteAt && strings.HasSuffix(op.Path, ".log") && strings.Contains(op.Path, "t-0") {
			return syscall.ENOSPC
		}
		return nil
	}))
	ctx := context.Background()
	l := mustOpen(t, Config{FS: fs, Dir: "/d"})
	mustCreate(t, l, "t", 1, nil)
	full.Store(true)
	done := make(chan error)
	go func() {
		_, err := l.Commit(ctx, commitlog.Commit{Group: "g", Task: "0", Owner: 1, Appends: []commitlog.PartitionBatch{one("t", "a")},
			Positions: map[commitlog.TopicPartition]commitlog.Position{part("t", 0): {Offset: 5}}})
		done <- err
	}()
	time.Sleep(20 * time.Millisecond)
	_ = l.Close()
	if err := <-done; err == nil {
		t.Error("the commit claims to be applied")
	}
	full.Store(false)
	l = mustOpen(t, Config{FS: fs, Dir: "/d"})
	defer mustClose(t, l)
	vs, err := logtest.ReadAll(ctx, l, part("t", 0))
	if err != nil {
		t.Fatal(err)
	}
	pos, err := l.Positions(ctx, "g")
	if err != nil {
		t.Fatal(err)
	}
	if all := len(vs) == 1 && pos[part("t", 0)].Offset == 5; !all && (len(vs) != 0 || len(pos) != 0) {
		t.Errorf("half a commit: %v, %v", vs, pos)
	}
}

func TestRetentionRunsByTheClock(t *testing.T) {
	clock := env.NewManualClock(time.UnixMilli(1_700_000_000_000))
	l := mustOpen(t, Config{FS: vfs.NewMem(), Dir: "/d", Clock: clock})
	defer mustClose(t, l)
	mustCreate(t, l, "t", 1, map[string]string{"retention.ms": "60000"})
	ctx := context.Background()
	b := commitlog.PartitionBatch{TopicPartition: part("t", 0), Batch: logtest.Batch(clock.Now().UnixMilli(), "a", "b")}
	if _, err := l.Append(ctx, b, commitlog.AcksDurable); err != nil {
		t.Fatal(err)
	}
	for range 10_000 {
		clock.Advance(time.Minute)
		if bounds, err := l.Bounds(ctx, part("t", 0)); err != nil {
			t.Fatal(err)
		} else if bounds.LogStart == 2 && bounds.HighWatermark == 2 {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Error("old records were never deleted")
}

// TestIdlePartitionsAreCheap holds the budget of memory per idle partition, written and
// not, and keeps open files bounded.
func TestIdlePartitionsAreCheap(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 4000 partitions")
	}
	const n, written, budget = 4000, 400, 8 << 10
	dir := t.TempDir()
	c := Config{Dir: dir, MaxOpenFiles: 64}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc + m.StackInuse
	}
	before := heap()
	goroutines := runtime.NumGoroutine()
	l := mustOpen(t, c)
	mustCreate(t, l, "t", n, nil)
	ctx := context.Background()
	for p := range written {
		b := commitlog.PartitionBatch{TopicPartition: part("t", p*10), Batch: logtest.Batch(1, "x")}
		if _, err := l.Append(ctx, b, commitlog.AcksDurable); err != nil {
			t.Fatal(err)
		}
	}
	per := int64(heap()-before) / n
	t.Logf("%d bytes and %.3f goroutines a partition", per, float64(runtime.NumGoroutine()-goroutines)/n)
	if per > budget {
		t.Errorf("an idle partition costs %d bytes, the budget is %d", per, budget)
	}
	if g := runtime.NumGoroutine() - goroutines; g > 20 {
		t.Errorf("%d goroutines", g)
	}
	mustClose(t, l)
	l = mustOpen(t, c)
	if b, err := l.Bounds(ctx, part("t", 10)); err != nil || b.HighWatermark != 1 {
		t.Errorf("%+v %v", b, err)
	}
	mustClose(t, l)
}

func FuzzOffsetsFormat(f *testing.F) {
	f.Add(appendOffsetKey(nil, "group", part("topic", 3)), appendOffsetValue(nil, CommittedOffset{Offset: 1, Metadata: "m"}))
	f.Add(appendGroupKey(nil, "group"), []byte(nil))
	f.Add([]byte{0, 1, 0xff, 0xff}, []byte{0, 3})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		if k, known, err := decodeOffsetsKey(key); err == nil && known && !k.isGroup {
			again, _, err := decodeOffsetsKey(appendOffsetKey(nil, k.group, k.tp))
			if err != nil || again != k {
				t.Errorf("%+v became %+v, %v", k, again, err)
			}
		}
		_, _ = decodeOffsetValue(value)
		_ = decodeCommit(value, func([16]byte, commitlog.PartitionID, []byte) error { return nil })
	})
}

// BenchmarkCommit is an atomic commit of three batches and a position, by tasks side by side.
func BenchmarkCommit(b *testing.B) {
	value := make([]byte, 60_000)
	w := record.NewBuilder(record.Options{})
	w.Append(1, nil, value, nil)
	batch, err := w.Finish()
	if err != nil {
		b.Fatal(err)
	}
	for _, tasks := range []int{1, 4} {
		b.Run(fmt.Sprintf("tasks=%d", tasks), func(b *testing.B) {
			l := mustOpen(b, Config{Dir: b.TempDir()})
			defer mustClose(b, l)
			mustCreate(b, l, "t", 4, nil)
			work := make(chan int)
			done := make(chan error, tasks)
			for k := range tasks {
				go func() {
					var err error
					for i := range work {
						c := commitlog.Commit{Group: "g", Task: fmt.Sprint(k), Owner: 1,
							Positions: map[commitlog.TopicPartition]commitlog.Position{part("t", k): {Offset: commitlog.Offset(i)}}}
						for p := range 3 {
							c.Appends = append(c.Appends, commitlog.PartitionBatch{TopicPartition: part("t", p), Batch: append([]byte(nil), batch...)})
						}
						if _, cerr := l.Commit(context.Background(), c); cerr != nil {
							err = cerr
						}
					}
					done <- err
				}()
			}
			b.SetBytes(3 * int64(len(batch)))
			for i := 0; b.Loop(); i++ {
				work <- i
			}
			close(work)
			for range tasks {
				if err := <-done; err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A folder whose metadata log has its former name is opened, and the name changed.
func TestFormerNameOfMetadata(t *testing.T) {
	fs := vfs.NewMem()
	l := mustOpen(t, Config{FS: fs, Dir: "/d"})
	mustCreate(t, l, "t", 3, map[string]string{"retention.ms": "77"})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for i, former := range formerMetadataFiles {
		if err := fs.Rename("/d/"+metadataFiles[i], "/d/"+former); err != nil {
			t.Fatal(err)
		}
	}
	l = mustOpen(t, Config{FS: fs, Dir: "/d"})
	defer l.Close()
	topic, err := l.Topic(context.Background(), "t")
	if err != nil || topic.Partitions != 3 || topic.Configs["retention.ms"] != "77" {
		t.Errorf("the topic is %+v, %v", topic, err)
	}
	for i, former := range formerMetadataFiles {
		if _, err := fs.Stat("/d/" + former); err == nil {
			t.Errorf("%s is still there", former)
		}
		if _, err := fs.Stat("/d/" + metadataFiles[i]); err != nil {
			t.Error(err)
		}
	}
}

// TestFailedSyncIsTold: after an fsync that failed it is not known what the disk has. What
// refuses writes from then on stands in the ledger, which /health shows; the rest goes on,
// and the next start takes it out again.
func TestFailedSyncIsTold(t *testing.T) {
	for name, c := range map[string]struct{ path, part string }{
		"a partition": {"t-0", "writes to partition t-0"},
		"the journal": {"/journal/", "commits"},
		"the topics":  {"metadata.journal", "changes of topics"},
	} {
		t.Run(name, func(t *testing.T) {
			var broken atomic.Bool
			fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
				sync := op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSyncTo
				if broken.Load() && sync && strings.Contains(op.Path, c.path) {
					return syscall.EIO
				}
				return nil
			}))
			ledger := damage.NewLedger(slog.New(slog.DiscardHandler), time.Now)
			ctx := context.Background()
			l := mustOpen(t, Config{FS: fs, Dir: "/d", Damage: ledger})
			mustCreate(t, l, "t", 1, nil)
			mustCreate(t, l, "u", 1, nil)
			use := func(n int) {
				_, _ = l.Append(ctx, one("t", "x"), commitlog.AcksDurable)
				_, _ = l.Commit(ctx, commitlog.Commit{Group: "g", Task: "0", Owner: 1, Appends: []commitlog.PartitionBatch{one("u", "y")}})
				_, _ = l.CreateTopic(ctx, commitlog.TopicSpec{Name: fmt.Sprint("v", n), Partitions: 1, ReplicationFactor: 1})
			}
			use(0)
			if f := ledger.Faults(); len(f) != 0 {
				t.Fatalf("out of service before anything failed: %v", f)
			}
			broken.Store(true)
			use(1)
			broken.Store(false)
			f, out := ledger.Out(c.part)
			if !out || !strings.Contains(f.Reason, "input/output error") || !strings.Contains(f.Remedy, "restart") {
				t.Errorf("the ledger has %v", ledger.Faults())
			}
			if _, err := l.Append(ctx, one("u", "z"), commitlog.AcksDurable); err != nil {
				t.Errorf("another partition: %v", err)
			}
			_ = l.Close()
			ledger = damage.NewLedger(slog.New(slog.DiscardHandler), time.Now)
			l = mustOpen(t, Config{FS: fs, Dir: "/d", Damage: ledger})
			if f := ledger.Faults(); len(f) != 0 {
				t.Errorf("out of service after the restart: %v", f)
			}
			mustClose(t, l)
		})
	}
}
