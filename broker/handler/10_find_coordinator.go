package handler

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/record/kerr"
)

// FindCoordinator, API key 10: which node coordinates this group?
//
//	v1 kinds of keys   v3 flexible   v4 many keys (KIP-699)   v6 share groups
//
// This node coordinates every group. Transactions and share groups have no coordinator,
// and say so with an error that clients do not retry.
func init() { register(10, versions{0, 6}, (*API).findCoordinator) }

// coordinatorOfGroup is the kind of key that names a consumer group.
const coordinatorOfGroup = 0

func (a *API) findCoordinator(c *call, req *kmsg.FindCoordinatorRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.FindCoordinatorResponse)
	if req.Version >= 4 {
		for _, key := range req.CoordinatorKeys {
			resp.Coordinators = append(resp.Coordinators, a.coordinator(c, req.CoordinatorType, key))
		}
		return resp
	}
	got := a.coordinator(c, req.CoordinatorType, req.CoordinatorKey)
	resp.ErrorCode, resp.ErrorMessage = got.ErrorCode, got.ErrorMessage
	resp.NodeID, resp.Host, resp.Port = got.NodeID, got.Host, got.Port
	return resp
}

func (a *API) coordinator(c *call, kind int8, key string) kmsg.FindCoordinatorResponseCoordinator {
	rc := kmsg.NewFindCoordinatorResponseCoordinator()
	rc.Key, rc.NodeID, rc.Port = key, -1, -1
	rc.ErrorMessage = str("") // never null, as Kafka sends it
	switch {
	case kind != coordinatorOfGroup:
		rc.ErrorCode, rc.ErrorMessage = int16(kerr.InvalidRequest), str("only consumer groups have a coordinator here")
	case a.log.GroupServing(key) != nil:
		rc.ErrorCode, rc.ErrorMessage = int16(kerr.CoordinatorNotAvailable), str(a.log.GroupServing(key).Error())
	default:
		rc.NodeID = a.log.NodeID()
		rc.Host, rc.Port = a.advertised(c.Request)
	}
	return rc
}
