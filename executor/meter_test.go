package executor_test

import (
	"slices"
	"testing"
	"time"

	"tailrace/executor"
)

// BenchmarkMeters is what the counters of operators cost: BenchmarkEndToEnd with and without them,
// in turns, so that what else the machine does falls upon both. CPU time of the process, medians.
func BenchmarkMeters(b *testing.B) {
	records := size(20_000, 1_000_000)
	batches := jsonBatches(b, records, 100_000)
	run := func(metered bool) time.Duration {
		if !metered {
			defer executor.Unmetered()()
		}
		_, cpu := endToEnd(b, batches, records, false)
		return cpu
	}
	run(true) // caches
	var with, without []time.Duration
	for b.Loop() {
		for _, metered := range []bool{true, false, false, true} {
			if metered {
				with = append(with, run(true))
			} else {
				without = append(without, run(false))
			}
		}
	}
	slices.Sort(with)
	slices.Sort(without)
	a, z := with[len(with)/2], without[len(without)/2]
	b.ReportMetric(float64(a.Nanoseconds())/float64(records), "cpu-ns/record")
	b.ReportMetric(float64(z.Nanoseconds())/float64(records), "unmetered-cpu-ns/record")
	b.ReportMetric(100*float64(a-z)/float64(z), "%more")
	b.ReportMetric(0, "ns/op")
}
