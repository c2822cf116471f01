package clienttest

import (
	"context"
	"encoding/binary"
	"hash/crc32"
	"reflect"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"tailrace/broker/handler"
)

// conversation sends the same requests to any broker, at the newest or the oldest versions
// that we serve, and returns the shapes of its answers. Each kind of request is asked so
// that it succeeds and so that it fails.
type conversation struct {
	t      testing.TB
	cl     *kgo.Client
	broker *kgo.Broker
	seen   sketch
	heard  transcript
	about  string // what is special about the requests that follow
	newest bool
	pause  time.Duration // until what was told to one part of a broker is known to the others
}

func converse(t testing.TB, addr string, newest bool, pause time.Duration) sketch {
	return hold(t, addr, aged(newest), pause, (*conversation).usual).seen
}

// usual asks what clients ask.
func (c *conversation) usual() {
	id := c.topics()
	c.records(id)
	c.groups(id)
	c.node()
	c.goodbye()
}

// aged is the age of the newest or the oldest versions.
func aged(newest bool) int16 {
	if newest {
		return 0
	}
	return 99
}

// hold has a conversation with a broker, whose id is 1, at the versions that are so many behind
// the newest, or the oldest.
func hold(t testing.TB, addr string, age int16, pause time.Duration, talk func(*conversation)) *conversation {
	v := new(kversion.Versions)
	for _, api := range handler.ServedAPIs() {
		if api.Key == 18 {
			v.SetMaxKeyVersion(api.Key, api.Max)
		} else {
			v.SetMaxKeyVersion(api.Key, max(api.Min, oldest[api.Key], api.Max-age))
		}
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.MaxVersions(v), kgo.RequestRetries(0), kgo.RequestTimeoutOverhead(20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	c := &conversation{t: t, cl: cl, broker: cl.Broker(1), seen: sketch{}, newest: age == 0, pause: pause}
	if err := cl.Ping(ctxOf(t)); err != nil {
		t.Fatal(err)
	}
	c.wake()
	talk(c)
	return c
}

// oldest is raised where what we serve for an old client is no more in Kafka.
var oldest = map[int16]int16{0: 3}

// ask sends a request and draws its answer under its name and what is special about it.
func ask[R kmsg.Response](c *conversation, q interface {
	kmsg.Request
	ResponseKind() kmsg.Response
}) R {
	c.t.Helper()
	var none R
	if !served(q.Key()) {
		return none
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	resp, err := c.broker.Request(ctx, q)
	name := kmsg.NameForKey(q.Key())
	if err != nil {
		c.t.Errorf("%s: %v", name, err)
		return none
	}
	nullable := map[string]bool{}
	clean := resp.(kmsg.Response)
	empty := clean.RequestKind().ResponseKind()
	empty.SetVersion(clean.GetVersion())
	for _, p := range nullableFields(empty, name) {
		nullable[p] = true
	}
	c.seen.draw(name, reflect.ValueOf(resp).Elem(), nullable)
	c.heard.add(c.about, clean)
	return resp.(R)
}

func served(key int16) bool {
	for _, api := range handler.ServedAPIs() {
		if api.Key == key {
			return true
		}
	}
	return false
}

// wake asks until the coordinator of groups and the allocation of producer ids, which Kafka
// starts when they are first wanted, answer; what they say until then is not drawn.
func (c *conversation) wake() {
	find := kmsg.NewPtrFindCoordinatorRequest()
	find.CoordinatorKey, find.CoordinatorKeys = "conv-group", []string{"conv-group"}
	init := kmsg.NewPtrInitProducerIDRequest()
	init.ProducerID, init.ProducerEpoch = -1, -1
	fetch := kmsg.NewPtrOffsetFetchRequest()
	rg := kmsg.NewOffsetFetchRequestGroup()
	fetch.Group, rg.Group = "conv-group", "conv-group"
	fetch.Groups = []kmsg.OffsetFetchRequestGroup{rg}
	for {
		ask[*kmsg.FindCoordinatorResponse](c, find)
		ask[*kmsg.InitProducerIDResponse](c, init)
		ask[*kmsg.OffsetFetchResponse](c, fetch)
		busy := false
		for _, path := range []string{"FindCoordinator.ErrorCode", "FindCoordinator.Coordinators.ErrorCode", "InitProducerID.ErrorCode", "OffsetFetch.ErrorCode", "OffsetFetch.Groups.ErrorCode"} {
			busy = busy || c.seen[path] != nil && !c.seen[path]["error 0"]
		}
		c.seen, c.heard = sketch{}, transcript{}
		if !busy || c.t.Failed() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (c *conversation) topics() [16]byte {
	create := kmsg.NewPtrCreateTopicsRequest()
	create.TimeoutMillis = 10000
	for _, name := range []string{"conv", "conv2", "not/a/name", "too-many"} {
		t := kmsg.NewCreateTopicsRequestTopic()
		t.Topic, t.NumPartitions, t.ReplicationFactor = name, 2, 1
		if name == "too-many" {
			t.ReplicationFactor = 7
		}
		t.Configs = []kmsg.CreateTopicsRequestTopicConfig{{Name: "retention.ms", Value: kmsg.StringPtr("3600000000")}}
		create.Topics = append(create.Topics, t)
	}
	ask[*kmsg.CreateTopicsResponse](c, create)
	ask[*kmsg.CreateTopicsResponse](c, create) // they exist
	time.Sleep(c.pause)
	all := kmsg.NewPtrMetadataRequest()
	all.AllowAutoTopicCreation = false
	all.Topics = []kmsg.MetadataRequestTopic{{Topic: kmsg.StringPtr("conv")}, {Topic: kmsg.StringPtr("nobody-made-it")}}
	var id [16]byte
	if m := ask[*kmsg.MetadataResponse](c, all); m != nil && len(m.Topics) > 0 {
		id = m.Topics[0].TopicID
	}
	ask[*kmsg.MetadataResponse](c, &kmsg.MetadataRequest{})
	if c.newest {
		ask[*kmsg.MetadataResponse](c, &kmsg.MetadataRequest{Topics: []kmsg.MetadataRequestTopic{{TopicID: id}, {TopicID: [16]byte{9}}}})
	}
	ask[*kmsg.DescribeTopicPartitionsResponse](c, &kmsg.DescribeTopicPartitionsRequest{ResponsePartitionLimit: 3,
		Topics: []kmsg.DescribeTopicPartitionsRequestTopic{{Topic: "conv"}, {Topic: "conv2"}, {Topic: "nobody-made-it"}}})
	ask[*kmsg.DescribeTopicPartitionsResponse](c, &kmsg.DescribeTopicPartitionsRequest{ResponsePartitionLimit: 2000})
	parts := kmsg.NewPtrCreatePartitionsRequest()
	parts.TimeoutMillis = 10000
	parts.Topics = []kmsg.CreatePartitionsRequestTopic{{Topic: "conv2", Count: 3}, {Topic: "conv", Count: 1}, {Topic: "nobody-made-it", Count: 3}}
	ask[*kmsg.CreatePartitionsResponse](c, parts)
	c.configs()
	return id
}

func (c *conversation) configs() {
	describe := kmsg.NewPtrDescribeConfigsRequest()
	describe.IncludeDocumentation, describe.IncludeSynonyms = true, true
	for _, r := range []struct {
		kind kmsg.ConfigResourceType
		name string
	}{{2, "conv"}, {2, "nobody-made-it"}, {4, "1"}, {4, ""}, {4, "77"}, {16, "metrics"}, {32, "g"}} {
		describe.Resources = append(describe.Resources, kmsg.DescribeConfigsRequestResource{ResourceType: r.kind, ResourceName: r.name})
	}
	ask[*kmsg.DescribeConfigsResponse](c, describe)
	describe.IncludeDocumentation, describe.IncludeSynonyms = false, false
	describe.Resources = []kmsg.DescribeConfigsRequestResource{{ResourceType: 2, ResourceName: "conv", ConfigNames: []string{"retention.ms", "no.such.key"}}}
	ask[*kmsg.DescribeConfigsResponse](c, describe)
	inc := kmsg.NewPtrIncrementalAlterConfigsRequest()
	for _, name := range []string{"conv", "nobody-made-it"} {
		inc.Resources = append(inc.Resources, kmsg.IncrementalAlterConfigsRequestResource{ResourceType: 2, ResourceName: name,
			Configs: []kmsg.IncrementalAlterConfigsRequestResourceConfig{{Name: "segment.ms", Value: kmsg.StringPtr("1000000")}}})
	}
	ask[*kmsg.IncrementalAlterConfigsResponse](c, inc)
	alter := kmsg.NewPtrAlterConfigsRequest()
	for _, name := range []string{"conv2", "nobody-made-it"} {
		alter.Resources = append(alter.Resources, kmsg.AlterConfigsRequestResource{ResourceType: 2, ResourceName: name,
			Configs: []kmsg.AlterConfigsRequestResourceConfig{{Name: "retention.ms", Value: kmsg.StringPtr("3600000000")}}})
	}
	ask[*kmsg.AlterConfigsResponse](c, alter)
	ask[*kmsg.ListConfigResourcesResponse](c, &kmsg.ListConfigResourcesRequest{})
	if c.newest {
		ask[*kmsg.ListConfigResourcesResponse](c, &kmsg.ListConfigResourcesRequest{ResourceTypes: []int8{2, 4}})
		ask[*kmsg.ListConfigResourcesResponse](c, &kmsg.ListConfigResourcesRequest{ResourceTypes: []int8{99}})
	}
}

// oneRecord is a batch of one record with a null key.
func oneRecord() []byte {
	rec := []byte{0, 0, 0, 1, 2, 'v', 0} // attributes, time, offset, null key, value, no headers
	rec = append([]byte{byte(len(rec) << 1)}, rec...)
	b := binary.BigEndian.AppendUint64(nil, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(49+len(rec)))
	b = append(b, 0, 0, 0, 0, 2, 0, 0, 0, 0)
	body := binary.BigEndian.AppendUint16(nil, 0)
	body = binary.BigEndian.AppendUint32(body, 0)
	now := uint64(time.Now().UnixMilli())
	body = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(body, now), now)
	body = append(body, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 1)
	body = append(body, rec...)
	binary.BigEndian.PutUint32(b[17:], crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
	return append(b, body...)
}

func (c *conversation) records(id [16]byte) {
	produce := kmsg.NewPtrProduceRequest()
	produce.Acks, produce.TimeoutMillis = -1, 10000
	part := func(n int32, records []byte) kmsg.ProduceRequestTopicPartition {
		return kmsg.ProduceRequestTopicPartition{Partition: n, Records: records}
	}
	bad := oneRecord()
	bad[len(bad)-2] ^= 1
	produce.Topics = []kmsg.ProduceRequestTopic{{Topic: "conv", TopicID: id, Partitions: []kmsg.ProduceRequestTopicPartition{
		part(0, oneRecord()), part(1, bad), part(9, oneRecord()),
	}}}
	ask[*kmsg.ProduceResponse](c, produce)
	fetch := kmsg.NewPtrFetchRequest()
	fetch.MaxWaitMillis, fetch.MinBytes, fetch.MaxBytes, fetch.SessionEpoch = 10, 1, 1<<20, -1
	for _, p := range []struct {
		n    int32
		from int64
	}{{0, 0}, {1, 0}, {0, 99}, {9, 0}} {
		fp := kmsg.NewFetchRequestTopicPartition()
		fp.Partition, fp.FetchOffset, fp.PartitionMaxBytes = p.n, p.from, 1<<20
		fetch.Topics = []kmsg.FetchRequestTopic{{Topic: "conv", TopicID: id, Partitions: []kmsg.FetchRequestTopicPartition{fp}}}
		ask[*kmsg.FetchResponse](c, fetch)
	}
	list := kmsg.NewPtrListOffsetsRequest()
	list.ReplicaID = -1
	epoch := kmsg.NewPtrOffsetForLeaderEpochRequest()
	epoch.ReplicaID = -1
	var lp []kmsg.ListOffsetsRequestTopicPartition
	var ep []kmsg.OffsetForLeaderEpochRequestTopicPartition
	for _, n := range []int32{0, 9} {
		p := kmsg.NewListOffsetsRequestTopicPartition()
		p.Partition, p.Timestamp = n, -1
		lp = append(lp, p)
		e := kmsg.NewOffsetForLeaderEpochRequestTopicPartition()
		e.Partition, e.LeaderEpoch = n, 0
		ep = append(ep, e)
	}
	list.Topics = []kmsg.ListOffsetsRequestTopic{{Topic: "conv", Partitions: lp}}
	epoch.Topics = []kmsg.OffsetForLeaderEpochRequestTopic{{Topic: "conv", Partitions: ep}}
	ask[*kmsg.ListOffsetsResponse](c, list)
	ask[*kmsg.OffsetForLeaderEpochResponse](c, epoch)
	del := kmsg.NewPtrDeleteRecordsRequest()
	del.TimeoutMillis = 10000
	del.Topics = []kmsg.DeleteRecordsRequestTopic{{Topic: "conv", Partitions: []kmsg.DeleteRecordsRequestTopicPartition{{Partition: 0, Offset: 1}, {Partition: 9, Offset: 1}}}}
	ask[*kmsg.DeleteRecordsResponse](c, del)
	init := kmsg.NewPtrInitProducerIDRequest()
	init.ProducerID, init.ProducerEpoch = -1, -1
	ask[*kmsg.InitProducerIDResponse](c, init)
}

func (c *conversation) groups(id [16]byte) {
	find := kmsg.NewPtrFindCoordinatorRequest()
	find.CoordinatorKey, find.CoordinatorKeys = "conv-group", []string{"conv-group"}
	ask[*kmsg.FindCoordinatorResponse](c, find)
	member := c.join()
	for _, m := range []string{member, "a-stranger"} {
		hb := kmsg.NewPtrHeartbeatRequest()
		hb.Group, hb.Generation, hb.MemberID = "conv-group", 1, m
		ask[*kmsg.HeartbeatResponse](c, hb)
	}
	for _, g := range []string{"conv-group", "no-group"} {
		describe := kmsg.NewPtrDescribeGroupsRequest()
		describe.Groups = []string{g}
		ask[*kmsg.DescribeGroupsResponse](c, describe)
	}
	ask[*kmsg.ListGroupsResponse](c, kmsg.NewPtrListGroupsRequest())
	for _, m := range []string{member, "a-stranger"} {
		leave := kmsg.NewPtrLeaveGroupRequest()
		leave.Group, leave.MemberID = "conv-group", m
		leave.Members = []kmsg.LeaveGroupRequestMember{{MemberID: m}}
		ask[*kmsg.LeaveGroupResponse](c, leave)
	}
	c.offsets(id)
	for _, g := range []string{"conv-group", "no-group"} {
		del := kmsg.NewPtrDeleteGroupsRequest()
		del.Groups = []string{g}
		ask[*kmsg.DeleteGroupsResponse](c, del)
	}
}

// join makes the only member of conv-group and returns its id.
func (c *conversation) join() string {
	join := kmsg.NewPtrJoinGroupRequest()
	join.Group, join.SessionTimeoutMillis, join.RebalanceTimeoutMillis, join.ProtocolType = "conv-group", 30000, 30000, "consumer"
	meta := kmsg.NewConsumerMemberMetadata()
	meta.Topics = []string{"conv"}
	join.Protocols = []kmsg.JoinGroupRequestProtocol{{Name: "range", Metadata: meta.AppendTo(nil)}}
	j := ask[*kmsg.JoinGroupResponse](c, join)
	if j == nil {
		return ""
	}
	if j.ErrorCode != 0 {
		join.MemberID = j.MemberID
		j = ask[*kmsg.JoinGroupResponse](c, join)
	}
	for _, m := range []string{j.MemberID, "a-stranger"} {
		sync := kmsg.NewPtrSyncGroupRequest()
		sync.Group, sync.Generation, sync.MemberID = "conv-group", j.Generation, m
		sync.ProtocolType, sync.Protocol = kmsg.StringPtr("consumer"), kmsg.StringPtr("range")
		a := kmsg.NewConsumerMemberAssignment()
		sync.GroupAssignment = []kmsg.SyncGroupRequestGroupAssignment{{MemberID: m, MemberAssignment: a.AppendTo(nil)}}
		ask[*kmsg.SyncGroupResponse](c, sync)
	}
	return j.MemberID
}

func (c *conversation) offsets(id [16]byte) {
	commit := kmsg.NewPtrOffsetCommitRequest()
	commit.Group, commit.Generation = "conv-group", -1
	var cps []kmsg.OffsetCommitRequestTopicPartition
	for _, n := range []int32{0, 9} {
		cp := kmsg.NewOffsetCommitRequestTopicPartition()
		cp.Partition, cp.Offset, cp.LeaderEpoch = n, 1, -1
		cps = append(cps, cp)
	}
	commit.Topics = []kmsg.OffsetCommitRequestTopic{{Topic: "conv", TopicID: id, Partitions: cps}}
	ask[*kmsg.OffsetCommitResponse](c, commit)
	for _, g := range []string{"conv-group", "no-group"} {
		for _, all := range []bool{true, false} {
			fetch := kmsg.NewPtrOffsetFetchRequest()
			fetch.Group = g
			rg := kmsg.NewOffsetFetchRequestGroup()
			rg.Group = g
			fetch.Topics = []kmsg.OffsetFetchRequestTopic{{Topic: "conv", Partitions: []int32{0, 1}}}
			if !all {
				rg.Topics = []kmsg.OffsetFetchRequestGroupTopic{{Topic: "conv", TopicID: id, Partitions: []int32{0, 1}}}
			}
			fetch.Groups = []kmsg.OffsetFetchRequestGroup{rg}
			ask[*kmsg.OffsetFetchResponse](c, fetch)
		}
		del := kmsg.NewPtrOffsetDeleteRequest()
		del.Group = g
		del.Topics = []kmsg.OffsetDeleteRequestTopic{{Topic: "conv", Partitions: []kmsg.OffsetDeleteRequestTopicPartition{{Partition: 0}}}}
		ask[*kmsg.OffsetDeleteResponse](c, del)
	}
}

// node asks what concerns the node as a whole.
func (c *conversation) node() {
	ask[*kmsg.ApiVersionsResponse](c, &kmsg.ApiVersionsRequest{ClientSoftwareName: "test", ClientSoftwareVersion: "1", NodeID: -1})
	ask[*kmsg.DescribeClusterResponse](c, &kmsg.DescribeClusterRequest{EndpointType: 1})
	if c.newest {
		ask[*kmsg.DescribeClusterResponse](c, &kmsg.DescribeClusterRequest{EndpointType: 2})
	}
}

func (c *conversation) goodbye() {
	del := kmsg.NewPtrDeleteTopicsRequest()
	del.TimeoutMillis = 10000
	for _, name := range []string{"conv", "conv2", "nobody-made-it"} {
		del.TopicNames = append(del.TopicNames, name)
		del.Topics = append(del.Topics, kmsg.DeleteTopicsRequestTopic{Topic: kmsg.StringPtr(name)})
	}
	if c.newest {
		del.Topics = append(del.Topics, kmsg.DeleteTopicsRequestTopic{TopicID: [16]byte{9}})
	}
	ask[*kmsg.DeleteTopicsResponse](c, del)
}
