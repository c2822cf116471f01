package explain

import (
	"fmt"
	"strings"

	"tailrace/planner/plan"
	"tailrace/planner/plan/algebra"
	"tailrace/sql/expr"
)

// Query is the plan of a query that ends, its last operator first. A column is written with
// its number where several have its name.
func Query(q *algebra.Query) string {
	w := &queryWriter{q: q, names: map[string]int{}, seen: map[*algebra.CTE]bool{}}
	used := algebra.Set{}
	algebra.Walk(q.Root, func(n algebra.Node) {
		for _, id := range n.Cols() {
			if !used[id] {
				used[id] = true
				w.names[q.Columns[id].Name]++
			}
		}
	})
	var parts []string
	for _, r := range q.Output {
		parts = append(parts, w.name(r.ID)+as(w.name(r.ID), r.Name)+" "+q.Columns[r.ID].Type.String())
	}
	w.line(0, "Result: %s", strings.Join(parts, ", "))
	w.node(1, q.Root)
	return w.String()
}

func as(name, other string) string {
	if name == other {
		return ""
	}
	return " AS " + other
}

type queryWriter struct {
	writer
	q     *algebra.Query
	names map[string]int
	seen  map[*algebra.CTE]bool
}

func (w *queryWriter) name(id algebra.ID) string {
	name := w.q.Columns[id].Name
	if w.names[name] > 1 {
		return fmt.Sprintf("%s#%d", name, id)
	}
	return name
}

func (w *queryWriter) list(ids []algebra.ID) string {
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = w.name(id)
	}
	return strings.Join(parts, ", ")
}

// expr writes an expression with the names of the plan.
func (w *queryWriter) expr(e *expr.Expr) string {
	return expr.Format(expr.Map(e, func(e *expr.Expr) *expr.Expr {
		if e.Op != expr.OpColumn {
			return e
		}
		c := *e
		c.Name = w.name(e.Column)
		return &c
	}))
}

func (w *queryWriter) exprs(list []*expr.Expr) string {
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = w.expr(e)
	}
	return strings.Join(parts, ", ")
}

func (w *queryWriter) order(order []algebra.Order) string {
	parts := make([]string, len(order))
	for i, o := range order {
		parts[i] = w.name(o.ID)
		if o.Desc {
			parts[i] += " DESC"
		}
		if o.NullsFirst != o.Desc {
			parts[i] += map[bool]string{true: " NULLS FIRST", false: " NULLS LAST"}[o.NullsFirst]
		}
	}
	return strings.Join(parts, ", ")
}

func (w *queryWriter) node(depth int, n algebra.Node) {
	w.operator(depth, n)
	for _, in := range n.Inputs() {
		w.node(depth+1, in)
	}
	s, ok := n.(*algebra.Shared)
	if !ok || w.seen[s.CTE] {
		return
	}
	w.seen[s.CTE] = true
	w.node(depth+1, s.CTE.Body)
	if s.CTE.Step != nil {
		w.line(depth+1, "then, until there are no more:")
		w.node(depth+2, s.CTE.Step)
	}
}

func (w *queryWriter) operator(depth int, n algebra.Node) {
	switch n := n.(type) {
	case *algebra.Scan:
		w.scan(depth, n)
	case *algebra.Values:
		if len(n.IDs) == 0 {
			w.line(depth, "One row")
		} else {
			w.line(depth, "Values: %d rows of %s", len(n.Rows), w.list(n.IDs))
		}
	case *algebra.Filter:
		w.line(depth, "Filter %s", w.expr(n.Predicate))
	case *algebra.Compute:
		parts := make([]string, len(n.IDs))
		for i, id := range n.IDs {
			e := w.expr(n.Exprs[i])
			parts[i] = e + as(e, w.name(id))
		}
		w.line(depth, "Compute %s", strings.Join(parts, ", "))
	case *algebra.Unnest:
		parts := make([]string, len(n.Calls))
		for i, c := range n.Calls {
			parts[i] = fmt.Sprintf("%s(%s) AS %s", c.Name, w.exprs(c.Args), w.name(n.IDs[i]))
		}
		w.line(depth, "Unnest %s", strings.Join(parts, ", "))
	case *algebra.Join:
		w.join(depth, n)
	case *algebra.Mark:
		w.line(depth, "Mark %s: %s", w.name(n.ID), w.marked(n))
	case *algebra.Scalar:
		w.line(depth, "Scalar %s: %s of the only row", w.name(n.ID), w.name(n.Col))
	default:
		w.many(depth, n)
	}
}

