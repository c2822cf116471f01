package group_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"tailrace/broker/coordinator/group"
	"tailrace/broker/local"
	"tailrace/storage/commitlog"
	"tailrace/storage/env"
	"tailrace/storage/record/kerr"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hall is a coordinator over a log in memory, with a clock that the test moves.
type hall struct {
	t     *testing.T
	fs    env.FS
	clock *env.ManualClock
	log   *local.Log
	co    *group.Coordinator
}

func open(t *testing.T) *hall {
	t.Helper()
	h := &hall{t: t, fs: vfs.NewMem(), clock: env.NewManualClock(time.Unix(1_700_000_000, 0))}
	h.start()
	t.Cleanup(h.stop)
	return h
}

func (h *hall) start() {
	h.t.Helper()
	var err error
	if h.log, err = local.Open(local.Config{FS: h.fs, Dir: "data", Clock: h.clock, Rand: env.NewRand(1)}); err != nil {
		h.t.Fatal(err)
	}
	if h.co, err = group.NewCoordinator(group.Config{Clock: h.clock, Rand: env.NewRand(2), InitialRebalanceDelay: group.NoDelay,
		Keep: func(g string) bool { return g == "query" }}, h.log.Offsets()); err != nil {
		h.t.Fatal(err)
	}
}

func (h *hall) stop() {
	h.co.Close()
	if err := h.log.Close(); err != nil {
		h.t.Error(err)
	}
}

func (h *hall) topic(name string) {
	h.t.Helper()
	if _, err := h.log.CreateTopic(context.Background(), commitlog.TopicSpec{Name: name, Partitions: 4, ReplicationFactor: 1}); err != nil {
		h.t.Fatal(err)
	}
}

func request(member string) group.JoinRequest {
	return group.JoinRequest{
		MemberID: member, ClientID: "c", SessionTimeout: 10 * time.Second, RebalanceTimeout: time.Minute,
		ProtocolType: "consumer", Protocols: []group.Protocol{{Name: "range"}},
	}
}

// member joins alone and becomes stable.
func (h *hall) member(id string) group.Identity {
	h.t.Helper()
	ctx := context.Background()
	j := h.co.Join(ctx, id, request(""))
	if j.Code != 0 {
		h.t.Fatalf("join: %v", j.Code)
	}
	who := group.Identity{MemberID: j.MemberID, Generation: j.Generation}
	s := h.co.Sync(ctx, id, group.SyncRequest{Identity: who, Assignments: map[string][]byte{j.MemberID: []byte("all")}})
	if s.Code != 0 || string(s.Assignment) != "all" {
		h.t.Fatalf("sync: %+v", s)
	}
	return who
}

func (h *hall) commit(id string, who group.Identity, topic string, at commitlog.Offset) kerr.Code {
	code, _ := h.co.Commit(context.Background(), id, who, map[commitlog.TopicPartition]group.CommittedOffset{
		{Topic: topic, Partition: 0}: {Offset: at, LeaderEpoch: -1},
	})
	return code
}

// eventually waits for what other goroutines are about to do.
func (h *hall) eventually(what string, ok func() bool) {
	h.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			h.t.Fatalf("it never happened: %s", what)
		}
	}
}

var simple = group.Identity{Generation: -1}

func TestOffsetsExpireWithTheirGroup(t *testing.T) {
	h := open(t)
	h.topic("t")
	who := h.member("left")
	if code := h.commit("left", who, "t", 5); code != 0 {
		t.Fatal(code)
	}
	if code := h.commit("query", simple, "t", 7); code != 0 {
		t.Fatal(code)
	}
	if code := h.commit("simple", simple, "t", 3); code != 0 {
		t.Fatal(code)
	}
	stays := h.member("stays")
	if code := h.commit("stays", stays, "t", 9); code != 0 {
		t.Fatal(code)
	}
	h.co.Leave("left", []group.Identity{who})
	for range 8 * 24 { // eight days in hours; the member that stays sends heartbeats
		h.clock.Advance(time.Hour)
		h.co.Heartbeat("stays", stays)
	}
	h.eventually("the offsets of the group that was left are gone", func() bool {
		h.clock.Advance(11 * time.Minute)
		return len(h.co.Offsets("left")) == 0
	})
	if d := h.co.Describe("left"); d.Code != kerr.GroupIDNotFound {
		t.Errorf("the group is still there: %+v", d)
	}
	h.eventually("the offsets of a group that never had members are gone", func() bool {
		h.clock.Advance(11 * time.Minute)
		return len(h.co.Offsets("simple")) == 0
	})
	tp := commitlog.TopicPartition{Topic: "t"}
	if o, ok := h.co.Offset("query", tp); !ok || o.Offset != 7 {
		t.Errorf("the position of a query expired")
	}
	if o, ok := h.co.Offset("stays", tp); !ok || o.Offset != 9 {
		t.Errorf("the position of a group with a member expired")
	}
	if code := h.commit("simple", simple, "t", 4); code != 0 {
		t.Errorf("a commit after the expiry: %v", code)
	}
}

