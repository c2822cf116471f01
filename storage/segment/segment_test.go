package segment

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"tailrace/storage/env"
	"tailrace/storage/record"
)

var t0 = time.UnixMilli(1_700_000_000_000)

// kit is a log under test, and what is needed to open it again.
type kit struct {
	*testing.T
	fs  env.FS
	cfg Config
	log *Log
	rec Recovery
}

func newKit(t *testing.T, cfg Config) *kit {
	k := &kit{T: t, fs: vfs.NewMem(), cfg: cfg}
	k.open(0)
	return k
}

func (k *kit) open(point int64) {
	k.Helper()
	var err error
	k.log, k.rec, err = Open(Options{FS: k.fs, Files: NewFiles(k.fs, 4), Dir: "/t-0", Config: k.cfg, Now: t0, RecoveryPoint: point, StartUnknown: true})
	if err != nil {
		k.Fatal(err)
	}
}

func small() Config {
	c := DefaultConfig()
	c.SegmentBytes, c.IndexIntervalBytes = 2000, 200
	return c
}

type kv struct{ key, value string } // value "-" is null

func (k *kit) try(o record.Options, ms int64, kvs ...kv) (Mark, error) {
	k.Helper()
	b := record.NewBuilder(o)
	for _, r := range kvs {
		value := []byte(r.value)
		if r.value == "-" {
			value = nil
		}
		b.Append(ms, []byte(r.key), value, nil)
	}
	batch, err := b.Finish()
	if err != nil {
		k.Fatal(err)
	}
	record.SetBaseOffset(batch, k.log.End().Offset)
	h, err := record.ParseHeader(batch)
	if err != nil {
		k.Fatal(err)
	}
	return k.log.Append(batch, &h, t0)
}

func (k *kit) append(ms int64, kvs ...kv) {
	k.Helper()
	if _, err := k.try(record.Options{}, ms, kvs...); err != nil {
		k.Fatal(err)
	}
}

// fill appends n batches of one record of some 100 bytes, a second apart.
func (k *kit) fill(n int) {
	k.Helper()
	for range n {
		at := k.log.End().Offset
		k.append(t0.UnixMilli()+at*1000, kv{fmt.Sprint("k", at), strings.Repeat("v", 30)})
	}
}

// text is every record from an offset on.
func (k *kit) text(from int64) string {
	k.Helper()
	var s strings.Builder
	var it record.Iter
	for {
		r, err := k.log.Locate(from, ReadLimit{MaxBytes: 700, MinOne: true, To: k.log.End()})
		if err != nil {
			k.Fatal(err)
		}
		if r.Empty() {
			return strings.TrimSpace(s.String())
		}
		b := make([]byte, r.Len)
		if _, err := r.ReadAt(b, 0); err != nil {
			k.Fatal(err)
		}
		r.Release()
		for len(b) > 0 {
			if _, err := record.Verify(b); err != nil {
				k.Fatal(err)
			}
			if err := it.Reset(b); err != nil {
				k.Fatal(err)
			}
			for it.Next() {
				if r := it.Record(); r.Offset >= from {
					v := string(r.Value)
					if r.Value == nil {
						v = "-"
					}
					fmt.Fprintf(&s, "%d:%s=%s ", r.Offset, r.Key, v)
				}
			}
			from = it.Header().NextOffset()
			b = b[it.Header().Size():]
		}
	}
}

func (k *kit) flush() {
	k.Helper()
	if _, err := k.log.Flush(); err != nil {
		k.Fatal(err)
	}
}

func (k *kit) close() {
	k.Helper()
	if err := k.log.Close(); err != nil {
		k.Fatal(err)
	}
}

func TestReadFromEveryOffset(t *testing.T) {
	k := newKit(t, small())
	k.fill(100)
	if n := k.log.Segments(); n < 4 {
		t.Fatalf("%d segments", n)
	}
	check := func() {
		t.Helper()
		for from := range int64(100) {
			if n := strings.Count(k.text(from), "="); n != int(100-from) {
				t.Fatalf("from %d: %d records", from, n)
			}
		}
	}
	check()
	k.close()
	k.open(100)
	if k.rec.ScannedBytes > 1000 {
		t.Errorf("%d bytes were scanned after a clean end", k.rec.ScannedBytes)
	}
	check()
	k.fill(20)
	if n := strings.Count(k.text(90), "="); n != 30 {
		t.Errorf("%d records after 90", n)
	}
}

