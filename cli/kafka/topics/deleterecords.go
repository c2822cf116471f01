package topics

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"

	"tailrace/cli/command"
	"tailrace/cli/kafka/client"
)

// trimmed is a partition whose first records were deleted.
type trimmed struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Before    int64  `json:"earliestBefore"`
	Now       int64  `json:"lowWatermark"`
}

func deleteRecordsCommand(std command.Stdio) *cobra.Command {
	var before string
	var dryRun bool
	var topicFlag []string
	c := &cobra.Command{
		Use:   "delete-records TOPIC[:PARTITIONS]... --before OFFSET",
		Short: "Delete the records of topics before an offset or a time",
		Long: `Deletes the records of partitions before an offset, or before the first record of a time, for
good. Topics stay, and so do the offsets of the records that remain.`,
		Example: `  tailrace topics delete-records orders --before latest
  tailrace topics delete-records orders:0,1 --before 1000
  tailrace topics delete-records orders --before -7d --dry-run`,
	}
	c.Flags().StringVar(&before, "before", "", "the first `offset` to keep: a number, latest, or a time: ISO 8601 or a\nduration from now such as -7d")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "print where partitions would start, and delete nothing")
	c.Flags().StringArrayVar(&topicFlag, "topic", nil, "`topic` or topic:0,1,2; may be given several times")
	format := command.ListFormat(c)
	f := client.Bind(c, std)
	c.ValidArgsFunction = f.CompleteTopics
	_ = c.RegisterFlagCompletionFunc("topic", f.CompleteTopics)
	c.RunE = func(_ *cobra.Command, args []string) error {
		args = append(slices.Clone(args), topicFlag...)
		if err := needTopics(c, args); err != nil {
			return err
		}
		scopes, err := client.ParseScopes(args)
		if err != nil {
			return err
		}
		cut, err := cutOf(before)
		if err != nil {
			return err
		}
		return f.Run(func(ctx context.Context, conn *client.Conn, _ []string) error {
			return deleteRecords(ctx, conn, scopes, cut, dryRun, format, std)
		})(c, nil)
	}
	return c
}

// cut is where records are kept from: an offset, or a time.
type cut struct {
	offset int64
	ask    ask // nil: the offset
}

func cutOf(text string) (cut, error) {
	if text == "" {
		return cut{}, command.Usagef("before what? Give --before OFFSET, latest or a time")
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if n < 0 {
			return cut{}, command.Usagef("--before must be at least 0, not %d", n)
		}
		return cut{offset: n}, nil
	}
	ask, err := offsetsOf(text)
	if err != nil {
		return cut{}, command.Usagef("--before: %q will not do: it must be an offset, latest, a time such as 2026-01-31T12:00:00Z or a duration from now such as -7d", text)
	}
	return cut{ask: ask}, nil
}

func deleteRecords(ctx context.Context, conn *client.Conn, scopes []client.Scope, to cut, dryRun bool, format *command.Choice, std command.Stdio) error {
	set, err := conn.Partitions(ctx, scopes)
	if err != nil {
		return err
	}
	found, err := conn.Topics(ctx, client.Selection{Selectors: set.Topics()})
	if err != nil {
		return err
	}
	all, err := spans(ctx, conn, found, to.ask)
	if err != nil {
		return err
	}
	var rows []trimmed
	wanted := kadm.Offsets{}
	for _, s := range all {
		if !set.Lookup(s.Topic, s.Partition) {
			continue
		}
		at := to.offset
		if s.At != nil {
			at = *s.At
		}
		if at > s.Latest {
			return fmt.Errorf("partition %d of topic %q ends at offset %d: nothing before %d can be deleted; nothing is", s.Partition, s.Topic, s.Latest, at)
		}
		wanted.AddOffset(s.Topic, s.Partition, at, -1)
		rows = append(rows, trimmed{s.Topic, s.Partition, s.Earliest, max(at, s.Earliest)})
	}
	var failed []error
	if !dryRun {
		done, err := conn.Admin.DeleteRecords(ctx, wanted)
		if err != nil && len(done) == 0 {
			return client.Failed("delete records", err, "")
		}
		for i, row := range rows {
			r := done[row.Topic][row.Partition]
			if r.Err != nil {
				failed = append(failed, client.Failed(fmt.Sprintf("cannot delete records of partition %d of topic %q", row.Partition, row.Topic), r.Err, ""))
				rows[i].Now = row.Before
				continue
			}
			rows[i].Now = r.LowWatermark
		}
	}
	number := func(name string, n func(trimmed) int64) command.Column[trimmed] {
		return command.Column[trimmed]{Name: name, Cell: func(t trimmed) string { return strconv.FormatInt(n(t), 10) }}
	}
	if err := command.List(std.Out, format, rows, command.Column[trimmed]{Name: "TOPIC", Cell: func(t trimmed) string { return t.Topic }},
		number("PARTITION", func(t trimmed) int64 { return int64(t.Partition) }), number("EARLIEST-BEFORE", func(t trimmed) int64 { return t.Before }),
		number("LOW-WATERMARK", func(t trimmed) int64 { return t.Now })); err != nil {
		return err
	}
	return command.Failures(failed)
}
