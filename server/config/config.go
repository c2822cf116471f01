// Package config is the configuration of a server: one struct, composed from flags over
// environment over one YAML file over defaults.
//
//	tailrace server --kafka-addr 127.0.0.1:0      flag
//	TAILRACE_KAFKA_ADDR=127.0.0.1:0               environment
//	kafka-addr: 127.0.0.1:0                       file, --config tailrace.yaml
//
// Every setting is declared once, in settings.go; the flags, the reference page
// docs/reference/configuration.md and the checks come from there. Kafka's and ksqlDB's
// settings keep their names, so that a line of an existing properties file means the same.
package config

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"tailrace/sql/property"
)

// Config is the configuration of a server.
type Config struct {
	DataDir   string
	KafkaAddr string
	PGAddr    string
	HTTPAddr  string
	LogLevel  string
	LogFormat string

	SlowStatement, SlowRequest, SlowDisk time.Duration // less than 0: nothing is slow

	MetricsPartitions bool

	AllowInsecureListeners bool
	HTTPAllowedHosts       string
	Console                bool
	ConsoleReadOnly        bool

	// AdvertisedKafkaAddr is what Metadata answers name; empty: the address that the
	// client reached, or the listener's own.
	AdvertisedKafkaAddr string

	ServiceID              string
	NumPartitions          int
	AutoCreateTopics       bool
	MessageMaxBytes        int64
	SegmentBytes           int64
	RetentionMs            int64
	RetentionBytes         int64
	RetentionCheckInterval time.Duration
	FlushMessages          int64
	FlushMs                int64
	NodeID                 int64
	CleanerBackoff         time.Duration
	ProducerExpiration     time.Duration
	InitialRebalanceDelay  time.Duration
	MinSessionTimeout      time.Duration
	MaxSessionTimeout      time.Duration
	GroupMaxSize           int64
	OffsetsRetention       time.Duration
	OffsetsCheckInterval   time.Duration
	RequestMaxBytes        int64
	MaxConnections         int
	MemoryBytes            int64 // 0: by what the machine has
	StateMemoryBytes       int64
	PGMaxConnections       int
	PGWriteTimeout         time.Duration
	PullTimeout            time.Duration

	// TopicDefaults are node-wide defaults of topics that were given, by topic key.
	TopicDefaults map[string]string

	// given are the settings that somebody gave, whatever their value: tools tell them from
	// defaults.
	given map[string]string

	// Properties are the ksql.* properties and consumer settings that sessions start
	// with; SET changes them for a session.
	Properties map[string]string
}

// Default is the configuration without file, environment or flags. It is the only place
// where defaults come from (settings.go declares them).
func Default() Config {
	c := Config{Properties: map[string]string{}, TopicDefaults: map[string]string{}}
	for _, s := range settings {
		if s.topicKey != "" {
			continue
		}
		if err := s.set(&c, s.Default); err != nil {
			panic(fmt.Sprintf("default of %s: %v", s.Key, err))
		}
	}
	return c
}

// Load composes a configuration: file is the YAML text or nil, env looks variables up,
// flags holds the flags that were given, by key. All faults are reported at once, each
// naming the key as the user typed it.
func Load(file []byte, env func(string) (string, bool), flags map[string]string) (Config, error) {
	c := Default()
	var faults Faults
	apply := func(typed, key, value string) {
		if err := c.Set(key, value); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", typed, err))
		}
	}
	if file != nil {
		values, err := fileValues(file)
		if err != nil {
			return c, err
		}
		for _, key := range sortedKeys(values) {
			apply(key+" in the configuration file", key, values[key])
		}
	}
	for _, s := range settings {
		if v, ok := env(s.Env()); ok {
			apply("environment variable "+s.Env(), s.Key, v)
		}
	}
	for _, key := range sortedKeys(flags) {
		apply("flag --"+key, key, flags[key])
	}
	var invalid Faults
	if errors.As(c.Validate(), &invalid) {
		faults = append(faults, invalid...)
	}
	return c, faults.asError()
}

// Faults is everything that is wrong with a configuration, one fault a line.
type Faults []error

