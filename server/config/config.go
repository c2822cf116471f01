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
	"sort"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// Config is the configuration of a server.
type Config struct {
	DataDir   string
	KafkaAddr string
	PGAddr    string
	HTTPAddr  string
	LogLevel  string

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
	InitialRebalanceDelay  time.Duration
	RequestMaxBytes        int64
	MaxConnections         int
	StateMemoryBytes       int64
	PGMaxConnections       int
	PullTimeout            time.Duration

	// Properties are the ksql.* properties and consumer settings that sessions start
	// with; SET changes them for a session.
	Properties map[string]string
}

// Default is the configuration without file, environment or flags. It is the only place
// where defaults come from (settings.go declares them).
func Default() Config {
	c := Config{Properties: map[string]string{}}
	for _, s := range settings {
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
	var faults []error
	apply := func(where, key, value string) {
		if err := c.Set(key, value); err != nil {
			faults = append(faults, fmt.Errorf("%s %s: %w", where, key, err))
		}
	}
	if file != nil {
		values, err := fileValues(file)
		if err != nil {
			return c, err
		}
		for _, key := range sortedKeys(values) {
			apply("configuration file:", key, values[key])
		}
	}
	for _, s := range settings {
		if v, ok := env(s.Env()); ok {
			apply("environment variable", s.Env()+" ("+s.Key+")", v)
		}
	}
	for _, key := range sortedKeys(flags) {
		apply("flag --"+key+":", key, flags[key])
	}
	if err := c.Validate(); err != nil {
		faults = append(faults, err)
	}
	return c, errors.Join(faults...)
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
	name := strings.TrimSuffix(key, ")")
	if i := strings.LastIndex(name, "("); i >= 0 {
		name = name[i+1:]
	}
	for _, s := range settings {
		if s.Key == name {
			return s.set(c, value)
		}
	}
	if isProperty(name) {
		c.Properties[name] = value
		return nil
	}
	return fmt.Errorf("no such setting%s", suggestion(name))
}

func isProperty(name string) bool {
	return strings.HasPrefix(name, "ksql.") || name == "auto.offset.reset" || name == "processing.guarantee" || name == "commit.interval.ms"
}

// Validate reports every fault of the values together.
func (c Config) Validate() error {
	var faults []error
	check := func(ok bool, key, rule string, got any) {
		if !ok {
			faults = append(faults, fmt.Errorf("%s must be %s, not %v", key, rule, got))
		}
	}
	check(c.DataDir != "", "data-dir", "a folder", `""`)
	check(c.NumPartitions >= 1 && c.NumPartitions <= 10000, "num.partitions", "between 1 and 10000", c.NumPartitions)
	check(c.SegmentBytes >= 1<<20, "log.segment.bytes", "at least 1 MiB", c.SegmentBytes)
	check(c.MessageMaxBytes >= 1, "message.max.bytes", "positive", c.MessageMaxBytes)
	check(c.RequestMaxBytes >= 1024, "socket.request.max.bytes", "at least 1024", c.RequestMaxBytes)
	check(c.MaxConnections >= 1, "max.connections", "positive", c.MaxConnections)
	check(c.PGMaxConnections >= 1, "pg.max.connections", "positive", c.PGMaxConnections)
	check(c.StateMemoryBytes >= 16<<20, "state.memory.bytes", "at least 16 MiB", c.StateMemoryBytes)
	check(c.ServiceID != "", "ksql.service.id", "not empty", `""`)
	check(c.PullTimeout > 0, "pull.timeout.ms", "positive", c.PullTimeout)
	return errors.Join(faults...)
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
