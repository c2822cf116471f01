package node

import (
	"runtime"
	"time"

	"tailrace/broker"
	"tailrace/broker/local"
	"tailrace/executor"
	"tailrace/server/admin"
	"tailrace/server/pgwire"
	"tailrace/storage/env"
	"tailrace/storage/memory"
	"tailrace/storage/metric"
)

var nodeMetrics = &metric.Group{Title: "Node"}

var (
	buildInfo = nodeMetrics.Gauge("tailrace_build_info", "1, with the version of the program and of Go that it was built with.", "version", "goversion")
	startTook = nodeMetrics.Gauge("tailrace_start_duration_seconds",
		"What the start took, by phase: log (partitions opened, verified where a crash had left something, and commits redone), state (of queries), catalog (statements replayed), groups (of consumers). Queries restore their state after it.", "phase")
	healthy   = nodeMetrics.Gauge("tailrace_healthy", "1 while a part that GET /health checks is well, 0 while it is not: queries (none has failed), storage (nothing is damaged). /health says what is wrong.", "check")
	faults    = nodeMetrics.Gauge("tailrace_faults", "Things that are out of service because they were found damaged, or because the disk refused a write. SHOW FAULTS and the log say which, and what to do.")
	diskBytes = nodeMetrics.Gauge("tailrace_disk_size_bytes", "Size of the disk that the data folder is on.")
	diskFree  = nodeMetrics.Gauge("tailrace_disk_available_bytes", "What is left of it. On a full disk commits wait, and appends fail, until there is room.")
	diskUsed  = nodeMetrics.Gauge("tailrace_disk_used_bytes", "What is used of it, by whatever there is on it.")
)

// MetricGroups are the metrics of a node, room by room, in the order of the reference page.
func MetricGroups() []*metric.Group {
	out := []*metric.Group{nodeMetrics, memory.Metrics, metric.Listeners}
	out = append(out, broker.Metrics...)
	return append(out, local.Metrics, executor.Metrics, pgwire.Metrics, admin.Metrics)
}

// phase is a part of the start.
type phase struct {
	name        string
	began, over time.Time
}

// begin ends the phase of the start that was going on, and begins the next, "" for none.
func (n *Node) begin(name string) {
	now := env.SystemClock.Now()
	if last := len(n.phases) - 1; last >= 0 {
		n.phases[last].over = now
	}
	if name != "" {
		n.phases = append(n.phases, phase{name: name, began: now})
	}
}

// registry is all that GET /metrics tells. All of it is at hand in memory, so that a scrape
// costs no more than writing it down.
func (n *Node) registry(web *admin.Counter, version string) *metric.Registry {
	n.web.Name = "http"
	r := metric.NewRegistry(MetricGroups()...)
	r.Add(func(w *metric.Writer) { n.writeMetrics(w, version) })
	r.Add(n.memory.WriteMetrics)
	r.Add(n.kafka.WriteMetrics)
	r.Add(func(w *metric.Writer) { n.log.WriteMetrics(w, n.cfg.MetricsPartitions) })
	r.Add(func(w *metric.Writer) { n.engine.WriteMetrics(w, n.cfg.MetricsPartitions) })
	r.Add(n.pg.WriteMetrics)
	r.Add(web.WriteMetrics)
	r.Add(func(w *metric.Writer) { n.web.Write(w, n.room.http) })
	return r
}

func (n *Node) writeMetrics(w *metric.Writer, version string) {
	w.Value(buildInfo, 1, version, runtime.Version())
	for _, p := range n.phases {
		w.Value(startTook, p.over.Sub(p.began).Seconds(), p.name)
	}
	for _, c := range n.checks() {
		w.Flag(healthy, c.Fault() == nil, c.Name)
	}
	w.Value(faults, float64(len(n.damage.Faults())))
	if size, usable := n.log.DiskBytes(); size >= 0 {
		w.Value(diskBytes, float64(size))
		w.Value(diskUsed, float64(n.log.DiskUsed()))
		w.Value(diskFree, float64(usable))
	}
}
