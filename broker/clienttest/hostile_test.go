package clienttest

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/broker"
	"tailrace/broker/handler"
	"tailrace/storage/commitlog"
)

func tp(topic string, p commitlog.PartitionID) commitlog.TopicPartition {
	return commitlog.TopicPartition{Topic: topic, Partition: p}
}

// shoot sends bytes on a connection of its own and waits until the server has closed it
// or answered.
func shoot(addr string, b []byte) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(2 * time.Second))
	if _, err := c.Write(b); err != nil {
		return
	}
	_ = c.(*net.TCPConn).CloseWrite()
	_, _ = io.Copy(io.Discard, c)
}

// frame wraps a request of an API key and version around any body.
func frame(key, version int16, flexible bool, body []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(key))
	b = binary.BigEndian.AppendUint16(b, uint16(version))
	b = binary.BigEndian.AppendUint32(b, 1)
	b = append(b, 0, 1, 'x')
	if flexible {
		b = append(b, 0)
	}
	b = append(b, body...)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
}

// Every served API and version gets random bytes, and truncated and damaged requests: the
// node answers or closes that connection, and a bystander notices nothing.
func TestEveryAPISurvivesDamagedRequests(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("victim", 1, nil)
	bystander := n.client()
	produce(t, bystander, numbered("victim", 10)...)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	shots := make(chan []byte)
	var wg sync.WaitGroup
	for range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for b := range shots {
				shoot(n.addr, b)
			}
		}()
	}
	for _, api := range handler.ServedAPIs() {
		for v := api.Min; v <= api.Max; v++ {
			req := kmsg.RequestForKey(api.Key)
			req.SetVersion(v)
			flexible := req.IsFlexible()
			whole := req.AppendTo(nil)
			shots <- frame(api.Key, v, flexible, whole[:rnd.IntN(len(whole)+1)])
			noise := make([]byte, rnd.IntN(200))
			for i := range noise {
				noise[i] = byte(rnd.Uint32())
			}
			shots <- frame(api.Key, v, flexible, noise)
			for range 3 {
				damaged := append([]byte(nil), whole...)
				for range 1 + rnd.IntN(3) {
					if len(damaged) > 0 {
						damaged[rnd.IntN(len(damaged))] = byte(rnd.Uint32())
					}
				}
				shots <- frame(api.Key, v, flexible, damaged)
			}
		}
	}
	close(shots)
	wg.Wait()
	produce(t, bystander, numbered("victim", 10)...)
	if got := values(t, n.client(kgo.ConsumeTopics("victim")), 20); len(got) != 20 {
		t.Errorf("%d records", len(got))
	}
}

// A hundred connections that claim 100 MiB each and send little must not cost much.
func TestClaimedSizesCostNothing(t *testing.T) {
	n := start(t, broker.Config{})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	head := binary.BigEndian.AppendUint32(nil, 100<<20)
	for range 100 {
		c, err := net.Dial("tcp", n.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write(append(head, frame(0, 9, true, nil)[4:]...)); err != nil {
			t.Fatal(err)
		}
	}
	for n.broker.Connections() < 100 {
		time.Sleep(time.Millisecond)
	}
	n.topic("meanwhile", 1, nil)
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapInuse) - int64(before.HeapInuse); grown > 64<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}

// A batch that is damaged on the way is refused, and nothing of it is stored.
func TestDamagedBatchesAreRefused(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("crc", 1, nil)
	cl := n.client()
	produce(t, cl, numbered("crc", 1)...)
	batch := make([]byte, 61)
	req := kmsg.NewPtrProduceRequest()
	req.Acks, req.TimeoutMillis = -1, 1000
	pt := kmsg.NewProduceRequestTopic()
	pt.Topic = "crc"
	pp := kmsg.NewProduceRequestTopicPartition()
	for name, records := range map[string][]byte{
		"nothing": nil, "too short": batch[:20], "zeros": batch, "old magic": append(make([]byte, 16), 1),
	} {
		pp.Records = records
		pt.Partitions = []kmsg.ProduceRequestTopicPartition{pp}
		req.Topics = []kmsg.ProduceRequestTopic{pt}
		limited := n.client(kgo.MaxVersions(versionsUpTo12()))
		resp, err := req.RequestWith(ctxOf(t), limited)
		if err != nil {
			t.Fatal(err)
		}
		if got := resp.Topics[0].Partitions[0]; got.ErrorCode == 0 || got.BaseOffset != -1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	p, err := n.log.Partition(tp("crc", 0))
	if err != nil {
		t.Fatal(err)
	}
	if end := p.Bounds().LogEnd; end != 1 {
		t.Errorf("the log ends at %d, want 1", end)
	}
}
