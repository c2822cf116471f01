package expr

import (
	"tailrace/sql/ast"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// nested binds access into and construction of nested values, and refuses what only makes
// sense elsewhere.
func (b *binder) nested(e ast.Expr) (*Expr, error) {
	switch e := e.(type) {
	case *ast.Deref:
		return b.deref(e)
	case *ast.Subscript:
		return b.subscript(e)
	case *ast.ArrayLit:
		return b.array(e)
	case *ast.MapLit:
		return b.mapLit(e)
	case *ast.StructLit:
		return b.structLit(e)
	case *ast.Lambda:
		return nil, sqlerr.New(sqlerr.SyntaxError, "a lambda can only be an argument of a function").At(e.Pos())
	case *ast.IntervalUnit:
		return nil, sqlerr.New(sqlerr.SyntaxError, "the time unit %s can only be an argument of a function", e.Unit).At(e.Pos())
	}
	switch e.(type) {
	case *ast.Row:
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "a row of values is not supported here").At(e.Pos()).
			Hint("Rows are compared with rows, and looked for with IN; write STRUCT(a := 1, b := 2) for a value.")
	case *ast.GroupingSets:
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "grouping sets are not supported here").At(e.Pos())
	}
	return nil, sqlerr.New(sqlerr.FeatureNotSupported, "subqueries are not supported here").At(e.Pos())
}

func (b *binder) deref(e *ast.Deref) (*Expr, error) {
	x, err := b.bind(e.X)
	if err != nil {
		return nil, err
	}
	if x.Type.Kind != types.Struct {
		return nil, sqlerr.New(sqlerr.WrongObjectType, "Expected STRUCT type, got: %s", x.Type).At(e.Pos()).
			Detail("The operator -> reads a field of a STRUCT, and %s is none.", b.show(e.X))
	}
	i := x.Type.Field(e.Field.Name)
	if i < 0 {
		names := make([]string, len(x.Type.Fields))
		for j, f := range x.Type.Fields {
			names[j] = f.Name
		}
		err := sqlerr.New(sqlerr.UndefinedColumn, "Could not find field '%s' in '%s'.", e.Field.Name, b.show(e.X)).At(e.Field.Pos())
		if best := sqlerr.Closest(e.Field.Name, names); best != "" {
			err.Hint("Perhaps you meant the field %q.", best)
		}
		return nil, err
	}
	return &Expr{Op: OpField, Type: x.Type.Fields[i].Type, Args: []*Expr{x}, Column: i, Name: e.Field.Name}, nil
}

func (b *binder) subscript(e *ast.Subscript) (*Expr, error) {
	x, err := b.bind(e.X)
	if err != nil {
		return nil, err
	}
	index, err := b.bind(e.Index)
	if err != nil {
		return nil, err
	}
	want := types.IntType
	switch x.Type.Kind {
	case types.Array:
		if index.Type.Kind == types.Bigint {
			index = Cast(index, types.IntType, b.opts.Standard)
		}
	case types.Map:
		want = *x.Type.Key
	default:
		hint := ""
		if x.Type.Kind == types.Struct {
			hint = " Use the dereference operator for STRUCTS: " + b.show(e.X) + "->" + b.show(e.Index)
		}
		return nil, sqlerr.New(sqlerr.WrongObjectType, "Subscript expression (%s) do not apply to %s.%s", b.show(e), x.Type, hint).At(e.Pos())
	}
	if index = b.typed(index, want); !index.Type.Equal(want) {
		if index, err = Coerce(index, want, b.opts.Standard); err != nil {
			return nil, err
		}
	}
	return &Expr{Op: OpItem, Type: *x.Type.Elem, Args: []*Expr{x, index}, Standard: b.opts.Standard}, nil
}

// allNull is ksqlDB's error for a constructor that has nothing to take a type from.
func allNull(format, what string) error {
	return codeError{sqlerr.New(sqlerr.IndeterminateType, format+" (see https://github.com/confluentinc/ksql/issues/4239). "+
		"As a workaround, you may cast a NULL %s to the desired type.", what)}
}

func (b *binder) array(e *ast.ArrayLit) (*Expr, error) {
	if len(e.Elems) == 0 {
		return nil, codeError{sqlerr.New(sqlerr.IndeterminateType, "Array constructor cannot be empty. Please supply at least one element "+
			"(see https://github.com/confluentinc/ksql/issues/4239).").At(e.Pos())}
	}
	items, err := b.items(e.Elems)
	if err != nil {
		return nil, err
	}
	elem, args, err := b.commonValues(items, listMismatch)
	if err != nil {
		return nil, err
	}
	if elem.Kind == types.Null && b.opts.Standard { // as PostgreSQL's unknown literals do
		elem = types.StringType
		for i, a := range args {
			args[i] = b.typed(a, elem)
		}
	}
	if elem.Kind == types.Null {
		return nil, allNull("Cannot construct an array with all NULL elements", "value")
	}
	return &Expr{Op: OpArray, Type: types.ArrayOf(elem), Args: args}, nil
}

func (b *binder) items(list []ast.Expr) ([]item, error) {
	out := make([]item, len(list))
	for i, a := range list {
		x, err := b.bind(a)
		if err != nil {
			return nil, err
		}
		out[i] = item{a, x}
	}
	return out, nil
}

func (b *binder) mapLit(e *ast.MapLit) (*Expr, error) {
	if len(e.Entries) == 0 {
		return nil, codeError{sqlerr.New(sqlerr.IndeterminateType, "Map constructor cannot be empty. Please supply at least one key "+
			"value pair (see https://github.com/confluentinc/ksql/issues/4239).").At(e.Pos())}
	}
	var keyList, valueList []ast.Expr
	for _, entry := range e.Entries {
		keyList, valueList = append(keyList, entry.Key), append(valueList, entry.Value)
	}
	keyItems, err := b.items(keyList)
	if err != nil {
		return nil, err
	}
	valueItems, err := b.items(valueList)
	if err != nil {
		return nil, err
	}
	key, keys, err := b.commonList(keyItems, listMismatch)
	if err != nil {
		return nil, err
	}
	if key.Kind == types.Null {
		return nil, allNull("Cannot construct a map with all NULL keys", "key")
	}
	value, values, err := b.commonList(valueItems, listMismatch)
	if err != nil {
		return nil, err
	}
	if value.Kind == types.Null {
		return nil, allNull("Cannot construct a map with all NULL values", "value")
	}
	out := &Expr{Op: OpMap, Type: types.MapOf(key, value)}
	for i, k := range keys {
		out.Args = append(out.Args, k, values[i])
	}
	return out, nil
}

func (b *binder) structLit(e *ast.StructLit) (*Expr, error) {
	out := &Expr{Op: OpStruct}
	var fields []types.Field
	for _, f := range e.Fields {
		x, err := b.bind(f.Value)
		if err != nil {
			return nil, err
		}
		for _, before := range fields {
			if before.Name == f.Name.Name {
				return nil, sqlerr.New(sqlerr.DuplicateColumn, "Duplicate field names found in STRUCT: '%s'", f.Name.Name).At(f.Name.Pos())
			}
		}
		if IsNullLiteral(x) && x.Type.Kind == types.Null {
			x = b.typed(x, types.StringType) // as ksqlDB's schemas need some type
		}
		fields = append(fields, types.Field{Name: f.Name.Name, Type: x.Type})
		out.Args = append(out.Args, x)
	}
	out.Type = types.StructOf(fields...)
	return out, nil
}
