package handler

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/record/kerr"
)

// ElectLeaders, API key 43: let the preferred replica lead, or any.
//
//	v1 kind of election (KIP-460)   v2 flexible
//
// The only replica leads, so that no election is needed. Asked about all partitions (null),
// Kafka names the topics, and leaves out the partitions that need none.
func init() { register(43, versions{0, 2}, (*API).electLeaders) }

func (a *API) electLeaders(c *call, req *kmsg.ElectLeadersRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.ElectLeadersResponse)
	const preferred, unclean = 0, 1
	known := req.ElectionType == preferred || req.ElectionType == unclean
	if !known && (req.Topics == nil || len(req.Topics) > 0) {
		resp.ErrorCode = int16(kerr.InvalidRequest)
	}
	if req.Topics == nil && known {
		topics, err := a.log.Topics(c)
		resp.ErrorCode = int16(a.fail("list topics", err))
		for _, t := range topics {
			rt := kmsg.NewElectLeadersResponseTopic()
			rt.Topic = t.Name
			resp.Topics = append(resp.Topics, rt)
		}
	}
	for i := range req.Topics {
		t := &req.Topics[i]
		rt := kmsg.NewElectLeadersResponseTopic()
		rt.Topic = t.Topic
		for _, n := range t.Partitions {
			rp := kmsg.NewElectLeadersResponseTopicPartition()
			rp.Partition = n
			_, code := a.partitionByName(t.Topic, n)
			msg := fmt.Sprintf("No such partition as %s-%d", t.Topic, n)
			switch {
			case !known:
				code, msg = kerr.InvalidRequest, "there is no such kind of election"
			case code == kerr.StorageError:
				code, msg = kerr.EligibleLeadersNotAvailable, "the only replica is damaged"
			case code == 0:
				code, msg = kerr.ElectionNotNeeded, "the only replica leads"
			}
			rp.ErrorCode, rp.ErrorMessage = int16(code), &msg
			rt.Partitions = append(rt.Partitions, rp)
		}
		resp.Topics = append(resp.Topics, rt)
	}
	return resp
}
