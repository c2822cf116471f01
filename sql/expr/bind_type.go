package expr

import (
	"strconv"

	"tailrace/sql/ast"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// ResolveType turns a written type into a type. custom finds the types that users made,
// and may be nil.
//
// It is for columns: types that no column stores are refused.
func ResolveType(t *ast.TypeName, custom func(*ast.TypeName) (types.Type, error)) (types.Type, error) {
	out, err := resolveType(t, custom)
	if err == nil && !out.Stored() {
		return out, sqlerr.New(sqlerr.FeatureNotSupported, "no column can have the type %s", out).At(t.Pos()).
			Hint("Expressions of queries may have it. Keep the time in milliseconds, as BIGINT, or both ends, as TIMESTAMP.")
	}
	return out, err
}

// castType is the type that a cast leads to: NUMERIC without digits is any number of them.
func (b *binder) castType(t *ast.TypeName) (types.Type, error) {
	out, err := resolveType(t, b.opts.Type)
	if err == nil && b.opts.Numeric {
		out = anyDigits(t, out)
	}
	return out, err
}

func anyDigits(t *ast.TypeName, out types.Type) types.Type {
	switch {
	case out.Kind == types.Decimal && len(t.Params) == 0:
		return types.NumericType
	case out.Kind == types.Array && len(t.Args) == 1:
		return types.ArrayOf(anyDigits(t.Args[0], *out.Elem))
	}
	return out
}

func resolveType(t *ast.TypeName, custom func(*ast.TypeName) (types.Type, error)) (types.Type, error) {
	kind, known := types.KindByName(t.Name)
	if t.Quoted || !known || kind == types.Null {
		if custom != nil {
			return custom(t)
		}
		return types.Type{}, sqlerr.New(sqlerr.UndefinedObject, "Cannot resolve unknown type: %s", t.Name).At(t.Pos())
	}
	switch kind {
	case types.Decimal:
		return decimalType(t)
	case types.Array, types.Map:
		want := pick(kind == types.Array, 1, 2)
		if len(t.Args) != want {
			return types.Type{}, sqlerr.New(sqlerr.SyntaxError, "%s takes %d types, not %d", kind, want, len(t.Args)).At(t.Pos())
		}
		first, err := resolveType(t.Args[0], custom)
		if err != nil || kind == types.Array {
			return types.ArrayOf(first), err
		}
		elem, err := resolveType(t.Args[1], custom)
		return types.MapOf(first, elem), err
	case types.Struct:
		fields := make([]types.Field, len(t.Fields))
		for i, f := range t.Fields {
			ft, err := resolveType(f.Type, custom)
			if err != nil {
				return types.Type{}, err
			}
			for _, before := range fields[:i] {
				if before.Name == f.Name.Name {
					return types.Type{}, sqlerr.New(sqlerr.DuplicateColumn, "Duplicate field names found in STRUCT: '%s'", f.Name.Name).At(f.Name.Pos())
				}
			}
			fields[i] = types.Field{Name: f.Name.Name, Type: ft}
		}
		return types.StructOf(fields...), nil
	}
	return types.Type{Kind: kind}, nil
}

// decimalType reads DECIMAL(p, s), DECIMAL(p), and DECIMAL as wide as it goes.
func decimalType(t *ast.TypeName) (types.Type, error) {
	args := [2]int{types.MaxPrecision, 10}
	if len(t.Params) > 0 {
		args[1] = 0
	}
	for i, p := range t.Params {
		n, err := strconv.Atoi(p)
		if err != nil || i > 1 {
			return types.Type{}, sqlerr.New(sqlerr.SyntaxError, "DECIMAL takes a precision and a scale").At(t.Pos())
		}
		args[i] = n
	}
	p, s := args[0], args[1]
	switch {
	case p < 1:
		return types.Type{}, sqlerr.New(sqlerr.InvalidParameter, "DECIMAL precision must be >= 1: DECIMAL(%d,%d)", p, s).At(t.Pos())
	case s < 0:
		return types.Type{}, sqlerr.New(sqlerr.InvalidParameter, "DECIMAL scale must be >= 0: DECIMAL(%d,%d)", p, s).At(t.Pos())
	case s > p:
		return types.Type{}, sqlerr.New(sqlerr.InvalidParameter, "DECIMAL precision must be >= scale: DECIMAL(%d,%d)", p, s).At(t.Pos())
	}
	return types.DecimalOf(p, s), nil
}
