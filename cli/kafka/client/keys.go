package client

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/cli/command"
)

// role is what a client is used for; a key applies to some roles only.
type role uint8

const (
	admin role = 1 << iota
	producer
	consumer
	everyone = admin | producer | consumer
)

// key is a client property that is understood. A nil apply is one that is read elsewhere
// (TLS, SASL) or that means nothing outside Java.
type key struct {
	role  role
	apply func(value string) (kgo.Opt, error)
}

func number(least int64, opt func(int64) kgo.Opt) func(string) (kgo.Opt, error) {
	return func(text string) (kgo.Opt, error) {
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		if err != nil || n < least {
			return nil, fmt.Errorf("must be a whole number, at least %d, not %q", least, text)
		}
		return opt(n), nil
	}
}

func millis(opt func(time.Duration) kgo.Opt) func(string) (kgo.Opt, error) {
	return number(0, func(n int64) kgo.Opt { return opt(time.Duration(n) * time.Millisecond) })
}

func boolean(ifTrue, ifFalse func() kgo.Opt) func(string) (kgo.Opt, error) {
	return func(text string) (kgo.Opt, error) {
		b, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(text)))
		switch {
		case err != nil:
			return nil, fmt.Errorf("must be true or false, not %q", text)
		case b && ifTrue != nil:
			return ifTrue(), nil
		case !b && ifFalse != nil:
			return ifFalse(), nil
		}
		return nil, nil
	}
}

func word(words map[string]func() kgo.Opt) func(string) (kgo.Opt, error) {
	return func(text string) (kgo.Opt, error) {
		if f, ok := words[strings.ToLower(strings.TrimSpace(text))]; ok {
			return f(), nil
		}
		return nil, fmt.Errorf("must be %s, not %q", oneOf(words), text)
	}
}

func text(opt func(string) kgo.Opt) func(string) (kgo.Opt, error) {
	return func(v string) (kgo.Opt, error) { return opt(v), nil }
}

// keys are the properties that are understood, by name.
var keys = map[string]key{
	"bootstrap.servers": {role: everyone}, "security.protocol": {role: everyone}, "default.api.timeout.ms": {role: everyone},
	"client.id":               {everyone, text(func(v string) kgo.Opt { return kgo.ClientID(v) })},
	"request.timeout.ms":      {everyone, millis(func(d time.Duration) kgo.Opt { return kgo.RequestTimeoutOverhead(max(d, 100*time.Millisecond)) })},
	"connections.max.idle.ms": {everyone, millis(func(d time.Duration) kgo.Opt { return kgo.ConnIdleTimeout(max(d, time.Second)) })},
	"metadata.max.age.ms":     {everyone, millis(func(d time.Duration) kgo.Opt { return kgo.MetadataMaxAge(max(d, 10*time.Second)) })},
	"retry.backoff.ms": {everyone, millis(func(d time.Duration) kgo.Opt {
		return kgo.RetryBackoffFn(func(int) time.Duration { return d })
	})},
	"retries":                            {everyone, number(0, func(n int64) kgo.Opt { return kgo.RequestRetries(int(min(n, 1<<31-1))) })},
	"socket.connection.setup.timeout.ms": {everyone, millis(func(d time.Duration) kgo.Opt { return kgo.DialTimeout(max(d, time.Millisecond)) })},
	"enable.metrics.push":                {everyone, boolean(nil, func() kgo.Opt { return kgo.DisableClientMetrics() })},

	"acks":                 {producer, Acks},
	"compression.type":     {producer, Compression},
	"linger.ms":            {producer, millis(func(d time.Duration) kgo.Opt { return kgo.ProducerLinger(d) })},
	"enable.idempotence":   {producer, boolean(nil, func() kgo.Opt { return kgo.DisableIdempotentWrite() })},
	"delivery.timeout.ms":  {producer, millis(func(d time.Duration) kgo.Opt { return kgo.RecordDeliveryTimeout(max(d, time.Second)) })},
	"max.request.size":     {producer, number(512, func(n int64) kgo.Opt { return kgo.ProducerBatchMaxBytes(int32(min(n, 1<<30))) })},
	"buffer.memory":        {producer, number(1, func(n int64) kgo.Opt { return kgo.MaxBufferedBytes(int(n)) })},
	"isolation.level":      {consumer, Isolation},
	"fetch.min.bytes":      {consumer, number(0, func(n int64) kgo.Opt { return kgo.FetchMinBytes(int32(min(n, 1<<30))) })},
	"fetch.max.bytes":      {consumer, number(1, func(n int64) kgo.Opt { return kgo.FetchMaxBytes(int32(min(n, 1<<30))) })},
	"fetch.max.wait.ms":    {consumer, millis(func(d time.Duration) kgo.Opt { return kgo.FetchMaxWait(d) })},
	"client.rack":          {consumer, text(func(v string) kgo.Opt { return kgo.Rack(v) })},
	"group.instance.id":    {role: consumer},
	"group.id":             {role: consumer},
	"auto.offset.reset":    {role: consumer},
	"session.timeout.ms":   {role: consumer},
	"enable.auto.commit":   {role: consumer},
	"group.protocol":       {role: consumer},
	"max.poll.interval.ms": {role: consumer},
	"max.partition.fetch.bytes": {consumer, number(1, func(n int64) kgo.Opt {
		return kgo.FetchMaxPartitionBytes(int32(min(n, 1<<30)))
	})},
}

