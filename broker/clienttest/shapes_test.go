package clienttest

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/broker"
	"tailrace/broker/coordinator/group"
	"tailrace/broker/handler"
)

var recordShapes = flag.Bool("record", false, "write the shapes that Apache Kafka answers with")

// apart are the paths where we differ from Kafka on purpose.
var apart = map[string]string{
	"DescribeConfigs.Resources.Configs.Value": "Kafka's unset values are null; ours all have one",
	"Fetch.Topics.Partitions.AbortedTransactions": "null for those who read uncommitted; clients take an empty list " +
		"for the same",
	"Produce.Topics.Partitions.ErrorMessage": "ours says what is wrong with a batch",
}

// unseen are nullable fields that the conversation does not bring to light, and why.
var unseen = map[string]string{
	"Produce.Topics.Partitions.ErrorRecords.ErrorMessage": "no record is refused by itself; the list is empty",
	"DescribeClientQuotas.Entries.Entity.Name":            "there are no quotas",
	"DeleteACLs.Results.MatchingACLs.ErrorMessage":        "there are no rules to match",
	"Produce.Brokers.Rack":                                "a tagged field of clusters: a leader elsewhere",
	"Fetch.Brokers.Rack":                                  "a tagged field of clusters: a leader elsewhere",
}

func shapesFile(newest bool) string {
	if newest {
		return filepath.Join("testdata", "kafka-shapes-newest.txt")
	}
	return filepath.Join("testdata", "kafka-shapes-oldest.txt")
}

// quiet is a node as the conversation wants it.
func quiet() broker.Config {
	return broker.Config{NoAutoCreateTopics: true, Group: group.Config{InitialRebalanceDelay: group.NoDelay}}
}

// What was recorded of Apache Kafka 4.4 holds here: fields that it never sends null are not
// null, and each kind of error is told by the same code.
func TestShapes(t *testing.T) {
	for _, newest := range []bool{true, false} {
		t.Run(fmt.Sprint("newest=", newest), func(t *testing.T) {
			want, err := os.ReadFile(shapesFile(newest))
			if err != nil {
				t.Fatal(err)
			}
			compareShapes(t, converse(t, start(t, quiet()).addr, newest, 0), strings.Split(strings.TrimSpace(string(want)), "\n"))
		})
	}
}

// The recording is what Apache Kafka answers now.
func TestShapesAreKafkas(t *testing.T) {
	addr := os.Getenv("TAILRACE_KAFKA") // one that runs already
	if addr == "" {
		addr, _ = kafka(t)
	}
	for _, newest := range []bool{true, false} {
		t.Run(fmt.Sprint("newest=", newest), func(t *testing.T) {
			kafkas := converse(t, addr, newest, time.Second)
			if *recordShapes {
				if err := os.WriteFile(shapesFile(newest), []byte(strings.Join(kafkas.lines(), "\n")+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			compareShapes(t, converse(t, start(t, quiet()).addr, newest, 0), kafkas.lines())
		})
	}
}

func compareShapes(t *testing.T, got sketch, want []string) {
	t.Helper()
	theirs := map[string]string{}
	for _, l := range want {
		path, what, _ := strings.Cut(l, ": ")
		theirs[path] = what
	}
	for _, l := range got.lines() {
		path, what, _ := strings.Cut(l, ": ")
		if theirs[path] != what && apart[path] == "" {
			t.Errorf("%s\n  ours:  %s\n  Kafka: %s", path, what, theirs[path])
		}
		delete(theirs, path)
	}
	for _, path := range slices.Sorted(maps.Keys(theirs)) {
		t.Errorf("%s\n  ours:  not told\n  Kafka: %s", path, theirs[path])
	}
}

// Every field that may be null in an answer of the newest version is in the recording, or in
// an answer that is held against Kafka's by TestAnswers.
func TestNullableFieldsAreKnown(t *testing.T) {
	text, err := os.ReadFile(shapesFile(true))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for l := range strings.Lines(string(text)) {
		path, what, _ := strings.Cut(l, ": ")
		known[path] = strings.Contains(what, "null") || strings.Contains(what, "set")
	}
	for path, what := range hold(t, start(t, quiet()).addr, aged(true), 0, (*conversation).odd).seen {
		known[path] = known[path] || what["null"] || what["set"]
	}
	for _, api := range handler.ServedAPIs() {
		resp := kmsg.ResponseForKey(api.Key)
		resp.SetVersion(min(api.Max, resp.MaxVersion()))
		for _, path := range nullableFields(resp, kmsg.NameForKey(api.Key)) {
			if !known[path] && unseen[path] == "" {
				t.Errorf("%s may be null: let the conversation ask for it", path)
			}
		}
	}
}
