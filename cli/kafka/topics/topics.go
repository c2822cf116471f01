// Package topics has the commands that list, make, describe, change and delete topics.
// They print what kafka-topics prints where it prints anything worth keeping.
package topics

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tailrace/cli/command"
	"tailrace/cli/kafka/client"
)

// Command is "tailrace topics".
func Command(std command.Stdio) *cobra.Command {
	return command.Group(&cobra.Command{
		Use:   "topics",
		Short: "List, create, describe, alter and delete topics, and their records",
		Long: `Works on the topics of a cluster that speaks the Kafka protocol. Topics are given by name or
by a regular expression, which has to match the whole name: what has a character that a name
cannot have is one, such as "orders.*" or "orders|payments".`,
		Example: `  tailrace topics list
  tailrace topics create orders --partitions 3 --config retention.ms=86400000
  tailrace topics describe orders
  tailrace topics alter orders --partitions 6
  tailrace topics delete orders`,
	}, listCommand(std), createCommand(std), describeCommand(std), alterCommand(std), deleteCommand(std),
		offsetsCommand(std), deleteRecordsCommand(std))
}

// assignment reads --replica-assignment: brokers by ":", partitions by ",", as Kafka's
// tool takes it.
func assignment(text string) ([][]int32, error) {
	if text == "" {
		return nil, nil
	}
	var partitions [][]int32
	for _, part := range strings.Split(text, ",") {
		var brokers []int32
		for _, b := range strings.Split(part, ":") {
			id, err := strconv.ParseInt(strings.TrimSpace(b), 10, 32)
			if err != nil || id < 0 {
				return nil, command.Usagef("--replica-assignment: %q is no broker: it should look like 1:2,2:3 for two partitions of two replicas", b)
			}
			brokers = append(brokers, int32(id))
		}
		if len(partitions) > 0 && len(brokers) != len(partitions[0]) {
			return nil, command.Usagef("--replica-assignment: partition %d has %s and partition 0 has %d", len(partitions), command.Count(len(brokers), "replica"), len(partitions[0]))
		}
		partitions = append(partitions, brokers)
	}
	return partitions, nil
}

func needTopics(c *cobra.Command, topics []string) error {
	if len(topics) == 0 {
		return command.Usagef("a topic is needed: %s", c.UseLine())
	}
	return nil
}

// ids prints brokers as Kafka does.
func ids(brokers []int32) string {
	words := make([]string, len(brokers))
	for i, b := range brokers {
		words[i] = strconv.Itoa(int(b))
	}
	return strings.Join(words, ",")
}

// bind declares the connection and --topic.
func bind(c *cobra.Command, std command.Stdio, doc string) (*client.Flags, func([]string) []string) {
	f := client.Bind(c, std)
	return f, client.TopicsFlag(c, f, doc)
}
