package console

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"tailrace/broker/local"
	"tailrace/sql/catalog"
	"tailrace/storage/commitlog"
)

// topicRow is a topic in a list.
type topicRow struct {
	Name       string   `json:"name"`
	Internal   bool     `json:"internal" doc:"The server's own."`
	Partitions int32    `json:"partitions"`
	Records    int64    `json:"records" doc:"Offsets between the start and the high watermark of all partitions."`
	Bytes      int64    `json:"bytes" doc:"Size of the segment files."`
	Sources    []string `json:"sources" doc:"Streams and tables over it."`
	Cleanup    string   `json:"cleanup_policy"`
}

// topicDetail is one topic.
type topicDetail struct {
	topicRow
	ID          string         `json:"id"`
	Replication int16          `json:"replication"`
	Writable    bool           `json:"writable" doc:"Messages may be produced to it, and its configuration changed."`
	Declared    []sourceDetail `json:"declared" doc:"Streams and tables over it, with their columns."`
	Readers     []string       `json:"readers" doc:"Queries that read it."`
	Writers     []string       `json:"writers" doc:"Queries that write it."`
}

// sourceDetail is a stream or a table.
type sourceDetail struct {
	Name        string   `json:"name"`
	Kind        string   `json:"kind" doc:"STREAM or TABLE."`
	Topic       string   `json:"topic"`
	KeyFormat   string   `json:"key_format"`
	ValueFormat string   `json:"value_format"`
	Windowed    bool     `json:"windowed"`
	Statement   string   `json:"statement"`
	Columns     []column `json:"columns"`
}

type column struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Role string `json:"role,omitempty" doc:"key, headers, or empty for a column of the value."`
}

// partitionRow is a partition of a topic.
type partitionRow struct {
	Partition     int32  `json:"partition"`
	LogStart      int64  `json:"log_start"`
	HighWatermark int64  `json:"high_watermark"`
	LogEnd        int64  `json:"log_end"`
	Bytes         int64  `json:"bytes"`
	Segments      int    `json:"segments"`
	Fault         string `json:"fault,omitempty" doc:"Why it does not serve."`
}

// configRow is a configuration of a topic.
type configRow struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	Default string `json:"default" doc:"Kafka's."`
	Source  string `json:"source" doc:"Where the value comes from: topic, node, all nodes, static or default."`
	Type    string `json:"type"`
	Doc     string `json:"doc"`
	Acts    bool   `json:"acts" doc:"It does something here; others are accepted and listed."`
}

var topicParam = pathText("topic", "Name of the topic.")

var topicEndpoints = []endpoint{
	{method: "GET", path: "/api/topics", summary: "Topics", answer: page[topicRow]{},
		params: []param{searchParam, limitParam, offsetParam, orderParam,
			{name: "internal", kind: boolParam, doc: "With those of the server itself."},
			{name: "sort", kind: textParam, def: "name", values: []string{"name", "records", "bytes", "partitions"}, doc: "What is sorted by."}},
		handle: func(k *Console, r *request) (any, error) { return k.listTopics(r) }},
	{method: "GET", path: "/api/topics/{topic}", summary: "A topic", answer: topicDetail{}, params: []param{topicParam},
		handle: func(k *Console, r *request) (any, error) { return k.topic(r.Context(), r.text("topic")) }},
	{method: "GET", path: "/api/topics/{topic}/partitions", summary: "The partitions of a topic", answer: page[partitionRow]{},
		params: []param{topicParam, limitParam, offsetParam},
		handle: func(k *Console, r *request) (any, error) { return k.partitions(r) }},
	{method: "GET", path: "/api/topics/{topic}/configs", summary: "The configuration of a topic", answer: page[configRow]{},
		params: []param{topicParam, searchParam, {name: "limit", kind: intParam, def: "200", min: 1, max: 1000, doc: "Entries of the page."}, offsetParam},
		handle: func(k *Console, r *request) (any, error) { return k.configs(r) }},
}

// matches reports whether name holds the text that was searched for.
func matches(name, search string) bool {
	return search == "" || strings.Contains(strings.ToLower(name), strings.ToLower(search))
}

func (k *Console) listTopics(r *request) (any, error) {
	all, err := k.c.Log.Topics(r.Context())
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(t commitlog.Topic) bool {
		return k.hidden(t) && !r.bool("internal") || !matches(t.Name, r.text("search"))
	})
	sources := k.sourcesByTopic()
	by := r.text("sort")
	if by == "name" || by == "partitions" {
		// Sizes are asked for those of the page only.
		sortRows(all, r.text("order"), func(a, b commitlog.Topic) int {
			if by == "partitions" {
				return cmp.Or(cmp.Compare(a.Partitions, b.Partitions), cmp.Compare(a.Name, b.Name))
			}
			return cmp.Compare(a.Name, b.Name)
		})
		return pageOf(r, all, func(t commitlog.Topic) (topicRow, error) { return k.topicRow(t, sources), nil })
	}
	rows := make([]topicRow, len(all))
	for i, t := range all {
		rows[i] = k.topicRow(t, sources)
	}
	sortRows(rows, r.text("order"), func(a, b topicRow) int {
		if by == "records" {
			return cmp.Or(cmp.Compare(a.Records, b.Records), cmp.Compare(a.Name, b.Name))
		}
		return cmp.Or(cmp.Compare(a.Bytes, b.Bytes), cmp.Compare(a.Name, b.Name))
	})
	return pageOf(r, rows, func(t topicRow) (topicRow, error) { return t, nil })
}

