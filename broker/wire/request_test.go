package wire

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestHeader(t *testing.T) {
	for _, tc := range []struct {
		name  string
		frame []byte
		want  Header
		body  string
		bad   bool
	}{
		{"v1", []byte("\x00\x03\x00\x01\x00\x00\x00\x07\x00\x02meBODY"), Header{3, 1, 7, "me"}, "BODY", false},
		{"v1, null client", []byte("\x00\x03\x00\x01\x00\x00\x00\x07\xff\xffBODY"), Header{3, 1, 7, ""}, "BODY", false},
		{"v2 with tags", []byte("\x00\x03\x00\x0c\x00\x00\x00\x07\x00\x02me\x01\x05\x02xyBODY"), Header{3, 12, 7, "me"}, "BODY", false},
		{"v0", []byte("\x00\x07\x00\x00\x00\x00\x00\x07"), Header{7, 0, 7, ""}, "", false},
		{"client id past the end", []byte("\x00\x03\x00\x01\x00\x00\x00\x07\x7f\xffme"), Header{}, "", true},
		{"tags past the end", []byte("\x00\x03\x00\x0c\x00\x00\x00\x07\x00\x02me\xff\xff\xff\xff\x0f"), Header{}, "", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h, body, err := ReadHeader(tc.frame)
			if tc.bad {
				if err == nil {
					t.Errorf("got %+v, want an error", h)
				}
				return
			}
			if err != nil || h != tc.want || string(body) != tc.body {
				t.Errorf("got %+v %q %v\nwant %+v %q", h, body, err, tc.want, tc.body)
			}
		})
	}
}

// The answer to ApiVersions keeps header v0 in every version; others follow the request.
func TestAnswerHeader(t *testing.T) {
	for _, tc := range []struct {
		h    Header
		want string
	}{
		{Header{Key: ApiVersions, Version: 3, CorrelationID: 9}, "\x00\x00\x00\x05\x00\x00\x00\x09!"},
		{Header{Key: Fetch, Version: 11, CorrelationID: 9}, "\x00\x00\x00\x05\x00\x00\x00\x09!"},
		{Header{Key: Fetch, Version: 12, CorrelationID: 9}, "\x00\x00\x00\x06\x00\x00\x00\x09\x00!"},
	} {
		got := append(AppendAnswerHeader(nil, tc.h), '!')
		FinishFrame(got, 0)
		if string(got) != tc.want {
			t.Errorf("%v v%d: got %q, want %q", tc.h.Key.Name(), tc.h.Version, got, tc.want)
		}
	}
}

func produceSample(v int16) *kmsg.ProduceRequest {
	r := kmsg.NewPtrProduceRequest()
	r.Version, r.Acks, r.TimeoutMillis = v, -1, 1500
	if v >= 3 {
		r.TransactionID = kmsg.StringPtr("txn")
	}
	for i := range 2 {
		t := kmsg.NewProduceRequestTopic()
		t.Topic, t.TopicID = fmt.Sprintf("topic-%d", i), [16]byte{byte(i), 1, 2}
		for j := range 3 {
			p := kmsg.NewProduceRequestTopicPartition()
			p.Partition = int32(j)
			if j > 0 {
				p.Records = bytes.Repeat([]byte{byte(j)}, 60*j)
			}
			t.Partitions = append(t.Partitions, p)
		}
		r.Topics = append(r.Topics, t)
	}
	return r
}

func TestProduceRequestMatchesKmsg(t *testing.T) {
	var got ProduceRequest // reused over all versions, as the handler does
	for v := int16(0); v <= 13; v++ {
		in := produceSample(v)
		if err := got.Read(v, in.AppendTo(nil)); err != nil {
			t.Fatalf("v%d: %v", v, err)
		}
		if d := cmp.Diff(asProduce(in), got); d != "" {
			t.Errorf("v%d (-kmsg +ours):\n%s", v, d)
		}
	}
}

