package state

// ByteValues are Values that are bytes: rows of tables. They lie in one arena, which is
// rewritten when half of it is garbage.
type ByteValues struct {
	refs    []keyRef
	arena   []byte
	garbage int
}

// Resize implements Values.
func (b *ByteValues) Resize(n int) {
	for len(b.refs) < n {
		b.refs = append(b.refs, 0)
	}
}

// Clear implements Values.
func (b *ByteValues) Clear(slot int32) {
	from, to := b.refs[slot].span()
	b.garbage += to - from
	b.refs[slot] = 0
}

// Set makes value the value of a slot. It is copied.
func (b *ByteValues) Set(slot int32, value []byte) {
	from, to := b.refs[slot].span()
	if len(value) <= to-from { // in place: counters and the like keep their size
		copy(b.arena[from:], value)
		b.garbage += to - from - len(value)
		b.refs[slot] = keyRef(from)<<28 | keyRef(len(value))
		return
	}
	b.garbage += to - from
	if b.garbage > 1<<16 && b.garbage > len(b.arena)/2 {
		b.refs[slot] = 0
		b.compact()
	}
	b.refs[slot] = keyRef(len(b.arena))<<28 | keyRef(len(value))
	b.arena = append(b.arena, value...)
}

func (b *ByteValues) compact() {
	arena := make([]byte, 0, len(b.arena))
	for i, r := range b.refs {
		from, to := r.span()
		b.refs[i] = keyRef(len(arena))<<28 | keyRef(to-from)
		arena = append(arena, b.arena[from:to]...)
	}
	b.arena, b.garbage = arena, 0
}

// Get returns the value of a slot, valid until the next change.
func (b *ByteValues) Get(slot int32) []byte {
	from, to := b.refs[slot].span()
	return b.arena[from:to:to]
}

// Encode implements Values.
func (b *ByteValues) Encode(slot int32, dst []byte) []byte { return append(dst, b.Get(slot)...) }

// Decode implements Values.
func (b *ByteValues) Decode(slot int32, src []byte) error {
	b.Set(slot, src)
	return nil
}

// Bytes implements Values.
func (b *ByteValues) Bytes() int { return 8*cap(b.refs) + cap(b.arena) }
