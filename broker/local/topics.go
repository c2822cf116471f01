package local

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tailrace/broker/partition"
	"tailrace/storage/commitlog"
	"tailrace/storage/record/kerr"
)

// MaxPartitions bounds the partitions of one topic: each costs memory, and every client
// that asks for metadata is told of all of them.
const MaxPartitions = 10_000

// fold is the name as metrics see it: names that differ in '.' and '_' only collide there.
func fold(name string) string { return strings.ReplaceAll(name, ".", "_") }

// CheckTopicName refuses what Kafka does not take for the name of a topic.
func CheckTopicName(name string) error {
	bad := func(why string) error {
		return fmt.Errorf("%w: %w: %q %s", commitlog.ErrInvalidTopic, kerr.InvalidTopic, name, why)
	}
	switch {
	case name == "":
		return bad("is empty")
	case name == "." || name == "..":
		return bad("is not allowed")
	case len(name) > commitlog.MaxTopicName:
		return bad("is longer than 249 characters")
	}
	for _, c := range []byte(name) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '-') {
			return bad("has characters other than letters, digits, '.', '_' and '-'")
		}
	}
	return nil
}

// CheckNewTopic refuses the name of a topic that cannot be made: it is none, or taken.
func (l *Log) CheckNewTopic(name string) error {
	if err := CheckTopicName(name); err != nil {
		return err
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.mu.closed {
		return commitlog.ErrClosed
	}
	if l.mu.byName[name] != nil {
		return fmt.Errorf("%w: %w: Topic '%s' already exists.", commitlog.ErrTopicExists, kerr.TopicAlreadyExists, name)
	}
	if other, ok := l.mu.folded[fold(name)]; ok {
		return fmt.Errorf("%w: %w: Topic '%s' collides with existing topic: %s", commitlog.ErrInvalidTopic, kerr.InvalidTopic, name, other)
	}
	return nil
}

// ValidateTopic checks a spec as CreateTopic would and returns the topic that it would
// make (without an id), with its defaults filled in.
func (l *Log) ValidateTopic(spec commitlog.TopicSpec) (commitlog.Topic, error) {
	t := commitlog.Topic{Name: spec.Name, Partitions: spec.Partitions, ReplicationFactor: 1,
		Configs: maps.Clone(spec.Configs), Internal: spec.Name == OffsetsTopic}
	if err := l.CheckNewTopic(spec.Name); err != nil {
		return t, err
	}
	if t.Partitions == -1 {
		t.Partitions = l.c.DefaultPartitions
	}
	if t.Partitions < 1 || t.Partitions > MaxPartitions {
		return t, fmt.Errorf("%w: %w: %d partitions, a topic has from 1 to %d",
			commitlog.ErrInvalidConfig, kerr.InvalidPartitions, t.Partitions, MaxPartitions)
	}
	if spec.ReplicationFactor != -1 && spec.ReplicationFactor != 1 {
		return t, fmt.Errorf("%w: %w: replication factor %d, the cluster has 1 node",
			commitlog.ErrInvalidConfig, kerr.InvalidReplicationFactor, spec.ReplicationFactor)
	}
	var err error
	if t.Configs, err = parseConfigs(spec.Configs); err != nil {
		return t, fmt.Errorf("%w: %w", kerr.InvalidConfig, err)
	}
	return t, nil
}

// CreateTopic makes a topic.
func (l *Log) CreateTopic(ctx context.Context, spec commitlog.TopicSpec) (commitlog.Topic, error) {
	if err := refuseOffsetsTopic(spec.Name); err != nil {
		return commitlog.Topic{}, err
	}
	l.admin.Lock()
	defer l.admin.Unlock()
	return l.createTopic(spec)
}

func (l *Log) createTopic(spec commitlog.TopicSpec) (commitlog.Topic, error) {
	d, err := l.ValidateTopic(spec)
	if err != nil {
		return commitlog.Topic{}, err
	}
	m := &topicMeta{Name: d.Name, Partitions: d.Partitions, Configs: d.Configs, Internal: d.Internal}
	l.c.Rand.Read(m.ID[:])
	t := &topic{meta: m}
	// Opened before the entry is written: what cannot be opened is not made.
	if t.parts, err = l.openNew(m, 0, m.Partitions); err != nil {
		return commitlog.Topic{}, err
	}
	if err := l.admin.meta.append(m.entry()); err != nil {
		return commitlog.Topic{}, l.storageError(err)
	}
	l.publish(t)
	l.c.Logger.Info("topic created", "topic", m.Name, "partitions", m.Partitions)
	return m.describe(), nil
}

// openNew opens partitions that were never written.
func (l *Log) openNew(m *topicMeta, from, to int32) ([]*partition.Partition, error) {
	var out []*partition.Partition
	for n := from; n < to; n++ {
		tp := commitlog.TopicPartition{Topic: m.Name, Partition: commitlog.PartitionID(n)}
		if _, err := l.c.FS.Stat(l.path(tp.String())); err == nil {
			// An earlier topic of the name left it: its deletion was cut short, or somebody put
			// it there.
			if _, err := moveAside(l.c.FS, l.c.Dir, tp.String()); err != nil {
				return nil, err
			}
		}
		p, _, err := l.openPartition(m, tp, knownOffsets{starts: map[commitlog.TopicPartition]int64{}})
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func (l *Log) storageError(err error) error {
	return fmt.Errorf("%w: %w", kerr.StorageError, err)
}

func (m *topicMeta) describe() commitlog.Topic {
	return commitlog.Topic{Name: m.Name, ID: m.ID, Partitions: m.Partitions, ReplicationFactor: 1,
		Configs: maps.Clone(m.Configs), Internal: m.Internal, RetentionMs: m.retentionMs, MaxMessageBytes: m.maxMessageBytes}
}

// DeleteTopic removes a topic, its records, and the positions of all groups in it.
func (l *Log) DeleteTopic(ctx context.Context, name string) error {
	if err := refuseOffsetsTopic(name); err != nil {
		return err
	}
	if err := l.deleteTopic(name); err != nil {
		return err
	}
	return l.offsets.forgetTopic(ctx, name)
}

func (l *Log) deleteTopic(name string) error {
	l.admin.Lock()
	defer l.admin.Unlock()
	t, err := l.topicByName(name)
	if err != nil {
		return err
	}
	if err := l.admin.meta.append(entry{Op: opDelete, Name: name}); err != nil {
		return l.storageError(err)
	}
	l.mu.Lock()
	delete(l.mu.byName, name)
	delete(l.mu.byID, t.meta.ID)
	delete(l.mu.folded, fold(name))
	l.mu.Unlock()
	l.c.Logger.Info("topic deleted", "topic", name, "partitions", len(t.parts))
	for _, p := range t.parts {
		l.c.Damage.Clear("partition " + p.TopicPartition().String())
		l.c.Damage.Clear(writesTo(p.TopicPartition()))
		l.reportHoles(p.TopicPartition(), nil)
		if err := p.Delete(); err != nil {
			// The topic is gone; the folder goes with the next start.
			l.c.Logger.Warn("folder of a deleted partition stays for now", "partition", p.TopicPartition().String(), "err", err)
		}
	}
	// A later topic of the name must not inherit a recovery point.
	return l.storeCheckpoints()
}

func unknownTopic(name string) error {
	return fmt.Errorf("%w: %w: The topic '%s' does not exist.", commitlog.ErrUnknownTopic, kerr.UnknownTopicOrPartition, name)
}

func (l *Log) topicByName(name string) (*topic, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.mu.closed {
		return nil, commitlog.ErrClosed
	}
	if t := l.mu.byName[name]; t != nil {
		return t, nil
	}
	return nil, unknownTopic(name)
}

func (l *Log) topicByID(id [16]byte) (*topic, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.mu.closed {
		return nil, commitlog.ErrClosed
	}
	if t := l.mu.byID[id]; t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("%w: %w: %x", commitlog.ErrUnknownTopic, kerr.UnknownTopicID, id)
}

// Topic describes one topic or fails with commitlog.ErrUnknownTopic.
func (l *Log) Topic(ctx context.Context, name string) (commitlog.Topic, error) {
	t, err := l.topicByName(name)
	if err != nil {
		return commitlog.Topic{}, err
	}
	return t.meta.describe(), nil
}

// TopicByID describes a topic or fails with commitlog.ErrUnknownTopic.
func (l *Log) TopicByID(id [16]byte) (commitlog.Topic, error) {
	t, err := l.topicByID(id)
	if err != nil {
		return commitlog.Topic{}, err
	}
	return t.meta.describe(), nil
}

// Topics describes all topics, in order of name.
func (l *Log) Topics(ctx context.Context) ([]commitlog.Topic, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.mu.closed {
		return nil, commitlog.ErrClosed
	}
	out := make([]commitlog.Topic, 0, len(l.mu.byName))
	for _, name := range slices.Sorted(maps.Keys(l.mu.byName)) {
		out = append(out, l.mu.byName[name].meta.describe())
	}
	return out, nil
}

// CreatePartitions grows a topic to count partitions.
func (l *Log) CreatePartitions(ctx context.Context, name string, count int32) error {
	l.admin.Lock()
	defer l.admin.Unlock()
	return l.createPartitions(name, count)
}

func (l *Log) createPartitions(name string, count int32) error {
	t, err := l.topicByName(name)
	if err != nil {
		return err
	}
	if count <= t.meta.Partitions || count > MaxPartitions {
		return fmt.Errorf("%w: %w: topic %s has %d partitions, asked for %d (at most %d)", commitlog.ErrInvalidConfig,
			kerr.InvalidPartitions, name, t.meta.Partitions, count, MaxPartitions)
	}
	m := *t.meta
	more, err := l.openNew(&m, m.Partitions, count)
	if err != nil {
		return l.storageError(err)
	}
	m.Partitions = count
	if err := l.admin.meta.append(m.entry()); err != nil {
		return l.storageError(err)
	}
	l.publish(&topic{meta: &m, parts: append(slices.Clone(t.parts), more...)})
	return nil
}

// ValidateTopicConfig checks a change as SetTopicConfig would and changes nothing.
func (l *Log) ValidateTopicConfig(name string, set map[string]*string) error {
	t, err := l.topicByName(name)
	if err != nil {
		return err
	}
	_, err = mergeConfigs(t.meta.Configs, set)
	return err
}

// CheckTopicConfig checks a change as far as it is the same for every topic.
func CheckTopicConfig(set map[string]*string) error {
	_, err := mergeConfigs(nil, set)
	return err
}

func mergeConfigs(old map[string]string, set map[string]*string) (map[string]string, error) {
	merged := maps.Clone(old)
	if merged == nil {
		merged = map[string]string{}
	}
	for k, v := range set {
		if v == nil {
			delete(merged, k)
		} else {
			merged[k] = *v
		}
	}
	merged, err := parseConfigs(merged)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", kerr.InvalidConfig, err)
	}
	return merged, nil
}

// SetTopicConfig changes overrides of a topic: nil removes one. All or none is changed;
// the errors wrap commitlog.ErrInvalidConfig or ErrUnknownTopic.
func (l *Log) SetTopicConfig(ctx context.Context, name string, set map[string]*string) error {
	l.admin.Lock()
	defer l.admin.Unlock()
	t, err := l.topicByName(name)
	if err != nil {
		return err
	}
	configs, err := mergeConfigs(t.meta.Configs, set)
	if err != nil {
		return err
	}
	return l.replaceConfigs(name, configs)
}

// replaceConfigs gives a topic other overrides, which have been parsed; admin is held.
func (l *Log) replaceConfigs(name string, configs map[string]string) error {
	t, err := l.topicByName(name)
	if err != nil {
		return err
	}
	m := *t.meta
	m.Configs = configs
	if err := l.admin.meta.append(m.entry()); err != nil {
		return l.storageError(err)
	}
	cfg := partitionConfig(l.topicDefaults(), m.Configs)
	for _, p := range t.parts {
		p.SetConfig(cfg)
	}
	l.publish(&topic{meta: &m, parts: t.parts})
	return nil
}

// Partition returns a partition, or an error that wraps commitlog.ErrUnknownTopic or
// ErrUnknownPartition.
func (l *Log) Partition(tp commitlog.TopicPartition) (*partition.Partition, error) {
	t, err := l.topicByName(tp.Topic)
	if err != nil {
		return nil, err
	}
	return t.partition(tp.Partition)
}

// PartitionByID is Partition by topic id.
func (l *Log) PartitionByID(id [16]byte, n commitlog.PartitionID) (*partition.Partition, error) {
	t, err := l.topicByID(id)
	if err != nil {
		return nil, err
	}
	return t.partition(n)
}

func (t *topic) partition(n commitlog.PartitionID) (*partition.Partition, error) {
	if n < 0 || int(n) >= len(t.parts) {
		return nil, fmt.Errorf("%w: %w: %s-%d", commitlog.ErrUnknownPartition, kerr.UnknownTopicOrPartition, t.meta.Name, n)
	}
	return t.parts[n], nil
}

// producerIDBlock is how many producer ids one fsync reserves.
const producerIDBlock = 1000

// AllocateProducerID returns a producer id that was never given out before.
func (l *Log) AllocateProducerID(ctx context.Context) (int64, error) {
	l.ids.Lock()
	defer l.ids.Unlock()
	if l.ids.next >= l.ids.limit {
		limit := l.ids.next + producerIDBlock
		l.admin.Lock()
		err := l.admin.meta.append(entry{Op: opIDs, Next: limit})
		l.admin.Unlock()
		if err != nil {
			return -1, l.storageError(err)
		}
		l.ids.limit = limit
	}
	l.ids.next++
	return l.ids.next - 1, nil
}
