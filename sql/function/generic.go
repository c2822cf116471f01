package function

import "tailrace/sql/types"

// bindings are the types that the type variables of a signature stand for.
type bindings struct {
	of map[byte]types.Type
	// numeric says that decimals of different types go together as NUMERIC, which keeps the
	// digits of each.
	numeric bool
	// standard adds PostgreSQL's implicit cast of a date to its midnight.
	standard bool
}

func newBindings(v Variant) bindings {
	return bindings{of: map[byte]types.Type{}, numeric: v.Numeric, standard: v.Standard}
}

func (b bindings) canCast(from, to types.Kind) bool {
	return canCast(from, to) || b.standard && (from == types.Date && to == types.Timestamp ||
		from == types.String && (to == types.JSON || to == types.JSONB))
}

// leniency says what a match may stretch; resolution tries them in order, so that an
// exact overload always wins over one that needs a cast.
type leniency uint8

const (
	exactly      leniency = iota
	withCasts             // implicit casts of arguments to concrete parameters
	withWidening          // and of the types that share a variable to their common type
)

// canCast reports ksqlDB's implicit casts: numbers to wider numbers, and text to dates,
// times, timestamps and bytes.
func canCast(from, to types.Kind) bool {
	if from == to {
		return true
	}
	if isNumber(from) && isNumber(to) {
		return rank(from) <= rank(to)
	}
	return from == types.String && (to == types.Date || to == types.Time || to == types.Timestamp || to == types.Bytes)
}

func isNumber(k types.Kind) bool { return types.Type{Kind: k}.IsNumeric() }

// rank orders the numeric kinds by width: DECIMAL and NUMERIC lie below DOUBLE.
func rank(k types.Kind) int {
	switch k {
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

// match tests one argument type against a pattern and binds the pattern's variables. NULL
// matches everything and binds nothing.
func (b bindings) match(p pattern, t types.Type, how leniency) bool {
	if t.Kind == types.Null {
		return p.is != unit && p.is != lambda
	}
	switch p.is {
	case anything:
		return true
	case variable:
		return b.bind(p.letter, t, how)
	case container:
		if t.Kind != p.kind {
			return false
		}
		if p.kind == types.Map {
			return b.match(p.subs[0], *t.Key, how) && b.match(p.subs[1], *t.Elem, how)
		}
		return b.match(p.subs[0], *t.Elem, how)
	case anyDecimal, anyStruct:
		return t.Kind == p.kind || how != exactly && b.canCast(t.Kind, p.kind)
	case concrete:
		if p.kind == types.Decimal || p.kind == types.Struct {
			return t.Equal(p.full) || how != exactly && p.kind == types.Decimal && b.canCast(t.Kind, p.kind)
		}
		return t.Kind == p.kind || how != exactly && b.canCast(t.Kind, p.kind)
	}
	return false
}

func (b bindings) bind(letter byte, t types.Type, how leniency) bool {
	old, ok := b.of[letter]
	switch {
	case !ok || old.Kind == types.Null:
		b.of[letter] = t
		return true
	case old.Equal(t):
		return true
	case how == withWidening:
		common, ok := Common(old, t)
		if ok && common.Kind == types.Decimal && b.numeric {
			common = types.NumericType
		}
		if ok {
			b.of[letter] = common
		}
		return ok
	}
	return false
}

// Common is the narrowest type that both types widen to without loss of magnitude.
func Common(a, b types.Type) (types.Type, bool) {
	switch {
	case a.Kind == types.Null:
		return b, true
	case b.Kind == types.Null || a.Equal(b):
		return a, true
	case a.IsNumeric() && b.IsNumeric():
		return commonNumber(a, b), true
	case a.Kind != b.Kind:
		return types.Type{}, false
	case a.Kind == types.Array:
		elem, ok := Common(*a.Elem, *b.Elem)
		return types.ArrayOf(elem), ok
	case a.Kind == types.Map:
		key, okKey := Common(*a.Key, *b.Key)
		elem, okElem := Common(*a.Elem, *b.Elem)
		return types.MapOf(key, elem), okKey && okElem
	}
	return types.Type{}, false
}

func commonNumber(a, b types.Type) types.Type {
	if a.Kind != types.Decimal && b.Kind != types.Decimal || rank(a.Kind) > 3 || rank(b.Kind) > 3 {
		if rank(a.Kind) >= rank(b.Kind) {
			return a
		}
		return b
	}
	a, b = asDecimal(a), asDecimal(b)
	scale := max(a.Scale, b.Scale)
	return types.DecimalOf(min(types.MaxPrecision, max(a.Precision-a.Scale, b.Precision-b.Scale)+scale), scale)
}

// asDecimal is the DECIMAL that holds every value of an integer type.
func asDecimal(t types.Type) types.Type {
	switch t.Kind {
	case types.Int:
		return types.DecimalOf(10, 0)
	case types.Bigint:
		return types.DecimalOf(19, 0)
	}
	return t
}

// apply is the type a pattern stands for. Unbound variables are NULL: nothing but NULL
// literals has been seen for them.
func (b bindings) apply(p pattern) types.Type {
	switch p.is {
	case variable:
		return b.of[p.letter]
	case container:
		if p.kind == types.Map {
			return types.MapOf(b.apply(p.subs[0]), b.apply(p.subs[1]))
		}
		return types.ArrayOf(b.apply(p.subs[0]))
	case unit:
		return types.StringType
	case lambda, anything, anyDecimal, anyStruct:
		return types.NullType
	}
	return p.full
}

// target is the type that an argument of type t must be cast to for parameter p.
func (b bindings) target(p pattern, t types.Type) types.Type {
	switch p.is {
	case anything, anyStruct:
		return t
	case anyDecimal:
		return asDecimal(t)
	case container:
		if t.Kind == types.Null {
			if hasNull := b.apply(p); !containsNull(hasNull) {
				return hasNull
			}
			return t
		}
		if p.kind == types.Map {
			return types.MapOf(b.target(p.subs[0], *t.Key), b.target(p.subs[1], *t.Elem))
		}
		return types.ArrayOf(b.target(p.subs[0], *t.Elem))
	case lambda:
		return types.NullType
	}
	return b.apply(p)
}

func containsNull(t types.Type) bool {
	return t.Kind == types.Null || t.Key != nil && containsNull(*t.Key) || t.Elem != nil && containsNull(*t.Elem)
}
