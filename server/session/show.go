package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tailrace/executor"
	"tailrace/sql/ast"
	"tailrace/sql/catalog"
	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/storage/commitlog"
)

// show answers SHOW and LIST.
func (s *Session) show(ctx context.Context, st *ast.Show) (*table, error) {
	switch st.Kind {
	case ast.ShowStreams:
		return s.showSources(false, "stream_name"), nil
	case ast.ShowTables:
		return s.showSources(true, "table_name"), nil
	case ast.ShowTopics:
		return s.showTopics(ctx, st)
	case ast.ShowQueries:
		return s.showQueries(st.Extended), nil
	case ast.ShowFunctions:
		return showFunctions(), nil
	case ast.ShowProperties:
		return s.showProperties(), nil
	case ast.ShowFaults:
		return s.showFaults(), nil
	case ast.ShowTypes:
		t := newTable("type_name", "schema")
		for _, n := range s.deps.Catalog.Snapshot().Types() {
			t.add(n.Name, n.Type.String())
		}
		return t, nil
	case ast.ShowVariables:
		t := newTable("variable_name", "value")
		for _, name := range sortedKeys(s.variables) {
			t.add(name, s.variables[name])
		}
		return t, nil
	}
	return nil, sqlerr.New(sqlerr.FeatureNotSupported, "SHOW %s is not supported", st.Kind).At(st.Pos()).
		Hint("SHOW STREAMS, TABLES, TOPICS, QUERIES, FUNCTIONS, TYPES, PROPERTIES, VARIABLES and FAULTS are.")
}

func (s *Session) showSources(tables bool, name string) *table {
	t := newTable(name, "kafka_topic", "key_format", "value_format", "windowed:bool")
	for _, src := range s.deps.Catalog.Snapshot().Sources() {
		if src.Table == tables {
			t.add(src.Name, src.Topic, src.Key.Name, src.Value.Name, src.Window != nil)
		}
	}
	return t
}

func (s *Session) showTopics(ctx context.Context, st *ast.Show) (*table, error) {
	all, err := s.deps.Log.Topics(ctx)
	if err != nil {
		return nil, err
	}
	names := []string{"kafka_topic", "partitions:int", "partition_replicas:int"}
	if st.Extended {
		names = append(names, "consumers:int", "consumer_groups:int", "records:int")
	}
	t := newTable(names...)
	for _, topic := range all {
		hidden := topic.Internal || strings.HasPrefix(topic.Name, "_confluent-") || strings.HasPrefix(topic.Name, "__")
		if hidden && !st.All {
			continue
		}
		row := []types.Value{topic.Name, int64(topic.Partitions), int64(topic.ReplicationFactor)}
		if st.Extended {
			n, err := s.countRecords(ctx, topic)
			if err != nil {
				return nil, err
			}
			readers := int64(len(s.readersOf(topic.Name)))
			row = append(row, readers, readers, n)
		}
		t.add(row...)
	}
	return t, nil
}

// countRecords is the number of offsets that a topic holds now.
func (s *Session) countRecords(ctx context.Context, topic commitlog.Topic) (int64, error) {
	n := int64(0)
	for p := range topic.Partitions {
		b, err := s.deps.Log.Bounds(ctx, commitlog.TopicPartition{Topic: topic.Name, Partition: commitlog.PartitionID(p)})
		if err != nil {
			return 0, err
		}
		n += int64(b.HighWatermark - b.LogStart)
	}
	return n, nil
}

// readersOf lists the queries that read a topic through any source.
func (s *Session) readersOf(topic string) []string {
	snap := s.deps.Catalog.Snapshot()
	var out []string
	for _, src := range snap.Sources() {
		if src.Topic == topic {
			out = append(out, snap.Readers(src.Name)...)
		}
	}
	return out
}

func (s *Session) showQueries(extended bool) *table {
	names := []string{"query_id", "query_type", "status", "sink_name", "sink_kafka_topic", "query_string"}
	if extended {
		names = append(names, "tasks:int", "rows_in:int", "rows_out:int", "lag:int", "last_error", "failed_at")
	}
	t := newTable(names...)
	snap := s.deps.Catalog.Snapshot()
	for _, q := range snap.Queries() {
		topic := ""
		if sink, ok := snap.Source(q.Sink); ok {
			topic = sink.Topic
		}
		st, err := s.deps.Engine.Status(q.ID)
		if err != nil {
			st.State, st.Error = executor.Failed, err.Error()
		}
		row := []types.Value{q.ID, "PERSISTENT", string(st.State), q.Sink, topic, oneLine(q.Statement)}
		if extended {
			row = append(row, int64(st.Tasks), st.RowsIn, st.RowsOut, totalLag(st), st.Error, failedAt(st))
		}
		t.add(row...)
	}
	return t
}

