package executor_test

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tailrace/broker/local"
	"tailrace/executor"
	"tailrace/executor/chunk"
	"tailrace/executor/chunk/chunktest"
	"tailrace/planner/plan"
	"tailrace/sql/expr"
	"tailrace/sql/types"
	"tailrace/storage/commitlog"
	"tailrace/storage/record"
)

// node is a log and an engine on one file system.
type node struct {
	t   testing.TB
	log *local.Log
	eng *executor.Engine
}

func start(t testing.TB, fs vfs.FS, manual bool, props map[string]string) *node {
	t.Helper()
	log, err := local.Open(local.Config{FS: fs, Dir: "log"})
	if err != nil {
		t.Fatal(err)
	}
	eng, err := executor.New(executor.Config{Log: log, FS: fs, Dir: "state", ServiceID: "test_", Manual: manual, Properties: props})
	if err != nil {
		t.Fatal(err)
	}
	return &node{t: t, log: log, eng: eng}
}

func (n *node) close() {
	n.t.Helper()
	if err := n.eng.Close(); err != nil {
		n.t.Fatal(err)
	}
	if err := n.log.Close(); err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) topic(name string, partitions int32) {
	n.t.Helper()
	if _, err := n.log.CreateTopic(context.Background(), commitlog.TopicSpec{Name: name, Partitions: partitions, ReplicationFactor: -1}); err != nil {
		n.t.Fatal(err)
	}
}

// rec is a record to produce: an empty value is a null one.
type rec struct {
	key, value string
	time       int64
}

func (n *node) produce(topic string, partition int32, rs ...rec) commitlog.Offset {
	n.t.Helper()
	b := record.NewBuilder(record.Options{})
	for _, r := range rs {
		var key, value []byte
		if r.key != "" {
			key = []byte(r.key)
		}
		if r.value != "" {
			value = []byte(r.value)
		}
		b.Append(r.time, key, value, nil)
	}
	batch, err := b.Finish()
	if err != nil {
		n.t.Fatal(err)
	}
	off, err := n.log.Append(context.Background(), commitlog.PartitionBatch{TopicPartition: commitlog.TopicPartition{Topic: topic, Partition: commitlog.PartitionID(partition)}, Batch: batch}, commitlog.AcksDurable)
	if err != nil {
		n.t.Fatal(err)
	}
	return off + commitlog.Offset(len(rs))
}

// dump lists the records of a topic as "key value @time".
func (n *node) dump(topic string) []string {
	n.t.Helper()
	ctx := context.Background()
	desc, err := n.log.Topic(ctx, topic)
	if err != nil {
		n.t.Fatal(err)
	}
	var out []string
	for p := range desc.Partitions {
		tp := commitlog.TopicPartition{Topic: topic, Partition: commitlog.PartitionID(p)}
		for at := commitlog.Offset(0); ; {
			f, err := n.log.Read(ctx, tp, at, make([]byte, 1<<16))
			if err != nil {
				n.t.Fatal(err)
			}
			if len(f.Batches) == 0 {
				break
			}
			for b := f.Batches; len(b) > 0; {
				var it record.Iter
				if err := it.Reset(b); err != nil {
					n.t.Fatal(err)
				}
				for it.Next() {
					r := it.Record()
					if commitlog.Offset(r.Offset) < at {
						continue
					}
					value := "null"
					if r.Value != nil {
						value = string(r.Value)
					}
					out = append(out, fmt.Sprintf("%s %s @%d", r.Key, value, r.Timestamp))
				}
				at = commitlog.Offset(it.Header().NextOffset())
				b = b[it.Header().Size():]
			}
		}
	}
	return out
}

// rows are all rows of a view, sorted.
func (n *node) rows(view string) []string {
	n.t.Helper()
	v, ok := n.eng.View(view)
	if !ok {
		n.t.Fatalf("no view %s", view)
	}
	var out []string
	err := v.Scan(context.Background(), executor.Range{}, nil, func(c *chunk.Chunk) error {
		out = append(out, strings.Split(strings.TrimSpace(chunktest.Format(c)), "\n")...)
		return nil
	})
	if err != nil {
		n.t.Fatal(err)
	}
	sort.Strings(out)
	return out
}

