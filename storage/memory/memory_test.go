package memory_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"tailrace/sql/sqlerr"
	"tailrace/storage/memory"
)

// TestSharesFollowUse: an account may grow as long as there is room; then those give back
// who have more than an even share, and who can do without is refused.
func TestSharesFollowUse(t *testing.T) {
	b := memory.New(6000) // of which accounts may have 3,000
	state, statements := b.Account("state", 1000), b.Account("statements", 0)
	small, large := state.Hold(), state.Hold()
	pressed := state.Pressed()
	small.Set(100)
	large.Set(850)
	if small.Excess() != 0 || large.Excess() != 0 {
		t.Errorf("excess %d and %d within the share", small.Excess(), large.Excess())
	}
	large.Set(1100)
	select {
	case <-pressed:
	default:
		t.Error("nobody was told that the account holds too much")
	}
	pressed = state.Pressed()
	large.Set(850)
	large.Set(1110)
	select {
	case <-pressed:
	default:
		t.Error("nobody was told that the account holds too much again")
	}
	large.Set(1100)
	if small.Excess() != 0 || large.Excess() != 250 {
		t.Errorf("excess %d and %d, want 0 and 250: what is too much and a quarter", small.Excess(), large.Excess())
	}
	large.Set(850)
	s := statements.Hold()
	if err := s.Ask(2000); err != nil {
		t.Errorf("2,000 of 2,050 that are left: %v", err)
	}
	err := s.Ask(2100)
	if sqlerr.CodeOf(err) != sqlerr.OutOfMemory || !strings.Contains(err.Error(), "2100 bytes are too much") {
		t.Errorf("2,100 of 2,050: %v", err)
	}
	if e := new(sqlerr.Error); !errors.As(err, &e) || e.HintText == "" {
		t.Errorf("no hint: %v", err)
	}
	if u := b.Usage()[1]; u.Used != 2000 {
		t.Errorf("a refused holder has %d, want 2,000 still", u.Used)
	}
	s.Release()
	s.Release()
	large.Release()
	if u := b.Usage(); u[0].Used != 100 || u[1].Used != 0 {
		t.Errorf("after the release: %v", u)
	}
}

// TestNobodyCounts: without an account everything is allowed.
func TestNobodyCounts(t *testing.T) {
	var a *memory.Account
	h := a.Hold()
	h.Set(1 << 50)
	if err := h.Ask(1 << 50); err != nil || h.Excess() != 0 || a.Pressed() != nil {
		t.Error("a nil account counts")
	}
	h.Release()
}

// TestHoldersTogether: what many hold at once adds up to nothing when they have let go.
func TestHoldersTogether(t *testing.T) {
	b := memory.New(4000)
	a := b.Account("a", 0)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 1000 {
				h := a.Hold()
				_ = h.Ask(int64(i))
				h.Set(int64(i) * 2)
				h.Release()
			}
		})
	}
	wg.Wait()
	if u := b.Usage(); u[0].Used != 0 {
		t.Errorf("%d bytes are left", u[0].Used)
	}
}