// failedAt is when the last error of a query was, "" for none.
func failedAt(st executor.Status) string {
	if st.Error == "" {
		return ""
	}
	return st.Since.UTC().Format(time.RFC3339)
}

// health tells the state of a query in one line, with what ails it.
func health(st executor.Status) string {
	switch {
	case st.Error == "":
		return string(st.State)
	case st.State == executor.Failed || st.State == executor.Fenced:
		return fmt.Sprintf("%s since %s: %s", st.State, failedAt(st), st.Error)
	}
	return fmt.Sprintf("%s; last error at %s: %s", st.State, failedAt(st), st.Error)
}

func totalLag(st executor.Status) int64 {
	sum := int64(0)
	for _, n := range st.Lag {
		sum += n
	}
	return sum
}

// showFaults lists what is out of service on this node.
func (s *Session) showFaults() *table {
	t := newTable("part", "since", "reason", "file", "remedy")
	if s.deps.Damage == nil {
		return t
	}
	for _, f := range s.deps.Damage.Faults() {
		file := f.File
		if file != "" && f.Offset >= 0 {
			file = fmt.Sprintf("%s at byte %d", file, f.Offset)
		}
		t.add(f.Part, f.Since.UTC().Format(time.RFC3339), f.Reason, file, f.Remedy)
	}
	return t
}

// oneLine folds white space, so that a statement fits a row.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func showFunctions() *table {
	t := newTable("function_name", "category")
	for _, name := range function.Names(function.IsScalar) {
		f, _ := function.LookupScalar(name)
		t.add(name, f.Category)
	}
	for _, name := range function.Names(function.IsAggregate) {
		t.add(name, "AGGREGATE")
	}
	for _, name := range function.Names(function.IsTable) {
		t.add(name, "TABLE")
	}
	return t
}

// describe answers DESCRIBE.
func (s *Session) describe(ctx context.Context, st *ast.Describe) (*table, error) {
	switch st.Kind {
	case ast.DescribeStreams:
		return s.showSources(false, "stream_name"), nil
	case ast.DescribeTables:
		return s.showSources(true, "table_name"), nil
	case ast.DescribeFunction:
		return describeFunction(st)
	case ast.DescribeConnector:
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "connectors are not supported").At(st.Pos())
	}
	snap := s.deps.Catalog.Snapshot()
	src, ok := snap.Lookup(st.Name.Name, st.Name.Quoted)
	if !ok {
		err := sqlerr.New(sqlerr.UndefinedTable, "Could not find STREAM/TABLE '%s' in the Metastore", st.Name.Name).At(st.Name.Pos())
		if near := snap.Nearest(st.Name.Name); near != "" {
			return nil, err.Hint("Perhaps you meant %q.", near)
		}
		return nil, err.Hint("SHOW STREAMS and SHOW TABLES list what there is.")
	}
	t := describeColumns(src)
	if st.Extended {
		return s.describeExtended(ctx, src, t)
	}
	return t, nil
}

func describeColumns(src *catalog.Source) *table {
	t := newTable("field", "type")
	add := func(want types.Namespace) {
		for _, c := range src.Schema.Columns {
			if c.In != want {
				continue
			}
			t.add(c.Name, displayType(c.Type)+columnRole(src, c))
		}
	}
	add(types.InKey)
	if src.Window != nil {
		t.add(types.WindowStart, "BIGINT (window)")
		t.add(types.WindowEnd, "BIGINT (window)")
	}
	add(types.InValue)
	add(types.InHeaders)
	return t
}

// displayType is how ksqlDB's CLI shows a type: STRING is VARCHAR(STRING).
func displayType(t types.Type) string {
	if t.Kind == types.String {
		return "VARCHAR(STRING)"
	}
	return t.String()
}

