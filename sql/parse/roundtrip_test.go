package parse_test

import (
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tailrace/sql/ast"
)

// treeDiff compares trees but for what a rendering may change: positions, quotes that
// were not needed, and the text that a view was made from.
func treeDiff(a, b ast.Node) string {
	return cmp.Diff(a, b,
		cmp.Comparer(func(ast.Loc, ast.Loc) bool { return true }),
		cmpopts.IgnoreFields(ast.Ident{}, "Quoted"),
		cmpopts.IgnoreFields(ast.TypeName{}, "Quoted"),
		cmpopts.IgnoreFields(ast.CreateAs{}, "QueryText"),
		cmpopts.EquateNaNs(),
	)
}
