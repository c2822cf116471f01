package expr_test

import (
	"cmp"
	"math"
	"math/big"
	"regexp"
	"strings"

	"tailrace/sql/expr"
	"tailrace/sql/expr/kernel"
	"tailrace/sql/types"
)

// oracle evaluates expressions the obvious way: one row at a time, over boxed values, with
// big numbers. It exists to be compared with.
type oracle struct {
	row    []types.Value
	failed bool // some operation failed
	hard   bool // one of them was not contained
}

// eval is the value of e; caught says that e stands inside something that contains
// failures.
func (o *oracle) eval(e *expr.Expr, caught bool) types.Value {
	switch e.Op {
	case expr.OpColumn:
		return o.row[e.Column]
	case expr.OpLiteral:
		return e.Value.V
	case expr.OpAnd, expr.OpOr:
		return o.logic(e, caught)
	case expr.OpCase:
		for i := 0; i+1 < len(e.Args); i += 2 {
			if o.eval(e.Args[i], caught) == true {
				return o.eval(e.Args[i+1], caught)
			}
		}
		if len(e.Args)%2 == 1 {
			return o.eval(e.Args[len(e.Args)-1], caught)
		}
		return nil
	case expr.OpCast:
		x := o.eval(e.Args[0], true)
		v, err := kernel.CastValue(x, e.Args[0].Type, e.Type, e.Standard)
		if err != nil {
			o.failed = true
			return nil
		}
		return v
	}
	args := make([]types.Value, len(e.Args))
	for i, a := range e.Args {
		args[i] = o.eval(a, caught || e.Op == expr.OpArray)
	}
	return o.apply(e, args, caught)
}

func (o *oracle) logic(e *expr.Expr, caught bool) types.Value {
	decides := e.Op == expr.OpOr
	var out types.Value = !decides
	for _, a := range e.Args {
		switch o.eval(a, caught) {
		case decides:
			return decides
		case nil:
			out = nil
		}
	}
	return out
}

func (o *oracle) fail(caught bool) types.Value {
	o.failed = true
	o.hard = o.hard || !caught
	return nil
}

func (o *oracle) apply(e *expr.Expr, args []types.Value, caught bool) types.Value {
	anyNull := false
	for _, a := range args {
		anyNull = anyNull || a == nil
	}
	switch e.Op {
	case expr.OpIsNull:
		return args[0] == nil
	case expr.OpNotNull:
		return args[0] != nil
	case expr.OpNot:
		if anyNull {
			return nil
		}
		return !args[0].(bool)
	case expr.OpDistinct, expr.OpNotDistinct:
		same := args[0] == nil && args[1] == nil || !anyNull && types.Compare(args[0], args[1]) == 0
		return same == (e.Op == expr.OpNotDistinct)
	case expr.OpIn:
		return in(e, args)
	case expr.OpArray:
		return types.ArrayVal(args)
	case expr.OpItem:
		if anyNull {
			return nil
		}
		a, i := args[0].(types.ArrayVal), int(args[1].(int32))
		if i < 0 && !e.Standard {
			i += len(a) + 1
		}
		if i < 1 || i > len(a) {
			return nil
		}
		return a[i-1]
	case expr.OpConcat:
		if anyNull && e.Standard {
			return nil
		}
		l, _ := args[0].(string)
		r, _ := args[1].(string)
		return l + r
	}
	if anyNull {
		switch e.Op {
		case expr.OpEq, expr.OpNe, expr.OpLt, expr.OpLe, expr.OpGt, expr.OpGe:
			if !e.Standard {
				return false
			}
		}
		return nil
	}
	switch e.Op {
	case expr.OpEq, expr.OpNe, expr.OpLt, expr.OpLe, expr.OpGt, expr.OpGe:
		return compares(e.Op, args[0], args[1], e.Standard)
	case expr.OpLike:
		return like(args[0].(string), args[1].(string))
	}
	v, ok := arithmetic(e, args)
	if !ok {
		return o.fail(caught)
	}
	return v
}

func in(e *expr.Expr, args []types.Value) types.Value {
	null := args[0] == nil
	for _, a := range args[1:] {
		if a == nil {
			null = true
		} else if args[0] != nil && compares(expr.OpEq, args[0], a, e.Standard) {
			return true
		}
	}
	if null && e.Standard {
		return nil
	}
	return false
}

