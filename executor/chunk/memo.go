package chunk

import "sync"

// Memo keeps what is made of a chunk that goes to many receivers, so that the first makes
// it and the others find it. What is kept is never changed.
type Memo struct {
	mu   sync.Mutex
	made map[string]any
}

// Get returns what was made under a key, and makes it when nothing was. Others wait
// meanwhile: they want the same.
func (m *Memo) Get(key string, make func() any) any {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, ok := m.made[key]; ok {
		return v
	}
	v := make()
	if m.made == nil {
		m.made = map[string]any{}
	}
	m.made[key] = v
	return v
}
