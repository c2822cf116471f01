package topics

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"tailrace/cli/command"
	"tailrace/cli/kafka/client"
)

func deleteCommand(std command.Stdio) *cobra.Command {
	var ifExists, dryRun bool
	c := &cobra.Command{
		Use:   "delete TOPIC...",
		Short: "Delete topics with all that is in them",
		Long: `Deletes topics and their records for good. When one of the names has no topic, nothing is
deleted. A regular expression leaves out the topics of the cluster itself; --dry-run shows what
it selects.`,
		Example: `  tailrace topics delete orders
  tailrace topics delete "scratch-.*" --dry-run
  tailrace topics delete orders --if-exists`,
	}
	c.Flags().BoolVar(&ifExists, "if-exists", false, "do nothing about names without a topic")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "print what would be deleted, and delete nothing")
	f, topics := bind(c, std, "a `topic`, or a regular expression; may be given several times")
	c.RunE = func(_ *cobra.Command, args []string) error {
		if err := needTopics(c, topics(args)); err != nil {
			return err
		}
		return f.Run(func(ctx context.Context, conn *client.Conn, args []string) error {
			found, err := conn.Topics(ctx, client.Selection{Selectors: topics(args), MissingOK: ifExists, ExcludeInternal: true})
			if err != nil || len(found) == 0 {
				return err
			}
			var names []string
			for _, t := range found {
				names = append(names, t.Topic)
			}
			if dryRun {
				return command.Lines(std.Out, len(names), func(i int) string { return fmt.Sprintf("Topic %s would be deleted.", names[i]) })
			}
			deleted, err := conn.Admin.DeleteTopics(ctx, names...)
			if err != nil {
				return client.Failed("delete topics", err, "")
			}
			var failed []error
			for _, name := range names {
				if r := deleted[name]; r.Err != nil {
					failed = append(failed, client.Failed(fmt.Sprintf("cannot delete topic %q", name), r.Err, r.ErrMessage))
					continue
				}
				fmt.Fprintf(std.Out, "Deleted topic %s.\n", name)
			}
			return command.Failures(failed)
		})(c, args)
	}
	return c
}
