package executor

import (
	"context"
	"maps"

	"tailrace/executor/task"
	"tailrace/storage/commitlog"
)

type offsets = map[commitlog.TopicPartition]commitlog.Offset

// waitApplied waits until q shows what lies below target. It goes along the data: when a
// sub-topology has taken its part of the target, what it made of it is committed, and the
// ends of the topics that it writes are the target of those who read them.
func (e *Engine) waitApplied(ctx context.Context, q *query, target offsets) error {
	if len(target) == 0 {
		return nil
	}
	stages := e.upstream(q)
	target = maps.Clone(target)
	for _, s := range stages {
		if !s.reads(target) {
			continue
		}
		if err := s.applied(ctx, target); err != nil {
			return err
		}
		if err := s.ends(ctx, target); err != nil {
			return err
		}
	}
	return nil
}

// stage is a sub-topology of a running query.
type stage struct {
	q     *query
	sub   int
	in    map[string]bool
	out   string // the topic that it writes; empty for none
	depth int
}

// upstream lists the sub-topologies that the result of q depends on, and q's own, those
// that write a topic before those that read it.
func (e *Engine) upstream(q *query) []*stage {
	var all []*stage
	for _, r := range e.all() {
		all = append(all, r.stages()...)
	}
	var out []*stage
	seen := map[*stage]bool{}
	var visit func(s *stage)
	visit = func(s *stage) {
		if seen[s] {
			return
		}
		seen[s] = true
		for _, w := range all {
			if w.out != "" && s.in[w.out] {
				visit(w)
			}
		}
		out = append(out, s)
	}
	for _, s := range all {
		if s.q == q && s.sub == len(q.topo.Subs)-1 {
			visit(s)
		}
	}
	return out
}

func (r *query) stages() []*stage {
	var out []*stage
	if r.topo == nil {
		return nil
	}
	for i, s := range r.topo.Subs {
		st := &stage{q: r, sub: i, in: map[string]bool{}}
		for _, leaf := range s.Leaves {
			st.in[r.topo.Topic(leaf)] = true
		}
		switch {
		case s.Out != nil:
			st.out = r.topo.Topic(s.Out)
		case r.plan.Sink != nil:
			st.out = r.plan.Sink.Topic
		}
		out = append(out, st)
	}
	return out
}

// reads reports whether the stage reads a topic of the target.
func (s *stage) reads(target offsets) bool {
	for tp := range target {
		if s.in[tp.Topic] {
			return true
		}
	}
	return false
}

// tasks are the stage's tasks.
func (s *stage) tasks() []*task.Task {
	var out []*task.Task
	for _, t := range s.q.tasks() {
		if t.Sub() == s.q.topo.Subs[s.sub] {
			out = append(out, t)
		}
	}
	return out
}

// ends makes the present ends of the stage's output part of the target.
func (s *stage) ends(ctx context.Context, target offsets) error {
	if s.out == "" {
		return nil
	}
	return endsOf(ctx, s.q.e.c.Log, s.out, target)
}

// WaitApplied waits until the query id has made of everything below the given offsets
// what it makes of it, and that is visible: in its view, or in its topic. See
// View.WaitApplied.
func (e *Engine) WaitApplied(ctx context.Context, id string, target map[commitlog.TopicPartition]commitlog.Offset) error {
	q, err := e.query(id)
	if err != nil {
		return err
	}
	return e.waitApplied(ctx, q, target)
}
