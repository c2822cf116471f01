package handler

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/record/kerr"
)

// DeleteGroups, API key 42: forget these groups and their offsets. v2 is flexible, v3 has room
// for messages. A group with members answers NON_EMPTY_GROUP, and so does the group of a query,
// whose tasks are its members.
func init() { register(42, versions{0, 3}, (*API).deleteGroups) }

func (a *API) deleteGroups(c *call, req *kmsg.DeleteGroupsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.DeleteGroupsResponse)
	told := map[string]bool{}
	for _, id := range req.Groups {
		if told[id] {
			continue
		}
		told[id] = true
		rg := kmsg.NewDeleteGroupsResponseGroup()
		rg.Group, rg.ErrorCode = id, int16(kerr.NonEmptyGroup)
		if !a.log.OwnsGroup(id) {
			rg.ErrorCode = int16(a.groups.Delete(c, id))
		}
		resp.Groups = append(resp.Groups, rg)
	}
	return resp
}
