package executor

import (
	"context"
	"errors"
	"maps"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"tailrace/executor/task"
	"tailrace/executor/topology"
	"tailrace/planner/plan"
	"tailrace/storage/commitlog"
	"tailrace/storage/damage"
	"tailrace/storage/env"
	"tailrace/storage/state"
)

const (
	retryFirst = 15 * time.Second // ksql.query.retry.backoff.initial.ms
	retryLast  = 15 * time.Minute
)

// query is a persistent query of the engine.
type query struct {
	e    *Engine
	plan *plan.Query
	topo *topology.Topology
	rt   settings
	// meters count what the operators do, over restarts of the tasks.
	meters *topology.Meters
	view   *View // nil for streams

	made       []string // topics that prepare has made
	prepared   bool     // its topics have been made, and the plan was found sound
	poison     poison
	backfill   backfill
	rows       *rowCounts
	passed     atomic.Int64 // records that fail
	partitions []int32      // of each sub-topology
	sinkParts  int32
	frontiers  [][]*task.Frontier // by sub-topology that writes an internal topic, and task

	mu struct {
		sync.Mutex
		state    State
		err      error
		since    time.Time     // when it last failed
		changed  chan struct{} // closed at the next change of state or tasks
		restarts int
		tasks    []*task.Task
		opened   chan struct{} // closed when it has been open, or has failed, once
		cancel   context.CancelFunc
		abort    chan struct{}                      // closed when it takes too long to end after cancel
		done     chan struct{}                      // closed when the supervisor has ended
		traffic  task.Traffic                       // of tasks that have ended
		applied  offsets                            // how far those came
		until    map[commitlog.TopicPartition]int64 // in time
		// missed counts records that the log dropped before they were read; lastMissed tells
		// the last time.
		missed     int64
		lastMissed string
	}
}

// newMeters makes the meters of a query; a benchmark measures what they cost by leaving them out.
var newMeters = topology.NewMeters

// newQuery is a query that has done nothing yet.
func (e *Engine) newQuery(q *plan.Query) (*query, error) {
	r := &query{e: e, plan: q, rt: e.settings(q), rows: &rowCounts{}}
	r.mu.state, r.mu.opened, r.mu.changed = Starting, make(chan struct{}), make(chan struct{})
	if m := materialized(q.Root.Node); m != nil {
		r.view = newView(e, r, m)
	}
	var err error
	r.topo, err = topology.Split(q, e.c.ServiceID)
	r.meters = newMeters(q.Root.Node, e.c.Clock.Now)
	return r, err
}

// prepare makes the query's topics and readies everything but the tasks.
func (r *query) prepare(ctx context.Context) error {
	if r.prepared {
		return nil
	}
	if err := r.makeTopics(ctx); err != nil {
		return err
	}
	// A dry build finds what is wrong with the plan while the user still waits.
	for i := range r.topo.Subs {
		if err := r.dryBuild(i); err != nil {
			return err
		}
	}
	r.prepared = true
	return nil
}

// materialized finds the node that keeps a query's view.
func materialized(n plan.Node) *plan.Materialize {
	if m, ok := n.(*plan.Materialize); ok {
		return m
	}
	for _, in := range n.Inputs() {
		if m := materialized(in); m != nil {
			return m
		}
	}
	return nil
}

// start runs the supervisor.
func (r *query) start() {
	ctx, cancel := context.WithCancel(context.Background())
	r.mu.Lock()
	r.mu.cancel, r.mu.done, r.mu.abort = cancel, make(chan struct{}), make(chan struct{})
	done := r.mu.done
	r.mu.Unlock()
	go func() {
		defer close(done)
		r.supervise(ctx)
	}()
}

