package handler

import (
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/record/kerr"
)

// AlterPartitionReassignments, API key 45: move partitions to these nodes, or, where the list
// is null, stop moving them. v0 is flexible, v1 may forbid another replication factor.
//
// All are on the one node already, and nothing moves.
func init() { register(45, versions{0, 1}, (*API).alterPartitionReassignments) }

func (a *API) alterPartitionReassignments(_ *call, req *kmsg.AlterPartitionAssignmentsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.AlterPartitionAssignmentsResponse)
	resp.AllowReplicationFactorChange, resp.ErrorMessage = req.AllowReplicationFactorChange, nil
	if len(req.Topics) == 0 {
		resp.AllowReplicationFactorChange, resp.ErrorMessage = true, str("") // as Kafka, which then does not ask its controller
	}
	for i := range req.Topics {
		t := &req.Topics[i]
		rt := kmsg.NewAlterPartitionAssignmentsResponseTopic()
		rt.Topic = t.Topic
		for _, q := range t.Partitions {
			rp := kmsg.NewAlterPartitionAssignmentsResponseTopicPartition()
			rp.Partition = q.Partition
			_, code := a.partitionByName(t.Topic, q.Partition)
			switch {
			case code != 0:
				rp.ErrorMessage = str(unknownTopic(code))
			case q.Replicas == nil:
				code = kerr.NoReassignmentInProgress
			default:
				if err := a.checkReplicas(q.Replicas); err != nil {
					code, rp.ErrorMessage = codeOf(err), message(err)
				}
			}
			rp.ErrorCode = int16(code)
			rt.Partitions = append(rt.Partitions, rp)
		}
		resp.Topics = append(resp.Topics, rt)
	}
	return resp
}

// checkReplicas refuses every assignment but to the one node.
func (a *API) checkReplicas(to []int32) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{kerr.InvalidReplicaAssignment}, args...)...)
	}
	node := a.log.NodeID()
	switch {
	case len(to) == 0:
		return bad("the list of replicas is empty")
	case slices.ContainsFunc(to, func(id int32) bool { return id != node }):
		return bad("the replicas are %v, but the cluster has only node %d", to, node)
	case len(to) > 1:
		return bad("node %d is named more than once", node)
	}
	return nil
}
