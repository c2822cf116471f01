package handler

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/record/kerr"
)

// CreateAcls, API key 30: each is refused, for want of an authorizer. v2 is flexible.
func init() { register(30, versions{1, 3}, (*API).createACLs) }

func (a *API) createACLs(_ *call, req *kmsg.CreateACLsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.CreateACLsResponse)
	for range req.Creations {
		r := kmsg.NewCreateACLsResponseResult()
		r.ErrorCode, r.ErrorMessage = int16(kerr.SecurityDisabled), str(noAuthorizer)
		resp.Results = append(resp.Results, r)
	}
	return resp
}
