package handler

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/commitlog"
)

// DescribeLogDirs, API key 35: which folders have which partitions, and how much room is left?
//
//	v2 flexible   v3 error code   v4 size of the disk (KIP-827)   v5 cordoned folders (KIP-1066)
//
// There is one folder. Null asks for all partitions; unknown ones are left out.
func init() { register(35, versions{1, 5}, (*API).describeLogDirs) }

func (a *API) describeLogDirs(c *call, req *kmsg.DescribeLogDirsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.DescribeLogDirsResponse)
	d := kmsg.NewDescribeLogDirsResponseDir()
	d.Dir = a.log.Dir()
	d.TotalBytes, d.UsableBytes = a.log.DiskBytes()
	add := func(topic string, partitions []int32) {
		rt := kmsg.NewDescribeLogDirsResponseDirTopic()
		rt.Topic = topic
		for _, n := range partitions {
			p, err := a.log.Partition(commitlog.TopicPartition{Topic: topic, Partition: commitlog.PartitionID(n)})
			if err != nil {
				continue
			}
			rp := kmsg.NewDescribeLogDirsResponseDirTopicPartition()
			rp.Partition, rp.Size = n, p.SizeBytes()
			rt.Partitions = append(rt.Partitions, rp)
		}
		if len(rt.Partitions) > 0 {
			d.Topics = append(d.Topics, rt)
		}
	}
	for i := range req.Topics {
		slices.Sort(req.Topics[i].Partitions)
		add(req.Topics[i].Topic, slices.Compact(req.Topics[i].Partitions)) // named twice is told once
	}
	if req.Topics == nil {
		topics, err := a.log.Topics(c)
		resp.ErrorCode = int16(a.fail("list topics", err))
		for _, t := range topics {
			add(t.Name, upTo(t.Partitions))
		}
	}
	resp.Dirs = append(resp.Dirs, d)
	return resp
}

// upTo are the numbers of n partitions.
func upTo(n int32) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(i)
	}
	return out
}
