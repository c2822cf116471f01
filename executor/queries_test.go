package executor_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tailrace/executor"
	"tailrace/executor/chunk"
	"tailrace/executor/chunk/chunktest"
	"tailrace/planner/plan"
	"tailrace/sql/types"
	"tailrace/storage/commitlog"
)

// big is CREATE TABLE BIG AS SELECT G, S FROM COUNTS WHERE S > limit: a table made of the
// table that counts makes.
func big(t testing.TB, limit int64) *plan.Query {
	src := &plan.Source{Name: "COUNTS", Topic: "COUNTS", Declared: schema(t, "G string key, C bigint, S bigint"), Key: kafkaFormat, Value: jsonFormat,
		Fields: []plan.SourceField{{Column: 0}, {Column: 2}}, StateID: "Source-1"}
	src.Out, src.Table = schema(t, "G string key, S bigint"), true
	filter := &plan.Filter{Input: plan.Ref{Node: src}, Predicate: greater(1, limit)}
	filter.Out, filter.Table = src.Out, true
	mat := &plan.Materialize{Input: plan.Ref{Node: filter}, Name: "BIG", StateID: "Materialize-1"}
	mat.Out, mat.Table = src.Out, true
	return &plan.Query{Version: plan.Version, ID: "CTAS_BIG_2", Kind: plan.CreateTableAs, Sources: []string{"COUNTS"}, Root: plan.Ref{Node: mat}, Table: true,
		Sink: &plan.Sink{Name: "BIG", Topic: "BIG", Table: true, Key: kafkaFormat, Value: jsonFormat}}
}

// enriched is CREATE STREAM ENRICHED AS SELECT G, K, V, S FROM EVENTS JOIN COUNTS ON G: the
// stream is repartitioned by G.
func enriched(t testing.TB) *plan.Query {
	left := events(t)
	rekey := &plan.Rekey{Input: plan.Ref{Node: left}, Keys: counts(t, nil).Root.Node.Inputs()[0].Inputs()[0].Inputs()[0].(*plan.Rekey).Keys}
	rekey.Out = schema(t, "G string key, K string, G_1 string, V bigint")
	rep := &plan.Repartition{Input: plan.Ref{Node: rekey}, Name: "Repartition-1", Key: kafkaFormat, Value: jsonFormat}
	rep.Out = rekey.Out
	right := &plan.Source{Name: "COUNTS", Topic: "COUNTS", Declared: schema(t, "G string key, C bigint, S bigint"), Key: kafkaFormat, Value: jsonFormat,
		Fields: []plan.SourceField{{Column: 0}, {Column: 2}}, StateID: "Source-1"}
	right.Out, right.Table = schema(t, "G string key, S bigint"), true
	join := &plan.StreamTableJoin{Left: plan.Ref{Node: rep}, Right: plan.Ref{Node: right}, Type: plan.Left, StateID: "Join-1",
		Output: []plan.JoinColumn{{Side: "key", Column: 0}, {Side: "left", Column: 3}, {Side: "right", Column: 1}}}
	join.Out = schema(t, "G string key, V bigint, S bigint")
	return &plan.Query{Version: plan.Version, ID: "CSAS_ENRICHED_3", Kind: plan.CreateStreamAs, Root: plan.Ref{Node: join},
		Sink:       &plan.Sink{Name: "ENRICHED", Topic: "ENRICHED", Key: kafkaFormat, Value: jsonFormat},
		Properties: map[string]string{"auto.offset.reset": "earliest"}}
}

func TestReadYourWritesThroughSeveralQueries(t *testing.T) {
	n := start(t, vfs.NewMem(), false, nil)
	defer n.close()
	n.topic("events", 2)
	n.start(counts(t, nil))
	n.start(big(t, 5))
	v, _ := n.eng.View("BIG")
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for i := 1; i <= 10; i++ {
		end := n.produce("events", 1, event("g", 1))
		if err := v.WaitApplied(ctx, map[commitlog.TopicPartition]commitlog.Offset{{Topic: "events", Partition: 1}: end}); err != nil {
			t.Fatal(err)
		}
		want := []string{}
		if i > 5 {
			want = append(want, fmt.Sprintf("+ g %d @1", i))
		}
		same(t, fmt.Sprintf("view after %d writes", i), n.rows("BIG"), want...)
	}
}

func TestAStreamIsJoinedWithATableAcrossPartitions(t *testing.T) {
	fs := vfs.NewMem()
	n := start(t, fs, true, nil)
	n.topic("events", 3)
	n.start(counts(t, nil))
	for i := range 6 {
		n.produce("events", int32(i%3), event(fmt.Sprint("g", i), i+1))
	}
	n.idle()
	n.start(enriched(t))
	n.idle()
	got := map[string]bool{}
	for _, r := range n.dump("ENRICHED") {
		got[r] = true
	}
	for i := range 6 {
		if want := fmt.Sprintf(`g%d {"V":%d,"S":%d} @1`, i, i+1, i+1); !got[want] {
			t.Errorf("%s is missing in %v", want, got)
		}
	}
	n.close()
	n = start(t, fs, true, nil)
	defer n.close()
	n.start(enriched(t))
	n.produce("events", 0, event("g4", 7))
	n.idle()
	all := n.dump("ENRICHED")
	if len(all) != 7 || !strings.Contains(strings.Join(all, "\n"), `g4 {"V":7,"S":5} @1`) {
		t.Errorf("after a restart the join has\n%s", strings.Join(all, "\n"))
	}
}

