package executor

import (
	"context"
	"fmt"
	"io"
)

// WriteMetrics writes what the queries of the engine are doing, in Prometheus' text
// format. It looks at the log for the lags, so it is for scrapes, not for loops.
//
//	query_lag_records           that grows says that a query is slower than its input
//	query_running 0             a query that has failed or is paused: SHOW QUERIES says why
//	processing_log_entries_total  records that were skipped or rows that failed
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
	fmt.Fprintf(w, "processing_log_entries_total %d\n", e.plog.Entries.Load())
	fmt.Fprintf(w, "processing_log_entries_dropped_total %d\n", e.plog.Dropped.Load())
	fmt.Fprintf(w, "late_rows_total %d\n", e.plog.Late.Load())
}
