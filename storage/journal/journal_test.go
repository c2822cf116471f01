package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"tailrace/storage/env"
)

func open(t *testing.T, fs vfs.FS) (*Journal, []string) {
	t.Helper()
	var got []string
	j, err := Open(fs, "/j", func(p []byte) error { got = append(got, string(p)); return nil },
		func(d Damage) { t.Errorf("damage where there is none: %+v", d) })
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

// A torn tail is cut; what fails its check although it had been durable is damage, and the
// entries behind it count.
func TestTailAndDamage(t *testing.T) {
	write := func() (env.FS, []int64) {
		fs := vfs.NewMem()
		w, err := CreateFile(fs, "/f", 9, 0)
		if err != nil {
			t.Fatal(err)
		}
		ends := []int64{headSize}
		for _, group := range [][]string{{"a"}, {"b", "c"}, {"d"}, {"e", "f"}} {
			var ps [][]byte
			for _, s := range group {
				ps = append(ps, []byte(strings.Repeat(s, 30)))
				ends = append(ends, ends[len(ends)-1]+frameHead+30)
			}
			if err := w.Append(ps...); err != nil {
				t.Fatal(err)
			}
		}
		_ = w.Close()
		return fs, ends
	}
	_, ends := write()
	for _, tc := range []struct {
		name  string
		flip  []int64 // bytes to flip
		cut   int64   // size to cut to, if not 0
		want  string
		holes int
	}{
		{"whole", nil, 0, "abcdef", 0},
		{"the last entry", []int64{ends[5] + 25}, 0, "abcde", 0},
		{"the first of the last write", []int64{ends[4] + 25}, 0, "abcd", 0},
		{"an entry in the middle", []int64{ends[1] + 25}, 0, "acdef", 1},
		{"its length", []int64{ends[1] + 5}, 0, "acdef", 1},
		{"its marker", []int64{ends[1]}, 0, "acdef", 1},
		{"the first", []int64{headSize + 25}, 0, "bcdef", 1},
		{"two apart", []int64{headSize + 25, ends[3] + 25}, 0, "bcef", 2},
		{"two side by side", []int64{ends[1] + 25, ends[2] + 25}, 0, "adef", 1},
		{"one in the middle, and the tail", []int64{ends[1] + 25, ends[5] + 25}, 0, "acde", 1},
		{"cut in an entry", nil, ends[4] + 7, "abcd", 0},
		{"cut between entries", nil, ends[3], "abc", 0},
	} {
		fs, _ := write()
		b, err := env.ReadFile(fs, "/f")
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range tc.flip {
			b[at] ^= 4
		}
		if tc.cut > 0 {
			b = b[:tc.cut]
		}
		if err := env.ReplaceFile(fs, "/f", b); err != nil {
			t.Fatal(err)
		}
		got := ""
		c, err := ReadFrames(fs, "/f", func(p []byte) error { got += string(p[:1]); return nil })
		if err != nil || got != tc.want || len(c.Holes) != tc.holes {
			t.Errorf("%s: %s, holes %v, %v\nwant %s, %d holes", tc.name, got, c.Holes, err, tc.want, tc.holes)
		}
	}
	for at := range int64(headSize) {
		fs, _ := write()
		b, _ := env.ReadFile(fs, "/f")
		b[at] ^= 1
		_ = env.ReplaceFile(fs, "/f", b)
		if _, err := ReadFrames(fs, "/f", func([]byte) error { return nil }); !errors.Is(err, ErrCorrupt) {
			t.Errorf("byte %d of the head flipped: %v, want ErrCorrupt", at, err)
		}
	}
}

// What the next file proves to have been durable is no torn tail: the end of a file that is
// over, and a file as a whole.
func TestEndsAreKnown(t *testing.T) {
	for _, tc := range []struct {
		name    string
		harm    func(b []byte) []byte // nil: the file is removed
		want    string
		damaged string
	}{
		{"whole", func(b []byte) []byte { return b }, "[a0 a1 b0 b1 c0 c1]", ""},
		{"a bit of its last entry", func(b []byte) []byte { b[headSize+2*frameHead+3] ^= 1; return b }, "[a0 a1 b0 c0 c1]", "/j/2 at 50"},
		{"cut", func(b []byte) []byte { return b[:headSize+frameHead+2] }, "[a0 a1 b0 c0 c1]", "/j/2 at 50"},
		{"emptied", func([]byte) []byte { return nil }, "[a0 a1 c0 c1]", "/j/2 at 0"},
		{"missing", nil, "[a0 a1 c0 c1]", "/j/2 at -1"},
	} {
		fs := vfs.NewMem()
		j, _ := open(t, fs)
		for i, s := range []string{"a", "b", "c"} {
			if i > 0 {
				if err := j.Rotate(); err != nil {
					t.Fatal(err)
				}
			}
			for n := range 2 {
				if err := j.Append(fmt.Append(nil, s, n)); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = j.Close()
		path := j.path(fileName(2))
		var err error
		if tc.harm == nil {
			err = fs.Remove(path)
		} else if b, _ := env.ReadFile(fs, path); true {
			err = env.ReplaceFile(fs, path, tc.harm(b))
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{tc.damaged, ""} { // a second time it is known
			var got []string
			damage := ""
			j, err := Open(fs, "/j", func(p []byte) error { got = append(got, string(p)); return nil },
				func(d Damage) {
					damage += fmt.Sprintf("%s at %d", strings.NewReplacer(strings.Repeat("0", 19), "", suffix, "").Replace(d.File), d.Offset)
				})
			if err != nil {
				t.Fatal(err)
			}
			_ = j.Close()
			if damage != want {
				t.Errorf("%s: damage %q, want %q", tc.name, damage, want)
			}
			if tc.want != fmt.Sprint(got) && want == tc.damaged {
				t.Errorf("%s: entries %v, want %s", tc.name, got, tc.want)
			}
			if tc.harm == nil {
				break // nothing is left to be set aside: it is told until the files go
			}
		}
	}
}

// Files of version 2 are read: their heads do not say where the file before them ended.
func TestVersion2(t *testing.T) {
	fs := vfs.NewMem()
	_ = fs.MkdirAll("/j", 0o755)
	b := appendFrame(fileHeadV2(7), 7, headSizeV2, []byte("one"))
	_ = env.ReplaceFile(fs, "/j/00000000000000000007.journal", appendFrame(b, 7, int64(len(b)), []byte("two")))
	if _, got := open(t, fs); fmt.Sprint(got) != "[one two]" {
		t.Errorf("a file of version 2 reads as %v", got)
	}
}

// Files of version 1 are read.
func TestVersion1(t *testing.T) {
	be := binary.BigEndian
	b := be.AppendUint64(append([]byte(nil), magicV1[:]...), 7)
	for _, s := range []string{"one", "two"} {
		head := be.AppendUint32(be.AppendUint64(nil, 7), uint32(len(s)))
		b = be.AppendUint32(b, uint32(len(s)))
		b = append(be.AppendUint32(b, crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, []byte(s))), s...)
	}
	fs := vfs.NewMem()
	_ = fs.MkdirAll("/j", 0o755)
	_ = env.ReplaceFile(fs, "/j/00000000000000000007.journal", b)
	if _, got := open(t, fs); fmt.Sprint(got) != "[one two]" {
		t.Errorf("a file of version 1 reads as %v", got)
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
	whole := appendFrame(appendFrame(fileHead(7, 0), 7, headSize, []byte("one")), 7, headSize+frameHead+3, []byte("two"))
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
		c, err := ReadFrames(fs, "/f", func(p []byte) error {
			if len(p) == 0 || len(p) > len(b) {
				t.Errorf("entry of %d bytes in a file of %d", len(p), len(b))
			}
			return nil
		})
		if err == nil && c.End > int64(len(b)) {
			t.Errorf("a file of %d bytes ends at %d", len(b), c.End)
		}
		for _, h := range c.Holes {
			if h.From >= h.To || h.To > c.End {
				t.Errorf("hole %+v in a file that ends at %d", h, c.End)
			}
		}
	})
}
