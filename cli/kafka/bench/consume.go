package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/cli/command"
	"tailrace/cli/kafka/client"
)

type consumeFlags struct {
	common
	group      string
	fromLatest bool
	idle       command.Duration
	fetchSize  int32
	hideHeader bool
	detailed   bool
}

func consumeCommand(std command.Stdio) *cobra.Command {
	o := &consumeFlags{idle: command.Duration(10 * time.Second)}
	c := &cobra.Command{
		Use:   "consume TOPIC",
		Short: "Measure how fast records are read",
		Long: `Reads a topic from its beginning and prints a line a second and a summary: records and MB a
second, counted from the first record. Without --num-records it ends where the topic ends now.
--format csv prints the columns of kafka-consumer-perf-test.`,
		Example: `  tailrace bench consume orders
  tailrace bench consume orders --num-records 1000000 --group bench
  tailrace bench consume orders --format csv`,
	}
	f := client.Bind(c, std)
	o.bind(c, f, "end after so many records; 0: where the topic ends now", "text", "json", "csv")
	fs := c.Flags()
	fs.StringVarP(&o.group, "group", "g", "", "read as a member of this `group`")
	fs.BoolVar(&o.fromLatest, "from-latest", false, "read what comes from now on; needs --num-records")
	fs.Var(&o.idle, "idle-timeout", "give up when no record comes for so long")
	fs.Int32Var(&o.fetchSize, "fetch-size", 1<<20, "most bytes of a partition in an answer")
	fs.BoolVar(&o.hideHeader, "hide-header", false, "print no line of names with --format csv")
	fs.BoolVar(&o.detailed, "show-detailed-stats", false, "a line each --reporting-interval with --format csv too")
	_ = c.RegisterFlagCompletionFunc("group", f.CompleteGroups)
	c.RunE = func(_ *cobra.Command, args []string) error {
		if err := o.one(c, args); err != nil {
			return err
		}
		switch {
		case o.fromLatest && o.records <= 0:
			return command.Usagef("--from-latest needs --num-records")
		case o.fetchSize < 1:
			return command.Usagef("--fetch-size must be at least 1, not %d", o.fetchSize)
		}
		ctx, stop := untilSignal()
		defer stop()
		return o.run(ctx, f, std)
	}
	return c
}

// reader counts what is read.
type reader struct {
	*consumeFlags
	std         command.Stdio
	total, part window
	began       time.Time // when it connected
	first       time.Time // when the first record came
	last        time.Time // when the newest came
}

func (o *consumeFlags) run(ctx context.Context, f *client.Flags, std command.Stdio) error {
	opts, there, err := o.options(ctx, f)
	if err != nil {
		return err
	}
	if o.records <= 0 {
		o.records = there
	}
	if o.records == 0 {
		return fmt.Errorf("topic %q has no records to read", o.topic)
	}
	r := &reader{consumeFlags: o, std: std, began: time.Now()}
	conn, err := f.Consumer(ctx, opts...)
	if err != nil {
		return err
	}
	defer conn.CloseAllowingRebalance()
	if err := r.header(); err != nil {
		return err
	}
	err = r.read(ctx, conn)
	if sumErr := r.summary(); err == nil {
		err = sumErr
	}
	return ended(ctx, err)
}

// options are those of the client, and how many records there are to read.
func (o *consumeFlags) options(ctx context.Context, f *client.Flags) ([]kgo.Opt, int64, error) {
	ctx, cancel := context.WithTimeout(ctx, f.Timeout())
	defer cancel()
	conn, err := f.Admin(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer conn.Close()
	if _, err := conn.Topics(ctx, client.Selection{Selectors: []string{o.topic}}); err != nil {
		return nil, 0, err
	}
	starts, err := conn.Admin.ListStartOffsets(ctx, o.topic)
	if err != nil {
		return nil, 0, client.Failed("read the starts of the topic", err, "")
	}
	ends, err := conn.Admin.ListEndOffsets(ctx, o.topic)
	if err != nil {
		return nil, 0, client.Failed("read the ends of the topic", err, "")
	}
	opts := []kgo.Opt{kgo.FetchMaxPartitionBytes(o.fetchSize)}
	there := int64(0)
	from := map[int32]kgo.Offset{}
	for p, s := range starts[o.topic] {
		there += ends[o.topic][p].Offset - s.Offset
		if from[p] = kgo.NewOffset().At(s.Offset); o.fromLatest {
			from[p] = kgo.NewOffset().At(ends[o.topic][p].Offset)
		}
	}
	if o.group == "" {
		return append(opts, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{o.topic: from})), there, nil
	}
	reset := kgo.NewOffset().AtStart()
	if o.fromLatest {
		reset = kgo.NewOffset().AtEnd()
	}
	return append(opts, kgo.ConsumerGroup(o.group), kgo.ConsumeTopics(o.topic), kgo.ConsumeStartOffset(reset)), there, nil
}

