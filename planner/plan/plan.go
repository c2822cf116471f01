// Package plan is the physical plan of a query: pure data, versioned, JSON, and the only
// thing that planner and executor share. The command log keeps plans, not statements, so
// a plan means the same for ever: fields are added with a zero value that keeps the old
// meaning, and a new meaning is a new node. testdata/plans holds one of every version.
//
// A plan is a tree. Data flows from the Sources to the root; a Repartition is where one
// sub-topology ends, in an internal topic, and the next begins.
//
//	CREATE TABLE c AS SELECT origin, COUNT(*) FROM flights GROUP BY origin
//
//	Materialize -> Project -> Aggregate -> Repartition -> Rekey -> Source flights
//
// Around the tree: a Command is what one statement does to the catalog, plan of its query
// included, and Apply does it (command.go, apply.go); Check says whether a plan is sound
// (check.go); Insert is for a statement that is over at once and never persisted (insert.go).
// Queries that end are of package algebra.
//
// Every node says its output schema: columns with In = InKey are the key of the record,
// and columns are referred to by index in the schema of the node's input. In the schema
// of a windowed node WINDOWSTART and WINDOWEND are key columns of type BIGINT that come
// after the others of the key.
package plan

import (
	"tailrace/sql/expr"
	"tailrace/sql/types"
)

// Version is the version of newly made plans.
const Version = 1

// Kind says what a query is for.
type Kind string

// The kinds of query.
const (
	CreateStreamAs Kind = "CSAS"
	CreateTableAs  Kind = "CTAS"
	InsertInto     Kind = "INSERT"
	Push           Kind = "PUSH" // transient: to one client, no state kept
	// MaterializeTable keeps the rows of a table that was declared over a topic, so that
	// they can be looked up. It has no Sink: its root is a Materialize.
	MaterializeTable Kind = "CST"
)

// Query is a continuous query.
type Query struct {
	Version    int
	ID         string // CSAS_NAME_0, CTAS_NAME_3, INSERTQUERY_4, transient_...
	Kind       Kind
	Statement  string            // as the user wrote it
	Sources    []string          // names of the streams and tables it reads
	Root       Ref               // the node whose output is the result
	Sink       *Sink             `json:",omitempty"` // nil for Push
	Properties map[string]string `json:",omitempty"` // session properties when it was made
	Limit      int64             `json:",omitempty"` // Push: rows after which it ends; 0 = none
	// Table says that the result is a table: rows are changes by key.
	Table bool
}

// Format says how the key or the value of a topic is encoded.
type Format struct {
	Name      string // JSON, DELIMITED, KAFKA, NONE, ...
	Delimiter string `json:",omitempty"` // DELIMITED: one character, TAB or SPACE; empty = ","
	// Unwrapped: a single column is encoded as itself, not as a record of one field. Keys
	// of one column always are.
	Unwrapped bool              `json:",omitempty"`
	Options   map[string]string `json:",omitempty"` // of further formats
}

// Timestamp names the column that holds the event time, and its text format when it is a
// STRING (a Java DateTimeFormatter pattern).
type Timestamp struct {
	Column int    // index in the declared schema of a source; in the root's schema for a sink
	Format string `json:",omitempty"`
}

// KeyWindow says that the keys of a topic carry a window.
type KeyWindow struct {
	Kind string // TUMBLING, HOPPING, SESSION
	Size int64  `json:",omitempty"` // milliseconds; not for SESSION
}

// Sink is where a query's result goes.
type Sink struct {
	Name       string // of the stream or table
	Topic      string
	Table      bool
	Key, Value Format
	Window     *KeyWindow `json:",omitempty"`
	Timestamp  *Timestamp `json:",omitempty"`
	// Partitions, Replicas and Configs are for the topic, when the query has to make it.
	Partitions int32
	Replicas   int16
	Configs    map[string]string `json:",omitempty"`
}

// Window is the window of an aggregation. All lengths are milliseconds; windows are
// aligned to 1970-01-01 UTC and hold their start but not their end.
type Window struct {
	Kind      string // TUMBLING, HOPPING, SESSION
	Size      int64  // SESSION: the gap
	Advance   int64  // HOPPING; TUMBLING: = Size
	Grace     int64
	Retention int64
}

// Node is one operator of a plan.
type Node interface {
	Schema() types.Schema
	Inputs() []Node
	base() *Base
}

// Base is what every node has.
type Base struct {
	Out types.Schema
	// Table: the output is a changelog by key; otherwise a stream.
	Table bool `json:",omitempty"`
}

// Schema returns the columns of the node's output.
func (b *Base) Schema() types.Schema { return b.Out }
func (b *Base) base() *Base          { return b }

// IsTable reports whether a node's output is a table.
func IsTable(n Node) bool { return n.base().Table }

// Source reads a topic. Fields says, for each output column, where it comes from; what is
// not named is not decoded.
type Source struct {
	Base
	Name       string // of the stream or table
	Topic      string
	Declared   types.Schema
	Key, Value Format
	Fields     []SourceField
	Window     *KeyWindow `json:",omitempty"`
	Timestamp  *Timestamp `json:",omitempty"`
	// StateID names the store of a table's current rows, from which updates get their
	// before half. Empty for streams.
	StateID string `json:",omitempty"`
	RowBits int    `json:",omitempty"` // as in Materialize
}

