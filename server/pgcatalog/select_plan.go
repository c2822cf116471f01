package pgcatalog

import (
	"slices"

	"tailrace/server/pgcatalog/syntax"
	"tailrace/sql/sqlerr"
)

// selection is a bound SELECT.
type selection struct {
	scope   *scope
	from    source
	group   []*expr
	grouped bool
	having  *expr
	items   []*expr
	cols    []col
	orders  []syntax.Order
	keys    []*expr // of orders

	distinct   bool
	distinctOn []*expr
}

// selectPlan binds a SELECT with its ORDER BY.
func (b *binder) selectPlan(q *syntax.Select, orders []syntax.Order, parent *scope, ctes *cte) (*plan, error) {
	s := &scope{parent: parent, b: b, ctes: ctes}
	sel := &selection{scope: s, orders: orders, distinct: q.Distinct}
	steps := []func(*syntax.Select) error{sel.bindFrom, sel.bindGroup, sel.bindItems, sel.bindHaving, sel.bindOrder, sel.bindDistinct}
	for _, step := range steps {
		if err := step(q); err != nil {
			return nil, err
		}
	}
	sel.grouped = len(q.GroupBy) > 0 || len(s.aggs) > 0 || q.Having != nil
	return &plan{cols: sel.cols, correlated: s.correlated, run: sel.run}, nil
}

func (sel *selection) bindFrom(q *syntax.Select) (err error) {
	s := sel.scope
	s.noAggs = "JOIN conditions"
	if sel.from, err = s.fromList(q.From); err != nil || q.Where == nil {
		return err
	}
	s.noAggs = "WHERE"
	conds, err := s.conjuncts(q.Where, "WHERE")
	if err != nil {
		return err
	}
	if _, ok := sel.from.(nothing); ok {
		sel.from = &filter{source: sel.from}
	}
	for _, c := range conds {
		sel.from.push(c)
	}
	return nil
}

func (sel *selection) bindGroup(q *syntax.Select) error {
	s := sel.scope
	s.noAggs = "GROUP BY"
	for _, e := range q.GroupBy {
		if n, ok := ordinal(e); ok {
			if n < 1 || n > len(q.Items) {
				return sqlerr.New(sqlerr.InvalidColumnReference, "GROUP BY position %d is not in select list", n).At(e.Pos())
			}
			e = q.Items[n-1].Expr
		} else if n, ok := e.(*syntax.Name); ok && len(n.Parts) == 1 {
			if _, i := find(s.rels, n.Parts[0]); i < 0 {
				e = aliased(q.Items, n)
			}
		}
		g, err := s.value(e)
		if err != nil {
			return err
		}
		sel.group = append(sel.group, g)
	}
	s.noAggs = ""
	return nil
}

// aliased is the item that a name is the alias of, or the name.
func aliased(items []syntax.Item, n *syntax.Name) syntax.Expr {
	for _, it := range items {
		if it.Alias == n.Parts[0] {
			return it.Expr
		}
	}
	return n
}

func (sel *selection) bindItems(q *syntax.Select) error {
	s := sel.scope
	s.inSelect = true
	for _, it := range q.Items {
		if star, ok := it.Expr.(*syntax.Star); ok {
			if err := sel.star(star); err != nil {
				return err
			}
			continue
		}
		if f, ok := it.Expr.(*syntax.Field); ok && f.Name == "*" {
			if err := sel.fields(f); err != nil {
				return err
			}
			continue
		}
		e, err := s.value(it.Expr)
		if err != nil {
			return err
		}
		if e, err = s.settle(e); err != nil {
			return err
		}
		sel.addItem(e, orDefault(it.Alias, itemName(it.Expr)))
	}
	return nil
}

func (sel *selection) addItem(e *expr, name string) {
	c := col{name: name, typ: e.typ}
	if e.ref != nil {
		c.folds = sel.scope.rels[e.ref.rel].cols[e.ref.col].folds
	}
	sel.items, sel.cols = append(sel.items, e), append(sel.cols, c)
}

func (sel *selection) star(star *syntax.Star) error {
	s, found := sel.scope, false
	for _, r := range s.rels {
		if !r.matches(star.Table) {
			continue
		}
		found = true
		for i, c := range r.cols[:len(r.cols)-r.system] {
			if len(star.Table) > 0 || !r.hidden[i] {
				sel.addItem(s.reference(s, 0, r, i, star.Pos()), c.name)
			}
		}
	}
	switch {
	case found:
		return nil
	case len(star.Table) > 0:
		return sqlerr.New(sqlerr.UndefinedTable, "missing FROM-clause entry for table %q", star.Table[len(star.Table)-1]).At(star.Pos())
	}
	return sqlerr.New(sqlerr.SyntaxError, "SELECT * with no tables specified is not valid").At(star.Pos())
}

// fields expands (record).*.
func (sel *selection) fields(f *syntax.Field) error {
	x, err := sel.scope.value(f.X)
	if err != nil {
		return err
	}
	for i, fd := range x.typ.fields {
		sel.addItem(x.then(fd.typ, func(v any) (any, error) { return v.(record)[i], nil }), fd.name)
	}
	return nil
}

