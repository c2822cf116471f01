package topology

import (
	"fmt"

	"tailrace/executor/check"
	"tailrace/executor/chunk"
	"tailrace/executor/op"
	"tailrace/executor/op/agg"
	"tailrace/executor/op/join"
	"tailrace/executor/op/window"
	"tailrace/planner/plan"
	"tailrace/sql/expr"
	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/storage/state"
)

// Running is a sub-topology's operators, linked: what is emitted into Leaves[i] are rows
// of Sub.Leaves[i].
type Running struct {
	Leaves []chunk.Emitter
	// View is the state of the Materialize in it, if there is one.
	View *state.Shared
	// Clocks keep stream time, by a name that is stable between runs.
	Clocks map[string]op.Clocked
	flows  []flow
}

// flow is an operator and where its output goes.
type flow struct {
	op  op.Operator
	out chunk.Emitter
}

// Flush makes the operators emit what they hold, from the leaves to the root.
func (r *Running) Flush() error {
	for _, f := range r.flows {
		if err := f.op.Flush(f.out); err != nil {
			return err
		}
	}
	return nil
}

type builder struct {
	sub   *Sub
	rt    *Runtime
	state *state.Task
	run   *Running
}

// Build makes the operators of a sub-topology over st; the rows of the root go to out.
func Build(s *Sub, rt *Runtime, st *state.Task, out chunk.Emitter) (*Running, error) {
	b := &builder{sub: s, rt: rt, state: st, run: &Running{Clocks: map[string]op.Clocked{}}}
	if err := b.build(s.Root, false, out); err != nil {
		return nil, err
	}
	return b.run, nil
}

// build makes the operators of n and below; before: n's output must have halves before.
func (b *builder) build(n plan.Node, before bool, out chunk.Emitter) error {
	switch n := n.(type) {
	case *plan.Source:
		return b.source(n, before, out)
	case *plan.Repartition:
		if !b.sub.Transient {
			b.run.Leaves = append(b.run.Leaves, b.rt.Meters.leaf(n, out))
			return nil
		}
		return b.build(n.Input.Node, before, rename(n.Out, out))
	}
	o, err := b.operator(n, before)
	if err != nil {
		return fmt.Errorf("%s: %w", plan.OpName(n), err)
	}
	if b.rt.Check {
		out = check.Emitter(n.Schema(), out)
	}
	o, out = b.rt.Meters.wrap(n, o, out)
	halving := op.Halving(o)
	for side, in := range n.Inputs() {
		push := chunk.EmitFunc(func(c *chunk.Chunk) error { return halving.Push(side, c, out) })
		if err := b.build(in, needsBefore(n, side, before), push); err != nil {
			return err
		}
	}
	b.run.flows = append(b.run.flows, flow{o, out})
	return nil
}

// rename passes chunks on under another schema.
func rename(s types.Schema, out chunk.Emitter) chunk.Emitter {
	return chunk.EmitFunc(func(c *chunk.Chunk) error { return out.Emit(c.With(s, c.Cols)) })
}

func (b *builder) source(n *plan.Source, before bool, out chunk.Emitter) error {
	out = b.rt.Meters.leaf(n, out)
	if !n.Table || !before {
		b.run.Leaves = append(b.run.Leaves, out)
		return nil
	}
	p, err := op.NewPrevious(n.Out, b.state, n.StateID, n.RowBits)
	if err != nil {
		return err
	}
	b.run.Leaves = append(b.run.Leaves, chunk.EmitFunc(func(c *chunk.Chunk) error { return p.Push(op.Left, c, out) }))
	b.run.flows = append(b.run.flows, flow{p, out})
	return nil
}

func nullRule(n *plan.Rekey) op.NullRule {
	rule := op.NullRule{Drop: n.DropNull, OfValue: make([]bool, len(n.Keys))}
	in := n.Input.Schema()
	for i, k := range n.Keys {
		for _, c := range expr.Columns(k) {
			rule.OfValue[i] = rule.OfValue[i] || in.Columns[c].In != types.InKey
		}
	}
	return rule
}

func (b *builder) operator(n plan.Node, before bool) (op.Operator, error) {
	switch n := n.(type) {
	case *plan.Filter:
		p, err := compile(n.Predicate, n.Input.Schema(), b.rt)
		return op.NewFilter(p), err
	case *plan.Project:
		es, err := evals(n.Exprs, n.Input.Schema(), b.rt)
		return op.NewProject(n.Out, es), err
	case *plan.FlatMap:
		return b.flatMap(n)
	case *plan.Rekey:
		es, err := evals(n.Keys, n.Input.Schema(), b.rt)
		return op.NewRekey(n.Out, es, nullRule(n), b.rt.Log), err
	case *plan.Aggregate:
		return b.aggregate(n, before)
	case *plan.Suppress:
		s := agg.NewSuppress(n.Out, *windowOf(&n.Window), b.rt.Forget, b.state, n.StateID)
		b.run.Clocks[n.StateID] = s
		return s, nil
	case *plan.Materialize:
		return b.materialize(n)
	}
	return b.join(n)
}

func (b *builder) flatMap(n *plan.FlatMap) (op.Operator, error) {
	calls := make([]op.TableCall, len(n.Calls))
	for i, c := range n.Calls {
		sig, err := function.FindTable(c.Overload)
		if err != nil {
			return nil, err
		}
		args, err := evals(c.Args, n.Input.Schema(), b.rt)
		if err != nil {
			return nil, err
		}
		calls[i] = op.TableCallOf(sig, args)
	}
	return op.NewFlatMap(n.Out, calls, b.rt.Log), nil
}

