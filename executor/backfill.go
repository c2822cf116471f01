package executor

import (
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"tailrace/planner/plan"
	"tailrace/storage/commitlog"
)

// backfill is what a query that has just been made has yet to read of what was there before.
type backfill struct {
	due atomic.Bool // there may be something left
	mu  struct {
		sync.Mutex
		target offsets // the ends of the topics that it depends on, when it was made
		waited bool    // somebody has waited in vain
	}
}

// beginBackfill notes what there is. Topics that other queries write are not in it: how far those
// have come is seen when somebody waits.
func (r *query) beginBackfill(ctx context.Context) error {
	target := offsets{}
	stages := r.e.upstream(r)
	made := map[string]bool{}
	for _, s := range stages {
		made[s.out] = true
	}
	for _, s := range stages {
		for topic := range s.in {
			if made[topic] {
				continue
			}
			if err := endsOf(ctx, r.e.c.Log, topic, target); err != nil {
				return err
			}
		}
	}
	maps.DeleteFunc(target, func(_ commitlog.TopicPartition, end commitlog.Offset) bool { return end == 0 })
	r.backfill.mu.target = target
	r.backfill.due.Store(len(target) > 0)
	return nil
}

// endsOf makes the present ends of a topic part of the target.
func endsOf(ctx context.Context, log commitlog.Log, topic string, target offsets) error {
	t, err := log.Topic(ctx, topic)
	if err != nil {
		return err
	}
	for p := range t.Partitions {
		tp := commitlog.TopicPartition{Topic: topic, Partition: commitlog.PartitionID(p)}
		b, err := log.Bounds(ctx, tp)
		if err != nil {
			return err
		}
		target[tp] = max(target[tp], b.HighWatermark)
	}
	return nil
}

// Backfilled reports whether a query has made of what was there when it was created what it
// makes of it; a query that began with a former start of the server always has. The first
// caller waits up to patience, later ones only look.
func (e *Engine) Backfilled(ctx context.Context, id string, patience time.Duration) (bool, error) {
	r, err := e.query(id)
	if err != nil {
		return true, nil
	}
	return r.backfilled(ctx, patience)
}

// Backfilled is that of the view's query.
func (v *View) Backfilled(ctx context.Context, patience time.Duration) (bool, error) {
	return v.q.backfilled(ctx, patience)
}

func (r *query) backfilled(ctx context.Context, patience time.Duration) (bool, error) {
	b := &r.backfill
	if !b.due.Load() {
		return true, nil
	}
	b.mu.Lock()
	target, waited := b.mu.target, b.mu.waited
	b.mu.waited = true
	b.mu.Unlock()
	if waited {
		patience = 0
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := r.e.waitApplied(limited, r, target)
	switch {
	case err == nil:
		b.due.Store(false)
		b.mu.Lock()
		b.mu.target = nil
		b.mu.Unlock()
		return true, nil
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return false, nil
	}
	return false, err
}

// BeginsAtEnd reports whether a query reads only what comes after it was made although its
// streams hold records already.
func (e *Engine) BeginsAtEnd(id string) bool {
	r, err := e.query(id)
	if err != nil || !r.rt.latest || r.plan.Kind == plan.MaterializeTable {
		return false
	}
	there := map[string]bool{}
	r.backfill.mu.Lock()
	for tp := range r.backfill.mu.target {
		there[tp.Topic] = true
	}
	r.backfill.mu.Unlock()
	for _, s := range r.topo.Subs {
		for _, leaf := range s.Leaves {
			if _, ok := leaf.(*plan.Source); ok && there[r.topo.Topic(leaf)] && (r.rt.explicit || !plan.IsTable(leaf)) {
				return true
			}
		}
	}
	return false
}
