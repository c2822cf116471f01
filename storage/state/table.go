package state

import "bytes"

// Table maps encoded keys to dense slots: open addressing with linear probing over eight
// bytes an entry, and keys in one arena, so that ten million keys are a hundred objects
// to the garbage collector. Probes run over a whole batch in stages, which lets the cache
// misses of different keys overlap.
//
//	entries  | tag (32 bit: high bits of the hash) | slot+1 (32 bit) |   0 = free
//	home     = tag >> shift: growing needs no key, only the tag
type Table struct {
	entries []uint64
	shift   uint // 32 - log2(len(entries))
	used    int

	refs    []keyRef // by slot
	arena   []byte
	garbage int // bytes of arena that belong to freed slots
	free    []int32
	scratch []uint64
	touched []keyRef
	sink    byte // keeps the loads of a stage from being dropped
}

// keyRef is where the bytes of a slot lie in an arena: 36 bits of offset, 28 of length.
type keyRef uint64

const freeRef = ^keyRef(0)

// MaxKey is the length of the longest key.
const MaxKey = 1<<28 - 2

func (r keyRef) span() (int, int) { off := int(r >> 28); return off, off + int(r&(1<<28-1)) }

const minEntries = 64

// Len is the number of keys.
func (t *Table) Len() int { return t.used }

// Slots is one more than the highest slot ever given out.
func (t *Table) Slots() int { return len(t.refs) }

// Bytes is the memory held.
func (t *Table) Bytes() int { return 8*cap(t.entries) + 8*cap(t.refs) + cap(t.arena) + 4*cap(t.free) }

// Key returns the key of a slot that is in use, valid until the next change.
func (t *Table) Key(slot int32) []byte {
	from, to := t.refs[slot].span()
	return t.arena[from:to:to]
}

// Used reports whether a slot has a key.
func (t *Table) Used(slot int32) bool { return t.refs[slot] != freeRef }

// Find looks keys up: out[i] is the slot of key i, or -1. out has room for all keys.
func (t *Table) Find(keys *Keys, out []int32) {
	if t.used == 0 {
		for i := range keys.Len() {
			out[i] = -1
		}
		return
	}
	t.load(keys)
	for i, guess := range t.scratch {
		key := keys.Key(i)
		if guess != 0 {
			if slot := int32(uint32(guess)) - 1; bytes.Equal(t.Key(slot), key) {
				out[i] = slot
				continue
			}
		}
		h := keys.hash[i]
		out[i] = t.probe(t.entries[uint32(h>>32)>>t.shift], h, key)
	}
}

// load guesses the entry of every key, before any key is compared: scratch[i] is the home
// entry if its tag is the key's, and 0 otherwise. Each stage is a loop of its own, so that
// the memory reads of different keys overlap: entries, then references, then keys.
func (t *Table) load(keys *Keys) {
	n := keys.Len()
	if cap(t.scratch) < n {
		t.scratch = make([]uint64, n)
	}
	t.scratch = t.scratch[:n]
	entries, shift := t.entries, t.shift
	for i, h := range keys.hash {
		t.scratch[i] = entries[uint32(h>>32)>>shift]
	}
	if cap(t.touched) < n {
		t.touched = make([]keyRef, n)
	}
	refs := t.touched[:n]
	for i, h := range keys.hash {
		e := t.scratch[i]
		if e == 0 || uint32(e>>32) != uint32(h>>32) {
			t.scratch[i], refs[i] = 0, 0
			continue
		}
		refs[i] = t.refs[int32(uint32(e))-1]
	}
	var sum byte
	for _, r := range refs {
		if at := int(r >> 28); at < len(t.arena) {
			sum += t.arena[at]
		}
	}
	t.sink = sum
}

// probe walks from the home entry, whose content is first, to key or to a free entry.
func (t *Table) probe(first, hash uint64, key []byte) int32 {
	tag, mask := uint32(hash>>32), uint32(len(t.entries)-1)
	at := tag >> t.shift
	for e := first; e != 0; e = t.entries[at] {
		if uint32(e>>32) == tag {
			if slot := int32(uint32(e)) - 1; bytes.Equal(t.Key(slot), key) {
				return slot
			}
		}
		at = (at + 1) & mask
	}
	return -1
}

