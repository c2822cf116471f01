package handler

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/record/kerr"
)

// AlterConfigs, API key 33: these are all the overrides of the topic; what is not named
// goes back to its default. v2 is flexible.
func init() { register(33, versions{0, 2}, (*API).alterConfigs) }

func (a *API) alterConfigs(c *call, req *kmsg.AlterConfigsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.AlterConfigsResponse)
	named := map[resource]int{}
	for i := range req.Resources {
		named[resource{req.Resources[i].ResourceType, req.Resources[i].ResourceName}]++
	}
	for i := range req.Resources {
		q := &req.Resources[i]
		rr := kmsg.NewAlterConfigsResponseResource()
		rr.ResourceType, rr.ResourceName = q.ResourceType, q.ResourceName
		code, msg := kerr.InvalidRequest, str(resourceTwice)
		if named[resource{q.ResourceType, q.ResourceName}] == 1 {
			code, msg = a.alterResource(c, q.ResourceType, q.ResourceName, req.ValidateOnly, func(now overrides) (map[string]*string, error) {
				return replaced(now, q.Configs)
			})
		}
		rr.ErrorCode, rr.ErrorMessage = int16(code), msg
		resp.Resources = append(resp.Resources, rr)
	}
	return resp
}

// replaced works out which overrides change when those of the request are all there is.
func replaced(now overrides, configs []kmsg.AlterConfigsRequestResourceConfig) (map[string]*string, error) {
	set := map[string]*string{}
	for _, cfg := range configs {
		switch _, twice := set[cfg.Name]; {
		case twice:
			return nil, fmt.Errorf("%w: %s is named more than once", kerr.InvalidRequest, cfg.Name)
		case cfg.Value == nil:
			return nil, nullValue(cfg.Name)
		}
		set[cfg.Name] = cfg.Value
	}
	for name := range now.set {
		if _, kept := set[name]; !kept {
			set[name] = nil
		}
	}
	return set, nil
}
