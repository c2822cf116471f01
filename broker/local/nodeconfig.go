package local

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"tailrace/storage/commitlog"
	"tailrace/storage/record/kerr"
)

// Configurations of nodes change while they run (KIP-226): those of all nodes, and those of
// this one, which come first. They are kept in the metadata log, and go before what the node
// was started with. Most are defaults of topics.

// AllNodes is the scope of what is set for every node; the scope of one is its id.
const AllNodes = ""

// ConfigSource says where a value comes from, numbered as in DescribeConfigs.
type ConfigSource int8

// The sources of values, the first of which counts.
const (
	SourceTopic    ConfigSource = 1
	SourceNode     ConfigSource = 2
	SourceAllNodes ConfigSource = 3
	SourceStatic   ConfigSource = 4
	SourceDefault  ConfigSource = 5
)

// SourcedValue is a value that somebody set.
type SourcedValue struct {
	Source ConfigSource
	Value  string
}

// The configurations of nodes that act and are no defaults of topics.
const (
	cleanerBackoffKey     = "log.cleaner.backoff.ms"
	producerExpirationKey = "producer.id.expiration.ms"
	maxConnectionsKey     = "max.connections"
)

// nodeKeys are the configurations of nodes that may change, in order of name: the defaults of
// topics, under their names for nodes, and these. Of the latter all but the first three are
// accepted and listed only: one node without tiers has nothing for them to act on.
var nodeKeys = func() []ConfigKey {
	keys := []ConfigKey{
		{Name: cleanerBackoffKey, Type: TypeLong, Default: "15000", max: noMax, Doc: "How often compaction looks for work."},
		{Name: producerExpirationKey, Type: TypeInt, Default: "86400000", min: 1, max: math.MaxInt32, Doc: "After what silence an idempotent producer is forgotten."},
		{Name: maxConnectionsKey, Type: TypeInt, Default: "10000", max: math.MaxInt32, Doc: "The most connections at once."},

		{Name: "background.threads", Type: TypeInt, Default: "10", min: 1, max: math.MaxInt32, Doc: "Threads of background work; there is no such pool."},
		{Name: "follower.replication.throttled.rate", Type: TypeLong, Unset: true, hidden: true, max: noMax, Doc: "Bytes a second of throttled replicas on the follower's side."},
		{Name: "leader.replication.throttled.rate", Type: TypeLong, Unset: true, hidden: true, max: noMax, Doc: "Bytes a second of throttled replicas on the leader's side."},
		{Name: "log.cleaner.threads", Type: TypeInt, Default: "1", max: math.MaxInt32, Doc: "Threads of compaction; there is no such pool."},
		{Name: "num.io.threads", Type: TypeInt, Default: "8", min: 1, max: math.MaxInt32, Doc: "Threads that handle requests; there is no such pool."},
		{Name: "num.network.threads", Type: TypeInt, Default: "3", min: 1, max: math.MaxInt32, Doc: "Threads that read requests; there is no such pool."},
		{Name: "num.recovery.threads.per.data.dir", Type: TypeInt, Default: "2", min: 1, max: math.MaxInt32, Doc: "Threads of recovery; there is no such pool."},
		{Name: "num.replica.fetchers", Type: TypeInt, Default: "1", max: math.MaxInt32, Doc: "Threads that replicate; there is no such pool."},
		{Name: "replica.alter.log.dirs.io.max.bytes.per.second", Type: TypeLong, Unset: true, hidden: true, max: noMax, Doc: "Bytes a second of moves between log folders; there is one."},
	}
	for _, k := range configKeys {
		if k.NodeKey == "" {
			continue
		}
		k.topicKey, k.Name, k.NodeKey = k.Name, k.NodeKey, ""
		if k.Name == "log.retention.ms" {
			k.not = "0"
		}
		if k.Unset {
			k.Default = ""
		}
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b ConfigKey) int { return strings.Compare(a.Name, b.Name) })
	return keys
}()

// NodeKeys lists the configurations of nodes that may change, in order of name.
func NodeKeys() []ConfigKey { return slices.Clone(nodeKeys) }

func findNodeKey(name string) *ConfigKey {
	i, ok := slices.BinarySearchFunc(nodeKeys, name, func(k ConfigKey, n string) int { return strings.Compare(k.Name, n) })
	if !ok {
		return nil
	}
	return &nodeKeys[i]
}

// nodeConfig is what is set while the node runs, and what comes of it.
type nodeConfig struct {
	scopes map[string]map[string]string // by scope, then by key
	topics map[string]string            // defaults of topics, by topic key, with those that it was started with
}

// setNodeConfig takes over what the metadata log says.
func (l *Log) setNodeConfig(scopes map[string]map[string]string) {
	n := &nodeConfig{scopes: maps.Clone(scopes), topics: maps.Clone(l.c.TopicDefaults)}
	if n.topics == nil {
		n.topics = map[string]string{}
	}
	for _, scope := range []string{AllNodes, l.scope()} {
		for name, v := range scopes[scope] {
			if k := findNodeKey(name); k != nil && k.topicKey != "" {
				n.topics[k.topicKey] = v
			}
		}
	}
	l.node.Store(n)
}