func columnRole(src *catalog.Source, c types.Column) string {
	switch {
	case c.In == types.InKey && src.Table:
		return " (primary key)"
	case c.In == types.InKey:
		return " (key)"
	case c.In == types.InHeaders && c.Header != "":
		return " (header('" + c.Header + "'))"
	case c.In == types.InHeaders:
		return " (headers)"
	}
	return ""
}

// describeExtended adds where a source is kept, who reads and writes it, and how far its
// query is.
func (s *Session) describeExtended(ctx context.Context, src *catalog.Source, columns *table) (*table, error) {
	t := newTable("property", "value")
	add := func(name, format string, args ...any) { t.add(name, fmt.Sprintf(format, args...)) }
	add("Name", "%s", src.Name)
	add("Type", "%s", src.Keyword())
	for _, row := range columns.rows {
		add("Field "+row[0].(string), "%s", row[1])
	}
	add("Key format", "%s", src.Key.Name)
	add("Value format", "%s", src.Value.Name)
	if src.Timestamp != nil {
		add("Timestamp field", "%s %s", src.Timestamp.Column, src.Timestamp.Format)
	}
	if topic, err := s.deps.Log.Topic(ctx, src.Topic); err == nil {
		n, err := s.countRecords(ctx, topic)
		if err != nil {
			return nil, err
		}
		add("Kafka topic", "%s (partitions: %d, replication: %d, records: %d)", src.Topic, topic.Partitions, topic.ReplicationFactor, n)
	}
	snap := s.deps.Catalog.Snapshot()
	for _, id := range snap.Writers(src.Name) {
		if q, ok := s.deps.Catalog.Plan(id); ok {
			if kept := keptFor(q); kept > 0 {
				add("Windows", "shown for %s of event time after they start", formatDuration(time.Duration(kept)*time.Millisecond))
			}
		}
	}
	if src.Statement != "" {
		add("Statement", "%s", oneLine(src.Statement))
	}
	add("Queries that read from it", "%s", strings.Join(snap.Readers(src.Name), ", "))
	add("Queries that write to it", "%s", strings.Join(snap.Writers(src.Name), ", "))
	for _, id := range snap.Writers(src.Name) {
		st, err := s.deps.Engine.Status(id)
		if err != nil {
			return nil, err
		}
		if st.LastMissed != "" {
			add("Missing input of "+id, "%d records; %s", st.Missed, st.LastMissed)
		}
		add("Query "+id, "%s, %d tasks, %d rows in, %d rows out, lag %d", health(st), st.Tasks, st.RowsIn, st.RowsOut, totalLag(st))
	}
	return t, nil
}

func describeFunction(st *ast.Describe) (*table, error) {
	t := newTable("variation", "returns", "description")
	if f, ok := function.LookupScalar(st.Name.Name); ok {
		for _, o := range f.Overloads {
			addVariation(t, f.Name, repeated(o.Params, o.Variadic), o.Result, o.Doc, f.Doc)
		}
	} else if f, ok := function.LookupAggregate(st.Name.Name); ok {
		for _, o := range f.Overloads {
			addVariation(t, f.Name, append(repeated(o.Params, o.Variadic), o.Initial...), o.Result, o.Doc, f.Doc)
		}
	} else if f, ok := function.LookupTable(st.Name.Name); ok {
		for _, o := range f.Overloads {
			addVariation(t, f.Name, o.Params, o.Result, o.Doc, f.Doc)
		}
	} else {
		return nil, unknownFunction(st.Name)
	}
	return t, nil
}

// unknownFunction is the error of a call of a function that is not there, with its hint.
func unknownFunction(name ast.TableName) error {
	_, err := function.Resolve(name.Name, nil)
	var known *sqlerr.Error
	if errors.As(err, &known) {
		return known.At(name.Pos())
	}
	return err
}

// repeated is a copy of parameters in which the last is marked when it repeats, as the
// reference does it: ANY... others.
func repeated(params []string, variadic bool) []string {
	out := slices.Clone(params)
	if last := len(out) - 1; variadic && last >= 0 {
		typ, name, _ := strings.Cut(out[last], " ")
		out[last] = typ + "... " + name
	}
	return out
}

func addVariation(t *table, name string, params []string, result, doc, general string) {
	if doc == "" {
		doc = general
	}
	t.add(name+"("+strings.Join(params, ", ")+")", result, doc)
}
