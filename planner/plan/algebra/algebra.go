// Package algebra is the relational algebra of queries that end: trees of operators over
// columns that have ids. The binder (planner/relational) makes them, rules rewrite them, and
// executor/bounded runs them, once; they are not persisted.
//
// An id names one column of one statement: where a relation stands twice, each copy has ids
// of its own, so no rewrite ever renumbers. Expressions refer to columns by id (the Column
// of an expr.OpColumn); indexes appear when a tree is compiled. A subtree may refer to
// columns that nothing in it makes: those of a row around it, of a correlated subquery or a
// lateral join (Free).
//
//	Scan Values Shared Working       rows from a view or topic, a list, a common table expression
//	Filter Compute Unnest            one row at a time
//	Join Mark Scalar                 rows with those of another input, or with what it says
//	Aggregate Over Distinct Sort     what looks at many rows
//	Limit SetOp
package algebra

import (
	"tailrace/planner/plan"
	"tailrace/sql/expr"
	"tailrace/sql/types"
)

// ID names a column of a statement: an index of Query.Columns.
type ID = int

// Column is what is known of a column.
type Column struct {
	Name string
	Type types.Type
	In   types.Namespace // InKey for the key of a table that it comes from unchanged
}

// Query is a bound query that ends.
type Query struct {
	Statement string
	Columns   []Column // by ID
	Root      Node
	Output    []Result
	// Parameters are the types of $1, $2, ...
	Parameters []types.Type
	// Standard says that the SQL standard's rules hold instead of ksqlDB's.
	Standard bool
}

// Result is a column of a query's result.
type Result struct {
	ID   ID
	Name string
}

// Schema is the result as a schema.
func (q *Query) Schema() types.Schema {
	var s types.Schema
	for _, r := range q.Output {
		c := q.Columns[r.ID]
		s.Columns = append(s.Columns, types.Column{Name: r.Name, Type: c.Type, In: c.In})
	}
	return s
}

// Node is an operator.
type Node interface {
	// Cols are the columns of the rows that it gives.
	Cols() []ID
	// Inputs are the operators below, in the order of its fields.
	Inputs() []Node
	// refs calls f for each column that its own expressions and lists refer to.
	refs(f func(ID))
}

// Scan gives the rows of a stream or table.
type Scan struct {
	Name  string
	Table bool
	// Topic reads the topic: of a stream from its start to its end as of now, of a table
	// when nothing materializes it. Its fields are in the order of IDs. Nil: the view.
	Topic *plan.Source
	IDs   []ID
	Names []string // of the columns in the source; ROWTIME is the time of a row
	Keys  []ID     // of a table: the columns of its key that are among IDs, without the bounds of a window
	// Lookup narrows the rows of a view by key; nil: all. A Filter above holds all the same.
	Lookup *plan.Lookup
	// WindowStart and WindowEnd narrow the windows of a windowed table.
	WindowStart, WindowEnd plan.Bounds
	Pos                    int
}

// Values gives listed rows. One row without columns is a query without FROM.
type Values struct {
	IDs  []ID
	Rows [][]*expr.Expr
}

// Filter keeps the rows for which Predicate is true.
type Filter struct {
	Input     Node
	Predicate *expr.Expr
}

// Compute puts values of expressions behind the columns of its input.
type Compute struct {
	Input Node
	IDs   []ID
	Exprs []*expr.Expr
}

// TableCall is a call of a table function, as of plan.FlatMap; its values are of type Type.
type TableCall struct {
	Name, Overload string
	Args           []*expr.Expr
	Type           types.Type
}

// Unnest gives, for each row of its input, as many rows as the longest result of its calls
// has values; shorter ones go on with NULL.
type Unnest struct {
	Input Node
	Calls []TableCall
	IDs   []ID
	// Ordinality, if not negative, is a column that counts the rows of each input row from 1.
	Ordinality ID
}

// JoinKind is the kind of a Join.
type JoinKind uint8

// The kinds of join.
const (
	Inner JoinKind = iota + 1
	Left
	Right
	Full
)

// String is the keyword.
func (k JoinKind) String() string { return [...]string{"", "Inner", "Left", "Right", "Full"}[k] }

