package clienttest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/record"
)

// odd asks what clients seldom ask: null, empty and absent lists, things named twice, unknown
// names, partitions and offsets, numbers out of their range.
func (c *conversation) odd() {
	c.heard.names = map[string]string{}
	c.oddCreate()
	time.Sleep(c.pause)
	id := c.oddMetadata()
	c.oddConfigs()
	c.oddProduce(id)
	c.oddFetch(id)
	c.oddOffsets()
	c.oddGroups()
	c.oddPositions(id)
	c.oneNode()
	c.brokerConfigs()
	c.oddDelete()
}

// on says what is special about the requests that follow.
func (c *conversation) on(format string, args ...any) { c.about = fmt.Sprintf(format, args...) }

func text(s string) *string { return &s }

const odd1, odd2 = "odd.one", "odd-two"

func (c *conversation) create(what string, change func(*kmsg.CreateTopicsRequest, *kmsg.CreateTopicsRequestTopic)) {
	c.on("%s", what)
	q := kmsg.NewPtrCreateTopicsRequest()
	q.TimeoutMillis = 10000
	t := kmsg.NewCreateTopicsRequestTopic()
	t.Topic, t.NumPartitions, t.ReplicationFactor = "odd-new", 1, 1
	change(q, &t)
	if q.Topics == nil {
		q.Topics = append(q.Topics, t)
	}
	ask[*kmsg.CreateTopicsResponse](c, q)
}

func (c *conversation) oddCreate() {
	type req = kmsg.CreateTopicsRequest
	type topic = kmsg.CreateTopicsRequestTopic
	config := func(name string, value *string) func(*req, *topic) {
		return func(_ *req, t *topic) {
			t.Configs = []kmsg.CreateTopicsRequestTopicConfig{{Name: name, Value: value}}
		}
	}
	assigned := func(partitions int32, factor int16, to ...[]int32) func(*req, *topic) {
		return func(_ *req, t *topic) {
			t.NumPartitions, t.ReplicationFactor = partitions, factor
			for i, replicas := range to {
				a := kmsg.NewCreateTopicsRequestTopicReplicaAssignment()
				a.Partition, a.Replicas = int32(i), replicas
				t.ReplicaAssignment = append(t.ReplicaAssignment, a)
			}
		}
	}
	c.create("a topic", func(_ *req, t *topic) { t.Topic, t.NumPartitions = odd1, 2 })
	c.create("assigned", func(q *req, t *topic) { assigned(-1, -1, []int32{1})(q, t); t.Topic = odd2 })
	c.create("no topics", func(q *req, _ *topic) { q.Topics = []topic{} })
	c.create("twice", func(q *req, t *topic) { q.Topics = []topic{*t, *t} })
	for _, name := range []string{"", ".", "..", "a b", strings.Repeat("x", 250), "odd_one", "__consumer_offsets", odd1} {
		c.create(fmt.Sprintf("%.20q", name), func(_ *req, t *topic) { t.Topic = name })
	}
	for _, n := range []int32{0, -1, -2} {
		c.create(fmt.Sprint("to validate, partitions ", n), func(q *req, t *topic) { q.ValidateOnly, t.NumPartitions = true, n })
	}
	for _, n := range []int16{0, -1, -2, 2} {
		c.create(fmt.Sprint("to validate, replicas ", n), func(q *req, t *topic) { q.ValidateOnly, t.ReplicationFactor = true, n })
	}
	c.create("to validate, both wrong", func(q *req, t *topic) { q.ValidateOnly, t.NumPartitions, t.ReplicationFactor = true, 0, 0 })
	c.create("assigned and counted", assigned(1, 1, []int32{1}))
	c.create("assigned to a stranger", assigned(-1, -1, []int32{7}))
	c.create("assigned twice", assigned(-1, -1, []int32{1, 1}))
	c.create("assigned to nobody", assigned(-1, -1, []int32{}))
	c.create("assigned with a gap", func(q *req, t *topic) {
		assigned(-1, -1, []int32{1})(q, t)
		t.ReplicaAssignment[0].Partition = 1
	})
	c.create("unknown key", config("no.such.key", text("1")))
	c.create("bad value", config("retention.ms", text("soon")))
	c.create("null value", config("retention.ms", nil))
	c.create("empty value", config("retention.ms", text("")))
}

