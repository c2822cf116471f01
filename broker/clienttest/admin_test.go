package clienttest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/broker"
)

func TestTopicsByAdmin(t *testing.T) {
	n := start(t, broker.Config{})
	adm, ctx := n.admin(), ctxOf(t)
	if _, err := adm.CreateTopic(ctx, 3, 1, map[string]*string{"retention.ms": kadm.StringPtr("1000")}, "a"); err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]struct {
		topic      string
		partitions int32
		replicas   int16
		config     string
		want       error
	}{
		"twice":             {"a", 1, 1, "", kerr.TopicAlreadyExists},
		"bad name":          {"a/b", 1, 1, "", kerr.InvalidTopicException},
		"no partitions":     {"b", 0, 1, "", kerr.InvalidPartitions},
		"too many replicas": {"b", 1, 3, "", kerr.InvalidReplicationFactor},
		"bad value":         {"b", 1, 1, "soon", kerr.InvalidConfig},
	} {
		var cfg map[string]*string
		if try.config != "" {
			cfg = map[string]*string{"retention.ms": &try.config}
		}
		if _, err := adm.CreateTopic(ctx, try.partitions, try.replicas, cfg, try.topic); !errors.Is(err, try.want) {
			t.Errorf("%s: got %v, want %v", name, err, try.want)
		}
	}
	if r, err := adm.UpdatePartitions(ctx, 5, "a"); err != nil || r.Error() != nil {
		t.Errorf("growing: %v %v", err, r.Error())
	}
	if r, _ := adm.UpdatePartitions(ctx, 2, "a"); !errors.Is(r["a"].Err, kerr.InvalidPartitions) {
		t.Errorf("shrinking: %v", r["a"].Err)
	}
	d, err := adm.ListTopics(ctx)
	if err != nil || len(d["a"].Partitions) != 5 || d.Has("b") {
		t.Errorf("topics: %+v, %v", d, err)
	}
	if r, err := adm.DeleteTopics(ctx, "a", "nothing"); err != nil || r["a"].Err != nil || !errors.Is(r["nothing"].Err, kerr.UnknownTopicOrPartition) {
		t.Errorf("deleting: %+v, %v", r, err)
	}
	// A fresh client: the old one may answer from its cache.
	if d, err := n.admin().ListTopics(ctx); err != nil || d.Has("a") {
		t.Errorf("after deleting: %+v, %v", d, err)
	}
}

// Every key is listed, with its source, and changes take effect one resource at a time.
func TestConfigsByAdmin(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("c", 1, map[string]*string{"retention.ms": kadm.StringPtr("5000")})
	adm, ctx := n.admin(), ctxOf(t)
	get := func(key string) (string, kmsg.ConfigSource) {
		t.Helper()
		rcs, err := adm.DescribeTopicConfigs(ctx, "c")
		if err != nil || len(rcs) != 1 || len(rcs[0].Configs) < 20 {
			t.Fatalf("%+v, %v", rcs, err)
		}
		for _, cfg := range rcs[0].Configs {
			if cfg.Key == key {
				return cfg.MaybeValue(), cfg.Source
			}
		}
		return "", 0
	}
	if v, s := get("retention.ms"); v != "5000" || s != kmsg.ConfigSourceDynamicTopicConfig {
		t.Errorf("retention.ms %s from %v", v, s)
	}
	if v, s := get("max.message.bytes"); v == "" || s != kmsg.ConfigSourceDefaultConfig {
		t.Errorf("max.message.bytes %q from %v", v, s)
	}
	alter := func(op kadm.IncrementalOp, key, value string) error {
		rs, err := adm.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Op: op, Name: key, Value: &value}}, "c")
		if err != nil {
			return err
		}
		return rs[0].Err
	}
	if err := alter(kadm.AppendConfig, "cleanup.policy", "compact"); err != nil {
		t.Error(err)
	}
	if v, _ := get("cleanup.policy"); v != "delete,compact" {
		t.Errorf("cleanup.policy %q", v)
	}
	if err := alter(kadm.SubtractConfig, "cleanup.policy", "delete"); err != nil {
		t.Error(err)
	}
	if v, _ := get("cleanup.policy"); v != "compact" {
		t.Errorf("cleanup.policy %q", v)
	}
	if err := alter(kadm.DeleteConfig, "retention.ms", ""); err != nil {
		t.Error(err)
	}
	if _, s := get("retention.ms"); s != kmsg.ConfigSourceDefaultConfig {
		t.Errorf("retention.ms still from %v", s)
	}
	if err := alter(kadm.SetConfig, "retention.ms", "never"); !errors.Is(err, kerr.InvalidConfig) {
		t.Errorf("a bad value: %v", err)
	}
	if err := alter(kadm.AppendConfig, "retention.ms", "1"); !errors.Is(err, kerr.InvalidConfig) {
		t.Errorf("appending to a number: %v", err)
	}
	b, err := adm.DescribeBrokerConfigs(ctx, 1)
	if err != nil || len(b) != 1 || len(b[0].Configs) < 10 {
		t.Errorf("broker configs: %+v, %v", b, err)
	}
}

