package clienttest

import (
	"encoding/binary"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/broker"
	"tailrace/storage/record"
	"tailrace/storage/record/kerr"
)

// send produces one batch over a connection of its own (franz-go would put its own acks
// into the request) and returns the slot of the partition.
func send(t *testing.T, n *node, topic string, acks int16, batch []byte) kmsg.ProduceResponseTopicPartition {
	t.Helper()
	c, err := net.Dial("tcp", n.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := c.Write(produceFrame(topic, batch, acks)); err != nil {
		t.Fatal(err)
	}
	var head [9]byte // size, correlation id, no tags
	if _, err := io.ReadFull(c, head[:]); err != nil {
		t.Fatal(err)
	}
	body := make([]byte, binary.BigEndian.Uint32(head[:])-5)
	if _, err := io.ReadFull(c, body); err != nil {
		t.Fatal(err)
	}
	var resp kmsg.ProduceResponse
	resp.SetVersion(9)
	if err := resp.ReadFrom(body); err != nil {
		t.Fatal(err)
	}
	return resp.Topics[0].Partitions[0]
}

// batchOf encodes records; a nil key is no key.
func batchOf(t *testing.T, o record.Options, key []byte, values ...string) []byte {
	t.Helper()
	b := record.NewBuilder(o)
	for _, v := range values {
		b.Append(time.Now().UnixMilli(), key, []byte(v), nil)
	}
	out, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(out)
}

// What a producer may not do is refused in the slot of its partition, with Kafka's code.
func TestRefusedBatches(t *testing.T) {
	n := start(t, broker.Config{})
	set := func(k, v string) map[string]*string { return map[string]*string{k: &v} }
	n.topic("plain", 1, set("max.message.bytes", "1000"))
	n.topic("compacted", 1, set("cleanup.policy", "compact"))
	n.topic("two-replicas", 1, set("min.insync.replicas", "2"))
	produce(t, n.client(), numbered("plain", 1)...)
	good := batchOf(t, record.Options{}, []byte("k"), "v")
	damaged := slices.Clone(good)
	damaged[len(damaged)-1] ^= 1
	// A group's first commit makes the topic of offsets.
	if err := n.log.Offsets().PutGroup(ctxOf(t), "g", []byte{}); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, topic string
		acks        int16
		batch       []byte
		want        kerr.Code
	}{
		{"a good one", "plain", -1, good, kerr.None},
		{"unknown acks", "plain", 2, good, kerr.InvalidRequiredAcks},
		{"bad checksum", "plain", 1, damaged, kerr.CorruptMessage},
		{"too large", "plain", 1, batchOf(t, record.Options{}, nil, strings.Repeat("x", 2000)), kerr.MessageTooLarge},
		{"two batches", "plain", 1, append(slices.Clone(good), good...), kerr.InvalidRecord},
		{"no key on a compacted topic", "compacted", 1, batchOf(t, record.Options{}, nil, "v"), kerr.InvalidRecord},
		{"more replicas wanted in sync than there are", "two-replicas", -1, good, kerr.None},
		{"an internal topic", "__consumer_offsets", 1, good, kerr.InvalidTopic},
		{"a topic that does not exist", "nowhere", 1, good, kerr.UnknownTopicOrPartition},
	} {
		got := send(t, n, tc.topic, tc.acks, tc.batch)
		if kerr.Code(got.ErrorCode) != tc.want || (tc.want != 0) != (got.BaseOffset == -1) {
			t.Errorf("%s: got %v at offset %d, want %v", tc.name, kerr.Code(got.ErrorCode), got.BaseOffset, tc.want)
		}
		if tc.topic == "compacted" && (len(got.ErrorRecords) != 1 || got.ErrorRecords[0].RelativeOffset != 0) {
			t.Errorf("%s: records at fault %+v", tc.name, got.ErrorRecords)
		}
	}
}

// An exact repeat is answered as the first time and stored once; a gap is refused; and
// all of that is remembered over a restart.
func TestSequences(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("seq", 1, nil)
	batch := func(sequence int32, epoch int16) []byte {
		return batchOf(t, record.Options{Idempotent: true, ProducerID: 77, ProducerEpoch: epoch, BaseSequence: sequence}, nil, "a", "b")
	}
	for round, want := range []struct {
		name     string
		sequence int32
		epoch    int16
		code     kerr.Code
		offset   int64
	}{
		{"first", 0, 3, 0, 0},
		{"second", 2, 3, 0, 2},
		{"repeat of the first", 0, 3, 0, 0},
		{"repeat of the second", 2, 3, 0, 2},
		{"a gap", 10, 3, kerr.OutOfOrderSequenceNumber, -1},
		{"an older epoch", 4, 2, kerr.InvalidProducerEpoch, -1},
		{"a newer epoch must begin at 0", 4, 4, kerr.OutOfOrderSequenceNumber, -1},
		{"third", 4, 3, 0, 4},
		{"a part of one that is stored", 3, 3, kerr.OutOfOrderSequenceNumber, -1},
		{"one that was never stored, behind the others", 1<<31 - 2, 3, kerr.OutOfOrderSequenceNumber, -1},
	} {
		if round == 3 {
			n.restart()
		}
		got := send(t, n, "seq", -1, batch(want.sequence, want.epoch))
		if kerr.Code(got.ErrorCode) != want.code || got.BaseOffset != want.offset {
			t.Errorf("%s: got %v at %d, want %v at %d", want.name, kerr.Code(got.ErrorCode), got.BaseOffset, want.code, want.offset)
		}
	}
}

// A topic that stamps records tells the producer the time, and readers see it.
func TestLogAppendTime(t *testing.T) {
	n := start(t, broker.Config{})
	kind := "LogAppendTime"
	n.topic("stamped", 1, map[string]*string{"message.timestamp.type": &kind})
	before := time.Now().UnixMilli()
	got := send(t, n, "stamped", -1, batchOf(t, record.Options{}, nil, "v"))
	if got.LogAppendTime < before {
		t.Errorf("log append time %d, before %d", got.LogAppendTime, before)
	}
	if r := values(t, n.client(kgo.ConsumeTopics("stamped")), 1)[0]; r.Timestamp.UnixMilli() != got.LogAppendTime {
		t.Errorf("the reader sees %d, the producer was told %d", r.Timestamp.UnixMilli(), got.LogAppendTime)
	}
}

// Transactions are refused at once, not retried for ever.
func TestTransactionsAreRefused(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("txn", 1, nil)
	cl := n.client(kgo.TransactionalID("t"))
	began := time.Now()
	if err := cl.BeginTransaction(); err == nil {
		t.Error("a transaction began")
	}
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("the refusal took %v", d)
	}
}
