package executor_test

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tailrace/executor"
	"tailrace/storage/metric"
	"tailrace/storage/metric/metrictest"
)

// How far a query is behind is told in records and in time, while it runs and while it does not;
// what it has read and written is that of all its tasks, also of those that are gone.
func TestMetricsOfALaggingQuery(t *testing.T) {
	fs := vfs.NewMem()
	n := start(t, fs, true, nil)
	n.topic("events", 1)
	q := counts(t, nil)
	n.start(q)
	scrape := func() metrictest.Scrape {
		return metrictest.Of(t, func(w *metric.Writer) { n.eng.WriteMetrics(w, true) }, executor.Metrics)
	}
	const at = `{query="CTAS_COUNTS_1"}`
	at1, at61 := event("a", 1), event("a", 1)
	at1.time, at61.time = 1_000, 61_000
	n.produce("events", 0, at1)
	if _, ok := scrape().Value("tailrace_query_lag_seconds" + at); ok {
		t.Error("the lag in seconds of a query that has read nothing is told")
	}
	n.idle()
	s := scrape()
	s.Want(t, "tailrace_query_lag_records"+at, 0)
	s.Want(t, "tailrace_query_lag_seconds"+at, 0)
	s.Want(t, "tailrace_query_read_records_total"+at, 2) // once each by the two tasks, through the repartition topic
	s.Want(t, "tailrace_query_written_records_total"+at, 2)
	s.Want(t, `tailrace_query_status{query="CTAS_COUNTS_1",status="RUNNING"}`, 1)

	n.produce("events", 0, at61)
	for range 2 { // as it runs, and as it does not
		s = scrape()
		s.Want(t, "tailrace_query_lag_records"+at, 1)
		s.Want(t, "tailrace_query_lag_seconds"+at, 60)
		s.Want(t, `tailrace_query_partition_lag_records{partition="0",query="CTAS_COUNTS_1",topic="events"}`, 1)
		s.Want(t, "tailrace_query_read_records_total"+at, 2)
		if err := n.eng.Pause(q.ID); err != nil {
			t.Fatal(err)
		}
	}
	s.Want(t, `tailrace_query_status{query="CTAS_COUNTS_1",status="PAUSED"}`, 1)
	s.Want(t, "tailrace_query_tasks"+at, 0)
	n.close()

	n = start(t, fs, true, nil) // one that has had no tasks since the start
	defer n.close()
	if err := n.eng.Restart(q); err != nil {
		t.Fatal(err)
	}
	if err := n.eng.Pause(q.ID); err != nil {
		t.Fatal(err)
	}
	scrape().Want(t, "tailrace_query_lag_records"+at, 1)
	if err := n.eng.Resume(q.ID); err != nil {
		t.Fatal(err)
	}
	n.idle()
	scrape().Want(t, "tailrace_query_lag_records"+at, 0)
	if err := n.eng.Stop(q.ID, true); err != nil {
		t.Fatal(err)
	}
	if _, ok := scrape().Value("tailrace_query_tasks" + at); ok {
		t.Error("a query that was dropped is told of")
	}
}
