package consume

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/cli/command"
	"tailrace/cli/kafka/client"
)

// idleAtEnd is how long nothing may come from a topic with an end before the end is taken
// for reached: behind its last record there may be offsets without one (compaction).
const idleAtEnd = 4 * fetchWait

// reading is a run of the command.
type reading struct {
	*plan
	conn *client.Conn
	out  *bufio.Writer

	ends    map[string]map[int32]int64 // where to end in each partition; nil: nowhere
	open    int                        // partitions whose end is not reached
	printed int
	joined  atomic.Bool // the group has given us our partitions
}

// run reads until an end, Ctrl-C, or the reader of the output goes.
func (p *plan) run(ctx context.Context, f *client.Flags, std command.Stdio) (err error) {
	opts, err := p.options()
	if err != nil {
		return err
	}
	r := &reading{plan: p, out: bufio.NewWriterSize(std.Out, 64<<10)}
	where, err := r.locate(ctx, f, std)
	if err != nil {
		return err
	}
	p.printing.begin(r.out)
	if r.ends == nil || r.open > 0 {
		if r.conn, err = f.Consumer(ctx, append(opts, where...)...); err != nil {
			return err
		}
		err = r.loop(ctx, std)
		r.leave(f)
	}
	if command.IsClosedOutput(err) {
		return err
	}
	p.printing.end(r.out, r.printed)
	if flushErr := r.out.Flush(); err == nil {
		err = flushErr
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return command.Silent(command.ExitInterrupted, err)
	}
	return err
}

// leave commits what was printed, and leaves the group.
func (r *reading) leave(f *client.Flags) {
	if r.group != "" {
		ctx, cancel := context.WithTimeout(context.Background(), f.Timeout())
		defer cancel()
		_ = r.conn.CommitMarkedOffsets(ctx) // what is not committed is read again
	}
	r.conn.CloseAllowingRebalance()
}

// locate finds the topics, and where to begin and to end in them.
func (r *reading) locate(ctx context.Context, f *client.Flags, std command.Stdio) ([]kgo.Opt, error) {
	looking, cancel := context.WithTimeout(ctx, f.Timeout())
	defer cancel()
	conn, err := f.Admin(looking)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	topics, err := conn.Topics(looking, client.Selection{Selectors: r.topics, ExcludeInternal: true})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, t := range topics {
		names = append(names, t.Topic)
		for _, p := range r.partitions {
			if _, ok := t.Partitions[p]; !ok {
				return nil, fmt.Errorf("topic %q has no partition %d: it has %s", t.Topic, p, command.Count(len(t.Partitions), "partition"))
			}
		}
	}
	bounds, err := r.bounds(looking, conn, names)
	if err != nil {
		return nil, err
	}
	if r.exit || !r.until.IsZero() && !r.until.After(time.Now()) {
		r.ends = map[string]map[int32]int64{}
	}
	if r.group != "" {
		if err := r.groupEnds(looking, conn, bounds); err != nil {
			return nil, err
		}
		return r.asGroup(names), nil
	}
	at := map[string]map[int32]kgo.Offset{}
	for _, b := range bounds {
		if len(r.partitions) > 0 && !slices.Contains(r.partitions, b.partition) {
			continue
		}
		from := r.from(b)
		if r.start.kind == fromOffset && from != r.start.n {
			fmt.Fprintf(std.Err, "tailrace: offset %d of partition %d of topic %s is outside of its log: reading begins at %d\n", r.start.n, b.partition, b.topic, from)
		}
		if at[b.topic] == nil {
			at[b.topic] = map[int32]kgo.Offset{}
		}
		r.endAt(b, from)
		if r.ends == nil || from < b.until {
			at[b.topic][b.partition] = kgo.NewOffset().At(from)
		}
	}
	return []kgo.Opt{kgo.ConsumePartitions(at)}, nil
}

// asGroup are the options of a member of a group.
func (r *reading) asGroup(names []string) []kgo.Opt {
	reset := kgo.NewOffset().AtEnd()
	switch r.start.kind {
	case fromStart:
		reset = kgo.NewOffset().AtStart()
	case fromTime:
		reset = kgo.NewOffset().AfterMilli(max(r.start.n, 0))
	}
	return []kgo.Opt{kgo.ConsumerGroup(r.group), kgo.ConsumeTopics(names...), kgo.ConsumeStartOffset(reset), kgo.AutoCommitMarks(), kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsAssigned(func(context.Context, *kgo.Client, map[string][]int32) { r.joined.Store(true) })}
}

// bound is what is known of a partition before it is read.
type bound struct {
	topic      string
	partition  int32
	start, end int64
	after      int64 // the first record of --from-time
	until      int64 // where to end, when there is an end
}

