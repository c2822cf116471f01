package clienttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
)

// classes are the main classes of Kafka's tools, by the names of their scripts.
var classes = map[string]string{
	"kafka-topics":              "TopicCommand",
	"kafka-configs":             "ConfigCommand",
	"kafka-consumer-groups":     "consumer.group.ConsumerGroupCommand",
	"kafka-groups":              "GroupsCommand",
	"kafka-get-offsets":         "GetOffsetShell",
	"kafka-delete-records":      "DeleteRecordsCommand",
	"kafka-log-dirs":            "LogDirsCommand",
	"kafka-console-producer":    "ConsoleProducer",
	"kafka-console-consumer":    "consumer.ConsoleConsumer",
	"kafka-verifiable-producer": "VerifiableProducer",
	"kafka-verifiable-consumer": "VerifiableConsumer",
	"kafka-metadata-quorum":     "MetadataQuorumCommand",
	"kafka-leader-election":     "LeaderElectionCommand",
	"kafka-reassign-partitions": "reassign.ReassignPartitionsCommand",
	"kafka-acls":                "AclCommand",
	"kafka-broker-api-versions": "BrokerApiVersionsCommand",
}

// Each file of testdata/tools is a session with Kafka's own tools, as they print it when
// they talk to Apache Kafka 4.4; they print the same when they talk to us.
//
//	go test -run TestTools ./broker/clienttest -record             the files are what Kafka does
//	go test -run TestTools ./broker/clienttest -record -rewrite    write what Kafka does
//
// Directives:
//
//	run [sort] [only=regexp] [until=regexp]
//	kafka-topics --list
//	----
//
// runs a tool; < names a file for its standard input, DATA is the folder of the logs, TMP
// one for files. until repeats it until a line matches, only prints what matches.
//
//	begin            the same, and goes on while the tool runs; end interrupts it
//	file name=x      writes TMP/x
func TestTools(t *testing.T) {
	jars(t, "kafka")
	files, err := filepath.Glob("testdata/tools/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			s := session{t: t, jars: jars(t, "kafka"), tmp: t.TempDir()}
			if *recordShapes {
				s.addr, s.data = kafka(t, "offsets.topic.num.partitions=50")
			} else {
				n := start(t, quiet())
				s.addr, s.data = n.addr, n.dir
			}
			datadriven.RunTest(t, file, s.do)
		})
	}
}

// session is a run of a script.
type session struct {
	t               *testing.T
	jars            classPath
	addr, data, tmp string
	running         *exec.Cmd
}

func (s *session) do(t *testing.T, d *datadriven.TestData) string {
	switch d.Cmd {
	case "file":
		var name string
		d.ScanArgs(t, "name", &name)
		if err := os.WriteFile(filepath.Join(s.tmp, name), []byte(d.Input+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return ""
	case "begin":
		s.running, _ = s.command(context.Background(), d)
		if err := s.running.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.running.Process.Kill() })
		return ""
	case "end":
		_ = s.running.Process.Signal(os.Interrupt)
		_ = s.running.Wait()
		return ""
	case "run":
		var until string
		d.MaybeScanArgs(t, "until", &until)
		deadline := time.Now().Add(patience)
		for {
			out := s.run(d)
			if until == "" || regexp.MustCompile(until).MatchString(out) || time.Now().After(deadline) {
				return out
			}
		}
	}
	t.Fatalf("%s: no directive %q", d.Pos, d.Cmd)
	return ""
}

// command is the tool that d names. Its output goes to the buffer.
func (s *session) command(ctx context.Context, d *datadriven.TestData) (*exec.Cmd, *bytes.Buffer) {
	line, stdin, _ := strings.Cut(strings.NewReplacer("DATA", s.data, "TMP", s.tmp, "ADDR", s.addr).Replace(d.Input), "<")
	words := strings.Fields(line)
	class, ok := classes[words[0]]
	if !ok {
		s.t.Fatalf("%s: no tool %q", d.Pos, words[0])
	}
	cmd := s.jars.java(ctx, append([]string{"org.apache.kafka.tools." + class, "--bootstrap-server", s.addr}, words[1:]...)...)
	if stdin != "" {
		text, err := os.ReadFile(strings.TrimSpace(stdin))
		if err != nil {
			s.t.Fatal(err)
		}
		cmd.Stdin = bytes.NewReader(text)
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	return cmd, &out
}

// run is what the tool prints, without what differs from run to run.
func (s *session) run(d *datadriven.TestData) string {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd, out := s.command(ctx, d)
	err := cmd.Run()
	text := out.String()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		text += fmt.Sprintf("\nexit %d", exit.ExitCode())
	} else if err != nil {
		s.t.Fatal(err)
	}
	text = strings.NewReplacer(s.addr, "ADDR", s.data, "DATA", s.tmp, "TMP").Replace(text)
	text = sortedJSON(text)
	for _, v := range volatile {
		text = v.is.ReplaceAllString(text, v.to)
	}
	var only string
	d.MaybeScanArgs(s.t, "only", &only)
	keep := regexp.MustCompile(only)
	var lines []string
	for l := range strings.Lines(text) {
		if l = strings.TrimRight(l, " \t\r\n"); l != "" && !noise.MatchString(l) && keep.MatchString(l) {
			lines = append(lines, l)
		}
	}
	if d.HasArg("sort") {
		slices.Sort(lines)
	}
	return strings.Join(lines, "\n")
}

// sortedJSON gives the names of objects, in lines that are one, an order: Java's reflection,
// which tools print them with, has another one from run to run.
func sortedJSON(text string) string {
	lines := strings.SplitAfter(text, "\n")
	for i, l := range lines {
		if !strings.HasPrefix(l, "{") {
			continue
		}
		var object map[string]any
		d := json.NewDecoder(strings.NewReader(l))
		d.UseNumber()
		if d.Decode(&object) != nil {
			continue
		}
		if b, err := json.Marshal(object); err == nil {
			lines[i] = string(b) + "\n"
		}
	}
	return strings.Join(lines, "")
}

// noise are lines that say nothing about the broker, and places in Java's sources.
var noise = regexp.MustCompile(`^(SLF4J: |WARNING: |WARN: No action|The consumer rebalance protocol|Caused by: |java\.util\.concurrent\.|\s+at |\s+\.\.\. \d+ more)`)

// volatile are texts that differ from run to run.
var volatile = []struct {
	is *regexp.Regexp
	to string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "UUID"},
	{regexp.MustCompile(`(TopicId: |"topicId":")[A-Za-z0-9_-]{22}`), "${1}ID"},
	{regexp.MustCompile(`\b[12]\d{12}\b`), "TIME"},
	{regexp.MustCompile(`\bcrc: \d+`), "crc: CRC"},
	{regexp.MustCompile(`("avg_throughput":)[\d.]+`), "${1}RATE"},
	{regexp.MustCompile(`(?m)^(\d+ +\t[A-Za-z0-9_-]{22}\t)\d+ +`), "${1}END"}, // of the metadata log
	{regexp.MustCompile(`\b(producerId: )\d+`), "${1}PID"},
}
