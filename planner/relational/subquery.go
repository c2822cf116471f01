package relational

import (
	"tailrace/planner/plan/algebra"
	"tailrace/sql/ast"
	"tailrace/sql/expr"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// subqueryValue binds a subquery that stands for a value; nil for anything else.
func (k *block) subqueryValue(e ast.Expr) (*expr.Expr, error) {
	switch e := e.(type) {
	case *ast.Subquery:
		return k.scalar(e.Query, e.Pos(), false)
	case *ast.ArrayQuery:
		return k.scalar(e.Query, e.Pos(), true)
	case *ast.Exists:
		sub, err := k.subquery(e.Query)
		if err != nil {
			return nil, err
		}
		return k.mark(&algebra.Mark{Sub: sub.node}, "EXISTS", e.Pos()), nil
	case *ast.Quantified:
		if e.Query != nil {
			return k.quantified(e)
		}
	}
	return nil, nil
}

// subquery binds a query inside of an expression: it sees what the expression sees.
func (k *block) subquery(q ast.Query) (*result, error) {
	return k.b.query(q, k.scope, k.ctes)
}

func (k *block) scalar(q ast.Query, pos int, array bool) (*expr.Expr, error) {
	sub, err := k.subquery(q)
	if err != nil {
		return nil, err
	}
	if len(sub.cols) != 1 {
		return nil, sqlerr.New(sqlerr.SyntaxError, "subquery must return only one column").At(q.Pos())
	}
	col := sub.cols[0].id
	t := k.b.cols[col].Type
	if array {
		t = types.ArrayOf(t)
	}
	n := &algebra.Scalar{Input: k.node, Sub: sub.node, Col: col, Array: array, Pos: pos, ID: k.b.column(sub.cols[0].name, t)}
	k.node = n
	return k.b.ref(n.ID, pos), nil
}

// mark puts a Mark over what has been bound.
func (k *block) mark(n *algebra.Mark, name string, pos int) *expr.Expr {
	n.Input, n.ID = k.node, k.b.column(name, types.BooleanType)
	k.node = n
	return k.b.ref(n.ID, pos)
}

// in binds x [NOT] IN (query).
func (k *block) in(e *ast.In) (*expr.Expr, error) {
	out, err := k.compared(e.X, ast.Eq, false, e.Query, e.Pos())
	if err != nil || !e.Not {
		return out, err
	}
	return &expr.Expr{Op: expr.OpNot, Type: types.BooleanType, Args: []*expr.Expr{out}, Standard: k.b.Standard, Pos: e.Pos()}, nil
}

func (k *block) quantified(e *ast.Quantified) (*expr.Expr, error) {
	return k.compared(e.X, e.Op, e.All, e.Query, e.Pos())
}

// compared binds the comparison of a value, or a row of values, with the rows of a subquery.
func (k *block) compared(x ast.Expr, op ast.BinaryOp, all bool, q ast.Query, pos int) (*expr.Expr, error) {
	left := []ast.Expr{x}
	if row, ok := x.(*ast.Row); ok {
		left = row.Items
	}
	if len(left) > 1 && op != ast.Eq && op != ast.Ne {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "rows of a subquery are compared by = and <> only").At(pos)
	}
	var ls []*expr.Expr
	for _, l := range left {
		e, err := k.expr(l, "WHERE")
		if err != nil {
			return nil, err
		}
		ls = append(ls, e)
	}
	sub, err := k.subquery(q)
	if err != nil {
		return nil, err
	}
	if len(sub.cols) != len(ls) {
		few := "few"
		if len(sub.cols) > len(ls) {
			few = "many"
		}
		return nil, sqlerr.New(sqlerr.SyntaxError, "subquery has too %s columns", few).At(pos)
	}
	n := &algebra.Mark{Sub: sub.node, All: all}
	for i, l := range ls {
		c, err := expr.CompareOf(op, l, k.b.ref(sub.cols[i].id, l.Pos), k.b.options("WHERE"))
		if err != nil {
			return nil, position(err, pos)
		}
		n.Op = c.Op
		n.Pairs = append(n.Pairs, algebra.Pair{L: c.Args[0], R: c.Args[1]})
	}
	return k.mark(n, "IN", pos), nil
}

// rows binds a comparison of rows, (a, b) = (c, d), value by value; nil for anything else.
func (k *block) rows(e *ast.Binary, bind func(ast.Expr) (*expr.Expr, error)) (*expr.Expr, error) {
	l, ok := e.L.(*ast.Row)
	r, also := e.R.(*ast.Row)
	if !ok && !also || !e.Op.Comparison() {
		return nil, nil
	}
	if !ok || !also || len(l.Items) != len(r.Items) || len(l.Items) == 0 {
		return nil, sqlerr.New(sqlerr.SyntaxError, "unequal number of entries in row expressions").At(e.Pos())
	}
	return bind(rowComparison(e.Loc, e.Op, l.Items, r.Items))
}

// rowComparison spells a comparison of rows out: by the first values that differ.
func rowComparison(loc ast.Loc, op ast.BinaryOp, l, r []ast.Expr) ast.Expr {
	first := &ast.Binary{Loc: loc, Op: op, L: l[0], R: r[0]}
	if len(l) == 1 {
		return first
	}
	rest := rowComparison(loc, op, l[1:], r[1:])
	switch op {
	case ast.Eq, ast.IsNotDistinct:
		return &ast.Binary{Loc: loc, Op: ast.And, L: first, R: rest}
	case ast.Ne, ast.IsDistinct:
		return &ast.Binary{Loc: loc, Op: ast.Or, L: first, R: rest}
	}
	strict := ast.Lt
	if op == ast.Gt || op == ast.Ge {
		strict = ast.Gt
	}
	equal := &ast.Binary{Loc: loc, Op: ast.Eq, L: l[0], R: r[0]}
	return &ast.Binary{Loc: loc, Op: ast.Or, L: &ast.Binary{Loc: loc, Op: strict, L: l[0], R: r[0]},
		R: &ast.Binary{Loc: loc, Op: ast.And, L: equal, R: rest}}
}

// rowIn binds (a, b) IN ((1, 2), ...); nil for lists of plain values.
func (k *block) rowIn(e *ast.In, bind func(ast.Expr) (*expr.Expr, error)) (*expr.Expr, error) {
	x, ok := e.X.(*ast.Row)
	if !ok || len(e.List) == 0 {
		return nil, nil
	}
	var any ast.Expr
	for _, v := range e.List {
		r, ok := v.(*ast.Row)
		if !ok || len(r.Items) != len(x.Items) || len(x.Items) == 0 {
			return nil, sqlerr.New(sqlerr.SyntaxError, "unequal number of entries in row expressions").At(v.Pos())
		}
		c := rowComparison(e.Loc, ast.Eq, x.Items, r.Items)
		if any == nil {
			any = c
			continue
		}
		any = &ast.Binary{Loc: e.Loc, Op: ast.Or, L: any, R: c}
	}
	if e.Not {
		any = &ast.Not{Loc: e.Loc, X: any}
	}
	return bind(any)
}