func (c *conversation) oddMetadata() (id [16]byte) {
	all := func(what string, topics []kmsg.MetadataRequestTopic) *kmsg.MetadataResponse {
		c.on("%s", what)
		q := kmsg.NewPtrMetadataRequest()
		q.AllowAutoTopicCreation, q.Topics = false, topics
		return ask[*kmsg.MetadataResponse](c, q)
	}
	named := func(names ...string) (out []kmsg.MetadataRequestTopic) {
		for _, n := range names {
			out = append(out, kmsg.MetadataRequestTopic{Topic: &n})
		}
		return out
	}
	for _, n := range []string{"", ".", "a b", "nobody-made-it"} {
		all(fmt.Sprintf("%q", n), named(n))
	}
	if m := all("twice", named(odd1, odd1)); m != nil && len(m.Topics) > 0 {
		id = m.Topics[0].TopicID
	}
	all("no topics", []kmsg.MetadataRequestTopic{})
	if c.newest {
		all("a name and an id", []kmsg.MetadataRequestTopic{{Topic: text(odd1), TopicID: id}})
		all("another's name and an id", []kmsg.MetadataRequestTopic{{Topic: text(odd2), TopicID: id}})
		all("neither", []kmsg.MetadataRequestTopic{{}})
		all("an id twice", []kmsg.MetadataRequestTopic{{TopicID: id}, {TopicID: id}})
	}
	page := func(what string, limit int32, cursor *kmsg.DescribeTopicPartitionsRequestCursor, names ...string) {
		c.on("%s", what)
		q := kmsg.NewPtrDescribeTopicPartitionsRequest()
		q.ResponsePartitionLimit, q.Cursor = limit, cursor
		for _, n := range names {
			q.Topics = append(q.Topics, kmsg.DescribeTopicPartitionsRequestTopic{Topic: n})
		}
		ask[*kmsg.DescribeTopicPartitionsResponse](c, q)
	}
	at := func(topic string, n int32) *kmsg.DescribeTopicPartitionsRequestCursor {
		return &kmsg.DescribeTopicPartitionsRequestCursor{Topic: topic, Partition: n}
	}
	page("twice", 10, nil, odd1, odd1)
	page("odd names", 10, nil, "a b", "nobody")
	page("no name", 10, nil, "")
	page("no limit", 0, nil, odd1)
	page("limit below 0", -1, nil, odd1)
	page("limit 1", 1, nil, odd1, odd2)
	page("cursor", 10, at(odd1, 1), odd1, odd2)
	page("cursor behind the last partition", 10, at(odd1, 9), odd1, odd2)
	page("cursor below 0", 10, at(odd1, -1), odd1, odd2)
	page("cursor of an unknown topic", 10, at("odd.o", 0), odd1, odd2)
	return id
}

func (c *conversation) oddConfigs() {
	describe := func(what string, kind kmsg.ConfigResourceType, name string, keys []string, times int) {
		c.on("%s", what)
		q := kmsg.NewPtrDescribeConfigsRequest()
		q.IncludeSynonyms = true
		for range times {
			q.Resources = append(q.Resources, kmsg.DescribeConfigsRequestResource{ResourceType: kind, ResourceName: name, ConfigNames: keys})
		}
		ask[*kmsg.DescribeConfigsResponse](c, q)
	}
	alter := func(what string, name *string, value *string, key string) {
		c.on("%s", what)
		inc := kmsg.NewPtrIncrementalAlterConfigsRequest()
		r := kmsg.NewIncrementalAlterConfigsRequestResource()
		r.ResourceType, r.ResourceName = 2, *name
		r.Configs = []kmsg.IncrementalAlterConfigsRequestResourceConfig{{Name: key, Value: value}}
		inc.Resources = append(inc.Resources, r)
		ask[*kmsg.IncrementalAlterConfigsResponse](c, inc)
	}
	describe("a topic", 2, odd1, nil, 1)
	describe("twice", 2, odd1, []string{"retention.ms"}, 2)
	describe("a key twice", 2, odd1, []string{"retention.ms", "retention.ms"}, 1)
	describe("unknown and empty keys", 2, odd1, []string{"", "no.such"}, 1)
	describe("no topic's name", 2, "", nil, 1)
	describe("no broker's number", 4, "one", nil, 1)
	describe("another broker", 4, "2", nil, 1)
	describe("unknown kind", 99, "x", nil, 1)
	describe("group", 32, "", nil, 1)
	name := odd1
	for _, set := range oddValues {
		key, value, _ := strings.Cut(set, "=")
		alter(set, &name, &value, key)
	}
	alter("a null value", &name, nil, "retention.ms")
	describe("after changes", 2, odd1, nil, 1)
}

