package handler

import (
	"errors"
	"net"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/broker/local"
	"tailrace/storage/commitlog"
	"tailrace/storage/record/kerr"
)

// DescribeConfigs, API key 32: how is this topic or broker configured?
//
//	v1 sources and synonyms (KIP-226)   v3 types and documentation   v4 flexible
//
// No keys, null or empty, mean all. Every key is listed, set or not, with its source: the topic itself, the node, or the
// default.
func init() { register(32, versions{1, 4}, (*API).describeConfigs) }

func (a *API) describeConfigs(c *call, req *kmsg.DescribeConfigsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.DescribeConfigsResponse)
	unknown := slices.ContainsFunc(req.Resources, func(q kmsg.DescribeConfigsRequestResource) bool {
		return !slices.Contains(configurable, q.ResourceType)
	})
	for i := range req.Resources {
		q := &req.Resources[i]
		rr := kmsg.NewDescribeConfigsResponseResource()
		rr.ResourceType, rr.ResourceName = q.ResourceType, q.ResourceName
		// The message is never null: Kafka sends an empty one with success.
		all, code, msg := []kmsg.DescribeConfigsResponseResourceConfig(nil), kerr.InvalidRequest, "a resource is of an unknown kind"
		if !unknown {
			all, code, msg = a.configsOf(c, q.ResourceType, q.ResourceName)
		}
		rr.ErrorCode, rr.ErrorMessage = int16(code), &msg
		for _, rc := range all {
			if len(q.ConfigNames) > 0 && !slices.Contains(q.ConfigNames, rc.Name) {
				continue
			}
			if !req.IncludeSynonyms {
				rc.ConfigSynonyms = nil
			}
			if !req.IncludeDocumentation {
				rc.Documentation = nil
			}
			rr.Configs = append(rr.Configs, rc)
		}
		resp.Resources = append(resp.Resources, rr)
	}
	return resp
}

// configurable are the kinds of resources that have configurations.
var configurable = []kmsg.ConfigResourceType{kmsg.ConfigResourceTypeTopic, kmsg.ConfigResourceTypeBroker, kmsg.ConfigResourceTypeBrokerLogger,
	kmsg.ConfigResourceTypeClientMetrics, kmsg.ConfigResourceTypeGroupConfig}

func (a *API) configsOf(c *call, kind kmsg.ConfigResourceType, name string) ([]kmsg.DescribeConfigsResponseResourceConfig, kerr.Code, string) {
	switch kind {
	case kmsg.ConfigResourceTypeTopic:
		if err := local.CheckTopicName(name); err != nil {
			return nil, codeOf(err), err.Error()
		}
		entries, err := a.log.TopicConfig(name)
		if errors.Is(err, commitlog.ErrUnknownTopic) {
			return nil, kerr.UnknownTopicOrPartition, err.Error()
		} else if err != nil {
			return nil, a.fail("describe configs", err), err.Error()
		}
		out := make([]kmsg.DescribeConfigsResponseResourceConfig, len(entries))
		for i, e := range entries {
			out[i] = topicConfig(e)
		}
		return out, 0, ""
	case kmsg.ConfigResourceTypeBroker:
		if name == local.AllNodes {
			return a.allNodesConfigs(), 0, ""
		}
		if id, err := strconv.ParseInt(name, 10, 32); err != nil || int32(id) != a.log.NodeID() {
			return nil, kerr.InvalidRequest, "there is no broker " + name
		}
		var out []kmsg.DescribeConfigsResponseResourceConfig
		for _, b := range a.cfg.BrokerConfigs {
			if b.Key.Name == "advertised.listeners" {
				host, port := a.advertised(c.Request)
				b.Value = "PLAINTEXT://" + net.JoinHostPort(host, strconv.Itoa(int(port)))
				if a.cfg.AdvertisedHost == "" {
					b.Key.Default = b.Value // the address by which this client came
				}
			}
			if rc := a.brokerConfig(b); !b.Key.Hidden() || !rc.IsDefault {
				out = append(out, rc)
			}
		}
		return out, 0, ""
	case kmsg.ConfigResourceTypeGroupConfig:
		if name == "" {
			return nil, kerr.InvalidRequest, "the group has no name"
		}
		return nil, 0, ""
	}
	return nil, 0, "" // nothing of this kind can be configured
}

