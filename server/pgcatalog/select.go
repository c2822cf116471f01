package pgcatalog

import (
	"slices"
	"strconv"

	"tailrace/server/pgcatalog/syntax"
	"tailrace/sql/sqlerr"
)

// query binds a query inside of the SELECT parent, or at the top.
func (b *binder) query(q *syntax.Query, parent *scope, ctes *cte) (*plan, error) {
	for _, w := range q.With {
		var err error
		if ctes, err = b.with(w, q.Recursive, parent, ctes); err != nil {
			return nil, err
		}
	}
	limit, offset, err := b.limits(q, parent, ctes)
	if err != nil {
		return nil, err
	}
	var p *plan
	switch body := q.Body.(type) {
	case *syntax.Select:
		p, err = b.selectPlan(body, q.OrderBy, parent, ctes)
	default:
		if p, err = b.body(body, parent, ctes); err == nil && len(q.OrderBy) > 0 {
			p, err = b.ordered(p, q.OrderBy)
		}
	}
	if err != nil || limit == nil && offset == nil {
		return p, err
	}
	inner := p
	return &plan{cols: p.cols, correlated: p.correlated, run: func(ex *execution, parent *frame) ([][]any, error) {
		rows, err := inner.rows(ex, parent)
		if err != nil {
			return nil, err
		}
		return cut(ex, parent, rows, limit, offset)
	}}, nil
}

// renamed gives columns new names, as far as there are.
func renamed(cols []col, names []string, table string) ([]col, error) {
	if len(names) > len(cols) {
		return nil, sqlerr.New(sqlerr.InvalidColumnReference, "table %q has %d columns available but %d columns specified", table, len(cols), len(names))
	}
	cols = slices.Clone(cols)
	for i, n := range names {
		cols[i].name = n
	}
	return cols, nil
}

func (b *binder) limits(q *syntax.Query, parent *scope, ctes *cte) (limit, offset *expr, err error) {
	bind := func(e syntax.Expr) (*expr, error) {
		if e == nil {
			return nil, nil
		}
		v, err := (&scope{b: b, ctes: ctes}).value(e)
		if err != nil {
			return nil, err
		}
		return (&scope{b: b}).coerce(v, int8Type)
	}
	if limit, err = bind(q.Limit); err != nil {
		return nil, nil, err
	}
	offset, err = bind(q.Offset)
	return limit, offset, err
}

func cut(ex *execution, parent *frame, rows [][]any, limit, offset *expr) ([][]any, error) {
	f := &frame{ex: ex, parent: parent}
	number := func(e *expr, none int) (int, error) {
		if e == nil {
			return none, nil
		}
		v, err := e.eval(f)
		n, ok := v.(int64)
		if err != nil || !ok {
			return none, err
		}
		if n < 0 {
			return 0, sqlerr.New(sqlerr.InvalidRowCount, "LIMIT and OFFSET must not be negative").At(e.pos)
		}
		return int(min(n, 1<<40)), nil
	}
	skip, err := number(offset, 0)
	if err != nil {
		return nil, err
	}
	n, err := number(limit, len(rows))
	if err != nil {
		return nil, err
	}
	rows = rows[min(skip, len(rows)):]
	return rows[:min(n, len(rows))], nil
}

func (b *binder) body(body syntax.Body, parent *scope, ctes *cte) (*plan, error) {
	switch body := body.(type) {
	case *syntax.Query:
		return b.query(body, parent, ctes)
	case *syntax.Select:
		return b.selectPlan(body, nil, parent, ctes)
	case *syntax.Values:
		return b.valuesPlan(body, parent, ctes)
	}
	return b.setOp(body.(*syntax.SetOp), parent, ctes)
}

func (b *binder) valuesPlan(v *syntax.Values, parent *scope, ctes *cte) (*plan, error) {
	s := &scope{parent: parent, b: b, ctes: ctes}
	columns := make([][]*expr, len(v.Rows[0]))
	for _, row := range v.Rows {
		if len(row) != len(columns) {
			return nil, sqlerr.New(sqlerr.SyntaxError, "VALUES lists must all be the same length").At(row[0].Pos())
		}
		for i, e := range row {
			bound, err := s.value(e)
			if err != nil {
				return nil, err
			}
			columns[i] = append(columns[i], bound)
		}
	}
	p := &plan{}
	for i, list := range columns {
		t, err := s.unifyExprs(list)
		if err != nil {
			return nil, err
		}
		p.cols = append(p.cols, col{name: "column" + strconv.Itoa(i+1), typ: t})
	}
	p.correlated = s.correlated
	p.run = func(ex *execution, parent *frame) ([][]any, error) {
		f := &frame{ex: ex, parent: parent}
		rows := make([][]any, len(v.Rows))
		for r := range rows {
			rows[r] = make([]any, len(columns))
			for c := range columns {
				got, err := columns[c][r].eval(f)
				if err != nil {
					return nil, err
				}
				rows[r][c] = got
			}
		}
		return rows, nil
	}
	return p, nil
}

