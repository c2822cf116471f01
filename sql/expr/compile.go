package expr

import (
	"fmt"

	"tailrace/sql/expr/kernel"
	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// Compile makes a program of a bound expression.
func Compile(e *Expr, env CompileEnv) (*Program, error) {
	inputs := -1
	if env.Inputs != nil {
		inputs = len(env.Inputs)
	}
	if err := Validate(e, inputs); err != nil {
		return nil, err
	}
	c := &compiler{env: env, uses: map[*Expr]int{}, memos: map[*Expr]*memoNode{}}
	width := 0
	Walk(e, func(e *Expr) bool {
		switch e.Op {
		case OpColumn:
			c.columns = max(c.columns, e.Column+1)
		case OpVar:
			width = max(width, e.Column+1)
		}
		c.uses[e]++
		return c.uses[e] == 1
	})
	c.width = c.columns + width
	p := &Program{t: e.Type, inputs: c.columns, fresh: env.Fresh}
	p.frame = frame{in: make([]*vector.Vector, c.width), state: &state{}, failed: p.failed}
	var err error
	if e.Type.Kind == types.Boolean && isCondition(e) {
		if p.pred, err = c.pred(e); err != nil {
			return nil, err
		}
		p.root = newBoolNode(p.pred)
		return p, nil
	}
	p.root, err = c.node(e)
	return p, err
}

type compiler struct {
	env     CompileEnv
	columns int // of the input
	width   int // of a frame: columns and variables
	depth   int // of lambdas around what is compiled
	// caught says that what is compiled stands inside something that contains failures,
	// as ksqlDB's casts, constructors and nested calls do.
	caught bool
	uses   map[*Expr]int
	memos  map[*Expr]*memoNode
}

// within compiles with caught set.
func (c *compiler) within(e *Expr) (node, error) {
	before := c.caught
	c.caught = true
	n, err := c.node(e)
	c.caught = before
	return n, err
}

// apart compiles what is evaluated for other rows than what surrounds it: it shares no
// nodes with that, whose columns may be in use meanwhile.
func (c *compiler) apart(compile func() error) error {
	before := c.memos
	c.memos = map[*Expr]*memoNode{}
	err := compile()
	c.memos = before
	return err
}

// nodes compiles a list.
func (c *compiler) nodes(es []*Expr, compile func(*Expr) (node, error)) ([]node, error) {
	out := make([]node, len(es))
	for i, e := range es {
		var err error
		if out[i], err = compile(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// constant is the value of a literal or parameter that is not NULL.
func (c *compiler) constant(e *Expr) (types.Value, bool) {
	switch {
	case e.Op == OpLiteral:
		return e.Value.V, e.Value.V != nil
	case e.Op == OpParam && e.Column >= 1 && e.Column <= len(c.env.Params):
		v, err := c.param(e)
		return v, err == nil && v != nil
	}
	return nil, false
}

// param is the value of a parameter as the type it is bound to.
func (c *compiler) param(e *Expr) (types.Value, error) {
	if e.Column < 1 || e.Column > len(c.env.Params) {
		return nil, fmt.Errorf("there is no value for parameter $%d", e.Column)
	}
	p := c.env.Params[e.Column-1]
	return kernel.CastValue(p.V, p.Type, e.Type, true)
}

func newConstant(t types.Type, v types.Value) node {
	return &constantNode{value: v, full: vector.New(t, 0)}
}

func (c *compiler) node(e *Expr) (node, error) {
	if c.uses[e] < 2 || len(e.Args) == 0 {
		return c.plain(e)
	}
	if m := c.memos[e]; m != nil {
		return m, nil
	}
	inner, err := c.plain(e)
	if err != nil {
		return nil, err
	}
	m := &memoNode{inner: inner}
	c.memos[e] = m
	return m, nil
}

func (c *compiler) plain(e *Expr) (node, error) {
	switch e.Op {
	case OpColumn:
		return columnNode{e.Column}, nil
	case OpVar:
		return columnNode{c.columns + e.Column}, nil
	case OpLiteral:
		return newConstant(e.Type, e.Value.V), nil
	case OpParam:
		v, err := c.param(e)
		return newConstant(e.Type, v), err
	case OpAdd, OpSub, OpMul, OpDiv, OpMod, OpNeg:
		return c.arith(e)
	case OpConcat:
		args, err := c.nodes(e.Args, c.node)
		if err != nil {
			return nil, err
		}
		return &concatNode{result: newResult(e.Type, !c.caught), l: args[0], r: args[1], strict: e.Standard}, nil
	case OpCast:
		x, err := c.within(e.Args[0])
		if err != nil || e.Type.Equal(e.Args[0].Type) {
			return x, err
		}
		return newCast(x, e.Args[0].Type, e.Type, e.Standard)
	case OpCase:
		return c.cases(e)
	case OpCall:
		return c.call(e)
	case OpField, OpItem, OpArray, OpMap, OpStruct:
		return c.nested(e)
	}
	if isCondition(e) {
		p, err := c.pred(e)
		if err != nil {
			return nil, err
		}
		return newBoolNode(p), nil
	}
	return nil, fmt.Errorf("expression: %q stands where a value is needed", e.Op)
}

// isCondition says that e is computed as a condition, in bitmaps.
func isCondition(e *Expr) bool {
	switch e.Op {
	case OpEq, OpNe, OpLt, OpLe, OpGt, OpGe, OpDistinct, OpNotDistinct, OpAnd, OpOr, OpNot,
		OpIsNull, OpNotNull, OpLike, OpIn:
		return true
	}
	return false
}

// mayFail reports whether evaluating e for a row can report a failure, or is so costly
// that rows which do not need it should be spared.
func mayFail(e *Expr) bool {
	switch e.Op {
	case OpCall, OpArray, OpMap, OpStruct:
		return true
	case OpAdd, OpSub, OpMul, OpDiv, OpMod, OpNeg:
		if e.Type.Kind == types.Decimal || e.Standard || e.Op == OpDiv || e.Op == OpMod {
			return true
		}
	case OpCast:
		if e.Standard || !CanWiden(e.Args[0].Type, e.Type) {
			return true
		}
	case OpLike:
		if e.Args[1].Op != OpLiteral {
			return true
		}
	}
	for _, a := range e.Args {
		if mayFail(a) {
			return true
		}
	}
	return false
}

// used are the places in a frame that e reads.
func (c *compiler) used(es ...*Expr) []int {
	seen := map[int]bool{}
	var out []int
	for _, e := range es {
		Walk(e, func(e *Expr) bool {
			at := -1
			switch e.Op {
			case OpColumn:
				at = e.Column
			case OpVar:
				at = c.columns + e.Column
			}
			if at >= 0 && !seen[at] {
				seen[at] = true
				out = append(out, at)
			}
			return true
		})
	}
	return out
}

// Fold replaces the parts of e that are constant by their values. A part that fails is
// left: it fails for every row that needs it, and for no other.
func Fold(e *Expr) *Expr {
	return Map(e, func(e *Expr) *Expr {
		if !foldable(e) {
			return e
		}
		p, err := Compile(e, CompileEnv{})
		if err != nil {
			return e
		}
		failed := false
		ctx := &function.Context{Fail: func(int, error) { failed = true }}
		v, err := p.Eval(nil, 1, ctx)
		if err != nil || failed {
			return e
		}
		lit := Lit(e.Type, v.Value(0))
		lit.Pos = e.Pos
		return lit
	})
}

func foldable(e *Expr) bool {
	switch e.Op {
	case OpLiteral, OpColumn, OpParam, OpVar, OpLambda:
		return false
	case OpCall:
		sig, err := function.FindScalar(e.Overload)
		if err != nil || sig.Volatile {
			return false
		}
	}
	for _, a := range e.Args {
		if a.Op != OpLiteral {
			return false
		}
	}
	return true
}
