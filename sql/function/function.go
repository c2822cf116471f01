// Package function is the catalogue of functions: signature, documentation and code of
// each, one file a family in the rooms scalar, aggregate and table.
//
// The rooms register their functions in init; the generated reference page and SHOW
// FUNCTIONS are printed from here, so what is documented is what exists.
package function

import (
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// Kernel computes a function for n rows of argument columns and appends n values to out.
// Argument columns of constant arguments have N = n all the same. A row that fails calls
// ctx.Fail(i, err) and appends NULL: one bad row never fails a batch. An error returned
// is a bug or a broken machine.
type Kernel func(ctx *Context, args []*vector.Vector, n int, out *vector.Vector) error

// Context is what a kernel may ask of its surroundings. It belongs to one task.
type Context struct {
	// Fail notes that row i failed; its result is NULL. Nil: ignore.
	Fail func(row int, err error)
	// NowMillis is the wall clock, for UNIX_TIMESTAMP() and UNIX_DATE().
	NowMillis func() int64
	// Random is a source of random bits, for RANDOM() and UUID().
	Random func() uint64
	// Lambdas holds the compiled lambda arguments by argument position, nil elsewhere.
	Lambdas []Lambda
	// Row is the row being evaluated, for lambdas that refer to columns.
	Row int
	// Account bounds what is made; nil: each value by itself.
	Account *Account
}

// NewContext is the context of an evaluation outside of a task: every place that computes a
// value gives functions a clock and a source of chance.
func NewContext(nowMillis func() int64, random func() uint64) *Context {
	if nowMillis == nil || random == nil {
		panic("function: a context without clock or chance")
	}
	return &Context{NowMillis: nowMillis, Random: random, Account: &Account{}}
}

// Lambda is a compiled lambda argument: it applies the body to one value a parameter, in
// the row ctx.Row of the surrounding batch.
type Lambda func(args ...types.Value) (types.Value, error)

// Signature describes one overload. Params and the result are written in the notation of
// types, with single upper-case letters as type variables ("ARRAY<T>"), "DECIMAL" without
// parameters for any decimal, "ANY" for any type, "UNIT" for a bare time unit (the kernel
// sees its name as a STRING), and "LAMBDA(T, U) -> R" for a lambda (the kernel sees a nil
// vector and Context.Lambdas). A parameter may end in a name: "STRING pattern".
type Signature struct {
	Params   []string
	Variadic bool // the last parameter repeats, zero or more times
	Result   string
	// ResultType overrides Result when the type depends on more than type variables, as
	// the scale of a decimal does.
	ResultType func(args []types.Type) (types.Type, error)
	// NullIn says that a NULL argument makes the result NULL without a call.
	NullIn bool
	// Volatile functions are not folded: their result differs from call to call.
	Volatile bool
	// Compile makes the kernel for concrete argument types.
	Compile func(args []types.Type, result types.Type) (Kernel, error)
	Doc     string
}

// Scalar is a scalar function: a name and its overloads.
type Scalar struct {
	Name      string // upper case
	Text      string // the name as ksqlDB spells it in messages; empty: lower case of Name
	Category  string // as in the reference page: STRING, MATHEMATICAL, DATE / TIME, ...
	Doc       string
	Overloads []Signature
}

// Aggregate is an aggregate function.
type Aggregate struct {
	Name      string // upper case
	Text      string // the name as ksqlDB spells it in messages; empty: Name
	Doc       string
	Overloads []AggregateSignature
}

// AggregateSignature is one overload of an aggregate function. Initial arguments are the
// trailing constant ones (as k of TOPK(x, k)): they are bound at plan time.
type AggregateSignature struct {
	Params     []string // columns, in the notation of Signature.Params
	Initial    []string // trailing literal arguments
	Variadic   bool     // the last of Params repeats, zero or more times
	Result     string
	ResultType func(args []types.Type, initial []types.Value) (types.Type, error)
	// Undo says that the function can take a row back, so it may aggregate tables.
	Undo bool
	// NestedState says that ksqlDB keeps the state as an array, map or struct: it refuses
	// the function where the source's value format has no nested types.
	NestedState bool
	// New makes an accumulator for concrete types.
	New func(args []types.Type, initial []types.Value, result types.Type, limits Limits) (Accumulator, error)
	Doc string
}

// Limits bound what an accumulator may hold (ksql.functions.collect_list.limit, ...); a
// property name maps to its value, absent ones have the function's default.
type Limits map[string]int

// Accumulator is the state of one aggregate call for all groups of a task. Groups are
// numbered by dense slots, which the operator gives out and takes back; fixed-size states
// are columns of numbers, so that the garbage collector does not see groups.
type Accumulator interface {
	// Resize makes slots [0,n) exist; new ones hold the initial state.
	Resize(n int)
	// Clear puts a slot back into the initial state.
	Clear(slot int32)
	// Add folds row rows[i] of args into slots[i], for all i in order. A nil rows means
	// row i. The same slot may stand there many times.
	Add(slots []int32, rows []int32, args []*vector.Vector) error
	// Undo takes rows back; only called when the signature has Undo.
	Undo(slots []int32, rows []int32, args []*vector.Vector) error
	// Merge folds the state of slot from into slot into (session windows).
	Merge(into, from int32) error
	// Result appends the results of slots to out.
	Result(slots []int32, out *vector.Vector) error
	// Encode appends the state of a slot; Decode sets a slot from the front of src and
	// returns the rest. The bytes outlive versions of the program.
	Encode(slot int32, dst []byte) []byte
	Decode(slot int32, src []byte) (rest []byte, err error)
	// Bytes estimates the memory held, for budgets.
	Bytes() int
}

// Table is a table function: one row becomes many.
type Table struct {
	Name      string // upper case
	Text      string // the name as ksqlDB spells it in messages; empty: lower case of Name
	Doc       string
	Overloads []TableSignature
}

// TableSignature is one overload of a table function.
type TableSignature struct {
	Params     []string
	Result     string // the type of one result
	ResultType func(args []types.Type) (types.Type, error)
	// Expand returns the values of one row, none for NULL.
	Expand func(args []types.Value) ([]types.Value, error)
	Doc    string
}
