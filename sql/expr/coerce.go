package expr

import (
	"strings"

	"tailrace/sql/expr/kernel"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// What INT and BIGINT widen to as decimals.
var (
	intDecimal    = types.DecimalOf(10, 0)
	bigintDecimal = types.DecimalOf(19, 0)
)

// asDecimal is the DECIMAL that holds every value of an exact number.
func asDecimal(t types.Type) types.Type {
	switch t.Kind {
	case types.Int:
		return intDecimal
	case types.Bigint:
		return bigintDecimal
	}
	return t
}

// CanWiden reports whether values of one type become another without being asked: INT to
// BIGINT to DECIMAL to DOUBLE, a decimal to one with at least as many digits on both
// sides, and nested types by their parts.
func CanWiden(from, to types.Type) bool {
	if from.Kind == types.Null || from.Equal(to) {
		return true
	}
	switch {
	case from.IsNumeric() && to.IsNumeric():
		if to.Kind == types.Decimal && widthOf(from) <= widthOf(to) {
			d := asDecimal(from)
			return d.Scale <= to.Scale && d.Precision-d.Scale <= to.Precision-to.Scale
		}
		return widthOf(from) <= widthOf(to)
	case from.Kind != to.Kind:
		return false
	case from.Kind == types.Array:
		return CanWiden(*from.Elem, *to.Elem)
	case from.Kind == types.Map:
		return CanWiden(*from.Key, *to.Key) && CanWiden(*from.Elem, *to.Elem)
	case from.Kind == types.Struct:
		for _, f := range from.Fields {
			i := to.Field(f.Name)
			if i < 0 || !CanWiden(f.Type, to.Fields[i].Type) {
				return false
			}
		}
		return true
	}
	return false
}

func widthOf(t types.Type) int {
	switch t.Kind {
	case types.Int:
		return 1
	case types.Bigint:
		return 2
	case types.Decimal:
		return 3
	case types.Numeric:
		return 4
	}
	return 5
}

// CommonType is the narrowest type that both widen to; ok is false when there is none.
// Structs have the fields of both.
func CommonType(a, b types.Type) (t types.Type, ok bool) {
	switch {
	case a.Kind == types.Null || a.Equal(b):
		return b, true
	case b.Kind == types.Null:
		return a, true
	case a.IsNumeric() && b.IsNumeric():
		if a.Kind == types.Double || b.Kind == types.Double {
			return types.DoubleType, true
		}
		if a.Kind == types.Numeric || b.Kind == types.Numeric {
			return types.NumericType, true
		}
		if a.Kind == types.Decimal || b.Kind == types.Decimal {
			return widenDecimal(asDecimal(a), asDecimal(b)), true
		}
		return types.BigintType, true
	case a.Kind != b.Kind:
		return types.Type{}, false
	}
	switch a.Kind {
	case types.Array:
		elem, ok := CommonType(*a.Elem, *b.Elem)
		return types.ArrayOf(elem), ok
	case types.Map:
		key, ok1 := CommonType(*a.Key, *b.Key)
		elem, ok2 := CommonType(*a.Elem, *b.Elem)
		return types.MapOf(key, elem), ok1 && ok2
	case types.Struct:
		return commonStruct(a, b)
	}
	return types.Type{}, false
}

func commonStruct(a, b types.Type) (types.Type, bool) {
	fields := append([]types.Field{}, a.Fields...)
	for _, f := range b.Fields {
		i := a.Field(f.Name)
		if i < 0 {
			fields = append(fields, f)
			continue
		}
		t, ok := CommonType(fields[i].Type, f.Type)
		if !ok {
			return types.Type{}, false
		}
		fields[i].Type = t
	}
	return types.StructOf(fields...), true
}

// widenDecimal holds the digits of both on both sides of the point.
func widenDecimal(a, b types.Type) types.Type {
	whole, scale := max(a.Precision-a.Scale, b.Precision-b.Scale), max(a.Scale, b.Scale)
	return capDecimal(whole+scale, scale)
}

// capDecimal keeps a result type within what 128 bits hold: digits before the point go
// first, as a value that does not fit fails loudly while a lost fraction would not.
func capDecimal(precision, scale int) types.Type {
	return types.DecimalOf(min(precision, types.MaxPrecision), min(scale, types.MaxPrecision))
}

// Cast wraps e in a cast to t, or casts it at once when it is a literal that can be. It
// does not ask whether such a cast exists: see kernel.CanCast.
func Cast(e *Expr, t types.Type, standard bool) *Expr {
	if e.Type.Equal(t) {
		return e
	}
	if e.Op == OpLiteral {
		if v, err := kernel.CastValue(e.Value.V, e.Type, t, standard); err == nil {
			lit := Lit(t, v)
			lit.Pos = e.Pos
			return lit
		}
	}
	return &Expr{Op: OpCast, Type: t, Args: []*Expr{e}, Standard: standard, Pos: e.Pos}
}

// Coerce makes an expression of type t of e where that needs no explicit cast: by
// widening, or, for a literal, as ksqlDB coerces literals (text to numbers, booleans and
// times; numbers to text). INSERT ... VALUES and UNION need it.
func Coerce(e *Expr, t types.Type, standard bool) (*Expr, error) {
	if CanWiden(e.Type, t) {
		return Cast(e, t, standard), nil
	}
	if e.Op == OpLiteral {
		v, err := coerceLiteral(e.Value, t)
		if err != nil {
			return nil, err
		}
		if v != nil {
			lit := Lit(t, v)
			lit.Pos = e.Pos
			return lit, nil
		}
	}
	return nil, sqlerr.New(sqlerr.DatatypeMismatch, "expression of type %s where %s is needed", e.Type, t).
		At(e.Pos).Hint("You might need to add an explicit cast.")
}

// coerceLiteral converts the value of a literal, or returns nil where literals of its type
// do not become t. Text that does not read as t is an error.
func coerceLiteral(c *Constant, t types.Type) (types.Value, error) {
	if c.V == nil || c.Type.Equal(t) {
		return c.V, nil
	}
	switch v := c.V.(type) {
	case string:
		if t.Kind == types.Boolean {
			b, ok := kernel.ParseBool(strings.TrimSpace(v))
			if !ok {
				return nil, badInput(v, t)
			}
			return b, nil
		}
		if !t.IsNumeric() && t.Kind != types.Date && t.Kind != types.Time && t.Kind != types.Timestamp {
			return nil, nil
		}
		out, err := kernel.ParseValue(v, t, false)
		if err != nil {
			return nil, badInput(v, t)
		}
		return out, nil
	case bool, int32, int64, float64, types.Dec:
		if t.Kind == types.String {
			return types.Text(c.Type, v), nil
		}
		if t.IsNumeric() && c.Type.IsNumeric() {
			out, err := kernel.CastValue(v, c.Type, t, true)
			return out, err
		}
	}
	return nil, nil
}

func badInput(text string, t types.Type) *sqlerr.Error {
	return sqlerr.New(sqlerr.InvalidText, "invalid input syntax for type %s: \"%s\".", t.Kind, text)
}
