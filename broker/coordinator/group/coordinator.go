package group

import (
	"context"
	"encoding/hex"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"tailrace/broker/local"
	"tailrace/storage/commitlog"
	"tailrace/storage/record/kerr"
)

// Coordinator keeps all groups of a node. Its methods may be called from many
// goroutines. Lock order: an entry's mutex, then the coordinator's or the alarms'.
type Coordinator struct {
	cfg     Config
	offsets *local.Offsets
	alarms  alarms
	ctx     context.Context
	cancel  context.CancelFunc
	done    chan struct{}

	rebalances atomic.Int64

	mu struct {
		sync.Mutex
		groups map[string]*entry
	}
}

// entry is a group with the requests that wait for it.
type entry struct {
	mu      sync.Mutex
	g       *Group
	gone    bool // removed from the coordinator: look the group up again
	waits   map[Ticket]chan Reply
	tickets Ticket
	commits int // OffsetCommits being written
	stored  bool
	alarm   time.Time // the earliest one set; guarded by alarms
	shown   shown
}

// NewCoordinator loads the stored groups and starts serving them.
func NewCoordinator(c Config, offsets *local.Offsets) (*Coordinator, error) {
	c = c.WithDefaults()
	co := &Coordinator{cfg: c, offsets: offsets, done: make(chan struct{})}
	co.ctx, co.cancel = context.WithCancel(context.Background())
	co.mu.groups = map[string]*entry{}
	co.alarms.kick = make(chan struct{}, 1)
	now := c.Clock.Now()
	for _, id := range offsets.Groups() {
		value, ok := offsets.Group(id)
		if !ok {
			continue
		}
		g, err := Restore(id, value, c.limits(), co.newID, co.event, now)
		if err != nil {
			// The offsets are readable even so; only membership starts afresh.
			c.Logger.Error("stored group metadata is unreadable; the group starts empty", "group", id, "err", err)
			continue
		}
		e := &entry{g: g, waits: map[Ticket]chan Reply{}, stored: true}
		e.show()
		co.mu.groups[id] = e
		co.alarms.set(e, g.NextDeadline())
	}
	go co.run()
	return co, nil
}

// Close stops the clock of all groups. Requests that wait have ended by then: their
// contexts belong to the server, which closes first.
func (c *Coordinator) Close() {
	c.cancel()
	<-c.done
}

// newID makes a member id: the client's own name and 128 random bits, as a UUID, so that
// a member of another life is never mistaken for one of this.
func (c *Coordinator) newID(prefix string) string {
	var b [16]byte
	c.cfg.Rand.Read(b[:])
	h := hex.EncodeToString(b[:])
	return fmt.Sprintf("%s-%s-%s-%s-%s-%s", prefix, h[:8], h[8:12], h[12:16], h[16:20], h[20:])
}

func (c *Coordinator) event(s string) { c.cfg.Logger.Debug(s) }

// with runs f on a group under its lock, and then delivers what f decided. A group that
// does not exist is made if create is set; else with returns false.
func (c *Coordinator) with(id string, create bool, f func(e *entry, now time.Time) Ready) bool {
	for {
		c.mu.Lock()
		e := c.mu.groups[id]
		if e == nil && create {
			g := New(id, c.cfg.limits(), c.newID, c.event, c.cfg.Clock.Now())
			e = &entry{g: g, waits: map[Ticket]chan Reply{}}
			e.show()
			c.mu.groups[id] = e
		}
		c.mu.Unlock()
		if e == nil {
			return false
		}
		if c.locked(e, f) {
			return true
		}
	}
}

// locked runs f on e unless e is gone.
func (c *Coordinator) locked(e *entry, f func(e *entry, now time.Time) Ready) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.gone {
		return false
	}
	defer e.show()
	was := e.g.generation
	c.deliver(e, f(e, c.cfg.Clock.Now()))
	if e.g.generation > was {
		c.rebalances.Add(1)
	}
	c.alarms.set(e, e.g.NextDeadline())
	return true
}

// deliver stores the group if it must be and wakes those who are answered. Storing
// happens under the group's lock: nothing else may happen to the group meanwhile.
func (c *Coordinator) deliver(e *entry, r Ready) {
	if r.Persist {
		now := c.cfg.Clock.Now()
		if err := c.offsets.PutGroup(c.ctx, e.g.ID(), e.g.Snapshot(now)); err != nil {
			c.cfg.Logger.Error("cannot store group metadata", "group", e.g.ID(), "err", err)
			r = e.g.PersistFailed(r, now)
		} else {
			e.stored = true
		}
	}
	for _, reply := range r.Replies {
		if ch := e.waits[reply.Ticket]; ch != nil {
			delete(e.waits, reply.Ticket)
			ch <- reply
		}
	}
}

// park issues a ticket and the channel on which its answer comes.
func (e *entry) park() (Ticket, chan Reply) {
	e.tickets++
	ch := make(chan Reply, 1)
	e.waits[e.tickets] = ch
	return e.tickets, ch
}

// What is stored with a group has lengths of 16 bits, and member ids are made from client
// and instance ids. Kafka's own clients allow 249 characters in an instance id.
const (
	maxGroupID = 1<<15 - 1
	maxName    = 249
)

