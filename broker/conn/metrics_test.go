package conn

import (
	"testing"
	"time"

	"tailrace/storage/metric"
	"tailrace/storage/metric/metrictest"
)

// A request is counted when its answer is ready, and not when it is refused.
func TestRequestsAreCountedWhenTheyAreServed(t *testing.T) {
	h := &echo{entered: make(chan string, 10)}
	r := start(t, Config{MaxConnections: 2}, h)
	count := func() float64 {
		s := metrictest.Of(t, r.srv.WriteMetrics, Metrics, metric.Listeners)
		v, _ := s.Value(`tailrace_kafka_request_duration_seconds_count{api="Metadata"}`)
		return v
	}
	c := r.dial()
	r.send(c, append(request(1, "a"), request(2, "pending")...))
	r.want(c, "1 a")
	<-h.entered
	<-h.entered
	if n := count(); n != 1 {
		t.Errorf("%g requests are counted while one waits for the disk, want 1", n)
	}
	close(h.gate("pending"))
	r.want(c, "2 pending")
	bad := r.dial()
	r.send(bad, request(3, "refuse"))
	if !gone(bad) {
		t.Error("the server kept the connection")
	}
	if n := count(); n != 2 {
		t.Errorf("%g requests are counted, want 2", n)
	}
	for r.srv.Connections() > 1 {
		time.Sleep(time.Millisecond)
	}
	other := r.dial()
	r.send(other, request(4, "b"))
	r.want(other, "4 b")
	if !gone(r.dial()) {
		t.Error("a third connection was served")
	}
	s := metrictest.Of(t, r.srv.WriteMetrics, Metrics, metric.Listeners)
	for series, want := range map[string]float64{
		`tailrace_connections{listener="kafka"}`:                                 2,
		`tailrace_connections_limit{listener="kafka"}`:                           2,
		`tailrace_connections_accepted_total{listener="kafka"}`:                  3,
		`tailrace_connections_refused_total{listener="kafka"}`:                   1,
		`tailrace_kafka_connections_closed_total{reason="refused_request"}`:      1,
		`tailrace_kafka_request_duration_seconds_bucket{api="Metadata"} le=+Inf`: 3,
	} {
		s.Want(t, series, want)
	}
}
