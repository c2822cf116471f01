package clienttest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/broker"
)

// What goes in comes out: every codec, the topic made on first use, keys, headers and
// timestamps intact, the offsets without gaps.
func TestProduceAndConsume(t *testing.T) {
	n := start(t, broker.Config{})
	for name, codec := range map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	} {
		t.Run(name, func(t *testing.T) {
			topic := "codec-" + name
			const count = 5000
			at := time.UnixMilli(1_700_000_000_123)
			rs := numbered(topic, count)
			for i, r := range rs {
				r.Timestamp = at.Add(time.Duration(i) * time.Millisecond)
				r.Headers = []kgo.RecordHeader{{Key: "h", Value: []byte{byte(i)}}}
			}
			p := n.client(kgo.ProducerBatchCompression(codec), kgo.AllowAutoTopicCreation(), kgo.UnknownTopicRetries(-1))
			produce(t, p, rs...)
			got := values(t, n.client(kgo.ConsumeTopics(topic)), count)
			for i, r := range got {
				want := rs[i]
				if r.Offset != int64(i) || string(r.Value) != string(want.Value) || string(r.Key) != string(want.Key) ||
					!r.Timestamp.Equal(want.Timestamp) || len(r.Headers) != 1 || r.Headers[0].Value[0] != byte(i) {
					t.Fatalf("record %d: got %d %s=%s %v %v", i, r.Offset, r.Key, r.Value, r.Timestamp, r.Headers)
				}
			}
		})
	}
}

func TestAcks(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("acks", 1, nil)
	for _, acks := range []kgo.Acks{kgo.NoAck(), kgo.LeaderAck(), kgo.AllISRAcks()} {
		cl := n.client(kgo.RequiredAcks(acks), kgo.DisableIdempotentWrite())
		produce(t, cl, numbered("acks", 100)...)
	}
	if got := values(t, n.client(kgo.ConsumeTopics("acks")), 300); len(got) != 300 {
		t.Errorf("%d records", len(got))
	}
}

// A consumer in the middle of a batch gets the batch and skips; limits smaller than a
// batch still make progress.
func TestFetchFromTheMiddleWithTinyLimits(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("middle", 1, nil)
	produce(t, n.client(), numbered("middle", 1000)...)
	cl := n.client(kgo.FetchMaxBytes(1), kgo.FetchMaxPartitionBytes(1),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{"middle": {0: kgo.NewOffset().At(777)}}))
	got := values(t, cl, 223)
	if got[0].Offset != 777 || got[222].Offset != 999 {
		t.Errorf("offsets %d to %d", got[0].Offset, got[222].Offset)
	}
}

// A fetch at the end waits for records and hears of them at once, not after max_wait.
func TestLongPoll(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("poll", 1, nil)
	consumer := n.client(kgo.ConsumeTopics("poll"), kgo.FetchMaxWait(20*time.Second))
	arrived := make(chan string, 1)
	go func() {
		fs := consumer.PollFetches(context.Background())
		for _, r := range fs.Records() {
			arrived <- string(r.Value)
		}
	}()
	time.Sleep(300 * time.Millisecond) // let the fetch park; the test holds without it
	produce(t, n.client(), &kgo.Record{Topic: "poll", Value: []byte("news")})
	select {
	case v := <-arrived:
		if v != "news" {
			t.Errorf("got %q", v)
		}
	case <-time.After(10 * time.Second):
		t.Error("the parked fetch did not wake")
	}
}

// Two consumers share the partitions; one dies without a word, and the other takes over
// and continues from the committed offsets.
func TestGroupSharesAndTakesOver(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("shared", 4, nil)
	var rs []*kgo.Record
	for i := range 400 {
		rs = append(rs, &kgo.Record{Topic: "shared", Partition: int32(i % 4), Value: []byte(fmt.Sprint(i))})
	}
	producer := n.client(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	owned := func(cl *kgo.Client) map[int32]bool {
		ps := map[int32]bool{}
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		fs := cl.PollFetches(ctx)
		fs.EachRecord(func(r *kgo.Record) { ps[r.Partition] = true })
		return ps
	}
	opts := []kgo.Opt{kgo.ConsumerGroup("pair"), kgo.ConsumeTopics("shared"), kgo.SessionTimeout(6 * time.Second),
		kgo.HeartbeatInterval(200 * time.Millisecond), kgo.RebalanceTimeout(10 * time.Second), kgo.Balancers(kgo.CooperativeStickyBalancer())}
	a, b := n.client(opts...), n.client(opts...)
	admin := n.admin()
	deadline := time.Now().Add(patience)
	for {
		owned(a)
		owned(b)
		d, err := admin.DescribeGroups(ctxOf(t), "pair")
		if err == nil && d["pair"].State == "Stable" && len(d["pair"].Members) == 2 && shares(d["pair"]) == "2 2" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the members never shared: %+v, %v", d["pair"], err)
		}
	}
	produce(t, producer, rs...)
	seen := map[string]int{}
	fromA, fromB := map[int32]bool{}, map[int32]bool{}
	for len(seen) < 400 && time.Now().Before(deadline) {
		collect(a, seen, fromA)
		collect(b, seen, fromB)
	}
	if len(seen) != 400 || len(fromA) != 2 || len(fromB) != 2 {
		t.Fatalf("%d of 400 records; a read %v, b read %v", len(seen), fromA, fromB)
	}
	if err := a.CommitUncommittedOffsets(ctxOf(t)); err != nil {
		t.Fatal(err)
	}
	if err := b.CommitUncommittedOffsets(ctxOf(t)); err != nil {
		t.Fatal(err)
	}
	b.CloseAllowingRebalance() // franz-go leaves the group; the next member dies silently
	produce(t, producer, rs...)
	again, all := map[string]int{}, map[int32]bool{}
	for len(again) < 400 && time.Now().Before(deadline) {
		collect(a, again, all)
	}
	if len(again) != 400 || len(all) != 4 {
		t.Errorf("after one left, %d of 400 records from partitions %v", len(again), all)
	}
	for v, c := range again {
		if c != 1 {
			t.Errorf("record %s came %d times", v, c)
		}
	}
}

