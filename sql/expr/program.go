package expr

import (
	"errors"
	"fmt"

	"tailrace/sql/expr/kernel"
	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// CompileEnv is what compilation needs besides the expression.
type CompileEnv struct {
	// Inputs are the types of the input columns; nil leaves column indexes unchecked.
	Inputs []types.Type
	// Params are the values of the statement's parameters, $1 first.
	Params []Constant
	// Fresh gives every result memory of its own. Without it a result is valid until the
	// next Eval only.
	Fresh bool
}

// Program is a compiled expression. It keeps its intermediate columns between calls, so it
// belongs to one task; compile once a task.
type Program struct {
	t      types.Type
	root   node
	pred   pred
	inputs int
	fresh  bool
	frame  frame
	user   *function.Context
	hard   vector.Bitmap
	keep   vector.Bitmap
}

// Type is the type of the result.
func (p *Program) Type() types.Type { return p.t }

// Eval computes the expression for n rows of input columns. ctx may be nil. A row that
// fails is reported to ctx.Fail and NULL; an error is a bug or a broken machine.
//
// The result is read only. It may be an input column itself, and share text with the
// input; otherwise it belongs to the program, until the next Eval or for good: see
// CompileEnv.Fresh.
func (p *Program) Eval(in []*vector.Vector, n int, ctx *function.Context) (*vector.Vector, error) {
	if err := p.enter(in, n, ctx); err != nil {
		return nil, err
	}
	if d, ok := p.root.(interface{ detach() }); ok && p.fresh {
		d.detach()
	}
	v, err := p.root.eval(&p.frame)
	if err != nil || !p.hard.Any() {
		return v, err
	}
	// An operator failed outside of whatever contains failures: the value is NULL, even
	// where an operation around it would have made something of a NULL.
	v.Nulls = vector.Or(v.Nulls, v.Nulls, p.hard, n)
	return v, nil
}

// EvalBool computes a condition: the rows for which it is TRUE. FALSE, NULL and failed
// rows are left out. The result is valid until the next call.
func (p *Program) EvalBool(in []*vector.Vector, n int, ctx *function.Context) (vector.Bitmap, error) {
	if p.t.Kind != types.Boolean {
		return nil, fmt.Errorf("expression of type %s is no condition", p.t)
	}
	if err := p.enter(in, n, ctx); err != nil {
		return nil, err
	}
	if p.pred == nil {
		p.pred = &valuePred{x: p.root}
	}
	truth, err := p.pred.test(&p.frame)
	if err != nil {
		return nil, err
	}
	if !p.hard.Any() {
		return truth.t, nil
	}
	p.keep = vector.AndNot(p.keep, truth.t, p.hard, n)
	return p.keep, nil
}

// enter sets up the outermost frame.
func (p *Program) enter(in []*vector.Vector, n int, ctx *function.Context) error {
	if len(in) < p.inputs {
		return fmt.Errorf("expression over %d columns given %d", p.inputs, len(in))
	}
	if ctx == nil {
		ctx = &noContext
	}
	p.user = ctx
	f := &p.frame
	copy(f.in[:p.inputs], in)
	f.n, f.ctx = n, ctx
	f.state.epoch++
	f.id = f.state.epoch
	p.hard = p.hard[:0]
	return nil
}

// noContext is read only, so that programs may share it.
var noContext = function.Context{}

// failed notes a failed row of the outermost frame.
func (p *Program) failed(row int, err error, hard bool) {
	if hard {
		p.hard = p.hard.Grow(p.frame.n)
		p.hard.Set(row)
	}
	if p.user.Fail != nil {
		p.user.Fail(row, coded(err))
	}
}

// coded gives what kernels fail with a SQLSTATE.
func coded(err error) error {
	if _, known := sqlerr.As(err); known {
		return err
	}
	switch {
	case errors.Is(err, kernel.ErrDivisionByZero):
		return sqlerr.New(sqlerr.DivisionByZero, "%w", err)
	case errors.Is(err, kernel.ErrLikeEscape):
		return sqlerr.New(sqlerr.InvalidEscape, "%w", err)
	case errors.Is(err, kernel.ErrOutOfRange), errors.Is(err, types.ErrOverflow), errors.Is(err, types.ErrInexact):
		return sqlerr.New(sqlerr.NumericOutOfRange, "%w", err)
	}
	return err
}

// state is shared by all frames of one program.
type state struct{ epoch uint64 }

// frame is the rows that a node computes: all of a batch, or those that a CASE branch or
// the right side of AND needs.
type frame struct {
	in     []*vector.Vector // columns, then the variables of lambdas
	n      int
	ctx    *function.Context // its Fail takes rows of this frame
	id     uint64            // differs from evaluation to evaluation
	state  *state
	parent *frame  // and sel say which rows these are, or
	sel    []int32 //
	failed func(row int, err error, hard bool)
}

// fail reports a failed row. A hard failure is one that nothing around it contains.
func (f *frame) fail(row int, err error, hard bool) {
	for f.parent != nil {
		row, f = int(f.sel[row]), f.parent
	}
	f.failed(row, err, hard)
}

// node computes a column.
type node interface {
	eval(f *frame) (*vector.Vector, error)
}

// pred computes a condition.
type pred interface {
	test(f *frame) (truth, error)
}

// truth is the result of a condition: the rows where it is TRUE and those where it is
// NULL (nil: none); elsewhere it is FALSE. The bitmaps belong to the pred.
type truth struct{ t, u vector.Bitmap }

// result is the part that nodes with a column of their own share.
type result struct {
	v      *vector.Vector
	f      *frame
	hard   bool // failures are hard
	noNull bool // a NULL operand is a failure
	failer kernel.Failer
}

var errNullOperand = errors.New("arithmetic on NULL in a lambda")

func newResult(t types.Type, hard bool) *result {
	r := &result{v: &vector.Vector{Type: t}, hard: hard}
	r.failer = r.failed
	return r
}

// detach gives the next evaluation a column of its own.
func (r *result) detach() { r.v = &vector.Vector{Type: r.v.Type} }

// begin sizes the column for the frame; a row is NULL where one of args is.
func (r *result) begin(f *frame, args ...*vector.Vector) *vector.Vector {
	r.f = f
	r.v.Resize(f.n)
	for _, a := range args {
		if a.Type.Kind == types.Null {
			r.v.Nulls = vector.Fill(r.v.Nulls, f.n)
		} else if a.Nulls.Any() {
			r.v.Nulls = vector.Or(r.v.Nulls, r.v.Nulls, a.Nulls, f.n)
		}
	}
	if r.noNull && r.v.Nulls.Any() {
		for i := range f.n {
			if r.v.Nulls.Get(i) {
				f.fail(i, errNullOperand, r.hard)
			}
		}
	}
	return r.v
}

// failed makes row i NULL and reports it, unless it is NULL already: what a kernel makes
// of the slots of NULL rows does not count.
func (r *result) failed(i int, err error) {
	if r.v.Nulls.Get(i) {
		return
	}
	r.v.SetNull(i)
	r.f.fail(i, err, r.hard)
}

// endText ends the text that was written to the arena from off on, for row i: a row that
// takes too much fails. The error is of the evaluation.
func (r *result) endText(f *frame, i, off int) error {
	if err := f.ctx.Grow(int64(len(r.v.Arena) - off)); err != nil {
		if f.ctx.Account != nil && f.ctx.Account.Strict {
			return err
		}
		r.v.Arena = r.v.Arena[:off]
		r.failed(i, err)
	}
	r.v.Ref[i] = vector.Ref{Off: uint32(off), Len: uint32(len(r.v.Arena) - off)}
	if err := f.ctx.RowDone(); err != nil {
		return err
	}
	return f.ctx.RoomFor(f.n, r.v)
}

// columnNode is a column of the frame: an input or a lambda's variable.
type columnNode struct{ index int }

func (c columnNode) eval(f *frame) (*vector.Vector, error) { return f.in[c.index], nil }

// constantNode is n times the same value.
type constantNode struct {
	value types.Value
	full  *vector.Vector // as long as the longest frame so far
	view  vector.Vector  // of what the frame needs
}

func (c *constantNode) eval(f *frame) (*vector.Vector, error) {
	if f.n > c.full.N {
		c.full.Reset()
		c.full.AppendValue(c.value)
		c.full.Repeat(f.n)
	}
	c.full.Prefix(&c.view, f.n)
	return &c.view, nil
}

// memoNode is a node that stands in several places of one tree.
type memoNode struct {
	inner node
	id    uint64
	v     *vector.Vector
}

func (m *memoNode) eval(f *frame) (*vector.Vector, error) {
	if m.id == f.id {
		return m.v, nil
	}
	v, err := m.inner.eval(f)
	if err == nil {
		m.id, m.v = f.id, v
	}
	return v, err
}
