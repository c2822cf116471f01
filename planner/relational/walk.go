package relational

import (
	"reflect"

	"tailrace/planner/bind"
	"tailrace/sql/ast"
)

// calls visits the calls inside an expression, outermost first, but for those in subqueries.
// It does not look into the arguments of a call for which visit returns false.
func calls(e ast.Expr, visit func(*ast.FunctionCall) bool) {
	if e == nil {
		return
	}
	bind.Walk(e, func(e ast.Expr, _ map[string]bool) bool {
		c, ok := e.(*ast.FunctionCall)
		if !ok {
			return true
		}
		if !visit(c) {
			return false
		}
		for _, o := range c.OrderBy {
			calls(o.Expr, visit)
		}
		if c.Over != nil {
			for _, p := range c.Over.PartitionBy {
				calls(p, visit)
			}
			for _, o := range c.Over.OrderBy {
				calls(o.Expr, visit)
			}
		}
		return true
	})
}

// findCall is the first call of a kind, or nil.
func findCall(e ast.Expr, kind func(*ast.FunctionCall) bool) *ast.FunctionCall {
	var found *ast.FunctionCall
	calls(e, func(c *ast.FunctionCall) bool {
		if found == nil && kind(c) {
			found = c
		}
		return found == nil
	})
	return found
}

// sameKind says that two nodes are of one type.
func sameKind(a, b ast.Expr) bool { return reflect.TypeOf(a) == reflect.TypeOf(b) }

// relationsOf visits the relations that a query reads, those of its subqueries included.
func relationsOf(q ast.Query, visit func(ast.Relation)) {
	inside := func(es ...ast.Expr) {
		for _, e := range es {
			if e == nil {
				continue
			}
			bind.Walk(e, func(e ast.Expr, _ map[string]bool) bool {
				if sub := queryOf(e); sub != nil {
					relationsOf(sub, visit)
				}
				return true
			})
		}
	}
	switch q := q.(type) {
	case *ast.Select:
		for _, c := range q.With {
			relationsOf(c.Query, visit)
		}
		if q.From != nil {
			relationsIn(q.From, visit)
		}
		for _, it := range q.Items {
			inside(it.Expr)
		}
		inside(q.Where, q.Having)
	case *ast.SetOp:
		for _, c := range q.With {
			relationsOf(c.Query, visit)
		}
		relationsOf(q.Left, visit)
		relationsOf(q.Right, visit)
	case *ast.Values:
		for _, row := range q.Rows {
			inside(row...)
		}
	}
}

func relationsIn(r ast.Relation, visit func(ast.Relation)) {
	visit(r)
	switch r := r.(type) {
	case *ast.Derived:
		relationsOf(r.Query, visit)
	case *ast.Join:
		relationsIn(r.Left, visit)
		relationsIn(r.Right, visit)
	}
}

// queryOf is the query that an expression runs, or nil.
func queryOf(e ast.Expr) ast.Query {
	switch e := e.(type) {
	case *ast.Subquery:
		return e.Query
	case *ast.ArrayQuery:
		return e.Query
	case *ast.Exists:
		return e.Query
	case *ast.In:
		return e.Query
	case *ast.Quantified:
		return e.Query
	}
	return nil
}
