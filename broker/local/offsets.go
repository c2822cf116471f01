package local

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"tailrace/broker/partition"
	"tailrace/storage/commitlog"
	"tailrace/storage/record"
	"tailrace/storage/record/kerr"
)

// OffsetsTopic holds committed offsets and group metadata, in Kafka's own format:
// 50 partitions, compacted, made on first use.
const OffsetsTopic = commitlog.OffsetsTopic

// OffsetsPartitions is the number of its partitions.
const OffsetsPartitions = 50

// maxOffsetsString bounds group, topic and metadata: their length is an i16.
const maxOffsetsString = 1<<15 - 1

// Offsets keeps what consumer groups have committed: in memory, and in OffsetsTopic.
// What it answers is durable.
type Offsets struct {
	l  *Log
	mu struct {
		sync.RWMutex
		groups   map[string]*group
		inFlight int // changes that are in the log but not in groups yet
	}
}

// group is what is stored of one group. Values know the offset of their record in
// OffsetsTopic: of two, the later counts, whichever becomes durable first.
type group struct {
	positions map[commitlog.TopicPartition]stored
	meta      []byte
	metaAt    commitlog.Offset
}

type stored struct {
	CommittedOffset
	at   commitlog.Offset
	gone bool // a tombstone whose rivals may still be on their way
}

// CommittedOffset is the position of a group in one partition.
type CommittedOffset struct {
	Offset      commitlog.Offset
	LeaderEpoch int32 // -1: not known
	Metadata    string
	CommitMs    int64
}

func newOffsets(l *Log) *Offsets {
	o := &Offsets{l: l}
	o.mu.groups = map[string]*group{}
	return o
}

// EnsureTopic makes OffsetsTopic when it is not there yet.
func (o *Offsets) EnsureTopic(ctx context.Context) error { return o.l.ensureOffsetsTopic(ctx) }

// change is one record for OffsetsTopic: a position, or the group's metadata when isGroup.
// A nil value forgets.
type change struct {
	key   offsetsKey
	value []byte
	pos   CommittedOffset
}

func (o *Offsets) positionChanges(group string, set map[commitlog.TopicPartition]CommittedOffset) ([]change, error) {
	cs := make([]change, 0, len(set))
	for tp, pos := range set {
		if len(group) > maxOffsetsString || len(pos.Metadata) > maxOffsetsString || len(tp.Topic) > maxOffsetsString {
			return nil, fmt.Errorf("%w: position of group %.32q in %v", kerr.OffsetMetadataTooLarge, group, tp)
		}
		cs = append(cs, change{key: offsetsKey{group: group, tp: tp}, value: appendOffsetValue(nil, pos), pos: pos})
	}
	slices.SortFunc(cs, func(a, b change) int {
		if a.key.tp.Topic != b.key.tp.Topic {
			if a.key.tp.Topic < b.key.tp.Topic {
				return -1
			}
			return 1
		}
		return int(a.key.tp.Partition) - int(b.key.tp.Partition)
	})
	return cs, nil
}

// encode makes one batch of changes.
func (o *Offsets) encode(cs []change) ([]byte, error) {
	b := record.NewBuilder(record.Options{})
	now := o.l.c.Clock.Now().UnixMilli()
	var key []byte
	for _, c := range cs {
		if c.key.isGroup {
			key = appendGroupKey(key[:0], c.key.group)
		} else {
			key = appendOffsetKey(key[:0], c.key.group, c.key.tp)
		}
		b.Append(now, key, c.value, nil)
	}
	return b.Finish()
}

// begin announces changes and returns what ends the announcement.
func (o *Offsets) begin() (end func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.mu.inFlight++
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.mu.inFlight--
	}
}

// applied makes changes visible whose batch lies at base.
func (o *Offsets) applied(cs []change, base commitlog.Offset) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range cs {
		o.apply(&cs[i], base+commitlog.Offset(i))
	}
}

func (o *Offsets) apply(c *change, at commitlog.Offset) {
	g := o.mu.groups[c.key.group]
	if g == nil {
		g = &group{positions: map[commitlog.TopicPartition]stored{}, metaAt: -1}
		o.mu.groups[c.key.group] = g
	}
	if c.key.isGroup {
		if at > g.metaAt {
			g.meta, g.metaAt = c.value, at
		}
		return
	}
	if old, ok := g.positions[c.key.tp]; !ok || at > old.at {
		g.positions[c.key.tp] = stored{c.pos, at, c.value == nil}
	}
}

func (o *Offsets) store(ctx context.Context, group string, cs []change) error {
	if len(cs) == 0 {
		return nil
	}
	if err := o.EnsureTopic(ctx); err != nil {
		return err
	}
	p, err := o.l.Partition(commitlog.TopicPartition{Topic: OffsetsTopic, Partition: PartitionFor(group)})
	if err != nil {
		return err
	}
	b, err := o.encode(cs)
	if err != nil {
		return err
	}
	defer o.begin()()
	res, err := p.Append(ctx, b, partition.AppendOptions{Acks: commitlog.AcksDurable, Internal: true})
	if err != nil {
		return err
	}
	o.applied(cs, res.BaseOffset)
	return nil
}

// Commit stores positions of a group, all or none, and returns when they are durable.
func (o *Offsets) Commit(ctx context.Context, group string, set map[commitlog.TopicPartition]CommittedOffset) error {
	cs, err := o.positionChanges(group, set)
	if err != nil {
		return err
	}
	return o.store(ctx, group, cs)
}