func TestOffsetsByAdmin(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("o", 2, nil)
	at := time.UnixMilli(1_700_000_000_000)
	var rs []*kgo.Record
	for i := range 10 {
		rs = append(rs, &kgo.Record{Topic: "o", Partition: 0, Timestamp: at.Add(time.Duration(i) * time.Second), Value: []byte("v")})
	}
	produce(t, n.client(kgo.RecordPartitioner(kgo.ManualPartitioner())), rs...)
	adm, ctx := n.admin(), ctxOf(t)
	list := func(name string, f func() (kadm.ListedOffsets, error), want int64) {
		t.Helper()
		l, err := f()
		if o, ok := l.Lookup("o", 0); err != nil || !ok || o.Err != nil || o.Offset != want {
			t.Errorf("%s: got %+v %v, want %d", name, o, err, want)
		}
	}
	list("start", func() (kadm.ListedOffsets, error) { return adm.ListStartOffsets(ctx, "o") }, 0)
	list("end", func() (kadm.ListedOffsets, error) { return adm.ListEndOffsets(ctx, "o") }, 10)
	list("committed", func() (kadm.ListedOffsets, error) { return adm.ListCommittedOffsets(ctx, "o") }, 10)
	list("max timestamp", func() (kadm.ListedOffsets, error) { return adm.ListMaxTimestampOffsets(ctx, "o") }, 9)
	list("by time", func() (kadm.ListedOffsets, error) {
		return adm.ListOffsetsAfterMilli(ctx, at.UnixMilli()+3500, "o")
	}, 4)
	del := kadm.Offsets{}
	del.Add(kadm.Offset{Topic: "o", Partition: 0, At: 6})
	if r, err := adm.DeleteRecords(ctx, del); err != nil || r.Error() != nil {
		t.Fatalf("%v %v", err, r.Error())
	}
	list("start after deleting", func() (kadm.ListedOffsets, error) { return adm.ListStartOffsets(ctx, "o") }, 6)
	n.restart()
	adm = n.admin()
	list("start after restart", func() (kadm.ListedOffsets, error) { return adm.ListStartOffsets(ctx, "o") }, 6)
}

