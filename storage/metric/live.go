package metric

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Histogram counts durations. Observing takes no lock and allocates nothing; nil counts
// nothing.
type Histogram struct {
	o prometheus.Observer
	m prometheus.Metric
}

// Histogram makes the histogram of one series.
func (f *Family) Histogram(values ...string) *Histogram {
	f.mustHave(values)
	vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: f.Name, Help: f.Help, Buckets: f.buckets}, f.Labels)
	o := vec.WithLabelValues(values...)
	return &Histogram{o: o, m: o.(prometheus.Metric)}
}

// Observe counts one duration.
func (h *Histogram) Observe(d time.Duration) {
	if h != nil {
		h.o.Observe(d.Seconds())
	}
}

// Counts are the counters of a family whose series come up as they are counted. It takes a
// lock, and so is for what is rare: errors, refusals.
type Counts struct {
	f  *Family
	mu struct {
		sync.Mutex
		series map[string]*series
	}
}

type series struct {
	values []string
	n      int64
}

// Counts makes the counters of a family.
func (f *Family) Counts() *Counts {
	c := &Counts{f: f}
	c.mu.series = map[string]*series{}
	return c
}

// Add counts n more; nil counts nothing.
func (c *Counts) Add(n int64, values ...string) {
	if c == nil {
		return
	}
	c.f.mustHave(values)
	key := strings.Join(values, "\x00")
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.mu.series[key]
	if s == nil {
		s = &series{values: slices.Clone(values)}
		c.mu.series[key] = s
	}
	s.n += n
}

// Get is what has been counted of one series.
func (c *Counts) Get(values ...string) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.mu.series[strings.Join(values, "\x00")]; s != nil {
		return s.n
	}
	return 0
}
