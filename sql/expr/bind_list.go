package expr

import (
	"slices"
	"strings"

	"tailrace/sql/ast"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// item is an element of a list whose elements need a common type, as those of IN or ARRAY.
type item struct {
	ast ast.Expr
	e   *Expr
}

// commonValues is commonList for values that are shown: where PostgreSQL keeps the digits of each
// decimal they go together as NUMERIC.
func (b *binder) commonValues(items []item, fail mismatch) (types.Type, []*Expr, error) {
	common, out, err := b.commonList(items, fail)
	if err != nil || !b.opts.Numeric || common.Kind != types.Decimal {
		return common, out, err
	}
	for _, it := range items {
		if it.e.Type.Kind != types.Null && !IsNullLiteral(it.e) && !it.e.Type.Equal(common) {
			common = types.NumericType
		}
	}
	if common.Kind == types.Numeric {
		for i, it := range items {
			if out[i], err = b.convert(it.e, common); err != nil {
				return common, nil, atNode(err, it.ast)
			}
		}
	}
	return common, out, nil
}

// mismatch is the error for an item that does not go with the type of those before it.
type mismatch func(b *binder, it item, common types.Type) error

func listMismatch(b *binder, it item, common types.Type) error {
	return codeError{sqlerr.New(sqlerr.UndefinedFunction, "operator does not exist: %s = %s (%s)\n"+
		"Hint: You might need to add explicit type casts.", common, it.e.Type, b.show(it.ast)).At(it.ast.Pos())}
}

// commonList brings the items to their common type, as ksqlDB does with lists that users
// write: the first that is not NULL sets the type, numbers widen it, literals follow it
// (text is read as a number, a boolean or a time; numbers are written as text), and
// constructors are looked into. The type is NULL when all items are.
func (b *binder) commonList(items []item, fail mismatch) (types.Type, []*Expr, error) {
	var common types.Type
	for _, it := range items {
		t, ok, err := commonWith(common, it.e)
		if err != nil {
			return common, nil, atNode(err, it.ast)
		}
		if !ok {
			return common, nil, fail(b, it, common)
		}
		common = t
	}
	out := make([]*Expr, len(items))
	for i, it := range items {
		e, err := b.convert(it.e, common)
		if err != nil {
			return common, nil, atNode(err, it.ast)
		}
		out[i] = e
	}
	return common, out, nil
}

func atNode(err error, e ast.Expr) error {
	if known, ok := sqlerr.As(err); ok {
		known.At(e.Pos())
	}
	return err
}

// commonWith widens the type so far by one more item; ok is false when there is no type
// for both.
func commonWith(common types.Type, e *Expr) (t types.Type, ok bool, err error) {
	switch {
	case common.Kind == types.Null:
		return e.Type, true, nil
	case e.Type.Kind == types.Null, IsNullLiteral(e): // whatever type a NULL was given
		return common, true, nil
	case e.Op == OpArray || e.Op == OpMap || e.Op == OpStruct:
		return commonConstructor(common, e)
	case e.Op == OpLiteral && e.Type.Kind == types.String && common.Kind != types.String:
		return commonText(common, e.Value)
	case e.Op == OpLiteral && common.Kind == types.String && (e.Type.IsNumeric() || e.Type.Kind == types.Boolean):
		return common, true, nil
	}
	t, ok = CommonType(common, e.Type)
	return t, ok, nil
}

// commonText widens by a string literal, which must read as the type so far.
func commonText(common types.Type, c *Constant) (types.Type, bool, error) {
	text := strings.TrimSpace(c.V.(string))
	if common.IsNumeric() {
		d, err := types.ParseDec(text)
		if err != nil || d.Scale >= types.MaxPrecision {
			return common, false, codeError{badInput(c.V.(string), common)}
		}
		t := d.Type()
		if v, whole := d.Unscaled.Int64(); whole && !strings.ContainsAny(text, ".eE") {
			t = pick(int64(int32(v)) == v, types.IntType, types.BigintType)
		}
		t, ok := CommonType(common, t)
		return t, ok, nil
	}
	v, err := coerceLiteral(c, common)
	if err != nil {
		if known, ok := sqlerr.As(err); ok {
			err = codeError{known}
		}
		return common, false, err
	}
	return common, v != nil, nil
}

// commonConstructor widens by the elements of ARRAY[...], MAP(...) or STRUCT(...).
func commonConstructor(common types.Type, e *Expr) (types.Type, bool, error) {
	if common.Kind != e.Type.Kind {
		return common, false, nil
	}
	switch e.Op {
	case OpArray:
		elem, ok, err := commonAll(*common.Elem, e.Args)
		return types.ArrayOf(elem), ok, err
	case OpMap:
		key, value := *common.Key, *common.Elem
		for i, a := range e.Args {
			part := pick(i%2 == 0, &key, &value)
			t, ok, err := commonWith(*part, a)
			if !ok || err != nil {
				return common, false, err
			}
			*part = t
		}
		return types.MapOf(key, value), true, nil
	}
	fields := slices.Clone(e.Type.Fields)
	for i, f := range fields {
		if j := common.Field(f.Name); j >= 0 {
			t, ok, err := commonWith(common.Fields[j].Type, e.Args[i])
			if !ok || err != nil {
				return common, false, err
			}
			fields[i].Type = t
		}
	}
	for _, f := range common.Fields {
		if e.Type.Field(f.Name) < 0 {
			fields = append(fields, f)
		}
	}
	return types.StructOf(fields...), true, nil
}

func commonAll(common types.Type, args []*Expr) (types.Type, bool, error) {
	for _, a := range args {
		t, ok, err := commonWith(common, a)
		if !ok || err != nil {
			return common, false, err
		}
		common = t
	}
	return common, true, nil
}

// convert brings e to the common type that commonWith found for it.
func (b *binder) convert(e *Expr, t types.Type) (*Expr, error) {
	switch {
	case e.Type.Equal(t):
		return e, nil
	case e.Type.Kind == types.Null:
		return b.typed(e, t), nil
	case IsNullLiteral(e):
		return Lit(t, nil), nil
	case e.Op == OpArray && t.Kind == types.Array, e.Op == OpMap && t.Kind == types.Map:
		args := make([]*Expr, len(e.Args))
		for i, a := range e.Args {
			want := t.Elem
			if e.Op == OpMap && i%2 == 0 {
				want = t.Key
			}
			var err error
			if args[i], err = b.convert(a, *want); err != nil {
				return nil, err
			}
		}
		return &Expr{Op: e.Op, Type: t, Args: args, Pos: e.Pos}, nil
	case e.Op == OpStruct && t.Kind == types.Struct:
		args := make([]*Expr, len(t.Fields))
		for i, f := range t.Fields {
			j := e.Type.Field(f.Name)
			if j < 0 {
				args[i] = Lit(f.Type, nil)
				continue
			}
			var err error
			if args[i], err = b.convert(e.Args[j], f.Type); err != nil {
				return nil, err
			}
		}
		return &Expr{Op: OpStruct, Type: t, Args: args, Pos: e.Pos}, nil
	}
	return Coerce(e, t, b.opts.Standard)
}

func (b *binder) in(e *ast.In) (*Expr, error) {
	if e.Query != nil {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "subqueries are not supported here").At(e.Query.Pos())
	}
	needle, err := b.bind(e.X)
	if err != nil {
		return nil, err
	}
	items := []item{{e.X, needle}}
	for _, a := range e.List {
		x, err := b.bind(a)
		if err != nil {
			return nil, err
		}
		if isSystemTime(needle) {
			if x, err = timeLiteral(x); err != nil {
				return nil, err
			}
		}
		if IsNullLiteral(x) && !b.opts.Standard {
			continue // NULL matches nothing
		}
		if x.Op == OpParam {
			x = b.beside(x, needle.Type)
		}
		x = b.literalFor(x, needle.Type)
		items = append(items, item{a, x})
	}
	_, args, err := b.commonList(items, listMismatch)
	if err != nil {
		return nil, err
	}
	out := &Expr{Op: OpIn, Type: types.BooleanType, Args: args, Standard: b.opts.Standard}
	if e.Not {
		return b.negated(out), nil
	}
	return out, nil
}

