package group

import (
	"container/heap"
	"sync"
	"time"
)

// alarms wakes groups at their deadlines. An alarm may be early, because a heartbeat
// moved the deadline on: then the group looks, finds nothing due, and sets the next.
// That keeps heartbeats off the heap.
type alarms struct {
	kick chan struct{} // the earliest alarm has changed
	mu   struct {
		sync.Mutex
		heap alarmHeap
	}
}

type alarm struct {
	at time.Time
	e  *entry
}

type alarmHeap []alarm

func (h alarmHeap) Len() int           { return len(h) }
func (h alarmHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h alarmHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *alarmHeap) Push(x any)        { *h = append(*h, x.(alarm)) }
func (h *alarmHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	old[len(old)-1] = alarm{}
	*h = old[:len(old)-1]
	return x
}

// set makes sure that e is woken at the given time or before.
func (a *alarms) set(e *entry, at time.Time) {
	if at.IsZero() {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !e.alarm.IsZero() && !e.alarm.After(at) {
		return
	}
	e.alarm = at
	heap.Push(&a.mu.heap, alarm{at, e})
	if a.mu.heap[0].e == e {
		select {
		case a.kick <- struct{}{}:
		default:
		}
	}
}

// due takes out the groups whose alarms have come, and says when the next will.
func (a *alarms) due(now time.Time) (es []*entry, next time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.mu.heap) > 0 {
		top := a.mu.heap[0]
		if top.at.After(now) {
			return es, top.at
		}
		heap.Pop(&a.mu.heap)
		if top.e.alarm.Equal(top.at) { // else a later set has replaced it
			top.e.alarm = time.Time{}
			es = append(es, top.e)
		}
	}
	return es, time.Time{}
}

// run wakes groups until the coordinator closes.
func (c *Coordinator) run() {
	defer close(c.done)
	retention := c.cfg.Clock.NewTimer(c.cfg.RetentionCheckInterval)
	defer retention.Stop()
	wake := c.cfg.Clock.NewTimer(time.Hour)
	defer wake.Stop()
	for {
		es, next := c.alarms.due(c.cfg.Clock.Now())
		for _, e := range es {
			c.tick(e)
		}
		if len(es) > 0 {
			continue // the ticks may have set new alarms
		}
		if !next.IsZero() {
			wake.Reset(next.Sub(c.cfg.Clock.Now()))
		}
		select {
		case <-c.ctx.Done():
			return
		case <-c.alarms.kick:
		case <-wake.C():
		case <-retention.C():
			c.expireOffsets()
			retention.Reset(c.cfg.RetentionCheckInterval)
		}
	}
}

// tick does what is due in a group, and forgets one that was never more than a promise.
func (c *Coordinator) tick(e *entry) {
	c.locked(e, func(e *entry, now time.Time) Ready { return e.g.Tick(now) })
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.gone && e.g.idle() && e.commits == 0 && !e.stored {
		c.forget(e)
	}
}

// forget takes a group out of memory. The caller holds its lock.
func (c *Coordinator) forget(e *entry) {
	e.gone = true
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.mu.groups, e.g.ID())
}
