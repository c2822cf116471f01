package pgcatalog

import (
	"strings"

	"tailrace/server/pgcatalog/syntax"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

func (s *scope) castExpr(e *syntax.Cast) (*expr, error) {
	t, ok := findType(e.Type.Schema, e.Type.Name, e.Type.Array)
	if !ok {
		return nil, sqlerr.New(sqlerr.UndefinedObject, "type %q does not exist", e.Type.Name).At(e.Pos())
	}
	x, err := s.value(e.X)
	if err != nil {
		return nil, err
	}
	if x.param > 0 && x.typ.isUnknown() {
		return s.coerce(x, t)
	}
	return s.cast(x, t)
}

// cast binds a cast. Where values are held alike it changes the type alone.
func (s *scope) cast(e *expr, to typ) (*expr, error) {
	from, a, b := e.typ, e.typ.shape(), to.shape()
	out := func(do func(f *frame, v any) (any, error)) (*expr, error) {
		return &expr{typ: to, pos: e.pos, constant: e.constant, eval: func(f *frame) (any, error) {
			v, err := e.eval(f)
			if v == nil || err != nil {
				return nil, err
			}
			return do(f, v)
		}}, nil
	}
	fromText := func(f *frame, v any) (any, error) {
		got, err := f.ex.fromText(v.(string), to)
		if se, ok := sqlerr.As(err); ok {
			return nil, se.At(e.pos)
		}
		return got, err
	}
	switch {
	case a == isUnknown, a == isText && b != isText:
		return out(func(f *frame, v any) (any, error) {
			if _, ok := v.(string); !ok {
				return v, nil
			}
			return fromText(f, v)
		})
	case a == isText && b == isText:
		if to.oid == oidChar || to.oid == oidName {
			return out(fromText)
		}
		return out(func(_ *frame, v any) (any, error) { return v, nil })
	case b == isText:
		return out(func(f *frame, v any) (any, error) {
			if to.oid == oidDate {
				if at, ok := v.(types.TimestampVal); ok {
					return at.Go().Format("2006-01-02"), nil
				}
			}
			return f.ex.toText(v, from), nil
		})
	case a == b && a == isArray:
		return s.castArray(e, to)
	case a == b, a == isInt && b == isFloat, a == isFloat && b == isInt, a == isBool && b == isInt, a == isInt && b == isBool:
		return out(func(_ *frame, v any) (any, error) { return castNumber(v, b), nil })
	}
	return nil, sqlerr.New(sqlerr.CannotCoerce, "cannot cast type %s to %s", from, to).At(e.pos)
}

// castNumber turns numbers and booleans into one another.
func castNumber(v any, to shape) any {
	switch x := v.(type) {
	case int64:
		switch to {
		case isFloat:
			return float64(x)
		case isBool:
			return x != 0
		}
	case float64:
		if to == isInt {
			if x < 0 {
				return int64(x - 0.5)
			}
			return int64(x + 0.5)
		}
	case bool:
		if to == isInt {
			return int64(b2i(x))
		}
	}
	return v
}

// castArray casts the elements.
func (s *scope) castArray(e *expr, to typ) (*expr, error) {
	from := e.typ
	if from.elem().shape() == to.elem().shape() && !from.elem().isName() {
		return e.then(to, func(v any) (any, error) { return v, nil }), nil
	}
	if to.elem().shape() != isText {
		return nil, sqlerr.New(sqlerr.CannotCoerce, "cannot cast type %s to %s", from, to).At(e.pos)
	}
	return &expr{typ: to, pos: e.pos, constant: e.constant, eval: func(f *frame) (any, error) {
		v, err := e.eval(f)
		a, ok := v.(array)
		if err != nil || !ok {
			return nil, err
		}
		out := make(array, len(a))
		for i, x := range a {
			if x != nil {
				out[i] = f.ex.toText(x, from.elem())
			}
		}
		return out, nil
	}}, nil
}

// findObject reads the name or number of an object: 'pg_class'::regclass.
func (ex *execution) findObject(name string, t typ) (any, error) {
	trimmed := strings.TrimSpace(name)
	if trimmed == "-" {
		return int64(0), nil
	}
	if n, ok := digits(trimmed); ok {
		return n, nil
	}
	schema, object := splitName(trimmed)
	m := ex.theModel()
	switch t.oid {
	case oidRegclass:
		if oid, ok := m.findRelation(schema, object); ok {
			return oid, nil
		}
		return nil, sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", trimmed)
	case oidRegtype:
		if oid, ok := typeFromText(trimmed); ok {
			return oid, nil
		}
		return nil, sqlerr.New(sqlerr.UndefinedObject, "type %q does not exist", trimmed)
	case oidRegnamespace:
		if oid, ok := schemas[object]; ok {
			return oid, nil
		}
		return nil, sqlerr.New(sqlerr.InvalidSchema, "schema %q does not exist", trimmed)
	case oidRegrole:
		if object == ex.facts.User || object == ownerName {
			return int64(ownerOID), nil
		}
		return nil, sqlerr.New(sqlerr.UndefinedObject, "role %q does not exist", trimmed)
	}
	object, _, _ = strings.Cut(object, "(")
	if oid, ok := procByName()[object]; ok {
		return oid, nil
	}
	return nil, sqlerr.New(sqlerr.UndefinedFunction, "function %q does not exist", trimmed)
}

func digits(s string) (int64, bool) {
	n := int64(0)
	for _, c := range []byte(s) {
		if c < '0' || c > '9' || n > 1<<40 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, s != ""
}

// splitName reads [schema.]name with folding and quotes.
func splitName(s string) (schema, name string) {
	parts := []string{""}
	inside := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' && inside && i+1 < len(s) && s[i+1] == '"':
			parts[len(parts)-1] += `"`
			i++
		case c == '"':
			inside = !inside
		case c == '.' && !inside:
			parts = append(parts, "")
		case inside:
			parts[len(parts)-1] += s[i : i+1]
		case c >= 'A' && c <= 'Z':
			parts[len(parts)-1] += string(c + 'a' - 'A')
		default:
			parts[len(parts)-1] += s[i : i+1]
		}
	}
	if len(parts) > 1 {
		schema = parts[len(parts)-2]
	}
	return schema, parts[len(parts)-1]
}

