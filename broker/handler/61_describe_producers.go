package handler

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/broker/local"
	"tailrace/storage/record/kerr"
)

// DescribeProducers, API key 61: which idempotent producers does this partition know, and how
// far has each come? (KIP-664) None is in a transaction.
func init() { register(61, versions{0, 0}, (*API).describeProducers) }

func (a *API) describeProducers(_ *call, req *kmsg.DescribeProducersRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.DescribeProducersResponse)
	for i := range req.Topics {
		t := &req.Topics[i]
		rt := kmsg.NewDescribeProducersResponseTopic()
		rt.Topic = t.Topic
		for _, n := range t.Partitions {
			rp := kmsg.NewDescribeProducersResponseTopicPartition()
			rp.Partition = n
			p, code := a.partitionByName(t.Topic, n)
			if code != 0 && local.CheckTopicName(t.Topic) != nil {
				code = kerr.InvalidTopic
			}
			if rp.ErrorCode = int16(code); code != 0 {
				rp.ErrorMessage = str(unknownTopic(code))
				rt.Partitions = append(rt.Partitions, rp)
				continue
			}
			for _, known := range p.Producers() {
				ap := kmsg.NewDescribeProducersResponseTopicPartitionActiveProducer()
				ap.ProducerID, ap.ProducerEpoch, ap.LastSequence = known.ID, int32(known.Epoch), known.LastSequence
				ap.LastTimestamp, ap.CoordinatorEpoch, ap.CurrentTxnStartOffset = known.Timestamp, -1, -1
				rp.ActiveProducers = append(rp.ActiveProducers, ap)
			}
			rt.Partitions = append(rt.Partitions, rp)
		}
		resp.Topics = append(resp.Topics, rt)
	}
	return resp
}
