package handler

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/broker/coordinator/group"
)

// LeaveGroup, API key 13: these members go.
//
//	v3 many members, by instance too (KIP-345)   v4 flexible   v5 a reason
//
// Before v3 the code of the one member is that of the request.
func init() { register(13, versions{0, 5}, (*API).leaveGroup) }

func (a *API) leaveGroup(_ *call, req *kmsg.LeaveGroupRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.LeaveGroupResponse)
	var who []group.Identity
	if req.Version < 3 {
		who = append(who, identity(req.MemberID, nil, -1))
	}
	for i := range req.Members {
		who = append(who, identity(req.Members[i].MemberID, req.Members[i].InstanceID, -1))
	}
	code, codes := a.groups.Leave(req.Group, who)
	if req.Version < 3 {
		if code == 0 {
			code = codes[0]
		}
		resp.ErrorCode = int16(code)
		return resp
	}
	resp.ErrorCode = int16(code)
	for i := range codes {
		rm := kmsg.NewLeaveGroupResponseMember()
		rm.MemberID, rm.InstanceID, rm.ErrorCode = req.Members[i].MemberID, req.Members[i].InstanceID, int16(codes[i])
		resp.Members = append(resp.Members, rm)
	}
	return resp
}
