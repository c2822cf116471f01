package ast

// Null is the literal NULL.
type Null struct{ Loc }

// Bool is TRUE or FALSE.
type Bool struct {
	Loc
	Value bool
}

// Int is an integer literal. One that fits 32 bits is an INT, one that fits 64 a
// BIGINT; a longer one is a Decimal.
type Int struct {
	Loc
	Value int64
}

// Decimal is a literal with a point and no exponent, or an integer beyond 64 bits.
type Decimal struct {
	Loc
	// Text is the literal as written: its digits decide precision and scale.
	Text string
}

// Double is a literal with an exponent.
type Double struct {
	Loc
	Value float64
}

// String is a string literal.
type String struct {
	Loc
	Value string
}

// Literal says that an expression is a constant as it is written.
func Literal(e Expr) bool {
	switch e.(type) {
	case *Null, *Bool, *Int, *Decimal, *Double, *String:
		return true
	}
	return false
}

// Param is $n of a prepared statement.
type Param struct {
	Loc
	Number int // from 1
}

// ColumnRef names a column, or a lambda's parameter: the binder knows which.
type ColumnRef struct {
	Loc
	Schema    Ident // optional, Postgres clients only
	Qualifier Ident // optional: a source or its alias
	Name      Ident
}

// UnaryOp is a prefix operator.
type UnaryOp uint8

// The prefix operators.
const (
	Neg UnaryOp = iota + 1
	Plus
)

// String is the operator.
func (o UnaryOp) String() string {
	if o == Plus {
		return "+"
	}
	return "-"
}

// Unary is -x or +x. A minus in front of a numeric literal is part of the literal.
type Unary struct {
	Loc
	Op UnaryOp
	X  Expr
}

// BinaryOp is an infix operator.
type BinaryOp uint8

// The infix operators.
const (
	Add BinaryOp = iota + 1
	Sub
	Mul
	Div
	Mod
	Concat
	Eq
	Ne
	Lt
	Le
	Gt
	Ge
	IsDistinct
	IsNotDistinct
	And
	Or
	// PostgreSQL's other operators, which share one precedence: that of ||.
	Match        // ~
	MatchFold    // ~*
	NotMatch     // !~
	NotMatchFold // !~*
	JSONGet      // -> with a text or number, as 'k'
	JSONText     // ->>
	JSONPath     // #>
	JSONPathText // #>>
	Contains     // @>
	ContainedBy  // <@
	Overlap      // &&
	HasKey       // ?
	Power        // ^, which binds more tightly than *
)

var binaryText = [...]string{"", "+", "-", "*", "/", "%", "||", "=", "<>", "<", "<=", ">", ">=",
	"IS DISTINCT FROM", "IS NOT DISTINCT FROM", "AND", "OR", "~", "~*", "!~", "!~*", "->", "->>", "#>", "#>>", "@>", "<@", "&&", "?", "^"}

// String is the operator as ksqlDB writes it.
func (o BinaryOp) String() string { return binaryText[o] }

// Comparison says that o compares its operands: = <> < <= > >= and both forms of
// IS DISTINCT FROM.
func (o BinaryOp) Comparison() bool { return o >= Eq && o <= IsNotDistinct }

// Arithmetic says that o is one of + - * / %.
func (o BinaryOp) Arithmetic() bool { return o >= Add && o <= Mod }

// Logical says that o is AND or OR.
func (o BinaryOp) Logical() bool { return o == And || o == Or }

// Binary is an infix operation; Pos is the operator's.
type Binary struct {
	Loc
	Op   BinaryOp
	L, R Expr
}

// Not is NOT x.
type Not struct {
	Loc
	X Expr
}

// IsNull is x IS [NOT] NULL.
type IsNull struct {
	Loc
	X   Expr
	Not bool
}

// IsBool is x IS [NOT] TRUE or FALSE.
type IsBool struct {
	Loc
	X     Expr
	Value bool
	Not   bool
}

// Between is x [NOT] BETWEEN low AND high, both ends included.
type Between struct {
	Loc
	X, Low, High Expr
	Not          bool
}

// In is x [NOT] IN (list) or x [NOT] IN (query).
type In struct {
	Loc
	X     Expr
	List  []Expr
	Query Query // nil when List is used
	Not   bool
}

// Quantified is x op ANY (array) or x op ALL (array), or the same of a query; SOME is ANY. Op
// is a comparison.
type Quantified struct {
	Loc
	X     Expr
	Op    BinaryOp
	All   bool
	Array Expr  // nil when Query is used
	Query Query // optional
}

// Like is x [NOT] LIKE pattern [ESCAPE 'c'].
type Like struct {
	Loc
	X, Pattern Expr
	// Escape is the escape character, or "" when none was given.
	Escape string
	Not    bool
	// Fold is ILIKE: case does not count.
	Fold bool
}

// When is one branch of a Case.
type When struct {
	Cond, Result Expr
}

// Case is both forms: with Operand the branches are compared with it, without it
// they are conditions.
type Case struct {
	Loc
	Operand Expr // optional
	Whens   []When
	Else    Expr // optional
}

// Cast is CAST(x AS type), x::type, or a typed literal as DATE '2024-01-31'.
type Cast struct {
	Loc
	X    Expr
	Type *TypeName
}

// FunctionCall is any name(...) that is not a constructor.
type FunctionCall struct {
	Loc
	Schema Ident // optional, Postgres clients only
	Name   Ident
	// Args may hold Lambdas and an IntervalUnit; empty for f(*).
	Args []Expr
	// Star is f(*).
	Star bool
	// Distinct is f(DISTINCT args).
	Distinct bool
	// OrderBy is the order in which an aggregate takes its rows: f(x ORDER BY y), or with
	// Within f(p) WITHIN GROUP (ORDER BY y).
	OrderBy []OrderItem
	Within  bool
	Filter  Expr  // optional: FILTER (WHERE ...)
	Over    *Over // optional: a window function
}

