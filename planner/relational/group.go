package relational

import (
	"slices"
	"strings"

	"tailrace/planner/plan/algebra"
	"tailrace/sql/ast"
	"tailrace/sql/expr"
	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// groups is what expressions behind GROUP BY may refer to: groups, and what their columns
// decide.
type groups struct {
	agg  *algebra.Aggregate
	keys []groupKey
	pre  block // the block before it was grouped, to bind what may be a group
}

type groupKey struct {
	ast  ast.Expr
	expr *expr.Expr
}

// maxSets bounds the grouping sets of a query, as PostgreSQL does.
const maxSets = 4096

// group binds GROUP BY and the aggregates of the select list, HAVING and ORDER BY, if there
// are any.
func (k *block) group(s *ast.Select, list []entry) error {
	found := k.aggregates(s, list)
	if len(s.GroupBy) == 0 && s.Having == nil && len(found) == 0 {
		return nil
	}
	g := &groups{agg: &algebra.Aggregate{Grouping: -1}}
	var sets [][]int
	for i, e := range s.GroupBy {
		more, err := k.groupSets(g, e, list)
		if err != nil {
			return err
		}
		if i == 0 {
			sets = more
			continue
		}
		if len(sets)*len(more) > maxSets {
			return sqlerr.New(sqlerr.StatementTooComplex, "too many grouping sets present (maximum %d)", maxSets).At(e.Pos())
		}
		sets = product(sets, more)
	}
	names, exprs := make([]string, len(g.keys)), make([]*expr.Expr, len(g.keys))
	for i, key := range g.keys {
		names[i], exprs[i] = nameOf(key.ast), key.expr
	}
	calls := make([]algebra.Call, len(found))
	for i, c := range found {
		var err error
		if calls[i], err = k.aggregate(c); err != nil {
			return err
		}
	}
	var ids []algebra.ID
	k.node, ids = k.b.compute(k.node, names, exprs)
	several := len(sets) > 1 || len(sets) == 1 && len(sets[0]) < len(g.keys)
	for i, id := range ids {
		key := algebra.Key{In: id, Out: id}
		if several || slices.Contains(ids[:i], id) {
			key.Out = k.b.column(names[i], k.b.cols[id].Type)
		}
		g.agg.Keys = append(g.agg.Keys, key)
	}
	if several {
		g.agg.Sets, g.agg.Grouping = sets, k.b.column("GROUPING", types.BigintType)
	}
	g.agg.Input, g.pre = k.node, *k
	for i, c := range found {
		k.calls[c] = k.addCall(g.agg, calls[i])
	}
	k.node, k.groups = g.agg, g
	return nil
}

// addCall adds a call, or finds the one that computes the same.
func (k *block) addCall(agg *algebra.Aggregate, c algebra.Call) algebra.ID {
	for _, x := range agg.Calls {
		same := x.Overload == c.Overload && x.Distinct == c.Distinct && slices.Equal(x.Order, c.Order) && len(x.Args) == len(c.Args) &&
			slices.EqualFunc(x.Initial, c.Initial, func(a, b expr.Constant) bool { return types.Equal(a.V, b.V) })
		for i := range c.Args {
			same = same && expr.Equal(x.Args[i], c.Args[i]) && !volatile(c.Args[i])
		}
		if same && (x.Filter == nil) == (c.Filter == nil) && (x.Filter == nil || expr.Equal(x.Filter, c.Filter)) {
			return x.ID
		}
	}
	c.ID = k.b.column(c.Name, c.Type)
	agg.Calls = append(agg.Calls, c)
	return c.ID
}

// aggregates are the calls of aggregate functions of a block, those in window functions'
// arguments included.
func (k *block) aggregates(s *ast.Select, list []entry) []*ast.FunctionCall {
	var out []*ast.FunctionCall
	collect := func(e ast.Expr) {
		calls(e, func(c *ast.FunctionCall) bool {
			if isAggregate(c) && !slices.Contains(out, c) {
				out = append(out, c)
			}
			return !isAggregate(c)
		})
	}
	for _, en := range list {
		collect(en.expr)
	}
	collect(s.Having)
	for _, o := range s.OrderBy {
		collect(o.Expr)
	}
	for _, e := range s.DistinctOn {
		collect(e)
	}
	return out
}

// groupSets adds the keys of an entry of GROUP BY; it stands for the sets that are returned.
func (k *block) groupSets(g *groups, e ast.Expr, list []entry) ([][]int, error) {
	sets, ok := e.(*ast.GroupingSets)
	if !ok {
		ids, err := k.groupKeys(g, []ast.Expr{e}, list)
		return [][]int{ids}, err
	}
	var parts [][]int
	for _, set := range sets.Sets {
		if len(set) == 1 && sets.Kind == ast.SetsOf {
			if _, nested := set[0].(*ast.GroupingSets); nested {
				more, err := k.groupSets(g, set[0], list)
				if err != nil {
					return nil, err
				}
				parts = append(parts, more...)
				continue
			}
		}
		ids, err := k.groupKeys(g, set, list)
		if err != nil {
			return nil, err
		}
		parts = append(parts, ids)
	}
	switch sets.Kind {
	case ast.Rollup:
		var out [][]int
		for n := len(parts); n >= 0; n-- {
			out = append(out, slices.Concat(parts[:n]...))
		}
		return out, nil
	case ast.Cube:
		if len(parts) > 12 {
			return nil, sqlerr.New(sqlerr.TooComplex, "CUBE is limited to 12 elements").At(e.Pos())
		}
		var out [][]int
		for bits := 1<<len(parts) - 1; bits >= 0; bits-- {
			set := []int{}
			for i, p := range parts {
				if bits>>(len(parts)-1-i)&1 == 1 {
					set = append(set, p...)
				}
			}
			out = append(out, set)
		}
		return out, nil
	}
	return parts, nil
}

func product(a, b [][]int) [][]int {
	var out [][]int
	for _, x := range a {
		for _, y := range b {
			set := slices.Clone(x)
			for _, i := range y {
				if !slices.Contains(set, i) {
					set = append(set, i)
				}
			}
			out = append(out, set)
		}
	}
	return out
}

// groupKeys binds grouping expressions and returns their places among the keys.
func (k *block) groupKeys(g *groups, list []ast.Expr, items []entry) ([]int, error) {
	out := []int{}
	for _, e := range list {
		if row, ok := e.(*ast.Row); ok { // (a, b) is a and b
			ids, err := k.groupKeys(g, row.Items, items)
			if err != nil {
				return nil, err
			}
			out = append(out, ids...)
			continue
		}
		pos := e.Pos()
		e, err := k.groupingOf(e, items)
		if err != nil {
			return nil, err
		}
		if c := findCall(e, isAggregate); c != nil {
			return nil, sqlerr.New(sqlerr.GroupingError, "aggregate functions are not allowed in GROUP BY").At(pos)
		}
		if c := findCall(e, isWindow); c != nil {
			return nil, sqlerr.New(sqlerr.WindowingError, "window functions are not allowed in GROUP BY").At(pos)
		}
		x, err := k.expr(e, "GROUP BY")
		if err != nil {
			return nil, err
		}
		if x.Type.Kind == types.Null {
			x = expr.Lit(types.StringType, nil)
		}
		at := slices.IndexFunc(g.keys, func(key groupKey) bool { return expr.Equal(key.expr, x) })
		if at < 0 {
			at = len(g.keys)
			g.keys = append(g.keys, groupKey{e, x})
		}
		if !slices.Contains(out, at) {
			out = append(out, at)
		}
	}
	return out, nil
}

// groupingOf is what an entry of GROUP BY stands for: a number is an entry of the select list,
// and so is a name that no relation has a column of.
func (k *block) groupingOf(e ast.Expr, items []entry) (ast.Expr, error) {
	asExpr := func(en entry) ast.Expr {
		if en.id >= 0 {
			return &ast.ColumnRef{Loc: ast.Loc(e.Pos()), Name: ast.Ident{Name: en.name}}
		}
		return en.expr
	}
	if n, ok := e.(*ast.Int); ok {
		if n.Value < 1 || n.Value > int64(len(items)) {
			return nil, sqlerr.New(sqlerr.InvalidColumnReference, "GROUP BY position %d is not in select list", n.Value).At(e.Pos())
		}
		return asExpr(items[n.Value-1]), nil
	}
	ref, ok := e.(*ast.ColumnRef)
	if !ok || !ref.Qualifier.Empty() {
		return e, nil
	}
	for _, name := range spellings(ref.Name.Name) {
		if len(k.scope.own("", name)) > 0 {
			return e, nil
		}
	}
	for _, en := range items {
		if en.alias && slices.Contains(spellings(ref.Name.Name), en.name) {
			return asExpr(en), nil
		}
	}
	return e, nil
}

// aggregate binds a call of an aggregate function over the rows of the groups.
func (k *block) aggregate(c *ast.FunctionCall) (algebra.Call, error) {
	out := algebra.Call{Distinct: c.Distinct}
	list := append([]ast.Expr{}, c.Args...)
	if c.Within {
		list = nil
		for _, o := range c.OrderBy {
			list = append(list, o.Expr)
		}
		list = append(list, c.Args...)
	}
	for _, a := range append(slices.Clone(list), c.Filter) {
		// A window function may be over aggregates, which are columns by then.
		if x := findCall(a, func(c *ast.FunctionCall) bool { return isAggregate(c) && !k.outerCall(c) }); x != nil {
			return out, sqlerr.New(sqlerr.GroupingError, "aggregate function calls cannot be nested").At(x.Pos())
		}
		if x := findCall(a, isWindow); x != nil {
			return out, sqlerr.New(sqlerr.GroupingError, "aggregate function calls cannot contain window function calls").At(x.Pos())
		}
	}
	args, given, err := k.callArgs(list, "SELECT")
	if err != nil {
		return out, err
	}
	bound, err := function.ResolveAggregateVariant(c.Name.Name, given, function.Variant{Standard: k.b.Standard, Numeric: k.b.Standard})
	if err != nil {
		return out, position(err, c.Pos())
	}
	out.Name, out.Overload, out.Type = strings.ToUpper(c.Name.Name), bound.Canonical, bound.Result
	for i, t := range bound.ArgTypes {
		out.Args = append(out.Args, expr.Cast(args[i], t, k.b.Standard))
	}
	for _, v := range bound.Initial {
		out.Initial = append(out.Initial, expr.Constant{V: v})
	}
	if c.Filter != nil {
		if out.Filter, err = k.predicate(c.Filter, "FILTER"); err != nil {
			return out, err
		}
	}
	for _, o := range c.OrderBy {
		x, err := k.expr(o.Expr, "ORDER BY")
		if err != nil {
			return out, err
		}
		var ids []algebra.ID
		k.node, ids = k.b.compute(k.node, []string{"order"}, []*expr.Expr{x})
		out.Order = append(out.Order, orderOf(ids[0], o))
	}
	return out, nil
}

// grouped binds an expression behind GROUP BY that is a group, or a column; nil for others,
// whose parts are looked at then.
func (k *block) grouped(e ast.Expr) (*expr.Expr, error) {
	g := k.groups
	if c, ok := e.(*ast.FunctionCall); ok && strings.EqualFold(c.Name.Name, "GROUPING") && c.Over == nil {
		return k.grouping(c)
	}
	for i, key := range g.keys {
		if !alike(e, key.ast) {
			continue
		}
		pre := g.pre
		if x, err := pre.expr(e, "GROUP BY"); err == nil && expr.Equal(x, key.expr) {
			return k.b.ref(g.agg.Keys[i].Out, e.Pos()), nil
		}
	}
	ref, ok := e.(*ast.ColumnRef)
	if !ok {
		return nil, nil
	}
	for _, name := range spellings(ref.Name.Name) {
		found := k.scope.own(ref.Qualifier.Name, name)
		if len(found) > 1 {
			return nil, ambiguous(ref, found)
		}
		if len(found) == 1 {
			return g.column(k, found[0].Index, ref)
		}
	}
	return nil, nil
}

// alike says that two expressions may be the same.
func alike(a, b ast.Expr) bool {
	switch a := a.(type) {
	case *ast.ColumnRef:
		_, ok := b.(*ast.ColumnRef)
		return ok
	case *ast.Binary:
		x, ok := b.(*ast.Binary)
		return ok && x.Op == a.Op
	case *ast.FunctionCall:
		x, ok := b.(*ast.FunctionCall)
		return ok && strings.EqualFold(x.Name.Name, a.Name.Name) && len(x.Args) == len(a.Args)
	}
	return !ast.Literal(a) && sameKind(a, b)
}

// column is a column behind GROUP BY: a group, or one that the key of a table among the
// groups decides.
func (g *groups) column(k *block, id algebra.ID, ref *ast.ColumnRef) (*expr.Expr, error) {
	for i, key := range g.keys {
		if key.expr.Op == expr.OpColumn && key.expr.Column == id {
			return k.b.ref(g.agg.Keys[i].Out, ref.Pos()), nil
		}
	}
	for _, key := range g.agg.Keys[len(g.keys):] {
		if key.In == id {
			return k.b.ref(id, ref.Pos()), nil
		}
	}
	if g.decided(k, id) {
		g.agg.Keys = append(g.agg.Keys, algebra.Key{In: id, Out: id})
		return k.b.ref(id, ref.Pos()), nil
	}
	name := strings.ToLower(ref.Name.Name)
	for _, r := range k.scope.rels {
		for _, f := range r.fields {
			if f.id == id && r.alias != "" {
				name = strings.ToLower(r.alias) + "." + strings.ToLower(f.name)
			}
		}
	}
	return nil, sqlerr.New(sqlerr.GroupingError, "column %q must appear in the GROUP BY clause or be used in an aggregate function", name).At(ref.Pos())
}

// decided says that all key columns of the table that a column is of are groups.
func (g *groups) decided(k *block, id algebra.ID) bool {
	if g.agg.Sets != nil {
		return false
	}
	for _, r := range k.scope.rels {
		if r.source == nil || !r.source.Table || !slices.ContainsFunc(r.fields, func(f field) bool { return f.id == id }) {
			continue
		}
		for _, f := range r.fields {
			isKey := k.b.cols[f.id].In == types.InKey
			if isKey && !slices.ContainsFunc(g.keys, func(key groupKey) bool { return key.expr.Op == expr.OpColumn && key.expr.Column == f.id }) {
				return false
			}
		}
		return true
	}
	return false
}

// grouping binds GROUPING(a, b, ...): a bit for each argument, set where a row is not grouped
// by it; the last argument's is the lowest.
func (k *block) grouping(c *ast.FunctionCall) (*expr.Expr, error) {
	g := k.groups
	sum := expr.Lit(types.BigintType, int64(0))
	for i, a := range c.Args {
		at := -1
		for j, key := range g.keys {
			pre := g.pre
			if x, err := pre.expr(a, "GROUP BY"); err == nil && expr.Equal(x, key.expr) {
				at = j
			}
		}
		if at < 0 {
			return nil, sqlerr.New(sqlerr.GroupingError, "arguments to GROUPING must be grouping expressions of the associated query level").At(a.Pos())
		}
		if g.agg.Grouping < 0 {
			continue
		}
		bit := binary(expr.OpMod, binary(expr.OpDiv, k.b.ref(g.agg.Grouping, c.Pos()), int64(1)<<(len(g.keys)-1-at)), 2)
		sum = &expr.Expr{Op: expr.OpAdd, Type: types.BigintType, Args: []*expr.Expr{sum, binary(expr.OpMul, bit, int64(1)<<(len(c.Args)-1-i))}, Standard: true}
	}
	return expr.Cast(sum, types.IntType, true), nil
}

func binary(op expr.Op, l *expr.Expr, r int64) *expr.Expr {
	return &expr.Expr{Op: op, Type: types.BigintType, Args: []*expr.Expr{l, expr.Lit(types.BigintType, r)}, Standard: true}
}