// passedOver are keys that Kafka's clients know and that mean nothing here.
var passedOver = strings.Fields(`key.serializer value.serializer key.deserializer value.deserializer partitioner.class
	interceptor.classes metric.reporters metrics.num.samples metrics.recording.level metrics.sample.window.ms
	client.dns.lookup send.buffer.bytes receive.buffer.bytes reconnect.backoff.ms reconnect.backoff.max.ms
	retry.backoff.max.ms socket.connection.setup.timeout.max.ms security.providers auto.include.jmx.reporter
	batch.size max.block.ms max.in.flight.requests.per.connection transactional.id transaction.timeout.ms
	partitioner.ignore.keys partitioner.adaptive.partitioning.enable partitioner.availability.timeout.ms
	auto.commit.interval.ms heartbeat.interval.ms max.poll.records check.crcs exclude.internal.topics
	allow.auto.create.topics partition.assignment.strategy group.remote.assignor metadata.recovery.strategy
	metadata.recovery.rebootstrap.trigger.ms compression.gzip.level compression.lz4.level compression.zstd.level`)

func oneOf(words map[string]func() kgo.Opt) string {
	return command.Alternatives(slices.Sorted(maps.Keys(words)))
}

// Acks is the option for who must have a record before it counts: all, -1, 1 or 0.
func Acks(acks string) (kgo.Opt, error) {
	return word(map[string]func() kgo.Opt{
		"all": func() kgo.Opt { return kgo.RequiredAcks(kgo.AllISRAcks()) },
		"-1":  func() kgo.Opt { return kgo.RequiredAcks(kgo.AllISRAcks()) },
		"1":   func() kgo.Opt { return kgo.RequiredAcks(kgo.LeaderAck()) },
		"0":   func() kgo.Opt { return kgo.RequiredAcks(kgo.NoAck()) },
	})(acks)
}

// Compression is the option for a codec, by Kafka's name for it.
func Compression(codec string) (kgo.Opt, error) {
	return word(map[string]func() kgo.Opt{
		"none":   func() kgo.Opt { return kgo.ProducerBatchCompression(kgo.NoCompression()) },
		"gzip":   func() kgo.Opt { return kgo.ProducerBatchCompression(kgo.GzipCompression()) },
		"snappy": func() kgo.Opt { return kgo.ProducerBatchCompression(kgo.SnappyCompression()) },
		"lz4":    func() kgo.Opt { return kgo.ProducerBatchCompression(kgo.Lz4Compression()) },
		"zstd":   func() kgo.Opt { return kgo.ProducerBatchCompression(kgo.ZstdCompression()) },
	})(codec)
}

// Isolation is the option for an isolation level of reads, by Kafka's name for it.
func Isolation(level string) (kgo.Opt, error) {
	return word(map[string]func() kgo.Opt{
		"read_committed":   func() kgo.Opt { return kgo.FetchIsolationLevel(kgo.ReadCommitted()) },
		"read_uncommitted": func() kgo.Opt { return kgo.FetchIsolationLevel(kgo.ReadUncommitted()) },
	})(level)
}
