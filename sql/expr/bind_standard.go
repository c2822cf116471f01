package expr

import (
	"strings"

	"tailrace/sql/ast"
	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/pgtext"
)

// standardNode binds what PostgreSQL writes and ksqlDB does not; nil for other nodes.
func (b *binder) standardNode(e ast.Expr) (*Expr, error) {
	switch e := e.(type) {
	case *ast.Interval:
		v, err := pgtext.ParseIntervalOf(e.Text, strings.ToLower(strings.TrimSuffix(e.From.String(), "S")), strings.ToLower(strings.TrimSuffix(e.To.String(), "S")))
		if err != nil {
			return nil, err
		}
		return Lit(types.IntervalType, v), nil
	case *ast.Slice:
		return b.slice(e)
	case *ast.AtTimeZone:
		args, err := b.bindAll(e.Zone, e.X)
		if err != nil {
			return nil, err
		}
		return b.invoke("TIMEZONE", args...)
	case *ast.Collate:
		switch strings.ToUpper(e.Name.Name) {
		case "C", "POSIX", "DEFAULT", "UCS_BASIC", "C.UTF-8", "C.UTF8":
			return b.bind(e.X)
		}
		return nil, sqlerr.New(sqlerr.UndefinedObject, "collation \"%s\" does not exist", e.Name.Name).
			Hint("There is one collation, by bytes: \"C\".")
	}
	return nil, nil
}

