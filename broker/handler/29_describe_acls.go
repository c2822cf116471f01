package handler

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/record/kerr"
)

// DescribeAcls, API key 29: who may do what? There is no authorizer, which is another answer
// than that there are no rules: clients must not take the one for the other. v2 is flexible.
func init() { register(29, versions{1, 3}, (*API).describeACLs) }

const noAuthorizer = "No Authorizer is configured on the broker"

func (a *API) describeACLs(_ *call, req *kmsg.DescribeACLsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.DescribeACLsResponse)
	resp.ErrorCode, resp.ErrorMessage = int16(kerr.SecurityDisabled), str(noAuthorizer)
	return resp
}
