package metric

import "sync/atomic"

// Listeners are the metrics that every port has.
var Listeners = &Group{Title: "Listeners"}

var (
	connections = Listeners.Gauge("tailrace_connections",
		"Connections that are open. Near tailrace_connections_limit new clients are turned away.", "listener")
	connectionsLimit = Listeners.Gauge("tailrace_connections_limit",
		"Connections that may be open: max.connections, pg.max.connections, or less when the process has too few file descriptors.", "listener")
	connectionsAccepted = Listeners.Counter("tailrace_connections_accepted_total",
		"Connections accepted. Growing as fast as requests, a client connects for each: it wants a pool.", "listener")
	connectionsRefused = Listeners.Counter("tailrace_connections_refused_total",
		"Connections that were closed at once because the limit was reached.", "listener")
)

// Listener is what one port counts of its connections.
type Listener struct {
	Name                    string
	Open, Accepted, Refused atomic.Int64
}

// Write writes the listener's metrics; limit is how many connections it may have.
func (l *Listener) Write(w *Writer, limit int) {
	at := connections.With(l.Name)
	w.At(connections, float64(l.Open.Load()), at)
	w.At(connectionsLimit, float64(limit), at)
	w.At(connectionsAccepted, float64(l.Accepted.Load()), at)
	w.At(connectionsRefused, float64(l.Refused.Load()), at)
}
