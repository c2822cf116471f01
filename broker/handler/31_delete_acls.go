package handler

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/record/kerr"
)

// DeleteAcls, API key 31: each is refused, for want of an authorizer. v2 is flexible.
func init() { register(31, versions{1, 3}, (*API).deleteACLs) }

func (a *API) deleteACLs(_ *call, req *kmsg.DeleteACLsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.DeleteACLsResponse)
	for range req.Filters {
		r := kmsg.NewDeleteACLsResponseResult()
		r.ErrorCode, r.ErrorMessage = int16(kerr.SecurityDisabled), str(noAuthorizer)
		resp.Results = append(resp.Results, r)
	}
	return resp
}
