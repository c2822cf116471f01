package parse

import (
	tast "github.com/pingcap/tidb/pkg/parser/ast"

	"tailrace/sql/ast"
)

// postgres converts the markers of front_postgres.go.
func (w *walker) postgres(n *tast.FuncCallExpr) ast.Expr {
	loc := w.loc(n)
	switch n.FnName.O {
	case "slice":
		return &ast.Slice{Loc: loc, X: w.expr(n.Args[0]), Low: w.optional(n.Args[1]), High: w.optional(n.Args[2])}
	case "collate":
		return &ast.Collate{Loc: loc, X: w.expr(n.Args[0]), Name: ast.TableName{Ident: w.tokenIdent(n.Args[1])}}
	case "attimezone":
		return &ast.AtTimeZone{Loc: loc, X: w.expr(n.Args[0]), Zone: w.expr(n.Args[1])}
	case "interval":
		return w.f.intervals[w.index(n.Args[0], len(w.f.intervals))]
	case "position":
		return call(loc, "STRPOS", w.expr(n.Args[1]), w.expr(n.Args[0]))
	}
	side, _ := w.expr(n.Args[0]).(*ast.String)
	name := map[string]string{"B": "BTRIM", "L": "LTRIM", "R": "RTRIM"}[side.Value]
	return call(loc, name, w.expr(n.Args[2]), w.expr(n.Args[1]))
}

func call(loc ast.Loc, name string, args ...ast.Expr) ast.Expr {
	return &ast.FunctionCall{Loc: loc, Name: ast.Ident{Loc: loc, Name: name}, Args: args}
}

// optional is nil for what was not written.
func (w *walker) optional(n tast.ExprNode) ast.Expr {
	if _, none := markerCall(n, "none"); none {
		return nil
	}
	return w.expr(n)
}

// between converts x BETWEEN a AND b; of SYMMETRIC ends the smaller comes first.
func (w *walker) between(n *tast.BetweenExpr) ast.Expr {
	loc := w.loc(n)
	args, symmetric := markerCall(n.Left, "symmetric")
	if !symmetric {
		return &ast.Between{Loc: loc, X: w.expr(n.Expr), Low: w.expr(n.Left), High: w.expr(n.Right), Not: n.Not}
	}
	x, low, high := w.expr(n.Expr), w.expr(args[0]), w.expr(n.Right)
	var out ast.Expr = &ast.Binary{Loc: loc, Op: ast.Or, L: &ast.Between{Loc: loc, X: x, Low: low, High: high}, R: &ast.Between{Loc: loc, X: x, Low: high, High: low}}
	if n.Not {
		out = &ast.Not{Loc: loc, X: out}
	}
	return out
}
