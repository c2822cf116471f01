package pgcatalog

import (
	"cmp"
	"strings"

	"tailrace/server/pgcatalog/syntax"
	"tailrace/sql/sqlerr"
)

// scalar is a scalar function. A signature reads "name(text,oid?,any...)result": a
// question mark makes an argument optional, three points repeat it; =1 is the type of the
// first argument, []1 that of arrays of it, #1 of its elements.
type scalar struct {
	name     string
	params   []typ
	required int
	variadic bool
	result   string
	nulls    bool // called with NULL arguments too
	eval     func(ex *execution, args []any) (any, error)
}

var functions = map[string]*scalar{}

// define adds a function that gives NULL for NULL.
func define(signature string, eval func(ex *execution, a []any) (any, error)) {
	f := parseSignature(signature)
	f.eval = eval
	functions[f.name] = f
}

// defineNulls adds a function that takes NULLs.
func defineNulls(signature string, eval func(ex *execution, a []any) (any, error)) {
	define(signature, eval)
	functions[signature[:strings.IndexByte(signature, '(')]].nulls = true
}

func parseSignature(signature string) *scalar {
	name, rest, _ := strings.Cut(signature, "(")
	params, result, _ := strings.Cut(rest, ")")
	f := &scalar{name: name, result: result}
	for _, p := range strings.Split(params, ",") {
		if p == "" {
			continue
		}
		p, optional := strings.CutSuffix(p, "?")
		if p, f.variadic = strings.CutSuffix(p, "..."); !optional && !f.variadic {
			f.required++
		}
		f.params = append(f.params, mustType(p))
	}
	return f
}

func mustType(name string) typ {
	base, isArrayOf := strings.CutSuffix(name, "[]")
	t, ok := findType("", base, isArrayOf)
	if !ok {
		panic("pgcatalog: no type " + name)
	}
	return t
}

// resultType is the type of a call.
func resultType(result string, args []*expr) typ {
	arg := textType
	if len(args) > 0 {
		arg = unify(args[0].typ)
	}
	switch result {
	case "=1":
		return arg
	case "[]1":
		return arrayOf(arg)
	case "#1":
		return arg.elem()
	}
	return mustType(result)
}

func undefinedFunction(c *syntax.Call, args []*expr) error {
	ts := make([]string, len(args))
	for i, a := range args {
		ts[i] = a.typ.String()
	}
	err := sqlerr.New(sqlerr.UndefinedFunction, "function %s(%s) does not exist", c.Name, strings.Join(ts, ", ")).At(c.Pos())
	var names []string
	for n := range functions {
		names = append(names, n)
	}
	if near := sqlerr.Closest(c.Name, names); near != "" && near != c.Name {
		return err.Hint("Perhaps you meant %s.", near)
	}
	return err.Hint("Statements over PostgreSQL's catalog know the functions that tools use; functions of the language work in other statements.")
}

// call binds a function call: a form of its own, an aggregate, a window, a set, or a
// scalar function.
func (s *scope) call(c *syntax.Call) (*expr, error) {
	if c.Schema != "" && c.Schema != "pg_catalog" && c.Schema != "information_schema" {
		return nil, undefinedFunction(c, nil)
	}
	if c.Over != nil {
		return s.window(c)
	}
	if aggregates[c.Name] != nil {
		return s.aggregate(c)
	}
	if c.Star || c.Distinct || c.Filter != nil {
		return nil, sqlerr.New(sqlerr.WrongObjectType, "%s is not an aggregate function", c.Name).At(c.Pos())
	}
	switch c.Name {
	case "coalesce", "greatest", "least":
		return s.firstOf(c)
	case "nullif":
		return s.nullif(c)
	case "pg_typeof":
		args, err := s.values(c.Args)
		if err != nil || len(args) != 1 {
			return nil, cmp.Or(err, undefinedFunction(c, args))
		}
		return constant(int64(args[0].typ.oid), typ{oid: oidRegtype}, c.Pos()), nil
	}
	if setFunctions[c.Name] != nil {
		return s.setInSelect(c)
	}
	args, err := s.values(c.Args)
	if err != nil {
		return nil, err
	}
	f := functions[c.Name]
	if f == nil || len(args) < f.required || len(args) > len(f.params) && !f.variadic {
		return nil, undefinedFunction(c, args)
	}
	return s.bindFunction(f, args, c.Pos())
}

func (s *scope) bindFunction(f *scalar, args []*expr, pos int) (*expr, error) {
	var err error
	for i := range args {
		p := f.params[min(i, len(f.params)-1)]
		switch {
		case p.oid == oidAny:
			args[i], err = s.settle(args[i])
		case args[i].typ.isUnknown(), args[i].typ.shape() != p.shape() && p.shape() != isArray:
			args[i], err = s.coerce(args[i], p)
		case p.shape() == isText && args[i].typ.isName():
			args[i], err = s.cast(args[i], textType)
		}
		if err != nil {
			return nil, err
		}
	}
	e := &expr{typ: resultType(f.result, args), pos: pos, constant: len(args) > 0}
	for _, a := range args {
		e.constant = e.constant && a.constant
	}
	e.eval = func(fr *frame) (any, error) {
		values := make([]any, len(args), len(args)+1)
		for i, a := range args {
			v, err := a.eval(fr)
			if err != nil || v == nil && !f.nulls {
				return nil, err
			}
			values[i] = v
		}
		v, err := f.eval(fr.ex, values)
		if se, ok := sqlerr.As(err); ok {
			return nil, se.At(pos)
		}
		return v, err
	}
	return e, nil
}

