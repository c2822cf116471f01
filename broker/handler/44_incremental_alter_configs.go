package handler

import (
	"fmt"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/broker/local"
	"tailrace/storage/commitlog"
	"tailrace/storage/record/kerr"
)

// IncrementalAlterConfigs, API key 44: set, delete, or change lists (KIP-339). v1 is
// flexible. All changes of one resource are made, or none.
func init() { register(44, versions{0, 1}, (*API).incrementalAlterConfigs) }

func (a *API) incrementalAlterConfigs(c *call, req *kmsg.IncrementalAlterConfigsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.IncrementalAlterConfigsResponse)
	named := map[resource]int{}
	for i := range req.Resources {
		named[resource{req.Resources[i].ResourceType, req.Resources[i].ResourceName}]++
	}
	for i := range req.Resources {
		q := &req.Resources[i]
		rr := kmsg.NewIncrementalAlterConfigsResponseResource()
		rr.ResourceType, rr.ResourceName = q.ResourceType, q.ResourceName
		code, msg := kerr.InvalidRequest, str(resourceTwice)
		if named[resource{q.ResourceType, q.ResourceName}] == 1 {
			code, msg = a.alterTopic(c, q.ResourceType, q.ResourceName, req.ValidateOnly, func(now overrides) (map[string]*string, error) {
				return incremental(now, q.Configs)
			})
		}
		rr.ErrorCode, rr.ErrorMessage = int16(code), msg
		resp.Resources = append(resp.Resources, rr)
	}
	return resp
}

// resource is what a request names; once, or it is refused each time.
type resource struct {
	kind kmsg.ConfigResourceType
	name string
}

const resourceTwice = "each resource must appear at most once"

// nullValue refuses null where only DELETE, or leaving the key out, unsets it.
func nullValue(name string) error {
	return fmt.Errorf("%w: the value of %s must not be null", kerr.InvalidRequest, name)
}

// overrides are the configurations set on a topic itself.
type overrides map[string]string

// incremental works out which overrides change.
func incremental(now overrides, changes []kmsg.IncrementalAlterConfigsRequestResourceConfig) (map[string]*string, error) {
	set := map[string]*string{}
	for _, ch := range changes {
		if _, twice := set[ch.Name]; twice {
			return nil, fmt.Errorf("%w: %s is changed more than once", kerr.InvalidRequest, ch.Name)
		}
		switch ch.Op {
		case kmsg.IncrementalAlterConfigOpDelete:
			set[ch.Name] = nil
			continue
		case kmsg.IncrementalAlterConfigOpSet, kmsg.IncrementalAlterConfigOpAppend, kmsg.IncrementalAlterConfigOpSubtract:
		default:
			return nil, fmt.Errorf("%w: unknown operation %d on %s", kerr.InvalidRequest, ch.Op, ch.Name)
		}
		if ch.Value == nil {
			return nil, nullValue(ch.Name)
		}
		if ch.Op == kmsg.IncrementalAlterConfigOpSet {
			set[ch.Name] = ch.Value
			continue
		}
		key, ok := listKey(ch.Name)
		if !ok {
			return nil, fmt.Errorf("%w: %s is not a list, so nothing can be appended to it or taken from it", commitlog.ErrInvalidConfig, ch.Name)
		}
		current, ok := now[ch.Name]
		if !ok {
			current = key.Default
		}
		set[ch.Name] = str(changeList(current, *ch.Value, ch.Op == kmsg.IncrementalAlterConfigOpAppend))
	}
	return set, nil
}

func listKey(name string) (local.ConfigKey, bool) {
	for _, k := range local.ConfigKeys() {
		if k.Name == name {
			return k, k.Type == local.TypeList
		}
	}
	return local.ConfigKey{}, false
}

// changeList adds the items of a comma-separated list to another, or takes them out.
func changeList(current, items string, add bool) string {
	split := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
	}
	out := split(current)
	for _, item := range split(items) {
		out = slices.DeleteFunc(out, func(s string) bool { return s == item })
		if add {
			out = append(out, item)
		}
	}
	return strings.Join(out, ",")
}

// alterTopic changes the overrides of one resource, which must be a topic: the broker's
// own configuration comes from its file and flags.
func (a *API) alterTopic(c *call, kind kmsg.ConfigResourceType, name string, validateOnly bool, change func(overrides) (map[string]*string, error)) (kerr.Code, *string) {
	if kind != kmsg.ConfigResourceTypeTopic {
		return kerr.InvalidRequest, str("only topics can be configured while the server runs")
	}
	if name == "" {
		return kerr.InvalidRequest, str("the configurations of all topics cannot be changed at once")
	}
	err := local.CheckTopicName(name)
	if err == nil {
		err = a.log.MayChange(name)
	}
	if err != nil {
		return codeOf(err), message(err)
	}
	entries, err := a.log.TopicConfig(name)
	if err != nil {
		return a.fail("alter configs", err), message(err)
	}
	now := overrides{}
	for _, e := range entries {
		if e.Override {
			now[e.Key.Name] = e.Value
		}
	}
	set, err := change(now)
	if err != nil {
		return codeOf(err), message(err)
	}
	if validateOnly {
		err = a.log.ValidateTopicConfig(name, set)
	} else {
		err = a.log.SetTopicConfig(c, name, set)
	}
	if err != nil {
		return a.fail("alter configs", err), message(err)
	}
	return 0, nil
}
