package state_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tailrace/storage/state"
)

// filled is a folder with some tables, as a server leaves it: cleanly closed. states is what
// it held at each Sync: a manifest that lost its tail gives one of those, which is older
// and whole.
func filled(t *testing.T) (_ *vfs.MemFS, states []map[string]string) {
	t.Helper()
	states = []map[string]string{{}}
	fs := vfs.NewMem()
	db, err := state.OpenDB("data/state", state.DBOptions{FS: fs, CacheBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	space, err := db.Space("task")
	if err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		b := space.NewBatch()
		for i := range 400 {
			if err := b.Set([]byte(keyOf(i*(round+1))), []byte(strings.Repeat(fmt.Sprint(i, " "), 20))); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(b.Commit(), db.Sync()); err != nil {
			t.Fatal(err)
		}
		now, err := allOf(space)
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, now)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return fs, states
}

func readFile(t *testing.T, fs vfs.FS, name string) []byte {
	t.Helper()
	f, err := fs.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeFile(t *testing.T, fs vfs.FS, name string, b []byte) {
	t.Helper()
	f, err := fs.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// allOf reads a whole space.
func allOf(s *state.Space) (map[string]string, error) {
	it, err := s.Iter(nil, nil)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for it.Next() {
		out[string(it.Key())] = string(it.Value())
	}
	return out, it.Close()
}

// TestDamageIsSurvived damages every file of a state's folder in every way, before it is
// opened and while it is open. The database opens, answers what was written or that it is
// damaged, and never anything else; then it begins anew, and keeps what was broken.
func TestDamageIsSurvived(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	healthy, want := filled(t)
	names, err := healthy.List("data/state")
	if err != nil {
		t.Fatal(err)
	}
	type fault struct {
		name string
		make func(b []byte) []byte // nil: no file
	}
	faults := []fault{{"removed", nil}, {"emptied", func([]byte) []byte { return []byte{} }},
		{"cut in half", func(b []byte) []byte { return b[:len(b)/2] }},
		{"its last byte cut", func(b []byte) []byte { return b[:max(0, len(b)-1)] }},
		{"zeroed", func(b []byte) []byte { return make([]byte, len(b)) }}}
	for range 12 {
		share := r.Float64()
		faults = append(faults, fault{fmt.Sprintf("a bit flipped at %.4f", share), func(b []byte) []byte {
			if len(b) > 0 {
				b[int(share*float64(len(b)))] ^= 1 << r.IntN(8)
			}
			return b
		}})
	}
	kept, cases := 0, 0
	for _, name := range names {
		if name == "LOCK" {
			continue
		}
		for _, f := range faults {
			for _, running := range []bool{false, true} {
				label := fmt.Sprintf("%s %s, running %v, seed %d", name, f.name, running, seed)
				cases++
				fs := vfs.NewMem()
				if err := fs.MkdirAll("data/state", 0o755); err != nil {
					t.Fatal(err)
				}
				for _, n := range names {
					writeFile(t, fs, path.Join("data/state", n), readFile(t, healthy, path.Join("data/state", n)))
				}
				spoil := func() {
					full := path.Join("data/state", name)
					if err := fs.Remove(full); err != nil {
						return // opening has replaced it
					}
					b := readFile(t, healthy, full)
					if f.make != nil {
						writeFile(t, fs, full, f.make(b))
					}
				}
				if survive(t, label, fs, want, running, spoil) {
					kept++
				}
			}
		}
	}
	t.Logf("%d of %d cases were damage", kept, cases)
	if kept == 0 {
		t.Error("nothing was found damaged")
	}
}

// survive opens the database, with the fault before or after, and uses it; it reports
// whether the folder was moved aside.
func survive(t *testing.T, label string, fs vfs.FS, want []map[string]string, running bool, spoil func()) bool {
	t.Helper()
	if !running {
		spoil()
	}
	var told []string
	db, err := state.OpenDB("data/state", state.DBOptions{FS: fs, CacheBytes: 1 << 16, Damaged: func(reason error, kept string) {
		told = append(told, kept)
	}})
	if err != nil {
		t.Errorf("%s: does not open: %v", label, err)
		return false
	}
	if running {
		spoil()
	}
	use := func() error {
		space, err := db.Space("task")
		if err != nil {
			t.Errorf("%s: no space: %v", label, err)
			return nil
		}
		got, err := allOf(space)
		if err != nil {
			return err
		}
		known := slices.ContainsFunc(want, func(m map[string]string) bool { return maps.Equal(got, m) })
		if len(told) == 0 && !known || len(told) > 0 && len(got) != 0 {
			t.Errorf("%s: %d keys read, want what was written, or none when it is told to be damaged (%q)", label, len(got), told)
		}
		if _, _, err := space.Get(nil, []byte(keyOf(3))); err != nil {
			return err
		}
		b := space.NewBatch()
		if err := errors.Join(b.Set([]byte("new"), []byte("1")), b.Commit()); err != nil {
			return err
		}
		if err := db.Sync(); err != nil {
			return err
		}
		return space.Clear()
	}
	if err := use(); err != nil {
		if !errors.Is(err, state.ErrDamaged) {
			t.Errorf("%s: %v\nwant ErrDamaged", label, err)
		}
		if err := use(); err != nil {
			t.Errorf("%s: after it began anew: %v", label, err)
		}
	}
	for _, kept := range told {
		if _, err := fs.Stat(kept); err != nil {
			t.Errorf("%s: what was damaged is not kept: %v", label, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Errorf("%s: close: %v", label, err)
	}
	return len(told) > 0
}

// TestDamagedCopiesAreBounded: of folders that were moved aside the last two are kept.
func TestDamagedCopiesAreBounded(t *testing.T) {
	fs, _ := filled(t)
	for range 4 {
		names, err := fs.List("data/state")
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			if strings.HasPrefix(n, "MANIFEST") {
				writeFile(t, fs, path.Join("data/state", n), []byte("no manifest at all"))
			}
		}
		db, err := state.OpenDB("data/state", state.DBOptions{FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	names, err := fs.List("data")
	if err != nil {
		t.Fatal(err)
	}
	if len(names) != 3 {
		t.Errorf("beside each other lie %q, want the state and two copies", names)
	}
}
