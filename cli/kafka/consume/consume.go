// Package consume has the command that reads records and prints them.
package consume

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/cli/command"
	"tailrace/cli/kafka/client"
	"tailrace/cli/kafka/datum"
)

// flags are those of the command, as they were typed.
type flags struct {
	topics        []string
	include       string
	fromBeginning bool
	offset        string
	partitions    []int32
	fromTime      string
	toTime        string
	group         string
	max           int
	exit          bool
	follow        bool
	idle          command.Duration
	isolation     string
	print         []string
	noValue       bool
	keySeparator  string
	lineSeparator string
	headersSep    string
	null          string
	skipBad       bool
	properties    []string
	formatter     map[string]*bool

	format                              *command.Choice
	keyFormat, valueFormat, headerValue *datum.Format
}

// Command is "tailrace consume".
func Command(std command.Stdio) *cobra.Command {
	o := &flags{}
	c := &cobra.Command{
		Use:   "consume TOPIC...",
		Short: "Read records from topics and print them",
		Long: `Prints the records of topics as they come, until Ctrl-C; those that are there already only with
--from-beginning, --offset or --from-time. --exit ends where the topics end now. Topics may be
regular expressions.

Without --group all partitions are read and nothing is remembered. With --group the members of
the group share the partitions, go on where the group stands, and what was printed is
committed.

--format text prints what --print names and the value, parted by tabs, as
kafka-console-consumer does; jsonl an object a line, which "tailrace produce --input jsonl"
takes; json an array; raw the bytes of the values and nothing else. Values are never cut.`,
		Example: `  tailrace consume orders --from-beginning --exit
  tailrace consume orders --print key,timestamp,headers --offset -10
  tailrace consume orders --from-time -1h --to-time now --format jsonl
  tailrace consume orders --group billing --max-messages 100
  tailrace consume counts --from-beginning --key-format string --value-format long --print key`,
	}
	o.bind(c)
	f := client.Bind(c, std)
	c.ValidArgsFunction = f.CompleteTopics
	_ = c.RegisterFlagCompletionFunc("topic", f.CompleteTopics)
	_ = c.RegisterFlagCompletionFunc("group", f.CompleteGroups)
	c.RunE = func(_ *cobra.Command, args []string) error {
		p, err := o.check(c, args)
		if err != nil {
			return err
		}
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		// A reader that has gone must not end the program before the group is left.
		broken := make(chan os.Signal, 1)
		signal.Notify(broken, syscall.SIGPIPE)
		defer signal.Stop(broken)
		return p.run(ctx, f, std)
	}
	return c
}

func (o *flags) bind(c *cobra.Command) {
	fs := c.Flags()
	fs.StringArrayVar(&o.topics, "topic", nil, "a `topic`, or a regular expression; may be given several times")
	fs.BoolVar(&o.fromBeginning, "from-beginning", false, "begin with the first record; with --group, where the group has committed nothing")
	fs.StringVarP(&o.offset, "offset", "o", "", "begin at this `offset`; -N: N records before the end; earliest; latest")
	fs.Int32SliceVarP(&o.partitions, "partition", "p", nil, "only these partitions, by `number,...`")
	fs.Lookup("partition").DefValue = ""
	fs.StringVar(&o.fromTime, "from-time", "", "begin with the first record of this `time`: ISO 8601,\nmilliseconds since 1970, or a duration from now such as -1h")
	fs.StringVar(&o.toTime, "to-time", "", "end before the first record of this `time`")
	fs.StringVarP(&o.group, "group", "g", "", "read as a member of this `group`")
	fs.IntVarP(&o.max, "max-messages", "n", 0, "end after so many records; 0: no limit")
	fs.BoolVarP(&o.exit, "exit", "e", false, "end where the topics end now")
	fs.BoolVar(&o.follow, "follow", true, "wait for more records at the end; --follow=false is --exit")
	fs.Var(&o.idle, "idle-timeout", "end when no record comes for so long; 0: never")
	fs.StringVar(&o.isolation, "isolation-level", "", "read_committed leaves out what transactions have not committed\n(default read_uncommitted)")
	o.format = command.ChoiceFlag(c, "format", "how to print: text, jsonl, json or raw", "text", "jsonl", "json", "raw")
	fs.StringSliceVar(&o.print, "print", nil, "what --format text prints before the value, as `name,...`:\n"+command.Alternatives(fieldNames)+"; or all")
	fs.BoolVar(&o.noValue, "no-value", false, "do not print the value")
	o.keyFormat = datum.Flag(c, "key-format", "what keys are: "+datum.Help())
	o.valueFormat = datum.Flag(c, "value-format", "what values are: the same")
	o.headerValue = datum.Flag(c, "header-format", "what the values of headers are: the same")
	fs.StringVar(&o.keySeparator, "key-separator", `\t`, "what --format text prints between two things")
	fs.StringVar(&o.lineSeparator, "line-separator", `\n`, "what --format text prints behind a record")
	fs.StringVar(&o.headersSep, "headers-separator", ",", "what --format text prints between two headers")
	fs.StringVar(&o.null, "null-literal", "null", "what --format text prints for null")
	fs.BoolVar(&o.skipBad, "skip-message-on-error", false, "go on behind a record that is not of its format")
	command.Complete(c, "offset", "earliest", "latest")
	command.Complete(c, "isolation-level", "read_committed", "read_uncommitted")
	command.Complete(c, "print", append(slices.Clone(fieldNames), "all")...)
	// Kafka's names of the same.
	fs.StringVar(&o.include, "include", "", "")
	fs.Var(&o.idle, "timeout-ms", "")
	fs.Var(o.keyFormat, "key-deserializer", "")
	fs.Var(o.valueFormat, "value-deserializer", "")
	fs.StringArrayVar(&o.properties, "formatter-property", nil, "")
	fs.StringArrayVar(&o.properties, "property", nil, "")
	hidden := []string{"include", "timeout-ms", "key-deserializer", "value-deserializer", "formatter-property", "property"}
	o.formatter = map[string]*bool{}
	for _, name := range append(slices.Clone(fieldNames), "value") {
		o.formatter[name] = fs.Bool("print-"+name, name == "value", "")
		hidden = append(hidden, "print-"+name)
	}
	for _, name := range hidden {
		_ = fs.MarkHidden(name)
	}
}

