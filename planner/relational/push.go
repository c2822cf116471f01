package relational

import (
	"slices"

	"tailrace/planner/plan/algebra"
	"tailrace/sql/expr"
)

// rewrite makes a bound query good to run; its meaning stays.
func rewrite(q *algebra.Query) {
	q.Root = inlined(q.Root, q.Columns)
	each(q, func(n algebra.Node) algebra.Node { return push(n, nil) })
	prune(q)
	each(q, func(n algebra.Node) algebra.Node { narrow(n); return n })
}

// each replaces the trees of a query: its own, and those of its common table expressions.
func each(q *algebra.Query, f func(algebra.Node) algebra.Node) {
	ctes := algebra.CTEs(q.Root)
	q.Root = f(q.Root)
	for _, c := range ctes {
		c.Body = f(c.Body)
		if c.Step != nil {
			c.Step = f(c.Step)
		}
	}
}

// push moves conditions as far down as they hold, to where they spare work. conds are over
// the columns of n, or of rows around.
func push(n algebra.Node, conds []*expr.Expr) algebra.Node {
	switch n := n.(type) {
	case *algebra.Filter:
		return push(n.Input, append(algebra.Conjuncts(n.Predicate), conds...))
	case *algebra.Compute:
		return pushCompute(n, conds)
	case *algebra.Join:
		return pushJoin(n, conds)
	case *algebra.Mark:
		n.Sub = push(n.Sub, nil)
		below, above := split(conds, func(e *expr.Expr) bool { return !algebra.SetOf([]algebra.ID{n.ID}).Touches(e) })
		n.Input = push(n.Input, below)
		return keep(n, above)
	case *algebra.Scalar:
		n.Sub = push(n.Sub, nil)
		below, above := split(conds, func(e *expr.Expr) bool { return !algebra.SetOf([]algebra.ID{n.ID}).Touches(e) })
		n.Input = push(n.Input, below)
		return keep(n, above)
	case *algebra.Unnest:
		made := algebra.SetOf(append(slices.Clone(n.IDs), n.Ordinality))
		below, above := split(conds, func(e *expr.Expr) bool { return !made.Touches(e) })
		n.Input = push(n.Input, below)
		return keep(n, above)
	case *algebra.Aggregate:
		return pushAggregate(n, conds)
	case *algebra.Over:
		return pushWhere(n, &n.Input, algebra.SetOf(n.Partition), conds)
	case *algebra.Distinct:
		return pushWhere(n, &n.Input, algebra.SetOf(n.On), conds)
	case *algebra.Sort:
		n.Input = push(n.Input, conds)
		return n
	case *algebra.SetOp:
		return pushSetOp(n, conds)
	}
	algebra.ReplaceInputs(n, func(in algebra.Node) algebra.Node { return push(in, nil) })
	return keep(n, conds)
}

// keep puts conditions above a node.
func keep(n algebra.Node, conds []*expr.Expr) algebra.Node {
	if len(conds) == 0 {
		return n
	}
	return &algebra.Filter{Input: n, Predicate: algebra.And(conds)}
}

// split parts conditions into those for which yes holds and the others. One whose value
// changes from call to call stays where it is.
func split(conds []*expr.Expr, yes func(*expr.Expr) bool) (those, others []*expr.Expr) {
	for _, c := range conds {
		if !volatile(c) && yes(c) {
			those = append(those, c)
		} else {
			others = append(others, c)
		}
	}
	return those, others
}

// pushWhere moves conditions below a node that are over some of its input's columns alone.
func pushWhere(n algebra.Node, input *algebra.Node, over algebra.Set, conds []*expr.Expr) algebra.Node {
	cols := algebra.SetOf(n.Cols())
	below, above := split(conds, func(e *expr.Expr) bool { return touchesOnly(e, cols, over) })
	*input = push(*input, below)
	return keep(n, above)
}