func (b *binder) bindAll(es ...ast.Expr) ([]*Expr, error) {
	out := make([]*Expr, len(es))
	for i, e := range es {
		var err error
		if out[i], err = b.bind(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// invoke is a call of a function over bound arguments.
func (b *binder) invoke(name string, args ...*Expr) (*Expr, error) {
	infos := make([]function.ArgType, len(args))
	for i, x := range args {
		infos[i] = function.ArgType{Type: x.Type}
	}
	bound, err := function.ResolveVariant(name, infos, function.Variant{Standard: b.opts.Standard, Numeric: b.opts.Numeric})
	if err != nil {
		return nil, err
	}
	for i, want := range bound.ArgTypes {
		if want.Kind != types.Null {
			args[i] = Cast(b.typed(args[i], want), want, b.opts.Standard)
		}
	}
	return &Expr{Op: OpCall, Type: bound.Result, Args: args, Name: bound.Name, Overload: bound.Canonical}, nil
}

// slice is array[low:high]; a bound that is not written is the end of the array.
func (b *binder) slice(e *ast.Slice) (*Expr, error) {
	x, err := b.bind(e.X)
	if err != nil {
		return nil, err
	}
	if x.Type.Kind != types.Array {
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", pgtext.TypeName(x.Type)).At(e.Pos())
	}
	bounds := []*Expr{x, Lit(types.IntType, int32(1)), Lit(types.IntType, int32(1<<31-1))}
	for i, bound := range []ast.Expr{e.Low, e.High} {
		if bound == nil {
			continue
		}
		y, err := b.bind(bound)
		if err != nil {
			return nil, err
		}
		if bounds[i+1], err = Coerce(b.typed(y, types.IntType), types.IntType, b.opts.Standard); err != nil {
			return nil, err
		}
	}
	return b.invoke("ARRAY_SLICE", bounds...)
}

// operators are the functions behind PostgreSQL's operators: by the operator, for arrays and for
// others.
var operators = map[ast.BinaryOp]struct{ array, other string }{
	ast.Match: {other: "REGEXP_LIKE"}, ast.MatchFold: {other: "REGEXP_LIKE"}, ast.NotMatch: {other: "REGEXP_LIKE"}, ast.NotMatchFold: {other: "REGEXP_LIKE"},
	ast.JSONGet: {other: "JSON_GET"}, ast.JSONText: {other: "JSON_GET_TEXT"},
	ast.JSONPath: {other: "JSON_GET_PATH"}, ast.JSONPathText: {other: "JSON_GET_PATH_TEXT"},
	ast.Contains: {"ARRAYCONTAINS", "JSONB_CONTAINS"}, ast.ContainedBy: {"ARRAYCONTAINED", "JSONB_CONTAINED"},
	ast.Overlap: {array: "ARRAYOVERLAP"}, ast.HasKey: {other: "JSONB_EXISTS"}, ast.Power: {other: "POWER"},
}

// operator binds l op r where op is one of PostgreSQL's; nil for others.
func (b *binder) operator(e *ast.Binary, l, r *Expr) (*Expr, error) {
	names, ok := operators[e.Op]
	if !ok {
		return nil, nil
	}
	name := names.other
	if l.Type.Kind == types.Array || r.Type.Kind == types.Array && l.Type.Kind != types.String && l.Type.Kind != types.JSON && l.Type.Kind != types.JSONB {
		name = names.array
	}
	if names.array != "" { // a text beside an array, or a path
		if l.Type.Kind == types.Array {
			r = b.literalFor(r, l.Type)
		} else if r.Type.Kind == types.Array {
			l = b.literalFor(l, r.Type)
			name = names.array
		}
	}
	if e.Op == ast.JSONPath || e.Op == ast.JSONPathText {
		r = b.literalFor(r, types.ArrayOf(types.StringType))
	}
	if name == "" {
		return nil, sqlerr.New(sqlerr.UndefinedFunction, "operator does not exist: %s %s %s", pgtext.TypeName(l.Type), e.Op, pgtext.TypeName(r.Type)).At(e.Pos())
	}
	args := []*Expr{l, r}
	if e.Op == ast.MatchFold || e.Op == ast.NotMatchFold {
		args = append(args, Lit(types.StringType, "i"))
	}
	out, err := b.invoke(name, args...)
	if err != nil {
		return nil, sqlerr.New(sqlerr.UndefinedFunction, "operator does not exist: %s %s %s", pgtext.TypeName(l.Type), e.Op, pgtext.TypeName(r.Type)).At(e.Pos()).
			Hint("No operator matches the given name and argument types. You might need to add explicit type casts.")
	}
	if e.Op == ast.NotMatch || e.Op == ast.NotMatchFold {
		return b.negated(out), nil
	}
	return out, nil
}

// isArrayText says that a text literal is written as an array.
func isArrayText(x *Expr) bool {
	return x.Op == OpLiteral && x.Type.Kind == types.String && x.Value.V != nil && strings.HasPrefix(strings.TrimSpace(x.Value.V.(string)), "{")
}

// joined is || of arrays, and of JSON; nil for other operands.
func (b *binder) joined(l, r *Expr) (*Expr, error) {
	la, ra := l.Type.Kind == types.Array, r.Type.Kind == types.Array
	switch {
	case !b.opts.Standard:
		return nil, nil
	case l.Type.Kind == types.JSONB || r.Type.Kind == types.JSONB:
		return b.invoke("JSONB_CONCAT", l, r)
	case !la && !ra, la && r.Type.Kind == types.String && r.Op != OpLiteral && l.Type.Elem.Kind != types.String,
		ra && l.Type.Kind == types.String && l.Op != OpLiteral && r.Type.Elem.Kind != types.String:
		return nil, nil
	case la && ra && r.Type.Elem.Kind == types.Array && l.Type.Elem.Kind != types.Array:
		return b.invoke("ARRAY_PREPEND", l, r)
	case la && ra && l.Type.Elem.Kind == types.Array && r.Type.Elem.Kind != types.Array:
		return b.invoke("ARRAY_APPEND", l, r)
	case la && r.Type.Kind == types.Null:
		return l, nil
	case ra && l.Type.Kind == types.Null:
		return r, nil
	case la && isArrayText(r):
		return b.invoke("ARRAY_CAT", l, b.literalFor(r, l.Type))
	case ra && isArrayText(l):
		return b.invoke("ARRAY_CAT", b.literalFor(l, r.Type), r)
	case la && ra:
		return b.invoke("ARRAY_CAT", l, r)
	case la:
		return b.invoke("ARRAY_APPEND", l, r)
	}
	return b.invoke("ARRAY_PREPEND", l, r)
}