// oddValues are set on a topic, one after the other.
var oddValues = []string{"cleanup.policy= compact , delete", "cleanup.policy=", "cleanup.policy=compact,compact", "cleanup.policy=none", "cleanup.policy=delete",
	"compression.type=GZIP", "compression.type=lz4", "compression.lz4.level=99", "compression.gzip.level=0", "compression.gzip.level=-1",
	"delete.retention.ms=-1", "min.cleanable.dirty.ratio=1.5", "min.cleanable.dirty.ratio=.25", "preallocate=TRUE", "preallocate=yes",
	"segment.bytes=1", "segment.bytes=1048575", "segment.bytes=1048576", "segment.bytes=+2000000", "segment.bytes=0x200000", "segment.ms=0",
	"retention.ms=-2", "retention.ms= 86400000 ", "retention.bytes=-5", "max.message.bytes=-1", "message.timestamp.type=createtime",
	"message.timestamp.after.max.ms=-1", "min.insync.replicas=0", "min.insync.replicas=3", "unclean.leader.election.enable=false",
	"index.interval.bytes=-1", "flush.messages=0", "flush.ms=-1", "file.delete.delay.ms=-1", "segment.jitter.ms=-1", "segment.index.bytes=3",
	"leader.replication.throttled.replicas=*", "leader.replication.throttled.replicas=x", "follower.replication.throttled.replicas=0:1",
	"remote.storage.enable=true", "local.retention.ms=-3", "local.retention.ms=99999999999", "local.retention.bytes=-3", "message.format.version=3.0",
	"message.downconversion.enable=true", "min.compaction.lag.ms=-1", "max.compaction.lag.ms=0"}

// oddProduce sends batches that are none, and to where there is nothing.
func (c *conversation) oddProduce(id [16]byte) {
	oneRecord := func() []byte { return stampedRecord(c.t, 1000, 1) }
	send := func(what string, acks int16, name string, id [16]byte, part int32, records []byte) {
		c.on("%s", what)
		q := kmsg.NewPtrProduceRequest()
		q.Acks, q.TimeoutMillis = acks, 10000
		q.Topics = []kmsg.ProduceRequestTopic{{Topic: name, TopicID: id, Partitions: []kmsg.ProduceRequestTopicPartition{{Partition: part, Records: records}}}}
		ask[*kmsg.ProduceResponse](c, q)
	}
	cut := oneRecord()
	old := oneRecord()
	old[16] = 1
	more := oneRecord()
	more[60]++ // of the count
	sealed := slices.Clone(more)
	record.Seal(sealed)
	short := oneRecord()
	short[11] = 3 // of the length
	send("a record", -1, odd1, id, 0, oneRecord())
	send("another", -1, odd1, id, 0, stampedRecord(c.t, 3000, 1))
	send("a third", -1, odd1, id, 0, stampedRecord(c.t, 2000, 1))
	send("partition -1", -1, odd1, id, -1, oneRecord())
	send("unknown topic", -1, "nobody-made-it", [16]byte{9}, 0, oneRecord())
	send("no name, no id", -1, "", [16]byte{}, 0, oneRecord())
	send("cut short", -1, odd1, id, 0, cut[:len(cut)-3])
	send("two batches", -1, odd1, id, 0, append(oneRecord(), oneRecord()...))
	send("magic 1", -1, odd1, id, 0, old)
	send("bytes that are no batch", -1, odd1, id, 0, []byte("hello"))
	send("a wrong count", -1, odd1, id, 0, sealed)
	send("a wrong checksum", -1, odd1, id, 0, more)
	send("a wrong length", -1, odd1, id, 0, short)
	b := record.NewBuilder(record.Options{Idempotent: true, ProducerID: 9000, ProducerEpoch: 3})
	b.Append(1000, nil, []byte("v"), nil)
	b.Append(1000, nil, []byte("v"), nil)
	batch, err := b.Finish()
	if err != nil {
		c.t.Fatal(err)
	}
	send("by an idempotent producer", -1, odd1, id, 0, slices.Clone(batch))
	send("it again", -1, odd1, id, 0, slices.Clone(batch))
	q := kmsg.NewPtrProduceRequest()
	q.Acks, q.TimeoutMillis = -1, 10000
	c.on("no topics")
	ask[*kmsg.ProduceResponse](c, q)
}

