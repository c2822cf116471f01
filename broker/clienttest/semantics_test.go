package clienttest

import (
	"bytes"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"tailrace/broker"
	"tailrace/storage/commitlog"
	"tailrace/storage/record"
)

// raw sends one request as it is, at the version that it names.
func raw[R kmsg.Response](t *testing.T, n *node, req kmsg.Request) R {
	t.Helper()
	at := kversion.Stable()
	at.SetMaxKeyVersion(req.Key(), req.GetVersion())
	cl := n.client(kgo.MaxVersions(at))
	resp, err := cl.Broker(int(n.nodeID(t, cl))).Request(ctxOf(t), req)
	if err != nil {
		t.Fatal(err)
	}
	return resp.(R)
}

// nodeID is what the node calls itself.
func (n *node) nodeID(t *testing.T, cl *kgo.Client) int32 {
	t.Helper()
	resp, err := kmsg.NewPtrMetadataRequest().RequestWith(ctxOf(t), cl)
	if err != nil || len(resp.Brokers) != 1 {
		t.Fatalf("metadata: %+v, %v", resp, err)
	}
	return resp.Brokers[0].NodeID
}

// fetchOf asks for the partitions of a topic, all from one offset.
func fetchOf(topic string, from int64, answerBytes, partitionBytes int32, partitions ...int32) *kmsg.FetchRequest {
	req := kmsg.NewPtrFetchRequest()
	req.Version, req.MinBytes, req.MaxBytes, req.SessionEpoch = 12, 1, answerBytes, -1
	ft := kmsg.NewFetchRequestTopic()
	ft.Topic = topic
	for _, i := range partitions {
		p := kmsg.NewFetchRequestTopicPartition()
		p.Partition, p.FetchOffset, p.PartitionMaxBytes = i, from, partitionBytes
		ft.Partitions = append(ft.Partitions, p)
	}
	req.Topics = append(req.Topics, ft)
	return req
}

// store appends batches of so many records each to a partition and returns their bytes,
// as they are stored.
func (n *node) store(t *testing.T, topic string, partition commitlog.PartitionID, batches, records int) [][]byte {
	t.Helper()
	var out [][]byte
	for range batches {
		b := rawBatch(t, records, 100)
		_, err := n.log.Append(ctxOf(t), commitlog.PartitionBatch{TopicPartition: tp(topic, partition), Batch: b}, commitlog.AcksDurable)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, bytes.Clone(b))
	}
	return out
}

// What a fetch returns are whole batches as they are stored: the one that holds the
// offset first, and that one whatever the limits say, once in an answer.
func TestFetchReturnsWholeBatches(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("w", 2, nil)
	stored := n.store(t, "w", 0, 3, 10)
	n.store(t, "w", 1, 1, 10)
	size := int32(len(stored[0]))
	join := func(bs ...[]byte) []byte { return bytes.Join(bs, nil) }
	for _, tc := range []struct {
		name                   string
		from                   int64
		answerMax, partitonMax int32
		want                   []byte
	}{
		{"from the start", 0, 1 << 20, 1 << 20, join(stored...)},
		{"from the middle of the first batch", 5, 1 << 20, 1 << 20, join(stored...)},
		{"from the last record of a batch", 19, 1 << 20, 1 << 20, join(stored[1:]...)},
		{"from the first record of a batch", 20, 1 << 20, 1 << 20, stored[2]},
		{"at the end", 30, 1 << 20, 1 << 20, nil},
		{"a limit inside the second batch", 0, 1 << 20, size + size/2, stored[0]},
		{"a partition's limit below one batch", 15, 1 << 20, 1, stored[1]},
		{"an answer's limit below one batch", 15, 1, 1 << 20, stored[1]},
		{"limits of nothing", 15, 0, 0, stored[1]},
	} {
		resp := raw[*kmsg.FetchResponse](t, n, fetchOf("w", tc.from, tc.answerMax, tc.partitonMax, 0))
		p := resp.Topics[0].Partitions[0]
		if p.ErrorCode != 0 || p.HighWatermark != 30 || !bytes.Equal(p.RecordBatches, tc.want) {
			t.Errorf("%s: error %d, high watermark %d, %d bytes; want %d bytes of a batch's %d",
				tc.name, p.ErrorCode, p.HighWatermark, len(p.RecordBatches), len(tc.want), size)
		}
	}
	resp := raw[*kmsg.FetchResponse](t, n, fetchOf("w", 0, 1, 1<<20, 0, 1))
	if ps := resp.Topics[0].Partitions; len(ps[0].RecordBatches) != int(size) || len(ps[1].RecordBatches) != 0 {
		t.Errorf("over the limit, partitions got %d and %d bytes; only the first may have a batch",
			len(ps[0].RecordBatches), len(ps[1].RecordBatches))
	}
	for _, from := range []int64{-1, 31} {
		p := raw[*kmsg.FetchResponse](t, n, fetchOf("w", from, 1<<20, 1<<20, 0)).Topics[0].Partitions[0]
		if p.ErrorCode != 1 || len(p.RecordBatches) != 0 {
			t.Errorf("from %d: error %d, want OFFSET_OUT_OF_RANGE", from, p.ErrorCode)
		}
	}
}

