package ast

// operand renders a query inside a set operation: what carries clauses of its own
// is put in parentheses.
func (f *formatter) operand(q Query) {
	switch q := q.(type) {
	case *Select:
		if len(q.With) == 0 && len(q.OrderBy) == 0 && q.Limit == nil && q.Offset == nil && q.Emit == EmitNone {
			f.query(q)
			return
		}
	case *Values:
		f.query(q)
		return
	}
	f.add("(")
	f.query(q)
	f.add(")")
}

func (f *formatter) query(q Query) {
	switch q := q.(type) {
	case *Select:
		f.selectBlock(q)
	case *SetOp:
		f.with(q.With)
		f.operand(q.Left)
		f.add(" ", q.Op.String())
		if q.All {
			f.add(" ALL")
		}
		f.add(" ")
		f.operand(q.Right)
		f.tail(q.OrderBy, q.Emit, q.Limit, q.Offset)
	case *Values:
		f.add("VALUES ")
		f.rows(q.Rows)
	}
}

func (f *formatter) rows(rows [][]Expr) {
	for i, row := range rows {
		f.comma(i)
		f.add("(")
		f.exprs(row)
		f.add(")")
	}
}

func (f *formatter) with(ctes []*CTE) {
	if len(ctes) == 0 {
		return
	}
	f.add("WITH ")
	if ctes[0].Recursive {
		f.add("RECURSIVE ")
	}
	for i, c := range ctes {
		f.comma(i)
		f.name(c.Name)
		if len(c.Columns) > 0 {
			f.add(" (")
			f.names(c.Columns)
			f.add(")")
		}
		f.add(" AS (")
		f.query(c.Query)
		f.add(")")
	}
	f.add(" ")
}

func (f *formatter) selectBlock(q *Select) {
	f.with(q.With)
	f.add("SELECT ")
	if q.Distinct {
		f.add("DISTINCT ")
	}
	if len(q.DistinctOn) > 0 {
		f.add("ON (")
		f.exprs(q.DistinctOn)
		f.add(") ")
	}
	for i, item := range q.Items {
		f.comma(i)
		f.item(item)
	}
	if q.From != nil {
		f.add(" FROM ")
		f.relation(q.From)
	}
	if q.Window != nil {
		f.add(" WINDOW ")
		f.window(q.Window)
	}
	f.clause(" WHERE ", q.Where)
	f.list(" GROUP BY ", q.GroupBy)
	f.list(" PARTITION BY ", q.PartitionBy)
	f.clause(" HAVING ", q.Having)
	for i, w := range q.Named {
		if i == 0 {
			f.add(" WINDOW ")
		}
		f.comma(i)
		f.name(w.Name)
		f.add(" AS ")
		f.over(w.Spec)
	}
	if !q.WithTies {
		f.tail(q.OrderBy, q.Emit, q.Limit, q.Offset)
		return
	}
	f.tail(q.OrderBy, q.Emit, nil, q.Offset)
	f.clause(" FETCH FIRST ", q.Limit)
	f.add(" ROWS WITH TIES")
}

func (f *formatter) clause(keyword string, e Expr) {
	if e != nil {
		f.add(keyword)
		f.expr(e)
	}
}

func (f *formatter) list(keyword string, list []Expr) {
	if len(list) > 0 {
		f.add(keyword)
		f.exprs(list)
	}
}

// tail renders what may follow a query block or a set operation.
func (f *formatter) tail(order []OrderItem, emit Emit, limit, offset Expr) {
	f.orderBy(order)
	if emit != EmitNone {
		f.add(" EMIT ", emit.String())
	}
	f.clause(" LIMIT ", limit)
	f.clause(" OFFSET ", offset)
}

func (f *formatter) item(i SelectItem) {
	switch i.Star {
	case AllColumns:
		if !i.Source.Empty() {
			f.table(i.Source)
			f.add(".")
		}
		f.add("*")
		return
	case AllFields:
		f.expr(i.Expr)
		f.add("->*")
		return
	}
	f.expr(i.Expr)
	f.alias(i.Alias, nil)
}

func (f *formatter) alias(a Ident, columns []Ident) {
	if a.Empty() {
		return
	}
	f.add(" AS ")
	f.name(a)
	if len(columns) > 0 {
		f.add(" (")
		f.names(columns)
		f.add(")")
	}
}

func (f *formatter) relation(r Relation) {
	switch r := r.(type) {
	case *Table:
		f.table(r.Name)
		f.alias(r.Alias, r.Columns)
	case *TableFunction:
		f.call(r.Call)
		if r.Ordinality {
			f.add(" WITH ORDINALITY")
		}
		f.alias(r.Alias, r.Columns)
	case *Derived:
		if r.Lateral {
			f.add("LATERAL ")
		}
		f.add("(")
		f.query(r.Query)
		f.add(")")
		f.alias(r.Alias, r.Columns)
	case *Join:
		f.relation(r.Left)
		if r.Natural {
			f.add(" NATURAL")
		}
		f.add(" ", r.Type.String(), " JOIN ")
		if _, nested := r.Right.(*Join); nested {
			f.add("(")
			f.relation(r.Right)
			f.add(")")
		} else {
			f.relation(r.Right)
		}
		f.within(r.Within)
		f.clause(" ON ", r.On)
		if len(r.Using) > 0 {
			f.add(" USING (")
			f.names(r.Using)
			f.add(")")
		}
	}
}

func (f *formatter) within(w *Within) {
	if w == nil {
		return
	}
	f.add(" WITHIN ")
	if w.Symmetric {
		f.duration(w.Before)
	} else {
		f.add("(")
		f.duration(w.Before)
		f.add(", ")
		f.duration(w.After)
		f.add(")")
	}
	if w.Grace != nil {
		f.add(" GRACE PERIOD ")
		f.duration(*w.Grace)
	}
}

func (f *formatter) window(w *Window) {
	if !w.Name.Empty() {
		f.name(w.Name)
		f.add(" ")
	}
	f.add(w.Type.String(), " (")
	if w.Type != Session {
		f.add("SIZE ")
	}
	f.duration(w.Size)
	if w.Type == Hopping {
		f.add(", ADVANCE BY ")
		f.duration(w.Advance)
	}
	if w.Retention != nil {
		f.add(", RETENTION ")
		f.duration(*w.Retention)
	}
	if w.Grace != nil {
		f.add(", GRACE PERIOD ")
		f.duration(*w.Grace)
	}
	f.add(")")
}