func TestGroupsByAdmin(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("g", 2, nil)
	adm, ctx := n.admin(), ctxOf(t)

	// A group that nobody knows has no offsets, and no error.
	req := kmsg.NewPtrOffsetFetchRequest()
	g := kmsg.NewOffsetFetchRequestGroup()
	g.Group = "nobody"
	gt := kmsg.NewOffsetFetchRequestGroupTopic()
	gt.Topic, gt.Partitions = "g", []int32{0}
	g.Topics = append(g.Topics, gt)
	req.Groups = append(req.Groups, g)
	req.Version = 8
	if resp, err := req.RequestWith(ctx, n.client(kgo.MaxVersions(nil))); err != nil || resp.Groups[0].ErrorCode != 0 ||
		(len(resp.Groups[0].Topics) > 0 && resp.Groups[0].Topics[0].Partitions[0].Offset != -1) {
		t.Errorf("offsets of nobody: %+v, %v", resp, err)
	}

	// A group without members: offsets by a bystander, listing, deleting.
	os := kadm.Offsets{}
	os.Add(kadm.Offset{Topic: "g", Partition: 0, At: 5, Metadata: "five", LeaderEpoch: -1})
	os.Add(kadm.Offset{Topic: "g", Partition: 1, At: 6, Metadata: strings.Repeat("m", 5000), LeaderEpoch: -1})
	os.Add(kadm.Offset{Topic: "g", Partition: 7, At: 6, LeaderEpoch: -1})
	r, err := adm.CommitOffsets(ctx, "simple", os)
	if err != nil {
		t.Fatal(err)
	}
	for p, want := range map[int32]error{0: nil, 1: kerr.OffsetMetadataTooLarge, 7: kerr.UnknownTopicOrPartition} {
		if o, _ := r.Lookup("g", p); !errors.Is(o.Err, want) {
			t.Errorf("commit to partition %d: %v, want %v", p, o.Err, want)
		}
	}
	fetched, err := adm.FetchOffsets(ctx, "simple")
	if o, ok := fetched.Lookup("g", 0); err != nil || !ok || o.At != 5 || o.Metadata != "five" {
		t.Errorf("fetched %+v, %v", o, err)
	}
	member := n.client(kgo.ConsumerGroup("busy"), kgo.ConsumeTopics("g"))
	produce(t, n.client(), numbered("g", 4)...)
	values(t, member, 4)
	groups, err := adm.ListGroups(ctx)
	if err != nil || groups["simple"].State != "Empty" || groups["busy"].State != "Stable" || groups["busy"].ProtocolType != "consumer" {
		t.Errorf("groups: %+v, %v", groups, err)
	}
	if only, err := adm.ListGroups(ctx, "stable"); err != nil || len(only) != 1 {
		t.Errorf("stable groups: %+v, %v", only, err)
	}
	del, err := adm.DeleteGroups(ctx, "simple", "busy", "nobody")
	if err != nil || del["simple"].Err != nil || !errors.Is(del["busy"].Err, kerr.NonEmptyGroup) || !errors.Is(del["nobody"].Err, kerr.GroupIDNotFound) {
		t.Errorf("deleting: %+v, %v", del, err)
	}
	if fetched, err := adm.FetchOffsets(ctx, "simple"); err != nil || len(fetched) != 0 {
		t.Errorf("a deleted group has offsets: %+v, %v", fetched, err)
	}
	if err := member.CommitUncommittedOffsets(ctx); err != nil {
		t.Fatal(err)
	}
	drop := kadm.TopicsSet{}
	drop.Add("g", 0)
	if r, err := adm.DeleteOffsets(ctx, "busy", drop); err != nil || !errors.Is(r["g"][0], kerr.GroupSubscribedToTopic) {
		t.Errorf("deleting offsets of a subscribed topic: %+v, %v", r, err)
	}
}

// Kafka sends no null for the lists of eligible leaders, and Java's clients cannot read it.
func TestDescribedPartitionsHaveNoNullLists(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("a", 2, nil)
	req := kmsg.NewPtrDescribeTopicPartitionsRequest()
	topic := kmsg.NewDescribeTopicPartitionsRequestTopic()
	topic.Topic = "a"
	req.Topics = append(req.Topics, topic)
	resp, err := req.RequestWith(ctxOf(t), n.client())
	if err != nil || len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != 2 {
		t.Fatalf("%+v, %v", resp, err)
	}
	for _, p := range resp.Topics[0].Partitions {
		if p.EligibleLeaderReplicas == nil || p.LastKnownELR == nil {
			t.Errorf("partition %d: eligible leaders %v, last known %v: null", p.Partition, p.EligibleLeaderReplicas, p.LastKnownELR)
		}
	}
}

// A client that asks about a topic which has just been deleted does not bring it back; who
// creates it does, at once.
func TestDeletedTopicStaysAway(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("gone", 1, nil)
	adm, ctx := n.admin(), ctxOf(t)
	ask := func(topic string) int16 {
		t.Helper()
		req := kmsg.NewPtrMetadataRequest()
		req.AllowAutoTopicCreation = true
		q := kmsg.NewMetadataRequestTopic()
		q.Topic = &topic
		req.Topics = append(req.Topics, q)
		r, err := req.RequestWith(ctx, n.client())
		if err != nil {
			t.Fatal(err)
		}
		return r.Topics[0].ErrorCode
	}
	if _, err := adm.DeleteTopics(ctx, "gone"); err != nil {
		t.Fatal(err)
	}
	if code := ask("gone"); code != kerr.UnknownTopicOrPartition.Code {
		t.Errorf("after the deletion: %d", code)
	}
	if code := ask("other"); code != 0 {
		t.Errorf("another topic: %d", code)
	}
	n.topic("gone", 1, nil)
	if code := ask("gone"); code != 0 {
		t.Errorf("after it was created: %d", code)
	}
}
