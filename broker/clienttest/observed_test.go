package clienttest

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/broker"
	"tailrace/storage/record"
	"tailrace/storage/record/kerr"
)

// The tables of this file are what Apache Kafka 4.4.0 was seen to answer to the same requests.
// Null, empty and absent are three things; so are once and twice.

func TestSpecialTimesAsKafka44(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("ts", 1, nil)
	for _, ms := range []int64{1000, 5000, 3000} {
		if got := n.produceRaw(t, "ts", stampedRecord(t, ms, 1)); !strings.HasPrefix(got, "0 ") {
			t.Fatal(got)
		}
	}
	list := func(version int16, ms int64) string {
		req := kmsg.NewPtrListOffsetsRequest()
		req.Version, req.ReplicaID = version, -1
		rt := kmsg.NewListOffsetsRequestTopic()
		rt.Topic = "ts"
		rp := kmsg.NewListOffsetsRequestTopicPartition()
		rp.Timestamp, rp.CurrentLeaderEpoch = ms, -1
		rt.Partitions = append(rt.Partitions, rp)
		req.Topics = append(req.Topics, rt)
		p := raw[*kmsg.ListOffsetsResponse](t, n, req).Topics[0].Partitions[0]
		return fmt.Sprint(p.ErrorCode, " ", p.Offset, " ", p.Timestamp)
	}
	for _, tc := range []struct {
		version int16
		ms      int64
		want    string
	}{
		{11, -1, "0 3 -1"}, {11, -2, "0 0 -1"}, {11, -3, "0 1 5000"}, {11, -4, "0 0 -1"}, {11, -5, "0 -1 -1"}, {11, -6, "0 -1 -1"},
		{11, -7, "35 -1 -1"}, {11, -1000, "35 -1 -1"}, {11, 0, "0 0 1000"}, {11, 5001, "0 -1 -1"},
		{6, -3, "35 -1 -1"}, {7, -4, "35 -1 -1"}, {8, -5, "35 -1 -1"}, {10, -6, "35 -1 -1"},
	} {
		if got := list(tc.version, tc.ms); got != tc.want {
			t.Errorf("v%d, time %d: %s, want %s", tc.version, tc.ms, got, tc.want)
		}
	}
	// The largest timestamp is that of the segments, whose front may be deleted already.
	if got := n.deleteRecords(t, "ts", 2, 3); got != "0 3" {
		t.Errorf("deleting records twice: %s", got)
	}
	for ms, want := range map[int64]string{-3: "0 1 5000", -2: "0 3 -1", 0: "0 -1 -1"} {
		if got := list(11, ms); got != want {
			t.Errorf("after the deletion, time %d: %s, want %s", ms, got, want)
		}
	}
}

func TestLastFetchedEpochAsKafka44(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("epochs", 1, nil)
	for range 3 {
		if got := n.produceRaw(t, "epochs", stampedRecord(t, 1000, 1)); !strings.HasPrefix(got, "0 ") {
			t.Fatal(got)
		}
	}
	if got := n.deleteRecords(t, "epochs", 1); got != "0 1" {
		t.Fatal(got)
	}
	for _, tc := range []struct {
		last int32
		from int64
		want string // code, whether there are records, epoch and offset where the logs part
	}{
		{-1, 1, "0 true -1 -1"}, {-2, 1, "0 true -1 -1"}, {0, 1, "0 true -1 -1"}, {0, 3, "0 false -1 -1"}, {-1, 4, "1 false -1 -1"},
		{0, 4, "0 false 0 3"}, {0, 1000, "0 false 0 3"}, {0, 0, "1 false -1 -1"}, {1, 1, "1 false -1 -1"}, {1, 4, "1 false -1 -1"},
	} {
		req := kmsg.NewPtrFetchRequest()
		req.Version, req.MaxWaitMillis, req.MinBytes, req.MaxBytes, req.SessionEpoch = 12, 60_000, 0, 1<<20, -1
		if tc.want == "0 false 0 3" {
			req.MinBytes = 1 // it does not wait
		}
		ft, fp := kmsg.NewFetchRequestTopic(), kmsg.NewFetchRequestTopicPartition()
		fp.FetchOffset, fp.LastFetchedEpoch, fp.PartitionMaxBytes, fp.CurrentLeaderEpoch = tc.from, tc.last, 1<<20, -1
		ft.Topic, ft.Partitions = "epochs", append(ft.Partitions, fp)
		req.Topics = append(req.Topics, ft)
		p := raw[*kmsg.FetchResponse](t, n, req).Topics[0].Partitions[0]
		got := fmt.Sprint(p.ErrorCode, " ", len(p.RecordBatches) > 0, " ", p.DivergingEpoch.Epoch, " ", p.DivergingEpoch.EndOffset)
		if got != tc.want {
			t.Errorf("epoch %d before offset %d: %s, want %s", tc.last, tc.from, got, tc.want)
		}
		if p.ErrorCode == 0 && (p.HighWatermark != 3 || p.LogStartOffset != 1) {
			t.Errorf("epoch %d before offset %d: high watermark %d, start %d", tc.last, tc.from, p.HighWatermark, p.LogStartOffset)
		}
	}
}

