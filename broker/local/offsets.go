package local

import (
	"context"

	"tailrace/storage/commitlog"
)

// OffsetsTopic holds committed offsets and group metadata, in Kafka's own format:
// 50 partitions, compacted, made on first use.
const OffsetsTopic = "__consumer_offsets"

// OffsetsPartitions is the number of its partitions.
const OffsetsPartitions = 50

// Offsets keeps what consumer groups have committed: in memory, and in OffsetsTopic.
// What it answers is durable.
type Offsets struct{}

// CommittedOffset is the position of a group in one partition.
type CommittedOffset struct {
	Offset      commitlog.Offset
	LeaderEpoch int32 // -1: not known
	Metadata    string
	CommitMs    int64
}

// PartitionFor is the partition of OffsetsTopic that keeps a group:
// abs(Java's String.hashCode(group)) % 50.
func PartitionFor(group string) commitlog.PartitionID { panic("unimplemented") }

// Commit stores positions of a group, all or none, and returns when they are durable.
func (o *Offsets) Commit(ctx context.Context, group string, set map[commitlog.TopicPartition]CommittedOffset) error {
	panic("unimplemented")
}

// Fetch returns a copy of all positions of a group; nil when it has none.
func (o *Offsets) Fetch(group string) map[commitlog.TopicPartition]CommittedOffset {
	panic("unimplemented")
}

// FetchOne returns the position of a group in one partition.
func (o *Offsets) FetchOne(group string, tp commitlog.TopicPartition) (CommittedOffset, bool) {
	panic("unimplemented")
}

// Delete forgets some positions of a group (tombstones).
func (o *Offsets) Delete(ctx context.Context, group string, tps []commitlog.TopicPartition) error {
	panic("unimplemented")
}

// DeleteGroup forgets all positions and the metadata of a group.
func (o *Offsets) DeleteGroup(ctx context.Context, group string) error { panic("unimplemented") }

// PutGroup stores the metadata of a group: value is a GroupMetadataValue as Kafka
// encodes it (v3), opaque here. The key is GroupMetadataKey v2.
func (o *Offsets) PutGroup(ctx context.Context, group string, value []byte) error {
	panic("unimplemented")
}

// Group returns the stored metadata of a group.
func (o *Offsets) Group(group string) (value []byte, ok bool) { panic("unimplemented") }

// Groups lists the groups that have metadata or positions, in order of name.
func (o *Offsets) Groups() []string { panic("unimplemented") }
