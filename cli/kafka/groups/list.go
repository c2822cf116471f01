package groups

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/cli/command"
	"tailrace/cli/kafka/client"
)

// listed is a group in a list.
type listed struct {
	Group    string `json:"group"`
	Type     string `json:"type"`
	State    string `json:"state"`
	Protocol string `json:"protocolType"`
}

func listCommand(std command.Stdio) *cobra.Command {
	var states, types []string
	c := &cobra.Command{
		Use:   "list",
		Short: "List groups",
		Long: `Lists the groups of the cluster, or those in some states. --format name prints nothing but
names, a line each, as "kafka-consumer-groups --list" does.`,
		Example: `  tailrace groups list
  tailrace groups list --state Stable,Empty
  tailrace groups list --format name`,
		Args: command.NoArguments(`"tailrace groups describe" takes groups`),
	}
	c.Flags().StringSliceVar(&states, "state", nil, "only groups in these states: Empty, Stable, PreparingRebalance,\nCompletingRebalance, Assigning, Reconciling, Dead")
	c.Flags().StringSliceVar(&types, "type", nil, "only groups of these types: classic, consumer, share, streams")
	command.Complete(c, "state", "Empty", "Stable", "PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling", "Dead")
	command.Complete(c, "type", "classic", "consumer", "share", "streams")
	format := command.ListFormat(c, "name")
	c.RunE = client.Bind(c, std).Run(func(ctx context.Context, conn *client.Conn, _ []string) error {
		rows, err := list(ctx, conn, states, types)
		if err != nil {
			return err
		}
		if format.String() == "name" {
			return command.Lines(std.Out, len(rows), func(i int) string { return command.Plain(rows[i].Group) })
		}
		return command.List(std.Out, format, rows,
			command.Column[listed]{Name: "GROUP", Cell: func(g listed) string { return g.Group }},
			command.Column[listed]{Name: "TYPE", Cell: func(g listed) string { return g.Type }},
			command.Column[listed]{Name: "STATE", Cell: func(g listed) string { return g.State }},
			command.Column[listed]{Name: "PROTOCOL-TYPE", Cell: func(g listed) string { return g.Protocol }})
	})
	return c
}

// list asks every broker for the groups that it coordinates. States and types are looked
// at here too, since old brokers do not.
func list(ctx context.Context, conn *client.Conn, states, types []string) ([]listed, error) {
	req := kmsg.NewPtrListGroupsRequest()
	var rows []listed
	for _, shard := range conn.RequestSharded(ctx, req) {
		if shard.Err != nil {
			return nil, client.Failed("list the groups", shard.Err, "")
		}
		resp := shard.Resp.(*kmsg.ListGroupsResponse)
		if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
			return nil, client.Failed("list the groups", err, "")
		}
		for _, g := range resp.Groups {
			row := listed{g.Group, g.GroupType, g.GroupState, g.ProtocolType}
			if row.Type == "" {
				row.Type = "classic" // brokers before KIP-848 know no other
			}
			if oneOf(row.State, states) && oneOf(row.Type, types) {
				rows = append(rows, row)
			}
		}
	}
	slices.SortFunc(rows, func(a, b listed) int { return strings.Compare(a.Group, b.Group) })
	return rows, nil
}

func oneOf(word string, words []string) bool {
	return len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(strings.TrimSpace(w), word) })
}
