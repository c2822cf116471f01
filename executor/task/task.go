// Package task is the one loop that runs queries: a task is a sub-topology over one
// partition of each of its topics (or over all of them).
//
//	inputs ── rows, the earliest event time first ──> operators ──> sink
//	   ^                                                |
//	   └ positions            state changes ────────────┤
//	          └────────┬────────────┘                outputs
//	              one commitlog.Commit
//	                   |  then: views show it, the store is written at leisure
//
// A commit happens when the inputs are drained, so that on an idle system results are
// seen at once, and otherwise every CommitInterval, or less often while the task is far
// behind: the longer it gathers, the fewer changes of a key there are to write.
//
// A task has one owner: the goroutine in Run, or whoever calls Step and Commit.
package task

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"tailrace/executor/chunk"
	"tailrace/executor/sink"
	"tailrace/executor/source"
	"tailrace/executor/topology"
	"tailrace/sql/function"
	"tailrace/storage/commitlog"
	"tailrace/storage/env"
	"tailrace/storage/memory"
	"tailrace/storage/metric"
	"tailrace/storage/record"
	"tailrace/storage/state"
)

// Leaf is how one leaf of the sub-topology reads its topic.
type Leaf struct {
	Spec source.Spec
	// Partitions are those that the task reads.
	Partitions []commitlog.PartitionID
	// First wins over other leaves when event times are equal.
	First bool
	// Latest begins at the end of the topic when there is no committed position.
	Latest bool
	// Internal: nobody else reads the topic, so that what has been committed may go.
	Internal bool
	// Upstream are the frontiers of the tasks that write an internal topic.
	Upstream []*Frontier
}

// Config describes a task.
type Config struct {
	Log     commitlog.Log
	Clock   env.Clock
	Sub     *topology.Sub
	Runtime *topology.Runtime
	Leaves  []Leaf
	// Sink writes the output; nil: Emit takes it all.
	Sink *sink.Sink
	// Emit is shown every output chunk, which it may not keep; nil: nobody looks.
	Emit chunk.Emitter
	// Suspect reports whether a partition is known to be damaged; nil: none is.
	Suspect func(commitlog.TopicPartition) bool
	// Notice is told what an operator should know; nil: nobody listens.
	Notice func(message string, args ...any)
	// Careful: where few rows are pushed at once, and committed before the next.
	// Passed are ranges of offsets that are not pushed: those of records that fail.
	Careful map[commitlog.TopicPartition]Careful
	Passed  map[commitlog.TopicPartition][]Range
	// Missed is told of input that the log has dropped before it was read: offsets [from, to).
	// Where to is less than from, the topic ends there, before what had been read of it.
	Missed func(tp commitlog.TopicPartition, from, to commitlog.Offset)
	// Fault is told of records that could not be read.
	Fault func(source.Fault)

	// Group and Name identify the task's commits, Owner fences those of older ones.
	Group, Name string
	Owner       int64
	// Store is where the state is kept; nil: in memory only.
	Store state.Store
	// Changelogs is the topic of each state id, and Partition the partition of them.
	Changelogs map[string]string
	Partition  commitlog.PartitionID

	// Transient: nothing is committed, nothing outlives the task.
	Transient bool
	// Start is where a transient task begins, before what its leaves say.
	Start       map[commitlog.TopicPartition]commitlog.Offset
	AtLeastOnce bool

	CommitInterval time.Duration // default 100 ms
	// Frontier tells those who read what the task writes how far it has come; nil: nobody asks.
	Frontier *Frontier
	// Idle bounds how long the task waits for rows on their way to it; negative: it does not.
	Idle time.Duration // default DefaultIdle
	// Memory is the account of the state: what it holds too much is spilled after a commit; a
	// transient task, which has nowhere to spill to, fails. Nil: no limit.
	Memory *memory.Account
	// Took is of commits; nil: nobody asks.
	Took *metric.Histogram
	// Committed is called after each commit, with what is visible now.
	Committed func()
}