func TestRangesEndAtBatches(t *testing.T) {
	k := newKit(t, small())
	k.fill(15)
	size := int(k.log.Size() / 15)
	for limit := 0; limit < 12*size; limit += 7 {
		r, err := k.log.Locate(2, ReadLimit{MaxBytes: limit, To: k.log.End()})
		if err != nil {
			t.Fatal(err)
		}
		want := min(limit/size, 13)
		if r.Len < (want-1)*size || r.Len > limit || r.Len > 0 && r.Next != 2+int64((r.Len+size/2)/size) {
			t.Fatalf("limit %d: range of %d bytes to offset %d, a batch has some %d", limit, r.Len, r.Next, size)
		}
		r.Release()
	}
}

func TestRecoveryCutsTornTail(t *testing.T) {
	for _, tc := range []struct {
		name string
		harm func(k *kit, path string, size int64)
		want int // records that stay of 10
	}{
		{"zeros behind the end", func(k *kit, path string, size int64) { k.poke(path, size, make([]byte, 5000)) }, 10},
		{"half a batch", func(k *kit, path string, size int64) {
			if err := env.Truncate(k.fs, path, size-10); err != nil {
				k.Fatal(err)
			}
		}, 9},
		{"a flipped bit", func(k *kit, path string, size int64) { k.poke(path, size-5, []byte{0xff}) }, 9},
		{"a hole", func(k *kit, path string, size int64) { k.poke(path, size/2, make([]byte, 64)) }, 5},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := small()
			cfg.SegmentBytes = 1 << 20
			k := newKit(t, cfg)
			k.fill(10)
			size := k.log.Size()
			k.log.closeFiles() // as a crash does: nothing is written
			tc.harm(k, "/t-0/00000000000000000000.log", size)
			k.open(0)
			if n := strings.Count(k.text(0), "="); n < tc.want-1 || n > tc.want || k.rec.Truncated == 0 {
				t.Errorf("%d records, want %d; %+v", n, tc.want, k.rec)
			}
			k.fill(3)
			want := k.text(0)
			k.close()
			k.open(0)
			if got := k.text(0); got != want {
				t.Errorf("after appending and reopening\n got %s\nwant %s", got, want)
			}
		})
	}
}

func (k *kit) poke(path string, at int64, b []byte) {
	k.Helper()
	f, err := k.fs.OpenReadWrite(path, env.LogWrites)
	if err == nil {
		_, err = f.WriteAt(b, at)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		k.Fatal(err)
	}
}

func TestIndexesAreRebuilt(t *testing.T) {
	k := newKit(t, small())
	k.fill(100)
	want := k.text(0)
	k.close()
	names, err := k.fs.List("/t-0")
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, name := range names {
		if strings.HasSuffix(name, "index") {
			if rng.IntN(2) == 0 {
				if err := k.fs.Remove("/t-0/" + name); err != nil {
					t.Fatal(err)
				}
			} else {
				k.poke("/t-0/"+name, 0, make([]byte, 100))
			}
		}
	}
	k.open(0)
	if got := k.text(0); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if tm, ok, err := k.log.FindTime(t0.UnixMilli()+50_500, k.log.End()); err != nil || !ok || tm.Offset != 51 {
		t.Errorf("by time: %+v %v %v", tm, ok, err)
	}
}

