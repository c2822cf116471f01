package parse

import (
	"strconv"

	tast "github.com/pingcap/tidb/pkg/parser/ast"

	"tailrace/sql/ast"
)

// sortKeys are the arguments of the marker `order`.
func (w *walker) sortKeys(args []tast.ExprNode) []ast.OrderItem {
	var out []ast.OrderItem
	for _, e := range args {
		o := ast.OrderItem{}
		if inner, ok := markerCall(e, "desc"); ok {
			o.Desc, e = true, inner[0]
		}
		out = append(out, w.sortKey(o, e))
	}
	return out
}

// sortKey is a sort key whose direction is known.
func (w *walker) sortKey(o ast.OrderItem, e tast.ExprNode) ast.OrderItem {
	if args, ok := markerCall(e, "nullsfirst"); ok {
		o.Nulls, e = ast.NullsFirst, args[0]
	} else if args, ok := markerCall(e, "nullslast"); ok {
		o.Nulls, e = ast.NullsLast, args[0]
	}
	o.Expr = w.expr(e)
	return o
}

// over converts the specification of a window: its number and what was rewritten behind.
func (w *walker) over(args []tast.ExprNode) *ast.Over {
	out := w.f.overs[w.index(args[0], len(w.f.overs))]
	if out.Frame != nil {
		frame := *out.Frame
		out.Frame = &frame
	}
	for _, a := range args[1:] {
		call, ok := a.(*tast.FuncCallExpr)
		if !ok {
			bug("a window with %T", a)
		}
		switch call.FnName.O {
		case "part":
			out.PartitionBy = w.exprs(call.Args)
		case "order":
			out.OrderBy = w.sortKeys(call.Args)
		case "start":
			out.Frame.Start.Offset = w.expr(call.Args[0])
		case "end":
			out.Frame.End.Offset = w.expr(call.Args[0])
		}
	}
	return &out
}

// onCall converts the markers around a call.
func (w *walker) onCall(n *tast.FuncCallExpr) ast.Expr {
	c, ok := w.expr(n.Args[0]).(*ast.FunctionCall)
	if !ok {
		bug("%s without a function", n.FnName.O)
	}
	switch n.FnName.O {
	case "filter":
		c.Filter = w.expr(n.Args[1])
	case "within":
		args, _ := markerCall(n.Args[1], "order")
		c.Within, c.OrderBy = true, w.sortKeys(args)
	case "over":
		c.Over = w.over(n.Args[1:])
	}
	return c
}

// groupingSets converts ROLLUP, CUBE and GROUPING SETS.
func (w *walker) groupingSets(n *tast.FuncCallExpr) ast.Expr {
	g := &ast.GroupingSets{Loc: w.loc(n), Kind: map[string]ast.GroupingKind{"rollup": ast.Rollup, "cube": ast.Cube, "sets": ast.SetsOf}[n.FnName.O]}
	for _, a := range n.Args {
		set, ok := markerCall(a, "set")
		if !ok {
			bug("a grouping set without its mark")
		}
		g.Sets = append(g.Sets, w.exprs(set))
	}
	return g
}

// namedWindows takes the definitions of WINDOW out of HAVING; what is left of that, nil for
// nothing, is returned.
func (w *walker) namedWindows(s *ast.Select, e tast.ExprNode) tast.ExprNode {
	rest := tast.ExprNode(nil)
	args, ok := markerCall(e, "windows")
	if and, is := e.(*tast.BinaryOperationExpr); is && !ok {
		if args, ok = markerCall(and.R, "windows"); ok {
			rest = and.L
		}
	}
	if !ok {
		return e
	}
	for _, a := range args {
		def, _ := markerCall(a, "window")
		s.Named = append(s.Named, ast.NamedWindow{Name: w.tokenIdent(def[0]), Spec: w.over(def[1:])})
	}
	return rest
}

// aliasMark is what stands beside an alias.
func (w *walker) aliasMark(name tast.CIStr) aliasMark {
	tok, err := strconv.Atoi(name.O)
	if err != nil {
		return aliasMark{}
	}
	return w.f.aliases[tok]
}

// tableFunction converts a function in FROM, which went as a subquery of one marker; nil for
// any other subquery.
func (w *walker) tableFunction(n *tast.TableSource, src tast.Node) *ast.TableFunction {
	s, ok := src.(*tast.SelectStmt)
	if !ok || s.Fields == nil || len(s.Fields.Fields) != 1 || s.Fields.Fields[0].Expr == nil {
		return nil
	}
	args, ok := markerCall(s.Fields.Fields[0].Expr, "from")
	if !ok {
		return nil
	}
	call, ok := w.expr(args[0]).(*ast.FunctionCall)
	if !ok {
		w.refuse(n, "this kind of source is")
	}
	mark := w.aliasMark(n.AsName)
	return &ast.TableFunction{Loc: call.Loc, Call: call, Alias: w.ident(n.AsName), Columns: mark.columns, Ordinality: mark.ordinality}
}

// quantifiedQuery converts x op ANY (query) and x op ALL (query).
func (w *walker) quantifiedQuery(n *tast.CompareSubqueryExpr) ast.Expr {
	op, ok := binaryOps[n.Op]
	sub, is := n.R.(*tast.SubqueryExpr)
	if !ok || !is {
		w.refuse(n, "this operator is")
	}
	return &ast.Quantified{Loc: w.loc(n), X: w.expr(n.L), Op: op, All: n.All, Query: w.query(sub.Query)}
}
