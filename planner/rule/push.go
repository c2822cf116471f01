package rule

import (
	"tailrace/planner/plan"
	"tailrace/sql/expr"
	"tailrace/sql/types"
)

// PushFilters moves conditions on the stream of a stream-table join below the join, and
// below the new key that the join needs: fewer rows go through the internal topic. A join
// of two streams keeps its filter above, for rows that are filtered out still move its
// time on.
func PushFilters(root plan.Node) plan.Node {
	f, ok := root.(*plan.Filter)
	if !ok {
		for _, ref := range inputs(root) {
			ref.Node = PushFilters(ref.Node)
		}
		return root
	}
	f.Input.Node = PushFilters(f.Input.Node)
	var stay []*expr.Expr
	for _, c := range conjuncts(f.Predicate) {
		if moved, ok := push(f.Input.Node, c); ok {
			f.Input.Node = moved
			continue
		}
		stay = append(stay, c)
	}
	if len(stay) == 0 {
		return f.Input.Node
	}
	f.Predicate = conjunction(stay)
	return f
}

// inputs are the places of a node's inputs.
func inputs(n plan.Node) []*plan.Ref {
	switch n := n.(type) {
	case *plan.Project:
		return []*plan.Ref{&n.Input}
	case *plan.FlatMap:
		return []*plan.Ref{&n.Input}
	case *plan.Rekey:
		return []*plan.Ref{&n.Input}
	case *plan.Aggregate:
		return []*plan.Ref{&n.Input}
	case *plan.Suppress:
		return []*plan.Ref{&n.Input}
	}
	return nil
}

func conjuncts(e *expr.Expr) []*expr.Expr {
	if e.Op != expr.OpAnd {
		return []*expr.Expr{e}
	}
	var out []*expr.Expr
	for _, a := range e.Args {
		out = append(out, conjuncts(a)...)
	}
	return out
}

func conjunction(list []*expr.Expr) *expr.Expr {
	if len(list) == 1 {
		return list[0]
	}
	return &expr.Expr{Op: expr.OpAnd, Type: types.BooleanType, Args: list, Standard: list[0].Standard}
}

// push puts a condition on the output of n below n, if it can stand there.
func push(n plan.Node, cond *expr.Expr) (plan.Node, bool) {
	switch n := n.(type) {
	case *plan.StreamTableJoin:
		at := map[int]int{}
		for _, c := range expr.Columns(cond) {
			from := n.Output[c]
			if from.Side == "right" {
				return nil, false
			}
			at[c] = from.Column
		}
		if len(at) == 0 {
			return nil, false
		}
		n.Left.Node = filter(n.Left.Node, expr.Remap(cond, at))
		return n, true
	case *plan.Rekey:
		keys := len(n.Keys)
		below := expr.Map(cond, func(e *expr.Expr) *expr.Expr {
			switch {
			case e.Op != expr.OpColumn:
				return e
			case e.Column < keys:
				return n.Keys[e.Column]
			}
			moved := *e
			moved.Column -= keys
			return &moved
		})
		n.Input.Node = filter(n.Input.Node, below)
		return n, true
	}
	return nil, false
}

// filter puts a condition above n, or further down where it can stand.
func filter(n plan.Node, cond *expr.Expr) plan.Node {
	if moved, ok := push(n, cond); ok {
		return moved
	}
	if f, ok := n.(*plan.Filter); ok {
		f.Predicate = conjunction(append(conjuncts(f.Predicate), cond))
		return f
	}
	f := &plan.Filter{Input: plan.Ref{Node: n}, Predicate: cond}
	f.Out, f.Table = n.Schema(), plan.IsTable(n)
	return f
}
