package console_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

type messagePage struct {
	Messages       []message
	Scanned, Total int64
	Left           int64
	Reason, Cursor string
	Warning        string
	Decoded        string `json:"decoded_as"`
}

// TestTopics: a list with sizes, one topic with its streams and its configuration, which can be
// changed.
func TestTopics(t *testing.T) {
	s := newSystem(t)
	s.flights(100)
	var list struct {
		Total int
		Items []struct {
			Name    string
			Records int64
			Sources []string
		}
	}
	s.get("/api/topics", &list)
	s.eventually("by_origin has records", func() bool {
		s.get("/api/topics?sort=records&order=desc", &list)
		return list.Total == 2 && list.Items[1].Records > 0
	})
	if f := list.Items[0]; f.Name != "flights" || f.Records != 100 || fmt.Sprint(f.Sources) != "[FLIGHTS]" {
		t.Errorf("the topic with most records is %+v, want flights with 100", f)
	}
	s.get("/api/topics?internal=true&search=CHANGELOG", &list)
	if list.Total == 0 {
		t.Error("internal topics are not found")
	}
	s.get("/api/topics?limit=1&offset=1", &list)
	if list.Total != 2 || len(list.Items) != 1 || list.Items[0].Name != "flights" {
		t.Errorf("the second page of one is %+v", list)
	}
	var one struct {
		Partitions int32
		Writable   bool
		Declared   []struct {
			Name    string
			Columns []struct{ Name, Type, Role string }
		}
		Readers []string
	}
	s.get("/api/topics/flights", &one)
	if got := fmt.Sprint(one.Partitions, one.Writable, one.Declared, one.Readers); got != "2 true [{FLIGHTS [{ID STRING key} {ORIGIN STRING } {DELAY INTEGER }]}] [CTAS_BY_ORIGIN_1]" {
		t.Errorf("flights is %s", got)
	}
	var parts struct {
		Items []struct {
			HighWatermark, LogStart int64
			HW                      int64 `json:"high_watermark"`
		}
	}
	s.get("/api/topics/flights/partitions", &parts)
	if len(parts.Items) != 2 || parts.Items[0].HW+parts.Items[1].HW != 100 {
		t.Errorf("partitions are %+v", parts.Items)
	}
	config := func(name string) string {
		var c struct {
			Items []struct{ Name, Value, Source string }
		}
		s.get("/api/topics/flights/configs?search="+name, &c)
		for _, x := range c.Items {
			if x.Name == name {
				return x.Value + " " + x.Source
			}
		}
		return "none"
	}
	if got := config("retention.ms"); got != "604800000 default" {
		t.Errorf("retention.ms = %s", got)
	}
	var changed struct{ Changed bool }
	s.call("PATCH", "/api/topics/flights/configs", `{"set":{"retention.ms":"1000000"},"validate_only":true}`, &changed)
	if got := config("retention.ms"); changed.Changed || got != "604800000 default" {
		t.Errorf("validate_only changed retention.ms to %s", got)
	}
	s.call("PATCH", "/api/topics/flights/configs", `{"set":{"retention.ms":"1000000"}}`, &changed)
	if got := config("retention.ms"); got != "1000000 topic" {
		t.Errorf("changed retention.ms = %s", got)
	}
	s.call("PATCH", "/api/topics/flights/configs", `{"set":{"retention.ms":null}}`, &changed)
	if got := config("retention.ms"); got != "604800000 default" {
		t.Errorf("retention.ms after null = %s", got)
	}
	s.refused("PATCH", "/api/topics/flights/configs", `{"set":{"retention.ms":"soon"}}`, 400, "retention.ms")
	s.refused("PATCH", "/api/topics/flights/configs", `{"set":{}}`, 400, "at least one")
	s.refused("PATCH", "/api/topics/_confluent-ksql-default__command_topic/configs", `{"set":{"retention.ms":"1"}}`, 403, "system topic")
}

