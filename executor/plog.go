package executor

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"tailrace/executor/chunk"
	"tailrace/executor/source"
	"tailrace/storage/commitlog"
	"tailrace/storage/record"
)

// The processing log is a topic with an entry for each record that was left out or could
// not be computed, in the form that ksqlDB gives it: its stream over the topic reads it.
//
//	{"level":"ERROR","logger":"processing.CTAS_X_0","time":1,"message":{"type":0,
//	 "deserializationError":{"target":"value","errorMessage":"...","recordB64":null,"cause":[],"topic":"T"}}}

// Numbers of ksqlDB's kinds of entries.
const (
	typeDeserialization = 0
	typeProcessing      = 1
	typeSerialization   = 3
)

const (
	// plogQueue bounds how many entries wait to be written; more are counted only.
	plogQueue = 1000
	// plogPerSecond bounds how many entries a second are written: a topic full of garbage
	// must not become two.
	plogPerSecond = 500
	plogFlush     = 100 * time.Millisecond
)

type processingLog struct {
	e     *Engine
	topic string
	rows  bool // records are included: ksql.logging.processing.rows.include
	stop  chan struct{}
	done  chan struct{}

	Entries, Dropped, Late atomic.Int64

	mu struct {
		sync.Mutex
		queue  [][]byte
		second int64
		count  int
		made   bool
	}
}

func newProcessingLog(e *Engine) *processingLog {
	l := &processingLog{e: e, topic: commitlog.Names{ServiceID: e.c.ServiceID}.ProcessingLog(), rows: e.c.Properties["ksql.logging.processing.rows.include"] == "true"}
	if name := e.c.Properties["ksql.logging.processing.topic.name"]; name != "" {
		l.topic = name
	}
	if !e.c.Manual && !e.c.NoProcessingLog {
		l.stop, l.done = make(chan struct{}), make(chan struct{})
		go l.run()
	}
	return l
}

func (l *processingLog) run() {
	defer close(l.done)
	timer := l.e.c.Clock.NewTimer(plogFlush)
	defer timer.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-timer.C():
			if err := l.flush(context.Background()); err != nil {
				l.e.c.Logger.Warn("processing log", "err", err)
			}
			timer.Reset(plogFlush)
		}
	}
}

func (l *processingLog) close() error {
	if l.stop != nil {
		close(l.stop)
		<-l.done
	}
	return l.flush(context.Background())
}

// entry is a line of the processing log.
type entry struct {
	Level   string  `json:"level"`
	Logger  string  `json:"logger"`
	Time    int64   `json:"time"`
	Message message `json:"message"`
}

type message struct {
	Type            int       `json:"type"`
	Deserialization *failure  `json:"deserializationError"`
	Processing      *failure  `json:"recordProcessingError"`
	Production      *failure  `json:"productionError"`
	Serialization   *failure  `json:"serializationError"`
	Thread          *struct{} `json:"kafkaStreamsThreadError"`
}

type failure struct {
	Target    string   `json:"target,omitempty"`
	Error     string   `json:"errorMessage"`
	RecordB64 *string  `json:"recordB64,omitempty"`
	Record    *string  `json:"record,omitempty"`
	Cause     []string `json:"cause"`
	Topic     string   `json:"topic,omitempty"`
}

func (l *processingLog) add(logger string, m message) {
	l.Entries.Add(1)
	if l.e.c.NoProcessingLog {
		return
	}
	now := l.e.c.Clock.Now().UnixMilli()
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := now / 1000; s != l.mu.second {
		l.mu.second, l.mu.count = s, 0
	}
	if l.mu.count++; l.mu.count > plogPerSecond || len(l.mu.queue) >= plogQueue {
		l.Dropped.Add(1)
		return
	}
	text, err := json.Marshal(entry{Level: "ERROR", Logger: logger, Time: now, Message: m})
	if err == nil {
		l.mu.queue = append(l.mu.queue, text)
	}
}

