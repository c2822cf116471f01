package explain

import (
	"fmt"
	"strings"

	"tailrace/planner/plan"
	"tailrace/sql/expr"
)

// Pull is the plan of a query that ends, its last stage first.
func Pull(p *plan.Pull) string {
	w := &writer{}
	depth := 0
	stage := func(format string, args ...any) {
		w.line(depth, format, args...)
		depth++
	}
	if p.Limit != nil {
		stage("Limit %s", expr.Format(p.Limit))
	}
	if p.Offset != nil {
		stage("Offset %s", expr.Format(p.Offset))
	}
	if p.Distinct {
		stage("Distinct")
	}
	if len(p.Order) > 0 {
		stage("Sort %s", order(p))
	}
	stage("Project: %s", p.Output)
	for _, e := range p.Exprs {
		w.line(depth, "%s", expr.Format(e))
	}
	if p.Having != nil {
		stage("Filter %s", expr.Format(p.Having))
	}
	if p.Aggregate {
		by := ""
		if len(p.Groups) > 0 {
			by = " by " + exprs(p.Groups)
		}
		stage("Aggregate %s%s", aggregates(p.Calls), by)
	}
	if p.Predicate != nil {
		stage("Filter %s", expr.Format(p.Predicate))
	}
	switch {
	case p.Source == "":
		stage("One row")
	case p.Scan != nil:
		stage("Scan topic %s of %s: %s", p.Scan.Topic, p.Source, p.Input)
	case p.Lookup != nil:
		stage("Lookup %s %s%s", p.Source, lookup(p), windows(p))
	default:
		stage("Scan view %s%s", p.Source, windows(p))
	}
	return w.String()
}

func order(p *plan.Pull) string {
	var parts []string
	for _, o := range p.Order {
		text := fmt.Sprintf("column %d", o.Column+1)
		if o.Desc {
			text += " DESC"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

func lookup(p *plan.Pull) string {
	if p.Lookup.Keys == nil {
		return "key " + bounds(plan.Bounds{From: p.Lookup.From, To: p.Lookup.To})
	}
	var keys []string
	for _, k := range p.Lookup.Keys {
		keys = append(keys, "("+exprs(k)+")")
	}
	return "key " + strings.Join(keys, ", ")
}

func windows(p *plan.Pull) string {
	out := ""
	if p.WindowStart.From != nil || p.WindowStart.To != nil {
		out += ", WINDOWSTART " + bounds(p.WindowStart)
	}
	if p.WindowEnd.From != nil || p.WindowEnd.To != nil {
		out += ", WINDOWEND " + bounds(p.WindowEnd)
	}
	return out
}

func bounds(b plan.Bounds) string {
	var parts []string
	if b.From != nil {
		op := ">"
		if b.From.Inclusive {
			op = ">="
		}
		parts = append(parts, op+" "+expr.Format(b.From.Value))
	}
	if b.To != nil {
		op := "<"
		if b.To.Inclusive {
			op = "<="
		}
		parts = append(parts, op+" "+expr.Format(b.To.Value))
	}
	return strings.Join(parts, " and ")
}