// setOp binds UNION, INTERSECT and EXCEPT.
func (b *binder) setOp(op *syntax.SetOp, parent *scope, ctes *cte) (*plan, error) {
	l, err := b.body(op.Left, parent, ctes)
	if err != nil {
		return nil, err
	}
	r, err := b.body(op.Right, parent, ctes)
	if err != nil {
		return nil, err
	}
	if len(l.cols) != len(r.cols) {
		return nil, sqlerr.New(sqlerr.SyntaxError, "each %s query must have the same number of columns", op.Op)
	}
	p := &plan{correlated: l.correlated || r.correlated}
	for i, c := range l.cols {
		p.cols = append(p.cols, col{name: c.name, typ: unify(c.typ, r.cols[i].typ)})
	}
	p.run = func(ex *execution, parent *frame) ([][]any, error) {
		left, err := l.convert(ex, parent, p.cols)
		if err != nil {
			return nil, err
		}
		right, err := r.convert(ex, parent, p.cols)
		if err != nil {
			return nil, err
		}
		return combine(op, left, right), ex.room(len(left) + len(right))
	}
	return p, nil
}

// convert runs a side of a set operation and brings its values into the common types.
func (p *plan) convert(ex *execution, parent *frame, to []col) ([][]any, error) {
	rows, err := p.rows(ex, parent)
	if err != nil {
		return nil, err
	}
	for i, c := range p.cols {
		if c.typ.shape() == to[i].typ.shape() && !c.typ.isName() || c.typ.oid == to[i].typ.oid {
			continue
		}
		for n, row := range rows {
			row = slices.Clone(row)
			if row[i] != nil && to[i].typ.shape() == isText {
				row[i] = ex.toText(row[i], c.typ)
			} else if row[i] != nil {
				row[i] = castNumber(row[i], to[i].typ.shape())
			}
			if n == 0 {
				rows = slices.Clone(rows)
			}
			rows[n] = row
		}
	}
	return rows, nil
}

func combine(op *syntax.SetOp, left, right [][]any) [][]any {
	if op.Op == "union" {
		all := append(slices.Clone(left), right...)
		if op.All {
			return all
		}
		return distinct(all)
	}
	count := map[string]int{}
	for _, row := range right {
		count[keys(row)]++
	}
	var out [][]any
	for _, row := range left {
		k := keys(row)
		found := count[k] > 0
		if found && op.All {
			count[k]--
		}
		if found == (op.Op == "intersect") {
			out = append(out, row)
		}
	}
	if op.All {
		return out
	}
	return distinct(out)
}

func distinct(rows [][]any) [][]any { return unseen(rows, map[string]bool{}) }

// ordered sorts the result of a set operation, by its columns.
func (b *binder) ordered(p *plan, orders []syntax.Order) (*plan, error) {
	s := &scope{b: b, rels: []*rel{{cols: p.cols}}}
	var keys []*expr
	for _, o := range orders {
		if n, ok := ordinal(o.Expr); ok {
			if n < 1 || n > len(p.cols) {
				return nil, badOrdinal(n, o.Expr)
			}
			keys = append(keys, s.reference(s, 0, s.rels[0], n-1, o.Expr.Pos()))
			continue
		}
		e, err := s.value(o.Expr)
		if err != nil {
			return nil, err
		}
		keys = append(keys, e)
	}
	return &plan{cols: p.cols, correlated: p.correlated, run: func(ex *execution, parent *frame) ([][]any, error) {
		rows, err := p.rows(ex, parent)
		if err != nil {
			return nil, err
		}
		out := make([]output, len(rows))
		f := &frame{ex: ex, parent: parent, rows: make([][]any, 1)}
		for i, row := range rows {
			f.rows[0] = row
			out[i] = output{row: row}
			for _, k := range keys {
				v, err := k.eval(f)
				if err != nil {
					return nil, err
				}
				out[i].keys = append(out[i].keys, v)
			}
		}
		sortOutput(out, orders)
		sorted := make([][]any, len(out))
		for i := range out {
			sorted[i] = out[i].row
		}
		return sorted, nil
	}}, nil
}

