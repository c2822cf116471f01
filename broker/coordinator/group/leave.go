package group

import "time"

// Leave removes the members that show these identities (generation is not looked at: it
// is a goodbye) and answers each. A static member may be named by its instance alone.
func (g *Group) Leave(ids []Identity, now time.Time) ([]Code, Ready) {
	codes := make([]Code, len(ids))
	for i, id := range ids {
		codes[i] = g.leave(id, now)
	}
	return codes, g.ready()
}

func (g *Group) leave(id Identity, now time.Time) Code {
	if g.state == Dead {
		return codeNotAvailable
	}
	if id.InstanceID != "" && id.MemberID == "" {
		current, ok := g.static[id.InstanceID]
		if !ok {
			return codeUnknownMember
		}
		id.MemberID = current
	}
	if _, ok := g.pending[id.MemberID]; ok {
		delete(g.pending, id.MemberID)
		g.tryCompleteJoin(now)
		return 0
	}
	m, code := g.checkMember(id)
	if code != 0 {
		return code
	}
	g.remove(m, now)
	return 0
}

// drop takes a member out without looking at the group's state.
func (g *Group) drop(m *member) {
	delete(g.members, m.id)
	if m.instanceID != "" {
		delete(g.static, m.instanceID)
	}
	g.replyJoin(m, JoinReply{Code: codeUnknownMember, Generation: -1})
	g.replySync(m, SyncReply{Code: codeUnknownMember})
	if g.leader == m.id {
		g.leader = ""
		if ms := g.ordered(); len(ms) > 0 {
			g.leader = ms[0].id
		}
	}
}

// remove takes a member out and lets the others share what it owned.
func (g *Group) remove(m *member, now time.Time) {
	g.drop(m)
	switch g.state {
	case Stable, CompletingRebalance:
		g.prepareRebalance(now)
	case PreparingRebalance:
		if g.rebalance.initial && len(g.members) == 0 && len(g.pending) == 0 {
			g.rebalance.initial = false // nobody left to wait with
		}
		g.tryCompleteJoin(now)
	}
}

// Tick does what has become due: expires sessions and promised ids, ends rebalances.
func (g *Group) Tick(now time.Time) Ready {
	for id, at := range g.pending {
		if !now.Before(at) {
			delete(g.pending, id)
			g.tryCompleteJoin(now)
		}
	}
	for _, m := range g.ordered() {
		if g.expires(m) && !now.Before(m.deadline) && g.members[m.id] == m {
			g.remove(m, now)
		}
	}
	if g.state == CompletingRebalance && !now.Before(g.syncDeadline) {
		g.dropUnsynced(now)
	}
	if g.state == PreparingRebalance && !g.rebalance.deadline.IsZero() && !now.Before(g.rebalance.deadline) {
		g.joinDeadline(now)
	}
	return g.ready()
}

// expires reports whether a member's session is running. One that waits in a request is
// alive as far as we can know, except when it has never been answered at all.
func (g *Group) expires(m *member) bool {
	if m.deadline.IsZero() {
		return false
	}
	return m.isNew || (m.join == 0 && m.sync == 0)
}

// dropUnsynced ends a rebalance that waits for members that joined and then fell silent,
// the leader perhaps among them.
func (g *Group) dropUnsynced(now time.Time) {
	for _, m := range g.ordered() {
		if !m.synced {
			g.drop(m)
		}
	}
	g.prepareRebalance(now)
}

// NextDeadline is when Tick will next have something to do; zero when never.
func (g *Group) NextDeadline() time.Time {
	var at time.Time
	earlier := func(t time.Time) {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	for _, t := range g.pending {
		earlier(t)
	}
	for _, m := range g.members {
		if g.expires(m) {
			earlier(m.deadline)
		}
	}
	switch g.state {
	case CompletingRebalance:
		earlier(g.syncDeadline)
	case PreparingRebalance:
		earlier(g.rebalance.deadline)
	}
	return at
}

// Kill ends a group that has no members: DeleteGroups, or its last offset expired.
func (g *Group) Kill(now time.Time) Code {
	switch {
	case g.state == Dead:
		return codeNotFound
	case g.state != Empty:
		return codeNonEmpty
	}
	g.become(Dead, now)
	return 0
}