func (c *conversation) oddFetch(id [16]byte) {
	for _, f := range []struct {
		what  string
		name  string
		id    [16]byte
		part  int32
		from  int64
		epoch int32
		max   int32
	}{
		{"from the start", odd1, id, 0, 0, -1, 1 << 20}, {"at the end", odd1, id, 0, 2, -1, 1 << 20}, {"past the end", odd1, id, 0, 3, -1, 1 << 20},
		{"before the start", odd1, id, 0, -1, -1, 1 << 20}, {"one byte", odd1, id, 0, 0, -1, 1}, {"no bytes", odd1, id, 0, 0, -1, 0},
		{"epoch 0", odd1, id, 0, 0, 0, 1 << 20}, {"epoch 5", odd1, id, 0, 0, 5, 1 << 20}, {"partition -1", odd1, id, -1, 0, -1, 1 << 20},
		{"unknown topic", "nobody-made-it", [16]byte{9}, 0, 0, -1, 1 << 20}, {"no name, no id", "", [16]byte{}, 0, 0, -1, 1 << 20},
	} {
		c.on("%s", f.what)
		q := kmsg.NewPtrFetchRequest()
		q.MaxWaitMillis, q.MaxBytes, q.SessionEpoch = 1, 1<<20, -1
		p := kmsg.NewFetchRequestTopicPartition()
		p.Partition, p.FetchOffset, p.CurrentLeaderEpoch, p.PartitionMaxBytes = f.part, f.from, f.epoch, f.max
		q.Topics = []kmsg.FetchRequestTopic{{Topic: f.name, TopicID: f.id, Partitions: []kmsg.FetchRequestTopicPartition{p}}}
		ask[*kmsg.FetchResponse](c, q)
	}
	q := kmsg.NewPtrFetchRequest()
	q.MaxWaitMillis, q.MaxBytes, q.SessionEpoch = 1, 1<<20, -1
	c.on("no topics")
	ask[*kmsg.FetchResponse](c, q)
	if c.newest {
		q.SessionID, q.SessionEpoch = 12345, 3
		c.on("a session that there is not")
		ask[*kmsg.FetchResponse](c, q)
	}
}

