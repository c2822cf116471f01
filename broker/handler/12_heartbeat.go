package handler

import "github.com/twmb/franz-go/pkg/kmsg"

// Heartbeat, API key 12: this member lives.
//
//	v3 static members (KIP-345)   v4 flexible
//
// During a rebalance the answer is REBALANCE_IN_PROGRESS, which calls the member to join.
func init() { register(12, versions{0, 4}, (*API).heartbeat) }

func (a *API) heartbeat(_ *call, req *kmsg.HeartbeatRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.HeartbeatResponse)
	resp.ErrorCode = int16(a.groups.Heartbeat(req.Group, identity(req.MemberID, req.InstanceID, req.Generation)))
	return resp
}
