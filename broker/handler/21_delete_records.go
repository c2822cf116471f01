package handler

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/commitlog"
)

// DeleteRecords, API key 21: forget what is before these offsets; -1 is the high
// watermark. v2 is flexible. The answer is durable. Of a partition that is
// named twice the last offset counts.
func init() { register(21, versions{0, 2}, (*API).deleteRecords) }

func (a *API) deleteRecords(_ *call, req *kmsg.DeleteRecordsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.DeleteRecordsResponse)
	for i := range req.Topics {
		t := &req.Topics[i]
		rt := kmsg.NewDeleteRecordsResponseTopic()
		rt.Topic = t.Topic
		last := map[int32]int64{}
		for _, q := range t.Partitions {
			last[q.Partition] = q.Offset
		}
		for _, q := range t.Partitions {
			offset, ok := last[q.Partition]
			if !ok {
				continue // answered
			}
			delete(last, q.Partition)
			rp := kmsg.NewDeleteRecordsResponseTopicPartition()
			rp.Partition, rp.LowWatermark = q.Partition, -1
			p, code := a.partitionByName(t.Topic, q.Partition)
			if code == 0 {
				code = codeOf(a.log.MayChange(t.Topic))
			}
			if code == 0 {
				start, err := p.DeleteRecords(commitlog.Offset(offset))
				if code = a.fail("delete records", err); code == 0 {
					rp.LowWatermark = int64(start)
				}
			}
			rp.ErrorCode = int16(code)
			rt.Partitions = append(rt.Partitions, rp)
		}
		if len(rt.Partitions) > 0 {
			resp.Topics = append(resp.Topics, rt)
		}
	}
	return resp
}
