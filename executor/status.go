package executor

import (
	"context"
	"maps"
	"time"

	"tailrace/executor/task"
	"tailrace/storage/commitlog"
)

// State is what a query is doing, in ksqlDB's words.
type State string

// The states of a query.
const (
	Starting State = "STARTING" // its state is being restored
	Running  State = "RUNNING"
	Paused   State = "PAUSED"
	Failed   State = "ERROR" // it will be tried again
	Fenced   State = "FENCED"
	Stopped  State = "STOPPED"
)

// Status is how a query is doing.
type Status struct {
	ID    string
	State State
	// Error is the last one, also when the query runs again since; empty for none.
	Error string
	// Since is when it failed; it makes sense with an Error.
	Since    time.Time
	Restarts int
	Tasks    int
	task.Traffic
	// Missed counts records of the input that retention has taken before they were read, since
	// the server started; LastMissed says which the last were.
	Missed     int64
	LastMissed string
	// Lag is how many records each input partition has that are not visible in the
	// result yet; of a query that does not run, beyond what it has committed.
	Lag map[commitlog.TopicPartition]int64
}

func (r *query) status(ctx context.Context) Status {
	r.mu.Lock()
	s := Status{ID: r.plan.ID, State: r.mu.state, Restarts: r.mu.restarts, Traffic: r.mu.traffic, Missed: r.mu.missed, LastMissed: r.mu.lastMissed, Lag: map[commitlog.TopicPartition]int64{}}
	if r.mu.err != nil {
		s.Error, s.Since = r.mu.err.Error(), r.mu.since
	}
	tasks, applied := r.mu.tasks, maps.Clone(r.mu.applied)
	r.mu.Unlock()
	s.Tasks = len(tasks)
	if len(tasks) > 0 {
		applied = offsets{}
	}
	for _, t := range tasks {
		s.Traffic.Add(t.Traffic())
		at, _ := t.Applied()
		maps.Copy(applied, at)
	}
	if len(applied) == 0 {
		applied = r.committed(ctx)
	}
	for tp, off := range applied {
		if b, err := r.e.c.Log.Bounds(ctx, tp); err == nil {
			s.Lag[tp] = max(0, int64(b.HighWatermark-off))
		}
	}
	return s
}

// committed is how far a query has come that has had no tasks since the server started.
func (r *query) committed(ctx context.Context) offsets {
	out := offsets{}
	if r.topo == nil {
		return out
	}
	for i := range r.topo.Subs {
		positions, err := r.e.c.Log.Positions(ctx, r.group(i))
		if err != nil {
			continue
		}
		for tp, p := range positions {
			out[tp] = p.Offset
		}
	}
	return out
}
