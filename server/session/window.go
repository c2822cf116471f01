package session

import (
	"fmt"
	"time"

	"tailrace/planner/plan"
	"tailrace/sql/ast"
)

// keptFor is how long a query's table shows its windows, in milliseconds of event time; 0 for
// ever, or where there are none.
func keptFor(q *plan.Query) int64 {
	if m, ok := q.Root.Node.(*plan.Materialize); ok && m.Window != nil {
		return m.Retention
	}
	return 0
}

// keptWindows tells who makes a windowed table what it will show, unless the statement says
// itself how long its windows matter.
func (s *Session) keptWindows(stmt ast.Statement, id string) string {
	as, ok := stmt.(*ast.CreateAs)
	if !ok {
		return ""
	}
	sel, ok := as.Query.(*ast.Select)
	if !ok || sel.Window == nil || sel.Window.Retention != nil || sel.Window.Grace != nil {
		return ""
	}
	q, ok := s.deps.Catalog.Plan(id)
	if !ok || keptFor(q) == 0 {
		return ""
	}
	return fmt.Sprintf("It shows windows for %s of event time after they start (sessions: end); RETENTION, in the WINDOW clause, makes that longer.", formatDuration(time.Duration(keptFor(q))*time.Millisecond))
}
