package configs

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/cli/command"
	"tailrace/cli/kafka/client"
)

// Operations of IncrementalAlterConfigs (KIP-339).
const (
	opSet    kmsg.IncrementalAlterConfigOp = 0
	opDelete kmsg.IncrementalAlterConfigOp = 1
)

type alterFlags struct {
	resourceFlags
	add     []string
	addFile string
	del     []string
	dryRun  bool
}

func alterCommand(std command.Stdio) *cobra.Command {
	var o alterFlags
	c := &cobra.Command{
		Use:   "alter",
		Short: "Set configurations, or give them their defaults again",
		Long: `Sets and deletes configurations. --add-config takes several, parted by commas; square brackets
hold a value that has commas: k1=v1,k2=[a,b],k3=v3.`,
		Example: `  tailrace configs alter --topic orders --add-config retention.ms=3600000,cleanup.policy=[compact,delete]
  tailrace configs alter --topic orders --delete-config retention.ms
  tailrace configs alter --entity-type brokers --entity-default --add-config log.retention.ms=86400000
  tailrace configs alter --topic orders --add-config segment.bytes=1 --dry-run`,
		Args: command.NoArguments("--topic names a topic, --broker a broker"),
	}
	fs := c.Flags()
	fs.StringArrayVar(&o.add, "add-config", nil, "set `name=value,...`; may be given several times")
	fs.StringVar(&o.addFile, "add-config-file", "", "set what a file of properties has")
	fs.StringArrayVar(&o.del, "delete-config", nil, "give `name,...` their defaults again; may be given several times")
	fs.BoolVar(&o.dryRun, "dry-run", false, "let the cluster check the change, and change nothing")
	f := client.Bind(c, std)
	o.bind(c, f)
	c.RunE = func(_ *cobra.Command, _ []string) error {
		named, changes, err := o.request()
		if err != nil {
			return err
		}
		return f.Run(func(ctx context.Context, conn *client.Conn, _ []string) error {
			return alter(ctx, conn, named, changes, o.dryRun, std)
		})(c, nil)
	}
	return c
}

// request is what the command line asks for.
func (o *alterFlags) request() ([]resource, []kmsg.IncrementalAlterConfigsRequestResourceConfig, error) {
	named, _, err := o.named()
	if err != nil {
		return nil, nil, err
	}
	if len(named) == 0 {
		return nil, nil, command.Usagef("whose configurations? Give --topic, --broker, --broker-defaults, --group, --client-metrics or --broker-logger")
	}
	set := client.Properties{}
	if o.addFile != "" {
		text, err := os.ReadFile(o.addFile)
		if err != nil {
			return nil, nil, fmt.Errorf("--add-config-file: %w", err)
		}
		if set, err = client.ParseProperties(string(text)); err != nil {
			return nil, nil, fmt.Errorf("--add-config-file: %s: %w", o.addFile, err)
		}
	}
	for _, text := range o.add {
		if err := parseConfigs(text, set); err != nil {
			return nil, nil, err
		}
	}
	var changes []kmsg.IncrementalAlterConfigsRequestResourceConfig
	for _, name := range slices.Sorted(maps.Keys(set)) {
		kv := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
		kv.Name, kv.Op, kv.Value = name, opSet, kmsg.StringPtr(set[name])
		changes = append(changes, kv)
	}
	for _, name := range strings.Split(strings.Join(o.del, ","), ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if _, both := set[name]; both {
			return nil, nil, command.Usagef("%s is to be set and deleted", name)
		}
		kv := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
		kv.Name, kv.Op = name, opDelete
		changes = append(changes, kv)
	}
	if len(changes) == 0 {
		return nil, nil, command.Usagef("nothing to change: give --add-config, --add-config-file or --delete-config")
	}
	return named, changes, nil
}

// parseConfigs reads k1=v1,k2=[v2,v3].
func parseConfigs(text string, into client.Properties) error {
	for rest := text; rest != ""; {
		key, after, ok := strings.Cut(rest, "=")
		if key = strings.TrimSpace(key); !ok || key == "" || strings.Contains(key, ",") {
			return command.Usagef("--add-config takes name=value,..., not %q", text)
		}
		var value string
		if list, ok := strings.CutPrefix(after, "["); ok {
			if value, rest, ok = strings.Cut(list, "]"); !ok {
				return command.Usagef("--add-config: the value of %s has no closing ]", key)
			}
			if rest != "" && rest[0] != ',' {
				return command.Usagef("--add-config: after the ] of %s a comma is missing", key)
			}
			rest = strings.TrimPrefix(rest, ",")
		} else {
			value, rest, _ = strings.Cut(after, ",")
		}
		into[key] = value
	}
	return nil
}

func alter(ctx context.Context, conn *client.Conn, named []resource, changes []kmsg.IncrementalAlterConfigsRequestResourceConfig, dryRun bool, std command.Stdio) error {
	if err := knownBrokers(ctx, conn, named); err != nil {
		return err
	}
	var failed []error
	for _, r := range named { // brokers answer for themselves: one request each
		req := kmsg.NewPtrIncrementalAlterConfigsRequest()
		req.ValidateOnly = dryRun
		res := kmsg.NewIncrementalAlterConfigsRequestResource()
		res.ResourceType, res.ResourceName, res.Configs = r.kind, r.name, changes
		req.Resources = append(req.Resources, res)
		what := fmt.Sprintf("cannot alter %s", r)
		resp, err := req.RequestWith(ctx, conn.Client)
		if err != nil {
			failed = append(failed, client.Failed(what, err, ""))
			continue
		}
		for _, got := range resp.Resources {
			if err := kerr.ErrorForCode(got.ErrorCode); err != nil {
				message := ""
				if got.ErrorMessage != nil {
					message = *got.ErrorMessage
				}
				failed = append(failed, noResource(ctx, conn, r, client.Failed(what, err, message)))
				continue
			}
			done := "Completed updating config for %s.\n"
			if dryRun {
				done = "The config of %s can be updated.\n"
			}
			fmt.Fprintf(std.Out, done, r)
		}
	}
	return command.Failures(failed)
}
