package clienttest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tailrace/broker/handler"
)

// The answers to usual and odd requests are those of Apache Kafka 4.4, field by field; what was recorded
// of it holds where there is no Java.
func TestAnswers(t *testing.T) {
	for _, newest := range []bool{true, false} {
		t.Run(fmt.Sprint("newest=", newest), func(t *testing.T) {
			want, err := os.ReadFile(answersFile(newest))
			if err != nil {
				t.Fatal(err)
			}
			got := hold(t, start(t, quiet()).addr, aged(newest), 0, (*conversation).whole)
			compareAnswers(t, got.heard.parts, partsOf(string(want)))
		})
	}
}

// The recording is what Apache Kafka answers now.
func TestAnswersAreKafkas(t *testing.T) {
	addr := os.Getenv("TAILRACE_KAFKA") // one that runs already, and is new
	if addr == "" {
		addr, _ = kafka(t)
	}
	for _, newest := range []bool{true, false} {
		t.Run(fmt.Sprint("newest=", newest), func(t *testing.T) {
			kafkas := hold(t, addr, aged(newest), time.Second, (*conversation).whole)
			if *recordShapes {
				if err := os.WriteFile(answersFile(newest), []byte(kafkas.heard.text()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got := hold(t, start(t, quiet()).addr, aged(newest), 0, (*conversation).whole)
			compareAnswers(t, got.heard.parts, kafkas.heard.parts)
		})
	}
}

// So are the answers at the versions between.
func TestAnswersBetweenAreKafkas(t *testing.T) {
	addr := os.Getenv("TAILRACE_KAFKA")
	if addr == "" {
		addr, _ = kafka(t)
	}
	var ages int16
	for _, api := range handler.ServedAPIs() {
		ages = max(ages, api.Max-api.Min)
	}
	for age := int16(1); age < ages; age++ {
		t.Run(fmt.Sprint("age=", age), func(t *testing.T) {
			kafkas := hold(t, addr, age, time.Second/2, (*conversation).whole)
			got := hold(t, start(t, quiet()).addr, age, 0, (*conversation).whole)
			compareAnswers(t, got.heard.parts, kafkas.heard.parts)
		})
	}
}

// whole asks what is usual and what is not.
func (c *conversation) whole() {
	c.usual()
	c.odd()
}

func answersFile(newest bool) string {
	if newest {
		return filepath.Join("testdata", "kafka-answers-newest.txt")
	}
	return filepath.Join("testdata", "kafka-answers-oldest.txt")
}

// partsOf reads a recording.
func partsOf(text string) (parts [][]string) {
	for l := range strings.Lines(text) {
		if !strings.HasPrefix(l, " ") {
			parts = append(parts, nil)
		}
		last := len(parts) - 1
		parts[last] = append(parts[last], strings.TrimSuffix(l, "\n"))
	}
	return parts
}

func compareAnswers(t *testing.T, got, want [][]string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i][0] != want[i][0] {
			t.Fatalf("request %d is another one: record anew", i)
		}
		if !slices.Equal(got[i], want[i]) {
			t.Errorf("%s\n%s", got[i][0], difference(got[i][1:], want[i][1:]))
		}
	}
}

// difference shows the lines that are only in one of two answers.
func difference(got, want []string) string {
	var b strings.Builder
	only := func(whose string, a, b2 []string) {
		for _, l := range a {
			if !slices.Contains(b2, l) {
				b.WriteString("  " + whose + l + "\n")
			}
		}
	}
	only("ours: ", got, want)
	only("Kafka:", want, got)
	if b.Len() == 0 {
		return fmt.Sprintf("  ours:\n%s\n  Kafka:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	return b.String()
}

// ownKeys: Kafka takes keys that it does not know for those of plugins.
const ownKeys = "a key that nobody reads is refused"

// apartHere are the requests, at any version, to which we answer otherwise on purpose.
var apartHere = map[string]string{
	`CreateTopics, "__consumer_offsets"`:                  "clients do not make it, whether it is there or not",
	`IncrementalAlterConfigs, broker "1", no.such.key=x`:  ownKeys,
	`IncrementalAlterConfigs, broker "", no.such.key=x`:   ownKeys,
	`IncrementalAlterConfigs, broker "1", retention.ms=1`: ownKeys,
	`IncrementalAlterConfigs, broker "", retention.ms=1`:  ownKeys,
	"DescribeConfigs":                  "all of the broker's; many are one broker's own",
	"Produce, it again":                "Kafka tells the records' time where others have that of the log",
	"Metadata, neither":                "Kafka fails for all that is asked (UNKNOWN_SERVER_ERROR)",
	"DescribeTopicPartitions, no name": "Kafka fails for all that is asked (UNKNOWN_SERVER_ERROR)",
}
