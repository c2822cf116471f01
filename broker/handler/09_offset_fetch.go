package handler

import (
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/broker/coordinator/group"
	"tailrace/storage/commitlog"
	"tailrace/storage/record/kerr"
)

// OffsetFetch, API key 9: how far has this group read?
//
//	v2 null topics mean all   v5 leader epoch   v7 require stable (KIP-447)
//	v8 many groups            v10 topic ids     v9 member epoch, of consumer groups only (KIP-848)
//
// A group or partition without a position has offset -1 and no error: the client then
// follows its auto.offset.reset. Nothing is ever unstable while there are no
// transactions.
func init() { register(9, versions{1, 10}, (*API).offsetFetch) }

func (a *API) offsetFetch(c *call, req *kmsg.OffsetFetchRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.OffsetFetchResponse)
	if req.Version >= 8 {
		for i := range req.Groups {
			resp.Groups = append(resp.Groups, a.offsetFetchGroup(c, &req.Groups[i], req.Version))
		}
		return resp
	}
	g := kmsg.NewOffsetFetchRequestGroup()
	g.Group = req.Group
	if req.Topics != nil {
		g.Topics = []kmsg.OffsetFetchRequestGroupTopic{}
	}
	for i := range req.Topics {
		t := kmsg.NewOffsetFetchRequestGroupTopic()
		t.Topic, t.Partitions = req.Topics[i].Topic, req.Topics[i].Partitions
		g.Topics = append(g.Topics, t)
	}
	got := a.offsetFetchGroup(c, &g, req.Version)
	resp.ErrorCode = got.ErrorCode
	for _, t := range got.Topics {
		rt := kmsg.NewOffsetFetchResponseTopic()
		rt.Topic = t.Topic
		for _, p := range t.Partitions {
			rt.Partitions = append(rt.Partitions, kmsg.OffsetFetchResponseTopicPartition(p))
		}
		resp.Topics = append(resp.Topics, rt)
	}
	return resp
}

func (a *API) offsetFetchGroup(c *call, q *kmsg.OffsetFetchRequestGroup, version int16) kmsg.OffsetFetchResponseGroup {
	rg := kmsg.NewOffsetFetchResponseGroup()
	rg.Group = q.Group
	if err := a.log.GroupServing(q.Group); err != nil {
		rg.ErrorCode = int16(kerr.CoordinatorNotAvailable) // no answer is better than "no position"
		return rg
	}
	all := a.groups.Offsets(q.Group)
	if q.Topics == nil {
		rg.Topics = a.allOffsets(c, all, version)
		return rg
	}
	for i := range q.Topics {
		t := &q.Topics[i]
		rt := kmsg.NewOffsetFetchResponseGroupTopic()
		rt.Topic, rt.TopicID = t.Topic, t.TopicID
		name := a.nameOf(t.Topic, t.TopicID)
		for _, n := range t.Partitions {
			o, ok := all[commitlog.TopicPartition{Topic: name, Partition: commitlog.PartitionID(n)}]
			rp := offsetSlot(n, o, ok)
			if name == "" && version >= 10 {
				rp.ErrorCode = int16(kerr.UnknownTopicID)
			}
			rt.Partitions = append(rt.Partitions, rp)
		}
		rg.Topics = append(rg.Topics, rt)
	}
	return rg
}

// allOffsets lists every position of a group, in order. From v10 on a topic has no name
// on the wire, so positions in topics that are gone cannot be told.
func (a *API) allOffsets(c *call, all map[commitlog.TopicPartition]group.CommittedOffset, version int16) []kmsg.OffsetFetchResponseGroupTopic {
	tps := make([]commitlog.TopicPartition, 0, len(all))
	for tp := range all {
		tps = append(tps, tp)
	}
	slices.SortFunc(tps, func(x, y commitlog.TopicPartition) int {
		if c := strings.Compare(x.Topic, y.Topic); c != 0 {
			return c
		}
		return int(x.Partition - y.Partition)
	})
	var out []kmsg.OffsetFetchResponseGroupTopic
	for _, tp := range tps {
		if len(out) == 0 || out[len(out)-1].Topic != tp.Topic {
			rt := kmsg.NewOffsetFetchResponseGroupTopic()
			rt.Topic = tp.Topic
			if version >= 10 {
				t, err := a.log.Topic(c, tp.Topic)
				if err != nil {
					continue
				}
				rt.TopicID = t.ID
			}
			out = append(out, rt)
		}
		rt := &out[len(out)-1]
		rt.Partitions = append(rt.Partitions, offsetSlot(int32(tp.Partition), all[tp], true))
	}
	return out
}

func offsetSlot(n int32, o group.CommittedOffset, ok bool) kmsg.OffsetFetchResponseGroupTopicPartition {
	rp := kmsg.NewOffsetFetchResponseGroupTopicPartition()
	rp.Partition, rp.Offset, rp.LeaderEpoch, rp.Metadata = n, -1, -1, str("")
	if ok {
		rp.Offset, rp.LeaderEpoch, rp.Metadata = int64(o.Offset), o.LeaderEpoch, &o.Metadata
	}
	return rp
}
