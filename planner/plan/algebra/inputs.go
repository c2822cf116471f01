package algebra

// ReplaceInputs puts what f returns in the place of each input of a node.
func ReplaceInputs(n Node, f func(Node) Node) {
	switch n := n.(type) {
	case *Filter:
		n.Input = f(n.Input)
	case *Compute:
		n.Input = f(n.Input)
	case *Unnest:
		n.Input = f(n.Input)
	case *Join:
		n.L, n.R = f(n.L), f(n.R)
	case *Mark:
		n.Input, n.Sub = f(n.Input), f(n.Sub)
	case *Scalar:
		n.Input, n.Sub = f(n.Input), f(n.Sub)
	case *Aggregate:
		n.Input = f(n.Input)
	case *Over:
		n.Input = f(n.Input)
	case *Distinct:
		n.Input = f(n.Input)
	case *Sort:
		n.Input = f(n.Input)
	case *Limit:
		n.Input = f(n.Input)
	case *SetOp:
		n.L, n.R = f(n.L), f(n.R)
	}
}

// CTEs are the common table expressions that a tree reads, inner ones first.
func CTEs(n Node) []*CTE {
	var out []*CTE
	seen := map[*CTE]bool{}
	var visit func(Node)
	visit = func(n Node) {
		for _, in := range n.Inputs() {
			visit(in)
		}
		s, ok := n.(*Shared)
		if !ok || seen[s.CTE] {
			return
		}
		seen[s.CTE] = true
		visit(s.CTE.Body)
		if s.CTE.Step != nil {
			visit(s.CTE.Step)
		}
		out = append(out, s.CTE)
	}
	visit(n)
	return out
}
