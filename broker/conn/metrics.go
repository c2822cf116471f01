package conn

import (
	"sync/atomic"
	"time"

	"tailrace/broker/wire"
	"tailrace/storage/metric"
)

// Metrics are those of the Kafka port.
var Metrics = &metric.Group{Title: "Kafka port"}

var (
	requestDuration = Metrics.Durations("tailrace_kafka_request_duration_seconds",
		"From the last byte of a request to its answer being ready, by API, of requests that were served. Produce includes the wait for the disk, Fetch and JoinGroup the time that they are asked to wait.", "api")
	connectionsClosed = Metrics.Counter("tailrace_kafka_connections_closed_total",
		"Connections that the server closed, by reason. malformed is a client that does not speak Kafka (a port scan, TLS, HTTP); slow_client took no bytes for a minute; no_memory found no room for its request.", "reason")
	receivedBytes = Metrics.Counter("tailrace_kafka_received_bytes_total", "Bytes of requests.")
	sentBytes     = Metrics.Counter("tailrace_kafka_sent_bytes_total", "Bytes of answers.")
	sendfileBytes = Metrics.Counter("tailrace_kafka_sendfile_bytes_total",
		"Those of tailrace_kafka_sent_bytes_total that went from the page cache to the socket without passing through this process.")
)

// meters are what a server counts.
type meters struct {
	metric.Listener
	closed                      map[closeReason]*atomic.Int64
	bytesIn, bytesOut, sendfile atomic.Int64
	// served are the histograms by API key, made with the first request of each.
	served [maxKey + 1]atomic.Pointer[metric.Histogram]
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

func newMeters() *meters {
	m := &meters{closed: map[closeReason]*atomic.Int64{}}
	m.Name = "kafka"
	for _, r := range []closeReason{closeIdle, closeMalformed, closeHandler, closeSlow, closeMemory} {
		m.closed[r] = new(atomic.Int64)
	}
	return m
}

// observe counts a request that was served.
func (m *meters) observe(key wire.APIKey, took time.Duration) {
	if key < 0 || key > maxKey {
		return
	}
	h := m.served[key].Load()
	if h == nil {
		m.served[key].CompareAndSwap(nil, requestDuration.Histogram(key.Name()))
		h = m.served[key].Load()
	}
	h.Observe(took)
}

// Traffic is how many bytes have been received and sent.
func (s *Server) Traffic() (received, sent int64) {
	return s.meters.bytesIn.Load(), s.meters.bytesOut.Load()
}

// WriteMetrics writes the metrics of the port.
func (s *Server) WriteMetrics(w *metric.Writer) {
	m := s.meters
	m.Write(w, s.mostConnections())
	for reason, n := range m.closed {
		w.Value(connectionsClosed, float64(n.Load()), string(reason))
	}
	w.Value(receivedBytes, float64(m.bytesIn.Load()))
	w.Value(sentBytes, float64(m.bytesOut.Load()))
	w.Value(sendfileBytes, float64(m.sendfile.Load()))
	for i := range m.served {
		w.Histogram(m.served[i].Load())
	}
}
