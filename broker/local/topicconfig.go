package local

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tailrace/broker/partition"
	"tailrace/storage/commitlog"
	"tailrace/storage/record"
)

// ConfigType is the type of a configuration, numbered as in DescribeConfigs.
type ConfigType int8

// The types of topic configurations.
const (
	TypeBoolean ConfigType = 1
	TypeString  ConfigType = 2
	TypeInt     ConfigType = 3
	TypeShort   ConfigType = 4
	TypeLong    ConfigType = 5
	TypeDouble  ConfigType = 6
	TypeList    ConfigType = 7
)

// ConfigKey describes one topic configuration: Kafka's name, type and default.
type ConfigKey struct {
	Name    string
	Type    ConfigType
	Default string
	Doc     string
	// NodeKey is the broker-wide configuration that gives the default (log.retention.ms).
	NodeKey string

	// Unset: the configuration of the node has no default of its own, and is null until it is set;
	// Kafka's default of times is another one, in hours.
	Unset bool
	// hidden ones are accepted and, until they are set, not listed.
	hidden bool
	// topicKey is the topic configuration whose default a configuration of the node is.
	topicKey string

	min, max float64        // of numbers
	not      string         // the one number in the range that is refused
	values   []string       // that there are; of lists, of items
	items    *regexp.Regexp // what an item of a list looks like
	apply    func(*partition.Config, string)
}

// Acts reports whether the configuration does something here; the others are accepted and
// listed.
func (k *ConfigKey) Acts() bool { return k.apply != nil }

// Hidden reports whether the configuration is listed only when somebody set it.
func (k *ConfigKey) Hidden() bool { return k.hidden }

// Parse reads a value and returns it in the form in which it is stored and described.
func (k *ConfigKey) Parse(v string) (string, error) { return k.parse(v) }

// ConfigKeys lists every topic configuration, in order of name.
func ConfigKeys() []ConfigKey {
	return slices.DeleteFunc(slices.Clone(configKeys), func(k ConfigKey) bool { return k.hidden })
}

func findKey(name string) *ConfigKey {
	i, ok := slices.BinarySearchFunc(configKeys, name, func(k ConfigKey, n string) int { return strings.Compare(k.Name, n) })
	if !ok {
		return nil
	}
	return &configKeys[i]
}

const (
	maxLong = "9223372036854775807"
	anyNum  = -math.MaxFloat64
	noMax   = math.MaxFloat64
)

// ms converts a validated number of milliseconds; what no Duration can hold is for ever.
func ms(v string) time.Duration {
	n, _ := strconv.ParseInt(v, 10, 64)
	if n > int64(partition.Forever/time.Millisecond) {
		return partition.Forever
	}
	return time.Duration(n) * time.Millisecond
}

func number(v string) int64 {
	n, _ := strconv.ParseInt(v, 10, 64)
	return n
}

// throttled is a replica as [partition]:[node].
var throttled = regexp.MustCompile(`^[0-9]+:[0-9]+$`)

