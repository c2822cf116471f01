package logical

import (
	"fmt"
	"slices"
	"strings"

	"tailrace/planner/bind"
	"tailrace/planner/plan"
	"tailrace/sql/ast"
	"tailrace/sql/expr"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// selected is a bound item of the select list.
type selected struct {
	item bind.Item
	expr *expr.Expr
	key  int // which key column it is, or -1
}

// project computes the columns of the sink: the key, in the order of the input's key, the
// bounds of its window, and the values in the order of the select list.
func (b *builder) project(r *relation) (plan.Node, error) {
	items, err := b.items(r)
	if err != nil {
		return nil, err
	}
	byKey := make([][]selected, len(r.keys()))
	n := &plan.Project{Input: plan.Ref{Node: r.node}}
	n.Table = r.table()
	var values []selected
	for _, s := range items {
		if s.key >= 0 && (!b.q.Standard || len(byKey[s.key]) == 0) {
			byKey[s.key] = append(byKey[s.key], s)
		} else {
			values = append(values, s)
		}
	}
	if err := b.checkTimestamp(items); err != nil {
		return nil, err
	}
	if b.q.Standard {
		b.hideKeys(r, byKey, items)
	}
	if err := b.checkKeys(r, byKey); err != nil {
		return nil, err
	}
	if len(values) == 0 {
		return nil, sqlerr.New(sqlerr.InvalidDefinition, "The projection contains no value columns.").At(b.q.Select.Pos())
	}
	add := func(name string, e *expr.Expr, in types.Namespace) {
		n.Out.Columns = append(n.Out.Columns, types.Column{Name: name, Type: e.Type, In: in})
		n.Exprs = append(n.Exprs, e)
	}
	for _, list := range b.keyOrder(byKey) {
		for _, s := range list {
			add(s.item.Alias, s.expr, types.InKey)
		}
	}
	if r.windowed {
		keys := r.schema().Key()
		for k, i := range keys[len(keys)-2:] {
			name := []string{types.WindowStart, types.WindowEnd}[k]
			add(name, expr.Col(i, name, types.BigintType), types.InKey)
		}
	}
	for _, s := range values {
		add(s.item.Alias, s.expr, types.InValue)
	}
	return n, b.fit(n, r.windowed)
}

// hideKeys adds the key columns that the select list lacks: by the standard it need not
// name them, but the rows of the result are told apart by them.
func (b *builder) hideKeys(r *relation, byKey [][]selected, items []selected) {
	names := bind.NewNames()
	for _, it := range items {
		names.Free(it.item.Alias)
	}
	for k := range byKey {
		if len(byKey[k]) > 0 {
			continue
		}
		i := r.schema().Key()[k]
		c := r.schema().Columns[i]
		name := names.Free(c.Name)
		b.hidden = append(b.hidden, name)
		byKey[k] = []selected{{item: bind.Item{Alias: name}, expr: expr.Col(i, c.Name, c.Type), key: k}}
	}
}

// checkTimestamp checks the TIMESTAMP property against the select list.
func (b *builder) checkTimestamp(items []selected) error {
	if b.q.With == nil {
		return nil
	}
	var s types.Schema
	for _, it := range items {
		s.Columns = append(s.Columns, types.Column{Name: it.item.Alias, Type: it.expr.Type})
	}
	_, err := bind.CheckTimestamp(b.q.With, s)
	return err
}

// keyOrder is the order of the key columns: the input's, or that of the select list.
func (b *builder) keyOrder(byKey [][]selected) [][]selected {
	if !b.q.SelectOrder || b.q.Grouped {
		return byKey
	}
	out := slices.Clone(byKey)
	slices.SortStableFunc(out, func(x, y []selected) int { return x[0].item.Pos - y[0].item.Pos })
	return out
}

// items binds the select list.
func (b *builder) items(r *relation) ([]selected, error) {
	seen := map[string]bool{}
	keys := r.keys()
	out := make([]selected, 0, len(b.q.Items))
	for _, it := range b.q.Items {
		e, err := b.bind(r, it.Expr, "SELECT")
		if err != nil {
			return nil, position(err, it.Pos)
		}
		if e.Type.Kind == types.Null {
			return nil, sqlerr.New(sqlerr.IndeterminateType, "Can't infer a type of null. Please explicitly cast it to a required type, e.g. CAST(null AS VARCHAR).").At(it.Pos)
		}
		s := selected{item: it, expr: e, key: -1}
		if b.q.Sink != "" {
			s.key = slices.Index(keys, bind.Text(it.Expr))
		}
		if b.q.Sink != "" || !b.q.Standard {
			if seen[it.Alias] {
				return nil, Duplicate(it, e.Type)
			}
			seen[it.Alias] = true
		}
		out = append(out, s)
	}
	return out, nil
}

// Duplicate is the error for two result columns of one name.
func Duplicate(it bind.Item, t types.Type) error {
	return sqlerr.New(sqlerr.DuplicateColumn, "Duplicate value columns found in schema: %s %s", types.QuoteName(it.Alias), t).At(it.Pos)
}

// checkKeys checks that the key is in the projection, once.
func (b *builder) checkKeys(r *relation, byKey [][]selected) error {
	q := b.q
	for k, list := range byKey {
		if len(list) < 2 {
			continue
		}
		var names []string
		for _, s := range list {
			names = append(names, s.item.Alias)
		}
		if q.Grouped {
			for i := range names {
				names[i] = types.QuoteName(names[i])
			}
			return position(bind.KeyTwice(" more than once: "+bind.And(names)+"."), list[1].item.Pos)
		}
		slices.Sort(names)
		name := r.schema().Columns[r.schema().Key()[k]].Name
		if len(q.PartitionBy) > 0 {
			if ref := bind.Column(q.PartitionBy[k]); ref != nil {
				name = q.FlatName(ref)
			}
		}
		return position(bind.KeyTwice(fmt.Sprintf(" (%s) more than once, aliased as: %s.", types.QuoteName(name), bind.And(names))), list[1].item.Pos)
	}
	complete := !slices.ContainsFunc(byKey, func(list []selected) bool { return len(list) == 0 })
	if complete {
		return nil
	}
	return b.missingKey(r, byKey)
}

func (b *builder) missingKey(r *relation, byKey [][]selected) error {
	q := b.q
	var keys []string
	switch {
	case q.Grouped:
		for k, g := range q.GroupBy {
			if len(byKey[k]) == 0 {
				keys = append(keys, q.Display(g))
			}
		}
		return q.MissingKey("grouping expression", keys, bind.And(keys), "", len(keys) > 1)
	case len(q.PartitionBy) > 0:
		for _, p := range q.PartitionBy {
			keys = append(keys, ast.Shown(p))
		}
		return q.MissingKey("partitioning expression", keys, bind.And(keys), "", len(keys) > 1)
	case b.foreign:
		return b.missingPrimaryKey(r, byKey)
	case len(q.Joins) > 0:
		return q.MissingJoinKey()
	}
	for _, i := range q.Sources[0].Src.Schema.Key() {
		keys = append(keys, q.Sources[0].Src.Schema.Columns[i].Name)
	}
	return q.MissingKey("key column", keys, bind.And(keys), "", len(keys) > 1)
}

func (b *builder) missingPrimaryKey(r *relation, byKey [][]selected) error {
	left := b.q.Sources[0]
	var missing []string
	for k, i := range left.Src.Schema.Key() {
		if len(byKey[k]) == 0 {
			missing = append(missing, types.QuoteName(left.Src.Schema.Columns[i].Name))
		}
	}
	s := ""
	if len(missing) > 1 {
		s = "s"
	}
	return sqlerr.New(sqlerr.InvalidDefinition, "Primary key column%s missing in projection. For foreign-key table-table joins, the projection must include "+
		"all primary key columns from the left input table (%s). Missing column%s: %s.", s, types.QuoteName(left.Src.Name), s, strings.Join(missing, ", ")).At(b.q.Select.Pos())
}

// fit brings the result to the schema of an existing stream: names must be the same, and
// types must widen to the stream's.
func (b *builder) fit(n *plan.Project, windowed bool) error {
	if b.target == nil {
		return nil
	}
	result := n.Out
	result.Columns = slices.DeleteFunc(slices.Clone(n.Out.Columns), func(c types.Column) bool {
		return windowed && c.In == types.InKey && bind.IsSystemColumn(c.Name)
	})
	sink := b.target.Schema
	ok := len(result.Columns) == len(sink.Columns)
	for i := 0; ok && i < len(sink.Columns); i++ {
		a, c := result.Columns[i], sink.Columns[i]
		ok = a.Name == c.Name && a.In == c.In && (a.Type.Equal(c.Type) || expr.CanWiden(a.Type, c.Type) || literalFits(n, a.Name, c.Type))
	}
	if !ok {
		return sqlerr.New(sqlerr.DatatypeMismatch, "Incompatible schema between results and sink.\nResult schema is %s\nSink schema is %s", result, sink).At(b.q.Select.Pos())
	}
	for i, c := range n.Out.Columns {
		if j := sink.Find(c.Name); j >= 0 && sink.Columns[j].In == c.In {
			n.Exprs[i] = expr.Cast(n.Exprs[i], sink.Columns[j].Type, b.q.Standard)
			n.Out.Columns[i].Type = sink.Columns[j].Type
		}
	}
	return nil
}

// literalFits says that a column is a number written in the statement whose digits a
// DECIMAL has room for, though not for all numbers of its type.
func literalFits(n *plan.Project, name string, t types.Type) bool {
	e := n.Exprs[n.Out.Find(name)]
	if t.Kind != types.Decimal || e.Op != expr.OpLiteral || !e.Type.IsNumeric() || e.Value == nil || e.Value.V == nil {
		return false
	}
	d, err := types.ParseDec(types.Text(e.Type, e.Value.V))
	return err == nil && expr.CanWiden(d.Type(), t)
}

// output computes the columns for a client, in the order of the select list.
func (b *builder) output(r *relation) (plan.Node, error) {
	items, err := b.items(r)
	if err != nil {
		return nil, err
	}
	n := &plan.Project{Input: plan.Ref{Node: r.node}}
	n.Table = r.table()
	for _, s := range items {
		n.Out.Columns = append(n.Out.Columns, types.Column{Name: s.item.Alias, Type: s.expr.Type})
		n.Exprs = append(n.Exprs, s.expr)
	}
	return n, nil
}
