package console_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"tailrace/server/console"
	"tailrace/storage/env"
)

// restClock is a clock that stands unless it is moved; its timers fire at once and are summed.
type restClock struct {
	now    time.Time
	rested time.Duration
}

type fired chan time.Time

func (c *restClock) Now() time.Time { return c.now }
func (c *restClock) NewTimer(d time.Duration) env.Timer {
	c.rested += d
	t := make(fired, 1)
	t <- c.now
	return t
}
func (f fired) C() <-chan time.Time { return f }
func (fired) Reset(time.Duration)   {}
func (fired) Stop()                 {}

// TestScansRest: scans work one at a time, however many there are, and rest three times as long as
// they have worked, but not for long after a read that a disk made slow.
func TestScansRest(t *testing.T) {
	clock := &restClock{}
	work := console.NewPace()
	busy, worked := 0, 0
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { // the pace itself orders what these share: the race detector watches
			for range 50 {
				_ = work(context.Background(), clock, func() error {
					if busy++; busy != 1 {
						t.Error("two scans work at once")
					}
					clock.now = clock.now.Add(time.Millisecond)
					busy, worked = busy-1, worked+1
					return nil
				})
			}
		})
	}
	all.Wait()
	if worked != 400 || clock.rested != 1200*time.Millisecond {
		t.Errorf("400 slices of 1 ms: %d worked, %s rested; want 1.2 s", worked, clock.rested)
	}
	clock.rested = 0
	_ = work(context.Background(), clock, func() error { clock.now = clock.now.Add(time.Second); return nil })
	if clock.rested != 20*time.Millisecond {
		t.Errorf("after a slow read it rests %s, want 20 ms", clock.rested)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	block := make(chan struct{})
	held := make(chan struct{})
	go work(context.Background(), clock, func() error { close(held); <-block; return nil })
	<-held
	if err := work(gone, clock, func() error { t.Error("a scan that nobody waits for works"); return nil }); err == nil {
		t.Error("a scan whose asker has gone says nothing")
	}
	close(block)
}