// configKeys is the catalogue, in order of name. A key without apply is accepted and
// listed, and has nothing to act on in a cluster of one node without tiered storage.
var configKeys = []ConfigKey{
	{Name: "cleanup.policy", Type: TypeList, Default: "delete", NodeKey: "log.cleanup.policy", values: []string{"delete", "compact"},
		Doc: "What becomes of old records: delete (whole segments, by retention.ms and retention.bytes), compact (the last record of each key stays), both, or neither: everything stays.",
		apply: func(c *partition.Config, v string) {
			c.Segment.Delete = slices.Contains(list(v), "delete")
			c.Segment.Compact = slices.Contains(list(v), "compact")
		}},
	{Name: "compression.gzip.level", Type: TypeInt, Default: "-1", NodeKey: "compression.gzip.level", min: -1, max: 9, not: "0",
		Doc: "The level of gzip when compression.type is gzip."},
	{Name: "compression.lz4.level", Type: TypeInt, Default: "9", NodeKey: "compression.lz4.level", min: 1, max: 17,
		Doc: "The level of lz4 when compression.type is lz4."},
	{Name: "compression.type", Type: TypeString, Default: "producer", NodeKey: "compression.type",
		values: []string{"uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"},
		Doc:    "How batches are stored: as the producer sent them, or compressed again with this codec.",
		apply: func(c *partition.Config, v string) {
			c.Codec, c.Recompress = record.ParseCodec(v)
		}},
	{Name: "compression.zstd.level", Type: TypeInt, Default: "3", NodeKey: "compression.zstd.level", min: -131072, max: 22,
		Doc: "The level of zstd when compression.type is zstd."},
	{Name: "delete.retention.ms", Type: TypeLong, Default: "86400000", NodeKey: "log.cleaner.delete.retention.ms", max: noMax,
		Doc:   "How long a tombstone stays in a compacted topic, so that a reader from the start learns of the deletion.",
		apply: func(c *partition.Config, v string) { c.Segment.DeleteRetention = ms(v) }},
	{Name: "errors.deadletterqueue.group.enable", Type: TypeBoolean, Default: "false",
		Doc: "Whether share groups may put into this topic what they could not deliver; there are none."},
	{Name: "file.delete.delay.ms", Type: TypeLong, Default: "60000", NodeKey: "log.segment.delete.delay.ms", max: noMax,
		Doc:   "How long the files of a deleted segment stay on disk.",
		apply: func(c *partition.Config, v string) { c.Segment.FileDeleteDelay = ms(v) }},
	{Name: "flush.messages", Type: TypeLong, Default: "1", NodeKey: "log.flush.interval.messages", min: 1, max: noMax,
		Doc:   "After how many records an fsync is due. 1, the default here, acknowledges durable appends after the fsync that they share with others; more acknowledges them from the page cache, as Kafka does by default.",
		apply: func(c *partition.Config, v string) { c.FlushMessages = number(v) }},
	{Name: "flush.ms", Type: TypeLong, Default: maxLong, NodeKey: "log.flush.interval.ms", Unset: true, max: noMax,
		Doc:   "After what time an fsync is due. Set on a topic without flush.messages it chooses the page cache.",
		apply: func(c *partition.Config, v string) { c.FlushInterval = ms(v) }},
	{Name: "follower.replication.throttled.replicas", Type: TypeList, Default: "", items: throttled,
		Doc: "Replicas whose replication is throttled on the follower's side."},
	{Name: "index.interval.bytes", Type: TypeInt, Default: "4096", NodeKey: "log.index.interval.bytes", max: math.MaxInt32,
		Doc:   "About how many bytes of log lie between two entries of an index.",
		apply: func(c *partition.Config, v string) { c.Segment.IndexIntervalBytes = number(v) }},
	{Name: "internal.segment.bytes", Type: TypeInt, min: 14, max: math.MaxInt32, hidden: true,
		Doc: "The size of a segment file, below the least of segment.bytes: for tests, as in Kafka."},
	{Name: "leader.replication.throttled.replicas", Type: TypeList, Default: "", items: throttled,
		Doc: "Replicas whose replication is throttled on the leader's side."},
	{Name: "local.retention.bytes", Type: TypeLong, Default: "-2", NodeKey: "log.local.retention.bytes", min: -2, max: noMax,
		Doc: "How much of a tiered log stays on local disks; -2 follows retention.bytes."},
	{Name: "local.retention.ms", Type: TypeLong, Default: "-2", NodeKey: "log.local.retention.ms", min: -2, max: noMax,
		Doc: "How long a tiered log stays on local disks; -2 follows retention.ms."},
	{Name: "max.compaction.lag.ms", Type: TypeLong, Default: maxLong, NodeKey: "log.cleaner.max.compaction.lag.ms", min: 1, max: noMax,
		Doc:   "After what time a record must have been compacted, however little there is to gain.",
		apply: func(c *partition.Config, v string) { c.Segment.MaxCompactionLag = ms(v) }},
	{Name: "max.decompressed.message.bytes", Type: TypeInt, Default: "2147483639", NodeKey: "max.decompressed.message.bytes", min: 1, max: 2147483639,
		Doc:   "The largest record that is accepted in a compressed batch, decompressed. A whole batch has a limit besides, of 128 MiB.",
		apply: func(c *partition.Config, v string) { c.MaxDecompressedBytes = number(v) }},
	{Name: "max.message.bytes", Type: TypeInt, Default: "1048588", NodeKey: "message.max.bytes", max: math.MaxInt32,
		Doc:   "The largest record batch that is accepted, as it was sent.",
		apply: func(c *partition.Config, v string) { c.MaxMessageBytes = int(number(v)) }},
	{Name: "message.timestamp.after.max.ms", Type: TypeLong, Default: "3600000", NodeKey: "log.message.timestamp.after.max.ms", max: noMax,
		Doc:   "How far a record's timestamp may lie ahead of the server's clock.",
		apply: func(c *partition.Config, v string) { c.TimestampAfter = ms(v) }},
	{Name: "message.timestamp.before.max.ms", Type: TypeLong, Default: maxLong, NodeKey: "log.message.timestamp.before.max.ms", max: noMax,
		Doc:   "How far a record's timestamp may lie behind the server's clock.",
		apply: func(c *partition.Config, v string) { c.TimestampBefore = ms(v) }},
	{Name: "message.timestamp.type", Type: TypeString, Default: "CreateTime", NodeKey: "log.message.timestamp.type",
		values: []string{"CreateTime", "LogAppendTime"},
		Doc:    "Whose clock a record's timestamp is of: the producer's, or the log's.",
		apply:  func(c *partition.Config, v string) { c.LogAppendTime = v == "LogAppendTime" }},
	{Name: "min.cleanable.dirty.ratio", Type: TypeDouble, Default: "0.5", NodeKey: "log.cleaner.min.cleanable.ratio", max: 1,
		Doc: "What share of a compacted log must be new before it is compacted again.",
		apply: func(c *partition.Config, v string) {
			c.Segment.MinDirtyRatio, _ = strconv.ParseFloat(v, 64)
		}},
	{Name: "min.compaction.lag.ms", Type: TypeLong, Default: "0", NodeKey: "log.cleaner.min.compaction.lag.ms", max: noMax,
		Doc:   "How long a record stays before compaction may look at it.",
		apply: func(c *partition.Config, v string) { c.Segment.MinCompactionLag = ms(v) }},
	{Name: "min.insync.replicas", Type: TypeInt, Default: "1", NodeKey: "min.insync.replicas", min: 1, max: math.MaxInt32,
		Doc:   "How many replicas must have a record before a durable append is acknowledged; never more than there are, and there is one.",
		apply: func(*partition.Config, string) {}},
	{Name: "preallocate", Type: TypeBoolean, Default: "false", NodeKey: "log.preallocate",
		Doc: "Kafka reserves a whole segment ahead when this is set. Here the active segment is always reserved ahead, in steps that grow with it."},
	{Name: "remote.copy.lag.bytes", Type: TypeLong, Default: "-1", NodeKey: "log.remote.copy.lag.bytes", min: -1, max: noMax,
		Doc: "How much newer log a segment waits for before it is copied to tiered storage."},
	{Name: "remote.copy.lag.ms", Type: TypeLong, Default: "0", NodeKey: "log.remote.copy.lag.ms", min: -1, max: noMax,
		Doc: "How long a segment waits before it is copied to tiered storage."},
	{Name: "remote.log.copy.disable", Type: TypeBoolean, Default: "false", Doc: "Stops copying to tiered storage."},
	{Name: "remote.log.delete.on.disable", Type: TypeBoolean, Default: "false", Doc: "Deletes what is in tiered storage when that is switched off."},
	{Name: "remote.storage.enable", Type: TypeBoolean, Default: "false", values: []string{"false"},
		Doc: "Tiered storage; not available."},
	{Name: "retention.bytes", Type: TypeLong, Default: "-1", NodeKey: "log.retention.bytes", min: anyNum, max: noMax,
		Doc:   "How large a partition may grow before its oldest segments are deleted; -1 is no bound.",
		apply: func(c *partition.Config, v string) { c.Segment.RetentionBytes = number(v) }},
	{Name: "retention.ms", Type: TypeLong, Default: "604800000", NodeKey: "log.retention.ms", Unset: true, min: -1, max: noMax,
		Doc:   "How long a segment is kept after its youngest record; -1 is for ever.",
		apply: func(c *partition.Config, v string) { c.Segment.RetentionAge = ms(v) }},
	{Name: "segment.bytes", Type: TypeInt, Default: "1073741824", NodeKey: "log.segment.bytes", min: 1 << 20, max: math.MaxInt32,
		Doc:   "The size of a segment file.",
		apply: func(c *partition.Config, v string) { c.Segment.SegmentBytes = number(v) }},
	{Name: "segment.index.bytes", Type: TypeInt, Default: "10485760", NodeKey: "log.index.size.max.bytes", min: 4, max: math.MaxInt32,
		Doc:   "The size of an index file at which its segment is closed.",
		apply: func(c *partition.Config, v string) { c.Segment.IndexBytes = max(number(v), 64) }},
	{Name: "segment.jitter.ms", Type: TypeLong, Default: "0", NodeKey: "log.roll.jitter.ms", Unset: true, max: noMax,
		Doc: "Spreads the closing of segments by time over many partitions."},
	{Name: "segment.ms", Type: TypeLong, Default: "604800000", NodeKey: "log.roll.ms", Unset: true, min: 1, max: noMax,
		Doc:   "After what time a segment is closed even if it is not full.",
		apply: func(c *partition.Config, v string) { c.Segment.SegmentAge = ms(v) }},
	{Name: commitlog.RetentionClock, Type: TypeString, Default: "record", values: []string{"record", "append"},
		Doc:   "What retention.ms counts from: the timestamp of a segment's youngest record, as Kafka has it, or when it was appended. Topics that statements make have append: what they derive from old events does not vanish with their age.",
		apply: func(c *partition.Config, v string) { c.Segment.RetentionByAppend = v == "append" }},
	{Name: "unclean.leader.election.enable", Type: TypeBoolean, Default: "false", NodeKey: "unclean.leader.election.enable",
		Doc: "Whether a replica that has lost records may lead."},
}

