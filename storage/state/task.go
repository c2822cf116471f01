package state

import (
	"errors"
	"fmt"
)

// Task is the state of one task: its maps by state id, over one Store.
//
//	00              -> what Flush was given: the positions that the store is as of
//	01 len id key   -> value of the map id
//
// The order of a commit is: Changes into changelog batches, the log's Commit, Committed,
// and at leisure Flush. A task that fails in between is thrown away, and opened anew.
type Task struct {
	store Store // nil: memory only
	maps  []named
}

type named struct {
	id string
	mapping
}

// mapping is what Keyed and Ordered have in common.
type mapping interface {
	Dirty() int
	keys() int // in memory
	changes(emit func(key, value []byte) error) error
	committed()
	flush(b Batch) error
	written()
	bytes() int
	evict(share float64) error
}

const (
	tagMeta = 0x00
	tagMap  = 0x01
	// maxID is the longest name of a map.
	maxID = 255
)

// NewTask returns the state that store holds; without a store it is memory only, and what
// it forgets is gone.
func NewTask(store Store) *Task { return &Task{store: store} }

func prefixOf(id string) []byte {
	if len(id) > maxID {
		panic("state: id of a map is too long: " + id)
	}
	return append([]byte{tagMap, byte(len(id))}, id...)
}

// Keyed opens the map id as a hash table over values.
func (t *Task) Keyed(id string, values Values) (*Keyed, error) {
	k := &Keyed{values: values, prefix: prefixOf(id), complete: true}
	if t.store != nil {
		k.base = t.store
		empty, err := isEmpty(t.store, k.prefix)
		if err != nil {
			return nil, fmt.Errorf("state %s: %w", id, err)
		}
		k.complete = empty
	}
	t.maps = append(t.maps, named{id, k})
	return k, nil
}

// Ordered opens the map id as a sorted map.
func (t *Task) Ordered(id string) *Ordered {
	var base Reader
	if t.store != nil {
		base = t.store
	}
	o := newOrdered(base, prefixOf(id))
	t.maps = append(t.maps, named{id, o})
	return o
}

func isEmpty(r Reader, prefix []byte) (bool, error) {
	it, err := r.Iter(prefix, Successor(prefix))
	if err != nil {
		return false, err
	}
	empty := !it.Next()
	return empty, it.Close()
}

// Dirty is the number of keys changed since the last commit.
func (t *Task) Dirty() int {
	n := 0
	for _, m := range t.maps {
		n += m.Dirty()
	}
	return n
}

// DirtyBytes is about how much the keys changed since the last commit take.
func (t *Task) DirtyBytes() int {
	n := 0
	for _, m := range t.maps {
		if d, all := m.Dirty(), m.keys(); d > 0 && all > 0 {
			n += int(float64(m.bytes()) * min(1, float64(d)/float64(all)))
		}
	}
	return n
}

// Changes calls emit for every key changed since the last commit, with its present value,
// nil when it was deleted. Key and value are valid during the call.
func (t *Task) Changes(emit func(id string, key, value []byte) error) error {
	for _, m := range t.maps {
		err := m.changes(func(k, v []byte) error { return emit(m.id, k, v) })
		if err != nil {
			return err
		}
	}
	return nil
}

// Committed says that the log has what Changes told.
func (t *Task) Committed() {
	for _, m := range t.maps {
		m.committed()
	}
}

// Flush writes to the store, in one batch, all that has changed since the last flush, and
// meta: the positions that the state is as of. Nothing may be uncommitted.
func (t *Task) Flush(meta []byte) error {
	if t.store == nil {
		return nil
	}
	if n := t.Dirty(); n > 0 {
		return fmt.Errorf("state: flush of %d uncommitted keys", n)
	}
	b := t.store.NewBatch()
	err := b.Set([]byte{tagMeta}, meta)
	for _, m := range t.maps {
		err = errors.Join(err, m.flush(b))
	}
	if err != nil {
		return errors.Join(err, b.Close())
	}
	if err := b.Commit(); err != nil {
		return err
	}
	for _, m := range t.maps {
		m.written()
	}
	return nil
}

// Meta returns what the last Flush recorded, nil when there was none.
func (t *Task) Meta() ([]byte, error) {
	if t.store == nil {
		return nil, nil
	}
	v, _, err := t.store.Get(nil, []byte{tagMeta})
	return v, err
}

// Bytes is about how much memory the state holds.
func (t *Task) Bytes() int {
	n := 0
	for _, m := range t.maps {
		n += m.bytes()
	}
	return n
}

// Sizes tells, for each map, how many keys are in memory and about how many bytes they take.
func (t *Task) Sizes(each func(id string, keys, bytes int)) {
	for _, m := range t.maps {
		each(m.id, m.keys(), m.bytes())
	}
}

// Evict drops a share of each hash table's keys, those not used lately first. It must
// follow a Flush.
func (t *Task) Evict(share float64) error {
	for _, m := range t.maps {
		if err := m.evict(share); err != nil {
			return err
		}
	}
	return nil
}

// Walk calls fn for every key that store has of the map id, in order. Key and value are
// valid during the call.
func Walk(store Store, id string, fn func(key, value []byte) error) error {
	prefix := prefixOf(id)
	it, err := store.Iter(prefix, Successor(prefix))
	if err != nil {
		return err
	}
	for err == nil && it.Next() {
		err = fn(it.Key()[len(prefix):], it.Value())
	}
	return errors.Join(err, it.Close())
}

// Restore brings the store forward from a changelog, before any map is opened.
type Restore struct {
	store Store
	batch Batch
	key   []byte
}

// restoreBatch is how many bytes of changelog go to the store at once.
const restoreBatch = 4 << 20

// NewRestore starts to write into store; with fresh, after forgetting all that it has.
func NewRestore(store Store, fresh bool) (*Restore, error) {
	if fresh {
		if err := store.Clear(); err != nil {
			return nil, err
		}
	}
	return &Restore{store: store, batch: store.NewBatch()}, nil
}

// Apply takes one record of the changelog of map id; a nil value is a delete.
func (r *Restore) Apply(id string, key, value []byte) error {
	r.key = append(append(r.key[:0], prefixOf(id)...), key...)
	var err error
	if value == nil {
		err = r.batch.Delete(r.key)
	} else {
		err = r.batch.Set(r.key, value)
	}
	if err != nil || r.batch.Bytes() < restoreBatch {
		return err
	}
	// Half a restore is harmless: meta still says what must be applied again, and
	// applying changes twice ends in the same place.
	if err := r.batch.Commit(); err != nil {
		return err
	}
	r.batch = r.store.NewBatch()
	return nil
}

// Finish writes the rest, and meta.
func (r *Restore) Finish(meta []byte) error {
	if err := r.batch.Set([]byte{tagMeta}, meta); err != nil {
		return errors.Join(err, r.batch.Close())
	}
	return r.batch.Commit()
}
