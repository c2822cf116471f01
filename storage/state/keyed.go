package state

import (
	"bytes"
	"errors"
)

// Values are what a Keyed keeps for each slot: accumulators, or rows as bytes.
type Values interface {
	// Resize makes slots [0,n) exist; new ones are clear.
	Resize(n int)
	// Clear puts a slot back into its initial state.
	Clear(slot int32)
	// Encode appends the state of a slot; Decode sets a slot from those bytes.
	Encode(slot int32, dst []byte) []byte
	Decode(slot int32, src []byte) error
	// Bytes estimates the memory held.
	Bytes() int
}

// Flags of a slot.
const (
	present     = 1 << iota // the key has a value; otherwise it is known to have none
	uncommitted             // changed since the last commit
	unflushed               // changed since the store was last written
	recent                  // used since the last eviction looked
)

// Keyed is a map from encoded keys to Values with a Store under it. The operator works on
// slots; Keyed knows which of them the changelog and the store have not seen.
//
// A slot stays valid until the next Task.Commit, Flush or Evict.
type Keyed struct {
	table  Table
	values Values
	flags  []uint8
	base   Reader // nil: there is nothing but memory
	prefix []byte
	// complete: every key of the store is in the table, so a miss is a miss.
	complete bool
	toCommit []int32
	toFlush  []int32
	live     int
	hand     int32 // of the eviction clock
	missing  []int
	key, val []byte
}

// Len is the number of keys with a value that are in memory.
func (k *Keyed) Len() int { return k.live }

// Slots finds or makes the slot of each key. New slots are absent and clear.
func (k *Keyed) Slots(keys *Keys, out []int32) error {
	k.missing = k.missing[:0]
	var added func(int, int32)
	if !k.complete {
		added = func(i int, _ int32) { k.missing = append(k.missing, i) }
	}
	k.table.Insert(keys, out, added)
	k.grow()
	for _, i := range k.missing {
		if err := k.load(keys.Key(i), out[i]); err != nil {
			return err
		}
	}
	for _, slot := range out[:keys.Len()] {
		k.flags[slot] |= recent
	}
	return nil
}

// Reserve is Slots for an operator that will overwrite every value without looking at it:
// nothing is read from the store.
func (k *Keyed) Reserve(keys *Keys, out []int32) {
	k.table.Insert(keys, out, nil)
	k.grow()
	for _, slot := range out[:keys.Len()] {
		k.flags[slot] |= recent
	}
}

// Find is Slots without making any: out[i] is -1 where there is no value. Absent keys that
// had to be looked up below are remembered as absent until the next eviction.
func (k *Keyed) Find(keys *Keys, out []int32) error {
	if k.complete {
		k.table.Find(keys, out)
	} else if err := k.Slots(keys, out); err != nil {
		return err
	}
	for i, slot := range out[:keys.Len()] {
		if slot < 0 {
			continue
		}
		k.flags[slot] |= recent
		if k.flags[slot]&present == 0 {
			out[i] = -1
		}
	}
	return nil
}

// grow gives new slots, which are clear and absent, their flags and values.
func (k *Keyed) grow() {
	if n := k.table.Slots(); n > len(k.flags) {
		k.flags = append(k.flags, make([]uint8, n-len(k.flags))...)
		k.values.Resize(n)
	}
}

func (k *Keyed) load(key []byte, slot int32) error {
	k.key = append(append(k.key[:0], k.prefix...), key...)
	v, ok, err := k.base.Get(k.val[:0], k.key)
	k.val = v
	if err != nil || !ok {
		return err
	}
	if err := k.values.Decode(slot, v); err != nil {
		return err
	}
	k.flags[slot] |= present
	k.live++
	return nil
}

// Has reports whether the key of a slot has a value.
func (k *Keyed) Has(slot int32) bool { return k.flags[slot]&present != 0 }

// Key returns the key of a slot.
func (k *Keyed) Key(slot int32) []byte { return k.table.Key(slot) }

// Put says that the operator has set or changed the value of a slot.
func (k *Keyed) Put(slot int32) {
	if k.flags[slot]&present == 0 {
		k.live++
	}
	k.mark(slot, k.flags[slot]|present)
}

// Delete removes the value of a slot.
func (k *Keyed) Delete(slot int32) {
	if k.flags[slot]&present != 0 {
		k.live--
		k.values.Clear(slot)
	}
	k.mark(slot, k.flags[slot]&^present)
}

