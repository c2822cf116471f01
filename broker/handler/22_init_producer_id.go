package handler

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/record/kerr"
)

// InitProducerId, API key 22: an identity for an idempotent producer.
//
//	v2 flexible   v3 a bump of the epoch instead of a new id (KIP-360)
//
// A producer without a transactional id gets a fresh id whenever it asks; the sequences
// of the old one are then nobody's. Transactions are refused with a code that no client
// takes for a passing trouble.
func init() { register(22, versions{0, 5}, (*API).initProducerID) }

func (a *API) initProducerID(c *call, req *kmsg.InitProducerIDRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.InitProducerIDResponse)
	resp.ProducerID, resp.ProducerEpoch = -1, -1
	if req.TransactionalID != nil {
		resp.ErrorCode = int16(kerr.UnsupportedVersion)
		if *req.TransactionalID == "" {
			resp.ErrorCode = int16(kerr.InvalidRequest)
		}
		return resp
	}
	if (req.ProducerID < 0) != (req.ProducerEpoch < 0) { // v3 on: both or neither
		resp.ErrorCode = int16(kerr.InvalidRequest)
		return resp
	}
	id, err := a.log.AllocateProducerID(c)
	if err != nil {
		resp.ErrorCode = int16(a.fail("allocate a producer id", err))
		return resp
	}
	resp.ProducerID, resp.ProducerEpoch = id, 0
	return resp
}
