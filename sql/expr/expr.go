// Package expr is the expression of a plan: bound, typed, serialisable, and compiled into
// functions over columns.
//
//	ast.Expr --Bind--> *Expr --Compile--> Program --Eval--> vector.Vector
//
// Bind resolves names and functions, inserts the casts, and reports what a user can get
// wrong, with a position. An Expr is pure data: it refers to columns by index and to
// functions by name and is what plans persist, so the meaning of an Op never changes; a
// new meaning is a new Op. Compile runs once a query; Eval allocates nothing per row.
package expr

import "tailrace/sql/types"

// Op says what an Expr does with its Args.
type Op string

// The operations. "Args" are in order; a trailing ... repeats.
const (
	OpColumn  Op = "column"  // no args; Column is the index of the input column, Name its name
	OpLiteral Op = "literal" // no args; Value
	OpParam   Op = "param"   // no args; Column is the number of the statement's parameter, from 1

	OpAdd    Op = "+" // two args of Type; DECIMAL operands keep their own scales
	OpSub    Op = "-"
	OpMul    Op = "*"
	OpDiv    Op = "/"
	OpMod    Op = "%"
	OpNeg    Op = "neg"
	OpConcat Op = "||" // a NULL operand counts as empty; with Standard set it makes NULL

	// Comparisons take two args of one comparable type. In the ksqlDB dialect a NULL
	// operand makes them FALSE; with Standard set it makes them NULL.
	OpEq          Op = "="
	OpNe          Op = "<>"
	OpLt          Op = "<"
	OpLe          Op = "<="
	OpGt          Op = ">"
	OpGe          Op = ">="
	OpDistinct    Op = "is distinct from"
	OpNotDistinct Op = "is not distinct from"

	OpAnd     Op = "and"
	OpOr      Op = "or"
	OpNot     Op = "not"
	OpIsNull  Op = "is null"
	OpNotNull Op = "is not null"
	OpLike    Op = "like" // text, pattern [, escape]
	OpIn      Op = "in"   // needle, candidates...

	OpCase Op = "case" // condition, result, ... [, else]; simple CASE is bound to this form
	OpCast Op = "cast" // one arg, to Type
	OpCall Op = "call" // scalar function Name over Args; Overload picks the signature

	OpField  Op = "field" // STRUCT; Column is the index of the field, Name its name
	OpItem   Op = "item"  // ARRAY and 1-based index (negative from the end; with Standard set, to nothing), or MAP and key
	OpArray  Op = "array" // elements...
	OpMap    Op = "map"   // key, value, ...
	OpStruct Op = "struct"

	// A lambda is an argument of a call: Params are its parameters, its arg is the body,
	// in which OpVar with Column = depth*8+position refers to a parameter (depth counts
	// enclosing lambdas from the outermost).
	OpLambda Op = "lambda"
	OpVar    Op = "var"
)

// FoldCase is the Name of an OpLike for which case does not count.
const FoldCase = "ILIKE"

// Expr is one node of a typed expression tree. Which fields count depends on Op. Trees
// are immutable once bound and may share nodes.
type Expr struct {
	Op       Op
	Type     types.Type
	Args     []*Expr   `json:",omitempty"`
	Column   int       `json:",omitempty"`
	Name     string    `json:",omitempty"`
	Overload string    `json:",omitempty"` // OpCall: canonical signature, as package function prints it
	Params   []string  `json:",omitempty"`
	Value    *Constant `json:",omitempty"`
	// Standard says that the operation follows the SQL standard instead of ksqlDB:
	// comparisons have three values, integers that overflow and doubles divided by zero
	// fail, decimals and casts round, casts that lose something fail.
	Standard bool `json:",omitempty"`
	Pos      int  `json:"-"` // 1-based rune offset in the statement, for errors at bind time
}

// Constant is the value of a literal; its JSON is exact for every type.
type Constant struct {
	V    types.Value
	Type types.Type
}
