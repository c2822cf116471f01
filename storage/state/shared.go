package state

import (
	"bytes"
	"math"
	"slices"
	"sort"
	"sync"
)

// Shared is a map that others may read while its task runs: a view. What the task stages
// becomes visible at once, and only when it has been committed. Values are bytes.
//
// Readers hold the lock for the time of a lookup, or, to scan, until they have a snapshot
// of the store and a copy of what the store has not seen; the task holds it while it
// applies a commit.
type Shared struct {
	mu     sync.RWMutex
	keyed  *Keyed
	values *ByteValues
	store  Store // nil: memory only

	// Keys whose time is before the horizon are not shown, and wait for Sweep. The next one
	// holds from the next commit on.
	timeOf               func(key []byte) int64 // nil: everything is shown for ever
	horizon, nextHorizon int64

	// Staged changes, in order: keys, and where their values lie; -1 is a delete.
	stagedKeys Keys
	ends       []int
	arena      []byte
	slots      []int32
}

// Shared opens the map id for reading by others. timeOf tells the time of a key, where
// those that lie behind a horizon are not to be shown: see SetHorizon.
func (t *Task) Shared(id string, timeOf func(key []byte) int64) (*Shared, error) {
	s := &Shared{values: &ByteValues{}, store: t.store, timeOf: timeOf, horizon: math.MinInt64, nextHorizon: math.MinInt64}
	var err error
	if s.keyed, err = t.Keyed(id, s.values); err != nil {
		return nil, err
	}
	t.maps[len(t.maps)-1].mapping = s
	return s, nil
}

// Stage notes a change; deleted ones have no value. Both are copied.
func (s *Shared) Stage(key, value []byte, deleted bool) {
	s.stagedKeys.Add(key)
	if deleted {
		s.ends = append(s.ends, -1)
		return
	}
	s.arena = append(s.arena, value...)
	s.ends = append(s.ends, len(s.arena))
}

// SetHorizon hides the keys whose time is before ms, from the next commit on: what others
// see does not depend on when the task sweeps. It never goes back.
func (s *Shared) SetHorizon(ms int64) { s.nextHorizon = max(s.nextHorizon, ms) }

// ShowFrom sets the horizon at once: for a state that is opened again.
func (s *Shared) ShowFrom(ms int64) {
	s.SetHorizon(ms)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.horizon = s.nextHorizon
}

// hidden reports whether a key lies behind a horizon.
func (s *Shared) hidden(key []byte, horizon int64) bool {
	return s.timeOf != nil && s.timeOf(key) < horizon
}

// Sweep stages the deletion of all that lies behind the horizon. It walks the whole map.
func (s *Shared) Sweep() error {
	if s.timeOf == nil {
		return nil
	}
	return s.scan(nil, nil, func(key, _ []byte) (bool, error) {
		if s.hidden(key, s.nextHorizon) {
			s.Stage(key, nil, true)
		}
		return true, nil
	}, new(int64))
}

// Dirty is the number of staged changes.
func (s *Shared) Dirty() int { return s.stagedKeys.Len() }

func (s *Shared) staged(fn func(i int, value []byte, deleted bool) error) error {
	from := 0
	for i, end := range s.ends {
		if end < 0 {
			if err := fn(i, nil, true); err != nil {
				return err
			}
			continue
		}
		if err := fn(i, s.arena[from:end:end], false); err != nil {
			return err
		}
		from = end
	}
	return nil
}

func (s *Shared) keys() int { return s.keyed.keys() }

func (s *Shared) changes(emit func(key, value []byte) error) error {
	return s.staged(func(i int, value []byte, deleted bool) error {
		if !deleted && value == nil {
			value = []byte{}
		}
		return emit(s.stagedKeys.Key(i), value)
	})
}

// committed makes what was staged visible.
func (s *Shared) committed() {
	n := s.stagedKeys.Len()
	if n == 0 && s.horizon == s.nextHorizon {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.horizon = s.nextHorizon; n == 0 {
		return
	}
	if cap(s.slots) < n {
		s.slots = make([]int32, n)
	}
	s.keyed.Reserve(&s.stagedKeys, s.slots[:n])
	_ = s.staged(func(i int, value []byte, deleted bool) error {
		slot := s.slots[i]
		if deleted {
			s.keyed.Delete(slot)
		} else {
			s.values.Set(slot, value)
			s.keyed.Put(slot)
		}
		return nil
	})
	s.keyed.committed()
	s.stagedKeys.Reset()
	s.ends, s.arena = s.ends[:0], s.arena[:0]
}

func (s *Shared) flush(b Batch) error { return s.keyed.flush(b) }

func (s *Shared) written() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keyed.written()
}

func (s *Shared) evict(share float64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keyed.evict(share)
}

func (s *Shared) bytes() int { return s.keyed.bytes() + cap(s.arena) + cap(s.stagedKeys.Arena) }

