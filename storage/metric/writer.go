package metric

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Writer takes the values of one scrape.
type Writer struct {
	out chan<- prometheus.Metric
}

// Labels are the values of a series' labels, ready for every family with the same labels: at a
// scrape of ten thousand topics they are most of the cost.
type Labels struct{ pairs []*dto.LabelPair }

// With are the labels of a series.
func (f *Family) With(values ...string) Labels {
	f.mustHave(values)
	pairs := make([]*dto.LabelPair, len(values))
	for i, at := range f.sorted {
		v := printable(values[at])
		pairs[i] = &dto.LabelPair{Name: &f.Labels[at], Value: &v}
	}
	return Labels{pairs}
}

// printable is a value that Prometheus takes. Names that clients choose may be any bytes.
func printable(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[0])
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// Value writes a counter or a gauge.
func (w *Writer) Value(f *Family, v float64, values ...string) { w.At(f, v, f.With(values...)) }

// At is Value of a series whose labels are at hand.
func (w *Writer) At(f *Family, v float64, at Labels) { w.out <- sample{f, v, at.pairs} }

// Flag is Value of what is so or is not: 1 or 0.
func (w *Writer) Flag(f *Family, on bool, values ...string) {
	v := 0.0
	if on {
		v = 1
	}
	w.Value(f, v, values...)
}

// Histogram writes a histogram; nil has nothing to write.
func (w *Writer) Histogram(h *Histogram) {
	if h != nil {
		w.out <- h.m
	}
}

// Counts writes the counters that have come up.
func (w *Writer) Counts(c *Counts) {
	c.mu.Lock()
	out := make([]series, 0, len(c.mu.series))
	for _, s := range c.mu.series {
		out = append(out, *s)
	}
	c.mu.Unlock()
	for _, s := range out {
		w.Value(c.f, float64(s.n), s.values...)
	}
}

// sample is one value on its way out.
type sample struct {
	f     *Family
	v     float64
	pairs []*dto.LabelPair
}

// Desc implements prometheus.Metric.
func (s sample) Desc() *prometheus.Desc { return s.f.desc }

// Write implements prometheus.Metric.
func (s sample) Write(out *dto.Metric) error {
	out.Label = s.pairs
	if s.f.Kind == KindCounter {
		out.Counter = &dto.Counter{Value: &s.v}
	} else {
		out.Gauge = &dto.Gauge{Value: &s.v}
	}
	return nil
}
