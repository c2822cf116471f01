package executor

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"tailrace/executor/chunk"
	"tailrace/executor/task"
	"tailrace/planner/plan"
	"tailrace/sql/function"
	"tailrace/storage/commitlog"
)

// fans are the tasks that push queries share.
type fans struct {
	mu  sync.Mutex
	all map[string]*fan
}

// count is how many there are.
func (fs *fans) count() int {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return len(fs.all)
}

// fan is one task for all push queries of one plan that holds no state and begins at the
// end of its topic. Its members get the same chunks, each over a queue of its own, so
// that one whose client is slow does not hold up the others:
//
//	task ── clone once ──> queue ── goroutine of RunPush ── emit
//	                  └──> queue ── goroutine of RunPush ── emit
//
// The task waits while even the fastest member is fanWait behind: under load everybody
// reads more slowly, and what piles up is in the log. A member that is fanCut behind all
// the same is left to itself: it gets what is in its queue, and goes on with a task of its
// own from there.
type fan struct {
	users  int // RunPush calls; guarded by fans.mu
	cancel context.CancelFunc
	opened chan struct{} // closed when the task stands at its beginning, or could not
	done   chan struct{} // closed when the task has ended
	task   *task.Task
	after  afters
	moved  chan struct{} // a member has got something, or left

	mu      sync.Mutex
	members []*member
	ended   bool
	err     error
}

// How far members may be behind, by the weight of their queues.
const (
	fanWait = 8 << 10
	fanCut  = 64 << 10
	// A row weighs 1, and so do that many bytes.
	weightBytes = 256
	chunkBytes  = 1 << 10 // of a chunk that is all but empty
)

// errCut says that a member was too slow to share a task.
var errCut = errors.New("too slow to share a task")

// shared is a chunk in the queues of members: of the records [from, to) of a partition.
type shared struct {
	chunk  *chunk.Chunk
	tp     commitlog.TopicPartition
	to     commitlog.Offset
	weight int64
}

// member is one RunPush in a fan.
type member struct {
	wake   chan struct{}
	weight atomic.Int64 // of what has not been emitted

	mu    sync.Mutex
	queue []*shared
	end   error // after the queue; nil: there is more to come
}

// shareKey is equal for queries that may share a task; empty for one that may not. The
// identity of the topic is in it: one that was made anew has other offsets.
func shareKey(q *plan.Query, set settings, c task.Config, topics []commitlog.Topic) (string, error) {
	if len(c.Leaves) != 1 || !c.Leaves[0].Latest || !stateless(q.Root.Node) {
		return "", nil
	}
	key, err := json.Marshal(struct {
		Root               plan.Ref
		Topic              [16]byte
		Partitions         int32
		Eager, Forget, Bad bool
		Limits             function.Limits
	}{q.Root, topics[0].ID, topics[0].Partitions, set.eager, set.forget, set.strictTime, set.limits})
	return string(key), err
}

// stateless reports whether rows out depend on the row in alone, at most one chunk coming
// of each. A Filter over a table has to know what was there before.
func stateless(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Source:
		return true
	case *plan.Filter:
		return !plan.IsTable(n.Input.Node) && stateless(n.Input.Node)
	case *plan.Project, *plan.Materialize:
		return stateless(n.Inputs()[0])
	}
	return false
}

// follow is the life of a member: it joins the fan of the key, which c makes if there is
// none, and gives p the rows. Where it returns errCut, at is how far it has come.
//
// It sees what is appended after it has read the high watermarks, for it was a member by
// then, and the task was running. Of what came just before it may see the rest of a chunk.
func (fs *fans) follow(ctx context.Context, key string, c task.Config, p *push) (at map[commitlog.TopicPartition]commitlog.Offset, err error) {
	f, m := fs.join(key, c)
	defer fs.leave(key, f, m)
	select {
	case <-f.opened:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	at = map[commitlog.TopicPartition]commitlog.Offset{}
	begin := map[commitlog.TopicPartition]commitlog.Offset{}
	for _, n := range c.Leaves[0].Partitions {
		tp := commitlog.TopicPartition{Topic: c.Leaves[0].Spec.Topic, Partition: n}
		b, err := c.Log.Bounds(ctx, tp)
		if err != nil {
			return nil, err
		}
		begin[tp], at[tp] = b.HighWatermark, b.HighWatermark
	}
	for {
		list, err := m.take(ctx)
		if err != nil {
			return at, err
		}
		for i, s := range list {
			// Partitions are read in order: what is dropped comes before what is given,
			// but of another partition it may come last, and must not owe the flush.
			more := slices.ContainsFunc(list[i+1:], func(s *shared) bool { return s.to > begin[s.tp] })
			if s.to > begin[s.tp] {
				if err := p.give(s.chunk, more); err != nil {
					return nil, err
				}
				at[s.tp] = s.to
			}
			list[i] = nil
			m.weight.Add(-s.weight)
			f.signal()
		}
	}
}

// take waits for chunks. When there will be no more it says why.
func (m *member) take(ctx context.Context) ([]*shared, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		m.mu.Lock()
		list, end := m.queue, m.end
		m.queue = nil
		m.mu.Unlock()
		if len(list) > 0 {
			return list, nil
		}
		if end != nil {
			return nil, end
		}
		select {
		case <-m.wake:
		case <-ctx.Done():
		}
	}
}

