// Package bench has the commands that measure a cluster as its clients see it: how fast
// it takes records and gives them, and how long a record is under way. They print what
// kafka-producer-perf-test and its like print, a line a second and a summary.
package bench

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tailrace/cli/command"
	"tailrace/cli/kafka/client"
)

// Command is "tailrace bench".
func Command(std command.Stdio) *cobra.Command {
	return command.Group(&cobra.Command{
		Use:   "bench",
		Short: "Measure how fast a cluster writes and reads, and how late records are",
		Long: `Measures a cluster as its clients see it. Rates are of the records' own bytes, before
compression; MB is 1,048,576 bytes, as in Kafka's tools.`,
		Example: `  tailrace bench produce orders --num-records 1000000 --record-size 100
  tailrace bench consume orders --num-records 1000000
  tailrace bench end-to-end orders --num-records 10000`,
	}, produceCommand(std), consumeCommand(std), endToEndCommand(std))
}

// common are the flags of all three.
type common struct {
	topic    string
	records  int64
	interval command.Duration
	format   *command.Choice
}

func (o *common) bind(c *cobra.Command, f *client.Flags, records string, formats ...string) {
	o.interval = command.Duration(time.Second)
	fs := c.Flags()
	fs.StringVar(&o.topic, "topic", "", "the `topic`")
	fs.Int64VarP(&o.records, "num-records", "n", o.records, records)
	fs.Var(&o.interval, "reporting-interval", "how often to print a line")
	o.format = command.ChoiceFlag(c, "format", "how to print: "+command.Alternatives(formats), formats...)
	c.ValidArgsFunction = f.CompleteTopics
	_ = c.RegisterFlagCompletionFunc("topic", f.CompleteTopics)
}

// one finds the only topic of a command line.
func (o *common) one(c *cobra.Command, args []string) error {
	if o.topic != "" {
		args = append(args, o.topic)
	}
	if len(args) != 1 {
		return command.Usagef("one topic is needed: %s", c.UseLine())
	}
	if o.topic = args[0]; client.IsPattern(o.topic) {
		return command.Usagef("%q is no name of a topic", o.topic)
	}
	if time.Duration(o.interval) < time.Millisecond {
		return command.Usagef("--reporting-interval must be at least 1ms")
	}
	return nil
}

// untilSignal is a context that ends with Ctrl-C: what was measured until then is told.
func untilSignal() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}

// ended is how a command ends that may have been interrupted.
func ended(ctx context.Context, err error) error {
	if err == nil && ctx.Err() != nil {
		return command.Silent(command.ExitInterrupted, ctx.Err())
	}
	return err
}

// findTopic says that a topic exists, and how large its batches may be.
func findTopic(ctx context.Context, f *client.Flags, topic string) (maxBatch int32, err error) {
	ctx, cancel := context.WithTimeout(ctx, f.Timeout())
	defer cancel()
	conn, err := f.Admin(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if _, err := conn.Topics(ctx, client.Selection{Selectors: []string{topic}}); err != nil {
		return 0, command.WithHint(err, "\"tailrace topics create %s\" makes it.", topic)
	}
	return conn.MaxMessageBytes(ctx, topic)
}
