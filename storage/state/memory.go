package state

import (
	"strings"
	"sync"

	"github.com/RaduBerinde/btreemap"
)

// Memory is a Store without a disk: for queries that keep nothing, and for tests.
type Memory struct {
	mu struct {
		sync.RWMutex
		tree *btreemap.BTreeMap[string, string]
	}
}

const treeDegree = 32

func newTree() *btreemap.BTreeMap[string, string] {
	return btreemap.New[string, string](treeDegree, strings.Compare)
}

// NewMemory makes an empty store.
func NewMemory() *Memory {
	m := &Memory{}
	m.mu.tree = newTree()
	return m
}

// Get implements Reader.
func (m *Memory) Get(dst, key []byte) ([]byte, bool, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return treeGet(m.mu.tree, dst, key)
}

// Iter implements Reader.
func (m *Memory) Iter(lo, hi []byte) (Iter, error) { return m.freeze().Iter(lo, hi) }

// Snapshot implements Store.
func (m *Memory) Snapshot() Snapshot { return m.freeze() }

func (m *Memory) freeze() *memorySnapshot {
	m.mu.Lock() // Clone marks the tree as shared: a write
	defer m.mu.Unlock()
	return &memorySnapshot{tree: m.mu.tree.Clone()}
}

// Clear implements Store.
func (m *Memory) Clear() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mu.tree = newTree()
	return nil
}

// NewBatch implements Store.
func (m *Memory) NewBatch() Batch { return &memoryBatch{m: m} }

func treeGet(t *btreemap.BTreeMap[string, string], dst, key []byte) ([]byte, bool, error) {
	_, v, ok := t.Get(string(key))
	if !ok {
		return dst, false, nil
	}
	return append(dst, v...), true, nil
}

type memorySnapshot struct {
	tree *btreemap.BTreeMap[string, string]
}

func (s *memorySnapshot) Get(dst, key []byte) ([]byte, bool, error) {
	return treeGet(s.tree, dst, key)
}

func (s *memorySnapshot) Close() error { return nil }

func (s *memorySnapshot) Iter(lo, hi []byte) (Iter, error) {
	stop := btreemap.Max[string]()
	if hi != nil {
		stop = btreemap.LT(string(hi))
	}
	it := &memoryIter{tree: s.tree, stop: stop}
	it.fill(btreemap.GE(string(lo)))
	return it, nil
}

// memoryIter reads the tree in pages, so that a walk needs no goroutine.
type memoryIter struct {
	tree *btreemap.BTreeMap[string, string]
	stop btreemap.UpperBound[string]
	page [][2]string
	at   int
	last bool
	k, v []byte
}

const memoryPage = 256

func (it *memoryIter) fill(from btreemap.LowerBound[string]) {
	it.page, it.at, it.last = it.page[:0], 0, true
	for k, v := range it.tree.Ascend(from, it.stop) {
		if len(it.page) == memoryPage {
			it.last = false
			break
		}
		it.page = append(it.page, [2]string{k, v})
	}
}

func (it *memoryIter) Next() bool {
	if it.at == len(it.page) {
		if it.last || len(it.page) == 0 {
			return false
		}
		it.fill(btreemap.GT(it.page[len(it.page)-1][0]))
		if len(it.page) == 0 {
			return false
		}
	}
	kv := it.page[it.at]
	it.at++
	it.k, it.v = append(it.k[:0], kv[0]...), append(it.v[:0], kv[1]...)
	return true
}

func (it *memoryIter) Key() []byte   { return it.k }
func (it *memoryIter) Value() []byte { return it.v }
func (it *memoryIter) Close() error  { return nil }

type memoryOp struct {
	kind  byte // 's', 'd' or 'r'
	key   string
	value string // 'r': the end of the range
}

type memoryBatch struct {
	m     *Memory
	ops   []memoryOp
	bytes int
}

func (b *memoryBatch) add(kind byte, key, value []byte) error {
	b.ops = append(b.ops, memoryOp{kind, string(key), string(value)})
	b.bytes += len(key) + len(value)
	return nil
}

func (b *memoryBatch) Set(key, value []byte) error { return b.add('s', key, value) }
func (b *memoryBatch) Delete(key []byte) error     { return b.add('d', key, nil) }
func (b *memoryBatch) Bytes() int                  { return b.bytes }
func (b *memoryBatch) Close() error                { b.ops = nil; return nil }

func (b *memoryBatch) Commit() error {
	b.m.mu.Lock()
	defer b.m.mu.Unlock()
	tree := b.m.mu.tree
	for _, op := range b.ops {
		switch op.kind {
		case 's':
			tree.ReplaceOrInsert(op.key, op.value)
		case 'd':
			tree.Delete(op.key)
		}
	}
	b.ops = nil
	return nil
}
