package client

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Config is one configuration of a topic, a broker or the like.
type Config struct {
	Name      string   `json:"name"`
	Value     *string  `json:"value"` // null: not told, as of a password
	Source    string   `json:"source"`
	Default   *string  `json:"default"` // what it would be without any setting; null: not told
	ReadOnly  bool     `json:"readOnly"`
	Sensitive bool     `json:"sensitive"`
	Synonyms  []string `json:"synonyms"`
}

// IsDefault reports whether nobody has set the configuration.
func (c Config) IsDefault() bool { return c.Source == "DEFAULT_CONFIG" }

// IsSetOn reports whether the configuration was set on a resource of a kind itself; the
// broker without a name stands for all brokers.
func (c Config) IsSetOn(kind kmsg.ConfigResourceType, name string) bool {
	switch {
	case kind == kmsg.ConfigResourceTypeTopic:
		return c.Source == "DYNAMIC_TOPIC_CONFIG"
	case kind == kmsg.ConfigResourceTypeBroker && name != "":
		return c.Source == "DYNAMIC_BROKER_CONFIG"
	case kind == kmsg.ConfigResourceTypeBroker:
		return c.Source == "DYNAMIC_DEFAULT_BROKER_CONFIG"
	}
	return !c.IsDefault()
}

// Text is the value for a table.
func (c Config) Text() string {
	if c.Value == nil {
		return "null"
	}
	return *c.Value
}

// Resource is something that has configurations.
type Resource struct {
	Name    string
	Configs []Config
	Err     error
}

// configBatch is how many resources are asked for at once: each answers with a few dozen
// configurations of about a hundred bytes.
const configBatch = 1000

// Configs describes the configurations of resources of a kind, sorted by name.
func (c *Conn) Configs(ctx context.Context, kind kmsg.ConfigResourceType, names ...string) ([]Resource, error) {
	var all []Resource
	for part := range slices.Chunk(names, configBatch) {
		req := kmsg.NewPtrDescribeConfigsRequest()
		req.IncludeSynonyms = true
		for _, name := range part {
			r := kmsg.NewDescribeConfigsRequestResource()
			r.ResourceType, r.ResourceName = kind, name
			req.Resources = append(req.Resources, r)
		}
		resp, err := req.RequestWith(ctx, c.Client)
		if err != nil {
			return nil, err
		}
		for _, r := range resp.Resources {
			res := Resource{Name: r.ResourceName}
			if err := kerr.ErrorForCode(r.ErrorCode); err != nil {
				message := ""
				if r.ErrorMessage != nil {
					message = *r.ErrorMessage
				}
				res.Err = &BrokerError{err, message}
			}
			for _, kv := range r.Configs {
				res.Configs = append(res.Configs, configOf(kv))
			}
			slices.SortFunc(res.Configs, func(a, b Config) int { return strings.Compare(a.Name, b.Name) })
			all = append(all, res)
		}
	}
	slices.SortFunc(all, func(a, b Resource) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

func configOf(kv kmsg.DescribeConfigsResponseResourceConfig) Config {
	cfg := Config{Name: kv.Name, Value: kv.Value, Source: kv.Source.String(), ReadOnly: kv.ReadOnly, Sensitive: kv.IsSensitive, Synonyms: []string{}}
	if cfg.IsDefault() {
		cfg.Default = kv.Value
	}
	for _, s := range kv.ConfigSynonyms {
		value := "null"
		if s.Value != nil {
			value = *s.Value
		}
		if s.Source == kmsg.ConfigSourceDefaultConfig {
			cfg.Default = s.Value
		}
		cfg.Synonyms = append(cfg.Synonyms, s.Source.String()+":"+s.Name+"="+value)
	}
	return cfg
}

// BrokerError is a broker's error with the message that it gave.
type BrokerError struct {
	Err     error
	Message string
}

// Error is the broker's message, or the code's meaning.
func (e *BrokerError) Error() string {
	if e.Message != "" {
		return e.Message
	}
	return e.Err.Error()
}

// Unwrap is the code.
func (e *BrokerError) Unwrap() error { return e.Err }

// messageOf is what a broker said of an error, if it did.
func messageOf(err error) string {
	var b *BrokerError
	if errors.As(err, &b) {
		return b.Message
	}
	return ""
}

// MaxMessageBytes is the largest batch that a topic takes; 0 if the cluster does not tell.
// It fails when no broker can be reached.
func (c *Conn) MaxMessageBytes(ctx context.Context, topic string) (int32, error) {
	resources, err := c.Configs(ctx, kmsg.ConfigResourceTypeTopic, topic)
	if err != nil {
		if unreachable(err) != nil {
			return 0, Failed("cannot write", err, "")
		}
		return 0, nil
	}
	for _, r := range resources {
		for _, kv := range r.Configs {
			if n, err := strconv.ParseInt(kv.Text(), 10, 64); kv.Name == "max.message.bytes" && err == nil {
				return int32(min(max(n, minBatch), maxRequest)), nil
			}
		}
	}
	return 0, nil
}

// minBatch is the least that kgo takes for the size of a batch.
const minBatch = 512