// Records without a timestamp, or from before 1970, are as old as their file (Kafka's
// rule); with RetentionByAppend all are.
func TestRetentionByTheFile(t *testing.T) {
	for _, tc := range []struct {
		name     string
		ms       int64
		byAppend bool
		kept     bool
	}{
		{"no timestamp", -1, false, true},
		{"before 1970", -86_400_000, false, true},
		{"1970", 0, false, false},
		{"old", 1_000_000_000_000, false, false},
		{"old, by the time of the append", 1_000_000_000_000, true, true},
	} {
		cfg := small()
		cfg.RetentionAge, cfg.RetentionByAppend = time.Hour, tc.byAppend
		k := newKit(t, cfg)
		k.append(tc.ms, kv{"a", "1"})
		k.flush()
		now := time.Now() // which is when the file was written
		if _, err := k.log.Retain(now, k.log.End().Offset, nil); err != nil || (k.log.Start() == 0) != tc.kept {
			t.Errorf("%s: the log starts at %d (%v), want the record kept: %v", tc.name, k.log.Start(), err, tc.kept)
		}
		if _, err := k.log.Retain(now.Add(2*time.Hour), k.log.End().Offset, nil); err != nil || k.log.Start() != 1 {
			t.Errorf("%s, two hours later: the log starts at %d (%v), want 1", tc.name, k.log.Start(), err)
		}
	}
}

func TestRetention(t *testing.T) {
	cfg := small()
	cfg.RetentionAge, cfg.FileDeleteDelay = time.Minute, time.Second
	k := newKit(t, cfg)
	k.fill(100)
	k.flush()
	end := k.log.End().Offset
	at := func(s int) time.Time { return t0.Add(time.Duration(s) * time.Second) }
	if n, err := k.log.Retain(at(50), end, nil); n != 0 || err != nil {
		t.Errorf("nothing is old yet: %d %v", n, err)
	}
	if _, err := k.log.Retain(at(110), 10, nil); err != nil || k.log.Start() > 10 {
		t.Errorf("retention went above the high watermark: start %d, %v", k.log.Start(), err)
	}
	if _, err := k.log.Retain(at(110), end, nil); err != nil || k.log.Start() < 30 || k.log.Start() > 50 {
		t.Errorf("by time: start %d, %v", k.log.Start(), err)
	}
	cfg.RetentionAge, cfg.RetentionBytes = -1, 4000
	k.log.SetConfig(cfg)
	if _, err := k.log.Retain(at(112), end, nil); err != nil || k.log.Size() < 4000 || k.log.Size() > 6100 {
		t.Errorf("by size: %d bytes, %v", k.log.Size(), err)
	}
	k.log.TruncatePrefix(98)
	if _, err := k.log.Retain(at(114), end, nil); err != nil || k.log.Start() != 98 || k.log.Segments() != 1 {
		t.Errorf("by log start: start %d, %d segments, %v", k.log.Start(), k.log.Segments(), err)
	}
	cfg.RetentionAge = time.Minute
	k.log.SetConfig(cfg)
	if _, err := k.log.Retain(at(1000), end, nil); err != nil || k.log.Start() != 100 || k.log.Size() != 0 {
		t.Errorf("the active segment is old, too: start %d, %d bytes, %v", k.log.Start(), k.log.Size(), err)
	}
	if _, err := k.log.Retain(at(2000), end, nil); err != nil {
		t.Error(err)
	}
	names, _ := k.fs.List("/t-0")
	for _, name := range names {
		if strings.HasSuffix(name, deletedSuffix) {
			t.Errorf("%s was not unlinked", name)
		}
	}
	k.fill(1)
	if got := k.text(100); !strings.HasPrefix(got, "100:") {
		t.Errorf("the log goes on at 100: %s", got)
	}
	k.close()
	k.open(101)
	if k.log.Start() != 100 || k.log.End().Offset != 101 {
		t.Errorf("after reopening: %d to %d", k.log.Start(), k.log.End().Offset)
	}
}

// A full disk refuses appends and takes them again; the log never holds half a batch.
func TestFullDisk(t *testing.T) {
	full := false
	inner := vfs.NewMem()
	fs := errorfs.Wrap(inner, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if full && (op.Kind == errorfs.OpFileWriteAt || op.Kind == errorfs.OpFileWrite || op.Kind == errorfs.OpCreate) {
			return syscall.ENOSPC
		}
		return nil
	}))
	k := &kit{T: t, fs: fs, cfg: small()}
	k.open(0)
	k.fill(10)
	for range 5 {
		full = true
		for range 3 {
			if _, err := k.try(record.Options{}, 1, kv{"x", strings.Repeat("y", 500)}); !env.IsNoSpace(err) {
				t.Fatalf("on a full disk: %v", err)
			}
		}
		full = false
		k.fill(7)
	}
	want := k.text(0)
	if n := strings.Count(want, "="); n != 45 {
		t.Errorf("%d records", n)
	}
	k.flush()
	k.close()
	k.open(0)
	if got := k.text(0); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// After a failed fsync nobody knows what is on disk: no more appends, whatever the next
