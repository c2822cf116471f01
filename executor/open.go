package executor

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"tailrace/executor/chunk"
	"tailrace/executor/op"
	"tailrace/executor/sink"
	"tailrace/executor/source"
	"tailrace/executor/task"
	"tailrace/executor/topology"
	"tailrace/planner/plan"
	"tailrace/sql/sqlerr"
	"tailrace/storage/commitlog"
	"tailrace/storage/state"
)

// makeTopics decides how many partitions each part of the query has, and makes the topics
// that it writes.
func (r *query) makeTopics(ctx context.Context) error {
	r.partitions = make([]int32, len(r.topo.Subs))
	for i, s := range r.topo.Subs {
		if err := r.countPartitions(ctx, i, s); err != nil {
			return err
		}
	}
	for i, s := range r.topo.Subs {
		for _, st := range s.States() {
			if _, err := r.ensure(ctx, topology.ChangelogTopic(r.topo.AppID, st.ID), r.tasksOf(i), -1, changelogConfigs); err != nil {
				return err
			}
		}
	}
	k := r.plan.Sink
	if k == nil {
		return nil
	}
	n := k.Partitions
	if n <= 0 {
		n = r.partitions[len(r.partitions)-1]
	}
	replicas := k.Replicas
	if replicas <= 0 {
		replicas = -1
	}
	var err error
	r.sinkParts, err = r.ensure(ctx, k.Topic, n, replicas, commitlog.KeptByAppend(k.Configs))
	return err
}

// changelogConfigs keep the last change of every key of a state. What a state forgets by
// event time it deletes: the clock has no say.
var changelogConfigs = map[string]string{"cleanup.policy": "compact", "max.message.bytes": strconv.Itoa(internalMessage)}

// internalMessage is how large a batch of an internal topic may be: what a source took is
// larger in another format, and a state holds many rows. It is less than segment.bytes.
const internalMessage = 32 << 20

// repartitionConfigs keep what has not been used yet, however old: the task that reads the
// topic trims it.
var repartitionConfigs = map[string]string{"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1",
	"segment.bytes": strconv.Itoa(50 << 20), "max.message.bytes": strconv.Itoa(internalMessage)}

// countPartitions is the number of partitions of a sub-topology: that of its topics. The
// internal topics that it alone reads are made to match.
func (r *query) countPartitions(ctx context.Context, i int, s *topology.Sub) error {
	n := int32(0)
	for _, leaf := range s.Leaves {
		if src, ok := leaf.(*plan.Source); ok {
			t, err := r.e.c.Log.Topic(ctx, src.Topic)
			if err != nil {
				return fmt.Errorf("source %s: %w", src.Name, err)
			}
			n = max(n, t.Partitions)
		}
	}
	if n == 0 {
		for _, leaf := range s.Leaves {
			if p, ok := leaf.(*plan.Repartition); ok {
				n = max(n, p.Partitions, r.partitionsOf(p))
			}
		}
	}
	for _, leaf := range s.Leaves {
		if p, ok := leaf.(*plan.Repartition); ok {
			have, err := r.ensure(ctx, r.topo.Topic(p), n, -1, repartitionConfigs)
			if err != nil {
				return err
			}
			n = max(n, have)
		}
	}
	r.partitions[i] = n
	return nil
}

// partitionsOf is the number of partitions of the sub-topology that writes p.
func (r *query) partitionsOf(p *plan.Repartition) int32 {
	for i, s := range r.topo.Subs {
		if s.Out == p {
			return r.partitions[i]
		}
	}
	return 1
}

// tasksOf is the number of tasks of a sub-topology.
func (r *query) tasksOf(i int) int32 {
	if r.topo.Subs[i].Global {
		return 1
	}
	return r.partitions[i]
}

// ensure makes a topic unless it exists, and returns how many partitions it has.
func (r *query) ensure(ctx context.Context, name string, partitions int32, replicas int16, configs map[string]string) (int32, error) {
	t, err := r.e.c.Log.Topic(ctx, name)
	if errors.Is(err, commitlog.ErrUnknownTopic) {
		t, err = r.e.c.Log.CreateTopic(ctx, commitlog.TopicSpec{Name: name, Partitions: max(1, partitions), ReplicationFactor: replicas, Configs: configs})
		if err == nil {
			r.made = append(r.made, name)
		}
		if errors.Is(err, commitlog.ErrTopicExists) {
			t, err = r.e.c.Log.Topic(ctx, name)
		}
	}
	return t.Partitions, err
}

