package executor

import (
	"context"
	"fmt"
	"io"
)

// Described lists the metrics that WriteMetrics writes, for the generated page: name and
// what to conclude.
var Described = [][2]string{
	{"query_running", "1 while a query runs. 0 is a query that has failed or is paused: SHOW QUERIES EXTENDED says why."},
	{"query_tasks", "Tasks of a query."},
	{"query_rows_in_total", "Rows that a query has read, its internal topics included."},
	{"query_rows_out_total", "Rows that a query has written, its internal topics included."},
	{"query_restarts_total", "Times a query was started again after a failure. One that grows fails again and again."},
	{"query_lag_records", "Records that a query has not made visible yet. One that grows is slower than its input."},
	{"input_missed_total", "Records that retention deleted before a query had read them. Any means results without them: queries are slower than retention, or were stopped for too long."},
	{"records_passed_total", "Records that were passed because computing them fails, alone: the processing log has topic, partition, offset and reason."},
	{"state_damaged_total", "Times that the folder of the state was found damaged, moved aside and filled again from the changelogs. Any is a reason to check the disk."},
	{"processing_log_entries_total", "Records that were skipped and rows that could not be computed: the processing log's topic has them."},
	{"processing_log_entries_dropped_total", "Entries that were counted only, because more came than the processing log takes."},
	{"late_rows_total", "Rows that came after their window had closed, and were left out."},
}

// WriteMetrics writes what the queries of the engine are doing, in Prometheus' text
// format. It looks at the log for the lags, so it is for scrapes, not for loops.
func (e *Engine) WriteMetrics(ctx context.Context, w io.Writer) {
	for _, r := range e.all() {
		st := r.status(ctx)
		lag := int64(0)
		for _, n := range st.Lag {
			lag += n
		}
		running := 0
		if st.State == Running {
			running = 1
		}
		label := fmt.Sprintf("{query=%q}", st.ID)
		fmt.Fprintf(w, "query_running%s %d\n", label, running)
		fmt.Fprintf(w, "query_tasks%s %d\n", label, st.Tasks)
		fmt.Fprintf(w, "query_rows_in_total%s %d\n", label, st.RowsIn)
		fmt.Fprintf(w, "query_rows_out_total%s %d\n", label, st.RowsOut)
		fmt.Fprintf(w, "query_restarts_total%s %d\n", label, st.Restarts)
		fmt.Fprintf(w, "query_lag_records%s %d\n", label, lag)
	}
	fmt.Fprintf(w, "input_missed_total %d\n", e.missed.Load())
	fmt.Fprintf(w, "records_passed_total %d\n", e.poisoned.Load())
	fmt.Fprintf(w, "state_damaged_total %d\n", e.rebuilt.Load())
	fmt.Fprintf(w, "processing_log_entries_total %d\n", e.plog.Entries.Load())
	fmt.Fprintf(w, "processing_log_entries_dropped_total %d\n", e.plog.Dropped.Load())
	fmt.Fprintf(w, "late_rows_total %d\n", e.plog.Late.Load())
}
