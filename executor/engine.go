package executor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tailrace/planner/plan"
	_ "tailrace/sql/function/all" // every function that a plan may call
	"tailrace/storage/commitlog"
	"tailrace/storage/damage"
	"tailrace/storage/env"
	"tailrace/storage/memory"
	"tailrace/storage/metric"
	"tailrace/storage/state"
)

// Config says what an Engine runs on and how.
type Config struct {
	Log commitlog.Log
	// FS and Dir are where state is kept; without a Dir it is in memory, and read from the
	// changelogs at each start.
	FS    env.FS
	Dir   string
	Clock env.Clock // default env.SystemClock
	Rand  env.Rand  // default env.SystemRand
	// Logger takes what an operator of the node should know; default: nothing.
	Logger *slog.Logger
	// Damage takes what is out of service; default: a ledger of its own.
	Damage *damage.Ledger
	// ServiceID is ksql.service.id: it names consumer groups and internal topics.
	ServiceID string // default "default_"
	// Properties are the defaults of all queries, by ksqlDB's names.
	Properties map[string]string
	// Memory is the node's; default: twice MemoryBudget. MemoryBudget is how much of it the
	// state of all tasks may hold; what is over is dropped and read again from the store.
	Memory       *memory.Budget
	MemoryBudget int64 // default 1 GiB
	// CommitInterval is how long a busy task gathers before it commits.
	CommitInterval time.Duration // default 100 ms
	// Manual: no goroutines; Step and RunUntilIdle do the work.
	Manual bool
	// NoProcessingLog leaves the processing log's topic alone: entries are counted only.
	NoProcessingLog bool
}

