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
	for i := range req.Resources {
		q := &req.Resources[i]
		rr := kmsg.NewDescribeConfigsResponseResource()
		rr.ResourceType, rr.ResourceName = q.ResourceType, q.ResourceName
		// The message is never null: Kafka sends an empty one with success.
		all, code, msg := a.configsOf(c, q.ResourceType, q.ResourceName)
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
		if name == "" { // the cluster-wide dynamic defaults: there are none
			return nil, 0, ""
		}
		if id, err := strconv.ParseInt(name, 10, 32); err != nil || int32(id) != a.log.NodeID() {
			return nil, kerr.InvalidRequest, "there is no broker " + name
		}
		out := make([]kmsg.DescribeConfigsResponseResourceConfig, len(a.cfg.BrokerConfigs))
		for i, b := range a.cfg.BrokerConfigs {
			if b.Name == "advertised.listeners" {
				host, port := a.advertised(c.Request)
				b.Value = "PLAINTEXT://" + net.JoinHostPort(host, strconv.Itoa(int(port)))
				if a.cfg.AdvertisedHost == "" {
					b.Default = b.Value // the address by which this client came
				}
			}
			out[i] = brokerConfig(b)
		}
		return out, 0, ""
	case kmsg.ConfigResourceTypeGroupConfig:
		if name == "" {
			return nil, kerr.InvalidRequest, "the group has no name"
		}
		return nil, 0, ""
	case kmsg.ConfigResourceTypeBrokerLogger, kmsg.ConfigResourceTypeClientMetrics:
		return nil, 0, "" // nothing of this kind can be configured
	}
	return nil, kerr.InvalidRequest, "unknown kind of resource"
}

func configSource(e local.ConfigEntry) kmsg.ConfigSource {
	switch {
	case e.Override:
		return kmsg.ConfigSourceDynamicTopicConfig
	case e.NodeDefault:
		return kmsg.ConfigSourceStaticBrokerConfig
	}
	return kmsg.ConfigSourceDefaultConfig
}

func topicConfig(e local.ConfigEntry) kmsg.DescribeConfigsResponseResourceConfig {
	rc := kmsg.NewDescribeConfigsResponseResourceConfig()
	rc.Name, rc.Value, rc.Source = e.Key.Name, str(e.Value), configSource(e)
	rc.IsDefault = rc.Source == kmsg.ConfigSourceDefaultConfig
	rc.ConfigType = kmsg.ConfigType(e.Key.Type)
	rc.Documentation = str(e.Key.Doc)
	if e.Override {
		rc.ConfigSynonyms = append(rc.ConfigSynonyms, synonym(e.Key.Name, e.Value, kmsg.ConfigSourceDynamicTopicConfig))
	}
	if e.NodeDefault {
		rc.ConfigSynonyms = append(rc.ConfigSynonyms, synonym(e.Key.NodeKey, e.NodeValue, kmsg.ConfigSourceStaticBrokerConfig))
	}
	if e.Key.NodeDefault() {
		rc.ConfigSynonyms = append(rc.ConfigSynonyms, synonym(e.Key.NodeKey, e.Key.Default, kmsg.ConfigSourceDefaultConfig))
	}
	return rc
}

func brokerConfig(b BrokerConfig) kmsg.DescribeConfigsResponseResourceConfig {
	rc := kmsg.NewDescribeConfigsResponseResourceConfig()
	rc.Name, rc.Value, rc.ReadOnly = b.Name, str(b.Value), true
	rc.Source = kmsg.ConfigSourceStaticBrokerConfig
	rc.ConfigType = kmsg.ConfigType(b.Type)
	rc.Documentation = str(b.Doc)
	if b.Value == b.Default {
		rc.Source, rc.IsDefault = kmsg.ConfigSourceDefaultConfig, true
	} else {
		rc.ConfigSynonyms = append(rc.ConfigSynonyms, synonym(b.Name, b.Value, kmsg.ConfigSourceStaticBrokerConfig))
	}
	rc.ConfigSynonyms = append(rc.ConfigSynonyms, synonym(b.Name, b.Default, kmsg.ConfigSourceDefaultConfig))
	return rc
}

func synonym(name, value string, source kmsg.ConfigSource) kmsg.DescribeConfigsResponseResourceConfigConfigSynonym {
	s := kmsg.NewDescribeConfigsResponseResourceConfigConfigSynonym()
	s.Name, s.Value, s.Source = name, &value, source
	return s
}
