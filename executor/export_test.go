package executor

import (
	"time"

	"tailrace/executor/topology"
	"tailrace/planner/plan"
)

// Unmetered lets queries that are made until restore count nothing.
func Unmetered() (restore func()) {
	was := newMeters
	newMeters = func(plan.Node, func() time.Time) *topology.Meters { return &topology.Meters{} }
	return func() { newMeters = was }
}

// Followers counts, for each task that push queries share, the queries.
func (e *Engine) Followers() []int {
	e.fans.mu.Lock()
	defer e.fans.mu.Unlock()
	var out []int
	for _, f := range e.fans.all {
		select {
		case <-f.opened:
			out = append(out, f.users)
		default:
		}
	}
	return out
}