func TestGroupsComeBack(t *testing.T) {
	h := open(t)
	h.topic("t")
	who := h.member("g")
	if code := h.commit("g", who, "t", 5); code != 0 {
		t.Fatal(code)
	}
	h.stop()
	h.start()
	if code := h.co.Heartbeat("g", who); code != 0 {
		t.Errorf("the member is not known any more: %v", code)
	}
	if code := h.commit("g", who, "t", 6); code != 0 {
		t.Errorf("the member may not commit any more: %v", code)
	}
	if o, ok := h.co.Offset("g", commitlog.TopicPartition{Topic: "t"}); !ok || o.Offset != 6 {
		t.Errorf("position %+v", o)
	}
	h.clock.Advance(11 * time.Second)
	h.eventually("the silent member expires", func() bool { return h.co.Describe("g").State == group.Empty })
	h.stop()
	h.start()
	if d := h.co.Describe("g"); d.State != group.Empty || len(d.Members) != 0 {
		t.Errorf("after another restart: %+v", d)
	}
	if code := h.co.Delete(context.Background(), "g"); code != 0 {
		t.Errorf("delete: %v", code)
	}
	h.stop()
	h.start()
	if ls := h.co.List(); len(ls) != 0 {
		t.Errorf("a deleted group came back: %+v", ls)
	}
}

// Members that join at the same moment are all in the generation that follows, none is
// lost and none is told that it is unknown.
func TestConcurrentJoinsLoseNobody(t *testing.T) {
	h := open(t)
	const members = 20
	var mu sync.Mutex
	final := map[string]int32{}
	var wg sync.WaitGroup
	for range members {
		wg.Add(1)
		go func() {
			defer wg.Done()
			id := ""
			for {
				r := request(id)
				r.RequireMemberID = true
				j := h.co.Join(context.Background(), "g", r)
				switch j.Code {
				case kerr.MemberIDRequired:
					id = j.MemberID
					continue
				case 0, kerr.RebalanceInProgress:
				default:
					t.Errorf("join: %v", j.Code)
					return
				}
				as := map[string][]byte{}
				for _, m := range j.Members {
					as[m.ID] = []byte("x")
				}
				s := h.co.Sync(context.Background(), "g", group.SyncRequest{Identity: group.Identity{MemberID: id, Generation: j.Generation}, Assignments: as})
				if s.Code != 0 && s.Code != kerr.RebalanceInProgress && s.Code != kerr.IllegalGeneration {
					t.Errorf("sync: %v", s.Code)
					return
				}
				mu.Lock()
				if s.Code == 0 {
					final[id] = j.Generation
				}
				mu.Unlock()
				for h.co.Heartbeat("g", group.Identity{MemberID: id, Generation: j.Generation}) == 0 {
					if len(h.co.Describe("g").Members) == members && h.co.Describe("g").State == group.Stable {
						return
					}
					time.Sleep(time.Millisecond)
				}
			}
		}()
	}
	wg.Wait()
	d := h.co.Describe("g")
	if len(d.Members) != members {
		t.Errorf("%d of %d members", len(d.Members), members)
	}
	for _, m := range d.Members {
		if final[m.ID] == 0 {
			t.Errorf("%s never had an assignment", m.ID)
		}
	}
}

// Names that cannot be stored are refused before they do harm.
func TestNamesThatCannotBeStored(t *testing.T) {
	h := open(t)
	h.topic("t")
	long := fmt.Sprintf("%040000d", 0)
	if code := h.commit(long, simple, "t", 1); code != kerr.InvalidGroupID {
		t.Errorf("commit: %v", code)
	}
	if j := h.co.Join(context.Background(), long, request("")); j.Code != kerr.InvalidGroupID {
		t.Errorf("join: %v", j.Code)
	}
	r := request("")
	r.InstanceID = long
	if j := h.co.Join(context.Background(), "g", r); j.Code != kerr.InvalidRequest {
		t.Errorf("instance: %v", j.Code)
	}
	r = request("")
	r.ClientID = long
	if j := h.co.Join(context.Background(), "g", r); j.Code != 0 || len(j.MemberID) > 300 {
		t.Errorf("client id: %v, member id of %d bytes", j.Code, len(j.MemberID))
	}
}

// A group id that was only ever tried leaves nothing behind.
func TestPromisesAreForgotten(t *testing.T) {
	h := open(t)
	r := request("")
	r.RequireMemberID = true
	for i := range 100 {
		h.co.Join(context.Background(), fmt.Sprint("g", i), r)
	}
	h.clock.Advance(11 * time.Second)
	h.eventually("the groups are gone from memory", func() bool { return h.co.Held() == 0 })
}
