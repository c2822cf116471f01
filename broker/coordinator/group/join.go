package group

import "time"

// Join handles a JoinGroup. Its answer may be in the Ready of this call or of a later
// one.
func (g *Group) Join(r JoinRequest, now time.Time) Ready {
	if code := g.join(r, now); code != 0 {
		g.out.Replies = append(g.out.Replies, Reply{Ticket: r.Ticket, Join: &JoinReply{
			Code: code, Generation: -1, MemberID: r.MemberID,
		}})
	}
	return g.ready()
}

func (g *Group) join(r JoinRequest, now time.Time) Code {
	switch {
	case g.state == Dead:
		return codeNotAvailable
	case r.SessionTimeout < g.limits.MinSessionTimeout || r.SessionTimeout > g.limits.MaxSessionTimeout:
		return codeInvalidSession
	}
	if r.RebalanceTimeout <= 0 { // JoinGroup v0 has none
		r.RebalanceTimeout = r.SessionTimeout
	}
	except := r.MemberID
	if r.MemberID == "" && r.InstanceID != "" {
		except = g.static[r.InstanceID]
	}
	if !g.supports(r.ProtocolType, r.Protocols, except) {
		return codeInconsistent
	}
	if r.MemberID == "" {
		return g.joinNew(r, now)
	}
	return g.joinKnown(r, now)
}

// joinNew handles a member without an id.
func (g *Group) joinNew(r JoinRequest, now time.Time) Code {
	if r.InstanceID != "" {
		id := g.newID(r.InstanceID)
		if _, ok := g.static[r.InstanceID]; ok {
			g.replaceStatic(id, r, now)
			return 0
		}
		if g.full() {
			return codeMaxSize
		}
		g.addMember(id, r, now)
		return 0
	}
	if g.full() {
		return codeMaxSize
	}
	id := g.newID(r.ClientID)
	if !r.RequireMemberID {
		m := g.addMember(id, r, now)
		m.isNew = true
		m.deadline = now.Add(newMemberTimeout)
		return 0
	}
	g.pending[id] = now.Add(r.SessionTimeout)
	g.out.Replies = append(g.out.Replies, Reply{Ticket: r.Ticket, Join: &JoinReply{
		Code: codeMemberIDRequired, Generation: -1, MemberID: id,
	}})
	return 0
}

// joinKnown handles a member that names itself.
func (g *Group) joinKnown(r JoinRequest, now time.Time) Code {
	if _, ok := g.pending[r.MemberID]; ok && r.InstanceID == "" {
		if g.full() {
			return codeMaxSize
		}
		delete(g.pending, r.MemberID)
		g.addMember(r.MemberID, r, now)
		return 0
	}
	m, code := g.checkMember(Identity{MemberID: r.MemberID, InstanceID: r.InstanceID})
	if code != 0 {
		return code
	}
	switch g.state {
	case PreparingRebalance:
		g.rejoin(m, r, now)
	case CompletingRebalance:
		if m.sameProtocols(r.Protocols) {
			// It did not hear our first answer. Say it again.
			m.join = r.Ticket
			g.replyJoin(m, g.joinReply(m))
			break
		}
		g.rejoin(m, r, now)
	case Stable:
		if m.id == g.leader || !m.sameProtocols(r.Protocols) {
			// A leader joins again when the topics it watches have changed.
			g.rejoin(m, r, now)
			break
		}
		m.join = r.Ticket
		g.replyJoin(m, g.joinReply(m))
		m.deadline = now.Add(m.sessionTimeout)
	default:
		return codeUnknownMember
	}
	return 0
}

// full reports whether one more member would be too many. Ids that were only handed out
// count too: they are promises.
func (g *Group) full() bool {
	return g.limits.MaxSize > 0 && len(g.members)+len(g.pending) >= g.limits.MaxSize
}

func (g *Group) addMember(id string, r JoinRequest, now time.Time) *member {
	g.joins++
	m := &member{
		id: id, instanceID: r.InstanceID, clientID: r.ClientID, clientHost: r.ClientHost,
		sessionTimeout: r.SessionTimeout, rebalanceTimeout: r.RebalanceTimeout,
		protocols: r.Protocols, join: r.Ticket, order: g.joins, maySkip: r.MaySkipAssignment,
	}
	if len(g.members) == 0 {
		g.protocolType = r.ProtocolType
		g.leader = id
	}
	g.members[id] = m
	if r.InstanceID != "" {
		g.static[r.InstanceID] = id
	}
	g.rebalance.joined = true
	g.prepareRebalance(now)
	return m
}

// rejoin takes a known member into the next generation.
func (g *Group) rejoin(m *member, r JoinRequest, now time.Time) {
	g.replyJoin(m, JoinReply{Code: codeRebalancing, Generation: -1}) // an older try of the same member
	g.update(m, r)
	m.join = r.Ticket
	g.prepareRebalance(now)
}

func (g *Group) update(m *member, r JoinRequest) {
	m.protocols = r.Protocols
	m.sessionTimeout, m.rebalanceTimeout = r.SessionTimeout, r.RebalanceTimeout
	m.clientID, m.clientHost = r.ClientID, r.ClientHost
	m.maySkip = r.MaySkipAssignment
}