// mark sets the flags of a slot that has changed and puts it on the lists once.
func (k *Keyed) mark(slot int32, f uint8) {
	if f&uncommitted == 0 {
		k.toCommit = append(k.toCommit, slot)
	}
	if f&unflushed == 0 {
		k.toFlush = append(k.toFlush, slot)
	}
	k.flags[slot] = f | uncommitted | unflushed
}

// Dirty is the number of keys changed since the last commit.
func (k *Keyed) Dirty() int { return len(k.toCommit) }

func (k *Keyed) keys() int { return k.table.Len() }

// changes calls emit for what has changed since the last commit; a nil value is a delete.
func (k *Keyed) changes(emit func(key, value []byte) error) error {
	for _, slot := range k.toCommit {
		var v []byte
		if k.Has(slot) {
			k.val = k.values.Encode(slot, k.val[:0])
			v = k.val
		}
		if err := emit(k.table.Key(slot), v); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keyed) committed() {
	for _, slot := range k.toCommit {
		k.flags[slot] &^= uncommitted
	}
	k.toCommit = k.toCommit[:0]
	if k.base == nil {
		k.written()
	}
}

// flush adds what the store has not seen to b.
func (k *Keyed) flush(b Batch) error {
	for _, slot := range k.toFlush {
		k.key = append(append(k.key[:0], k.prefix...), k.table.Key(slot)...)
		var err error
		if k.Has(slot) {
			k.val = k.values.Encode(slot, k.val[:0])
			err = b.Set(k.key, k.val)
		} else {
			err = b.Delete(k.key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// DeleteBelow deletes every key below hi, in memory and in the store.
func (k *Keyed) DeleteBelow(hi []byte) error {
	for s := range int32(k.table.Slots()) {
		if k.table.Used(s) && k.Has(s) && bytes.Compare(k.table.Key(s), hi) < 0 {
			k.Delete(s)
		}
	}
	if k.complete {
		return nil
	}
	it, err := k.base.Iter(k.prefix, append(append([]byte{}, k.prefix...), hi...))
	if err != nil {
		return err
	}
	var keys Keys
	for it.Next() {
		keys.Add(it.Key()[len(k.prefix):])
	}
	if err := it.Close(); err != nil {
		return err
	}
	slots := make([]int32, keys.Len())
	k.Reserve(&keys, slots)
	for _, s := range slots {
		if k.flags[s]&unflushed == 0 { // else memory knows better
			k.Delete(s)
		}
	}
	return nil
}

// written says that the store has everything: slots of deleted keys are free again.
func (k *Keyed) written() {
	for _, slot := range k.toFlush {
		k.flags[slot] &^= unflushed
		if !k.Has(slot) {
			k.release(slot)
		}
	}
	k.toFlush = k.toFlush[:0]
}

func (k *Keyed) release(slot int32) {
	k.values.Clear(slot)
	k.table.Remove(slot)
	k.flags[slot] = 0
}

// bytes is what the keys in use hold: memory of freed slots is there for the next ones.
func (k *Keyed) bytes() int {
	slots := k.table.Slots()
	if slots == 0 {
		return 0
	}
	return (k.table.Bytes() + k.values.Bytes() + cap(k.flags)) / slots * k.table.Len()
}

// evict drops a share of the keys, those that were not used lately first, by the clock
// algorithm. Everything must be flushed.
func (k *Keyed) evict(share float64) error {
	if len(k.toFlush) > 0 {
		return errors.New("state: eviction before a flush")
	}
	slots := int32(k.table.Slots())
	if k.base == nil || slots == 0 {
		return nil
	}
	k.complete = false
	n := int(share * float64(k.table.Len()))
	for range 2 * slots {
		if n <= 0 {
			return nil
		}
		k.hand = (k.hand + 1) % slots
		s := k.hand
		switch {
		case !k.table.Used(s):
		case k.flags[s]&recent != 0:
			k.flags[s] &^= recent
		default:
			if k.Has(s) {
				k.live--
			}
			k.release(s)
			n--
		}
	}
	return nil
}

// Walk calls fn for every key with a value that is in memory, in no order.
func (k *Keyed) Walk(fn func(slot int32) bool) {
	for s := range int32(k.table.Slots()) {
		if k.table.Used(s) && k.Has(s) && !fn(s) {
			return
		}
	}
}
