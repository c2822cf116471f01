package query

import (
	"context"

	"tailrace/executor/chunk"
	"tailrace/planner/plan"
	"tailrace/sql/expr"
	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// grouping is GROUP BY over rows that end: each distinct group gets a slot, each call
// folds its rows into the slot.
type grouping struct {
	ctx     *function.Context
	keys    []*expr.Program
	calls   []groupCall
	having  *expr.Program
	slots   map[string]int32
	keyCols []*vector.Vector // the groups, by slot
	scratch []byte
	keyed   int // bytes of the keys in slots
}

// bytes is how much memory the groups take.
func (g *grouping) bytes() int {
	n := g.keyed
	for _, c := range g.keyCols {
		n += c.MemBytes()
	}
	for _, c := range g.calls {
		n += c.acc.Bytes()
	}
	return n
}

// groupCall is one aggregate call and its arguments.
type groupCall struct {
	args   []*expr.Program
	acc    function.Accumulator
	result types.Type
}

func newGrouping(p *plan.Pull, args []expr.Constant, input []types.Type, ctx *function.Context) (*grouping, error) {
	g := &grouping{ctx: ctx, slots: map[string]int32{}}
	for _, e := range p.Groups {
		prog, err := expr.Compile(e, expr.CompileEnv{Inputs: input, Params: args})
		if err != nil {
			return nil, err
		}
		g.keys = append(g.keys, prog)
		g.keyCols = append(g.keyCols, vector.New(e.Type, 0))
	}
	for _, c := range p.Calls {
		call, err := newGroupCall(c, args, input)
		if err != nil {
			return nil, err
		}
		g.calls = append(g.calls, call)
	}
	if p.Having != nil {
		var err error
		if g.having, err = expr.Compile(p.Having, expr.CompileEnv{Inputs: g.outputTypes(), Params: args}); err != nil {
			return nil, err
		}
	}
	if len(g.keys) == 0 {
		g.slots[""] = 0 // without GROUP BY there is one group, even of no rows
		g.resize(1)
	}
	return g, nil
}

func newGroupCall(c plan.AggregateCall, args []expr.Constant, input []types.Type) (groupCall, error) {
	sig, err := function.FindAggregate(c.Overload)
	if err != nil {
		return groupCall{}, err
	}
	out := groupCall{result: c.Type}
	var argTypes []types.Type
	for _, e := range c.Args {
		prog, err := expr.Compile(e, expr.CompileEnv{Inputs: input, Params: args, Fresh: true})
		if err != nil {
			return groupCall{}, err
		}
		out.args = append(out.args, prog)
		argTypes = append(argTypes, e.Type)
	}
	initial := make([]types.Value, len(c.Initial))
	for i, k := range c.Initial {
		initial[i] = k.V
	}
	out.acc, err = sig.New(argTypes, initial, c.Type, nil)
	return out, err
}

func (g *grouping) outputTypes() []types.Type {
	var out []types.Type
	for _, k := range g.keys {
		out = append(out, k.Type())
	}
	for _, c := range g.calls {
		out = append(out, c.result)
	}
	return out
}

func (g *grouping) resize(n int) {
	for _, c := range g.calls {
		c.acc.Resize(n)
	}
}

// add folds a batch.
func (g *grouping) add(cols []*vector.Vector, n int) error {
	if n == 0 {
		return nil
	}
	keys := make([]*vector.Vector, len(g.keys))
	for i, k := range g.keys {
		v, err := k.Eval(cols, n, g.ctx)
		if err != nil {
			return err
		}
		keys[i] = v
	}
	args := make([][]*vector.Vector, len(g.calls)) // before anything is folded
	for k, c := range g.calls {
		for _, a := range c.args {
			v, err := a.Eval(cols, n, g.ctx)
			if err != nil {
				return err
			}
			args[k] = append(args[k], v)
		}
	}
	slots := make([]int32, n)
	for i := range slots {
		g.scratch = vector.AppendKey(g.scratch[:0], keys, i)
		slot, ok := g.slots[string(g.scratch)]
		if !ok {
			slot = int32(len(g.slots))
			g.slots[string(g.scratch)] = slot
			g.keyed += len(g.scratch) + entryBytes
			for k, col := range keys {
				g.keyCols[k].AppendFrom(col, i)
			}
		}
		slots[i] = slot
	}
	if len(g.slots) > MaxGatheredRows {
		return tooManyRows()
	}
	g.resize(len(g.slots))
	for k, c := range g.calls {
		if err := c.acc.Add(slots, nil, args[k]); err != nil {
			return err
		}
	}
	return nil
}

// deliver, which asks more for the memory that it needs beside, hands on the groups that satisfy HAVING, in order of their first row.
func (g *grouping) deliver(ctx context.Context, more func(bytes int) error, next Sink) error {
	n := len(g.slots)
	slots := make([]int32, n)
	for i := range slots {
		slots[i] = int32(i)
	}
	cols := append([]*vector.Vector{}, g.keyCols...)
	held := 0
	for _, c := range g.calls {
		held += c.acc.Bytes()
	}
	// The results are a copy, and what the client is sent is another.
	if err := more(2 * held); err != nil {
		return err
	}
	for _, c := range g.calls {
		v := vector.New(c.result, n)
		for from := 0; from < n; from += chunk.MaxRows {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := c.acc.Result(slots[from:min(from+chunk.MaxRows, n)], v); err != nil {
				return err
			}
		}
		cols = append(cols, v)
	}
	if g.having == nil || n == 0 {
		return next(cols, n)
	}
	keep, err := g.having.EvalBool(cols, n, g.ctx)
	if err != nil {
		return err
	}
	sel := keep.AppendIndexes(nil)
	return next(gather(cols, sel), len(sel))
}
