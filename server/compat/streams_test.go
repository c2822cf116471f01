package compat

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tailrace/storage/serde"
)

// A compared topology is one of Kafka Streams and the statements that mean the same: what
// Streams.java makes of a kind, and the last of the statements, are to write the same records.
type compared struct {
	kind       string // as Streams.java reads it
	statements []string
	records    []Record
	held       bool // Kafka Streams may emit rows without a partner later, or not yet
}

// TestKafkaStreams: joins, windows, sessions and groups of tables do with random records what
// Kafka Streams does, record by record: TAILRACE_SEED says which.
func TestKafkaStreams(t *testing.T) {
	root := os.Getenv("TAILRACE_CLIENTS")
	if root == "" {
		t.Skip("TAILRACE_CLIENTS is not set: make clients runs this test")
	}
	jars, err := filepath.Abs(filepath.Join(root, "streams"))
	if err != nil {
		t.Fatal(err)
	}
	if found, _ := filepath.Glob(filepath.Join(jars, "kafka-streams-test-utils-*.jar")); len(found) == 0 {
		t.Skipf("no test driver of Kafka Streams in %s", jars)
	}
	seed, _ := strconv.ParseUint(os.Getenv("TAILRACE_SEED"), 10, 64)
	if seed == 0 {
		seed = rand.Uint64()
	}
	r := rand.New(rand.NewPCG(seed, 0))
	topologies := make([]compared, 400)
	var script strings.Builder
	for i := range topologies {
		topologies[i] = randomTopology(r)
		fmt.Fprintf(&script, "S %s\n", topologies[i].kind)
		for _, in := range topologies[i].records {
			fmt.Fprintf(&script, "I %s %s %s %d\n", in.Topic, keyOf(in), textOf(in.Value), *in.Timestamp)
		}
		script.WriteString("E\n")
	}
	java := exec.Command("java", "-Xmx1g", "-cp", filepath.Join(jars, "*"), "testdata/streams/Streams.java")
	java.Stdin = strings.NewReader(script.String())
	var complaint bytes.Buffer
	java.Stderr = &complaint
	out, err := java.Output()
	if err != nil {
		t.Fatalf("java: %v\n%s", err, complaint.String())
	}
	answers := strings.Split(strings.TrimSuffix(string(out), "E\n"), "E\n")
	if len(answers) != len(topologies) {
		t.Fatalf("%d answers to %d topologies", len(answers), len(topologies))
	}
	for i, c := range topologies {
		got, err := c.run(t.Context())
		want := slices.DeleteFunc(strings.Split(answers[i], "\n"), func(line string) bool { return line == "" })
		if err != nil || !c.same(got, want) {
			t.Errorf("TAILRACE_SEED=%d, topology %d: %s\n%s\nrecords %s\n got %s %v\nwant %s", seed, i, c.kind, strings.Join(c.statements, "\n"),
				show(c.records), strings.Join(got, "; "), err, strings.Join(want, "; "))
		}
	}
}

func keyOf(r Record) string {
	if string(r.Key) == "null" {
		return "null"
	}
	return plainText(r.Key)
}

// textOf is the column V of a record.
func textOf(value json.RawMessage) string {
	var row struct{ V string }
	if json.Unmarshal(value, &row) != nil || row.V == "" {
		return "null"
	}
	return row.V
}

func show(records []Record) string {
	var out []string
	for _, r := range records {
		out = append(out, fmt.Sprintf("%s %s=%s@%d", r.Topic, keyOf(r), textOf(r.Value), *r.Timestamp))
	}
	return strings.Join(out, ", ")
}

// same compares what was written. Where Kafka Streams holds rows without a partner, ours may
// come earlier; of everything else the order is the same.
func (c *compared) same(got, want []string) bool {
	if !c.held {
		return slices.Equal(got, want)
	}
	paired := func(rows []string) (pairs, alone []string) {
		for _, row := range rows {
			if strings.Contains(row, "|null") || strings.Contains(row, "null|") {
				alone = append(alone, row)
			} else {
				pairs = append(pairs, row)
			}
		}
		return pairs, alone
	}
	gotPairs, gotAlone := paired(got)
	wantPairs, wantAlone := paired(want)
	for _, row := range wantAlone {
		i := slices.Index(gotAlone, row)
		if i < 0 {
			return false
		}
		gotAlone = slices.Delete(gotAlone, i, i+1)
	}
	return slices.Equal(gotPairs, wantPairs)
}