func (c *conversation) oddOffsets() {
	for _, l := range []struct {
		name  string
		part  int32
		time  int64
		epoch int32
	}{
		{odd1, 0, -1, -1}, {odd1, 0, -2, -1}, {odd1, 0, 1, -1}, {odd1, 1, -1, -1}, {odd1, 1, 5, -1}, {odd1, 0, -9, -1}, {odd1, 0, 1 << 60, -1},
		{odd1, 0, -1, 0}, {odd1, 0, -1, 5}, {odd1, -1, -1, -1}, {"nobody", 0, -1, -1}, {"", 0, -1, -1}, {odd1, 0, -3, -1}, {odd1, 1, -3, -1}, {odd1, 0, -4, -1},
		{odd1, 0, -5, -1}, {odd1, 0, -6, -1},
	} {
		c.on("%q %d, time %d, epoch %d", l.name, l.part, l.time, l.epoch)
		q := kmsg.NewPtrListOffsetsRequest()
		q.ReplicaID = -1
		p := kmsg.NewListOffsetsRequestTopicPartition()
		p.Partition, p.Timestamp, p.CurrentLeaderEpoch = l.part, l.time, l.epoch
		q.Topics = []kmsg.ListOffsetsRequestTopic{{Topic: l.name, Partitions: []kmsg.ListOffsetsRequestTopicPartition{p}}}
		ask[*kmsg.ListOffsetsResponse](c, q)
	}
	for _, e := range []struct {
		part           int32
		current, epoch int32
	}{{0, -1, -1}, {0, -1, 0}, {0, -1, 5}, {0, 0, 0}, {0, 3, 0}, {-1, -1, 0}, {1, -1, 0}} {
		c.on("partition %d, current %d, epoch %d", e.part, e.current, e.epoch)
		q := kmsg.NewPtrOffsetForLeaderEpochRequest()
		q.ReplicaID = -1
		p := kmsg.NewOffsetForLeaderEpochRequestTopicPartition()
		p.Partition, p.CurrentLeaderEpoch, p.LeaderEpoch = e.part, e.current, e.epoch
		q.Topics = []kmsg.OffsetForLeaderEpochRequestTopic{{Topic: odd1, Partitions: []kmsg.OffsetForLeaderEpochRequestTopicPartition{p}}}
		ask[*kmsg.OffsetForLeaderEpochResponse](c, q)
	}
	for _, d := range []struct {
		name string
		part int32
		to   int64
	}{{odd1, 0, -2}, {odd1, 0, 99}, {odd1, -1, 0}, {"nobody", 0, 0}, {"", 0, 0}, {odd1, 0, 1}, {odd1, 0, 0}, {odd1, 0, -1}, {odd1, 1, -1}} {
		c.on("%q %d, before %d", d.name, d.part, d.to)
		q := kmsg.NewPtrDeleteRecordsRequest()
		q.TimeoutMillis = 10000
		q.Topics = []kmsg.DeleteRecordsRequestTopic{{Topic: d.name, Partitions: []kmsg.DeleteRecordsRequestTopicPartition{{Partition: d.part, Offset: d.to}}}}
		ask[*kmsg.DeleteRecordsResponse](c, q)
	}
	c.on("no topics")
	ask[*kmsg.DeleteRecordsResponse](c, kmsg.NewPtrDeleteRecordsRequest())
	ask[*kmsg.ListOffsetsResponse](c, kmsg.NewPtrListOffsetsRequest())
}

