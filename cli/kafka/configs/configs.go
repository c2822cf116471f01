// Package configs has the commands that describe and alter the configurations of topics,
// brokers, groups and client metrics.
package configs

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/cli/command"
	"tailrace/cli/kafka/client"
	"tailrace/sql/sqlerr"
)

// Command is "tailrace configs".
func Command(std command.Stdio) *cobra.Command {
	return command.Group(&cobra.Command{
		Use:   "configs",
		Short: "Describe and alter configurations of topics, brokers and groups",
		Long: `Works on the configurations that can change while a cluster runs. What they belong to is said
by --topic, --broker, --broker-defaults, --group, --client-metrics or --broker-logger, or as
kafka-configs takes it, by --entity-type with --entity-name or --entity-default.`,
		Example: `  tailrace configs describe --topic orders --all
  tailrace configs alter --topic orders --add-config retention.ms=3600000
  tailrace configs alter --broker-defaults --delete-config log.retention.ms`,
	}, describeCommand(std), alterCommand(std))
}

// kinds of what has configurations, by the name of --entity-type and by the flag.
var kinds = []struct {
	entity, flag string
	kind         kmsg.ConfigResourceType
}{
	{"topics", "topic", kmsg.ConfigResourceTypeTopic},
	{"brokers", "broker", kmsg.ConfigResourceTypeBroker},
	{"groups", "group", kmsg.ConfigResourceTypeGroupConfig},
	{"client-metrics", "client-metrics", kmsg.ConfigResourceTypeClientMetrics},
	{"broker-loggers", "broker-logger", kmsg.ConfigResourceTypeBrokerLogger},
}

// resource is something that has configurations. The broker without a name stands for all
// brokers.
type resource struct {
	kind kmsg.ConfigResourceType
	name string
}

func (r resource) String() string {
	if r.kind == kmsg.ConfigResourceTypeBroker && r.name == "" {
		return "all brokers"
	}
	for _, k := range kinds {
		if k.kind == r.kind {
			return k.flag + " " + r.name
		}
	}
	return r.name
}

// resourceFlags name what a command works on.
type resourceFlags struct {
	byFlag        [5][]string // in the order of kinds
	brokers       bool
	entityType    string
	entityName    string
	entityDefault bool
}

func (o *resourceFlags) bind(c *cobra.Command, f *client.Flags) {
	fs := c.Flags()
	for i, k := range kinds {
		doc := "a " + k.flag
		switch k.kind {
		case kmsg.ConfigResourceTypeBroker:
			doc = "the id of a broker"
		case kmsg.ConfigResourceTypeClientMetrics:
			doc = "a subscription of client metrics"
		case kmsg.ConfigResourceTypeBrokerLogger:
			doc = "the id of a broker, for the levels of its loggers"
		}
		fs.StringArrayVar(&o.byFlag[i], k.flag, nil, doc)
	}
	fs.BoolVar(&o.brokers, "broker-defaults", false, "what holds for all brokers")
	var entities []string
	for _, k := range kinds {
		entities = append(entities, k.entity)
	}
	fs.StringVar(&o.entityType, "entity-type", "", "kind of what --entity-name names: "+command.Alternatives(entities))
	fs.StringVar(&o.entityName, "entity-name", "", "its name")
	fs.BoolVar(&o.entityDefault, "entity-default", false, "with --entity-type brokers: as --broker-defaults")
	command.Complete(c, "entity-type", entities...)
	_ = c.RegisterFlagCompletionFunc("topic", f.CompleteTopics)
	_ = c.RegisterFlagCompletionFunc("group", f.CompleteGroups)
}

// named are the resources that the flags name; all is a kind of which everything is meant.
func (o *resourceFlags) named() (rs []resource, all kmsg.ConfigResourceType, err error) {
	add := func(kind kmsg.ConfigResourceType, name string) error {
		if kind == kmsg.ConfigResourceTypeBroker || kind == kmsg.ConfigResourceTypeBrokerLogger {
			if _, err := strconv.ParseUint(name, 10, 31); err != nil {
				return command.Usagef("%q is no id of a broker: \"tailrace cluster brokers\" lists them", name)
			}
		}
		rs = append(rs, resource{kind, name})
		return nil
	}
	for i, k := range kinds {
		for _, name := range o.byFlag[i] {
			if err := add(k.kind, name); err != nil {
				return nil, 0, err
			}
		}
	}
	if o.brokers {
		rs = append(rs, resource{kmsg.ConfigResourceTypeBroker, ""})
	}
	if o.entityType == "" {
		if o.entityName != "" || o.entityDefault {
			return nil, 0, command.Usagef("--entity-name and --entity-default need --entity-type")
		}
		return rs, 0, nil
	}
	kind, err := kindOf(o.entityType)
	switch {
	case err != nil:
	case o.entityDefault && kind != kmsg.ConfigResourceTypeBroker:
		err = command.Usagef("--entity-default is for brokers")
	case o.entityDefault:
		rs = append(rs, resource{kind, ""})
	case o.entityName != "":
		err = add(kind, o.entityName)
	default:
		all = kind
	}
	return rs, all, err
}

func kindOf(entity string) (kmsg.ConfigResourceType, error) {
	var names []string
	for _, k := range kinds {
		if k.entity == entity || k.flag == entity {
			return k.kind, nil
		}
		names = append(names, k.entity)
	}
	hint := ""
	if near := sqlerr.Closest(entity, names); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return 0, command.Usagef("--entity-type is %s, not %q%s", command.Alternatives(names), entity, hint)
}

// everyResource lists all there is of a kind.
func everyResource(ctx context.Context, conn *client.Conn, kind kmsg.ConfigResourceType) ([]resource, error) {
	var rs []resource
	switch kind {
	case kmsg.ConfigResourceTypeTopic:
		topics, err := conn.Topics(ctx, client.Selection{})
		if err != nil {
			return nil, err
		}
		for _, t := range topics {
			rs = append(rs, resource{kind, t.Topic})
		}
	case kmsg.ConfigResourceTypeBroker, kmsg.ConfigResourceTypeBrokerLogger:
		brokers, err := conn.Admin.ListBrokers(ctx)
		if err != nil {
			return nil, client.Failed("list the brokers", err, "")
		}
		for _, b := range brokers {
			rs = append(rs, resource{kind, strconv.Itoa(int(b.NodeID))})
		}
		slices.SortFunc(rs, func(a, b resource) int { return strings.Compare(a.name, b.name) })
		if kind == kmsg.ConfigResourceTypeBroker {
			rs = append(rs, resource{kind, ""})
		}
	default:
		req := kmsg.NewPtrListConfigResourcesRequest()
		req.ResourceTypes = []int8{int8(kind)}
		resp, err := req.RequestWith(ctx, conn.Client)
		if err != nil {
			return nil, client.Failed("list what has configurations", err, "")
		}
		for _, r := range resp.ConfigResources {
			rs = append(rs, resource{kind, r.Name})
		}
	}
	return rs, nil
}
