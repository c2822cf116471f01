package local

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"tailrace/broker/partition"
	"tailrace/storage/commitlog"
	"tailrace/storage/record"
	"tailrace/storage/record/kerr"
)

// task is who commits: an idempotent producer of its own, so that after a crash the
// journal's batches that are in their partitions already are known by their sequence.
type task struct {
	mu sync.Mutex // held from the fence until the commit is in the partitions
	taskMeta
	known bool // in the metadata log
	gone  bool // forgotten: look again
}

// Commit does all of c or nothing: everything is made durable as one journal entry, then
// appended to the partitions in the order of the journal. Batches are patched in place.
// When ctx ends first the outcome is open: the commit may have been made.
func (l *Log) Commit(ctx context.Context, c commitlog.Commit) ([]commitlog.Offset, error) {
	if err := l.alive(); err != nil {
		return nil, err
	}
	t := l.lockTask(taskKey{c.Group, c.Task})
	unlock := t.mu.Unlock
	defer func() { unlock() }()
	if err := l.own(ctx, t, c); err != nil {
		return nil, err
	}
	if len(c.Appends) == 0 && len(c.Positions) == 0 {
		return nil, nil
	}
	began := l.c.Clock.Now()
	w, changes, err := l.prepareCommit(ctx, t, c)
	if err != nil {
		return nil, err
	}
	if len(changes) > 0 {
		announced := l.offsets.begin()
		release := unlock
		unlock = func() { announced(); release() }
	}
	if err := l.commits.submit(w); err != nil {
		return nil, err
	}
	select {
	case <-w.done:
	case <-ctx.Done():
		// The sequences are taken: the next commit of the task waits for this one.
		release := unlock
		unlock = func() {
			go func() {
				<-w.done
				l.finishCommit(w, changes)
				release()
			}()
		}
		return nil, ctx.Err()
	}
	l.finishCommit(w, changes)
	if w.err != nil {
		return nil, w.err
	}
	err = w.wait(ctx)
	if err == nil {
		l.committed(c, began)
	}
	return w.offsets[:len(c.Appends)], err
}

// finishCommit makes the positions of an applied commit visible.
func (l *Log) finishCommit(w *work, changes []change) {
	if n := len(w.items); w.err == nil && len(changes) > 0 && w.offsets[n-1] >= 0 {
		l.offsets.applied(changes, w.offsets[n-1])
	}
}

// lockTask returns the task, locked.
func (l *Log) lockTask(k taskKey) *task {
	for {
		l.commits.mu.Lock()
		t := l.commits.mu.tasks[k]
		if t == nil {
			t = &task{}
			l.admin.Lock()
			t.taskMeta, t.known = l.admin.meta.tasks[k]
			l.admin.Unlock()
			l.commits.mu.tasks[k] = t
		}
		l.commits.mu.Unlock()
		t.mu.Lock()
		if !t.gone {
			return t
		}
		t.mu.Unlock()
	}
}

// own refuses an owner that is not the newest, and stores one that is newer.
func (l *Log) own(ctx context.Context, t *task, c commitlog.Commit) error {
	if t.known && c.Owner < t.owner {
		return fmt.Errorf("%w: task %s of %s belongs to owner %d, not %d", commitlog.ErrFenced, c.Task, c.Group, t.owner, c.Owner)
	}
	if t.known && c.Owner == t.owner {
		return nil
	}
	producer := t.producer
	if !t.known {
		var err error
		if producer, err = l.AllocateProducerID(ctx); err != nil {
			return err
		}
	}
	l.admin.Lock()
	defer l.admin.Unlock()
	err := l.admin.meta.append(entry{Op: opTask, Group: c.Group, Task: c.Task, Producer: producer, Owner: c.Owner})
	if err != nil {
		return l.storageError(err)
	}
	t.known, t.owner, t.producer = true, c.Owner, producer
	return nil
}

