package broker

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"tailrace/broker/conn"
	"tailrace/broker/coordinator/group"
	"tailrace/broker/handler"
	"tailrace/broker/local"
	"tailrace/storage/env"
)

// Config configures the Kafka listener of a node. The log has its own (local.Config).
type Config struct {
	// Advertised is the host:port that clients are told to connect to. Empty tells each
	// client the address by which it reached us, which is right unless there is a proxy
	// or NAT between. Kafka: advertised.listeners.
	Advertised string
	// Rack is shown to clients. Kafka: broker.rack.
	Rack string
	// NoAutoCreateTopics turns off that a topic is made when a client first asks about
	// it. Kafka: auto.create.topics.enable.
	NoAutoCreateTopics bool
	// MaxTopicPartitions bounds the partitions of one topic; each costs some 8 KiB.
	MaxTopicPartitions int32 // default 10,000, at least 1
	// FetchMaxBytes bounds an answer to Fetch whatever the client asks for. Kafka:
	// fetch.max.bytes.
	FetchMaxBytes int32 // default 55 MiB, at least 1 KiB

	Conn  conn.Config
	Group group.Config

	Clock  env.Clock    // default env.SystemClock; also of Conn and Group
	Rand   env.Rand     // default env.SystemRand; also of Group
	Logger *slog.Logger // default: discard; also of Conn and Group
}

