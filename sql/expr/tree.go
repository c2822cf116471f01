package expr

import (
	"fmt"
	"slices"

	"tailrace/sql/types"
)

// Col is a reference to column index of the input.
func Col(index int, name string, t types.Type) *Expr {
	return &Expr{Op: OpColumn, Type: t, Column: index, Name: name}
}

// Lit is a literal.
func Lit(t types.Type, v types.Value) *Expr {
	return &Expr{Op: OpLiteral, Type: t, Value: &Constant{V: v, Type: t}}
}

// IsNullLiteral reports whether e is a literal NULL, of any type.
func IsNullLiteral(e *Expr) bool { return e.Op == OpLiteral && e.Value.V == nil }

// Walk calls f for e and, where f returns true, for all below it.
func Walk(e *Expr, f func(*Expr) bool) {
	if e == nil || !f(e) {
		return
	}
	for _, a := range e.Args {
		Walk(a, f)
	}
}

// Columns returns the indexes of the columns that the expressions refer to, each once, in
// ascending order.
func Columns(es ...*Expr) []int {
	var out []int
	for _, e := range es {
		Walk(e, func(e *Expr) bool {
			if e.Op == OpColumn {
				out = append(out, e.Column)
			}
			return true
		})
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Map rebuilds e from the bottom up: f is given each node, with its arguments mapped
// already, and returns what stands in its place. Nodes that f returns unchanged, and whose
// arguments are unchanged, are shared with e.
func Map(e *Expr, f func(*Expr) *Expr) *Expr {
	args := e.Args
	for i, a := range e.Args {
		b := Map(a, f)
		if b != a && &args[0] == &e.Args[0] {
			args = slices.Clone(e.Args)
		}
		args[i] = b
	}
	if len(args) > 0 && &args[0] != &e.Args[0] {
		changed := *e
		changed.Args = args
		e = &changed
	}
	return f(e)
}

// Remap replaces the index of every column reference: index i becomes columns[i]. It
// panics when a column that e refers to is not in columns.
func Remap(e *Expr, columns map[int]int) *Expr {
	return Map(e, func(e *Expr) *Expr {
		if e.Op != OpColumn {
			return e
		}
		to, ok := columns[e.Column]
		if !ok {
			panic(fmt.Sprintf("expr: column %d (%s) is not mapped", e.Column, e.Name))
		}
		if to == e.Column {
			return e
		}
		moved := *e
		moved.Column = to
		return &moved
	})
}

// Equal reports whether two expressions are the same computation: the same tree over the
// same columns. The names of columns and lambda parameters, and positions, do not count.
func Equal(a, b *Expr) bool {
	if a == b {
		return true
	}
	if a == nil || b == nil || a.Op != b.Op || a.Column != b.Column || a.Overload != b.Overload ||
		a.Standard != b.Standard || len(a.Args) != len(b.Args) || len(a.Params) != len(b.Params) || !a.Type.Equal(b.Type) {
		return false
	}
	if a.Op != OpColumn && a.Op != OpVar && a.Name != b.Name {
		return false
	}
	if (a.Value == nil) != (b.Value == nil) || a.Value != nil && !sameConstant(a.Value, b.Value) {
		return false
	}
	for i := range a.Args {
		if !Equal(a.Args[i], b.Args[i]) {
			return false
		}
	}
	return true
}

// sameConstant compares decimals by scale too: 1.0 and 1.00 are written differently.
func sameConstant(a, b *Constant) bool {
	if da, ok := a.V.(types.Dec); ok {
		db, ok := b.V.(types.Dec)
		return ok && da == db
	}
	return a.Type.Equal(b.Type) && types.Equal(a.V, b.V)
}

// arity is the number of arguments that an operation takes: exactly, or at least.
var arity = map[Op]struct {
	min  int
	more bool
}{
	OpColumn: {}, OpLiteral: {}, OpParam: {}, OpVar: {},
	OpAdd: {min: 2}, OpSub: {min: 2}, OpMul: {min: 2}, OpDiv: {min: 2}, OpMod: {min: 2}, OpNeg: {min: 1}, OpConcat: {min: 2},
	OpEq: {min: 2}, OpNe: {min: 2}, OpLt: {min: 2}, OpLe: {min: 2}, OpGt: {min: 2}, OpGe: {min: 2},
	OpDistinct: {min: 2}, OpNotDistinct: {min: 2},
	OpAnd: {min: 2, more: true}, OpOr: {min: 2, more: true}, OpNot: {min: 1}, OpIsNull: {min: 1}, OpNotNull: {min: 1},
	OpLike: {min: 2, more: true}, OpIn: {min: 1, more: true}, OpCase: {min: 2, more: true}, OpCast: {min: 1},
	OpCall: {more: true}, OpField: {min: 1}, OpItem: {min: 2}, OpArray: {more: true}, OpMap: {more: true},
	OpStruct: {more: true}, OpLambda: {min: 1},
}

// maxDepth bounds the recursion over trees that were not made by Bind.
const maxDepth = 10000

// maxColumns bounds the index of a column where the number of columns is not known.
const maxColumns = 1 << 20

// Validate reports what makes e no expression over inputs columns: unknown operations, wrong
// numbers of arguments, columns that do not exist, constants of another type. Plans that
// were read from disk go through it before anybody walks them. A negative inputs leaves
// the columns unchecked.
func Validate(e *Expr, inputs int) error { return validate(e, inputs, 0) }

func validate(e *Expr, inputs, depth int) error {
	if e == nil {
		return fmt.Errorf("expression: missing argument")
	}
	want, known := arity[e.Op]
	switch {
	case depth > maxDepth:
		return fmt.Errorf("expression: nested deeper than %d", maxDepth)
	case !known:
		return fmt.Errorf("expression: unknown operation %q", e.Op)
	case len(e.Args) < want.min || len(e.Args) > want.min && !want.more:
		return fmt.Errorf("expression: %q with %d arguments", e.Op, len(e.Args))
	case e.Op == OpColumn && e.Column > maxColumns || e.Op == OpVar && e.Column >= maxDepth*maxLambdaParams:
		return fmt.Errorf("expression: %q with index %d", e.Op, e.Column)
	case e.Column < 0 || e.Op == OpColumn && inputs >= 0 && e.Column >= inputs:
		return fmt.Errorf("expression: column %d of %d", e.Column, inputs)
	case e.Op == OpLiteral && (e.Value == nil || !e.Value.Type.Equal(e.Type)):
		return fmt.Errorf("expression: literal of type %s without such a value", e.Type)
	}
	for _, a := range e.Args {
		if err := validate(a, inputs, depth+1); err != nil {
			return err
		}
	}
	return validateTypes(e)
}

// validateTypes checks what compiled code relies on.
func validateTypes(e *Expr) error {
	kind := func(i int) types.Kind { return e.Args[i].Type.Kind }
	ok := true
	switch e.Op {
	case OpAdd, OpSub, OpMul, OpDiv, OpMod:
		t, known := temporalResult(e.Op, kind(0), kind(1))
		ok = e.Type.IsNumeric() && kind(0) == e.Type.Kind && kind(1) == e.Type.Kind || known && t.Equal(e.Type)
	case OpNeg:
		ok = (e.Type.IsNumeric() || e.Type.Kind == types.Interval) && e.Args[0].Type.Equal(e.Type)
	case OpConcat:
		ok = (e.Type.Kind == types.String || e.Type.Kind == types.Bytes) && kind(0) == e.Type.Kind && kind(1) == e.Type.Kind
	case OpEq, OpNe, OpLt, OpLe, OpGt, OpGe, OpDistinct, OpNotDistinct:
		ok = e.Type.Kind == types.Boolean && comparable2(e.Args[0].Type, e.Args[1].Type)
	case OpAnd, OpOr, OpNot:
		for i := range e.Args {
			ok = ok && kind(i) == types.Boolean
		}
		ok = ok && e.Type.Kind == types.Boolean
	case OpIsNull, OpNotNull:
		ok = e.Type.Kind == types.Boolean
	case OpLike:
		ok = e.Type.Kind == types.Boolean && len(e.Args) <= 3 && e.Args[0].Type.Kind == types.String
		for i := range e.Args {
			ok = ok && kind(i) == types.String
		}
	case OpIn:
		for i := range e.Args {
			ok = ok && comparable2(e.Args[0].Type, e.Args[i].Type)
		}
		ok = ok && e.Type.Kind == types.Boolean
	case OpCase:
		for i := range e.Args {
			if i%2 == 0 && i < len(e.Args)-1 {
				ok = ok && kind(i) == types.Boolean
			} else {
				ok = ok && e.Args[i].Type.Equal(e.Type)
			}
		}
	case OpField:
		fields := e.Args[0].Type.Fields
		ok = kind(0) == types.Struct && e.Column < len(fields) && fields[e.Column].Type.Equal(e.Type)
	case OpItem:
		t := e.Args[0].Type
		ok = t.Kind == types.Array && kind(1) == types.Int || t.Kind == types.Map && t.Key.Equal(e.Args[1].Type)
		ok = ok && t.Elem.Equal(e.Type)
	case OpArray, OpMap, OpStruct:
		ok = validConstructor(e)
	}
	if !ok {
		return fmt.Errorf("expression: %q of type %s with arguments of the wrong types", e.Op, e.Type)
	}
	return nil
}

func comparable2(a, b types.Type) bool {
	return a.Equal(b) || a.Kind == types.Decimal && b.Kind == types.Decimal
}

func validConstructor(e *Expr) bool {
	switch {
	case e.Op == OpArray && e.Type.Kind == types.Array:
		for _, a := range e.Args {
			if !a.Type.Equal(*e.Type.Elem) {
				return false
			}
		}
		return true
	case e.Op == OpMap && e.Type.Kind == types.Map && len(e.Args)%2 == 0:
		for i, a := range e.Args {
			if i%2 == 0 && !a.Type.Equal(*e.Type.Key) || i%2 == 1 && !a.Type.Equal(*e.Type.Elem) {
				return false
			}
		}
		return true
	case e.Op == OpStruct && e.Type.Kind == types.Struct && len(e.Args) == len(e.Type.Fields):
		for i, a := range e.Args {
			if !a.Type.Equal(e.Type.Fields[i].Type) {
				return false
			}
		}
		return true
	}
	return false
}
