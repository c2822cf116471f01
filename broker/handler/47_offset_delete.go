package handler

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/commitlog"
	"tailrace/storage/record/kerr"
)

// OffsetDelete, API key 47: forget how far this group has read in these partitions.
// Topics that members of the group read answer GROUP_SUBSCRIBED_TO_TOPIC.
func init() { register(47, versions{0, 0}, (*API).offsetDelete) }

func (a *API) offsetDelete(c *call, req *kmsg.OffsetDeleteRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.OffsetDeleteResponse)
	var tps []commitlog.TopicPartition
	for i := range req.Topics {
		for _, q := range req.Topics[i].Partitions {
			tps = append(tps, commitlog.TopicPartition{Topic: req.Topics[i].Topic, Partition: commitlog.PartitionID(q.Partition)})
		}
	}
	if a.log.OwnsGroup(req.Group) { // as of any group whose members have another protocol
		resp.ErrorCode = int16(kerr.NonEmptyGroup)
		return resp
	}
	code, each := a.groups.DeleteOffsets(c, req.Group, tps)
	if code != 0 {
		resp.ErrorCode = int16(code)
		return resp
	}
	next := 0
	at := map[string]int{} // a topic that is named twice is told of once
	for i := range req.Topics {
		rt := kmsg.NewOffsetDeleteResponseTopic()
		rt.Topic = req.Topics[i].Topic
		for _, q := range req.Topics[i].Partitions {
			rp := kmsg.NewOffsetDeleteResponseTopicPartition()
			rp.Partition, rp.ErrorCode = q.Partition, int16(each[next])
			if _, code := a.partitionByName(rt.Topic, q.Partition); code == kerr.UnknownTopicOrPartition {
				rp.ErrorCode = int16(code)
			}
			next++
			rt.Partitions = append(rt.Partitions, rp)
		}
		if j, ok := at[rt.Topic]; ok {
			resp.Topics[j].Partitions = append(resp.Topics[j].Partitions, rt.Partitions...)
			continue
		}
		if _, code := a.topic(c, rt.Topic, [16]byte{}); code != 0 || len(rt.Partitions) > 0 {
			at[rt.Topic] = len(resp.Topics)
			resp.Topics = append(resp.Topics, rt)
		}
	}
	return resp
}
