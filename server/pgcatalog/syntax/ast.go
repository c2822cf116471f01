// Package syntax reads the part of PostgreSQL's SELECT that tools write when they ask
// about the catalog: psql's backslash commands, drivers at start-up, object browsers.
//
//	text -> Lex (tokens with positions) -> Parse (a Query of the nodes in this file)
//
// It knows no names of tables or functions: that is for the binder in package pgcatalog.
// Names arrive folded as PostgreSQL folds them, to lower case unless they are quoted.
// Positions count characters from 1.
package syntax

// Query is a SELECT with what may stand around it.
type Query struct {
	With []CTE
	// Recursive: a query of With may read its own result.
	Recursive bool
	Body      Body
	OrderBy   []Order
	Limit     Expr // nil: all
	Offset    Expr
}

// CTE is one query of WITH.
type CTE struct {
	Name    string
	Columns []string
	Query   *Query
}

// Body is *Select, *SetOp, *Values or *Query (in parentheses).
type Body interface{ body() }

// SetOp is UNION, INTERSECT or EXCEPT.
type SetOp struct {
	Op          string // union, intersect, except
	All         bool
	Left, Right Body
}

// Select is one SELECT.
type Select struct {
	Distinct   bool
	DistinctOn []Expr
	Items      []Item
	From       []Table // joined by commas
	Where      Expr
	GroupBy    []Expr
	Having     Expr
}

// Values is VALUES (...), (...).
type Values struct{ Rows [][]Expr }

func (*SetOp) body()  {}
func (*Select) body() {}
func (*Values) body() {}
func (*Query) body()  {}

// Item is a column of a select list.
type Item struct {
	Expr  Expr
	Alias string
}

// Order is a key of ORDER BY.
type Order struct {
	Expr Expr
	Desc bool
	// NullsFirst is settled: PostgreSQL's default is NULLs last, first with DESC.
	NullsFirst bool
}

// Table is *TableName, *Join, *SubqueryTable or *FunctionTable.
type Table interface{ table() }

// TableName is a table by name.
type TableName struct {
	Schema, Name string
	Alias        string
	Columns      []string
	Position     int
}

// SubqueryTable is a query in FROM.
type SubqueryTable struct {
	Query   *Query
	Alias   string
	Columns []string
	Lateral bool
}

// FunctionTable is a function call in FROM; it may refer to tables before it.
type FunctionTable struct {
	Call       *Call
	Alias      string
	Columns    []string
	Ordinality bool
}

// Join is a join of two tables.
type Join struct {
	Kind        string // inner, left, right, full, cross
	Left, Right Table
	On          Expr
	Using       []string
	Natural     bool
	Position    int
}

func (*TableName) table()     {}
func (*SubqueryTable) table() {}
func (*FunctionTable) table() {}
func (*Join) table()          {}

// Expr is an expression; Pos is where it begins.
type Expr interface{ Pos() int }

// At is the position of a node.
type At int

// Pos is the position, in characters from 1.
func (a At) Pos() int { return int(a) }

// LiteralKind says what a Literal is.
type LiteralKind uint8

// The kinds of literals. A String has no type of its own until its context gives it one.
const (
	Null LiteralKind = iota
	String
	Number
	True
	False
)

// Literal is a constant.
type Literal struct {
	At
	Kind LiteralKind
	Text string
}

// Name is a column, with or without its table: a, t.a, s.t.a.
type Name struct {
	At
	Parts []string
}

// Star is * or t.*.
type Star struct {
	At
	Table []string
}

// Param is $n.
type Param struct {
	At
	N int
}

// Unary is - + or NOT.
type Unary struct {
	At
	Op string
	X  Expr
}

// Binary is an operator with two operands, among them and, or.
type Binary struct {
	At
	Op   string
	L, R Expr
}

// Is is X IS [NOT] NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM Y.
type Is struct {
	At
	X, Y Expr
	What string // null, true, false, unknown, distinct
	Not  bool
}

// Like is LIKE and ILIKE.
type Like struct {
	At
	X, Pattern Expr
	Escape     Expr
	Fold, Not  bool
}

// Between is X BETWEEN Low AND High.
type Between struct {
	At
	X, Low, High Expr
	Not          bool
}

// In is X IN (list) or X IN (query).
type In struct {
	At
	X     Expr
	List  []Expr
	Query *Query
	Not   bool
}

// Quantified is X op ANY or ALL over an array or a query.
type Quantified struct {
	At
	X     Expr
	Op    string
	All   bool
	Array Expr
	Query *Query
}

// Call is a function call. Keywords that stand for one (CURRENT_USER) are calls too.
type Call struct {
	At
	Schema, Name string
	Args         []Expr
	Star         bool
	Distinct     bool
	OrderBy      []Order
	Filter       Expr
	Over         *Window
}

// Window is OVER (PARTITION BY ... ORDER BY ...).
type Window struct {
	Partition []Expr
	OrderBy   []Order
}

// TypeName is a type as written, without its modifiers.
type TypeName struct {
	Schema, Name string
	Array        bool
}

// Cast is X::type and CAST(X AS type).
type Cast struct {
	At
	X    Expr
	Type TypeName
}

// Case is both forms of CASE; Operand is nil in the searched one.
type Case struct {
	At
	Operand Expr
	Whens   []When
	Else    Expr
}

// When is a branch of CASE.
type When struct{ If, Then Expr }

// SubqueryKind says what a Subquery makes of its rows.
type SubqueryKind uint8

// Scalar is the value of the one row, Exists whether there is a row, Array all values.
const (
	Scalar SubqueryKind = iota
	Exists
	Array
)

// Subquery is a query in an expression.
type Subquery struct {
	At
	Kind  SubqueryKind
	Query *Query
}

// List is ARRAY[...] or a row: (a, b) and ROW(a, b).
type List struct {
	At
	Array bool
	Items []Expr
}

// Index is X[I] or X[I:J].
type Index struct {
	At
	X, I, J Expr
	Slice   bool
}

// Field is (X).name, or (X).* with name "*".
type Field struct {
	At
	X    Expr
	Name string
}
