package clienttest

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"tailrace/broker"
	"tailrace/broker/handler"
)

// versionsUpTo12 keeps Produce and Fetch below topic ids.
func versionsUpTo12() *kversion.Versions {
	v := kversion.Stable()
	v.SetMaxKeyVersion(0, 12)
	v.SetMaxKeyVersion(1, 12)
	return v
}

// The announced ranges are those of Apache Kafka 4.4 for every key that is served.
func TestAnnouncedVersions(t *testing.T) {
	want := map[int16][2]int16{
		0: {0, 13}, 1: {4, 18}, 2: {1, 11}, 3: {0, 13}, 8: {2, 10}, 9: {1, 10}, 10: {0, 6}, 11: {0, 9}, 12: {0, 4},
		13: {0, 5}, 14: {0, 5}, 15: {0, 6}, 16: {0, 5}, 18: {0, 5}, 19: {2, 7}, 20: {1, 6}, 21: {0, 2}, 22: {0, 5},
		23: {2, 4}, 32: {1, 4}, 33: {0, 2}, 37: {0, 3}, 42: {0, 3}, 44: {0, 1}, 47: {0, 0}, 60: {0, 2}, 75: {0, 0},
		29: {1, 3}, 30: {1, 3}, 31: {1, 3}, 34: {1, 2}, 35: {1, 5}, 43: {0, 2}, 45: {0, 1}, 46: {0, 0}, 55: {0, 2}, 57: {0, 2}, 74: {0, 1},
		48: {0, 1}, 50: {0, 0}, 61: {0, 0}, 66: {0, 2},
	}
	n := start(t, broker.Config{})
	resp, err := kmsg.NewPtrApiVersionsRequest().RequestWith(ctxOf(t), n.client())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range resp.ApiKeys {
		if w, ok := want[k.ApiKey]; !ok || w != [2]int16{k.MinVersion, k.MaxVersion} {
			t.Errorf("%s: announced %d to %d, want %v", kmsg.NameForKey(k.ApiKey), k.MinVersion, k.MaxVersion, w)
		}
		delete(want, k.ApiKey)
	}
	for key := range want {
		t.Errorf("%s is not announced", kmsg.NameForKey(key))
	}
}

// A client from the future asks for a version that we do not know: it gets a v0 answer
// with error 35 and our range, on a connection that goes on.
func TestUnknownVersionOfApiVersions(t *testing.T) {
	n := start(t, broker.Config{})
	c, err := net.Dial("tcp", n.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	for range 2 {
		if _, err := c.Write(frame(18, 99, true, []byte("\x05java\x044.9\x00"))); err != nil {
			t.Fatal(err)
		}
		var head [8]byte
		if _, err := io.ReadFull(c, head[:]); err != nil {
			t.Fatal(err)
		}
		body := make([]byte, binary.BigEndian.Uint32(head[:])-4)
		if _, err := io.ReadFull(c, body); err != nil {
			t.Fatal(err)
		}
		if want := []byte{0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 5}; !bytes.Equal(body, want) {
			t.Errorf("got %v, want %v", body, want)
		}
	}
}

// Clients as old as Kafka 0.11 and as new as today's produce and consume.
func TestOldAndNewClients(t *testing.T) {
	n := start(t, broker.Config{})
	for name, v := range map[string]*kversion.Versions{
		"0.11": kversion.V0_11_0(), "1.0": kversion.V1_0_0(), "2.0": kversion.V2_0_0(), "2.4": kversion.V2_4_0(),
		"2.8": kversion.V2_8_0(), "3.6": kversion.V3_6_0(), "4.0": kversion.V4_0_0(), "stable": kversion.Stable(),
	} {
		t.Run(name, func(t *testing.T) {
			topic := "since-" + name
			opts := []kgo.Opt{kgo.MaxVersions(v), kgo.AllowAutoTopicCreation(), kgo.UnknownTopicRetries(-1)}
			produce(t, n.client(opts...), numbered(topic, 100)...)
			cl := n.client(append(opts, kgo.ConsumerGroup("g-"+name), kgo.ConsumeTopics(topic), kgo.Balancers(kgo.RangeBalancer()))...)
			if got := values(t, cl, 100); len(got) != 100 {
				t.Errorf("%d records", len(got))
			}
			if err := cl.CommitUncommittedOffsets(ctxOf(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

// Every version of every served API answers a default request with something that its
// own version decodes, bit for bit.
func TestEveryVersionAnswers(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("any", 1, nil)
	for _, api := range handler.ServedAPIs() {
		for v := api.Min; v <= api.Max; v++ {
			req := kmsg.RequestForKey(api.Key)
			req.SetVersion(v)
			if api.Key == 0 { // acks=0, the default, has no answer
				p := req.(*kmsg.ProduceRequest)
				p.Acks = -1
			}
			c, err := net.Dial("tcp", n.addr)
			if err != nil {
				t.Fatal(err)
			}
			_ = c.SetDeadline(time.Now().Add(10 * time.Second))
			if _, err := c.Write(frame(api.Key, v, req.IsFlexible(), req.AppendTo(nil))); err != nil {
				t.Fatal(err)
			}
			var head [8]byte
			if _, err := io.ReadFull(c, head[:]); err != nil {
				t.Errorf("%s v%d: no answer: %v", api.Name, v, err)
				c.Close()
				continue
			}
			body := make([]byte, binary.BigEndian.Uint32(head[:])-4)
			_, err = io.ReadFull(c, body)
			c.Close()
			resp := req.ResponseKind()
			if resp.IsFlexible() && api.Key != 18 {
				body = body[1:]
			}
			if err != nil || resp.ReadFrom(body) != nil || len(resp.AppendTo(nil)) != len(body) {
				t.Errorf("%s v%d: answer %x does not decode", api.Name, v, body)
			}
		}
	}
}
