package pgcatalog

import (
	"math"
	"strings"

	"tailrace/server/pgcatalog/syntax"
	"tailrace/sql/sqlerr"
)

func noOperator(op string, l, r typ, pos int) error {
	left := ""
	if r.oid != 0 {
		left = l.String() + " "
		l = r
	}
	return sqlerr.New(sqlerr.UndefinedFunction, "operator does not exist: %s%s %s", left, op, l).At(pos)
}

// comparators are the operators of comparison, by what they make of compare's answer.
var comparators = map[string]func(c int) bool{
	"=": func(c int) bool { return c == 0 }, "<>": func(c int) bool { return c != 0 },
	"<": func(c int) bool { return c < 0 }, "<=": func(c int) bool { return c <= 0 },
	">": func(c int) bool { return c > 0 }, ">=": func(c int) bool { return c >= 0 },
}

func (s *scope) binary(e *syntax.Binary) (*expr, error) {
	if e.Op == "and" || e.Op == "or" {
		l, err := s.condition(e.L, strings.ToUpper(e.Op))
		if err != nil {
			return nil, err
		}
		r, err := s.condition(e.R, strings.ToUpper(e.Op))
		if err != nil {
			return nil, err
		}
		if e.Op == "or" {
			return or(l, r), nil
		}
		return and(l, r), nil
	}
	l, err := s.value(e.L)
	if err != nil {
		return nil, err
	}
	r, err := s.value(e.R)
	if err != nil {
		return nil, err
	}
	return s.operator(e.Op, l, r, e.Pos())
}

// and is three-valued: false if either is, else NULL if either is.
func and(l, r *expr) *expr { return logic(l, r, false) }

func or(l, r *expr) *expr { return logic(l, r, true) }

func logic(l, r *expr, wins bool) *expr {
	return &expr{typ: boolType, pos: l.pos, constant: l.constant && r.constant, eval: func(f *frame) (any, error) {
		a, err := l.eval(f)
		if err != nil || a == wins {
			return a, err
		}
		b, err := r.eval(f)
		if err != nil || b == wins {
			return b, err
		}
		if a == nil || b == nil {
			return nil, nil
		}
		return !wins, nil
	}}
}

// operator binds an operator to two bound operands.
func (s *scope) operator(op string, l, r *expr, pos int) (*expr, error) {
	if test := comparators[op]; test != nil {
		l, r, err := s.alike(l, r, pos)
		if err != nil {
			return nil, err
		}
		l, r = s.foldNames(l, r)
		return both(l, r, boolType, func(_ *frame, a, b any) (any, error) { return test(compare(a, b)), nil }), nil
	}
	switch op {
	case "~", "~*", "!~", "!~*", "~~", "~~*", "!~~", "!~~*":
		return s.match(op, l, r, nil, pos)
	case "||":
		return s.concat(l, r)
	case "+", "-", "*", "/", "%", "^", "&", "|":
		return s.arithmetic(op, l, r, pos)
	case "@>", "<@", "&&":
		return s.arraySets(op, l, r, pos)
	}
	return nil, noOperator(op, l.typ, r.typ, pos)
}

// both is an expression made of two values, NULL if either is.
func both(l, r *expr, t typ, do func(f *frame, a, b any) (any, error)) *expr {
	return &expr{typ: t, pos: l.pos, constant: l.constant && r.constant, eval: func(f *frame) (any, error) {
		a, err := l.eval(f)
		if err != nil || a == nil {
			return nil, err
		}
		b, err := r.eval(f)
		if err != nil || b == nil {
			return nil, err
		}
		return do(f, a, b)
	}}
}

// alike makes two operands of a comparison comparable.
func (s *scope) alike(l, r *expr, pos int) (*expr, *expr, error) {
	var err error
	switch {
	case l.typ.isUnknown() && r.typ.isUnknown():
		if l, err = s.settle(l); err == nil {
			r, err = s.settle(r)
		}
		return l, r, err
	case l.typ.isUnknown():
		l, err = s.coerce(l, r.typ)
		return l, r, err
	case r.typ.isUnknown():
		r, err = s.coerce(r, l.typ)
		return l, r, err
	}
	a, b := l.typ.shape(), r.typ.shape()
	switch {
	case a == b, a == isInt && b == isFloat, a == isFloat && b == isInt:
		return l, r, nil
	case l.typ.isName() && b == isText:
		r, err = s.cast(r, l.typ)
	case r.typ.isName() && a == isText:
		l, err = s.cast(l, r.typ)
	default:
		return nil, nil, sqlerr.New(sqlerr.UndefinedFunction, "operator does not exist: %s = %s", l.typ, r.typ).At(pos).
			Hint("No operator matches the given argument types. You might need to add explicit type casts.")
	}
	return l, r, err
}

// foldNames lets a column of names compare with a constant as names without quotes do.
func (s *scope) foldNames(l, r *expr) (*expr, *expr) {
	if s.folds(l) && r.constant {
		return l, folded(r)
	}
	if s.folds(r) && l.constant {
		return folded(l), r
	}
	return l, r
}

func (s *scope) folds(e *expr) bool {
	return e.ref != nil && s.rels[e.ref.rel].cols[e.ref.col].folds
}

