package handler

import "github.com/twmb/franz-go/pkg/kmsg"

// OffsetForLeaderEpoch, API key 23: where does this leader epoch end? A client that came
// from another leader learns from it whether what it read was truncated (KIP-320).
//
//	v2 current leader epoch   v3 replica id   v4 flexible
func init() { register(23, versions{2, 4}, (*API).offsetForLeaderEpoch) }

func (a *API) offsetForLeaderEpoch(_ *call, req *kmsg.OffsetForLeaderEpochRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.OffsetForLeaderEpochResponse)
	for i := range req.Topics {
		t := &req.Topics[i]
		rt := kmsg.NewOffsetForLeaderEpochResponseTopic()
		rt.Topic = t.Topic
		for _, q := range t.Partitions {
			rp := kmsg.NewOffsetForLeaderEpochResponseTopicPartition()
			rp.Partition, rp.LeaderEpoch, rp.EndOffset = q.Partition, -1, -1
			p, code := a.partitionByName(t.Topic, q.Partition)
			if code == 0 {
				code = checkEpoch(p, q.CurrentLeaderEpoch)
			}
			if rp.ErrorCode = int16(code); code == 0 {
				epoch, end := p.EpochEnd(q.LeaderEpoch)
				rp.LeaderEpoch, rp.EndOffset = epoch, int64(end)
			}
			rt.Partitions = append(rt.Partitions, rp)
		}
		resp.Topics = append(resp.Topics, rt)
	}
	return resp
}
