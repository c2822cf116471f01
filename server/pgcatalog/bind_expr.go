package pgcatalog

import (
	"strconv"

	"tailrace/server/pgcatalog/syntax"
	"tailrace/sql/sqlerr"
)

// value binds an expression of one value.
func (s *scope) value(e syntax.Expr) (*expr, error) {
	switch e := e.(type) {
	case *syntax.Literal:
		return s.literal(e)
	case *syntax.Name:
		return s.column(e)
	case *syntax.Param:
		return s.param(e.N, e.Pos())
	case *syntax.Unary:
		return s.unary(e)
	case *syntax.Binary:
		return s.binary(e)
	case *syntax.Is:
		return s.is(e)
	case *syntax.Like:
		return s.like(e)
	case *syntax.Between:
		return s.between(e)
	case *syntax.In:
		return s.in(e)
	case *syntax.Quantified:
		return s.quantified(e)
	case *syntax.Call:
		return s.call(e)
	case *syntax.Cast:
		return s.castExpr(e)
	case *syntax.Case:
		return s.caseExpr(e)
	case *syntax.Subquery:
		return s.subquery(e)
	case *syntax.List:
		return s.list(e)
	case *syntax.Index:
		return s.index(e)
	case *syntax.Field:
		return s.field(e)
	}
	return nil, sqlerr.New(sqlerr.SyntaxError, "\"*\" is not allowed here").At(e.Pos())
}

