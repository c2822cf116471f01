package bind

import (
	"strconv"
	"strings"

	"tailrace/sql/ast"
	"tailrace/sql/catalog"
	"tailrace/sql/expr"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// ResolveType turns a type as written into a type, custom types of the catalog included.
func ResolveType(cat *catalog.Snapshot, t *ast.TypeName) (types.Type, error) {
	return expr.ResolveType(t, CustomTypes(cat))
}

// CustomTypes finds the named types of a catalog, for binding.
func CustomTypes(cat *catalog.Snapshot) func(*ast.TypeName) (types.Type, error) {
	return func(t *ast.TypeName) (types.Type, error) {
		if found, ok := cat.Type(t.Name); ok {
			return found, nil
		}
		err := sqlerr.New(sqlerr.UndefinedObject, "Cannot resolve unknown type: %s", t.Name).At(t.Pos())
		names := []string{"BOOLEAN", "INT", "INTEGER", "BIGINT", "DOUBLE", "DECIMAL", "STRING", "VARCHAR", "BYTES", "DATE", "TIME", "TIMESTAMP", "ARRAY", "MAP", "STRUCT"}
		for _, n := range cat.Types() {
			names = append(names, n.Name)
		}
		if best := sqlerr.Closest(t.Name, names); best != "" {
			err.Hint("Perhaps you meant the type %s.", best)
		}
		return types.Type{}, err
	}
}

// systemColumns are the names that no column may have.
var systemColumns = map[string]bool{
	types.RowTime: true, types.RowPartition: true, types.RowOffset: true, types.WindowStart: true, types.WindowEnd: true,
}

// IsSystemColumn says that a name belongs to a pseudo column or the bound of a window.
func IsSystemColumn(name string) bool { return systemColumns[name] }

// headersType is the type of a HEADERS column.
var headersType = types.ArrayOf(types.StructOf(types.Field{Name: "KEY", Type: types.StringType}, types.Field{Name: "VALUE", Type: types.BytesType}))

// Elements makes a schema of the columns of CREATE STREAM or TABLE. text is the
// statement, for messages that name lines.
func Elements(cat *catalog.Snapshot, elements []ast.Element, table bool, text string) (types.Schema, error) {
	var schema types.Schema
	if err := duplicateNames(elements); err != nil {
		return schema, err
	}
	var keys, rest []types.Column
	headers := map[string]bool{} // by key; "" is all of them
	for _, e := range elements {
		if IsSystemColumn(e.Name.Name) {
			return schema, sqlerr.New(sqlerr.ReservedName, "'%s' is a reserved column name. You cannot use it as a name for a column.", e.Name.Name).At(e.Name.Pos())
		}
		t, err := ResolveType(cat, e.Type)
		if err != nil {
			return schema, err
		}
		if err := checkConstraint(e, t, table, text); err != nil {
			return schema, err
		}
		col := types.Column{Name: e.Name.Name, Type: t}
		switch e.Constraint {
		case ast.Key, ast.PrimaryKey:
			col.In = types.InKey
			keys = append(keys, col)
			continue
		case ast.Headers:
			col.In = types.InHeaders
		case ast.Header:
			col.In, col.Header = types.InHeaders, e.HeaderKey
		}
		if col.In == types.InHeaders {
			switch {
			case headers[""]:
				return schema, sqlerr.New(sqlerr.InvalidDefinition, "Schema already contains a HEADERS column.").At(e.Pos())
			case headers[col.Header]:
				return schema, sqlerr.New(sqlerr.InvalidDefinition, "Schema already contains a HEADER('%s') column.", col.Header).At(e.Pos())
			}
			headers[col.Header] = true
		}
		rest = append(rest, col)
	}
	schema.Columns = append(keys, rest...)
	if table && len(keys) == 0 {
		return schema, sqlerr.New(sqlerr.InvalidDefinition, "Tables require a PRIMARY KEY. Please define the PRIMARY KEY.")
	}
	return schema, nil
}

func duplicateNames(elements []ast.Element) error {
	seen := map[string]int{}
	var twice []string
	pos := 0
	for _, e := range elements {
		seen[e.Name.Name]++
		if seen[e.Name.Name] == 2 {
			twice = append(twice, types.QuoteName(e.Name.Name))
			if pos == 0 {
				pos = e.Name.Pos()
			}
		}
	}
	if len(twice) == 0 {
		return nil
	}
	return sqlerr.New(sqlerr.DuplicateColumn, "Duplicate column names: %s", strings.Join(twice, ", ")).At(pos)
}

func checkConstraint(e ast.Element, t types.Type, table bool, text string) error {
	wrong := func(is, use, kind string) error {
		return sqlerr.New(sqlerr.InvalidDefinition, "%sColumn %s is a '%s' column: please use '%s' for %s.",
			Prefix(text, e.Name.Pos()), types.QuoteName(e.Name.Name), is, use, kind).At(e.Name.Pos())
	}
	switch {
	case e.Constraint == ast.PrimaryKey && !table:
		return wrong("PRIMARY KEY", "KEY", "streams")
	case e.Constraint == ast.Key && table:
		return wrong("KEY", "PRIMARY KEY", "tables")
	case e.Constraint == ast.Headers && !t.Equal(headersType):
		return sqlerr.New(sqlerr.DatatypeMismatch, "Invalid type for HEADERS column: expected %s, got %s", headersType, t).At(e.Type.Pos())
	case e.Constraint == ast.Header && t.Kind != types.Bytes:
		return sqlerr.New(sqlerr.DatatypeMismatch, "Invalid type for HEADER('%s') column: expected BYTES, got %s", e.HeaderKey, t).At(e.Type.Pos())
	}
	return nil
}

// Prefix is the place of a fault as ksqlDB puts it in front of some messages: "Line: 1,
// Col: 22: ". It is empty for an unknown position.
func Prefix(text string, pos int) string {
	line, col := sqlerr.LineColumn(text, pos)
	if line == 0 {
		return ""
	}
	return "Line: " + strconv.Itoa(line) + ", Col: " + strconv.Itoa(col+1) + ": "
}

// CheckTimestamp checks the TIMESTAMP column of a source or sink.
func CheckTimestamp(w *With, schema types.Schema) (*catalog.Timestamp, error) {
	if w.Timestamp == "" {
		if w.TimestampFormat != "" {
			return nil, sqlerr.New(sqlerr.InvalidParameter, "'TIMESTAMP_FORMAT' is only allowed together with 'TIMESTAMP'.")
		}
		return nil, nil
	}
	i := schema.Find(w.Timestamp)
	if i < 0 {
		err := sqlerr.New(sqlerr.UndefinedColumn, "The TIMESTAMP column set in the WITH clause does not exist in the schema: '%s'", w.Timestamp)
		var names []string
		for _, c := range schema.Columns {
			names = append(names, c.Name)
		}
		if best := sqlerr.Closest(w.Timestamp, names); best != "" {
			err.Hint("Perhaps you meant the column %s.", best)
		}
		return nil, err
	}
	switch k := schema.Columns[i].Type.Kind; {
	case k == types.String && w.TimestampFormat != "":
	case k == types.String:
		return nil, sqlerr.New(sqlerr.InvalidParameter, "A String timestamp field has been specified without also specifying the timestamp_format")
	case w.TimestampFormat != "":
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "'TIMESTAMP_FORMAT' set in the WITH clause can only be used when the timestamp column in of type STRING.")
	case k == types.Bigint, k == types.Timestamp:
	default:
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "Timestamp column, %s, should be LONG(INT64), TIMESTAMP, or a String with a timestamp_format specified", types.QuoteName(w.Timestamp))
	}
	return &catalog.Timestamp{Column: w.Timestamp, Format: w.TimestampFormat}, nil
}
