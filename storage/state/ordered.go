package state

import (
	"bytes"
	"errors"

	"github.com/RaduBerinde/btreemap"
)

// Ordered is a sorted map from bytes to bytes for state that is walked in ranges: buffers
// of joins, sessions, indexes. What was written since the last flush lies in a tree, the
// rest in the Store.
type Ordered struct {
	// tree has '+' value for a key that is set, '-' for one that is deleted.
	tree   *btreemap.BTreeMap[string, string]
	dirty  map[string]struct{} // changed since the last commit
	base   Reader              // nil: there is nothing but memory
	prefix []byte
	end    []byte
	buf    []byte
	size   int
}

func newOrdered(base Reader, prefix []byte) *Ordered {
	return &Ordered{tree: newTree(), dirty: map[string]struct{}{}, base: base, prefix: prefix, end: Successor(prefix)}
}

// Set gives key a value. Both are copied.
func (o *Ordered) Set(key, value []byte) {
	k := string(key)
	o.buf = append(append(o.buf[:0], '+'), value...)
	o.tree.ReplaceOrInsert(k, string(o.buf))
	o.size += len(k) + len(value) + 64
	o.dirty[k] = struct{}{}
}

// Delete removes a key.
func (o *Ordered) Delete(key []byte) {
	k := string(key)
	if o.base == nil {
		o.tree.Delete(k)
	} else {
		o.tree.ReplaceOrInsert(k, "-")
		o.size += len(k) + 64
	}
	o.dirty[k] = struct{}{}
}

// Get appends the value of key to dst.
func (o *Ordered) Get(dst, key []byte) (value []byte, ok bool, err error) {
	if _, v, ok := o.tree.Get(string(key)); ok {
		if v[0] == '-' {
			return dst, false, nil
		}
		return append(dst, v[1:]...), true, nil
	}
	if o.base == nil {
		return dst, false, nil
	}
	o.buf = append(append(o.buf[:0], o.prefix...), key...)
	return o.base.Get(dst, o.buf)
}

// Scan calls fn for the keys in [lo, hi) in order until it returns false; a nil hi is the
// end. Key and value are valid during the call. fn may change the map; whether a key that
// it adds is met is not defined.
func (o *Ordered) Scan(lo, hi []byte, fn func(key, value []byte) (bool, error)) (err error) {
	stop := btreemap.Max[string]()
	if hi != nil {
		stop = btreemap.LT(string(hi))
	}
	mem := &memoryIter{tree: o.tree, stop: stop}
	mem.fill(btreemap.GE(string(lo)))
	var base Iter = noIter{}
	if o.base != nil {
		end := o.end
		if hi != nil {
			end = append(append([]byte{}, o.prefix...), hi...)
		}
		if base, err = o.base.Iter(append(append([]byte{}, o.prefix...), lo...), end); err != nil {
			return err
		}
	}
	defer func() { err = errors.Join(err, base.Close()) }()
	return mergeScan(mem, base, len(o.prefix), fn)
}

// mergeScan walks an overlay of '+' and '-' values and what lies under it; skip is the
// length of the prefix of base's keys.
func mergeScan(over, base Iter, skip int, fn func(key, value []byte) (bool, error)) error {
	overOK, baseOK := over.Next(), base.Next()
	for overOK || baseOK {
		order := 0
		switch {
		case !overOK:
			order = 1
		case !baseOK:
			order = -1
		default:
			order = bytes.Compare(over.Key(), base.Key()[skip:])
		}
		more, err := true, error(nil)
		if order > 0 {
			more, err = fn(base.Key()[skip:], base.Value())
			baseOK = base.Next()
		} else {
			if v := over.Value(); v[0] == '+' {
				more, err = fn(over.Key(), v[1:])
			}
			if order == 0 {
				baseOK = base.Next()
			}
			overOK = over.Next()
		}
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// Dirty is the number of keys changed since the last commit.
func (o *Ordered) Dirty() int { return len(o.dirty) }

func (o *Ordered) keys() int { return o.tree.Len() }

func (o *Ordered) changes(emit func(key, value []byte) error) error {
	for k := range o.dirty {
		var value []byte
		if _, v, ok := o.tree.Get(k); ok && v[0] == '+' {
			o.buf = append(o.buf[:0], v[1:]...)
			value = o.buf[:len(o.buf):len(o.buf)]
			if value == nil {
				value = []byte{}
			}
		}
		if err := emit([]byte(k), value); err != nil {
			return err
		}
	}
	return nil
}

func (o *Ordered) committed() { clear(o.dirty) }

func (o *Ordered) flush(b Batch) error {
	for k, v := range o.tree.Ascend(btreemap.Min[string](), btreemap.Max[string]()) {
		o.buf = append(append(o.buf[:0], o.prefix...), k...)
		var err error
		if v[0] == '+' {
			err = b.Set(o.buf, []byte(v[1:]))
		} else {
			err = b.Delete(o.buf)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (o *Ordered) written() {
	o.tree.Clear(false)
	o.size = 0
}

func (o *Ordered) bytes() int { return o.size }

func (o *Ordered) evict(float64) error { return nil } // a flush has emptied the tree

type noIter struct{}

func (noIter) Next() bool    { return false }
func (noIter) Key() []byte   { return nil }
func (noIter) Value() []byte { return nil }
func (noIter) Close() error  { return nil }