// checkGroupID refuses what cannot be stored as the name of a group.
func checkGroupID(id string) Code {
	if id == "" || len(id) > maxGroupID {
		return codeInvalidGroup
	}
	return 0
}

// checkNames refuses names that cannot be stored, and shortens the client's, which is
// there for people to read.
func (r *JoinRequest) checkNames() Code {
	r.ClientID = r.ClientID[:min(len(r.ClientID), maxName)]
	if len(r.InstanceID) > maxName || len(r.ProtocolType) > maxName {
		return kerr.InvalidRequest
	}
	named := map[string]bool{}
	var each []Protocol // a protocol that is named twice has one vote
	for _, p := range r.Protocols {
		if len(p.Name) > maxName {
			return kerr.InvalidRequest
		}
		if !named[p.Name] {
			named[p.Name] = true
			each = append(each, p)
		}
	}
	r.Protocols = each
	return 0
}

// Join answers a JoinGroup, which may take as long as the rebalance.
func (c *Coordinator) Join(ctx context.Context, id string, r JoinRequest) JoinReply {
	code := checkGroupID(id)
	if code == 0 {
		code = r.checkNames()
	}
	if code != 0 {
		return JoinReply{Code: code, Generation: -1, MemberID: r.MemberID}
	}
	var ch chan Reply
	ok := c.with(id, r.MemberID == "", func(e *entry, now time.Time) Ready {
		r.Ticket, ch = e.park()
		return e.g.Join(r, now)
	})
	if !ok {
		return JoinReply{Code: codeUnknownMember, Generation: -1, MemberID: r.MemberID}
	}
	select {
	case reply := <-ch:
		return *reply.Join
	case <-ctx.Done():
		return JoinReply{Code: codeNotAvailable, Generation: -1, MemberID: r.MemberID}
	}
}

// Sync answers a SyncGroup, which may wait for the leader's.
func (c *Coordinator) Sync(ctx context.Context, id string, r SyncRequest) SyncReply {
	if id == "" {
		return SyncReply{Code: codeInvalidGroup}
	}
	var ch chan Reply
	ok := c.with(id, false, func(e *entry, now time.Time) Ready {
		r.Ticket, ch = e.park()
		return e.g.Sync(r, now)
	})
	if !ok {
		return SyncReply{Code: codeUnknownMember}
	}
	select {
	case reply := <-ch:
		return *reply.Sync
	case <-ctx.Done():
		return SyncReply{Code: codeNotAvailable}
	}
}

// Heartbeat answers a Heartbeat.
func (c *Coordinator) Heartbeat(id string, who Identity) (code Code) {
	if id == "" {
		return codeInvalidGroup
	}
	ok := c.with(id, false, func(e *entry, now time.Time) Ready {
		code = e.g.Heartbeat(who, now)
		return Ready{}
	})
	if !ok {
		return codeUnknownMember
	}
	return code
}

// Leave answers a LeaveGroup: one code for the request and one for each member.
func (c *Coordinator) Leave(id string, who []Identity) (code Code, codes []Code) {
	if id == "" {
		return codeInvalidGroup, nil
	}
	ok := c.with(id, false, func(e *entry, now time.Time) Ready {
		var r Ready
		codes, r = e.g.Leave(who, now)
		return r
	})
	if !ok {
		codes = make([]Code, len(who)) // of a group that nobody is in, nobody is a member
		for i := range codes {
			codes[i] = codeUnknownMember
		}
	}
	return 0, codes
}

// CommittedOffset is a group's position in one partition.
type CommittedOffset = local.CommittedOffset

// Commit stores positions of a group and returns a code for each partition that has an
// error of its own; code is that of the whole request. The empty id, which nobody can join,
// keeps positions of consumers that assign themselves.
func (c *Coordinator) Commit(ctx context.Context, id string, who Identity, set map[commitlog.TopicPartition]CommittedOffset) (code Code, each map[commitlog.TopicPartition]Code) {
	if code := checkGroupID(id); id != "" && code != 0 {
		return code, nil
	}
	var held *entry
	ok := c.with(id, false, func(e *entry, now time.Time) Ready {
		if code = e.g.CheckCommit(who, now); code == 0 {
			e.commits++
			held = e
		}
		return Ready{}
	})
	switch {
	case !ok && who.Generation >= 0 && id != "" && c.hasOffsets(id):
		return codeUnknownMember, nil
	case !ok && who.Generation >= 0:
		return codeNotFound, nil
	case code != 0:
		return code, nil
	}
	if held != nil {
		defer func() {
			held.mu.Lock()
			held.commits--
			held.mu.Unlock()
		}()
	}
	nowMs := c.cfg.Clock.Now().UnixMilli()
	for tp, o := range set {
		if len(o.Metadata) > c.cfg.MetadataMaxBytes {
			if each == nil {
				each = map[commitlog.TopicPartition]Code{}
			}
			each[tp] = codeMetadataTooLarge
			delete(set, tp)
			continue
		}
		o.CommitMs = nowMs
		set[tp] = o
	}
	if len(set) == 0 { // succeeds without a write
		return 0, each
	}
	if err := c.offsets.Commit(ctx, id, set); err != nil {
		c.cfg.Logger.Error("cannot store offsets", "group", id, "err", err)
		return codeNotAvailable, each
	}
	return 0, each
}