// ListOffsets by time finds the first record, not the first batch, at or after it.
func TestListOffsetsByTime(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("t", 1, nil)
	const t0 = 1_700_000_000_000
	for _, codec := range []record.Codec{record.None, record.Zstd} {
		b := record.NewBuilder(record.Options{Codec: codec})
		for i := range int64(5) {
			b.Append(t0+i*10+int64(codec)*1000, nil, []byte("v"), nil)
		}
		batch, err := b.Finish()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.log.Append(ctxOf(t), commitlog.PartitionBatch{TopicPartition: tp("t", 0), Batch: bytes.Clone(batch)}, commitlog.AcksDurable); err != nil {
			t.Fatal(err)
		}
	}
	second := int64(t0) + int64(record.Zstd)*1000
	for _, tc := range []struct{ at, offset, timestamp int64 }{
		{0, 0, t0}, {t0, 0, t0}, {t0 + 1, 1, t0 + 10}, {t0 + 40, 4, t0 + 40},
		{t0 + 41, 5, second}, {second + 25, 8, second + 30}, {second + 41, -1, -1},
		{-1, 10, -1}, {-2, 0, -1}, {-3, 9, second + 40}, {-4, 0, -1},
	} {
		req := kmsg.NewPtrListOffsetsRequest()
		req.Version, req.ReplicaID = 8, -1
		lt := kmsg.NewListOffsetsRequestTopic()
		lt.Topic = "t"
		p := kmsg.NewListOffsetsRequestTopicPartition()
		p.Timestamp = tc.at
		lt.Partitions = append(lt.Partitions, p)
		req.Topics = append(req.Topics, lt)
		got := raw[*kmsg.ListOffsetsResponse](t, n, req).Topics[0].Partitions[0]
		if got.ErrorCode != 0 || got.Offset != tc.offset || got.Timestamp != tc.timestamp {
			t.Errorf("at %d: error %d, offset %d, timestamp %d; want offset %d, timestamp %d",
				tc.at, got.ErrorCode, got.Offset, got.Timestamp, tc.offset, tc.timestamp)
		}
	}
}

// A group that nobody knows has offset -1 everywhere, and a commit of nothing succeeds.
func TestOffsetsOfNobodyAndNothing(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("n", 2, nil)
	fetch := kmsg.NewPtrOffsetFetchRequest()
	fetch.Version, fetch.Group = 7, "nobody"
	ft := kmsg.NewOffsetFetchRequestTopic()
	ft.Topic, ft.Partitions = "n", []int32{0, 1}
	fetch.Topics = append(fetch.Topics, ft)
	got := raw[*kmsg.OffsetFetchResponse](t, n, fetch)
	if got.ErrorCode != 0 || len(got.Topics) != 1 || len(got.Topics[0].Partitions) != 2 {
		t.Fatalf("offsets of nobody: %+v", got)
	}
	for _, p := range got.Topics[0].Partitions {
		if p.Offset != -1 || p.ErrorCode != 0 {
			t.Errorf("partition %d: offset %d, error %d", p.Partition, p.Offset, p.ErrorCode)
		}
	}
	commit := kmsg.NewPtrOffsetCommitRequest()
	commit.Version, commit.Group, commit.Generation = 8, "nothing", -1
	if got := raw[*kmsg.OffsetCommitResponse](t, n, commit); len(got.Topics) != 0 {
		t.Errorf("a commit of nothing: %+v", got)
	}
}