// quantified is x op ANY (array): whether it holds for an element; with ALL, for every one. By
// the standard's logic of three values, as x op e1 OR x op e2 OR ... would be; it is NULL for
// an array that is NULL.
func (b *binder) quantified(e *ast.Quantified) (*Expr, error) {
	array, err := b.bind(e.Array)
	if err != nil {
		return nil, err
	}
	if array.Type.Kind == types.Null {
		x, err := b.bind(e.X)
		if err != nil {
			return nil, err
		}
		if x.Type.Kind == types.Null {
			x = b.typed(x, types.StringType)
		}
		array = b.typed(array, types.ArrayOf(besideType(x.Type)))
	}
	if array.Type.Kind != types.Array {
		return nil, sqlerr.New(sqlerr.WrongObjectType, "ANY and ALL take an array, and %s is %s", b.show(e.Array), array.Type).At(e.Array.Pos()).
			Hint("Write ANY (ARRAY[...]), or IN (...) for a list.")
	}
	op := ast.Or
	if e.All {
		op = ast.And
	}
	state, element := ast.Ident{Loc: e.Loc, Name: "so far"}, ast.Ident{Loc: e.Loc, Name: "element"}
	fold := &ast.FunctionCall{Loc: e.Loc, Name: ast.Ident{Loc: e.Loc, Name: "REDUCE"}, Args: []ast.Expr{
		e.Array, &ast.Bool{Loc: e.Loc, Value: e.All},
		&ast.Lambda{Loc: e.Loc, Params: []ast.Ident{state, element}, Body: &ast.Binary{Loc: e.Loc, Op: op,
			L: &ast.ColumnRef{Loc: e.Loc, Name: state},
			R: &ast.Binary{Loc: e.Loc, Op: e.Op, L: e.X, R: &ast.ColumnRef{Loc: e.Loc, Name: element}}}}}}
	return b.bind(&ast.Case{Loc: e.Loc, Whens: []ast.When{{Cond: &ast.IsNull{Loc: e.Loc, X: e.Array}, Result: &ast.Null{Loc: e.Loc}}}, Else: fold})
}
