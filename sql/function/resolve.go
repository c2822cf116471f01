package function

import (
	"fmt"
	"strings"

	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// ArgType is what resolution must know of one argument of a call. The zero value is the
// literal NULL.
type ArgType struct {
	// Type of the argument; ignored for units and lambdas.
	Type types.Type
	// Unit says that the argument is a bare time unit, as DAYS in DATEADD(DAYS, 1, d).
	Unit bool
	// LambdaParams is the number of parameters of a lambda argument, 0 for others.
	LambdaParams int
	// BindLambda binds the body of a lambda for the given parameter types and returns the
	// type of its result. It may be called more than once; the last call counts.
	BindLambda func(params []types.Type) (types.Type, error)
	// Literal says that the argument is constant, and Value is its value; Text is its
	// source text. Only aggregates with initial arguments look at them.
	Literal bool
	Value   types.Value
	Text    string
}

// Bound is a call whose overload has been chosen.
type Bound struct {
	Name      string // upper case
	Signature *Signature
	// ArgTypes are the types that the arguments must be cast to: of a unit, STRING; of a
	// lambda, what its body must be cast to. NULL stays NULL where nothing says better.
	ArgTypes  []types.Type
	Result    types.Type
	Canonical string // names the overload in plans, for FindScalar
}

// BoundAggregate is a call of an aggregate function whose overload has been chosen.
type BoundAggregate struct {
	Name      string
	Signature *AggregateSignature
	ArgTypes  []types.Type  // of the columns, without the initial arguments
	Initial   []types.Value // of the types the signature says
	Result    types.Type
	Canonical string
}

// BoundTable is a call of a table function whose overload has been chosen.
type BoundTable struct {
	Name      string
	Signature *TableSignature
	ArgTypes  []types.Type
	Result    types.Type // of one row
	Canonical string
}

// Resolve chooses the overload of a scalar function as ksqlDB does: among the overloads
// that take the arguments as they are, else among those that take them after implicit
// casts (and, where ksqlDB gives up, with the types behind one variable widened), the one
// with fixed rather than repeating parameters, then the one with more parameters, then the
// one with fewer type variables. Two equally good ones are an error.
func Resolve(name string, args []ArgType) (*Bound, error) { return resolve(name, args, Variant{}) }

func resolve(name string, args []ArgType, v Variant) (*Bound, error) {
	e, ok := scalars[known(name)]
	if !ok {
		return nil, unknown(name)
	}
	return e.resolve(e.Name, args, v)
}

// resolve chooses the overload; key is the name that plans know the function by.
func (e *scalarEntry) resolve(key string, args []ArgType, v Variant) (*Bound, error) {
	i, binds, err := choose(e.Text, e.shapes, args, v)
	if err != nil {
		return nil, err
	}
	s, sig := &e.shapes[i], &e.Overloads[i]
	lambdas, err := bindLambdas(e.Text, s, args, binds)
	if err != nil {
		return nil, err
	}
	out := &Bound{Name: e.Name, Signature: sig, Canonical: s.canonical(key)}
	for j, a := range args {
		if a.LambdaParams > 0 {
			out.ArgTypes = append(out.ArgTypes, lambdas[j])
			continue
		}
		out.ArgTypes = append(out.ArgTypes, binds.target(s.param(j, len(args)), a.Type))
	}
	out.Result = binds.apply(s.result)
	if sig.ResultType != nil {
		out.Result, err = sig.ResultType(out.ArgTypes)
	}
	return out, err
}

// ResolveAggregate chooses the overload of an aggregate function. COUNT(*) has no
// arguments.
func ResolveAggregate(name string, args []ArgType) (*BoundAggregate, error) {
	return resolveAggregate(name, args, Variant{})
}

func resolveAggregate(name string, args []ArgType, v Variant) (*BoundAggregate, error) {
	e, ok := aggregates[known(name)]
	if !ok {
		return nil, unknown(name)
	}
	return e.resolve(e.Name, args, v)
}

// resolve chooses the overload; key is the name that plans know the function by.
func (e *aggregateEntry) resolve(key string, args []ArgType, v Variant) (*BoundAggregate, error) {
	i, binds, err := choose(e.Text, e.shapes, args, v)
	if err != nil {
		return nil, err
	}
	s, sig := &e.shapes[i], &e.Overloads[i]
	out := &BoundAggregate{Name: e.Name, Signature: sig, Canonical: s.canonical(key)}
	columns := len(args) - len(s.initial)
	for j, a := range args {
		t := binds.target(s.param(j, len(args)), a.Type)
		if j < columns {
			out.ArgTypes = append(out.ArgTypes, t)
			continue
		}
		if !a.Literal {
			return nil, sqlerr.New(sqlerr.InvalidParameter,
				"Parameter %d passed to function %s must be a literal constant, but was expression: '%s'", j+1, e.Name, a.Text)
		}
		if a.Value == nil {
			return nil, sqlerr.New(sqlerr.NullNotAllowed, "Parameter %d passed to function %s must not be NULL", j+1, e.Text)
		}
		out.Initial = append(out.Initial, widen(a.Value, t))
	}
	out.Result = binds.apply(s.result)
	if sig.ResultType != nil {
		out.Result, err = sig.ResultType(out.ArgTypes, out.Initial)
	}
	return out, err
}

// widen casts a literal to the type of its initial parameter.
func widen(v types.Value, t types.Type) types.Value {
	switch x := v.(type) {
	case int32:
		switch t.Kind {
		case types.Bigint:
			return int64(x)
		case types.Double:
			return float64(x)
		}
	case int64:
		if t.Kind == types.Double {
			return float64(x)
		}
	case types.Dec:
		if t.Kind == types.Double {
			return x.Float64()
		}
	case types.ArrayVal:
		if t.Kind == types.Array {
			out := make(types.ArrayVal, len(x))
			for i, e := range x {
				out[i] = widen(e, *t.Elem)
			}
			return out
		}
	}
	return v
}

// ResolveTable chooses the overload of a table function.
func ResolveTable(name string, args []ArgType) (*BoundTable, error) {
	return resolveTable(name, args, Variant{})
}

func resolveTable(name string, args []ArgType, v Variant) (*BoundTable, error) {
	e, ok := tables[known(name)]
	if !ok {
		return nil, unknown(name)
	}
	return e.resolve(e.Name, args, v)
}

func (e *tableEntry) resolve(key string, args []ArgType, v Variant) (*BoundTable, error) {
	i, binds, err := choose(e.Text, e.shapes, args, v)
	if err != nil {
		return nil, err
	}
	s, sig := &e.shapes[i], &e.Overloads[i]
	out := &BoundTable{Name: e.Name, Signature: sig, Canonical: s.canonical(key)}
	for j, a := range args {
		out.ArgTypes = append(out.ArgTypes, binds.target(s.param(j, len(args)), a.Type))
	}
	out.Result = binds.apply(s.result)
	if sig.ResultType != nil {
		out.Result, err = sig.ResultType(out.ArgTypes)
	}
	return out, err
}

// param is the pattern that argument i of n meets.
func (s *shape) param(i, n int) pattern {
	columns := n - len(s.initial)
	if i >= columns {
		return s.initial[i-columns]
	}
	return s.params[min(i, len(s.params)-1)]
}

// choose finds the best overload for the arguments and what its variables stand for.
func choose(text string, shapes []shape, args []ArgType, v Variant) (int, bindings, error) {
	ways := []leniency{exactly, withCasts, withWidening}
	if v.exactly {
		ways = ways[:1]
	}
	for _, how := range ways {
		best, tie := -1, false
		var bound bindings
		for i := range shapes {
			b := newBindings(v)
			if shapes[i].numeric && !v.Numeric && !v.orElse || !b.accept(&shapes[i], args, how) {
				continue
			}
			c := 0
			if best >= 0 && v.Standard {
				c = shapes[i].closeness(args) - shapes[best].closeness(args)
			}
			if c == 0 {
				c = prefer(shapes, i, best)
			}
			switch {
			case c > 0:
				best, tie, bound = i, false, b
			case c == 0:
				tie = true
			}
		}
		if best >= 0 && shapes[best].numeric && !v.Numeric {
			break // what it would give cannot be stored
		}
		if tie {
			return 0, bindings{}, ambiguous(text, shapes, args)
		}
		if best >= 0 {
			return best, bound, nil
		}
	}
	return 0, bindings{}, noMatch(text, shapes, args)
}

// closeness ranks overloads that take the same arguments after casts, as PostgreSQL does: the
// one that takes more of them as they are is better, then the one with more of the preferred
// type of numbers, DOUBLE, or JSON for text.
func (s *shape) closeness(args []ArgType) int {
	score := 0
	for i, a := range args {
		p := s.param(i, len(args))
		switch {
		case newBindings(Variant{}).match(p, a.Type, exactly), p.kind == types.Numeric && a.Type.Kind == types.Decimal:
			score += 2 * (len(args) + 1)
			if a.Type.Kind == types.Null && p.kind == types.String { // what is unknown is text
				score++
			}
		case p.kind == types.Double, p.kind == types.JSON:
			score++
		}
	}
	return score
}

func (b bindings) accept(s *shape, args []ArgType, how leniency) bool {
	columns, params := len(args)-len(s.initial), len(s.params)
	if columns != params && (!s.variadic || columns < params-1) {
		return false
	}
	for i, a := range args {
		p := s.param(i, len(args))
		switch {
		case a.LambdaParams > 0:
			if p.is != lambda || a.LambdaParams != len(p.subs)-1 {
				return false
			}
		case a.Unit:
			if p.is != unit {
				return false
			}
		case !b.match(p, a.Type, how):
			return false
		}
	}
	return true
}

// prefer compares overload i with the best so far: 1 better, 0 as good, -1 worse.
func prefer(shapes []shape, i, best int) int {
	if best < 0 {
		return 1
	}
	a, b := &shapes[i], &shapes[best]
	switch {
	case a.variadic != b.variadic:
		return sign(!a.variadic)
	case len(a.params)+len(a.initial) != len(b.params)+len(b.initial):
		return sign(len(a.params)+len(a.initial) > len(b.params)+len(b.initial))
	case a.generics != b.generics:
		return sign(a.generics < b.generics)
	}
	return 0
}

func sign(better bool) int {
	if better {
		return 1
	}
	return -1
}

// bindLambdas infers the parameters of the lambda arguments from what is bound already,
// and binds the variables of their results. A result that widens a variable that it also
// consumes (the state of REDUCE) starts over, until nothing changes.
func bindLambdas(text string, s *shape, args []ArgType, b bindings) ([]types.Type, error) {
	results := make([]types.Type, len(args))
	for again, rounds := true, 0; again; rounds++ {
		again = false
		for i, a := range args {
			if a.LambdaParams == 0 {
				continue
			}
			p := s.param(i, len(args))
			params := make([]types.Type, a.LambdaParams)
			for j := range params {
				params[j] = b.apply(p.subs[j])
			}
			got, err := a.BindLambda(params)
			if err != nil {
				return nil, err
			}
			want := p.subs[len(p.subs)-1]
			before := b.apply(want)
			if !b.match(want, got, withWidening) {
				return nil, sqlerr.New(sqlerr.DatatypeMismatch, "Function '%s': the lambda in argument %d gives %s where %s is needed",
					text, i+1, plain(got), plain(before))
			}
			results[i] = b.apply(want)
			again = again || want.is == variable && before.Kind != types.Null && !results[i].Equal(before)
		}
		if again && rounds >= 8 {
			return nil, sqlerr.New(sqlerr.IndeterminateType, "Function '%s': the lambda's result grows with each step", text)
		}
	}
	return results, nil
}

func noMatch(text string, shapes []shape, args []ArgType) error {
	return sqlerr.New(sqlerr.UndefinedFunction, "Function '%s' does not accept parameters %s.\nValid alternatives are:\n%s\n%s",
		text, listArgs(args), listShapes(text, shapes), describeHint)
}

func ambiguous(text string, shapes []shape, args []ArgType) error {
	return sqlerr.New(sqlerr.AmbiguousFunction, "Function '%s' cannot be resolved due to ambiguous method parameters %s.\n"+
		"Use CAST() to explicitly cast your parameters to one of the supported function calls.\nValid function calls are:\n%s\n%s",
		text, listArgs(args), listShapes(text, shapes), describeHint)
}

const describeHint = "For detailed information on a function run: DESCRIBE FUNCTION <Function-Name>;"

func listArgs(args []ArgType) string {
	parts := make([]string, len(args))
	for i, a := range args {
		switch {
		case a.LambdaParams > 0:
			parts[i] = "LAMBDA"
		case a.Unit:
			parts[i] = "UNIT"
		default:
			parts[i] = plain(a.Type)
		}
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// plain writes a type without backquotes, as ksqlDB does in these messages.
func plain(t types.Type) string {
	if t.Kind == types.Null {
		return "null"
	}
	return strings.ReplaceAll(t.String(), "`", "")
}

func listShapes(text string, shapes []shape) string {
	lines := make([]string, len(shapes))
	for i := range shapes {
		lines[i] = shapes[i].describe(text)
	}
	return strings.Join(lines, "\n")
}

// describe writes a signature for people: "substring(STRING value, INTEGER pos)".
func (s *shape) describe(text string) string {
	var parts []string
	for i, p := range s.params {
		part := p.String()
		if s.variadic && i == len(s.params)-1 {
			part += "..."
		}
		parts = append(parts, strings.TrimRight(part+" "+p.name, " "))
	}
	for _, p := range s.initial {
		parts = append(parts, strings.TrimRight(p.String()+" "+p.name, " "))
	}
	return fmt.Sprintf("%s(%s)", text, strings.Join(parts, ", "))
}
