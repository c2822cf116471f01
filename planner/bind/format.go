package bind

import (
	"strings"

	"tailrace/sql/catalog"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// Properties of a session that planning looks at, with ksqlDB's names.
const (
	propKeyFormat   = "ksql.persistence.default.format.key"
	propValueFormat = "ksql.persistence.default.format.value"
	propWrap        = "ksql.persistence.wrap.single.values"
)

// Format names.
const (
	JSON      = "JSON"
	Delimited = "DELIMITED"
	Kafka     = "KAFKA"
	None      = "NONE"
)

// later are the formats that are known and not built.
var later = map[string]bool{"AVRO": true, "JSON_SR": true, "PROTOBUF": true, "PROTOBUF_NOSR": true}

// CheckFormat says whether a format exists.
func CheckFormat(name string) error {
	switch {
	case name == JSON, name == Delimited, name == Kafka, name == None:
		return nil
	case later[name]:
		return sqlerr.New(sqlerr.FeatureNotSupported, "The '%s' format is not supported yet", name).
			Hint("The formats are JSON, DELIMITED, KAFKA and NONE.")
	}
	return sqlerr.New(sqlerr.InvalidParameter, "Unknown format: %s", name).Hint("The formats are JSON, DELIMITED, KAFKA and NONE.")
}

// SourceFormats settles the formats of CREATE STREAM or TABLE over a topic.
func SourceFormats(w *With, props map[string]string, schema types.Schema) (key, value catalog.Format, err error) {
	key.Name, value.Name = w.KeyFormat, w.ValueFormat
	hasKey := len(schema.Key()) > 0
	if key.Name == "" {
		key.Name = defaultKeyFormat(props)
		if !hasKey {
			key.Name = None
		}
	}
	if value.Name == "" {
		value.Name = strings.ToUpper(props[propValueFormat])
	}
	if value.Name == "" {
		return key, value, sqlerr.New(sqlerr.InvalidParameter, "Statement is missing the 'VALUE_FORMAT' property from the WITH clause. "+
			"Either provide one or set a default via the '%s' config.", propValueFormat)
	}
	key.Delimiter, value.Delimiter = w.KeyDelimiter, w.ValueDelimiter
	return finishFormats(key, value, w, props, schema)
}

func defaultKeyFormat(props map[string]string) string {
	if name := strings.ToUpper(props[propKeyFormat]); name != "" {
		return name
	}
	return Kafka
}

// SinkFormats settles the formats of CREATE ... AS: those of the left-most source where
// the statement says nothing. keyless is PARTITION BY NULL.
func SinkFormats(w *With, props map[string]string, from *catalog.Source, inheritKey catalog.Format, schema types.Schema, keyless bool) (key, value catalog.Format, err error) {
	hasKey := len(schema.Key()) > 0
	key, value = catalog.Format{Name: w.KeyFormat}, catalog.Format{Name: w.ValueFormat}
	switch {
	case keyless && w.keyFormatExplicit && w.KeyFormat != None:
		return key, value, sqlerr.New(sqlerr.InvalidDefinition, "Key format specified for stream without key columns.")
	case keyless:
		key.Name = None
	case key.Name == "":
		key.Name = inheritKey.Name
		if key.Name == None && hasKey {
			key.Name = defaultKeyFormat(props)
		}
	}
	if value.Name == "" {
		value.Name = from.Value.Name
	}
	if key.Name == inheritKey.Name {
		key.Delimiter = inheritKey.Delimiter
	}
	if value.Name == from.Value.Name {
		value.Delimiter = from.Value.Delimiter
	}
	if w.KeyDelimiter != "" {
		key.Delimiter = w.KeyDelimiter
	}
	if w.ValueDelimiter != "" {
		value.Delimiter = w.ValueDelimiter
	}
	return finishFormats(key, value, w, props, schema)
}

// finishFormats settles wrapping and checks that the formats can hold the schema.
func finishFormats(key, value catalog.Format, w *With, props map[string]string, schema types.Schema) (catalog.Format, catalog.Format, error) {
	for _, f := range []string{key.Name, value.Name} {
		if err := CheckFormat(f); err != nil {
			return key, value, err
		}
	}
	if err := checkDelimiter(key, w.KeyDelimiter); err != nil {
		return key, value, err
	}
	if err := checkDelimiter(value, w.ValueDelimiter); err != nil {
		return key, value, err
	}
	if _, ok := w.Configs["\x00fullSchemaName"]; ok {
		return key, value, sqlerr.New(sqlerr.InvalidParameter, "%s does not support the following configs: [fullSchemaName]", value.Name)
	}
	keys, values := pick(schema, schema.Key()), pick(schema, schema.Value())
	key.Unwrapped = len(keys) == 1
	if err := wrapping(&value, w, props, len(values)); err != nil {
		return key, value, err
	}
	if err := CheckKeyTypes(keys); err != nil {
		return key, value, err
	}
	if err := checkHolds("Key", key, keys); err != nil {
		return key, value, err
	}
	return key, value, checkHolds("Value", value, values)
}

func checkDelimiter(f catalog.Format, explicit string) error {
	if explicit != "" && f.Name != Delimited {
		return sqlerr.New(sqlerr.InvalidParameter, "%s does not support the following configs: [delimiter]", f.Name)
	}
	return nil
}

func pick(s types.Schema, indexes []int) []types.Column {
	out := make([]types.Column, len(indexes))
	for i, c := range indexes {
		out[i] = s.Columns[c]
	}
	return out
}

// wrapping settles whether a single value column is written as itself.
func wrapping(value *catalog.Format, w *With, props map[string]string, columns int) error {
	if w.Wrap != nil {
		if columns != 1 {
			return sqlerr.New(sqlerr.InvalidParameter, "'WRAP_SINGLE_VALUE' is only valid for single-field value schemas")
		}
		if *w.Wrap && value.Name != JSON {
			return sqlerr.New(sqlerr.InvalidParameter, "Format '%s' does not support 'WRAP_SINGLE_VALUE' set to 'true'.", value.Name)
		}
		if !*w.Wrap && value.Name == None {
			return sqlerr.New(sqlerr.InvalidParameter, "Format '%s' does not support 'WRAP_SINGLE_VALUE' set to 'false'.", value.Name)
		}
	}
	if columns != 1 {
		return nil
	}
	switch {
	case value.Name == Kafka:
		value.Unwrapped = true
	case w.Wrap != nil:
		value.Unwrapped = !*w.Wrap
	case strings.EqualFold(props[propWrap], "false"):
		value.Unwrapped = value.Name == JSON
	}
	return nil
}

// CheckKeyTypes refuses maps anywhere in a key: their entries have no order, so equal
// maps may have different bytes.
func CheckKeyTypes(keys []types.Column) error {
	for _, c := range keys {
		if holdsMap(c.Type) {
			return sqlerr.New(sqlerr.InvalidDefinition, "Map keys, including types that contain maps, are not supported as they may lead to unexpected behavior "+
				"due to inconsistent serialization. Key column name: %s. Column type: %s. See https://github.com/confluentinc/ksql/issues/6621 for more.",
				types.QuoteName(c.Name), c.Type)
		}
	}
	return nil
}

func holdsMap(t types.Type) bool {
	switch t.Kind {
	case types.Map:
		return true
	case types.Array:
		return holdsMap(*t.Elem)
	case types.Struct:
		for _, f := range t.Fields {
			if holdsMap(f.Type) {
				return true
			}
		}
	}
	return false
}

// checkHolds says why a format cannot hold columns as a key or a value.
func checkHolds(part string, f catalog.Format, columns []types.Column) error {
	reason := ""
	switch f.Name {
	case None:
		if len(columns) > 0 {
			reason = "The 'NONE' format can only be used when no columns are defined. Got: " + listColumns(columns)
		}
	case Kafka:
		if len(columns) > 1 {
			reason = "The 'KAFKA' format only supports a single field. Got: " + listColumns(columns)
		} else if len(columns) == 1 {
			switch t := columns[0].Type; t.Kind {
			case types.Int, types.Bigint, types.Double, types.String, types.Bytes:
			default:
				reason = "The 'KAFKA' format does not support type '" + t.Kind.String() + "'"
			}
		}
	case Delimited:
		for _, c := range columns {
			if c.Type.IsNested() {
				reason = "The 'DELIMITED' format does not support type '" + c.Type.Kind.String() + "', column: " + types.QuoteName(c.Name)
				break
			}
		}
	case JSON:
		for _, c := range columns {
			if !stringMaps(c.Type) {
				reason = "JSON only supports MAP types with STRING keys"
			}
		}
	}
	if reason == "" {
		return nil
	}
	features := "[]"
	if f.Unwrapped && f.Name == JSON {
		features = "[UNWRAP_SINGLES]"
	}
	return sqlerr.New(sqlerr.InvalidDefinition, "%s format does not support schema.\nformat: %s\nschema: Persistence{columns=%s, features=%s}\nreason: %s",
		part, f.Name, listColumns(columns), features, reason)
}

func listColumns(columns []types.Column) string {
	return "[" + types.Schema{Columns: columns}.String() + "]"
}

func stringMaps(t types.Type) bool {
	switch t.Kind {
	case types.Map:
		return t.Key.Kind == types.String && stringMaps(*t.Elem)
	case types.Array:
		return stringMaps(*t.Elem)
	case types.Struct:
		for _, f := range t.Fields {
			if !stringMaps(f.Type) {
				return false
			}
		}
	}
	return true
}

// CheckFormats says why formats cannot hold a schema.
func CheckFormats(key, value catalog.Format, schema types.Schema) error {
	if err := checkHolds("Key", key, pick(schema, schema.Key())); err != nil {
		return err
	}
	return checkHolds("Value", value, pick(schema, schema.Value()))
}
