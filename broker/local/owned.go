package local

import (
	"context"
	"fmt"
	"maps"

	"tailrace/storage/commitlog"
	"tailrace/storage/record/kerr"
)

// System topics have one owner each: the group coordinator OffsetsTopic, the engine those of
// Config.Owned. Two gates keep everybody else away. The handlers ask MayChange before a
// client makes, writes or changes a topic; the seam to the engine refuses OffsetsTopic, so
// that no statement over it reaches it either. Reading is free.

// MayChange returns nil when a client may make or change a topic of this name.
func (l *Log) MayChange(topic string) error {
	if !l.isSystem(topic) {
		return nil
	}
	return fmt.Errorf("%w: %w: %s is a system topic: only its owner makes and changes it",
		commitlog.ErrInvalidTopic, kerr.InvalidTopic, topic)
}

func (l *Log) isSystem(topic string) bool { return topic == OffsetsTopic || l.c.Owned.OwnsTopic(topic) }

// OwnsGroup reports whether a group is that of a query: its positions are part of what the
// query has computed, and no client's to change.
func (l *Log) OwnsGroup(group string) bool { return l.c.Owned.OwnsGroup(group) }

// refuseOffsetsTopic keeps OffsetsTopic out of the hands of the engine and its statements.
func refuseOffsetsTopic(topic string) error {
	if topic != OffsetsTopic {
		return nil
	}
	return fmt.Errorf("%w: %w: only the group coordinator makes and changes %s",
		commitlog.ErrInvalidTopic, kerr.InvalidTopic, topic)
}

// ensureOffsetsTopic makes OffsetsTopic when it is not there.
func (l *Log) ensureOffsetsTopic(ctx context.Context) error {
	if _, err := l.topicByName(OffsetsTopic); err == nil {
		return nil
	}
	l.admin.Lock()
	defer l.admin.Unlock()
	if _, err := l.topicByName(OffsetsTopic); err == nil {
		return nil
	}
	_, err := l.createTopic(commitlog.TopicSpec{Name: OffsetsTopic, Partitions: OffsetsPartitions,
		ReplicationFactor: 1, Configs: offsetsConfigs})
	return err
}

// offsetsConfigs are the configurations of OffsetsTopic. A commit of a large group is one
// batch: it may be larger than a producer's.
var offsetsConfigs = map[string]string{"cleanup.policy": "compact", "segment.bytes": "104857600",
	"compression.type": "producer", "max.message.bytes": "10485760"}

// mendOffsetsTopic gives OffsetsTopic its shape in a log in which somebody else made it. A
// group whose partition is missing has never been stored.
func (l *Log) mendOffsetsTopic() error {
	t, err := l.topicByName(OffsetsTopic)
	if err != nil || t.meta.Partitions >= OffsetsPartitions && maps.Equal(t.meta.Configs, offsetsConfigs) {
		return nil
	}
	l.c.Logger.Warn("the offsets topic was not made by the coordinator: giving it its partitions and configuration",
		"topic", OffsetsTopic, "partitions", t.meta.Partitions, "configs", t.meta.Configs)
	l.admin.Lock()
	defer l.admin.Unlock()
	if t.meta.Partitions < OffsetsPartitions {
		if err := l.createPartitions(OffsetsTopic, OffsetsPartitions); err != nil {
			return err
		}
	}
	return l.replaceConfigs(OffsetsTopic, offsetsConfigs)
}
