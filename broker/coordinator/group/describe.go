package group

import "github.com/twmb/franz-go/pkg/kmsg"

// Description is what DescribeGroups shows.
type Description struct {
	Code         Code
	ID           string
	State        State
	ProtocolType string
	Protocol     string
	Members      []MemberDescription
}

// MemberDescription is one member of a Description. Metadata and assignment are empty
// unless the group is stable, as in Kafka.
type MemberDescription struct {
	ID, InstanceID       string
	ClientID, ClientHost string
	Metadata, Assignment []byte
}

// Describe shows the group.
func (g *Group) Describe() Description {
	d := Description{ID: g.id, State: g.state, ProtocolType: g.protocolType}
	if g.state == Stable {
		d.Protocol = g.protocol
	}
	for _, m := range g.ordered() {
		s := MemberDescription{ID: m.id, InstanceID: m.instanceID, ClientID: m.clientID, ClientHost: m.clientHost}
		if g.state == Stable {
			s.Metadata, s.Assignment = m.metadata(g.protocol), m.assignment
		}
		d.Members = append(d.Members, s)
	}
	return d
}

// idle reports whether nobody would notice if the group were forgotten, its offsets
// aside: it never had a generation, and nobody is on the way in.
func (g *Group) idle() bool {
	return g.state == Empty && g.generation == 0 && len(g.members) == 0 && len(g.pending) == 0
}

// subscribed reports whether some member reads the topic. Only the consumer protocol's
// subscriptions can be read; a group of another type counts as reading everything.
func (g *Group) subscribed(topic string) bool {
	if len(g.members) == 0 {
		return false
	}
	if g.protocolType != "consumer" {
		return true
	}
	for _, m := range g.members {
		for _, p := range m.protocols {
			var s kmsg.ConsumerMemberMetadata
			if err := s.ReadFrom(p.Metadata); err != nil {
				return true
			}
			for _, t := range s.Topics {
				if t == topic {
					return true
				}
			}
		}
	}
	return false
}
