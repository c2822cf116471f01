package topics

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"

	"tailrace/cli/command"
	"tailrace/cli/kafka/client"
)

type alterFlags struct {
	partitions  int
	replication int
	assignment  string
	set         []string
	del         []string
	ifExists    bool
	dryRun      bool
}

func alterCommand(std command.Stdio) *cobra.Command {
	var o alterFlags
	c := &cobra.Command{
		Use:   "alter TOPIC...",
		Short: "Change the partitions, replicas and configurations of topics",
		Long: `Raises the number of partitions, moves replicas, and sets or deletes configurations. Records
with a key go to another partition when there are more of them: their order across the change
is lost.

--replication-factor adds replicas on the brokers that have fewest, or takes the last ones
away; the cluster copies in the background ("topics describe" shows what moves).`,
		Example: `  tailrace topics alter orders --partitions 12
  tailrace topics alter orders --config retention.ms=3600000 --delete-config segment.bytes
  tailrace topics alter orders --replication-factor 3`,
	}
	fs := c.Flags()
	fs.IntVar(&o.partitions, "partitions", 0, "number of partitions, more than there are")
	fs.IntVar(&o.replication, "replication-factor", 0, "replicas of each partition")
	fs.StringVar(&o.assignment, "replica-assignment", "", "brokers of each partition, as in 1:2,2:3")
	fs.StringArrayVar(&o.set, "config", nil, "set a configuration `name=value`; may be given several times")
	fs.StringArrayVar(&o.del, "delete-config", nil, "give a configuration its default again; may be given several times")
	fs.BoolVar(&o.ifExists, "if-exists", false, "pass over names without a topic")
	fs.BoolVar(&o.dryRun, "dry-run", false, "let the cluster check partitions and configurations, print how replicas\nwould lie, and change nothing")
	f, topics := bind(c, std, "a `topic`, or a regular expression; may be given several times")
	c.RunE = func(_ *cobra.Command, args []string) error {
		change, err := o.change(c, topics(args))
		if err != nil {
			return err
		}
		return f.Run(func(ctx context.Context, conn *client.Conn, _ []string) error {
			found, err := conn.Topics(ctx, client.Selection{Selectors: topics(args), MissingOK: o.ifExists, ExcludeInternal: true})
			if err != nil {
				return err
			}
			var failed []error
			for _, t := range found {
				if err := change.apply(ctx, conn, t, std); err != nil {
					failed = append(failed, err)
				}
			}
			return command.Failures(failed)
		})(c, nil)
	}
	return c
}

// change is what an alter does to each topic.
type change struct {
	alterFlags
	manual  [][]int32
	configs []kadm.AlterConfig
}

func (o alterFlags) change(c *cobra.Command, topics []string) (change, error) {
	if err := needTopics(c, topics); err != nil {
		return change{}, err
	}
	ch := change{alterFlags: o}
	var err error
	if ch.manual, err = assignment(o.assignment); err != nil {
		return ch, err
	}
	set, err := client.KeyValues("config", o.set)
	if err != nil {
		return ch, err
	}
	for _, k := range slices.Sorted(maps.Keys(set)) {
		ch.configs = append(ch.configs, kadm.AlterConfig{Op: kadm.SetConfig, Name: k, Value: kadm.StringPtr(set[k])})
	}
	for _, k := range o.del {
		ch.configs = append(ch.configs, kadm.AlterConfig{Op: kadm.DeleteConfig, Name: k})
	}
	for _, flag := range []string{"partitions", "replication-factor"} {
		if n, _ := c.Flags().GetInt(flag); c.Flags().Changed(flag) && n < 1 {
			return ch, command.Usagef("--%s must be at least 1, not %d", flag, n)
		}
	}
	switch {
	case o.replication > 0 && ch.manual != nil:
		return ch, command.Usagef("--replica-assignment takes the place of --replication-factor")
	case o.partitions == 0 && o.replication == 0 && ch.manual == nil && len(ch.configs) == 0:
		return ch, command.Usagef("nothing to change: give --partitions, --replication-factor, --replica-assignment, --config or --delete-config")
	}
	return ch, nil
}

