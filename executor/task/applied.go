package task

import (
	"maps"
	"sync"

	"tailrace/storage/commitlog"
)

// applied is how far a task's results are visible: it may be read by anybody.
type applied struct {
	mu struct {
		sync.Mutex
		at      map[commitlog.TopicPartition]commitlog.Offset
		until   map[commitlog.TopicPartition]int64 // timestamps, -1 where nothing was read
		changed chan struct{}                      // closed at the next change
	}
}

func (a *applied) init() {
	a.mu.at = map[commitlog.TopicPartition]commitlog.Offset{}
	a.mu.until = map[commitlog.TopicPartition]int64{}
	a.mu.changed = make(chan struct{})
}

// publish says that everything below the inputs' positions is visible.
func (t *Task) publish() {
	a := &t.applied
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.mu.at)
	clear(a.mu.until)
	for _, in := range t.inputs {
		p := in.position()
		in.shown = p
		if have, ok := a.mu.at[in.tp]; ok {
			p = min(have, p)
		}
		a.mu.at[in.tp] = p
		if have, ok := a.mu.until[in.tp]; !ok || in.until < have {
			a.mu.until[in.tp] = in.until
		}
	}
	close(a.mu.changed)
	a.mu.changed = make(chan struct{})
}

// Applied returns the offsets below which all input is visible, and a channel that is
// closed when they change.
func (t *Task) Applied() (map[commitlog.TopicPartition]commitlog.Offset, <-chan struct{}) {
	a := &t.applied
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.mu.at), a.mu.changed
}