// firstOf binds COALESCE, GREATEST and LEAST.
func (s *scope) firstOf(c *syntax.Call) (*expr, error) {
	args, err := s.values(c.Args)
	if err != nil {
		return nil, err
	}
	if len(args) == 0 {
		return nil, undefinedFunction(c, args)
	}
	t, err := s.unifyExprs(args)
	if err != nil {
		return nil, err
	}
	return &expr{typ: t, pos: c.Pos(), eval: func(f *frame) (any, error) {
		var best any
		for _, a := range args {
			v, err := a.eval(f)
			if err != nil {
				return nil, err
			}
			switch {
			case v == nil:
			case c.Name == "coalesce":
				return v, nil
			case best == nil, (compare(v, best) > 0) == (c.Name == "greatest"):
				best = v
			}
		}
		return best, nil
	}}, nil
}

func (s *scope) nullif(c *syntax.Call) (*expr, error) {
	args, err := s.values(c.Args)
	if err != nil {
		return nil, err
	}
	if len(args) != 2 {
		return nil, undefinedFunction(c, args)
	}
	l, r, err := s.alike(args[0], args[1], c.Pos())
	if err != nil {
		return nil, err
	}
	return &expr{typ: l.typ, pos: c.Pos(), eval: func(f *frame) (any, error) {
		a, err := l.eval(f)
		if err != nil || a == nil {
			return nil, err
		}
		b, err := r.eval(f)
		if err == nil && b != nil && compare(a, b) == 0 {
			return nil, nil
		}
		return a, err
	}}, nil
}

// setFunction is a function that returns rows. A record has the fields of typ.
type setFunction struct {
	*scalar
	typ  func(args []*expr) typ
	eval func(ex *execution, args []any) ([]any, error)
}

var setFunctions = map[string]*setFunction{}

// defineSet adds a set-returning function. fields, "name:type ...", make its rows records.
func defineSet(signature, fields string, eval func(ex *execution, a []any) ([]any, error)) {
	f := &setFunction{scalar: parseSignature(signature), eval: eval}
	f.typ = func(args []*expr) typ {
		if fields == "" {
			return resultType(f.result, args)
		}
		t := typ{oid: oidRecord}
		for _, fd := range strings.Fields(fields) {
			name, of, _ := strings.Cut(fd, ":")
			ft := typ{}
			if of == "#1" {
				ft = args[0].typ.elem()
			} else {
				ft = mustType(of)
			}
			t.fields = append(t.fields, field{name, ft})
		}
		return t
	}
	setFunctions[f.name] = f
}

// setCall is a bound call of a set-returning function.
type setCall struct {
	typ  typ
	eval func(f *frame) ([]any, error)
}

// setCall binds a call in FROM: of a set-returning function, or of a scalar one, which is
// one row.
func (s *scope) setCall(c *syntax.Call) (*setCall, error) {
	def := setFunctions[c.Name]
	if def == nil {
		e, err := s.value(c)
		if err != nil {
			return nil, err
		}
		return &setCall{typ: e.typ, eval: func(f *frame) ([]any, error) {
			v, err := e.eval(f)
			return []any{v}, err
		}}, nil
	}
	args, err := s.values(c.Args)
	if err != nil {
		return nil, err
	}
	if len(args) < def.required || len(args) > len(def.params) && !def.variadic {
		return nil, undefinedFunction(c, args)
	}
	for i := range args {
		p := def.params[min(i, len(def.params)-1)]
		if args[i].typ.isUnknown() || p.oid != oidAny && args[i].typ.shape() != p.shape() {
			if args[i], err = s.coerce(args[i], p); err != nil {
				return nil, err
			}
		}
	}
	return &setCall{typ: def.typ(args), eval: func(f *frame) ([]any, error) {
		values, err := evalAll(args, f)
		if err != nil {
			return nil, err
		}
		for _, v := range values {
			if v == nil {
				return nil, nil
			}
		}
		if c.Name == "generate_subscripts" { // vectors count from 0
			values = append(values, int64(1-b2i(typeByOID[args[0].typ.oid] != nil)))
		}
		return def.eval(f.ex, values)
	}}, nil
}

// setInSelect binds a set-returning function in a select list.
func (s *scope) setInSelect(c *syntax.Call) (*expr, error) {
	if !s.inSelect {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "set-returning functions are not allowed here").At(c.Pos())
	}
	call, err := s.setCall(c)
	if err != nil {
		return nil, err
	}
	slot := len(s.srfs)
	s.srfs = append(s.srfs, call)
	return &expr{typ: call.typ, pos: c.Pos(), eval: func(f *frame) (any, error) {
		if slot < len(f.srfs) {
			return f.srfs[slot], nil
		}
		return nil, nil
	}}, nil
}
