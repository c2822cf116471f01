package function

import (
	"fmt"
	"slices"
	"strings"

	"tailrace/sql/sqlerr"
)

// The catalogue. It is filled by init functions and read only from then on, so nobody
// needs a lock.
var (
	scalars    = map[string]*scalarEntry{}
	aggregates = map[string]*aggregateEntry{}
	tables     = map[string]*tableEntry{}
	variants   = map[string]*aggregateEntry{} // by prefix and name

	standardScalars = map[string]*scalarEntry{} // by prefix and name
	standardTables  = map[string]*tableEntry{}  // by prefix and name
)

type scalarEntry struct {
	Scalar
	shapes []shape
}

type aggregateEntry struct {
	Aggregate
	shapes []shape
}

type tableEntry struct {
	Table
	shapes []shape
}

// shape is what resolution needs of an overload: its patterns, read once.
type shape struct {
	params   []pattern
	initial  []pattern // aggregates: trailing literals
	variadic bool      // the last of params repeats
	result   pattern
	generics int  // parameters with type variables in them
	numeric  bool // NUMERIC or JSON is among the parameters or the result
}

func shapeOf(params, initial []string, variadic bool, result string) shape {
	s := shape{variadic: variadic, result: pattern{is: anything}}
	for _, text := range params {
		s.params = append(s.params, mustPattern(text))
	}
	for _, text := range initial {
		s.initial = append(s.initial, mustPattern(text))
	}
	for _, p := range s.params {
		if p.generic() {
			s.generics++
		}
	}
	if result != "" {
		s.result = mustPattern(result)
	}
	s.numeric = s.result.numeric()
	for _, p := range append(s.params, s.initial...) {
		s.numeric = s.numeric || p.numeric()
	}
	return s
}

// RegisterScalar adds a scalar function; it is for init. A second registration of one
// name is a bug.
func RegisterScalar(f Scalar) {
	checkName(f.Name)
	if f.Text == "" {
		f.Text = strings.ToLower(f.Name)
	}
	scalars[f.Name] = newScalarEntry(f)
}

func newScalarEntry(f Scalar) *scalarEntry {
	e := &scalarEntry{Scalar: f}
	for _, o := range f.Overloads {
		e.shapes = append(e.shapes, shapeOf(o.Params, nil, o.Variadic, o.Result))
	}
	return e
}

// RegisterAggregate adds an aggregate function; it is for init.
func RegisterAggregate(f Aggregate) {
	checkName(f.Name)
	if f.Text == "" {
		f.Text = f.Name
	}
	aggregates[f.Name] = newAggregateEntry(f)
}

func newAggregateEntry(f Aggregate) *aggregateEntry {
	e := &aggregateEntry{Aggregate: f}
	for _, o := range f.Overloads {
		e.shapes = append(e.shapes, shapeOf(o.Params, o.Initial, o.Variadic, o.Result))
	}
	return e
}

// RegisterTable adds a table function; it is for init.
func RegisterTable(f Table) {
	checkName(f.Name)
	if f.Text == "" {
		f.Text = strings.ToLower(f.Name)
	}
	tables[f.Name] = newTableEntry(f)
}

func newTableEntry(f Table) *tableEntry {
	e := &tableEntry{Table: f}
	for _, o := range f.Overloads {
		e.shapes = append(e.shapes, shapeOf(o.Params, nil, false, o.Result))
	}
	return e
}

func checkName(name string) {
	if name == "" || name != strings.ToUpper(name) || KindOf(name) != NotAFunction {
		panic(fmt.Sprintf("function: name %q is not upper case or is taken", name))
	}
}

// Kind tells the three families of functions apart.
type Kind uint8

// What a name can be.
const (
	NotAFunction Kind = iota
	IsScalar
	IsAggregate
	IsTable
)

// KindOf says what a name is, in any case of letters; an alias is what it stands for.
func KindOf(name string) Kind {
	name = known(name)
	switch {
	case scalars[name] != nil:
		return IsScalar
	case aggregates[name] != nil:
		return IsAggregate
	case tables[name] != nil:
		return IsTable
	}
	return NotAFunction
}

// LookupScalar finds a scalar function, in any case of letters.
func LookupScalar(name string) (*Scalar, bool) {
	e, ok := scalars[known(name)]
	if !ok {
		return nil, false
	}
	return &e.Scalar, true
}

