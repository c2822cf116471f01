package group

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"time"
)

// Limits are the bounds that the protocol lets the broker set.
type Limits struct {
	InitialRebalanceDelay time.Duration // group.initial.rebalance.delay.ms
	MinSessionTimeout     time.Duration // group.min.session.timeout.ms
	MaxSessionTimeout     time.Duration // group.max.session.timeout.ms
	MaxSize               int           // group.max.size
}

// newMemberTimeout is how long a member that joined without an id (JoinGroup before v4)
// may sit in a rebalance: its client may be gone without our knowing. As in Kafka.
const newMemberTimeout = 5 * time.Minute

// member is one consumer. A zero deadline means that none is running.
type member struct {
	id, instanceID       string
	clientID, clientHost string
	sessionTimeout       time.Duration
	rebalanceTimeout     time.Duration
	protocols            []Protocol
	assignment           []byte

	isNew    bool      // joined without an id and has never been answered
	join     Ticket    // 0: does not wait in a JoinGroup
	sync     Ticket    // 0: does not wait in a SyncGroup
	deadline time.Time // of the session
	order    uint64    // of first joining: makes every listing deterministic
	synced   bool      // has sent SyncGroup in this generation
	maySkip  bool      // its JoinGroup knows skip_assignment
}

func (m *member) metadata(protocol string) []byte {
	for _, p := range m.protocols {
		if p.Name == protocol {
			return p.Metadata
		}
	}
	return nil
}

func (m *member) sameProtocols(ps []Protocol) bool {
	return slices.EqualFunc(m.protocols, ps, func(a, b Protocol) bool {
		return a.Name == b.Name && bytes.Equal(a.Metadata, b.Metadata)
	})
}

// Group is one consumer group. It is not safe for concurrent use.
//
// Invariants: the leader is a member, or there is no leader; a member waits in at most
// one of JoinGroup and SyncGroup; nobody waits in SyncGroup outside CompletingRebalance;
// the group is Empty or Dead exactly when it has no members and none is pending in the
// first rebalance.
type Group struct {
	id     string
	limits Limits
	newID  func(prefix string) string
	event  func(string)

	state        State
	stateSince   time.Time
	generation   int32
	protocolType string
	protocol     string
	leader       string
	members      map[string]*member
	static       map[string]string    // instance id -> member id
	pending      map[string]time.Time // ids handed out with MEMBER_ID_REQUIRED -> expiry
	joins        uint64

	rebalance struct {
		deadline time.Time
		// initial is set while the first members of an empty group gather: the deadline
		// is then waited for even if all have joined, and moves when another comes.
		initial   bool
		remaining time.Duration // how far the deadline may still move
		joined    bool          // a member joined since the deadline was last set
	}
	syncDeadline time.Time // members that have not synced by then are removed

	out Ready
}

// New makes an empty group. newID makes a member id that begins with the prefix and is
// unique for ever; event, which may be nil, hears of every transition.
func New(id string, limits Limits, newID func(prefix string) string, event func(string), now time.Time) *Group {
	return &Group{
		id: id, limits: limits, newID: newID, event: event, stateSince: now,
		members: map[string]*member{}, static: map[string]string{}, pending: map[string]time.Time{},
	}
}

// ID is the group's name.
func (g *Group) ID() string { return g.id }

// State is where the group stands.
func (g *Group) State() State { return g.state }

// StateSince is when the group came into its state.
func (g *Group) StateSince() time.Time { return g.stateSince }

// ProtocolType is "consumer" for consumers, empty for a group that only ever committed
// offsets without members.
func (g *Group) ProtocolType() string { return g.protocolType }

// Generation counts rebalances.
func (g *Group) Generation() int32 { return g.generation }

// become is the only writer of the state; it panics unless next allows the transition.
func (g *Group) become(to State, now time.Time) {
	if !g.state.may(to) {
		panic(fmt.Sprintf("group %s: illegal transition %s -> %s", g.id, g.state, to))
	}
	if g.event != nil {
		g.event(fmt.Sprintf("group %s: %s -> %s", g.id, g.state, to))
	}
	g.state, g.stateSince = to, now
}

// ready hands out what the call has decided.
func (g *Group) ready() Ready {
	out := g.out
	g.out = Ready{}
	return out
}

func (g *Group) replyJoin(m *member, r JoinReply) {
	if m.join != 0 {
		r.MemberID = m.id
		g.out.Replies = append(g.out.Replies, Reply{Ticket: m.join, Join: &r})
		m.join = 0
	}
}

func (g *Group) replySync(m *member, r SyncReply) {
	if m.sync != 0 {
		g.out.Replies = append(g.out.Replies, Reply{Ticket: m.sync, Sync: &r})
		m.sync = 0
	}
}

// ordered lists the members in order of joining.
func (g *Group) ordered() []*member {
	ms := make([]*member, 0, len(g.members))
	for _, m := range g.members {
		ms = append(ms, m)
	}
	sort.Slice(ms, func(i, j int) bool { return ms[i].order < ms[j].order })
	return ms
}

func (g *Group) maxRebalanceTimeout() time.Duration {
	var d time.Duration
	for _, m := range g.members {
		d = max(d, m.rebalanceTimeout)
	}
	return d
}

// supports reports whether the members would still share a protocol with one that offers
// ps, leaving out the member named except (it is the one that asks).
func (g *Group) supports(protocolType string, ps []Protocol, except string) bool {
	if protocolType == "" || len(ps) == 0 {
		return false
	}
	others := 0
	votes := map[string]int{}
	for id, m := range g.members {
		if id == except {
			continue
		}
		others++
		for _, p := range m.protocols {
			votes[p.Name]++
		}
	}
	if others == 0 {
		return len(g.members) == 0 || protocolType == g.protocolType
	}
	if protocolType != g.protocolType {
		return false
	}
	for _, p := range ps {
		if votes[p.Name] == others {
			return true
		}
	}
	return false
}

// selectProtocol lets every member vote for the first of its protocols that all share;
// the most votes win, and the earliest member's wish breaks a tie.
func (g *Group) selectProtocol() string {
	ms := g.ordered()
	shared := map[string]int{}
	for _, m := range ms {
		for _, p := range m.protocols {
			shared[p.Name]++
		}
	}
	votes := map[string]int{}
	best := ""
	for _, m := range ms {
		for _, p := range m.protocols {
			if shared[p.Name] == len(ms) {
				if votes[p.Name]++; best == "" {
					best = p.Name
				}
				break
			}
		}
	}
	for _, m := range ms {
		for _, p := range m.protocols {
			if votes[p.Name] > votes[best] {
				best = p.Name
			}
		}
	}
	return best
}

// checkMember finds the member that shows this identity.
func (g *Group) checkMember(id Identity) (*member, Code) {
	if id.InstanceID != "" {
		switch current, ok := g.static[id.InstanceID]; {
		case !ok:
			return nil, codeUnknownMember
		case current != id.MemberID:
			return nil, codeFenced
		}
	}
	m, ok := g.members[id.MemberID]
	if !ok {
		return nil, codeUnknownMember
	}
	return m, 0
}
