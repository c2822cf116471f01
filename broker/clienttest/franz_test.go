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