func stampedRecord(t testing.TB, ms int64, size int) []byte {
	b := record.NewBuilder(record.Options{})
	b.Append(ms, []byte("k"), make([]byte, size), nil)
	out, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// produceRaw sends a batch as it is: "code offset log-start [records at fault]".
func (n *node) produceRaw(t *testing.T, topic string, batch []byte) string {
	t.Helper()
	req := kmsg.NewPtrProduceRequest()
	req.Version, req.Acks, req.TimeoutMillis = 9, -1, 10_000
	rt := kmsg.NewProduceRequestTopic()
	rt.Topic = topic
	rp := kmsg.NewProduceRequestTopicPartition()
	rp.Records = batch
	rt.Partitions = append(rt.Partitions, rp)
	req.Topics = append(req.Topics, rt)
	p := raw[*kmsg.ProduceResponse](t, n, req).Topics[0].Partitions[0]
	return fmt.Sprint(p.ErrorCode, " ", p.BaseOffset, " ", p.LogStartOffset, " ", len(p.ErrorRecords))
}

func (n *node) deleteRecords(t testing.TB, topic string, offsets ...int64) string {
	t.Helper()
	req := kmsg.NewPtrDeleteRecordsRequest()
	req.TimeoutMillis = 10_000
	rt := kmsg.NewDeleteRecordsRequestTopic()
	rt.Topic = topic
	for _, o := range offsets {
		rp := kmsg.NewDeleteRecordsRequestTopicPartition()
		rp.Offset = o
		rt.Partitions = append(rt.Partitions, rp)
	}
	req.Topics = append(req.Topics, rt)
	resp, err := req.RequestWith(ctxOf(t), n.client())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range resp.Topics[0].Partitions {
		out = append(out, fmt.Sprint(p.ErrorCode, " ", p.LowWatermark))
	}
	return strings.Join(out, ", ")
}

func TestBatchesAsKafka44(t *testing.T) {
	n := start(t, broker.Config{})
	for topic, cfg := range map[string]map[string]string{
		"plain": nil,
		"large": {"segment.bytes": "1048576", "max.message.bytes": "5000000"},
		"unzip": {"compression.type": "uncompressed", "max.message.bytes": "1000"},
		"past":  {"message.timestamp.before.max.ms": "1000"},
		"stamp": {"message.timestamp.type": "LogAppendTime"},
	} {
		set := map[string]*string{}
		for k, v := range cfg {
			set[k] = &v
		}
		n.topic(topic, 1, set)
	}
	attributed := func(bit int) []byte {
		b := stampedRecord(t, 1000, 1)
		binary.BigEndian.PutUint16(b[21:], 1<<bit)
		record.Seal(b)
		return b
	}
	zipped := func(size int) []byte {
		b := record.NewBuilder(record.Options{Codec: record.Gzip})
		b.Append(1000, nil, make([]byte, size), nil)
		out, err := b.Finish()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, tc := range []struct {
		name, topic string
		batch       []byte
		want        string
	}{
		{"an unused attribute is no fault", "plain", attributed(7), "0 0 0 0"},
		{"nor is the last of them", "plain", attributed(15), "0 1 0 0"},
		{"a claim to the log's time", "plain", attributed(3), "0 2 0 0"},
		{"the same where the log stamps", "stamp", attributed(3), "32 -1 0 0"},
		{"larger than a segment", "large", stampedRecord(t, 1000, 2<<20), "18 -1 -1 0"},
		{"fits a segment", "large", stampedRecord(t, 1000, 1<<19), "0 0 0 0"},
		{"small as sent, too large as stored", "unzip", zipped(5000), "10 -1 -1 0"},
		{"small as stored", "unzip", zipped(500), "0 0 0 0"},
		{"a time before the bound", "past", stampedRecord(t, 1000, 1), "32 -1 0 1"},
		{"no time is in no bound", "past", stampedRecord(t, -1, 1), "0 0 0 0"},
	} {
		if got := n.produceRaw(t, tc.topic, tc.batch); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestConfigRequestsAsKafka44(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("x", 1, nil)
	text := func(s string) *string { return &s }
	describe := func(topic string, keys []string) string {
		req := kmsg.NewPtrDescribeConfigsRequest()
		q := kmsg.NewDescribeConfigsRequestResource()
		q.ResourceType, q.ResourceName, q.ConfigNames = kmsg.ConfigResourceTypeTopic, topic, keys
		req.Resources = append(req.Resources, q)
		resp, err := req.RequestWith(ctxOf(t), n.client())
		if err != nil {
			t.Fatal(err)
		}
		r := resp.Resources[0]
		set := 0
		for _, c := range r.Configs {
			if c.Source != kmsg.ConfigSourceDefaultConfig {
				set++
			}
		}
		return fmt.Sprint(r.ErrorCode, " ", min(len(r.Configs), 10), " ", set)
	}
	for _, tc := range []struct {
		topic string
		keys  []string
		want  string // code, keys (10: many), keys that somebody set
	}{
		{"x", nil, "0 10 0"}, {"x", []string{}, "0 10 0"}, {"x", []string{"nosuch", "retention.ms"}, "0 1 0"},
		{"nosuch", nil, "3 0 0"}, {"a/b", nil, "17 0 0"}, {"", nil, "17 0 0"},
	} {
		if got := describe(tc.topic, tc.keys); got != tc.want {
			t.Errorf("describing %q %q: %s, want %s", tc.topic, tc.keys, got, tc.want)
		}
	}
	type change struct {
		key   string
		op    kmsg.IncrementalAlterConfigOp
		value *string
	}
	const set, del, add = kmsg.IncrementalAlterConfigOpSet, kmsg.IncrementalAlterConfigOpDelete, kmsg.IncrementalAlterConfigOpAppend
	for _, tc := range []struct {
		name                 string
		topic                string
		times                int
		changes              []change
		incremental, replace string // codes; "" is not tried
	}{
		{"a null value", "x", 1, []change{{"retention.ms", set, nil}}, "42", "42"},
		{"null appended", "x", 1, []change{{"cleanup.policy", add, nil}}, "42", ""},
		{"a key twice", "x", 1, []change{{"retention.ms", set, text("1")}, {"retention.ms", set, text("2")}}, "42", "42"},
		{"a resource twice", "x", 2, []change{{"retention.ms", set, text("1")}}, "42 42", "42 42"},
		{"an unknown key", "x", 1, []change{{"nosuch", set, text("1")}}, "40", "40"},
		{"an unknown key deleted", "x", 1, []change{{"nosuch", del, nil}}, "0", ""},
		{"deleted, with a value", "x", 1, []change{{"retention.ms", del, text("5")}}, "0", ""},
		{"appended to a number", "x", 1, []change{{"retention.ms", add, text("5")}}, "40", ""},
		{"an empty number", "x", 1, []change{{"retention.ms", set, text("")}}, "40", "40"},
		{"an empty list", "x", 1, []change{{"cleanup.policy", set, text("")}}, "0", "0"},
		{"blanks around values", "x", 1, []change{{"compression.type", set, text(" gzip")}, {"retention.ms", set, text("\t5 ")}}, "0", "0"},
		{"a lag above its bound", "x", 1, []change{{"min.compaction.lag.ms", set, text("9")}, {"max.compaction.lag.ms", set, text("5")}}, "40", "40"},
		{"an unknown topic", "nosuch", 1, []change{{"retention.ms", set, text("5")}}, "3", "3"},
		{"no topic's name", "a/b", 1, []change{{"retention.ms", set, text("5")}}, "17", "17"},
		{"every topic", "", 1, []change{{"retention.ms", set, text("5")}}, "42", "42"},
		{"nothing", "x", 1, nil, "0", "0"},
	} {
		inc, rep := kmsg.NewPtrIncrementalAlterConfigsRequest(), kmsg.NewPtrAlterConfigsRequest()
		for range tc.times {
			i, r := kmsg.NewIncrementalAlterConfigsRequestResource(), kmsg.NewAlterConfigsRequestResource()
			i.ResourceType, i.ResourceName = kmsg.ConfigResourceTypeTopic, tc.topic
			r.ResourceType, r.ResourceName = i.ResourceType, tc.topic
			for _, ch := range tc.changes {
				i.Configs = append(i.Configs, kmsg.IncrementalAlterConfigsRequestResourceConfig{Name: ch.key, Op: ch.op, Value: ch.value})
				r.Configs = append(r.Configs, kmsg.AlterConfigsRequestResourceConfig{Name: ch.key, Value: ch.value})
			}
			inc.Resources, rep.Resources = append(inc.Resources, i), append(rep.Resources, r)
		}
		var codes []string
		ir, err := inc.RequestWith(ctxOf(t), n.client())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range ir.Resources {
			codes = append(codes, fmt.Sprint(r.ErrorCode))
		}
		if got := strings.Join(codes, " "); got != tc.incremental {
			t.Errorf("%s, incremental: %s, want %s", tc.name, got, tc.incremental)
		}
		if tc.replace == "" {
			continue
		}
		codes = nil
		rr, err := rep.RequestWith(ctxOf(t), n.client())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rr.Resources {
			codes = append(codes, fmt.Sprint(r.ErrorCode))
		}
		if got := strings.Join(codes, " "); got != tc.replace {
			t.Errorf("%s, replacing: %s, want %s", tc.name, got, tc.replace)
		}
	}
}

func TestTopicsNamedTwiceAsKafka44(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("twice", 1, nil)
	cl := n.client()
	meta := kmsg.NewPtrMetadataRequest()
	create, grow, del := kmsg.NewPtrCreateTopicsRequest(), kmsg.NewPtrCreatePartitionsRequest(), kmsg.NewPtrDeleteTopicsRequest()
	name := "twice"
	for range 2 {
		meta.Topics = append(meta.Topics, kmsg.MetadataRequestTopic{Topic: &name})
		create.Topics = append(create.Topics, kmsg.CreateTopicsRequestTopic{Topic: "new", NumPartitions: 1, ReplicationFactor: 1})
		grow.Topics = append(grow.Topics, kmsg.CreatePartitionsRequestTopic{Topic: name, Count: 3})
		del.Topics = append(del.Topics, kmsg.DeleteTopicsRequestTopic{Topic: &name})
		del.TopicNames = append(del.TopicNames, name)
	}
	var got []string
	say := func(what string, code int16) { got = append(got, fmt.Sprint(what, " ", code)) }
	c, err := create.RequestWith(ctxOf(t), cl)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range c.Topics {
		say("create", r.ErrorCode)
	}
	g, err := grow.RequestWith(ctxOf(t), cl)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range g.Topics {
		say("grow", r.ErrorCode)
	}
	d, err := del.RequestWith(ctxOf(t), cl)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range d.Topics {
		say("delete", r.ErrorCode)
	}
	m := raw[*kmsg.MetadataResponse](t, n, meta)
	for _, r := range m.Topics {
		say(fmt.Sprint(len(r.Partitions), " partition"), r.ErrorCode)
	}
	want := []string{"create 42", "grow 42", "delete 42", "1 partition 0"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestGroupRequestsAsKafka44(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("x", 2, nil)
	commit := func(group string, generation int32, topic string, partition int32) int16 {
		req := kmsg.NewPtrOffsetCommitRequest()
		req.Version, req.Group, req.Generation = 8, group, generation
		q := kmsg.NewOffsetCommitRequestTopicPartition()
		q.Partition, q.Offset = partition, 7
		req.Topics = append(req.Topics, kmsg.OffsetCommitRequestTopic{Topic: topic, Partitions: []kmsg.OffsetCommitRequestTopicPartition{q}})
		return raw[*kmsg.OffsetCommitResponse](t, n, req).Topics[0].Partitions[0].ErrorCode
	}
	forget := func(group, topic string, partition int32) string {
		req := kmsg.NewPtrOffsetDeleteRequest()
		req.Group = group
		req.Topics = append(req.Topics, kmsg.OffsetDeleteRequestTopic{Topic: topic, Partitions: []kmsg.OffsetDeleteRequestTopicPartition{{Partition: partition}}})
		resp := raw[*kmsg.OffsetDeleteResponse](t, n, req)
		out := fmt.Sprint(resp.ErrorCode)
		for _, rt := range resp.Topics {
			out += fmt.Sprint(" ", rt.Partitions[0].ErrorCode)
		}
		return out
	}
	position := func(group string) string {
		req := kmsg.NewPtrOffsetFetchRequest()
		req.Version = 8
		req.Groups = append(req.Groups, kmsg.OffsetFetchRequestGroup{Group: group, MemberEpoch: -1,
			Topics: []kmsg.OffsetFetchRequestGroupTopic{{Topic: "x", Partitions: []int32{0}}}})
		g := raw[*kmsg.OffsetFetchResponse](t, n, req).Groups[0]
		return fmt.Sprint(g.ErrorCode, " ", g.Topics[0].Partitions[0].Offset)
	}
	// Nobody joins the empty group, but consumers that assign themselves keep positions in it.
	if code := commit("", -1, "x", 0); code != 0 {
		t.Errorf("committing to the empty group: %d", code)
	}
	if code := commit("", 3, "x", 0); code != int16(kerr.IllegalGeneration) {
		t.Errorf("committing to the empty group as a member: %d", code)
	}
	commit("g", -1, "x", 0)
	n.restart()
	for group, want := range map[string]string{"": "0 7", "g": "0 7", "none": "0 -1"} {
		if got := position(group); got != want {
			t.Errorf("position of %q: %s, want %s", group, got, want)
		}
	}
	for _, tc := range []struct {
		group, topic string
		partition    int32
		want         string
	}{
		{"g", "nosuch", 0, "0 3"}, {"g", "x", 9, "0 3"}, {"g", "x", 1, "0 0"}, {"g", "x", 0, "0 0"}, {"none", "x", 0, "69"}, {"", "x", 0, "24"},
	} {
		if got := forget(tc.group, tc.topic, tc.partition); got != tc.want {
			t.Errorf("forgetting %q %s-%d: %s, want %s", tc.group, tc.topic, tc.partition, got, tc.want)
		}
	}
	find := kmsg.NewPtrFindCoordinatorRequest()
	find.Version, find.CoordinatorKeys = 4, []string{""}
	if c := raw[*kmsg.FindCoordinatorResponse](t, n, find).Coordinators[0]; c.ErrorCode != 0 {
		t.Errorf("coordinator of the empty group: %d", c.ErrorCode)
	}
	del := kmsg.NewPtrDeleteGroupsRequest()
	del.Groups = []string{"", "", "none"}
	var got []string
	for _, g := range raw[*kmsg.DeleteGroupsResponse](t, n, del).Groups {
		got = append(got, fmt.Sprintf("%q %d", g.Group, g.ErrorCode))
	}
	if want := []string{`"" 0`, `"none" 69`}; !slices.Equal(got, want) {
		t.Errorf("deleting groups: %q, want %q", got, want)
	}
}

// What clients may do is told when they ask for it, and only then.
func TestAuthorizedOperationsAsKafka44(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("x", 1, nil)
	const none = -1 << 31
	for _, ask := range []bool{false, true} {
		want := func(bits int32) int32 {
			if ask {
				return bits
			}
			return none
		}
		name := "x"
		m := kmsg.NewPtrMetadataRequest()
		m.Version, m.IncludeTopicAuthorizedOperations, m.IncludeClusterAuthorizedOperations = 10, ask, ask
		m.Topics = append(m.Topics, kmsg.MetadataRequestTopic{Topic: &name})
		meta := raw[*kmsg.MetadataResponse](t, n, m)
		d := kmsg.NewPtrDescribeClusterRequest()
		d.IncludeClusterAuthorizedOperations = ask
		g := kmsg.NewPtrDescribeGroupsRequest()
		g.Version, g.Groups, g.IncludeAuthorizedOperations = 5, []string{"g"}, ask
		for what, bits := range map[string][2]int32{
			"cluster, Metadata":        {meta.AuthorizedOperations, want(8096)},
			"topic, Metadata":          {meta.Topics[0].AuthorizedOperations, want(3576)},
			"cluster, DescribeCluster": {raw[*kmsg.DescribeClusterResponse](t, n, d).ClusterAuthorizedOperations, want(8096)},
			"group, DescribeGroups":    {raw[*kmsg.DescribeGroupsResponse](t, n, g).Groups[0].AuthorizedOperations, want(3400)},
		} {
			if bits[0] != bits[1] {
				t.Errorf("%s, asked for %v: %d, want %d", what, ask, bits[0], bits[1])
			}
		}
	}
}

// The latest offset is behind whatever was acknowledged, also when it is not on disk yet, and a
// consumer gets there.
func TestAcknowledgedIsBelowTheLatestOffset(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("a", 1, nil)
	cl := n.client(kgo.RequiredAcks(kgo.LeaderAck()), kgo.DisableIdempotentWrite(), kgo.DefaultProduceTopic("a"), kgo.ProducerLinger(0))
	adm := n.admin()
	const rounds = 100
	for range rounds {
		r := &kgo.Record{Value: []byte("v")}
		produce(t, cl, r)
		ends, err := adm.ListEndOffsets(ctxOf(t), "a")
		if err != nil {
			t.Fatal(err)
		}
		if end, _ := ends.Lookup("a", 0); end.Offset <= r.Offset {
			t.Fatalf("offset %d is acknowledged, the latest is %d", r.Offset, end.Offset)
		}
	}
	values(t, n.client(kgo.ConsumeTopics("a"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart())), rounds)
}

// advertised.listeners is told as it is used: with its source when it was given.
func TestAdvertisedListenersAreDescribed(t *testing.T) {
	for _, tc := range []struct {
		advertised string
		source     kmsg.ConfigSource
	}{{"", kmsg.ConfigSourceDefaultConfig}, {"broker.example:1234", kmsg.ConfigSourceStaticBrokerConfig}} {
		n := start(t, broker.Config{Advertised: tc.advertised})
		want := "PLAINTEXT://" + n.addr
		if tc.advertised != "" {
			want = "PLAINTEXT://" + tc.advertised
		}
		req := kmsg.NewPtrDescribeConfigsRequest()
		q := kmsg.NewDescribeConfigsRequestResource()
		q.ResourceType, q.ResourceName, q.ConfigNames = kmsg.ConfigResourceTypeBroker, "1", []string{"advertised.listeners"}
		req.Resources = append(req.Resources, q)
		req.Version = 4
		resp, err := n.client(kgo.Dialer(func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, n.addr) // whatever is advertised
		})).Request(ctxOf(t), req)
		if err != nil {
			t.Fatal(err)
		}
		cs := resp.(*kmsg.DescribeConfigsResponse).Resources[0].Configs
		if len(cs) != 1 || cs[0].Value == nil || *cs[0].Value != want || cs[0].Source != tc.source {
			t.Errorf("advertised %q: %+v, want %s", tc.advertised, cs, want)
		}
	}
}

func TestOddRequestsAsKafka44(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("x", 1, nil)
	list := kmsg.NewPtrListOffsetsRequest()
	list.Version, list.ReplicaID = 8, -1
	lt := kmsg.NewListOffsetsRequestTopic()
	lt.Topic = "x"
	for _, at := range []int64{-1, -2} {
		lp := kmsg.NewListOffsetsRequestTopicPartition()
		lp.Timestamp, lp.CurrentLeaderEpoch = at, -1
		lt.Partitions = append(lt.Partitions, lp)
	}
	list.Topics = append(list.Topics, lt)
	if ps := raw[*kmsg.ListOffsetsResponse](t, n, list).Topics[0].Partitions; len(ps) != 1 || ps[0].ErrorCode != 42 {
		t.Errorf("a partition named twice: %+v", ps)
	}
	for endpoint, want := range map[int8]int16{0: 115, 1: 0, 2: 114, 3: 115} {
		d := kmsg.NewPtrDescribeClusterRequest()
		d.Version, d.EndpointType = 1, endpoint
		if r := raw[*kmsg.DescribeClusterResponse](t, n, d); r.ErrorCode != want || r.EndpointType != 1 {
			t.Errorf("endpoints of type %d: %d of type %d, want %d", endpoint, r.ErrorCode, r.EndpointType, want)
		}
	}
	for _, tc := range []struct {
		id    int64
		epoch int16
		want  int16
	}{{-1, -1, 0}, {5, -1, 42}, {-1, 4, 42}} {
		p := kmsg.NewPtrInitProducerIDRequest()
		p.Version, p.ProducerID, p.ProducerEpoch = 4, tc.id, tc.epoch
		if r := raw[*kmsg.InitProducerIDResponse](t, n, p); r.ErrorCode != tc.want {
			t.Errorf("producer %d, epoch %d: %d, want %d", tc.id, tc.epoch, r.ErrorCode, tc.want)
		}
	}
	leave := kmsg.NewPtrLeaveGroupRequest()
	leave.Version, leave.Group = 5, "nobody's"
	leave.Members = append(leave.Members, kmsg.LeaveGroupRequestMember{MemberID: "m"})
	if r := raw[*kmsg.LeaveGroupResponse](t, n, leave); r.ErrorCode != 0 || len(r.Members) != 1 || r.Members[0].ErrorCode != 25 {
		t.Errorf("leaving a group that is not there: %+v", r)
	}
	sync := kmsg.NewPtrSyncGroupRequest()
	sync.Version, sync.Group, sync.MemberID, sync.Generation = 5, "g", "m", 1
	if r := raw[*kmsg.SyncGroupResponse](t, n, sync); r.ErrorCode != 23 {
		t.Errorf("syncing without a protocol: %d", r.ErrorCode)
	}
	// A protocol that is named twice is one that every member knows.
	join := kmsg.NewPtrJoinGroupRequest()
	join.Version, join.Group, join.ProtocolType, join.SessionTimeoutMillis, join.RebalanceTimeoutMillis = 3, "g", "consumer", 10_000, 10_000
	for range 2 {
		join.Protocols = append(join.Protocols, kmsg.JoinGroupRequestProtocol{Name: "range", Metadata: []byte{0}})
	}
	if r := raw[*kmsg.JoinGroupResponse](t, n, join); r.ErrorCode != 0 || r.Protocol == nil || *r.Protocol != "range" {
		t.Errorf("joining with a protocol named twice: %+v", r)
	}
}
