package handler

import (
	"bytes"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/broker/coordinator/group"
	"tailrace/storage/record/kerr"
)

// JoinGroup, API key 11: let me into the next generation of this group.
//
//	v1 rebalance timeout          v4 an id first (KIP-394)   v5 static members (KIP-345)
//	v6 flexible   v8 a reason     v9 skip assignment (KIP-814)
//
// The request waits until the generation begins.
func init() { register(11, versions{0, 9}, (*API).joinGroup) }

func (a *API) joinGroup(c *call, req *kmsg.JoinGroupRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.JoinGroupResponse)
	r := group.JoinRequest{
		MemberID: req.MemberID, ClientID: c.ClientID, ClientHost: "/" + c.Client,
		SessionTimeout:    time.Duration(req.SessionTimeoutMillis) * time.Millisecond,
		RebalanceTimeout:  time.Duration(req.RebalanceTimeoutMillis) * time.Millisecond,
		ProtocolType:      req.ProtocolType,
		RequireMemberID:   req.Version >= 4,
		MaySkipAssignment: req.Version >= 9,
	}
	if req.InstanceID != nil {
		r.InstanceID = *req.InstanceID
	}
	for _, p := range req.Protocols {
		r.Protocols = append(r.Protocols, group.Protocol{Name: p.Name, Metadata: bytes.Clone(p.Metadata)})
	}
	reply := group.JoinReply{Code: kerr.InconsistentGroupProtocol, Generation: -1, MemberID: req.MemberID} // with the tasks of a query
	if !a.log.OwnsGroup(req.Group) {
		reply = a.groups.Join(c, req.Group, r)
	}
	resp.ErrorCode = int16(reply.Code)
	resp.Generation = reply.Generation
	resp.LeaderID, resp.MemberID = reply.Leader, reply.MemberID
	resp.SkipAssignment = reply.SkipAssignment
	if reply.Code == 0 {
		resp.ProtocolType, resp.Protocol = &reply.ProtocolType, &reply.Protocol
	} else if req.Version < 7 {
		resp.Protocol = str("")
	}
	for _, m := range reply.Members {
		rm := kmsg.NewJoinGroupResponseMember()
		rm.MemberID, rm.ProtocolMetadata = m.ID, m.Metadata
		if m.InstanceID != "" {
			rm.InstanceID = str(m.InstanceID)
		}
		resp.Members = append(resp.Members, rm)
	}
	return resp
}
