package handler

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/broker/local"
	"tailrace/storage/commitlog"
	"tailrace/storage/record/kerr"
)

// DescribeTopicPartitions, API key 75: Metadata's topics in pages (KIP-966), as
// kafka-topics --describe asks for them. Nothing is created on the way.
func init() { register(75, versions{0, 0}, (*API).describeTopicPartitions) }

// maxDescribedPartitions bounds a page. Kafka: max.request.partition.size.limit.
const maxDescribedPartitions = 2000

func (a *API) describeTopicPartitions(c *call, req *kmsg.DescribeTopicPartitionsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.DescribeTopicPartitionsResponse)
	left := int(min(max(req.ResponsePartitionLimit, 1), maxDescribedPartitions))
	names := a.topicNames(c, req)
	if cur := req.Cursor; cur != nil && (cur.Partition < 0 || len(req.Topics) > 0 && !slices.Contains(names, cur.Topic)) {
		for i := range req.Topics {
			rt := kmsg.NewDescribeTopicPartitionsResponseTopic()
			rt.Topic, rt.AuthorizedOperations, rt.ErrorCode = &req.Topics[i].Topic, notAsked, int16(kerr.InvalidRequest)
			resp.Topics = append(resp.Topics, rt)
		}
		return resp
	}
	for _, name := range names {
		from := int32(0)
		if req.Cursor != nil {
			if name < req.Cursor.Topic {
				continue
			}
			if name == req.Cursor.Topic {
				from = req.Cursor.Partition
			}
		}
		if left == 0 {
			resp.NextCursor = cursorAt(name, 0)
			break
		}
		rt, next := a.describePage(c, name, from, left)
		resp.Topics = append(resp.Topics, rt)
		left -= len(rt.Partitions)
		if next >= 0 {
			resp.NextCursor = cursorAt(name, next)
			break
		}
	}
	return resp
}

func cursorAt(topic string, partition int32) *kmsg.DescribeTopicPartitionsResponseNextCursor {
	cur := kmsg.NewDescribeTopicPartitionsResponseNextCursor()
	cur.Topic, cur.Partition = topic, partition
	return &cur
}

// topicNames are the topics asked for, or all, in order.
func (a *API) topicNames(c *call, req *kmsg.DescribeTopicPartitionsRequest) []string {
	var names []string
	for i := range req.Topics {
		names = append(names, req.Topics[i].Topic)
	}
	if len(names) == 0 {
		topics, err := a.log.Topics(c)
		a.fail("list topics", err)
		for _, t := range topics {
			names = append(names, t.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// describePage describes up to limit partitions of a topic, and says where the next page
// begins; -1 when this was the last.
func (a *API) describePage(c *call, name string, from int32, limit int) (kmsg.DescribeTopicPartitionsResponseTopic, int32) {
	rt := kmsg.NewDescribeTopicPartitionsResponseTopic()
	rt.Topic = &name
	rt.AuthorizedOperations = topicOperations
	t, code := a.topic(c, name, [16]byte{})
	if code != 0 {
		if err := local.CheckTopicName(name); err != nil {
			code = codeOf(err)
		}
		rt.ErrorCode = int16(code)
		return rt, -1
	}
	whole := a.describeTopic(commitlog.Topic{Name: t.Name, ID: t.ID, Partitions: t.Partitions, Internal: t.Internal})
	rt.TopicID, rt.IsInternal = t.ID, t.Internal
	for _, m := range whole.Partitions[min(int(from), len(whole.Partitions)):] {
		if len(rt.Partitions) == limit {
			return rt, m.Partition
		}
		rp := kmsg.NewDescribeTopicPartitionsResponseTopicPartition()
		rp.ErrorCode, rp.Partition, rp.LeaderID, rp.LeaderEpoch = m.ErrorCode, m.Partition, m.Leader, m.LeaderEpoch
		rp.Replicas, rp.ISR = m.Replicas, m.ISR
		// Empty, not null: the Java clients of all versions fail on null.
		rp.EligibleLeaderReplicas, rp.LastKnownELR = []int32{}, []int32{}
		rt.Partitions = append(rt.Partitions, rp)
	}
	return rt, -1
}
