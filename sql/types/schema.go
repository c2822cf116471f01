package types

import "strings"

// Namespace says where a column is stored in a record.
type Namespace uint8

// A column is in the record's value, its key, or its headers.
const (
	InValue Namespace = iota
	InKey
	InHeaders
)

// Column is a column of a stream or table.
type Column struct {
	Name string
	Type Type
	In   Namespace
	// Header is the header key of a HEADER('key') column; empty for HEADERS and others.
	Header string `json:",omitempty"`
}

// Schema is the list of columns of a stream or table, in order of declaration: the key
// columns first where ksqlDB puts them first. Schemas are immutable once shared.
type Schema struct {
	Columns []Column
}

// Find returns the index of the column with exactly that name, or -1.
func (s Schema) Find(name string) int {
	for i := range s.Columns {
		if s.Columns[i].Name == name {
			return i
		}
	}
	return -1
}

// Key returns the indexes of the key columns, in order.
func (s Schema) Key() []int { return s.in(InKey) }

// Value returns the indexes of the value columns, in order.
func (s Schema) Value() []int { return s.in(InValue) }

func (s Schema) in(n Namespace) []int {
	var out []int
	for i := range s.Columns {
		if s.Columns[i].In == n {
			out = append(out, i)
		}
	}
	return out
}

// String renders the schema as ksqlDB does: "`ID` BIGINT KEY, `V` STRING".
func (s Schema) String() string {
	parts := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		parts[i] = QuoteName(c.Name) + " " + c.Type.String()
		switch {
		case c.In == InKey:
			parts[i] += " KEY"
		case c.In == InHeaders && c.Header != "":
			parts[i] += " HEADER('" + c.Header + "')"
		case c.In == InHeaders:
			parts[i] += " HEADERS"
		}
	}
	return strings.Join(parts, ", ")
}

// Names of the pseudo columns that every source has, and of the bounds of windows.
const (
	RowTime      = "ROWTIME"
	RowPartition = "ROWPARTITION"
	RowOffset    = "ROWOFFSET"
	WindowStart  = "WINDOWSTART"
	WindowEnd    = "WINDOWEND"
)
