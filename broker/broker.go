// Package broker is a Kafka cluster of one node: it serves the log of package local to
// every Kafka client.
//
//	wire/               frames, headers, Produce and Fetch as bytes
//	conn/               listeners, connections, answers in order, sendfile
//	handler/            one file per API key
//	coordinator/group/  consumer groups: membership and offsets
//	partition/          one partition as its leader sees it
//	local/              topics, partitions and offsets of this node; the in-process Log
//
// A record's way in: conn cuts the frame, wire finds the batch in it, handler/00_produce
// appends it to its partition, the answer waits for the high watermark. Its way out:
// handler/01_fetch asks the partition for a range of a segment file, conn sends the
// range by sendfile or through a buffer.
package broker

import (
	"context"
	"errors"
	"net"

	"tailrace/broker/conn"
	"tailrace/broker/coordinator/group"
	"tailrace/broker/handler"
	"tailrace/broker/local"
	"tailrace/storage/metric"
)

// Broker serves one log.
type Broker struct {
	cfg    Config
	groups *group.Coordinator
	api    *handler.API
	server *conn.Server
}

// New makes a broker over an open log, which stays the caller's to close, after the
// broker. It loads the groups, and serves nothing yet.
func New(c Config, log *local.Log) (*Broker, error) {
	c = c.WithDefaults()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	host, port, err := c.advertised()
	if err != nil {
		return nil, err
	}
	if c.Group.Keep == nil {
		c.Group.Keep = log.OwnsGroup
	}
	groups, err := group.NewCoordinator(c.Group, log.Offsets())
	if err != nil {
		return nil, err
	}
	c.Conn.MaxConnectionsNow = func() int { return log.MaxConnections(c.Conn.MaxConnections) }
	api := handler.New(handler.Config{
		AdvertisedHost: host, AdvertisedPort: port, Rack: c.Rack,
		AutoCreateTopics:   !c.NoAutoCreateTopics,
		MaxTopicPartitions: c.MaxTopicPartitions,
		FetchMaxBytes:      c.FetchMaxBytes,
		BrokerConfigs:      c.entries(log),
		Clock:              c.Clock, Logger: c.Logger,
	}, log, groups)
	return &Broker{cfg: c, groups: groups, api: api, server: conn.New(c.Conn, api)}, nil
}

// Serve accepts connections on a listener until Close, when it returns ErrClosed, or
// until the listener fails. Several listeners may be served at once.
func (b *Broker) Serve(ln net.Listener) error { return b.server.Serve(ln) }

// ErrClosed is what Serve returns after Close.
var ErrClosed = conn.ErrClosed

// Close stops accepting, wakes requests that wait, answers those in progress, and closes
// the connections; those that are left when ctx ends are cut.
func (b *Broker) Close(ctx context.Context) error {
	err := b.server.Close(ctx)
	b.groups.Close()
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil // cutting connections is what ctx asked for
	}
	return err
}

// Groups is the coordinator, for those in this process that show groups.
func (b *Broker) Groups() *group.Coordinator { return b.groups }

// Traffic is how many bytes have been received and sent.
func (b *Broker) Traffic() (received, sent int64) { return b.server.Traffic() }

// Connections is the number of clients now.
func (b *Broker) Connections() int { return b.server.Connections() }

// Metrics are those of what clients see; package local has those of the log.
var Metrics = []*metric.Group{conn.Metrics, handler.Metrics, group.Metrics}

// WriteMetrics writes them.
func (b *Broker) WriteMetrics(w *metric.Writer) {
	b.server.WriteMetrics(w)
	b.api.WriteMetrics(w)
	b.groups.WriteMetrics(w)
}
