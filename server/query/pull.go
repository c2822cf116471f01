// Package query runs queries that end: over the rows of a view, over what a topic holds
// now, or over nothing. The planner has said what to do (plan.Pull); here it is done.
//
//	Rows -> predicate -> groups, aggregates, having -> expressions -> distinct -> order -> offset, limit
//
// Rows arrive in columns, a batch at a time, and leave so. Sorting and grouping gather
// rows in memory, up to a limit; everything else passes one batch at a time.
package query

import (
	"context"
	"errors"

	"tailrace/planner/plan"
	"tailrace/sql/expr"
	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/memory"
)

// Rows delivers the rows of a source, in columns of the plan's Input, batch by batch.
// emit may keep nothing of a batch.
type Rows func(ctx context.Context, emit func(cols []*vector.Vector, n int) error) error

// Sink takes the result, in columns of the plan's Output.
type Sink func(cols []*vector.Vector, n int) error

// MaxGatheredRows bounds what one query may hold in memory to sort, group or make
// distinct.
const MaxGatheredRows = 5_000_000

// errEnough ends a source whose further rows nobody wants.
var errEnough = errors.New("enough rows")

// Pull is a plan that is ready to run once.
type Pull struct {
	plan      *plan.Pull
	ctx       *function.Context
	predicate *expr.Program
	exprs     []*expr.Program
	group     *grouping
	limit     int64 // -1: none
	offset    int64
	gathered  int // bytes, by all stages
	// Memory is told what the query gathers; nil: nobody asks. Run gives it back.
	Memory *memory.Held
}

// Compile prepares a plan with the values of its parameters.
func Compile(p *plan.Pull, args []expr.Constant, ctx *function.Context) (*Pull, error) {
	q := &Pull{plan: p, ctx: ctx, limit: -1}
	input := typesOf(p.Input)
	var err error
	if p.Predicate != nil {
		if q.predicate, err = expr.Compile(p.Predicate, expr.CompileEnv{Inputs: input, Params: args}); err != nil {
			return nil, err
		}
	}
	if p.Aggregate {
		if q.group, err = newGrouping(p, args, input, ctx); err != nil {
			return nil, err
		}
		input = q.group.outputTypes()
	}
	for _, e := range p.Exprs {
		prog, err := expr.Compile(e, expr.CompileEnv{Inputs: input, Params: args, Fresh: len(p.Order) > 0})
		if err != nil {
			return nil, err
		}
		q.exprs = append(q.exprs, prog)
	}
	if q.limit, err = count(p.Limit, args, ctx, -1, "LIMIT"); err != nil {
		return nil, err
	}
	q.offset, err = count(p.Offset, args, ctx, 0, "OFFSET")
	return q, err
}

func typesOf(s types.Schema) []types.Type {
	out := make([]types.Type, len(s.Columns))
	for i, c := range s.Columns {
		out[i] = c.Type
	}
	return out
}

// Constant evaluates an expression without columns, with the clock and chance of ctx.
func Constant(e *expr.Expr, args []expr.Constant, ctx *function.Context) (types.Value, error) {
	prog, err := expr.Compile(e, expr.CompileEnv{Params: args})
	if err != nil {
		return nil, err
	}
	var failed error
	own := *ctx
	own.Fail = func(_ int, err error) { failed = err }
	v, err := prog.Eval(nil, 1, &own)
	if err == nil {
		err = failed
	}
	if err != nil {
		return nil, err
	}
	return v.Value(0), nil
}

func count(e *expr.Expr, args []expr.Constant, ctx *function.Context, absent int64, clause string) (int64, error) {
	if e == nil {
		return absent, nil
	}
	v, err := Constant(e, args, ctx)
	if err != nil || v == nil {
		return absent, err // LIMIT NULL is no limit, as in PostgreSQL
	}
	n := v.(int64)
	if n < 0 {
		return 0, sqlerr.New(sqlerr.InvalidParameter, "%s must not be negative", clause)
	}
	return n, nil
}

