package clienttest

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/broker"
)

// javaFlags make short programs start fast.
var javaFlags = []string{"-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"}

// TestKafkaDumpsOurFiles: DumpLogSegments reads what lies in the folders of partitions.
func TestKafkaDumpsOurFiles(t *testing.T) {
	class := filepath.Join(jars(t, "kafka"), "*")
	n := start(t, broker.Config{})
	small := "2000"
	n.topic("t", 1, map[string]*string{"segment.bytes": &small, "index.interval.bytes": ptr("100")})
	for _, codec := range []kgo.CompressionCodec{kgo.NoCompression(), kgo.GzipCompression(), kgo.ZstdCompression()} {
		cl := n.client(kgo.ProducerBatchCompression(codec), kgo.ProducerBatchMaxBytes(1000))
		produce(t, cl, numbered("t", 100)...)
	}
	consumer := n.client(kgo.ConsumerGroup("g"), kgo.ConsumeTopics("t"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	values(t, consumer, 300)
	if err := consumer.CommitUncommittedOffsets(ctxOf(t)); err != nil {
		t.Fatal(err)
	}
	n.close() // what is in memory is written
	defer n.open()
	dump := func(pattern string, flags ...string) string {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(n.dir, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("no files %s (%v)", pattern, err)
		}
		args := slices.Concat(javaFlags, []string{"-cp", class, "org.apache.kafka.tools.DumpLogSegments", "--files", strings.Join(files, ",")}, flags)
		return program(t, "", "java", args...)
	}
	if out := dump("t-0/*.log", "--print-data-log"); strings.Count(out, "| offset: ") != 300 || strings.Contains(out, "isvalid: false") {
		t.Errorf("the log:\n%s", out)
	}
	for _, kind := range []string{"index", "timeindex"} {
		if out := dump("t-0/*."+kind, "--index-sanity-check"); !strings.Contains(out, "passed sanity check") || strings.Contains(out, "Found") {
			t.Errorf("%s:\n%s", kind, out)
		}
		if out := dump("t-0/*." + kind); strings.Contains(out, "Mismatches") || strings.Contains(out, "Found") {
			t.Errorf("%s:\n%s", kind, out)
		}
	}
	if out := dump("t-0/*.snapshot"); !strings.Contains(out, "producerId: ") {
		t.Errorf("the producers:\n%s", out)
	}
	if out := dump("__consumer_offsets-*/*.log", "--offsets-decoder"); !strings.Contains(out, `"group":"g","topic":"t","partition":0`) || !strings.Contains(out, `"offset":300`) {
		t.Errorf("the positions:\n%s", out)
	}
}

func ptr(s string) *string { return &s }

// background runs a Java program until the test ends; what it prints is shown if the test
// fails.
func background(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command("java", append([]string{"-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"}, args...)...)
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
	class := filepath.Join(jars(t, "kafka"), "*")
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
	program(t, "", javac, "-d", classes, "-cp", class, filepath.Join("testdata", "java", "Orders.java"))
	background(t, "-cp", class+":"+classes, "Orders", n.addr, t.TempDir())
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
