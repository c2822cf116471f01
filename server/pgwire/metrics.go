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

// Described lists the metrics of this package for the generated page: name and what to
// conclude.
var Described = [][2]string{
	{"pgwire_connections_total", "Postgres connections accepted. Growing as fast as statements, a client connects for each: it wants a pool."},
	{"pgwire_statements_total", "Statements run."},
	{"pgwire_statement_errors_total", "Errors sent to clients."},
	{"pgwire_rows_sent_total", "Rows sent."},
}
