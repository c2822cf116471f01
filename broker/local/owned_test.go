package local

import (
	"context"
	"errors"
	"maps"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tailrace/storage/commitlog"
)

// A log in which a client made the offsets topic, with one partition and the retention of
// records, gets it back in the coordinator's shape: every group is stored, and kept.
func TestOffsetsTopicOfAnotherShape(t *testing.T) {
	ctx := context.Background()
	c := Config{FS: vfs.NewMem(), Dir: "log"}
	l, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	l.admin.Lock()
	_, err = l.createTopic(commitlog.TopicSpec{Name: OffsetsTopic, Partitions: 1, ReplicationFactor: 1})
	l.admin.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if l, err = Open(c); err != nil {
			t.Fatal(err)
		}
		top, err := l.Topic(ctx, OffsetsTopic)
		if err != nil || top.Partitions != OffsetsPartitions || !maps.Equal(top.Configs, offsetsConfigs) {
			t.Fatalf("%+v, %v", top, err)
		}
		tp := commitlog.TopicPartition{Topic: "t"}
		for _, g := range []string{"a", "b", "another"} {
			if err := l.Offsets().Commit(ctx, g, map[commitlog.TopicPartition]CommittedOffset{tp: {Offset: 7}}); err != nil {
				t.Error(err)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// What uses the log in process reaches the offsets topic by no method of the seam.
func TestSeamRefusesTheOffsetsTopic(t *testing.T) {
	ctx := context.Background()
	l, err := Open(Config{FS: vfs.NewMem(), Dir: "log"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := l.CreateTopic(ctx, commitlog.TopicSpec{Name: OffsetsTopic, Partitions: 1, ReplicationFactor: 1}); !errors.Is(err, commitlog.ErrInvalidTopic) {
		t.Errorf("made: %v", err)
	}
	if err := l.Offsets().EnsureTopic(ctx); err != nil {
		t.Fatal(err)
	}
	b := commitlog.PartitionBatch{TopicPartition: commitlog.TopicPartition{Topic: OffsetsTopic}}
	_, appended := l.Append(ctx, b, commitlog.AcksDurable)
	_, committed := l.Commit(ctx, commitlog.Commit{Group: "g", Task: "t", Owner: 1, Appends: []commitlog.PartitionBatch{b}})
	for doing, err := range map[string]error{"appended": appended, "committed": committed,
		"trimmed": l.Trim(ctx, b.TopicPartition, 0), "deleted": l.DeleteTopic(ctx, OffsetsTopic)} {
		if !errors.Is(err, commitlog.ErrInvalidTopic) {
			t.Errorf("%s: %v", doing, err)
		}
	}
}
