package expr

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"tailrace/sql/ast"
	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// Column is a column that a reference may mean.
type Column struct {
	Qualifier string // the source or its alias; may be empty
	Name      string
	Type      types.Type
	Index     int // in the input of the expression
	// Display is how messages write it where that differs from Name, as I1_ID in joins.
	Display string
}

// Scope resolves the columns of an expression.
type Scope interface {
	// Lookup returns what a reference may mean: one column, none, or several when it is
	// ambiguous. The qualifier is empty where the user wrote none.
	Lookup(qualifier, name string) []Column
	// All lists the columns in scope, for hints.
	All() []Column
}

// NoColumns is the Scope of no columns at all, as in VALUES.
var NoColumns Scope = ColumnScope(nil)

// ColumnScope is a Scope that is a plain list.
type ColumnScope []Column

// Lookup returns the columns of that name, and qualifier if there is one.
func (s ColumnScope) Lookup(qualifier, name string) []Column {
	var out []Column
	for _, c := range s {
		if c.Name == name && (qualifier == "" || c.Qualifier == qualifier) {
			out = append(out, c)
		}
	}
	return out
}

// All returns the list.
func (s ColumnScope) All() []Column { return s }

// SchemaScope is the scope of one source's columns, numbered in order.
func SchemaScope(qualifier string, s types.Schema) ColumnScope {
	out := make(ColumnScope, len(s.Columns))
	for i, c := range s.Columns {
		out[i] = Column{Qualifier: qualifier, Name: c.Name, Type: c.Type, Index: i}
	}
	return out
}

// Options say how to bind.
type Options struct {
	// Standard binds by the SQL standard and PostgreSQL instead of ksqlDB.
	Standard bool
	// Numeric lets results whose digits PostgreSQL decides value by value (quotients, averages,
	// roots) be NUMERIC. No column stores one: statements that make a stream, a table or a view
	// leave it unset, and such results have the one scale of their type there.
	Numeric bool
	// Clause is where the expression stands, as ksqlDB's messages call it: SELECT, WHERE,
	// HAVING, GROUP BY, PARTITION BY, JOIN ON. Empty: none in particular.
	Clause string
	// Params are the types of the statement's parameters; nil: there are none.
	Params *Params
	// Type resolves custom types; nil: there are none.
	Type func(*ast.TypeName) (types.Type, error)
	// Hook sees every node before Bind does, from the top down. What it returns stands in
	// the node's place; nil and no error lets Bind go on. The planner catches aggregates,
	// grouped expressions and subqueries with it. bind binds a part of the node in the
	// scope at hand.
	Hook func(e ast.Expr, bind func(ast.Expr) (*Expr, error)) (*Expr, error)
	// Unknown is the error for a column that the scope does not have; nil: UnknownColumn.
	Unknown func(*ast.ColumnRef) error
	// NoFold leaves constant expressions as they are.
	NoFold bool
	// Show writes a node in messages where that differs from ast.Format: the planner
	// qualifies columns that the user did not. Nil: as it is.
	Show func(ast.Expr) string
}

// Params are the types of a statement's parameters $1, $2, ... One of type NULL is not
// known yet: binding gives it the type that its place asks for.
type Params struct {
	Types []types.Type
	// Values, of these types, are bound as literals; nil: they are not known yet.
	Values []types.Value
	open   int // places of parameters that have no type
}

// SettleParams binds a statement whose client has declared types for some of its parameters,
// NULL for the others. A parameter has the type that its place in the statement asks for;
// where no place does, what was declared; where nothing was, it is text, as in PostgreSQL. A
// declared type holds, too, where what the place asks for cannot take all of its values: in
// $1 + 1 a DOUBLE stays one.
func SettleParams[T any](declared []types.Type, bind func(*Params) (T, error)) (T, *Params, error) {
	p := &Params{Types: make([]types.Type, len(declared))}
	for i := range p.Types {
		p.Types[i] = types.NullType
	}
	out, err := bind(p)
	again := err != nil && len(declared) > 0 || p.open > 0
	chosen := slices.Clone(p.Types)
	for i, d := range declared {
		switch t := &p.Types[i]; {
		case d.Kind != types.Null && (t.Kind == types.Null || !takes(*t, d)):
			*t, again = d, true
		case t.Kind == types.Null:
			*t, again = types.StringType, true
		}
	}
	if !again {
		return out, p, err
	}
	settled := p.Types
	second, failed := bind(p)
	if failed == nil {
		return second, p, nil
	}
	// What was declared does not fit: the statement has its way, and values are converted.
	for i := range chosen {
		if chosen[i].Kind == types.Null {
			chosen[i] = settled[i]
		}
	}
	p = &Params{Types: chosen}
	if third, last := bind(p); last == nil {
		return third, p, nil
	}
	return out, p, failed
}

