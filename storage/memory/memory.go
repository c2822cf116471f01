// Package memory keeps the accounts of a node's memory: who holds how many bytes, and when
// it is too much.
//
//	Budget            the node: memory.bytes
//	├─ state          what queries remember; beyond its share it is spilled
//	├─ statements     what SELECTs gather to sort, group or make distinct; beyond it they fail
//	└─ ...            a metric each
//
// An account counts the large things, as far as their owners estimate them. The other half
// is for what else a process needs: buffers, an arena and its copy while it grows, garbage
// that waits for the collector, which is told of the whole (node: debug.SetMemoryLimit).
package memory

import (
	"sync"
	"sync/atomic"

	"tailrace/sql/sqlerr"
)

// Budget is the memory of one node. It is safe for concurrent use.
type Budget struct {
	limit int64 // bytes that the accounts share
	used  atomic.Int64
	mu    struct {
		sync.Mutex
		accounts []*Account
	}
}

// New makes a budget for a process that is to take limit bytes: half of them for accounts.
func New(limit int64) *Budget { return &Budget{limit: limit / 2} }

// Account opens an account. share is what it may hold by itself, in bytes; 0: all.
func (b *Budget) Account(name string, share int64) *Account {
	if share == 0 || share > b.limit {
		share = b.limit
	}
	a := &Account{name: name, share: share, budget: b, pressed: make(chan struct{})}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mu.accounts = append(b.mu.accounts, a)
	return a
}

// Usage is what an account holds and may hold.
type Usage struct {
	Name        string
	Used, Share int64
	// Refused is how often a holder was told that there is no room.
	Refused int64
}

// Usage lists the accounts in the order in which they were opened.
func (b *Budget) Usage() []Usage {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]Usage, len(b.mu.accounts))
	for i, a := range b.mu.accounts {
		out[i] = Usage{a.name, a.used.Load(), a.share, a.refused.Load()}
	}
	return out
}

// Limit is what the accounts may hold together.
func (b *Budget) Limit() int64 { return b.limit }

// Account is what one kind of thing holds. It is safe for concurrent use.
type Account struct {
	name    string
	share   int64
	budget  *Budget
	used    atomic.Int64
	holders atomic.Int64

	refused atomic.Int64
	told    atomic.Int64 // what it held when it was pressed; 0: there is room

	mu      sync.Mutex
	pressed chan struct{} // closed, and replaced, when the account holds too much
}

// Hold begins to hold memory of the account: nothing at first. A nil account holds anything.
func (a *Account) Hold() *Held {
	if a == nil {
		return nil
	}
	a.holders.Add(1)
	return &Held{account: a}
}

// Part is the n-th part of what the node has, for work that is done in portions: most at
// most, and that without an account.
func (a *Account) Part(n, most int) int {
	if a == nil {
		return most
	}
	return int(min(int64(most), a.budget.limit/int64(n)))
}

// Pressed is closed when the account holds too much: holders that rest look at Excess then.
func (a *Account) Pressed() <-chan struct{} {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.pressed
}

// press tells those who rest, and again with each sixteenth that comes on top.
func (a *Account) press() {
	a.mu.Lock()
	defer a.mu.Unlock()
	used := a.used.Load()
	if told := a.told.Load(); told > 0 && used < told+a.share/16 {
		return
	}
	a.told.Store(used)
	close(a.pressed)
	a.pressed = make(chan struct{})
}

// room is by how much the account may still grow; below 0 it holds too much.
func (a *Account) room() int64 {
	return min(a.share-a.used.Load(), a.budget.limit-a.budget.used.Load())
}

// Held is what one holder has of an account. It has one user at a time; nil counts nothing.
type Held struct {
	account *Account
	bytes   int64
}

// Set says that the holder has n bytes, which it cannot help: who can gives some back as
// Excess tells.
func (h *Held) Set(n int64) {
	if h == nil || h.account == nil {
		return
	}
	h.add(n - h.bytes)
	if h.account.room() < 0 {
		h.account.press()
	} else if h.account.told.Load() != 0 {
		h.account.told.Store(0)
	}
}

// Ask is Set for who can do without: when there is no room for more than it has it gets an
// error of class 53200, and is to let go of what it has.
func (h *Held) Ask(n int64) error {
	if h == nil || h.account == nil || n == h.bytes {
		return nil
	}
	grown := n - h.bytes
	h.add(grown)
	if grown < 0 || h.account.room() >= 0 {
		return nil
	}
	h.add(-grown)
	a := h.account
	a.press()
	a.refused.Add(1)
	return sqlerr.New(sqlerr.OutOfMemory, "%d bytes are too much: %s may hold %d together, and hold %d; all of the node %d, of %d",
		n, a.name, a.share, a.used.Load(), a.budget.used.Load(), a.budget.limit).
		Hint("Read less at once (a key, a range, fewer columns), or give the server more: memory.bytes.")
}

func (h *Held) add(n int64) {
	h.bytes += n
	h.account.used.Add(n)
	h.account.budget.used.Add(n)
}

// Excess is how much the holder is to give back: its part of what the account holds too
// much. Who has less than an even share gives nothing.
func (h *Held) Excess() int64 {
	if h == nil || h.account == nil {
		return 0
	}
	over := -h.account.room()
	if over <= 0 {
		return 0
	}
	even := h.account.share / max(1, h.account.holders.Load())
	// A quarter more than must go, so that the next change is not too much again.
	return max(0, min(h.bytes-even, over+over/4))
}

// Release gives all back. It may be repeated.
func (h *Held) Release() {
	if h == nil || h.account == nil {
		return
	}
	h.add(-h.bytes)
	h.account.holders.Add(-1)
	h.account = nil
}