func asProduce(in *kmsg.ProduceRequest) ProduceRequest {
	out := ProduceRequest{Version: in.Version, Acks: in.Acks, TimeoutMillis: in.TimeoutMillis}
	if in.Version >= 3 && in.TransactionID != nil {
		out.Transactional, out.TransactionID = true, *in.TransactionID
	}
	for _, t := range in.Topics {
		pt := ProduceTopic{Name: t.Topic, ID: t.TopicID}
		if in.Version >= 13 {
			pt.Name = ""
		} else {
			pt.ID = [16]byte{}
		}
		for _, p := range t.Partitions {
			pt.Partitions = append(pt.Partitions, ProducePartition{p.Partition, p.Records})
		}
		out.Topics = append(out.Topics, pt)
	}
	return out
}

func TestProduceAnswerMatchesKmsg(t *testing.T) {
	topic := ProduceTopic{Name: "t", ID: [16]byte{1}}
	res := ProduceResult{Index: 3, Code: 87, BaseOffset: -1, LogAppendTime: 5, LogStartOffset: 6, Message: "no key",
		RecordErrors: []RecordError{{2, "no key"}}}
	for v := int16(0); v <= 13; v++ {
		b := AppendArrayLen(nil, Produce.Flexible(v), 1)
		b = AppendProduceTopic(b, v, &topic, 1)
		b = AppendProduceResult(b, v, &res)
		b = AppendEndTags(b, Produce.Flexible(v))
		if v >= 1 {
			b = kbin.AppendInt32(b, 0)
		}
		b = AppendEndTags(b, Produce.Flexible(v))
		var got kmsg.ProduceResponse
		got.SetVersion(v)
		if err := got.ReadFrom(b); err != nil {
			t.Fatalf("v%d: %v", v, err)
		}
		if again := got.AppendTo(nil); !bytes.Equal(again, b) {
			t.Errorf("v%d:\n got %x\nkmsg %x", v, b, again)
		}
		if p := got.Topics[0].Partitions[0]; v >= 8 && (p.ErrorCode != 87 || p.ErrorRecords[0].RelativeOffset != 2 || *p.ErrorMessage != "no key") {
			t.Errorf("v%d: %+v", v, p)
		}
	}
}

func fetchSample(v int16) *kmsg.FetchRequest {
	r := kmsg.NewPtrFetchRequest()
	r.Version, r.MaxWaitMillis, r.MinBytes, r.MaxBytes = v, 500, 1, 50<<20
	r.IsolationLevel, r.SessionID, r.SessionEpoch, r.Rack = 1, 7, 8, "r1"
	r.ReplicaID = -1
	if v >= 15 {
		r.ReplicaState.ID = -1
	}
	for i := range 2 {
		t := kmsg.NewFetchRequestTopic()
		t.Topic, t.TopicID = fmt.Sprintf("topic-%d", i), [16]byte{byte(i), 1, 2}
		for j := range 3 {
			p := kmsg.NewFetchRequestTopicPartition()
			p.Partition, p.FetchOffset, p.CurrentLeaderEpoch, p.PartitionMaxBytes = int32(j), int64(100*j), 4, 1<<20
			p.LastFetchedEpoch = 3
			t.Partitions = append(t.Partitions, p)
		}
		r.Topics = append(r.Topics, t)
		f := kmsg.NewFetchRequestForgottenTopic()
		f.Topic, f.TopicID, f.Partitions = "gone", [16]byte{9}, []int32{1, 2, 3}
		r.ForgottenTopics = append(r.ForgottenTopics, f)
	}
	return r
}

func TestFetchRequestMatchesKmsg(t *testing.T) {
	var got FetchRequest
	for v := int16(4); v <= 18; v++ {
		in := fetchSample(v)
		body := in.AppendTo(nil)
		if err := got.Read(v, body); err != nil {
			t.Fatalf("v%d: %v", v, err)
		}
		var again kmsg.FetchRequest
		again.SetVersion(v)
		if err := again.ReadFrom(body); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(asFetch(&again), got); d != "" {
			t.Errorf("v%d (-kmsg +ours):\n%s", v, d)
		}
	}
}

