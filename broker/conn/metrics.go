package conn

import (
	"fmt"

	"github.com/VictoriaMetrics/metrics"

	"tailrace/broker/wire"
)

// meters are this package's metrics, with the children per API key resolved once.
type meters struct {
	connections *metrics.Counter // gauge: open now
	accepted    *metrics.Counter
	refused     *metrics.Counter
	closed      map[closeReason]*metrics.Counter
	bytesIn     *metrics.Counter
	bytesOut    *metrics.Counter
	sendfile    *metrics.Counter
	requests    [maxKey + 1]*metrics.Counter
	seconds     [maxKey + 1]*metrics.Histogram
}

const maxKey = 127

// closeReason says why the server closed a connection of its own accord.
type closeReason string

const (
	closeIdle      closeReason = "idle"
	closeMalformed closeReason = "malformed"
	closeHandler   closeReason = "refused_request"
	closeSlow      closeReason = "slow_client"
	closeMemory    closeReason = "no_memory"
)

// Described lists the metrics of this package for the generated page: name and help.
var Described = [][2]string{
	{"broker_connections", "Kafka connections open now. Near max.connections, new clients are turned away."},
	{"broker_connections_accepted_total", "Connections accepted. A rate far above that of new clients means that something reconnects in a loop: see broker_connections_closed_total."},
	{"broker_connections_refused_total", "Connections closed at once because max.connections was reached."},
	{"broker_connections_closed_total", "Connections closed by the server, by reason. malformed is a client that does not speak Kafka (a port scan, TLS, HTTP); slow_client took no bytes for a minute."},
	{"broker_received_bytes_total", "Bytes of requests."},
	{"broker_sent_bytes_total", "Bytes of answers."},
	{"broker_sendfile_bytes_total", "Those of them that went from the page cache to the socket without passing through this process."},
	{"broker_requests_total", "Requests, by API."},
	{"broker_request_duration_seconds", "Time from the last byte of a request to its answer being ready, by API. Fetch and JoinGroup include the time that they are asked to wait."},
}

func newMeters(set *metrics.Set) *meters {
	m := &meters{
		connections: set.GetOrCreateCounter("broker_connections"),
		accepted:    set.GetOrCreateCounter("broker_connections_accepted_total"),
		refused:     set.GetOrCreateCounter("broker_connections_refused_total"),
		bytesIn:     set.GetOrCreateCounter("broker_received_bytes_total"),
		bytesOut:    set.GetOrCreateCounter("broker_sent_bytes_total"),
		sendfile:    set.GetOrCreateCounter("broker_sendfile_bytes_total"),
		closed:      map[closeReason]*metrics.Counter{},
	}
	for _, r := range []closeReason{closeIdle, closeMalformed, closeHandler, closeSlow, closeMemory} {
		m.closed[r] = set.GetOrCreateCounter(fmt.Sprintf("broker_connections_closed_total{reason=%q}", r))
	}
	for key := range m.requests {
		name := wire.APIKey(key).Name()
		if name == "Unknown" {
			continue
		}
		m.requests[key] = set.GetOrCreateCounter(fmt.Sprintf("broker_requests_total{api=%q}", name))
		m.seconds[key] = set.GetOrCreateHistogram(fmt.Sprintf("broker_request_duration_seconds{api=%q}", name))
	}
	return m
}