func (c *conversation) oddGroups() {
	for _, kind := range []int8{0, 2, 9} {
		for _, key := range []string{"odd-group", ""} {
			c.on("type %d, %q", kind, key)
			q := kmsg.NewPtrFindCoordinatorRequest()
			q.CoordinatorType, q.CoordinatorKey, q.CoordinatorKeys = kind, key, []string{key}
			ask[*kmsg.FindCoordinatorResponse](c, q)
		}
	}
	c.on("no keys, or none in a list")
	ask[*kmsg.FindCoordinatorResponse](c, kmsg.NewPtrFindCoordinatorRequest())
	join := func(what string, change func(*kmsg.JoinGroupRequest)) *kmsg.JoinGroupResponse {
		c.on("%s", what)
		q := kmsg.NewPtrJoinGroupRequest()
		q.Group, q.SessionTimeoutMillis, q.RebalanceTimeoutMillis, q.ProtocolType = "odd-group", 30000, 30000, "consumer"
		q.Protocols = []kmsg.JoinGroupRequestProtocol{{Name: "range", Metadata: []byte{0}}}
		change(q)
		j := ask[*kmsg.JoinGroupResponse](c, q)
		if j != nil && j.MemberID != "" {
			c.heard.names[j.MemberID] = "…"
		}
		return j
	}
	type req = kmsg.JoinGroupRequest
	join("no group", func(q *req) { q.Group = "" })
	join("a short session", func(q *req) { q.SessionTimeoutMillis = 1 })
	join("a long session", func(q *req) { q.SessionTimeoutMillis = 1 << 30 })
	join("no protocols", func(q *req) { q.Protocols = nil })
	join("no protocol type", func(q *req) { q.ProtocolType = "" })
	join("a stranger", func(q *req) { q.MemberID = "a-stranger" })
	if c.newest {
		member := ""
		for _, what := range []string{"a static member", "it again"} {
			if j := join(what, func(q *req) { q.InstanceID = text("one") }); j != nil {
				member = j.MemberID
			}
		}
		join("it by its id", func(q *req) { q.InstanceID, q.MemberID = text("one"), member })
		join("it with another protocol type", func(q *req) { q.InstanceID, q.ProtocolType = text("two"), "connect" })
		join("it with another's id", func(q *req) { q.InstanceID, q.MemberID = text("one"), "a-stranger" })
		c.on("of a group that waits for its leader")
		ask[*kmsg.DescribeGroupsResponse](c, &kmsg.DescribeGroupsRequest{Groups: []string{"odd-group"}, IncludeAuthorizedOperations: true})
		for _, states := range [][]string{{"CompletingRebalance"}, {"completingrebalance"}, {"Stable"}, {"nonsense"}, {}} {
			c.on("in %q", states)
			ask[*kmsg.ListGroupsResponse](c, &kmsg.ListGroupsRequest{StatesFilter: states})
		}
		for _, types := range [][]string{{"classic"}, {"Consumer"}, {"nonsense"}} {
			c.on("of %q", types)
			ask[*kmsg.ListGroupsResponse](c, &kmsg.ListGroupsRequest{TypesFilter: types})
		}
		c.on("with members")
		ask[*kmsg.DeleteGroupsResponse](c, &kmsg.DeleteGroupsRequest{Groups: []string{"odd-group"}})
		leave := func(what, member string, instance *string) {
			c.on("%s", what)
			ask[*kmsg.LeaveGroupResponse](c, &kmsg.LeaveGroupRequest{Group: "odd-group", Members: []kmsg.LeaveGroupRequestMember{{MemberID: member, InstanceID: instance}}})
		}
		leave("another's id", "a-stranger", text("one"))
		leave("an unknown instance", "", text("three"))
		leave("by instance", "", text("one"))
		leave("neither", "", nil)
	}
	c.on("without members")
	ask[*kmsg.DeleteGroupsResponse](c, &kmsg.DeleteGroupsRequest{Groups: []string{"odd-group"}})
	for _, g := range []string{"", "nobody"} {
		c.on("group %q", g)
		hb := kmsg.NewPtrHeartbeatRequest()
		hb.Group, hb.MemberID = g, "m"
		ask[*kmsg.HeartbeatResponse](c, hb)
		sync := kmsg.NewPtrSyncGroupRequest()
		sync.Group, sync.MemberID, sync.ProtocolType, sync.Protocol = g, "m", text("consumer"), text("range")
		ask[*kmsg.SyncGroupResponse](c, sync)
		leave := kmsg.NewPtrLeaveGroupRequest()
		leave.Group, leave.MemberID, leave.Members = g, "m", []kmsg.LeaveGroupRequestMember{{MemberID: "m"}}
		ask[*kmsg.LeaveGroupResponse](c, leave)
		ask[*kmsg.DescribeGroupsResponse](c, &kmsg.DescribeGroupsRequest{Groups: []string{g}})
		ask[*kmsg.DeleteGroupsResponse](c, &kmsg.DeleteGroupsRequest{Groups: []string{g}})
	}
	c.on("twice")
	ask[*kmsg.DescribeGroupsResponse](c, &kmsg.DescribeGroupsRequest{Groups: []string{"nobody", "nobody"}})
	c.on("no groups")
	ask[*kmsg.DescribeGroupsResponse](c, &kmsg.DescribeGroupsRequest{})
	ask[*kmsg.DeleteGroupsResponse](c, &kmsg.DeleteGroupsRequest{})
}