func asFetch(in *kmsg.FetchRequest) FetchRequest {
	out := FetchRequest{Version: in.Version, ReplicaID: in.ReplicaID, MaxWaitMillis: in.MaxWaitMillis, MinBytes: in.MinBytes,
		MaxBytes: in.MaxBytes, ReadCommitted: in.IsolationLevel == 1, SessionID: in.SessionID, SessionEpoch: in.SessionEpoch, Rack: in.Rack}
	if in.Version >= 15 {
		out.ReplicaID = in.ReplicaState.ID
	}
	for _, t := range in.Topics {
		ft := FetchTopic{Name: t.Topic, ID: t.TopicID}
		for _, p := range t.Partitions {
			ft.Partitions = append(ft.Partitions, FetchPartition{p.Partition, p.CurrentLeaderEpoch, p.FetchOffset, p.LastFetchedEpoch, p.PartitionMaxBytes})
		}
		out.Topics = append(out.Topics, ft)
	}
	return out
}

func TestFetchAnswerMatchesKmsg(t *testing.T) {
	topic := FetchTopic{Name: "t", ID: [16]byte{1}}
	records := bytes.Repeat([]byte("r"), 200)
	for v := int16(4); v <= 18; v++ {
		flexible := Fetch.Flexible(v)
		b := AppendFetchHead(nil, v, 0, 1)
		b = AppendFetchTopic(b, v, &topic, 2)
		for i, rs := range [][]byte{records, nil} {
			b = AppendFetchResult(b, v, &FetchResult{Index: int32(i), Code: int16(i), HighWatermark: 9, LastStableOffset: 9, LogStartOffset: 2, RecordsBytes: int64(len(rs))})
			b = append(b, rs...)
			b = AppendFetchResultEnd(b, v, &FetchResult{Diverging: [2]*EpochEnd{nil, {Epoch: 3, End: 7}}[i]})
		}
		b = AppendEndTags(AppendEndTags(b, flexible), flexible)
		var got kmsg.FetchResponse
		got.SetVersion(v)
		if err := got.ReadFrom(b); err != nil {
			t.Fatalf("v%d: %v", v, err)
		}
		p := got.Topics[0].Partitions
		if p[0].HighWatermark != 9 || !bytes.Equal(p[0].RecordBatches, records) || p[1].ErrorCode != 1 || len(p[1].RecordBatches) != 0 {
			t.Errorf("v%d: %+v", v, p)
		}
		if v >= 12 { // null and empty arrays differ before
			if d := p[1].DivergingEpoch; d.Epoch != 3 || d.EndOffset != 7 || p[0].DivergingEpoch.Epoch != -1 {
				t.Errorf("v%d: diverging epochs %+v, %+v", v, p[0].DivergingEpoch, d)
			}
			continue
		}
		if again := got.AppendTo(nil); len(again) != len(b) {
			t.Errorf("v%d: %d bytes, kmsg %d", v, len(b), len(again))
		}
	}
}

func FuzzProduceRequest(f *testing.F) {
	for v := int16(0); v <= 13; v++ {
		f.Add(v, produceSample(v).AppendTo(nil))
	}
	f.Fuzz(func(t *testing.T, v int16, body []byte) {
		v = max(v, 0) % 14
		var ours ProduceRequest
		if ours.Read(v, body) != nil {
			return
		}
		if len(ours.Topics) > len(body) {
			t.Fatalf("%d topics in %d bytes", len(ours.Topics), len(body))
		}
		var kmsgs kmsg.ProduceRequest
		kmsgs.SetVersion(v)
		if err := kmsgs.ReadFrom(body); err != nil {
			t.Fatalf("v%d: we accept what kmsg refuses: %v", v, err)
		}
		if d := cmp.Diff(asProduce(&kmsgs), ours); d != "" {
			t.Errorf("v%d (-kmsg +ours):\n%s", v, d)
		}
	})
}

func FuzzFetchRequest(f *testing.F) {
	for v := int16(4); v <= 18; v++ {
		f.Add(v, fetchSample(v).AppendTo(nil))
	}
	f.Fuzz(func(t *testing.T, v int16, body []byte) {
		v = 4 + max(v, 0)%15
		var ours FetchRequest
		if ours.Read(v, body) != nil {
			return
		}
		var kmsgs kmsg.FetchRequest
		kmsgs.SetVersion(v)
		if err := kmsgs.ReadFrom(body); err != nil {
			return // a tagged field that we pass over unread
		}
		if got, want := len(ours.Topics), len(kmsgs.Topics); got != want {
			t.Errorf("v%d: %d topics, kmsg %d", v, got, want)
		}
	})
}
