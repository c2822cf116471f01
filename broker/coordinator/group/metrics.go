package group

import (
	"sync/atomic"

	"tailrace/storage/metric"
)

// Metrics are those of consumer groups, as far as membership goes; tailrace_group_lag_records
// is the log's.
var Metrics = &metric.Group{Title: "Consumer groups"}

var (
	groupsNow = Metrics.Gauge("tailrace_groups",
		"Consumer groups by state, those of queries (Empty: they have positions and no members) included. Many that stay in PreparingRebalance have members that do not come back in time.", "state")
	membersNow = Metrics.Gauge("tailrace_group_members",
		"Members of a consumer group. 0, while its lag grows, is a consumer that has stopped.", "group")
	rebalances = Metrics.Counter("tailrace_group_rebalances_total",
		"Generations that groups have begun: a member came or went. Growing all the time, look at their session timeouts.")
)

// shown is what is told of a group. The group itself may be locked for as long as the disk takes.
type shown struct {
	state   atomic.Uint32
	members atomic.Int64
	idle    atomic.Bool
}

// show tells how the group is; its lock is held.
func (e *entry) show() {
	e.shown.state.Store(uint32(e.g.state))
	e.shown.members.Store(int64(len(e.g.members)))
	e.shown.idle.Store(e.g.idle())
}

// WriteMetrics writes the metrics of all groups.
func (c *Coordinator) WriteMetrics(w *metric.Writer) {
	c.mu.Lock()
	entries := make(map[string]*entry, len(c.mu.groups))
	for id, e := range c.mu.groups {
		entries[id] = e
	}
	c.mu.Unlock()
	var by [states]int
	for id, e := range entries {
		if e.shown.idle.Load() {
			delete(entries, id) // nobody would notice if it were forgotten
			continue
		}
		by[State(e.shown.state.Load())]++
		w.Value(membersNow, float64(e.shown.members.Load()), id)
	}
	for _, id := range c.offsets.Groups() {
		if entries[id] == nil {
			by[Empty]++
		}
	}
	for s, n := range by {
		if State(s) != Dead {
			w.Value(groupsNow, float64(n), State(s).String())
		}
	}
	w.Value(rebalances, float64(c.rebalances.Load()))
}
