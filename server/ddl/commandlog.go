package ddl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"tailrace/planner/plan"
	"tailrace/storage/commitlog"
	"tailrace/storage/env"
	"tailrace/storage/record"
)

// commandLog is the topic that holds every command, in order: the catalog is what
// replaying it gives. One record a command: the key names what it is about, the value is
// plan.Command as JSON.
//
// Beside the topic stands a position, committed together with each command: the number of
// the next one. A topic that ends before it has been cut, and numbers, which are in the ids
// of queries, are never given twice.
type commandLog struct {
	log   commitlog.Log
	clock env.Clock
	tp    commitlog.TopicPartition
	owner int64
	known commitlog.Offset // the number of the next command, as far as positions tell
	numbers
	// fault is why no command can be added: the position cannot be told.
	fault error
}

// commandTask is the name under which commands are committed.
const commandTask = "catalog"

// openCommandLog makes the topic when it is missing. It has one partition, because order
// is its point, and keeps everything for ever.
func openCommandLog(ctx context.Context, log commitlog.Log, clock env.Clock, serviceID string) (*commandLog, error) {
	name := commitlog.Names{ServiceID: serviceID}.CommandTopic()
	_, err := log.CreateTopic(ctx, commitlog.TopicSpec{Name: name, Partitions: 1, ReplicationFactor: -1, Configs: map[string]string{
		"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}})
	if err != nil && !errors.Is(err, commitlog.ErrTopicExists) {
		return nil, fmt.Errorf("make the command topic: %w", err)
	}
	l := &commandLog{log: log, clock: clock, tp: commitlog.TopicPartition{Topic: name}, owner: clock.Now().UnixNano()}
	_, err = log.Commit(ctx, commitlog.Commit{Group: name, Task: commandTask, Owner: l.owner})
	if err == nil {
		var positions map[commitlog.TopicPartition]commitlog.Position
		positions, err = log.Positions(ctx, name)
		if l.known = positions[l.tp].Offset; err == nil {
			l.numbers, err = readNumbers(positions[l.tp].Metadata)
		}
	}
	if err != nil {
		l.fault = fmt.Errorf("position of the command topic: %w", err)
	}
	return l, ctx.Err()
}

// append makes a command durable.
func (l *commandLog) append(ctx context.Context, cmd *plan.Command) error {
	value, err := json.Marshal(cmd)
	if err != nil {
		return err
	}
	next, err := l.next(ctx)
	if err != nil {
		return err
	}
	bounds, err := l.log.Bounds(ctx, l.tp)
	if err != nil {
		return err
	}
	numbers := l.numbers.append(bounds.HighWatermark, next)
	b := record.NewBuilder(record.Options{})
	b.Append(l.clock.Now().UnixMilli(), []byte(commandKey(cmd)), value, nil)
	batch, err := b.Finish()
	if err != nil {
		return err
	}
	_, err = l.log.Commit(ctx, commitlog.Commit{Group: l.tp.Topic, Task: commandTask, Owner: l.owner,
		Appends:   []commitlog.PartitionBatch{{TopicPartition: l.tp, Batch: batch}},
		Positions: map[commitlog.TopicPartition]commitlog.Position{l.tp: {Offset: next + 1, Metadata: numbers.text()}}})
	if err == nil {
		l.known, l.numbers = next+1, numbers
	}
	return err
}

// accept makes it durable that the commands of these numbers are done without.
func (l *commandLog) accept(ctx context.Context, spans []span) error {
	next, err := l.next(ctx)
	if err != nil {
		return err
	}
	numbers := l.numbers
	numbers.Accepted = append(numbers.Accepted[:len(numbers.Accepted):len(numbers.Accepted)], spans...)
	_, err = l.log.Commit(ctx, commitlog.Commit{Group: l.tp.Topic, Task: commandTask, Owner: l.owner,
		Positions: map[commitlog.TopicPartition]commitlog.Position{l.tp: {Offset: next, Metadata: numbers.text()}}})
	if err == nil {
		l.known, l.numbers = next, numbers
	}
	return err
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

// next is the number that the next command will have.
func (l *commandLog) next(ctx context.Context) (commitlog.Offset, error) {
	if l.fault != nil {
		return 0, l.fault
	}
	b, err := l.log.Bounds(ctx, l.tp)
	return max(l.of(b.HighWatermark), l.known), err
}

// skipped is told of commands that are passed over, by number, and why.
type skipped func(s span, reason string)

// replay calls apply for every command, in order. What cannot be read or applied is passed
// over: one statement less is better than none.
func (l *commandLog) replay(ctx context.Context, apply func(*plan.Command) error, told skipped) error {
	skip := func(from, to commitlog.Offset, reason string) { told(span{l.of(from), l.of(to-1) + 1}, reason) }
	buf := make([]byte, 1<<20)
	b, err := l.log.Bounds(ctx, l.tp)
	if err != nil {
		return err
	}
	at := commitlog.Offset(0)
	if b.LogStart > 0 {
		skip(0, b.LogStart, "they are not in the command topic any more")
		at = b.LogStart
	}
	for at < b.HighWatermark {
		got, err := l.log.Read(ctx, l.tp, at, buf)
		if errors.Is(err, commitlog.ErrDamaged) {
			at, buf = l.passDamage(ctx, at, b.HighWatermark, err, skip)
			continue
		}
		if err != nil {
			return fmt.Errorf("read the command topic: %w", err)
		}
		if len(got.Batches) == 0 {
			break
		}
		if at, err = replayBatches(got.Batches, at, apply, skip); err != nil {
			skip(at, b.HighWatermark, err.Error())
			break
		}
	}
	for _, s := range l.lost(b.HighWatermark, max(l.of(b.HighWatermark), l.known)) {
		told(s, "the command topic was cut before them")
	}
	return nil
}

// passDamage finds the first command behind damage that can be read.
func (l *commandLog) passDamage(ctx context.Context, from, end commitlog.Offset, why error, skip func(from, to commitlog.Offset, reason string)) (commitlog.Offset, []byte) {
	buf := make([]byte, 1<<20)
	at := from + 1
	for ; at < end; at++ {
		if _, err := l.log.Read(ctx, l.tp, at, buf); err == nil {
			break
		}
	}
	skip(from, at, why.Error())
	return at, buf
}

func replayBatches(batches []byte, from commitlog.Offset, apply func(*plan.Command) error, skip func(from, to commitlog.Offset, reason string)) (commitlog.Offset, error) {
	next, err := record.Walk(batches, int64(from), func(r *record.Record) error {
		if reason := replayRecord(r, apply); reason != "" {
			skip(commitlog.Offset(r.Offset), commitlog.Offset(r.Offset)+1, reason)
		}
		return nil
	})
	if err != nil {
		return from, err
	}
	return commitlog.Offset(next), nil
}

// replayRecord applies a command, or says why it does not.
func replayRecord(r *record.Record, apply func(*plan.Command) error) (reason string) {
	var cmd plan.Command
	defer func() {
		if p := recover(); p != nil {
			reason = fmt.Sprintf("%q is not whole", oneLine(cmd.Statement))
		}
	}()
	switch err := json.Unmarshal(r.Value, &cmd); {
	case err != nil:
		return fmt.Sprintf("it cannot be read: %v", err)
	case cmd.Version > plan.Version:
		return fmt.Sprintf("it has version %d, and this program knows up to %d: start a newer one on this folder", cmd.Version, plan.Version)
	case cmd.Empty():
		return "it says nothing"
	}
	if err := apply(&cmd); err != nil {
		return fmt.Sprintf("%q cannot be carried out: %v", oneLine(cmd.Statement), err)
	}
	return ""
}

// oneLine is the beginning of a statement.
func oneLine(text string) string {
	const most = 200
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "..."
	}
	return text
}