func (l *Log) scope() string { return strconv.Itoa(int(l.c.NodeID)) }

// topicDefaults are the defaults of topics on this node, by topic key.
func (l *Log) topicDefaults() map[string]string { return l.node.Load().topics }

// NodeConfig is what is set in a scope while the node runs, by key.
func (l *Log) NodeConfig(scope string) map[string]string {
	return maps.Clone(l.node.Load().scopes[scope])
}

// NodeValues are the values of a configuration of the node that were set while it runs, the one
// that counts first.
func (l *Log) NodeValues(name string) []SourcedValue {
	var out []SourcedValue
	n := l.node.Load()
	if v, ok := n.scopes[l.scope()][name]; ok {
		out = append(out, SourcedValue{SourceNode, v})
	}
	if v, ok := n.scopes[AllNodes][name]; ok {
		out = append(out, SourcedValue{SourceAllNodes, v})
	}
	return out
}

// StaticNodeValue is the value of a configuration that may change with which the node was
// started, if one was given.
func (l *Log) StaticNodeValue(name string) (string, bool) {
	switch name {
	case cleanerBackoffKey:
		return strconv.FormatInt(l.c.CompactionBackoff.Milliseconds(), 10), true
	case producerExpirationKey:
		return strconv.FormatInt(l.c.ProducerExpiry.Milliseconds(), 10), true
	}
	k := findNodeKey(name)
	if k == nil || k.topicKey == "" {
		return "", false
	}
	v, ok := l.c.TopicDefaults[k.topicKey]
	return v, ok
}

// nodeNumber is a number among them, or what the node was started with.
func (l *Log) nodeNumber(name string, static int64) int64 {
	if vs := l.NodeValues(name); len(vs) > 0 {
		return number(vs[0].Value)
	}
	return static
}

// MaxConnections is max.connections now, if the node was started with that many.
func (l *Log) MaxConnections(static int) int {
	return int(l.nodeNumber(maxConnectionsKey, int64(static)))
}

func (l *Log) compactionBackoff() time.Duration {
	return time.Duration(l.nodeNumber(cleanerBackoffKey, l.c.CompactionBackoff.Milliseconds())) * time.Millisecond
}

func (l *Log) producerExpiry() time.Duration {
	return time.Duration(l.nodeNumber(producerExpirationKey, l.c.ProducerExpiry.Milliseconds())) * time.Millisecond
}

// ValidateNodeConfig checks a change as SetNodeConfig would and changes nothing.
func (l *Log) ValidateNodeConfig(scope string, set map[string]*string) error {
	_, err := l.mergeNodeConfig(scope, set)
	return err
}

// SetNodeConfig changes configurations of all nodes or of this one while it runs: nil goes back
// to what comes next. All or none is changed, and topics follow at once. The errors wrap
// kerr.InvalidRequest.
func (l *Log) SetNodeConfig(_ context.Context, scope string, set map[string]*string) error {
	l.admin.Lock()
	defer l.admin.Unlock()
	merged, err := l.mergeNodeConfig(scope, set)
	if err != nil {
		return err
	}
	if err := l.admin.meta.append(entry{Op: opNode, Name: scope, Configs: merged}); err != nil {
		return l.storageError(err)
	}
	l.setNodeConfig(l.admin.meta.nodes)
	l.mu.RLock()
	topics := slices.Collect(maps.Values(l.mu.byName))
	l.mu.RUnlock()
	for _, t := range topics {
		cfg := partitionConfig(l.topicDefaults(), t.meta.Configs)
		for _, p := range t.parts {
			p.SetConfig(cfg)
		}
		m := *t.meta
		l.publish(&topic{meta: &m, parts: t.parts})
	}
	return nil
}

func (l *Log) mergeNodeConfig(scope string, set map[string]*string) (map[string]string, error) {
	invalid := func(format string, args ...any) error {
		return fmt.Errorf("%w: %w: "+format, append([]any{commitlog.ErrInvalidConfig, kerr.InvalidRequest}, args...)...)
	}
	n := l.node.Load()
	merged := maps.Clone(n.scopes[scope])
	if merged == nil {
		merged = map[string]string{}
	}
	topics := maps.Clone(n.topics)
	for _, name := range slices.Sorted(maps.Keys(set)) {
		delete(merged, name)
		if set[name] == nil {
			continue
		}
		k := findNodeKey(name)
		if k == nil {
			return nil, invalid("%s is no configuration that can be changed while the server runs", name)
		}
		v, err := k.parse(*set[name])
		if err != nil {
			return nil, invalid("%w", err)
		}
		merged[name] = v
		if k.topicKey != "" {
			topics[k.topicKey] = v
		}
	}
	if _, err := parseConfigs(topics); err != nil {
		return nil, invalid("%w", err)
	}
	return merged, nil
}
