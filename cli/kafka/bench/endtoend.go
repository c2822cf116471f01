package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/cli/command"
	"tailrace/cli/kafka/client"
)

type endToEndFlags struct {
	common
	size int
	acks string
}

func endToEndCommand(std command.Stdio) *cobra.Command {
	o := &endToEndFlags{common: common{records: 10_000}}
	c := &cobra.Command{
		Use:   "end-to-end TOPIC",
		Short: "Measure how long it takes from writing a record to reading it",
		Long: `Writes one record at a time, waits until a consumer has it, and prints how long that took: a
line a second and a summary. Nobody else should write to the topic meanwhile.`,
		Example: `  tailrace bench end-to-end orders
  tailrace bench end-to-end orders --num-records 1000 --record-size 1024 --acks 1`,
	}
	f := client.Bind(c, std)
	o.bind(c, f, "so many records", "text", "json")
	fs := c.Flags()
	fs.IntVar(&o.size, "record-size", 100, "bytes of a value")
	fs.StringVar(&o.acks, "acks", "all", "who must have a record before it counts: all, 1 or 0")
	fs.StringVar(&o.acks, "producer-acks", "all", "")
	_ = fs.MarkHidden("producer-acks")
	command.Complete(c, "acks", "all", "1", "0")
	c.RunE = func(_ *cobra.Command, args []string) error {
		if err := o.one(c, args); err != nil {
			return err
		}
		acks, err := client.Acks(o.acks)
		switch {
		case err != nil:
			return command.Usagef("--acks %w", err)
		case o.records < 1:
			return command.Usagef("--num-records must be at least 1, not %d", o.records)
		case o.size < 8:
			return command.Usagef("--record-size must be at least 8, not %d", o.size)
		}
		opts := []kgo.Opt{acks, kgo.ProducerLinger(0)}
		if o.acks != "all" && o.acks != "-1" {
			opts = append(opts, kgo.DisableIdempotentWrite())
		}
		ctx, stop := untilSignal()
		defer stop()
		return o.run(ctx, f, opts, std)
	}
	return c
}

func (o *endToEndFlags) run(ctx context.Context, f *client.Flags, opts []kgo.Opt, std command.Stdio) error {
	from, err := o.ends(ctx, f)
	if err != nil {
		return err
	}
	in, err := f.Producer(ctx, opts...)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := f.Consumer(ctx, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{o.topic: from}))
	if err != nil {
		return err
	}
	defer out.Close()
	total := window{began: time.Now()}
	part := window{began: total.began}
	value := make([]byte, o.size)
	for i := range value {
		value[i] = 'A' + byte(rand.IntN(26))
	}
	for n := int64(0); n < o.records && ctx.Err() == nil; n++ {
		copy(value, fmt.Sprintf("%08x", n))
		took, err := o.roundTrip(ctx, f, in, out, value)
		if err != nil {
			if ctx.Err() != nil {
				break
			}
			return err
		}
		total.add(len(value), took)
		part.add(len(value), took)
		if now := time.Now(); now.Sub(part.began) >= time.Duration(o.interval) {
			if err := printFigures(std.Out, o.format.String() == "json", part.figures(now, false), "sent and read"); err != nil {
				return err
			}
			part = window{began: now}
		}
	}
	return ended(ctx, printFigures(std.Out, o.format.String() == "json", total.figures(time.Now(), true), "sent and read"))
}

// ends is where the topic ends, so that only what is written from now on is read.
func (o *endToEndFlags) ends(ctx context.Context, f *client.Flags) (map[int32]kgo.Offset, error) {
	if _, err := findTopic(ctx, f, o.topic); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, f.Timeout())
	defer cancel()
	conn, err := f.Admin(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	ends, err := conn.Admin.ListEndOffsets(ctx, o.topic)
	if err != nil {
		return nil, client.Failed("read the ends of the topic", err, "")
	}
	from := map[int32]kgo.Offset{}
	for p, e := range ends[o.topic] {
		from[p] = kgo.NewOffset().At(e.Offset)
	}
	return from, nil
}

// roundTrip writes a record and waits until it is read.
func (o *endToEndFlags) roundTrip(ctx context.Context, f *client.Flags, in, out *client.Conn, value []byte) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, f.Timeout())
	defer cancel()
	began := time.Now()
	if err := in.ProduceSync(ctx, &kgo.Record{Topic: o.topic, Value: value}).FirstErr(); err != nil {
		return 0, client.Failed("a record is not written", err, "")
	}
	for {
		fetches := out.PollFetches(ctx)
		for _, e := range fetches.Errors() {
			if errors.Is(e.Err, context.DeadlineExceeded) {
				return 0, fmt.Errorf("a record that was written is not read in time")
			}
			return 0, client.Failed(fmt.Sprintf("cannot read topic %q", o.topic), e.Err, "")
		}
		for it := fetches.RecordIter(); !it.Done(); {
			if r := it.Next(); !bytes.Equal(r.Value, value) {
				return 0, fmt.Errorf("record %d of partition %d is not the one that was written: does somebody else write to topic %q?", r.Offset, r.Partition, o.topic)
			}
			return time.Since(began), nil
		}
	}
}
