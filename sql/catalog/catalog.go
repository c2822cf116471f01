// Package catalog holds what exists: streams and tables, named types, and the continuous
// queries that feed them.
//
// A Snapshot is immutable. A statement is bound against one snapshot from its first name
// to its last, and a change makes the next snapshot out of it (With..., Without...) while
// readers of the old one go on undisturbed. What a snapshot holds is a function of the
// command log: replaying the log gives equal snapshots on every node.
package catalog

import (
	"tailrace/sql/types"
)

// Source is a stream or a table. Sources are immutable once they are in a snapshot.
type Source struct {
	Name  string
	Table bool
	// Schema is the declared columns: key columns where they were declared, then values
	// and headers. The bounds of a windowed key are not columns of it.
	Schema types.Schema
	Topic  string
	Key    Format
	Value  Format
	// Hidden are key columns that no statement named: * leaves them out. A view whose
	// select list lacks its grouping has them.
	Hidden []string `json:",omitempty"`
	// Window says that the keys of the topic carry a window.
	Window *Window `json:",omitempty"`
	// Timestamp says where the event time comes from; nil: the record's timestamp.
	Timestamp *Timestamp `json:",omitempty"`
	// ReadOnly is CREATE SOURCE ...: no INSERT, no ALTER, no DELETE TOPIC.
	ReadOnly bool `json:",omitempty"`
	// CreatedBy is the id of the query of CREATE ... AS; empty for plain CREATE.
	CreatedBy string `json:",omitempty"`
	// Statement is the text that created it.
	Statement string `json:",omitempty"`
}

// Keyword is STREAM or TABLE.
func (s *Source) Keyword() string {
	if s.Table {
		return "TABLE"
	}
	return "STREAM"
}

// Format says how the key or the value of a topic is encoded.
type Format struct {
	Name      string
	Delimiter string `json:",omitempty"` // DELIMITED: one character, TAB or SPACE; empty = ","
	// Unwrapped: a single column is encoded as itself and not as a record of one field.
	Unwrapped bool              `json:",omitempty"`
	Options   map[string]string `json:",omitempty"`
}

// Window is the window that the keys of a topic carry.
type Window struct {
	Kind string // TUMBLING, HOPPING, SESSION
	Size int64  `json:",omitempty"` // milliseconds; 0 for SESSION
}

// Timestamp names the column with the event time and, for text, its pattern.
type Timestamp struct {
	Column string
	Format string `json:",omitempty"`
}

// Query is a continuous query.
type Query struct {
	ID        string
	Kind      string // CSAS, CTAS, INSERT
	Statement string
	Sources   []string // the streams and tables it reads
	Sink      string   // the stream or table it writes
	Paused    bool     `json:",omitempty"`
}

// Name is a type with a name (CREATE TYPE).
type Name struct {
	Name string
	Type types.Type
}