// output is a row of a result with its sort keys.
type output struct {
	row  []any
	keys []any
}

func sortOutput(out []output, orders []syntax.Order) {
	slices.SortStableFunc(out, func(a, b output) int { return compareKeys(a.keys, b.keys, orders) })
}

func compareKeys(a, b []any, orders []syntax.Order) int {
	for i, o := range orders {
		if (a[i] == nil) != (b[i] == nil) {
			if (a[i] == nil) == o.NullsFirst {
				return -1
			}
			return 1
		}
		if c := compare(a[i], b[i]); c != 0 {
			if o.Desc {
				return -c
			}
			return c
		}
	}
	return 0
}

func ordinal(e syntax.Expr) (int, bool) {
	l, ok := e.(*syntax.Literal)
	if !ok || l.Kind != syntax.Number {
		return 0, false
	}
	n, err := strconv.Atoi(l.Text)
	return n, err == nil
}

func badOrdinal(n int, e syntax.Expr) error {
	return sqlerr.New(sqlerr.InvalidColumnReference, "ORDER BY position %d is not in select list", n).At(e.Pos())
}

// with binds a query of WITH and puts it in front of those before it.
func (b *binder) with(w syntax.CTE, recursive bool, parent *scope, ctes *cte) (*cte, error) {
	if op, ok := w.Query.Body.(*syntax.SetOp); ok && recursive && op.Op == "union" && len(w.Query.OrderBy) == 0 && w.Query.Limit == nil {
		return b.recursive(w, op, parent, ctes)
	}
	p, err := b.query(w.Query, parent, ctes)
	if err != nil {
		return nil, err
	}
	cols, err := renamed(p.cols, w.Columns, w.Name)
	return &cte{name: w.Name, cols: cols, plan: p, home: parent, outer: ctes}, err
}

// recursive binds base UNION step, where step may read the rows that the round before has
// made (cte.working). It ends with the round that makes none.
func (b *binder) recursive(w syntax.CTE, op *syntax.SetOp, parent *scope, ctes *cte) (*cte, error) {
	base, err := b.body(op.Left, parent, ctes)
	if err != nil {
		return nil, err
	}
	cols, err := renamed(base.cols, w.Columns, w.Name)
	if err != nil {
		return nil, err
	}
	self := &cte{name: w.Name, cols: cols, working: true, home: parent, outer: ctes}
	step, err := b.body(op.Right, parent, self)
	if err != nil {
		return nil, err
	}
	if len(step.cols) != len(cols) {
		_, err := b.setOp(op, parent, self) // says what is wrong
		return nil, err
	}
	p := &plan{cols: cols, correlated: parent != nil} // step alone cannot tell: working rows count as correlated
	p.run = func(ex *execution, parent *frame) ([][]any, error) {
		var all [][]any
		seen := map[string]bool{}
		round, err := base.convert(ex, parent, cols)
		for err == nil && len(round) > 0 {
			if !op.All {
				round = unseen(round, seen)
			}
			all = append(all, round...)
			if err = ex.room(len(all)); err != nil {
				break
			}
			ex.working[self] = round
			round, err = step.convert(ex, parent, cols)
		}
		delete(ex.working, self)
		return all, err
	}
	return &cte{name: w.Name, cols: cols, plan: p, home: parent, outer: ctes}, nil
}

func unseen(rows [][]any, seen map[string]bool) [][]any {
	var out [][]any
	for _, row := range rows {
		if k := keys(row); !seen[k] {
			seen[k] = true
			out = append(out, row)
		}
	}
	return out
}

// scan is a scan of what a query of WITH makes, from a scope inside of the one where it
// stands.
func (c *cte) scan(s *scope) *scan {
	if c.working || c.plan.correlated {
		for at := s; at != c.home && at != nil; at = at.parent {
			at.correlated = true
		}
	}
	if c.working {
		return &scan{rows: func(f *frame) ([][]any, error) { return f.ex.working[c], nil }}
	}
	depth := 0
	for at := s; at != c.home && at != nil; at = at.parent {
		depth++
	}
	return &scan{static: !c.plan.correlated, rows: func(f *frame) ([][]any, error) {
		ex := f.ex
		for range depth {
			f = f.parent
			if f == nil {
				break // nothing around is needed
			}
		}
		return c.plan.rows(ex, f)
	}}
}
