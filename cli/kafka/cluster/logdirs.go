package cluster

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

// replica is a partition in a log folder of a broker.
type replica struct {
	Broker    int32  `json:"broker"`
	Dir       string `json:"logDir"`
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Size      int64  `json:"size"`      // bytes
	OffsetLag int64  `json:"offsetLag"` // records behind the leader, or behind the replica that it replaces
	IsFuture  bool   `json:"isFuture"`  // it replaces the one of another folder
}

func logDirsCommand(std command.Stdio) *cobra.Command {
	var brokers []int
	var topics []string
	c := &cobra.Command{
		Use:   "log-dirs",
		Short: "List the log folders of brokers with the size of each partition",
		Long: `Lists what lies in the log folders of the brokers: a line a partition with its size in bytes
and how many records it is behind.`,
		Example: `  tailrace cluster log-dirs
  tailrace cluster log-dirs --broker 1 --topic orders --format json`,
		Args: command.NoArguments("--topic names a topic"),
	}
	c.Flags().IntSliceVar(&brokers, "broker", nil, "only these brokers, by id")
	c.Flags().IntSliceVar(&brokers, "broker-list", nil, "")
	_ = c.Flags().MarkHidden("broker-list")
	c.Flags().StringSliceVar(&topics, "topic", nil, "only these topics: names or regular expressions")
	c.Flags().StringSliceVar(&topics, "topic-list", nil, "")
	_ = c.Flags().MarkHidden("topic-list")
	format := command.ListFormat(c)
	f := client.Bind(c, std)
	_ = c.RegisterFlagCompletionFunc("topic", f.CompleteTopics)
	c.RunE = f.Run(func(ctx context.Context, conn *client.Conn, _ []string) error {
		var set kadm.TopicsSet
		if len(topics) > 0 {
			found, err := conn.Topics(ctx, client.Selection{Selectors: topics})
			if err != nil {
				return err
			}
			for _, t := range found {
				set.Add(t.Topic, t.Partitions.Numbers()...)
			}
		}
		all, err := conn.Admin.DescribeAllLogDirs(ctx, set)
		if err != nil {
			return client.Failed("ask the brokers for their log folders", err, "")
		}
		var rows []replica
		for _, id := range brokers {
			if _, ok := all[int32(id)]; !ok {
				return fmt.Errorf("broker %d does not exist or does not answer; \"tailrace cluster brokers\" lists the brokers", id)
			}
		}
		for _, dir := range all.Sorted() {
			if len(brokers) > 0 && !slices.Contains(brokers, int(dir.Broker)) {
				continue
			}
			if dir.Err != nil {
				return client.Failed(fmt.Sprintf("read log folder %s of broker %d", dir.Dir, dir.Broker), dir.Err, "")
			}
			for _, p := range dir.Topics.Sorted() {
				rows = append(rows, replica{dir.Broker, dir.Dir, p.Topic, p.Partition, p.Size, p.OffsetLag, p.IsFuture})
			}
		}
		number := func(name string, n func(replica) int64) command.Column[replica] {
			return command.Column[replica]{Name: name, Cell: func(r replica) string { return strconv.FormatInt(n(r), 10) }}
		}
		return command.List(std.Out, format, rows,
			number("BROKER", func(r replica) int64 { return int64(r.Broker) }),
			command.Column[replica]{Name: "LOG-DIR", Cell: func(r replica) string { return r.Dir }},
			command.Column[replica]{Name: "TOPIC", Cell: func(r replica) string { return r.Topic }},
			number("PARTITION", func(r replica) int64 { return int64(r.Partition) }),
			number("SIZE", func(r replica) int64 { return r.Size }),
			number("OFFSET-LAG", func(r replica) int64 { return r.OffsetLag }),
			command.Column[replica]{Name: "IS-FUTURE", Cell: func(r replica) string { return fmt.Sprint(r.IsFuture) }})
	})
	return c
}
