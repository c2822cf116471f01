package topics

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/cli/command"
	"tailrace/cli/kafka/client"
)

type createFlags struct {
	partitions  int32
	replication int16
	assignment  string
	configs     []string
	ifNotExists bool
	dryRun      bool
}

func createCommand(std command.Stdio) *cobra.Command {
	var o createFlags
	c := &cobra.Command{
		Use:   "create TOPIC...",
		Short: "Create topics",
		Long: `Creates topics. Partitions and replicas that are not given are those of the cluster's
configuration (num.partitions, default.replication.factor).`,
		Example: `  tailrace topics create orders
  tailrace topics create orders --partitions 6 --replication-factor 3
  tailrace topics create prices --config cleanup.policy=compact --config segment.ms=600000
  tailrace topics create orders --if-not-exists`,
	}
	fs := c.Flags()
	fs.Int32Var(&o.partitions, "partitions", -1, "number of partitions; -1: the cluster's default")
	fs.Int16Var(&o.replication, "replication-factor", -1, "replicas of each partition; -1: the cluster's default")
	fs.StringVar(&o.assignment, "replica-assignment", "", "brokers of each partition, as in 1:2,2:3, in place of the two above")
	fs.StringArrayVar(&o.configs, "config", nil, "a configuration `name=value`; may be given several times")
	fs.BoolVar(&o.ifNotExists, "if-not-exists", false, "do nothing about topics that exist")
	fs.BoolVar(&o.dryRun, "dry-run", false, "let the cluster check the request, and create nothing")
	f, topics := bind(c, std, "a `topic` to create; may be given several times")
	c.ValidArgsFunction = cobra.NoFileCompletions
	c.RunE = func(_ *cobra.Command, args []string) error {
		req, err := o.request(f, c, topics(args))
		if err != nil {
			return err
		}
		return f.Run(func(ctx context.Context, conn *client.Conn, _ []string) error {
			return create(ctx, conn, req, o, std)
		})(c, nil)
	}
	return c
}

func (o createFlags) request(f *client.Flags, c *cobra.Command, topics []string) (*kmsg.CreateTopicsRequest, error) {
	if err := needTopics(c, topics); err != nil {
		return nil, err
	}
	for flag, n := range map[string]int64{"partitions": int64(o.partitions), "replication-factor": int64(o.replication)} {
		if n < 1 && n != -1 {
			return nil, command.Usagef("--%s must be at least 1, not %d", flag, n)
		}
	}
	configs, err := client.KeyValues("config", o.configs)
	if err != nil {
		return nil, err
	}
	manual, err := assignment(o.assignment)
	if err != nil {
		return nil, err
	}
	if manual != nil && (o.partitions != -1 || o.replication != -1) {
		return nil, command.Usagef("--replica-assignment takes the place of --partitions and --replication-factor")
	}
	req := kmsg.NewPtrCreateTopicsRequest()
	req.TimeoutMillis = int32(f.Timeout().Milliseconds())
	req.ValidateOnly = o.dryRun
	for _, name := range topics {
		t := kmsg.NewCreateTopicsRequestTopic()
		t.Topic, t.NumPartitions, t.ReplicationFactor = name, o.partitions, o.replication
		for p, brokers := range manual {
			a := kmsg.NewCreateTopicsRequestTopicReplicaAssignment()
			a.Partition, a.Replicas = int32(p), brokers
			t.ReplicaAssignment = append(t.ReplicaAssignment, a)
		}
		for _, k := range slices.Sorted(maps.Keys(configs)) {
			kv := kmsg.NewCreateTopicsRequestTopicConfig()
			kv.Name, kv.Value = k, kmsg.StringPtr(configs[k])
			t.Configs = append(t.Configs, kv)
		}
		req.Topics = append(req.Topics, t)
	}
	return req, nil
}

func create(ctx context.Context, conn *client.Conn, req *kmsg.CreateTopicsRequest, o createFlags, std command.Stdio) error {
	resp, err := req.RequestWith(ctx, conn.Client)
	if err != nil {
		return client.Failed("create topics", err, "")
	}
	done := "Created topic %s.\n"
	if o.dryRun {
		done = "Topic %s can be created.\n"
	}
	var failed []error
	for _, t := range resp.Topics {
		err := kerr.ErrorForCode(t.ErrorCode)
		switch {
		case err == nil:
			fmt.Fprintf(std.Out, done, t.Topic)
		case err == kerr.TopicAlreadyExists && o.ifNotExists:
		default:
			message := ""
			if t.ErrorMessage != nil {
				message = *t.ErrorMessage
			}
			err = client.Failed(fmt.Sprintf("cannot create topic %q", t.Topic), err, message)
			if kerr.ErrorForCode(t.ErrorCode) == kerr.TopicAlreadyExists {
				err = command.WithHint(err, "--if-not-exists passes over topics that exist.")
			}
			failed = append(failed, err)
		}
	}
	return command.Failures(failed)
}