func (s *scope) values(list []syntax.Expr) ([]*expr, error) {
	out := make([]*expr, len(list))
	for i, e := range list {
		v, err := s.value(e)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

// condition binds an expression that must be a boolean.
func (s *scope) condition(e syntax.Expr, where string) (*expr, error) {
	v, err := s.value(e)
	if err != nil {
		return nil, err
	}
	if v, err = s.coerceUnknown(v, boolType); err != nil {
		return nil, err
	}
	if v.typ.shape() != isBool {
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "argument of %s must be type boolean, not type %s", where, v.typ).At(e.Pos())
	}
	return v, nil
}

func (s *scope) coerceUnknown(e *expr, t typ) (*expr, error) {
	if e.typ.isUnknown() {
		return s.coerce(e, t)
	}
	return e, nil
}

func constant(v any, t typ, pos int) *expr {
	return &expr{typ: t, pos: pos, constant: true, eval: func(*frame) (any, error) { return v, nil }}
}

func (s *scope) literal(e *syntax.Literal) (*expr, error) {
	switch e.Kind {
	case syntax.Null:
		return constant(nil, unknownType, e.Pos()), nil
	case syntax.True, syntax.False:
		return constant(e.Kind == syntax.True, boolType, e.Pos()), nil
	case syntax.String:
		out := constant(e.Text, unknownType, e.Pos())
		out.literal = &e.Text
		return out, nil
	}
	if n, err := strconv.ParseInt(e.Text, 10, 64); err == nil {
		if n == int64(int32(n)) {
			return constant(n, int4Type, e.Pos()), nil
		}
		return constant(n, int8Type, e.Pos()), nil
	}
	f, err := strconv.ParseFloat(e.Text, 64)
	if err != nil {
		return nil, sqlerr.New(sqlerr.NumericOutOfRange, "number %s is out of range", e.Text).At(e.Pos())
	}
	return constant(f, typ{oid: oidNumeric}, e.Pos()), nil
}

func (s *scope) unary(e *syntax.Unary) (*expr, error) {
	if e.Op == "not" {
		x, err := s.condition(e.X, "NOT")
		if err != nil {
			return nil, err
		}
		return x.then(boolType, func(v any) (any, error) { return !v.(bool), nil }), nil
	}
	x, err := s.value(e.X)
	if err != nil {
		return nil, err
	}
	if x, err = s.coerceUnknown(x, floatType); err != nil {
		return nil, err
	}
	if sh := x.typ.shape(); sh != isInt && sh != isFloat {
		return nil, noOperator(e.Op, x.typ, typ{}, e.Pos())
	}
	if e.Op == "+" {
		return x, nil
	}
	return x.then(x.typ, func(v any) (any, error) {
		if n, ok := v.(int64); ok {
			return -n, nil
		}
		return -v.(float64), nil
	}), nil
}

// then is an expression made of the value of e, NULL of NULL.
func (e *expr) then(t typ, do func(v any) (any, error)) *expr {
	return &expr{typ: t, pos: e.pos, constant: e.constant, eval: func(f *frame) (any, error) {
		v, err := e.eval(f)
		if v == nil || err != nil {
			return nil, err
		}
		return do(v)
	}}
}

func (s *scope) is(e *syntax.Is) (*expr, error) {
	x, err := s.value(e.X)
	if err != nil {
		return nil, err
	}
	if e.What == "distinct" {
		y, err := s.value(e.Y)
		if err != nil {
			return nil, err
		}
		if x, y, err = s.alike(x, y, e.Pos()); err != nil {
			return nil, err
		}
		return &expr{typ: boolType, pos: e.Pos(), eval: func(f *frame) (any, error) {
			a, err := x.eval(f)
			if err != nil {
				return nil, err
			}
			b, err := y.eval(f)
			return (compare(a, b) != 0) != e.Not, err
		}}, nil
	}
	return &expr{typ: boolType, pos: e.Pos(), constant: x.constant, eval: func(f *frame) (any, error) {
		v, err := x.eval(f)
		if err != nil {
			return nil, err
		}
		hit := v == nil
		if e.What == "true" || e.What == "false" {
			hit = v == (e.What == "true")
		}
		return hit != e.Not, nil
	}}, nil
}

func (s *scope) between(e *syntax.Between) (*expr, error) {
	low, err := s.binary(&syntax.Binary{At: e.At, Op: ">=", L: e.X, R: e.Low})
	if err != nil {
		return nil, err
	}
	high, err := s.binary(&syntax.Binary{At: e.At, Op: "<=", L: e.X, R: e.High})
	if err != nil {
		return nil, err
	}
	both := and(low, high)
	if e.Not {
		return both.then(boolType, func(v any) (any, error) { return !v.(bool), nil }), nil
	}
	return both, nil
}

func (s *scope) caseExpr(e *syntax.Case) (*expr, error) {
	var ifs, thens []*expr
	add := func(ifE, thenE syntax.Expr) error {
		var cond *expr
		var err error
		if e.Operand != nil && ifE != nil {
			cond, err = s.binary(&syntax.Binary{At: syntax.At(ifE.Pos()), Op: "=", L: e.Operand, R: ifE})
		} else if ifE != nil {
			cond, err = s.condition(ifE, "CASE/WHEN")
		}
		if err != nil {
			return err
		}
		then, err := s.value(thenE)
		if err != nil {
			return err
		}
		ifs, thens = append(ifs, cond), append(thens, then)
		return nil
	}
	for _, w := range e.Whens {
		if err := add(w.If, w.Then); err != nil {
			return nil, err
		}
	}
	if e.Else != nil {
		if err := add(nil, e.Else); err != nil {
			return nil, err
		}
	}
	t, err := s.unifyExprs(thens)
	if err != nil {
		return nil, err
	}
	return &expr{typ: t, pos: e.Pos(), eval: func(f *frame) (any, error) {
		for i, cond := range ifs {
			if cond != nil {
				v, err := cond.eval(f)
				if err != nil {
					return nil, err
				}
				if v != true {
					continue
				}
			}
			return thens[i].eval(f)
		}
		return nil, nil
	}}, nil
}

// unifyExprs gives expressions one type.
func (s *scope) unifyExprs(list []*expr) (typ, error) {
	ts := make([]typ, len(list))
	for i, e := range list {
		ts[i] = e.typ
	}
	t := unify(ts...)
	for i := range list {
		var err error
		if list[i], err = s.coerce(list[i], t); err != nil {
			return t, err
		}
	}
	return t, nil
}

func (s *scope) subquery(e *syntax.Subquery) (*expr, error) {
	p, err := s.b.query(e.Query, s, s.ctes)
	if err != nil {
		return nil, err
	}
	if e.Kind == syntax.Exists {
		return &expr{typ: boolType, pos: e.Pos(), eval: func(f *frame) (any, error) {
			rows, err := p.rows(f.ex, f)
			return len(rows) > 0, err
		}}, nil
	}
	if len(p.cols) != 1 {
		return nil, sqlerr.New(sqlerr.SyntaxError, "subquery must return only one column").At(e.Pos())
	}
	if e.Kind == syntax.Array {
		return &expr{typ: arrayOf(p.cols[0].typ), pos: e.Pos(), eval: func(f *frame) (any, error) {
			rows, err := p.rows(f.ex, f)
			out := make(array, len(rows))
			for i, row := range rows {
				out[i] = row[0]
			}
			return out, err
		}}, nil
	}
	return &expr{typ: p.cols[0].typ, pos: e.Pos(), eval: func(f *frame) (any, error) {
		rows, err := p.rows(f.ex, f)
		switch {
		case err != nil || len(rows) == 0:
			return nil, err
		case len(rows) > 1:
			return nil, sqlerr.New("21000", "more than one row returned by a subquery used as an expression").At(e.Pos())
		}
		return rows[0][0], nil
	}}, nil
}

// list binds ARRAY[...] and rows.
func (s *scope) list(e *syntax.List) (*expr, error) {
	items, err := s.values(e.Items)
	if err != nil {
		return nil, err
	}
	t := typ{oid: oidRecord}
	all := true
	if e.Array {
		elem, err := s.unifyExprs(items)
		if err != nil {
			return nil, err
		}
		t = arrayOf(elem)
	}
	for i := range items {
		if items[i], err = s.settle(items[i]); err != nil {
			return nil, err
		}
		if !e.Array {
			t.fields = append(t.fields, field{"f" + strconv.Itoa(i+1), items[i].typ})
		}
		all = all && items[i].constant
	}
	return &expr{typ: t, pos: e.Pos(), constant: all, eval: func(f *frame) (any, error) {
		out := make([]any, len(items))
		for i, it := range items {
			v, err := it.eval(f)
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
		if e.Array {
			return array(out), nil
		}
		return record(out), nil
	}}, nil
}

// index binds a[i] and a[i:j]. Arrays count from 1, vectors from 0.
func (s *scope) index(e *syntax.Index) (*expr, error) {
	x, err := s.value(e.X)
	if err != nil {
		return nil, err
	}
	if x.typ.shape() != isArray {
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", x.typ).At(e.Pos())
	}
	base := 1
	if typeByOID[x.typ.oid] != nil {
		base = 0
	}
	bound := func(b syntax.Expr) (*expr, error) {
		if b == nil {
			return nil, nil
		}
		v, err := s.value(b)
		if err != nil {
			return nil, err
		}
		return s.coerce(v, int4Type)
	}
	from, err := bound(e.I)
	if err != nil {
		return nil, err
	}
	to, err := bound(e.J)
	if err != nil {
		return nil, err
	}
	t := x.typ.elem()
	if e.Slice {
		t = x.typ
	}
	return &expr{typ: t, pos: e.Pos(), eval: func(f *frame) (any, error) {
		v, err := x.eval(f)
		a, ok := v.(array)
		if err != nil || !ok {
			return nil, err
		}
		i, ok1, err := evalInt(from, f, base)
		if err != nil {
			return nil, err
		}
		j, ok2, err := evalInt(to, f, len(a)-1+base)
		switch {
		case err != nil || !ok1 || !ok2:
			return nil, err
		case e.Slice:
			i, j = max(i-base, 0), min(j-base+1, len(a))
			if i >= j {
				return array{}, nil
			}
			return a[i:j], nil
		case i-base < 0 || i-base >= len(a):
			return nil, nil
		}
		return a[i-base], nil
	}}, nil
}

// evalInt evaluates a bound of a subscript; without one it is missing's value.
func evalInt(e *expr, f *frame, missing int) (n int, ok bool, err error) {
	if e == nil {
		return missing, true, nil
	}
	v, err := e.eval(f)
	if err != nil || v == nil {
		return 0, false, err
	}
	i, ok := v.(int64)
	return int(i), ok, nil
}

func (s *scope) field(e *syntax.Field) (*expr, error) {
	x, err := s.value(e.X)
	if err != nil {
		return nil, err
	}
	for i, fd := range x.typ.fields {
		if fd.name == e.Name && x.typ.shape() == isRecord {
			return x.then(fd.typ, func(v any) (any, error) { return v.(record)[i], nil }), nil
		}
	}
	return nil, sqlerr.New(sqlerr.UndefinedColumn, "column %q not found in data type %s", e.Name, x.typ).At(e.Pos())
}
