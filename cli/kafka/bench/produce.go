package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/cli/command"
	"tailrace/cli/kafka/client"
)

type produceFlags struct {
	common
	duration    command.Duration
	size        int
	payloadFile string
	delimiter   string
	monotonic   bool
	throughput  float64
	batch       int32
	linger      command.Duration
	compression string
	acks        string
	keyRange    int64
	keys        *command.Choice
	seed        uint64
	warmup      int64
}

func produceCommand(std command.Stdio) *cobra.Command {
	o := &produceFlags{}
	c := &cobra.Command{
		Use:   "produce TOPIC",
		Short: "Measure how fast records are written, and how long each takes",
		Long: `Writes records as fast as the cluster takes them, or at a rate, and prints a line a second and
a summary: records and MB a second, and latency from handing a record to the client until the
cluster has acknowledged it. Without a rate records queue in the client, and the latency is
that of the queue; a rate below the fastest shows the cluster's.`,
		Example: `  tailrace bench produce orders --num-records 1000000 --record-size 100
  tailrace bench produce orders --duration 30s --throughput 50000 --acks 1
  tailrace bench produce orders --num-records 100000 --record-size 1024 --compression lz4 --batch-size 65536 --linger 5
  tailrace bench produce orders --num-records 100000 --payload-file lines.txt --format json`,
	}
	f := client.Bind(c, std)
	o.bind(c, f, "end after so many records; 0: no limit", "text", "json")
	fs := c.Flags()
	fs.Var(&o.duration, "duration", "end after so long; 0: no limit")
	fs.IntVar(&o.size, "record-size", 100, "bytes of a value, of random letters")
	fs.StringVar(&o.payloadFile, "payload-file", "", "values are lines of this file, drawn at random")
	fs.StringVar(&o.delimiter, "payload-delimiter", `\n`, "what ends a value of --payload-file")
	fs.BoolVar(&o.monotonic, "payload-monotonic", false, "values are 0, 1, 2, ...")
	fs.Float64Var(&o.throughput, "throughput", -1, "records a second; -1: as many as the cluster takes")
	fs.Int32Var(&o.batch, "batch-size", 0, "largest batch, in bytes; 0: what the topic takes")
	fs.Var(&o.linger, "linger", "how long to gather records for a batch")
	fs.StringVar(&o.compression, "compression", "none", "codec of batches: none, gzip, snappy, lz4 or zstd")
	fs.StringVar(&o.acks, "acks", "all", "who must have a record before it counts: all, 1 or 0")
	fs.Int64Var(&o.keyRange, "record-key-range", 0, "keys are of 0 to this, less one")
	o.keys = command.ChoiceFlag(c, "key-distribution", "keys: none, in turn, or at random", "none", "range", "random")
	fs.Uint64Var(&o.seed, "random-seed", 0, "seed of keys and values: the same seed gives the same records")
	fs.Int64Var(&o.warmup, "warmup-records", 0, "leave the first records out of the summary")
	command.Complete(c, "compression", "none", "gzip", "snappy", "lz4", "zstd")
	command.Complete(c, "acks", "all", "1", "0")
	_ = c.MarkFlagFilename("payload-file")
	c.RunE = func(_ *cobra.Command, args []string) error {
		opts, err := o.check(c, args)
		if err != nil {
			return err
		}
		ctx, stop := untilSignal()
		defer stop()
		return o.run(ctx, f, opts, std)
	}
	return c
}

func (o *produceFlags) check(c *cobra.Command, args []string) ([]kgo.Opt, error) {
	if err := o.one(c, args); err != nil {
		return nil, err
	}
	changed := c.Flags().Changed
	switch {
	case o.records <= 0 && o.duration == 0:
		return nil, command.Usagef("how many? Give --num-records or --duration")
	case o.size < 0:
		return nil, command.Usagef("--record-size must be at least 0, not %d", o.size)
	case o.payloadFile != "" && (o.monotonic || changed("record-size")), o.monotonic && changed("record-size"):
		return nil, command.Usagef("--record-size, --payload-file and --payload-monotonic exclude each other")
	case o.keys.String() != "none" && o.keyRange < 1:
		return nil, command.Usagef("--key-distribution %s needs --record-key-range", o.keys)
	case o.warmup > 0 && o.records > 0 && o.warmup >= o.records:
		return nil, command.Usagef("--warmup-records must be less than --num-records")
	}
	if o.keyRange > 0 && !changed("key-distribution") {
		_ = o.keys.Set("range")
	}
	codec, err := client.Compression(o.compression)
	if err != nil {
		return nil, command.Usagef("--compression %w", err)
	}
	acks, err := client.Acks(o.acks)
	if err != nil {
		return nil, command.Usagef("--acks %w", err)
	}
	opts := []kgo.Opt{codec, acks, kgo.ProducerLinger(time.Duration(o.linger)), kgo.MaxBufferedBytes(bufferedBytes), kgo.MaxBufferedRecords(bufferedRecords)}
	if o.acks != "all" && o.acks != "-1" {
		opts = append(opts, kgo.DisableIdempotentWrite())
	}
	return opts, nil
}

// Records wait in the client up to these; 32 MiB is buffer.memory of Kafka's producer.
const (
	bufferedBytes   = 32 << 20
	bufferedRecords = 250_000
)

// recordOverhead is more than a record adds to its key and value in a batch.
const recordOverhead = 1 << 10