// takes reports whether every value of type from can stand for one of type to.
func takes(to, from types.Type) bool {
	number := func(t types.Type) int {
		return slices.Index([]types.Kind{types.Int, types.Bigint, types.Decimal, types.Double}, t.Kind)
	}
	switch {
	case to.Kind == from.Kind, from.Kind == types.String, to.Kind == types.String:
		return true // text is read as what it is to be
	case number(to) >= 0 && number(from) >= 0:
		return number(to) >= number(from)
	}
	return to.Kind == types.Timestamp && from.Kind == types.Date
}

// maxBindDepth bounds the nesting of expressions.
const maxBindDepth = 5000

// Bind resolves names and functions, checks types and inserts casts. Errors are *sqlerr.Error
// with a position.
func Bind(e ast.Expr, scope Scope, opts Options) (*Expr, error) {
	b := &binder{scope: scope, opts: opts}
	out, err := b.bind(e)
	if err != nil {
		return nil, b.inClause(e, err)
	}
	if !opts.NoFold {
		out = Fold(out)
	}
	return out, nil
}

// BindPredicate binds a condition, as that of WHERE: it must be BOOLEAN.
func BindPredicate(e ast.Expr, scope Scope, opts Options) (*Expr, error) {
	b := &binder{scope: scope, opts: opts}
	out, err := b.bind(e)
	if err == nil {
		out, err = b.boolean(e, out)
	}
	if err != nil {
		return nil, b.inClause(e, err)
	}
	if !opts.NoFold {
		out = Fold(out)
	}
	return out, nil
}

// boolean requires a condition.
func (b *binder) boolean(e ast.Expr, x *Expr) (*Expr, error) {
	switch {
	case x.Type.Kind == types.Boolean:
		return x, nil
	case x.Op == OpParam && x.Type.Kind == types.Null, IsNullLiteral(x) && b.opts.Standard:
		return b.typed(x, types.BooleanType), nil
	}
	return nil, sqlerr.New(sqlerr.DatatypeMismatch, "Type error in %s expression: Should evaluate to boolean but is %s (%s) instead.",
		b.clause(), b.show(e), x.Type).At(e.Pos())
}

type binder struct {
	scope Scope
	opts  Options
	depth int
	// lambdas are the parameters in scope, outermost lambda first.
	lambdas [][]lambdaParam
}

type lambdaParam struct {
	name string
	t    types.Type
}

func (b *binder) clause() string {
	if b.opts.Clause == "" {
		return "SELECT"
	}
	return b.opts.Clause
}

// typeError marks the faults that ksqlDB finds when it types a predicate, before it
// compiles it: its messages name the phase.
type typeError struct{ err *sqlerr.Error }

func (e typeError) Error() string { return e.err.Error() }
func (e typeError) Unwrap() error { return e.err }

// codeError marks the faults that ksqlDB finds when it compiles.
type codeError struct{ err *sqlerr.Error }

func (e codeError) Error() string { return e.err.Error() }
func (e codeError) Unwrap() error { return e.err }

// inClause puts ksqlDB's prefix in front of a message and gives it a position.
func (b *binder) inClause(e ast.Expr, err error) error {
	var te typeError
	var ce codeError
	predicate := b.opts.Clause == "WHERE" || b.opts.Clause == "HAVING"
	switch {
	case errors.As(err, &te):
		if predicate {
			te.err.Message = "Error in " + b.opts.Clause + " expression: " + te.err.Message
		}
		return te.err.At(e.Pos())
	case errors.As(err, &ce):
		switch {
		case predicate:
			ce.err.Message = "Invalid Predicate: " + ce.err.Message
		case b.opts.Clause == "SELECT":
			ce.err.Message = "Invalid Select: " + ce.err.Message
		}
		return ce.err.At(e.Pos())
	}
	if known, ok := sqlerr.As(err); ok {
		known.At(e.Pos())
	}
	return err
}