// LookupAggregate finds an aggregate function, in any case of letters.
func LookupAggregate(name string) (*Aggregate, bool) {
	e, ok := aggregates[known(name)]
	if !ok {
		return nil, false
	}
	return &e.Aggregate, true
}

// LookupTable finds a table function, in any case of letters.
func LookupTable(name string) (*Table, bool) {
	e, ok := tables[known(name)]
	if !ok {
		return nil, false
	}
	return &e.Table, true
}

// Names lists the functions of one kind, sorted.
func Names(kind Kind) []string {
	var out []string
	switch kind {
	case IsScalar:
		out = keys(scalars)
	case IsAggregate:
		out = keys(aggregates)
	case IsTable:
		out = keys(tables)
	}
	slices.Sort(out)
	return out
}

func keys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}

// FindScalar finds an overload again by what Bound.Canonical said when it was bound, for
// plans at rest.
func FindScalar(canonical string) (*Signature, error) {
	name, _, _ := strings.Cut(canonical, "(")
	e, ok := scalars[name]
	if !ok {
		e, ok = standardScalars[name]
	}
	if ok {
		for i := range e.shapes {
			if e.shapes[i].canonical(name) == canonical {
				return &e.Overloads[i], nil
			}
		}
	}
	return nil, sqlerr.New(sqlerr.UndefinedFunction, "function %s does not exist", canonical)
}

// FindAggregate is FindScalar for BoundAggregate.Canonical.
func FindAggregate(canonical string) (*AggregateSignature, error) {
	name, _, _ := strings.Cut(canonical, "(")
	e, ok := aggregates[name]
	if !ok {
		e, ok = variants[name]
	}
	if ok {
		for i := range e.shapes {
			if e.shapes[i].canonical(name) == canonical {
				return &e.Overloads[i], nil
			}
		}
	}
	return nil, sqlerr.New(sqlerr.UndefinedFunction, "aggregate function %s does not exist", canonical)
}

// FindTable is FindScalar for BoundTable.Canonical.
func FindTable(canonical string) (*TableSignature, error) {
	name, _, _ := strings.Cut(canonical, "(")
	e, ok := tables[name]
	if !ok {
		e, ok = standardTables[name]
	}
	if ok {
		for i := range e.shapes {
			if e.shapes[i].canonical(name) == canonical {
				return &e.Overloads[i], nil
			}
		}
	}
	return nil, sqlerr.New(sqlerr.UndefinedFunction, "table function %s does not exist", canonical)
}

// canonical names an overload for good: "SUBSTRING(STRING, INTEGER, INTEGER)". Initial
// arguments of aggregates stand behind a semicolon.
func (s *shape) canonical(name string) string {
	text := name + "(" + joinPatterns(s.params)
	if s.variadic {
		text += "..."
	}
	if len(s.initial) > 0 {
		text += "; " + joinPatterns(s.initial)
	}
	return text + ")"
}

// StandardNames lists the scalar functions that PostgreSQL reads in another way, sorted.
func StandardNames() []string {
	var out []string
	for _, key := range sortedKeys(standardScalars) {
		out = append(out, strings.TrimPrefix(key, standardPrefix))
	}
	return out
}

// Standard finds PostgreSQL's reading of a scalar function, under the very name, upper case,
// and the canonical names of its overloads.
func Standard(name string) (*Scalar, []string) {
	e, ok := standardScalars[standardPrefix+name]
	if !ok {
		return nil, nil
	}
	out := make([]string, len(e.shapes))
	for i := range e.shapes {
		out[i] = e.shapes[i].canonical(standardPrefix + name)
	}
	return &e.Scalar, out
}

// Overloads lists the canonical names of a function's overloads, in the order of its
// Overloads.
func Overloads(name string) []string {
	name = known(name)
	var shapes []shape
	switch KindOf(name) {
	case IsScalar:
		shapes = scalars[name].shapes
	case IsAggregate:
		shapes = aggregates[name].shapes
	case IsTable:
		shapes = tables[name].shapes
	}
	out := make([]string, len(shapes))
	for i := range shapes {
		out[i] = shapes[i].canonical(name)
	}
	return out
}
