package relational

import (
	"strings"

	"tailrace/planner/logical"
	"tailrace/planner/plan/algebra"
	"tailrace/sql/ast"
	"tailrace/sql/expr"
	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// block is one SELECT while it is bound.
type block struct {
	b     *binder
	outer *scope // of the query around; nil: there is none
	ctes  *cteScope
	scope *scope
	node  algebra.Node // what has been bound so far
	// calls are the calls of aggregates, window and table functions that are columns by now.
	calls map[ast.Expr]algebra.ID
	// groups is set behind GROUP BY: what expressions may refer to.
	groups *groups
	items  []item
}

// item is an entry of the select list.
type item struct {
	output
	ast ast.Expr
}

// selectBlock binds a query block.
func (b *binder) selectBlock(s *ast.Select, outer *scope, ctes *cteScope) (*result, error) {
	k := &block{b: b, outer: outer, ctes: ctes, calls: map[ast.Expr]algebra.ID{}}
	if err := k.refused(s); err != nil {
		return nil, err
	}
	var err error
	if k.ctes, err = b.with(s.With, outer, ctes); err != nil {
		return nil, err
	}
	k.node = &algebra.Values{Rows: [][]*expr.Expr{nil}}
	k.scope = &scope{parent: outer, b: b}
	if s.From != nil {
		f, err := k.relations(s.From, nil)
		if err != nil {
			return nil, err
		}
		k.node, k.scope.from = f.node, *f
	}
	if s.Where != nil {
		if err := k.filter(s.Where, "WHERE"); err != nil {
			return nil, err
		}
	}
	list, err := k.expand(s.Items)
	if err != nil {
		return nil, err
	}
	if err := k.group(s, list); err != nil {
		return nil, err
	}
	if s.Having != nil {
		if err := k.filter(s.Having, "HAVING"); err != nil {
			return nil, err
		}
	}
	if err := k.windows(s, list); err != nil {
		return nil, err
	}
	if err := k.tableCalls(list); err != nil {
		return nil, err
	}
	var assign []types.Type
	if b.depth == 1 {
		assign = b.Assign
	}
	if err := k.selectList(list, assign); err != nil {
		return nil, err
	}
	if b.depth == 1 && b.Returning != nil {
		if err := k.returning(); err != nil {
			return nil, err
		}
	}
	if err := k.order(s); err != nil {
		return nil, err
	}
	if err := k.limit(s.Limit, s.Offset, s.WithTies, s.OrderBy); err != nil {
		return nil, err
	}
	out := &result{node: k.node}
	for _, it := range k.items {
		out.cols = append(out.cols, it.output)
	}
	return out, nil
}

// refused are the clauses of queries that do not end.
func (k *block) refused(s *ast.Select) error {
	not := func(what string, pos int) error {
		return sqlerr.New(sqlerr.FeatureNotSupported, "%s is for queries that do not end", what).At(pos).Hint("Add EMIT CHANGES, or make a table of it with CREATE TABLE ... AS SELECT.")
	}
	switch {
	case s.Emit != ast.EmitNone:
		return sqlerr.New(sqlerr.InvalidDefinition, "EMIT %s makes a query that does not end", s.Emit).At(s.Pos())
	case s.Window != nil:
		return not("WINDOW "+s.Window.Type.String(), s.Window.Pos())
	case len(s.PartitionBy) > 0:
		return not("PARTITION BY", s.PartitionBy[0].Pos())
	}
	return nil
}

// expr binds an expression over what has been bound so far; what it needs beside becomes
// columns of k.node.
func (k *block) expr(e ast.Expr, clause string) (*expr.Expr, error) {
	return expr.Bind(e, k.scope, k.bindOptions(clause))
}

func (k *block) predicate(e ast.Expr, clause string) (*expr.Expr, error) {
	return expr.BindPredicate(e, k.scope, k.bindOptions(clause))
}

func (k *block) bindOptions(clause string) expr.Options {
	o := k.b.options(clause)
	o.Hook = k.hook
	if k.b.Standard {
		o.Unknown = k.scope.unknown
	}
	return o
}

// hook binds what package expr does not know: what has become a column, subqueries, and
// columns behind GROUP BY.
func (k *block) hook(e ast.Expr, bind func(ast.Expr) (*expr.Expr, error)) (*expr.Expr, error) {
	if id, ok := k.calls[e]; ok {
		return k.b.ref(id, e.Pos()), nil
	}
	if c, ok := e.(*ast.FunctionCall); ok {
		if err := known(c); err != nil {
			return nil, err
		}
	}
	if k.groups != nil {
		if out, err := k.grouped(e); out != nil || err != nil {
			return out, err
		}
	}
	switch e := e.(type) {
	case *ast.ColumnRef:
		return k.column(e)
	case *ast.Binary:
		return k.rows(e, bind)
	case *ast.In:
		if e.Query != nil {
			return k.in(e)
		}
		return k.rowIn(e, bind)
	}
	return k.subqueryValue(e)
}

// known is the error for a call of a function that does not exist, which is told before what
// is wrong with its arguments.
func known(c *ast.FunctionCall) error {
	name := strings.ToUpper(c.Name.Name)
	if _, ok := builtins[name]; ok {
		if c.Over == nil {
			return sqlerr.New(sqlerr.WrongObjectType, "window function %s requires an OVER clause", strings.ToLower(name)).At(c.Pos())
		}
		return nil
	}
	if function.KindOf(name) != function.NotAFunction || name == "GROUPING" {
		return nil
	}
	_, err := function.Resolve(name, nil)
	return position(err, c.Pos())
}

// column checks a name, so that the messages are those of queries with several relations;
// package expr then binds it. Parameters of lambdas, which only it knows, pass.
func (k *block) column(e *ast.ColumnRef) (*expr.Expr, error) {
	switch found := k.scope.Lookup(e.Qualifier.Name, e.Name.Name); {
	case len(found) > 1:
		return nil, ambiguous(e, found)
	case len(found) == 1 && !e.Qualifier.Empty():
		return k.b.ref(found[0].Index, e.Pos()), nil
	case len(found) == 0 && !e.Qualifier.Empty() && k.b.Standard:
		return nil, k.scope.unknown(e)
	}
	return nil, nil
}

// filter keeps the rows for which a condition is true.
func (k *block) filter(cond ast.Expr, clause string) error {
	if call := findCall(cond, isWindow); call != nil {
		return sqlerr.New(sqlerr.WindowingError, "window functions are not allowed in %s", clause).At(call.Pos())
	}
	if clause == "WHERE" {
		if call := findCall(cond, isAggregate); call != nil && !k.outerCall(call) {
			return sqlerr.New(sqlerr.GroupingError, "aggregate functions are not allowed in WHERE").At(call.Pos()).Hint("Use HAVING for conditions on groups.")
		}
	}
	p, err := k.predicate(cond, clause)
	if err != nil {
		return err
	}
	k.node = &algebra.Filter{Input: k.node, Predicate: p}
	return nil
}

// outerCall reports whether a call has become a column already.
func (k *block) outerCall(call *ast.FunctionCall) bool {
	_, ok := k.calls[call]
	return ok
}

// limit binds LIMIT and OFFSET.
func (k *block) limit(limit, offset ast.Expr, ties bool, order []ast.OrderItem) error {
	if limit == nil && offset == nil {
		return nil
	}
	n := &algebra.Limit{Input: k.node}
	var err error
	if n.Limit, err = logical.Count(limit, "LIMIT", k.b.Standard, k.b.Params); err != nil {
		return err
	}
	if n.Offset, err = logical.Count(offset, "OFFSET", k.b.Standard, k.b.Params); err != nil {
		return err
	}
	if ties {
		s, ok := k.node.(*algebra.Sort)
		if !ok || len(order) == 0 {
			return sqlerr.New(sqlerr.SyntaxError, "WITH TIES cannot be specified without ORDER BY clause").At(limit.Pos())
		}
		for _, o := range s.Order {
			n.Ties = append(n.Ties, o.ID)
		}
	}
	k.node = n
	return nil
}

func isAggregate(c *ast.FunctionCall) bool {
	return c.Over == nil && (function.KindOf(c.Name.Name) == function.IsAggregate || c.Within)
}

func isWindow(c *ast.FunctionCall) bool { return c.Over != nil }

// isTable says that a call gives rows. ksqlDB's GENERATE_SERIES is an array, PostgreSQL's gives
// its elements.
func (b *binder) isTable(c *ast.FunctionCall) bool {
	return c.Over == nil && (function.KindOf(c.Name.Name) == function.IsTable || b.isSeries(c))
}

func (b *binder) isSeries(c *ast.FunctionCall) bool {
	return b.Standard && strings.EqualFold(c.Name.Name, "GENERATE_SERIES")
}
