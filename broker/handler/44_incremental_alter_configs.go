package handler

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
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
			code, msg = a.alterResource(c, q.ResourceType, q.ResourceName, req.ValidateOnly, func(now overrides) (map[string]*string, error) {
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

// overrides are the configurations set on a resource itself, and the keys that it has.
type overrides struct {
	set  map[string]string
	keys []local.ConfigKey
}

// list finds a configuration that is a list.
func (o *overrides) list(name string) (local.ConfigKey, bool) {
	i := slices.IndexFunc(o.keys, func(k local.ConfigKey) bool { return k.Name == name && k.Type == local.TypeList })
	if i < 0 {
		return local.ConfigKey{}, false
	}
	return o.keys[i], true
}

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
		key, ok := now.list(ch.Name)
		if !ok {
			return nil, fmt.Errorf("%w: %s is not a list, so nothing can be appended to it or taken from it", commitlog.ErrInvalidConfig, ch.Name)
		}
		current, ok := now.set[ch.Name]
		if !ok {
			current = key.Default
		}
		set[ch.Name] = str(changeList(current, *ch.Value, ch.Op == kmsg.IncrementalAlterConfigOpAppend))
	}
	return set, nil
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

// alterResource changes the configurations of a topic, of this node, or of all nodes. What else
// there is, is set in the file and in flags.
func (a *API) alterResource(c *call, kind kmsg.ConfigResourceType, name string, validateOnly bool, change func(overrides) (map[string]*string, error)) (kerr.Code, *string) {
	var err error
	switch {
	case kind == kmsg.ConfigResourceTypeTopic && name != "":
		err = a.alterTopic(c, name, validateOnly, change)
	case kind == kmsg.ConfigResourceTypeTopic:
		err = fmt.Errorf("%w: the configurations of all topics cannot be changed at once", kerr.InvalidRequest)
	case kind == kmsg.ConfigResourceTypeBroker:
		err = a.alterNode(c, name, validateOnly, change)
	default:
		err = fmt.Errorf("%w: only topics and brokers can be configured while the server runs", kerr.InvalidRequest)
	}
	return a.fail("alter configs", err), message(err)
}

func (a *API) alterTopic(c *call, name string, validateOnly bool, change func(overrides) (map[string]*string, error)) error {
	// What is asked for is looked at first, then for whom.
	now := overrides{map[string]string{}, local.ConfigKeys()}
	entries, unknown := a.log.TopicConfig(name)
	for _, e := range entries {
		if e.Source() == local.SourceTopic {
			now.set[e.Key.Name] = e.Value
		}
	}
	set, err := change(now)
	if err := cmp.Or(err, local.CheckTopicName(name), local.CheckTopicConfig(set), a.log.MayChange(name), unknown); err != nil {
		return err
	}
	if validateOnly {
		return a.log.ValidateTopicConfig(name, set)
	}
	return a.log.SetTopicConfig(c, name, set)
}

// alterNode changes the configuration of this node, or of all when it is not named.
func (a *API) alterNode(c *call, name string, validateOnly bool, change func(overrides) (map[string]*string, error)) error {
	if name != local.AllNodes && name != strconv.Itoa(int(a.log.NodeID())) {
		return fmt.Errorf("%w: there is no broker %s, only %d", kerr.InvalidRequest, name, a.log.NodeID())
	}
	set, err := change(overrides{a.log.NodeConfig(name), local.NodeKeys()})
	if err != nil {
		return err
	}
	if validateOnly {
		return a.log.ValidateNodeConfig(name, set)
	}
	return a.log.SetNodeConfig(c, name, set)
}
