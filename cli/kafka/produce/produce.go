// Package produce has the command that writes records: lines of standard input or of a
// file, or JSON objects, to a topic.
package produce

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/cli/command"
	"tailrace/cli/kafka/client"
	"tailrace/cli/kafka/datum"
)

// flags are those of the command, as they were typed.
type flags struct {
	topic           string
	file            string
	keySeparator    string
	parseKey        bool
	key             string
	headers         []string
	parseHeaders    bool
	headerDelimiter string
	headerSeparator string
	headerKey       string
	lineSeparator   string
	nullMarker      string
	partition       int32
	timestamp       string
	compression     string
	acks            string
	idempotence     bool
	linger          command.Duration
	rate            float64
	skipBad         bool
	autoCreate      bool
	properties      []string

	input, format          *command.Choice
	keyFormat, valueFormat *datum.Format
}

// Command is "tailrace produce".
func Command(std command.Stdio) *cobra.Command {
	o := &flags{}
	c := &cobra.Command{
		Use:   "produce TOPIC",
		Short: "Write records to a topic: lines of standard input, a file, or JSON",
		Long: `Makes a record of each line of standard input, or of a file, and writes it to a topic. With
--key-separator what stands before the separator is the key; with --parse-headers headers come
before that: h1:v1,h2:v2<TAB>key<TAB>value.

--input jsonl takes a JSON object a line, as "tailrace consume --format jsonl" prints them: keys,
values, headers and timestamps come over. --input whole makes one record of everything.

Ctrl-C writes what has been read and ends. Exit code 1: a line makes no record, or the cluster
refused one; what came before it is written.`,
		Example: `  echo '{"id": 1}' | tailrace produce orders
  tailrace produce orders --key-separator : --file orders.txt
  printf 'a=1\tk\tv\n' | tailrace produce orders --parse-headers --parse-key --headers-key-separator =
  tailrace consume orders --exit --format jsonl | tailrace produce copy --input jsonl
  tailrace produce counts --key x --value-format long --format json < numbers.txt`,
	}
	o.bind(c)
	f := client.Bind(c, std)
	c.ValidArgsFunction = f.CompleteTopics
	_ = c.RegisterFlagCompletionFunc("topic", f.CompleteTopics)
	c.RunE = func(_ *cobra.Command, args []string) error {
		l, opts, err := o.check(c, args)
		if err != nil {
			return err
		}
		return o.run(f, l, opts, std)
	}
	return c
}

func (o *flags) bind(c *cobra.Command) {
	fs := c.Flags()
	fs.StringVar(&o.topic, "topic", "", "the `topic`")
	fs.StringVarP(&o.file, "file", "f", "", "read this `file`; - is standard input")
	o.input = command.ChoiceFlag(c, "input", "what a record is: a line, a JSON object a line, or everything", "lines", "jsonl", "whole")
	fs.BoolVar(&o.parseKey, "parse-key", false, "lines begin with a key")
	fs.StringVar(&o.keySeparator, "key-separator", `\t`, "what ends the key; giving it means --parse-key")
	fs.StringVarP(&o.key, "key", "k", "", "the key of all records")
	fs.StringArrayVarP(&o.headers, "header", "H", nil, "a header `name=value` of all records; may be given several times")
	fs.BoolVar(&o.parseHeaders, "parse-headers", false, "lines begin with headers")
	fs.StringVar(&o.headerDelimiter, "headers-delimiter", `\t`, "what ends the headers")
	fs.StringVar(&o.headerSeparator, "headers-separator", ",", "what stands between two headers")
	fs.StringVar(&o.headerKey, "headers-key-separator", ":", "what stands between the name and the value of a header")
	fs.StringVar(&o.lineSeparator, "line-separator", `\n`, "what ends a record of --input lines")
	fs.StringVar(&o.nullMarker, "null-marker", "", "a key, value or header that is this text is null")
	o.keyFormat = datum.Flag(c, "key-format", "what keys are: "+datum.Help())
	o.valueFormat = datum.Flag(c, "value-format", "what values are: the same")
	fs.Int32VarP(&o.partition, "partition", "p", -1, "the partition; -1: by the key, else any")
	fs.StringVar(&o.timestamp, "timestamp", "", "a `time` for all records: ISO 8601, milliseconds since 1970, now, or -1h")
	fs.StringVar(&o.compression, "compression", "", "codec of batches: none, gzip, snappy, lz4 or zstd (default snappy)")
	fs.StringVar(&o.acks, "acks", "", "who must have a record before it counts: all, 1 or 0 (default all)")
	fs.BoolVar(&o.idempotence, "idempotence", true, "write each record once, whatever is tried again; needs acks all")
	fs.Var(&o.linger, "linger", "how long to gather records for a batch")
	fs.Float64Var(&o.rate, "rate", 0, "at most so many records a second; 0: as fast as they come")
	fs.BoolVar(&o.skipBad, "skip-bad-lines", false, "go on behind lines that make no record")
	fs.BoolVar(&o.autoCreate, "auto-create", false, "let the cluster make the topic, if it does")
	o.format = command.ChoiceFlag(c, "format", "how to report: text tells the number of records, json an object a\nrecord with its partition and offset", "text", "json")
	command.Complete(c, "compression", "none", "gzip", "snappy", "lz4", "zstd")
	command.Complete(c, "acks", "all", "1", "0")
	_ = c.MarkFlagFilename("file")
	// Kafka's names of the same.
	fs.StringVar(&o.compression, "compression-codec", "", "")
	fs.Lookup("compression-codec").NoOptDefVal = "gzip"
	fs.StringVar(&o.acks, "request-required-acks", "", "")
	fs.Float64Var(&o.rate, "throughput", 0, "")
	fs.StringArrayVar(&o.properties, "reader-property", nil, "")
	fs.StringArrayVar(&o.properties, "property", nil, "")
	for _, name := range []string{"compression-codec", "request-required-acks", "throughput", "reader-property", "property"} {
		_ = fs.MarkHidden(name)
	}
}

