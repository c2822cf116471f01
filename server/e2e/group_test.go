package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// consumerEnv tells the test binary to be a member of a group; its value is the address,
// the group and the topic.
const consumerEnv = "TAILRACE_E2E_CONSUMER"

// beConsumer prints "partition value" of every record that it is given, and commits each
// before it asks for more.
func beConsumer(args []string) int {
	c, err := kgo.NewClient(kgo.SeedBrokers(args[0]), kgo.ConsumerGroup(args[1]), kgo.ConsumeTopics(args[2]),
		kgo.DisableAutoCommit(), kgo.SessionTimeout(6*time.Second), kgo.HeartbeatInterval(200*time.Millisecond))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for {
		f := c.PollFetches(context.Background())
		f.EachRecord(func(r *kgo.Record) { fmt.Println(r.Partition, string(r.Value)) })
		if err := c.CommitUncommittedOffsets(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
}

// consumer is a member of a group in a process of its own.
type consumer struct {
	cmd   *exec.Cmd
	lines chan string
}

func (s *server) consumer(group, topic string) *consumer {
	s.t.Helper()
	c := &consumer{cmd: exec.Command(os.Args[0]), lines: make(chan string, 10000)}
	c.cmd.Env = append(os.Environ(), consumerEnv+"="+strings.Join([]string{s.kafka, group, topic}, " "))
	out, err := c.cmd.StdoutPipe()
	if err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	go c.read(out)
	s.t.Cleanup(c.kill)
	return c
}

func (c *consumer) read(out io.Reader) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		c.lines <- lines.Text()
	}
}

func (c *consumer) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// drain adds what the member has printed to seen, and the partitions to from.
func (c *consumer) drain(seen, from map[string]int) {
	for {
		select {
		case line := <-c.lines:
			partition, value, _ := strings.Cut(line, " ")
			seen[value]++
			from[partition]++
		default:
			return
		}
	}
}

// TestConsumerIsKilled: two processes of one group share the partitions; one is killed,
// and the other goes on with its partitions from what was committed. (broker/clienttest
// has the same for members that leave or fall silent.)
func TestConsumerIsKilled(t *testing.T) {
	s := newServer(t)
	s.start()
	const partitions, records = 4, 200
	client := s.client(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	admin := kadm.NewClient(client)
	if _, err := admin.CreateTopic(context.Background(), partitions, 1, nil, "work"); err != nil {
		t.Fatal(err)
	}
	send := func(from int) {
		t.Helper()
		rs := make([]*kgo.Record, records)
		for i := range rs {
			rs[i] = &kgo.Record{Topic: "work", Partition: int32(i % partitions), Value: []byte(fmt.Sprint(from + i))}
		}
		if err := client.ProduceSync(context.Background(), rs...).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	a, b := s.consumer("pair", "work"), s.consumer("pair", "work")
	members := func(want int) {
		t.Helper()
		eventually(t, func() error {
			d, err := admin.DescribeGroups(context.Background(), "pair")
			if g := d["pair"]; err != nil || g.State != "Stable" || len(g.Members) != want {
				return fmt.Errorf("group: %+v %v, want %d members", g, err, want)
			}
			return nil
		})
	}
	members(2)
	send(0)
	seen, fromA, fromB := map[string]int{}, map[string]int{}, map[string]int{}
	eventually(t, func() error {
		a.drain(seen, fromA)
		b.drain(seen, fromB)
		if len(seen) != records || len(fromA) != 2 || len(fromB) != 2 {
			return fmt.Errorf("%d of %d records, partitions %v and %v", len(seen), records, fromA, fromB)
		}
		return nil
	})
	b.kill()
	send(records)
	all := map[string]int{}
	eventually(t, func() error {
		a.drain(seen, all)
		if len(seen) != 2*records {
			return fmt.Errorf("%d of %d records, partitions %v", len(seen), 2*records, all)
		}
		return nil
	})
	members(1)
	if len(all) != partitions {
		t.Errorf("the survivor reads partitions %v", all)
	}
}
