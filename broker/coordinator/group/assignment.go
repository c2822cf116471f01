package group

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/commitlog"
)

// Assigned reads the assignment of a member by the consumer protocol, in order of topic and
// partition. Those of other protocols, whose bytes only their clients know, give nothing.
func Assigned(protocolType string, assignment []byte) []commitlog.TopicPartition {
	if protocolType != "consumer" || len(assignment) == 0 {
		return nil
	}
	var a kmsg.ConsumerMemberAssignment
	if a.ReadFrom(assignment) != nil {
		return nil
	}
	var out []commitlog.TopicPartition
	for _, t := range a.Topics {
		for _, p := range t.Partitions {
			out = append(out, commitlog.TopicPartition{Topic: t.Topic, Partition: commitlog.PartitionID(p)})
		}
	}
	slices.SortFunc(out, commitlog.TopicPartition.Compare)
	return out
}