// nameable fails when the name of an internal topic is longer than the log takes.
func (r *query) nameable() error {
	for _, name := range r.internalTopics() {
		if over := len(name) - commitlog.MaxTopicName; over > 0 {
			return sqlerr.New(sqlerr.InvalidParameter, "the name of the query %s is too long by %d characters: its internal topic %s may have %d", r.plan.ID, over, name, commitlog.MaxTopicName).
				Hint("Give it a shorter name.")
		}
	}
	return nil
}

// internalTopics are those that only the query uses.
func (r *query) internalTopics() []string {
	var out []string
	for _, s := range r.topo.Subs {
		if s.Out != nil {
			out = append(out, topology.RepartitionTopic(r.topo.AppID, s.Out.Name))
		}
		for _, st := range s.States() {
			out = append(out, topology.ChangelogTopic(r.topo.AppID, st.ID))
		}
	}
	return out
}

// runtime is what the operators of a task may ask of their surroundings.
func (r *query) runtime(s *topology.Sub) *topology.Runtime {
	log := r.log()
	return &topology.Runtime{
		NowMillis: func() int64 { return r.e.c.Clock.Now().UnixMilli() },
		Random:    r.e.c.Rand.Uint64,
		Log:       op.RowLog(log.row),
		Late:      op.RowLog(log.late),
		Limits:    r.rt.limits, Meters: r.meters, Eager: r.rt.eager, Forget: r.rt.forget, StrictTime: r.rt.strictTime, Check: invariants,
		Done: r.aborted(),
	}
}

// dryBuild builds a sub-topology without running it.
func (r *query) dryBuild(i int) error {
	s := r.topo.Subs[i]
	rt := r.runtime(s)
	for _, leaf := range s.Leaves {
		spec, err := r.topo.SourceSpec(leaf, rt)
		if err != nil {
			return err
		}
		if _, err := source.New(spec, 0, nil); err != nil {
			return err
		}
	}
	if s.Out != nil || r.plan.Sink != nil {
		spec, err := r.topo.SinkSpec(s, 1, 0, rt)
		if err != nil {
			return err
		}
		if _, err := sink.New(spec); err != nil {
			return err
		}
	}
	_, err := topology.Build(s, rt, state.NewTask(nil), chunk.EmitFunc(func(*chunk.Chunk) error { return nil }))
	return err
}

// open makes all tasks of the query, with their state restored.
func (r *query) open(ctx context.Context) error {
	owner := r.e.nextOwner()
	r.frontiers = make([][]*task.Frontier, len(r.topo.Subs))
	for i, s := range r.topo.Subs {
		for range r.tasksOf(i) {
			if s.Out != nil {
				r.frontiers[i] = append(r.frontiers[i], task.NewFrontier())
			}
		}
	}
	var tasks []*task.Task
	var shards []*task.Task
	for i, s := range r.topo.Subs {
		for p := range r.tasksOf(i) {
			t, err := r.openTask(ctx, i, p, owner)
			if err != nil {
				return fmt.Errorf("task %d_%d: %w", s.ID, p, err)
			}
			tasks = append(tasks, t)
			if t.View() != nil {
				shards = append(shards, t)
			}
		}
	}
	r.e.c.Damage.Clear(r.part())
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mu.tasks = tasks
	if r.view != nil {
		r.view.attach(shards)
	}
	if r.mu.state == Starting || r.mu.state == Failed {
		r.become(Running)
	}
	r.markOpened()
	return nil
}

