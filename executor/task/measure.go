package task

import "sync"

// Size is what a state has in memory; what was spilled is not counted.
type Size struct{ Keys, Bytes int64 }

// sizes is what others may know of the state of a task, as of its last commit.
type sizes struct {
	mu   sync.Mutex
	byID map[string]Size
}

// measure tells the sizes of the state.
func (t *Task) measure() {
	t.sizes.mu.Lock()
	defer t.sizes.mu.Unlock()
	if t.sizes.byID == nil {
		t.sizes.byID = map[string]Size{}
	}
	t.state.Sizes(func(id string, keys, bytes int) { t.sizes.byID[id] = Size{int64(keys), int64(bytes)} })
}

// Sizes calls f for each state with its size. Anybody may ask.
func (t *Task) Sizes(f func(id string, s Size)) {
	t.sizes.mu.Lock()
	defer t.sizes.mu.Unlock()
	for id, s := range t.sizes.byID {
		f(id, s)
	}
}
