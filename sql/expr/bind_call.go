package expr

import (
	"tailrace/sql/ast"
	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// maxLambdaParams is how many parameters a lambda may have: what OpVar has room for.
const maxLambdaParams = 8

func (b *binder) call(e *ast.FunctionCall) (*Expr, error) {
	name := e.Name.Name
	switch function.KindOf(name) {
	case function.IsAggregate:
		return nil, sqlerr.New(sqlerr.GroupingError, "aggregate function %s is not allowed in %s", name, b.clause()).At(e.Pos())
	case function.IsTable:
		return nil, sqlerr.New(sqlerr.GroupingError, "table function %s is not allowed in %s", name, b.clause()).At(e.Pos())
	}
	if e.Over != nil {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "window functions are not supported here").At(e.Over.Pos())
	}
	if e.OrderBy != nil {
		return nil, sqlerr.New(sqlerr.WrongObjectType, "ORDER BY is for aggregate functions, and %s is none", name).At(e.Pos())
	}
	if e.Star || e.Distinct || e.Filter != nil {
		what := pick(e.Star, "*", pick(e.Distinct, "DISTINCT", "FILTER"))
		return nil, sqlerr.New(sqlerr.WrongObjectType, "%s is for aggregate functions, and %s is none", what, name).At(e.Pos())
	}
	args, infos, err := b.arguments(e)
	if err != nil {
		return nil, err
	}
	bound, err := function.ResolveVariant(name, infos, function.Variant{Standard: b.opts.Standard, Numeric: b.opts.Numeric})
	if err != nil {
		return nil, err
	}
	for i := range args {
		want := bound.ArgTypes[i]
		if lambda := args[i]; lambda.Op == OpLambda {
			lambda.Args[0] = Cast(b.typed(lambda.Args[0], want), want, b.opts.Standard)
			lambda.Type = want
			continue
		}
		if want.Kind != types.Null {
			args[i] = Cast(b.typed(args[i], want), want, b.opts.Standard)
		}
	}
	return &Expr{Op: OpCall, Type: bound.Result, Args: args, Name: bound.Name, Overload: bound.Canonical}, nil
}

// arguments binds what can be bound before the overload is known, and describes the rest.
func (b *binder) arguments(e *ast.FunctionCall) ([]*Expr, []function.ArgType, error) {
	args, infos := make([]*Expr, len(e.Args)), make([]function.ArgType, len(e.Args))
	for i, a := range e.Args {
		switch a := a.(type) {
		case *ast.IntervalUnit:
			args[i] = Lit(types.StringType, a.Unit.String())
			infos[i] = function.ArgType{Type: types.StringType, Unit: true}
			continue
		case *ast.Lambda:
			var err error
			if args[i], infos[i], err = b.lambda(a); err != nil {
				return nil, nil, err
			}
			continue
		}
		x, err := b.bind(a)
		if err != nil {
			return nil, nil, err
		}
		args[i] = x
		infos[i] = function.ArgType{Type: x.Type, Literal: x.Op == OpLiteral, Text: b.show(a)}
		if x.Op == OpLiteral {
			infos[i].Value = x.Value.V
		}
	}
	return args, infos, nil
}

// lambda prepares a lambda; its body is bound once resolution knows the parameter types.
func (b *binder) lambda(a *ast.Lambda) (*Expr, function.ArgType, error) {
	if len(a.Params) == 0 || len(a.Params) > maxLambdaParams {
		return nil, function.ArgType{}, sqlerr.New(sqlerr.TooComplex, "a lambda takes 1 to %d parameters, not %d", maxLambdaParams, len(a.Params)).At(a.Pos())
	}
	out := &Expr{Op: OpLambda, Pos: a.Pos()}
	for i, p := range a.Params {
		for _, before := range out.Params {
			if before == p.Name {
				return nil, function.ArgType{}, sqlerr.New(sqlerr.DuplicateAlias, "two parameters of a lambda are called '%s'", p.Name).At(a.Params[i].Pos())
			}
		}
		out.Params = append(out.Params, p.Name)
	}
	bind := func(params []types.Type) (types.Type, error) {
		frame := make([]lambdaParam, len(params))
		for i, t := range params {
			frame[i] = lambdaParam{out.Params[i], t}
		}
		b.lambdas = append(b.lambdas, frame)
		body, err := b.bind(a.Body)
		b.lambdas = b.lambdas[:len(b.lambdas)-1]
		if err != nil {
			return types.Type{}, err
		}
		out.Args = []*Expr{body}
		return body.Type, nil
	}
	return out, function.ArgType{LambdaParams: len(a.Params), BindLambda: bind}, nil
}
