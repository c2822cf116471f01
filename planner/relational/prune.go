package relational

import (
	"tailrace/planner/plan/algebra"
	"tailrace/planner/rule"
	"tailrace/sql/expr"
)

// inlined puts the trees of common table expressions that are read once in the place of
// their reading, so that conditions reach them.
func inlined(root algebra.Node, columns []algebra.Column) algebra.Node {
	uses := map[*algebra.CTE]int{}
	count(root, 1, uses)
	var replace func(algebra.Node) algebra.Node
	replace = func(n algebra.Node) algebra.Node {
		s, ok := n.(*algebra.Shared)
		if !ok {
			algebra.ReplaceInputs(n, replace)
			return n
		}
		if s.CTE.Step != nil || uses[s.CTE] != 1 || changes(s.CTE.Body) {
			return n
		}
		c := &algebra.Compute{Input: replace(s.CTE.Body), IDs: s.IDs}
		for _, id := range s.CTE.IDs {
			c.Exprs = append(c.Exprs, expr.Col(id, columns[id].Name, columns[id].Type))
		}
		return c
	}
	for _, c := range algebra.CTEs(root) {
		if c.Step != nil || uses[c] != 1 {
			c.Body = replace(c.Body)
			if c.Step != nil {
				c.Step = replace(c.Step)
			}
		}
	}
	return replace(root)
}

// count counts how often common table expressions are read; what is evaluated again and
// again counts as many.
func count(n algebra.Node, times int, uses map[*algebra.CTE]int) {
	visit := func(in algebra.Node, times int) { count(in, times, uses) }
	switch n := n.(type) {
	case *algebra.Mark:
		visit(n.Input, times)
		visit(n.Sub, 2)
		return
	case *algebra.Scalar:
		visit(n.Input, times)
		visit(n.Sub, 2)
		return
	case *algebra.Join:
		visit(n.L, times)
		if refersTo(n.R, n.L) {
			times = 2
		}
		visit(n.R, times)
		return
	case *algebra.Shared:
		first := uses[n.CTE] == 0
		uses[n.CTE] += times
		if first {
			visit(n.CTE.Body, 1)
			if n.CTE.Step != nil {
				visit(n.CTE.Step, 2)
			}
		}
		return
	}
	for _, in := range n.Inputs() {
		visit(in, times)
	}
}

// changes says that a tree may give other rows when it is evaluated again.
func changes(n algebra.Node) bool {
	found := false
	algebra.Walk(n, func(n algebra.Node) {
		for _, e := range expressions(n) {
			found = found || volatile(e)
		}
	})
	return found
}

// expressions are those of a node that may be volatile.
func expressions(n algebra.Node) []*expr.Expr {
	switch n := n.(type) {
	case *algebra.Filter:
		return []*expr.Expr{n.Predicate}
	case *algebra.Compute:
		return n.Exprs
	case *algebra.Join:
		if n.On != nil {
			return []*expr.Expr{n.On}
		}
	case *algebra.Values:
		var out []*expr.Expr
		for _, r := range n.Rows {
			out = append(out, r...)
		}
		return out
	}
	return nil
}

// prune drops what nobody uses: computed columns, calls of aggregates, and columns of what
// is scanned.
func prune(q *algebra.Query) {
	for {
		used := usedBy(q)
		if !drop(q, used) {
			break
		}
	}
	used := usedBy(q)
	all(q, func(n algebra.Node) {
		if s, ok := n.(*algebra.Scan); ok {
			pruneScan(s, used)
		}
	})
}

func all(q *algebra.Query, f func(algebra.Node)) { algebra.Walk(q.Root, f) }

func usedBy(q *algebra.Query) algebra.Set {
	used := algebra.Set{}
	for _, r := range q.Output {
		used[r.ID] = true
	}
	all(q, func(n algebra.Node) { algebra.Refs(n, func(id algebra.ID) { used[id] = true }) })
	for _, c := range algebra.CTEs(q.Root) {
		for _, id := range append(append([]algebra.ID{}, c.IDs...), c.StepIDs...) {
			used[id] = true
		}
	}
	return used
}

// drop takes computed columns out that are not used, and reports whether there were any.
func drop(q *algebra.Query, used algebra.Set) bool {
	dropped := false
	all(q, func(n algebra.Node) {
		switch n := n.(type) {
		case *algebra.Compute:
			ids, exprs := n.IDs[:0:0], n.Exprs[:0:0]
			for i, id := range n.IDs {
				if used[id] {
					ids, exprs = append(ids, id), append(exprs, n.Exprs[i])
				}
			}
			dropped = dropped || len(ids) < len(n.IDs)
			n.IDs, n.Exprs = ids, exprs
		case *algebra.Aggregate:
			calls := n.Calls[:0:0]
			for _, c := range n.Calls {
				if used[c.ID] {
					calls = append(calls, c)
				}
			}
			dropped = dropped || len(calls) < len(n.Calls)
			n.Calls = calls
		}
	})
	return dropped
}

// pruneScan lets a scan give, and decode, only what is used.
func pruneScan(s *algebra.Scan, used algebra.Set) {
	need := make([]bool, len(s.IDs))
	for i, id := range s.IDs {
		need[i] = used[id]
	}
	at := make([]int, len(need))
	if s.Topic != nil {
		at = rule.PruneSource(s.Topic, need)
	} else {
		n := 0
		for i := range need {
			at[i] = -1
			if need[i] {
				at[i], n = n, n+1
			}
		}
	}
	ids, names := s.IDs[:0:0], s.Names[:0:0]
	for i := range need {
		if at[i] >= 0 {
			ids, names = append(ids, s.IDs[i]), append(names, s.Names[i])
		}
	}
	s.IDs, s.Names = ids, names
}
