package planner

import (
	"fmt"
	"slices"
	"strings"

	"tailrace/planner/bind"
	"tailrace/planner/plan"
	"tailrace/sql/ast"
	"tailrace/sql/catalog"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// createSource plans CREATE STREAM or TABLE over a topic.
func createSource(s *ast.CreateSource, env *Env) (*plan.Command, error) {
	table := s.Kind == ast.TableKind
	w, err := bind.ReadWith(s.With, bind.InCreate)
	if err != nil {
		return nil, err
	}
	replaced, notice, err := nameFree(s.Name, table, s.OrReplace, s.IfNotExists, env)
	if err != nil || notice != "" {
		return &plan.Command{Notice: notice}, err
	}
	if err := replaceable(replaced, s); err != nil {
		return nil, err
	}
	schema, err := declaredSchema(s, w, env)
	if err != nil {
		return nil, err
	}
	src := catalog.Source{Name: s.Name.Name, Table: table, Schema: schema, ReadOnly: s.Source, Window: w.Window(), Statement: env.statement()}
	if src.Window != nil && len(schema.Key()) == 0 {
		return nil, sqlerr.New(sqlerr.InvalidDefinition, "Windowed sources require a key column.")
	}
	bare := len(s.With) == 0
	if bare {
		w.ValueFormat, w.KeyFormat = bareFormats(schema)
	}
	if src.Key, src.Value, err = bind.SourceFormats(w, env.Properties, schema); err != nil {
		return nil, err
	}
	if src.Timestamp, err = bind.CheckTimestamp(w, schema); err != nil {
		return nil, err
	}
	create := &plan.CreateSource{Replaces: replaced != nil}
	if create.Topic, err = sourceTopic(s, w, bare, env); err != nil {
		return nil, err
	}
	src.Topic = w.Topic
	if replaced != nil {
		if err := upgradable(replaced, &src); err != nil {
			return nil, err
		}
	}
	cmd := &plan.Command{Create: create}
	if table && src.Window == nil && (s.Source || bare) {
		create.Materialize = true
		src.CreatedBy = fmt.Sprintf("CST_%s_%d", src.Name, env.NextQueryID)
		cmd.Query = materializeSource(&src, env)
	}
	create.Source = src
	return cmd, nil
}

// nameFree checks that a name may be created: it is free, or may be replaced (the source
// that stands there is returned), or the statement says IF NOT EXISTS (a notice is).
func nameFree(name ast.TableName, table, orReplace, ifNotExists bool, env *Env) (*catalog.Source, string, error) {
	// Topics and states are named after it.
	if strings.ContainsFunc(name.Name, func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
	}) {
		at := strings.TrimSuffix(bind.Prefix(env.Text, name.Pos()), ": ")
		return nil, "", sqlerr.New(sqlerr.InvalidName, "Illegal argument at %s. Source names may only contain alphanumeric values, '_' or '-'. Got: '%s'", at, name.Name).At(name.Pos())
	}
	existing, ok := env.Catalog.Source(name.Name)
	if !ok {
		return nil, "", nil
	}
	word := "stream"
	if table {
		word = "table"
	}
	text := fmt.Sprintf("Cannot add %s '%s': A %s with the same name already exists", word, name.Name, strings.ToLower(existing.Keyword()))
	switch {
	case ifNotExists:
		return nil, text, nil
	case !orReplace, existing.Table != table:
		return nil, "", sqlerr.New(sqlerr.DuplicateTable, "%s", text).At(name.Pos())
	}
	return existing, "", nil
}

func replaceable(existing *catalog.Source, s *ast.CreateSource) error {
	if !s.OrReplace || !s.Source && (existing == nil || !existing.ReadOnly) {
		return nil
	}
	word := strings.ToLower(s.Kind.String())
	return sqlerr.New(sqlerr.FeatureNotSupported, "Cannot add %s '%s': CREATE OR REPLACE is not supported on source %ss.", word, s.Name.Name, word).At(s.Name.Pos())
}

// declaredSchema is the schema of the elements, or the reason why there is none.
func declaredSchema(s *ast.CreateSource, w *bind.With, env *Env) (types.Schema, error) {
	for _, f := range []string{w.KeyFormat, w.ValueFormat} {
		if err := bind.CheckFormat(f); f != "" && err != nil && sqlerr.CodeOf(err) != sqlerr.FeatureNotSupported {
			return types.Schema{}, err
		}
	}
	table := s.Kind == ast.TableKind
	switch {
	case s.Elements == nil && table:
		return types.Schema{}, sqlerr.New(sqlerr.InvalidDefinition, "Tables require a PRIMARY KEY. Please define the PRIMARY KEY.")
	case s.Elements == nil:
		if err := bind.CheckFormat(w.ValueFormat); w.ValueFormat != "" && err != nil {
			return types.Schema{}, err
		}
		return types.Schema{}, sqlerr.New(sqlerr.InvalidDefinition, "No columns supplied.").Hint("Name the columns and their types after the name of the stream.")
	case len(s.Elements) == 0:
		return types.Schema{}, sqlerr.New(sqlerr.InvalidDefinition, "The statement does not define any columns.")
	}
	return bind.Elements(env.Catalog, s.Elements, table, env.Text)
}

