package local

import (
	"cmp"
	"slices"
	"time"

	"tailrace/broker/partition"
	"tailrace/storage/commitlog"
)

// runBackground does what nobody waits for, until the log closes.
func (l *Log) runBackground() {
	defer l.background.Done()
	now := l.c.Clock.Now()
	retention, compaction := now, now
	t := l.c.Clock.NewTimer(l.c.CheckpointInterval)
	defer t.Stop()
	for {
		select {
		case <-l.closing:
			return
		case <-t.C():
		}
		now := l.c.Clock.Now()
		l.tick()
		if !l.maintenance.TryLock() {
			t.Reset(l.c.CheckpointInterval)
			continue // a backup is being taken: the files stay
		}
		if now.Sub(retention) >= l.c.RetentionCheckInterval {
			retention = now
			l.retain(now)
		}
		if now.Sub(compaction) >= l.compactionBackoff() {
			compaction = now
			l.compact(now)
		}
		l.maintenance.Unlock()
		t.Reset(l.c.CheckpointInterval)
	}
}

// tick stores how far things are on disk, forgets what the journal is not needed for any
// more, and asks for what lies in the page cache only to be flushed.
func (l *Log) tick() {
	if err := l.storeCheckpoints(); err != nil {
		l.c.Logger.Warn("cannot store checkpoints", "err", err)
	}
	if err := l.commits.trim(); err != nil {
		l.c.Logger.Warn("cannot trim the journal", "err", err)
	}
	l.offsets.mu.Lock()
	l.offsets.sweep()
	l.offsets.mu.Unlock()
	for _, p := range l.allPartitions() {
		p.FlushSoon()
	}
}

func (l *Log) retain(now time.Time) {
	expiry := l.producerExpiry()
	for _, p := range l.allPartitions() {
		gone, err := p.Maintain(now, expiry)
		l.meters.retainedSegments.Add(int64(gone.Segments))
		l.meters.retainedBytes.Add(gone.Bytes)
		if err != nil {
			l.c.Logger.Warn("retention failed", "partition", p.TopicPartition().String(), "err", err)
		} else if gone.Segments > 0 {
			l.c.Logger.Info("segments deleted", "partition", p.TopicPartition().String(), "segments", gone.Segments,
				"bytes", gone.Bytes, "log_start", gone.Start)
		}
	}
}

func (l *Log) compact(now time.Time) {
	ps := l.allPartitions()
	limits := make([]commitlog.Offset, len(ps))
	for i, p := range ps {
		limits[i] = commitlog.Offset(p.Log().Flushed())
	}
	if err := l.storeCheckpoints(); err != nil {
		return // tick has told
	}
	for i, p := range ps {
		select {
		case <-l.closing:
			return
		default:
		}
		began := l.c.Clock.Now()
		done, reclaimed, err := p.Compact(now, limits[i])
		if err != nil {
			l.c.Logger.Warn("compaction failed", "partition", p.TopicPartition().String(), "err", err)
		} else if done {
			l.meters.compaction.Observe(l.c.Clock.Now().Sub(began))
			l.meters.compactedBytes.Add(reclaimed)
		}
	}
}

// storeCheckpoints stores what has changed since the last time.
func (l *Log) storeCheckpoints() error {
	tps, points, starts, cleaned := l.collect()
	cp := &l.checkpoints
	cp.Lock()
	defer cp.Unlock()
	if err := cp.recovery.write(tps, points); err != nil {
		return err
	}
	if err := cp.starts.write(tps, starts); err != nil {
		return err
	}
	return cp.cleaner.write(tps, cleaned)
}

// storeStarts stores the log starts alone, for DeleteRecords.
func (l *Log) storeStarts() error {
	cp := &l.checkpoints
	cp.Lock()
	defer cp.Unlock()
	tps, _, starts, _ := l.collect()
	return cp.starts.write(tps, starts)
}

// collect returns the offsets of every partition that was ever written, in order.
func (l *Log) collect() (tps []commitlog.TopicPartition, points, starts, cleaned []int64) {
	ps := l.allPartitions()
	slices.SortFunc(ps, func(a, b *partition.Partition) int {
		x, y := a.TopicPartition(), b.TopicPartition()
		return cmp.Or(cmp.Compare(x.Topic, y.Topic), cmp.Compare(x.Partition, y.Partition))
	})
	for _, p := range ps {
		log := p.Log()
		if log.End().Offset == 0 {
			continue
		}
		tps = append(tps, p.TopicPartition())
		points = append(points, log.Flushed())
		starts = append(starts, log.Start())
		cleaned = append(cleaned, log.CleanedTo())
	}
	return tps, points, starts, cleaned
}
