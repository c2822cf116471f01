package task

import (
	"context"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"tailrace/storage/commitlog"
)

// Frontier is how far a task has come that writes an internal topic: no row that it has yet
// to write there is of an earlier event time, as far as it can know. Who reads the topic
// beside others does not go past it, since a row that is still on its way may come before
// what is there already. It counts what has been committed: what is not may still be seen
// by nobody.
//
//	source ──task──► repartition topic ──┐
//	                                     ├─ join: rows in order of event time
//	source ──────────────────────────────┘
//
// A task that has nothing to do is infinitely far: nobody waits for what has not come yet.
// Whether that still holds the log tells, which may have more by now.
type Frontier struct {
	ms   atomic.Int64
	read atomic.Pointer[[]end] // up to where a task with nothing to do has read
}

// end is up to where an input was read.
type end struct {
	tp   commitlog.TopicPartition
	next commitlog.Offset
}

// NewFrontier returns the frontier of a task that has not looked at its input yet.
func NewFrontier() *Frontier {
	f := &Frontier{}
	f.ms.Store(math.MinInt64)
	return f
}

// reached is the least of several frontiers.
func reached(ctx context.Context, log commitlog.Log, fs []*Frontier) int64 {
	ms := int64(math.MaxInt64)
	for _, f := range fs {
		ms = min(ms, f.now(ctx, log))
	}
	return ms
}

func (f *Frontier) now(ctx context.Context, log commitlog.Log) int64 {
	ms := f.ms.Load()
	read := f.read.Load()
	if ms != math.MaxInt64 || read == nil {
		return ms
	}
	for _, e := range *read {
		if b, err := log.Bounds(ctx, e.tp); err == nil && b.HighWatermark > e.next {
			return math.MinInt64 // it has not looked at these yet
		}
	}
	return ms
}

// idlePoll is how often a task that waits for others looks at how far they have come.
const idlePoll = 2 * time.Millisecond

// DefaultIdle is how long a task waits for rows that are on their way to it, counted from
// when those that bring them last came further: long enough for a busy machine, and an end
// for a task that stands still. Kafka Streams: max.task.idle.ms.
const DefaultIdle = 5 * time.Second

// waiting is what a task waits for.
type waiting struct {
	until time.Time // when it has waited long enough
	at    int64     // the frontier that it waits to move
	on    bool
}

// mayPush reports whether a row of the time may be pushed although an internal input that
// has come to frontier has no rows: not while an earlier row may be on its way, unless it
// has been waited for long enough.
func (t *Task) mayPush(time, frontier int64, otherWins bool) bool {
	if time < frontier || time == frontier && !otherWins || t.c.Idle < 0 {
		t.waiting.on = false
		return true
	}
	now := t.c.Clock.Now()
	if !t.waiting.on || t.waiting.at != frontier {
		t.waiting = waiting{until: now.Add(t.c.Idle), at: frontier, on: true}
	}
	return !now.Before(t.waiting.until)
}

// tell publishes how far the task has come. bounds are the frontiers of the inputs without
// rows at hand.
func (t *Task) tell(bounds int64) {
	if t.c.Frontier == nil {
		return
	}
	ms := min(bounds, t.uncommittedFrom)
	for _, in := range t.inputs {
		if in.rows != nil && in.at < in.rows.N {
			ms = min(ms, in.rows.Time[in.at])
		}
	}
	if ms == math.MaxInt64 {
		read := make([]end, len(t.inputs))
		for i, in := range t.inputs {
			read[i] = end{in.tp, in.next}
		}
		if old := t.c.Frontier.read.Load(); old == nil || !slices.Equal(*old, read) {
			t.c.Frontier.read.Store(&read)
		}
	}
	t.c.Frontier.ms.Store(ms)
}