// WithDefaults fills in what is not set.
func (c Config) WithDefaults() Config {
	if c.FS == nil {
		c.FS = env.Disk
	}
	if c.Clock == nil {
		c.Clock = env.SystemClock
	}
	if c.Rand == nil {
		c.Rand = env.SystemRand
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Damage == nil {
		c.Damage = damage.NewLedger(c.Logger, c.Clock.Now)
	}
	if c.ServiceID == "" {
		c.ServiceID = "default_"
	}
	if c.MemoryBudget == 0 {
		c.MemoryBudget = 1 << 30
	}
	if c.Memory == nil {
		c.Memory = memory.New(2 * c.MemoryBudget)
	}
	if c.CommitInterval == 0 {
		c.CommitInterval = 100 * time.Millisecond
	}
	return c
}

// Errors that callers tell apart with errors.Is.
var (
	ErrUnknownQuery = errors.New("unknown query")
	ErrClosed       = errors.New("the engine is closed")
)

// Engine runs queries.
type Engine struct {
	c     Config
	db    *state.DB // nil without a Dir
	owner atomic.Int64
	plog  *processingLog
	feeds feeds
	fans  fans
	// state is the account of what tasks remember, transient of those that have no store.
	state, transient *memory.Account
	// rebuilt counts the times that the state was found damaged.
	rebuilt atomic.Int64
	failed  atomic.Int64 // queries in the states Failed and Fenced
	// pushes are the push queries that run, cut counts those that were too slow for a fan.
	pushes, cut   atomic.Int64
	transientRows rowCounts // of push queries and scans
	commits       *metric.Histogram

	mu struct {
		sync.Mutex
		closed  bool
		queries []*query // in the order in which they were started
		views   map[string]*View
	}
}

// New makes an engine. It opens the state, and runs nothing yet.
func New(c Config) (*Engine, error) {
	c = c.WithDefaults()
	if c.Log == nil {
		return nil, errors.New("executor: no log")
	}
	e := &Engine{c: c, state: c.Memory.Account("state", c.MemoryBudget), transient: c.Memory.Account("push_queries", 0), commits: taskCommit.Histogram()}
	e.mu.views = map[string]*View{}
	e.feeds.init()
	e.fans.all = map[string]*fan{}
	e.owner.Store(c.Clock.Now().UnixNano())
	if c.Dir != "" {
		var err error
		opts := state.DBOptions{FS: c.FS, CacheBytes: c.MemoryBudget / 8, Clock: c.Clock, Damaged: e.stateDamaged}
		if e.db, err = state.OpenDB(c.Dir, opts); err != nil {
			return nil, err
		}
		c.Memory.Account("state_files", 0).Hold().Set(opts.Memory())
	}
	e.plog = newProcessingLog(e)
	return e, nil
}

// stateDamaged says that the folder of the state was found broken. Queries go on as soon
// as they have read their changelogs again.
func (e *Engine) stateDamaged(reason error, kept string) {
	e.rebuilt.Add(1)
	e.c.Logger.Error("the state is damaged: it was moved aside, and is restored from the changelogs",
		"dir", e.c.Dir, "kept_as", kept, "reason", reason, "remedy", "check the disk; what is kept may be removed")
}

// damaged is closed when the state that tasks have been opened with is found broken.
func (e *Engine) damaged() <-chan struct{} {
	if e.db == nil {
		return nil
	}
	return e.db.Damaged()
}

// nextOwner is greater than any number that this or an earlier engine has used.
func (e *Engine) nextOwner() int64 {
	now := e.c.Clock.Now().UnixNano()
	for {
		last := e.owner.Load()
		if next := max(last+1, now); e.owner.CompareAndSwap(last, next) {
			return next
		}
	}
}

// Start runs a persistent query until Stop. It makes the topics that the query writes. An
// error means that the query cannot run as it is planned and is not started; what fails
// later is told by Status, and tried again.
func (e *Engine) Start(q *plan.Query) error {
	r, err := e.newQuery(q)
	if err == nil {
		err = r.prepare(context.Background())
	}
	if err != nil {
		return err
	}
	if err := e.add(r); err != nil {
		return err
	}
	if e.c.Manual {
		if err := r.open(context.Background()); err != nil {
			e.forget(r)
			return err
		}
		return nil
	}
	if err := r.beginBackfill(context.Background()); err != nil {
		e.forget(r)
		return err
	}
	r.start()
	return nil
}

// Prepare makes what Start needs of a query, or fails and leaves nothing behind. undo takes
// it back.
func (e *Engine) Prepare(ctx context.Context, q *plan.Query) (undo func() error, err error) {
	r, err := e.newQuery(q)
	if err == nil {
		err = r.nameable()
	}
	if err == nil {
		err = r.prepare(ctx)
	}
	undo = func() error {
		var err error
		for _, name := range r.made {
			err = errors.Join(err, e.c.Log.DeleteTopic(ctx, name))
		}
		return err
	}
	if err != nil {
		return nil, errors.Join(err, undo())
	}
	return undo, nil
}

// Restart starts a query that ran before: what keeps it from running is told by Status and
// by whoever asks for its result, and is tried again.
func (e *Engine) Restart(q *plan.Query) error {
	r, err := e.newQuery(q)
	if addErr := e.add(r); addErr != nil {
		return addErr
	}
	switch {
	case err != nil: // the plan: trying again does not help
		r.fail(err, 0)
	case e.c.Manual:
		if err = r.prepare(context.Background()); err == nil {
			err = r.open(context.Background())
		}
		if err != nil {
			r.fail(err, 0)
		}
	default:
		r.start()
	}
	return nil
}

// add makes a query known.
func (e *Engine) add(r *query) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.mu.closed {
		return ErrClosed
	}
	for _, have := range e.mu.queries {
		if have.plan.ID == r.plan.ID {
			return fmt.Errorf("query %s is running already", r.plan.ID)
		}
	}
	e.mu.queries = append(e.mu.queries, r)
	if r.view != nil {
		e.mu.views[r.view.name] = r.view
	}
	return nil
}

// Materialize runs a query whose only output is a view: it keeps the rows of a table that
// was declared over a topic. Starting it twice is once.
func (e *Engine) Materialize(q *plan.Query) error {
	if _, err := e.query(q.ID); err == nil {
		return nil
	}
	return e.Start(q)
}

