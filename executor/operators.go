package executor

import (
	"context"
	"strings"
	"time"

	"tailrace/executor/task"
	"tailrace/planner/plan"
)

// Operator is one node of a query's plan and what it has done since the query was started.
type Operator struct {
	Node plan.Node
	// Inputs are the indexes of the operators that feed it.
	Inputs []int
	// Sub is the sub-topology that runs it. A Repartition counts with the one that reads it.
	Sub int
	// Topic is what a source, or a reader of a repartition topic, reads; "" for others.
	Topic string
	// RowsIn and RowsOut count rows of changes: both halves of an update.
	RowsIn, RowsOut int64
	// Busy is how long it has worked, all tasks together.
	Busy time.Duration
	// StateKeys and StateBytes are what its state holds in memory.
	StateKeys, StateBytes int64
	// Stateful: it has a state.
	Stateful bool
	// Lag is how many records of Topic are not visible in the result yet.
	Lag int64
}

// Operators tells what each operator of a query does, the root first.
func (e *Engine) Operators(ctx context.Context, id string) ([]Operator, error) {
	r, err := e.query(id)
	if err != nil {
		return nil, err
	}
	if r.topo == nil || r.plan.Root.Node == nil {
		return nil, nil
	}
	sizes := map[string]task.Size{}
	for _, t := range r.tasks() {
		t.Sizes(func(id string, s task.Size) {
			had := sizes[id]
			sizes[id] = task.Size{Keys: had.Keys + s.Keys, Bytes: had.Bytes + s.Bytes}
		})
	}
	w := operatorWalk{query: r, sizes: sizes, lag: map[string]int64{}}
	for tp, n := range r.status(ctx).Lag {
		w.lag[tp.Topic] += n
	}
	w.visit(r.plan.Root.Node, len(r.topo.Subs)-1)
	return w.out, nil
}

// operatorWalk goes over a plan from its root.
type operatorWalk struct {
	query *query
	sizes map[string]task.Size
	lag   map[string]int64 // by topic
	out   []Operator
}

// visit adds n, which sub-topology sub runs, and what is below; it returns n's index.
func (w *operatorWalk) visit(n plan.Node, sub int) int {
	at := len(w.out)
	o := Operator{Node: n, Sub: sub, Topic: w.query.topo.Topic(n)}
	o.Lag = w.lag[o.Topic]
	if m := w.query.meters.ByNode[n]; m != nil {
		o.RowsIn, o.RowsOut, o.Busy = m.RowsIn.Load(), m.RowsOut.Load(), time.Duration(m.Busy.Load())
	}
	if id := stateOf(n); id != "" {
		for have, s := range w.sizes {
			if have == id || strings.HasPrefix(have, id+"-") {
				o.Stateful = true
				o.StateKeys, o.StateBytes = o.StateKeys+s.Keys, o.StateBytes+s.Bytes
			}
		}
	}
	w.out = append(w.out, o)
	var inputs []int
	below := sub
	if r, ok := n.(*plan.Repartition); ok {
		for i, s := range w.query.topo.Subs {
			if s.Out == r {
				below = i
			}
		}
	}
	for _, in := range n.Inputs() {
		inputs = append(inputs, w.visit(in, below))
	}
	w.out[at].Inputs = inputs
	return at
}

// stateOf is the state id of a node, "" for one without.
func stateOf(n plan.Node) string {
	switch n := n.(type) {
	case *plan.Source:
		return n.StateID
	case *plan.Aggregate:
		return n.StateID
	case *plan.Suppress:
		return n.StateID
	case *plan.Materialize:
		return n.StateID
	case *plan.StreamTableJoin:
		return n.StateID
	case *plan.StreamStreamJoin:
		return n.StateID
	case *plan.TableTableJoin:
		return n.StateID
	case *plan.ForeignKeyJoin:
		return n.StateID
	}
	return ""
}

// ProcessingLog is the topic of what queries could not compute.
func (e *Engine) ProcessingLog() string { return e.plog.topic }

// Plan is the plan of a query that was started.
func (e *Engine) Plan(id string) (*plan.Query, bool) {
	r, err := e.query(id)
	if err != nil {
		return nil, false
	}
	return r.plan, true
}
