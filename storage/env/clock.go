package env

import (
	"sync"
	"time"
)

// Clock tells the time and makes timers.
type Clock interface {
	// Now is the wall clock.
	Now() time.Time
	// NewTimer returns a timer that fires once after d.
	NewTimer(d time.Duration) Timer
}

// Timer is a time.Timer behind an interface.
type Timer interface {
	// C delivers the time at which the timer fired.
	C() <-chan time.Time
	// Reset makes the timer fire after d. As since Go 1.23, no stale value is
	// delivered after it.
	Reset(d time.Duration)
	// Stop ends the timer.
	Stop()
}

// SystemClock is the machine's clock.
var SystemClock Clock = systemClock{}

type systemClock struct{}

func (systemClock) Now() time.Time                 { return time.Now() }
func (systemClock) NewTimer(d time.Duration) Timer { return systemTimer{time.NewTimer(d)} }

type systemTimer struct{ t *time.Timer }

func (t systemTimer) C() <-chan time.Time   { return t.t.C }
func (t systemTimer) Reset(d time.Duration) { t.t.Reset(d) }
func (t systemTimer) Stop()                 { t.t.Stop() }

// ManualClock stands still until Advance moves it.
type ManualClock struct {
	mu struct {
		sync.Mutex
		now    time.Time
		timers map[*manualTimer]struct{}
	}
}

// NewManualClock returns a clock that stands at now.
func NewManualClock(now time.Time) *ManualClock {
	c := &ManualClock{}
	c.mu.now = now
	c.mu.timers = map[*manualTimer]struct{}{}
	return c
}

// Now is the time that the clock stands at.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.now
}

// Advance moves the clock by d and fires the timers that have come due.
func (c *ManualClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.now = c.mu.now.Add(d)
	for t := range c.mu.timers {
		if !t.at.After(c.mu.now) {
			delete(c.mu.timers, t)
			t.fire(c.mu.now)
		}
	}
}

// NewTimer returns a timer that Advance fires.
func (c *ManualClock) NewTimer(d time.Duration) Timer {
	t := &manualTimer{clock: c, c: make(chan time.Time, 1)}
	t.Reset(d)
	return t
}

type manualTimer struct {
	clock *ManualClock
	c     chan time.Time
	at    time.Time // guarded by clock.mu
}

func (t *manualTimer) C() <-chan time.Time { return t.c }

func (t *manualTimer) Reset(d time.Duration) {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	t.drain()
	t.at = t.clock.mu.now.Add(d)
	if d <= 0 {
		t.fire(t.clock.mu.now)
		return
	}
	t.clock.mu.timers[t] = struct{}{}
}

func (t *manualTimer) Stop() {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	delete(t.clock.mu.timers, t)
	t.drain()
}

func (t *manualTimer) drain() {
	select {
	case <-t.c:
	default:
	}
}

func (t *manualTimer) fire(now time.Time) {
	select {
	case t.c <- now:
	default:
	}
}
