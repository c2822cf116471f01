package configs

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/cli/command"
	"tailrace/cli/kafka/client"
)

// described is a resource with its configurations.
type described struct {
	Type    string          `json:"type"`
	Name    string          `json:"name"`
	Configs []client.Config `json:"configs"`

	of resource
}

func describeCommand(std command.Stdio) *cobra.Command {
	var o resourceFlags
	var all bool
	c := &cobra.Command{
		Use:   "describe",
		Short: "Print configurations, where they come from and their defaults",
		Long: `Prints the configurations that were set on topics, brokers or others; with --all every
configuration. SOURCE says where a value comes from: the thing itself
(DYNAMIC_TOPIC_CONFIG), all brokers (DYNAMIC_DEFAULT_BROKER_CONFIG), the broker's own
configuration file (STATIC_BROKER_CONFIG) or nobody (DEFAULT_CONFIG); DEFAULT what it would be
without any of these. Values of passwords are null.`,
		Example: `  tailrace configs describe --topic orders
  tailrace configs describe --topic orders --all
  tailrace configs describe --broker 1 --all --format json
  tailrace configs describe --entity-type topics`,
		Args: command.NoArguments("--topic names a topic, --broker a broker"),
	}
	c.Flags().BoolVar(&all, "all", false, "every configuration, not only what was set")
	format := command.ListFormat(c)
	f := client.Bind(c, std)
	o.bind(c, f)
	c.RunE = func(_ *cobra.Command, _ []string) error {
		named, every, err := o.named()
		if err == nil && len(named) == 0 && every == 0 {
			err = command.Usagef("whose configurations? Give --topic, --broker, --broker-defaults, --group, --client-metrics, --broker-logger or --entity-type")
		}
		if err != nil {
			return err
		}
		return f.Run(func(ctx context.Context, conn *client.Conn, _ []string) error {
			if every != 0 {
				if named, err = everyResource(ctx, conn, every); err != nil {
					return err
				}
			}
			found, err := describe(ctx, conn, named, all)
			if err != nil {
				return err
			}
			if format.String() == "json" {
				return command.JSON(std.Out, found)
			}
			for i, d := range found {
				if i > 0 {
					fmt.Fprintln(std.Out)
				}
				if err := d.print(std, all); err != nil {
					return err
				}
			}
			return nil
		})(c, nil)
	}
	return c
}

func describe(ctx context.Context, conn *client.Conn, named []resource, all bool) ([]described, error) {
	if err := knownBrokers(ctx, conn, named); err != nil {
		return nil, err
	}
	byKind := map[kmsg.ConfigResourceType][]string{}
	for _, r := range named {
		byKind[r.kind] = append(byKind[r.kind], r.name)
	}
	got := map[resource]client.Resource{}
	for kind, names := range byKind {
		resources, err := conn.Configs(ctx, kind, names...)
		if err != nil {
			return nil, client.Failed("describe configurations", err, "")
		}
		for _, r := range resources {
			got[resource{kind, r.Name}] = r
		}
	}
	found := []described{}
	var failed []error
	for _, r := range named {
		res := got[r]
		if res.Err != nil {
			failed = append(failed, noResource(ctx, conn, r, client.Failed(fmt.Sprintf("cannot describe %s", r), res.Err, "")))
			continue
		}
		d := described{Type: typeName(r.kind), Name: r.name, Configs: []client.Config{}, of: r}
		for _, c := range res.Configs {
			if all || c.IsSetOn(r.kind, r.name) {
				d.Configs = append(d.Configs, c)
			}
		}
		found = append(found, d)
	}
	return found, command.Failures(failed)
}

// knownBrokers refuses ids that no broker has: nobody could be asked.
func knownBrokers(ctx context.Context, conn *client.Conn, named []resource) error {
	for _, r := range named {
		if r.name == "" || r.kind != kmsg.ConfigResourceTypeBroker && r.kind != kmsg.ConfigResourceTypeBrokerLogger {
			continue
		}
		brokers, err := conn.Admin.ListBrokers(ctx)
		if err != nil {
			return client.Failed("list the brokers", err, "")
		}
		if !slices.ContainsFunc(brokers, func(b kadm.BrokerDetail) bool { return strconv.Itoa(int(b.NodeID)) == r.name }) {
			return fmt.Errorf("broker %s does not exist; \"tailrace cluster brokers\" lists the brokers", r.name)
		}
	}
	return nil
}

// noResource adds to a failure the topic that was perhaps meant.
func noResource(ctx context.Context, conn *client.Conn, r resource, err error) error {
	if r.kind == kmsg.ConfigResourceTypeTopic {
		if _, missing := conn.Topics(ctx, client.Selection{Selectors: []string{r.name}}); missing != nil {
			return missing
		}
	}
	return err
}

func typeName(kind kmsg.ConfigResourceType) string {
	for _, k := range kinds {
		if k.kind == kind {
			return k.entity
		}
	}
	return kind.String()
}

func (d described) print(std command.Stdio, all bool) error {
	what, none := "Dynamic", "  none; --all lists every configuration"
	if all {
		what, none = "All", "  none"
	}
	fmt.Fprintf(std.Out, "%s configs for %s are:\n", what, command.Plain(d.of.String()))
	if len(d.Configs) == 0 {
		_, err := fmt.Fprintln(std.Out, none)
		return err
	}
	return command.Table(std.Out, d.Configs,
		command.Column[client.Config]{Name: "NAME", Cell: func(c client.Config) string { return c.Name }},
		command.Column[client.Config]{Name: "VALUE", Cell: client.Config.Text},
		command.Column[client.Config]{Name: "SOURCE", Cell: func(c client.Config) string { return c.Source }},
		command.Column[client.Config]{Name: "DEFAULT", Cell: func(c client.Config) string {
			if c.Default == nil {
				return "-"
			}
			return *c.Default
		}},
		command.Column[client.Config]{Name: "READ-ONLY", Cell: func(c client.Config) string { return fmt.Sprint(c.ReadOnly) }})
}