// supervise opens and runs the tasks, and does so again, later and later, when they fail.
func (r *query) supervise(ctx context.Context) {
	back := r.rt.retry
	var restored time.Time // last, because of a damaged state
	r.poison = poison{}
	said := false // that it runs
	for ctx.Err() == nil {
		began := r.e.c.Clock.Now()
		damaged := r.e.damaged()
		err := r.guard(func() error {
			if err := r.prepare(ctx); err != nil {
				return err
			}
			return r.open(ctx)
		})
		if err == nil && !said {
			said = true
			r.e.c.Logger.Info("query started", "query", r.plan.ID, "tasks", len(r.tasks()), env.Took(r.e.c.Clock.Now().Sub(began)))
		}
		if err == nil {
			err = r.run(ctx, damaged)
		}
		r.retire()
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			continue // the tasks ended by themselves: there is nothing to wait for
		}
		if r.poison.found(r, err) {
			r.restore()
			continue
		}
		if errors.Is(err, state.ErrDamaged) && r.e.c.Clock.Now().Sub(restored) > r.rt.retry {
			restored = r.e.c.Clock.Now()
			r.restore()
			continue
		}
		said = false
		var lost *task.Lost
		if errors.As(err, &lost) {
			r.fail(err, 0)
			<-ctx.Done() // trying again does not help
			return
		}
		if errors.Is(err, commitlog.ErrFenced) {
			r.fail(err, 0)
			r.set(Fenced)
			return // somebody newer runs the query
		}
		if r.e.c.Clock.Now().Sub(began) > 2*back {
			back = r.rt.retry
		}
		r.fail(err, back)
		timer := r.e.c.Clock.NewTimer(back)
		select {
		case <-ctx.Done():
		case <-timer.C():
		}
		timer.Stop()
		back = min(2*back, retryLast)
	}
}

// restore makes those who read wait until the query has its state again.
func (r *query) restore() {
	r.set(Starting)
	if r.view != nil {
		r.view.attach(nil)
	}
}

// run runs all tasks until one fails, the state that they have is found damaged, or ctx
// ends.
func (r *query) run(ctx context.Context, damaged <-chan struct{}) error {
	r.set(Running)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var found atomic.Bool
	go func() {
		select {
		case <-damaged:
			found.Store(true)
			cancel()
		case <-ctx.Done():
		}
	}()
	tasks := r.tasks()
	errs := make(chan error, len(tasks))
	for _, t := range tasks {
		go func() {
			err := r.guard(func() error { return t.Run(ctx) })
			if err != nil {
				err = &taskError{t, err}
				cancel()
			}
			errs <- err
		}()
	}
	var err error
	for range tasks {
		if e := <-errs; err == nil {
			err = e
		}
	}
	if found.Load() {
		return state.ErrDamaged
	}
	return err
}

// guard turns a panic into an error: a bug in one query must not end the process. Under
// the tag invariants it does, so that tests see it.
func (r *query) guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if invariants {
				panic(p)
			}
			r.e.c.Logger.Error("bug: a query panicked", "query", r.plan.ID, "panic", p, "stack", string(debug.Stack()))
			err = errPanicked
		}
	}()
	return f()
}

func (r *query) tasks() []*task.Task {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mu.tasks
}

func (r *query) set(s State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.become(s)
}

// become changes the state, and tells those who wait; r.mu is held.
func (r *query) become(s State) {
	if was := r.mu.state == Failed || r.mu.state == Fenced; was != (s == Failed || s == Fenced) {
		if was {
			r.e.failed.Add(-1)
		} else {
			r.e.failed.Add(1)
		}
	}
	r.mu.state = s
	close(r.mu.changed)
	r.mu.changed = make(chan struct{})
}