// bareFormats are the formats of CREATE TABLE t (...) without WITH: JSON values, and keys
// as plain as the key's types allow.
func bareFormats(schema types.Schema) (value, key string) {
	keys := schema.Key()
	switch {
	case len(keys) == 0:
		return bind.JSON, bind.None
	case len(keys) == 1:
		switch schema.Columns[keys[0]].Type.Kind {
		case types.Int, types.Bigint, types.Double, types.String, types.Bytes:
			return bind.JSON, bind.Kafka
		}
	}
	return bind.JSON, bind.JSON
}

// sourceTopic settles the topic of a source: it exists, or the statement says with how
// many partitions to make it.
func sourceTopic(s *ast.CreateSource, w *bind.With, bare bool, env *Env) (*plan.Topic, error) {
	if bare {
		w.Topic = s.Name.Name
	}
	if w.Topic == "" {
		return nil, sqlerr.New(sqlerr.InvalidParameter, "Missing required property \"KAFKA_TOPIC\" which has no default value.").At(s.Pos())
	}
	partitions, replicas, ok := env.topic(w.Topic)
	if env.Topics == nil || ok {
		if ok && env.Topics != nil && (w.Partitions > 0 && w.Partitions != partitions || w.Replicas > 0 && w.Replicas != replicas) {
			return nil, sqlerr.New(sqlerr.InvalidParameter, "A Kafka topic with the name '%s' already exists, with different partition/replica configuration than required. "+
				"KSQL expects %d partitions (topic has %d), and %d replication factor (topic has %d).",
				w.Topic, orElse(w.Partitions, partitions), partitions, orElse(w.Replicas, replicas), replicas)
		}
		return nil, nil
	}
	if w.Partitions == 0 && !bare {
		return nil, sqlerr.New(sqlerr.UndefinedTable, "Topic '%s' does not exist. If you want to create a new topic for the stream/table please re-run the statement "+
			"providing the required 'PARTITIONS' configuration in the WITH clause (and optionally 'REPLICAS').", w.Topic)
	}
	t := &plan.Topic{Name: w.Topic, Partitions: w.Partitions, Replicas: w.Replicas, Configs: w.Configs}
	if s.Kind == ast.TableKind && w.WindowType == "" && t.Configs["cleanup.policy"] == "" {
		t.Configs = withConfig(t.Configs, "cleanup.policy", "compact")
	}
	return t, nil
}

func orElse[T int32 | int16](v, otherwise T) T {
	if v > 0 {
		return v
	}
	return otherwise
}

func withConfig(configs map[string]string, name, value string) map[string]string {
	out := map[string]string{name: value}
	for k, v := range configs {
		out[k] = v
	}
	return out
}

// upgradable checks that one source may replace another: the topic and its encoding stay,
// and columns are only appended.
func upgradable(old, src *catalog.Source) error {
	refuse := func(format string, args ...any) error {
		return sqlerr.New(sqlerr.InvalidDefinition, "Cannot upgrade data source: "+format, args...)
	}
	switch {
	case old.Topic != src.Topic:
		return refuse("DataSource '%s' has topic = %s which is not upgradeable to %s", old.Name, old.Topic, src.Topic)
	case old.Key.Name != src.Key.Name:
		return refuse("DataSource '%s' has keyFormat = %s which is not upgradeable to %s", old.Name, old.Key.Name, src.Key.Name)
	case old.Value.Name != src.Value.Name:
		return refuse("DataSource '%s' has valueFormat = %s which is not upgradeable to %s", old.Name, old.Value.Name, src.Value.Name)
	}
	changed := firstChanged(old.Schema, src.Schema)
	if len(changed) > 0 {
		return refuse("DataSource '%s' has schema = %s which is not upgradeable to %s. (The following columns are changed, missing or reordered: [%s])",
			old.Name, old.Schema, src.Schema, strings.Join(changed, ", "))
	}
	return nil
}

// firstChanged lists the columns of old that are not where they were in the other schema.
func firstChanged(old, other types.Schema) []string {
	var out []string
	for _, in := range []types.Namespace{types.InKey, types.InValue, types.InHeaders} {
		a, b := columnsIn(old, in), columnsIn(other, in)
		for i, c := range a {
			same := i < len(b) && b[i].Name == c.Name && b[i].Type.Equal(c.Type) && b[i].Header == c.Header
			if !same {
				out = append(out, types.Schema{Columns: []types.Column{c}}.String())
			}
		}
		if in == types.InKey && len(b) > len(a) {
			out = append(out, types.Schema{Columns: b[len(a):]}.String())
		}
	}
	return out
}

func columnsIn(s types.Schema, in types.Namespace) []types.Column {
	return slices.DeleteFunc(slices.Clone(s.Columns), func(c types.Column) bool { return c.In != in })
}
