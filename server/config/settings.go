package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tailrace/sql/sqlerr"
)

// Setting declares one setting: where it is named, what it means, how it is read.
type Setting struct {
	Key     string // flag and file
	Kind    string // of value: text, number or boolean
	Default string
	Doc     string // what it is, with its unit
	set     func(*Config, string) error
}

// Env is the environment variable of the setting: TAILRACE_KAFKA_ADDR for kafka-addr.
func (s Setting) Env() string {
	return "TAILRACE_" + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(s.Key))
}

// Settings lists all settings, in the order of the reference page.
func Settings() []Setting { return settings }

var settings = []Setting{
	text("data-dir", "tailrace-data", "Folder of the log, the state and the catalogue. One server at a time holds it.", func(c *Config) *string { return &c.DataDir }),
	text("kafka-addr", "127.0.0.1:9092", "Address of the Kafka protocol; port 0 picks a free one, \"off\" turns it off.", func(c *Config) *string { return &c.KafkaAddr }),
	text("pg-addr", "127.0.0.1:7432", "Address of the Postgres protocol; port 0 picks a free one, \"off\" turns it off.", func(c *Config) *string { return &c.PGAddr }),
	text("http-addr", "127.0.0.1:8088", "Address of health and metrics; port 0 picks a free one, \"off\" turns it off.", func(c *Config) *string { return &c.HTTPAddr }),
	text("log-level", "info", "Least severe log line: debug, info, warn or error.", func(c *Config) *string { return &c.LogLevel }, "debug", "info", "warn", "error"),
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
	millis("group.initial.rebalance.delay.ms", "0", "How long the first rebalance of an empty group waits for more members. Kafka's name; Kafka waits 3000.", func(c *Config) *time.Duration { return &c.InitialRebalanceDelay }),
	number("socket.request.max.bytes", "104857600", "Largest Kafka request. Kafka's name.", func(c *Config, n int64) { c.RequestMaxBytes = n }),
	number("max.connections", "10000", "Kafka connections at a time; further ones are closed. Kafka's name.", func(c *Config, n int64) { c.MaxConnections = int(n) }),

	text("ksql.service.id", "default_", "Part of the names of internal topics. ksqlDB's name.", func(c *Config) *string { return &c.ServiceID }),
	number("state.memory.bytes", "1073741824", "Memory for the state of all queries; beyond it state is spilled to disk.", func(c *Config, n int64) { c.StateMemoryBytes = n }),
	number("pg.max.connections", "1000", "Postgres connections at a time; further ones get SQLSTATE 53300.", func(c *Config, n int64) { c.PGMaxConnections = int(n) }),
	millis("pull.timeout.ms", "10000", "How long a pull query waits for a view to have applied the session's own writes.", func(c *Config) *time.Duration { return &c.PullTimeout }),
}

func text(key, def, doc string, field func(*Config) *string, allowed ...string) Setting {
	return Setting{key, "text", def, doc, func(c *Config, v string) error {
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
	return Setting{key, "number", def, doc, func(c *Config, v string) error {
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

func boolean(key, def, doc string, field func(*Config) *bool) Setting {
	return Setting{key, "boolean", def, doc, func(c *Config, v string) error {
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