// bind dispatches on the node.
func (b *binder) bind(e ast.Expr) (*Expr, error) {
	if b.depth++; b.depth > maxBindDepth {
		return nil, sqlerr.New(sqlerr.StatementTooComplex, "the expression nests deeper than %d", maxBindDepth).At(e.Pos())
	}
	defer func() { b.depth-- }()
	if b.opts.Hook != nil {
		if out, err := b.opts.Hook(e, b.bind); out != nil || err != nil {
			return out, err
		}
	}
	out, err := b.node(e)
	if err != nil {
		if known, ok := sqlerr.As(err); ok {
			known.At(e.Pos())
		}
		return nil, err
	}
	if out.Pos == 0 {
		out.Pos = e.Pos()
	}
	return out, nil
}

func (b *binder) node(e ast.Expr) (*Expr, error) {
	switch e := e.(type) {
	case *ast.Double:
		if d, err := types.ParseDec(strconv.FormatFloat(e.Value, 'f', -1, 64)); err == nil && b.opts.Numeric {
			return Lit(types.NumericType, d), nil // a number with an exponent is exact in PostgreSQL
		}
		return literal(e, b.opts.Standard)
	case *ast.Null, *ast.Bool, *ast.Int, *ast.Decimal, *ast.String:
		return literal(e, b.opts.Standard)
	case *ast.Param:
		return b.param(e)
	case *ast.ColumnRef:
		return b.column(e)
	case *ast.Unary:
		return b.unary(e)
	case *ast.Binary:
		return b.binary(e)
	case *ast.Not:
		return b.not(e)
	case *ast.IsNull:
		x, err := b.bind(e.X)
		if err != nil {
			return nil, err
		}
		return &Expr{Op: pick(e.Not, OpNotNull, OpIsNull), Type: types.BooleanType, Args: []*Expr{x}}, nil
	case *ast.IsBool:
		return b.isBool(e)
	case *ast.Between:
		return b.between(e)
	case *ast.In:
		return b.in(e)
	case *ast.Quantified:
		return b.quantified(e)
	case *ast.Like:
		return b.like(e)
	case *ast.Case:
		return b.cases(e)
	case *ast.Cast:
		return b.cast(e)
	case *ast.FunctionCall:
		return b.call(e)
	}
	if out, err := b.standardNode(e); out != nil || err != nil {
		return out, err
	}
	return b.nested(e)
}

func pick[T any](cond bool, yes, no T) T {
	if cond {
		return yes
	}
	return no
}

// show writes a node as ksqlDB's messages do.
func (b *binder) show(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.ColumnRef:
		if found := b.scope.Lookup(e.Qualifier.Name, e.Name.Name); len(found) == 1 && found[0].Display != "" {
			return found[0].Display
		}
		return ast.FormatName(e.Name.Name)
	}
	if b.opts.Show != nil {
		return b.opts.Show(e)
	}
	return ast.Shown(e)
}

func literal(e ast.Expr, standard bool) (*Expr, error) {
	switch e := e.(type) {
	case *ast.Bool:
		return Lit(types.BooleanType, e.Value), nil
	case *ast.Int:
		if e.Fits32() {
			return Lit(types.IntType, int32(e.Value)), nil
		}
		return Lit(types.BigintType, e.Value), nil
	case *ast.Decimal:
		if !standard && !strings.Contains(e.Text, ".") { // an integer beyond 64 bits
			return nil, sqlerr.New(sqlerr.NumericOutOfRange, "Invalid numeric literal: %s", e.Text).At(e.Pos()).
				Hint("Integers have 64 bits; with a point it is a DECIMAL: %s.0", e.Text)
		}
		d, err := types.ParseDec(e.Text)
		if err != nil || d.Scale >= types.MaxPrecision {
			return nil, sqlerr.New(sqlerr.NumericOutOfRange, "Number overflows DECIMAL: %s", e.Text)
		}
		return Lit(d.Type(), d), nil
	case *ast.Double:
		return Lit(types.DoubleType, e.Value), nil
	case *ast.String:
		return Lit(types.StringType, e.Value), nil
	}
	return Lit(types.NullType, nil), nil
}