// compares follows IEEE 754 for doubles, so NaN is equal to nothing; in the standard dialect it is
// equal to itself and greater than all numbers.
func compares(op expr.Op, a, b types.Value, standard bool) bool {
	order := 0
	if x, ok := a.(float64); ok && !standard {
		y := b.(float64)
		if x != x || y != y {
			return op == expr.OpNe
		}
		order = cmp.Compare(x, y)
		if x == y {
			order = 0
		}
	} else {
		order = types.Compare(a, b)
	}
	switch op {
	case expr.OpEq:
		return order == 0
	case expr.OpNe:
		return order != 0
	case expr.OpLt:
		return order < 0
	case expr.OpLe:
		return order <= 0
	case expr.OpGt:
		return order > 0
	}
	return order >= 0
}

func like(text, pattern string) bool {
	var re strings.Builder
	re.WriteString("(?s)^")
	for _, r := range pattern {
		switch r {
		case '%':
			re.WriteString(".*")
		case '_':
			re.WriteString(".")
		default:
			re.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	re.WriteString("$")
	return regexp.MustCompile(re.String()).MatchString(text)
}

// arithmetic computes on exact rationals and brings the result into the type.
func arithmetic(e *expr.Expr, args []types.Value) (types.Value, bool) {
	if e.Type.Kind == types.Double {
		return doubles(e, args)
	}
	x := exact(args[0])
	if e.Op == expr.OpNeg {
		return intoType(e, x.Neg(x))
	}
	y := exact(args[1])
	switch e.Op {
	case expr.OpAdd:
		return intoType(e, x.Add(x, y))
	case expr.OpSub:
		return intoType(e, x.Sub(x, y))
	case expr.OpMul:
		return intoType(e, x.Mul(x, y))
	}
	if y.Sign() == 0 {
		return nil, false
	}
	quo := new(big.Rat).Quo(x, y)
	if e.Op == expr.OpDiv {
		if e.Type.Kind != types.Decimal {
			quo.SetInt(new(big.Int).Quo(quo.Num(), quo.Denom()))
		}
		return intoType(e, quo)
	}
	whole := new(big.Rat).SetInt(new(big.Int).Quo(quo.Num(), quo.Denom()))
	return intoType(e, x.Sub(x, whole.Mul(whole, y)))
}

func doubles(e *expr.Expr, args []types.Value) (types.Value, bool) {
	x := args[0].(float64)
	if e.Op == expr.OpNeg {
		return -x, true
	}
	y := args[1].(float64)
	ranged := func(z float64, zero bool) (types.Value, bool) {
		finite := !math.IsInf(x, 0) && !math.IsInf(y, 0)
		return z, !e.Standard || (!math.IsInf(z, 0) || !finite) && (z != 0 || zero)
	}
	switch e.Op {
	case expr.OpAdd:
		return ranged(x+y, true)
	case expr.OpSub:
		return ranged(x-y, true)
	case expr.OpMul:
		return ranged(x*y, x == 0 || y == 0)
	case expr.OpDiv:
		if y == 0 {
			return x / y, !e.Standard
		}
		return ranged(x/y, x == 0 || math.IsInf(y, 0))
	}
	return math.Mod(x, y), !e.Standard || y != 0
}

func exact(v types.Value) *big.Rat {
	switch v := v.(type) {
	case int32:
		return new(big.Rat).SetInt64(int64(v))
	case int64:
		return new(big.Rat).SetInt64(v)
	}
	d := v.(types.Dec)
	ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.Scale)), nil)
	return new(big.Rat).SetFrac(d.Unscaled.Big(), ten)
}

// intoType wraps integers in ksqlDB's dialect and checks them in the standard's; decimals
// are rounded in both.
func intoType(e *expr.Expr, x *big.Rat) (types.Value, bool) {
	if e.Type.Kind == types.Decimal {
		scaled := new(big.Rat).Mul(x, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(e.Type.Scale)), nil)))
		q, r := new(big.Int).QuoRem(scaled.Num(), scaled.Denom(), new(big.Int))
		if new(big.Int).Lsh(r, 1).CmpAbs(scaled.Denom()) >= 0 {
			q.Add(q, big.NewInt(int64(scaled.Sign())))
		}
		limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(e.Type.Precision)), nil)
		u, ok := types.Int128FromBig(q)
		return types.Dec{Unscaled: u, Scale: int32(e.Type.Scale)}, ok && q.CmpAbs(limit) < 0
	}
	low := new(big.Int).And(x.Num(), new(big.Int).SetUint64(math.MaxUint64))
	v := int64(low.Uint64())
	if e.Type.Kind == types.Int {
		v = int64(int32(v))
	}
	if e.Standard && new(big.Int).SetInt64(v).Cmp(x.Num()) != 0 {
		return nil, false
	}
	if e.Type.Kind == types.Int {
		return int32(v), true
	}
	return v, true
}
