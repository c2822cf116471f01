package task

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"tailrace/storage/commitlog"
	"tailrace/storage/record"
)

// metadata is the text beside a committed position.
type metadata struct {
	// StreamTime of the operators that keep one.
	StreamTime map[string]int64 `json:"t,omitempty"`
	// At are the positions of each leaf where several read one partition; the committed
	// position is then the least of them.
	At map[int]commitlog.Offset `json:"a,omitempty"`
	// Changelogs are the changelogs of the task, by state id, as of this commit. One
	// position of the task has them: that of its least partition.
	Changelogs map[string]span `json:"c,omitempty"`
	// Rewriting: the changelogs are being written anew from the store, and until that is
	// done only the store has the state.
	Rewriting bool `json:"w,omitempty"`
	// Lost is why the task cannot go on from here; it is beside the least partition too.
	Lost string `json:"l,omitempty"`
}

// span says which records of a changelog are the state: those from From on, and there were
// records up to To at least, for the task alone writes them.
type span struct {
	From commitlog.Offset `json:"f,omitempty"`
	To   commitlog.Offset `json:"t"`
}

// storeMeta is what the store says about itself.
type storeMeta struct {
	Positions  map[string]map[commitlog.PartitionID]commitlog.Offset `json:"p"`
	Changelogs map[string]commitlog.Offset                           `json:"c"`
	// From is where the state begins in the changelogs, when that is not at 0.
	From map[string]commitlog.Offset `json:"f,omitempty"`
}

// Commit makes what has been pushed since the last commit durable and visible. When
// nothing came of it, it may leave the positions to a later commit.
func (t *Task) Commit(ctx context.Context) error { return t.commit(ctx, false) }

func (t *Task) commit(ctx context.Context, force bool) (err error) {
	if err := t.run.Flush(); err != nil {
		return err
	}
	t.pushed = false
	defer func(n int) { // a commit that fails leaves them
		if err == nil {
			t.uncommitted -= n
		}
	}(t.uncommitted)
	t.lastCommit = t.c.Clock.Now()
	if t.c.Transient {
		t.state.Committed()
		return t.held.Ask(int64(t.state.Bytes()))
	}
	commit := commitlog.Commit{Group: t.c.Group, Task: t.c.Name, Owner: t.c.Owner}
	if t.c.Sink != nil {
		if commit.Appends, err = t.c.Sink.Take(nil); err != nil {
			return err
		}
	}
	outputs := len(commit.Appends)
	if commit.Appends, err = t.changelog(commit.Appends); err != nil {
		return err
	}
	if len(commit.Appends) == 0 && (!t.moved() || !force && t.lastCommit.Sub(t.lastPositions) < idlePositions) {
		t.uncommittedFrom = math.MaxInt64 // nothing came of it
		t.state.Committed()
		t.publish()
		return nil
	}
	t.lastPositions = t.lastCommit
	commit.Positions = t.positions()
	offsets, err := t.send(ctx, commit)
	if err != nil {
		return err
	}
	t.commits.Add(1)
	size, err := t.wrote(commit.Appends, outputs, offsets)
	if err != nil {
		return err
	}
	for tp, p := range commit.Positions {
		t.committed[tp] = p.Offset
	}
	t.uncommittedFrom = math.MaxInt64
	t.state.Committed()
	if t.c.Sink != nil {
		t.c.Sink.Release()
	}
	t.releaseBuilders()
	t.publish()
	if t.c.Committed != nil {
		t.c.Committed()
	}
	if t.commitTook = 0; size > largeCommit {
		t.commitTook = t.c.Clock.Now().Sub(t.lastCommit)
	}
	t.measure()
	if err := t.trim(ctx); err != nil {
		return err
	}
	err = t.flush(false)
	t.c.Took.Observe(t.c.Clock.Now().Sub(t.lastCommit))
	return err
}

// wrote takes note of what has been appended, at these offsets: outputs batches of output, then
// changelogs. It returns their size.
func (t *Task) wrote(batches []commitlog.PartitionBatch, outputs int, offsets []commitlog.Offset) (size int, err error) {
	for i, b := range batches {
		h, err := record.ParseHeader(b.Batch)
		if err != nil {
			return size, err
		}
		size += len(b.Batch)
		if i < outputs {
			t.recordsWritten.Add(int64(h.Count))
			t.bytesWritten.Add(int64(len(b.Batch)))
			continue
		}
		t.changelogs[b.Topic] = offsets[i] + commitlog.Offset(h.LastOffsetDelta) + 1
		t.dirtyBytes += len(b.Batch)
	}
	return size, nil
}

// trim gives up what was used of internal topics. They are kept by what their only reader
// has committed, never by time.
func (t *Task) trim(ctx context.Context) error {
	if t.lastCommit.Sub(t.lastTrim) < trimInterval {
		return nil
	}
	t.lastTrim = t.lastCommit
	for _, in := range t.inputs {
		if !t.c.Leaves[in.leaf].Internal {
			continue
		}
		if err := t.c.Log.Trim(ctx, in.tp, t.committed[in.tp]); err != nil {
			return err
		}
	}
	return nil
}