const (
	// minCommitInterval keeps a trickle of records from making a commit each.
	minCommitInterval = 4 * time.Millisecond
	// commitShare keeps a task whose input comes as fast as it is used from doing nothing
	// but committing: large commits may take one part in so many of the time. Small ones
	// are what an idle system does, where only latency counts.
	commitShare = 5
	largeCommit = 256 << 10
	// farBehind is the commit interval of a task that is catching up.
	farBehind = 10
	// commitBytes of output, or of changed state, are committed however little time has gone
	// by: a commit holds them several times.
	commitBytes = 16 << 20
	// idlePositions is how long positions alone may wait to be committed.
	idlePositions = time.Second
	// flushInterval and flushBytes bound what a crash makes us read again.
	flushInterval = 10 * time.Second
	// trimInterval is how often what was used of internal topics is given up.
	trimInterval = 10 * time.Second
	flushBytes   = 64 << 20
)

// Task is a running sub-topology.
type Task struct {
	c      Config
	inputs []*input
	run    *topology.Running
	state  *state.Task
	held   *memory.Held // by the state

	builders   map[string][]*record.Builder // changelogs, since the last commit
	changelogs map[string]commitlog.Offset  // next offset, as of the last commit
	from       map[string]commitlog.Offset  // where the state begins in them, unless at 0
	// uncommitted is how many rows were pushed since the last commit.
	uncommitted int
	rewriting   bool   // them; while it is being opened
	lost        string // why it cannot be opened
	committed   map[commitlog.TopicPartition]commitlog.Offset

	lastCommit    time.Time
	commitTook    time.Duration // when it was large, else 0
	lastPositions time.Time     // of the last commit that reached the log
	lastFlush     time.Time
	lastTrim      time.Time
	dirtyBytes    int
	pushed        bool // input was used since the last commit
	// uncommittedFrom is the least event time that was pushed since the last commit.
	uncommittedFrom int64
	waiting         waiting
	pushing         struct {
		tp       commitlog.TopicPartition
		from, to commitlog.Offset
		careful  int // how many rows at once, because one of them fails; 0: it does not matter
	}
	applied applied

	shrunk                       int64 // rows in when memory was last given back
	rowsIn, rowsOut, bytesIn     atomic.Int64
	recordsWritten, bytesWritten atomic.Int64
	commits                      atomic.Int64
	sizes                        sizes
}

// Open makes a task ready to run: its state is brought to the committed positions.
func Open(ctx context.Context, c Config) (*Task, error) {
	if c.CommitInterval == 0 {
		c.CommitInterval = 100 * time.Millisecond
	}
	if c.Idle == 0 {
		c.Idle = DefaultIdle
	}
	t := &Task{c: c, builders: map[string][]*record.Builder{}, committed: map[commitlog.TopicPartition]commitlog.Offset{}}
	if t.c.Suspect == nil {
		t.c.Suspect = func(commitlog.TopicPartition) bool { return false }
	}
	if t.c.Notice == nil {
		t.c.Notice = func(string, ...any) {}
	}
	t.applied.init()
	t.uncommittedFrom = math.MaxInt64
	t.lastCommit = c.Clock.Now()
	t.lastFlush, t.lastPositions, t.lastTrim = t.lastCommit, t.lastCommit, t.lastCommit
	for leaf, l := range c.Leaves {
		for _, p := range l.Partitions {
			dec, err := source.New(l.Spec, int32(p), c.Fault)
			if err != nil {
				return nil, err
			}
			t.inputs = append(t.inputs, &input{until: -1, bytes: &t.bytesIn, tp: commitlog.TopicPartition{Topic: l.Spec.Topic, Partition: p}, leaf: leaf, first: l.First, dec: dec, most: chunkBytes(c.Memory),
				missed: missedBy(c.Missed, commitlog.TopicPartition{Topic: l.Spec.Topic, Partition: p}),
				passed: c.Passed[commitlog.TopicPartition{Topic: l.Spec.Topic, Partition: p}]})
		}
	}
	m, err := t.recover(ctx)
	if err != nil {
		return nil, err
	}
	t.state = state.NewTask(c.Store)
	if t.run, err = topology.Build(c.Sub, c.Runtime, t.state, chunk.EmitFunc(t.output)); err != nil {
		return nil, err
	}
	for id, ms := range m.StreamTime {
		if clock, ok := t.run.Clocks[id]; ok {
			clock.SetStreamTime(ms)
		}
	}
	t.held = c.Memory.Hold()
	t.held.Set(int64(t.state.Bytes()))
	t.measure()
	t.publish()
	return t, nil
}

