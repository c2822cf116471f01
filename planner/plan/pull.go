package plan

import (
	"tailrace/sql/expr"
	"tailrace/sql/types"
)

// Pull is a query that ends: over the current rows of a table, over what a stream's topic
// holds now, or over no source at all (one row without columns). It is not persisted.
//
// Stages run in this order; those that are not set pass rows on:
//
//	rows of Input -> Predicate -> Groups, Calls, Having -> Exprs -> Order -> Offset, Limit
type Pull struct {
	Statement string
	// Source is the name of the stream or table; empty without FROM.
	Source string
	// Table says that Source is a table: its materialized rows are read.
	Table bool
	// Scan reads the topic: of a stream from its start to its end as of now, of a table
	// when nothing materializes it. Its output schema is Input. Nil without FROM.
	Scan *Source
	// Input is the schema that Predicate, Groups, Calls and (without grouping) Exprs
	// refer to: the key columns, WINDOWSTART and WINDOWEND of a windowed source, the
	// value columns, and the pseudo columns that are used.
	Input types.Schema
	// Lookup narrows the rows by key; nil: scan all. Predicate holds all the same.
	Lookup *Lookup
	// WindowStart and WindowEnd narrow the windows of a windowed table.
	WindowStart, WindowEnd Bounds
	Predicate              *expr.Expr
	// Groups and Calls make the query an aggregation (one row without Groups). Having and
	// Exprs then refer to the groups followed by the calls.
	Aggregate bool
	Groups    []*expr.Expr
	Calls     []AggregateCall
	Having    *expr.Expr
	Exprs     []*expr.Expr
	// Output is the result: the first len(Output.Columns) of Exprs. Further ones are sort
	// keys that the client does not see. Columns that are the key of a table say so.
	Output types.Schema
	Order  []Order
	Limit  *expr.Expr // a literal or parameter of type BIGINT; nil: all
	Offset *expr.Expr
	// Distinct drops rows that equal an earlier one.
	Distinct bool
	// Parameters are the types of $1, $2, ... as far as the statement settles them.
	Parameters []types.Type
	// Standard says that the SQL standard's rules hold instead of ksqlDB's.
	Standard bool
}

// Order is one sort key: a column of Exprs.
type Order struct {
	Column     int
	Desc       bool
	NullsFirst bool
}

// Lookup is what WHERE says about the key. Keys lists whole keys (one expression a key
// column, constant or parameter); otherwise From and To bound the only key column.
type Lookup struct {
	Keys     [][]*expr.Expr
	From, To *Bound
}

// Bound is one end of a range.
type Bound struct {
	Value     *expr.Expr // constant or parameter
	Inclusive bool
}

// Bounds bound the start or the end of windows, in milliseconds since 1970 UTC. The
// expressions are constants or parameters of type BIGINT.
type Bounds struct{ From, To *Bound }

// Insert is INSERT INTO ... VALUES: rows for the topic of one source.
type Insert struct {
	Statement string
	Source    string
	Topic     string
	Table     bool
	Key       Format
	Value     Format
	Window    *KeyWindow
	Timestamp *Timestamp
	// Schema is the source's declared schema without header columns.
	Schema types.Schema
	// Rows has one expression per column of Schema, nil where the statement gives none;
	// they have no column references and are of the column's type.
	Rows [][]*expr.Expr
	// RowTime has one expression of type BIGINT per row, nil: now.
	RowTime    []*expr.Expr
	Parameters []types.Type
}
