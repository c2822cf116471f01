// Package groups has the commands on consumer groups: their members, how far they are
// behind, and the offsets that they have committed. They print what kafka-consumer-groups
// prints, under its columns.
package groups

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kerr"

	"tailrace/cli/command"
	"tailrace/cli/kafka/client"
)

// Command is "tailrace groups".
func Command(std command.Stdio) *cobra.Command {
	return command.Group(&cobra.Command{
		Use:   "groups",
		Short: "List, describe and delete consumer groups, and reset their offsets",
		Long:  `Works on the consumer groups of a cluster that speaks the Kafka protocol.`,
		Example: `  tailrace groups list
  tailrace groups describe billing
  tailrace groups reset-offsets billing --topic orders --to-datetime -1h
  tailrace groups delete billing`,
	}, listCommand(std), describeCommand(std), resetCommand(std), deleteCommand(std), deleteOffsetsCommand(std))
}

// selection is which groups a command works on.
type selection struct {
	groups []string
	all    bool
}

// groupsFlags declares --group and --all-groups.
func groupsFlags(c *cobra.Command, f *client.Flags, s *selection) {
	c.Flags().StringArrayVar(&s.groups, "group", nil, "a `group`; may be given several times")
	c.Flags().BoolVar(&s.all, "all-groups", false, "all groups")
	c.ValidArgsFunction = f.CompleteGroups
	_ = c.RegisterFlagCompletionFunc("group", f.CompleteGroups)
}

// with adds the arguments, and refuses to select nothing.
func (s selection) with(c *cobra.Command, args []string) (selection, error) {
	s.groups = append(slices.Clone(args), s.groups...)
	switch {
	case s.all && len(s.groups) > 0:
		return s, command.Usagef("--all-groups and the name of a group exclude each other")
	case !s.all && len(s.groups) == 0:
		return s, command.Usagef("a group is needed: %s", c.UseLine())
	}
	return s, nil
}

// names are the groups that are selected.
func (s selection) names(ctx context.Context, conn *client.Conn) ([]string, error) {
	if !s.all {
		return s.groups, nil
	}
	all, err := conn.Admin.ListGroups(ctx)
	if err != nil {
		return nil, client.Failed("list the groups", err, "")
	}
	names := all.Groups()
	slices.Sort(names)
	return names, nil
}

// noGroup says that a group does not exist, and which was perhaps meant.
func noGroup(ctx context.Context, conn *client.Conn, name string) error {
	err := fmt.Errorf("group %q does not exist", name)
	all, listErr := conn.Admin.ListGroups(ctx)
	if near := command.Near(name, all.Groups()); listErr == nil && near != "" {
		return command.WithHint(err, "%s", near)
	}
	return err
}

func deleteCommand(std command.Stdio) *cobra.Command {
	var s selection
	c := &cobra.Command{
		Use:   "delete GROUP...",
		Short: "Delete groups with their offsets",
		Long: `Deletes groups and the offsets that they have committed. A group with members cannot be
deleted: stop them first.`,
		Example: `  tailrace groups delete billing
  tailrace groups delete --group billing --group audit`,
	}
	f := client.Bind(c, std)
	groupsFlags(c, f, &s)
	c.RunE = func(_ *cobra.Command, args []string) error {
		s, err := s.with(c, args)
		if err != nil {
			return err
		}
		return f.Run(func(ctx context.Context, conn *client.Conn, _ []string) error {
			names, err := s.names(ctx, conn)
			if err != nil || len(names) == 0 {
				return err
			}
			deleted, err := conn.DeleteGroups(ctx, names...)
			if err != nil && len(deleted) == 0 {
				return client.Failed("delete groups", err, "")
			}
			var failed []error
			for _, name := range names {
				r, ok := deleted[name]
				switch {
				case !ok:
					failed = append(failed, client.Failed(fmt.Sprintf("cannot delete group %q", name), err, ""))
				case errors.Is(r.Err, kerr.GroupIDNotFound):
					failed = append(failed, noGroup(ctx, conn, name))
				case r.Err != nil:
					failed = append(failed, client.Failed(fmt.Sprintf("cannot delete group %q", name), r.Err, ""))
				default:
					fmt.Fprintf(std.Out, "Deleted group %s.\n", command.Plain(name))
				}
			}
			return command.Failures(failed)
		})(c, nil)
	}
	return c
}

// deleted is an offset that was to be deleted.
type deleted struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Status    string `json:"status"`
}

func deleteOffsetsCommand(std command.Stdio) *cobra.Command {
	var group string
	var topics []string
	c := &cobra.Command{
		Use:   "delete-offsets GROUP --topic TOPIC[:PARTITIONS]",
		Short: "Delete offsets that a group has committed",
		Long: `Deletes the offsets that a group has committed for topics, or for some of their partitions. The
members of the group, if it has any, must not read the topics.`,
		Example: `  tailrace groups delete-offsets billing --topic orders
  tailrace groups delete-offsets billing --topic orders:0,1 --topic payments`,
		Args: cobra.ArbitraryArgs,
	}
	c.Flags().StringVar(&group, "group", "", "the `group`")
	c.Flags().StringArrayVar(&topics, "topic", nil, "`topic` or topic:0,1,2; may be given several times")
	format := command.ListFormat(c)
	f := client.Bind(c, std)
	c.ValidArgsFunction = f.CompleteGroups
	_ = c.RegisterFlagCompletionFunc("group", f.CompleteGroups)
	_ = c.RegisterFlagCompletionFunc("topic", f.CompleteTopics)
	c.RunE = func(_ *cobra.Command, args []string) error {
		name, scopes, err := oneGroup(c, group, args, topics)
		if err != nil {
			return err
		}
		return f.Run(func(ctx context.Context, conn *client.Conn, _ []string) error {
			set, err := conn.Partitions(ctx, scopes)
			if err != nil {
				return err
			}
			results, err := conn.DeleteOffsets(ctx, name, set)
			if errors.Is(err, kerr.GroupIDNotFound) {
				return noGroup(ctx, conn, name)
			}
			if err != nil {
				return client.Failed(fmt.Sprintf("cannot delete offsets of group %q", name), err, "")
			}
			var rows []deleted
			var failed []error
			for _, tp := range set.Sorted() {
				for _, p := range tp.Partitions {
					row := deleted{tp.Topic, p, "Successful"}
					if err := results[tp.Topic][p]; err != nil {
						row.Status = "Error: " + err.Error()
						failed = append(failed, client.Failed(fmt.Sprintf("cannot delete the offset of partition %d of topic %q", p, tp.Topic), err, ""))
					}
					rows = append(rows, row)
				}
			}
			if err := command.List(std.Out, format, rows,
				command.Column[deleted]{Name: "TOPIC", Cell: func(d deleted) string { return d.Topic }},
				command.Column[deleted]{Name: "PARTITION", Cell: func(d deleted) string { return strconv.Itoa(int(d.Partition)) }},
				command.Column[deleted]{Name: "STATUS", Cell: func(d deleted) string { return d.Status }}); err != nil {
				return err
			}
			return command.Failures(failed)
		})(c, nil)
	}
	return c
}

// oneGroup reads the arguments of a command on topics of one group.
func oneGroup(c *cobra.Command, group string, args, topics []string) (string, []client.Scope, error) {
	if group != "" {
		args = append(args, group)
	}
	if len(args) != 1 {
		return "", nil, command.Usagef("one group is needed: %s", c.UseLine())
	}
	if len(topics) == 0 {
		return "", nil, command.Usagef("a topic is needed: %s", c.UseLine())
	}
	scopes, err := client.ParseScopes(topics)
	return args[0], scopes, err
}
