package consume

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/cli/command"
)

// consume runs the command and returns what it prints.
func consume(t *testing.T, addr string, args ...string) string {
	t.Helper()
	var out, errOut bytes.Buffer
	std := command.Stdio{In: strings.NewReader(""), Out: &out, Err: &errOut, Env: func(string) string { return "" }}
	c := Command(std)
	c.SilenceErrors, c.SilenceUsage = true, true
	c.SetArgs(append(args, "--bootstrap-server", addr, "--timeout", "10s"))
	if err := c.Execute(); err != nil {
		t.Errorf("consume %v: %v", args, err)
	}
	return out.String() + errOut.String()
}

// TestTransactions: the end of a topic that ends with the markers of transactions is
// reached, and what is not committed is read only by who asks for it.
func TestTransactions(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	addr := cluster.ListenAddrs()[0]
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.TransactionalID("tx"), kgo.DefaultProduceTopic("t"))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ctx := context.Background()
	for value, end := range map[string]kgo.TransactionEndTry{"kept": kgo.TryCommit, "dropped": kgo.TryAbort} {
		if err := cl.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := cl.ProduceSync(ctx, kgo.StringRecord(value)).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := cl.EndTransaction(ctx, end); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	if got := consume(t, addr, "t", "--from-beginning", "--exit", "--isolation-level", "read_committed"); got != "kept\n" {
		t.Errorf("read_committed: %q", got)
	}
	got := consume(t, addr, "t", "--from-beginning", "--exit")
	if !strings.Contains(got, "kept\n") || !strings.Contains(got, "dropped\n") || strings.Count(got, "\n") != 2 {
		t.Errorf("read_uncommitted: %q", got)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the ends are reached after %s", took)
	}
}

// TestUntilLater: a time that is still to come ends a read when it has come.
func TestUntilLater(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	began := time.Now()
	if got := consume(t, cluster.ListenAddrs()[0], "t", "--to-time", "+1s"); got != "" {
		t.Errorf("%q", got)
	}
	if took := time.Since(began); took < time.Second || took > 10*time.Second {
		t.Errorf("it ends after %s", took)
	}
}

// TestTwoMembers: two members of a group share the partitions, and together read each
// record once.
func TestTwoMembers(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(2), kfake.SeedTopics(6, "t"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	addr := cluster.ListenAddrs()[0]
	results := make(chan string, 2)
	for range 2 {
		go func() {
			results <- consume(t, addr, "t", "--group", "g", "--from-beginning", "--idle-timeout", "4s")
		}()
	}
	time.Sleep(2 * time.Second) // both have joined
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.DefaultProduceTopic("t"), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	const records = 300
	for i := range records {
		cl.Produce(context.Background(), kgo.StringRecord(strings.Repeat("x", i+1)), nil)
	}
	if err := cl.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for range 2 {
		lines := strings.Fields(<-results)
		if len(lines) == 0 {
			t.Error("a member reads nothing")
		}
		for _, l := range lines {
			seen[l]++
		}
	}
	for l, n := range seen {
		if n != 1 {
			t.Errorf("%d bytes are read %d times", len(l), n)
		}
	}
	if len(seen) != records {
		t.Errorf("%d of %d records are read", len(seen), records)
	}
}