// flush writes what has been queued.
func (l *processingLog) flush(ctx context.Context) error {
	l.mu.Lock()
	queue, made := l.mu.queue, l.mu.made
	l.mu.queue = nil
	l.mu.Unlock()
	if len(queue) == 0 {
		return nil
	}
	if !made {
		_, err := l.e.c.Log.CreateTopic(ctx, commitlog.TopicSpec{Name: l.topic, Partitions: 1, ReplicationFactor: -1})
		if err != nil && !errors.Is(err, commitlog.ErrTopicExists) {
			return err
		}
		l.mu.Lock()
		l.mu.made = true
		l.mu.Unlock()
	}
	b := record.NewBuilder(record.Options{})
	now := l.e.c.Clock.Now().UnixMilli()
	for _, text := range queue {
		b.Append(now, nil, text, nil)
	}
	batch, err := b.Finish()
	if err != nil {
		return err
	}
	_, err = l.e.c.Log.Append(ctx, commitlog.PartitionBatch{TopicPartition: commitlog.TopicPartition{Topic: l.topic}, Batch: batch}, commitlog.AcksDurable)
	return err
}

// queryLog writes entries of one query.
type queryLog struct {
	l      *processingLog
	name   string
	counts *rowCounts
}

func (l *processingLog) logger(query string, counts *rowCounts) queryLog {
	return queryLog{l: l, name: "processing." + query, counts: counts}
}

// log writes the entries of the query.
func (r *query) log() queryLog { return r.e.plog.logger(r.plan.ID, r.rows) }

func (q queryLog) add(m message) {
	q.counts.entries.Add(1)
	q.l.add(q.name, m)
}

// fault is a record that could not be read.
func (q queryLog) fault(f source.Fault) {
	d := &failure{Target: f.Target, Error: f.Err.Error(), Cause: []string{}, Topic: f.Topic}
	if q.l.rows {
		text := f.Base64()
		d.RecordB64 = &text
	}
	q.add(message{Type: typeDeserialization, Deserialization: d})
}

// row is a row that was left out or could not be computed.
func (q queryLog) row(c *chunk.Chunk, row int, reason string) {
	q.add(message{Type: typeProcessing, Processing: &failure{Error: reason, Record: q.text(c, row), Cause: []string{}}})
}

// missed is input that was gone before it was read.
func (q queryLog) missed(tp commitlog.TopicPartition, text string) {
	q.add(message{Type: typeProcessing, Processing: &failure{Error: text, Cause: []string{}, Topic: tp.Topic}})
}

// passed is a record whose computation fails.
func (q queryLog) passed(tp commitlog.TopicPartition, off commitlog.Offset, err error) {
	text := fmt.Sprintf("the record at offset %d of partition %d is passed: %v", off, tp.Partition, err)
	q.add(message{Type: typeProcessing, Processing: &failure{Error: text, Cause: []string{}, Topic: tp.Topic}})
}

// late is a row whose window is closed: counted, for a topic with a gap has thousands.
func (q queryLog) late(*chunk.Chunk, int, string) {
	q.counts.late.Add(1)
	q.l.Late.Add(1)
}

// unwritten is a row that could not be made a record.
func (q queryLog) unwritten(c *chunk.Chunk, row int, err error) {
	q.add(message{Type: typeSerialization, Serialization: &failure{Target: "value", Error: err.Error(), Record: q.text(c, row), Cause: []string{}}})
}

// text is a row as JSON, when records are to be included.
func (q queryLog) text(c *chunk.Chunk, row int) *string {
	if !q.l.rows {
		return nil
	}
	fields := make(map[string]any, len(c.Cols))
	for i, v := range c.Cols {
		x := v.Value(row)
		if b, ok := x.([]byte); ok {
			x = base64.StdEncoding.EncodeToString(b)
		}
		fields[c.Schema.Columns[i].Name] = x
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return nil
	}
	s := string(text)
	return &s
}

// Counts are what an engine has left out since it was made.
type Counts struct {
	// Errors are entries of the processing log; Dropped those that were not written
	// because there were too many; Late rows came after their window had closed.
	Errors, Dropped, Late int64
}

// Counts returns them.
func (e *Engine) Counts() Counts {
	return Counts{Errors: e.plog.Entries.Load(), Dropped: e.plog.Dropped.Load(), Late: e.plog.Late.Load()}
}