// many writes the operators that look at many rows.
func (w *queryWriter) many(depth int, n algebra.Node) {
	switch n := n.(type) {
	case *algebra.Aggregate:
		w.aggregate(depth, n)
	case *algebra.Over:
		w.over(depth, n)
	case *algebra.Distinct:
		w.line(depth, "Distinct %s", w.list(n.On))
	case *algebra.Sort:
		w.line(depth, "Sort %s", w.order(n.Order))
	case *algebra.Limit:
		text := ""
		if n.Limit != nil {
			text += " " + w.expr(n.Limit)
		}
		if n.Offset != nil {
			text += " offset " + w.expr(n.Offset)
		}
		if n.Ties != nil {
			text += " with ties"
		}
		w.line(depth, "Limit%s", text)
	case *algebra.SetOp:
		all := ""
		if n.All {
			all = " all"
		}
		w.line(depth, "%s%s: %s", n.Kind, all, w.list(n.IDs))
	case *algebra.Shared:
		w.line(depth, "Common table expression %s: %s", n.CTE.Name, w.list(n.IDs))
	case *algebra.Working:
		w.line(depth, "Rows of the last round of %s: %s", n.CTE.Name, w.list(n.IDs))
	}
}

func (w *queryWriter) join(depth int, n *algebra.Join) {
	on := ""
	if n.On != nil {
		on = " on " + w.expr(n.On)
	}
	l, how := algebra.SetOf(n.L.Cols()), "join"
	for _, id := range algebra.Free(n.R) {
		if l[id] {
			how = "lateral join"
		}
	}
	w.line(depth, "%s %s%s", n.Kind, how, on)
}

func (w *queryWriter) marked(n *algebra.Mark) string {
	if len(n.Pairs) == 0 {
		return "there is a row"
	}
	var parts []string
	for _, p := range n.Pairs {
		parts = append(parts, fmt.Sprintf("%s %s %s", w.expr(p.L), n.Op, w.expr(p.R)))
	}
	which := "any row"
	if n.All {
		which = "all rows"
	}
	return strings.Join(parts, " and ") + " of " + which
}

func (w *queryWriter) calls(list []algebra.Call) string {
	parts := make([]string, len(list))
	for i, c := range list {
		args := w.exprs(c.Args)
		for _, k := range c.Initial {
			args += fmt.Sprintf(", %v", k.V)
		}
		if args = strings.TrimPrefix(args, ", "); args == "" && c.Overload != "" {
			args = "*"
		}
		if c.Distinct {
			args = "DISTINCT " + args
		}
		if len(c.Order) > 0 {
			args += " ORDER BY " + w.order(c.Order)
		}
		parts[i] = fmt.Sprintf("%s(%s)", c.Name, args)
		if c.Filter != nil {
			parts[i] += " FILTER " + w.expr(c.Filter)
		}
	}
	return strings.Join(parts, ", ")
}

func (w *queryWriter) aggregate(depth int, n *algebra.Aggregate) {
	by := ""
	if len(n.Keys) > 0 {
		keys := make([]algebra.ID, len(n.Keys))
		for i, k := range n.Keys {
			keys[i] = k.In
		}
		by = " by " + w.list(keys)
	}
	if n.Sets != nil {
		by += fmt.Sprintf(" in %d sets", len(n.Sets))
	}
	w.line(depth, "%s", strings.TrimRight("Aggregate "+w.calls(n.Calls)+by, " "))
}

func (w *queryWriter) over(depth int, n *algebra.Over) {
	var calls []algebra.Call
	for _, c := range n.Calls {
		calls = append(calls, c.Call)
	}
	text := w.calls(calls)
	if len(n.Partition) > 0 {
		text += " partition by " + w.list(n.Partition)
	}
	if len(n.Order) > 0 {
		text += " order by " + w.order(n.Order)
	}
	w.line(depth, "Window %s", text)
}

func (w *queryWriter) scan(depth int, n *algebra.Scan) {
	cols := ""
	if len(n.IDs) > 0 {
		cols = ": " + w.list(n.IDs)
	}
	switch {
	case n.Topic != nil:
		w.line(depth, "Scan topic %s of %s%s", n.Topic.Topic, n.Name, cols)
	case n.Lookup != nil:
		w.line(depth, "Lookup %s %s%s%s", n.Name, w.lookup(n.Lookup), w.windows(n), cols)
	default:
		w.line(depth, "Scan view %s%s%s", n.Name, w.windows(n), cols)
	}
}

func (w *queryWriter) lookup(l *plan.Lookup) string {
	if l.Keys == nil {
		return "key " + w.bounds(plan.Bounds{From: l.From, To: l.To})
	}
	var keys []string
	for _, k := range l.Keys {
		keys = append(keys, "("+w.exprs(k)+")")
	}
	return "key " + strings.Join(keys, ", ")
}

func (w *queryWriter) windows(n *algebra.Scan) string {
	out := ""
	if n.WindowStart.From != nil || n.WindowStart.To != nil {
		out += ", WINDOWSTART " + w.bounds(n.WindowStart)
	}
	if n.WindowEnd.From != nil || n.WindowEnd.To != nil {
		out += ", WINDOWEND " + w.bounds(n.WindowEnd)
	}
	return out
}

func (w *queryWriter) bounds(b plan.Bounds) string {
	var parts []string
	if b.From != nil {
		op := ">"
		if b.From.Inclusive {
			op = ">="
		}
		parts = append(parts, op+" "+w.expr(b.From.Value))
	}
	if b.To != nil {
		op := "<"
		if b.To.Inclusive {
			op = "<="
		}
		parts = append(parts, op+" "+w.expr(b.To.Value))
	}
	return strings.Join(parts, " and ")
}
