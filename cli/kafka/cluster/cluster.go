// Package cluster has the commands that say what a cluster is: its brokers, features,
// requests and log folders.
package cluster

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"tailrace/cli/command"
	"tailrace/cli/kafka/client"
)

// Command is "tailrace cluster".
func Command(std command.Stdio) *cobra.Command {
	return command.Group(&cobra.Command{
		Use:   "cluster",
		Short: "Say what a cluster is: id, brokers, features, requests, log folders",
		Long:  `Describes a cluster that speaks the Kafka protocol.`,
		Example: `  tailrace cluster describe
  tailrace cluster api-versions --bootstrap-server broker1:9092
  tailrace cluster log-dirs --topic orders`,
	}, describeCommand(std), brokersCommand(std), featuresCommand(std), versionsCommand(std), logDirsCommand(std))
}

// broker is a broker of the cluster.
type broker struct {
	ID         int32   `json:"id"`
	Host       string  `json:"host"`
	Port       int32   `json:"port"`
	Rack       *string `json:"rack"`
	Controller bool    `json:"controller"`
}

var brokerColumns = []command.Column[broker]{
	{Name: "ID", Cell: func(b broker) string { return strconv.Itoa(int(b.ID)) }},
	{Name: "HOST", Cell: func(b broker) string { return b.Host }},
	{Name: "PORT", Cell: func(b broker) string { return strconv.Itoa(int(b.Port)) }},
	{Name: "RACK", Cell: func(b broker) string {
		if b.Rack == nil {
			return "-"
		}
		return *b.Rack
	}},
	{Name: "CONTROLLER", Cell: func(b broker) string { return fmt.Sprint(b.Controller) }},
}

// cluster is what a cluster says of itself.
type cluster struct {
	ClusterID  string   `json:"clusterId"`
	Controller int32    `json:"controller"` // -1: none
	Topics     int      `json:"topics"`
	Partitions int      `json:"partitions"`
	Brokers    []broker `json:"brokers"`
}

func read(ctx context.Context, conn *client.Conn) (cluster, error) {
	m, err := conn.Admin.Metadata(ctx)
	if err != nil {
		return cluster{}, client.Failed("read the metadata of the cluster", err, "")
	}
	c := cluster{ClusterID: m.Cluster, Controller: m.Controller, Topics: len(m.Topics), Brokers: []broker{}}
	for _, t := range m.Topics {
		c.Partitions += len(t.Partitions)
	}
	for _, b := range m.Brokers {
		c.Brokers = append(c.Brokers, broker{b.NodeID, b.Host, b.Port, b.Rack, b.NodeID == m.Controller})
	}
	return c, nil
}

func describeCommand(std command.Stdio) *cobra.Command {
	c := &cobra.Command{
		Use:   "describe",
		Short: "Print the cluster's id, controller, size and brokers",
		Long: `Prints the id of the cluster, which broker is its controller, how many topics and partitions
it has, and its brokers.`,
		Example: `  tailrace cluster describe
  tailrace cluster describe --format json`,
		Args: command.NoArguments(""),
	}
	format := command.ListFormat(c)
	c.RunE = client.Bind(c, std).Run(func(ctx context.Context, conn *client.Conn, _ []string) error {
		cl, err := read(ctx, conn)
		if err != nil {
			return err
		}
		if format.String() == "json" {
			return command.JSON(std.Out, cl)
		}
		controller := "none"
		if cl.Controller >= 0 {
			controller = strconv.Itoa(int(cl.Controller))
		}
		fmt.Fprintf(std.Out, "Cluster ID:  %s\nController:  %s\nTopics:      %d\nPartitions:  %d\n\n",
			command.Plain(cl.ClusterID), controller, cl.Topics, cl.Partitions)
		return command.Table(std.Out, cl.Brokers, brokerColumns...)
	})
	return c
}

func brokersCommand(std command.Stdio) *cobra.Command {
	c := &cobra.Command{
		Use:     "brokers",
		Short:   "List the brokers",
		Long:    `Lists the brokers of the cluster with the addresses that they give to clients.`,
		Example: `  tailrace cluster brokers`,
		Args:    command.NoArguments(""),
	}
	format := command.ListFormat(c)
	c.RunE = client.Bind(c, std).Run(func(ctx context.Context, conn *client.Conn, _ []string) error {
		cl, err := read(ctx, conn)
		if err != nil {
			return err
		}
		return command.List(std.Out, format, cl.Brokers, brokerColumns...)
	})
	return c
}