// TestTopicLifecycle: a topic is made as it was asked for, or not at all; one that a query uses stays;
// deletion takes its messages.
func TestTopicLifecycle(t *testing.T) {
	s := newSystem(t)
	s.flights(1)
	var made struct {
		Name       string
		Partitions int32
		Created    bool
	}
	s.post("/api/topics", `{"name":"orders","partitions":3,"configs":{"retention.ms":"86400000"},"validate_only":true}`, &made)
	if made.Created || made.Partitions != 3 {
		t.Errorf("a check of orders answers %+v", made)
	}
	s.refused("GET", "/api/topics/orders", nil, 404, "The topic 'orders' does not exist.")
	s.post("/api/topics", `{"name":"orders","partitions":3,"configs":{"retention.ms":"86400000"}}`, &made)
	if !made.Created || made.Name != "orders" || made.Partitions != 3 {
		t.Errorf("orders is made as %+v", made)
	}
	var config struct {
		Items []struct{ Name, Value, Source, Default string }
	}
	s.get("/api/topics/orders/configs?search=retention.ms", &config)
	if got := fmt.Sprint(config.Items); !strings.Contains(got, "{retention.ms 86400000 topic 604800000}") {
		t.Errorf("the configuration of orders is %s", got)
	}
	s.refused("POST", "/api/topics", `{"name":"orders"}`, 409, `"message":"Topic 'orders' already exists."`)
	for _, tc := range []struct {
		body   string
		status int
		want   string
	}{
		{`{"name":""}`, 400, "empty"},
		{`{"name":"a b"}`, 400, "a b"},
		{`{"name":"x","partitions":-3}`, 400, "-3 partitions"},
		{`{"name":"x","partitions":10001}`, 400, "10001 partitions"},
		{`{"name":"x","configs":{"retention.ms":"soon"}}`, 400, "retention.ms"},
		{`{"name":"x","configs":{"no.such":"1"}}`, 400, "no.such"},
		{`{"name":"_confluent-ksql-default_query_X-changelog"}`, 403, "system topic"},
		{`{"name":"__consumer_offsets"}`, 409, "already exists"},
	} {
		s.refused("POST", "/api/topics", tc.body, tc.status, tc.want)
	}
	s.refused("GET", "/api/topics/x", nil, 404, "does not exist")
	s.refused("DELETE", "/api/topics/flights", nil, 409, "1 query uses the topic flights: CTAS_BY_ORIGIN_1")
	s.refused("DELETE", "/api/topics/__consumer_offsets", nil, 403, "system topic")
	s.refused("DELETE", "/api/topics/nope", nil, 404, "does not exist")
	var answer any
	s.post("/api/topics/orders/messages", `{"messages":[{"key":"k","value":"v"}]}`, &answer)
	var gone struct {
		Name    string
		Records int64
	}
	s.call("DELETE", "/api/topics/orders", nil, &gone)
	if gone.Name != "orders" || gone.Records != 1 {
		t.Errorf("what was deleted is %+v", gone)
	}
	s.refused("GET", "/api/topics/orders", nil, 404, "does not exist")
	s.must("TERMINATE CTAS_BY_ORIGIN_1;")
	s.call("DELETE", "/api/topics/flights", nil, &gone)
}

