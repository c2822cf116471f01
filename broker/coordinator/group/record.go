package group

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Snapshot is the value under which the group is stored: GroupMetadataValue v3, which
// Kafka's own tools read. Pending members and waiting requests are not part of it: their
// clients will ask again.
func (g *Group) Snapshot(now time.Time) []byte {
	v := kmsg.NewGroupMetadataValue()
	v.Version = 3
	v.ProtocolType = g.protocolType
	v.Generation = g.generation
	v.Protocol = optional(g.protocol)
	v.Leader = optional(g.leader)
	v.CurrentStateTimestamp = g.stateSince.UnixMilli()
	for _, m := range g.ordered() {
		s := kmsg.NewGroupMetadataValueMember()
		s.MemberID = m.id
		s.InstanceID = optional(m.instanceID)
		s.ClientID = m.clientID
		s.ClientHost = m.clientHost
		s.RebalanceTimeoutMillis = int32(m.rebalanceTimeout.Milliseconds())
		s.SessionTimeoutMillis = int32(m.sessionTimeout.Milliseconds())
		s.Subscription = m.metadata(g.protocol)
		s.Assignment = m.assignment
		v.Members = append(v.Members, s)
	}
	return v.AppendTo(nil)
}

// Restore makes the group that a Snapshot (of any version that Kafka wrote) describes: Stable with
// its members, whose sessions start anew, or Empty without.
func Restore(id string, value []byte, limits Limits, newID func(string) string, event func(string), now time.Time) (*Group, error) {
	v := kmsg.NewGroupMetadataValue()
	if err := v.ReadFrom(value); err != nil {
		return nil, fmt.Errorf("group %s: stored metadata: %w", id, err)
	}
	g := New(id, limits, newID, event, now)
	g.generation = v.Generation
	g.protocolType = v.ProtocolType
	if v.CurrentStateTimestamp > 0 {
		g.stateSince = time.UnixMilli(v.CurrentStateTimestamp)
	}
	if len(v.Members) == 0 {
		return g, nil
	}
	g.protocol = value0(v.Protocol)
	g.leader = value0(v.Leader)
	g.state = Stable
	for i := range v.Members {
		s := &v.Members[i]
		g.joins++
		m := &member{
			id: s.MemberID, instanceID: value0(s.InstanceID),
			clientID: s.ClientID, clientHost: s.ClientHost,
			sessionTimeout:   time.Duration(s.SessionTimeoutMillis) * time.Millisecond,
			rebalanceTimeout: time.Duration(s.RebalanceTimeoutMillis) * time.Millisecond,
			protocols:        []Protocol{{Name: g.protocol, Metadata: s.Subscription}},
			assignment:       s.Assignment, order: g.joins, synced: true,
		}
		m.deadline = now.Add(m.sessionTimeout)
		g.members[m.id] = m
		if m.instanceID != "" {
			g.static[m.instanceID] = m.id
		}
	}
	if _, ok := g.members[g.leader]; !ok {
		g.leader = g.ordered()[0].id
	}
	return g, nil
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func value0(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
