package handler

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/record/kerr"
)

// DescribeQuorum, API key 55: who keeps the metadata? v1 has times, v2 (KIP-853) folders,
// messages and the addresses of controllers.
//
// This node does, alone: it leads, in epoch 1 for ever, and votes. Only one partition may be
// asked about, as with Kafka.
func init() { register(55, versions{0, 2}, (*API).describeQuorum) }

// metadataTopic is how Kafka calls the log of its controllers.
const metadataTopic = "__cluster_metadata"

func (a *API) describeQuorum(c *call, req *kmsg.DescribeQuorumRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.DescribeQuorumResponse)
	resp.ErrorMessage = str("")
	sole := len(req.Topics) == 1 && len(req.Topics[0].Partitions) == 1 &&
		req.Topics[0].Topic == metadataTopic && req.Topics[0].Partitions[0].Partition == 0
	for i := range req.Topics {
		rt := kmsg.NewDescribeQuorumResponseTopic()
		rt.Topic = req.Topics[i].Topic
		for _, q := range req.Topics[i].Partitions {
			rp := kmsg.NewDescribeQuorumResponseTopicPartition()
			rp.Partition, rp.ErrorMessage = q.Partition, str("")
			if !sole {
				rp.ErrorCode, rp.ErrorMessage = int16(kerr.UnknownTopicOrPartition), str(unknownTopic(kerr.UnknownTopicOrPartition))
				rt.Partitions = append(rt.Partitions, rp)
				continue
			}
			voter := kmsg.NewDescribeQuorumResponseTopicPartitionReplicaState()
			now := a.cfg.Clock.Now().UnixMilli()
			voter.ReplicaID, voter.LogEndOffset = a.log.NodeID(), a.log.MetadataEnd()
			voter.LastFetchTimestamp, voter.LastCaughtUpTimestamp = now, now
			rp.LeaderID, rp.LeaderEpoch, rp.HighWatermark = voter.ReplicaID, 1, voter.LogEndOffset
			rp.CurrentVoters = append(rp.CurrentVoters, voter)
			rt.Partitions = append(rt.Partitions, rp)
		}
		resp.Topics = append(resp.Topics, rt)
	}
	if sole {
		host, port := a.advertised(c.Request)
		l := kmsg.NewDescribeQuorumResponseNodeListener()
		l.Name, l.Host, l.Port = "PLAINTEXT", host, uint16(port)
		n := kmsg.NewDescribeQuorumResponseNode()
		n.NodeID, n.Listeners = a.log.NodeID(), append(n.Listeners, l)
		resp.Nodes = append(resp.Nodes, n)
	}
	return resp
}
