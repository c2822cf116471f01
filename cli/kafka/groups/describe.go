package groups

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"tailrace/cli/command"
	"tailrace/cli/kafka/client"
)

// group is a described group, of the classic protocol or of KIP-848's.
type group struct {
	Group       string   `json:"group"`
	Type        string   `json:"type"`
	State       string   `json:"state"`
	Coordinator string   `json:"coordinator"` // host:port
	BrokerID    int32    `json:"coordinatorId"`
	Assignor    string   `json:"assignmentStrategy"`
	Epoch       *int32   `json:"groupEpoch,omitempty"`
	TargetEpoch *int32   `json:"targetAssignmentEpoch,omitempty"`
	Members     []member `json:"members"`
	Offsets     []offset `json:"offsets"`
}

type member struct {
	ID         string             `json:"consumerId"`
	InstanceID *string            `json:"groupInstanceId"`
	Host       string             `json:"host"`
	ClientID   string             `json:"clientId"`
	Epoch      *int32             `json:"memberEpoch,omitempty"`
	Assigned   map[string][]int32 `json:"assignment"`
	Target     map[string][]int32 `json:"targetAssignment,omitempty"`
}

func (m member) partitions() int {
	n := 0
	for _, ps := range m.Assigned {
		n += len(ps)
	}
	return n
}

// offset is where a group stands in a partition. What is not known is null.
type offset struct {
	Topic       string  `json:"topic"`
	Partition   int32   `json:"partition"`
	LeaderEpoch *int32  `json:"leaderEpoch"`
	Current     *int64  `json:"currentOffset"`
	End         *int64  `json:"logEndOffset"`
	Lag         *int64  `json:"lag"` // records
	Metadata    string  `json:"metadata,omitempty"`
	Consumer    *string `json:"consumerId"`
	Host        *string `json:"host"`
	ClientID    *string `json:"clientId"`

	group string
}

func describeCommand(std command.Stdio) *cobra.Command {
	var s selection
	var offsets, members, state, verbose bool
	c := &cobra.Command{
		Use:   "describe GROUP...",
		Short: "Print where groups stand, their members and their state",
		Long: `Prints for each partition what a group has committed, where the log ends, how many records the
group is behind, and which member reads it; with --members the members, with --state the
state. --format json has all of it.`,
		Example: `  tailrace groups describe billing
  tailrace groups describe billing --members --verbose
  tailrace groups describe --all-groups --state`,
	}
	fs := c.Flags()
	fs.BoolVar(&offsets, "offsets", false, "offsets and lag, which is what is printed without --members and --state")
	fs.BoolVar(&members, "members", false, "the members")
	fs.BoolVar(&state, "state", false, "the state")
	fs.BoolVar(&verbose, "verbose", false, "leader epochs of offsets, assignments of members, epochs of groups")
	format := command.ListFormat(c)
	f := client.Bind(c, std)
	groupsFlags(c, f, &s)
	c.RunE = func(_ *cobra.Command, args []string) error {
		s, err := s.with(c, args)
		if err != nil {
			return err
		}
		return f.Run(func(ctx context.Context, conn *client.Conn, _ []string) error {
			names, err := s.names(ctx, conn)
			if err != nil {
				return err
			}
			found, failed := describe(ctx, conn, names, offsets || !members && !state || format.String() == "json")
			if len(found) == 0 && failed != nil {
				return failed
			}
			if format.String() == "json" {
				if err := command.JSON(std.Out, found); err != nil {
					return err
				}
				return failed
			}
			if err := print(std, found, tables{offsets: offsets || !members && !state, members: members, state: state, verbose: verbose}); err != nil {
				return err
			}
			return failed
		})(c, nil)
	}
	return c
}

// describe reads groups. Those that cannot be read are an error beside the rest.
func describe(ctx context.Context, conn *client.Conn, names []string, withOffsets bool) ([]group, error) {
	found := []group{}
	if len(names) == 0 {
		return found, nil
	}
	classic, err := conn.DescribeGroups(ctx, names...)
	if err != nil && len(classic) == 0 {
		return found, client.Failed("describe groups", err, "")
	}
	var failed []error
	for _, name := range names {
		d, ok := classic[name]
		g := ofClassic(d)
		switch {
		case !ok:
			failed = append(failed, client.Failed(fmt.Sprintf("cannot describe group %q", name), err, ""))
			continue
		case errors.Is(d.Err, kerr.GroupIDNotFound) || d.Err == nil && d.State == "Dead":
			if g, ok = newProtocol(ctx, conn, name); !ok {
				failed = append(failed, noGroup(ctx, conn, name))
				continue
			}
		case d.Err != nil:
			failed = append(failed, client.Failed(fmt.Sprintf("cannot describe group %q", name), d.Err, d.ErrMessage))
			continue
		}
		if withOffsets {
			if g.Offsets, err = standing(ctx, conn, g); err != nil {
				failed = append(failed, err)
				continue
			}
		}
		found = append(found, g)
	}
	return found, command.Failures(failed)
}

