package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// kafkaTool runs a class of Apache Kafka's tools and returns its standard output.
func kafkaTool(t *testing.T, s *session, stdin, class string, args ...string) string {
	t.Helper()
	dir := os.Getenv("TAILRACE_CLIENTS")
	jars, _ := filepath.Glob(filepath.Join(dir, "kafka", "kafka-tools-*.jar"))
	java, err := exec.LookPath("java")
	if dir == "" || len(jars) == 0 || err != nil {
		t.Skip("no Kafka tools: make clients fetches them")
	}
	cmd := exec.Command(java, append([]string{"-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", filepath.Join(dir, "kafka", "*"),
		"org.apache.kafka.tools." + class, "--bootstrap-server", s.kafka}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Dir = s.dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", class, args, err, out)
	}
	return string(out)
}

// fields are the words of the lines of a table, without empty lines and notes, sorted.
func fields(text string) []string {
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		if line = strings.Join(strings.Fields(line), " "); line != "" && !strings.HasPrefix(line, "Consumer group") {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}

// topicFields are the lines of described topics, with configurations in order.
func topicFields(text string) []string {
	configs := regexp.MustCompile(`Configs: (.*)`)
	pair := regexp.MustCompile(`,([a-z.]+=)`)
	return fields(configs.ReplaceAllStringFunc(text, func(line string) string {
		all := strings.Split(pair.ReplaceAllString(strings.TrimPrefix(line, "Configs: "), "\x00$1"), "\x00")
		slices.Sort(all)
		return "Configs: " + strings.Join(all, ";")
	}))
}

// TestKafkaTools: on one server, our commands print what Apache Kafka's tools print.
func TestKafkaTools(t *testing.T) {
	s := newSession(t)
	same := func(name string, kafka, ours []string) {
		t.Helper()
		if diff := cmp.Diff(kafka, ours); diff != "" || len(kafka) == 0 {
			t.Errorf("%s (-Kafka's +ours)\n%s", name, diff)
		}
	}
	prepared := s.sh("tailrace topics create orders --partitions 3 --config retention.ms=86400000 --config cleanup.policy=compact,delete && tailrace topics create a b")
	if !strings.Contains(prepared, "Created topic b.") {
		t.Fatal(prepared)
	}
	raw := func(line string) string { // with ids and times as they are
		cmd := exec.Command("bash", "-c", line)
		cmd.Dir, cmd.Env = s.dir, s.env
		out, _ := cmd.Output()
		return string(out)
	}

	same("topics describe", topicFields(kafkaTool(t, s, "", "TopicCommand", "--describe")), topicFields(raw("tailrace topics describe")))
	same("topics list", fields(kafkaTool(t, s, "", "TopicCommand", "--list")), fields(raw("tailrace topics list --format name")))

	const input = "h1:x,h2:NULL\tk1\tv1\nNULL\tk2\tNULL\nh1:é\tNULL\tv3\n"
	kafkaTool(t, s, input, "ConsoleProducer", "--topic", "a", "--reader-property", "parse.key=true", "--reader-property", "parse.headers=true", "--reader-property", "null.marker=NULL")
	raw("printf '" + strings.ReplaceAll(strings.ReplaceAll(input, "\t", `\t`), "\n", `\n`) + "' | tailrace produce b --reader-property parse.key=true --reader-property parse.headers=true --reader-property null.marker=NULL")
	const read = "tailrace consume %s --from-beginning --exit --print key,headers,offset"
	same("produce", fields(raw(strings.ReplaceAll(read, "%s", "a"))), fields(raw(strings.ReplaceAll(read, "%s", "b"))))

	properties := []string{"--topic", "a", "--from-beginning", "--max-messages", "3", "--group", "g"}
	for _, p := range []string{"timestamp", "key", "offset", "partition", "headers"} {
		properties = append(properties, "--formatter-property", "print."+p+"=true")
	}
	consumed := kafkaTool(t, s, "", "consumer.ConsoleConsumer", properties...)
	same("consume", strings.Split(consumed, "\n"), strings.Split(raw("tailrace consume "+strings.ReplaceAll(strings.Join(properties, " "), "--group g", "")), "\n"))

	raw("for p in 0 1 2; do for h in 10 11 12; do seq 5 | tailrace produce orders --key k --partition $p --timestamp 2026-01-31T$h:00:00Z; done; done; tailrace groups reset-offsets g --topic orders --to-offset 4 --execute")
	const groups = "consumer.group.ConsumerGroupCommand"
	same("groups describe", fields(kafkaTool(t, s, "", groups, "--describe", "--group", "g")), fields(raw("tailrace groups describe g")))
	same("groups describe --state", fields(strings.ReplaceAll(kafkaTool(t, s, "", groups, "--describe", "--group", "g", "--state"), "  (1)", " (1)")), fields(raw("tailrace groups describe g --state")))
	same("groups list", fields(kafkaTool(t, s, "", groups, "--list")), fields(raw("tailrace groups list --format name")))
	for _, mode := range []string{"--to-earliest", "--to-latest", "--to-current", "--to-offset 7", "--shift-by -2", "--shift-by 100", "--to-datetime 2026-01-31T10:30:00.000",
		"--to-datetime 2030-01-01T00:00:00.000", "--by-duration PT1H", "--by-duration P365D"} {
		args := append([]string{"--group", "g", "--reset-offsets", "--topic", "orders:0,2", "--export"}, strings.Fields(mode)...)
		var csv []string
		for _, line := range fields(kafkaTool(t, s, "", groups, args...)) {
			if strings.HasPrefix(line, "orders,") {
				csv = append(csv, line)
			}
		}
		same("groups reset-offsets "+mode, csv, fields(raw("tailrace groups reset-offsets g --topic orders:0,2 --export "+mode)))
	}
}