// TestMessages: back from the end, forward from an offset or a time, by key, by a filter; pages meet
// without a gap; and what stops a scan is told.
func TestMessages(t *testing.T) {
	s := newSystem(t)
	s.flights(1000)
	page := func(query string) messagePage {
		t.Helper()
		var p messagePage
		s.get("/api/topics/flights/messages?"+query, &p)
		return p
	}
	keys := func(p messagePage) string {
		var out []string
		for _, m := range p.Messages {
			out = append(out, m.Key.Text)
		}
		return strings.Join(out, " ")
	}
	for _, tc := range []struct{ name, query, want string }{
		{"back from the end by time over all partitions", "limit=4", "F999 F998 F997 F996"},
		{"forward from the start", "limit=3&from=earliest", "F0 F1 F2"},
		{"from a time", "limit=2&from=time&at=1700000500000", "F500 F501"},
		{"by key", "key=F77", "F77"},
		{"a filter over declared columns", "from=earliest&limit=3&filter=" + url.QueryEscape("origin = 'JFK' AND delay > 90"), "F93 F97 F193"},
		{"a filter over the record", "from=earliest&filter=" + url.QueryEscape("rowtime = 1700000042000"), "F42"},
		{"a filter over the text of the value", "from=earliest&source=-&limit=2&filter=" + url.QueryEscape("EXTRACTJSONFIELD(value, '$.origin') = 'LAX'"), "F3 F7"},
		{"nothing", "filter=" + url.QueryEscape("origin = 'XXX'"), ""},
	} {
		if got := keys(page(tc.query)); got != tc.want {
			t.Errorf("%s: got %s\nwant %s", tc.name, got, tc.want)
		}
	}
	seen, cursor := map[string]bool{}, ""
	last := int64(1 << 62)
	for n := 0; ; n++ {
		p := page("limit=64&cursor=" + cursor)
		for _, m := range p.Messages {
			if seen[m.Key.Text] || m.Timestamp > last {
				t.Fatalf("%s comes twice, or after an earlier one", m.Key.Text)
			}
			seen[m.Key.Text], last = true, m.Timestamp
		}
		if cursor = p.Cursor; cursor == "" {
			if p.Reason != "end" || p.Left != 0 {
				t.Errorf("the last page ends by %q with %d left", p.Reason, p.Left)
			}
			break
		}
		if p.Reason != "limit" || n > 20 {
			t.Fatalf("page %d ends by %q", n, p.Reason)
		}
	}
	if len(seen) != 1000 {
		t.Errorf("the pages have %d messages of 1000", len(seen))
	}
	p := page("key=F77")
	m := p.Messages[0]
	if p.Decoded != "FLIGHTS" || fmt.Sprint(m.Row) != "map[DELAY:77 ID:F77 ORIGIN:JFK]" || m.Value.Format != "JSON" || *m.Headers[0].Value != "77" {
		t.Errorf("a message is %+v by %s", m, p.Decoded)
	}
	var one message
	s.get(fmt.Sprintf("/api/topics/flights/messages/%d/%d", m.Partition, m.Offset), &one)
	if one.Key.Text != "F77" {
		t.Errorf("one message is %+v", one)
	}
	s.refused("GET", fmt.Sprintf("/api/topics/flights/messages/%d/100000", m.Partition), nil, 400, "outside")
	s.refused("GET", "/api/topics/flights/messages/7/0", nil, 404, "unknown partition")
	s.refused("GET", "/api/topics/flights/messages?partition=2", nil, 404, "no partition 2")
	s.refused("GET", "/api/topics/flights/messages?source=nobody", nil, 400, "no stream or table nobody")
	s.refused("GET", "/api/topics/flights/messages?cursor=nonsense", nil, 400, "cursor")
	s.refused("GET", "/api/topics/flights/messages?filter="+url.QueryEscape("orign = 'JFK'"), nil, 400, `"position":1`)
	s.refused("GET", "/api/topics/flights/messages?filter="+url.QueryEscape("delay + 1"), nil, 400, "sqlstate")
}

