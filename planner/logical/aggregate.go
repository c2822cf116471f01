package logical

import (
	"strconv"

	"tailrace/planner/bind"
	"tailrace/planner/plan"
	"tailrace/sql/ast"
	"tailrace/sql/expr"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// day bounds how long a window takes rows when the statement does not say: 24 hours from
// its start, so the grace is what its size leaves of them.
const day = 24 * 3600 * 1000

// aggregate groups the rows and folds each group.
func (b *builder) aggregate(r *relation) (*relation, error) {
	keyed, err := b.group(r)
	if err != nil {
		return nil, err
	}
	n := &plan.Aggregate{Input: plan.Ref{Node: keyed.node}}
	n.Table = true
	n.Ends = b.q.Standard && r.table() && len(b.q.GroupBy) > 0
	out := &relation{node: n, from: r.from}
	for _, i := range keyed.schema().Key() {
		n.Out.Columns = append(n.Out.Columns, keyed.schema().Columns[i])
		out.holds = append(out.holds, keyed.holds[i])
	}
	if b.q.Window != nil {
		if n.Window, err = b.window(r); err != nil {
			return nil, err
		}
		for _, name := range []string{types.WindowStart, types.WindowEnd} {
			n.Out.Columns = append(n.Out.Columns, types.Column{Name: name, Type: types.BigintType, In: types.InKey})
			out.holds = append(out.holds, name)
		}
		out.windowed = true
	}
	for i, call := range b.q.Aggregates {
		c, err := b.aggregateCall(keyed, call)
		if err != nil {
			return nil, err
		}
		n.Calls = append(n.Calls, c)
		n.Out.Columns = append(n.Out.Columns, types.Column{Name: "KSQL_AGG_VARIABLE_" + strconv.Itoa(i), Type: c.Type})
		out.holds = append(out.holds, bind.Text(call))
	}
	if err := b.checkUndo(); err != nil {
		return nil, err
	}
	if out, err = b.suppress(out, n.Window); err != nil {
		return nil, err
	}
	if b.q.Having != nil {
		return b.filter(out, b.q.Having, "HAVING")
	}
	return out, nil
}

// group keys the rows by the grouping expressions; rows with a NULL among them go.
func (b *builder) group(r *relation) (*relation, error) {
	groups := b.q.GroupBy
	if len(groups) == 0 { // one group of all rows
		groups = []ast.Expr{&ast.Int{Value: 1}}
	}
	var keys []*expr.Expr
	var names, holds []string
	var columns []types.Column
	for _, g := range groups {
		k, err := b.bind(r, g, "GROUP BY")
		if err != nil {
			return nil, err
		}
		if k.Type.Kind == types.Null {
			return nil, sqlerr.New(sqlerr.GroupingError, "GROUP BY requires expressions of a known type: %s has none", b.q.Display(g)).At(g.Pos())
		}
		name := "ROWKEY"
		if len(b.q.GroupBy) > 0 {
			name = b.keyName(g)
		}
		keys, names, holds = append(keys, k), append(names, name), append(holds, bind.Text(g))
		columns = append(columns, types.Column{Name: name, Type: k.Type, In: types.InKey})
	}
	if err := bind.CheckKeyTypes(columns); err != nil {
		return nil, position(err, groups[0].Pos())
	}
	same := r.keyedBy(groups) && !r.table() && !r.windowed
	out := b.rekey(r, keys, names, holds, true)
	out.rekeyed = !same
	return out, nil
}

// window reads the WINDOW clause.
func (b *builder) window(r *relation) (*plan.Window, error) {
	w := b.q.Window
	if r.table() {
		return nil, sqlerr.New(sqlerr.WindowingError, "Windowing not supported for table aggregations.").At(w.Pos())
	}
	millis := func(d ast.Duration) int64 { return d.N * d.Unit.Milliseconds() }
	out := &plan.Window{Kind: w.Type.String(), Size: millis(w.Size)}
	out.Grace = max(0, day-out.Size)
	switch w.Type {
	case ast.Hopping:
		out.Advance = millis(w.Advance)
	case ast.Tumbling:
		out.Advance = out.Size
	}
	if out.Size <= 0 || w.Type == ast.Hopping && (out.Advance <= 0 || out.Advance > out.Size) {
		return nil, sqlerr.New(sqlerr.WindowingError, "Window advancement interval should be more than zero and less than window duration %d milliseconds", out.Size).At(w.Pos())
	}
	if b.q.Select.Emit == ast.EmitFinal {
		out.Grace = 0
	}
	if w.Grace != nil {
		out.Grace = millis(*w.Grace)
	}
	out.Retention = out.Size + out.Grace
	if w.Retention != nil {
		given := millis(*w.Retention)
		grace := int64(0)
		if w.Grace != nil {
			grace = out.Grace
		}
		if given < out.Size+grace {
			return nil, sqlerr.New(sqlerr.WindowingError, "The retention period of a window must be no smaller than its size plus the grace period. "+
				"Got size=[%d], grace=[%d], retention=[%d]", out.Size, grace, given).At(w.Retention.Pos())
		}
		if w.Grace == nil && b.q.Select.Emit != ast.EmitFinal {
			out.Grace = max(0, min(out.Grace, given-out.Size))
		}
		out.Retention = max(given, out.Size+out.Grace)
	}
	return out, nil
}

func (b *builder) suppress(r *relation, w *plan.Window) (*relation, error) {
	if b.q.Select.Emit != ast.EmitFinal {
		return r, nil
	}
	if w == nil {
		return nil, sqlerr.New(sqlerr.WindowingError, "EMIT FINAL is only supported for windowed aggregations.").At(b.q.Select.Pos())
	}
	n := &plan.Suppress{Input: plan.Ref{Node: r.node}, Window: *w}
	n.Out, n.Table = r.schema(), true
	out := *r
	out.node = n
	return &out, nil
}

// checkUndo refuses to aggregate a table with functions that cannot take a row back.
func (b *builder) checkUndo() error {
	if len(b.noUndo) == 0 {
		return nil
	}
	s, names := "", bind.And(b.noUndo)
	if len(b.noUndo) > 1 {
		s = "s"
	}
	return sqlerr.New(sqlerr.FeatureNotSupported, "The aggregation function%s %s cannot be applied to a table source, only to a stream source.", s, names).
		At(b.q.Aggregates[0].Pos())
}