func (o *produceFlags) run(ctx context.Context, f *client.Flags, opts []kgo.Opt, std command.Stdio) error {
	values, err := o.values()
	if err != nil {
		return err
	}
	limit, err := findTopic(ctx, f, o.topic)
	if err != nil {
		return err
	}
	if o.batch > 0 {
		limit = max(o.batch, int32(values.largest+recordOverhead))
	}
	if limit > 0 {
		opts = append(opts, kgo.ProducerBatchMaxBytes(limit))
	}
	conn, err := f.Producer(ctx, opts...)
	if err != nil {
		return err
	}
	defer conn.Close()
	m := &meter{std: std, json: o.format.String() == "json", warmup: o.warmup}
	stopReports := m.start(time.Duration(o.interval))
	err = o.send(ctx, conn, values, m)
	flushing, cancel := context.WithTimeout(context.WithoutCancel(ctx), f.Timeout())
	defer cancel()
	if flushErr := conn.Flush(flushing); flushErr != nil && err == nil {
		err = client.Failed("not everything was written", flushErr, "")
	}
	stopReports()
	if failed := m.failure(); failed != nil {
		err = failed
	}
	if sumErr := m.summary(); err == nil {
		err = sumErr
	}
	return ended(ctx, err)
}

// send hands records to the client.
func (o *produceFlags) send(ctx context.Context, conn *client.Conn, values *values, m *meter) error {
	began := time.Now()
	var deadline time.Time
	if o.duration > 0 {
		deadline = began.Add(time.Duration(o.duration))
	}
	keys := rand.New(rand.NewPCG(o.seed, 1))
	for n := int64(0); o.records <= 0 || n < o.records; n++ {
		now := time.Now()
		if ctx.Err() != nil || !deadline.IsZero() && now.After(deadline) || m.failure() != nil {
			return nil
		}
		if o.throughput > 0 {
			due := began.Add(time.Duration(float64(n) / o.throughput * float64(time.Second)))
			if wait := due.Sub(now); wait > time.Millisecond {
				time.Sleep(wait)
				now = time.Now()
			}
		}
		r := &kgo.Record{Topic: o.topic, Value: values.next(n)}
		switch o.keys.String() {
		case "range":
			r.Key = strconv.AppendInt(nil, n%o.keyRange, 10)
		case "random":
			r.Key = strconv.AppendInt(nil, keys.Int64N(o.keyRange), 10)
		}
		conn.Produce(context.WithoutCancel(ctx), r, func(r *kgo.Record, err error) {
			m.done(len(r.Value)+len(r.Key), time.Since(now), err)
		})
	}
	return nil
}

// values are what records hold.
type values struct {
	fixed     [][]byte // one is drawn
	largest   int
	rand      *rand.Rand
	monotonic bool
}

func (o *produceFlags) values() (*values, error) {
	v := &values{rand: rand.New(rand.NewPCG(o.seed, 0)), monotonic: o.monotonic}
	switch {
	case o.monotonic:
		v.largest = 20
	case o.payloadFile != "":
		b, err := os.ReadFile(o.payloadFile)
		if err != nil {
			return nil, fmt.Errorf("--payload-file: %w", err)
		}
		sep, err := command.Unescape(o.delimiter)
		if err != nil || sep == "" {
			return nil, command.Usagef("--payload-delimiter: %q is no separator", o.delimiter)
		}
		v.fixed = bytes.Split(bytes.TrimSuffix(b, []byte(sep)), []byte(sep))
		if len(b) == 0 {
			return nil, fmt.Errorf("--payload-file: %s is empty", o.payloadFile)
		}
	default:
		b := make([]byte, o.size)
		for i := range b {
			b[i] = 'A' + byte(v.rand.IntN(26))
		}
		v.fixed = [][]byte{b}
	}
	for _, b := range v.fixed {
		v.largest = max(v.largest, len(b))
	}
	return v, nil
}

func (v *values) next(n int64) []byte {
	switch {
	case v.monotonic:
		return strconv.AppendInt(nil, n, 10)
	case len(v.fixed) == 1:
		return v.fixed[0]
	}
	return v.fixed[v.rand.IntN(len(v.fixed))]
}

// meter counts what is acknowledged.
type meter struct {
	std    command.Stdio
	json   bool
	warmup int64

	mu struct {
		sync.Mutex
		total, part window
		seen        int64
		err         error
	}
}

// start prints a line each interval, until the function that it returns is called.
func (m *meter) start(interval time.Duration) (stop func()) {
	m.mu.Lock()
	m.mu.total.began = time.Now()
	m.mu.part.began = m.mu.total.began
	m.mu.Unlock()
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case now := <-tick.C:
				m.mu.Lock()
				part := m.mu.part
				m.mu.part = window{began: now}
				m.mu.Unlock()
				if err := printFigures(m.std.Out, m.json, part.figures(now, false), "sent"); err != nil {
					m.fail(err)
				}
			}
		}
	}()
	return func() { close(done); <-ended }
}

func (m *meter) done(bytes int, latency time.Duration, err error) {
	if err != nil {
		m.fail(client.Failed("a record is not written", err, ""))
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mu.seen++
	m.mu.part.add(bytes, latency)
	if m.mu.seen <= m.warmup {
		m.mu.total.began = time.Now()
		return
	}
	m.mu.total.add(bytes, latency)
}

func (m *meter) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.mu.err == nil {
		m.mu.err = err
	}
}

func (m *meter) failure() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.mu.err
}

func (m *meter) summary() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out io.Writer = m.std.Out
	return printFigures(out, m.json, m.mu.total.figures(time.Now(), true), "sent")
}
