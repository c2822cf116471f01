package relational

import (
	"strconv"

	"tailrace/planner/plan/algebra"
	"tailrace/sql/ast"
	"tailrace/sql/expr"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// with binds common table expressions: each sees those before it.
func (b *binder) with(list []*ast.CTE, outer *scope, ctes *cteScope) (*cteScope, error) {
	seen := map[string]bool{}
	for _, c := range list {
		if seen[c.Name.Name] {
			return nil, sqlerr.New(sqlerr.DuplicateAlias, "WITH query name %q specified more than once", c.Name.Name).At(c.Pos())
		}
		seen[c.Name.Name] = true
		def, err := b.cte(c, outer, ctes)
		if err != nil {
			return nil, err
		}
		ctes = &cteScope{outer: ctes, name: c.Name.Name, def: def}
	}
	return ctes, nil
}

func (b *binder) cte(c *ast.CTE, outer *scope, ctes *cteScope) (*cte, error) {
	if set, ok := c.Query.(*ast.SetOp); ok && c.Recursive && set.Op == ast.Union && mentions(set.Right, c.Name.Name) {
		return b.recursive(c, set, outer, ctes)
	}
	if c.Recursive && mentions(c.Query, c.Name.Name) {
		return nil, sqlerr.New(sqlerr.InvalidRecursion, "recursive query %q does not have the form non-recursive-term UNION [ALL] recursive-term", c.Name.Name).At(c.Query.Pos())
	}
	r, err := b.query(c.Query, outer, ctes)
	if err != nil {
		return nil, err
	}
	return define(c, r)
}

// define makes a common table expression of a query that has been bound.
func define(c *ast.CTE, r *result) (*cte, error) {
	if len(c.Columns) > len(r.cols) {
		return nil, sqlerr.New(sqlerr.InvalidColumnReference, "WITH query %q has %d columns available but %d columns specified", c.Name.Name, len(r.cols), len(c.Columns)).At(c.Pos())
	}
	def := &cte{plan: &algebra.CTE{Name: c.Name.Name, Body: r.node}}
	for i, o := range r.cols {
		if i < len(c.Columns) {
			o.name = c.Columns[i].Name
		}
		def.cols = append(def.cols, output{name: o.name, id: o.id})
		def.plan.IDs = append(def.plan.IDs, o.id)
	}
	return def, nil
}

// recursive binds WITH RECURSIVE name AS (first UNION [ALL] step).
func (b *binder) recursive(c *ast.CTE, set *ast.SetOp, outer *scope, ctes *cteScope) (*cte, error) {
	if len(set.OrderBy) > 0 || set.Limit != nil || set.Offset != nil {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "ORDER BY, LIMIT and OFFSET in a recursive query are not supported").At(set.Pos())
	}
	inner, err := b.with(set.With, outer, ctes)
	if err != nil {
		return nil, err
	}
	first, err := b.query(set.Left, outer, inner)
	if err != nil {
		return nil, err
	}
	def, err := define(c, first)
	if err != nil {
		return nil, err
	}
	def.plan.All = set.All
	def.working = true
	step, err := b.query(set.Right, outer, &cteScope{outer: inner, name: c.Name.Name, def: def})
	if err != nil {
		return nil, err
	}
	def.working = false
	if len(step.cols) != len(def.cols) {
		return nil, sqlerr.New(sqlerr.SyntaxError, "each UNION query must have the same number of columns").At(set.Right.Pos())
	}
	names, exprs := make([]string, len(step.cols)), make([]*expr.Expr, len(step.cols))
	for i, o := range step.cols {
		want, have := b.cols[def.cols[i].id].Type, b.cols[o.id].Type
		if !want.Equal(have) && !expr.CanWiden(have, want) && !(want.Kind == types.Decimal && have.IsNumeric()) {
			return nil, sqlerr.New(sqlerr.DatatypeMismatch, "recursive query %q column %d has type %s in non-recursive term but type %s overall", c.Name.Name, i+1, want, have).
				At(set.Right.Pos()).Hint("Cast the output of the non-recursive term to the correct type.")
		}
		names[i], exprs[i] = o.name, expr.Cast(b.ref(o.id, 0), want, b.Standard)
	}
	def.plan.Step, def.plan.StepIDs = b.compute(step.node, names, exprs)
	return def, nil
}

// mentions reports whether a query reads a relation of a name.
func mentions(q ast.Query, name string) bool {
	found := false
	relationsOf(q, func(r ast.Relation) {
		if t, ok := r.(*ast.Table); ok && t.Name.Name == name {
			found = true
		}
	})
	return found
}

var setKinds = map[ast.SetOperator]algebra.SetKind{ast.Union: algebra.Union, ast.Intersect: algebra.Intersect, ast.Except: algebra.Except}