func sortRows[T any](rows []T, order string, compare func(a, b T) int) {
	slices.SortStableFunc(rows, func(a, b T) int {
		if order == "desc" {
			return compare(b, a)
		}
		return compare(a, b)
	})
}

func (k *Console) sourcesByTopic() map[string][]*catalog.Source {
	out := map[string][]*catalog.Source{}
	for _, s := range k.c.Catalog.Snapshot().Sources() {
		out[s.Topic] = append(out[s.Topic], s)
	}
	return out
}

func (k *Console) topicRow(t commitlog.Topic, sources map[string][]*catalog.Source) topicRow {
	row := topicRow{Name: t.Name, Internal: k.hidden(t), Partitions: t.Partitions, Sources: []string{}, Cleanup: "delete"}
	for p := range t.Partitions {
		part, err := k.c.Log.Partition(commitlog.TopicPartition{Topic: t.Name, Partition: commitlog.PartitionID(p)})
		if err != nil {
			continue
		}
		b := part.Bounds()
		row.Records += int64(b.HighWatermark - b.LogStart)
		row.Bytes += part.SizeBytes()
	}
	for _, s := range sources[t.Name] {
		row.Sources = append(row.Sources, s.Name)
	}
	if v, ok := t.Configs["cleanup.policy"]; ok {
		row.Cleanup = v
	}
	return row
}

func (k *Console) topic(ctx context.Context, name string) (*topicDetail, error) {
	t, err := k.c.Log.Topic(ctx, name)
	if err != nil {
		return nil, err
	}
	sources := k.sourcesByTopic()
	out := &topicDetail{topicRow: k.topicRow(t, sources), ID: uuid(t.ID), Replication: t.ReplicationFactor,
		Writable: k.c.Log.MayChange(name) == nil && k.c.Catalog.CheckWritable(name) == nil, Declared: []sourceDetail{}, Readers: []string{}, Writers: []string{}}
	snap := k.c.Catalog.Snapshot()
	for _, s := range sources[name] {
		out.Declared = append(out.Declared, describeSource(s))
		out.Readers = append(out.Readers, snap.Readers(s.Name)...)
		out.Writers = append(out.Writers, snap.Writers(s.Name)...)
	}
	for _, list := range []*[]string{&out.Readers, &out.Writers} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return out, nil
}

func describeSource(s *catalog.Source) sourceDetail {
	d := sourceDetail{Name: s.Name, Kind: s.Keyword(), Topic: s.Topic, KeyFormat: s.Key.Name, ValueFormat: s.Value.Name,
		Windowed: s.Window != nil, Statement: s.Statement, Columns: []column{}}
	for _, c := range s.Schema.Columns {
		d.Columns = append(d.Columns, column{c.Name, c.Type.String(), roleOf(c)})
	}
	return d
}

func (k *Console) partitions(r *request) (any, error) {
	t, err := k.c.Log.Topic(r.Context(), r.text("topic"))
	if err != nil {
		return nil, err
	}
	ids := make([]int32, t.Partitions)
	for i := range ids {
		ids[i] = int32(i)
	}
	return pageOf(r, ids, func(id int32) (partitionRow, error) {
		row := partitionRow{Partition: id}
		part, err := k.c.Log.Partition(commitlog.TopicPartition{Topic: t.Name, Partition: commitlog.PartitionID(id)})
		if err != nil {
			return row, err
		}
		if err := part.Serving(); err != nil {
			row.Fault = err.Error()
			return row, nil
		}
		b := part.Bounds()
		row.LogStart, row.HighWatermark, row.LogEnd = int64(b.LogStart), int64(b.HighWatermark), int64(b.LogEnd)
		row.Bytes, row.Segments = part.SizeBytes(), part.Log().Segments()
		return row, nil
	})
}

var configSources = map[local.ConfigSource]string{local.SourceTopic: "topic", local.SourceNode: "node",
	local.SourceAllNodes: "all nodes", local.SourceStatic: "static", local.SourceDefault: "default"}

var configTypes = map[local.ConfigType]string{local.TypeBoolean: "boolean", local.TypeString: "string", local.TypeInt: "int",
	local.TypeShort: "short", local.TypeLong: "long", local.TypeDouble: "double", local.TypeList: "list"}

func (k *Console) configs(r *request) (any, error) {
	all, err := k.c.Log.TopicConfig(r.text("topic"))
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(e local.ConfigEntry) bool { return !matches(e.Key.Name, r.text("search")) })
	return pageOf(r, all, func(e local.ConfigEntry) (configRow, error) {
		return configRow{Name: e.Key.Name, Value: e.Value, Default: e.Key.Default, Source: configSources[e.Source()],
			Type: configTypes[e.Key.Type], Doc: e.Key.Doc, Acts: e.Key.Acts()}, nil
	})
}