// Over is OVER name, OVER (...), or what WINDOW name AS (...) defines.
type Over struct {
	Loc
	// Name is that of a window which this one refines, or with Named is.
	Name        Ident
	Named       bool // OVER name, without parentheses
	PartitionBy []Expr
	OrderBy     []OrderItem
	Frame       *Frame // optional
}

// Frame is which rows of its partition a window function sees.
type Frame struct {
	Unit       FrameUnit
	Start, End Bound
	Exclude    FrameExclusion
}

// FrameUnit says what the offsets of a frame count.
type FrameUnit uint8

// The units of a frame.
const (
	Rows FrameUnit = iota + 1
	RangeUnit
	Groups
)

// Bound is one end of a frame.
type Bound struct {
	Kind   BoundKind
	Offset Expr // of Preceding and Following
}

// BoundKind is the kind of a Bound, in the order in which they may follow each other.
type BoundKind uint8

// The kinds of bounds.
const (
	UnboundedPreceding BoundKind = iota + 1
	Preceding
	CurrentRow
	Following
	UnboundedFollowing
)

// FrameExclusion is EXCLUDE ... of a frame.
type FrameExclusion uint8

// What a frame leaves out.
const (
	ExcludeNothing FrameExclusion = iota // EXCLUDE NO OTHERS
	ExcludeCurrent
	ExcludeGroup
	ExcludeTies
)

// GroupingSets is an entry of GROUP BY: ROLLUP (...), CUBE (...) or GROUPING SETS (...). Each
// of Sets is a list of expressions; in GROUPING SETS one may hold another GroupingSets alone.
type GroupingSets struct {
	Loc
	Kind GroupingKind
	Sets [][]Expr
}

// GroupingKind tells the forms of GroupingSets apart.
type GroupingKind uint8

// The forms.
const (
	Rollup GroupingKind = iota + 1
	Cube
	SetsOf // GROUPING SETS
)

// Row is a row of values: (a, b) or ROW(a, b).
type Row struct {
	Loc
	Items []Expr
}

// ArrayQuery is ARRAY(query): the only column of its rows, in their order.
type ArrayQuery struct {
	Loc
	Query Query
}

// Slice is part of an array: x[low:high]; nil bounds are those of the array.
type Slice struct {
	Loc
	X, Low, High Expr
}

// Collate is x COLLATE name; there is one collation, by bytes.
type Collate struct {
	Loc
	X    Expr
	Name TableName
}

// AtTimeZone is x AT TIME ZONE zone.
type AtTimeZone struct {
	Loc
	X, Zone Expr
}

// Interval is INTERVAL '1 day', with the fields behind it: INTERVAL '1' DAY, '1:2' HOUR TO
// MINUTE. Both units are 0 where none is written.
type Interval struct {
	Loc
	Text     string
	From, To Unit
}

// Deref is the field of a struct: x->name.
type Deref struct {
	Loc
	X     Expr
	Field Ident
}

// Subscript is the element of an array (1-based, negative from the end) or map.
type Subscript struct {
	Loc
	X, Index Expr
}

// ArrayLit is ARRAY[...].
type ArrayLit struct {
	Loc
	Elems []Expr
}

// MapEntry is one k := v.
type MapEntry struct{ Key, Value Expr }

// MapLit is MAP(k := v, ...).
type MapLit struct {
	Loc
	Entries []MapEntry
}

// FieldValue is one name := v.
type FieldValue struct {
	Name  Ident
	Value Expr
}

// StructLit is STRUCT(name := v, ...).
type StructLit struct {
	Loc
	Fields []FieldValue
}

// Lambda is x => body or (x, y) => body. Inside body its parameters appear as
// unqualified ColumnRefs.
type Lambda struct {
	Loc
	Params []Ident
	Body   Expr
}

// IntervalUnit is a bare unit of time as an argument: DATEADD(DAYS, 1, d).
type IntervalUnit struct {
	Loc
	Unit Unit
}

// Subquery is a query in parentheses, used as a value.
type Subquery struct {
	Loc
	Query Query
}

// Exists is EXISTS (query).
type Exists struct {
	Loc
	Query Query
}

func (*Null) expr()         {}
func (*Bool) expr()         {}
func (*Int) expr()          {}
func (*Decimal) expr()      {}
func (*Double) expr()       {}
func (*String) expr()       {}
func (*Param) expr()        {}
func (*Quantified) expr()   {}
func (*ColumnRef) expr()    {}
func (*Unary) expr()        {}
func (*Binary) expr()       {}
func (*Not) expr()          {}
func (*IsNull) expr()       {}
func (*IsBool) expr()       {}
func (*Between) expr()      {}
func (*In) expr()           {}
func (*Like) expr()         {}
func (*Case) expr()         {}
func (*Cast) expr()         {}
func (*FunctionCall) expr() {}
func (*Deref) expr()        {}
func (*Subscript) expr()    {}
func (*ArrayLit) expr()     {}
func (*MapLit) expr()       {}
func (*StructLit) expr()    {}
func (*Lambda) expr()       {}
func (*IntervalUnit) expr() {}
func (*Subquery) expr()     {}
func (*Exists) expr()       {}
func (*GroupingSets) expr() {}
func (*Row) expr()          {}
func (*ArrayQuery) expr()   {}
func (*Slice) expr()        {}
func (*Collate) expr()      {}
func (*AtTimeZone) expr()   {}
func (*Interval) expr()     {}
