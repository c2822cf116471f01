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
// "latest"; empty is what the query's properties say.
//
// emit gets each chunk as soon as its rows have been read, changes of a key in one chunk
// made one; it may not keep the chunk, and may block: nothing piles up meanwhile, reading
// waits. In a table's result the halves before of updates are left out.
func (e *Engine) RunPush(ctx context.Context, q *plan.Query, from string, emit func(*chunk.Chunk) error) error {
	sub, err := topology.Whole(q)
	if err != nil {
		return err
	}
	set := e.settings(q)
	switch {
	case strings.EqualFold(from, "earliest"):
		set.latest, set.explicit = false, true
	case strings.EqualFold(from, "latest"):
		set.latest, set.explicit = true, true
	}
	log := e.plog.logger(q.ID)
	rt := &topology.Runtime{
		NowMillis: func() int64 { return e.c.Clock.Now().UnixMilli() }, Random: e.c.Rand.Uint64,
		Log: op.RowLog(log.row), Late: op.RowLog(log.late), Limits: set.limits, Eager: set.eager, Forget: set.forget, StrictTime: set.strictTime, Check: invariants,
	}
	p := &push{emit: emit, limit: q.Limit}
	c := task.Config{
		Log: e.c.Log, Clock: e.c.Clock, Sub: sub, Runtime: rt, Transient: true,
		Name: q.ID, Emit: p, Fault: log.fault, CommitInterval: e.c.CommitInterval,
	}
	topo := &topology.Topology{Query: q}
	for _, leaf := range sub.Leaves {
		spec, err := topo.SourceSpec(leaf, rt)
		if err != nil {
			return err
		}
		t, err := e.c.Log.Topic(ctx, spec.Topic)
		if err != nil {
			return fmt.Errorf("source of query %s: %w", q.ID, err)
		}
		l := task.Leaf{Spec: spec, First: plan.IsTable(leaf), Latest: set.latest && (set.explicit || !plan.IsTable(leaf))}
		for n := range t.Partitions {
			l.Partitions = append(l.Partitions, commitlog.PartitionID(n))
		}
		c.Leaves = append(c.Leaves, l)
	}
	t, err := task.Open(ctx, c)
	if err != nil {
		return err
	}
	if err = t.Run(ctx); errors.Is(err, errLimit) {
		return nil
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// errLimit ends a push query that has given all the rows that were asked for.
var errLimit = errors.New("limit reached")

// push is the client's end of a push query.
type push struct {
	emit  func(*chunk.Chunk) error
	limit int64 // 0: none
	sent  int64
	sel   []int32
}

// Emit implements chunk.Emitter.
func (p *push) Emit(c *chunk.Chunk) error {
	p.sel = p.sel[:0]
	for i := range c.N {
		if c.Op(i) != chunk.UpdateBefore {
			p.sel = append(p.sel, int32(i))
		}
	}
	if len(p.sel) < c.N {
		c = c.Select(p.sel)
	}
	if p.limit > 0 && p.sent+int64(c.N) > p.limit {
		c = c.Slice(0, int(p.limit-p.sent))
	}
	if c.N > 0 {
		if err := p.emit(c); err != nil {
			return err
		}
	}
	p.sent += int64(c.N)
	if p.limit > 0 && p.sent >= p.limit {
		return errLimit
	}
	return nil
}