// WithDefaults fills in what is zero.
func (c Config) WithDefaults() Config {
	if c.MaxTopicPartitions == 0 {
		c.MaxTopicPartitions = 10_000
	}
	if c.FetchMaxBytes == 0 {
		c.FetchMaxBytes = 55 << 20
	}
	if c.Clock == nil {
		c.Clock = env.SystemClock
	}
	if c.Rand == nil {
		c.Rand = env.SystemRand
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Conn.Clock == nil {
		c.Conn.Clock = c.Clock
	}
	if c.Conn.Logger == nil {
		c.Conn.Logger = c.Logger
	}
	if c.Group.Clock == nil {
		c.Group.Clock = c.Clock
	}
	if c.Group.Rand == nil {
		c.Group.Rand = c.Rand
	}
	if c.Group.Logger == nil {
		c.Group.Logger = c.Logger
	}
	c.Conn = c.Conn.WithDefaults()
	c.Group = c.Group.WithDefaults()
	return c
}

// Validate names every fault.
func (c Config) Validate() error {
	_, _, err := c.advertised()
	errs := []error{err, c.Conn.Validate(), c.Group.Validate()}
	if c.MaxTopicPartitions < 1 {
		errs = append(errs, fmt.Errorf("max.topic.partitions must be at least 1, not %d", c.MaxTopicPartitions))
	}
	if c.FetchMaxBytes < 1024 {
		errs = append(errs, fmt.Errorf("fetch.max.bytes must be at least 1024, not %d", c.FetchMaxBytes))
	}
	return errors.Join(errs...)
}

// advertised takes Advertised apart.
func (c Config) advertised() (host string, port int32, err error) {
	if c.Advertised == "" {
		return "", 0, nil
	}
	h, p, err := net.SplitHostPort(c.Advertised)
	if err != nil {
		return "", 0, fmt.Errorf("advertised.listeners: %w", err)
	}
	n, err := strconv.ParseUint(p, 10, 16)
	if err != nil || h == "" || n == 0 {
		return "", 0, fmt.Errorf("advertised.listeners: %q is not host:port", c.Advertised)
	}
	return h, int32(n), nil
}

// entries is the broker's configuration as DescribeConfigs shows it.
func (c Config) entries(log *local.Log) []handler.BrokerConfig {
	def := Config{}.WithDefaults()
	was := log.Settings()
	var out []handler.BrokerConfig
	add := func(name string, t local.ConfigType, value, def any, doc string) {
		out = append(out, handler.BrokerConfig{Key: local.ConfigKey{Name: name, Type: t, Default: fmt.Sprint(def), Doc: doc}, Value: fmt.Sprint(value), ReadOnly: true})
	}
	millis := func(name string, t local.ConfigType, d, def time.Duration, doc string) {
		add(name, t, max(d, 0).Milliseconds(), max(def, 0).Milliseconds(), doc)
	}
	add("advertised.listeners", local.TypeList, c.Advertised, "", "The host:port that clients are told to connect to; empty: the address by which they came.")
	add("auto.create.topics.enable", local.TypeBoolean, !c.NoAutoCreateTopics, true, "Make a topic when a client first asks about it.")
	add("broker.id", local.TypeInt, log.NodeID(), 1, "The id of this node.")
	add("broker.rack", local.TypeString, c.Rack, "", "The rack of this node.")
	out[len(out)-1].Key.Unset = true
	millis("connections.max.idle.ms", local.TypeLong, c.Conn.IdleTimeout, def.Conn.IdleTimeout, "Close connections without requests after so long.")
	add("default.replication.factor", local.TypeInt, 1, 1, "The replication factor of new topics.")
	add("fetch.max.bytes", local.TypeInt, c.FetchMaxBytes, def.FetchMaxBytes, "The most bytes in one answer to Fetch.")
	millis("group.initial.rebalance.delay.ms", local.TypeInt, c.Group.InitialRebalanceDelay, def.Group.InitialRebalanceDelay, "How long the first members of a group wait for others.")
	millis("group.max.session.timeout.ms", local.TypeInt, c.Group.MaxSessionTimeout, def.Group.MaxSessionTimeout, "The longest session timeout of a group member.")
	add("group.max.size", local.TypeInt, c.Group.MaxSize, def.Group.MaxSize, "The most members in one group.")
	millis("group.min.session.timeout.ms", local.TypeInt, c.Group.MinSessionTimeout, def.Group.MinSessionTimeout, "The shortest session timeout of a group member.")
	add("log.dirs", local.TypeList, log.Dir(), "", "The folder of the log.")
	millis("log.retention.check.interval.ms", local.TypeLong, was.RetentionCheckInterval, local.Config{}.WithDefaults().RetentionCheckInterval, "How often retention looks at the logs.")
	add("node.id", local.TypeInt, log.NodeID(), 1, "The id of this node.")
	add("num.partitions", local.TypeInt, was.DefaultPartitions, 1, "The partitions of a topic that is made without a count.")
	add("offset.metadata.max.bytes", local.TypeInt, c.Group.MetadataMaxBytes, def.Group.MetadataMaxBytes, "The most text beside a committed offset.")
	millis("offsets.retention.check.interval.ms", local.TypeLong, c.Group.RetentionCheckInterval, def.Group.RetentionCheckInterval, "How often positions are looked through for what has expired.")
	add("offsets.retention.minutes", local.TypeInt, int64(c.Group.OffsetsRetention/time.Minute), int64(def.Group.OffsetsRetention/time.Minute), "How long the offsets of an empty group live.")
	add("offsets.topic.num.partitions", local.TypeInt, local.OffsetsPartitions, local.OffsetsPartitions, "The partitions of "+local.OffsetsTopic+".")
	add("offsets.topic.replication.factor", local.TypeShort, 1, 1, "The replication factor of "+local.OffsetsTopic+".")
	add("queued.max.request.bytes", local.TypeLong, c.Conn.QueuedRequestBytes, def.Conn.QueuedRequestBytes, "The memory of all requests in progress.")
	add("socket.request.max.bytes", local.TypeInt, c.Conn.MaxRequestBytes, def.Conn.MaxRequestBytes, "The largest request.")
	for _, k := range local.NodeKeys() {
		value, given := log.StaticNodeValue(k.Name)
		switch {
		case k.Name == "max.connections":
			value = fmt.Sprint(c.Conn.MaxConnections)
		case !given:
			value = k.Default
		}
		out = append(out, handler.BrokerConfig{Key: k, Value: value})
	}
	return out
}