// forgetTasks forgets the tasks of a group.
func (l *Log) forgetTasks(group string) error {
	l.commits.mu.Lock()
	var ts []*task
	for k, t := range l.commits.mu.tasks {
		if k.group == group {
			ts = append(ts, t)
			delete(l.commits.mu.tasks, k)
		}
	}
	l.commits.mu.Unlock()
	for _, t := range ts {
		t.mu.Lock()
		t.gone = true
		t.mu.Unlock()
	}
	l.admin.Lock()
	defer l.admin.Unlock()
	for k := range l.admin.meta.tasks {
		if k.group == group {
			if err := l.admin.meta.append(entry{Op: opForget, Group: group}); err != nil {
				return l.storageError(err)
			}
			return nil
		}
	}
	return nil
}

// prepareCommit checks everything that can be refused, and gives the batches their
// sequences. After it a commit fails only with the disk.
func (l *Log) prepareCommit(ctx context.Context, t *task, c commitlog.Commit) (*work, []change, error) {
	w := &work{done: make(chan struct{})}
	next := map[*partition.Partition]int32{}
	add := func(p *partition.Partition, batch []byte) error {
		b, err := p.Prepare(batch, partition.AppendOptions{Internal: true})
		if err != nil {
			return err
		}
		if err := p.Failed(); err != nil {
			return l.storageError(err)
		}
		seq, ok := next[p]
		if !ok {
			if last, known := p.LastSequence(t.producer); known {
				seq = record.AddSequence(last, 1)
			}
		}
		b.SetProducer(t.producer, 0, seq)
		next[p] = record.AddSequence(seq, b.Count())
		w.items = append(w.items, item{p, b})
		return nil
	}
	for _, a := range c.Appends {
		err := refuseOffsetsTopic(a.Topic)
		var p *partition.Partition
		if err == nil {
			p, err = l.Partition(a.TopicPartition)
		}
		if err == nil {
			err = add(p, a.Batch)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	changes, err := l.commitPositions(ctx, c, add)
	if err != nil {
		return nil, nil, err
	}
	w.offsets = make([]commitlog.Offset, len(w.items))
	w.frame = encodeCommit(c, w.items)
	return w, changes, nil
}

// commitPositions turns the positions into a batch for OffsetsTopic.
func (l *Log) commitPositions(ctx context.Context, c commitlog.Commit, add func(*partition.Partition, []byte) error) ([]change, error) {
	if len(c.Positions) == 0 {
		return nil, nil
	}
	if err := l.ensureOffsetsTopic(ctx); err != nil {
		return nil, err
	}
	now := l.c.Clock.Now().UnixMilli()
	set := make(map[commitlog.TopicPartition]CommittedOffset, len(c.Positions))
	for tp, p := range c.Positions {
		set[tp] = CommittedOffset{Offset: p.Offset, LeaderEpoch: -1, Metadata: p.Metadata, CommitMs: now}
	}
	changes, err := l.offsets.positionChanges(c.Group, set)
	if err != nil {
		return nil, err
	}
	b, err := l.offsets.encode(changes)
	if err != nil {
		return nil, err
	}
	p, err := l.Partition(commitlog.TopicPartition{Topic: OffsetsTopic, Partition: PartitionFor(c.Group)})
	if err != nil {
		return nil, err
	}
	return changes, add(p, b)
}

// wait returns when everything is below the high watermark. It is at once, unless
// somebody else's batch before it is not on disk yet.
func (w *work) wait(ctx context.Context) error {
	for i := range w.items {
		if w.offsets[i] < 0 {
			continue // the topic was deleted while the commit was on its way
		}
		err := w.items[i].p.WaitHighWatermark(ctx, w.offsets[i]+commitlog.Offset(w.items[i].b.Count()))
		if err != nil && !errors.Is(err, kerr.UnknownTopicOrPartition) {
			return err
		}
	}
	return nil
}
