package task

import (
	"context"
	"encoding/json"
	"fmt"

	"tailrace/storage/commitlog"
	"tailrace/storage/record"
	"tailrace/storage/state"
)

// recover finds where the task stands and brings its store there.
//
// It claims the task first. A commit that its former owner gave up waiting for may still
// happen; read before that, positions and changelogs would be those of another moment, and
// its input would count twice.
//
// The committed positions are the truth, and the changelogs up to their ends are the state
// at those positions, for each commit writes both. A store that was written at an earlier
// commit says at which offsets of the changelogs that was, and gets what came after. A
// store that claims to be ahead of the log (the log was restored from a backup), or that
// says nothing, is emptied and filled from the beginning.
func (t *Task) recover(ctx context.Context) (metadata, error) {
	m := metadata{StreamTime: map[string]int64{}}
	t.changelogs = map[string]commitlog.Offset{}
	if t.c.Transient {
		return m, t.begin(ctx, nil)
	}
	if _, err := t.c.Log.Commit(ctx, commitlog.Commit{Group: t.c.Group, Task: t.c.Name, Owner: t.c.Owner}); err != nil {
		return m, err
	}
	positions, err := t.c.Log.Positions(ctx, t.c.Group)
	if err != nil {
		return m, err
	}
	fresh := true
	for _, in := range t.inputs {
		p, ok := positions[in.tp]
		if !ok {
			continue
		}
		fresh = false
		var at metadata
		if p.Metadata != "" {
			if err := json.Unmarshal([]byte(p.Metadata), &at); err != nil {
				return m, fmt.Errorf("metadata of the position of group %s in %s: %w", t.c.Group, in.tp, err)
			}
		}
		for id, ms := range at.StreamTime {
			m.StreamTime[id] = max(ms, m.StreamTime[id])
		}
		off := p.Offset
		if o, ok := at.At[in.leaf]; ok {
			off = o
		}
		in.seek(off)
		t.committed[in.tp] = p.Offset
	}
	if err := t.begin(ctx, positions); err != nil {
		return m, err
	}
	if t.c.Store != nil && len(t.c.Changelogs) > 0 {
		if err := t.restore(ctx, positions); err != nil {
			return m, err
		}
	}
	if fresh {
		// The first thing a task commits is where it begins, so that "latest" means the
		// end as it was then, also after a crash.
		c := commitlog.Commit{Group: t.c.Group, Task: t.c.Name, Owner: t.c.Owner, Positions: map[commitlog.TopicPartition]commitlog.Position{}}
		for _, in := range t.inputs {
			c.Positions[in.tp] = commitlog.Position{Offset: in.next}
			t.committed[in.tp] = in.next
		}
		_, err = t.c.Log.Commit(ctx, c)
	}
	return m, err
}

// begin seeks the inputs that have no committed position.
func (t *Task) begin(ctx context.Context, positions map[commitlog.TopicPartition]commitlog.Position) error {
	for _, in := range t.inputs {
		if _, ok := positions[in.tp]; ok {
			continue
		}
		if off, ok := t.c.Start[in.tp]; ok {
			in.seek(off)
			t.committed[in.tp] = off
			continue
		}
		b, err := t.c.Log.Bounds(ctx, in.tp)
		if err != nil {
			return err
		}
		off := b.LogStart
		if t.c.Leaves[in.leaf].Latest {
			off = b.HighWatermark
		}
		in.seek(off)
		t.committed[in.tp] = off
	}
	return nil
}

// restore reads the changelogs into the store.
func (t *Task) restore(ctx context.Context, positions map[commitlog.TopicPartition]commitlog.Position) error {
	var have storeMeta
	text, err := t.meta()
	if err != nil {
		return err
	}
	usable := text != nil && json.Unmarshal(text, &have) == nil
	for topic, parts := range have.Positions {
		for p, off := range parts {
			tp := commitlog.TopicPartition{Topic: topic, Partition: p}
			if committed, ok := positions[tp]; !ok || committed.Offset < off {
				usable = false
			}
		}
	}
	type span struct{ from, to commitlog.Offset }
	spans := map[string]span{}
	for id, topic := range t.c.Changelogs {
		b, err := t.c.Log.Bounds(ctx, commitlog.TopicPartition{Topic: topic, Partition: t.c.Partition})
		if err != nil {
			return err
		}
		from, ok := have.Changelogs[topic]
		if ok && from > b.HighWatermark {
			usable = false
		}
		spans[id] = span{max(from, b.LogStart), b.HighWatermark}
		t.changelogs[topic] = b.HighWatermark
	}
	done := usable
	for id, topic := range t.c.Changelogs {
		s := spans[id]
		if !usable {
			b, err := t.c.Log.Bounds(ctx, commitlog.TopicPartition{Topic: topic, Partition: t.c.Partition})
			if err != nil {
				return err
			}
			s.from = b.LogStart
			spans[id] = s
		}
		done = done && s.from >= s.to
	}
	if done {
		return nil
	}
	r, err := state.NewRestore(t.c.Store, !usable)
	if err != nil {
		return err
	}
	for id, topic := range t.c.Changelogs {
		tp := commitlog.TopicPartition{Topic: topic, Partition: t.c.Partition}
		if err := t.replay(ctx, r, id, tp, spans[id].from, spans[id].to); err != nil {
			return fmt.Errorf("restore state %s: %w", id, err)
		}
	}
	m := storeMeta{Positions: map[string]map[commitlog.PartitionID]commitlog.Offset{}, Changelogs: t.changelogs}
	for tp, p := range positions {
		if m.Positions[tp.Topic] == nil {
			m.Positions[tp.Topic] = map[commitlog.PartitionID]commitlog.Offset{}
		}
		m.Positions[tp.Topic][tp.Partition] = p.Offset
	}
	if text, err = json.Marshal(m); err != nil {
		return err
	}
	return r.Finish(text)
}

func (t *Task) meta() ([]byte, error) { return state.NewTask(t.c.Store).Meta() }

// replay applies the records [from, to) of a changelog.
func (t *Task) replay(ctx context.Context, r *state.Restore, id string, tp commitlog.TopicPartition, from, to commitlog.Offset) error {
	buf := make([]byte, 1<<20)
	var iter record.Iter
	for from < to {
		f, err := t.c.Log.Read(ctx, tp, from, buf)
		if err != nil {
			return err
		}
		if len(f.Batches) == 0 {
			return fmt.Errorf("%s ends at offset %d, before %d", tp, from, to)
		}
		for b := f.Batches; len(b) > 0; {
			h, err := record.ParseHeader(b) // the log has verified it
			if err != nil {
				return fmt.Errorf("%s at offset %d: %w", tp, from, err)
			}
			if err := iter.Reset(b); err != nil {
				return err
			}
			for !h.Control() && iter.Next() {
				if rec := iter.Record(); commitlog.Offset(rec.Offset) >= from && commitlog.Offset(rec.Offset) < to {
					if err := r.Apply(id, rec.Key, rec.Value); err != nil {
						return err
					}
				}
			}
			if err := iter.Err(); err != nil {
				return fmt.Errorf("%s at offset %d: %w", tp, from, err)
			}
			from, b = max(from, commitlog.Offset(h.NextOffset())), b[h.Size():]
		}
	}
	return nil
}
