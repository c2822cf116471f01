package group

import "time"

// Sync handles a SyncGroup. Its answer may be in the Ready of this call or of a later
// one.
func (g *Group) Sync(r SyncRequest, now time.Time) Ready {
	if code := g.sync(r, now); code != 0 {
		g.out.Replies = append(g.out.Replies, Reply{Ticket: r.Ticket, Sync: &SyncReply{Code: code}})
	}
	return g.ready()
}

func (g *Group) sync(r SyncRequest, now time.Time) Code {
	if g.state == Dead {
		return codeNotAvailable
	}
	m, code := g.checkMember(r.Identity)
	switch {
	case code != 0:
		return code
	case r.Identity.Generation != g.generation:
		return codeIllegalGen
	case r.ProtocolType != nil && *r.ProtocolType != g.protocolType,
		r.Protocol != nil && *r.Protocol != g.protocol && g.state != PreparingRebalance:
		return codeInconsistent
	}
	switch g.state {
	case PreparingRebalance:
		return codeRebalancing
	case CompletingRebalance:
		g.replySync(m, SyncReply{Code: codeRebalancing}) // an older try of the same member
		m.sync = r.Ticket
		m.synced = true
		m.deadline = now.Add(m.sessionTimeout)
		if m.id == g.leader {
			g.assign(r.Assignments, now)
		}
		return 0
	case Stable:
		m.sync = r.Ticket
		m.synced = true
		m.deadline = now.Add(m.sessionTimeout)
		g.replySync(m, g.syncReply(m))
		return 0
	default:
		return codeUnknownMember
	}
}

// assign makes the generation stable. A member that the leader forgot gets nothing.
func (g *Group) assign(assignments map[string][]byte, now time.Time) {
	g.become(Stable, now)
	g.out.Persist = true
	for _, m := range g.ordered() {
		m.assignment = assignments[m.id]
	}
	for _, m := range g.ordered() {
		if m.sync != 0 {
			m.deadline = now.Add(m.sessionTimeout)
		}
		g.replySync(m, g.syncReply(m))
	}
}

func (g *Group) syncReply(m *member) SyncReply {
	return SyncReply{ProtocolType: g.protocolType, Protocol: g.protocol, Assignment: m.assignment}
}

// PersistFailed takes back what could not be stored. The replies of the failed Ready
// must not go out; answer each of its tickets with the code given here. A group that was
// about to become stable rebalances, so that its members try again.
func (g *Group) PersistFailed(failed Ready, now time.Time) Ready {
	for _, r := range failed.Replies {
		switch {
		case r.Join != nil:
			g.out.Replies = append(g.out.Replies, Reply{Ticket: r.Ticket, Join: &JoinReply{
				Code: codeNotAvailable, Generation: -1, MemberID: r.Join.MemberID,
			}})
		case r.Sync != nil:
			g.out.Replies = append(g.out.Replies, Reply{Ticket: r.Ticket, Sync: &SyncReply{Code: codeNotAvailable}})
		}
	}
	if g.state == Stable {
		g.prepareRebalance(now)
	}
	out := g.ready()
	out.Persist = false
	return out
}

// Heartbeat keeps a member's session alive and tells it of a rebalance.
func (g *Group) Heartbeat(id Identity, now time.Time) Code {
	if g.state == Dead {
		return codeNotAvailable
	}
	m, code := g.checkMember(id)
	switch {
	case code != 0:
		return code
	case id.Generation != g.generation:
		return codeIllegalGen
	}
	switch g.state {
	case PreparingRebalance:
		m.deadline = now.Add(m.sessionTimeout)
		return codeRebalancing
	case CompletingRebalance, Stable:
		m.deadline = now.Add(m.sessionTimeout)
		return 0
	default:
		return codeUnknownMember
	}
}

// CheckCommit reports whether somebody with this identity may commit offsets now. A
// generation of -1 stands for a consumer without group membership, which is welcome
// while the group has no members.
func (g *Group) CheckCommit(id Identity, now time.Time) Code {
	if g.state == Dead {
		return codeNotAvailable
	}
	if id.Generation < 0 && id.MemberID == "" && id.InstanceID == "" {
		if len(g.members) == 0 {
			return 0
		}
		return codeUnknownMember
	}
	if g.state == Empty && id.Generation < 0 {
		return 0
	}
	m, code := g.checkMember(id)
	switch {
	case code != 0:
		return code
	case id.Generation != g.generation:
		return codeIllegalGen
	case g.state == CompletingRebalance:
		// It has joined but does not know yet what it owns.
		return codeRebalancing
	}
	m.deadline = now.Add(m.sessionTimeout)
	return 0
}
