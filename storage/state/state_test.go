package state_test

import (
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/state"
	"tailrace/storage/state/statetest"
)

func openDB(t testing.TB, fs vfs.FS) *state.DB {
	t.Helper()
	db, err := state.OpenDB("state", state.DBOptions{FS: fs, CacheBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestStores(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		statetest.Store(t, func(*testing.T) state.Store { return state.NewMemory() })
	})
	t.Run("pebble", func(t *testing.T) {
		db := openDB(t, vfs.NewMem())
		defer db.Close()
		n := 0
		statetest.Store(t, func(t *testing.T) state.Store {
			n++
			s, err := db.Space(fmt.Sprint("space", n))
			if err != nil {
				t.Fatal(err)
			}
			return s
		})
	})
}

func TestSpacesAreApart(t *testing.T) {
	fs := vfs.NewMem()
	db := openDB(t, fs)
	for _, name := range []string{"q1/0_0", "q1/0_1", "q2/0_0"} {
		s, err := db.Space(name)
		if err != nil {
			t.Fatal(err)
		}
		b := s.NewBatch()
		if err := b.Set([]byte("k"), []byte(name)); err != nil {
			t.Fatal(err)
		}
		if err := b.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Drop("q1/"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = openDB(t, fs)
	defer db.Close()
	for name, want := range map[string]string{"q1/0_0": "", "q1/0_1": "", "q2/0_0": "q2/0_0", "new": ""} {
		s, err := db.Space(name)
		if err != nil {
			t.Fatal(err)
		}
		if v, _, err := s.Get(nil, []byte("k")); err != nil || string(v) != want {
			t.Errorf("space %s holds %q, %v; want %q", name, v, err, want)
		}
	}
}

// model is what a task's state must equal: what was committed, and what is not yet.
type model map[string]string

func (m model) String() string {
	var out []string
	for k, v := range m {
		out = append(out, k+"="+v)
	}
	sort.Strings(out)
	return strings.Join(out, " ")
}

func keyOf(i int) string { return fmt.Sprintf("key-%d", i) }

// TestKeyedIsAMap drives a Keyed through random changes, commits, flushes, evictions and
// crashes: after each it must hold what a map holds, and the changelog must lead a store
// to the same place.
func TestKeyedIsAMap(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 2))
	t.Logf("seed %d", seed)
	db := openDB(t, vfs.NewMem())
	defer db.Close()
	store, err := db.Space("s")
	if err != nil {
		t.Fatal(err)
	}
	type change struct {
		key, value string
		deleted    bool
	}
	var log []change // the changelog
	committed, now := model{}, model{}
	flushedAt := 0
	open := func() (*state.Task, *state.Keyed, *state.ByteValues) {
		values := &state.ByteValues{}
		task := state.NewTask(store)
		k, err := task.Keyed("k", values)
		if err != nil {
			t.Fatal(err)
		}
		return task, k, values
	}
	task, keyed, values := open()
	for step := range 3000 {
		switch what := r.IntN(40); {
		case what < 30:
			push(t, r, keyed, values, now)
		case what < 35:
			if err := task.Changes(func(id string, k, v []byte) error {
				log = append(log, change{string(k), string(v), v == nil})
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			task.Committed()
			committed = clone(now)
		case what < 37:
			if task.Dirty() > 0 {
				continue
			}
			if err := task.Flush([]byte("meta")); err != nil {
				t.Fatal(err)
			}
			flushedAt = len(log)
			if err := task.Evict(r.Float64()); err != nil {
				t.Fatal(err)
			}
		case what == 37: // crash: what was not committed is gone, the store is old
			restore, err := state.NewRestore(store, r.IntN(4) == 0 && replayAll(&flushedAt))
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range log[flushedAt:] {
				v := []byte(c.value)
				if c.deleted {
					v = nil
				}
				if err := restore.Apply("k", []byte(c.key), v); err != nil {
					t.Fatal(err)
				}
			}
			if err := restore.Finish([]byte("meta")); err != nil {
				t.Fatal(err)
			}
			flushedAt = len(log)
			task, keyed, values = open()
			now = clone(committed)
		default:
			if got := content(t, keyed, values); got != now.String() {
				t.Fatalf("step %d, seed %d\n got %s\nwant %s", step, seed, got, now)
			}
		}
	}
}

func replayAll(from *int) bool { *from = 0; return true }

func clone(m model) model {
	out := model{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

// push changes some keys as an operator does.
func push(t *testing.T, r *rand.Rand, k *state.Keyed, values *state.ByteValues, now model) {
	var keys state.Keys
	n := r.IntN(20)
	for range n {
		keys.Add([]byte(keyOf(r.IntN(300))))
	}
	slots := make([]int32, n)
	if err := k.Slots(&keys, slots); err != nil {
		t.Fatal(err)
	}
	for i, slot := range slots {
		key := string(keys.Key(i))
		want, ok := now[key]
		if got := string(values.Get(slot)); ok != k.Has(slot) || ok && got != want {
			t.Fatalf("key %s is %q (there: %v), want %q (%v)", key, got, k.Has(slot), want, ok)
		}
		if r.IntN(4) == 0 {
			k.Delete(slot)
			delete(now, key)
			continue
		}
		v := strings.Repeat("v", r.IntN(12)) + fmt.Sprint(r.IntN(1000))
		values.Set(slot, []byte(v))
		k.Put(slot)
		now[key] = v
	}
}

func content(t *testing.T, k *state.Keyed, values *state.ByteValues) string {
	var keys state.Keys
	for i := range 300 {
		keys.Add([]byte(keyOf(i)))
	}
	slots := make([]int32, 300)
	if err := k.Find(&keys, slots); err != nil {
		t.Fatal(err)
	}
	m := model{}
	for i, slot := range slots {
		if slot >= 0 {
			m[keyOf(i)] = string(values.Get(slot))
		}
	}
	return m.String()
}

func TestOrderedIsASortedMap(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 3))
	t.Logf("seed %d", seed)
	for _, store := range []state.Store{nil, state.NewMemory()} {
		task := state.NewTask(store)
		o, m := task.Ordered("o"), model{}
		for range 2000 {
			k := keyOf(r.IntN(200))
			switch r.IntN(12) {
			case 0:
				lo, hi := keyOf(r.IntN(200)), keyOf(r.IntN(200))
				got, want := model{}, model{}
				last := ""
				err := o.Scan([]byte(lo), []byte(hi), func(k, v []byte) (bool, error) {
					if string(k) <= last {
						t.Fatalf("%q comes after %q", k, last)
					}
					last = string(k)
					got[last] = string(v)
					return true, nil
				})
				if err != nil {
					t.Fatal(err)
				}
				for k, v := range m {
					if k >= lo && k < hi {
						want[k] = v
					}
				}
				if got.String() != want.String() {
					t.Fatalf("[%s, %s) seed %d\n got %s\nwant %s", lo, hi, seed, got, want)
				}
			case 1:
				task.Committed()
				if err := task.Flush(nil); err != nil {
					t.Fatal(err)
				}
			case 2, 3:
				o.Delete([]byte(k))
				delete(m, k)
			case 4:
				v, ok, err := o.Get(nil, []byte(k))
				if err != nil || ok != (m[k] != "") || string(v) != m[k] {
					t.Fatalf("%s is %q, want %q (seed %d)", k, v, m[k], seed)
				}
			default:
				v := fmt.Sprint("v", r.IntN(1000))
				o.Set([]byte(k), []byte(v))
				m[k] = v
			}
		}
	}
}

func TestSharedShowsOnlyWhatIsCommitted(t *testing.T) {
	for name, store := range map[string]state.Store{"memory only": nil, "store": state.NewMemory()} {
		t.Run(name, func(t *testing.T) {
			task := state.NewTask(store)
			s, err := task.Shared("v", nil)
			if err != nil {
				t.Fatal(err)
			}
			s.Stage([]byte("a"), []byte("1"), false)
			s.Stage([]byte("b"), []byte("2"), false)
			if got := scan(t, s, "", ""); got != "" {
				t.Errorf("staged rows are seen: %s", got)
			}
			task.Committed()
			s.Stage([]byte("a"), nil, true)
			s.Stage([]byte("c"), []byte("3"), false)
			if got := scan(t, s, "", ""); got != "a=1 b=2" {
				t.Errorf("got %s", got)
			}
			task.Committed()
			if err := task.Flush(nil); err != nil {
				t.Fatal(err)
			}
			s.Stage([]byte("b"), []byte("4"), false)
			task.Committed()
			if got := scan(t, s, "", ""); got != "b=4 c=3" {
				t.Errorf("got %s", got)
			}
			if got := scan(t, s, "c", ""); got != "c=3" {
				t.Errorf("range: got %s", got)
			}
			if err := task.Flush(nil); err != nil {
				t.Fatal(err)
			}
			if store != nil {
				if err := task.Evict(1); err != nil {
					t.Fatal(err)
				}
			}
			if v, ok, err := s.Get(nil, []byte("b")); err != nil || !ok || string(v) != "4" {
				t.Errorf("b is %q %v %v", v, ok, err)
			}
			if _, ok, _ := s.Get(nil, []byte("a")); ok {
				t.Error("a was deleted and is there")
			}
		})
	}
}

func scan(t *testing.T, s *state.Shared, lo, hi string) string {
	var out []string
	var end []byte
	if hi != "" {
		end = []byte(hi)
	}
	if err := s.Scan([]byte(lo), end, func(k, v []byte) (bool, error) {
		out = append(out, string(k)+"="+string(v))
		return true, nil
	}); err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}

// TestSharedIsReadWhileItChanges: rows change in pairs, so that each scan must see equal
// halves. Run with -race.
func TestSharedIsReadWhileItChanges(t *testing.T) {
	task := state.NewTask(state.NewMemory())
	s, err := task.Shared("v", nil)
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				select {
				case <-stop:
					return
				default:
				}
				got := map[string]string{}
				_ = s.Scan(nil, nil, func(k, v []byte) (bool, error) { got[string(k)] = string(v); return true, nil })
				if got["left"] != got["right"] {
					t.Errorf("left is %q, right is %q", got["left"], got["right"])
					return
				}
				_, _, _ = s.Get(nil, []byte("left"))
			}
		}()
	}
	for i := range 500 {
		v := []byte(fmt.Sprint(i))
		s.Stage([]byte("left"), v, false)
		s.Stage([]byte("right"), v, false)
		task.Committed()
		if i%10 == 0 {
			if err := task.Flush(nil); err != nil {
				t.Error(err)
			}
			if err := task.Evict(0.5); err != nil {
				t.Error(err)
			}
		}
	}
	close(stop)
	wg.Wait()
}

