package topology

import (
	"tailrace/executor/chunk"
	"tailrace/executor/op"
	"tailrace/sql/expr"
	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// Runtime is what expressions and operators may ask of their surroundings.
type Runtime struct {
	NowMillis func() int64
	Random    func() uint64
	// Log takes failed and left out rows; Late those whose windows are closed.
	Log  op.RowLog
	Late op.RowLog
	// Limits bound what aggregates hold.
	Limits function.Limits
	// Eager makes every row's change visible; otherwise changes of a key are gathered.
	Eager bool
	// Forget loses windows as Kafka Streams does (see agg.Suppress).
	Forget bool
	// StrictTime fails a query on a record without an event time.
	StrictTime bool
	// Done is closed when nobody waits for what is being computed any more; nil: never.
	Done <-chan struct{}
	// Meters count what the operators do; nil: nobody asks.
	Meters *Meters
	// Check asserts the invariants of what every operator emits.
	Check bool
}

// compiled is a program with the context that reports its failures.
type compiled struct {
	prog *expr.Program
	ctx  function.Context
	in   *chunk.Chunk
}

func compile(e *expr.Expr, schema types.Schema, rt *Runtime) (*compiled, error) {
	inputs := make([]types.Type, len(schema.Columns))
	for i, c := range schema.Columns {
		inputs[i] = c.Type
	}
	prog, err := expr.Compile(e, expr.CompileEnv{Inputs: inputs})
	if err != nil {
		return nil, err
	}
	c := &compiled{prog: prog}
	c.ctx = *function.NewContext(rt.NowMillis, rt.Random)
	c.ctx.Account.Done = rt.Done
	c.ctx.Fail = func(row int, err error) {
		// A half before failed when it was a half after; a row without a value has
		// nothing to compute from.
		if rt.Log != nil && !c.in.Op(row).Retracts() && !c.in.NullValue.Get(row) {
			rt.Log(c.in, row, err.Error())
		}
	}
	return c, nil
}

// Eval implements op.Eval.
func (c *compiled) Eval(in *chunk.Chunk) (*vector.Vector, error) {
	c.in = in
	return c.prog.Eval(in.Cols, in.N, &c.ctx)
}

// EvalBool implements op.Predicate.
func (c *compiled) EvalBool(in *chunk.Chunk) (vector.Bitmap, error) {
	c.in = in
	return c.prog.EvalBool(in.Cols, in.N, &c.ctx)
}

// evals compiles a list of expressions; plain columns need no program.
func evals(es []*expr.Expr, schema types.Schema, rt *Runtime) ([]op.Eval, error) {
	out := make([]op.Eval, len(es))
	for i, e := range es {
		if e.Op == expr.OpColumn && e.Column < len(schema.Columns) {
			out[i] = op.Column(e.Column)
			continue
		}
		c, err := compile(e, schema, rt)
		if err != nil {
			return nil, err
		}
		out[i] = c
	}
	return out, nil
}
