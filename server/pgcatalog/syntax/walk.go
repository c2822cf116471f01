package syntax

// Walk calls visit for an expression and all that it holds, outermost first, and query
// for each subquery in it, into which it does not go. A nil expression is nothing.
func Walk(e Expr, visit func(Expr), query func(*Query)) {
	if e == nil {
		return
	}
	visit(e)
	each := func(list ...Expr) {
		for _, x := range list {
			Walk(x, visit, query)
		}
	}
	orders := func(list []Order) {
		for _, o := range list {
			each(o.Expr)
		}
	}
	switch e := e.(type) {
	case *Unary:
		each(e.X)
	case *Binary:
		each(e.L, e.R)
	case *Is:
		each(e.X, e.Y)
	case *Like:
		each(e.X, e.Pattern, e.Escape)
	case *Between:
		each(e.X, e.Low, e.High)
	case *In:
		each(e.X)
		each(e.List...)
		if e.Query != nil {
			query(e.Query)
		}
	case *Quantified:
		each(e.X, e.Array)
		if e.Query != nil {
			query(e.Query)
		}
	case *Call:
		each(e.Args...)
		orders(e.OrderBy)
		each(e.Filter)
		if e.Over != nil {
			each(e.Over.Partition...)
			orders(e.Over.OrderBy)
		}
	case *Cast:
		each(e.X)
	case *Case:
		each(e.Operand, e.Else)
		for _, w := range e.Whens {
			each(w.If, w.Then)
		}
	case *Subquery:
		query(e.Query)
	case *List:
		each(e.Items...)
	case *Index:
		each(e.X, e.I, e.J)
	case *Field:
		each(e.X)
	}
}
