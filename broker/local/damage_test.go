package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tailrace/storage/commitlog"
	"tailrace/storage/commitlog/logtest"
	"tailrace/storage/damage"
	"tailrace/storage/env"
	"tailrace/storage/record"
	"tailrace/storage/segment"
)

// damageRecords is how many records each partition of the damage test holds, one a batch;
// the segments hold some ten.
const damageRecords = 60

// makeDamaged makes a data folder with what a log has: a topic of two partitions with several
// segments, a compacted one, positions of a group, and commits in the journal.
func makeDamaged(t *testing.T, clean bool) *vfs.MemFS {
	t.Helper()
	fs := vfs.NewCrashableMem()
	l := mustOpen(t, Config{FS: fs, Dir: "/d"})
	small := map[string]string{"internal.segment.bytes": "1500", "index.interval.bytes": "100"}
	mustCreate(t, l, "a", 2, small)
	mustCreate(t, l, "keyed", 1, map[string]string{"internal.segment.bytes": "1500", "cleanup.policy": "compact"})
	ctx := context.Background()
	for i := range damageRecords {
		for p := range 2 {
			b := commitlog.PartitionBatch{TopicPartition: part("a", p), Batch: logtest.Batch(int64(i+1), damageValue(i))}
			if _, err := l.Append(ctx, b, commitlog.AcksDurable); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range 5 {
		_, err := l.Commit(ctx, commitlog.Commit{Group: "g", Task: "0", Owner: 1, Appends: []commitlog.PartitionBatch{keyedBatch(t, i)},
			Positions: map[commitlog.TopicPartition]commitlog.Position{part("a", 0): {Offset: commitlog.Offset(i + 1)}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	l.tick() // the checkpoints, as they are stored every two seconds
	if clean {
		mustClose(t, l)
		return fs
	}
	killed := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))})
	mustClose(t, l)
	return killed
}

func damageValue(i int) string { return fmt.Sprintf("%03d %s", i, strings.Repeat("x", 50)) }

func keyedBatch(t *testing.T, i int) commitlog.PartitionBatch {
	t.Helper()
	b := record.NewBuilder(record.Options{})
	b.Append(1, []byte("k"), fmt.Append(nil, i), nil)
	batch, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return commitlog.PartitionBatch{TopicPartition: part("keyed", 0), Batch: batch}
}

// harms are the ways to damage a file.
var harms = []struct {
	name string
	do   func(b []byte) []byte // nil: remove the file
}{
	{"removed", nil},
	{"emptied", func(b []byte) []byte { return nil }},
	{"cut in half", func(b []byte) []byte { return b[:len(b)/2] }},
	{"first byte flipped", func(b []byte) []byte { b[0] ^= 4; return b }},
	{"middle flipped", func(b []byte) []byte { b[len(b)/2] ^= 4; return b }},
	{"last byte flipped", func(b []byte) []byte { b[len(b)-1] ^= 4; return b }},
}

// damagedFiles names kinds of files by what their paths look like; of several files the
// chosen one is damaged.
var damagedFiles = []struct {
	kind    string
	pattern string
	pick    func(names []string) string
}{
	{"metadata log", `^metadata\.journal$`, first},
	{"metadata copy", `^metadata\.copy\.journal$`, first},
	{"meta.properties", `^meta\.properties$`, first},
	{"recovery points", `^recovery-point-offset-checkpoint$`, first},
	{"log starts", `^log-start-offset-checkpoint$`, first},
	{"cleaner checkpoint", `^cleaner-offset-checkpoint$`, first},
	{"partition.metadata", `^a-0/partition\.metadata$`, first},
	{"leader epochs", `^a-0/leader-epoch-checkpoint$`, first},
	{"first segment", `^a-0/\d+\.log$`, first},
	{"middle segment", `^a-0/\d+\.log$`, func(ns []string) string { return ns[len(ns)/2] }},
	{"last segment", `^a-0/\d+\.log$`, last},
	{"index", `^a-0/\d+\.index$`, func(ns []string) string { return ns[len(ns)/2] }},
	{"time index", `^a-0/\d+\.timeindex$`, func(ns []string) string { return ns[len(ns)/2] }},
	{"producer snapshot", `^a-0/\d+\.snapshot$`, last},
	{"positions of groups", `^__consumer_offsets-\d+/\d+\.log$`, first},
	{"journal", `^journal/\d+\.journal$`, last},
	{"clean shutdown marker", `^\.kafka_cleanshutdown$`, first},
}

func first(ns []string) string { return ns[0] }
func last(ns []string) string  { return ns[len(ns)-1] }

// TestDamage damages every kind of file in every way, after a kill and after a clean stop.
// Whatever it is, the log opens; what is not damaged is there, whole; what is missing is
// told; nothing that was acknowledged is given to others; and no folder is removed. The
// table states which kinds may cost records at all.
func TestDamage(t *testing.T) {
	mayLose := map[string]bool{"first segment": true, "middle segment": true, "last segment": true}
	for _, clean := range []bool{true, false} {
		stop := map[bool]string{true: "stopped", false: "killed"}[clean]
		for _, file := range damagedFiles {
			for _, harm := range harms {
				fs := makeDamaged(t, clean)
				name := damage1(t, fs, file.pattern, file.pick, harm.do)
				if name == "" {
					continue // a kill leaves no marker, a clean stop an empty journal
				}
				what := fmt.Sprintf("%s, %s (%s) %s", stop, file.kind, name, harm.name)
				checkDamaged(t, fs, what, mayLose[file.kind], strings.HasPrefix(file.kind, "positions"))
			}
		}
	}
}

// damage1 harms one file and returns its name.
func damage1(t *testing.T, fs *vfs.MemFS, pattern string, pick func([]string) string, do func([]byte) []byte) string {
	t.Helper()
	var names []string
	var walk func(dir string)
	walk = func(dir string) {
		entries, err := fs.List(path.Join("/d", dir))
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(entries)
		for _, e := range entries {
			rel := path.Join(dir, e)
			if st, err := fs.Stat(path.Join("/d", rel)); err == nil && st.IsDir() {
				walk(rel)
			} else if regexp.MustCompile(pattern).MatchString(rel) {
				names = append(names, rel)
			}
		}
	}
	walk("")
	if len(names) == 0 {
		return ""
	}
	name := pick(names)
	b, err := env.ReadFile(fs, path.Join("/d", name))
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(name, ".log") || strings.HasSuffix(name, ".journal") {
		b = []byte(strings.TrimRight(string(b), "\x00")) // what is reserved ahead is no content
	}
	switch {
	case do == nil:
		err = fs.Remove(path.Join("/d", name))
	case len(b) == 0:
		return ""
	default:
		err = env.ReplaceFile(fs, path.Join("/d", name), do(b))
	}
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func checkDamaged(t *testing.T, fs *vfs.MemFS, what string, mayLose, positions bool) {
	t.Helper()
	ledger := damage.NewLedger(slog.New(slog.DiscardHandler), time.Now)
	l, err := Open(Config{FS: fs, Dir: "/d", Damage: ledger})
	if err != nil {
		t.Errorf("%s: the log does not open: %v", what, err)
		return
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Errorf("%s: close: %v", what, err)
		}
	}()
	ctx := context.Background()
	for p := range 2 {
		missing, err := damagedRange(ctx, l, part("a", p))
		switch {
		case err != nil:
			t.Errorf("%s: partition a-%d: %v", what, p, err)
		case missing > 0 && (p == 1 || !mayLose):
			t.Errorf("%s: %d records of a-%d are missing", what, missing, p)
		case missing > 0 && len(ledger.Faults()) == 0:
			t.Errorf("%s: %d records of a-%d are missing, and nobody was told", what, missing, p)
		}
		at, err := l.Append(ctx, commitlog.PartitionBatch{TopicPartition: part("a", p), Batch: logtest.Batch(1, "new")}, commitlog.AcksDurable)
		if err != nil || at < damageRecords {
			t.Errorf("%s: a new record of a-%d is at %d (%v), where one was that had been acknowledged", what, p, at, err)
		}
	}
	at, err := l.Positions(ctx, "g")
	switch {
	case err != nil && len(ledger.Faults()) == 0:
		t.Errorf("%s: positions cannot be told (%v), and nobody was told why", what, err)
	case err == nil && at[part("a", 0)].Offset != 5 && !(positions && len(ledger.Faults()) > 0):
		t.Errorf("%s: the group is at %v, want 5", what, at)
	}
}

// damagedRange reads a partition, over holes, and returns how many of its records cannot be
// read. Those that can be are what was written.
func damagedRange(ctx context.Context, l *Log, tp commitlog.TopicPartition) (missing int, err error) {
	buf := make([]byte, 1<<16)
	for at := commitlog.Offset(0); at < damageRecords; {
		f, err := l.Read(ctx, tp, at, buf)
		var values []logtest.Value
		if err == nil {
			values, err = logtest.Decode(at, f.Batches)
		}
		if err == nil && len(values) == 0 {
			err = fmt.Errorf("nothing at offset %d, bounds %v", at, f.Bounds)
		}
		if err != nil && !errors.Is(err, commitlog.ErrDamaged) {
			return missing, err
		}
		if err != nil {
			missing++
			at++
			continue
		}
		for _, v := range values {
			if v.Offset != at {
				return missing, fmt.Errorf("offset %d follows %d without a word", v.Offset, at-1)
			}
			if at < damageRecords && v.Value != damageValue(int(at)) {
				return missing, fmt.Errorf("offset %d holds %q", at, v.Value)
			}
			at++
		}
	}
	return missing, nil
}

// TestVerifyAndRepair: verify names the damage that a start would, and changes nothing;
// repair makes it a gap, keeps the damaged file, and the next start has nothing to say:
// what was whole is read, over the gap.
func TestVerifyAndRepair(t *testing.T) {
	for _, file := range damagedFiles {
		if !strings.HasSuffix(file.kind, "segment") {
			continue
		}
		for _, harm := range harms {
			fs := makeDamaged(t, true)
			what := file.kind + " " + harm.name
			if findings(t, fs, what) != 0 {
				t.Fatalf("%s: a whole folder has findings", what)
			}
			damage1(t, fs, file.pattern, file.pick, harm.do)
			if findings(t, fs, what) == 0 || findings(t, fs, what) == 0 {
				t.Errorf("%s: verify finds nothing", what)
			}
			o, _, err := OpenOffline(fs, "/d")
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			if err := o.Repair(func(text string) { said = append(said, text) }); err != nil || len(said) == 0 {
				t.Errorf("%s: repair says %q, %v", what, said, err)
			}
			_ = o.Close()
			if n := findings(t, fs, what); n != 0 {
				t.Errorf("%s: %d findings after the repair", what, n)
			}
			ledger := damage.NewLedger(slog.New(slog.DiscardHandler), time.Now)
			l := mustOpen(t, Config{FS: fs, Dir: "/d", Damage: ledger})
			if f := ledger.Faults(); len(f) > 0 {
				t.Errorf("%s: after the repair %v", what, f)
			}
			vs, err := logtest.ReadAll(context.Background(), l, part("a", 0))
			if err != nil || len(vs) >= damageRecords || len(vs) < damageRecords/2 {
				t.Errorf("%s: %d of %d records after the repair, %v", what, len(vs), damageRecords, err)
			}
			for _, v := range vs {
				if v.Value != damageValue(int(v.Offset)) {
					t.Errorf("%s: offset %d holds %q", what, v.Offset, v.Value)
				}
			}
			at, err := l.Append(context.Background(), commitlog.PartitionBatch{TopicPartition: part("a", 0), Batch: logtest.Batch(1, "new")}, commitlog.AcksDurable)
			if err != nil || at != damageRecords {
				t.Errorf("%s: a new record is at %d (%v), want %d", what, at, err, damageRecords)
			}
			mustClose(t, l)
		}
	}
}

// findings counts the damage that verify names.
func findings(t *testing.T, fs env.FS, what string) (n int) {
	t.Helper()
	o, found, err := OpenOffline(fs, "/d")
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	count := func(f Finding) {
		if f.Damage {
			n++
			if f.Reason == "" || f.Remedy == "" || f.File == "" {
				t.Errorf("%s: finding %+v", what, f)
			}
		}
	}
	for _, f := range found {
		count(f)
	}
	if err := o.Verify(func(commitlog.TopicPartition, segment.Report) {}, count); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestDump prints every file of a folder.
func TestDump(t *testing.T) {
	fs := makeDamaged(t, false)
	var walk func(dir string)
	walk = func(dir string) {
		entries, err := fs.List(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			name := path.Join(dir, e)
			if st, err := fs.Stat(name); err == nil && st.IsDir() {
				walk(name)
				continue
			}
			var out strings.Builder
			if err := Dump(fs, name, &out, true); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for pattern, want := range map[string]string{`/a-0/0+\.log`: `value: "000 xxx`, `__consumer_offsets.*log`: "group: g partition: a-0 offset: 5",
				`metadata\.`: `"op":"topic"`, `/\d+\.journal$`: "commit version: 1 group: g task: 0", `snapshot`: "producerId", `index$`: "offset: "} {
				if st, _ := fs.Stat(name); regexp.MustCompile(pattern).MatchString(name) && st.Size() > 100 && !strings.Contains(out.String(), want) && !strings.Contains(name, "a-0/0000000000000000000.index") {
					t.Errorf("%s: %.300s\nwant %s in it", name, out.String(), want)
				}
			}
		}
	}
	walk("/d")
}
