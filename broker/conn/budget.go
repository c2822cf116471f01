package conn

import (
	"errors"
	"sync"
	"time"

	"tailrace/storage/env"
	"tailrace/storage/memory"
)

// errNoMemory closes a connection whose frame did not get memory in time.
var errNoMemory = errors.New("no memory for the request within the frame timeout")

// budget is a wire.Budget: bytes that frames in flight share. A frame takes memory in
// steps as its bytes arrive, so frames could wait for one another for ever; the timeout
// breaks that by giving up one.
type budget struct {
	clock env.Clock
	wait  time.Duration
	mu    struct {
		sync.Mutex
		free  int64
		held  *memory.Held
		taken int64
		freed chan struct{} // closed and replaced when memory comes back
	}
}

func newBudget(total int64, wait time.Duration, clock env.Clock, account *memory.Account) *budget {
	b := &budget{clock: clock, wait: wait}
	b.mu.free, b.mu.held = total, account.Hold()
	b.mu.freed = make(chan struct{})
	return b
}

// Acquire takes n bytes, waiting for others to give theirs back.
func (b *budget) Acquire(n int) error {
	var timer env.Timer
	for {
		b.mu.Lock()
		if b.mu.free >= int64(n) {
			b.take(int64(n))
			b.mu.Unlock()
			return nil
		}
		freed := b.mu.freed
		b.mu.Unlock()
		if timer == nil {
			timer = b.clock.NewTimer(b.wait)
			defer timer.Stop()
		}
		select {
		case <-freed:
		case <-timer.C():
			return errNoMemory
		}
	}
}

// take counts n bytes; b.mu is held.
func (b *budget) take(n int64) {
	b.mu.free -= n
	b.mu.taken += n
	b.mu.held.Set(b.mu.taken)
}

// Release gives n bytes back.
func (b *budget) Release(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.take(-int64(n))
	close(b.mu.freed)
	b.mu.freed = make(chan struct{})
}
