package pgtext

import "tailrace/sql/types"

var names = map[types.Kind]string{
	types.Null: "unknown", types.Boolean: "boolean", types.Int: "integer", types.Bigint: "bigint", types.Double: "double precision",
	types.Decimal: "numeric", types.String: "text", types.Bytes: "bytea", types.Date: "date", types.Time: "time without time zone",
	types.Timestamp: "timestamp without time zone", types.Map: "json", types.Struct: "record",
	types.Numeric: "numeric", types.Interval: "interval", types.JSON: "json", types.JSONB: "jsonb",
}

// TypeName is what PostgreSQL calls a type, as in its messages.
func TypeName(t types.Type) string {
	if t.Kind == types.Array {
		elem := *t.Elem
		for elem.Kind == types.Array {
			elem = *elem.Elem
		}
		return TypeName(elem) + "[]"
	}
	return names[t.Kind]
}