// TestTail: messages come as they are produced, those that a filter lets through.
func TestTail(t *testing.T) {
	s := newSystem(t)
	s.flights(10)
	lines, stop := s.stream("GET", "/api/topics/flights/tail?filter="+url.QueryEscape("origin = 'JFK'"), nil)
	defer stop()
	if l := <-lines; l.Type != "ping" {
		t.Fatalf("the first line is %+v", l)
	}
	s.produceFlights(10, 20)
	got := ""
	for len(got) < len("F13 F17 ") {
		select {
		case l := <-lines:
			for _, m := range l.Messages {
				got += m.Key.Text + " "
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("the tail has shown %q", got)
		}
	}
	if !strings.Contains(got, "F13") || !strings.Contains(got, "F17") {
		t.Errorf("the tail has shown %q, want F13 and F17", got)
	}
}

// TestProduce: what is produced is what is read, in every encoding.
func TestProduce(t *testing.T) {
	s := newSystem(t)
	s.flights(0)
	var done struct {
		Messages []struct {
			Partition int32
			Offset    int64
		}
	}
	s.post("/api/topics/flights/messages", `{"messages":[{"key":"7","key_as":"int","value":null,"headers":[{"key":"a","value":null}],"timestamp":5,"partition":1},
		{"partition":1,"value":"00ff","value_as":"hex"},{"partition":1,"value":"","key":""}]}`, &done)
	if fmt.Sprint(done.Messages) != "[{1 0} {1 1} {1 2}]" {
		t.Errorf("produced at %v", done.Messages)
	}
	var m message
	s.get("/api/topics/flights/messages/1/0?source=-", &m)
	if m.Key.Text != "7" || m.Key.Format != "KAFKA_INT" || m.Value != nil || m.Timestamp != 5 || m.Headers[0].Value != nil {
		t.Errorf("the first is %+v", m)
	}
	s.get("/api/topics/flights/messages/1/1?source=-", &m)
	if m.Key != nil || m.Value.Text != "00ff" || m.Value.Format != "BINARY" {
		t.Errorf("the second is %+v", m)
	}
	for body, want := range map[string]string{
		`{"messages":[]}`: "1 to 1000",
		`{"messages":[{"key":"x","key_as":"int"}]}`:                    "not of the kind int",
		`{"messages":[{"value":"x","value_as":"avro"}]}`:               "value_as must be one of",
		`{"messages":[{"value":"x","partition":2}]}`:                   "between 0 and 1",
		`{"messages":[{"value":"x","timestamp":-1}]}`:                  "timestamp",
		`{"messages":[{"value":"x"},{"value":"{","value_as":"json"}]}`: "message 2",
		`{"messages":[{"value":"x","headers":[{"key":""}]}]}`:          "header",
	} {
		s.refused("POST", "/api/topics/flights/messages", body, 400, want)
	}
	s.refused("POST", "/api/topics/_confluent-ksql-default__command_topic/messages", `{"messages":[{"value":"x"}]}`, 403, "system topic")
	s.refused("POST", "/api/topics/flights/messages", fmt.Sprintf(`{"messages":[{"value":%q}]}`, strings.Repeat("x", 2<<20)), 400, "max.message.bytes")
}

// TestGroups: members, positions and lag of a consumer; a reset is told before it is made, refused
// while members read, and made.
func TestGroups(t *testing.T) {
	s := newSystem(t)
	s.flights(100)
	cl, err := kgo.NewClient(kgo.SeedBrokers(s.node.Addrs().Kafka), kgo.ConsumerGroup("readers"), kgo.ConsumeTopics("flights"),
		kgo.ClientID("reader-1"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for n := 0; n < 100; {
		n += cl.PollFetches(ctx).NumRecords()
	}
	if err := cl.CommitUncommittedOffsets(ctx); err != nil {
		t.Fatal(err)
	}
	var g struct {
		State      string
		Lag        int64
		Topics     []string
		MemberList []struct {
			ClientID string `json:"client_id"`
			Assigned []string
		} `json:"member_list"`
	}
	s.get("/api/groups/readers", &g)
	if fmt.Sprint(g) != "{Stable 0 [flights] [{reader-1 [flights-0 flights-1]}]}" {
		t.Errorf("the group is %+v", g)
	}
	type reset struct {
		Changed    bool
		Blocked    string
		Lag        struct{ Before, After int64 }
		Partitions []struct{ From, To int64 }
	}
	var dry reset
	s.post("/api/groups/readers/reset", `{"topic":"flights","to":"earliest","dry_run":true}`, &dry)
	if dry.Changed || dry.Lag.Before != 0 || dry.Lag.After != 100 || !strings.Contains(dry.Blocked, "1 members") {
		t.Errorf("the dry run says %+v", dry)
	}
	s.refused("POST", "/api/groups/readers/reset", `{"topic":"flights","to":"earliest"}`, 409, "stop them first")
	cl.Close()
	s.eventually("the group is empty", func() bool { s.get("/api/groups/readers", &g); return g.State == "Empty" })
	var done reset
	s.post("/api/groups/readers/reset", `{"topic":"flights","to":"earliest"}`, &done)
	if s.get("/api/groups/readers", &g); !done.Changed || g.Lag != 100 {
		t.Errorf("after the reset the lag is %d", g.Lag)
	}
	for _, tc := range []struct {
		body string
		lag  int64
	}{
		{`{"topic":"flights","to":"latest"}`, 0},
		{`{"topic":"flights","to":"shift","value":-10}`, 20},
		{`{"topic":"flights","to":"offset","value":1000000}`, 0},
		{`{"topic":"flights","to":"time","value":1700000050000}`, 50},
		{`{"topic":"flights","to":"latest","partitions":[0,1]}`, 0},
	} {
		s.post("/api/groups/readers/reset", tc.body, &done)
		if s.get("/api/groups/readers", &g); g.Lag != tc.lag {
			t.Errorf("after %s the lag is %d, want %d", tc.body, g.Lag, tc.lag)
		}
	}
	for body, want := range map[string]string{
		`{"topic":"flights","to":"yesterday"}`:                 "to must be one of",
		`{"topic":"flights","to":"latest","partitions":[2]}`:   "no partition 2",
		`{"topic":"flights","to":"offset","value":-1}`:         "0 or more",
		`{"topic":"flights","to":"latest","partitions":[-1]}`:  "no partition -1",
		`{"topic":"flights","to":"latest","partitions":"all"}`: "not what is asked for",
	} {
		s.refused("POST", "/api/groups/readers/reset", body, 400, want)
	}
	s.refused("POST", "/api/groups/readers/reset", `{"topic":"nope","to":"latest"}`, 404, "nope")
	own := "_confluent-ksql-default_query_CTAS_BY_ORIGIN_1"
	s.eventually("the query has a group", func() bool { status, _ := s.send("GET", "/api/groups/"+own, nil); return status == 200 })
	s.refused("POST", "/api/groups/"+own+"/reset", `{"topic":"flights","to":"latest"}`, 403, "REBUILD")
	var list struct {
		Total int
		Items []struct{ ID, Query string }
	}
	if s.get("/api/groups", &list); list.Total != 1 {
		t.Errorf("groups without queries: %+v", list)
	}
	if s.get("/api/groups?queries=true&search=by_origin", &list); list.Total == 0 || list.Items[0].Query != "CTAS_BY_ORIGIN_1" {
		t.Errorf("groups of queries: %+v", list)
	}
	var offsets struct{ Items []struct{ Topic string } }
	if s.get("/api/groups/readers/offsets?topic=flights", &offsets); len(offsets.Items) != 2 {
		t.Errorf("positions: %+v", offsets)
	}
}

type query struct {
	ID, State  string
	Plan       string
	RowsIn     int64 `json:"rows_in"`
	Commits    int64
	Lag        int64
	Partitions []any `json:"partition_lag"`
	Operators  []struct {
		ID        int
		Inputs    []int
		Op, Text  string
		RowsIn    int64 `json:"rows_in"`
		RowsOut   int64 `json:"rows_out"`
		Busy      int64 `json:"busy_us"`
		Stateful  bool
		StateKeys int64 `json:"state_keys"`
		Bytes     int64 `json:"state_bytes"`
	}
}

// TestQueries: the graph of a query counts what its operators do; it can be paused, resumed,
// restarted and ended; and its errors are told.
func TestQueries(t *testing.T) {
	s := newSystem(t)
	s.flights(100)
	var q query
	get := func() { s.get("/api/queries/CTAS_BY_ORIGIN_1", &q) }
	s.eventually("the query has read all", func() bool { get(); return q.RowsIn >= 100 && q.Lag == 0 })
	ops := map[string]int{}
	for i, o := range q.Operators {
		ops[o.Op] = i
		for _, in := range o.Inputs {
			if in <= i || in >= len(q.Operators) {
				t.Errorf("operator %d is fed by %d", i, in)
			}
		}
	}
	if src := q.Operators[ops["source"]]; src.RowsOut != 100 || !strings.Contains(src.Text, "flights") {
		t.Errorf("the source is %+v, want 100 rows of flights", src)
	}
	if a := q.Operators[ops["aggregate"]]; a.RowsIn != 100 || !a.Stateful || a.StateKeys != 4 || a.Bytes == 0 || a.Busy == 0 {
		t.Errorf("the aggregate is %+v, want 100 rows in and 4 keys", a)
	}
	if q.Commits == 0 || !strings.Contains(q.Plan, "Aggregate") {
		t.Errorf("commits %d, plan %s", q.Commits, q.Plan)
	}
	var said struct{ Message string }
	for _, step := range []struct{ action, want string }{{"pause", "PAUSED"}, {"resume", "RUNNING"}, {"restart", "RUNNING"}} {
		s.post("/api/queries/CTAS_BY_ORIGIN_1/"+step.action, nil, &said)
		s.eventually(step.action, func() bool { get(); return q.State == step.want })
	}
	s.post("/api/queries/CTAS_BY_ORIGIN_1/pause", nil, &said)
	s.refused("POST", "/api/queries/CTAS_BY_ORIGIN_1/restart", nil, 409, "resume it")
	s.post("/api/queries/CTAS_BY_ORIGIN_1/resume", nil, &said)
	var out any
	s.post("/api/topics/flights/messages", `{"messages":[{"key":"bad","value":"not json"}]}`, &out)
	var errs struct {
		Entries []struct{ Kind, Topic, Error string }
	}
	s.eventually("the error is told", func() bool {
		s.get("/api/queries/CTAS_BY_ORIGIN_1/errors", &errs)
		return len(errs.Entries) == 1
	})
	if e := errs.Entries[0]; e.Kind != "read" || e.Topic != "flights" || e.Error == "" {
		t.Errorf("the error is %+v", e)
	}
	s.post("/api/queries/CTAS_BY_ORIGIN_1/terminate", nil, &said)
	s.refused("GET", "/api/queries/CTAS_BY_ORIGIN_1", nil, 404, "no query")
	var list struct{ Total int }
	if s.get("/api/queries", &list); list.Total != 0 {
		t.Errorf("%d queries after the last was ended", list.Total)
	}
}

// TestOverview: the present, the last hour, and what is wrong in words.
func TestOverview(t *testing.T) {
	s := newSystem(t)
	s.flights(10)
	var o struct {
		Healthy                 bool
		Topics, Streams, Tables int
		Queries                 struct{ Total, Running int }
		Memory                  []struct{ Name string }
		Problems                []struct{ Severity, Title, Remedy, Link string }
	}
	s.eventually("the query runs", func() bool { s.get("/api/overview", &o); return o.Queries.Running == 1 })
	if !o.Healthy || o.Topics != 2 || o.Streams != 1 || o.Tables != 1 || len(o.Memory) == 0 {
		t.Errorf("the overview is %+v", o)
	}
	var h struct {
		Times  []int64
		Series map[string][]int64
	}
	s.get("/api/overview/history", &h)
	for name, values := range h.Series {
		if len(values) != len(h.Times) {
			t.Errorf("%s has %d values for %d times", name, len(values), len(h.Times))
		}
	}
}
