package ddl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"tailrace/planner/plan"
	"tailrace/storage/commitlog"
	"tailrace/storage/env"
	"tailrace/storage/record"
)

// commandLog is the topic that holds every command, in order: the catalog is what
// replaying it gives. One record a command: the key names what it is about, the value is
// plan.Command as JSON.
type commandLog struct {
	log   commitlog.Log
	clock env.Clock
	tp    commitlog.TopicPartition
}

// openCommandLog makes the topic when it is missing. It has one partition, because order
// is its point, and keeps everything for ever.
func openCommandLog(ctx context.Context, log commitlog.Log, clock env.Clock, serviceID string) (*commandLog, error) {
	name := commitlog.Names{ServiceID: serviceID}.CommandTopic()
	_, err := log.CreateTopic(ctx, commitlog.TopicSpec{Name: name, Partitions: 1, ReplicationFactor: -1, Configs: map[string]string{
		"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}})
	if err != nil && !errors.Is(err, commitlog.ErrTopicExists) {
		return nil, fmt.Errorf("make the command topic: %w", err)
	}
	return &commandLog{log: log, clock: clock, tp: commitlog.TopicPartition{Topic: name}}, nil
}

// append makes a command durable and returns its offset.
func (l *commandLog) append(ctx context.Context, cmd *plan.Command) (commitlog.Offset, error) {
	value, err := json.Marshal(cmd)
	if err != nil {
		return 0, err
	}
	b := record.NewBuilder(record.Options{})
	b.Append(l.clock.Now().UnixMilli(), []byte(commandKey(cmd)), value, nil)
	batch, err := b.Finish()
	if err != nil {
		return 0, err
	}
	return l.log.Append(ctx, commitlog.PartitionBatch{TopicPartition: l.tp, Batch: batch}, commitlog.AcksDurable)
}

// commandKey is for people who look at the topic: "table/COUNTS/create".
func commandKey(cmd *plan.Command) string {
	switch {
	case cmd.Create != nil:
		kind := "stream"
		if cmd.Create.Source.Table {
			kind = "table"
		}
		return kind + "/" + cmd.Create.Source.Name + "/create"
	case cmd.Drop != nil:
		return "source/" + cmd.Drop.Name + "/drop"
	case cmd.Alter != nil:
		return "source/" + cmd.Alter.Name + "/alter"
	case cmd.Type != nil:
		return "type/" + cmd.Type.Name + "/create"
	case cmd.Untype != nil:
		return "type/" + cmd.Untype.Name + "/drop"
	case cmd.Query != nil:
		return "query/" + cmd.Query.ID + "/create"
	}
	return "query/control"
}

// next is the offset that the next command will have.
func (l *commandLog) next(ctx context.Context) (commitlog.Offset, error) {
	b, err := l.log.Bounds(ctx, l.tp)
	return b.HighWatermark, err
}

// replay calls apply for every command, in order.
func (l *commandLog) replay(ctx context.Context, apply func(*plan.Command) error) error {
	buf := make([]byte, 1<<20)
	end, err := l.next(ctx)
	if err != nil {
		return err
	}
	for at := commitlog.Offset(0); at < end; {
		got, err := l.log.Read(ctx, l.tp, at, buf)
		if err != nil {
			return fmt.Errorf("read the command topic: %w", err)
		}
		if len(got.Batches) == 0 {
			return nil
		}
		if at, err = replayBatches(got.Batches, at, apply); err != nil {
			return err
		}
	}
	return nil
}

func replayBatches(batches []byte, from commitlog.Offset, apply func(*plan.Command) error) (commitlog.Offset, error) {
	next, err := record.Walk(batches, int64(from), func(r *record.Record) error {
		var cmd plan.Command
		if err := json.Unmarshal(r.Value, &cmd); err != nil {
			return fmt.Errorf("command at offset %d cannot be read: %w", r.Offset, err)
		}
		if cmd.Version > plan.Version {
			return fmt.Errorf("command at offset %d has version %d; this program knows up to %d: start a newer one on this folder",
				r.Offset, cmd.Version, plan.Version)
		}
		if err := apply(&cmd); err != nil {
			return fmt.Errorf("command at offset %d (%s): %w", r.Offset, cmd.Statement, err)
		}
		return nil
	})
	if err != nil {
		return from, fmt.Errorf("command topic: %w", err)
	}
	return commitlog.Offset(next), nil
}
