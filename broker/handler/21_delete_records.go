package handler

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/commitlog"
)

// DeleteRecords, API key 21: forget what is before these offsets; -1 is the high
// watermark. v2 is flexible. The answer is durable.
func init() { register(21, versions{0, 2}, (*API).deleteRecords) }

func (a *API) deleteRecords(_ *call, req *kmsg.DeleteRecordsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.DeleteRecordsResponse)
	for i := range req.Topics {
		t := &req.Topics[i]
		rt := kmsg.NewDeleteRecordsResponseTopic()
		rt.Topic = t.Topic
		for _, q := range t.Partitions {
			rp := kmsg.NewDeleteRecordsResponseTopicPartition()
			rp.Partition, rp.LowWatermark = q.Partition, -1
			p, code := a.partitionByName(t.Topic, q.Partition)
			if code == 0 {
				code = codeOf(a.log.MayChange(t.Topic))
			}
			if code == 0 {
				start, err := p.DeleteRecords(commitlog.Offset(q.Offset))
				if code = a.fail("delete records", err); code == 0 {
					rp.LowWatermark = int64(start)
				}
			}
			rp.ErrorCode = int16(code)
			rt.Partitions = append(rt.Partitions, rp)
		}
		resp.Topics = append(resp.Topics, rt)
	}
	return resp
}
