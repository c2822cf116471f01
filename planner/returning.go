package planner

import (
	"tailrace/planner/plan/algebra"
	"tailrace/planner/relational"
	"tailrace/sql/ast"
	"tailrace/sql/expr"
	"tailrace/sql/types"
)

// Returning is what an INSERT ... RETURNING gives: a query over the rows that it wrote.
type Returning struct {
	Query *algebra.Query
	// Columns are the names of the columns of the rows; Rows is where they go.
	Columns []string
	Rows    *algebra.Values
}

// PlanReturning plans RETURNING of an INSERT; nil where it has none.
func PlanReturning(s *ast.InsertValues, env Env) (*Returning, error) {
	if s.Returning == nil {
		return nil, nil
	}
	re := env.relational(&expr.Params{})
	re.Standard = true
	q, err := relational.Bind(&ast.Select{Loc: s.Loc, Items: s.Returning, From: &ast.Table{Loc: ast.Loc(s.Name.Pos()), Name: s.Name}}, re)
	if err != nil {
		return nil, err
	}
	out := &Returning{Query: q, Rows: &algebra.Values{}}
	// The rows of the statement stand in the place of the table's.
	var replace func(algebra.Node) algebra.Node
	replace = func(n algebra.Node) algebra.Node {
		if scan, ok := n.(*algebra.Scan); ok && out.Rows.IDs == nil {
			out.Columns, out.Rows.IDs = scan.Names, scan.IDs
			return out.Rows
		}
		algebra.ReplaceInputs(n, replace)
		return n
	}
	q.Root = replace(q.Root)
	return out, nil
}

// Set gives the rows: value tells a column of row i.
func (r *Returning) Set(n int, value func(i int, column string) types.Value) {
	r.Rows.Rows = make([][]*expr.Expr, n)
	for i := range n {
		for k, id := range r.Rows.IDs {
			r.Rows.Rows[i] = append(r.Rows.Rows[i], expr.Lit(r.Query.Columns[id].Type, value(i, r.Columns[k])))
		}
	}
}