// chunkBytes is how many bytes a chunk is made of at most.
func chunkBytes(a *memory.Account) int { return a.Part(64, chunk.MaxBytes) }

func missedBy(f func(commitlog.TopicPartition, commitlog.Offset, commitlog.Offset), tp commitlog.TopicPartition) func(from, to commitlog.Offset) {
	if f == nil {
		return nil
	}
	return func(from, to commitlog.Offset) { f(tp, from, to) }
}

// output takes what the root of the sub-topology emits.
func (t *Task) output(c *chunk.Chunk) error {
	t.rowsOut.Add(int64(c.N))
	if t.c.Sink != nil {
		if err := t.c.Sink.Emit(c); err != nil {
			return err
		}
	}
	if t.c.Emit != nil {
		return t.c.Emit.Emit(c)
	}
	return nil
}

// Step pushes at most most rows and reports whether there were any. Of several inputs the
// row of the least event time comes first, also if it is still on its way through an
// internal topic: see Frontier.
func (t *Task) Step(ctx context.Context, most int) (bool, error) {
	for _, in := range t.inputs { // before reading: what was committed until then is seen
		in.frontier = reached(ctx, t.c.Log, t.c.Leaves[in.leaf].Upstream)
	}
	var pick *input
	bounds := int64(math.MaxInt64)
	for _, in := range t.inputs {
		ok, err := in.fill(ctx, t.c.Log)
		if err != nil {
			return false, err
		}
		if !ok {
			t.pushed = t.pushed || in.next != in.shown // records that made no rows
			bounds = min(bounds, in.frontier)
			continue
		}
		if pick == nil || before(in, pick) {
			pick = in
		}
	}
	t.tell(bounds)
	if pick == nil {
		return false, nil
	}
	limit, otherWins := int64(math.MaxInt64), false
	for _, in := range t.inputs {
		head := in.frontier
		if in.rows != nil && in.at < in.rows.N {
			head = in.rows.Time[in.at]
		} else if !t.mayPush(pick.rows.Time[pick.at], head, in.first && !pick.first) {
			return false, nil
		}
		if in != pick && head < limit {
			limit, otherWins = head, in.first && !pick.first
		}
	}
	if t.pushing.careful = t.careful(pick); t.pushing.careful > 0 {
		most = min(most, t.pushing.careful)
	}
	n := max(1, pick.run(most, limit, otherWins))
	rows := pick.rows.Slice(pick.at, pick.at+n)
	t.pushing.tp, t.pushing.from, t.pushing.to = pick.tp, pick.position(), pick.next
	if pick.at+n < pick.rows.N {
		t.pushing.to = commitlog.Offset(pick.offsets[pick.at+n])
	}
	if err := t.run.Leaves[pick.leaf].Emit(rows); err != nil {
		t.uncommitted += n
		return false, err
	}
	pick.at += n
	t.pushed = true
	t.uncommitted += n
	if t.c.Frontier != nil {
		t.uncommittedFrom = min(t.uncommittedFrom, slices.Min(rows.Time))
	}
	t.rowsIn.Add(int64(n))
	return true, nil
}

// before orders inputs that have rows by the event time of the first.
func before(a, b *input) bool {
	ta, tb := a.rows.Time[a.at], b.rows.Time[b.at]
	return ta < tb || ta == tb && a.first && !b.first
}

