package handler

import (
	"bytes"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/broker/coordinator/group"
	"tailrace/storage/record/kerr"
)

// SyncGroup, API key 14: what is mine in this generation? The leader's request brings
// everybody's assignment, the others wait for it.
//
//	v3 static members (KIP-345)   v4 flexible   v5 protocol checked (KIP-559)
func init() { register(14, versions{0, 5}, (*API).syncGroup) }

func (a *API) syncGroup(c *call, req *kmsg.SyncGroupRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.SyncGroupResponse)
	r := group.SyncRequest{
		Identity:     identity(req.MemberID, req.InstanceID, req.Generation),
		ProtocolType: req.ProtocolType, Protocol: req.Protocol,
		Assignments: make(map[string][]byte, len(req.GroupAssignment)),
	}
	for i := range req.GroupAssignment {
		g := &req.GroupAssignment[i]
		r.Assignments[g.MemberID] = bytes.Clone(g.MemberAssignment)
	}
	if req.Version >= 5 && (req.ProtocolType == nil || req.Protocol == nil) {
		resp.ErrorCode = int16(kerr.InconsistentGroupProtocol)
		return resp
	}
	reply := a.groups.Sync(c, req.Group, r)
	resp.ErrorCode = int16(reply.Code)
	resp.MemberAssignment = reply.Assignment
	if reply.Code == 0 {
		resp.ProtocolType, resp.Protocol = &reply.ProtocolType, &reply.Protocol
	}
	return resp
}
