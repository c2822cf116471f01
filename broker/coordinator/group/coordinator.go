package group

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"tailrace/broker/local"
	"tailrace/storage/commitlog"
	"tailrace/storage/env"
)

// Config bounds groups and says how long offsets live.
type Config struct {
	// InitialRebalanceDelay is how long the first members of an empty group wait for
	// others, so that ten consumers started together make one rebalance and not ten.
	// Kafka: group.initial.rebalance.delay.ms.
	InitialRebalanceDelay time.Duration // default 3 s; NoDelay for none
	// MinSessionTimeout and MaxSessionTimeout bound what members may ask for. Kafka:
	// group.min.session.timeout.ms, group.max.session.timeout.ms.
	MinSessionTimeout time.Duration // default 6 s
	MaxSessionTimeout time.Duration // default 30 min
	// MaxSize is the largest number of members. Kafka: group.max.size.
	MaxSize int // default 10,000
	// MetadataMaxBytes bounds the text beside a committed offset. Kafka:
	// offset.metadata.max.bytes.
	MetadataMaxBytes int // default 4096
	// OffsetsRetention is how long the offsets of a group live after its last member
	// left. Offsets of groups that never had members do not expire: the positions of
	// continuous queries are among them. Kafka: offsets.retention.minutes.
	OffsetsRetention time.Duration // default 7 days
	// RetentionCheckInterval is how often that is looked at. Kafka:
	// offsets.retention.check.interval.ms.
	RetentionCheckInterval time.Duration // default 10 min

	Clock  env.Clock    // default env.SystemClock
	Rand   env.Rand     // default env.SystemRand
	Logger *slog.Logger // default: discard
}

// NoDelay as an InitialRebalanceDelay lets the first member of a group start at once.
const NoDelay time.Duration = -1

// WithDefaults fills in what is zero.
func (c Config) WithDefaults() Config {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&c.InitialRebalanceDelay, 3*time.Second)
	def(&c.MinSessionTimeout, 6*time.Second)
	def(&c.MaxSessionTimeout, 30*time.Minute)
	def(&c.OffsetsRetention, 7*24*time.Hour)
	def(&c.RetentionCheckInterval, 10*time.Minute)
	if c.MaxSize == 0 {
		c.MaxSize = 10_000
	}
	if c.MetadataMaxBytes == 0 {
		c.MetadataMaxBytes = 4096
	}
	if c.Clock == nil {
		c.Clock = env.SystemClock
	}
	if c.Rand == nil {
		c.Rand = env.SystemRand
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Validate names every fault.
func (c Config) Validate() error {
	var errs []error
	if c.MinSessionTimeout <= 0 || c.MinSessionTimeout > c.MaxSessionTimeout {
		errs = append(errs, fmt.Errorf("group.min.session.timeout.ms (%v) must be positive and at most group.max.session.timeout.ms (%v)", c.MinSessionTimeout, c.MaxSessionTimeout))
	}
	if c.MaxSize < 1 {
		errs = append(errs, fmt.Errorf("group.max.size must be at least 1, not %d", c.MaxSize))
	}
	if c.MetadataMaxBytes < 0 {
		errs = append(errs, fmt.Errorf("offset.metadata.max.bytes must not be negative, but is %d", c.MetadataMaxBytes))
	}
	if c.OffsetsRetention <= 0 || c.RetentionCheckInterval <= 0 {
		errs = append(errs, errors.New("offsets.retention.minutes and offsets.retention.check.interval.ms must be positive"))
	}
	return errors.Join(errs...)
}

func (c Config) limits() Limits {
	return Limits{
		InitialRebalanceDelay: max(c.InitialRebalanceDelay, 0),
		MinSessionTimeout:     c.MinSessionTimeout, MaxSessionTimeout: c.MaxSessionTimeout,
		MaxSize: c.MaxSize,
	}
}

// Coordinator keeps all groups of a node. Its methods may be called from many
// goroutines. Lock order: an entry's mutex, then the coordinator's or the alarms'.
type Coordinator struct {
	cfg     Config
	offsets *local.Offsets
	alarms  alarms
	ctx     context.Context
	cancel  context.CancelFunc
	done    chan struct{}

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
	c.deliver(e, f(e, c.cfg.Clock.Now()))
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

// Join answers a JoinGroup, which may take as long as the rebalance.
func (c *Coordinator) Join(ctx context.Context, id string, r JoinRequest) JoinReply {
	if id == "" {
		return JoinReply{Code: codeInvalidGroup, Generation: -1, MemberID: r.MemberID}
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
		return codeUnknownMember, nil
	}
	return 0, codes
}

// CommittedOffset is a group's position in one partition.
type CommittedOffset = local.CommittedOffset

// Commit stores positions of a group and returns a code for each partition that has an
// error of its own; code is that of the whole request.
func (c *Coordinator) Commit(ctx context.Context, id string, who Identity, set map[commitlog.TopicPartition]CommittedOffset) (code Code, each map[commitlog.TopicPartition]Code) {
	var held *entry
	ok := c.with(id, false, func(e *entry, now time.Time) Ready {
		if code = e.g.CheckCommit(who, now); code == 0 {
			e.commits++
			held = e
		}
		return Ready{}
	})
	switch {
	case !ok && who.Generation >= 0:
		return codeIllegalGen, nil
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
