package groups

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"tailrace/cli/command"
	"tailrace/cli/kafka/client"
)

type resetFlags struct {
	selection
	topics    []string
	allTopics bool
	dryRun    bool
	execute   bool
	export    bool

	toEarliest, toLatest, toCurrent bool
	toOffset, shiftBy               int64
	toDatetime, byDuration          string
	fromFile                        string
}

func resetCommand(std command.Stdio) *cobra.Command {
	var o resetFlags
	c := &cobra.Command{
		Use:   "reset-offsets GROUP... (--topic TOPIC[:PARTITIONS] | --all-topics) --to-...",
		Short: "Move groups to other offsets",
		Long: `Plans, and with --execute sets, where groups go on reading. The groups must have no members.
Without --execute nothing is changed: what would be is printed.

An offset before the start of a log or behind its end becomes the start or the end. A time
selects the first record that is not older; where there is none, the end. --export prints
topic,partition,offset (with several groups, group,topic,partition,offset), which --from-file
takes.`,
		Example: `  tailrace groups reset-offsets billing --topic orders --to-earliest
  tailrace groups reset-offsets billing --topic orders:0,1 --shift-by -10 --execute
  tailrace groups reset-offsets billing --all-topics --to-datetime 2026-01-31T12:00:00Z --execute
  tailrace groups reset-offsets billing --all-topics --to-current --export > offsets.csv
  tailrace groups reset-offsets billing --from-file offsets.csv --execute`,
	}
	fs := c.Flags()
	fs.StringArrayVar(&o.topics, "topic", nil, "`topic` or topic:0,1,2; may be given several times")
	fs.BoolVar(&o.allTopics, "all-topics", false, "all topics that the group has committed offsets of")
	fs.BoolVar(&o.dryRun, "dry-run", false, "print what would be set: the default")
	fs.BoolVar(&o.execute, "execute", false, "set the offsets")
	fs.BoolVar(&o.export, "export", false, "print the offsets as CSV")
	fs.BoolVar(&o.toEarliest, "to-earliest", false, "to the start of the log")
	fs.BoolVar(&o.toLatest, "to-latest", false, "to the end of the log")
	fs.BoolVar(&o.toCurrent, "to-current", false, "to what is committed, else to the end")
	fs.Int64Var(&o.toOffset, "to-offset", 0, "to this offset")
	fs.Int64Var(&o.shiftBy, "shift-by", 0, "by so many records, back when it is negative")
	fs.StringVar(&o.toDatetime, "to-datetime", "", "to a `time`: ISO 8601, milliseconds since 1970, or a duration from now such as -1h")
	fs.StringVar(&o.byDuration, "by-duration", "", "to so long ago: a `duration` such as 1h or PT1H")
	fs.StringVar(&o.fromFile, "from-file", "", "to the offsets of a CSV `file`")
	format := command.ListFormat(c)
	f := client.Bind(c, std)
	groupsFlags(c, f, &o.selection)
	_ = c.RegisterFlagCompletionFunc("topic", f.CompleteTopics)
	c.RunE = func(_ *cobra.Command, args []string) error {
		plan, err := o.check(c, args)
		if err != nil {
			return err
		}
		return f.Run(func(ctx context.Context, conn *client.Conn, _ []string) error {
			return plan.run(ctx, conn, format, std)
		})(c, nil)
	}
	return c
}

// modes are the flags of which just one says where to go.
var modes = []string{"to-earliest", "to-latest", "to-current", "to-offset", "shift-by", "to-datetime", "by-duration", "from-file"}

// reset is a command line that has been checked.
type reset struct {
	resetFlags
	scopes []client.Scope
	mode   string
	at     time.Time
	file   map[string]map[string]map[int32]int64 // group, topic, partition; group "" is any
}

func (o resetFlags) check(c *cobra.Command, args []string) (*reset, error) {
	var err error
	r := &reset{resetFlags: o}
	if r.selection, err = o.with(c, args); err != nil {
		return nil, err
	}
	for _, m := range modes {
		if !c.Flags().Changed(m) {
			continue
		}
		if r.mode != "" {
			return nil, command.Usagef("--%s and --%s exclude each other", r.mode, m)
		}
		r.mode = m
	}
	scoped := len(o.topics) > 0 || o.allTopics
	switch {
	case r.mode == "":
		return nil, command.Usagef("where to? Give one of --%s", strings.Join(modes, ", --"))
	case r.mode == "from-file" && scoped:
		return nil, command.Usagef("--from-file says which topics; --topic and --all-topics do not go with it")
	case r.mode != "from-file" && !scoped:
		return nil, command.Usagef("of which topics? Give --topic or --all-topics")
	case len(o.topics) > 0 && o.allTopics:
		return nil, command.Usagef("--topic and --all-topics exclude each other")
	case o.dryRun && o.execute:
		return nil, command.Usagef("--dry-run and --execute exclude each other")
	}
	if r.scopes, err = client.ParseScopes(o.topics); err != nil {
		return nil, err
	}
	switch r.mode {
	case "to-datetime":
		if r.at, err = command.ParseTime(o.toDatetime, time.Now()); err != nil {
			return nil, command.Usagef("--to-datetime: %q will not do: %w", o.toDatetime, err)
		}
	case "by-duration":
		d, err := command.ParseDuration(o.byDuration)
		if err != nil {
			return nil, command.Usagef("--by-duration: %q will not do: %w", o.byDuration, err)
		}
		r.at = time.Now().Add(-d)
	case "from-file":
		text, err := os.ReadFile(o.fromFile)
		if err != nil {
			return nil, fmt.Errorf("--from-file: %w", err)
		}
		if r.file, err = parseOffsets(text); err != nil {
			return nil, fmt.Errorf("--from-file: %s: %w", o.fromFile, err)
		}
	}
	return r, nil
}

