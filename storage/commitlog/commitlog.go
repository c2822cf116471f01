// Package commitlog is the seam between what computes and what keeps records: the
// executor, the server's statements and the command log see topics, partitions and
// offsets through Log, and never know whether the log lives in this process
// (broker/local) or in a Kafka cluster (commitlog/kafka).
//
//	      executor, server
//	             |
//	        commitlog.Log
//	        /           \
//	broker/local    commitlog/kafka
//
// Records travel as Kafka record batches v2, the very bytes of disk and wire (package
// storage/record builds and walks them): nothing is decoded for somebody who does not
// look. Both homes are held to one conformance suite, commitlog/logtest.
package commitlog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"time"
)

// Offset is the position of a record in its partition. The first record of a partition
// has offset 0.
type Offset int64

// PartitionID numbers the partitions of a topic from 0.
type PartitionID int32

// MaxTopicName is how long the name of a topic may be, in bytes; Kafka's bound.
const MaxTopicName = 249

// TopicPartition names one partition.
type TopicPartition struct {
	Topic     string
	Partition PartitionID
}

// Compare orders by topic, then by partition.
func (tp TopicPartition) Compare(o TopicPartition) int {
	return cmp.Or(cmp.Compare(tp.Topic, o.Topic), cmp.Compare(tp.Partition, o.Partition))
}

// String is "topic-partition", as Kafka names the partition's folder.
func (tp TopicPartition) String() string { return fmt.Sprintf("%s-%d", tp.Topic, tp.Partition) }

// Errors that callers tell apart with errors.Is; implementations wrap them with the name
// of the topic or partition.
var (
	ErrTopicExists      = errors.New("topic already exists")
	ErrUnknownTopic     = errors.New("unknown topic")
	ErrUnknownPartition = errors.New("unknown partition")
	ErrInvalidTopic     = errors.New("invalid topic name")
	ErrInvalidConfig    = errors.New("invalid topic configuration")
	ErrInvalidBatch     = errors.New("invalid record batch")
	ErrBatchTooLarge    = errors.New("record batch is larger than max.message.bytes")
	ErrOffsetOutOfRange = errors.New("offset out of range")
	ErrDamaged          = errors.New("records are damaged")
	ErrFenced           = errors.New("a newer owner has taken over")
	ErrClosed           = errors.New("log is closed")
)

// TopicSpec asks for a topic. Partitions or ReplicationFactor of -1 mean the default of
// the log; Configs holds Kafka's topic configuration names (cleanup.policy, ...).
type TopicSpec struct {
	Name              string
	Partitions        int32
	ReplicationFactor int16
	Configs           map[string]string
}

// RetentionClock is the topic configuration that says what retention.ms counts from:
// "record" (the default, Kafka's rule: the timestamp of a segment's youngest record) or
// "append" (when it was appended). A home that does not know it leaves it out.
const RetentionClock = "tailrace.retention.clock"

// KeptByAppend are the configurations of a topic that a statement makes: what it derives
// from old events must not vanish with their age. Who gives a retention asks for Kafka's
// rule.
func KeptByAppend(configs map[string]string) map[string]string {
	_, asked := configs["retention.ms"]
	_, chosen := configs[RetentionClock]
	if asked || chosen {
		return configs
	}
	out := maps.Clone(configs)
	if out == nil {
		out = map[string]string{}
	}
	out[RetentionClock] = "append"
	return out
}

// Topic describes a topic that exists.
type Topic struct {
	Name              string
	ID                [16]byte
	Partitions        int32
	ReplicationFactor int16
	Configs           map[string]string // overrides only
	Internal          bool              // kept by the system: hidden from listings unless asked for
	// RetentionMs is how long records are kept by their own timestamps; -1: these do not
	// matter (kept for ever, by the time of the append, or compacted only).
	RetentionMs int64
	// MaxMessageBytes is how large a batch may be; 0: not known.
	MaxMessageBytes int
}

// Bounds are the offsets of a partition: LogStart is the first that can be read,
// HighWatermark the first that cannot yet. LogStart <= HighWatermark.
type Bounds struct {
	LogStart      Offset
	HighWatermark Offset
}