func (r *reader) read(ctx context.Context, conn *client.Conn) error {
	r.last = r.began
	for r.total.records < r.records {
		polling, cancel := context.WithTimeout(ctx, min(time.Duration(r.interval), time.Second))
		fetches := conn.PollFetches(polling)
		cancel()
		if ctx.Err() != nil {
			return nil
		}
		for _, e := range fetches.Errors() {
			if !errors.Is(e.Err, context.DeadlineExceeded) {
				return client.Failed(fmt.Sprintf("cannot read topic %q", r.topic), e.Err, "")
			}
		}
		now := time.Now()
		fetches.EachRecord(func(rec *kgo.Record) { r.count(len(rec.Key)+len(rec.Value), now) })
		if now.Sub(r.last) >= time.Duration(r.idle) {
			fmt.Fprintf(r.std.Err, "tailrace: no record came for %s: %d of %d were read; --idle-timeout waits longer\n", time.Duration(r.idle), r.total.records, r.records)
			return nil
		}
		if !r.first.IsZero() && now.Sub(r.part.began) >= time.Duration(r.interval) && r.total.records < r.records {
			if err := r.line(now); err != nil {
				return err
			}
			r.part = window{began: now}
		}
	}
	return nil
}

func (r *reader) count(bytes int, now time.Time) {
	if r.first.IsZero() {
		r.first, r.total.began, r.part.began = now, r.began, now
	}
	r.last = now
	for _, w := range []*window{&r.total, &r.part} {
		w.records++
		w.bytes += int64(bytes)
	}
}

// csvTime writes a time as kafka-consumer-perf-test does, in UTC.
func csvTime(t time.Time) string {
	return t.UTC().Format("2006-01-02 15:04:05") + fmt.Sprintf(":%03d", t.Nanosecond()/int(time.Millisecond))
}

func (r *reader) header() error {
	if r.format.String() != "csv" || r.hideHeader {
		return nil
	}
	first := "start.time, end.time"
	if r.detailed {
		first = "time, threadId"
	}
	_, err := fmt.Fprintln(r.std.Out, first+", data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec")
	return err
}

// csv is a line of kafka-consumer-perf-test. Joining is the time until the first record
// came, fetching the rest.
func (r *reader) csv(first string, w *window, end time.Time) error {
	seconds, fetching := max(end.Sub(w.began).Seconds(), 1e-9), max(end.Sub(r.first).Seconds(), 1e-9)
	if w == &r.part {
		fetching = seconds
	}
	megabytes := float64(w.bytes) / mb
	_, err := fmt.Fprintf(r.std.Out, "%s, %.4f, %.4f, %d, %.4f, %d, %d, %.4f, %.4f\n", first, float64(r.total.bytes)/mb, megabytes/seconds, r.total.records,
		float64(w.records)/seconds, r.first.Sub(r.began).Milliseconds(), int64(fetching*1000), megabytes/fetching, float64(w.records)/fetching)
	return err
}

func (r *reader) line(now time.Time) error {
	if r.format.String() == "csv" {
		if !r.detailed {
			return nil
		}
		return r.csv(csvTime(now)+", 0", &r.part, now)
	}
	return printFigures(r.std.Out, r.format.String() == "json", r.part.figures(now, false), "read")
}

func (r *reader) summary() error {
	if r.first.IsZero() {
		r.first, r.total.began = r.last, r.began
	}
	if r.format.String() == "csv" {
		if r.detailed {
			return r.line(r.last)
		}
		return r.csv(csvTime(r.began)+", "+csvTime(r.last), &r.total, r.last)
	}
	return printFigures(r.std.Out, r.format.String() == "json", r.total.figures(r.last, true), "read")
}
