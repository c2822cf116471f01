package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tailrace/broker/local"
	"tailrace/sql/sqlerr"
)

// Setting declares one setting: where it is named, what it means, how it is read.
type Setting struct {
	Key     string // flag and file
	Kind    string // of value: text, number or boolean
	Default string
	Doc     string // what it is, with its unit
	set     func(*Config, string) error
	// topicKey is the topic configuration whose default the setting is. It has no value
	// unless it is given.
	topicKey string
}

// Env is the environment variable of the setting: TAILRACE_KAFKA_ADDR for kafka-addr.
func (s Setting) Env() string {
	return "TAILRACE_" + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(s.Key))
}

// Settings lists all settings, in the order of the reference page.
func Settings() []Setting { return settings }

var settings = append([]Setting{
	text("data-dir", "tailrace-data", "Folder of the log, the state and the catalogue. One server at a time holds it.", func(c *Config) *string { return &c.DataDir }),
	text("kafka-addr", "127.0.0.1:9092", "Address of the Kafka protocol; port 0 picks a free one, \"off\" turns it off.", func(c *Config) *string { return &c.KafkaAddr }),
	text("pg-addr", "127.0.0.1:7432", "Address of the Postgres protocol; port 0 picks a free one, \"off\" turns it off.", func(c *Config) *string { return &c.PGAddr }),
	text("http-addr", "127.0.0.1:8088", "Address of the web console, its API, health and metrics; port 0 picks a free one, \"off\" turns it off.", func(c *Config) *string { return &c.HTTPAddr }),
	boolean("allow-insecure-listeners", "false", "Let listeners be reached from other machines. There is no authentication: whoever reaches a port may read and change everything.", func(c *Config) *bool { return &c.AllowInsecureListeners }),
	text("http-allowed-hosts", "", "Names, parted by commas, under which the HTTP port may be asked for, besides localhost, the machine's name and its addresses: browsers are kept from reaching it under a name of somebody else's.", func(c *Config) *string { return &c.HTTPAllowedHosts }),
	boolean("console.enabled", "true", "Serve the web console at / of the HTTP port, and its API under /api/.", func(c *Config) *bool { return &c.Console }),
	boolean("console.read.only", "false", "Let the web console show everything and change nothing.", func(c *Config) *bool { return &c.ConsoleReadOnly }),
	text("log.level", "info", "Least severe line of the server's log, which goes to standard error: debug, info, warn or error.", func(c *Config) *string { return &c.LogLevel }, "debug", "info", "warn", "error"),
	text("log.format", "text", "Form of the server's log: text (key=value) or json.", func(c *Config) *string { return &c.LogFormat }, "text", "json"),
	millis("log.slow.statement.ms", "1000", "A statement that takes longer stands in the log, its literals left out; -1: none does. Push queries and PRINT are left out.", func(c *Config) *time.Duration { return &c.SlowStatement }),
	millis("log.slow.request.ms", "1000", "A Kafka request that takes longer stands in the log; -1: none does. Those that are asked to wait (Fetch, JoinGroup, SyncGroup) are left out.", func(c *Config) *time.Duration { return &c.SlowRequest }),
	millis("log.slow.disk.ms", "1000", "An fsync, or a commit of a query, that takes longer stands in the log; -1: none does.", func(c *Config) *time.Duration { return &c.SlowDisk }),
	boolean("metrics.partitions", "true", "Let GET /metrics tell of each partition besides topics, consumer groups and queries. With many thousands of partitions these are most of the answer.", func(c *Config) *bool { return &c.MetricsPartitions }),
	text("advertised.kafka-addr", "", "Address that Kafka clients are told to connect to; empty: the listener's own.", func(c *Config) *string { return &c.AdvertisedKafkaAddr }),

	number("num.partitions", "1", "Partitions of a topic that is made without a count. Kafka's name.", func(c *Config, n int64) { c.NumPartitions = int(n) }),
	boolean("auto.create.topics.enable", "true", "Make a topic when a client first names it. Kafka's name.", func(c *Config) *bool { return &c.AutoCreateTopics }),
	number("message.max.bytes", "1048588", "Largest record batch that is accepted, compressed, in bytes. Kafka's name.", func(c *Config, n int64) { c.MessageMaxBytes = n }),
	number("log.segment.bytes", "1073741824", "Size at which a partition begins a new segment file. Kafka's name.", func(c *Config, n int64) { c.SegmentBytes = n }),
	number("log.retention.ms", "604800000", "How long closed segments are kept, by their newest record; -1 for ever. Kafka's name.", func(c *Config, n int64) { c.RetentionMs = n }),
	number("log.retention.bytes", "-1", "Size to which a partition is trimmed, in whole segments; -1 unlimited. Kafka's name.", func(c *Config, n int64) { c.RetentionBytes = n }),
	millis("log.retention.check.interval.ms", "300000", "How often retention looks at the logs. Kafka's name.", func(c *Config) *time.Duration { return &c.RetentionCheckInterval }),
	number("log.flush.interval.messages", "0", "0: acks=all waits for the disk (fsync, shared by all that wait). Otherwise records count as written when the page cache has them, and a log is synced after so many. Kafka's name.", func(c *Config, n int64) { c.FlushMessages = n }),
	number("log.flush.interval.ms", "0", "As log.flush.interval.messages, by time. Kafka's name.", func(c *Config, n int64) { c.FlushMs = n }),
	number("node.id", "1", "Id of this node. Kafka's name.", func(c *Config, n int64) { c.NodeID = n }),
	millis("log.cleaner.backoff.ms", "15000", "How often compaction looks for work. Kafka's name.", func(c *Config) *time.Duration { return &c.CleanerBackoff }),
	millis("producer.id.expiration.ms", "86400000", "After what silence an idempotent producer is forgotten. Kafka's name.", func(c *Config) *time.Duration { return &c.ProducerExpiration }),
	millis("group.initial.rebalance.delay.ms", "3000", "How long the first rebalance of an empty group waits for more members. Kafka's name.", func(c *Config) *time.Duration { return &c.InitialRebalanceDelay }),
	millis("group.min.session.timeout.ms", "6000", "Shortest session timeout that a group member may ask for. Kafka's name.", func(c *Config) *time.Duration { return &c.MinSessionTimeout }),
	millis("group.max.session.timeout.ms", "1800000", "Longest session timeout that a group member may ask for. Kafka's name.", func(c *Config) *time.Duration { return &c.MaxSessionTimeout }),
	number("group.max.size", "10000", "Most members of a group. Kafka's name; Kafka has no bound.", func(c *Config, n int64) { c.GroupMaxSize = n }),
	minutes("offsets.retention.minutes", "10080", "How long positions of a group are kept after its last member left. Kafka's name.", func(c *Config) *time.Duration { return &c.OffsetsRetention }),
	millis("offsets.retention.check.interval.ms", "600000", "How often positions are looked through for what has expired. Kafka's name.", func(c *Config) *time.Duration { return &c.OffsetsCheckInterval }),
	number("socket.request.max.bytes", "104857600", "Largest Kafka request. Kafka's name.", func(c *Config, n int64) { c.RequestMaxBytes = n }),
	number("max.connections", "10000", "Kafka connections at a time; further ones are closed. Kafka's name.", func(c *Config, n int64) { c.MaxConnections = int(n) }),

	text("ksql.service.id", "default_", "Part of the names of internal topics. ksqlDB's name.", func(c *Config) *string { return &c.ServiceID }),
	number("memory.bytes", "0", "Memory for the whole server; 0 is three quarters of what the machine, or its cgroup, has.", func(c *Config, n int64) { c.MemoryBytes = n }),
	number("state.memory.bytes", "1073741824", "Memory for the state of all queries, at most a quarter of memory.bytes; beyond it state is spilled to disk.", func(c *Config, n int64) { c.StateMemoryBytes = n }),
	number("pg.max.connections", "1000", "Postgres connections at a time; further ones get SQLSTATE 53300.", func(c *Config, n int64) { c.PGMaxConnections = int(n) }),
	millis("pg.write.timeout.ms", "120000", "How long a Postgres client may read nothing of what it is sent before its connection ends.", func(c *Config) *time.Duration { return &c.PGWriteTimeout }),
	millis("pull.timeout.ms", "10000", "How long a pull query waits for a view to have applied the session's own writes.", func(c *Config) *time.Duration { return &c.PullTimeout }),
}, topicSettings()...)

