// Package statetest is what every home of state.Store must do.
package statetest

import (
	"fmt"
	"math/rand/v2"
	"sort"
	"testing"

	"tailrace/storage/state"
)

// Store runs the suite against stores that open makes, each empty.
func Store(t *testing.T, open func(t *testing.T) state.Store) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, s state.Store)
	}{
		{"a value is found until it is deleted", getSetDelete},
		{"a batch shows all of itself or nothing", batches},
		{"later changes of a batch win", order},
		{"an iterator walks its range in order, as it was", iterate},
		{"a snapshot does not change", snapshot},
		{"random changes leave what a map would hold", random},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func set(t *testing.T, s state.Store, kv ...string) {
	t.Helper()
	b := s.NewBatch()
	for i := 0; i < len(kv); i += 2 {
		must(t, b.Set([]byte(kv[i]), []byte(kv[i+1])))
	}
	must(t, b.Commit())
}

func get(t *testing.T, r state.Reader, key string) string {
	t.Helper()
	v, ok, err := r.Get([]byte("dst "), []byte(key))
	must(t, err)
	if !ok {
		return "none"
	}
	return string(v)
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s\n got %s\nwant %s", what, got, want)
	}
}

func list(t *testing.T, r state.Reader, lo, hi []byte) string {
	t.Helper()
	it, err := r.Iter(lo, hi)
	must(t, err)
	out := ""
	for it.Next() {
		out += fmt.Sprintf("%s=%s ", it.Key(), it.Value())
	}
	must(t, it.Close())
	return out
}

func getSetDelete(t *testing.T, s state.Store) {
	want(t, "before", get(t, s, "a"), "none")
	set(t, s, "a", "1", "", "empty key", "b", "")
	want(t, "set", get(t, s, "a"), "dst 1")
	want(t, "empty key", get(t, s, ""), "dst empty key")
	want(t, "empty value", get(t, s, "b"), "dst ")
	b := s.NewBatch()
	must(t, b.Delete([]byte("a")))
	must(t, b.Delete([]byte("never there")))
	must(t, b.Commit())
	want(t, "deleted", get(t, s, "a"), "none")
	must(t, s.Clear())
	want(t, "cleared", list(t, s, nil, nil), "")
}

func batches(t *testing.T, s state.Store) {
	b := s.NewBatch()
	must(t, b.Set([]byte("a"), []byte("1")))
	want(t, "before commit", get(t, s, "a"), "none")
	if b.Bytes() == 0 {
		t.Error("a batch with a change takes no memory")
	}
	must(t, b.Close())
	want(t, "thrown away", get(t, s, "a"), "none")
}

func order(t *testing.T, s state.Store) {
	set(t, s, "a", "0", "b", "0", "c", "0")
	b := s.NewBatch()
	must(t, b.Set([]byte("a"), []byte("1")))
	must(t, b.Delete([]byte("a")))
	must(t, b.Set([]byte("b"), []byte("2")))
	must(t, b.Set([]byte("b"), []byte("3")))
	must(t, b.Commit())
	want(t, "content", list(t, s, nil, nil), "b=3 c=0 ")
}

func iterate(t *testing.T, s state.Store) {
	set(t, s, "b", "2", "a", "1", "d", "4", "c\xff", "3")
	want(t, "all", list(t, s, nil, nil), "a=1 b=2 c\xff=3 d=4 ")
	want(t, "range", list(t, s, []byte("b"), []byte("d")), "b=2 c\xff=3 ")
	want(t, "empty range", list(t, s, []byte("x"), nil), "")
	it, err := s.Iter(nil, nil)
	must(t, err)
	set(t, s, "aa", "new")
	n := 0
	for it.Next() {
		n++
	}
	must(t, it.Close())
	want(t, "keys seen by an older iterator", fmt.Sprint(n), "4")
}

func snapshot(t *testing.T, s state.Store) {
	set(t, s, "a", "1")
	snap := s.Snapshot()
	set(t, s, "a", "2", "b", "2")
	want(t, "snapshot", list(t, snap, nil, nil), "a=1 ")
	want(t, "snapshot's get", get(t, snap, "a"), "dst 1")
	must(t, snap.Close())
	want(t, "store", list(t, s, nil, nil), "a=2 b=2 ")
}

func random(t *testing.T, s state.Store) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	t.Logf("seed %d", seed)
	model := map[string]string{}
	for range 200 {
		b := s.NewBatch()
		for range r.IntN(20) {
			k, v := fmt.Sprintf("%03d", r.IntN(500)), fmt.Sprint(r.IntN(1000))
			switch r.IntN(10) {
			case 0, 1, 2:
				must(t, b.Delete([]byte(k)))
				delete(model, k)
			default:
				must(t, b.Set([]byte(k), []byte(v)))
				model[k] = v
			}
		}
		must(t, b.Commit())
	}
	keys := make([]string, 0, len(model))
	for k := range model {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	out := ""
	for _, k := range keys {
		out += k + "=" + model[k] + " "
	}
	want(t, fmt.Sprintf("content (seed %d)", seed), list(t, s, nil, nil), out)
}