// allNodesConfigs are those that were set for all nodes while they ran.
func (a *API) allNodesConfigs() (out []kmsg.DescribeConfigsResponseResourceConfig) {
	set := a.log.NodeConfig(local.AllNodes)
	for _, k := range local.NodeKeys() {
		if v, ok := set[k.Name]; ok {
			out = append(out, described(&k, v, kmsg.ConfigSourceDynamicDefaultBrokerConfig))
		}
	}
	return out
}

func (a *API) brokerConfig(b BrokerConfig) kmsg.DescribeConfigsResponseResourceConfig {
	set := a.log.NodeValues(b.Key.Name)
	if b.Value != b.Key.Default {
		set = append(set, local.SourcedValue{Source: local.SourceStatic, Value: b.Value})
	}
	rc := described(&b.Key, b.Key.Default, kmsg.ConfigSourceDefaultConfig)
	if len(set) > 0 {
		rc = described(&b.Key, set[0].Value, kmsg.ConfigSource(set[0].Source))
	}
	rc.ReadOnly = b.ReadOnly
	rc.ConfigSynonyms = nil
	for _, v := range set {
		rc.ConfigSynonyms = append(rc.ConfigSynonyms, synonym(b.Key.Name, v.Value, kmsg.ConfigSource(v.Source)))
	}
	if !b.Key.Unset {
		rc.ConfigSynonyms = append(rc.ConfigSynonyms, synonym(b.Key.Name, b.Key.Default, kmsg.ConfigSourceDefaultConfig))
	}
	return rc
}

func topicConfig(e local.ConfigEntry) kmsg.DescribeConfigsResponseResourceConfig {
	rc := described(e.Key, e.Value, kmsg.ConfigSource(e.Source()))
	rc.ConfigSynonyms = nil
	for _, v := range e.Set {
		name := e.Key.NodeKey
		if v.Source == local.SourceTopic {
			name = e.Key.Name
		}
		rc.ConfigSynonyms = append(rc.ConfigSynonyms, synonym(name, v.Value, kmsg.ConfigSource(v.Source)))
	}
	if e.Key.NodeKey != "" && !e.Key.Unset {
		rc.ConfigSynonyms = append(rc.ConfigSynonyms, synonym(e.Key.NodeKey, e.Key.Default, kmsg.ConfigSourceDefaultConfig))
	}
	return rc
}

// described is a configuration with its value, which is its own only synonym. A value that
// nobody set, of a key without a default, is null.
func described(k *local.ConfigKey, value string, source kmsg.ConfigSource) kmsg.DescribeConfigsResponseResourceConfig {
	rc := kmsg.NewDescribeConfigsResponseResourceConfig()
	rc.Name, rc.Value, rc.Source = k.Name, &value, source
	if rc.IsDefault = source == kmsg.ConfigSourceDefaultConfig; rc.IsDefault && value == "" && k.Unset {
		rc.Value = nil
	}
	rc.ConfigType = kmsg.ConfigType(k.Type)
	rc.Documentation = str(k.Doc)
	rc.ConfigSynonyms = append(rc.ConfigSynonyms, synonym(k.Name, value, source))
	return rc
}

func synonym(name, value string, source kmsg.ConfigSource) kmsg.DescribeConfigsResponseResourceConfigConfigSynonym {
	s := kmsg.NewDescribeConfigsResponseResourceConfigConfigSynonym()
	s.Name, s.Value, s.Source = name, &value, source
	return s
}
