package pgcatalog

import (
	"context"
	"regexp"
	"time"

	"tailrace/server/pgcatalog/syntax"
	"tailrace/sql/catalog"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// Column is a column of a result. OID is PostgreSQL's type, which drivers look at;
// Type is how the value travels.
type Column struct {
	Name string
	Type types.Type
	OID  uint32
}

// Settings are the run-time parameters of a session.
type Settings interface {
	// Setting returns a parameter by name, in any case of letters.
	Setting(name string) (string, bool)
	// SetSetting changes a parameter, as SET does.
	SetSetting(name, value string) error
	// SettingNames lists the parameters.
	SettingNames() []string
}

// Facts are what the tables and functions report.
type Facts struct {
	Catalog  *catalog.Snapshot
	Settings Settings
	User     string
	Database string
	Version  string // of Tailrace
	PID      uint32 // of the connection, as in its BackendKeyData
	Now      time.Time
	Started  time.Time // of the connection
}

// binder is the state of one Prepare: the types of the parameters.
type binder struct {
	params []typ // by number, from 0; unknown until something says
}

// Query is a statement with its names and types bound. It may run any number of times,
// also at the same time.
type Query struct {
	Params    []types.Type // of $1, $2, ...
	ParamOIDs []uint32     // PostgreSQL's numbers of them
	Columns   []Column

	plan   *plan
	params []typ
}

// Prepare parses and binds a statement. params are the types that the client has
// declared, NullType where it has not.
func Prepare(text string, params []types.Type) (*Query, error) {
	tree, err := syntax.Parse(text)
	if err != nil {
		return nil, err
	}
	b := &binder{}
	for _, t := range params {
		b.params = append(b.params, typOf(t))
	}
	p, err := b.query(tree, nil, nil)
	if err != nil {
		return nil, err
	}
	q := &Query{plan: p, params: b.params}
	for _, t := range b.params {
		q.Params, q.ParamOIDs = append(q.Params, paramType(t)), append(q.ParamOIDs, paramOID(t))
	}
	q.Columns = make([]Column, len(p.cols))
	for i, c := range p.cols {
		q.Columns[i].Name = c.name
		q.Columns[i].Type, q.Columns[i].OID = columnType(c.typ)
	}
	return q, nil
}

// Run evaluates the statement for what is true now.
func (q *Query) Run(ctx context.Context, facts *Facts, args []types.Value) ([][]types.Value, error) {
	ex := &execution{ctx: ctx, facts: facts, cache: map[*plan][][]any{}, tables: map[*relation][][]any{},
		indexes: map[*scan]map[any][][]any{}, cells: map[*expr]any{}, working: map[*cte][][]any{}, patterns: map[string]*regexp.Regexp{}, params: make([]any, len(q.params))}
	for i, v := range args {
		if i < len(ex.params) {
			ex.params[i] = fromValue(v)
		}
	}
	rows, err := q.plan.rows(ex, nil)
	if err != nil {
		return nil, err
	}
	out := make([][]types.Value, len(rows))
	for i, row := range rows {
		out[i] = make([]types.Value, len(q.Columns))
		for c := range q.Columns {
			out[i][c] = ex.toValue(row[c], q.plan.cols[c].typ, q.Columns[c].Type)
		}
	}
	return out, nil
}

// plan is a bound query: rows makes its result within the frame of the SELECT around it.
type plan struct {
	cols       []col
	correlated bool
	run        func(ex *execution, parent *frame) ([][]any, error)
}

// rows runs the plan, once per execution if it depends on nothing around it.
func (p *plan) rows(ex *execution, parent *frame) ([][]any, error) {
	if p.correlated {
		return p.run(ex, parent)
	}
	if rows, ok := ex.cache[p]; ok {
		return rows, nil
	}
	rows, err := p.run(ex, nil)
	if err != nil {
		return nil, err
	}
	ex.cache[p] = rows
	return rows, nil
}

// execution is one run of a Query.
type execution struct {
	ctx      context.Context
	facts    *Facts
	model    *model
	params   []any
	cache    map[*plan][][]any
	tables   map[*relation][][]any
	indexes  map[*scan]map[any][][]any
	patterns map[string]*regexp.Regexp
	working  map[*cte][][]any // the last round of recursions
	steps    int
	// cells hold the element that a quantified comparison is at.
	cells map[*expr]any
}

// maxSteps bounds the work of one statement: rows that are looked at or made.
const maxSteps = 50_000_000

// maxRows bounds what one query inside a statement may hold.
const maxRows = 2_000_000

// step counts a row, and looks whether the statement has been cancelled: what is computed for one
// row may take long.
func (ex *execution) step() error {
	ex.steps++
	if ex.steps > maxSteps {
		return sqlerr.New(sqlerr.LimitExceeded, "catalog query looks at more than %d rows", maxSteps)
	}
	return ex.ctx.Err()
}

func (ex *execution) room(n int) error {
	if n > maxRows {
		return sqlerr.New(sqlerr.LimitExceeded, "catalog query makes more than %d rows", maxRows)
	}
	return nil
}

// frame is one SELECT while it runs: the current row of each of its tables.
type frame struct {
	ex      *execution
	parent  *frame
	rows    [][]any
	aggs    []any
	windows []any
	srfs    []any
}

// unify finds the type of expressions that become one value (CASE, UNION, ARRAY):
// literals take the type of the others, numbers the widest.
func unify(list ...typ) typ {
	out := unknownType
	for _, t := range list {
		switch {
		case t.isUnknown():
		case out.isUnknown():
			out = t
		case out.shape() == isInt && t.shape() == isFloat, out.oid == oidInt4 && t.oid == oidInt8,
			out.oid == oidInt2 && (t.oid == oidInt4 || t.oid == oidInt8), out.isName() && t.shape() == isInt:
			out = t
		case out.shape() != t.shape() && t.shape() == isText:
			out = t
		case out.shape() == isText && t.shape() == isText && out.oid != t.oid:
			out = textType
		}
	}
	if out.isUnknown() {
		return textType
	}
	return out
}

// coerce gives an expression a type: literals and parameters take it on, others are cast
// if they are held differently.
func (s *scope) coerce(e *expr, t typ) (*expr, error) {
	if e.param > 0 && e.typ.isUnknown() {
		s.b.params[e.param-1] = t
		if t.isName() { // travels as the name
			s.b.params[e.param-1] = textType
		}
		fixed, err := s.param(e.param, e.pos)
		if err != nil || !t.isName() {
			return fixed, err
		}
		return s.cast(fixed, t)
	}
	if e.typ.isUnknown() || e.typ.shape() != t.shape() || e.typ.isName() && t.shape() == isText {
		return s.cast(e, t)
	}
	return e, nil
}

// settle gives what has no type yet the type text.
func (s *scope) settle(e *expr) (*expr, error) {
	if e.typ.isUnknown() {
		return s.coerce(e, textType)
	}
	return e, nil
}

// param is $n, with the type that is known so far.
func (s *scope) param(n, pos int) (*expr, error) {
	for len(s.b.params) < n {
		s.b.params = append(s.b.params, unknownType)
	}
	e := &expr{typ: s.b.params[n-1], pos: pos, param: n, constant: true}
	e.eval = func(f *frame) (any, error) {
		if n > len(f.ex.params) {
			return nil, sqlerr.New(sqlerr.UndefinedParameter, "there is no parameter $%d", n).At(pos)
		}
		return f.ex.params[n-1], nil
	}
	return e, nil
}