// SourceField is a declared column, or a pseudo column: ROWTIME, ROWPARTITION, ROWOFFSET,
// WINDOWSTART, WINDOWEND.
type SourceField struct {
	Column int    // index in Declared; meaningless with Pseudo
	Pseudo string `json:",omitempty"`
}

// Filter keeps the rows for which Predicate is true. On a table, a row that stops
// qualifying is deleted downstream, and one that never qualified is not mentioned.
type Filter struct {
	Base
	Input     Ref
	Predicate *expr.Expr
}

// Project computes one expression a column.
type Project struct {
	Base
	Input Ref
	Exprs []*expr.Expr
}

// FlatMap runs table functions: Out is the input's columns and then one a call. All calls
// of a row run side by side, the shorter ones padded with NULL.
type FlatMap struct {
	Base
	Input Ref
	Calls []TableCall
}

// TableCall is a call of a table function.
type TableCall struct {
	Name     string
	Overload string
	Args     []*expr.Expr
	Type     types.Type
}

// Rekey gives rows a new key: Out is the new key columns, then the input's columns, all
// as value. With DropNull a row with a NULL in the new key is dropped and logged (GROUP
// BY); otherwise it goes on with a NULL key (PARTITION BY). On a table, an update whose
// key changes becomes a delete and an insert.
type Rekey struct {
	Base
	Input    Ref
	Keys     []*expr.Expr
	DropNull bool `json:",omitempty"`
}

// Repartition sends rows through an internal topic, so that equal keys meet in one task.
type Repartition struct {
	Base
	Input      Ref
	Name       string // unique in the query; the topic is <application id>-<Name>-repartition
	Key, Value Format
	// Partitions of the topic; 0: as many as the left-most source's topic has.
	Partitions int32 `json:",omitempty"`
}

// AggregateCall is a call of an aggregate function over columns of the input.
type AggregateCall struct {
	Name     string
	Overload string
	Args     []*expr.Expr
	Initial  []expr.Constant `json:",omitempty"`
	Type     types.Type
}

// Aggregate folds rows by key. Its input is keyed by the group. Out is the key columns,
// WINDOWSTART and WINDOWEND when there is a window, then one column a call. Over a table
// it takes back the before half of a change, in the old group first.
type Aggregate struct {
	Base
	Input   Ref
	Calls   []AggregateCall
	Window  *Window `json:",omitempty"`
	StateID string
	// Ends says that a group goes with its last row, by the standard; in ksqlDB it stays.
	Ends bool `json:",omitempty"`
}

// Suppress holds the rows of a windowed table back until stream time has passed the end
// of their window and the grace (EMIT FINAL).
type Suppress struct {
	Base
	Input   Ref
	Window  Window
	StateID string
}

// JoinType says which side survives without a partner.
type JoinType string

// The join types.
const (
	Inner JoinType = "INNER"
	Left  JoinType = "LEFT"
	Right JoinType = "RIGHT"
	Full  JoinType = "FULL"
)

// StreamTableJoin looks each row of the stream up in the table by key. Out is the key,
// then the left columns that are not key, then the right ones (SideColumns).
type StreamTableJoin struct {
	Base
	Left, Right Ref
	Type        JoinType
	Output      []JoinColumn
	StateID     string
}

// StreamStreamJoin pairs rows of equal key whose times lie within each other's window:
// right.time in [left.time - Before, left.time + After].
type StreamStreamJoin struct {
	Base
	Left, Right   Ref
	Type          JoinType
	Output        []JoinColumn
	Before, After int64  // milliseconds
	Grace         *int64 `json:",omitempty"` // nil: outer rows are emitted eagerly
	StateID       string
}

// TableTableJoin joins two tables on their primary keys.
type TableTableJoin struct {
	Base
	Left, Right Ref
	Type        JoinType
	Output      []JoinColumn
	StateID     string
}

// ForeignKeyJoin joins each row of the left table with the right row whose primary key is
// the value of LeftKey. The key of the result is the left key.
type ForeignKeyJoin struct {
	Base
	Left, Right Ref
	Type        JoinType
	LeftKey     *expr.Expr
	Output      []JoinColumn
	StateID     string
}

// JoinColumn says where a column of a join's output comes from. With Side = "key" it is
// the key column Column of whichever side has the row.
type JoinColumn struct {
	Side   string // "left", "right", "key"
	Column int
}

// Materialize keeps the current rows of a table so that they can be looked up and
// scanned: the view. Rows pass unchanged.
type Materialize struct {
	Base
	Input   Ref
	Name    string // of the table
	StateID string
	Window  *KeyWindow `json:",omitempty"`
	// Retention is how long windows are kept, in milliseconds; 0 for ever.
	Retention int64 `json:",omitempty"`
	// RowBits is the layout of the stored rows where a former query has stored some with fewer
	// columns: how many columns have a bit at the front. 0: all (docs/format/state.md).
	RowBits int `json:",omitempty"`
}
