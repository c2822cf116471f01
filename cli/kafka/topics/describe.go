package topics

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/cli/command"
	"tailrace/cli/kafka/client"
)

type describeFlags struct {
	ifExists, excludeInternal                           bool
	underReplicated, unavailable, underMinISR, atMinISR bool
	overrides                                           bool
}

// partitionsOnly reports whether only partitions in some trouble are asked for: their
// topics are not printed, as in kafka-topics.
func (o describeFlags) partitionsOnly() bool {
	return o.underReplicated || o.unavailable || o.underMinISR || o.atMinISR
}

func describeCommand(std command.Stdio) *cobra.Command {
	var o describeFlags
	c := &cobra.Command{
		Use:   "describe [TOPIC...]",
		Short: "Describe topics and their partitions",
		Long: `Prints a line for each topic and one for each partition: leader, replicas, those in sync, and
those that may be elected (Elr, where the cluster tells). Configs are those that are not
defaults; "tailrace configs describe --topic TOPIC --all" has all.`,
		Example: `  tailrace topics describe orders
  tailrace topics describe --under-replicated-partitions
  tailrace topics describe "orders.*" --format json`,
	}
	fs := c.Flags()
	fs.BoolVar(&o.ifExists, "if-exists", false, "pass over names without a topic")
	fs.BoolVar(&o.excludeInternal, "exclude-internal", false, "leave out the topics of the cluster itself")
	fs.BoolVar(&o.underReplicated, "under-replicated-partitions", false, "only partitions with replicas that are not in sync")
	fs.BoolVar(&o.unavailable, "unavailable-partitions", false, "only partitions without a leader that lives")
	fs.BoolVar(&o.underMinISR, "under-min-isr-partitions", false, "only partitions with fewer replicas in sync than min.insync.replicas")
	fs.BoolVar(&o.atMinISR, "at-min-isr-partitions", false, "only partitions with just min.insync.replicas in sync")
	fs.BoolVar(&o.overrides, "topics-with-overrides", false, "only topics with configurations of their own, without partitions")
	format := command.ListFormat(c)
	f, topics := bind(c, std, "a `topic`, or a regular expression; may be given several times")
	c.RunE = f.Run(func(ctx context.Context, conn *client.Conn, args []string) error {
		all, err := describe(ctx, conn, o, client.Selection{Selectors: topics(args), ExcludeInternal: o.excludeInternal, MissingOK: o.ifExists})
		if err != nil {
			return err
		}
		if format.String() == "json" {
			return command.JSON(std.Out, all)
		}
		out := bufio.NewWriter(std.Out)
		for _, t := range all {
			t.print(out, o)
		}
		return out.Flush()
	})
	return c
}

// topic is a described topic.
type topic struct {
	Topic             string            `json:"topic"`
	TopicID           string            `json:"topicId,omitempty"`
	Internal          bool              `json:"internal"`
	PartitionCount    int               `json:"partitionCount"`
	ReplicationFactor int               `json:"replicationFactor"`
	Configs           map[string]string `json:"configs"`
	Partitions        []partition       `json:"partitions"`

	configs []client.Config // in the order of their names
}

type partition struct {
	Partition       int32   `json:"partition"`
	Leader          int32   `json:"leader"` // -1: none
	LeaderEpoch     int32   `json:"leaderEpoch"`
	Replicas        []int32 `json:"replicas"`
	ISR             []int32 `json:"isr"`
	ELR             []int32 `json:"elr,omitempty"`
	LastKnownELR    []int32 `json:"lastKnownElr,omitempty"`
	OfflineReplicas []int32 `json:"offlineReplicas,omitempty"`
	Adding          []int32 `json:"addingReplicas,omitempty"`
	Removing        []int32 `json:"removingReplicas,omitempty"`

	elr bool // the cluster tells ELR
}

// describe gathers topics, their configurations and what moves, as far as is asked for.
func describe(ctx context.Context, conn *client.Conn, o describeFlags, s client.Selection) ([]topic, error) {
	found, err := conn.Topics(ctx, s)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(found))
	for i, t := range found {
		names[i] = t.Topic
	}
	elr, err := describePartitions(ctx, conn, names)
	if err != nil {
		return nil, client.Failed("describe topics", err, "")
	}
	resources, err := conn.Configs(ctx, kmsg.ConfigResourceTypeTopic, names...)
	if err != nil {
		return nil, client.Failed("read the configurations of topics", err, "")
	}
	configs := map[string][]client.Config{}
	for _, r := range resources {
		if r.Err != nil && !errors.Is(r.Err, kerr.UnknownTopicOrPartition) {
			return nil, client.Failed(fmt.Sprintf("read the configurations of topic %q", r.Name), r.Err, "")
		}
		configs[r.Name] = r.Configs
	}
	moving, _ := conn.Admin.ListPartitionReassignments(ctx, nil) // a cluster that does not serve it moves nothing
	live := map[int32]bool{}
	if brokers, err := conn.Admin.ListBrokers(ctx); err == nil {
		for _, b := range brokers {
			live[b.NodeID] = true
		}
	}
	all := []topic{}
	for _, t := range found {
		d := topic{Topic: t.Topic, TopicID: client.TopicID(t.ID), Internal: t.IsInternal, PartitionCount: len(t.Partitions), ReplicationFactor: t.Partitions.NumReplicas(),
			Configs: map[string]string{}, Partitions: []partition{}}
		for _, c := range configs[t.Topic] {
			if !c.IsDefault() {
				d.configs = append(d.configs, c)
				d.Configs[c.Name] = c.Text()
			}
		}
		if !o.overrides {
			for _, p := range partitionsOf(t, elr[t.Topic], moving[t.Topic]) {
				if o.keeps(p, configs[t.Topic], live) {
					d.Partitions = append(d.Partitions, p)
				}
			}
		}
		if o.overrides && len(d.configs) == 0 || o.partitionsOnly() && len(d.Partitions) == 0 {
			continue
		}
		all = append(all, d)
	}
	return all, nil
}

