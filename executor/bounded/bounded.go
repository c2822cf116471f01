// Package bounded runs queries that end: a tree of planner/plan/algebra, once, over what is
// there now.
//
//	compile.go    a tree becomes operators; ids of columns become places in batches
//	program.go    expressions, and the values of rows around that they refer to
//	scan.go       rows of views and topics (latest.go: of a table that nothing keeps)
//	join.go subquery.go cte.go unnest.go group.go over.go sort.go setop.go
//	lookup.go     the rows of one key of a view, compiled once and run often
//
// An operator is run with a function that takes its rows, batch by batch, and runs what is
// below it in the same way: rows are pushed from the scans up. What is evaluated for each
// row of something around it, as a correlated subquery, is run again and again; it keeps
// what does not depend on that row (a hash table, the rows of a scan by the columns that it
// is compared by), and results by the values they depend on.
//
// What operators gather is asked for at an account of memory, and refused with 53200.
package bounded

import (
	"context"
	"errors"
	"fmt"

	"tailrace/executor"
	"tailrace/planner/plan/algebra"
	"tailrace/sql/expr"
	"tailrace/sql/expr/kernel"
	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/memory"
)

// Sink takes the result, in columns of the query's Output. It may keep nothing of a batch.
type Sink func(cols []*vector.Vector, n int) error

// Query is a query that is ready to run once.
type Query struct {
	run  *run
	root compiled
	out  []int // places of the result's columns
}

// Env is what a query runs in.
type Env struct {
	Engine *executor.Engine // scans read from it; nil: the query has none
	// Params are the values of the statement's parameters, $1 first.
	Params []expr.Constant
	// Function is what functions may ask for.
	Function *function.Context
	// Memory is asked for what operators gather; nil: nobody is.
	Memory *memory.Account
}

// run is the state of one run.
type run struct {
	ctx      context.Context
	engine   *executor.Engine
	fctx     *function.Context
	account  *memory.Account
	held     *memory.Held
	bytes    int64
	around   []*around // the values of rows around, by ID; nil for others
	failed   error     // of a row, by the standard: the statement's
	standard bool
}

// around is a column of a row around what is evaluated.
type around struct {
	value types.Value
	vec   *vector.Vector // value, many times
}

// batch is n rows in columns.
type batch struct {
	cols []*vector.Vector
	n    int
}

type emit func(*batch) error

// node is an operator. What it emits is valid until emit returns.
type node interface {
	run(x *run, out emit) error
}

// errEnough ends what gives rows that nobody wants any more. Who returns it catches it, too: it
// goes up to the operator whose emit gave it.
var errEnough = errors.New("enough rows")

func enough(err error) error {
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// Compile prepares a query.
func Compile(q *algebra.Query, env Env) (*Query, error) {
	fctx := *env.Function
	x := &run{ctx: context.Background(), engine: env.Engine, fctx: &fctx, account: env.Memory, around: make([]*around, len(q.Columns)), standard: q.Standard}
	c := &compiler{q: q, params: env.Params, run: x, ctes: map[*algebra.CTE]*shared{}}
	need := algebra.Set{}
	for _, r := range q.Output {
		need[r.ID] = true
	}
	root, err := c.compile(q.Root, need)
	if err != nil {
		return nil, err
	}
	out := &Query{run: x, root: root}
	for _, r := range q.Output {
		at := place(root.cols, r.ID)
		if at < 0 {
			return nil, fmt.Errorf("the query's result lacks column %d", r.ID)
		}
		out.out = append(out.out, at)
	}
	return out, nil
}

func place(cols []algebra.ID, id algebra.ID) int {
	for i, c := range cols {
		if c == id {
			return i
		}
	}
	return -1
}

// Run delivers the result to sink and returns the number of rows.
func (q *Query) Run(ctx context.Context, sink Sink) (int64, error) {
	x := q.run
	x.ctx, x.held = ctx, x.account.Hold()
	defer x.held.Release()
	// Functions look at whether the client still waits; a value that takes too much memory
	// is the end of the statement.
	x.fctx.Account.Done, x.fctx.Account.Strict = ctx.Done(), true
	if x.standard {
		x.fctx.Fail = func(_ int, err error) {
			if x.failed == nil {
				x.failed = rowError(err)
			}
		}
	}
	sent := int64(0)
	cols := make([]*vector.Vector, len(q.out))
	err := q.root.run(x, func(b *batch) error {
		if b.n == 0 {
			return nil
		}
		for i, at := range q.out {
			cols[i] = b.cols[at]
		}
		if err := sink(cols, b.n); err != nil {
			return err
		}
		sent += int64(b.n)
		return nil
	})
	if errors.Is(err, function.ErrStopped) {
		err = ctx.Err()
	}
	return sent, err
}

// rowError is the error of a statement for what failed in a row, with its code.
func rowError(err error) error {
	switch _, known := sqlerr.As(err); {
	case known:
		return err
	case errors.Is(err, kernel.ErrDivisionByZero):
		return sqlerr.New(sqlerr.DivisionByZero, "division by zero")
	case errors.Is(err, types.ErrOverflow):
		return sqlerr.New(sqlerr.NumericOutOfRange, "%s", err.Error())
	}
	return sqlerr.New(sqlerr.DataException, "%s", err.Error())
}

// ask says that the operators hold delta bytes more.
func (x *run) ask(delta int64) error {
	if delta == 0 {
		return nil
	}
	if err := x.held.Ask(x.bytes + delta); err != nil {
		return err
	}
	x.bytes += delta
	return nil
}

// counted is memory that grows and is given back by its owner.
type counted struct{ bytes int64 }

func (c *counted) set(x *run, n int) error {
	delta := int64(n) - c.bytes
	if err := x.ask(delta); err != nil {
		return err
	}
	c.bytes = int64(n)
	return nil
}

// apply evaluates something for a batch and hands the result on; when the values would take
// too much memory, for one half of the rows after the other.
func (x *run) apply(b *batch, eval func(*batch) (*batch, error), out emit) error {
	if b.n == 0 {
		return nil
	}
	if err := x.ctx.Err(); err != nil {
		return err
	}
	r, err := eval(b)
	if errors.Is(err, function.ErrChunkFull) && b.n > function.FewRows {
		half := b.n / 2
		if err := x.apply(b.slice(0, half), eval, out); err != nil {
			return err
		}
		return x.apply(b.slice(half, b.n), eval, out)
	}
	if err != nil {
		return err
	}
	if r.n == 0 {
		return nil
	}
	return out(r)
}

func (b *batch) slice(from, to int) *batch {
	if from == 0 && to == b.n {
		return b
	}
	out := &batch{cols: make([]*vector.Vector, len(b.cols)), n: to - from}
	for i, c := range b.cols {
		out.cols[i] = c.Slice(from, to)
	}
	return out
}

// pick is the rows of sel.
func (b *batch) pick(sel []int32) *batch { return &batch{cols: gather(b.cols, sel), n: len(sel)} }

func gather(cols []*vector.Vector, sel []int32) []*vector.Vector {
	out := make([]*vector.Vector, len(cols))
	for i, c := range cols {
		out[i] = c.Gather(sel)
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

// tooMany is the error for a loop that does not end by itself.
func tooMany(what string, n int) error {
	return sqlerr.New(sqlerr.LimitExceeded, "%s %d times, which is the limit", what, n)
}