// Get appends the value of key to dst. It may be called by anybody.
func (s *Shared) Get(dst, key []byte) (value []byte, ok bool, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.hidden(key, s.horizon) {
		return dst, false, nil
	}
	k := s.keyed
	if k.table.Len() > 0 {
		h := hashKey(key)
		if slot := k.table.probe(k.table.entries[uint32(h>>32)>>k.table.shift], h, key); slot >= 0 {
			if !k.Has(slot) {
				return dst, false, nil
			}
			return append(dst, s.values.Get(slot)...), true, nil
		}
	}
	if k.complete || k.base == nil {
		return dst, false, nil
	}
	var buf [128]byte
	return k.base.Get(dst, append(append(buf[:0], k.prefix...), key...))
}

// Scan calls fn for the keys in [lo, hi) in order until it returns false; a nil hi is the
// end. It sees the map as it was when Scan was called, and does not hold up the task while
// fn runs. It may be called by anybody.
func (s *Shared) Scan(lo, hi []byte, fn func(key, value []byte) (bool, error)) error {
	var horizon int64
	shown := fn
	if s.timeOf != nil {
		shown = func(key, value []byte) (bool, error) {
			if s.hidden(key, horizon) {
				return true, nil
			}
			return fn(key, value)
		}
	}
	return s.scan(lo, hi, shown, &horizon)
}

// scan is Scan of what is hidden too; it tells the horizon before it calls fn.
func (s *Shared) scan(lo, hi []byte, fn func(key, value []byte) (bool, error), horizon *int64) error {
	over := overlays.Get().(*overlay)
	defer over.release()
	s.mu.RLock()
	*horizon = s.horizon
	s.copyInto(over, lo, hi)
	var snap Snapshot
	if s.store != nil {
		snap = s.store.Snapshot()
	}
	s.mu.RUnlock()
	sort.Sort(over)
	if snap == nil {
		return mergeScan(over, noIter{}, 0, fn)
	}
	prefix := s.keyed.prefix
	end := Successor(prefix)
	if hi != nil {
		end = append(append([]byte{}, prefix...), hi...)
	}
	base, err := snap.Iter(append(append([]byte{}, prefix...), lo...), end)
	if err == nil {
		err = mergeScan(over, base, len(prefix), fn)
		if e := base.Close(); err == nil {
			err = e
		}
	}
	if e := snap.Close(); err == nil {
		err = e
	}
	return err
}

// Len is the number of keys in memory with a value.
func (s *Shared) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.keyed.Len()
}

// copyInto copies what the store has not seen: everything, when there is none.
func (s *Shared) copyInto(o *overlay, lo, hi []byte) {
	k := s.keyed
	add := func(slot int32) {
		key := k.table.Key(slot)
		if lo != nil && bytes.Compare(key, lo) < 0 || hi != nil && bytes.Compare(key, hi) >= 0 {
			return
		}
		from := len(o.arena)
		o.arena = append(o.arena, key...)
		mid := len(o.arena)
		if k.Has(slot) {
			o.arena = append(append(o.arena, '+'), s.values.Get(slot)...)
		} else {
			o.arena = append(o.arena, '-')
		}
		o.rows = append(o.rows, [3]uint{uint(from), uint(mid), uint(len(o.arena))})
	}
	if s.store == nil {
		o.room(k.Len(), k.bytes())
		k.Walk(func(slot int32) bool { add(slot); return true })
		return
	}
	if n := k.Len(); n > 0 && lo == nil && hi == nil {
		o.room(len(k.toFlush), k.bytes()/n*len(k.toFlush))
	}
	for _, slot := range k.toFlush {
		add(slot)
	}
}

// overlay is a sorted list of keys with '+' value or '-', as mergeScan takes it.
type overlay struct {
	arena []byte
	rows  [][3]uint // where key, value and the next key begin
	at    int
}

// overlays are reused: a copy of much is garbage as soon as it has been read.
var overlays = sync.Pool{New: func() any { return &overlay{at: -1} }}

// pooledOverlay is how many bytes an overlay may have that is kept for the next reader.
const pooledOverlay = 16 << 20

func (o *overlay) release() {
	if cap(o.arena)+24*cap(o.rows) > pooledOverlay {
		return
	}
	o.arena, o.rows, o.at = o.arena[:0], o.rows[:0], -1
	overlays.Put(o)
}

// room makes room for about so many rows and bytes.
func (o *overlay) room(rows, bytes int) {
	o.rows, o.arena = slices.Grow(o.rows, rows), slices.Grow(o.arena, bytes)
}

func (o *overlay) Len() int      { return len(o.rows) }
func (o *overlay) Swap(i, j int) { o.rows[i], o.rows[j] = o.rows[j], o.rows[i] }
func (o *overlay) Less(i, j int) bool {
	a, b := o.rows[i], o.rows[j]
	return bytes.Compare(o.arena[a[0]:a[1]], o.arena[b[0]:b[1]]) < 0
}
func (o *overlay) Next() bool    { o.at++; return o.at < len(o.rows) }
func (o *overlay) Key() []byte   { r := o.rows[o.at]; return o.arena[r[0]:r[1]] }
func (o *overlay) Value() []byte { r := o.rows[o.at]; return o.arena[r[1]:r[2]] }
func (o *overlay) Close() error  { return nil }