// setOp binds UNION, INTERSECT or EXCEPT.
func (b *binder) setOp(q *ast.SetOp, outer *scope, ctes *cteScope) (*result, error) {
	if q.Emit != ast.EmitNone {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "EMIT %s behind a set operation is not supported", q.Emit).At(q.Pos())
	}
	ctes, err := b.with(q.With, outer, ctes)
	if err != nil {
		return nil, err
	}
	l, err := b.query(q.Left, outer, ctes)
	if err != nil {
		return nil, err
	}
	r, err := b.query(q.Right, outer, ctes)
	if err != nil {
		return nil, err
	}
	if len(l.cols) != len(r.cols) {
		return nil, sqlerr.New(sqlerr.SyntaxError, "each %s query must have the same number of columns", q.Op).At(q.Right.Pos())
	}
	n := &algebra.SetOp{Kind: setKinds[q.Op], All: q.All}
	var names []string
	var ls, rs []*expr.Expr
	var out result
	for i := range l.cols {
		t, both, err := expr.Unify([]*expr.Expr{b.value(l.cols[i], q.Left.Pos()), b.value(r.cols[i], q.Right.Pos())}, b.options("SELECT"))
		if err != nil {
			return nil, err
		}
		names, ls, rs = append(names, l.cols[i].name), append(ls, both[0]), append(rs, both[1])
		id := b.column(l.cols[i].name, t)
		n.IDs = append(n.IDs, id)
		out.cols = append(out.cols, output{name: l.cols[i].name, id: id})
	}
	n.L, n.LeftIDs = b.compute(l.node, names, ls)
	n.R, n.RightIDs = b.compute(r.node, names, rs)
	out.node = n
	return b.tail(&out, q.OrderBy, q.Limit, q.Offset, outer, ctes)
}

// value is a column of a result as an expression: a literal stays one.
func (b *binder) value(o output, pos int) *expr.Expr {
	if o.expr != nil {
		e := *o.expr
		e.Pos = pos
		return &e
	}
	return b.ref(o.id, pos)
}

// tail binds what may stand behind a set operation: the order refers to its columns alone.
func (b *binder) tail(r *result, order []ast.OrderItem, limit, offset ast.Expr, outer *scope, ctes *cteScope) (*result, error) {
	rel := &relation{}
	k := &block{b: b, outer: outer, ctes: ctes, node: r.node, calls: map[ast.Expr]algebra.ID{}}
	for _, o := range r.cols {
		rel.fields = append(rel.fields, field{name: o.name, id: o.id})
		k.items = append(k.items, item{output: o})
	}
	k.scope = &scope{parent: outer, from: *one(r.node, rel), b: b}
	if err := k.order(&ast.Select{OrderBy: order}); err != nil {
		return nil, err
	}
	if err := k.limit(limit, offset, false, order); err != nil {
		return nil, err
	}
	r.node = k.node
	return r, nil
}

// values binds VALUES (...), ...: columns of the common types.
func (b *binder) values(q *ast.Values, outer *scope, ctes *cteScope) (*result, error) {
	k := &block{b: b, outer: outer, ctes: ctes, node: &algebra.Values{Rows: [][]*expr.Expr{nil}}, calls: map[ast.Expr]algebra.ID{}}
	k.scope = &scope{parent: outer, b: b}
	width := len(q.Rows[0])
	columns := make([][]*expr.Expr, width)
	for _, row := range q.Rows {
		if len(row) != width {
			return nil, sqlerr.New(sqlerr.SyntaxError, "VALUES lists must all be the same length").At(row[0].Pos())
		}
		for i, e := range row {
			x, err := k.expr(e, "VALUES")
			if err != nil {
				return nil, err
			}
			columns[i] = append(columns[i], x)
		}
	}
	n := &algebra.Values{Rows: make([][]*expr.Expr, len(q.Rows))}
	out := &result{node: n}
	for i, c := range columns {
		t, es, err := expr.Unify(c, b.options("VALUES"))
		if err != nil {
			return nil, err
		}
		id := b.column("COLUMN"+strconv.Itoa(i+1), t)
		n.IDs = append(n.IDs, id)
		o := output{name: b.cols[id].Name, id: id}
		if len(q.Rows) == 1 && es[0].Op == expr.OpLiteral {
			o.expr = es[0]
		}
		out.cols = append(out.cols, o)
		for j, e := range es {
			n.Rows[j] = append(n.Rows[j], e)
		}
	}
	if base, ok := k.node.(*algebra.Values); !ok || len(base.IDs) > 0 { // a value is a subquery's
		out.node = &algebra.Join{Kind: algebra.Inner, L: k.node, R: n}
	}
	return out, nil
}