// Stop ends a query. With drop its positions, internal topics and state are gone for
// good; otherwise Start goes on where it stopped.
func (e *Engine) Stop(id string, drop bool) error {
	r, err := e.query(id)
	if err != nil {
		return err
	}
	r.stop()
	reason := "replaced"
	if drop {
		reason = "terminated"
	}
	e.c.Logger.Info("query stopped", "query", id, "reason", reason)
	e.forget(r)
	e.c.Damage.Clear(r.part())
	if !drop {
		return nil
	}
	return r.drop(context.Background())
}

func (e *Engine) forget(r *query) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.mu.queries = slices.DeleteFunc(e.mu.queries, func(x *query) bool { return x == r })
	if r.view != nil && e.mu.views[r.view.name] == r.view {
		delete(e.mu.views, r.view.name)
	}
}

// Pause stops the tasks of a query until Resume. Its view can still be read.
func (e *Engine) Pause(id string) error {
	r, err := e.query(id)
	if err != nil {
		return err
	}
	r.pause()
	e.c.Logger.Info("query stopped", "query", id, "reason", "paused")
	return nil
}

// Resume ends a Pause.
func (e *Engine) Resume(id string) error {
	r, err := e.query(id)
	if err != nil {
		return err
	}
	return r.resume()
}

// Status tells how a query is doing.
func (e *Engine) Status(id string) (Status, error) {
	r, err := e.query(id)
	if err != nil {
		return Status{}, err
	}
	return r.status(context.Background()), nil
}

// Ready waits until a query has its state and runs, or has failed for the first time.
func (e *Engine) Ready(ctx context.Context, id string) error {
	r, err := e.query(id)
	if err != nil {
		return err
	}
	return r.ready(ctx)
}

// Queries lists the queries in the order in which they were started.
func (e *Engine) Queries() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]string, len(e.mu.queries))
	for i, r := range e.mu.queries {
		out[i] = r.plan.ID
	}
	return out
}

func (e *Engine) query(id string) (*query, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range e.mu.queries {
		if r.plan.ID == id {
			return r, nil
		}
	}
	return nil, fmt.Errorf("%w %s", ErrUnknownQuery, id)
}

func (e *Engine) all() []*query {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.mu.queries)
}

// View finds the view of a table by name.
func (e *Engine) View(name string) (*View, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	v, ok := e.mu.views[name]
	return v, ok
}

// Close stops all queries, cleanly, and closes the state.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.mu.closed {
		e.mu.Unlock()
		return nil
	}
	e.mu.closed = true
	queries := slices.Clone(e.mu.queries)
	e.mu.Unlock()
	began := e.c.Clock.Now()
	var wg sync.WaitGroup
	for _, r := range queries {
		wg.Add(1)
		go func() {
			defer wg.Done()
			r.stop()
		}()
	}
	wg.Wait()
	if len(queries) > 0 {
		e.c.Logger.Info("queries stopped", "queries", len(queries), "reason", "the server stops", env.Took(e.c.Clock.Now().Sub(began)))
	}
	e.feeds.close()
	err := e.plog.close()
	if e.db != nil {
		err = errors.Join(err, e.db.Close())
	}
	return err
}

// Step lets each task, in order, push at most rows rows and commit; it reports whether
// any had something to do. It is for Manual engines.
func (e *Engine) Step(ctx context.Context, rows int) (bool, error) {
	any := false
	for _, r := range e.all() {
		worked, err := r.step(ctx, rows)
		if err != nil {
			return any, fmt.Errorf("query %s: %w", r.plan.ID, err)
		}
		any = any || worked
	}
	return any, e.plog.flush(ctx)
}

// RunUntilIdle does everything that there is to do. Of each query in turn all input is
// taken, one record at a time where rows is 1.
func (e *Engine) RunUntilIdle(ctx context.Context, rows int) error {
	for {
		any := false
		for _, r := range e.all() {
			for {
				worked, err := r.step(ctx, rows)
				if err != nil {
					return fmt.Errorf("query %s: %w", r.plan.ID, err)
				}
				if !worked {
					break
				}
				any = true
			}
		}
		if err := e.plog.flush(ctx); err != nil {
			return err
		}
		if !any {
			return nil
		}
	}
}
