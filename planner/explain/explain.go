// Package explain writes plans as text, for EXPLAIN and for tests: one operator a line,
// its inputs indented below it, with schemas, keys, formats and state stores.
//
//	CTAS_C_0: table C (topic C, key KAFKA, value JSON)
//	Materialize C state=Materialize-2
//	  Project: `ORIGIN` STRING KEY, `N` BIGINT
//	    ORIGIN
//	    KSQL_AGG_VARIABLE_0
//	    Aggregate COUNT() state=Aggregate-1
//	      Repartition Repartition-1 (key KAFKA, value JSON)
//	        Rekey ORIGIN, NULL drops the row
//	          Source FLIGHTS (topic flights, key KAFKA, value JSON): `ORIGIN` STRING
package explain

import (
	"fmt"
	"strings"

	"tailrace/planner/plan"
	"tailrace/sql/expr"
)

// Text is the plan of a continuous query.
func Text(q *plan.Query) string {
	w := &writer{}
	result := "answers a client"
	if q.Kind == plan.MaterializeTable {
		result = "keeps the rows of " + strings.Join(q.Sources, ", ")
	}
	if s := q.Sink; s != nil {
		kind := "stream"
		if s.Table {
			kind = "table"
		}
		result = fmt.Sprintf("%s %s (topic %s, %s%s%s)", kind, s.Name, s.Topic, formats(s.Key, s.Value), window(s.Window), timestamp(s.Timestamp))
	}
	w.line(0, "%s: %s", q.ID, result)
	if q.Limit > 0 {
		w.line(0, "Limit %d", q.Limit)
	}
	w.node(0, q.Root.Node)
	return w.String()
}

// Operator is the line of one operator, without those that feed it.
func Operator(n plan.Node) string {
	w := &writer{}
	w.operator(0, n)
	line, _, _ := strings.Cut(w.String(), "\n")
	return line
}

type writer struct{ strings.Builder }

func (w *writer) line(depth int, format string, args ...any) {
	w.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(w, format, args...)
	w.WriteByte('\n')
}

func (w *writer) node(depth int, n plan.Node) {
	w.operator(depth, n)
	for _, in := range n.Inputs() {
		w.node(depth+1, in)
	}
}

func (w *writer) operator(depth int, n plan.Node) {
	schema := n.Schema().String()
	switch n := n.(type) {
	case *plan.Source:
		w.line(depth, "Source %s (topic %s, %s%s%s): %s%s", n.Name, n.Topic, formats(n.Key, n.Value), window(n.Window), sourceTime(n), schema, state(n.StateID))
	case *plan.Filter:
		w.line(depth, "Filter %s", expr.Format(n.Predicate))
	case *plan.Project:
		w.line(depth, "Project: %s", schema)
		for _, e := range n.Exprs {
			w.line(depth+1, "%s", expr.Format(e))
		}
	case *plan.FlatMap:
		w.line(depth, "FlatMap %s", calls(n.Calls))
	case *plan.Rekey:
		drop := ""
		if n.DropNull {
			drop = ", NULL drops the row"
		}
		w.line(depth, "Rekey %s%s", exprs(n.Keys), drop)
	case *plan.Repartition:
		count := ""
		if n.Partitions > 0 {
			count = fmt.Sprintf(", %d partitions", n.Partitions)
		}
		w.line(depth, "Repartition %s (%s%s)", n.Name, formats(n.Key, n.Value), count)
	case *plan.Aggregate:
		over := ""
		if n.Window != nil {
			over = " " + windowText(n.Window)
		}
		w.line(depth, "Aggregate %s%s%s", aggregates(n.Calls), over, state(n.StateID))
	case *plan.Suppress:
		w.line(depth, "Suppress until the window closes%s", state(n.StateID))
	case *plan.Materialize:
		keep := ""
		if n.Retention > 0 {
			keep = fmt.Sprintf(" for %d ms", n.Retention)
		}
		w.line(depth, "Materialize %s%s%s", n.Name, keep, state(n.StateID))
	default:
		w.join(depth, n)
	}
}

func (w *writer) join(depth int, n plan.Node) {
	schema := n.Schema().String()
	switch n := n.(type) {
	case *plan.StreamTableJoin:
		w.line(depth, "StreamTableJoin %s: %s%s", n.Type, schema, state(n.StateID))
	case *plan.StreamStreamJoin:
		grace := ""
		if n.Grace != nil {
			grace = fmt.Sprintf(" grace %d ms", *n.Grace)
		}
		w.line(depth, "StreamStreamJoin %s within -%d ms +%d ms%s: %s%s", n.Type, n.Before, n.After, grace, schema, state(n.StateID))
	case *plan.TableTableJoin:
		w.line(depth, "TableTableJoin %s: %s%s", n.Type, schema, state(n.StateID))
	case *plan.ForeignKeyJoin:
		w.line(depth, "ForeignKeyJoin %s on %s: %s%s", n.Type, expr.Format(n.LeftKey), schema, state(n.StateID))
	default:
		w.line(depth, "%s", plan.OpName(n))
	}
}

func formats(key, value plan.Format) string {
	return "key " + format(key) + ", value " + format(value)
}

func format(f plan.Format) string {
	out := f.Name
	if f.Delimiter != "" {
		out += fmt.Sprintf(" %q", f.Delimiter)
	}
	if f.Unwrapped && f.Name == "JSON" {
		out += " unwrapped"
	}
	return out
}

func window(w *plan.KeyWindow) string {
	switch {
	case w == nil:
		return ""
	case w.Size == 0:
		return ", " + w.Kind + " windows"
	}
	return fmt.Sprintf(", %s windows of %d ms", w.Kind, w.Size)
}

func windowText(w *plan.Window) string {
	advance := ""
	if w.Kind == "HOPPING" {
		advance = fmt.Sprintf(" advance %d ms", w.Advance)
	}
	return fmt.Sprintf("%s %d ms%s grace %d ms", w.Kind, w.Size, advance, w.Grace)
}

func timestamp(t *plan.Timestamp) string {
	if t == nil {
		return ""
	}
	return fmt.Sprintf(", time from column %d", t.Column)
}

func sourceTime(n *plan.Source) string {
	if n.Timestamp == nil {
		return ""
	}
	out := ", time from " + n.Declared.Columns[n.Timestamp.Column].Name
	if n.Timestamp.Format != "" {
		out += " as " + n.Timestamp.Format
	}
	return out
}

func state(id string) string {
	if id == "" {
		return ""
	}
	return " state=" + id
}

func exprs(list []*expr.Expr) string {
	if len(list) == 0 {
		return "no key"
	}
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = expr.Format(e)
	}
	return strings.Join(parts, ", ")
}

func calls(list []plan.TableCall) string {
	parts := make([]string, len(list))
	for i, c := range list {
		parts[i] = c.Name + "(" + argList(c.Args) + ")"
	}
	return strings.Join(parts, ", ")
}

func argList(list []*expr.Expr) string {
	if len(list) == 0 {
		return ""
	}
	return exprs(list)
}

func aggregates(list []plan.AggregateCall) string {
	parts := make([]string, len(list))
	for i, c := range list {
		args := argList(c.Args)
		for _, k := range c.Initial {
			lit := expr.Lit(k.Type, k.V)
			args += ", " + expr.Format(lit)
		}
		if args == "" {
			args = "*"
		}
		parts[i] = c.Name + "(" + strings.TrimPrefix(args, ", ") + ")"
	}
	return strings.Join(parts, ", ")
}
