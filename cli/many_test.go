package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// manyTime is far more than a command takes on ten thousand topics.
const manyTime = 5 * time.Second

// TestTenThousandTopics: lists, descriptions, hints and completions stay quick.
func TestTenThousandTopics(t *testing.T) {
	if testing.Short() {
		t.Skip("making the topics takes seconds")
	}
	addr := startNode(t).Addrs().Kafka
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	names := make([]string, 10_000)
	for i := range names {
		names[i] = fmt.Sprintf("a-topic-with-a-name-%05d", i)
	}
	adm := kadm.NewClient(cl)
	adm.SetTimeoutMillis(120_000)
	if made, err := adm.CreateTopics(context.Background(), 1, 1, nil, names...); err != nil || made.Error() != nil {
		t.Fatal(err, made.Error())
	}
	tests := []struct {
		args  []string
		lines int
		last  string
	}{
		{[]string{"topics", "list"}, 10_002, "a-topic-with-a-name-09999  "},
		{[]string{"topics", "list", "--format", "name", ".*7$"}, 1000, "a-topic-with-a-name-09997"},
		{[]string{"topics", "describe", ".*name.*"}, 20_000, "\tTopic: a-topic-with-a-name-09999"},
		{[]string{"topics", "describe", "a-topic-with-a-name-07777"}, 2, "\tTopic: a-topic-with-a-name-07777"},
		{[]string{"topics", "describe", "a-topic-with-a-nam-07777"}, 2, `Did you mean "a-topic-with-a-name-07777"?`},
		{[]string{"configs", "describe", "--topic", "a-topic-with-a-name-00001"}, 2, "  none"},
		{[]string{"__complete", "topics", "describe", "a-topic-with-a-name-0777"}, 12, "Completion ended"},
	}
	for _, tc := range tests {
		began := time.Now()
		_, out, errOut := tailrace("", append(tc.args, "--bootstrap-server", addr)...)
		if tc.args[0] == "__complete" {
			_, out, errOut = tailrace("", "__complete", "topics", "describe", "--bootstrap-server", addr, tc.args[3])
		}
		took := time.Since(began)
		lines := strings.Split(strings.TrimSuffix(out+errOut, "\n"), "\n")
		if len(lines) != tc.lines || !strings.HasPrefix(lines[len(lines)-1], tc.last) {
			t.Errorf("%v: %d lines, want %d; the last is %q, want %q", tc.args, len(lines), tc.lines, lines[len(lines)-1], tc.last)
		}
		if took > manyTime {
			t.Errorf("%v takes %s", tc.args, took)
		}
		t.Logf("%v: %s", tc.args, took.Round(time.Millisecond))
	}
}
