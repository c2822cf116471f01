package expr

import (
	"fmt"

	"tailrace/sql/expr/kernel"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// pred compiles a condition.
func (c *compiler) pred(e *Expr) (pred, error) {
	switch e.Op {
	case OpEq, OpNe, OpLt, OpLe, OpGt, OpGe:
		return c.compare(e)
	case OpDistinct, OpNotDistinct:
		l, r, err := c.pair(e)
		if err != nil {
			return nil, err
		}
		return &distinctPred{l: l, r: r, same: e.Op == OpNotDistinct}, nil
	case OpAnd, OpOr:
		return c.logic(e)
	case OpNot:
		x, err := c.pred(e.Args[0])
		return &notPred{x: x}, err
	case OpIsNull, OpNotNull:
		return c.nullTest(e)
	case OpLike:
		return c.like(e)
	case OpIn:
		return c.in(e)
	}
	x, err := c.node(e)
	return &valuePred{x: x}, err
}

// pair compiles the two operands of a comparison.
func (c *compiler) pair(e *Expr) (l, r node, err error) {
	if l, err = c.node(e.Args[0]); err == nil {
		r, err = c.node(e.Args[1])
	}
	return l, r, err
}

// valuePred is a BOOLEAN column as a condition.
type valuePred struct {
	x    node
	t, u vector.Bitmap
}

func (p *valuePred) test(f *frame) (truth, error) {
	v, err := p.x.eval(f)
	if err != nil {
		return truth{}, err
	}
	p.t = vector.Zero(p.t, f.n)
	kernel.Bits(p.t, v.Bool[:f.n])
	if !v.Nulls.Any() {
		return truth{t: p.t}, nil
	}
	p.t = vector.AndNot(p.t, p.t, v.Nulls, f.n)
	p.u = vector.Or(p.u[:0], v.Nulls, nil, f.n)
	return truth{p.t, p.u}, nil
}

// boolNode is a condition as a BOOLEAN column.
type boolNode struct {
	*result
	p pred
}

func newBoolNode(p pred) node { return &boolNode{newResult(types.BooleanType, false), p} }

func (n *boolNode) eval(f *frame) (*vector.Vector, error) {
	truth, err := n.p.test(f)
	if err != nil {
		return nil, err
	}
	v := n.begin(f)
	kernel.Bools(v.Bool, truth.t)
	if truth.u.Any() {
		v.Nulls = vector.Or(v.Nulls, truth.u, nil, f.n)
	}
	return v, nil
}

// comparePred is a comparison of two columns, or of one with a constant that is built
// into run. run sets the bits of rows without NULL; what it does to others is undone here.
type comparePred struct {
	l, r     node // r is nil where the constant is built in
	run      func(dst vector.Bitmap, a, b *vector.Vector)
	standard bool
	t, u     vector.Bitmap
}

func (p *comparePred) test(f *frame) (truth, error) {
	a, err := p.l.eval(f)
	if err != nil {
		return truth{}, err
	}
	b := a
	if p.r != nil {
		if b, err = p.r.eval(f); err != nil {
			return truth{}, err
		}
	}
	p.t = vector.Zero(p.t, f.n)
	p.run(p.t, a, b)
	if !a.Nulls.Any() && !b.Nulls.Any() {
		return truth{t: p.t}, nil
	}
	p.u = vector.Or(p.u[:0], a.Nulls, b.Nulls, f.n)
	p.t = vector.AndNot(p.t, p.t, p.u, f.n)
	if p.standard {
		return truth{p.t, p.u}, nil
	}
	return truth{t: p.t}, nil
}

func (c *compiler) compare(e *Expr) (pred, error) {
	l, r, err := c.pair(e)
	if err != nil {
		return nil, err
	}
	op, p := e.Op, &comparePred{l: l, r: r, standard: e.Standard}
	a, b := e.Args[0].Type, e.Args[1].Type
	k, constant := c.constant(e.Args[1])
	if _, left := c.constant(e.Args[0]); left && !constant { // the constant goes to the right
		k, constant = c.constant(e.Args[0])
		p.l, p.r, op, a, b = r, l, mirrored[op], b, a
	}
	return p, p.choose(op, a, b, k, constant)
}

// choose sets the kernel for operands of types a and b; constant says that the right one
// is the constant k.
func (p *comparePred) choose(op Op, a, b types.Type, k any, constant bool) error {
	switch {
	case a.Kind == types.Int || a.Kind == types.Date:
		if d, ok := k.(types.DateVal); ok {
			k = int32(d)
		}
		compareNumbers(p, op, k, constant, i32s)
	case a.Kind == types.Bigint || a.Kind == types.Time || a.Kind == types.Timestamp:
		switch t := k.(type) {
		case types.TimeVal:
			k = int64(t)
		case types.TimestampVal:
			k = int64(t)
		}
		compareNumbers(p, op, k, constant, i64s)
	case a.Kind == types.Double && p.standard:
		compareDoubles(p, op, k, constant)
	case a.Kind == types.Double:
		compareNumbers(p, op, k, constant, f64s)
	case (a.Kind == types.String || a.Kind == types.Bytes) && (op == OpEq || op == OpNe):
		compareBytes(p, op == OpNe, k, constant)
	case a.Kind == types.Decimal && b.Kind == types.Decimal:
		p.decimals(a, b, accepts[op], k, constant)
	case comparable2(a, b):
		accept := accepts[op]
		p.run = func(dst vector.Bitmap, a, b *vector.Vector) { kernel.Rows(dst, a, b, accept) }
	default:
		return fmt.Errorf("expression: no comparison of %s with %s", a, b)
	}
	return nil
}

// mirrored maps a comparison to the one with its operands swapped.
var mirrored = map[Op]Op{OpEq: OpEq, OpNe: OpNe, OpLt: OpGt, OpLe: OpGe, OpGt: OpLt, OpGe: OpLe}

// accepts are the outcomes (less, equal, greater) for which a comparison holds.
var accepts = map[Op]kernel.Accept{OpEq: {false, true, false}, OpNe: {true, false, true},
	OpLt: {true, false, false}, OpLe: {true, true, false}, OpGt: {false, false, true}, OpGe: {false, true, true}}

// compareNumbers sets the kernel of a comparison of fixed-width values.
func compareNumbers[T kernel.Number](p *comparePred, op Op, constant any, isConstant bool, data func(*vector.Vector) []T) {
	if isConstant {
		k := constant.(T)
		p.r = nil
		p.run = func(dst vector.Bitmap, a, _ *vector.Vector) {
			x := data(a)
			switch op {
			case OpEq:
				kernel.EqC(dst, x, k)
			case OpNe:
				kernel.EqC(dst, x, k)
				vector.Not(dst, dst, len(x))
			case OpLt:
				kernel.LtC(dst, x, k)
			case OpLe:
				kernel.LeC(dst, x, k)
			case OpGt:
				kernel.GtC(dst, x, k)
			case OpGe:
				kernel.GeC(dst, x, k)
			}
		}
		return
	}
	p.run = func(dst vector.Bitmap, a, b *vector.Vector) {
		x, y := data(a), data(b)
		switch op {
		case OpEq:
			kernel.Eq(dst, x, y)
		case OpNe:
			kernel.Eq(dst, x, y)
			vector.Not(dst, dst, len(x))
		case OpLt:
			kernel.Lt(dst, x, y)
		case OpLe:
			kernel.Le(dst, x, y)
		case OpGt:
			kernel.Lt(dst, y, x)
		case OpGe:
			kernel.Le(dst, y, x)
		}
	}
}

// compareDoubles sets the kernel of the standard's comparison of doubles, where NaN equals NaN
// and is greater than all numbers.
func compareDoubles(p *comparePred, op Op, constant any, isConstant bool) {
	k, _ := constant.(float64)
	switch {
	case !isConstant || k != k:
		accept := accepts[op]
		p.run = func(dst vector.Bitmap, a, b *vector.Vector) { kernel.Rows(dst, a, b, accept) }
	case op == OpGt || op == OpGe: // what is not less: NaN, too
		p.r = nil
		p.run = func(dst vector.Bitmap, a, _ *vector.Vector) {
			if op == OpGt {
				kernel.LeC(dst, f64s(a), k)
			} else {
				kernel.LtC(dst, f64s(a), k)
			}
			vector.Not(dst, dst, a.N)
		}
	default:
		compareNumbers(p, op, constant, true, f64s)
	}
}

// decimals sets the kernel for decimals: the fast one where both sides have one scale, or
// a constant can be brought to that of the column.
func (p *comparePred) decimals(a, b types.Type, accept kernel.Accept, k any, constant bool) {
	if d, ok := k.(types.Dec); ok && constant {
		if c, err := types.Rescale(d.Unscaled, int(d.Scale), a.Scale, types.Unnecessary); err == nil {
			p.r = nil
			p.run = func(dst vector.Bitmap, a, _ *vector.Vector) { kernel.DecRowsC(dst, decs(a), c, accept) }
			return
		}
	}
	if a.Scale == b.Scale {
		p.run = func(dst vector.Bitmap, a, b *vector.Vector) { kernel.DecRows(dst, decs(a), decs(b), accept) }
		return
	}
	p.run = func(dst vector.Bitmap, a, b *vector.Vector) { kernel.Rows(dst, a, b, accept) }
}

func compareBytes(p *comparePred, negate bool, constant any, isConstant bool) {
	if isConstant {
		k, ok := constant.([]byte)
		if !ok {
			k = []byte(constant.(string))
		}
		p.r = nil
		p.run = func(dst vector.Bitmap, a, _ *vector.Vector) { kernel.EqBytesC(dst, a, k, negate) }
		return
	}
	p.run = func(dst vector.Bitmap, a, b *vector.Vector) { kernel.EqBytes(dst, a, b, negate) }
}

// distinctPred is IS [NOT] DISTINCT FROM, which is never NULL.
type distinctPred struct {
	l, r node
	same bool
	t    vector.Bitmap
}

func (p *distinctPred) test(f *frame) (truth, error) {
	a, err := p.l.eval(f)
	if err != nil {
		return truth{}, err
	}
	b, err := p.r.eval(f)
	if err != nil {
		return truth{}, err
	}
	p.t = vector.Zero(p.t, f.n)
	kernel.Rows(p.t, a, b, accepts[OpEq])
	for i := range f.n {
		if a.IsNull(i) && b.IsNull(i) {
			p.t.Set(i)
		}
	}
	if !p.same {
		p.t = vector.Not(p.t, p.t, f.n)
	}
	return truth{t: p.t}, nil
}

// notPred is NOT x.
type notPred struct {
	x pred
	t vector.Bitmap
}

func (p *notPred) test(f *frame) (truth, error) {
	x, err := p.x.test(f)
	if err != nil {
		return truth{}, err
	}
	p.t = vector.Not(p.t, x.t, f.n)
	if x.u.Any() {
		p.t = vector.AndNot(p.t, p.t, x.u, f.n)
	}
	return truth{p.t, x.u}, nil
}

// nullPred is IS [NOT] NULL of a column; condPred that of a condition.
type nullPred struct {
	x   node
	not bool
	t   vector.Bitmap
}

type condNullPred struct {
	x   pred
	not bool
	t   vector.Bitmap
}

func (c *compiler) nullTest(e *Expr) (pred, error) {
	x := e.Args[0]
	if isCondition(x) {
		p, err := c.pred(x)
		return &condNullPred{x: p, not: e.Op == OpNotNull}, err
	}
	n, err := c.node(x)
	return &nullPred{x: n, not: e.Op == OpNotNull}, err
}

func (p *nullPred) test(f *frame) (truth, error) {
	v, err := p.x.eval(f)
	if err != nil {
		return truth{}, err
	}
	switch {
	case v.Type.Kind != types.Null:
		p.t = nullBits(p.t, v.Nulls, p.not, f.n)
	case p.not:
		p.t = vector.Zero(p.t, f.n)
	default:
		p.t = vector.Fill(p.t, f.n)
	}
	return truth{t: p.t}, nil
}

func (p *condNullPred) test(f *frame) (truth, error) {
	x, err := p.x.test(f)
	if err != nil {
		return truth{}, err
	}
	p.t = nullBits(p.t, x.u, p.not, f.n)
	return truth{t: p.t}, nil
}

func nullBits(dst, nulls vector.Bitmap, not bool, n int) vector.Bitmap {
	if not {
		return vector.Not(dst[:0], nulls, n)
	}
	return vector.Or(dst[:0], nulls, nil, n)
}