// trim cuts off what Java's String.trim does: control characters and blanks.
func trim(v string) string {
	return strings.TrimFunc(v, func(r rune) bool { return r <= ' ' })
}

func list(v string) []string {
	var out []string
	for _, s := range strings.Split(v, ",") {
		if s = trim(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// parse reads a value as Kafka's ConfigDef does (blanks around it do not count), and returns it in the one form that is stored, described and applied.
func (k *ConfigKey) parse(v string) (string, error) {
	bad := func(why string) error {
		return fmt.Errorf("Invalid value %s for configuration %s: %s", v, k.Name, why) //nolint:staticcheck // Kafka's words
	}
	trimmed := trim(v)
	switch k.Type {
	case TypeBoolean:
		trimmed = strings.ToLower(trimmed)
		if trimmed != "true" && trimmed != "false" {
			return "", bad("Expected value to be either true or false")
		}
	case TypeInt, TypeLong:
		bits := 64
		if k.Type == TypeInt {
			bits = 32
		}
		n, err := strconv.ParseInt(trimmed, 10, bits)
		if err != nil {
			return "", bad(fmt.Sprintf("Not a number of %d bits", bits))
		}
		if trimmed == k.not && k.not != "" {
			return "", bad("Value must not be " + k.not)
		}
		return strconv.FormatInt(n, 10), k.inRange(float64(n), bad)
	case TypeDouble:
		n, err := strconv.ParseFloat(trimmed, 64)
		if err != nil || n != n {
			return "", bad("Not a number")
		}
		text := strconv.FormatFloat(n, 'f', -1, 64)
		if !strings.Contains(text, ".") {
			text += ".0" // as Java writes it
		}
		return text, k.inRange(n, bad)
	case TypeList:
		items := list(v)
		for _, s := range items {
			if len(k.values) > 0 && !slices.Contains(k.values, s) {
				return "", bad("String must be one of: " + strings.Join(k.values, ", "))
			}
			if k.items != nil && !k.items.MatchString(s) && !(s == "*" && len(items) == 1) {
				return "", bad("must be the literal '*' or a list of replicas in the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...")
			}
		}
		return strings.Join(items, ","), nil
	}
	if len(k.values) > 0 && !slices.Contains(k.values, trimmed) {
		return "", bad("String must be one of: " + strings.Join(k.values, ", "))
	}
	return trimmed, nil
}

func (k *ConfigKey) inRange(n float64, bad func(string) error) error {
	if n < k.min {
		return bad("Value must be at least " + strconv.FormatFloat(k.min, 'f', -1, 64))
	}
	if n > k.max {
		return bad("Value must be at most " + strconv.FormatFloat(k.max, 'f', -1, 64))
	}
	return nil
}

// parseConfigs reads configurations, or says everything that is wrong with them.
func parseConfigs(set map[string]string) (map[string]string, error) {
	var errs []error
	out := make(map[string]string, len(set))
	for name, v := range set {
		k := findKey(name)
		if k == nil {
			errs = append(errs, fmt.Errorf("Unknown topic config name: %s", name)) //nolint:staticcheck // Kafka's words
			continue
		}
		var err error
		if out[name], err = k.parse(v); err != nil {
			errs = append(errs, err)
		}
	}
	if least, most := out["min.compaction.lag.ms"], out["max.compaction.lag.ms"]; least != "" && most != "" && number(least) > number(most) {
		errs = append(errs, fmt.Errorf("conflict topic config setting min.compaction.lag.ms (%s) > max.compaction.lag.ms (%s)", least, most))
	}
	if len(errs) == 0 {
		return out, nil
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return nil, fmt.Errorf("%w: %w", commitlog.ErrInvalidConfig, errors.Join(errs...))
}

// partitionConfig makes the typed configuration of a topic from what was set on it and on
// the node.
func partitionConfig(node, topic map[string]string) partition.Config {
	c := partition.DefaultConfig()
	for i := range configKeys {
		k := &configKeys[i]
		if k.apply == nil {
			continue
		}
		v, ok := topic[k.Name]
		if !ok {
			if v, ok = node[k.Name]; !ok {
				v = k.Default
			}
		}
		// A value of a metadata log that was written before values were parsed once.
		if parsed, err := k.parse(v); err == nil {
			v = parsed
		} else {
			v = k.Default
		}
		k.apply(&c, v)
	}
	if v, ok := topic["internal.segment.bytes"]; ok {
		c.Segment.SegmentBytes = number(v)
	}
	isSet := func(name string) bool {
		_, a := topic[name]
		_, b := node[name]
		return a || b
	}
	c.PageCache = c.FlushMessages > 1 || isSet("flush.ms") && !isSet("flush.messages")
	if c.PageCache && c.FlushMessages == 1 {
		c.FlushMessages = math.MaxInt64
	}
	return c
}

// ConfigEntry is one configuration of a topic as DescribeConfigs lists it.
type ConfigEntry struct {
	Key   *ConfigKey
	Value string
	// Set are the values that somebody set, on the topic or on the node, the one that counts
	// first. Without any, Value is Kafka's default.
	Set []SourcedValue
}

// Source is where the value comes from.
func (e *ConfigEntry) Source() ConfigSource {
	if len(e.Set) == 0 {
		return SourceDefault
	}
	return e.Set[0].Source
}

// TopicConfig lists every configuration of a topic, in order of name.
func (l *Log) TopicConfig(name string) ([]ConfigEntry, error) {
	t, err := l.topicByName(name)
	if err != nil {
		return nil, err
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.describeConfigs(t.meta.Configs), nil
}

// ConfigsWith lists the configurations that a topic with these overrides has.
func (l *Log) ConfigsWith(overrides map[string]string) []ConfigEntry {
	return l.describeConfigs(overrides)
}

func (l *Log) describeConfigs(overrides map[string]string) []ConfigEntry {
	var out []ConfigEntry
	for i := range configKeys {
		k := &configKeys[i]
		if k.hidden {
			continue
		}
		e := ConfigEntry{Key: k, Value: k.Default}
		if v, ok := overrides[k.Name]; ok {
			e.Set = append(e.Set, SourcedValue{SourceTopic, v})
		}
		if k.NodeKey != "" {
			e.Set = append(e.Set, l.NodeValues(k.NodeKey)...)
		}
		if v, ok := l.c.TopicDefaults[k.Name]; ok {
			e.Set = append(e.Set, SourcedValue{SourceStatic, v})
		}
		if len(e.Set) > 0 {
			e.Value = e.Set[0].Value
		}
		out = append(out, e)
	}
	return out
}
