package bounded

import (
	"context"
	"errors"

	"tailrace/executor"
	"tailrace/executor/chunk"
	"tailrace/planner/plan/algebra"
	"tailrace/sql/expr"
	"tailrace/sql/expr/kernel"
	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// Lookup is a query for the rows of one key of a view that is compiled once and runs
// often: what a prepared statement of an application is. Parameters are columns of its
// programs, so that another value needs no other program.
//
// It is worth having because compiling costs ten times what the lookup does. It runs once
// at a time: Busy tells.
type Lookup struct {
	scan       *algebra.Scan
	parameters []types.Type
	ctx        *function.Context
	params     []paramColumn
	predicate  *expr.Program
	exprs      []*expr.Program

	view  *executor.View // that shape was made for
	shape *shape
	keys  [1][]types.Value
	take  func(*chunk.Chunk) error // l.chunk, made once
	cols  []*vector.Vector         // of the input and of the parameters
	out   []*vector.Vector

	busy   bool
	empty  bool // a parameter of the key is NULL
	failed error
	sink   Sink
	sent   int64
}

// paramColumn is a parameter as a column of the programs.
type paramColumn struct {
	number int // $1 is 1
	typ    types.Type
	value  types.Value
	vec    *vector.Vector
}

// NewLookup makes a Lookup of a query, or nil where it is more than that.
func NewLookup(q *algebra.Query, ctx *function.Context) (*Lookup, error) {
	scan, predicate, outputs := lookupOf(q)
	if scan == nil {
		return nil, nil
	}
	for _, e := range scan.Lookup.Keys[0] {
		if e.Op != expr.OpParam && e.Op != expr.OpLiteral {
			return nil, nil
		}
	}
	if !compared(predicate) || mentionsParam(outputs...) {
		return nil, nil
	}
	l := &Lookup{scan: scan, parameters: q.Parameters, ctx: ctx}
	ctx.Account.Strict = true
	if q.Standard {
		ctx.Fail = func(_ int, err error) {
			if l.failed == nil {
				l.failed = rowError(err)
			}
		}
	}
	l.take = l.chunk
	at, input := map[int]int{}, make([]types.Type, len(scan.IDs))
	for i, id := range scan.IDs {
		at[id], input[i] = i, q.Columns[id].Type
	}
	predicate = expr.Map(expr.Remap(predicate, at), func(e *expr.Expr) *expr.Expr { return l.asColumn(e, len(input)) })
	for _, c := range l.params {
		input = append(input, c.typ)
	}
	var err error
	if l.predicate, err = expr.Compile(predicate, expr.CompileEnv{Inputs: input}); err != nil {
		return nil, err
	}
	for _, e := range outputs {
		prog, err := expr.Compile(expr.Remap(e, at), expr.CompileEnv{Inputs: input})
		if err != nil {
			return nil, err
		}
		l.exprs = append(l.exprs, prog)
	}
	l.cols, l.out = make([]*vector.Vector, len(input)), make([]*vector.Vector, len(l.exprs))
	l.keys[0] = make([]types.Value, len(scan.Lookup.Keys[0]))
	return l, nil
}

// lookupOf takes a query apart that filters the rows of one key and computes its result of
// each; the scan is nil for any other.
func lookupOf(q *algebra.Query) (*algebra.Scan, *expr.Expr, []*expr.Expr) {
	is := map[algebra.ID]*expr.Expr{}
	n := q.Root
	if c, ok := n.(*algebra.Compute); ok {
		for i, id := range c.IDs {
			is[id] = c.Exprs[i]
		}
		n = c.Input
	}
	f, ok := n.(*algebra.Filter)
	if !ok {
		return nil, nil, nil
	}
	s, ok := f.Input.(*algebra.Scan)
	if !ok || s.Topic != nil || s.Lookup == nil || len(s.Lookup.Keys) != 1 {
		return nil, nil, nil
	}
	var out []*expr.Expr
	for _, r := range q.Output {
		e := is[r.ID]
		if e == nil {
			c := q.Columns[r.ID]
			e = expr.Col(r.ID, c.Name, c.Type)
		}
		out = append(out, e)
	}
	return s, f.Predicate, out
}

// compared reports whether parameters stand only where a column does as well: beside
// another value in a comparison. Elsewhere (a pattern, a format) a function may do better
// when it knows that its argument is constant.
func compared(e *expr.Expr) bool {
	switch {
	case e == nil || e.Op == expr.OpParam:
		return true
	case e.Op == expr.OpEq || e.Op == expr.OpAnd:
		for _, a := range e.Args {
			if !compared(a) {
				return false
			}
		}
		return true
	}
	return !mentionsParam(e)
}

func mentionsParam(es ...*expr.Expr) bool {
	found := false
	for _, e := range es {
		expr.Walk(e, func(e *expr.Expr) bool { found = found || e.Op == expr.OpParam; return !found })
	}
	return found
}

// asColumn turns a parameter into a column behind the width columns of the input.
func (l *Lookup) asColumn(e *expr.Expr, width int) *expr.Expr {
	if e.Op != expr.OpParam {
		return e
	}
	at := 0
	for at < len(l.params) && (l.params[at].number != e.Column || !l.params[at].typ.Equal(e.Type)) {
		at++
	}
	if at == len(l.params) {
		l.params = append(l.params, paramColumn{number: e.Column, typ: e.Type, vec: vector.New(e.Type, 1)})
	}
	return &expr.Expr{Op: expr.OpColumn, Type: e.Type, Column: width + at, Pos: e.Pos}
}

// Source is the table that is looked up.
func (l *Lookup) Source() string { return l.scan.Name }

// Busy reports whether the Lookup is in the middle of a Run: of a portal that waits.
func (l *Lookup) Busy() bool { return l.busy }

// Run delivers the rows to sink and returns their number. args are the parameters' values,
// of the types that the plan says.
func (l *Lookup) Run(ctx context.Context, view *executor.View, args []types.Value, sink Sink) (int64, error) {
	if err := l.bind(view, args); err != nil || l.empty {
		return 0, err
	}
	l.busy, l.sink, l.sent, l.failed = true, sink, 0, nil
	defer l.done()
	l.ctx.Account.Done = ctx.Done()
	err := view.Get(ctx, l.keys[:], l.take)
	return l.sent, err
}

func (l *Lookup) done() { l.busy, l.sink = false, nil }

// bind sets the key and the columns of the parameters.
func (l *Lookup) bind(view *executor.View, args []types.Value) error {
	if view != l.view {
		s, err := newShape(view.Schema(), l.scan.Names)
		if err != nil {
			return err
		}
		l.view, l.shape = view, s
	}
	l.empty = false
	for i, e := range l.scan.Lookup.Keys[0] {
		v, err := l.value(e, args)
		if err != nil {
			return err
		}
		l.keys[0][i] = v
		l.empty = l.empty || v == nil
	}
	for i := range l.params {
		c := &l.params[i]
		var err error
		if c.value, err = l.param(c.number, c.typ, args); err != nil {
			return err
		}
		c.vec.Reset()
	}
	return nil
}

var errParam = errors.New("a statement names a parameter that it does not have")

// value of a literal or a parameter.
func (l *Lookup) value(e *expr.Expr, args []types.Value) (types.Value, error) {
	if e.Op == expr.OpLiteral {
		return e.Value.V, nil
	}
	return l.param(e.Column, e.Type, args)
}

func (l *Lookup) param(number int, t types.Type, args []types.Value) (types.Value, error) {
	if number < 1 || number > len(args) || number > len(l.parameters) {
		return nil, errParam
	}
	return kernel.CastValue(args[number-1], l.parameters[number-1], t, true)
}

// chunk filters, projects and hands on rows of the view; in halves, when their values would
// take too much memory.
func (l *Lookup) chunk(c *chunk.Chunk) error {
	err := l.whole(c)
	if errors.Is(err, function.ErrChunkFull) && c.N > function.FewRows {
		if err := l.chunk(c.Slice(0, c.N/2)); err != nil {
			return err
		}
		return l.chunk(c.Slice(c.N/2, c.N))
	}
	return err
}

func (l *Lookup) whole(c *chunk.Chunk) error {
	n := c.N
	l.shape.fill(l.cols, c)
	for i := range l.params {
		p := &l.params[i]
		for p.vec.N < n {
			p.vec.AppendValue(p.value)
		}
		if l.cols[len(l.shape.from)+i] = p.vec; p.vec.N > n {
			l.cols[len(l.shape.from)+i] = p.vec.Slice(0, n)
		}
	}
	cols := l.cols
	if l.predicate != nil {
		keep, err := l.predicate.EvalBool(cols, n, l.ctx)
		if err == nil {
			err = l.failed
		}
		if err != nil {
			return err
		}
		if !keep.All(n) {
			sel := keep.AppendIndexes(nil)
			if n = len(sel); n == 0 {
				return nil
			}
			cols = gather(cols, sel)
		}
	}
	for i, e := range l.exprs {
		v, err := e.Eval(cols, n, l.ctx)
		if err == nil {
			err = l.failed
		}
		if err != nil {
			return err
		}
		l.out[i] = v
	}
	l.sent += int64(n)
	return l.sink(l.out, n)
}
