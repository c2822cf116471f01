package clienttest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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

// tool runs one of Kafka's command line tools, by its class in org.apache.kafka.tools, and
// returns what it prints on standard output.
func (n *node) tool(t *testing.T, stdin, class string, args ...string) string {
	t.Helper()
	args = slices.Concat(javaFlags, []string{"-cp", filepath.Join(jars(t, "kafka"), "*"), "org.apache.kafka.tools." + class}, args)
	return program(t, stdin, "java", args...)
}

// TestKafkasTools runs the tools that come with Apache Kafka, in the order in which one works
// with a topic and a group.
func TestKafkasTools(t *testing.T) {
	jars(t, "kafka")
	n := start(t, broker.Config{})
	const (
		topics = "TopicCommand"
		conf   = "ConfigCommand"
		groups = "consumer.group.ConsumerGroupCommand"
	)
	hundred := strings.TrimSuffix(strings.Repeat("k:v\n", 100), "\n")
	reset := []string{"--group", "g", "--topic", "t", "--reset-offsets", "--execute"}
	t0 := func(offset string) string { return `(?m)^g +t +0 +` + offset + ` *$` }
	positions, deletions := filepath.Join(t.TempDir(), "positions.csv"), filepath.Join(t.TempDir(), "deletions.json")
	for path, text := range map[string]string{positions: "t,0,42\nt,1,0\n", deletions: `{"partitions":[{"topic":"t","partition":0,"offset":10}],"version":1}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		class, stdin string
		args         []string
		want         string // a regular expression
	}{
		{topics, "", []string{"--create", "--topic", "t", "--partitions", "1", "--config", "retention.ms=604800001"}, `Created topic t`},
		{topics, "", []string{"--describe", "--topic", "t"}, `PartitionCount: 1\s+ReplicationFactor: 1\s+Configs: retention.ms=604800001\n\s+Topic: t\s+Partition: 0\s+Leader: (\d+)\s+Replicas: \d+\s+Isr: \d+`},
		{conf, "", []string{"--entity-type", "topics", "--entity-name", "t", "--alter", "--add-config", "max.message.bytes=2000000", "--delete-config", "retention.ms"}, `Completed updating config for topic t`},
		{conf, "", []string{"--entity-type", "topics", "--entity-name", "t", "--describe"}, `(?s)^Dynamic configs for topic t are:\n  max.message.bytes=2000000 sensitive=false[^\n]*\n$`},
		{conf, "", []string{"--entity-type", "brokers", "--entity-name", "1", "--describe", "--all"}, `auto.create.topics.enable=true`},
		{"ConsoleProducer", hundred, []string{"--topic", "t", "--reader-property", "parse.key=true", "--reader-property", "key.separator=:"}, `^$`},
		{topics, "", []string{"--alter", "--topic", "t", "--partitions", "2"}, `^$`},
		{topics, "", []string{"--list"}, `(?m)^t$`},
		{"consumer.ConsoleConsumer", "", []string{"--topic", "t", "--from-beginning", "--max-messages", "100", "--group", "g", "--formatter-property", "print.key=true"}, `^(k\tv\n){100}$`},
		{"GetOffsetShell", "", []string{"--topic", "t"}, `^t:0:100\nt:1:0\n$`},
		{"GetOffsetShell", "", []string{"--topic", "t", "--time", "earliest"}, `^t:0:0\nt:1:0\n$`},
		{"GetOffsetShell", "", []string{"--topic", "t", "--time", "max-timestamp"}, `^t:0:\d+`},
		{groups, "", []string{"--list"}, `(?m)^g$`},
		{groups, "", []string{"--describe", "--group", "g"}, `(?m)^g +t +0 +100 +100 +0 +- +- +-`},
		{groups, "", []string{"--describe", "--group", "g", "--state"}, `Empty +0`},
		{groups, "", []string{"--describe", "--group", "g", "--members"}, `GROUP +CONSUMER-ID`},
		{groups, "", append(reset, "--to-earliest"), t0("0")},
		{groups, "", append(reset, "--to-latest"), t0("100")},
		{groups, "", append(reset, "--to-current"), t0("100")},
		{groups, "", append(reset, "--to-offset", "7"), t0("7")},
		{groups, "", append(reset, "--shift-by", "-2"), t0("5")},
		{groups, "", append(reset, "--by-duration", "PT1H"), t0("0")},
		{groups, "", append(reset, "--to-datetime", "2001-01-01T00:00:00.000"), t0("0")},
		{groups, "", append(reset, "--from-file", positions), t0("42")},
		{groups, "", []string{"--group", "g", "--all-topics", "--reset-offsets", "--to-latest", "--dry-run"}, t0("100")},
		{groups, "", []string{"--describe", "--group", "g", "--offsets"}, `(?m)^g +t +0 +42 +100 +58 `},
		{groups, "", []string{"--delete-offsets", "--group", "g", "--topic", "t"}, `(?m)^t +0 +Successful`},
		{groups, "", []string{"--delete", "--group", "g"}, `Deletion of requested consumer groups \('g'\) was successful`},
		{"DeleteRecordsCommand", "", []string{"--offset-json-file", deletions}, `partition: t-0\s+low_watermark: 10`},
		{"GetOffsetShell", "", []string{"--topic", "t", "--time", "-2"}, `^t:0:10\n`},
		{"VerifiableProducer", "", []string{"--topic", "v", "--max-messages", "50"}, `"sent":50,"acked":50`},
		{"VerifiableConsumer", "", []string{"--topic", "v", "--group-id", "vg", "--max-messages", "50", "--reset-policy", "earliest"}, `"offsets_committed".*"offset":50`},
		{"BrokerApiVersionsCommand", "", nil, `Produce\(0\): 0 to 13 \[usable: 13\]`},
		{topics, "", []string{"--delete", "--topic", "t"}, `^$`},
		{topics, "", []string{"--list"}, `^(__consumer_offsets\n)?v\n$`},
	} {
		out := n.tool(t, c.stdin, c.class, append([]string{"--bootstrap-server", n.addr}, c.args...)...)
		if !regexp.MustCompile(c.want).MatchString(out) {
			t.Errorf("%s %s printed\n%s\nwant %s", c.class, strings.Join(c.args, " "), out, c.want)
		}
	}
}

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
