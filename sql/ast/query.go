package ast

// Select is one query block.
type Select struct {
	Loc
	// With are the common table expressions in front, in order.
	With []*CTE
	// Distinct is SELECT DISTINCT; with DistinctOn, SELECT DISTINCT ON (...).
	Distinct   bool
	DistinctOn []Expr
	Items      []SelectItem
	// From is nil for a query without FROM.
	From   Relation
	Window *Window // optional
	Where  Expr    // optional
	// GroupBy and PartitionBy keep the expressions as listed; parentheses around the
	// whole list are gone. Entries of GroupBy may be *GroupingSets.
	GroupBy     []Expr
	PartitionBy []Expr
	Having      Expr // optional
	// Named are the definitions of WINDOW name AS (...), in order.
	Named   []NamedWindow
	OrderBy []OrderItem
	Limit   Expr // optional; nil for LIMIT ALL
	// WithTies is FETCH FIRST n ROWS WITH TIES.
	WithTies bool
	Offset   Expr // optional
	Emit     Emit
}

// NamedWindow is one name AS (specification) of the standard's WINDOW clause.
type NamedWindow struct {
	Name Ident
	Spec *Over
}

// SetOp is UNION, EXCEPT or INTERSECT of two queries.
type SetOp struct {
	Loc
	With []*CTE
	Op   SetOperator
	// All keeps duplicates.
	All         bool
	Left, Right Query
	OrderBy     []OrderItem
	Limit       Expr // optional
	Offset      Expr // optional
	Emit        Emit
}

// Values is a list of rows: VALUES (1, 'a'), (2, 'b').
type Values struct {
	Loc
	Rows [][]Expr
}

// SetOperator combines two queries.
type SetOperator uint8

// The set operators.
const (
	Union SetOperator = iota + 1
	Except
	Intersect
)

// String is the keyword.
func (o SetOperator) String() string {
	switch o {
	case Except:
		return "EXCEPT"
	case Intersect:
		return "INTERSECT"
	}
	return "UNION"
}

// CTE is one WITH name (columns) AS (query).
type CTE struct {
	Loc
	Name      Ident
	Columns   []Ident
	Query     Query
	Recursive bool
}

// Emit says when a query's results leave it.
type Emit uint8

// The kinds of result materialization.
const (
	// EmitNone: the query ends; a pull query, or whatever the statement defaults to.
	EmitNone Emit = iota
	// EmitChanges: every change, for ever.
	EmitChanges
	// EmitFinal: one row per window, when the window closes.
	EmitFinal
)

// String is the keyword after EMIT, or "".
func (e Emit) String() string {
	switch e {
	case EmitChanges:
		return "CHANGES"
	case EmitFinal:
		return "FINAL"
	}
	return ""
}

// SelectItem is one entry of the select list. Exactly one of the forms holds:
//
//	expr [AS alias]   Expr is set, Star is NoStar
//	*                 Star is AllColumns
//	src.*             Star is AllColumns, Source is set
//	expr->*           Star is AllFields, Expr is the struct
type SelectItem struct {
	Loc
	Expr   Expr
	Alias  Ident // optional
	Star   Star
	Source TableName // optional
}

// Star tells the forms of SelectItem apart.
type Star uint8

// The forms of a select item.
const (
	NoStar Star = iota
	AllColumns
	AllFields
)

// OrderItem is one sort key.
type OrderItem struct {
	Expr  Expr
	Desc  bool
	Nulls NullOrder
}

// NullOrder is where NULLs sort.
type NullOrder uint8

// The places of NULL; the default is PostgreSQL's: last ascending, first descending.
const (
	NullsDefault NullOrder = iota
	NullsFirst
	NullsLast
)

// Table is a named source with its alias.
type Table struct {
	Loc
	Name    TableName
	Alias   Ident   // optional
	Columns []Ident // optional: new names of the first columns
}

// Derived is a subquery in FROM. Lateral ones see the relations to their left.
type Derived struct {
	Loc
	Query   Query
	Alias   Ident
	Columns []Ident
	Lateral bool
}

// TableFunction is a function in FROM: generate_series(1, 3) AS g (n). It sees the
// relations to its left, with LATERAL or without.
type TableFunction struct {
	Loc
	Call *FunctionCall
	// Ordinality is WITH ORDINALITY: one more column, which counts the rows from 1.
	Ordinality bool
	Alias      Ident // that of the function where none was written
	Columns    []Ident
}

// JoinType is the kind of a join.
type JoinType uint8

// The join types.
const (
	InnerJoin JoinType = iota + 1
	LeftJoin
	RightJoin
	FullJoin
	CrossJoin
)

// String is the keyword before JOIN.
func (t JoinType) String() string {
	switch t {
	case LeftJoin:
		return "LEFT"
	case RightJoin:
		return "RIGHT"
	case FullJoin:
		return "FULL OUTER"
	case CrossJoin:
		return "CROSS"
	}
	return "INNER"
}

// Join joins two relations. Joins nest to the left, as written. Pos is the
// right side's.
type Join struct {
	Loc
	Type        JoinType
	Left, Right Relation
	Within      *Within // optional: stream-stream joins
	On          Expr    // nil for CrossJoin, USING and NATURAL
	Using       []Ident
	// Natural joins on the columns of both sides that have one name.
	Natural bool
}

// Within bounds how far apart in time the rows of two streams may be.
type Within struct {
	Loc
	// Before and After bound right minus left; WITHIN n sets both to n.
	Before, After Duration
	// Symmetric says that one size was written, not two.
	Symmetric bool
	Grace     *Duration // optional
}

// WindowType is the shape of windows.
type WindowType uint8

// The window types.
const (
	Tumbling WindowType = iota + 1
	Hopping
	Session
)

// String is the keyword.
func (t WindowType) String() string {
	switch t {
	case Hopping:
		return "HOPPING"
	case Session:
		return "SESSION"
	}
	return "TUMBLING"
}

// Window is the WINDOW clause.
type Window struct {
	Loc
	Type WindowType
	// Name is the optional identifier before the window type, which ksqlDB's grammar
	// accepts and ignores.
	Name Ident
	// Size is the window's size; for Session the gap.
	Size Duration
	// Advance is set for Hopping only.
	Advance   Duration
	Retention *Duration // optional
	Grace     *Duration // optional
}

// Duration is a number of time units, kept as written.
type Duration struct {
	Loc
	N    int64
	Unit Unit
}

// Unit is a unit of time.
type Unit uint8

// The units of windows are Day to Millisecond; functions know the others too.
const (
	Millisecond Unit = iota + 1
	Second
	Minute
	Hour
	Day
	Week
	Month
	Year
)

// String is the plural keyword, ksqlDB's own form.
func (u Unit) String() string {
	return [...]string{"", "MILLISECONDS", "SECONDS", "MINUTES", "HOURS", "DAYS", "WEEKS", "MONTHS", "YEARS"}[u]
}

// Milliseconds is the length of one unit, or 0 for Month and Year, whose length
// depends on the calendar.
func (u Unit) Milliseconds() int64 {
	return [...]int64{0, 1, 1000, 60_000, 3_600_000, 86_400_000, 604_800_000, 0, 0}[u]
}

func (*Select) statement()       {}
func (*SetOp) statement()        {}
func (*Values) statement()       {}
func (*Select) query()           {}
func (*SetOp) query()            {}
func (*Values) query()           {}
func (*Table) relation()         {}
func (*Derived) relation()       {}
func (*Join) relation()          {}
func (*TableFunction) relation() {}