// run executes the statements and feeds the records; it tells what the last of them wrote, as
// Streams.java does.
func (c *compared) run(ctx context.Context) ([]string, error) {
	own := &Case{Statements: c.statements, Inputs: c.records}
	d, err := openInProcess(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = d.close() }()
	for _, topic := range topicsOf(own) {
		if err := d.createTopic(ctx, topic); err != nil {
			return nil, err
		}
	}
	for _, s := range c.statements {
		if err := d.execute(ctx, s, nil); err != nil {
			return nil, err
		}
	}
	if err := feed(ctx, own, d); err != nil {
		return nil, err
	}
	seen, err := d.read(ctx, "O")
	out := make([]string, 0, len(seen))
	for _, s := range seen {
		key, err := c.keyText(s.Key)
		if err != nil {
			return nil, err
		}
		value := "null"
		var row struct{ V any }
		if json.Unmarshal(s.Value, &row) == nil && s.Value != nil {
			value = fmt.Sprint(row.V)
		}
		out = append(out, fmt.Sprintf("O %s %s %d", key, value, s.Timestamp))
	}
	return out, err
}

func (c *compared) keyText(key []byte) (string, error) {
	switch {
	case key == nil:
		return "null", nil
	case strings.HasPrefix(c.kind, "window:"):
		bare, start, err := serde.SplitTimeWindow(key)
		return fmt.Sprintf("%s@%d", bare, start), err
	case strings.HasPrefix(c.kind, "session:"):
		bare, start, end, err := serde.SplitSessionWindow(key)
		return fmt.Sprintf("%s@%d-%d", bare, start, end), err
	}
	return string(key), nil
}

// reference is what Streams.java's function of this name computes.
const reference = "CASE WHEN L.V LIKE 'n%' THEN CAST(NULL AS STRING) ELSE SUBSTRING(L.V, 1, 1) END"

const joinedValue = "IFNULL(L.V, 'null') + '|' + IFNULL(R.V, 'null')"

var joinWords = map[string]string{"INNER": "JOIN", "LEFT": "LEFT JOIN", "RIGHT": "RIGHT JOIN", "FULL": "FULL OUTER JOIN"}