// Fetched is the answer to a Read: whole record batches, back to back. The first batch
// may begin before the offset that was asked for (a batch is never cut); readers skip.
type Fetched struct {
	// Batches aliases the buffer given to Read, or a larger one when a single batch did
	// not fit. At least 16 bytes past its end may be read (their content is undefined),
	// so that scanners may load words.
	Batches []byte
	Bounds  Bounds
}

// Acks says when an Append returns.
type Acks int8

const (
	// AcksDurable returns when the batch is as durable as the topic asks for: fsynced,
	// and on min.insync.replicas replicas. It is then below the high watermark.
	AcksDurable Acks = -1
	// AcksLeader returns when the leader has the batch in its log.
	AcksLeader Acks = 1
)

// PartitionBatch is one encoded record batch for one partition. Its base offset is
// assigned by the log; producer id and sequence are set by the log when they are absent.
type PartitionBatch struct {
	TopicPartition
	Batch []byte
}

// Position is a committed input position: the next offset to read. Metadata is the
// owner's own text, stored beside it.
type Position struct {
	Offset   Offset
	Metadata string
}

// Commit is what a task has done since its last commit: everything it appends, and how
// far it has read. All of it happens, durably, or none of it, also across a crash.
type Commit struct {
	Group string // the query's application id; positions are those of a consumer group
	// Owner fences: the log refuses a commit of a group whose owner is older than the
	// newest it has seen for this Group and Task.
	Task  string
	Owner int64

	Appends   []PartitionBatch
	Positions map[TopicPartition]Position
}

// Log is a partitioned, durable log of record batches. All methods may be called from
// many goroutines.
type Log interface {
	// CreateTopic makes a topic or fails with ErrTopicExists, ErrInvalidTopic,
	// ErrInvalidConfig.
	CreateTopic(ctx context.Context, spec TopicSpec) (Topic, error)
	// DeleteTopic removes a topic and its records. Readers get ErrUnknownTopic.
	DeleteTopic(ctx context.Context, name string) error
	// Topic describes one topic or fails with ErrUnknownTopic.
	Topic(ctx context.Context, name string) (Topic, error)
	// Topics describes all topics, in order of name.
	Topics(ctx context.Context) ([]Topic, error)

	// MaxTimestamp returns the largest timestamp of the records in a partition, in ms, or -1.
	// Records that are not committed yet may count. It is cheap.
	MaxTimestamp(ctx context.Context, tp TopicPartition) (int64, error)
	// Bounds returns the offsets of a partition now.
	Bounds(ctx context.Context, tp TopicPartition) (Bounds, error)
	// OffsetForTime returns the offset and timestamp (ms) of the first record whose
	// timestamp is at least t, or the high watermark and -1 when there is none.
	OffsetForTime(ctx context.Context, tp TopicPartition, t time.Time) (Offset, int64, error)

	// Read returns whole batches below the high watermark, beginning with the one that
	// holds from, as many as fit into buf (at least one when there is one). Their checksums
	// hold. It does not wait: at the high watermark Batches is empty. Outside the bounds it
	// fails with ErrOffsetOutOfRange, where the record at from is damaged with ErrDamaged.
	Read(ctx context.Context, tp TopicPartition, from Offset, buf []byte) (Fetched, error)
	// Watch sends to wake, without blocking, whenever the high watermark of one of tps
	// moves or one of them is deleted, until cancel is called. A channel with room for
	// one signal never misses news.
	Watch(tps []TopicPartition, wake chan<- struct{}) (cancel func(), err error)

	// Append adds one batch and returns the offset of its first record.
	Append(ctx context.Context, b PartitionBatch, acks Acks) (Offset, error)
	// Commit does all of c or nothing. It returns the first offset of each of c.Appends.
	// On return everything in it is durable and below the high watermark. When ctx ends
	// first it may still happen. A commit without appends and positions claims the task:
	// on return nothing of an older owner will happen any more.
	Commit(ctx context.Context, c Commit) ([]Offset, error)
	// Trim makes before the start of a partition, unless it starts there or later already: who
	// alone reads it has what lies below. The space is given back in whole segments, later;
	// after a crash the start may be an earlier one.
	Trim(ctx context.Context, tp TopicPartition, before Offset) error
	// Positions returns the committed positions of a group; an unknown group has none.
	Positions(ctx context.Context, group string) (map[TopicPartition]Position, error)
	// DeletePositions forgets a group, as when its query is dropped.
	DeletePositions(ctx context.Context, group string) error

	Close() error
}