// itemName is the name of a column without an alias.
func itemName(e syntax.Expr) string {
	switch e := e.(type) {
	case *syntax.Name:
		return e.Parts[len(e.Parts)-1]
	case *syntax.Call:
		return e.Name
	case *syntax.Field:
		return e.Name
	case *syntax.Index:
		return itemName(e.X)
	case *syntax.Cast:
		if n := itemName(e.X); n != "?column?" {
			return n
		}
		return e.Type.Name
	case *syntax.Case:
		if e.Else != nil {
			if n := itemName(e.Else); n != "?column?" {
				return n
			}
		}
		return "case"
	case *syntax.List:
		if e.Array {
			return "array"
		}
		return "row"
	case *syntax.Literal:
		if e.Kind == syntax.True || e.Kind == syntax.False {
			return "bool"
		}
	case *syntax.Subquery:
		switch e.Kind {
		case syntax.Exists:
			return "exists"
		case syntax.Array:
			return "array"
		}
		if s, ok := e.Query.Body.(*syntax.Select); ok && len(s.Items) == 1 {
			return orDefault(s.Items[0].Alias, itemName(s.Items[0].Expr))
		}
	}
	return "?column?"
}

func (sel *selection) bindHaving(q *syntax.Select) (err error) {
	sel.scope.inSelect = false
	if q.Having != nil {
		sel.having, err = sel.scope.condition(q.Having, "HAVING")
	}
	return err
}

// bindOrder binds ORDER BY: a number is a column of the result, a name alone too if there
// is one, everything else an expression over the tables.
func (sel *selection) bindOrder(*syntax.Select) error {
	for _, o := range sel.orders {
		if n, ok := ordinal(o.Expr); ok {
			if n < 1 || n > len(sel.items) {
				return badOrdinal(n, o.Expr)
			}
			sel.keys = append(sel.keys, sel.items[n-1])
			continue
		}
		if n, ok := o.Expr.(*syntax.Name); ok && len(n.Parts) == 1 {
			if i := slices.IndexFunc(sel.cols, func(c col) bool { return c.name == n.Parts[0] }); i >= 0 {
				sel.keys = append(sel.keys, sel.items[i])
				continue
			}
		}
		e, err := sel.scope.value(o.Expr)
		if err != nil {
			return err
		}
		sel.keys = append(sel.keys, e)
	}
	return nil
}

func (sel *selection) bindDistinct(q *syntax.Select) (err error) {
	sel.distinctOn, err = sel.scope.values(q.DistinctOn)
	return err
}

// run evaluates the SELECT.
func (sel *selection) run(ex *execution, parent *frame) ([][]any, error) {
	f := &frame{ex: ex, parent: parent, rows: make([][]any, len(sel.scope.rels))}
	var out []output
	emit := func() error { return sel.emit(f, &out) }
	var err error
	switch {
	case sel.grouped:
		err = sel.eachGroup(f, emit)
	case len(sel.scope.windows) > 0:
		err = sel.eachWindowed(f, sel.from.each, emit)
	default:
		err = sel.from.each(f, emit)
	}
	if err != nil {
		return nil, err
	}
	sortOutput(out, sel.orders)
	return sel.finish(out), nil
}

// emit adds the row that the frame stands on to the result, or several, when functions
// that return sets are in the select list.
func (sel *selection) emit(f *frame, out *[]output) error {
	if len(sel.scope.srfs) == 0 {
		return sel.project(f, out)
	}
	lists := make([][]any, len(sel.scope.srfs))
	n := 0
	for i, c := range sel.scope.srfs {
		var err error
		if lists[i], err = c.eval(f); err != nil {
			return err
		}
		n = max(n, len(lists[i]))
	}
	f.srfs = make([]any, len(lists))
	for row := range n {
		for i, l := range lists {
			f.srfs[i] = nil
			if row < len(l) {
				f.srfs[i] = l[row]
			}
		}
		if err := sel.project(f, out); err != nil {
			return err
		}
	}
	return nil
}

func (sel *selection) project(f *frame, out *[]output) error {
	if err := f.ex.room(len(*out)); err != nil {
		return err
	}
	o := output{row: make([]any, len(sel.items))}
	var err error
	for i, e := range sel.items {
		if o.row[i], err = e.eval(f); err != nil {
			return err
		}
	}
	for _, list := range [][]*expr{sel.keys, sel.distinctOn} {
		for _, e := range list {
			v, err := e.eval(f)
			if err != nil {
				return err
			}
			o.keys = append(o.keys, v)
		}
	}
	*out = append(*out, o)
	return f.ex.step()
}

// finish drops the sort keys, and the rows that DISTINCT has seen before.
func (sel *selection) finish(out []output) [][]any {
	rows := make([][]any, 0, len(out))
	seen := map[string]bool{}
	for _, o := range out {
		if len(sel.distinctOn) > 0 {
			k := keys(o.keys[len(sel.keys):])
			if seen[k] {
				continue
			}
			seen[k] = true
		}
		rows = append(rows, o.row)
	}
	if sel.distinct && len(sel.distinctOn) == 0 {
		return distinct(rows)
	}
	return rows
}
