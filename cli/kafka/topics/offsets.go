package topics

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"

	"tailrace/cli/command"
	"tailrace/cli/kafka/client"
)

// span is where a partition starts and ends, and an offset that was asked for.
type span struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Earliest  int64  `json:"earliest"`
	Latest    int64  `json:"latest"` // that of the next record
	At        *int64 `json:"offset,omitempty"`
}

func offsetsCommand(std command.Stdio) *cobra.Command {
	var at string
	var excludeInternal bool
	c := &cobra.Command{
		Use:   "offsets [TOPIC...]",
		Short: "Print where partitions start and end, and which offset a time has",
		Long: `Prints for each partition the offset of its first record and that of the next, and with --time
the first offset that is not older than a time: the end where there is none.`,
		Example: `  tailrace topics offsets orders
  tailrace topics offsets orders --time 2026-01-31T12:00:00Z
  tailrace topics offsets --exclude-internal --format json`,
	}
	c.Flags().StringVar(&at, "time", "", "a `time`: ISO 8601, milliseconds since 1970, a duration from now such as\n-1h, or as in kafka-get-offsets earliest (-2), latest (-1) or max-timestamp (-3)")
	c.Flags().BoolVar(&excludeInternal, "exclude-internal", false, "leave out the topics of the cluster itself")
	command.Complete(c, "time", "earliest", "latest", "max-timestamp")
	format := command.ListFormat(c)
	f, topics := bind(c, std, "a `topic`, or a regular expression; may be given several times")
	c.RunE = func(_ *cobra.Command, args []string) error {
		ask, err := offsetsOf(at)
		if err != nil {
			return err
		}
		return f.Run(func(ctx context.Context, conn *client.Conn, args []string) error {
			found, err := conn.Topics(ctx, client.Selection{Selectors: topics(args), ExcludeInternal: excludeInternal})
			if err != nil || len(found) == 0 {
				return err
			}
			rows, err := spans(ctx, conn, found, ask)
			if err != nil {
				return err
			}
			number := func(name string, n func(span) int64) command.Column[span] {
				return command.Column[span]{Name: name, Cell: func(s span) string { return strconv.FormatInt(n(s), 10) }}
			}
			columns := []command.Column[span]{{Name: "TOPIC", Cell: func(s span) string { return s.Topic }},
				number("PARTITION", func(s span) int64 { return int64(s.Partition) }),
				number("EARLIEST", func(s span) int64 { return s.Earliest }), number("LATEST", func(s span) int64 { return s.Latest })}
			if ask != nil {
				columns = append(columns, number("OFFSET", func(s span) int64 { return *s.At }))
			}
			return command.List(std.Out, format, rows, columns...)
		})(c, args)
	}
	return c
}

// ask is a question for an offset of each partition.
type ask func(context.Context, *client.Conn, ...string) (kadm.ListedOffsets, error)

// offsetsOf reads --time; nil when nothing is asked for.
func offsetsOf(text string) (ask, error) {
	switch text {
	case "":
		return nil, nil
	case "earliest", "-2":
		return func(ctx context.Context, c *client.Conn, topics ...string) (kadm.ListedOffsets, error) {
			return c.Admin.ListStartOffsets(ctx, topics...)
		}, nil
	case "latest", "-1":
		return func(ctx context.Context, c *client.Conn, topics ...string) (kadm.ListedOffsets, error) {
			return c.Admin.ListEndOffsets(ctx, topics...)
		}, nil
	case "max-timestamp", "-3":
		return func(ctx context.Context, c *client.Conn, topics ...string) (kadm.ListedOffsets, error) {
			return c.Admin.ListMaxTimestampOffsets(ctx, topics...)
		}, nil
	}
	at, err := command.ParseTime(text, time.Now())
	if err != nil {
		return nil, command.Usagef("--time: %q will not do: %w", text, err)
	}
	return func(ctx context.Context, c *client.Conn, topics ...string) (kadm.ListedOffsets, error) {
		return c.OffsetsAfter(ctx, at, topics...)
	}, nil
}

func spans(ctx context.Context, conn *client.Conn, topics []kadm.TopicDetail, ask ask) ([]span, error) {
	var names []string
	for _, t := range topics {
		names = append(names, t.Topic)
	}
	starts, err := conn.Admin.ListStartOffsets(ctx, names...)
	if err != nil {
		return nil, client.Failed("read the starts of topics", err, "")
	}
	ends, err := conn.Admin.ListEndOffsets(ctx, names...)
	if err != nil {
		return nil, client.Failed("read the ends of topics", err, "")
	}
	var asked kadm.ListedOffsets
	if ask != nil {
		if asked, err = ask(ctx, conn, names...); err != nil {
			return nil, client.Failed("look for --time in topics", err, "")
		}
	}
	rows := []span{}
	for _, t := range topics {
		for _, p := range t.Partitions.Numbers() {
			start, end, at := starts[t.Topic][p], ends[t.Topic][p], asked[t.Topic][p]
			if err := errors.Join(start.Err, end.Err, at.Err); err != nil {
				return nil, client.Failed(fmt.Sprintf("read partition %d of topic %q", p, t.Topic), err, "")
			}
			row := span{Topic: t.Topic, Partition: p, Earliest: start.Offset, Latest: end.Offset}
			if ask != nil {
				row.At = &at.Offset
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}
