// Package relational binds a query that ends to the relational algebra
// (planner/plan/algebra), and makes it good to run.
//
//	names     scope.go: what a name may mean, from the innermost query outwards
//	FROM      from.go, join.go: relations and how they are joined
//	SELECT    block.go, items.go: one query block; group.go its groups and aggregates,
//	          window.go its window functions
//	around    query.go: WITH, set operations, VALUES; subquery.go subqueries as values
//	rules     push.go moves conditions down, lookup.go reads keys off them, prune.go drops
//	          columns that nobody uses and inlines what is used once
//
// A block is bound from FROM to LIMIT in the order in which the standard evaluates it, and
// its operators are stacked on the way: whatever an expression needs beside its row (the
// result of a subquery, an aggregate, a window function) becomes a column first.
package relational

import (
	"tailrace/planner/bind"
	"tailrace/planner/plan/algebra"
	"tailrace/sql/ast"
	"tailrace/sql/catalog"
	"tailrace/sql/expr"
	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// Env is what a query is bound against.
type Env struct {
	Catalog  *catalog.Snapshot
	Standard bool
	Params   *expr.Params
	// Kept says that a table's current rows are kept: there is a view of them.
	Kept func(*catalog.Source) bool
	// Assign are the types of the columns that the entries of the select list go to, of UPDATE
	// and DELETE; nil for a query.
	Assign []types.Type
	// Returning are further entries, in which the columns of the relation Target have the values
	// of the entries that are called like them.
	Returning []ast.SelectItem
	Target    string
	// Show writes an expression in messages where that differs from ast.Shown; may be nil.
	Show func(ast.Expr) string
}

// Bind binds a query and rewrites it for running.
func Bind(q ast.Query, env Env) (*algebra.Query, error) {
	b := &binder{Env: env}
	r, err := b.query(q, nil, nil)
	if err != nil {
		return nil, err
	}
	out := &algebra.Query{Columns: b.cols, Root: r.node, Standard: env.Standard}
	for _, c := range r.cols {
		out.Output = append(out.Output, algebra.Result{ID: c.id, Name: c.name})
	}
	rewrite(out)
	return out, nil
}

// maxNesting bounds how deep queries nest.
const maxNesting = 64

type binder struct {
	Env
	cols  []algebra.Column
	depth int
}

// column makes a new column.
func (b *binder) column(name string, t types.Type) algebra.ID {
	b.cols = append(b.cols, algebra.Column{Name: name, Type: t})
	return len(b.cols) - 1
}

// ref is an expression that is a column.
func (b *binder) ref(id algebra.ID, pos int) *expr.Expr {
	e := expr.Col(id, b.cols[id].Name, b.cols[id].Type)
	e.Pos = pos
	return e
}

func (b *binder) options(clause string) expr.Options {
	return expr.Options{Standard: b.Standard, Numeric: b.Standard, Clause: clause, Params: b.Params, Type: bind.CustomTypes(b.Catalog), Show: b.Show}
}

// output is a column of the result of a query.
type output struct {
	name string
	id   algebra.ID
	// expr is what the column is where that matters to who uses it: a literal.
	expr *expr.Expr
}

// result is a bound query.
type result struct {
	node algebra.Node
	cols []output
}

// query binds a query inside of scope, which may be nil, where the common table expressions
// of ctes are known.
func (b *binder) query(q ast.Query, outer *scope, ctes *cteScope) (*result, error) {
	if set, ok := q.(*ast.SetOp); ok { // a chain of them is long, not deep
		return b.setOp(set, outer, ctes)
	}
	if b.depth++; b.depth > maxNesting {
		return nil, sqlerr.New(sqlerr.StatementTooComplex, "queries nest deeper than %d", maxNesting).At(q.Pos())
	}
	defer func() { b.depth-- }()
	switch q := q.(type) {
	case *ast.Select:
		return b.selectBlock(q, outer, ctes)
	case *ast.Values:
		return b.values(q, outer, ctes)
	}
	return nil, sqlerr.New(sqlerr.FeatureNotSupported, "this kind of query is not supported").At(q.Pos())
}

// compute puts expressions behind a node as columns; those that are columns already stay
// what they are.
func (b *binder) compute(n algebra.Node, names []string, exprs []*expr.Expr) (algebra.Node, []algebra.ID) {
	have := algebra.SetOf(n.Cols())
	c := &algebra.Compute{Input: n}
	ids := make([]algebra.ID, len(exprs))
	for i, e := range exprs {
		if e.Op == expr.OpColumn && have[e.Column] {
			ids[i] = e.Column
			continue
		}
		if at := find(c.Exprs, e); at >= 0 {
			ids[i] = c.IDs[at]
			continue
		}
		ids[i] = b.column(names[i], e.Type)
		c.IDs, c.Exprs = append(c.IDs, ids[i]), append(c.Exprs, e)
	}
	if len(c.IDs) == 0 {
		return n, ids
	}
	return c, ids
}

// find is the place of an expression that computes the same, or -1.
func find(list []*expr.Expr, e *expr.Expr) int {
	for i, x := range list {
		if expr.Equal(x, e) && !volatile(e) {
			return i
		}
	}
	return -1
}

// volatile says that an expression may have another value each time.
func volatile(e *expr.Expr) bool {
	found := false
	expr.Walk(e, func(e *expr.Expr) bool {
		if e.Op == expr.OpCall {
			sig, err := function.FindScalar(e.Overload)
			found = found || err != nil || sig.Volatile
		}
		return !found
	})
	return found
}

// pseudo are the columns of a record that are not of its schema.
var pseudo = []string{types.RowTime, types.RowPartition, types.RowOffset}
