package handler

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/record/kerr"
)

// DescribeGroups, API key 15: who is in these groups, and who has what?
//
//	v3 authorized operations   v4 static members   v5 flexible   v6 GROUP_ID_NOT_FOUND
//
// Before v6 an unknown group is Dead, without an error.
func init() { register(15, versions{0, 6}, (*API).describeGroups) }

func (a *API) describeGroups(_ *call, req *kmsg.DescribeGroupsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.DescribeGroupsResponse)
	for _, id := range req.Groups {
		d := a.groups.Describe(id)
		rg := kmsg.NewDescribeGroupsResponseGroup()
		rg.Group, rg.State = id, d.State.String()
		if req.IncludeAuthorizedOperations && (d.Code == 0 || d.Code == kerr.GroupIDNotFound && req.Version < 6) {
			rg.AuthorizedOperations = groupOperations
		}
		rg.ProtocolType, rg.Protocol = d.ProtocolType, d.Protocol
		if d.Code == kerr.GroupIDNotFound && req.Version >= 6 {
			rg.ErrorMessage = str(fmt.Sprintf("Group %s not found.", id))
		}
		if d.Code != kerr.GroupIDNotFound || req.Version >= 6 {
			rg.ErrorCode = int16(d.Code)
		}
		for _, m := range d.Members {
			rm := kmsg.NewDescribeGroupsResponseGroupMember()
			rm.MemberID, rm.ClientID, rm.ClientHost = m.ID, m.ClientID, m.ClientHost
			rm.ProtocolMetadata, rm.MemberAssignment = m.Metadata, m.Assignment
			if m.InstanceID != "" {
				rm.InstanceID = str(m.InstanceID)
			}
			rg.Members = append(rg.Members, rm)
		}
		resp.Groups = append(resp.Groups, rg)
	}
	return resp
}
