package expr

import (
	"fmt"

	"tailrace/sql/expr/kernel"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// Where columns of each number type keep their values.
func i32s(v *vector.Vector) []int32        { return v.I32[:v.N] }
func i64s(v *vector.Vector) []int64        { return v.I64[:v.N] }
func f64s(v *vector.Vector) []float64      { return v.F64[:v.N] }
func decs(v *vector.Vector) []types.Int128 { return v.Dec[:v.N] }

// unaryNode computes its result from one column by a kernel.
type unaryNode struct {
	*result
	x   node
	run func(n *unaryNode, dst, a *vector.Vector)
}

func (n *unaryNode) eval(f *frame) (*vector.Vector, error) {
	a, err := n.x.eval(f)
	if err != nil {
		return nil, err
	}
	dst := n.begin(f, a)
	n.run(n, dst, a)
	return n.v, nil
}

// binaryNode computes its result from two columns by a kernel; r is nil when the right
// operand is built into run.
type binaryNode struct {
	*result
	l, r node
	run  func(n *binaryNode, dst, a, b *vector.Vector)
}

func (n *binaryNode) eval(f *frame) (*vector.Vector, error) {
	a, err := n.l.eval(f)
	if err != nil {
		return nil, err
	}
	if n.r == nil {
		n.run(n, n.begin(f, a), a, nil)
		return n.v, nil
	}
	b, err := n.r.eval(f)
	if err != nil {
		return nil, err
	}
	n.run(n, n.begin(f, a, b), a, b)
	return n.v, nil
}

// arithResult is the result column of arithmetic. ksqlDB computes in a lambda with bare
// Java numbers, where a NULL operand is an error that fails the call around the lambda.
func (c *compiler) arithResult(e *Expr) *result {
	res := newResult(e.Type, !c.caught)
	res.noNull = c.depth > 0 && !e.Standard
	return res
}

func (c *compiler) arith(e *Expr) (node, error) {
	for _, a := range e.Args {
		if !a.Type.IsNumeric() || a.Type.Kind == types.Numeric {
			return c.boxed(e)
		}
	}
	switch e.Type.Kind {
	case types.Int:
		return arithInt(c, e, i32s)
	case types.Bigint:
		return arithInt(c, e, i64s)
	case types.Double:
		return c.arithDouble(e)
	case types.Decimal:
		return c.arithDecimal(e)
	}
	return nil, fmt.Errorf("expression: no arithmetic on %s", e.Type)
}

// arithInt compiles integer arithmetic, with built-in constants where they help.
func arithInt[T kernel.Integer](c *compiler, e *Expr, data func(*vector.Vector) []T) (node, error) {
	l, err := c.node(e.Args[0])
	if err != nil {
		return nil, err
	}
	res := c.arithResult(e)
	if e.Op == OpNeg {
		return &unaryNode{res, l, func(n *unaryNode, dst, a *vector.Vector) { negInt(n, data(dst), data(a), e.Standard) }}, nil
	}
	r, err := c.node(e.Args[1])
	if err != nil {
		return nil, err
	}
	if e.Standard {
		op := e.Op[0]
		return &binaryNode{res, l, r, func(n *binaryNode, dst, a, b *vector.Vector) {
			kernel.Checked(op, data(dst), data(a), data(b), n.failer)
		}}, nil
	}
	if run, l := constInt(c, e, l, r, data); run != nil {
		return &binaryNode{res, l, nil, run}, nil
	}
	return &binaryNode{res, l, r, func(n *binaryNode, dst, a, b *vector.Vector) {
		d, x, y := data(dst), data(a), data(b)
		switch e.Op {
		case OpAdd:
			kernel.Add(d, x, y)
		case OpSub:
			kernel.Sub(d, x, y)
		case OpMul:
			kernel.Mul(d, x, y)
		case OpDiv:
			kernel.Div(d, x, y, n.failer)
		case OpMod:
			kernel.Mod(d, x, y, n.failer)
		}
	}}, nil
}

func negInt[T kernel.Integer](n *unaryNode, dst, a []T, checked bool) {
	kernel.Neg(dst, a)
	if !checked {
		return
	}
	for i, x := range a {
		if x == -x && x != 0 {
			n.failer(i, kernel.ErrOutOfRange)
		}
	}
}

// constInt returns a kernel with a constant operand built in and the node of the other
// operand, or nil.
func constInt[T kernel.Integer](c *compiler, e *Expr, l, r node, data func(*vector.Vector) []T) (func(*binaryNode, *vector.Vector, *vector.Vector, *vector.Vector), node) {
	if v, ok := c.constant(e.Args[1]); ok {
		k := v.(T)
		if k == 0 && (e.Op == OpDiv || e.Op == OpMod) {
			return nil, nil
		}
		return func(_ *binaryNode, dst, a, _ *vector.Vector) {
			switch d, x := data(dst), data(a); e.Op {
			case OpAdd:
				kernel.AddC(d, x, k)
			case OpSub:
				kernel.AddC(d, x, -k)
			case OpMul:
				kernel.MulC(d, x, k)
			case OpDiv:
				kernel.DivC(d, x, k)
			case OpMod:
				kernel.ModC(d, x, k)
			}
		}, l
	}
	if v, ok := c.constant(e.Args[0]); ok && e.Op != OpDiv && e.Op != OpMod {
		k := v.(T)
		return func(_ *binaryNode, dst, a, _ *vector.Vector) {
			switch d, x := data(dst), data(a); e.Op {
			case OpAdd:
				kernel.AddC(d, x, k)
			case OpSub:
				kernel.CSub(d, k, x)
			case OpMul:
				kernel.MulC(d, x, k)
			}
		}, r
	}
	return nil, nil
}

func (c *compiler) arithDouble(e *Expr) (node, error) {
	l, err := c.node(e.Args[0])
	if err != nil {
		return nil, err
	}
	res := c.arithResult(e)
	if e.Op == OpNeg {
		return &unaryNode{res, l, func(_ *unaryNode, dst, a *vector.Vector) { kernel.Neg(f64s(dst), f64s(a)) }}, nil
	}
	r, err := c.node(e.Args[1])
	if err != nil {
		return nil, err
	}
	if e.Standard {
		op := e.Op[0]
		return &binaryNode{res, l, r, func(n *binaryNode, dst, a, b *vector.Vector) {
			d, x, y := f64s(dst), f64s(a), f64s(b)
			switch e.Op {
			case OpAdd:
				kernel.Add(d, x, y)
			case OpSub:
				kernel.Sub(d, x, y)
			case OpMul:
				kernel.Mul(d, x, y)
			default:
				kernel.CheckedF(op, d, x, y, n.failer)
			}
			kernel.CheckRange(op, d, x, y, n.failer)
		}}, nil
	}
	if run, x := c.constDouble(e, l, r); run != nil {
		return &binaryNode{res, x, nil, run}, nil
	}
	return &binaryNode{res, l, r, func(_ *binaryNode, dst, a, b *vector.Vector) {
		d, x, y := f64s(dst), f64s(a), f64s(b)
		switch e.Op {
		case OpAdd:
			kernel.Add(d, x, y)
		case OpSub:
			kernel.Sub(d, x, y)
		case OpMul:
			kernel.Mul(d, x, y)
		case OpDiv:
			kernel.DivF(d, x, y)
		case OpMod:
			kernel.ModF(d, x, y)
		}
	}}, nil
}

func (c *compiler) constDouble(e *Expr, l, r node) (func(*binaryNode, *vector.Vector, *vector.Vector, *vector.Vector), node) {
	if v, ok := c.constant(e.Args[1]); ok && (e.Op == OpAdd || e.Op == OpSub || e.Op == OpMul) {
		k := v.(float64)
		return func(_ *binaryNode, dst, a, _ *vector.Vector) {
			switch d, x := f64s(dst), f64s(a); e.Op {
			case OpAdd:
				kernel.AddC(d, x, k)
			case OpSub:
				kernel.AddC(d, x, -k)
			case OpMul:
				kernel.MulC(d, x, k)
			}
		}, l
	}
	if v, ok := c.constant(e.Args[0]); ok && (e.Op == OpAdd || e.Op == OpSub || e.Op == OpMul) {
		k := v.(float64)
		return func(_ *binaryNode, dst, a, _ *vector.Vector) {
			switch d, x := f64s(dst), f64s(a); e.Op {
			case OpAdd:
				kernel.AddC(d, x, k)
			case OpSub:
				kernel.CSub(d, k, x)
			case OpMul:
				kernel.MulC(d, x, k)
			}
		}, r
	}
	return nil, nil
}

func (c *compiler) arithDecimal(e *Expr) (node, error) {
	l, err := c.node(e.Args[0])
	if err != nil {
		return nil, err
	}
	res := c.arithResult(e)
	if e.Op == OpNeg {
		return &unaryNode{res, l, func(_ *unaryNode, dst, a *vector.Vector) {
			for i, x := range decs(a) {
				dst.Dec[i] = x.Neg()
			}
		}}, nil
	}
	r, err := c.node(e.Args[1])
	if err != nil {
		return nil, err
	}
	d := kernel.Decimals{Scale: e.Type.Scale, Precision: e.Type.Precision,
		ScaleA: e.Args[0].Type.Scale, ScaleB: e.Args[1].Type.Scale, Rounding: types.HalfUp}
	return &binaryNode{res, l, r, func(n *binaryNode, dst, a, b *vector.Vector) {
		switch e.Op {
		case OpAdd, OpSub:
			d.Add(decs(dst), decs(a), decs(b), e.Op == OpSub, n.failer)
		case OpMul:
			d.Mul(decs(dst), decs(a), decs(b), n.failer)
		case OpDiv:
			d.Div(decs(dst), decs(a), decs(b), n.failer)
		case OpMod:
			d.Mod(decs(dst), decs(a), decs(b), n.failer)
		}
	}}, nil
}

// concatNode is l || r.
type concatNode struct {
	*result
	l, r   node
	strict bool // a NULL operand makes the result NULL
}

func (n *concatNode) eval(f *frame) (*vector.Vector, error) {
	a, err := n.l.eval(f)
	if err != nil {
		return nil, err
	}
	b, err := n.r.eval(f)
	if err != nil {
		return nil, err
	}
	var v *vector.Vector
	if n.strict {
		v = n.begin(f, a, b)
	} else {
		v = n.begin(f)
	}
	for i := range f.n {
		off := len(v.Arena)
		if !v.Nulls.Get(i) {
			if !a.IsNull(i) {
				v.Arena = append(v.Arena, a.Bytes(i)...)
			}
			if !b.IsNull(i) {
				v.Arena = append(v.Arena, b.Bytes(i)...)
			}
		}
		if err := n.endText(f, i, off); err != nil {
			return nil, err
		}
	}
	return v, nil
}
