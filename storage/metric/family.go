// Package metric declares what a node counts, and hands it to Prometheus when it asks.
//
//	Group      the families of one room, as the reference page lists them
//	Family     name, kind, labels, and what to conclude
//	Histogram  durations, Counts rare events by label: what counts by itself
//	Writer     takes everything else at a scrape, from the room that has it
//	Registry   all of a node
//
// A room counts in atomic integers of its own and writes them down when somebody scrapes:
// nothing on the way of a record looks a label up, takes a lock or allocates for the sake of
// a metric, and what is gone (a topic, a query) is simply not written any more.
//
// Names follow Prometheus' conventions: the prefix tailrace_, base units last (_seconds,
// _bytes), _total behind counters. A test of the node's answer (server/e2e) keeps them.
package metric

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// Kind is how the values of a family behave.
type Kind string

// The kinds, by Prometheus' names. A counter never falls while its series exists.
const (
	KindCounter   Kind = "counter"
	KindGauge     Kind = "gauge"
	KindHistogram Kind = "histogram"
)

// Durations are the buckets of everything that is measured in seconds: from what a cache
// answers to what makes somebody look.
var Durations = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// Family is a metric with all its series.
type Family struct {
	Name string
	// Help says what is counted and what to conclude of it.
	Help   string
	Kind   Kind
	Labels []string

	buckets []float64
	desc    *prometheus.Desc
	sorted  []int // places of the labels in order of name, as Prometheus wants them
}

// Group is the families of one room.
type Group struct {
	Title    string
	Families []*Family
}

// Counter declares a counter.
func (g *Group) Counter(name, help string, labels ...string) *Family {
	return g.add(&Family{Name: name, Help: help, Kind: KindCounter, Labels: labels})
}

// Gauge declares a value that goes up and down.
func (g *Group) Gauge(name, help string, labels ...string) *Family {
	return g.add(&Family{Name: name, Help: help, Kind: KindGauge, Labels: labels})
}

// Durations declares a histogram of seconds.
func (g *Group) Durations(name, help string, labels ...string) *Family {
	return g.add(&Family{Name: name, Help: help, Kind: KindHistogram, Labels: labels, buckets: Durations})
}

func (g *Group) add(f *Family) *Family {
	f.desc = prometheus.NewDesc(f.Name, f.Help, f.Labels, nil)
	f.sorted = make([]int, len(f.Labels))
	for i, name := range f.Labels {
		place := 0
		for _, other := range f.Labels {
			if other < name {
				place++
			}
		}
		f.sorted[place] = i
	}
	g.Families = append(g.Families, f)
	return f
}

// mustHave panics when a series has too few labels or too many: a bug of whoever writes it.
func (f *Family) mustHave(values []string) {
	if len(values) != len(f.Labels) {
		panic(fmt.Sprintf("metric %s has the labels %v, given %v", f.Name, f.Labels, values))
	}
}
