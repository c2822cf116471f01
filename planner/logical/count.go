package logical

import (
	"tailrace/sql/ast"
	"tailrace/sql/expr"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// Count binds the number of LIMIT or OFFSET; nil if there is none.
func Count(e ast.Expr, clause string, standard bool, params *expr.Params) (*expr.Expr, error) {
	if e == nil {
		return nil, nil
	}
	if n, ok := e.(*ast.Int); ok && n.Value < 0 {
		if standard {
			return nil, sqlerr.New(sqlerr.InvalidRowCount, "%s must not be negative", clause).At(e.Pos())
		}
		return nil, sqlerr.New(sqlerr.InvalidRowCount, "Pull queries don't support negative integers in the %s clause. See https://cnfl.io/queries for more info.", clause).At(e.Pos())
	}
	opts := expr.Options{Standard: standard, Clause: clause, Params: params}
	if _, ok := e.(*ast.Param); ok { // PostgreSQL's LIMIT takes a BIGINT
		e = &ast.Cast{Loc: ast.Loc(e.Pos()), X: e, Type: &ast.TypeName{Loc: ast.Loc(e.Pos()), Name: "BIGINT"}}
	}
	x, err := expr.Bind(e, expr.NoColumns, opts)
	if err != nil {
		return nil, err
	}
	return expr.Coerce(x, types.BigintType, standard)
}