func TestRowsKeepTheirValues(t *testing.T) {
	nested := types.StructOf(types.Field{Name: "A", Type: types.ArrayOf(types.DecimalOf(4, 2))}, types.Field{Name: "M", Type: types.MapOf(types.StringType, types.IntType)})
	rows := [][2]any{
		{types.BooleanType, true}, {types.IntType, int32(-7)}, {types.BigintType, int64(1 << 60)}, {types.DoubleType, -0.5},
		{types.DecimalOf(4, 2), types.Dec{Unscaled: types.Int128Of(-123), Scale: 2}}, {types.StringType, "é\x00"}, {types.BytesType, []byte{0, 1}},
		{types.DateType, types.DateVal(-1)}, {types.TimeType, types.TimeVal(5)}, {types.TimestampType, types.TimestampVal(9)}, {types.IntType, nil},
		{nested, types.StructVal{types.ArrayVal{nil, types.Dec{Unscaled: types.Int128Of(1), Scale: 2}}, &types.MapVal{Keys: []types.Value{"k"}, Values: []types.Value{int32(1)}}}},
		{nested, nil},
	}
	var in, out []*vector.Vector
	for _, r := range rows {
		v := vector.New(r[0].(types.Type), 1)
		v.AppendValue(r[1])
		in, out = append(in, v), append(out, vector.New(r[0].(types.Type), 1))
	}
	for bits := range len(in) + 2 {
		for _, v := range out {
			v.Reset()
		}
		bytes := state.AppendRow(nil, in, bits, 0)
		rest, err := state.DecodeRow(append(bytes, "rest"...), out, bits)
		if err != nil || string(rest) != "rest" {
			t.Fatalf("%d bits: rest %q, %v", bits, rest, err)
		}
		for i, r := range rows {
			if got := out[i].Value(0); !types.Equal(got, r[1]) {
				t.Errorf("%d bits, %s: got %v, want %v", bits, r[0], got, r[1])
			}
		}
	}
}

