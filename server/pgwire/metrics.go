package pgwire

import "github.com/VictoriaMetrics/metrics"

var (
	// connectionsTotal that grows much faster than statements means that a client
	// connects per statement: it wants a pool.
	connectionsTotal = metrics.NewCounter("pgwire_connections_total")
	statementsTotal  = metrics.NewCounter("pgwire_statements_total")
	errorsTotal      = metrics.NewCounter("pgwire_statement_errors_total")
	rowsTotal        = metrics.NewCounter("pgwire_rows_sent_total")
)