// typeFromText reads a type's name with [] and modifiers.
func typeFromText(s string) (int64, bool) {
	base, isArrayOf := strings.CutSuffix(strings.TrimSpace(s), "[]")
	if i := strings.IndexByte(base, '('); i >= 0 {
		base = base[:i]
	}
	for _, d := range typeDefs {
		if d.long == base {
			base = d.name
		}
	}
	schema, name := splitName(base)
	if rest, ok := strings.CutPrefix(name, "_"); ok && typeByName[name] == nil {
		name, isArrayOf = rest, true
	}
	t, ok := findType(schema, name, isArrayOf)
	return int64(t.oid), ok
}

// objectName is the name of an object, as the reg types are written.
func (ex *execution) objectName(oid int64, t typ) string {
	if oid == 0 {
		return "-"
	}
	name := ""
	switch t.oid {
	case oidRegclass:
		name = ex.theModel().relationName(oid)
	case oidRegtype:
		if typeByOID[uint32(oid)] != nil || arrayToElem[uint32(oid)] != 0 {
			return formatType(uint32(oid), -1)
		}
	case oidRegnamespace:
		for n, o := range schemas {
			if o == oid {
				name = quoteName(n)
			}
		}
	case oidRegrole:
		if oid == ownerOID {
			name = quoteName(ex.facts.User)
		}
	case oidRegproc, oidRegprocedure:
		name = procName(oid)
	}
	if name == "" {
		return itoa(oid)
	}
	return name
}
