package logical

import (
	"strings"

	"tailrace/planner/bind"
	"tailrace/planner/plan"
	"tailrace/sql/ast"
	"tailrace/sql/expr"
	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// options are the binding options of a clause over a relation: whatever the relation
// holds already is taken from it.
func (b *builder) options(r *relation, clause string) expr.Options {
	return expr.Options{
		Standard: b.q.Standard, Clause: clause, Params: b.q.Params, Type: bind.CustomTypes(b.q.Catalog), Show: b.q.Display,
		Hook: func(e ast.Expr, _ func(ast.Expr) (*expr.Expr, error)) (*expr.Expr, error) {
			ref, isColumn := e.(*ast.ColumnRef)
			if !isColumn && !r.complex() || bind.Operation(e) && !r.operations() {
				return nil, nil
			}
			i := r.find(bind.Text(e))
			if i < 0 {
				return nil, nil
			}
			c := r.schema().Columns[i]
			name := c.Name
			if isColumn && bind.IsSystemColumn(ref.Name.Name) {
				name = ref.Name.Name // times of the system compare with text as times
			}
			col := expr.Col(i, name, c.Type)
			col.Pos = e.Pos()
			return col, nil
		},
	}
}

// complex says that the relation holds values of expressions that are no plain columns.
func (r *relation) complex() bool {
	switch n := r.node.(type) {
	case *plan.Source:
		return false
	case *plan.Filter:
		_, source := n.Input.Node.(*plan.Source)
		return !source
	}
	return true
}

// operations says that the relation holds the result of some operation. Asking first
// spares writing out every link of a long chain of them.
func (r *relation) operations() bool {
	for _, h := range r.holds {
		if strings.HasPrefix(h, "(") {
			return true
		}
	}
	return false
}

// scope answers what Hook leaves: how columns are shown in messages, and hints.
type scope struct {
	b *builder
	r *relation
}

// Lookup implements expr.Scope.
func (s scope) Lookup(qualifier, name string) []expr.Column {
	ref := &ast.ColumnRef{Name: ast.Ident{Name: name}, Qualifier: ast.Ident{Name: qualifier}}
	i := s.r.find(bind.Text(ref))
	if i < 0 {
		return nil
	}
	return []expr.Column{{Qualifier: qualifier, Name: name, Type: s.r.schema().Columns[i].Type, Index: i, Display: s.b.q.Display(ref)}}
}

// All implements expr.Scope.
func (s scope) All() []expr.Column {
	var out []expr.Column
	for i, c := range s.r.schema().Columns {
		out = append(out, expr.Column{Name: c.Name, Type: c.Type, Index: i})
	}
	return out
}

func (b *builder) bind(r *relation, e ast.Expr, clause string) (*expr.Expr, error) {
	return expr.Bind(e, scope{b, r}, b.options(r, clause))
}

func (b *builder) predicate(r *relation, e ast.Expr, clause string) (*expr.Expr, error) {
	return expr.BindPredicate(e, scope{b, r}, b.options(r, clause))
}

// aggregateCall binds a call of an aggregate function over the columns of a relation.
func (b *builder) aggregateCall(r *relation, call *ast.FunctionCall) (plan.AggregateCall, error) {
	var out plan.AggregateCall
	switch {
	case call.Distinct:
		return out, sqlerr.New(sqlerr.FeatureNotSupported, "%s(DISTINCT ...) is not supported yet", call.Name.Name).At(call.Pos()).
			Hint("COUNT_DISTINCT, COLLECT_SET and TOPKDISTINCT drop duplicates.")
	case call.Filter != nil:
		return out, sqlerr.New(sqlerr.FeatureNotSupported, "FILTER (WHERE ...) is not supported yet").At(call.Pos()).
			Hint("Aggregate a CASE expression.")
	}
	args, given, err := b.callArgs(r, call)
	if err != nil {
		return out, err
	}
	variant := function.Variant{Standard: b.q.Standard, Retract: b.q.Standard && r.table() && !b.q.Bounded}
	bound, err := function.ResolveAggregateVariant(call.Name.Name, given, variant)
	if err != nil {
		return out, position(err, call.Pos())
	}
	if r.table() && !bound.Signature.Undo {
		b.noUndo = append(b.noUndo, bound.Name)
	}
	if !b.q.Standard && bound.Signature.NestedState && len(r.from) > 0 && r.from[0].Src.Value.Name == bind.Delimited {
		return out, sqlerr.New(sqlerr.InvalidDefinition, "One of the functions used in the statement has an intermediate type that the value format can not handle. "+
			"Please remove the function or change the format.").At(call.Pos()).
			Hint("%s needs a value format with arrays and structs; that of %s %q is DELIMITED.", bound.Name, strings.ToLower(r.from[0].Src.Keyword()), r.from[0].Src.Name)
	}
	out = plan.AggregateCall{Name: bound.Name, Overload: bound.Canonical, Type: bound.Result}
	for i, t := range bound.ArgTypes {
		out.Args = append(out.Args, expr.Cast(args[i], t, b.q.Standard))
	}
	for _, v := range bound.Initial {
		out.Initial = append(out.Initial, expr.Constant{V: v, Type: typeOfValue(v)})
	}
	return out, nil
}

// tableCall binds a call of a table function.
func (b *builder) tableCall(r *relation, call *ast.FunctionCall) (plan.TableCall, error) {
	args, given, err := b.callArgs(r, call)
	if err != nil {
		return plan.TableCall{}, err
	}
	bound, err := function.ResolveTable(call.Name.Name, given)
	if err != nil {
		return plan.TableCall{}, position(err, call.Pos())
	}
	for i, t := range bound.ArgTypes {
		args[i] = expr.Cast(args[i], t, b.q.Standard)
	}
	return plan.TableCall{Name: bound.Name, Overload: bound.Canonical, Args: args, Type: bound.Result}, nil
}

func (b *builder) callArgs(r *relation, call *ast.FunctionCall) ([]*expr.Expr, []function.ArgType, error) {
	var args []*expr.Expr
	var given []function.ArgType
	for _, a := range call.Args {
		e, err := b.bind(r, a, "SELECT")
		if err != nil {
			return nil, nil, err
		}
		g := function.ArgType{Type: e.Type, Text: b.q.Display(a)}
		if e.Op == expr.OpLiteral && (b.q.Standard || ast.Literal(a)) {
			g.Literal, g.Value = true, e.Value.V
		}
		args, given = append(args, e), append(given, g)
	}
	return args, given, nil
}

func typeOfValue(v types.Value) types.Type {
	switch v := v.(type) {
	case bool:
		return types.BooleanType
	case int32:
		return types.IntType
	case int64:
		return types.BigintType
	case float64:
		return types.DoubleType
	case types.Dec:
		return v.Type()
	case string:
		return types.StringType
	case []byte:
		return types.BytesType
	}
	return types.NullType
}

// position gives a user's error a place if it has none.
func position(err error, pos int) error {
	if e, ok := sqlerr.As(err); ok {
		e.At(pos)
	}
	return err
}