// Run delivers the result to sink and returns the number of rows.
func (q *Pull) Run(ctx context.Context, rows Rows, sink Sink) (int64, error) {
	defer q.Memory.Release()
	out := &output{sink: sink, skip: q.offset, left: q.limit, width: len(q.plan.Output.Columns)}
	finish := func() error { return nil }
	tail := out.take
	if len(q.plan.Order) > 0 {
		s := newSorter(q.plan.Order, typesOfPrograms(q.exprs))
		tail, finish = q.counted(s.add, s.bytes), func() error { return s.deliver(ctx, out.take) }
	}
	if q.plan.Distinct {
		d := newDistinct(out.width)
		next := tail
		tail = q.counted(func(cols []*vector.Vector, n int) error { return d.filter(cols, n, next) }, d.memory)
	}
	project := func(cols []*vector.Vector, n int) error {
		return halves(cols, n, func(cols []*vector.Vector, n int) error { return q.project(cols, n, tail) })
	}
	body := project
	if q.group != nil {
		add := q.counted(q.group.add, q.group.bytes)
		body = func(cols []*vector.Vector, n int) error { return halves(cols, n, add) }
	}
	// Functions look at whether the client still waits; a value that takes too much memory
	// is the end of the statement.
	q.ctx.Account.Done, q.ctx.Account.Strict = ctx.Done(), true
	err := rows(ctx, func(cols []*vector.Vector, n int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return halves(cols, n, func(cols []*vector.Vector, n int) error { return q.filter(cols, n, body) })
	})
	if err == nil && q.group != nil {
		err = q.group.deliver(ctx, func(n int) error { return q.Memory.Ask(int64(q.gathered + n)) }, project)
	}
	if err == nil {
		err = finish()
	}
	if errors.Is(err, errEnough) {
		err = nil
	}
	if errors.Is(err, function.ErrStopped) {
		err = ctx.Err()
	}
	return out.sent, err
}

// counted is a stage that gathers rows, whose memory is told after each batch.
func (q *Pull) counted(stage Sink, bytes func() int) Sink {
	was := 0
	return func(cols []*vector.Vector, n int) error {
		if err := stage(cols, n); err != nil {
			return err
		}
		now := bytes()
		q.gathered += now - was
		was = now
		return q.Memory.Ask(int64(q.gathered))
	}
}

// halves calls f with the rows, or, when their values take too much memory, with one half
// after the other.
func halves(cols []*vector.Vector, n int, f func(cols []*vector.Vector, n int) error) error {
	err := f(cols, n)
	if !errors.Is(err, function.ErrChunkFull) || n <= function.FewRows {
		return err
	}
	slice := func(from, to int) []*vector.Vector {
		out := make([]*vector.Vector, len(cols))
		for i, c := range cols {
			out[i] = c.Slice(from, to)
		}
		return out
	}
	if err := halves(slice(0, n/2), n/2, f); err != nil {
		return err
	}
	return halves(slice(n/2, n), n-n/2, f)
}

func typesOfPrograms(progs []*expr.Program) []types.Type {
	out := make([]types.Type, len(progs))
	for i, p := range progs {
		out[i] = p.Type()
	}
	return out
}

func (q *Pull) filter(cols []*vector.Vector, n int, next Sink) error {
	if q.predicate == nil || n == 0 {
		return next(cols, n)
	}
	keep, err := q.predicate.EvalBool(cols, n, q.ctx)
	if err != nil {
		return err
	}
	if keep.All(n) {
		return next(cols, n)
	}
	sel := keep.AppendIndexes(nil)
	if len(sel) == 0 {
		return nil
	}
	return next(gather(cols, sel), len(sel))
}

func gather(cols []*vector.Vector, sel []int32) []*vector.Vector {
	out := make([]*vector.Vector, len(cols))
	for i, c := range cols {
		out[i] = c.Gather(sel)
	}
	return out
}

func (q *Pull) project(cols []*vector.Vector, n int, next Sink) error {
	if n == 0 {
		return nil
	}
	out := make([]*vector.Vector, len(q.exprs))
	for i, e := range q.exprs {
		v, err := e.Eval(cols, n, q.ctx)
		if err != nil {
			return err
		}
		out[i] = v
	}
	return next(out, n)
}

// output skips the offset, counts the limit, and drops sort keys that are not shown.
type output struct {
	sink  Sink
	skip  int64
	left  int64 // -1: no limit
	width int
	sent  int64
}

func (o *output) take(cols []*vector.Vector, n int) error {
	from := int(min(o.skip, int64(n)))
	o.skip -= int64(from)
	to := n
	if o.left >= 0 {
		to = int(min(int64(n), int64(from)+o.left))
	}
	if to > from {
		shown := cols[:o.width]
		if from > 0 || to < n {
			shown = make([]*vector.Vector, o.width)
			for i := range shown {
				shown[i] = cols[i].Slice(from, to)
			}
		}
		if err := o.sink(shown, to-from); err != nil {
			return err
		}
		o.sent += int64(to - from)
		if o.left > 0 {
			o.left -= int64(to - from)
		}
	}
	if o.left == 0 {
		return errEnough
	}
	return nil
}

// One is the Rows of a query without FROM: one row without columns.
func One(_ context.Context, emit func(cols []*vector.Vector, n int) error) error {
	return emit(nil, 1)
}

func tooManyRows() error {
	return sqlerr.New(sqlerr.OutOfMemory, "the query gathers more than %d rows", MaxGatheredRows).
		Hint("Add a WHERE clause, or keep the aggregate as a view with CREATE TABLE ... AS SELECT.")
}