func (fs *fans) join(key string, c task.Config) (*fan, *member) {
	m := &member{wake: make(chan struct{}, 1)}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f := fs.all[key]
	if f == nil {
		f = &fan{opened: make(chan struct{}), done: make(chan struct{}), moved: make(chan struct{}, 1)}
		var ctx context.Context
		ctx, f.cancel = context.WithCancel(context.Background())
		fs.all[key] = f
		c.Runtime.Done = ctx.Done()
		c.Emit = chunk.EmitFunc(func(out *chunk.Chunk) error { return f.emit(ctx, out) })
		go func() {
			defer close(f.done)
			err := f.run(ctx, c)
			fs.remove(key, f)
			f.end(err)
		}()
	}
	f.users++
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended {
		m.finish(f.err)
	}
	f.members = append(f.members, m)
	return f, m
}

// leave ends the task with the last member; it is over when leave returns.
func (fs *fans) leave(key string, f *fan, m *member) {
	fs.mu.Lock()
	f.users--
	last := f.users == 0
	if last && fs.all[key] == f {
		delete(fs.all, key)
	}
	fs.mu.Unlock()
	f.mu.Lock()
	f.members = slices.DeleteFunc(f.members, func(x *member) bool { return x == m })
	f.mu.Unlock()
	f.signal()
	if last {
		f.cancel()
		<-f.done
	}
}

// remove lets nobody join f any more.
func (fs *fans) remove(key string, f *fan) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.all[key] == f {
		delete(fs.all, key)
	}
}

// run is the task.
func (f *fan) run(ctx context.Context, c task.Config) (err error) {
	f.task, err = task.Open(ctx, c)
	close(f.opened)
	if err != nil {
		return err
	}
	defer f.task.Release()
	return f.task.Run(ctx)
}

// end tells the members why there will be no more.
func (f *fan) end(err error) {
	if err == nil {
		err = context.Canceled // nobody is left to hear it
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended, f.err = true, err
	for _, m := range f.members {
		m.finish(err)
	}
}

// emit puts a chunk into all queues, and waits while even the fastest member is behind.
func (f *fan) emit(ctx context.Context, c *chunk.Chunk) error {
	c = f.after.of(c)
	if c.N == 0 {
		return nil
	}
	s := &shared{chunk: c.Clone()}
	s.chunk.Memo = &chunk.Memo{}
	s.tp, _, s.to = f.task.Pushing()
	s.weight = int64(c.N) + int64(chunkBytes+s.chunk.MemBytes())/weightBytes
	f.mu.Lock()
	f.members = slices.DeleteFunc(f.members, func(m *member) bool { return !m.put(s) })
	f.mu.Unlock()
	for f.behind() {
		select {
		case <-f.moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// behind reports whether all members are fanWait behind.
func (f *fan) behind() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.members) > 0 && !slices.ContainsFunc(f.members, func(m *member) bool { return m.weight.Load() < fanWait })
}

// signal says that a member has got something or has left.
func (f *fan) signal() { notify(f.moved) }

// put queues a chunk. False: the member has more than it may have, and gets no more.
func (m *member) put(s *shared) bool {
	if m.weight.Load() > fanCut {
		m.finish(errCut)
		return false
	}
	m.weight.Add(s.weight)
	m.mu.Lock()
	m.queue = append(m.queue, s)
	m.mu.Unlock()
	notify(m.wake)
	return true
}

// finish ends what the member gets, after what it has.
func (m *member) finish(err error) {
	m.mu.Lock()
	m.end = err
	m.mu.Unlock()
	notify(m.wake)
}

// notify wakes who waits for wake, now or later.
func notify(wake chan struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}
