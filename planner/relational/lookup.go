package relational

import (
	"slices"

	"tailrace/planner/plan"
	"tailrace/planner/plan/algebra"
	"tailrace/sql/expr"
	"tailrace/sql/types"
)

// maxKeys bounds how many keys a lookup lists: beyond, a scan is not slower.
const maxKeys = 4096

// narrow reads off the conditions above scans of views which keys and windows can qualify at
// all. The conditions stay, so this only has to be right about what cannot.
func narrow(n algebra.Node) {
	for _, in := range n.Inputs() {
		narrow(in)
	}
	f, ok := n.(*algebra.Filter)
	if !ok {
		return
	}
	s, ok := f.Input.(*algebra.Scan)
	if !ok || s.Topic != nil {
		return
	}
	k := keyed{scan: s, own: algebra.SetOf(s.IDs)}
	if at := slices.Index(s.Names, types.WindowStart); at >= 0 {
		s.WindowStart.From, s.WindowStart.To = k.bounds(f.Predicate, s.IDs[at])
	}
	if at := slices.Index(s.Names, types.WindowEnd); at >= 0 {
		s.WindowEnd.From, s.WindowEnd.To = k.bounds(f.Predicate, s.IDs[at])
	}
	if whole := k.keys(f.Predicate); len(whole) > 0 {
		s.Lookup = &plan.Lookup{Keys: whole}
		return
	}
	if len(s.Keys) == 1 {
		if from, to := k.bounds(f.Predicate, s.Keys[0]); from != nil || to != nil {
			s.Lookup = &plan.Lookup{From: from, To: to}
		}
	}
}

// keyed reads conditions over the columns of a scan.
type keyed struct {
	scan *algebra.Scan
	own  algebra.Set
}

// keys are the whole keys one of which a row must have, nil when it may have any.
func (k keyed) keys(e *expr.Expr) [][]*expr.Expr {
	if len(k.scan.Keys) == 0 {
		return nil
	}
	whole := [][]*expr.Expr{nil}
	for _, key := range k.scan.Keys {
		values := k.equals(e, key)
		if len(values) == 0 || len(values)*len(whole) > maxKeys {
			return nil
		}
		var next [][]*expr.Expr
		for _, prefix := range whole {
			for _, v := range values {
				next = append(next, append(slices.Clone(prefix), v))
			}
		}
		whole = next
	}
	return whole
}

// equals are the values one of which a column must have for the condition to hold; nil
// when it may have any.
func (k keyed) equals(e *expr.Expr, column algebra.ID) []*expr.Expr {
	switch e.Op {
	case expr.OpAnd:
		for _, a := range e.Args {
			if values := k.equals(a, column); values != nil {
				return values
			}
		}
	case expr.OpOr:
		var all []*expr.Expr
		for _, a := range e.Args {
			values := k.equals(a, column)
			if values == nil {
				return nil
			}
			all = append(all, values...)
		}
		return all
	case expr.OpEq:
		for i, a := range e.Args {
			if is(a, column) && k.constant(e.Args[1-i], a.Type) {
				return []*expr.Expr{e.Args[1-i]}
			}
		}
	case expr.OpIn:
		if !is(e.Args[0], column) {
			return nil
		}
		for _, v := range e.Args[1:] {
			if !k.constant(v, e.Args[0].Type) {
				return nil
			}
		}
		return e.Args[1:]
	}
	return nil
}

func is(e *expr.Expr, column algebra.ID) bool { return e.Op == expr.OpColumn && e.Column == column }

// constant says that e has one value for all rows of the scan, of the column's own type.
func (k keyed) constant(e *expr.Expr, t types.Type) bool {
	if !e.Type.Equal(t) {
		return false
	}
	switch e.Op {
	case expr.OpLiteral, expr.OpParam:
		return true
	case expr.OpColumn: // of a row around
		return !k.own[e.Column]
	case expr.OpCast:
		return e.Args[0].Op == expr.OpParam
	}
	return false
}

// bounds are the ends of the range that a column must lie in for the condition to hold.
// Where conditions pile up, one of each end is enough.
func (k keyed) bounds(e *expr.Expr, column algebra.ID) (from, to *plan.Bound) {
	if e.Op == expr.OpAnd {
		for _, a := range e.Args {
			f, t := k.bounds(a, column)
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
	if !k.constant(value, e.Args[0].Type) {
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
