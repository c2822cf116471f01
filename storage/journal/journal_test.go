package journal

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

func open(t *testing.T, fs vfs.FS) (*Journal, []string) {
	t.Helper()
	var got []string
	j, err := Open(fs, "/j", func(p []byte) error { got = append(got, string(p)); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return j, got
}

func TestEntriesComeBackInOrder(t *testing.T) {
	fs := vfs.NewMem()
	j, _ := open(t, fs)
	var want []string
	add := func(ss ...string) {
		t.Helper()
		var ps [][]byte
		for _, s := range ss {
			ps = append(ps, []byte(s))
		}
		if err := j.Append(ps...); err != nil {
			t.Fatal(err)
		}
		want = append(want, ss...)
	}
	add("a", "b")
	add("c")
	if err := j.Rotate(); err != nil {
		t.Fatal(err)
	}
	add("d", strings.Repeat("e", 100_000))
	_ = j.Close()
	j, got := open(t, fs)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("\n got %.100v\nwant %.100v", got, want)
	}
	if !j.Empty() {
		t.Error("a journal begins with an empty file")
	}
	if err := j.Remove(j.Number()); err != nil {
		t.Fatal(err)
	}
	_ = j.Close()
	if _, got := open(t, fs); len(got) != 0 {
		t.Errorf("after Remove: %.100v", got)
	}
}

// A reused file has frames of its former life behind the new ones: they must not count.
func TestReusedFilesForget(t *testing.T) {
	fs := vfs.NewMem()
	j, _ := open(t, fs)
	for round := range 10 {
		for i := range 20 {
			if err := j.Append(fmt.Appendf(nil, "%d-%02d", round, i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := j.Rotate(); err != nil {
			t.Fatal(err)
		}
		if err := j.Remove(j.Number()); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Append([]byte("x-00")); err != nil {
		t.Fatal(err)
	}
	_ = j.Close()
	if _, got := open(t, fs); fmt.Sprint(got) != "[x-00]" {
		t.Errorf("got %v", got)
	}
}

func TestPowerLossKeepsWhatWasAppended(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	fs := vfs.NewCrashableMem()
	j, _ := open(t, fs)
	first, next := 0, 0
	for range 30 {
		for range rng.IntN(10) {
			if err := j.Append([]byte(fmt.Sprint(next, strings.Repeat("x", rng.IntN(9000))))); err != nil {
				t.Fatal(err)
			}
			next++
			if rng.IntN(5) == 0 {
				if err := j.Rotate(); err != nil {
					t.Fatal(err)
				}
				if rng.IntN(2) == 0 {
					if err := j.Remove(j.Number()); err != nil {
						t.Fatal(err)
					}
					first = next
				}
			}
		}
		fs = fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
		var got []string
		j, got = open(t, fs)
		// What was removed may come back; what was kept must be there, in order, at the end.
		if len(got) < next-first {
			t.Fatalf("%d entries of %d", len(got), next-first)
		}
		for i, s := range got {
			if want := fmt.Sprint(next - len(got) + i); strings.TrimRight(s, "x") != want {
				t.Fatalf("entry %.10s where %s was due", s, want)
			}
		}
	}
}

func TestBrokenDisk(t *testing.T) {
	var fail error
	kind := errorfs.OpFileWriteAt
	fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == kind {
			return fail
		}
		return nil
	}))
	j, _ := open(t, fs)
	fail = syscall.ENOSPC
	if err := j.Append([]byte("a")); !errors.Is(err, syscall.ENOSPC) || errors.Is(err, ErrFailed) {
		t.Errorf("full disk: %v", err)
	}
	fail = nil
	if err := j.Append([]byte("b")); err != nil {
		t.Errorf("space again: %v", err)
	}
	kind, fail = errorfs.OpFileSyncData, syscall.EIO
	if err := j.Append([]byte("c")); !errors.Is(err, ErrFailed) {
		t.Errorf("failed fsync: %v", err)
	}
	fail = nil
	if err := j.Append([]byte("d")); !errors.Is(err, ErrFailed) {
		t.Errorf("after a failed fsync: %v", err)
	}
}

func FuzzReadFrames(f *testing.F) {
	whole := AppendFrame(AppendFrame(fileHead(7), 7, []byte("one")), 7, []byte("two"))
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Add(append(whole, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		fs := vfs.NewMem()
		w, err := fs.Create("/f", "test")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(append([]byte(nil), b...)); err != nil {
			t.Fatal(err)
		}
		_ = w.Close()
		_, end, err := ReadFrames(fs, "/f", func(p []byte) error {
			if len(p) == 0 || len(p) > len(b) {
				t.Errorf("entry of %d bytes in a file of %d", len(p), len(b))
			}
			return nil
		})
		if err == nil && end > int64(len(b)) {
			t.Errorf("a file of %d bytes ends at %d", len(b), end)
		}
	})
}