// Error lists the faults.
func (f Faults) Error() string {
	if len(f) == 1 {
		return f[0].Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d settings are wrong:", len(f))
	for _, fault := range f {
		b.WriteString("\n  " + fault.Error())
	}
	return b.String()
}

// Unwrap returns the faults one by one.
func (f Faults) Unwrap() []error { return f }

func (f Faults) asError() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// fileValues flattens YAML: nested maps join their keys with dots, so that
// "ksql: {service.id: x}" and "ksql.service.id: x" are the same.
func fileValues(file []byte) (map[string]string, error) {
	var tree map[string]any
	if err := yaml.Unmarshal(file, &tree); err != nil {
		return nil, fmt.Errorf("configuration file is not YAML: %s", yaml.FormatError(err, false, true))
	}
	out := map[string]string{}
	var walk func(prefix string, node map[string]any)
	walk = func(prefix string, node map[string]any) {
		for k, v := range node {
			if sub, ok := v.(map[string]any); ok {
				walk(prefix+k+".", sub)
				continue
			}
			out[prefix+k] = fmt.Sprint(v)
		}
	}
	walk("", tree)
	return out, nil
}

// Set sets one setting by its key, as a flag or a line of the file would. Keys of the
// families ksql. and auto.offset.reset that are not settings of the server become
// properties of sessions.
func (c *Config) Set(key, value string) error {
	for _, s := range settings {
		if s.Key == key {
			if c.given == nil {
				c.given = map[string]string{}
			}
			c.given[key] = strings.TrimSpace(value)
			return s.set(c, strings.TrimSpace(value))
		}
	}
	if isProperty(key) {
		c.Properties[key] = value
		if p, ok := property.Find(key); ok {
			return p.Check(value)
		}
		return nil
	}
	return fmt.Errorf("no such setting%s", suggestion(key))
}

// Given reports whether a setting was given in the file, the environment or a flag.
func (c *Config) Given(key string) bool {
	_, ok := c.given[key]
	return ok
}

// Value is what a setting was given, or its default.
func (c *Config) Value(s Setting) string {
	if v, ok := c.given[s.Key]; ok {
		return v
	}
	return s.Default
}

func isProperty(name string) bool {
	_, ok := property.Find(name)
	return ok || strings.HasPrefix(name, "ksql.")
}

// Validate reports every fault of the values together, as Faults.
func (c Config) Validate() error {
	var faults Faults
	check := func(ok bool, key, rule string, got any) {
		if !ok {
			faults = append(faults, fmt.Errorf("%s must be %s, not %v", key, rule, got))
		}
	}
	check(c.DataDir != "", "data-dir", "a folder", `""`)
	check(c.ServiceID != "", "ksql.service.id", "a name", `""`)
	check(c.NumPartitions >= 1 && c.NumPartitions <= 10000, "num.partitions", "between 1 and 10000", c.NumPartitions)
	check(c.MessageMaxBytes >= 1, "message.max.bytes", "at least 1", c.MessageMaxBytes)
	check(c.SegmentBytes >= 1<<20, "log.segment.bytes", "at least 1048576 (1 MiB)", c.SegmentBytes)
	check(c.RetentionMs >= -1, "log.retention.ms", "-1 or more", c.RetentionMs)
	check(c.RetentionBytes >= -1, "log.retention.bytes", "-1 or more", c.RetentionBytes)
	check(c.RetentionCheckInterval > 0, "log.retention.check.interval.ms", "at least 1", c.RetentionCheckInterval.Milliseconds())
	check(c.FlushMessages >= 0, "log.flush.interval.messages", "0 or more", c.FlushMessages)
	check(c.PGWriteTimeout > 0, "pg.write.timeout.ms", "at least 1", c.PGWriteTimeout.Milliseconds())
	check(c.FlushMs >= 0, "log.flush.interval.ms", "0 or more", c.FlushMs)
	check(c.InitialRebalanceDelay >= 0, "group.initial.rebalance.delay.ms", "0 or more", c.InitialRebalanceDelay.Milliseconds())
	check(c.NodeID >= 1 && c.NodeID <= math.MaxInt32, "node.id", "between 1 and 2147483647", c.NodeID)
	check(c.CleanerBackoff > 0, "log.cleaner.backoff.ms", "at least 1", c.CleanerBackoff.Milliseconds())
	check(c.ProducerExpiration > 0, "producer.id.expiration.ms", "at least 1", c.ProducerExpiration.Milliseconds())
	check(c.MinSessionTimeout > 0 && c.MinSessionTimeout <= c.MaxSessionTimeout, "group.min.session.timeout.ms",
		fmt.Sprintf("between 1 and group.max.session.timeout.ms (%d)", c.MaxSessionTimeout.Milliseconds()), c.MinSessionTimeout.Milliseconds())
	check(c.GroupMaxSize >= 1 && c.GroupMaxSize <= math.MaxInt32, "group.max.size", "at least 1", c.GroupMaxSize)
	check(c.OffsetsRetention > 0, "offsets.retention.minutes", "at least 1", c.OffsetsRetention/time.Minute)
	check(c.OffsetsCheckInterval > 0, "offsets.retention.check.interval.ms", "at least 1", c.OffsetsCheckInterval.Milliseconds())
	check(c.RequestMaxBytes >= 1024, "socket.request.max.bytes", "at least 1024", c.RequestMaxBytes)
	check(c.MaxConnections >= 1, "max.connections", "at least 1", c.MaxConnections)
	check(c.MemoryBytes == 0 || c.MemoryBytes >= 128<<20, "memory.bytes", "0, or at least 134217728 (128 MiB)", c.MemoryBytes)
	check(c.StateMemoryBytes >= 16<<20, "state.memory.bytes", "at least 16777216 (16 MiB)", c.StateMemoryBytes)
	check(c.PGMaxConnections >= 1, "pg.max.connections", "at least 1", c.PGMaxConnections)
	check(c.SlowStatement >= -time.Millisecond, "log.slow.statement.ms", "-1 or more", c.SlowStatement.Milliseconds())
	check(c.SlowRequest >= -time.Millisecond, "log.slow.request.ms", "-1 or more", c.SlowRequest.Milliseconds())
	check(c.SlowDisk >= -time.Millisecond, "log.slow.disk.ms", "-1 or more", c.SlowDisk.Milliseconds())
	check(c.PullTimeout > 0, "pull.timeout.ms", "at least 1", c.PullTimeout.Milliseconds())
	return faults.asError()
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