// fsync would say.
func TestFailedFsyncStopsTheLog(t *testing.T) {
	broken := false
	fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if broken && op.Kind == errorfs.OpFileSyncData {
			broken = false // only once
			return syscall.EIO
		}
		return nil
	}))
	k := &kit{T: t, fs: fs, cfg: small()}
	k.open(0)
	k.fill(3)
	broken = true
	if _, err := k.log.Flush(); !errors.Is(err, ErrFailed) || !errors.Is(err, syscall.EIO) {
		t.Errorf("Flush: %v", err)
	}
	if _, err := k.log.Flush(); !errors.Is(err, ErrFailed) {
		t.Errorf("the second Flush: %v", err)
	}
	if _, err := k.try(record.Options{}, 1, kv{"x", "y"}); !errors.Is(err, ErrFailed) {
		t.Errorf("Append: %v", err)
	}
	if k.log.Flushed() != 0 {
		t.Errorf("flushed to %d", k.log.Flushed())
	}
}

// Being out of descriptors refuses what needs one and harms nothing: the log goes on when there
// are some again, also where a flush, or a roll, had failed half way.
func TestOutOfDescriptors(t *testing.T) {
	out := false
	fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if out && (op.Kind == errorfs.OpCreate || op.Kind == errorfs.OpOpen || op.Kind == errorfs.OpOpenDir) {
			return syscall.EMFILE
		}
		return nil
	}))
	k := &kit{T: t, fs: fs, cfg: small()}
	k.open(0)
	k.fill(30)
	flushes, appends := 0, 0
	for range 5 {
		out = true
		k.log.o.Files.Shed()
		refused := func(doing string, err error, count *int) {
			t.Helper()
			if err == nil {
				return
			}
			if *count++; !env.IsNoDescriptors(err) || errors.Is(err, ErrFailed) {
				t.Fatalf("%s: %v", doing, err)
			}
		}
		_, err := k.log.Flush()
		refused("Flush", err, &flushes)
		for range 20 {
			_, err := k.try(record.Options{}, 1, kv{"x", "y"})
			refused("Append", err, &appends)
		}
		out = false
		k.fill(3)
		k.flush()
		if got, end := k.log.Flushed(), k.log.End().Offset; got != end {
			t.Fatalf("flushed to %d of %d", got, end)
		}
	}
	if flushes == 0 || appends == 0 {
		t.Errorf("%d flushes and %d appends were refused", flushes, appends)
	}
	want := k.text(0)
	k.close()
	k.open(0)
	if got := k.text(0); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// TestReservedBlocks: a small log takes little more disk than its records, and what was
// reserved ahead of a larger one is given back after a crash.
func TestReservedBlocks(t *testing.T) {
	dir := t.TempDir()
	open := func(name string) *kit {
		k := &kit{T: t, fs: env.Disk, cfg: DefaultConfig()}
		var err error
		k.log, k.rec, err = Open(Options{FS: k.fs, Files: NewFiles(k.fs, 4), Dir: filepath.Join(dir, name), Config: k.cfg, Now: t0, StartUnknown: true})
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	spare := func(name string) int64 {
		st, err := os.Stat(filepath.Join(dir, name, "00000000000000000000.log"))
		if err != nil {
			t.Fatal(err)
		}
		return st.Sys().(*syscall.Stat_t).Blocks*512 - st.Size()
	}
	open("small").fill(1)
	if n := spare("small"); n > 16<<10 {
		t.Errorf("a record of 100 bytes has %d bytes of disk to spare", n)
	}
	open("large").fill(2000)
	if spare("large") < 16<<10 {
		t.Skip("this file system reserves nothing")
	}
	open("large") // the one before was never closed
	if n := spare("large"); n > 16<<10 {
		t.Errorf("%d bytes of disk stay reserved after a crash", n)
	}
}