// formatterProperties are kafka-console-consumer's --formatter-property, as flags.
var formatterProperties = map[string]string{"print.timestamp": "print-timestamp", "print.key": "print-key", "print.offset": "print-offset",
	"print.epoch": "print-epoch", "print.partition": "print-partition", "print.headers": "print-headers", "print.value": "print-value",
	"key.separator": "key-separator", "line.separator": "line-separator", "headers.separator": "headers-separator", "null.literal": "null-literal",
	"key.deserializer": "key-format", "value.deserializer": "value-format", "headers.deserializer": "header-format"}

// plan is a command line that has been checked.
type plan struct {
	flags
	start    start
	until    time.Time // zero: none
	printing printing
}

// start is where reading begins.
type start struct {
	kind startKind
	n    int64 // an offset, records before the end, or milliseconds since 1970
}

type startKind uint8

const (
	fromEnd startKind = iota
	fromStart
	fromOffset
	beforeEnd
	fromTime
)

func (o *flags) check(c *cobra.Command, args []string) (*plan, error) {
	fs := c.Flags()
	if err := command.SetProperties(fs, "formatter-property", o.properties, formatterProperties); err != nil {
		return nil, err
	}
	o.topics = append(slices.Clone(args), o.topics...)
	if o.include != "" {
		o.topics = append(o.topics, o.include)
	}
	p := &plan{flags: *o}
	var err error
	if p.start, err = o.begin(); err != nil {
		return nil, err
	}
	switch {
	case len(o.topics) == 0:
		return nil, command.Usagef("a topic is needed: %s", c.UseLine())
	case o.group != "" && len(o.partitions) > 0:
		return nil, command.Usagef("--group and --partition exclude each other: a group shares out the partitions")
	case o.group != "" && (p.start.kind == fromOffset || p.start.kind == beforeEnd):
		return nil, command.WithHint(command.Usagef("--group and --offset exclude each other: a group goes on where it stands"), "\"tailrace groups reset-offsets\" moves it.")
	case o.max < 0:
		return nil, command.Usagef("--max-messages must be at least 1, not %d", o.max)
	}
	for _, n := range o.partitions {
		if n < 0 {
			return nil, command.Usagef("--partition must be at least 0, not %d", n)
		}
	}
	if o.toTime != "" {
		if p.until, err = command.ParseTime(o.toTime, time.Now()); err != nil {
			return nil, command.Usagef("--to-time: %q will not do: %w", o.toTime, err)
		}
		if p.start.kind == fromTime && p.until.UnixMilli() < p.start.n {
			return nil, command.Usagef("--to-time is before --from-time")
		}
	}
	p.exit = o.exit || !o.follow
	p.printing, err = o.layout(c)
	return p, err
}

// begin reads where to begin, which one flag at most says.
func (o *flags) begin() (start, error) {
	given := 0
	for _, is := range []bool{o.fromBeginning, o.offset != "", o.fromTime != ""} {
		if is {
			given++
		}
	}
	if given > 1 {
		return start{}, command.Usagef("--from-beginning, --offset and --from-time exclude each other")
	}
	switch {
	case o.fromBeginning || o.offset == "earliest" || o.offset == "beginning":
		return start{kind: fromStart}, nil
	case o.fromTime != "":
		at, err := command.ParseTime(o.fromTime, time.Now())
		if err != nil {
			return start{}, command.Usagef("--from-time: %q will not do: %w", o.fromTime, err)
		}
		return start{fromTime, at.UnixMilli()}, nil
	case o.offset == "" || o.offset == "latest" || o.offset == "end":
		return start{kind: fromEnd}, nil
	}
	n, err := strconv.ParseInt(o.offset, 10, 64)
	if err != nil {
		return start{}, command.Usagef("--offset must be a number, -N, earliest or latest, not %q", o.offset)
	}
	if n < 0 || strings.HasPrefix(o.offset, "-") {
		return start{beforeEnd, -n}, nil
	}
	return start{fromOffset, n}, nil
}

// options are those of the client beside where it reads.
func (p *plan) options() ([]kgo.Opt, error) {
	opts := []kgo.Opt{kgo.KeepControlRecords(), kgo.FetchMaxWait(fetchWait)}
	if p.isolation != "" {
		opt, err := client.Isolation(p.isolation)
		if err != nil {
			return nil, command.Usagef("--isolation-level %w", err)
		}
		opts = append(opts, opt)
	}
	return opts, nil
}

// fetchWait is how long a broker holds a request that has nothing to answer.
const fetchWait = 500 * time.Millisecond