func (ch change) apply(ctx context.Context, conn *client.Conn, t kadm.TopicDetail, std command.Stdio) error {
	what := fmt.Sprintf("cannot alter topic %q", t.Topic)
	if ch.partitions > 0 {
		update := conn.Admin.UpdatePartitions
		if ch.dryRun {
			update = conn.Admin.ValidateUpdatePartitions
		}
		resp, err := update(ctx, ch.partitions, t.Topic)
		if err != nil {
			return client.Failed(what, err, "")
		}
		if r := resp[t.Topic]; r.Err != nil {
			return client.Failed(what, r.Err, r.ErrMessage)
		}
	}
	if ch.manual != nil || ch.replication > 0 {
		if err := ch.reassign(ctx, conn, t, std); err != nil {
			return err
		}
	}
	if len(ch.configs) > 0 {
		alter := conn.Admin.AlterTopicConfigs
		if ch.dryRun {
			alter = conn.Admin.ValidateAlterTopicConfigs
		}
		resp, err := alter(ctx, ch.configs, t.Topic)
		if err != nil {
			return client.Failed(what, err, "")
		}
		for _, r := range resp {
			if r.Err != nil {
				return client.Failed(what, r.Err, r.ErrMessage)
			}
		}
	}
	done := "Altered topic %s.\n"
	if ch.dryRun {
		done = "Topic %s can be altered.\n"
	}
	_, err := fmt.Fprintf(std.Out, done, t.Topic)
	return err
}

func (ch change) reassign(ctx context.Context, conn *client.Conn, t kadm.TopicDetail, std command.Stdio) error {
	what := fmt.Sprintf("cannot move the replicas of topic %q", t.Topic)
	if ch.partitions > len(t.Partitions) && !ch.dryRun {
		all, err := conn.Topics(ctx, client.Selection{Selectors: []string{t.Topic}})
		if err != nil {
			return err
		}
		t = all[0]
	}
	wanted := map[int32][]int32{}
	if ch.manual != nil {
		if len(ch.manual) != len(t.Partitions) {
			return fmt.Errorf("%s: --replica-assignment has %s, the topic has %d", what, command.Count(len(ch.manual), "partition"), len(t.Partitions))
		}
		for p, brokers := range ch.manual {
			wanted[int32(p)] = brokers
		}
	} else {
		brokers, err := conn.Admin.ListBrokers(ctx)
		if err != nil {
			return client.Failed(what, err, "")
		}
		if wanted, err = replicate(t.Partitions, brokers.NodeIDs(), ch.replication); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	var req kadm.AlterPartitionAssignmentsReq
	for _, p := range slices.Sorted(maps.Keys(wanted)) {
		req.Assign(t.Topic, p, wanted[p])
		if ch.dryRun {
			fmt.Fprintf(std.Out, "Partition %d of topic %s: replicas %s become %s.\n", p, t.Topic, ids(t.Partitions[p].Replicas), ids(wanted[p]))
		}
	}
	if ch.dryRun || len(req) == 0 {
		return nil
	}
	resp, err := conn.Admin.AlterPartitionAssignments(ctx, req)
	if err != nil {
		return client.Failed(what, err, "")
	}
	for _, r := range resp.Sorted() {
		if r.Err != nil {
			return client.Failed(fmt.Sprintf("%s, partition %d", what, r.Partition), r.Err, r.ErrMessage)
		}
	}
	return nil
}

// replicate says where the replicas of partitions go when each has n. The first ones
// stay, so that leaders do; new ones go to the brokers that have fewest of the topic.
// Partitions that have n are left out.
func replicate(partitions kadm.PartitionDetails, brokers []int32, n int) (map[int32][]int32, error) {
	if n > len(brokers) {
		return nil, fmt.Errorf("%d replicas need as many brokers, and there is only %s", n, command.Count(len(brokers), "broker"))
	}
	load := map[int32]int{}
	for _, p := range partitions {
		for _, b := range p.Replicas {
			load[b]++
		}
	}
	wanted := map[int32][]int32{}
	for _, p := range partitions.Sorted() {
		replicas := slices.Clone(p.Replicas)
		for len(replicas) > n {
			load[replicas[len(replicas)-1]]--
			replicas = replicas[:len(replicas)-1]
		}
		for len(replicas) < n {
			best := int32(-1)
			for _, b := range slices.Sorted(slices.Values(brokers)) {
				if !slices.Contains(replicas, b) && (best < 0 || load[b] < load[best]) {
					best = b
				}
			}
			load[best]++
			replicas = append(replicas, best)
		}
		if !slices.Equal(replicas, p.Replicas) {
			wanted[p.Partition] = replicas
		}
	}
	return wanted, nil
}
