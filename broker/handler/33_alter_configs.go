package handler

import (
	"github.com/twmb/franz-go/pkg/kmsg"
)

// AlterConfigs, API key 33: these are all the overrides of the topic; what is not named
// goes back to its default. v2 is flexible.
func init() { register(33, versions{0, 2}, (*API).alterConfigs) }

func (a *API) alterConfigs(c *call, req *kmsg.AlterConfigsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.AlterConfigsResponse)
	for i := range req.Resources {
		q := &req.Resources[i]
		rr := kmsg.NewAlterConfigsResponseResource()
		rr.ResourceType, rr.ResourceName = q.ResourceType, q.ResourceName
		code, msg := a.alterTopic(c, q.ResourceType, q.ResourceName, req.ValidateOnly, func(now overrides) (map[string]*string, error) {
			set := map[string]*string{}
			for name := range now {
				set[name] = nil
			}
			for _, cfg := range q.Configs {
				set[cfg.Name] = cfg.Value
			}
			return set, nil
		})
		rr.ErrorCode, rr.ErrorMessage = int16(code), msg
		resp.Resources = append(resp.Resources, rr)
	}
	return resp
}
