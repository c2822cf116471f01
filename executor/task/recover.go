package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"tailrace/storage/commitlog"
	"tailrace/storage/record"
	"tailrace/storage/state"
)

// Lost says that a task cannot be brought to its committed positions: neither the log nor
// the store has all that this takes. Trying again does not help.
type Lost struct{ Reason string }

// Error tells what is missing.
func (l *Lost) Error() string { return l.Reason }

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
//
// A commit also says where the changelogs end. Where one ends earlier, or cannot be read,
// a store that has the state is the surviving copy, and the changelog is written anew
// (rewrite.go); without one the state is lost.
func (t *Task) recover(ctx context.Context) (metadata, error) {
	m := metadata{StreamTime: map[string]int64{}}
	t.changelogs, t.from = map[string]commitlog.Offset{}, map[string]commitlog.Offset{}
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
	fresh, err := t.resume(positions, &m)
	if err != nil {
		return m, err
	}
	if err := t.begin(ctx, positions); err != nil {
		return m, err
	}
	if m.Lost != "" {
		return m, &Lost{m.Lost}
	}
	err = t.readable(ctx, positions)
	if err == nil && t.c.Store != nil && len(t.c.Changelogs) > 0 {
		err = t.restore(ctx, positions, m, fresh)
	}
	var lost *Lost
	if errors.As(err, &lost) && !fresh {
		// A later start may not see any more what was missing: it is written down.
		t.lost = lost.Reason
		err = errors.Join(err, t.commitSpans(ctx, t.own(positions), m.Changelogs))
	}
	if err != nil {
		return m, err
	}
	if fresh {
		// The first thing a task commits is where it begins, so that "latest" means the
		// end as it was then, also after a crash.
		positions = map[commitlog.TopicPartition]commitlog.Position{}
		for _, in := range t.inputs {
			positions[in.tp] = commitlog.Position{Offset: in.next}
			t.committed[in.tp] = in.next
		}
		err = t.commitSpans(ctx, positions, t.spans())
	}
	return m, err
}

// resume seeks the inputs to their committed positions, and gathers what these say into m.
// It reports whether there are none.
func (t *Task) resume(positions map[commitlog.TopicPartition]commitlog.Position, m *metadata) (fresh bool, err error) {
	fresh = true
	for _, in := range t.inputs {
		p, ok := positions[in.tp]
		if !ok {
			continue
		}
		fresh = false
		var at metadata
		if p.Metadata != "" {
			if err := json.Unmarshal([]byte(p.Metadata), &at); err != nil {
				return false, fmt.Errorf("metadata of the position of group %s in %s: %w", t.c.Group, in.tp, err)
			}
		}
		for id, ms := range at.StreamTime {
			m.StreamTime[id] = max(ms, m.StreamTime[id])
		}
		if in.tp == t.least() {
			m.Lost = at.Lost
		}
		if at.Changelogs != nil {
			m.Changelogs, m.Rewriting = at.Changelogs, at.Rewriting
		}
		off := p.Offset
		if o, ok := at.At[in.leaf]; ok {
			off = o
		}
		in.seek(off)
		t.committed[in.tp] = p.Offset
	}
	return fresh, nil
}

