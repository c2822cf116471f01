package local

import (
	"context"
	"time"

	"tailrace/broker/partition"
	"tailrace/storage/commitlog"
	"tailrace/storage/record/kerr"
)

// Bounds returns the offsets of a partition now.
func (l *Log) Bounds(ctx context.Context, tp commitlog.TopicPartition) (commitlog.Bounds, error) {
	p, err := l.Partition(tp)
	if err != nil {
		return commitlog.Bounds{}, err
	}
	if err := p.Serving(); kerr.Of(err) == kerr.StorageError {
		return commitlog.Bounds{}, err
	}
	b := p.Bounds()
	return commitlog.Bounds{LogStart: b.LogStart, HighWatermark: b.HighWatermark}, nil
}

// MaxTimestamp returns the largest timestamp of the records in a partition, or -1.
func (l *Log) MaxTimestamp(ctx context.Context, tp commitlog.TopicPartition) (int64, error) {
	p, err := l.Partition(tp)
	if err != nil {
		return -1, err
	}
	return p.MaxTimestampMs(), nil
}

// OffsetForTime returns the first record whose timestamp is at least t, or the high
// watermark and -1.
func (l *Log) OffsetForTime(ctx context.Context, tp commitlog.TopicPartition, t time.Time) (commitlog.Offset, int64, error) {
	p, err := l.Partition(tp)
	if err != nil {
		return 0, 0, err
	}
	hw := p.Bounds().HighWatermark
	found, err := p.OffsetForTime(t.UnixMilli())
	if err != nil {
		return 0, 0, err
	}
	if found.Offset < 0 {
		return hw, -1, nil
	}
	return found.Offset, found.TimestampMs, nil
}

// Read returns whole batches below the high watermark.
func (l *Log) Read(ctx context.Context, tp commitlog.TopicPartition, from commitlog.Offset, buf []byte) (commitlog.Fetched, error) {
	p, err := l.Partition(tp)
	if err != nil {
		return commitlog.Fetched{}, err
	}
	return p.Read(from, buf)
}

// Watch sends to wake whenever the high watermark of one of tps moves or one of them is
// deleted.
func (l *Log) Watch(tps []commitlog.TopicPartition, wake chan<- struct{}) (cancel func(), err error) {
	ps := make([]*partition.Partition, len(tps))
	for i, tp := range tps {
		if ps[i], err = l.Partition(tp); err != nil {
			return nil, err
		}
	}
	cancels := make([]func(), len(ps))
	for i, p := range ps {
		cancels[i] = p.Watch(wake)
	}
	return func() {
		for _, c := range cancels {
			c()
		}
	}, nil
}

// Append adds one batch and returns the offset of its first record. The batch is patched
// in place.
func (l *Log) Append(ctx context.Context, b commitlog.PartitionBatch, acks commitlog.Acks) (commitlog.Offset, error) {
	if err := refuseOffsetsTopic(b.Topic); err != nil {
		return 0, err
	}
	p, err := l.Partition(b.TopicPartition)
	if err != nil {
		return 0, err
	}
	res, err := p.Append(ctx, b.Batch, partition.AppendOptions{Acks: acks, Internal: true})
	return res.BaseOffset, err
}

// Trim makes before the start of a partition.
func (l *Log) Trim(ctx context.Context, tp commitlog.TopicPartition, before commitlog.Offset) error {
	if err := refuseOffsetsTopic(tp.Topic); err != nil {
		return err
	}
	p, err := l.Partition(tp)
	if err != nil {
		return err
	}
	return p.Trim(before)
}

// Positions returns the committed positions of a group.
func (l *Log) Positions(ctx context.Context, group string) (map[commitlog.TopicPartition]commitlog.Position, error) {
	if err := l.alive(); err != nil {
		return nil, err
	}
	if err := l.GroupServing(group); err != nil {
		return nil, err
	}
	out := map[commitlog.TopicPartition]commitlog.Position{}
	for tp, o := range l.offsets.Fetch(group) {
		out[tp] = commitlog.Position{Offset: o.Offset, Metadata: o.Metadata}
	}
	return out, nil
}

// DeletePositions forgets a group: its positions, and who owns its tasks.
func (l *Log) DeletePositions(ctx context.Context, group string) error {
	if err := l.alive(); err != nil {
		return err
	}
	if err := l.forgetTasks(group); err != nil {
		return err
	}
	return l.offsets.DeleteGroup(ctx, group)
}

// GroupServing returns why the positions of a group cannot be told, or nil: the partition
// that keeps them is damaged.
func (l *Log) GroupServing(group string) error {
	p, err := l.Partition(commitlog.TopicPartition{Topic: OffsetsTopic, Partition: PartitionFor(group)})
	if err != nil {
		return nil // nothing was ever stored
	}
	if err := p.Serving(); kerr.Of(err) == kerr.StorageError {
		return err
	}
	return nil
}

func (l *Log) alive() error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.mu.closed {
		return commitlog.ErrClosed
	}
	return nil
}
