package executor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"tailrace/executor/chunk"
	"tailrace/executor/op"
	"tailrace/executor/task"
	"tailrace/executor/topology"
	"tailrace/planner/plan"
	"tailrace/storage/commitlog"
)

// RunPush runs a query for one client until ctx ends, the query's limit is reached, or
// emit fails. It commits nothing and keeps its state in memory; one task reads all
// partitions, so that rows flow without a topic in between. from is "earliest" or
// "latest"; empty is what the query's properties say. Queries from "latest" that differ
// in their clients alone share a task, as fan says.
//
// emit gets each chunk as soon as its rows have been read, changes of a key in one chunk
// made one; more says that the next chunk is there already, so that the client need not
// be sent this one at once. It may neither keep nor change the chunk, and may block: no
// more than a bounded number of rows piles up meanwhile. In a table's result the halves
// before of updates are left out.
func (e *Engine) RunPush(ctx context.Context, q *plan.Query, from string, emit func(c *chunk.Chunk, more bool) error) error {
	e.pushes.Add(1)
	defer e.pushes.Add(-1)
	set := e.settings(q)
	switch {
	case strings.EqualFold(from, "earliest"):
		set.latest, set.explicit = false, true
	case strings.EqualFold(from, "latest"):
		set.latest, set.explicit = true, true
	}
	c, topics, err := e.pushTask(ctx, q, set)
	if err != nil {
		return err
	}
	p := &push{emit: emit, limit: q.Limit}
	key, err := shareKey(q, set, c, topics)
	if err != nil {
		return err
	}
	if key == "" || e.c.Manual {
		return p.alone(ctx, c)
	}
	at, err := e.fans.follow(ctx, key, c, p)
	if !errors.Is(err, errCut) {
		return p.result(ctx, err)
	}
	e.cut.Add(1)
	if c, _, err = e.pushTask(ctx, q, set); err != nil {
		return err
	}
	c.Start = at
	return p.alone(ctx, c)
}

// pushTask is the task of a push query, but for where its rows go, and the topics that it
// reads.
func (e *Engine) pushTask(ctx context.Context, q *plan.Query, set settings) (task.Config, []commitlog.Topic, error) {
	sub, err := topology.Whole(q)
	if err != nil {
		return task.Config{}, nil, err
	}
	log := e.plog.logger(q.ID, &e.transientRows)
	rt := &topology.Runtime{
		NowMillis: func() int64 { return e.c.Clock.Now().UnixMilli() }, Random: e.c.Rand.Uint64,
		Log: op.RowLog(log.row), Late: op.RowLog(log.late), Limits: set.limits, Eager: set.eager, Forget: set.forget, StrictTime: set.strictTime, Check: invariants,
	}
	c := task.Config{
		Log: e.c.Log, Clock: e.c.Clock, Sub: sub, Runtime: rt, Transient: true, Memory: e.transient,
		Name: q.ID, Fault: log.fault, CommitInterval: e.c.CommitInterval,
	}
	topo := &topology.Topology{Query: q}
	var topics []commitlog.Topic
	for _, leaf := range sub.Leaves {
		spec, err := topo.SourceSpec(leaf, rt)
		if err != nil {
			return c, nil, err
		}
		t, err := e.c.Log.Topic(ctx, spec.Topic)
		if err != nil {
			return c, nil, fmt.Errorf("source of query %s: %w", q.ID, err)
		}
		topics = append(topics, t)
		l := task.Leaf{Spec: spec, First: plan.IsTable(leaf), Latest: set.latest && (set.explicit || !plan.IsTable(leaf))}
		for n := range t.Partitions {
			l.Partitions = append(l.Partitions, commitlog.PartitionID(n))
		}
		c.Leaves = append(c.Leaves, l)
	}
	return c, topics, nil
}

// errLimit ends a push query that has given all the rows that were asked for.
var errLimit = errors.New("limit reached")

// push is the client's end of a push query.
type push struct {
	emit  func(c *chunk.Chunk, more bool) error
	limit int64 // 0: none
	sent  int64
	after afters
}

// alone runs a task for this client only.
func (p *push) alone(ctx context.Context, c task.Config) error {
	c.Emit, c.Runtime.Done = p, ctx.Done()
	t, err := task.Open(ctx, c)
	if err != nil {
		return err
	}
	defer t.Release()
	return p.result(ctx, t.Run(ctx))
}

// result is what RunPush returns when its rows ended with err.
func (p *push) result(ctx context.Context, err error) error {
	if errors.Is(err, errLimit) {
		return nil
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// Emit implements chunk.Emitter.
func (p *push) Emit(c *chunk.Chunk) error { return p.give(p.after.of(c), false) }

// give sends the client a chunk, as far as its limit goes.
func (p *push) give(c *chunk.Chunk, more bool) error {
	if p.limit > 0 && p.sent+int64(c.N) >= p.limit {
		c, more = c.Slice(0, int(p.limit-p.sent)), false
	}
	if c.N > 0 {
		if err := p.emit(c, more); err != nil {
			return err
		}
	}
	p.sent += int64(c.N)
	if p.limit > 0 && p.sent >= p.limit {
		return errLimit
	}
	return nil
}

// afters leaves out the halves before of updates, and a stream's records without a value:
// they are no rows to a client.
type afters struct{ sel []int32 }

func (a *afters) of(c *chunk.Chunk) *chunk.Chunk {
	a.sel = a.sel[:0]
	for i := range c.N {
		if op := c.Op(i); op != chunk.UpdateBefore && (op != chunk.Insert || !c.NullValue.Get(i)) {
			a.sel = append(a.sel, int32(i))
		}
	}
	if len(a.sel) == c.N {
		return c
	}
	return c.Select(a.sel)
}
