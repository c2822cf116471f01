package handler

import (
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// ListGroups, API key 16: which groups are there?
//
//	v3 flexible   v4 states (KIP-518)   v5 types (KIP-848)
//
// Groups that only have offsets are Empty. Filters ignore case, as Kafka's do.
func init() { register(16, versions{0, 5}, (*API).listGroups) }

// groupType is the type of every group: the protocol of KIP-848 is not served.
const groupType = "classic"

func (a *API) listGroups(_ *call, req *kmsg.ListGroupsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.ListGroupsResponse)
	for _, g := range a.groups.List() {
		if !wanted(req.StatesFilter, g.State.String()) || !wanted(req.TypesFilter, groupType) {
			continue
		}
		rg := kmsg.NewListGroupsResponseGroup()
		rg.Group, rg.ProtocolType = g.ID, g.ProtocolType
		rg.GroupState, rg.GroupType = g.State.String(), groupType
		resp.Groups = append(resp.Groups, rg)
	}
	return resp
}

func wanted(filter []string, s string) bool {
	return len(filter) == 0 || slices.ContainsFunc(filter, func(f string) bool { return strings.EqualFold(f, s) })
}