func (n *node) idle() {
	n.t.Helper()
	if err := n.eng.RunUntilIdle(context.Background(), 1<<20); err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) start(q *plan.Query) {
	n.t.Helper()
	if err := n.eng.Start(q); err != nil {
		n.t.Fatal(err)
	}
}

// Schemas and plans by hand.

func schema(t testing.TB, text string) types.Schema {
	t.Helper()
	s, err := chunktest.Schema(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func col(i int, t types.Type) *expr.Expr { return &expr.Expr{Op: expr.OpColumn, Type: t, Column: i} }

// greater is the condition that a BIGINT column is greater than limit.
func greater(column int, limit int64) *expr.Expr {
	return &expr.Expr{Op: expr.OpGt, Type: types.BooleanType, Args: []*expr.Expr{col(column, types.BigintType), expr.Lit(types.BigintType, limit)}}
}

var jsonFormat, kafkaFormat = plan.Format{Name: "JSON"}, plan.Format{Name: "KAFKA", Unwrapped: true}

// events is a stream over a topic of the same name: JSON {"G": text, "V": number}.
func events(t testing.TB) *plan.Source {
	s := &plan.Source{Name: "EVENTS", Topic: "events", Declared: schema(t, "K string key, G string, V bigint"), Key: kafkaFormat, Value: jsonFormat,
		Fields: []plan.SourceField{{Column: 0}, {Column: 1}, {Column: 2}}}
	s.Out = s.Declared
	return s
}

// counts is CREATE TABLE COUNTS AS SELECT G, COUNT(*) C, SUM(V) S FROM EVENTS WHERE V > 0 GROUP BY G.
func counts(t testing.TB, w *plan.Window) *plan.Query {
	src := events(t)
	filter := &plan.Filter{Input: plan.Ref{Node: src}, Predicate: greater(2, 0)}
	filter.Out = src.Out
	rekey := &plan.Rekey{Input: plan.Ref{Node: filter}, Keys: []*expr.Expr{col(1, types.StringType)}, DropNull: true}
	rekey.Out = schema(t, "G string key, K string, G_1 string, V bigint")
	rep := &plan.Repartition{Input: plan.Ref{Node: rekey}, Name: "Repartition-1", Key: kafkaFormat, Value: jsonFormat}
	rep.Out = rekey.Out
	agg := &plan.Aggregate{Input: plan.Ref{Node: rep}, StateID: "Aggregate-1", Window: w, Calls: []plan.AggregateCall{
		{Name: "COUNT", Overload: "COUNT()", Type: types.BigintType},
		{Name: "SUM", Overload: "SUM(BIGINT)", Args: []*expr.Expr{col(3, types.BigintType)}, Type: types.BigintType},
	}}
	agg.Table = true
	agg.Out = schema(t, "G string key, C bigint, S bigint")
	sink := &plan.Sink{Name: "COUNTS", Topic: "COUNTS", Table: true, Key: kafkaFormat, Value: jsonFormat}
	if w != nil {
		agg.Out = schema(t, "G string key, WINDOWSTART bigint key, WINDOWEND bigint key, C bigint, S bigint")
		sink.Window = &plan.KeyWindow{Kind: w.Kind, Size: w.Size}
	}
	mat := &plan.Materialize{Input: plan.Ref{Node: agg}, Name: "COUNTS", StateID: "Materialize-1", Window: sink.Window}
	mat.Out, mat.Table = agg.Out, true
	return &plan.Query{Version: plan.Version, ID: "CTAS_COUNTS_1", Kind: plan.CreateTableAs, Sources: []string{"EVENTS"}, Root: plan.Ref{Node: mat}, Sink: sink, Table: true,
		Properties: map[string]string{"auto.offset.reset": "earliest"}}
}

func event(g string, v int) rec {
	return rec{key: "k", value: fmt.Sprintf(`{"G":%q,"V":%d}`, g, v), time: 1}
}

func same(t testing.TB, what string, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s\n got %s\nwant %s", what, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

func TestGroupsAreCountedIntoTopicAndView(t *testing.T) {
	n := start(t, vfs.NewMem(), true, nil)
	defer n.close()
	n.topic("events", 2)
	n.start(counts(t, nil))
	n.produce("events", 0, event("a", 1), event("b", 2), event("a", -5))
	n.produce("events", 1, event("a", 10), rec{key: "k", value: "{oops"}, rec{key: "k", value: `{"V":3}`, time: 1})
	n.idle()
	same(t, "view", n.rows("COUNTS"), "+ a 2 11 @1", "+ b 1 2 @1")
	n.produce("events", 0, event("b", 3))
	n.idle()
	same(t, "view", n.rows("COUNTS"), "+ a 2 11 @1", "+ b 2 5 @1")
	got := n.dump("COUNTS")
	sort.Strings(got)
	same(t, "topic", got, `a {"C":2,"S":11} @1`, `b {"C":1,"S":2} @1`, `b {"C":2,"S":5} @1`)
	if c := n.eng.Counts(); c.Errors != 2 {
		t.Errorf("%d entries in the processing log, want 2: one record is no JSON, one has no group", c.Errors)
	}
}

func TestRestartGoesOn(t *testing.T) {
	fs := vfs.NewMem()
	n := start(t, fs, true, nil)
	n.topic("events", 1)
	n.start(counts(t, nil))
	n.produce("events", 0, event("a", 1), event("b", 2))
	n.idle()
	n.close()
	n = start(t, fs, true, nil)
	defer n.close()
	n.produce("events", 0, event("a", 4))
	n.start(counts(t, nil))
	same(t, "view before the new record", n.rows("COUNTS"), "+ a 1 1 @1", "+ b 1 2 @1")
	n.idle()
	same(t, "view after it", n.rows("COUNTS"), "+ a 2 5 @1", "+ b 1 2 @1")
}

func TestEagerEmitsEveryRow(t *testing.T) {
	n := start(t, vfs.NewMem(), true, map[string]string{"ksql.streams.cache.max.bytes.buffering": "0"})
	defer n.close()
	n.topic("events", 1)
	n.start(counts(t, nil))
	n.produce("events", 0, event("a", 1), event("a", 2), event("a", 3))
	n.idle()
	same(t, "topic", n.dump("COUNTS"), `a {"C":1,"S":1} @1`, `a {"C":2,"S":3} @1`, `a {"C":3,"S":6} @1`)
}

func TestRunningEngineShowsWritesToWaitingReaders(t *testing.T) {
	n := start(t, vfs.NewMem(), false, nil)
	defer n.close()
	n.topic("events", 1)
	n.start(counts(t, nil))
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	v, _ := n.eng.View("COUNTS")
	for i := 1; i <= 20; i++ {
		end := n.produce("events", 0, event("a", 1))
		err := v.WaitApplied(ctx, map[commitlog.TopicPartition]commitlog.Offset{{Topic: "events"}: end})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		if err := v.Get(ctx, [][]types.Value{{"a"}}, func(c *chunk.Chunk) error {
			got = append(got, chunktest.Line(c))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		same(t, "read of the own write", got, fmt.Sprintf("+ a %d %d @1", i, i))
	}
}

func TestPushQueryFollowsATable(t *testing.T) {
	n := start(t, vfs.NewMem(), false, nil)
	defer n.close()
	n.topic("events", 1)
	n.produce("events", 0, event("a", 1), event("b", 2), event("a", 3))
	q := counts(t, nil)
	q.Root = plan.Ref{Node: q.Root.Node.Inputs()[0]}
	q.Sink, q.Kind, q.Limit = nil, plan.Push, 2
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var got []string
	err := n.eng.RunPush(ctx, q, "earliest", func(c *chunk.Chunk, _ bool) error {
		got = append(got, strings.Split(chunktest.Line(c), " | ")...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "rows pushed", got, "+ a 2 4 @1", "+ b 1 2 @1")
}