// Run runs the task until ctx ends or something fails. When ctx ends it commits what it
// has done and writes its state down.
func (t *Task) Run(ctx context.Context) error {
	wake := make(chan struct{}, 1)
	tps := make([]commitlog.TopicPartition, len(t.inputs))
	for i, in := range t.inputs {
		tps[i] = in.tp
	}
	cancel, err := t.c.Log.Watch(tps, wake)
	if err != nil {
		return err
	}
	defer cancel()
	timer := t.c.Clock.NewTimer(time.Hour)
	defer timer.Stop()
	for ctx.Err() == nil {
		worked, err := t.Step(ctx, chunk.MaxRows)
		if err != nil {
			return stopped(ctx, err)
		}
		wait := t.due(!worked)
		if wait <= 0 || worked && t.pushing.careful > 0 {
			if err := t.Commit(ctx); err != nil {
				return stopped(ctx, err)
			}
			continue
		}
		if worked {
			continue
		}
		if err := t.shrink(); err != nil {
			return err
		}
		if t.waiting.on {
			wait = min(wait, idlePoll)
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
		case <-wake:
		case <-timer.C():
		case <-t.c.Memory.Pressed():
			if err := t.relieve(ctx); err != nil {
				return stopped(ctx, err)
			}
		}
	}
	if t.c.Transient {
		return nil
	}
	return t.Close()
}

// relieve spills the state of a task that rests while others need memory.
func (t *Task) relieve(ctx context.Context) error {
	if t.held.Excess() == 0 {
		return nil
	}
	if t.state.Dirty() > 0 {
		return t.Commit(ctx)
	}
	return t.flush(false)
}

// Release gives the memory of a task that has ended back to its account.
func (t *Task) Release() { t.held.Release() }

// shrink gives back the memory that a burst has left behind, when it is over.
func (t *Task) shrink() error {
	bytes := 0
	for _, in := range t.inputs {
		bytes += in.burst
	}
	if t.rowsIn.Load() < t.shrunk+int64(chunk.MaxRows) && bytes < readBytes {
		return nil
	}
	t.shrunk = t.rowsIn.Load()
	for _, in := range t.inputs {
		if err := in.shrink(); err != nil {
			return err
		}
	}
	if t.c.Sink != nil && !t.pushed {
		t.c.Sink.Shrink()
	}
	return nil
}

// stopped hides errors that come of the context's end: what has not been committed is
// dropped.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, function.ErrStopped)) {
		return nil
	}
	return err
}

// due is how long the next commit may wait.
func (t *Task) due(drained bool) time.Duration {
	now := t.c.Clock.Now()
	since := now.Sub(t.lastCommit)
	switch {
	case !t.pushed && !t.moved():
		return time.Hour
	case !t.pushed:
		return idlePositions - now.Sub(t.lastPositions)
	case drained:
		return min(t.c.CommitInterval, max(minCommitInterval, commitShare*t.commitTook)) - since
	}
	if most := t.c.Memory.Part(64, commitBytes); t.c.Sink != nil && t.c.Sink.Bytes() > most || t.state.DirtyBytes() > most {
		return 0
	}
	interval := t.c.CommitInterval
	for _, in := range t.inputs {
		if in.behind() && len(in.batches) == 0 {
			interval = t.c.CommitInterval * farBehind
		}
	}
	return interval - since
}

// moved reports whether positions have changed since the last commit.
func (t *Task) moved() bool {
	for _, in := range t.inputs {
		if in.position() > t.committed[in.tp] {
			return true
		}
	}
	return false
}

// Close commits, and writes the state down.
func (t *Task) Close() error {
	ctx := context.Background()
	if err := t.commit(ctx, true); err != nil {
		return err
	}
	return t.flush(true)
}

// Unseen reports whether input was used that no commit has shown yet.
func (t *Task) Unseen() bool { return t.pushed }

// Pushing tells the offsets [from, to) of the partition whose rows are being pushed, for
// an Emit that wants to know what a chunk was made of. It is the owner's to ask.
func (t *Task) Pushing() (tp commitlog.TopicPartition, from, to commitlog.Offset) {
	return t.pushing.tp, t.pushing.from, t.pushing.to
}

// Name is the task's, within its query.
func (t *Task) Name() string { return t.c.Name }

// Sub is the sub-topology that the task runs.
func (t *Task) Sub() *topology.Sub { return t.c.Sub }

// View is the state of the view in this task, nil when there is none.
func (t *Task) View() *state.Shared { return t.run.View }
