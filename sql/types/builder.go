package types

// MapBuilder makes a MapVal in time linear to its entries. A key that comes again keeps
// its place and takes the new value.
type MapBuilder struct {
	m     *MapVal
	index map[Value]int
}

// NewMapBuilder makes a builder with room for n entries.
func NewMapBuilder(n int) *MapBuilder {
	b := &MapBuilder{m: &MapVal{Keys: make([]Value, 0, n), Values: make([]Value, 0, n)}}
	if n > 8 {
		b.index = make(map[Value]int, n)
	}
	return b
}

// Put sets the value of a key, which must not be NULL.
func (b *MapBuilder) Put(key, value Value) {
	at, found := b.find(key)
	if found {
		b.m.Values[at] = value
		return
	}
	b.m.Keys, b.m.Values = append(b.m.Keys, key), append(b.m.Values, value)
}

// PutNew adds an entry; it says whether the key is new, and leaves an entry that is there.
func (b *MapBuilder) PutNew(key, value Value) bool {
	if _, found := b.find(key); found {
		return false
	}
	b.m.Keys, b.m.Values = append(b.m.Keys, key), append(b.m.Values, value)
	return true
}

// Map is the finished map; the builder must not be used any more.
func (b *MapBuilder) Map() *MapVal { return b.m }

// find looks a key up, by hash where keys hash and are many, else one by one.
func (b *MapBuilder) find(key Value) (int, bool) {
	switch k := key.(type) {
	case []byte, ArrayVal, *MapVal, StructVal, Dec, float64:
	default:
		if b.index == nil && len(b.m.Keys) > 8 {
			b.index = make(map[Value]int)
			for i, k := range b.m.Keys {
				b.index[k] = i
			}
		}
		if b.index != nil {
			at, found := b.index[k]
			if !found {
				b.index[k] = len(b.m.Keys)
			}
			return at, found
		}
	}
	for i, k := range b.m.Keys {
		if Equal(k, key) {
			return i, true
		}
	}
	return 0, false
}
