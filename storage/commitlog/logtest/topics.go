package logtest

import (
	"strings"
	"time"

	"tailrace/storage/commitlog"
)

func (s *suite) topics() {
	made, err := s.log.CreateTopic(s.ctx, commitlog.TopicSpec{Name: "zulu", Partitions: 3, ReplicationFactor: 1,
		Configs: map[string]string{"cleanup.policy": "compact"}})
	s.must(err)
	s.want([]any{made.Name, made.Partitions, made.ReplicationFactor, made.Internal}, []any{"zulu", 3, 1, false}, "CreateTopic")
	if made.ID == ([16]byte{}) {
		s.Error("a topic has no id")
	}
	if len(made.Configs) != 1 || made.Configs["cleanup.policy"] != "compact" {
		s.Errorf("configs are the overrides only, got %v", made.Configs)
	}
	def, err := s.log.CreateTopic(s.ctx, commitlog.TopicSpec{Name: "alpha", Partitions: -1, ReplicationFactor: -1})
	s.must(err)
	if def.Partitions < 1 || def.ReplicationFactor < 1 {
		s.Errorf("-1 is the log's default, got %d partitions, replication factor %d", def.Partitions, def.ReplicationFactor)
	}
	_, err = s.log.CreateTopic(s.ctx, commitlog.TopicSpec{Name: "zulu", Partitions: 1, ReplicationFactor: 1})
	s.wantErr(err, commitlog.ErrTopicExists, "CreateTopic twice")
	got, err := s.log.Topic(s.ctx, "zulu")
	s.must(err)
	s.want(got, made, "Topic describes what was made")

	s.want(s.names(), "[alpha zulu]", "Topics are in order of name")
	tp := commitlog.TopicPartition{Topic: "zulu", Partition: 1}
	s.append(tp, "gone")
	s.must(s.log.DeleteTopic(s.ctx, "zulu"))
	s.want(s.names(), "[alpha]", "Topics after DeleteTopic")
	_, err = s.log.Read(s.ctx, tp, 0, make([]byte, 1000))
	s.wantErr(err, commitlog.ErrUnknownTopic, "a reader of a deleted topic")
	again, err := s.log.CreateTopic(s.ctx, commitlog.TopicSpec{Name: "zulu", Partitions: 3, ReplicationFactor: -1})
	s.must(err)
	if again.ID == made.ID {
		s.Error("a new topic has the id of a deleted one")
	}
	s.want(s.values(tp), "[]", "a new topic is empty")
	s.want(s.append(tp, "new"), 0, "the first offset of a new topic")
}

// names are those of the visible topics.
func (s *suite) names() []string {
	ts, err := s.log.Topics(s.ctx)
	s.must(err)
	out := []string{}
	for _, t := range ts {
		if !t.Internal {
			out = append(out, t.Name)
		}
	}
	return out
}

func (s *suite) badTopics() {
	for _, name := range []string{"", ".", "..", "a/b", "a b", "ü", strings.Repeat("x", 250)} {
		_, err := s.log.CreateTopic(s.ctx, commitlog.TopicSpec{Name: name, Partitions: 1, ReplicationFactor: -1})
		s.wantErr(err, commitlog.ErrInvalidTopic, "CreateTopic(%q)", name)
	}
	for _, c := range []map[string]string{{"retention.ms": "soon"}, {"no.such.thing": "1"}, {"cleanup.policy": "burn"}} {
		_, err := s.log.CreateTopic(s.ctx, commitlog.TopicSpec{Name: "t", Partitions: 1, ReplicationFactor: -1, Configs: c})
		s.wantErr(err, commitlog.ErrInvalidConfig, "CreateTopic with %v", c)
	}
	s.want(s.names(), "[]", "what was refused is not there")
}

func (s *suite) unknown() {
	tp := s.topic("t", 1)
	no := commitlog.TopicPartition{Topic: "no"}
	high := commitlog.TopicPartition{Topic: "t", Partition: 1}
	calls := map[string]func(commitlog.TopicPartition) error{
		"Bounds": func(tp commitlog.TopicPartition) error { _, err := s.log.Bounds(s.ctx, tp); return err },
		"Read": func(tp commitlog.TopicPartition) error {
			_, err := s.log.Read(s.ctx, tp, 0, make([]byte, 100))
			return err
		},
		"OffsetForTime": func(tp commitlog.TopicPartition) error {
			_, _, err := s.log.OffsetForTime(s.ctx, tp, time.UnixMilli(0))
			return err
		},
		"Append": func(tp commitlog.TopicPartition) error {
			_, err := s.log.Append(s.ctx, commitlog.PartitionBatch{TopicPartition: tp, Batch: Batch(1, "x")}, commitlog.AcksDurable)
			return err
		},
		"Watch": func(tp commitlog.TopicPartition) error {
			_, err := s.log.Watch([]commitlog.TopicPartition{tp}, make(chan struct{}, 1))
			return err
		},
		"Commit": func(tp commitlog.TopicPartition) error {
			_, err := s.log.Commit(s.ctx, commitlog.Commit{Group: "g", Task: "0", Appends: []commitlog.PartitionBatch{{TopicPartition: tp, Batch: Batch(1, "x")}}})
			return err
		},
	}
	for name, call := range calls {
		s.wantErr(call(no), commitlog.ErrUnknownTopic, "%s of an unknown topic", name)
		s.wantErr(call(high), commitlog.ErrUnknownPartition, "%s of an unknown partition", name)
	}
	_, err := s.log.Topic(s.ctx, "no")
	s.wantErr(err, commitlog.ErrUnknownTopic, "Topic")
	s.wantErr(s.log.DeleteTopic(s.ctx, "no"), commitlog.ErrUnknownTopic, "DeleteTopic")
	s.want(s.values(tp), "[]", "nothing was appended")
}
