package memory

import "tailrace/storage/metric"

// Metrics are those of the accounts.
var Metrics = &metric.Group{Title: "Memory"}

var (
	usedBytes = Metrics.Gauge("tailrace_memory_used_bytes",
		"What the holders of an account have in memory, as they estimate it: state (of queries), push_queries, statements (what SELECTs gather), connections (what Postgres clients have theirs keep), kafka_requests (being read or handled), state_files (the cache in front of the state's files).", "account")
	shareBytes = Metrics.Gauge("tailrace_memory_share_bytes",
		"What the holders of an account may have. Above it state is spilled to disk, and statements fail with 53200.", "account")
	limitBytes = Metrics.Gauge("tailrace_memory_limit_bytes", "What all accounts may have together: half of memory.bytes.")
	refused    = Metrics.Counter("tailrace_memory_refused_total",
		"Times that a holder asked for more than there was, and failed with 53200.", "account")
)

// WriteMetrics writes the accounts.
func (b *Budget) WriteMetrics(w *metric.Writer) {
	for _, u := range b.Usage() {
		at := usedBytes.With(u.Name)
		w.At(usedBytes, float64(u.Used), at)
		w.At(shareBytes, float64(u.Share), at)
		w.At(refused, float64(u.Refused), at)
	}
	w.Value(limitBytes, float64(b.Limit()))
}