// Join gives the pairs of rows for which On is true (nil: all), and as the kind says the rows
// without a partner, with NULLs. In an Inner or Left join the right side may refer to columns
// of the left one: then it is evaluated for each of its rows.
type Join struct {
	Kind JoinKind
	L, R Node
	On   *expr.Expr
}

// Pair compares a value of the row at hand with one of a row of the subquery.
type Pair struct{ L, R *expr.Expr }

// Mark puts behind each row of its input what a predicate says of the rows of a subquery:
// without Pairs whether there are any (EXISTS); else whether all Pairs compare by Op for any
// row, or with All for each: TRUE, FALSE, or NULL where that is not known.
type Mark struct {
	Input, Sub Node
	ID         ID
	Op         expr.Op // OpEq, ...; of several Pairs OpEq or OpNe, as rows compare
	All        bool
	Pairs      []Pair
}

// Scalar puts behind each row of its input the value of column Col of the only row of a
// subquery, NULL if there is none; more are an error (21000). With Array it is the array of
// the values of all rows.
type Scalar struct {
	Input, Sub Node
	ID, Col    ID
	Array      bool
	Pos        int
}

// Key is a grouping column: a column of the input, and the one of the result.
type Key struct{ In, Out ID }

// Order is a sort key.
type Order struct {
	ID         ID
	Desc       bool
	NullsFirst bool
}

// Call is a call of an aggregate function.
type Call struct {
	ID       ID
	Name     string // as messages write it
	Overload string
	Args     []*expr.Expr
	Initial  []expr.Constant
	Type     types.Type
	Distinct bool
	Filter   *expr.Expr // optional
	Order    []Order    // optional: the order in which rows are taken
}

// Aggregate gives a row for each group of each of Sets, which list indexes of Keys: those
// that are left out are NULL. Without Sets all keys make one set. A set without keys has one
// group even when there are no rows.
type Aggregate struct {
	Input Node
	Keys  []Key
	Sets  [][]int
	// Grouping, if not negative, is a column with a bit for each key, the first key's the
	// highest: set where the key is left out.
	Grouping ID
	Calls    []Call
}

// Frame is which rows a window function sees; offsets are columns of the input, or negative.
type Frame struct {
	Unit       FrameUnit
	Start, End Bound
	Exclude    Exclusion
}

// Over puts the results of window functions over one partitioning and order behind the
// columns of its input.
type Over struct {
	Input     Node
	Partition []ID
	Order     []Order
	Calls     []WindowCall
}

// WindowCall is a window function: Builtin, or an aggregate (Call.Overload).
type WindowCall struct {
	Call
	Builtin bool
	Frame   Frame
}

// Distinct keeps the first row of those that are equal in On.
type Distinct struct {
	Input Node
	On    []ID
}

// Sort orders rows; equal ones stay in the order in which they came.
type Sort struct {
	Input Node
	Order []Order
}

// Limit skips Offset rows and passes Limit ones: BIGINTs without columns, nil for none. With
// Ties it goes on while rows are equal to the last one in these columns.
type Limit struct {
	Input         Node
	Limit, Offset *expr.Expr
	Ties          []ID
}

// SetKind is the kind of a SetOp.
type SetKind uint8

// The set operations.
const (
	Union SetKind = iota + 1
	Intersect
	Except
)

// String is the keyword.
func (k SetKind) String() string { return [...]string{"", "Union", "Intersect", "Except"}[k] }

// SetOp combines two inputs, whose columns LeftIDs and RightIDs correspond and are of one
// type: by rows that are different, or with All by their numbers.
type SetOp struct {
	Kind              SetKind
	All               bool
	L, R              Node
	LeftIDs, RightIDs []ID
	IDs               []ID
}

// CTE is a common table expression, or another subquery that is evaluated once.
type CTE struct {
	Name string
	Body Node
	IDs  []ID // of the body
	// Step, of a recursive one, makes further rows of those that the last round gave, in
	// columns StepIDs, until it gives none that are new (with All: none). It reads them by
	// Working.
	Step    Node
	StepIDs []ID
	All     bool
}

// Shared gives the rows of a CTE in columns of its own.
type Shared struct {
	CTE *CTE
	IDs []ID
}

// Working gives the rows that the last round of a recursive CTE gave.
type Working struct {
	CTE *CTE
	IDs []ID
}
