package metric

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Registry is all that a node tells: the groups that it was made with, from the sources that
// were added, and what Prometheus' library knows of the Go runtime and the process.
type Registry struct {
	groups []*Group
	all    *prometheus.Registry
	mu     struct {
		sync.Mutex
		sources []func(*Writer)
	}
}

// NewRegistry makes a registry of the families that sources may write. A scrape fails on any
// other, and on a series that is written twice.
func NewRegistry(groups ...*Group) *Registry {
	r := &Registry{groups: groups, all: prometheus.NewRegistry()}
	r.all.MustRegister(r, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// Add has a source write its values at each scrape. It may be called by several at once.
func (r *Registry) Add(source func(*Writer)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mu.sources = append(r.mu.sources, source)
}

// Gatherer is what a server of Prometheus' formats asks.
func (r *Registry) Gatherer() prometheus.Gatherer { return r.all }

// Describe implements prometheus.Collector.
func (r *Registry) Describe(out chan<- *prometheus.Desc) {
	for _, g := range r.groups {
		for _, f := range g.Families {
			out <- f.desc
		}
	}
}

// Collect implements prometheus.Collector.
func (r *Registry) Collect(out chan<- prometheus.Metric) {
	r.mu.Lock()
	sources := r.mu.sources
	r.mu.Unlock()
	w := &Writer{out: out}
	for _, write := range sources {
		write(w)
	}
}
