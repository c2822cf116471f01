// Package metrictest reads what a node tells Prometheus, as Prometheus does.
package metrictest

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"tailrace/storage/metric"
)

// Scrape is one answer.
type Scrape struct {
	Text     string
	Families map[string]*dto.MetricFamily
}

// Parse reads an answer with Prometheus' own parser.
func Parse(t testing.TB, r io.Reader) Scrape {
	t.Helper()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("Prometheus cannot read the metrics: %v", err)
	}
	return Scrape{string(text), families}
}

// Of scrapes one source of some groups.
func Of(t testing.TB, source func(*metric.Writer), groups ...*metric.Group) Scrape {
	t.Helper()
	r := metric.NewRegistry(groups...)
	r.Add(source)
	families, err := r.Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			t.Fatal(err)
		}
	}
	return Parse(t, &b)
}

// Labels are those of one series as {a="b",c="d"}, without le.
func Labels(m *dto.Metric) string {
	var out []string
	for _, p := range m.GetLabel() {
		out = append(out, fmt.Sprintf("%s=%q", p.GetName(), p.GetValue()))
	}
	slices.Sort(out)
	if len(out) == 0 {
		return ""
	}
	return "{" + strings.Join(out, ",") + "}"
}

// Series are the values of a scrape by name and labels: counters and gauges, and of
// histograms what ends in _count, _sum and _bucket.
func (s Scrape) Series() map[string]float64 {
	out := map[string]float64{}
	for name, f := range s.Families {
		for _, m := range f.GetMetric() {
			at := Labels(m)
			switch {
			case m.Counter != nil:
				out[name+at] = m.GetCounter().GetValue()
			case m.Gauge != nil:
				out[name+at] = m.GetGauge().GetValue()
			case m.Histogram != nil:
				h := m.GetHistogram()
				out[name+"_count"+at], out[name+"_sum"+at] = float64(h.GetSampleCount()), h.GetSampleSum()
				for _, b := range h.GetBucket() {
					out[fmt.Sprintf("%s_bucket%s le=%g", name, at, b.GetUpperBound())] = float64(b.GetCumulativeCount())
				}
			case m.Summary != nil:
				out[name+"_count"+at], out[name+"_sum"+at] = float64(m.GetSummary().GetSampleCount()), m.GetSummary().GetSampleSum()
			}
		}
	}
	return out
}

// Value is that of one series, as name{label="value"}; ok: there is one.
func (s Scrape) Value(series string) (v float64, ok bool) {
	v, ok = s.Series()[series]
	return v, ok
}

// Want fails unless a series has a value.
func (s Scrape) Want(t testing.TB, series string, want float64) {
	t.Helper()
	if got, ok := s.Value(series); !ok || got != want {
		t.Errorf("%s = %g (there: %v), want %g", series, got, ok, want)
	}
}