// Insert looks keys up and makes slots for those that are missing; added(i) is called for
// the first of each, after its slot exists. out has room for all keys.
func (t *Table) Insert(keys *Keys, out []int32, added func(i int, slot int32)) {
	t.reserve(keys.Len())
	t.load(keys)
	for i, guess := range t.scratch {
		h := keys.hash[i]
		key := keys.Key(i)
		// A key that was there stays where it was: nothing moves during an insert.
		if guess != 0 {
			if slot := int32(uint32(guess)) - 1; bytes.Equal(t.Key(slot), key) {
				out[i] = slot
				continue
			}
		}
		slot := t.probe(t.entries[uint32(h>>32)>>t.shift], h, key)
		if slot < 0 {
			slot = t.place(h, key)
			if added != nil {
				added(i, slot)
			}
		}
		out[i] = slot
	}
}

// reserve makes room for n more keys at a load of at most three quarters.
func (t *Table) reserve(n int) {
	size := max(len(t.entries), minEntries)
	for (t.used+n)*4 > size*3 {
		size *= 2
	}
	if size == len(t.entries) {
		return
	}
	old := t.entries
	t.entries = make([]uint64, size)
	t.shift = 32
	for s := size; s > 1; s >>= 1 {
		t.shift--
	}
	for _, e := range old {
		if e != 0 {
			t.put(e)
		}
	}
}

// put stores an entry whose key is known to be absent.
func (t *Table) put(e uint64) {
	mask := uint32(len(t.entries) - 1)
	at := uint32(e>>32) >> t.shift
	for t.entries[at] != 0 {
		at = (at + 1) & mask
	}
	t.entries[at] = e
}

func (t *Table) place(hash uint64, key []byte) int32 {
	if len(key) > MaxKey {
		panic("state: key is too long") // encoders refuse such keys before
	}
	var slot int32
	if n := len(t.free); n > 0 {
		slot, t.free = t.free[n-1], t.free[:n-1]
	} else {
		slot = int32(len(t.refs))
		t.refs = append(t.refs, 0)
	}
	t.refs[slot] = keyRef(len(t.arena))<<28 | keyRef(len(key))
	t.arena = append(t.arena, key...)
	t.used++
	t.put(hash>>32<<32 | uint64(uint32(slot+1)))
	return slot
}

// Remove frees a slot and forgets its key.
func (t *Table) Remove(slot int32) {
	key := t.Key(slot)
	tag := uint32(hashKey(key) >> 32)
	mask := uint32(len(t.entries) - 1)
	at := tag >> t.shift
	for uint32(t.entries[at]) != uint32(slot+1) {
		at = (at + 1) & mask
	}
	// Close the gap: an entry moves back when the gap lies between its home and itself.
	for next := (at + 1) & mask; t.entries[next] != 0; next = (next + 1) & mask {
		home := uint32(t.entries[next]>>32) >> t.shift
		if (next-home)&mask >= (next-at)&mask {
			t.entries[at] = t.entries[next]
			at = next
		}
	}
	t.entries[at] = 0
	t.used--
	t.garbage += len(key)
	t.refs[slot] = freeRef
	t.free = append(t.free, slot)
	if t.garbage > len(t.arena)/2 && t.garbage > 1<<16 {
		t.compact()
	}
}

// compact rewrites the arena without the keys of freed slots.
func (t *Table) compact() {
	arena := make([]byte, 0, len(t.arena)-t.garbage)
	for i, r := range t.refs {
		if r == freeRef {
			continue
		}
		from, to := r.span()
		t.refs[i] = keyRef(len(arena))<<28 | keyRef(to-from)
		arena = append(arena, t.arena[from:to]...)
	}
	t.arena, t.garbage = arena, 0
}

// Reset forgets every key and keeps the memory.
func (t *Table) Reset() {
	clear(t.entries)
	t.used, t.garbage = 0, 0
	t.refs, t.arena, t.free = t.refs[:0], t.arena[:0], t.free[:0]
}
