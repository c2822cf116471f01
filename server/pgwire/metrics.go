package pgwire

import (
	"sync"
	"sync/atomic"
	"time"

	"tailrace/sql/sqlerr"
	"tailrace/storage/metric"
)

// Metrics are those of the Postgres port.
var Metrics = &metric.Group{Title: "Postgres port"}

var (
	statementDuration = Metrics.Durations("tailrace_postgres_statement_duration_seconds",
		"What statements take, failed ones included, by kind: until the last row has been handed to the network. In the simple protocol planning counts, in the extended one execution alone. A push query takes as long as its client listens.", "kind")
	statementErrors = Metrics.Counter("tailrace_postgres_errors_total",
		"Errors sent to clients, by SQLSTATE. 42xxx are mistakes in statements; 53200 is memory, 53300 too many connections, 57014 a statement that was cancelled or took too long, 58030 the disk, XX000 a bug.", "sqlstate")
	sentRows      = Metrics.Counter("tailrace_postgres_sent_rows_total", "Rows sent.")
	sentBytes     = Metrics.Counter("tailrace_postgres_sent_bytes_total", "Bytes sent.")
	receivedBytes = Metrics.Counter("tailrace_postgres_received_bytes_total", "Bytes received.")
)

// meters are what a server counts.
type meters struct {
	metric.Listener
	rows, sent, received atomic.Int64
	errors               *metric.Counts
	kinds                sync.Map // kind of statement -> *metric.Histogram
}

func newMeters() *meters {
	m := &meters{errors: statementErrors.Counts()}
	m.Name = "postgres"
	for _, code := range []sqlerr.Code{sqlerr.OutOfMemory, sqlerr.TooManyConnections, sqlerr.QueryCanceled, sqlerr.InternalError} {
		m.errors.Add(0, string(code)) // the first one is to be seen as a rise
	}
	return m
}

// ran counts a statement.
func (m *meters) ran(kind string, took time.Duration) {
	h, ok := m.kinds.Load(kind)
	if !ok {
		h, _ = m.kinds.LoadOrStore(kind, statementDuration.Histogram(kind))
	}
	h.(*metric.Histogram).Observe(took)
}

// WriteMetrics writes the metrics of the port.
func (s *Server) WriteMetrics(w *metric.Writer) {
	s.meters.Write(w, s.cfg.MaxConnections)
	s.meters.kinds.Range(func(_, h any) bool {
		w.Histogram(h.(*metric.Histogram))
		return true
	})
	w.Counts(s.meters.errors)
	w.Value(sentRows, float64(s.meters.rows.Load()))
	w.Value(sentBytes, float64(s.meters.sent.Load()))
	w.Value(receivedBytes, float64(s.meters.received.Load()))
}