func (b *binder) param(e *ast.Param) (*Expr, error) {
	if b.opts.Params == nil || e.Number < 1 || e.Number > len(b.opts.Params.Types) {
		return nil, sqlerr.New(sqlerr.UndefinedParameter, "there is no parameter $%d", e.Number)
	}
	t := b.opts.Params.Types[e.Number-1]
	if t.Kind == types.Null {
		b.opts.Params.open++
	}
	if b.opts.Params.Values != nil {
		return Lit(t, b.opts.Params.Values[e.Number-1]), nil
	}
	return &Expr{Op: OpParam, Type: t, Column: e.Number}, nil
}

// typed gives a parameter without a type, or a literal NULL, the type of its place.
func (b *binder) typed(x *Expr, t types.Type) *Expr {
	if x.Type.Kind != types.Null || t.Kind == types.Null {
		return x
	}
	if x.Op == OpParam {
		b.opts.Params.open--
		if known := &b.opts.Params.Types[x.Column-1]; known.Kind == types.Null {
			*known = t
		} else if !known.Equal(t) { // it got its type elsewhere in the statement
			return Cast(&Expr{Op: OpParam, Type: *known, Column: x.Column, Pos: x.Pos}, t, b.opts.Standard)
		}
		return &Expr{Op: OpParam, Type: t, Column: x.Column, Pos: x.Pos}
	}
	return Cast(x, t, b.opts.Standard)
}

func (b *binder) column(e *ast.ColumnRef) (*Expr, error) {
	if e.Qualifier.Empty() {
		for depth := len(b.lambdas) - 1; depth >= 0; depth-- {
			for i, p := range b.lambdas[depth] {
				if p.name == e.Name.Name {
					return &Expr{Op: OpVar, Type: p.t, Column: depth*8 + i, Name: p.name}, nil
				}
			}
		}
	}
	found := b.scope.Lookup(e.Qualifier.Name, e.Name.Name)
	if len(found) == 1 {
		return Col(found[0].Index, found[0].Name, found[0].Type), nil
	}
	if len(found) > 1 {
		return nil, ambiguous(e, found)
	}
	if e.Qualifier.Empty() && !e.Name.Quoted && function.Niladic(e.Name.Name) {
		return b.call(&ast.FunctionCall{Loc: e.Loc, Name: e.Name})
	}
	if b.opts.Unknown != nil {
		return nil, b.opts.Unknown(e)
	}
	return nil, UnknownColumn(b.clause(), e, b.scope)
}

func ambiguous(e *ast.ColumnRef, found []Column) error {
	names := make([]string, len(found))
	for i, c := range found {
		names[i] = ast.FormatName(c.Name)
		if c.Qualifier != "" {
			names[i] = ast.FormatName(c.Qualifier) + "." + names[i]
		}
	}
	return sqlerr.New(sqlerr.AmbiguousColumn, "Column '%s' is ambiguous. Could be %s.", ast.Format(e), strings.Join(names, " or "))
}

// UnknownColumn is the error for a reference that the scope does not know.
func UnknownColumn(clause string, e *ast.ColumnRef, scope Scope) *sqlerr.Error {
	var names []string
	qualified := e.Qualifier.Empty()
	for _, c := range scope.All() {
		qualified = qualified || c.Qualifier == e.Qualifier.Name
		if e.Qualifier.Empty() || c.Qualifier == e.Qualifier.Name {
			names = append(names, c.Name)
		}
	}
	if !qualified {
		return sqlerr.New(sqlerr.UndefinedTable, "'%s' is not a valid stream/table name or alias.", e.Qualifier.Name).At(e.Pos())
	}
	err := sqlerr.New(sqlerr.UndefinedColumn, "%s column '%s' cannot be resolved.", clause, ast.Format(e)).At(e.Pos())
	if best := sqlerr.Closest(e.Name.Name, names); best != "" {
		err.Hint("Perhaps you meant the column %q.", best)
	}
	return err
}