// topicSettings are the node-wide defaults of topics under the names of Kafka's brokers, but
// for those that have a setting of their own.
func topicSettings() []Setting {
	own := map[string]bool{"log.segment.bytes": true, "log.retention.ms": true, "log.retention.bytes": true,
		"message.max.bytes": true, "log.flush.interval.messages": true, "log.flush.interval.ms": true}
	kinds := map[local.ConfigType]string{local.TypeBoolean: "boolean", local.TypeInt: "number", local.TypeLong: "number", local.TypeDouble: "number"}
	var out []Setting
	for _, k := range local.ConfigKeys() {
		if k.NodeKey == "" || own[k.NodeKey] || !k.Acts() {
			continue
		}
		kind := kinds[k.Type]
		if kind == "" {
			kind = "text"
		}
		out = append(out, Setting{Key: k.NodeKey, Kind: kind, Default: k.Default, topicKey: k.Name,
			Doc: "Default of `" + k.Name + "` of topics. " + k.Doc, set: func(c *Config, v string) error {
				parsed, err := k.Parse(v)
				if err == nil {
					c.TopicDefaults[k.Name] = parsed
				}
				return err
			}})
	}
	return out
}

func text(key, def, doc string, field func(*Config) *string, allowed ...string) Setting {
	return Setting{Key: key, Kind: "text", Default: def, Doc: doc, set: func(c *Config, v string) error {
		for i, a := range allowed {
			if v == a {
				break
			}
			if i == len(allowed)-1 {
				return fmt.Errorf("must be one of %s, not %q", strings.Join(allowed, ", "), v)
			}
		}
		*field(c) = v
		return nil
	}}
}

func number(key, def, doc string, assign func(*Config, int64)) Setting {
	return Setting{Key: key, Kind: "number", Default: def, Doc: doc, set: func(c *Config, v string) error {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return fmt.Errorf("must be a whole number, not %q", v)
		}
		assign(c, n)
		return nil
	}}
}

func millis(key, def, doc string, field func(*Config) *time.Duration) Setting {
	return number(key, def, doc, func(c *Config, n int64) { *field(c) = time.Duration(n) * time.Millisecond })
}

func minutes(key, def, doc string, field func(*Config) *time.Duration) Setting {
	return number(key, def, doc, func(c *Config, n int64) { *field(c) = time.Duration(n) * time.Minute })
}

func boolean(key, def, doc string, field func(*Config) *bool) Setting {
	return Setting{Key: key, Kind: "boolean", Default: def, Doc: doc, set: func(c *Config, v string) error {
		b, err := strconv.ParseBool(v)
		if err != nil {
			return fmt.Errorf("must be true or false, not %q", v)
		}
		*field(c) = b
		return nil
	}}
}

// suggestion is ", did you mean X?" when a known key is near.
func suggestion(key string) string {
	names := make([]string, len(settings))
	for i, s := range settings {
		names[i] = s.Key
	}
	if near := sqlerr.Closest(key, names); near != "" {
		return fmt.Sprintf("; did you mean %s?", near)
	}
	return ""
}
