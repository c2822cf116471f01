package serde

import (
	"slices"
	"strings"

	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/storage/serde/delimited"
	"tailrace/storage/serde/kafka"
)

// Info is what a format can do. Keys and values of no columns fit every format.
type Info struct {
	Name string
	// Columns is how many columns a record may have; -1 is any number.
	Columns int
	// Wrapping says that a single column can be written as a record of one field or as
	// itself. Formats without it refuse WRAP_SINGLE_VALUE=true.
	Wrapping bool
	// Supports reports whether a column of the format may have the type.
	Supports func(types.Type) bool

	decoder func(Format, []types.Column, []int) (Decoder, error)
	encoder func(Format, []types.Column) (Encoder, error)
}

var formats = []Info{
	{Name: "DELIMITED", Columns: -1, Supports: delimited.Supports,
		decoder: newDelimitedDecoder, encoder: newDelimitedEncoder},
	{Name: "JSON", Columns: -1, Wrapping: true, Supports: jsonSupports,
		decoder: newJSONDecoder, encoder: newJSONEncoder},
	{Name: "KAFKA", Columns: 1, Supports: kafka.Supports,
		decoder: newKafkaDecoder, encoder: newKafkaEncoder},
	{Name: "NONE", Columns: 0, Supports: func(types.Type) bool { return false },
		decoder: newNoneDecoder, encoder: newNoneEncoder},
}

// jsonSupports refuses maps whose keys are not strings: JSON has no other member names.
func jsonSupports(t types.Type) bool {
	switch t.Kind {
	case types.Array:
		return jsonSupports(*t.Elem)
	case types.Map:
		return t.Key.Kind == types.String && jsonSupports(*t.Elem)
	case types.Struct:
		return !slices.ContainsFunc(t.Fields, func(f types.Field) bool { return !jsonSupports(f.Type) })
	}
	return true
}

// Names are the names of the formats, sorted.
func Names() []string {
	out := make([]string, len(formats))
	for i := range formats {
		out[i] = formats[i].Name
	}
	return out
}

// Lookup finds a format by its name, in any case of letters.
func Lookup(name string) (*Info, error) {
	upper := strings.ToUpper(name)
	for i := range formats {
		if formats[i].Name == upper {
			return &formats[i], nil
		}
	}
	switch upper {
	case "AVRO", "JSON_SR", "PROTOBUF", "PROTOBUF_NOSR":
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "the %s format is not supported", upper).
			Hint("The formats are %s.", strings.Join(Names(), ", "))
	}
	return nil, sqlerr.New(sqlerr.InvalidParameter, "Unknown format: %s", name).
		Hint("The formats are %s.", strings.Join(Names(), ", "))
}

// Check reports why records of a format cannot hold the columns, in ksqlDB's words.
func Check(f Format, columns []types.Column) error {
	info, err := Lookup(f.Name)
	if err != nil {
		return err
	}
	switch {
	case info.Columns == 0 && len(columns) > 0:
		return sqlerr.New(sqlerr.InvalidDefinition,
			"The '%s' format can only be used when no columns are defined. Got: %s", info.Name, list(columns))
	case info.Columns > 0 && len(columns) > info.Columns:
		return sqlerr.New(sqlerr.InvalidDefinition,
			"The '%s' format only supports a single field. Got: %s", info.Name, list(columns))
	case f.Unwrapped && info.Wrapping && len(columns) > 1:
		return sqlerr.New(sqlerr.InvalidDefinition, "Unwrapping only valid for single columns")
	}
	for _, c := range columns {
		if c.Type.Stored() && info.Supports(c.Type) {
			continue
		}
		if !c.Type.Stored() {
			return sqlerr.New(sqlerr.FeatureNotSupported, "no column can have the type %s, as %s has", c.Type, types.QuoteName(c.Name)).
				Hint("Cast it: an interval to text or, as EXTRACT(EPOCH FROM x), to seconds; a NUMERIC to DECIMAL(precision, scale).")
		}
		switch {
		case info.Name == "JSON":
			return sqlerr.New(sqlerr.InvalidDefinition, "JSON only supports MAP types with STRING keys").
				Detail("Column %s has type %s.", types.QuoteName(c.Name), c.Type)
		case info.Name == "DELIMITED":
			return sqlerr.New(sqlerr.InvalidDefinition, "The '%s' format does not support type '%s', column: %s",
				info.Name, c.Type.Kind, types.QuoteName(c.Name))
		}
		return sqlerr.New(sqlerr.InvalidDefinition, "The '%s' format does not support type '%s'", info.Name, c.Type.Kind)
	}
	if info.Name == "DELIMITED" {
		_, err = delimited.ParseDelimiter(f.Delimiter)
	}
	return err
}

// CheckSchema is Check with the sentence that ksqlDB puts around it in a statement.
func CheckSchema(f Format, columns []types.Column, key bool) error {
	err := Check(f, columns)
	if err == nil {
		return nil
	}
	what := "Value"
	if key {
		what = "Key"
	}
	return sqlerr.New(sqlerr.CodeOf(err), "%s format does not support schema.\nformat: %s\nschema: Persistence{columns=%s, features=[]}\nreason: %w",
		what, strings.ToUpper(f.Name), list(columns), err)
}

func list(columns []types.Column) string {
	s := types.Schema{Columns: columns}
	return "[" + s.String() + "]"
}
