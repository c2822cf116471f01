package expr

import (
	"errors"
	"fmt"

	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

var errNullKey = errors.New("a map key is NULL")

// callNode is a call of a scalar function.
type callNode struct {
	*result
	name   string
	kernel function.Kernel
	args   []node // nil for lambdas
	cols   []*vector.Vector
	ctx    function.Context
	bodies []*lambdaBody
}

func (c *compiler) call(e *Expr) (node, error) {
	sig, err := function.FindScalar(e.Overload)
	if err != nil {
		return nil, err
	}
	argTypes := make([]types.Type, len(e.Args))
	for i, a := range e.Args {
		argTypes[i] = a.Type
	}
	run, err := sig.Compile(argTypes, e.Type)
	if err != nil {
		return nil, err
	}
	n := &callNode{result: newResult(e.Type, false), name: e.Name, kernel: run,
		args: make([]node, len(e.Args)), cols: make([]*vector.Vector, len(e.Args))}
	var lambdas []function.Lambda
	for i, a := range e.Args {
		if a.Op != OpLambda {
			compile := c.node
			if a.Op == OpCall || a.Op == OpField {
				compile = c.within
			}
			if n.args[i], err = compile(a); err != nil {
				return nil, err
			}
			continue
		}
		body, err := c.lambda(a, n)
		if err != nil {
			return nil, err
		}
		if lambdas == nil {
			lambdas = make([]function.Lambda, len(e.Args))
		}
		lambdas[i] = body.apply
		n.bodies = append(n.bodies, body)
	}
	n.ctx.Lambdas = lambdas
	return n, nil
}

func (n *callNode) eval(f *frame) (*vector.Vector, error) {
	n.f = f
	for i, a := range n.args {
		if a == nil {
			continue
		}
		v, err := a.eval(f)
		if err != nil {
			return nil, err
		}
		n.cols[i] = v
	}
	lambdas := n.ctx.Lambdas
	n.ctx = *f.ctx
	n.ctx.Lambdas, n.ctx.Row = lambdas, 0
	for _, b := range n.bodies {
		b.enter(f)
	}
	n.v.Reset()
	if err := n.kernel(&n.ctx, n.cols, f.n, n.v); err != nil {
		return nil, fmt.Errorf("function %s: %w", n.name, err)
	}
	if err := n.ctx.RoomFor(f.n, n.v); err != nil {
		return nil, err
	}
	if n.v.N != f.n {
		return nil, fmt.Errorf("function %s made %d rows of %d", n.name, n.v.N, f.n)
	}
	return n.v, nil
}

// lambdaBody is a lambda argument: its body, evaluated for one row at a time, over the
// columns of the row that the call is at and the lambda's own variables.
type lambdaBody struct {
	call  *callNode
	body  node
	used  []int // of the surrounding frame
	first int   // place of the first own variable
	vars  []*vector.Vector
	frame frame
	outer *frame
	row   int // of outer that the columns hold, -1: none
	sel   [1]int32
	ctx   function.Context
	err   error
}

func (c *compiler) lambda(e *Expr, call *callNode) (*lambdaBody, error) {
	depth, own := c.depth, map[int]types.Type{}
	Walk(e.Args[0], func(e *Expr) bool {
		if e.Op == OpVar && e.Column/8 == depth {
			own[e.Column%8] = e.Type
		}
		return true
	})
	b := &lambdaBody{call: call, first: c.columns + depth*8, vars: make([]*vector.Vector, len(e.Params))}
	b.frame = frame{in: make([]*vector.Vector, c.width), n: 1, state: &state{}}
	for i := range b.vars {
		if t, used := own[i]; used {
			b.vars[i] = vector.New(t, 1)
			b.frame.in[b.first+i] = b.vars[i]
		}
	}
	for _, at := range c.used(e.Args[0]) {
		if at < b.first {
			b.used = append(b.used, at)
		}
	}
	b.frame.failed = func(_ int, err error, hard bool) {
		if hard {
			b.fail(err)
		} else if b.outer != nil {
			b.outer.fail(b.row, err, false)
		}
	}
	b.ctx.Fail = func(_ int, err error) { b.fail(err) }
	c.depth++
	err := c.apart(func() (err error) {
		b.body, err = c.node(e.Args[0])
		return err
	})
	c.depth--
	return b, err
}

func (b *lambdaBody) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// enter prepares for a batch of the call.
func (b *lambdaBody) enter(f *frame) {
	b.outer, b.row = f, -1
	fail := b.ctx.Fail
	b.ctx = *f.ctx
	b.ctx.Fail = fail
	b.frame.ctx = &b.ctx
}

// apply is the function.Lambda.
func (b *lambdaBody) apply(args ...types.Value) (types.Value, error) {
	if len(args) != len(b.vars) {
		return nil, fmt.Errorf("lambda of %d parameters given %d", len(b.vars), len(args))
	}
	if row := b.call.ctx.Row; row != b.row {
		b.row, b.sel[0] = row, int32(row)
		for _, at := range b.used {
			if b.frame.in[at] == nil {
				b.frame.in[at] = &vector.Vector{Type: b.outer.in[at].Type}
			}
			b.outer.in[at].GatherInto(b.frame.in[at], b.sel[:])
		}
	}
	for i, v := range b.vars {
		if v != nil {
			v.Reset()
			v.AppendValue(args[i])
		}
	}
	b.err = nil
	b.frame.state.epoch++
	b.frame.id = b.frame.state.epoch
	defer b.ctx.Leave()
	if err := b.ctx.Enter(); err != nil {
		return nil, err
	}
	v, err := b.body.eval(&b.frame)
	if err == nil {
		err = b.err
	}
	if err != nil {
		return nil, err
	}
	return v.Value(0), nil
}
