package cluster

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
)

// feature is a feature of the cluster (KIP-584). Level is 0 while it is not in use.
type feature struct {
	Feature      string `json:"feature"`
	SupportedMin int16  `json:"supportedMinVersion"`
	SupportedMax int16  `json:"supportedMaxVersion"`
	Level        int16  `json:"finalizedVersionLevel"`
	Epoch        int64  `json:"epoch"`
}

func featuresCommand(std command.Stdio) *cobra.Command {
	c := &cobra.Command{
		Use:   "features",
		Short: "List the features with the levels that are supported and in use",
		Long: `Lists the features of the cluster, such as metadata.version: which levels its brokers support,
and which is in use.`,
		Example: `  tailrace cluster features`,
		Args:    command.NoArguments(""),
	}
	format := command.ListFormat(c)
	c.RunE = client.Bind(c, std).Run(func(ctx context.Context, conn *client.Conn, _ []string) error {
		versions, err := conn.Admin.ApiVersions(ctx)
		if err != nil {
			return client.Failed("ask the brokers for their features", err, "")
		}
		byName := map[string]feature{}
		for _, v := range versions.Sorted() {
			if v.Err != nil {
				return client.Failed(fmt.Sprintf("ask broker %d for its features", v.NodeID), v.Err, "")
			}
			raw := v.Raw()
			for _, s := range raw.SupportedFeatures {
				f, seen := byName[s.Name]
				f.Feature, f.Epoch = s.Name, raw.FinalizedFeaturesEpoch
				if !seen {
					f.SupportedMin, f.SupportedMax = s.MinVersion, s.MaxVersion
				}
				f.SupportedMin, f.SupportedMax = max(f.SupportedMin, s.MinVersion), min(f.SupportedMax, s.MaxVersion)
				byName[s.Name] = f
			}
			for _, s := range raw.FinalizedFeatures {
				f := byName[s.Name]
				f.Feature, f.Level, f.Epoch = s.Name, s.MaxVersionLevel, raw.FinalizedFeaturesEpoch
				byName[s.Name] = f
			}
		}
		var rows []feature
		for _, f := range byName {
			rows = append(rows, f)
		}
		slices.SortFunc(rows, func(a, b feature) int { return strings.Compare(a.Feature, b.Feature) })
		number := func(name string, n func(feature) int64) command.Column[feature] {
			return command.Column[feature]{Name: name, Cell: func(f feature) string { return strconv.FormatInt(n(f), 10) }}
		}
		return command.List(std.Out, format, rows,
			command.Column[feature]{Name: "FEATURE", Cell: func(f feature) string { return f.Feature }},
			number("SUPPORTED-MIN", func(f feature) int64 { return int64(f.SupportedMin) }),
			number("SUPPORTED-MAX", func(f feature) int64 { return int64(f.SupportedMax) }),
			number("FINALIZED-LEVEL", func(f feature) int64 { return int64(f.Level) }),
			number("EPOCH", func(f feature) int64 { return f.Epoch }))
	})
	return c
}

// served is a request that a broker serves.
type served struct {
	Broker  int32  `json:"broker"`
	Key     int16  `json:"key"`
	Request string `json:"request"`
	Min     int16  `json:"minVersion"`
	Max     int16  `json:"maxVersion"`
	Usable  *int16 `json:"usableVersion"` // null: this program cannot speak it
}

func versionsCommand(std command.Stdio) *cobra.Command {
	c := &cobra.Command{
		Use:   "api-versions",
		Short: "List the requests that brokers serve, with their versions",
		Long: `Lists for each broker the requests of the Kafka protocol that it serves, from which to which
version, and the highest that this program can use.`,
		Example: `  tailrace cluster api-versions`,
		Args:    command.NoArguments(""),
	}
	format := command.ListFormat(c)
	c.RunE = client.Bind(c, std).Run(func(ctx context.Context, conn *client.Conn, _ []string) error {
		versions, err := conn.Admin.ApiVersions(ctx)
		if err != nil {
			return client.Failed("ask the brokers for their versions", err, "")
		}
		var rows []served
		for _, v := range versions.Sorted() {
			if v.Err != nil {
				return client.Failed(fmt.Sprintf("ask broker %d for its versions", v.NodeID), v.Err, "")
			}
			v.EachKeySorted(func(key, least, most int16) {
				s := served{Broker: v.NodeID, Key: key, Request: kmsg.NameForKey(key), Min: least, Max: most}
				if req := kmsg.RequestForKey(key); req != nil && req.MaxVersion() >= least {
					usable := min(req.MaxVersion(), most)
					s.Usable = &usable
				}
				rows = append(rows, s)
			})
		}
		number := func(name string, n func(served) int) command.Column[served] {
			return command.Column[served]{Name: name, Cell: func(s served) string { return strconv.Itoa(n(s)) }}
		}
		return command.List(std.Out, format, rows,
			number("BROKER", func(s served) int { return int(s.Broker) }),
			number("KEY", func(s served) int { return int(s.Key) }),
			command.Column[served]{Name: "REQUEST", Cell: func(s served) string { return s.Request }},
			number("MIN", func(s served) int { return int(s.Min) }),
			number("MAX", func(s served) int { return int(s.Max) }),
			command.Column[served]{Name: "USABLE", Cell: func(s served) string {
				if s.Usable == nil {
					return "-"
				}
				return strconv.Itoa(int(*s.Usable))
			}})
	})
	return c
}