// parseOffsets reads lines of topic,partition,offset or group,topic,partition,offset.
func parseOffsets(text []byte) (map[string]map[string]map[int32]int64, error) {
	reader := csv.NewReader(bytes.NewReader(text))
	reader.FieldsPerRecord = -1
	lines, err := reader.ReadAll()
	if err != nil {
		return nil, err
	}
	all := map[string]map[string]map[int32]int64{}
	for i, fields := range lines {
		group := ""
		if len(fields) == 4 {
			group, fields = fields[0], fields[1:]
		}
		if len(fields) != 3 {
			return nil, fmt.Errorf("line %d: it should be topic,partition,offset or group,topic,partition,offset, and has %s", i+1, command.Count(len(fields), "field"))
		}
		p, err := strconv.ParseInt(strings.TrimSpace(fields[1]), 10, 32)
		if err != nil || p < 0 {
			return nil, fmt.Errorf("line %d: %q is no partition", i+1, fields[1])
		}
		at, err := strconv.ParseInt(strings.TrimSpace(fields[2]), 10, 64)
		if err != nil || at < 0 {
			return nil, fmt.Errorf("line %d: %q is no offset", i+1, fields[2])
		}
		topic := strings.TrimSpace(fields[0])
		if all[group] == nil {
			all[group] = map[string]map[int32]int64{}
		}
		if all[group][topic] == nil {
			all[group][topic] = map[int32]int64{}
		}
		all[group][topic][int32(p)] = at
	}
	return all, nil
}

// moved is a partition of a group with where it goes.
type moved struct {
	Group     string `json:"group"`
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	New       int64  `json:"newOffset"`
	Current   *int64 `json:"currentOffset"` // null: nothing is committed
}

