// Package types holds the types and values of the language, and the schemas of streams
// and tables. Everything else speaks in its terms; it imports nothing of ours.
//
// A Value is a Go value of one of the dynamic types listed at Value: it is what crosses
// the edges of the system, one at a time (literals, rows of a result, arguments of a
// function without a kernel). Rows in bulk live in columns, package types/vector.
package types

import (
	"fmt"
	"strings"
)

// Kind is the outermost constructor of a type.
type Kind uint8

// The kinds. Null is the type of the literal NULL alone; it casts to every other.
const (
	Null Kind = iota
	Boolean
	Int       // 32 bit
	Bigint    // 64 bit
	Double    // IEEE 754
	Decimal   // exact, precision and scale in the Type
	String    // VARCHAR, UTF-8
	Bytes     // BYTES
	Date      // days since 1970-01-01
	Time      // milliseconds since midnight
	Timestamp // milliseconds since 1970-01-01 UTC
	Array
	Map
	Struct
	// Kinds of values that expressions of the standard dialect make and no column stores.
	Numeric  // exact, with a scale of its own for every value
	Interval // months, days and microseconds
	JSON     // text that is JSON
	JSONB    // JSON in one form: members in order, each name once
)

// Type is a type of the language. The zero value is the type of NULL. Types are values:
// nobody changes what the pointers lead to.
type Type struct {
	Kind      Kind
	Precision int // Decimal: digits in all, 1 to 38
	Scale     int // Decimal: digits after the point, 0 to Precision
	Key       *Type
	Elem      *Type // Array: element; Map: value
	Fields    []Field
}

// Field is a field of a STRUCT.
type Field struct {
	Name string
	Type Type
}

// MaxPrecision is the greatest number of digits of a DECIMAL: what 128 bits hold.
const MaxPrecision = 38

// Types without parameters.
var (
	NullType      = Type{Kind: Null}
	BooleanType   = Type{Kind: Boolean}
	IntType       = Type{Kind: Int}
	BigintType    = Type{Kind: Bigint}
	DoubleType    = Type{Kind: Double}
	StringType    = Type{Kind: String}
	BytesType     = Type{Kind: Bytes}
	DateType      = Type{Kind: Date}
	TimeType      = Type{Kind: Time}
	TimestampType = Type{Kind: Timestamp}
	NumericType   = Type{Kind: Numeric}
	IntervalType  = Type{Kind: Interval}
	JSONType      = Type{Kind: JSON}
	JSONBType     = Type{Kind: JSONB}
)

// DecimalOf is DECIMAL(precision, scale).
func DecimalOf(precision, scale int) Type {
	return Type{Kind: Decimal, Precision: precision, Scale: scale}
}

// ArrayOf is ARRAY<elem>.
func ArrayOf(elem Type) Type { return Type{Kind: Array, Elem: &elem} }

// MapOf is MAP<key, elem>.
func MapOf(key, elem Type) Type { return Type{Kind: Map, Key: &key, Elem: &elem} }

// StructOf is STRUCT<fields...>.
func StructOf(fields ...Field) Type { return Type{Kind: Struct, Fields: fields} }

var kindNames = [...]string{"NULL", "BOOLEAN", "INTEGER", "BIGINT", "DOUBLE", "DECIMAL", "STRING",
	"BYTES", "DATE", "TIME", "TIMESTAMP", "ARRAY", "MAP", "STRUCT", "NUMERIC", "INTERVAL", "JSON", "JSONB"}

// String is the kind's name as ksqlDB prints it.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// String renders the type as ksqlDB does: "DECIMAL(4, 2)", "ARRAY<INTEGER>",
// "STRUCT<`A` INTEGER, `b` STRING>". ParseType reads it back.
func (t Type) String() string {
	switch t.Kind {
	case Decimal:
		return fmt.Sprintf("DECIMAL(%d, %d)", t.Precision, t.Scale)
	case Array:
		return "ARRAY<" + t.Elem.String() + ">"
	case Map:
		return "MAP<" + t.Key.String() + ", " + t.Elem.String() + ">"
	case Struct:
		fields := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = QuoteName(f.Name) + " " + f.Type.String()
		}
		return "STRUCT<" + strings.Join(fields, ", ") + ">"
	}
	return t.Kind.String()
}

// QuoteName puts a name in backquotes, as ksqlDB prints schemas.
func QuoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// Equal reports whether two types are the same, with the same parameters and field names.
func (t Type) Equal(o Type) bool {
	if t.Kind != o.Kind || t.Precision != o.Precision || t.Scale != o.Scale || len(t.Fields) != len(o.Fields) {
		return false
	}
	for i, f := range t.Fields {
		if f.Name != o.Fields[i].Name || !f.Type.Equal(o.Fields[i].Type) {
			return false
		}
	}
	return equalRef(t.Key, o.Key) && equalRef(t.Elem, o.Elem)
}

func equalRef(a, b *Type) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// IsNumeric reports whether arithmetic is defined on the type.
func (t Type) IsNumeric() bool { return t.Kind >= Int && t.Kind <= Decimal || t.Kind == Numeric }

// IsNested reports whether values of the type contain values of other types.
func (t Type) IsNested() bool { return t.Kind >= Array && t.Kind <= Struct }

// Stored reports whether a column of a stream, a table or a view may have the type.
func (t Type) Stored() bool {
	switch t.Kind {
	case Numeric, Interval, JSON, JSONB:
		return false
	case Array:
		return t.Elem.Stored()
	case Map:
		return t.Key.Stored() && t.Elem.Stored()
	case Struct:
		for _, f := range t.Fields {
			if !f.Type.Stored() {
				return false
			}
		}
	}
	return true
}

// Field returns the index of the field of a STRUCT with exactly that name, or -1.
func (t Type) Field(name string) int {
	for i, f := range t.Fields {
		if f.Name == name {
			return i
		}
	}
	return -1
}

// MarshalText and UnmarshalText make a Type a string in plans and other JSON.
func (t Type) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (t *Type) UnmarshalText(text []byte) error {
	parsed, err := ParseType(string(text))
	if err != nil {
		return err
	}
	*t = parsed
	return nil
}
