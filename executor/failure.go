package executor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tailrace/executor/task"
)

// Failure says that a query has failed, and so why its result is not what it should be.
type Failure struct {
	Query string
	Since time.Time
	Err   error
}

// Error tells which query and why.
func (f *Failure) Error() string {
	return fmt.Sprintf("query %s has failed: %v", f.Query, f.Err)
}

// Unwrap returns why.
func (f *Failure) Unwrap() error { return f.Err }

// Remedy says what to do about it.
func (f *Failure) Remedy() string {
	var lost *task.Lost
	if errors.As(f.Err, &lost) {
		return fmt.Sprintf("REBUILD %s makes its result anew from what its sources hold; TERMINATE %s ends it.", f.Query, f.Query)
	}
	return fmt.Sprintf("It is tried again by itself. SHOW QUERIES EXTENDED and EXPLAIN %s tell more; TERMINATE %s ends it.", f.Query, f.Query)
}

// Failure returns the failure of a query, or of one that it depends on: a *Failure, nil
// when all of them run. Without one the result is as fresh as its input.
func (e *Engine) Failure(id string) error {
	if e.failed.Load() == 0 {
		return nil
	}
	r, err := e.query(id)
	if err != nil {
		return nil
	}
	return e.failureOf(r)
}

// Failure is that of the view's query, or of one that it depends on.
func (v *View) Failure() error {
	if v.e.failed.Load() == 0 {
		return nil
	}
	return v.e.failureOf(v.q)
}

func (e *Engine) failureOf(r *query) error {
	if err, _ := r.failure(); err != nil {
		return err
	}
	for _, s := range e.upstream(r) {
		if err, _ := s.q.failure(); err != nil {
			return err
		}
	}
	return nil
}

// part is the query's name in the ledger of what is out of service.
func (r *query) part() string { return "query " + r.plan.ID }

// applied waits until the stage shows what lies below target, or its query has failed.
func (s *stage) applied(ctx context.Context, target offsets) error {
	for {
		err, changed := s.q.failure()
		if err != nil {
			return err
		}
		ready, progress := s.behind(target)
		if ready {
			return nil
		}
		select {
		case <-progress:
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// behind reports whether all tasks of the stage have applied the target; if not, progress
// is closed when one that has not goes on, and nil when there are no tasks.
func (s *stage) behind(target offsets) (ready bool, progress <-chan struct{}) {
	tasks := s.tasks()
	if len(tasks) == 0 {
		return s.q.idle(), nil
	}
	for _, t := range tasks {
		at, changed := t.Applied()
		for tp, off := range at {
			if want, ok := target[tp]; ok && off < want {
				return false, changed
			}
		}
	}
	return true, nil
}

// idle reports whether the query was stopped or paused by somebody: nothing will come.
func (r *query) idle() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mu.state == Paused || r.mu.state == Stopped
}
