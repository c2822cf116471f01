package clienttest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/broker"
)

// TestKafkaDumpsOurFiles: DumpLogSegments reads every file that it knows by its name.
func TestKafkaDumpsOurFiles(t *testing.T) {
	class := jars(t, "kafka")
	n := start(t, broker.Config{})
	n.topic("t", 1, map[string]*string{"internal.segment.bytes": ptr("2000"), "index.interval.bytes": ptr("100")})
	n.topic("keyed", 1, map[string]*string{"internal.segment.bytes": ptr("2000"), "index.interval.bytes": ptr("100"),
		"cleanup.policy": ptr("compact"), "min.cleanable.dirty.ratio": ptr("0.01")})
	if _, err := n.admin().AlterBrokerConfigs(ctxOf(t), []kadm.AlterConfig{{Name: "log.cleaner.backoff.ms", Value: ptr("1")}}, 1); err != nil {
		t.Fatal(err)
	}
	for _, codec := range []kgo.CompressionCodec{kgo.NoCompression(), kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression()} {
		cl := n.client(kgo.ProducerBatchCompression(codec), kgo.ProducerBatchMaxBytes(1000))
		for _, topic := range []string{"t", "keyed"} {
			rs := numbered(topic, 100)
			for _, r := range rs {
				r.Value = append(r.Value, " times one is what it is, times one"...) // can be compressed
			}
			produce(t, cl, rs...)
		}
	}
	consumer := n.client(kgo.ConsumerGroup("g"), kgo.ConsumeTopics("t"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	values(t, consumer, 500)
	if err := consumer.CommitUncommittedOffsets(ctxOf(t)); err != nil {
		t.Fatal(err)
	}
	full := n.size("keyed")
	eventually(t, "compaction", func() bool { return n.size("keyed") < full/2 })
	n.close() // what is in memory is written
	defer n.open()
	var files []string
	err := filepath.WalkDir(n.dir, func(path string, _ os.DirEntry, err error) error {
		if slices.Contains([]string{".log", ".index", ".timeindex", ".snapshot", ".txnindex", ".checkpoint"}, filepath.Ext(path)) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	dump := func(flags ...string) string {
		t.Helper()
		args := append([]string{"org.apache.kafka.tools.DumpLogSegments", "--files", strings.Join(files, ",")}, flags...)
		out := output(t, "", class.java(ctxOf(t), args...))
		for _, f := range files {
			if !strings.Contains(out, "Dumping "+f+"\n") {
				t.Errorf("%s is not dumped", f)
			}
		}
		for _, fault := range []string{"isvalid: false", "Mismatches", "not found", "not continuous", "Found timestamp mismatch", "Found out of order"} {
			if i := strings.Index(out, fault); i >= 0 {
				t.Errorf("%v: %s", flags, out[max(0, i-1000):i+len(fault)])
			}
		}
		return out
	}
	out := dump("--print-data-log")
	for _, want := range []string{"producerId: ", "compresscodec: gzip", "compresscodec: snappy", "compresscodec: lz4", "compresscodec: zstd", " key: k99 payload: 99 times"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in what is dumped", want)
		}
	}
	if out := dump("--index-sanity-check"); strings.Count(out, "index passed sanity check.\n")+strings.Count(out, "index is empty.\n") != strings.Count(out, "index\n") {
		t.Errorf("an index is not sound:\n%s", out)
	}
	files = slices.DeleteFunc(files, func(f string) bool {
		return !strings.Contains(f, "__consumer_offsets-") || !strings.HasSuffix(f, ".log")
	})
	if out := dump("--offsets-decoder"); !strings.Contains(out, `"group":"g","topic":"t","partition":0`) || !strings.Contains(out, `"offset":500`) {
		t.Errorf("the positions:\n%s", out)
	}
}

func ptr(s string) *string { return &s }

// background runs a Java program until the test ends; what it prints is shown if the test
// fails.
func background(t *testing.T, class classPath, args ...string) {
	t.Helper()
	cmd := class.java(context.Background(), args...)
	cmd.Dir = t.TempDir()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s printed\n%s", args[len(args)-1], out.Bytes()[max(0, out.Len()-8000):])
		}
	})
}

// eventually waits for what a Java program is to bring about; it takes its time to start.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !done(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come about", what)
		}
	}
}

// contents are the records of a topic by key, the last of each.
func (n *node) contents(topic string) map[string]string {
	n.t.Helper()
	out := map[string]string{}
	ends, err := n.admin().ListEndOffsets(ctxOf(n.t), topic)
	if err != nil || ends.Error() != nil {
		return out // not made yet
	}
	left := int64(0)
	ends.Each(func(o kadm.ListedOffset) { left += o.Offset })
	cl := n.client(kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	defer cl.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for left > 0 && ctx.Err() == nil {
		cl.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			out[string(r.Key)] = string(r.Value)
			left--
		})
	}
	return out
}

// TestStreamsApplication: Kafka Streams, at least once, with an aggregation and a join, which
// make a repartition topic and changelogs.
func TestStreamsApplication(t *testing.T) {
	class := jars(t, "kafka")
	javac := need(t, "javac")
	n := start(t, broker.Config{})
	for _, name := range []string{"orders", "customers", "counts", "named"} {
		n.topic(name, 2, nil)
	}
	cl := n.client()
	for i := range 3 {
		produce(t, cl, &kgo.Record{Topic: "customers", Key: fmt.Append(nil, "c", i), Value: fmt.Append(nil, "name ", i)})
	}
	for i := range 90 {
		produce(t, cl, &kgo.Record{Topic: "orders", Key: fmt.Append(nil, "o", i), Value: fmt.Append(nil, "c", i%3)})
	}
	classes := t.TempDir()
	program(t, "", javac, "-d", classes, "-cp", string(class), filepath.Join("testdata", "java", "Orders.java"))
	background(t, class.with(classes), "Orders", n.addr, t.TempDir())
	eventually(t, "the count", func() bool {
		got := n.contents("counts")
		return got["c0"] == "30" && got["c1"] == "30" && got["c2"] == "30"
	})
	// What came before the table had been read meets nobody: Streams does not wait for it.
	i := 90
	eventually(t, "the join", func() bool {
		produce(t, cl, &kgo.Record{Topic: "orders", Key: fmt.Append(nil, "o", i), Value: []byte("c2")})
		i++
		return strings.HasSuffix(n.contents("named")["c2"], " of name 2")
	})
}
