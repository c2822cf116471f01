package topics

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"tailrace/cli/command"
	"tailrace/cli/kafka/client"
)

// listed is a topic in a list.
type listed struct {
	Topic             string `json:"topic"`
	TopicID           string `json:"topicId,omitempty"`
	Partitions        int    `json:"partitions"`
	ReplicationFactor int    `json:"replicationFactor"`
	Internal          bool   `json:"internal"`
}

func listCommand(std command.Stdio) *cobra.Command {
	var excludeInternal bool
	c := &cobra.Command{
		Use:   "list [TOPIC...]",
		Short: "List topics",
		Long: `Lists all topics, or those that are named or match a regular expression. --format name prints
nothing but names, a line each, as "kafka-topics --list" does.`,
		Example: `  tailrace topics list
  tailrace topics list --exclude-internal --format name
  tailrace topics list "orders.*" --format json`,
	}
	c.Flags().BoolVar(&excludeInternal, "exclude-internal", false, "leave out the topics of the cluster itself")
	format := command.ListFormat(c, "name")
	f, topics := bind(c, std, "a `topic`, or a regular expression; may be given several times")
	c.RunE = f.Run(func(ctx context.Context, conn *client.Conn, args []string) error {
		found, err := conn.Topics(ctx, client.Selection{Selectors: topics(args), ExcludeInternal: excludeInternal})
		if err != nil {
			return err
		}
		var rows []listed
		for _, t := range found {
			rows = append(rows, listed{t.Topic, client.TopicID(t.ID), len(t.Partitions), t.Partitions.NumReplicas(), t.IsInternal})
		}
		if format.String() == "name" {
			return command.Lines(std.Out, len(rows), func(i int) string { return command.Plain(rows[i].Topic) })
		}
		return command.List(std.Out, format, rows,
			command.Column[listed]{Name: "TOPIC", Cell: func(t listed) string { return t.Topic }},
			command.Column[listed]{Name: "PARTITIONS", Cell: func(t listed) string { return strconv.Itoa(t.Partitions) }},
			command.Column[listed]{Name: "REPLICATION-FACTOR", Cell: func(t listed) string { return strconv.Itoa(t.ReplicationFactor) }},
			command.Column[listed]{Name: "INTERNAL", Cell: func(t listed) string { return fmt.Sprint(t.Internal) }})
	})
	return c
}
