package task

import (
	"context"
	"encoding/json"
	"fmt"

	"tailrace/storage/commitlog"
	"tailrace/storage/record"
	"tailrace/storage/state"
)

// rewriteBatches is how many batches of a changelog a commit writes anew.
const rewriteBatches = 8

// rewrite writes the changelogs anew from the store, which alone has the state.
//
// While it goes on, the positions say so: a crash finds the store again, and begins from the
// front. At its end they say where in the changelogs the state begins now; what lies before
// that is never read again.
func (t *Task) rewrite(ctx context.Context, reason string, have storeMeta, positions map[commitlog.TopicPartition]commitlog.Position) error {
	t.c.Notice("a changelog is not whole, and is written anew from the state's folder", "task", t.c.Name, "reason", reason)
	ends := map[string]commitlog.Offset{}
	for _, topic := range t.c.Changelogs {
		ends[topic] = t.changelogs[topic]
		t.changelogs[topic] = have.Changelogs[topic]
	}
	own := t.own(positions)
	t.rewriting = true
	if err := t.commitSpans(ctx, own, t.spans()); err != nil {
		return err
	}
	for id, topic := range t.c.Changelogs {
		t.from[topic] = ends[topic]
		end, err := t.writeAnew(ctx, id, topic, ends[topic])
		if err != nil {
			return fmt.Errorf("write changelog %s anew: %w", topic, err)
		}
		t.changelogs[topic] = end
	}
	t.rewriting = false
	if err := t.commitSpans(ctx, own, t.spans()); err != nil {
		return err
	}
	for _, topic := range t.c.Changelogs {
		if err := t.c.Log.Trim(ctx, commitlog.TopicPartition{Topic: topic, Partition: t.c.Partition}, ends[topic]); err != nil {
			return err
		}
	}
	r, err := state.NewRestore(t.c.Store, false)
	if err != nil {
		return err
	}
	text, err := t.storeMeta()
	if err != nil {
		return err
	}
	return r.Finish(text)
}

// own are the positions of the task's inputs, as they are committed.
func (t *Task) own(positions map[commitlog.TopicPartition]commitlog.Position) map[commitlog.TopicPartition]commitlog.Position {
	out := map[commitlog.TopicPartition]commitlog.Position{}
	for _, in := range t.inputs {
		out[in.tp] = commitlog.Position{Offset: t.committed[in.tp], Metadata: positions[in.tp].Metadata}
	}
	return out
}

// commitSpans commits positions, and what is to be known of the changelogs beside that of
// the least partition.
func (t *Task) commitSpans(ctx context.Context, positions map[commitlog.TopicPartition]commitlog.Position, spans map[string]span) error {
	first := t.least()
	if p, ok := positions[first]; ok {
		var m metadata
		if p.Metadata != "" {
			if err := json.Unmarshal([]byte(p.Metadata), &m); err != nil {
				return err
			}
		}
		m.Changelogs, m.Rewriting, m.Lost = spans, t.rewriting, t.lost
		text, err := json.Marshal(m)
		if err != nil {
			return err
		}
		if p.Metadata = string(text); p.Metadata == "{}" {
			p.Metadata = ""
		}
		positions[first] = p
	}
	_, err := t.c.Log.Commit(ctx, commitlog.Commit{Group: t.c.Group, Task: t.c.Name, Owner: t.c.Owner, Positions: positions})
	return err
}

// writeAnew appends the content of the map id to its changelog, which ends at end, and
// returns its new end.
func (t *Task) writeAnew(ctx context.Context, id, topic string, end commitlog.Offset) (commitlog.Offset, error) {
	tp := commitlog.TopicPartition{Topic: topic, Partition: t.c.Partition}
	now := t.c.Clock.Now().UnixMilli()
	var batches []commitlog.PartitionBatch
	b := record.NewBuilder(record.Options{})
	close := func() error {
		if b.Count() == 0 {
			return nil
		}
		batch, err := b.Finish()
		if err == nil {
			batches = append(batches, commitlog.PartitionBatch{TopicPartition: tp, Batch: batch})
			b = record.NewBuilder(record.Options{})
		}
		return err
	}
	send := func() error {
		if err := close(); err != nil || len(batches) == 0 {
			return err
		}
		offsets, err := t.c.Log.Commit(ctx, commitlog.Commit{Group: t.c.Group, Task: t.c.Name, Owner: t.c.Owner, Appends: batches})
		if err != nil {
			return err
		}
		last := len(batches) - 1
		h, err := record.ParseHeader(batches[last].Batch)
		if err != nil {
			return err
		}
		end = offsets[last] + commitlog.Offset(h.LastOffsetDelta) + 1
		batches = batches[:0]
		return nil
	}
	err := state.Walk(t.c.Store, id, func(key, value []byte) error {
		if b.Count() > 0 && b.Size()+len(key)+len(value) > changelogBatch {
			if err := close(); err != nil {
				return err
			}
			if len(batches) >= rewriteBatches {
				if err := send(); err != nil {
					return err
				}
			}
		}
		b.Append(now, key, value, nil)
		return nil
	})
	if err == nil {
		err = send()
	}
	return end, err
}

// Anew adds to positions those of a task that has read nothing and remembers nothing, and to
// trims what of its own topics is of no use then.
func Anew(ctx context.Context, log commitlog.Log, leaves []Leaf, changelogs map[string]string, partition commitlog.PartitionID,
	positions map[commitlog.TopicPartition]commitlog.Position, trims map[commitlog.TopicPartition]commitlog.Offset) error {
	t := &Task{c: Config{Changelogs: changelogs}, from: map[string]commitlog.Offset{}, changelogs: map[string]commitlog.Offset{}}
	for leaf, l := range leaves {
		for _, p := range l.Partitions {
			in := &input{tp: commitlog.TopicPartition{Topic: l.Spec.Topic, Partition: p}, leaf: leaf}
			b, err := log.Bounds(ctx, in.tp)
			if err != nil {
				return err
			}
			off := b.LogStart
			if l.Internal {
				off, trims[in.tp] = b.HighWatermark, b.HighWatermark
			}
			t.inputs = append(t.inputs, in)
			positions[in.tp] = commitlog.Position{Offset: off}
		}
	}
	for _, topic := range changelogs {
		tp := commitlog.TopicPartition{Topic: topic, Partition: partition}
		b, err := log.Bounds(ctx, tp)
		if err != nil {
			return err
		}
		t.from[topic], t.changelogs[topic], trims[tp] = b.HighWatermark, b.HighWatermark, b.HighWatermark
	}
	if len(changelogs) == 0 || len(t.inputs) == 0 {
		return nil
	}
	text, err := json.Marshal(metadata{Changelogs: t.spans()})
	if err != nil {
		return err
	}
	first := t.least()
	p := positions[first]
	p.Metadata = string(text)
	positions[first] = p
	return nil
}
