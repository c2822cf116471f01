package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

const mb = 1 << 20

// window is what happened in a stretch of time.
type window struct {
	records int64
	bytes   int64
	latency histogram
	began   time.Time
}

func (w *window) add(bytes int, latency time.Duration) {
	w.records++
	w.bytes += int64(bytes)
	w.latency.add(latency)
}

// figures are a window in numbers.
type figures struct {
	Summary   bool    `json:"summary"`
	Seconds   float64 `json:"seconds"`
	Records   int64   `json:"records"`
	PerSecond float64 `json:"recordsPerSecond"`
	MBs       float64 `json:"megabytesPerSecond"` // of 1,048,576 bytes

	AvgMs  *float64 `json:"avgLatencyMs,omitempty"`
	MaxMs  *float64 `json:"maxLatencyMs,omitempty"`
	P50Ms  *float64 `json:"p50LatencyMs,omitempty"`
	P95Ms  *float64 `json:"p95LatencyMs,omitempty"`
	P99Ms  *float64 `json:"p99LatencyMs,omitempty"`
	P999Ms *float64 `json:"p999LatencyMs,omitempty"`
}

func (w *window) figures(end time.Time, summary bool) figures {
	seconds := max(end.Sub(w.began).Seconds(), 1e-9)
	f := figures{Summary: summary, Seconds: seconds, Records: w.records, PerSecond: float64(w.records) / seconds, MBs: float64(w.bytes) / mb / seconds}
	if w.latency.count > 0 {
		ms := func(d time.Duration) *float64 { v := float64(d.Microseconds()) / 1000; return &v }
		f.AvgMs, f.MaxMs = ms(w.latency.mean()), ms(w.latency.max)
		f.P50Ms, f.P95Ms, f.P99Ms, f.P999Ms = ms(w.latency.percentile(500)), ms(w.latency.percentile(950)), ms(w.latency.percentile(990)), ms(w.latency.percentile(999))
	}
	return f
}

// printFigures prints a line of JSON, or the one of kafka-producer-perf-test.
func printFigures(out io.Writer, asJSON bool, f figures, verb string) error {
	if asJSON {
		return json.NewEncoder(out).Encode(f)
	}
	line := fmt.Sprintf("%d records %s, %.1f records/sec (%.2f MB/sec)", f.Records, verb, f.PerSecond, f.MBs)
	if f.AvgMs != nil {
		line += fmt.Sprintf(", %.2f ms avg latency, %.2f ms max latency", *f.AvgMs, *f.MaxMs)
		if f.Summary {
			line += fmt.Sprintf(", %.2f ms 50th, %.2f ms 95th, %.2f ms 99th, %.2f ms 99.9th", *f.P50Ms, *f.P95Ms, *f.P99Ms, *f.P999Ms)
		}
	}
	_, err := fmt.Fprintln(out, line+".")
	return err
}