func partitionsOf(t kadm.TopicDetail, elr map[int32]kmsg.DescribeTopicPartitionsResponseTopicPartition, moving map[int32]kadm.ListPartitionReassignmentsResponse) []partition {
	var all []partition
	for _, p := range t.Partitions.Sorted() {
		d := partition{Partition: p.Partition, Leader: p.Leader, LeaderEpoch: p.LeaderEpoch, Replicas: p.Replicas, ISR: p.ISR, OfflineReplicas: p.OfflineReplicas}
		if e, ok := elr[p.Partition]; ok {
			d.elr, d.ELR, d.LastKnownELR = true, e.EligibleLeaderReplicas, e.LastKnownELR
		}
		if m, ok := moving[p.Partition]; ok {
			d.Adding, d.Removing = m.AddingReplicas, m.RemovingReplicas
		}
		all = append(all, d)
	}
	return all
}

// keeps reports whether a partition is in one of the states that are asked for; without
// any all are.
func (o describeFlags) keeps(p partition, configs []client.Config, live map[int32]bool) bool {
	leaderless := p.Leader < 0 || len(live) > 0 && !live[p.Leader]
	minISR := 1
	for _, c := range configs {
		if c.Name == "min.insync.replicas" {
			minISR, _ = strconv.Atoi(c.Text())
		}
	}
	target := len(p.Replicas) - len(p.Adding)
	return !o.partitionsOnly() ||
		o.underReplicated && len(p.ISR) < target ||
		o.unavailable && leaderless ||
		o.underMinISR && (leaderless || len(p.ISR) < minISR) ||
		o.atMinISR && len(p.ISR) == minISR
}

// describedPartitions is how many partitions an answer may hold; brokers of Kafka give at
// most 2,000.
const describedPartitions = 2000

// describePartitions asks for what metadata does not tell: the eligible leader replicas
// (KIP-966). Clusters that do not serve the request tell nothing.
func describePartitions(ctx context.Context, conn *client.Conn, names []string) (map[string]map[int32]kmsg.DescribeTopicPartitionsResponseTopicPartition, error) {
	all := map[string]map[int32]kmsg.DescribeTopicPartitionsResponseTopicPartition{}
	if len(names) == 0 {
		return all, nil
	}
	req := kmsg.NewPtrDescribeTopicPartitionsRequest()
	req.ResponsePartitionLimit = describedPartitions
	for _, name := range slices.Sorted(slices.Values(names)) {
		t := kmsg.NewDescribeTopicPartitionsRequestTopic()
		t.Topic = name
		req.Topics = append(req.Topics, t)
	}
	for {
		resp, err := req.RequestWith(ctx, conn.Client)
		if err != nil {
			if ctx.Err() == nil {
				return all, nil // not served
			}
			return nil, err
		}
		for _, t := range resp.Topics {
			if t.Topic == nil {
				continue
			}
			if all[*t.Topic] == nil {
				all[*t.Topic] = map[int32]kmsg.DescribeTopicPartitionsResponseTopicPartition{}
			}
			for _, p := range t.Partitions {
				all[*t.Topic][p.Partition] = p
			}
		}
		next := resp.NextCursor
		if next == nil {
			return all, nil
		}
		cursor := kmsg.NewDescribeTopicPartitionsRequestCursor()
		cursor.Topic, cursor.Partition = next.Topic, next.Partition
		req.Cursor = &cursor
		at, _ := slices.BinarySearchFunc(req.Topics, next.Topic, func(t kmsg.DescribeTopicPartitionsRequestTopic, name string) int {
			return strings.Compare(t.Topic, name)
		})
		req.Topics = req.Topics[at:]
	}
}

// print writes the lines of kafka-topics.
func (t topic) print(w *bufio.Writer, o describeFlags) {
	if !o.partitionsOnly() {
		fmt.Fprintf(w, "Topic: %s", command.Plain(t.Topic))
		if t.TopicID != "" {
			fmt.Fprintf(w, "\tTopicId: %s", t.TopicID)
		}
		var configs []string
		for _, c := range t.configs {
			configs = append(configs, command.Plain(c.Name+"="+c.Text()))
		}
		fmt.Fprintf(w, "\tPartitionCount: %d\tReplicationFactor: %d\tConfigs: %s\n", t.PartitionCount, t.ReplicationFactor, strings.Join(configs, ","))
	}
	for _, p := range t.Partitions {
		leader := "none"
		if p.Leader >= 0 {
			leader = strconv.Itoa(int(p.Leader))
		}
		fmt.Fprintf(w, "\tTopic: %s\tPartition: %d\tLeader: %s\tReplicas: %s\tIsr: %s", command.Plain(t.Topic), p.Partition, leader, ids(p.Replicas), ids(p.ISR))
		if len(p.Adding)+len(p.Removing) > 0 {
			fmt.Fprintf(w, "\tAdding Replicas: %s\tRemoving Replicas: %s", ids(p.Adding), ids(p.Removing))
		}
		if p.elr {
			fmt.Fprintf(w, "\tElr: %s\tLastKnownElr: %s\n", ids(p.ELR), ids(p.LastKnownELR))
		} else {
			fmt.Fprint(w, "\tElr: N/A\tLastKnownElr: N/A\n")
		}
	}
}