func FuzzDecodeRow(f *testing.F) {
	f.Add(0, []byte{0, 2, 4, 'a', 'b', 1, 1, 2})
	f.Add(0, []byte{0xff})
	f.Add(1, []byte{0, 2, 1, 4, 'a', 'b', 0, 1, 1, 2})
	cols := []types.Type{types.IntType, types.StringType, types.ArrayOf(types.BigintType), types.MapOf(types.StringType, types.DoubleType), types.DecimalOf(10, 2)}
	f.Fuzz(func(t *testing.T, bits int, b []byte) {
		bits = max(0, bits)
		var out []*vector.Vector
		for _, c := range cols {
			out = append(out, vector.New(c, 1))
		}
		if _, err := state.DecodeRow(b, out, bits); err != nil {
			return
		}
		again := make([]*vector.Vector, len(out))
		for i, c := range cols {
			again[i] = vector.New(c, 1)
		}
		if _, err := state.DecodeRow(state.AppendRow(nil, out, bits, 0), again, bits); err != nil {
			t.Fatal(err)
		}
		for i := range out {
			if out[i].Type.Kind != types.Map && !types.Equal(out[i].Value(0), again[i].Value(0)) {
				t.Fatalf("column %d: %v became %v", i, out[i].Value(0), again[i].Value(0))
			}
		}
	})
}