// replaceStatic puts a restarted static member in the place of its former self (KIP-345):
// in a stable group nobody else notices, unless the protocol would change.
func (g *Group) replaceStatic(newID string, r JoinRequest, now time.Time) {
	m := g.members[g.static[r.InstanceID]]
	g.replyJoin(m, JoinReply{Code: codeFenced, Generation: -1})
	g.replySync(m, SyncReply{Code: codeFenced})
	oldID := m.id
	delete(g.members, oldID)
	m.id = newID
	g.members[newID] = m
	g.static[r.InstanceID] = newID
	wasLeader := g.leader == oldID
	if wasLeader {
		g.leader = newID
	}
	g.update(m, r)
	m.join = r.Ticket
	m.deadline = now.Add(m.sessionTimeout)
	if g.state != Stable || g.selectProtocol() != g.protocol {
		g.prepareRebalance(now)
		return
	}
	g.out.Persist = true
	reply := JoinReply{Generation: g.generation, ProtocolType: g.protocolType, Protocol: g.protocol, Leader: g.leader}
	switch {
	case wasLeader && m.maySkip:
		reply.SkipAssignment = true
		reply.Members = g.joinedMembers()
	case wasLeader:
		// A client that cannot skip the assignment would make one as soon as it saw
		// itself as the leader, so it is told its former id.
		reply.Leader = oldID
	}
	g.replyJoin(m, reply)
}

// prepareRebalance calls everybody to join the next generation, and completes it at once
// if everybody has.
func (g *Group) prepareRebalance(now time.Time) {
	switch g.state {
	case Stable, CompletingRebalance:
		for _, m := range g.ordered() {
			m.assignment, m.synced = nil, false
			g.replySync(m, SyncReply{Code: codeRebalancing})
			if m.deadline.IsZero() {
				m.deadline = now.Add(m.sessionTimeout)
			}
		}
		g.become(PreparingRebalance, now)
		g.rebalance.initial = false
		g.rebalance.deadline = now.Add(g.maxRebalanceTimeout())
	case Empty:
		g.become(PreparingRebalance, now)
		delay := g.limits.InitialRebalanceDelay
		g.rebalance.initial = delay > 0
		g.rebalance.remaining = max(g.maxRebalanceTimeout()-delay, 0)
		g.rebalance.deadline = now.Add(delay)
		g.rebalance.joined = false
		if delay <= 0 {
			g.rebalance.deadline = now.Add(g.maxRebalanceTimeout())
		}
	}
	g.tryCompleteJoin(now)
}

// tryCompleteJoin starts the next generation when nobody is missing.
func (g *Group) tryCompleteJoin(now time.Time) {
	if g.state != PreparingRebalance || g.rebalance.initial || len(g.pending) > 0 {
		return
	}
	for _, m := range g.members {
		if m.join == 0 {
			return
		}
	}
	g.completeJoin(now)
}

// joinDeadline is what happens when the deadline of a rebalance has passed.
func (g *Group) joinDeadline(now time.Time) {
	if g.rebalance.initial && g.rebalance.joined && g.rebalance.remaining > 0 {
		more := min(g.limits.InitialRebalanceDelay, g.rebalance.remaining)
		g.rebalance.remaining -= more
		g.rebalance.deadline = now.Add(more)
		g.rebalance.joined = false
		return
	}
	g.completeJoin(now)
}

// completeJoin starts the next generation with those who have joined. Dynamic members
// that have not are gone; static ones keep their place until their session expires.
func (g *Group) completeJoin(now time.Time) {
	joined := 0
	for _, m := range g.ordered() {
		switch {
		case m.join != 0:
			joined++
		case m.instanceID == "":
			g.drop(m)
		}
	}
	if joined == 0 && len(g.members) > 0 {
		// Only absent static members are left: wait for them or for their sessions.
		g.rebalance.initial = false
		g.rebalance.deadline = now.Add(g.maxRebalanceTimeout())
		return
	}
	g.rebalance.initial = false
	g.rebalance.deadline = time.Time{}
	g.generation++
	if len(g.members) == 0 {
		g.protocol, g.leader = "", ""
		g.become(Empty, now)
		g.out.Persist = true
		return
	}
	g.electLeader()
	g.protocol = g.selectProtocol()
	g.become(CompletingRebalance, now)
	g.syncDeadline = now.Add(g.maxRebalanceTimeout())
	for _, m := range g.ordered() {
		m.isNew, m.synced, m.assignment = false, false, nil
		if m.join != 0 {
			m.deadline = now.Add(m.sessionTimeout)
			g.replyJoin(m, g.joinReply(m))
		}
	}
}

// electLeader keeps the leader if it has joined, else takes the earliest that has.
func (g *Group) electLeader() {
	if m, ok := g.members[g.leader]; ok && m.join != 0 {
		return
	}
	g.leader = ""
	for _, m := range g.ordered() {
		if m.join != 0 {
			g.leader = m.id
			return
		}
	}
}

// joinReply is what a member of the current generation hears.
func (g *Group) joinReply(m *member) JoinReply {
	r := JoinReply{Generation: g.generation, ProtocolType: g.protocolType, Protocol: g.protocol, Leader: g.leader}
	if m.id == g.leader {
		r.Members = g.joinedMembers()
	}
	return r
}

func (g *Group) joinedMembers() []JoinedMember {
	ms := g.ordered()
	out := make([]JoinedMember, len(ms))
	for i, m := range ms {
		out[i] = JoinedMember{ID: m.id, InstanceID: m.instanceID, Metadata: m.metadata(g.protocol)}
	}
	return out
}
