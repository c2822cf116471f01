// Package local is the log of one node: its topics, their partitions as Kafka's files,
// the offsets of consumer groups, and commits that are atomic over all of them. It
// implements commitlog.Log in process; the Kafka handlers serve the same Log by TCP.
package local

import (
	"context"
	"log/slog"
	"time"

	"tailrace/broker/partition"
	"tailrace/storage/commitlog"
	"tailrace/storage/env"
)

// Config says where a node keeps its log and how.
type Config struct {
	FS     env.FS // default env.Disk
	Dir    string
	Clock  env.Clock    // default env.SystemClock
	Rand   env.Rand     // default env.SystemRand
	Logger *slog.Logger // default: discard
	NodeID int32        // default 1

	// DefaultPartitions are those of a topic made without a count. Kafka: num.partitions.
	DefaultPartitions int32 // default 1
	// TopicDefaults are node-wide defaults of topic configurations, by topic key.
	TopicDefaults map[string]string
	// RetentionCheckInterval is how often retention looks at the logs. Kafka:
	// log.retention.check.interval.ms.
	RetentionCheckInterval time.Duration // default 5 min
}

// Open opens the log in c.Dir, making it when the folder is empty, and recovers what a
// crash left. It fails when another server holds the folder.
func Open(c Config) (*Log, error) { panic("unimplemented") }

// Log is a node's log. It implements commitlog.Log.
type Log struct{ commitlog.Log }

// ClusterID is the 22 characters that name the cluster, made with the folder.
func (l *Log) ClusterID() string { panic("unimplemented") }

// NodeID is the configured id of the node.
func (l *Log) NodeID() int32 { panic("unimplemented") }

// ValidateTopic checks a spec as CreateTopic would and returns the topic that it would
// make (without an id), with its defaults filled in.
func (l *Log) ValidateTopic(spec commitlog.TopicSpec) (commitlog.Topic, error) {
	panic("unimplemented")
}

// TopicByID describes a topic or fails with commitlog.ErrUnknownTopic.
func (l *Log) TopicByID(id [16]byte) (commitlog.Topic, error) { panic("unimplemented") }

// CreatePartitions grows a topic to count partitions.
func (l *Log) CreatePartitions(ctx context.Context, name string, count int32) error {
	panic("unimplemented")
}

// SetTopicConfig changes overrides of a topic: nil removes one. All or none is changed;
// the errors wrap commitlog.ErrInvalidConfig or ErrUnknownTopic.
func (l *Log) SetTopicConfig(ctx context.Context, name string, set map[string]*string) error {
	panic("unimplemented")
}

// ConfigEntry is one configuration of a topic as DescribeConfigs lists it.
type ConfigEntry struct {
	Key   *ConfigKey
	Value string
	// Override: set on the topic itself. NodeDefault: set by Config.TopicDefaults.
	// Neither: Kafka's default.
	Override, NodeDefault bool
	// NodeValue is the value that the topic would have without its override.
	NodeValue string
}

// TopicConfig lists every configuration of a topic, in order of name.
func (l *Log) TopicConfig(name string) ([]ConfigEntry, error) { panic("unimplemented") }

// ConfigType is the type of a configuration, numbered as in DescribeConfigs.
type ConfigType int8

// The types of topic configurations.
const (
	TypeBoolean ConfigType = 1
	TypeString  ConfigType = 2
	TypeInt     ConfigType = 3
	TypeLong    ConfigType = 5
	TypeDouble  ConfigType = 6
	TypeList    ConfigType = 7
)

// ConfigKey describes one topic configuration: Kafka's name, type and default.
type ConfigKey struct {
	Name    string
	Type    ConfigType
	Default string
	Doc     string
	// NodeKey is the broker-wide configuration that gives the default (log.retention.ms).
	NodeKey string
}

// ConfigKeys lists every topic configuration, in order of name.
func ConfigKeys() []ConfigKey { panic("unimplemented") }

// Partition returns a partition, or an error that wraps commitlog.ErrUnknownTopic or
// ErrUnknownPartition.
func (l *Log) Partition(tp commitlog.TopicPartition) (*partition.Partition, error) {
	panic("unimplemented")
}

// PartitionByID is Partition by topic id.
func (l *Log) PartitionByID(id [16]byte, n commitlog.PartitionID) (*partition.Partition, error) {
	panic("unimplemented")
}

// AllocateProducerID returns a producer id that was never given out before.
func (l *Log) AllocateProducerID(ctx context.Context) (int64, error) { panic("unimplemented") }

// Offsets is the store of committed offsets and group metadata.
func (l *Log) Offsets() *Offsets { panic("unimplemented") }
