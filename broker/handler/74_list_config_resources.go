package handler

import (
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/record/kerr"
)

// ListConfigResources, API key 74: what can be configured? v0 asks for subscriptions of client
// metrics, of which there are none; v1 (KIP-1142) for any kinds, none meaning all.
func init() { register(74, versions{0, 1}, (*API).listConfigResources) }

func (a *API) listConfigResources(c *call, req *kmsg.ListConfigResourcesRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.ListConfigResourcesResponse)
	if req.Version == 0 {
		return resp
	}
	add := func(kind kmsg.ConfigResourceType, names ...string) {
		for _, name := range names {
			r := kmsg.NewListConfigResourcesResponseConfigResource()
			r.Name, r.Type = name, int8(kind)
			resp.ConfigResources = append(resp.ConfigResources, r)
		}
	}
	node := strconv.Itoa(int(a.log.NodeID()))
	for _, list := range []struct {
		kind kmsg.ConfigResourceType
		do   func() []string
	}{
		{kmsg.ConfigResourceTypeTopic, func() (names []string) {
			topics, err := a.log.Topics(c)
			resp.ErrorCode = int16(a.fail("list topics", err))
			for _, t := range topics {
				names = append(names, t.Name)
			}
			return names
		}},
		{kmsg.ConfigResourceTypeBroker, func() []string { return []string{node} }},
		{kmsg.ConfigResourceTypeBrokerLogger, func() []string { return []string{node} }},
		{kmsg.ConfigResourceTypeClientMetrics, func() []string { return nil }},
		{kmsg.ConfigResourceTypeGroupConfig, func() []string { return nil }},
	} {
		if len(req.ResourceTypes) == 0 || slices.Contains(req.ResourceTypes, int8(list.kind)) {
			add(list.kind, list.do()...)
		}
	}
	for _, kind := range req.ResourceTypes {
		if !slices.Contains(configurable, kmsg.ConfigResourceType(kind)) {
			resp.ErrorCode, resp.ConfigResources = int16(kerr.UnsupportedVersion), nil
		}
	}
	return resp
}
