package standard

import (
	"strings"
	"sync/atomic"
)

// memo remembers what the last key was compiled to: patterns are constants in almost
// every call. Kernels may be shared by tasks, hence the atomic pointer.
type memo[V any] struct{ last atomic.Pointer[memoEntry[V]] }

type memoEntry[V any] struct {
	key   string
	value V
	err   error
}

// get returns compile(key); failures are remembered too. The key may lie in an arena.
func (m *memo[V]) get(key string, compile func(string) (V, error)) (V, error) {
	if e := m.last.Load(); e != nil && e.key == key {
		return e.value, e.err
	}
	key = strings.Clone(key)
	v, err := compile(key)
	m.last.Store(&memoEntry[V]{key, v, err})
	return v, err
}