func windowOf(w *plan.Window) *window.Window {
	if w == nil {
		return nil
	}
	out := &window.Window{Kind: window.Kind(w.Kind), Size: w.Size, Advance: w.Advance, Grace: w.Grace, Retention: w.Retention}
	if out.Advance == 0 {
		out.Advance = out.Size
	}
	out.Retention = max(out.Retention, out.Size+out.Grace)
	return out
}

func (b *builder) aggregate(n *plan.Aggregate, before bool) (op.Operator, error) {
	in := n.Input.Schema()
	spec := agg.Spec{Schema: n.Out, Keys: in.Key(), Window: windowOf(n.Window), Before: before, Ends: n.Ends, Eager: b.rt.Eager, Late: b.rt.Late, Log: b.rt.Log}
	for _, c := range n.Calls {
		sig, err := function.FindAggregate(c.Overload)
		if err != nil {
			return nil, err
		}
		args, err := evals(c.Args, in, b.rt)
		if err != nil {
			return nil, err
		}
		argTypes, initial := make([]types.Type, len(c.Args)), make([]types.Value, len(c.Initial))
		for i, a := range c.Args {
			argTypes[i] = a.Type
		}
		for i, k := range c.Initial {
			initial[i] = k.V
		}
		acc, err := sig.New(argTypes, initial, c.Type, b.rt.Limits)
		if err != nil {
			return nil, err
		}
		spec.Calls = append(spec.Calls, agg.Call{Acc: acc, Args: args, Type: c.Type})
	}
	if spec.Window != nil && spec.Window.Kind == window.Sessions {
		s := agg.NewSession(spec, b.state, n.StateID)
		b.run.Clocks[n.StateID] = s
		return s, nil
	}
	a, err := agg.NewAggregate(spec, b.state, n.StateID)
	if err != nil {
		return nil, err
	}
	if spec.Window != nil {
		b.run.Clocks[n.StateID] = a
	}
	return a, nil
}

func (b *builder) materialize(n *plan.Materialize) (op.Operator, error) {
	if b.sub.Transient {
		return pass{}, nil
	}
	retention, timeOf := int64(0), (func([]byte) int64)(nil)
	if n.Window != nil && n.Retention > 0 {
		retention, timeOf = n.Retention, state.WindowStart
		if window.Kind(n.Window.Kind) == window.Sessions {
			timeOf = state.WindowEnd
		}
	}
	s, err := b.state.Shared(n.StateID, timeOf)
	if err != nil {
		return nil, err
	}
	b.run.View = s
	m := op.NewMaterialize(n.Out, retention, n.RowBits, s)
	if retention > 0 {
		b.run.Clocks[n.StateID] = m
	}
	return m, nil
}

// pass is a node that a transient query has no use for.
type pass struct{}

func (pass) Push(_ int, c *chunk.Chunk, out chunk.Emitter) error { return out.Emit(c) }
func (pass) Flush(chunk.Emitter) error                           { return nil }

// join makes the operator of a join.
func (b *builder) join(n plan.Node) (op.Operator, error) {
	spec := func(out types.Schema, left, right plan.Ref, t plan.JoinType, cols []plan.JoinColumn) (join.Spec, error) {
		s := join.Spec{Schema: out, Left: left.Schema(), Right: right.Schema(), Type: join.Type(t)}
		var err error
		s.Output, err = joinOutput(s.Left, cols)
		return s, err
	}
	switch n := n.(type) {
	case *plan.StreamTableJoin:
		s, err := spec(n.Out, n.Left, n.Right, n.Type, n.Output)
		if err != nil {
			return nil, err
		}
		return join.NewStreamTable(s, b.rt.Log, b.state, n.StateID)
	case *plan.StreamStreamJoin:
		s, err := spec(n.Out, n.Left, n.Right, n.Type, n.Output)
		if err != nil {
			return nil, err
		}
		j, err := join.NewStreamStream(s, join.Within{Before: n.Before, After: n.After, Grace: n.Grace}, b.rt.Log, b.state, n.StateID)
		if err == nil {
			b.run.Clocks[n.StateID] = j
		}
		return j, err
	case *plan.TableTableJoin:
		s, err := spec(n.Out, n.Left, n.Right, n.Type, n.Output)
		if err != nil {
			return nil, err
		}
		return join.NewTableTable(s, b.state, n.StateID)
	case *plan.ForeignKeyJoin:
		s, err := spec(n.Out, n.Left, n.Right, n.Type, n.Output)
		if err != nil {
			return nil, err
		}
		ref, err := compile(n.LeftKey, s.Left, b.rt)
		if err != nil {
			return nil, err
		}
		return join.NewForeignKey(s, ref, b.state, n.StateID), nil
	}
	return nil, fmt.Errorf("an operator that this version does not know")
}

// joinOutput translates the columns of a join; the n-th key column is named by its index
// in the left schema.
func joinOutput(left types.Schema, cols []plan.JoinColumn) ([]join.Output, error) {
	out := make([]join.Output, len(cols))
	for i, c := range cols {
		switch c.Side {
		case "left":
			out[i] = join.Output{From: join.FromLeft, Column: c.Column}
		case "right":
			out[i] = join.Output{From: join.FromRight, Column: c.Column}
		default:
			at := -1
			for k, col := range left.Key() {
				if col == c.Column {
					at = k
				}
			}
			if at < 0 {
				return nil, fmt.Errorf("output column %d is key column %d, which the left side does not have", i, c.Column)
			}
			out[i] = join.Output{From: join.FromKey, Column: at}
		}
	}
	return out, nil
}
