package compat

import (
	"context"
	"errors"
	"fmt"

	"tailrace/broker/local"
	"tailrace/executor"
	"tailrace/server/ddl"
	"tailrace/server/session"
	"tailrace/sql/catalog"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/commitlog"
	"tailrace/storage/env"
	"tailrace/storage/record"
)

// inProcess drives the real log and engine in memory, stepped by hand: nothing runs while
// nobody asks, so a case has one outcome.
type inProcess struct {
	log     *local.Log
	engine  *executor.Engine
	catalog *ddl.Catalog
	session *session.Session
}

func openInProcess(ctx context.Context, properties map[string]string) (driver, error) {
	fs := env.NewMemory()
	d := &inProcess{}
	var err error
	if d.log, err = local.Open(local.Config{FS: fs, Dir: "log", TopicDefaults: map[string]string{"retention.ms": "-1"}}); err != nil {
		return nil, err
	}
	properties = caseProperties(properties)
	d.engine, err = executor.New(executor.Config{Log: d.log, FS: fs, Dir: "state", Clock: env.SystemClock, ServiceID: "some.ksql.service.id",
		Properties: properties, Manual: true})
	if err != nil {
		return nil, err
	}
	d.catalog, err = ddl.Open(ctx, ddl.Config{Log: d.log, Engine: d.engine, Clock: env.SystemClock, ServiceID: "some.ksql.service.id"})
	if err != nil {
		return nil, err
	}
	d.session = session.New(&session.Deps{Log: d.log, Engine: d.engine, Catalog: d.catalog, Clock: env.SystemClock,
		Rand: env.SystemRand, Properties: properties, Version: "compat"}, nil)
	return d, nil
}

func (d *inProcess) close() error { return errors.Join(d.engine.Close(), d.log.Close()) }

func (d *inProcess) createTopic(ctx context.Context, t Topic) error {
	_, err := d.log.CreateTopic(ctx, commitlog.TopicSpec{Name: t.Name, Partitions: max(1, t.Partitions), ReplicationFactor: -1})
	return err
}

// discard is the result of a statement that nobody looks at.
type discard struct{}

func (discard) Columns([]session.Column) error   { return nil }
func (discard) Rows([]*vector.Vector, int) error { return nil }
func (discard) Flush() error                     { return nil }
func (discard) Notice(session.Notice)            {}

func (d *inProcess) execute(ctx context.Context, statement string, _ map[string]string) error {
	pieces, err := session.Split(statement)
	if err != nil {
		return err
	}
	for _, p := range pieces {
		prepared, err := d.session.Prepare(ctx, p.Text, nil)
		if err != nil {
			return err
		}
		if _, err := prepared.Run(ctx, []types.Value{}, discard{}); err != nil {
			return err
		}
	}
	return nil
}

func (d *inProcess) produce(ctx context.Context, topic string, key, value []byte, timestamp int64, headers []RecordHeader) error {
	b := record.NewBuilder(record.Options{})
	var hs []record.RecordHeader
	for _, h := range headers {
		rh := record.RecordHeader{Key: []byte(h.Key)}
		if h.Value != nil {
			rh.Value = *h.Value
		}
		hs = append(hs, rh)
	}
	b.Append(timestamp, key, value, hs)
	batch, err := b.Finish()
	if err != nil {
		return err
	}
	tp := commitlog.TopicPartition{Topic: topic}
	t, err := d.log.Topic(ctx, topic)
	if err != nil {
		return err
	}
	if key != nil && t.Partitions > 1 {
		tp.Partition = commitlog.PartitionID(record.PartitionFor(key, int32(t.Partitions)))
	}
	_, err = d.log.Append(ctx, commitlog.PartitionBatch{TopicPartition: tp, Batch: batch}, commitlog.AcksDurable)
	return err
}

func (d *inProcess) settle(ctx context.Context) error { return d.engine.RunUntilIdle(ctx, 1) }

func (d *inProcess) snapshot(context.Context) (*catalog.Snapshot, error) {
	return d.catalog.Snapshot(), nil
}

func (d *inProcess) read(ctx context.Context, topic string) ([]Seen, error) {
	t, err := d.log.Topic(ctx, topic)
	if err != nil {
		return nil, err
	}
	var out []Seen
	buf := make([]byte, 1<<20)
	for p := range t.Partitions {
		tp := commitlog.TopicPartition{Topic: topic, Partition: commitlog.PartitionID(p)}
		for at := commitlog.Offset(0); ; {
			got, err := d.log.Read(ctx, tp, at, buf)
			if err != nil {
				return nil, err
			}
			if len(got.Batches) == 0 {
				break
			}
			if at, err = seenIn(got.Batches, at, &out); err != nil {
				return nil, fmt.Errorf("%s: %w", tp, err)
			}
		}
	}
	return out, nil
}

func seenIn(batches []byte, from commitlog.Offset, out *[]Seen) (commitlog.Offset, error) {
	next, err := record.Walk(batches, int64(from), func(r *record.Record) error {
		s := Seen{Key: clone(r.Key), Value: clone(r.Value), Timestamp: r.Timestamp}
		for h := range r.Headers {
			value := clone(h.Value)
			s.Headers = append(s.Headers, RecordHeader{Key: string(h.Key), Value: &value})
		}
		*out = append(*out, s)
		return nil
	})
	return commitlog.Offset(next), err
}

func clone(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append([]byte{}, b...)
}