func (c *conversation) oddPositions(id [16]byte) {
	commit := func(what string, change func(*kmsg.OffsetCommitRequest, *kmsg.OffsetCommitRequestTopic, *kmsg.OffsetCommitRequestTopicPartition)) {
		c.on("%s", what)
		q := kmsg.NewPtrOffsetCommitRequest()
		q.Group, q.Generation = "odd-positions", -1
		t := kmsg.OffsetCommitRequestTopic{Topic: odd1, TopicID: id}
		p := kmsg.NewOffsetCommitRequestTopicPartition()
		p.Offset = 1
		change(q, &t, &p)
		t.Partitions = append(t.Partitions, p)
		if q.Topics == nil {
			q.Topics = []kmsg.OffsetCommitRequestTopic{t}
		}
		ask[*kmsg.OffsetCommitResponse](c, q)
	}
	type req = kmsg.OffsetCommitRequest
	type topic = kmsg.OffsetCommitRequestTopic
	type part = kmsg.OffsetCommitRequestTopicPartition
	commit("a position", func(_ *req, _ *topic, p *part) { p.Metadata = text("here") })
	commit("null text", func(_ *req, _ *topic, p *part) { p.Partition, p.Metadata = 1, nil })
	commit("much text", func(_ *req, _ *topic, p *part) { p.Metadata = text(strings.Repeat("x", 5000)) })
	commit("offset -1", func(_ *req, _ *topic, p *part) { p.Offset = -1 })
	commit("offset -2", func(_ *req, _ *topic, p *part) { p.Offset = -2 })
	commit("partition -1", func(_ *req, _ *topic, p *part) { p.Partition = -1 })
	commit("no topics", func(q *req, _ *topic, _ *part) { q.Topics = []topic{} })
	commit("an unknown topic", func(_ *req, t *topic, _ *part) { t.Topic, t.TopicID = "nobody", [16]byte{9} })
	commit("no topic's name", func(_ *req, t *topic, _ *part) { t.Topic, t.TopicID = "", [16]byte{} })
	commit("a stranger", func(q *req, _ *topic, _ *part) { q.MemberID, q.Generation = "m", 3 })
	commit("a stranger without a generation", func(q *req, _ *topic, _ *part) { q.MemberID = "m" })
	commit("no group", func(q *req, _ *topic, _ *part) { q.Group, q.MemberID, q.Generation = "", "m", 3 })
	type asked struct {
		name  string
		id    [16]byte
		parts []int32
	}
	fetch := func(what, group string, topics []asked) {
		c.on("%s", what)
		q := kmsg.NewPtrOffsetFetchRequest()
		g := kmsg.NewOffsetFetchRequestGroup()
		q.Group, g.Group = group, group
		if topics != nil {
			q.Topics, g.Topics = []kmsg.OffsetFetchRequestTopic{}, []kmsg.OffsetFetchRequestGroupTopic{}
		}
		for _, a := range topics {
			q.Topics = append(q.Topics, kmsg.OffsetFetchRequestTopic{Topic: a.name, Partitions: a.parts})
			g.Topics = append(g.Topics, kmsg.OffsetFetchRequestGroupTopic{Topic: a.name, TopicID: a.id, Partitions: a.parts})
		}
		q.Groups = []kmsg.OffsetFetchRequestGroup{g}
		ask[*kmsg.OffsetFetchResponse](c, q)
	}
	fetch("two positions", "odd-positions", []asked{{odd1, id, []int32{0, 1}}})
	fetch("no topics", "odd-positions", []asked{})
	if c.newest {
		fetch("all topics", "odd-positions", nil)
	}
	fetch("no partitions", "odd-positions", []asked{{odd1, id, nil}})
	fetch("partition -1", "odd-positions", []asked{{odd1, id, []int32{-1}}})
	fetch("a partition twice", "odd-positions", []asked{{odd1, id, []int32{0, 0}}})
	fetch("a topic twice", "odd-positions", []asked{{odd1, id, []int32{0}}, {odd1, id, []int32{0}}})
	fetch("an unknown topic", "odd-positions", []asked{{"nobody", [16]byte{9}, []int32{0}}})
	fetch("an unknown group", "nobody", []asked{{odd1, id, []int32{0}}})
	fetch("no group", "", []asked{{odd1, id, []int32{0}}})
	if c.newest {
		c.on("as a stranger")
		q := kmsg.NewPtrOffsetFetchRequest()
		g := kmsg.NewOffsetFetchRequestGroup()
		g.Group, g.MemberID, g.MemberEpoch = "odd-positions", text("m"), 4
		q.Groups = append(q.Groups, g)
		ask[*kmsg.OffsetFetchResponse](c, q)
		c.on("of no group, and of one twice")
		ask[*kmsg.OffsetFetchResponse](c, kmsg.NewPtrOffsetFetchRequest())
		g.MemberID, g.MemberEpoch = nil, -1
		q.Groups = []kmsg.OffsetFetchRequestGroup{g, g}
		ask[*kmsg.OffsetFetchResponse](c, q)
	}
	for _, d := range []asked{{"nobody", id, []int32{0}}, {odd1, id, nil}, {odd1, id, []int32{-1}}, {odd1, id, []int32{0, 0}}} {
		c.on("%s %d", d.name, d.parts)
		q := kmsg.NewPtrOffsetDeleteRequest()
		q.Group = "odd-positions"
		t := kmsg.NewOffsetDeleteRequestTopic()
		t.Topic = d.name
		for _, p := range d.parts {
			t.Partitions = append(t.Partitions, kmsg.OffsetDeleteRequestTopicPartition{Partition: p})
		}
		q.Topics = append(q.Topics, t)
		ask[*kmsg.OffsetDeleteResponse](c, q)
	}
	c.on("no topics")
	ask[*kmsg.OffsetDeleteResponse](c, &kmsg.OffsetDeleteRequest{Group: "odd-positions"})
	ask[*kmsg.DeleteGroupsResponse](c, &kmsg.DeleteGroupsRequest{Groups: []string{"odd-positions"}})
}