// touchesOnly says that of the columns an expression refers to only those of allowed; columns of
// rows around do not count.
func touchesOnly(e *expr.Expr, columns, allowed algebra.Set) bool {
	for _, id := range expr.Columns(e) {
		if columns[id] && !allowed[id] {
			return false
		}
	}
	return true
}

func pushCompute(n *algebra.Compute, conds []*expr.Expr) algebra.Node {
	made, is := algebra.SetOf(n.IDs), map[int]*expr.Expr{}
	for i, e := range n.Exprs {
		if e.Op == expr.OpColumn || e.Op == expr.OpLiteral {
			is[n.IDs[i]] = e
		}
	}
	var below, above []*expr.Expr
	for _, c := range conds {
		c := expr.Map(c, func(e *expr.Expr) *expr.Expr {
			if e.Op == expr.OpColumn && is[e.Column] != nil {
				return is[e.Column]
			}
			return e
		})
		if volatile(c) || made.Touches(c) {
			above = append(above, c)
		} else {
			below = append(below, c)
		}
	}
	n.Input = push(n.Input, below)
	return keep(n, above)
}

func pushJoin(n *algebra.Join, conds []*expr.Expr) algebra.Node {
	l, r := algebra.SetOf(n.L.Cols()), algebra.SetOf(n.R.Cols())
	leftOnly := func(e *expr.Expr) bool { return !r.Touches(e) }
	rightOnly := func(e *expr.Expr) bool { return !l.Touches(e) }
	on := algebra.Conjuncts(n.On)
	var left, right, above []*expr.Expr
	switch n.Kind {
	case algebra.Inner:
		left, on = split(append(on, conds...), leftOnly)
		right, on = split(on, rightOnly)
		on, above = split(on, func(*expr.Expr) bool { return true })
	case algebra.Left:
		left, above = split(conds, leftOnly)
		right, on = split(on, func(e *expr.Expr) bool { return rightOnly(e) && r.Touches(e) })
	case algebra.Right:
		right, above = split(conds, rightOnly)
		left, on = split(on, func(e *expr.Expr) bool { return leftOnly(e) && l.Touches(e) })
	default:
		above = conds
	}
	n.L, n.R, n.On = push(n.L, left), push(n.R, right), algebra.And(on)
	return keep(n, above)
}

func pushAggregate(n *algebra.Aggregate, conds []*expr.Expr) algebra.Node {
	if len(n.Keys) == 0 || n.Sets != nil {
		n.Input = push(n.Input, nil)
		return keep(n, conds)
	}
	to := map[int]int{}
	for _, k := range n.Keys {
		to[k.Out] = k.In
	}
	cols := algebra.SetOf(n.Cols())
	var below, above []*expr.Expr
	for _, c := range conds {
		keys := algebra.Set{}
		for out := range to {
			keys[out] = true
		}
		if volatile(c) || !touchesOnly(c, cols, keys) {
			above = append(above, c)
			continue
		}
		below = append(below, renumber(c, to))
	}
	n.Input = push(n.Input, below)
	return keep(n, above)
}

// renumber replaces columns; others stay.
func renumber(e *expr.Expr, to map[int]int) *expr.Expr {
	return expr.Map(e, func(e *expr.Expr) *expr.Expr {
		id, ok := to[e.Column]
		if e.Op != expr.OpColumn || !ok || id == e.Column {
			return e
		}
		c := *e
		c.Column = id
		return &c
	})
}

func pushSetOp(n *algebra.SetOp, conds []*expr.Expr) algebra.Node {
	toLeft, toRight := map[int]int{}, map[int]int{}
	for i, id := range n.IDs {
		toLeft[id], toRight[id] = n.LeftIDs[i], n.RightIDs[i]
	}
	below, above := split(conds, func(*expr.Expr) bool { return true })
	var left, right []*expr.Expr
	for _, c := range below {
		left, right = append(left, renumber(c, toLeft)), append(right, renumber(c, toRight))
	}
	n.L, n.R = push(n.L, left), push(n.R, right)
	return keep(n, above)
}