func (r *query) openTask(ctx context.Context, i int, p int32, owner int64) (*task.Task, error) {
	s := r.topo.Subs[i]
	rt := r.runtime(s)
	name := fmt.Sprintf("%d_%d", s.ID, p)
	c := task.Config{
		Log: r.e.c.Log, Clock: r.e.c.Clock, Sub: s, Runtime: rt,
		Group: r.group(i), Name: name, Owner: owner, Partition: commitlog.PartitionID(p),
		Changelogs: map[string]string{}, AtLeastOnce: r.rt.atLeastOnce, CommitInterval: r.rt.commit, Took: r.e.commits, Idle: r.rt.idle,
		Memory: r.e.state, Fault: r.log().fault,
		Missed: r.missed, Careful: r.poison.careful[name], Passed: r.poison.passed[name],
		Suspect: func(tp commitlog.TopicPartition) bool {
			_, out := r.e.c.Damage.Out("partition " + tp.String())
			_, holes := r.e.c.Damage.Out("records of partition " + tp.String())
			return out || holes
		},
		Notice: func(message string, args ...any) {
			r.e.c.Logger.Error(message, append([]any{"query", r.plan.ID}, args...)...)
		},
	}
	if s.Out != nil {
		c.Frontier = r.frontiers[i][p]
	}
	var err error
	if c.Leaves, err = r.leaves(ctx, i, p, rt); err != nil {
		return nil, err
	}
	for _, st := range s.States() {
		c.Changelogs[st.ID] = topology.ChangelogTopic(r.topo.AppID, st.ID)
	}
	c.Store = state.NewMemory()
	if r.e.db != nil {
		if c.Store, err = r.e.db.Space(r.topo.AppID + "/" + name); err != nil {
			return nil, err
		}
	}
	if s.Out != nil || r.plan.Sink != nil {
		n := r.sinkParts
		if s.Out != nil {
			t, err := r.e.c.Log.Topic(ctx, topology.RepartitionTopic(r.topo.AppID, s.Out.Name))
			if err != nil {
				return nil, err
			}
			n = t.Partitions
		}
		spec, err := r.topo.SinkSpec(s, n, p, rt)
		if err != nil {
			return nil, err
		}
		if t, err := r.e.c.Log.Topic(ctx, spec.Topic); err == nil {
			spec.MaxBytes = t.MaxMessageBytes
		}
		spec.Fault = r.log().unwritten
		if c.Sink, err = sink.New(spec); err != nil {
			return nil, err
		}
	}
	if s.Out == nil {
		tap := r.e.feeds.tap(r.output())
		c.Emit, c.Committed = tap, tap.committed
	}
	return task.Open(ctx, c)
}

// output is the name of the stream or table that the query makes.
func (r *query) output() string {
	if r.plan.Sink != nil {
		return r.plan.Sink.Name
	}
	if r.view != nil {
		return r.view.name
	}
	return r.plan.ID
}

// group is the consumer group of a sub-topology: the application id, unless an earlier one
// reads the same topic.
func (r *query) group(i int) string {
	seen := map[string]bool{}
	for _, s := range r.topo.Subs[:i] {
		for _, leaf := range s.Leaves {
			seen[r.topo.Topic(leaf)] = true
		}
	}
	for _, leaf := range r.topo.Subs[i].Leaves {
		if seen[r.topo.Topic(leaf)] {
			return fmt.Sprintf("%s-%d", r.topo.AppID, i)
		}
	}
	return r.topo.AppID
}

func (r *query) leaves(ctx context.Context, i int, p int32, rt *topology.Runtime) ([]task.Leaf, error) {
	s := r.topo.Subs[i]
	var out []task.Leaf
	for _, leaf := range s.Leaves {
		spec, err := r.topo.SourceSpec(leaf, rt)
		if err != nil {
			return nil, err
		}
		repartition, internal := leaf.(*plan.Repartition)
		l := task.Leaf{Spec: spec, Partitions: []commitlog.PartitionID{commitlog.PartitionID(p)}, First: plan.IsTable(leaf), Internal: internal}
		for k, up := range r.topo.Subs {
			if internal && up.Out == repartition {
				l.Upstream = r.frontiers[k]
			}
		}
		t, err := r.e.c.Log.Topic(ctx, spec.Topic)
		if err != nil {
			return nil, err
		}
		switch {
		case s.Global:
			l.Partitions = nil
			for n := range t.Partitions {
				l.Partitions = append(l.Partitions, commitlog.PartitionID(n))
			}
		case p >= t.Partitions:
			l.Partitions = nil // a smaller topic has nothing for this task
		}
		if _, ok := leaf.(*plan.Source); ok {
			// Without a word about it, streams begin at the end and tables at the start.
			l.Latest = r.rt.latest && (r.rt.explicit || !plan.IsTable(leaf))
			if r.plan.Kind == plan.MaterializeTable {
				l.Latest = false
			}
		}
		out = append(out, l)
	}
	return out, nil
}