// fail takes note that the query has failed; it is tried again after a time, 0: not by itself.
func (r *query) fail(err error, again time.Duration) {
	var lost *task.Lost
	if errors.As(err, &lost) {
		r.e.c.Damage.Report(damage.Fault{Part: r.part(), Offset: -1, Reason: err.Error(), Remedy: r.rebuildRemedy()})
	} else {
		args := []any{"query", r.plan.ID, "err", err}
		if again > 0 {
			args = append(args, "retry_in_ms", again.Milliseconds())
		}
		r.e.c.Logger.Error("query failed", args...)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mu.state != Failed {
		r.mu.since = r.e.c.Clock.Now()
	}
	r.mu.err = err
	r.become(Failed)
	r.mu.restarts++
	r.markOpened()
}

// markOpened lets those go on who wait for the query; r.mu is held.
func (r *query) markOpened() {
	select {
	case <-r.mu.opened:
	default:
		close(r.mu.opened)
	}
}

// retire keeps the counts of tasks that have ended.
func (r *query) retire() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.mu.tasks) > 0 {
		r.mu.applied, r.mu.until = offsets{}, map[commitlog.TopicPartition]int64{}
	}
	for _, t := range r.mu.tasks {
		r.mu.traffic.Add(t.Traffic())
		at, _ := t.Applied()
		maps.Copy(r.mu.applied, at)
		t.ReadUntil(r.mu.until)
		t.Release()
	}
	r.mu.tasks = nil
}

func (r *query) ready(ctx context.Context) error {
	select {
	case <-r.mu.opened:
	case <-ctx.Done():
		return ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mu.state == Failed {
		return r.mu.err
	}
	return nil
}

// failure is why the query does not run, nil when it does or is about to; changed is
// closed when the answer may be another.
func (r *query) failure() (err error, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mu.state != Failed && r.mu.state != Fenced {
		return nil, r.mu.changed
	}
	return &Failure{Query: r.plan.ID, Since: r.mu.since, Err: r.mu.err}, r.mu.changed
}

// A task that is told to end commits what it has done. One that computes for longer than
// abortAfter loses what it has not committed, which is done again at the next start.
const abortAfter = time.Second

// aborted is closed when the query's tasks are to drop what they compute.
func (r *query) aborted() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mu.abort
}

// halt ends the tasks.
func (r *query) halt() {
	r.mu.Lock()
	cancel, done, abort := r.mu.cancel, r.mu.done, r.mu.abort
	r.mu.cancel = nil
	r.mu.Unlock()
	if cancel != nil {
		cancel()
		timer := r.e.c.Clock.NewTimer(abortAfter)
		defer timer.Stop()
		select {
		case <-done:
		case <-timer.C():
			close(abort)
			<-done
		}
		return
	}
	for _, t := range r.tasks() { // Manual
		if err := t.Close(); err != nil {
			r.fail(err, 0)
		}
	}
	r.retire()
}

func (r *query) stop() {
	r.halt()
	r.set(Stopped)
}

func (r *query) pause() {
	r.halt()
	r.set(Paused)
}

func (r *query) resume() error {
	r.mu.Lock()
	paused := r.mu.state == Paused
	if paused {
		r.become(Starting)
	}
	r.mu.Unlock()
	switch {
	case !paused:
		return nil
	case r.e.c.Manual:
		return r.open(context.Background())
	}
	r.start()
	return nil
}

// step lets each task push at most rows rows, and commits.
func (r *query) step(ctx context.Context, rows int) (bool, error) {
	any := false
	for _, t := range r.tasks() {
		worked, err := t.Step(ctx, rows)
		any = any || worked
		if err == nil && (worked || t.Unseen()) {
			err = t.Commit(ctx)
		}
		if err == nil {
			continue
		}
		if !r.poison.found(r, &taskError{t, err}) {
			return any, err
		}
		r.retire()
		return true, r.open(ctx)
	}
	return any, nil
}

// drop removes what the query has left in the log and in the store.
func (r *query) drop(ctx context.Context) error {
	if r.topo == nil {
		return nil // it never ran
	}
	err := r.e.c.Log.DeletePositions(ctx, r.topo.AppID)
	for _, name := range r.internalTopics() {
		if e := r.e.c.Log.DeleteTopic(ctx, name); e != nil && !errors.Is(e, commitlog.ErrUnknownTopic) {
			err = errors.Join(err, e)
		}
	}
	if r.e.db != nil {
		err = errors.Join(err, r.e.db.Drop(r.topo.AppID+"/"))
	}
	return err
}