// send gives the log a commit: all of it or nothing, or, at least once, batch by batch
// with the positions last.
func (t *Task) send(ctx context.Context, c commitlog.Commit) ([]commitlog.Offset, error) {
	if !t.c.AtLeastOnce {
		return t.c.Log.Commit(ctx, c)
	}
	offsets := make([]commitlog.Offset, len(c.Appends))
	for i, b := range c.Appends {
		var err error
		if offsets[i], err = t.c.Log.Append(ctx, b, commitlog.AcksDurable); err != nil {
			return nil, err
		}
	}
	c.Appends = nil
	_, err := t.c.Log.Commit(ctx, c)
	return offsets, err
}

// positions are the inputs' positions as the log keeps them.
func (t *Task) positions() map[commitlog.TopicPartition]commitlog.Position {
	m := metadata{}
	for id, clock := range t.run.Clocks {
		if ms := clock.StreamTime(); ms > 0 {
			if m.StreamTime == nil {
				m.StreamTime = map[string]int64{}
			}
			m.StreamTime[id] = ms
		}
	}
	at := map[commitlog.TopicPartition]map[int]commitlog.Offset{}
	for _, in := range t.inputs {
		if at[in.tp] == nil {
			at[in.tp] = map[int]commitlog.Offset{}
		}
		at[in.tp][in.leaf] = in.position()
	}
	out := map[commitlog.TopicPartition]commitlog.Position{}
	first := t.least()
	for tp, leaves := range at {
		m.At, m.Changelogs = nil, nil
		if len(leaves) > 1 {
			m.At = leaves
		}
		if tp == first {
			m.Changelogs = t.spans()
		}
		text, _ := json.Marshal(m) // maps of numbers always can
		p := commitlog.Position{Offset: slices.Min(slices.Collect(maps.Values(leaves)))}
		if len(text) > 2 {
			p.Metadata = string(text)
		}
		out[tp] = p
	}
	return out
}

// least is the partition whose position carries what is said once for the task.
func (t *Task) least() commitlog.TopicPartition {
	var out commitlog.TopicPartition
	for i, in := range t.inputs {
		if i == 0 || in.tp.Topic < out.Topic || in.tp.Topic == out.Topic && in.tp.Partition < out.Partition {
			out = in.tp
		}
	}
	return out
}

// spans are the changelogs as they will be when what is in the builders has been written.
func (t *Task) spans() map[string]span {
	out := make(map[string]span, len(t.c.Changelogs))
	for id, topic := range t.c.Changelogs {
		s := span{From: t.from[topic], To: t.changelogs[topic]}
		for _, b := range t.builders[id] {
			s.To += commitlog.Offset(b.Count())
		}
		out[id] = s
	}
	return out
}

// changelogBatch is how large a batch of a changelog grows.
const changelogBatch = 512 << 10

// changelog appends the batches of what has changed in the state.
func (t *Task) changelog(dst []commitlog.PartitionBatch) ([]commitlog.PartitionBatch, error) {
	now := t.lastCommit.UnixMilli()
	err := t.state.Changes(func(id string, key, value []byte) error {
		list := t.builders[id]
		if n := len(list); n == 0 || list[n-1].Size()+len(key)+len(value) > changelogBatch && list[n-1].Count() > 0 {
			list = append(list, record.TakeBuilder(record.Options{}))
			t.builders[id] = list
		}
		list[len(list)-1].Append(now, key, value, nil)
		return nil
	})
	if err != nil {
		return dst, err
	}
	for id, list := range t.builders {
		topic, ok := t.c.Changelogs[id]
		if !ok {
			return dst, fmt.Errorf("state %s has no changelog topic", id)
		}
		for _, b := range list {
			batch, err := b.Finish()
			if err != nil {
				return dst, err
			}
			dst = append(dst, commitlog.PartitionBatch{TopicPartition: commitlog.TopicPartition{Topic: topic, Partition: t.c.Partition}, Batch: batch})
		}
	}
	return dst, nil
}

func (t *Task) releaseBuilders() {
	for id, list := range t.builders {
		for _, b := range list {
			record.GiveBuilder(b)
		}
		delete(t.builders, id)
	}
}

// storeMeta says what the store is as of, when everything committed is in it.
func (t *Task) storeMeta() ([]byte, error) {
	m := storeMeta{Positions: map[string]map[commitlog.PartitionID]commitlog.Offset{}, Changelogs: t.changelogs, From: t.from}
	for tp, off := range t.committed {
		if m.Positions[tp.Topic] == nil {
			m.Positions[tp.Topic] = map[commitlog.PartitionID]commitlog.Offset{}
		}
		m.Positions[tp.Topic][tp.Partition] = off
	}
	return json.Marshal(m)
}

// flush writes the state down when it is time to, and drops what is over budget.
func (t *Task) flush(now bool) error {
	if t.c.Store == nil || len(t.c.Changelogs) == 0 {
		return nil
	}
	t.held.Set(int64(t.state.Bytes()))
	over := t.held.Excess()
	since := t.c.Clock.Now().Sub(t.lastFlush)
	if !now && over <= 0 && t.dirtyBytes < t.c.Memory.Part(32, flushBytes) && since < flushInterval {
		return nil
	}
	if t.dirtyBytes > 0 || now {
		text, err := t.storeMeta()
		if err != nil {
			return err
		}
		if err := t.state.Flush(text); err != nil {
			return err
		}
		t.dirtyBytes = 0
	}
	t.lastFlush = t.c.Clock.Now()
	if over > 0 {
		if err := t.state.Evict(min(1, float64(over)/float64(t.state.Bytes()+1))); err != nil {
			return err
		}
		t.held.Set(int64(t.state.Bytes()))
	}
	return nil
}