func one[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func randomTopology(r *rand.Rand) compared {
	source := func(kind, name string) string {
		key := "KEY"
		if kind == "TABLE" {
			key = "PRIMARY KEY"
		}
		return fmt.Sprintf("CREATE %s %s (K STRING %s, V STRING) WITH (kafka_topic='%s', value_format='JSON');", kind, name, key, strings.ToLower(name))
	}
	stream, table := func(n string) string { return source("STREAM", n) }, func(n string) string { return source("TABLE", n) }
	var c compared
	topics, deletions, refer := []string{"l", "r"}, 0.25, false
	switch one(r, "ss", "ss", "ss", "st", "tt", "ttt", "fk", "window", "window", "session", "session", "groups") {
	case "ss":
		join, before, after, grace := one(r, "INNER", "LEFT", "RIGHT", "FULL"), one(r, 0, 3, 5, 10), one(r, 0, 4, 5, 5), one(r, "none", "none", "0", "2", "5")
		key, period := "L.K", ""
		if join == "FULL" {
			key = "ROWKEY"
		}
		if grace != "none" {
			period = " GRACE PERIOD " + grace + " MILLISECONDS"
		}
		deletions, c.held = 0.08, grace != "none"
		c.kind = fmt.Sprintf("stream-stream:%s:%d:%d:%s", join, before, after, grace)
		c.statements = []string{stream("L"), stream("R"), fmt.Sprintf("CREATE STREAM O AS SELECT %s AS K, %s AS V FROM L %s R WITHIN (%d MILLISECONDS, %d MILLISECONDS)%s ON L.K = R.K;",
			key, joinedValue, joinWords[join], before, after, period)}
	case "st":
		join := one(r, "INNER", "LEFT")
		c.kind = "stream-table:" + join
		c.statements = []string{stream("L"), table("R"), fmt.Sprintf("CREATE STREAM O AS SELECT L.K AS K, %s AS V FROM L %s R ON L.K = R.K;", joinedValue, joinWords[join])}
	case "tt":
		join, key := one(r, "INNER", "LEFT", "RIGHT", "FULL"), "L.K"
		if join == "FULL" {
			key = "ROWKEY"
		}
		c.kind = "table-table:" + join
		c.statements = []string{table("L"), table("R"), fmt.Sprintf("CREATE TABLE O AS SELECT %s AS K, %s AS V FROM L %s R ON L.K = R.K;", key, joinedValue, joinWords[join])}
	case "ttt": // a joined row without one of its sides has another time there: INNER has both
		second := one(r, "INNER", "LEFT", "RIGHT")
		c.kind, topics = "table-table:INNER:"+second, []string{"l", "r", "x"}
		c.statements = []string{table("L"), table("R"), table("X"), fmt.Sprintf("CREATE TABLE O AS SELECT L.K AS K, CASE WHEN L.V IS NULL THEN 'null' ELSE %s END + '|' + IFNULL(X.V, 'null') AS V "+
			"FROM L JOIN R ON L.K = R.K %s X ON L.K = X.K;", joinedValue, joinWords[second])}
	case "fk":
		join := one(r, "INNER", "LEFT")
		c.kind, refer = "foreign-key:"+join, true
		c.statements = []string{table("L"), table("R"), fmt.Sprintf("CREATE TABLE O AS SELECT L.K AS K, %s AS V FROM L %s R ON %s = R.K;", joinedValue, joinWords[join], reference)}
	case "window":
		size, grace, emit := one(r, 4, 10), one(r, 0, 3, 10), one(r, "CHANGES", "FINAL")
		advance := one(r, size, size, size/2, 2)
		window := fmt.Sprintf("HOPPING (SIZE %d MILLISECONDS, ADVANCE BY %d MILLISECONDS, GRACE PERIOD %d MILLISECONDS)", size, advance, grace)
		c.kind, topics, deletions = fmt.Sprintf("window:%d:%d:%d:%s", size, advance, grace, emit), topics[:1], 0.08
		c.statements = []string{stream("L"), fmt.Sprintf("CREATE TABLE O AS SELECT K, COUNT(*) AS V FROM L WINDOW %s GROUP BY K EMIT %s;", window, emit)}
	case "session":
		gap, grace, emit := one(r, 1, 3, 5), one(r, 0, 3, 10), one(r, "CHANGES", "FINAL")
		c.kind, topics, deletions = fmt.Sprintf("session:%d:%d:%s", gap, grace, emit), topics[:1], 0.08
		c.statements = []string{stream("L"), fmt.Sprintf("CREATE TABLE O AS SELECT K, COUNT(*) AS V FROM L WINDOW SESSION (%d MILLISECONDS, GRACE PERIOD %d MILLISECONDS) GROUP BY K EMIT %s;", gap, grace, emit)}
	case "groups":
		c.kind, topics, refer = "table-groups", topics[:1], true
		c.statements = []string{table("L"), fmt.Sprintf("CREATE TABLE O AS SELECT %s AS K, COUNT(*) AS V FROM L GROUP BY %s;", reference, reference)}
	}
	c.records = randomRecords(r, topics, deletions, refer)
	return c
}

// randomRecords go forwards in time, mostly. refer has values begin with what they refer to.
func randomRecords(r *rand.Rand, topics []string, deletions float64, refer bool) []Record {
	var out []Record
	now := int64(0)
	for i := range 3 + r.IntN(12) {
		now = max(0, now+one[int64](r, 0, 1, 1, 2, 3, 5, 8, -2, -4, -7))
		at, key, letter := now, json.RawMessage(strconv.Quote(one(r, "a", "b"))), "v"
		if r.Float64() < 0.05 {
			key = json.RawMessage("null")
		}
		if refer {
			letter = one(r, "a", "b", "n")
		}
		value := json.RawMessage(fmt.Sprintf(`{"V": "%s%d"}`, letter, i))
		if r.Float64() < deletions {
			value = json.RawMessage("null")
		}
		out = append(out, Record{Topic: one(r, topics...), Key: key, Value: value, Timestamp: &at})
	}
	return out
}