func (r *reset) run(ctx context.Context, conn *client.Conn, format *command.Choice, std command.Stdio) error {
	names, err := r.names(ctx, conn)
	if err != nil {
		return err
	}
	var rows []moved
	var failed []error
	for _, name := range names {
		planned, err := r.plan(ctx, conn, name, std)
		if err == nil && r.execute {
			err = commit(ctx, conn, name, planned)
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		rows = append(rows, planned...)
	}
	if len(rows) == 0 && len(failed) > 0 {
		return command.Failures(failed)
	}
	if err := r.print(rows, len(names) > 1, format, std); err != nil {
		return err
	}
	return command.Failures(failed)
}

// plan says where a group goes.
func (r *reset) plan(ctx context.Context, conn *client.Conn, group string, std command.Stdio) ([]moved, error) {
	all, err := conn.DescribeGroups(ctx, group)
	d := all[group]
	if err != nil {
		return nil, client.Failed(fmt.Sprintf("cannot reset group %q", group), err, "")
	}
	if d.Err != nil && !errors.Is(d.Err, kerr.GroupIDNotFound) {
		return nil, client.Failed(fmt.Sprintf("cannot reset group %q", group), d.Err, d.ErrMessage)
	}
	state := d.State
	if d.Err != nil || state == "Dead" {
		if g, ok := newProtocol(ctx, conn, group); ok {
			state = g.State
		} else {
			state = "Dead" // it does not exist, and is made by what is committed
		}
	}
	if state != "Empty" && state != "Dead" {
		return nil, command.WithHint(fmt.Errorf("cannot reset group %q: it must be inactive, but its state is %s", group, state), "Stop its members first.")
	}
	committed := kadm.OffsetResponses{}
	if state == "Empty" {
		if committed, err = conn.Committed(ctx, group); err != nil {
			return nil, client.Failed(fmt.Sprintf("read the offsets of group %q", group), err, "")
		}
	}
	set, wanted, err := r.scope(ctx, conn, group, committed)
	if err != nil || len(set) == 0 {
		return nil, err
	}
	return r.target(ctx, conn, group, set, wanted, committed, std)
}

// scope is which partitions of a group are moved, and for a file where to.
func (r *reset) scope(ctx context.Context, conn *client.Conn, group string, committed kadm.OffsetResponses) (kadm.TopicsSet, map[string]map[int32]int64, error) {
	switch {
	case r.allTopics:
		return committed.Partitions(), nil, nil
	case r.mode != "from-file":
		set, err := conn.Partitions(ctx, r.scopes)
		return set, nil, err
	}
	wanted := r.file[group]
	if wanted == nil {
		wanted = r.file[""]
	}
	var scopes []client.Scope
	for topic, ps := range wanted {
		s := client.Scope{Topic: topic}
		for p := range ps {
			s.Partitions = append(s.Partitions, p)
		}
		scopes = append(scopes, s)
	}
	set, err := conn.Partitions(ctx, scopes)
	return set, wanted, err
}

// target computes the new offsets.
func (r *reset) target(ctx context.Context, conn *client.Conn, group string, set kadm.TopicsSet, wanted map[string]map[int32]int64, committed kadm.OffsetResponses, std command.Stdio) ([]moved, error) {
	topics := set.Topics()
	starts, err := conn.Admin.ListStartOffsets(ctx, topics...)
	if err != nil {
		return nil, client.Failed("read the starts of topics", err, "")
	}
	ends, err := conn.Admin.ListEndOffsets(ctx, topics...)
	if err != nil {
		return nil, client.Failed("read the ends of topics", err, "")
	}
	var after kadm.ListedOffsets
	if !r.at.IsZero() {
		if after, err = conn.OffsetsAfter(ctx, r.at, topics...); err != nil {
			return nil, client.Failed("look for the time in topics", err, "")
		}
	}
	var rows []moved
	for _, t := range set.Sorted() {
		for _, p := range t.Partitions {
			start, end := starts[t.Topic][p], ends[t.Topic][p]
			if err := errors.Join(start.Err, end.Err, after[t.Topic][p].Err); err != nil {
				return nil, client.Failed(fmt.Sprintf("read partition %d of topic %q", p, t.Topic), err, "")
			}
			row := moved{Group: group, Topic: t.Topic, Partition: p}
			if c, ok := committed.Lookup(t.Topic, p); ok && c.At >= 0 {
				row.Current = &c.At
			}
			at := end.Offset
			switch r.mode {
			case "to-earliest":
				at = start.Offset
			case "to-current":
				if row.Current != nil {
					at = *row.Current
				}
			case "to-offset":
				at = r.toOffset
			case "shift-by":
				if row.Current == nil {
					return nil, fmt.Errorf("cannot shift partition %d of topic %q: group %q has committed no offset of it", p, t.Topic, group)
				}
				at = *row.Current + r.shiftBy
			case "to-datetime", "by-duration":
				at = after[t.Topic][p].Offset
			case "from-file":
				at = wanted[t.Topic][p]
			}
			if row.New = min(max(at, start.Offset), end.Offset); row.New != at {
				fmt.Fprintf(std.Err, "tailrace: offset %d of partition %d of topic %s is outside of its log: %d is taken\n", at, p, t.Topic, row.New)
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func commit(ctx context.Context, conn *client.Conn, group string, rows []moved) error {
	offsets := kadm.Offsets{}
	for _, m := range rows {
		offsets.AddOffset(m.Topic, m.Partition, m.New, -1)
	}
	if len(offsets) == 0 {
		return nil
	}
	what := fmt.Sprintf("cannot reset group %q", group)
	results, err := conn.Commit(ctx, group, offsets)
	if err != nil {
		return client.Failed(what, err, "")
	}
	for _, r := range results.Sorted() {
		if r.Err != nil {
			return client.Failed(fmt.Sprintf("%s, partition %d of topic %q", what, r.Partition, r.Topic), r.Err, "")
		}
	}
	return nil
}

func (r *reset) print(rows []moved, several bool, format *command.Choice, std command.Stdio) error {
	if r.export {
		w := csv.NewWriter(std.Out)
		for _, m := range rows {
			fields := []string{m.Topic, strconv.Itoa(int(m.Partition)), strconv.FormatInt(m.New, 10)}
			if several {
				fields = append([]string{m.Group}, fields...)
			}
			_ = w.Write(fields) // Error tells of it
		}
		w.Flush()
		return w.Error()
	}
	err := command.List(std.Out, format, rows,
		command.Column[moved]{Name: "GROUP", Cell: func(m moved) string { return m.Group }},
		command.Column[moved]{Name: "TOPIC", Cell: func(m moved) string { return m.Topic }},
		command.Column[moved]{Name: "PARTITION", Cell: func(m moved) string { return strconv.Itoa(int(m.Partition)) }},
		command.Column[moved]{Name: "NEW-OFFSET", Cell: func(m moved) string { return strconv.FormatInt(m.New, 10) }},
		command.Column[moved]{Name: "CURRENT-OFFSET", Cell: func(m moved) string { return orDash(m.Current) }})
	if err == nil && !r.execute && len(rows) > 0 {
		fmt.Fprintln(std.Err, "Nothing is changed without --execute.")
	}
	return err
}
