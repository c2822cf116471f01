package plan

import (
	"tailrace/sql/expr"
	"tailrace/sql/types"
)

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