func (c *conversation) oddDelete() {
	grow := func(what string, t kmsg.CreatePartitionsRequestTopic, times int) {
		c.on("%s", what)
		q := kmsg.NewPtrCreatePartitionsRequest()
		q.TimeoutMillis = 10000
		for range times {
			q.Topics = append(q.Topics, t)
		}
		ask[*kmsg.CreatePartitionsResponse](c, q)
	}
	to := func(lists ...[]int32) (out []kmsg.CreatePartitionsRequestTopicAssignment) {
		for _, l := range lists {
			out = append(out, kmsg.CreatePartitionsRequestTopicAssignment{Replicas: l})
		}
		return out
	}
	type topic = kmsg.CreatePartitionsRequestTopic
	for _, n := range []int32{-1, 0, 1, 2, 20000} {
		grow(fmt.Sprint("to ", n), topic{Topic: odd1, Count: n}, 1)
	}
	grow("twice", topic{Topic: odd1, Count: 3}, 2)
	grow("no name", topic{Topic: "", Count: 3}, 1)
	grow("assigned to a stranger", topic{Topic: odd1, Count: 3, Assignment: to([]int32{7})}, 1)
	grow("assigned too often", topic{Topic: odd1, Count: 3, Assignment: to([]int32{1}, []int32{1})}, 1)
	grow("assigned to nobody", topic{Topic: odd1, Count: 3, Assignment: to([]int32{})}, 1)
	grow("assigned twice", topic{Topic: odd1, Count: 3, Assignment: to([]int32{1, 1})}, 1)
	grow("assigned", topic{Topic: odd1, Count: 3, Assignment: to([]int32{1})}, 1)
	grow("none", topic{}, 0)
	del := func(what string, topics ...kmsg.DeleteTopicsRequestTopic) {
		c.on("%s", what)
		q := kmsg.NewPtrDeleteTopicsRequest()
		q.TimeoutMillis, q.Topics = 10000, topics
		for _, t := range topics {
			if t.Topic != nil {
				q.TopicNames = append(q.TopicNames, *t.Topic)
			}
		}
		ask[*kmsg.DeleteTopicsResponse](c, q)
	}
	named := func(name string) kmsg.DeleteTopicsRequestTopic {
		return kmsg.DeleteTopicsRequestTopic{Topic: &name}
	}
	del("none")
	del("no name", named(""))
	del("no topic's name", named("a b"))
	del("twice", named(odd1), named(odd1))
	if c.newest {
		del("neither", kmsg.DeleteTopicsRequestTopic{})
		del("a name and an id", kmsg.DeleteTopicsRequestTopic{Topic: text(odd1), TopicID: [16]byte{9}})
		del("an id twice", kmsg.DeleteTopicsRequestTopic{TopicID: [16]byte{9}}, kmsg.DeleteTopicsRequestTopic{TopicID: [16]byte{9}})
	}
	del("both", named(odd1), named(odd2))
}