func ofClassic(d kadm.DescribedGroup) group {
	g := group{Group: d.Group, Type: "classic", State: d.State, BrokerID: d.Coordinator.NodeID, Assignor: d.Protocol,
		Coordinator: address(d.Coordinator), Members: []member{}, Offsets: []offset{}}
	for _, m := range d.Members {
		member := member{ID: m.MemberID, InstanceID: m.InstanceID, Host: m.ClientHost, ClientID: m.ClientID, Assigned: map[string][]int32{}}
		if a, ok := m.Assigned.AsConsumer(); ok {
			for _, t := range a.Topics {
				member.Assigned[t.Topic] = slices.Sorted(slices.Values(t.Partitions))
			}
		}
		g.Members = append(g.Members, member)
	}
	return g
}

func address(b kadm.BrokerDetail) string { return fmt.Sprintf("%s:%d", b.Host, b.Port) }

// newProtocol describes a group of the protocol of KIP-848, if there is one.
func newProtocol(ctx context.Context, conn *client.Conn, name string) (group, bool) {
	all, err := conn.Admin.DescribeConsumerGroups(ctx, name)
	d, ok := all[name]
	if err != nil || !ok || d.Err != nil {
		return group{}, false
	}
	g := group{Group: name, Type: "consumer", State: d.State, BrokerID: d.Coordinator.NodeID, Assignor: d.AssignorName,
		Coordinator: address(d.Coordinator), Epoch: &d.Epoch, TargetEpoch: &d.AssignmentEpoch, Members: []member{}, Offsets: []offset{}}
	for _, m := range d.Members {
		g.Members = append(g.Members, member{ID: m.MemberID, InstanceID: m.InstanceID, Host: m.ClientHost, ClientID: m.ClientID,
			Epoch: &m.MemberEpoch, Assigned: ofSet(m.Assignment), Target: ofSet(m.TargetAssignment)})
	}
	return g, true
}

func ofSet(s kadm.TopicsSet) map[string][]int32 {
	m := map[string][]int32{}
	for _, t := range s.Sorted() {
		m[t.Topic] = t.Partitions
	}
	return m
}

// standing is where a group stands in the partitions that it has committed or reads.
func standing(ctx context.Context, conn *client.Conn, g group) ([]offset, error) {
	committed, err := conn.Committed(ctx, g.Group)
	if err != nil {
		return nil, client.Failed(fmt.Sprintf("read the offsets of group %q", g.Group), err, "")
	}
	set := committed.Partitions()
	reader := map[string]map[int32]member{}
	for _, m := range g.Members {
		for t, ps := range m.Assigned {
			set.Add(t, ps...)
			for _, p := range ps {
				if reader[t] == nil {
					reader[t] = map[int32]member{}
				}
				reader[t][p] = m
			}
		}
	}
	offsets := []offset{}
	if len(set) == 0 {
		return offsets, nil
	}
	ends, err := conn.Admin.ListEndOffsets(ctx, set.Topics()...)
	if err != nil && len(ends) == 0 {
		return nil, client.Failed("read the ends of topics", err, "")
	}
	for _, t := range set.Sorted() {
		for _, p := range t.Partitions {
			o := offset{Topic: t.Topic, Partition: p, group: g.Group}
			if c, ok := committed.Lookup(t.Topic, p); ok && c.Err == nil && c.At >= 0 {
				o.Current, o.Metadata = &c.At, c.Metadata
				if c.LeaderEpoch >= 0 {
					o.LeaderEpoch = &c.LeaderEpoch
				}
			}
			if e, ok := ends.Lookup(t.Topic, p); ok && e.Err == nil {
				o.End = &e.Offset
			}
			if o.Current != nil && o.End != nil {
				lag := max(*o.End-*o.Current, 0)
				o.Lag = &lag
			}
			if m, ok := reader[t.Topic][p]; ok {
				o.Consumer, o.Host, o.ClientID = &m.ID, &m.Host, &m.ClientID
			}
			offsets = append(offsets, o)
		}
	}
	return offsets, nil
}

// assignment prints partitions as kafka-consumer-groups does: orders:0,1;payments:2.
func assignment(m map[string][]int32) string {
	var topics []string
	for t, ps := range m {
		words := make([]string, len(ps))
		for i, p := range ps {
			words[i] = strconv.Itoa(int(p))
		}
		topics = append(topics, t+":"+strings.Join(words, ","))
	}
	slices.Sort(topics)
	if len(topics) == 0 {
		return "-"
	}
	return strings.Join(topics, ";")
}
