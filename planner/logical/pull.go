package logical

import (
	"tailrace/planner/bind"
	"tailrace/planner/plan"
	"tailrace/planner/rule"
	"tailrace/sql/ast"
	"tailrace/sql/expr"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// BuildPull makes the stages of a query that ends. scan says that a table's rows have to
// be read from its topic, for nothing keeps them.
func BuildPull(q *bind.Query, scan bool) (*plan.Pull, error) {
	b := &builder{q: q, names: bind.NewNames()}
	p := &plan.Pull{Standard: q.Standard, Distinct: q.Select.Distinct}
	r, err := b.pullInput(p)
	if err != nil {
		return nil, err
	}
	if q.Where != nil {
		if p.Predicate, err = b.predicate(r, q.Where, "WHERE"); err != nil {
			return nil, err
		}
	}
	if q.Grouped {
		if r, err = b.pullGroups(p, r); err != nil {
			return nil, err
		}
	}
	if err := b.pullOutput(p, r); err != nil {
		return nil, err
	}
	if p.Limit, err = Count(q.Select.Limit, "LIMIT", q.Standard, q.Params); err == nil {
		p.Offset, err = Count(q.Select.Offset, "OFFSET", q.Standard, q.Params)
	}
	if err != nil {
		return nil, err
	}
	if p.Source != "" && (!p.Table || scan) {
		p.Scan = b.source(q.Sources[0]).node.(*plan.Source)
		b.narrow(p)
	} else {
		p.Input = trimPseudo(p)
	}
	if p.Table {
		narrowKeys(p)
	}
	return p, nil
}

// pullInput is the relation that the first stages read.
func (b *builder) pullInput(p *plan.Pull) (*relation, error) {
	if len(b.q.Sources) == 0 {
		return &relation{node: &plan.Project{}}, nil
	}
	s := b.q.Sources[0]
	p.Source, p.Table = s.Src.Name, s.Src.Table
	r := b.source(s)
	p.Input = r.schema()
	return r, nil
}

// used are the columns of the input that the stages refer to.
func used(p *plan.Pull) []*expr.Expr {
	var out []*expr.Expr
	if p.Predicate != nil {
		out = append(out, p.Predicate)
	}
	if p.Aggregate {
		out = append(out, p.Groups...)
		for _, c := range p.Calls {
			out = append(out, c.Args...)
		}
		return out
	}
	return append(out, p.Exprs...)
}

// trimPseudo drops the pseudo columns at the end of the input of a lookup that nobody
// uses. They come last, so nothing moves.
func trimPseudo(p *plan.Pull) types.Schema {
	if p.Source == "" {
		return p.Input
	}
	end := len(p.Input.Columns) - 3
	for _, c := range expr.Columns(used(p)...) {
		end = max(end, c+1)
	}
	return types.Schema{Columns: p.Input.Columns[:end]}
}

// narrow lets the scan decode only what is used.
func (b *builder) narrow(p *plan.Pull) {
	need := make([]bool, len(p.Input.Columns))
	for _, c := range expr.Columns(used(p)...) {
		need[c] = true
	}
	at := rule.PruneSource(p.Scan, need)
	p.Input = p.Scan.Out
	if p.Predicate != nil {
		p.Predicate = rule.Remap(p.Predicate, at)
	}
	if !p.Aggregate {
		p.Exprs = rule.RemapAll(p.Exprs, at)
		return
	}
	p.Groups = rule.RemapAll(p.Groups, at)
	for i := range p.Calls {
		p.Calls[i].Args = rule.RemapAll(p.Calls[i].Args, at)
	}
}

// pullGroups sets the aggregation; what follows refers to groups and calls.
func (b *builder) pullGroups(p *plan.Pull, r *relation) (*relation, error) {
	p.Aggregate = true
	n := &plan.Aggregate{}
	out := &relation{node: n, from: r.from}
	add := func(name, text string, t types.Type) {
		n.Out.Columns = append(n.Out.Columns, types.Column{Name: name, Type: t})
		out.holds = append(out.holds, text)
	}
	for _, g := range b.q.GroupBy {
		e, err := b.bind(r, g, "GROUP BY")
		if err != nil {
			return nil, err
		}
		p.Groups = append(p.Groups, e)
		add(b.q.Display(g), bind.Text(g), e.Type)
	}
	for _, call := range b.q.Aggregates {
		c, err := b.aggregateCall(r, call)
		if err != nil {
			return nil, err
		}
		p.Calls = append(p.Calls, c)
		add(c.Name, bind.Text(call), c.Type)
	}
	b.noUndo = nil // rows are only added up, whatever they come from
	if b.q.Having == nil {
		return out, nil
	}
	var err error
	p.Having, err = b.predicate(out, b.q.Having, "HAVING")
	return out, err
}

// pullOutput sets the result columns and the sort keys behind them.
func (b *builder) pullOutput(p *plan.Pull, r *relation) error {
	seen := map[string]bool{}
	for _, it := range b.q.Items {
		e, err := b.bind(r, it.Expr, "SELECT")
		if err != nil {
			return position(err, it.Pos)
		}
		if seen[it.Alias] && !b.q.Standard {
			return errDuplicate(it, e.Type)
		}
		seen[it.Alias] = true
		if e.Type.Kind == types.Null && e.Op != expr.OpParam {
			if !b.q.Standard {
				return sqlerr.New(sqlerr.IndeterminateType, "Can't infer a type of null. Please explicitly cast it to a required type, e.g. CAST(null AS VARCHAR).").At(it.Pos)
			}
			e = expr.Lit(types.StringType, nil)
		}
		p.Exprs = append(p.Exprs, e)
		c := types.Column{Name: it.Alias, Type: e.Type}
		if p.Table && !p.Aggregate && e.Op == expr.OpColumn {
			c.In = p.Input.Columns[e.Column].In
		}
		p.Output.Columns = append(p.Output.Columns, c)
	}
	for _, o := range b.q.Select.OrderBy {
		column, err := b.sortKey(p, r, o.Expr)
		if err != nil {
			return err
		}
		first := o.Nulls == ast.NullsFirst || o.Nulls == ast.NullsDefault && o.Desc
		p.Order = append(p.Order, plan.Order{Column: column, Desc: o.Desc, NullsFirst: first})
	}
	return nil
}

// sortKey is the column of Exprs to sort by: a result column by number or name, or an
// expression, which becomes a column that the client does not see.
func (b *builder) sortKey(p *plan.Pull, r *relation, e ast.Expr) (int, error) {
	if n, ok := e.(*ast.Int); ok {
		if n.Value < 1 || n.Value > int64(len(p.Output.Columns)) {
			return 0, sqlerr.New(sqlerr.InvalidColumnReference, "ORDER BY position %d is not in select list", n.Value).At(e.Pos())
		}
		return int(n.Value) - 1, nil
	}
	if ref := bind.Column(e); ref != nil && ref.Qualifier.Empty() {
		if i := p.Output.Find(ref.Name.Name); i >= 0 {
			return i, nil
		}
	}
	q, err := b.q.Qualify(e, "ORDER BY")
	if err != nil {
		return 0, err
	}
	for i, it := range b.q.Items {
		if bind.Text(it.Expr) == bind.Text(q) {
			return i, nil
		}
	}
	bound, err := b.bind(r, q, "ORDER BY")
	if err != nil {
		return 0, err
	}
	if p.Distinct {
		return 0, sqlerr.New(sqlerr.InvalidColumnReference, "for SELECT DISTINCT, ORDER BY expressions must appear in select list").At(e.Pos())
	}
	p.Exprs = append(p.Exprs, bound)
	return len(p.Exprs) - 1, nil
}

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
