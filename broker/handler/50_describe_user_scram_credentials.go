package handler

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/record/kerr"
)

// DescribeUserScramCredentials, API key 50: which users have passwords? None: there is no
// authentication. No users, null or empty, mean all.
func init() { register(50, versions{0, 0}, (*API).describeUserSCRAMCredentials) }

func (a *API) describeUserSCRAMCredentials(_ *call, req *kmsg.DescribeUserSCRAMCredentialsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.DescribeUserSCRAMCredentialsResponse)
	resp.ErrorMessage = str("") // never null
	named := map[string]int{}
	for i := range req.Users {
		named[req.Users[i].Name]++
	}
	for i := range req.Users {
		r := kmsg.NewDescribeUserSCRAMCredentialsResponseResult()
		r.User = req.Users[i].Name
		switch named[r.User] {
		case 0:
			continue // answered
		case 1:
			r.ErrorCode, r.ErrorMessage = int16(kerr.ResourceNotFound), str(fmt.Sprintf("user %q has no credentials", r.User))
		default:
			r.ErrorCode, r.ErrorMessage = int16(kerr.DuplicateResource), str(fmt.Sprintf("user %q is named more than once in the request", r.User))
		}
		named[r.User] = 0
		resp.Results = append(resp.Results, r)
	}
	return resp
}