func folded(e *expr) *expr {
	out := *e
	out.ref = nil
	out.eval = func(f *frame) (any, error) {
		v, err := e.eval(f)
		if name, ok := v.(string); ok {
			return f.ex.foldName(name), err
		}
		return v, err
	}
	return &out
}

// foldName turns a name or a pattern of names that is all upper case into the lower case
// in which it is shown, unless something is shown in upper case.
func (ex *execution) foldName(name string) string {
	if strings.ContainsAny(name, "\\") || strings.ToUpper(name) != name || ex.theModel().shownUpper[strings.Trim(name, "^$()")] {
		return name
	}
	return strings.ToLower(name)
}

func (s *scope) concat(l, r *expr) (*expr, error) {
	if l.typ.shape() == isArray || r.typ.shape() == isArray {
		return s.concatArrays(l, r)
	}
	var err error
	if l, err = s.coerce(l, textType); err != nil {
		return nil, err
	}
	if r, err = s.coerce(r, textType); err != nil {
		return nil, err
	}
	return both(l, r, textType, func(_ *frame, a, b any) (any, error) { return a.(string) + b.(string), nil }), nil
}

func (s *scope) concatArrays(l, r *expr) (*expr, error) {
	t := l.typ
	if t.shape() != isArray {
		t = r.typ
	}
	side := func(e *expr) (*expr, error) {
		if e.typ.isUnknown() {
			return s.coerce(e, t)
		}
		return e, nil
	}
	l, err := side(l)
	if err != nil {
		return nil, err
	}
	if r, err = side(r); err != nil {
		return nil, err
	}
	return &expr{typ: t, pos: l.pos, eval: func(f *frame) (any, error) {
		out := array{}
		for _, e := range []*expr{l, r} {
			v, err := e.eval(f)
			if err != nil {
				return nil, err
			}
			if a, ok := v.(array); ok {
				out = append(out, a...)
			} else if e.typ.shape() != isArray {
				out = append(out, v)
			}
		}
		return out, nil
	}}, nil
}

func (s *scope) arithmetic(op string, l, r *expr, pos int) (*expr, error) {
	var err error
	if l.typ.isUnknown() && r.typ.isUnknown() {
		if l, err = s.coerce(l, floatType); err != nil {
			return nil, err
		}
	}
	if l, err = s.coerceUnknown(l, r.typ); err != nil {
		return nil, err
	}
	if r, err = s.coerceUnknown(r, l.typ); err != nil {
		return nil, err
	}
	number := func(t typ) bool { return t.shape() == isInt || t.shape() == isFloat }
	if !number(l.typ) || !number(r.typ) {
		return nil, noOperator(op, l.typ, r.typ, pos)
	}
	t := unify(l.typ, r.typ)
	if op == "^" {
		t = floatType
	} else if t.oid != oidInt4 && t.oid != oidInt8 && t.oid != oidInt2 && t.shape() == isInt {
		t = int8Type
	}
	return both(l, r, t, func(_ *frame, a, b any) (any, error) {
		if x, ok := a.(int64); ok {
			if y, ok := b.(int64); ok {
				return intArithmetic(op, x, y, pos)
			}
		}
		return floatArithmetic(op, a, b, pos)
	}), nil
}

func intArithmetic(op string, x, y int64, pos int) (any, error) {
	switch op {
	case "+":
		return x + y, nil
	case "-":
		return x - y, nil
	case "*":
		return x * y, nil
	case "&":
		return x & y, nil
	case "|":
		return x | y, nil
	case "^":
		return math.Pow(float64(x), float64(y)), nil
	}
	if y == 0 {
		return nil, sqlerr.New(sqlerr.DivisionByZero, "division by zero").At(pos)
	}
	if op == "%" {
		return x % y, nil
	}
	return x / y, nil
}

func floatArithmetic(op string, a, b any, pos int) (any, error) {
	x, _ := number(a)
	y, _ := number(b)
	switch op {
	case "+":
		return x + y, nil
	case "-":
		return x - y, nil
	case "*":
		return x * y, nil
	case "^":
		return math.Pow(x, y), nil
	case "/", "%":
		if y == 0 {
			return nil, sqlerr.New(sqlerr.DivisionByZero, "division by zero").At(pos)
		}
		if op == "%" {
			return math.Mod(x, y), nil
		}
		return x / y, nil
	}
	return nil, sqlerr.New(sqlerr.UndefinedFunction, "operator does not exist: double precision %s double precision", op).At(pos)
}

// arraySets binds @>, <@ and && on arrays.
func (s *scope) arraySets(op string, l, r *expr, pos int) (*expr, error) {
	l, r, err := s.alike(l, r, pos)
	if err != nil {
		return nil, err
	}
	if l.typ.shape() != isArray {
		return nil, noOperator(op, l.typ, r.typ, pos)
	}
	if op == "<@" {
		l, r = r, l
	}
	return both(l, r, boolType, func(_ *frame, a, b any) (any, error) {
		have := map[any]bool{}
		for _, v := range a.(array) {
			have[key(v)] = true
		}
		for _, v := range b.(array) {
			if have[key(v)] == (op == "&&") {
				return op == "&&", nil
			}
		}
		return op != "&&", nil
	}), nil
}
