package session

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"tailrace/executor"
	"tailrace/sql/catalog"
	"tailrace/sql/sqlerr"
	"tailrace/storage/commitlog"
)

// How fresh a read must be: the setting read_consistency.
const (
	readEventual  = "eventual"         // what is there now
	readOwnWrites = "read_your_writes" // what this session has written is in it
	readStrict    = "strict"           // everything acknowledged before the read began is in it
)

// sound fails when a query that makes the stream or table has failed: what is there is older
// than it seems. Who reads what is there anyhow, whatever its age, gets a warning.
func (s *Session) sound(name string, out Result) error {
	var err error
	if view, ok := s.deps.Engine.View(name); ok {
		err = view.Failure()
	} else {
		for _, id := range s.deps.Catalog.Snapshot().Writers(name) {
			err = errors.Join(err, s.deps.Engine.Failure(id))
		}
	}
	if err == nil {
		return nil
	}
	if s.settings["read_consistency"].value != readEventual {
		return err
	}
	out.Notice(Notice{Severity: "WARNING", Message: err.Error(), Hint: "The rows are those from before the failure."})
	return nil
}

// filled lets the first who reads what a statement has just made wait until it holds what
// there was when it was made, and tells those who do not get that.
func (s *Session) filled(ctx context.Context, name string, out Result) error {
	done, err := true, error(nil)
	if view, ok := s.deps.Engine.View(name); ok {
		done, err = view.Backfilled(ctx, s.deps.PullTimeout)
	} else {
		for _, id := range s.deps.Catalog.Snapshot().Writers(name) {
			var one bool
			if one, err = s.deps.Engine.Backfilled(ctx, id, s.deps.PullTimeout); err != nil {
				break
			}
			done = done && one
		}
	}
	if err == nil && !done {
		out.Notice(Notice{Severity: "WARNING", Message: fmt.Sprintf("%s is still being filled with what there was when it was made: rows are missing, or not yet what they will be", name),
			Hint: fmt.Sprintf("DESCRIBE %s EXTENDED shows how far its query is. The first read waits for it, for at most pull.timeout.ms = %d.", name, s.deps.PullTimeout.Milliseconds())})
	}
	return err
}

// waitFor waits until a stream or table is as fresh as the session wants it: until the
// queries that make it have applied what they should.
func (s *Session) waitFor(ctx context.Context, name string, out Result) error {
	if err := s.sound(name, out); err != nil {
		return err
	}
	if err := s.filled(ctx, name, out); err != nil {
		return err
	}
	mode := s.settings["read_consistency"].value
	var target map[commitlog.TopicPartition]commitlog.Offset
	switch mode {
	case readOwnWrites:
		if s.fresh[name] == s.freshness() {
			return nil // waited for already: views only go forward
		}
		if err := s.forgetDeleted(ctx); err != nil {
			return err
		}
		target = s.written
	case readStrict:
		var err error
		if target, err = s.ends(ctx); err != nil {
			return err
		}
	}
	if len(target) == 0 {
		return nil
	}
	err := s.waitUntil(ctx, name, target)
	if err == nil {
		s.fresh[name] = s.freshness()
	}
	return err
}

// waitUntil waits until a stream or table has taken in what lies below the target.
func (s *Session) waitUntil(ctx context.Context, name string, target map[commitlog.TopicPartition]commitlog.Offset) error {
	limited, cancel := context.WithTimeout(ctx, s.deps.PullTimeout)
	defer cancel()
	err := s.waitApplied(limited, name, target)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return sqlerr.New(sqlerr.LimitExceeded, "%s is further behind than pull.timeout.ms = %d allows", name, s.deps.PullTimeout.Milliseconds()).
			Hint("SET read_consistency = eventual reads what is there now; DESCRIBE %s EXTENDED shows how far its query is.", name)
	}
	return err
}

// freshness is what an earlier wait was for: what the session had written, and the catalog
// that it looked into, in which a name may mean another view by now.
type freshness struct {
	writes  int
	catalog *catalog.Snapshot
}

func (s *Session) freshness() freshness {
	return freshness{writes: s.writes, catalog: s.deps.Catalog.Snapshot()}
}

// wrote notes records that the session appended to a topic up to next, the offset after the
// last.
func (s *Session) wrote(topic commitlog.Topic, tp commitlog.TopicPartition, next commitlog.Offset) {
	if s.topics[tp.Topic] != topic.ID {
		s.forgetTopic(tp.Topic)
		s.topics[tp.Topic] = topic.ID
	}
	if next > s.written[tp] {
		s.written[tp] = next
		s.writes++
	}
}

// forgetDeleted forgets what the session wrote into topics that have been deleted since: one
// that was made again under the name begins at offset 0, and has nothing of it.
func (s *Session) forgetDeleted(ctx context.Context) error {
	for name, id := range s.topics {
		switch t, err := s.deps.Log.Topic(ctx, name); {
		case errors.Is(err, commitlog.ErrUnknownTopic), err == nil && t.ID != id:
			s.forgetTopic(name)
		case err != nil:
			return err
		}
	}
	return nil
}

func (s *Session) forgetTopic(name string) {
	delete(s.topics, name)
	maps.DeleteFunc(s.written, func(tp commitlog.TopicPartition, _ commitlog.Offset) bool { return tp.Topic == name })
}

// waitApplied waits for the view of that name, or for the queries that write into it.
func (s *Session) waitApplied(ctx context.Context, name string, target map[commitlog.TopicPartition]commitlog.Offset) error {
	if view, ok := s.deps.Engine.View(name); ok {
		return view.WaitApplied(ctx, target)
	}
	for _, id := range s.deps.Catalog.Snapshot().Writers(name) {
		if err := s.deps.Engine.WaitApplied(ctx, id, target); err != nil && !errors.Is(err, executor.ErrUnknownQuery) {
			return err
		}
	}
	return nil
}

// ends are the ends of the topics that users write into: of all sources that no query
// makes.
func (s *Session) ends(ctx context.Context) (map[commitlog.TopicPartition]commitlog.Offset, error) {
	out := map[commitlog.TopicPartition]commitlog.Offset{}
	for _, src := range s.deps.Catalog.Snapshot().Sources() {
		topic, err := s.deps.Log.Topic(ctx, src.Topic)
		if errors.Is(err, commitlog.ErrUnknownTopic) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("topic of %s: %w", src.Name, err)
		}
		for p := range topic.Partitions {
			tp := commitlog.TopicPartition{Topic: src.Topic, Partition: commitlog.PartitionID(p)}
			b, err := s.deps.Log.Bounds(ctx, tp)
			if err != nil {
				return nil, err
			}
			out[tp] = b.HighWatermark
		}
	}
	return out, nil
}