// readerProperties are kafka-console-producer's --reader-property, as flags.
var readerProperties = map[string]string{"parse.key": "parse-key", "key.separator": "key-separator", "parse.headers": "parse-headers",
	"headers.delimiter": "headers-delimiter", "headers.separator": "headers-separator", "headers.key.separator": "headers-key-separator",
	"null.marker": "null-marker", "ignore.error": "skip-bad-lines"}

// check reads the command line.
func (o *flags) check(c *cobra.Command, args []string) (layout, []kgo.Opt, error) {
	fs := c.Flags()
	if err := command.SetProperties(fs, "reader-property", o.properties, readerProperties); err != nil {
		return layout{}, nil, err
	}
	keyed := o.parseKey || fs.Changed("key-separator") && !fs.Changed("parse-key")
	l := layout{input: o.input.String(), parseKey: keyed, parseHeaders: o.parseHeaders, nullMarker: o.nullMarker, key: *o.keyFormat, value: *o.valueFormat, partition: o.partition}
	if o.topic != "" {
		args = append(args, o.topic)
	}
	if len(args) != 1 {
		return l, nil, command.Usagef("one topic is needed: %s", c.UseLine())
	}
	l.topic = args[0]
	for _, s := range []struct {
		flag, text string
		to         *string
	}{{"key-separator", o.keySeparator, &l.keySeparator}, {"headers-delimiter", o.headerDelimiter, &l.headerDelimiter}, {"headers-separator", o.headerSeparator, &l.headerSeparator},
		{"headers-key-separator", o.headerKey, &l.headerKey}, {"line-separator", o.lineSeparator, &l.lineSeparator}} {
		text, err := command.Unescape(s.text)
		if err != nil || text == "" {
			return l, nil, command.Usagef("--%s: %q is no separator", s.flag, s.text)
		}
		*s.to = text
	}
	if err := o.constants(fs, &l); err != nil {
		return l, nil, err
	}
	opts, err := o.options(fs)
	return l, opts, err
}

// constants reads what is the same for all records.
func (o *flags) constants(fs *pflag.FlagSet, l *layout) error {
	if fs.Changed("key") {
		if l.parseKey {
			return command.Usagef("--key and --key-separator exclude each other: the key of all records, or one of each line")
		}
		l.constKey = &o.key
	}
	if l.input != "lines" && (l.parseKey || l.parseHeaders) {
		return command.Usagef("--key-separator and --parse-headers are for --input lines")
	}
	for _, h := range o.headers {
		k, v, ok := strings.Cut(h, "=")
		if !ok {
			return command.Usagef("--header takes name=value, not %q", h)
		}
		value, _ := l.encode(datum.String, v)
		l.headers = append(l.headers, kgo.RecordHeader{Key: k, Value: value})
	}
	if o.partition < -1 {
		return command.Usagef("--partition must be at least 0, not %d", o.partition)
	}
	if o.rate < 0 {
		o.rate = 0 // Kafka's tools take -1 for no limit
	}
	if o.timestamp != "" {
		at, err := command.ParseTime(o.timestamp, time.Now())
		if err != nil {
			return command.Usagef("--timestamp: %q will not do: %w", o.timestamp, err)
		}
		l.timestamp = at
	}
	return nil
}

