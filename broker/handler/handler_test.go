package handler

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/broker/conn"
	"tailrace/broker/coordinator/group"
	"tailrace/broker/local"
	"tailrace/broker/wire"
	"tailrace/storage/commitlog"
	"tailrace/storage/env"
)

// openAPI makes handlers over a log in memory with one topic, "t".
func openAPI(t testing.TB) *API {
	t.Helper()
	log, err := local.Open(local.Config{FS: vfs.NewMem(), Dir: "data", Rand: env.NewRand(1)})
	if err != nil {
		t.Fatal(err)
	}
	groups, err := group.NewCoordinator(group.Config{InitialRebalanceDelay: group.NoDelay}, log.Offsets())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		groups.Close()
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := log.CreateTopic(context.Background(), commitlog.TopicSpec{Name: "t", Partitions: 1, ReplicationFactor: 1}); err != nil {
		t.Fatal(err)
	}
	return New(Config{
		AutoCreateTopics: true, MaxTopicPartitions: 4, FetchMaxBytes: 1 << 20,
		Clock: env.SystemClock, Logger: slog.New(slog.DiscardHandler),
	}, log, groups)
}

// handle runs one request to its end, as a connection does. The context has ended, so
// that nothing waits.
func handle(a *API, key, version int16, body []byte) (*wire.Body, conn.Outcome) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := &conn.Request{
		Header: wire.Header{Key: wire.APIKey(key), Version: version, ClientID: "fuzz"},
		Body:   body, Client: "127.0.0.1", Listener: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9092},
	}
	answer := wire.NewBody(r.Header)
	out := a.Handle(ctx, r, answer)
	if out.Pending != nil {
		out.Pending(ctx, answer)
	}
	answer.Finish()
	return answer, out
}

func TestKeysAndVersionsThatAreNotServed(t *testing.T) {
	a := openAPI(t)
	for _, tc := range []struct{ key, version int16 }{{-1, 0}, {999, 0}, {24, 0}, {1, 3}, {1, 19}, {3, -1}} {
		if _, out := handle(a, tc.key, tc.version, nil); out.Err == nil {
			t.Errorf("key %d v%d was answered", tc.key, tc.version)
		}
	}
}

func TestTruncatedRequestsAreMalformed(t *testing.T) {
	a := openAPI(t)
	for _, api := range ServedAPIs() {
		req := kmsg.RequestForKey(api.Key)
		req.SetVersion(api.Max)
		whole := req.AppendTo(nil)
		for n := range whole {
			_, out := handle(a, api.Key, api.Max, whole[:n])
			if out.Err != nil && !errors.Is(out.Err, wire.ErrMalformed) {
				t.Errorf("%s v%d, %d of %d bytes: %v", api.Name, api.Max, n, len(whole), out.Err)
			}
		}
	}
}

// FuzzHandle feeds bodies to every handler. Nothing may panic, and what is answered must
// decode as the answer that it claims to be.
func FuzzHandle(f *testing.F) {
	for _, api := range ServedAPIs() {
		for _, v := range []int16{api.Min, api.Max} {
			req := kmsg.RequestForKey(api.Key)
			req.SetVersion(v)
			f.Add(api.Key, v, req.AppendTo(nil))
		}
	}
	a := openAPI(f)
	f.Fuzz(func(t *testing.T, key, version int16, body []byte) {
		answer, out := handle(a, key, version, body)
		defer answer.Release()
		if out.Err != nil || out.Silent || !answer.Plain() {
			return
		}
		resp := kmsg.ResponseForKey(key)
		resp.SetVersion(version)
		if key == 18 && (version < 0 || version > 5) {
			resp.SetVersion(0)
		}
		payload := answer.Bytes[8:]
		if key != 18 && resp.IsFlexible() {
			payload = payload[1:]
		}
		if err := resp.ReadFrom(payload); err != nil {
			t.Errorf("%s v%d: %x does not decode: %v", kmsg.NameForKey(key), version, payload, err)
		}
	})
}

func TestDeletionsAreForgotten(t *testing.T) {
	var d deletions
	at := time.Unix(1000, 0)
	d.note("a", at)
	d.note("b", at.Add(afterDeletion))
	if d.recently("a", at.Add(afterDeletion)) || !d.recently("b", at.Add(afterDeletion)) || len(d.at) != 1 {
		t.Errorf("deletions %v", d.at)
	}
}