func TestSubscribersSeeCommittedChangesInOrder(t *testing.T) {
	n := start(t, vfs.NewMem(), false, nil)
	defer n.close()
	n.topic("events", 1)
	n.start(counts(t, nil))
	if err := n.eng.Ready(context.Background(), "CTAS_COUNTS_1"); err != nil {
		t.Fatal(err)
	}
	if _, err := n.eng.Subscribe("NOBODY"); !errors.Is(err, executor.ErrUnknownQuery) {
		t.Errorf("a subscription to what nobody makes: %v", err)
	}
	s, err := n.eng.Subscribe("COUNTS")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for i := 1; i <= 5; i++ {
		n.produce("events", 0, event("a", 1))
		c, err := s.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		op := "U+"
		if i == 1 {
			op = "+"
		}
		if got, want := chunktest.Line(c), fmt.Sprintf("%s a %d %d @1", op, i, i); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		// What a subscriber has seen, a reader finds.
		same(t, "view", n.rows("COUNTS"), fmt.Sprintf("+ a %d %d @1", i, i))
	}
	s.Close()
	if _, err := s.Next(ctx); !errors.Is(err, executor.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestPauseResumeAndDrop(t *testing.T) {
	n := start(t, vfs.NewMem(), true, nil)
	defer n.close()
	n.topic("events", 1)
	q := counts(t, nil)
	n.start(q)
	if err := n.eng.Start(q); err == nil {
		t.Error("one query was started twice")
	}
	n.produce("events", 0, event("a", 1))
	n.idle()
	if err := n.eng.Pause(q.ID); err != nil {
		t.Fatal(err)
	}
	n.produce("events", 0, event("a", 1))
	n.idle()
	same(t, "view while paused", n.rows("COUNTS"), "+ a 1 1 @1")
	if s, _ := n.eng.Status(q.ID); s.State != executor.Paused {
		t.Errorf("state is %s", s.State)
	}
	if err := n.eng.Resume(q.ID); err != nil {
		t.Fatal(err)
	}
	if s, _ := n.eng.Status(q.ID); s.Lag[commitlog.TopicPartition{Topic: "events"}] != 1 {
		t.Errorf("lag is %v, want 1", s.Lag)
	}
	n.idle()
	same(t, "view after it", n.rows("COUNTS"), "+ a 2 2 @1")
	if err := n.eng.Stop(q.ID, true); err != nil {
		t.Fatal(err)
	}
	if _, ok := n.eng.View("COUNTS"); ok {
		t.Error("the view of a dropped query is there")
	}
	topics, err := n.log.Topics(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, topic := range topics {
		if strings.Contains(topic.Name, q.ID) {
			t.Errorf("topic %s outlived its query", topic.Name)
		}
	}
	n.start(q)
	n.idle()
	same(t, "view of the query made anew", n.rows("COUNTS"), "+ a 2 2 @1")
}

func TestTheProcessingLogSaysWhatWasLeftOut(t *testing.T) {
	n := start(t, vfs.NewMem(), true, map[string]string{"ksql.logging.processing.rows.include": "true"})
	defer n.close()
	n.topic("events", 1)
	n.start(counts(t, nil))
	n.produce("events", 0, rec{key: "k", value: "{oops"}, rec{key: "k", value: `{"V":3}`})
	n.idle()
	log := strings.Join(n.dump("test_ksql_processing_log"), "\n")
	for _, want := range []string{`"logger":"processing.CTAS_COUNTS_1"`, `"type":0`, `"target":"value"`, `"recordB64":"e29vcHM="`, `"topic":"events"`, `"type":1`, "resolved to null"} {
		if !strings.Contains(log, want) {
			t.Errorf("%s is not in\n%s", want, log)
		}
	}
}

func TestWindowsAreKeptByTheirKey(t *testing.T) {
	n := start(t, vfs.NewMem(), true, nil)
	defer n.close()
	n.topic("events", 1)
	n.start(counts(t, &plan.Window{Kind: "TUMBLING", Size: 10, Advance: 10, Grace: 0, Retention: 10}))
	at := func(g string, time int64) rec { r := event(g, 1); r.time = time; return r }
	n.produce("events", 0, at("a", 1), at("a", 2), at("b", 5), at("a", 12), at("a", 3))
	n.idle()
	same(t, "view", n.rows("COUNTS"), "+ a 0 10 2 2 @2", "+ a 10 20 1 1 @12", "+ b 0 10 1 1 @5")
	v, _ := n.eng.View("COUNTS")
	var got []string
	if err := v.Get(context.Background(), [][]types.Value{{"a"}}, func(c *chunk.Chunk) error {
		got = append(got, chunktest.Line(c))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	same(t, "all windows of a key", got, "+ a 0 10 2 2 @2 | + a 10 20 1 1 @12")
	if c := n.eng.Counts(); c.Late != 1 {
		t.Errorf("%d late rows, want 1", c.Late)
	}
}

func TestAQueryThatCannotRunIsRefused(t *testing.T) {
	n := start(t, vfs.NewMem(), true, nil)
	defer n.close()
	if err := n.eng.Start(counts(t, nil)); !errors.Is(err, commitlog.ErrUnknownTopic) {
		t.Errorf("a query over a topic that is not there: %v", err)
	}
	if len(n.eng.Queries()) != 0 {
		t.Errorf("it is listed: %v", n.eng.Queries())
	}
}

func TestScanReadsATopicToItsEnd(t *testing.T) {
	n := start(t, vfs.NewMem(), true, nil)
	defer n.close()
	n.topic("events", 2)
	n.produce("events", 0, event("a", 1), rec{key: "k", value: "bad"}, event("b", 2))
	n.produce("events", 1, event("c", 3))
	var got []string
	if err := n.eng.Scan(context.Background(), events(t), func(c *chunk.Chunk) error {
		got = append(got, strings.Split(chunktest.Line(c), " | ")...)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	same(t, "rows", got, "+ k a 1 @1", "+ k b 2 @1", "+ k c 3 @1")
}