func collect(cl *kgo.Client, seen map[string]int, from map[int32]bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	cl.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
		seen[string(r.Value)]++
		from[r.Partition] = true
	})
}

// shares shows how many partitions each member owns, sorted.
func shares(d kadm.DescribedGroup) string {
	var out []string
	for _, m := range d.Members {
		c := 0
		if as, ok := m.Assigned.AsConsumer(); ok {
			for _, t := range as.Topics {
				c += len(t.Partitions)
			}
		}
		out = append(out, fmt.Sprint(c))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// A member that falls silent is missed after its session timeout.
func TestSilentMemberIsReplaced(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("silent", 2, nil)
	produce(t, n.client(), numbered("silent", 10)...)
	dead := n.client()
	join := kmsg.NewPtrJoinGroupRequest()
	join.Group, join.SessionTimeoutMillis, join.RebalanceTimeoutMillis, join.ProtocolType = "lonely", 6000, 6000, "consumer"
	sub := kmsg.NewConsumerMemberMetadata()
	sub.Topics = []string{"silent"}
	p := kmsg.NewJoinGroupRequestProtocol()
	p.Name, p.Metadata = "range", sub.AppendTo(nil)
	join.Protocols = append(join.Protocols, p)
	first, err := join.RequestWith(ctxOf(t), dead)
	if err != nil || !errors.Is(kerr.ErrorForCode(first.ErrorCode), kerr.MemberIDRequired) {
		t.Fatalf("%+v, %v", first, err)
	}
	join.MemberID = first.MemberID
	if second, err := join.RequestWith(ctxOf(t), dead); err != nil || second.ErrorCode != 0 {
		t.Fatalf("%+v, %v", second, err)
	}
	alive := n.client(kgo.ConsumerGroup("lonely"), kgo.ConsumeTopics("silent"), kgo.Balancers(kgo.RangeBalancer()),
		kgo.SessionTimeout(6*time.Second), kgo.HeartbeatInterval(500*time.Millisecond))
	if got := values(t, alive, 10); len(got) != 10 {
		t.Errorf("%d records", len(got))
	}
}

// Groups, offsets and records survive a restart of the node.
func TestRestartKeepsGroupsAndOffsets(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("kept", 1, nil)
	produce(t, n.client(), numbered("kept", 100)...)
	first := n.client(kgo.ConsumerGroup("keeper"), kgo.ConsumeTopics("kept"), kgo.DisableAutoCommit())
	values(t, first, 100)
	if err := first.CommitUncommittedOffsets(ctxOf(t)); err != nil {
		t.Fatal(err)
	}
	first.Close()
	n.restart()
	produce(t, n.client(), numbered("kept", 50)...)
	second := n.client(kgo.ConsumerGroup("keeper"), kgo.ConsumeTopics("kept"))
	got := values(t, second, 50)
	if got[0].Offset != 100 || got[49].Offset != 149 {
		t.Errorf("offsets %d to %d after the restart", got[0].Offset, got[49].Offset)
	}
	offs, err := n.admin().FetchOffsets(ctxOf(t), "keeper")
	if o, ok := offs.Lookup("kept", 0); err != nil || !ok || o.At < 100 {
		t.Errorf("committed %+v, %v", o, err)
	}
}

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

// A lost answer makes an idempotent producer send again; the log keeps one copy.
func TestIdempotentProducer(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("once", 1, nil)
	cl := n.client()
	produce(t, cl, numbered("once", 10)...)
	id, epoch, err := cl.ProducerID(ctxOf(t))
	if err != nil || id < 0 {
		t.Fatalf("producer id %d epoch %d: %v", id, epoch, err)
	}
	other := n.client()
	produce(t, other, numbered("once", 10)...)
	if id2, _, _ := other.ProducerID(ctxOf(t)); id2 == id {
		t.Errorf("two producers share the id %d", id)
	}
	if got := values(t, n.client(kgo.ConsumeTopics("once")), 20); len(got) != 20 {
		t.Errorf("%d records", len(got))
	}
}

// Many producers and a restart of the node in the middle: every acknowledged record is
// there once, in the order of its producer.
func TestProducersAcrossRestarts(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("fire", 3, nil)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	cl := n.client(kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(0), kgo.RetryBackoffFn(func(int) time.Duration { return 20 * time.Millisecond }))
	const count = 3000
	rnd := rand.New(rand.NewPCG(seed, 0))
	failed := make(chan error, count)
	for i := range count {
		cl.Produce(context.Background(), &kgo.Record{Topic: "fire", Partition: int32(i % 3), Value: []byte(fmt.Sprint(i))}, func(_ *kgo.Record, err error) {
			if err != nil {
				failed <- err
			}
		})
		if rnd.IntN(1000) == 0 {
			n.restart()
		}
		if i%10 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	if err := cl.Flush(ctxOf(t)); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-failed:
		t.Fatal(err)
	default:
	}
	next := [3]int{0, 1, 2}
	for _, r := range values(t, n.client(kgo.ConsumeTopics("fire")), count) {
		if want := fmt.Sprint(next[r.Partition]); string(r.Value) != want {
			t.Fatalf("partition %d offset %d: got %s, want %s", r.Partition, r.Offset, r.Value, want)
		}
		next[r.Partition] += 3
	}
}