// readable fails when an internal topic ends before what was read of it: its records are
// gone, and with them those that had not been read.
func (t *Task) readable(ctx context.Context, positions map[commitlog.TopicPartition]commitlog.Position) error {
	for _, in := range t.inputs {
		if _, ok := positions[in.tp]; !ok || !t.c.Leaves[in.leaf].Internal {
			continue
		}
		b, err := t.c.Log.Bounds(ctx, in.tp)
		if err != nil {
			return err
		}
		if in.next > b.HighWatermark || in.next < b.LogStart {
			return &Lost{fmt.Sprintf("partition %s holds offsets %d to %d, but the query is at %d: records that it had not read are gone",
				in.tp, b.LogStart, b.HighWatermark, in.next)}
		}
	}
	return nil
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

// restore brings the store to the committed positions.
func (t *Task) restore(ctx context.Context, positions map[commitlog.TopicPartition]commitlog.Position, m metadata, fresh bool) error {
	have, usable, err := t.storeSays(positions)
	if err != nil {
		return err
	}
	parts := map[string]part{}
	current, whole := true, !m.Rewriting
	reason := "its changelogs were being written anew when the server ended"
	for id, topic := range t.c.Changelogs {
		p, why, err := t.look(ctx, topic, m.Changelogs[id])
		if err != nil {
			return err
		}
		if fresh && p.to > p.from {
			return &Lost{fmt.Sprintf("group %s has no committed positions, but changelog %s has records: the positions are gone", t.c.Group, topic)}
		}
		if why != "" {
			whole, reason = false, why
		}
		p.have = have.Changelogs[topic]
		need := max(p.to, p.recorded)
		if m.Rewriting {
			need = p.recorded
		}
		// Without a record of the end, a store that has more than the changelog is of
		// another log.
		usable = usable && have.From[topic] == p.from && (p.have <= need || p.recorded > 0)
		current = current && p.have >= need
		parts[id] = p
	}
	current = current && usable
	for id, topic := range t.c.Changelogs {
		t.changelogs[topic] = parts[id].to
		if from := parts[id].from; from > 0 {
			t.from[topic] = from
		}
	}
	switch {
	case whole && current:
		return nil
	case whole:
		err = t.fill(ctx, parts, usable, positions)
		var cut *unreadable
		if !errors.As(err, &cut) {
			return err
		}
		reason = cut.Error()
	case current:
		return t.rewrite(ctx, reason, have, positions)
	}
	return &Lost{"its state cannot be restored: " + reason + ", and " + t.storeFault(usable)}
}

// storeFault says why the store is no help.
func (t *Task) storeFault(usable bool) string {
	if usable {
		return "the copy in the state's folder is older than that"
	}
	return "the state's folder has no copy"
}

// part is what is known of a changelog: the state is in [from, to), at least up to recorded
// when that was written down, and the store has it up to have.
type part struct {
	from, to, recorded, have commitlog.Offset
}

// look compares a changelog with what the last commit says of it; why is not empty when
// there is less.
func (t *Task) look(ctx context.Context, topic string, s span) (p part, why string, err error) {
	tp := commitlog.TopicPartition{Topic: topic, Partition: t.c.Partition}
	b, err := t.c.Log.Bounds(ctx, tp)
	if err != nil {
		return p, "", err
	}
	p = part{from: s.From, to: b.HighWatermark, recorded: s.To}
	if s == (span{}) {
		p.from = b.LogStart // nothing is written down: of an older server, or nothing was committed yet
	}
	switch {
	case b.HighWatermark < s.To:
		return p, fmt.Sprintf("changelog %s ends at offset %d instead of %d", tp, b.HighWatermark, s.To), nil
	case b.LogStart > p.from && t.keptWhole(ctx, topic):
		return p, fmt.Sprintf("changelog %s begins at offset %d instead of %d", tp, b.LogStart, s.From), nil
	case !t.c.Suspect(tp):
		return p, "", nil
	}
	err = t.replay(ctx, tp, max(p.from, b.LogStart), p.to, func([]byte, []byte) error { return nil })
	var cut *unreadable
	if errors.As(err, &cut) {
		return p, cut.Error(), nil
	}
	return p, "", err
}

// keptWhole reports whether nothing of a changelog is deleted by age; older servers had
// those of windows deleted.
func (t *Task) keptWhole(ctx context.Context, topic string) bool {
	d, err := t.c.Log.Topic(ctx, topic)
	return err == nil && !strings.Contains(d.Configs["cleanup.policy"], "delete")
}

// storeSays reads what the store is as of; usable is false when it says nothing, or claims
// to be ahead of the log.
func (t *Task) storeSays(positions map[commitlog.TopicPartition]commitlog.Position) (have storeMeta, usable bool, err error) {
	text, err := state.NewTask(t.c.Store).Meta()
	if err != nil {
		return have, false, err
	}
	usable = text != nil && json.Unmarshal(text, &have) == nil
	for topic, parts := range have.Positions {
		for p, off := range parts {
			tp := commitlog.TopicPartition{Topic: topic, Partition: p}
			if committed, ok := positions[tp]; !ok || committed.Offset < off {
				usable = false
			}
		}
	}
	return have, usable, nil
}

// fill reads the changelogs into the store: what it does not have, or all of it.
func (t *Task) fill(ctx context.Context, parts map[string]part, usable bool, positions map[commitlog.TopicPartition]commitlog.Position) error {
	r, err := state.NewRestore(t.c.Store, !usable)
	if err != nil {
		return err
	}
	for id, topic := range t.c.Changelogs {
		tp := commitlog.TopicPartition{Topic: topic, Partition: t.c.Partition}
		b, err := t.c.Log.Bounds(ctx, tp)
		if err != nil {
			return err
		}
		from := max(parts[id].from, b.LogStart)
		if usable {
			from = max(from, parts[id].have)
		}
		apply := func(key, value []byte) error { return r.Apply(id, key, value) }
		if err := t.replay(ctx, tp, from, parts[id].to, apply); err != nil {
			return fmt.Errorf("restore state %s: %w", id, err)
		}
	}
	text, err := t.storeMeta()
	if err != nil {
		return err
	}
	return r.Finish(text)
}

// unreadable says that records of a changelog cannot be read.
type unreadable struct{ error }

func (u *unreadable) Unwrap() error { return u.error }

// replay gives apply the records [from, to) of a changelog.
func (t *Task) replay(ctx context.Context, tp commitlog.TopicPartition, from, to commitlog.Offset, apply func(key, value []byte) error) error {
	buf := make([]byte, 1<<20)
	var iter record.Iter
	for from < to {
		f, err := t.c.Log.Read(ctx, tp, from, buf)
		if errors.Is(err, commitlog.ErrDamaged) || errors.Is(err, commitlog.ErrOffsetOutOfRange) {
			return &unreadable{fmt.Errorf("changelog %s at offset %d: %w", tp, from, err)}
		}
		if err != nil {
			return err
		}
		if len(f.Batches) == 0 {
			return &unreadable{fmt.Errorf("changelog %s ends at offset %d, before %d", tp, from, to)}
		}
		for b := f.Batches; len(b) > 0; {
			h, err := record.ParseHeader(b) // the log has verified it
			if err == nil {
				err = iter.Reset(b)
			}
			if err != nil {
				return &unreadable{fmt.Errorf("changelog %s at offset %d: %w", tp, from, err)}
			}
			for !h.Control() && iter.Next() {
				if rec := iter.Record(); commitlog.Offset(rec.Offset) >= from && commitlog.Offset(rec.Offset) < to {
					if err := apply(rec.Key, rec.Value); err != nil {
						return err
					}
				}
			}
			if err := iter.Err(); err != nil {
				return &unreadable{fmt.Errorf("changelog %s at offset %d: %w", tp, from, err)}
			}
			from, b = max(from, commitlog.Offset(h.NextOffset())), b[h.Size():]
		}
	}
	return nil
}