// Fetch returns a copy of all positions of a group; nil when it has none.
func (o *Offsets) Fetch(group string) map[commitlog.TopicPartition]CommittedOffset {
	o.mu.RLock()
	defer o.mu.RUnlock()
	g := o.mu.groups[group]
	if g == nil {
		return nil
	}
	var out map[commitlog.TopicPartition]CommittedOffset
	for tp, s := range g.positions {
		if !s.gone {
			if out == nil {
				out = make(map[commitlog.TopicPartition]CommittedOffset, len(g.positions))
			}
			out[tp] = s.CommittedOffset
		}
	}
	return out
}

// FetchOne returns the position of a group in one partition.
func (o *Offsets) FetchOne(group string, tp commitlog.TopicPartition) (CommittedOffset, bool) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	if g := o.mu.groups[group]; g != nil {
		s, ok := g.positions[tp]
		return s.CommittedOffset, ok && !s.gone
	}
	return CommittedOffset{}, false
}

// Delete forgets some positions of a group.
func (o *Offsets) Delete(ctx context.Context, group string, tps []commitlog.TopicPartition) error {
	var cs []change
	for _, tp := range tps {
		if _, ok := o.FetchOne(group, tp); ok {
			cs = append(cs, change{key: offsetsKey{group: group, tp: tp}})
		}
	}
	return o.store(ctx, group, cs)
}

// DeleteGroup forgets all positions and the metadata of a group.
func (o *Offsets) DeleteGroup(ctx context.Context, group string) error {
	var cs []change
	for tp := range o.Fetch(group) {
		cs = append(cs, change{key: offsetsKey{group: group, tp: tp}})
	}
	if _, ok := o.Group(group); ok {
		cs = append(cs, change{key: offsetsKey{group: group, isGroup: true}})
	}
	return o.store(ctx, group, cs)
}

// PutGroup stores the metadata of a group: value is a GroupMetadataValue as Kafka
// encodes it (v3), opaque here. The key is GroupMetadataKey v2.
func (o *Offsets) PutGroup(ctx context.Context, group string, value []byte) error {
	if len(group) > maxOffsetsString {
		return fmt.Errorf("%w: %d bytes", kerr.InvalidGroupID, len(group))
	}
	return o.store(ctx, group, []change{{key: offsetsKey{group: group, isGroup: true}, value: slices.Clone(value)}})
}

// Group returns the stored metadata of a group.
func (o *Offsets) Group(group string) (value []byte, ok bool) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	if g := o.mu.groups[group]; g != nil && g.meta != nil {
		return g.meta, true
	}
	return nil, false
}

// forgetTopic forgets the positions of all groups in a deleted topic.
func (o *Offsets) forgetTopic(ctx context.Context, topic string) error {
	for _, name := range o.Groups() {
		var tps []commitlog.TopicPartition
		for tp := range o.Fetch(name) {
			if tp.Topic == topic {
				tps = append(tps, tp)
			}
		}
		if err := o.Delete(ctx, name, tps); err != nil {
			return err
		}
	}
	return nil
}

// Groups lists the groups that have metadata or positions, in order of name.
func (o *Offsets) Groups() []string {
	o.mu.RLock()
	defer o.mu.RUnlock()
	var out []string
	for name, g := range o.mu.groups {
		if g.meta != nil || g.live() {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func (g *group) live() bool {
	for _, s := range g.positions {
		if !s.gone {
			return true
		}
	}
	return false
}

// load reads OffsetsTopic into memory.
func (o *Offsets) load(ps []*partition.Partition, damaged func(*partition.Partition, error)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range ps {
		if p.Serving() != nil {
			continue // told when it was opened
		}
		if err := o.loadPartition(p); err != nil {
			damaged(p, err)
		}
	}
	o.sweep()
}

func (o *Offsets) loadPartition(p *partition.Partition) error {
	buf := make([]byte, 1<<20)
	var it record.Iter
	b := p.Bounds()
	for at := b.LogStart; at < b.HighWatermark; {
		f, err := p.Read(at, buf)
		if err != nil {
			return err
		}
		if len(f.Batches) == 0 {
			break
		}
		if at, err = o.loadBatches(&it, f.Batches); err != nil {
			return fmt.Errorf("after offset %d: %w", at, err)
		}
	}
	return nil
}

func (o *Offsets) loadBatches(it *record.Iter, b []byte) (next commitlog.Offset, err error) {
	for len(b) > 0 {
		if err := it.Reset(b); err != nil {
			return 0, err
		}
		for !it.Header().Control() && it.Next() {
			r := it.Record()
			c := change{value: slices.Clone(r.Value)}
			var known bool
			if c.key, known, err = decodeOffsetsKey(r.Key); err != nil {
				return 0, err
			}
			if !known {
				continue
			}
			if !c.key.isGroup && r.Value != nil {
				if c.pos, err = decodeOffsetValue(r.Value); err != nil {
					return 0, err
				}
			}
			o.apply(&c, commitlog.Offset(r.Offset))
		}
		if it.Err() != nil {
			return 0, it.Err()
		}
		h := it.Header()
		next = commitlog.Offset(h.NextOffset())
		b = b[h.Size():]
	}
	return next, nil
}

// sweep drops what only tombstones are left of, unless changes are on their way that
// those tombstones may have to outlive. mu is held.
func (o *Offsets) sweep() {
	if o.mu.inFlight > 0 {
		return
	}
	for name, g := range o.mu.groups {
		maps.DeleteFunc(g.positions, func(_ commitlog.TopicPartition, s stored) bool { return s.gone })
		if g.meta == nil && len(g.positions) == 0 {
			delete(o.mu.groups, name)
		}
	}
}