func (r *reading) bounds(ctx context.Context, conn *client.Conn, names []string) ([]bound, error) {
	starts, err := conn.Admin.ListStartOffsets(ctx, names...)
	if err != nil {
		return nil, client.Failed("read the starts of topics", err, "")
	}
	list := conn.Admin.ListEndOffsets
	if r.isolation == "read_committed" {
		list = conn.Admin.ListCommittedOffsets
	}
	ends, err := list(ctx, names...)
	if err != nil {
		return nil, client.Failed("read the ends of topics", err, "")
	}
	var after, until kadm.ListedOffsets
	if r.start.kind == fromTime {
		if after, err = conn.OffsetsAfter(ctx, time.UnixMilli(r.start.n), names...); err != nil {
			return nil, client.Failed("look for --from-time in topics", err, "")
		}
	}
	if !r.until.IsZero() {
		if until, err = conn.OffsetsAfter(ctx, r.until, names...); err != nil {
			return nil, client.Failed("look for --to-time in topics", err, "")
		}
	}
	var all []bound
	for _, name := range names {
		for p, s := range starts[name] {
			e := ends[name][p]
			if err := errors.Join(s.Err, e.Err, after[name][p].Err, until[name][p].Err); err != nil {
				return nil, client.Failed(fmt.Sprintf("read partition %d of topic %q", p, name), err, "")
			}
			b := bound{topic: name, partition: p, start: s.Offset, end: e.Offset, until: e.Offset, after: after[name][p].Offset}
			if u, ok := until.Lookup(name, p); ok {
				b.until = min(b.until, u.Offset)
			}
			all = append(all, b)
		}
	}
	return all, nil
}

// from is the offset to begin at in a partition.
func (r *reading) from(b bound) int64 {
	at := b.end
	switch r.start.kind {
	case fromStart:
		at = b.start
	case fromOffset:
		at = r.start.n
	case beforeEnd:
		at = b.end - r.start.n
	case fromTime:
		at = b.after
	}
	return min(max(at, b.start), b.end)
}

// endAt notes where a partition ends that is read from an offset.
func (r *reading) endAt(b bound, from int64) {
	if r.ends == nil || from >= b.until {
		return
	}
	if r.ends[b.topic] == nil {
		r.ends[b.topic] = map[int32]int64{}
	}
	r.ends[b.topic][b.partition] = b.until
	r.open++
}

// groupEnds notes where partitions end that are read from where the group stands.
func (r *reading) groupEnds(ctx context.Context, conn *client.Conn, bounds []bound) error {
	if r.ends == nil {
		return nil
	}
	committed, err := conn.Committed(ctx, r.group)
	if err != nil {
		return client.Failed(fmt.Sprintf("read the offsets of group %q", r.group), err, "")
	}
	for _, b := range bounds {
		from := r.from(b)
		if c, ok := committed.Lookup(b.topic, b.partition); ok && c.At >= 0 {
			from = max(c.At, b.start)
		}
		r.endAt(b, from)
	}
	return nil
}

// loop polls and prints.
func (r *reading) loop(ctx context.Context, std command.Stdio) error {
	idle := time.Now()
	for {
		if r.max > 0 && r.printed >= r.max || r.ends != nil && r.open == 0 {
			return nil
		}
		wait := fetchWait
		polling, cancel := context.WithTimeout(ctx, wait)
		fetches := r.conn.PollRecords(polling, r.poll())
		cancel()
		if ctx.Err() != nil {
			return context.Canceled
		}
		for _, e := range fetches.Errors() {
			if !errors.Is(e.Err, context.DeadlineExceeded) {
				return client.Failed(fmt.Sprintf("cannot read topic %q", e.Topic), e.Err, "")
			}
		}
		got, err := r.take(fetches, std)
		r.conn.AllowRebalance()
		if err != nil {
			return err
		}
		if got > 0 || r.group != "" && !r.joined.Load() {
			idle = time.Now()
		}
		quiet := time.Since(idle)
		switch {
		case r.idle > 0 && quiet >= time.Duration(r.idle):
			return nil
		case r.ends != nil && quiet > idleAtEnd:
			return nil
		case r.ends == nil && !r.until.IsZero() && time.Now().After(r.until.Add(fetchWait)):
			return nil
		}
	}
}

// pollRecords is the most that is printed between two looks at Ctrl-C.
const pollRecords = 10_000

func (r *reading) poll() int {
	if r.max > 0 {
		return min(pollRecords, r.max-r.printed)
	}
	return pollRecords
}

// take prints what was read, and marks it as read once the output has it.
func (r *reading) take(fetches kgo.Fetches, std command.Stdio) (got int, err error) {
	var marks []*kgo.Record
	defer func() {
		if flushErr := r.out.Flush(); flushErr != nil {
			err = flushErr
			return
		}
		r.conn.MarkCommitRecords(marks...)
	}()
	for it := fetches.RecordIter(); !it.Done(); {
		rec := it.Next()
		got++
		if r.behindEnd(rec) {
			continue
		}
		if !rec.Attrs.IsControl() && (r.until.IsZero() || r.ends != nil || rec.Timestamp.Before(r.until)) {
			if err := r.printing.record(r.out, rec, r.printed); err != nil {
				err = fmt.Errorf("record %d of partition %d of topic %q: %w", rec.Offset, rec.Partition, rec.Topic, err)
				if !r.skipBad {
					return got, command.WithHint(err, "--skip-message-on-error goes on; --key-format and --value-format say what keys and values are.")
				}
				fmt.Fprintf(std.Err, "tailrace: %s\n", err)
			} else {
				r.printed++
			}
		}
		if r.group != "" {
			marks = append(marks, rec)
		}
	}
	return got, nil
}

// behindEnd reports whether a record lies behind the end of its partition, and notes that
// the end is reached.
func (r *reading) behindEnd(rec *kgo.Record) bool {
	if r.ends == nil {
		return false
	}
	end, open := r.ends[rec.Topic][rec.Partition]
	if !open {
		return true
	}
	if rec.Offset+1 >= end {
		delete(r.ends[rec.Topic], rec.Partition)
		r.open--
	}
	return rec.Offset >= end
}
