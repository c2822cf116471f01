package logical

import (
	"tailrace/planner/plan"
	"tailrace/sql/expr"
	"tailrace/sql/types"
)

// maxKeys bounds how many keys a lookup lists: beyond, a scan is not slower.
const maxKeys = 4096

// narrowKeys reads off the predicate which keys and windows can qualify at all. The
// predicate itself stays, so this only has to be right about what cannot.
func narrowKeys(p *plan.Pull) {
	if p.Predicate == nil {
		return
	}
	keys := p.Input.Key()
	if n := len(keys); n >= 2 && p.Input.Columns[keys[n-1]].Name == types.WindowEnd && p.Input.Columns[keys[n-2]].Name == types.WindowStart {
		p.WindowStart.From, p.WindowStart.To = bounds(p.Predicate, keys[n-2])
		p.WindowEnd.From, p.WindowEnd.To = bounds(p.Predicate, keys[n-1])
		keys = keys[:n-2]
	}
	whole := [][]*expr.Expr{nil}
	for _, k := range keys {
		values := equals(p.Predicate, k)
		if len(values) == 0 || len(values)*len(whole) > maxKeys {
			whole = nil
			break
		}
		var next [][]*expr.Expr
		for _, prefix := range whole {
			for _, v := range values {
				next = append(next, append(append([]*expr.Expr{}, prefix...), v))
			}
		}
		whole = next
	}
	if len(keys) > 0 && len(whole) > 0 {
		p.Lookup = &plan.Lookup{Keys: whole}
		return
	}
	if len(keys) == 1 {
		if from, to := bounds(p.Predicate, keys[0]); from != nil || to != nil {
			p.Lookup = &plan.Lookup{From: from, To: to}
		}
	}
}

// equals are the values one of which a column must have for the predicate to hold; nil
// when it may have any.
func equals(e *expr.Expr, column int) []*expr.Expr {
	switch e.Op {
	case expr.OpAnd:
		for _, a := range e.Args {
			if values := equals(a, column); values != nil {
				return values
			}
		}
	case expr.OpOr:
		var all []*expr.Expr
		for _, a := range e.Args {
			values := equals(a, column)
			if values == nil {
				return nil
			}
			all = append(all, values...)
		}
		return all
	case expr.OpEq:
		for i, a := range e.Args {
			if is(a, column) && constant(e.Args[1-i], a.Type) {
				return []*expr.Expr{e.Args[1-i]}
			}
		}
	case expr.OpIn:
		if !is(e.Args[0], column) {
			return nil
		}
		for _, v := range e.Args[1:] {
			if !constant(v, e.Args[0].Type) {
				return nil
			}
		}
		return e.Args[1:]
	}
	return nil
}

func is(e *expr.Expr, column int) bool { return e.Op == expr.OpColumn && e.Column == column }

// constant says that e has one value for all rows, of the column's own type.
func constant(e *expr.Expr, t types.Type) bool {
	if !e.Type.Equal(t) {
		return false
	}
	switch e.Op {
	case expr.OpLiteral, expr.OpParam:
		return true
	case expr.OpCast:
		return e.Args[0].Op == expr.OpParam
	}
	return false
}

// bounds are the ends of the range that a column must lie in for the predicate to hold.
// Where conditions pile up, one of each end is enough.
func bounds(e *expr.Expr, column int) (from, to *plan.Bound) {
	if e.Op == expr.OpAnd {
		for _, a := range e.Args {
			f, t := bounds(a, column)
			if from == nil {
				from = f
			}
			if to == nil {
				to = t
			}
		}
		return from, to
	}
	if len(e.Args) != 2 {
		return nil, nil
	}
	op, value := e.Op, e.Args[1]
	if is(e.Args[1], column) {
		op, value = mirrored[e.Op], e.Args[0]
	} else if !is(e.Args[0], column) {
		return nil, nil
	}
	if !constant(value, e.Args[0].Type) {
		return nil, nil
	}
	switch op {
	case expr.OpEq:
		b := &plan.Bound{Value: value, Inclusive: true}
		return b, b
	case expr.OpGt, expr.OpGe:
		return &plan.Bound{Value: value, Inclusive: op == expr.OpGe}, nil
	case expr.OpLt, expr.OpLe:
		return nil, &plan.Bound{Value: value, Inclusive: op == expr.OpLe}
	}
	return nil, nil
}

// mirrored is the comparison with its sides exchanged.
var mirrored = map[expr.Op]expr.Op{
	expr.OpEq: expr.OpEq, expr.OpLt: expr.OpGt, expr.OpLe: expr.OpGe, expr.OpGt: expr.OpLt, expr.OpGe: expr.OpLe,
}