// options are those of the client.
func (o *flags) options(fs *pflag.FlagSet) ([]kgo.Opt, error) {
	var opts []kgo.Opt
	if o.compression != "" {
		opt, err := client.Compression(o.compression)
		if err != nil {
			return nil, command.Usagef("--compression %w", err)
		}
		opts = append(opts, opt)
	}
	if o.acks != "" {
		acks, err := client.Acks(o.acks)
		if err != nil {
			return nil, command.Usagef("--acks %w", err)
		}
		opts = append(opts, acks)
	}
	weak := o.acks != "" && o.acks != "all" && o.acks != "-1"
	if weak && fs.Changed("idempotence") && o.idempotence {
		return nil, command.Usagef("--idempotence needs --acks all, not %s", o.acks)
	}
	if weak || !o.idempotence {
		opts = append(opts, kgo.DisableIdempotentWrite())
	}
	if fs.Changed("linger") {
		opts = append(opts, kgo.ProducerLinger(time.Duration(o.linger)))
	}
	if o.autoCreate {
		opts = append(opts, kgo.AllowAutoTopicCreation())
	}
	if o.partition >= 0 {
		opts = append(opts, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	}
	return opts, nil
}

// run writes what the input has.
func (o *flags) run(f *client.Flags, l layout, opts []kgo.Opt, std command.Stdio) error {
	in := std.In
	if o.file != "" && o.file != "-" {
		file, err := os.Open(o.file)
		if err != nil {
			return fmt.Errorf("--file: %w", err)
		}
		defer file.Close()
		in = file
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	conn, err := o.connect(ctx, f, l, opts)
	if err != nil {
		return err
	}
	defer conn.Close()
	w := newWriter(conn, o, std)
	interactive := o.file == "" && std.InputIsTerminal()
	err = w.pump(ctx, newSource(l, in), interactive)
	flushing, cancel := context.WithTimeout(context.Background(), f.Timeout())
	defer cancel()
	if flushErr := conn.Flush(flushing); flushErr != nil && err == nil {
		err = client.Failed("not everything was written", flushErr, "")
	}
	return w.finish(ctx, err)
}

// connect opens a client whose batches are as large as the topic takes them.
func (o *flags) connect(ctx context.Context, f *client.Flags, l layout, opts []kgo.Opt) (*client.Conn, error) {
	limit, err := o.lookUp(ctx, f, l)
	if err != nil {
		return nil, err
	}
	if limit > 0 {
		opts = append(opts, kgo.ProducerBatchMaxBytes(limit))
	}
	return f.Producer(ctx, append(opts, kgo.UnknownTopicRetries(3))...)
}

// lookUp finds the topic, and the largest batch that it takes; 0 if it does not tell.
func (o *flags) lookUp(ctx context.Context, f *client.Flags, l layout) (limit int32, err error) {
	looking, cancel := context.WithTimeout(ctx, f.Timeout())
	defer cancel()
	conn, err := f.Admin(looking)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if client.IsPattern(l.topic) {
		return 0, command.Usagef("%q is no name of a topic", l.topic)
	}
	topics, err := conn.Topics(looking, client.Selection{Selectors: []string{l.topic}, MissingOK: o.autoCreate})
	if err != nil {
		return 0, command.WithHint(err, "\"tailrace topics create %s\" makes it, and --auto-create lets the cluster make it.", l.topic)
	}
	if len(topics) == 0 {
		return 0, nil
	}
	if n := len(topics[0].Partitions); int(l.partition) >= n {
		return 0, fmt.Errorf("topic %q has no partition %d: it has %s", l.topic, l.partition, command.Count(n, "partition"))
	}
	if conn.Properties["max.request.size"] != "" {
		return 0, nil
	}
	return conn.MaxMessageBytes(looking, l.topic)
}

// errStopped is Ctrl-C.
var errStopped = errors.New("interrupted")

// isBadLine reports whether a line made no record.
func isBadLine(err error) bool {
	var bad *lineError
	return errors.As(err, &bad)
}

// pump reads records and hands them to the client until the input, or the patience of who
// watches, ends.
func (w *writer) pump(ctx context.Context, s *source, interactive bool) error {
	type item struct {
		r    *kgo.Record
		line int
		err  error
	}
	items := make(chan item)
	done := make(chan struct{})
	defer close(done)
	go func() { // reading a terminal cannot be interrupted
		for {
			if interactive {
				fmt.Fprint(w.std.Err, ">")
			}
			r, err := s.read()
			select {
			case items <- item{r, s.line, err}:
			case <-done:
				return
			}
			if err != nil && !isBadLine(err) {
				return
			}
		}
	}()
	pace := newPace(w.rate)
	for {
		select {
		case <-ctx.Done():
			return errStopped
		case err := <-w.failed:
			return err
		case it := <-items:
			switch {
			case it.err == io.EOF:
				return nil
			case it.err != nil && isBadLine(it.err) && w.skipBad:
				fmt.Fprintf(w.std.Err, "tailrace: %s\n", it.err)
				continue
			case it.err != nil:
				return it.err
			}
			if err := pace.wait(ctx); err != nil {
				return errStopped
			}
			w.produce(ctx, it.r, it.line)
		}
	}
}

// pace holds records back to a rate.
type pace struct {
	every time.Duration // between two records; 0: no limit
	next  time.Time
}

func newPace(perSecond float64) *pace {
	if perSecond <= 0 {
		return &pace{}
	}
	return &pace{every: time.Duration(float64(time.Second) / perSecond), next: time.Now()}
}

// wait returns when the next record may go.
func (p *pace) wait(ctx context.Context) error {
	if p.every == 0 {
		return nil
	}
	if d := time.Until(p.next); d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
		}
	}
	p.next = p.next.Add(p.every)
	return nil
}
