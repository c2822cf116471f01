package pgcatalog

import (
	"strings"

	"tailrace/server/pgcatalog/syntax"
	"tailrace/sql/sqlerr"
)

// fromList binds FROM: tables parted by commas are a cross join.
func (s *scope) fromList(list []syntax.Table) (source, error) {
	var out source = nothing{}
	for i, t := range list {
		src, err := s.table(t)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			out = src
		} else {
			out = &join{left: out, right: src}
		}
	}
	return out, nil
}

func (s *scope) table(t syntax.Table) (source, error) {
	switch t := t.(type) {
	case *syntax.TableName:
		return s.tableName(t)
	case *syntax.SubqueryTable:
		return s.derived(t)
	case *syntax.FunctionTable:
		return s.functionTable(t)
	}
	return s.join(t.(*syntax.Join))
}

func (s *scope) tableName(t *syntax.TableName) (source, error) {
	r := &rel{schema: t.Schema, name: t.Name}
	if t.Alias != "" {
		r.name, r.aliased = t.Alias, true
	}
	sc := &scan{static: true}
	if c := s.ctes.find(t.Name); c != nil && t.Schema == "" {
		r.cols = c.cols
		sc = c.scan(s)
	} else {
		def := relations[orDefault(t.Schema, "pg_catalog")+"."+t.Name]
		if def == nil {
			return nil, unknownTable(t)
		}
		r.schema, r.cols, r.system = def.schema, def.cols, 2
		sc.rows = func(f *frame) ([][]any, error) { return f.ex.contents(def), nil }
	}
	var err error
	if r.cols, err = renamed(r.cols, t.Columns, r.name); err != nil {
		return nil, err
	}
	return sc, s.addScan(sc, r, t.Position)
}

func orDefault(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

func unknownTable(t *syntax.TableName) error {
	name := t.Name
	if t.Schema != "" {
		name = t.Schema + "." + name
	}
	err := sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", name).At(t.Position)
	var names []string
	for n := range relations {
		if schema, table, _ := strings.Cut(n, "."); schema == orDefault(t.Schema, "pg_catalog") {
			names = append(names, table)
		}
	}
	if t.Schema == "" || t.Schema == "public" {
		return err.Hint("Streams and tables cannot be read in one statement with PostgreSQL's catalog.")
	}
	if near := sqlerr.Closest(t.Name, names); near != "" {
		return err.Hint("Perhaps you meant %q.", orDefault(t.Schema, "pg_catalog")+"."+near)
	}
	return err
}

func (s *scope) addScan(sc *scan, r *rel, pos int) error {
	if err := s.add(r, pos); err != nil {
		return err
	}
	sc.rel = r.index
	return nil
}

func (s *scope) derived(t *syntax.SubqueryTable) (source, error) {
	outer := s.parent
	if t.Lateral {
		outer = s
	}
	p, err := s.b.query(t.Query, outer, s.ctes)
	if err != nil {
		return nil, err
	}
	if !t.Lateral && p.correlated {
		s.correlated = true
	}
	r := &rel{name: t.Alias, aliased: true}
	if r.cols, err = renamed(p.cols, t.Columns, t.Alias); err != nil {
		return nil, err
	}
	sc := &scan{static: !p.correlated, rows: func(f *frame) ([][]any, error) {
		if t.Lateral {
			return p.rows(f.ex, f)
		}
		return p.rows(f.ex, f.parent)
	}}
	return sc, s.addScan(sc, r, 0)
}

func (s *scope) functionTable(t *syntax.FunctionTable) (source, error) {
	call, err := s.setCall(t.Call)
	if err != nil {
		return nil, err
	}
	name := orDefault(t.Alias, t.Call.Name)
	r := &rel{name: name, aliased: true}
	if call.typ.shape() == isRecord && len(call.typ.fields) > 0 {
		for _, fd := range call.typ.fields {
			r.cols = append(r.cols, col{name: fd.name, typ: fd.typ})
		}
	} else {
		r.cols = []col{{name: name, typ: call.typ}}
	}
	wide := call.typ.shape() == isRecord
	if t.Ordinality {
		r.cols = append(r.cols, col{name: "ordinality", typ: int8Type})
	}
	if r.cols, err = renamed(r.cols, t.Columns, name); err != nil {
		return nil, err
	}
	sc := &scan{rows: func(f *frame) ([][]any, error) {
		list, err := call.eval(f)
		rows := make([][]any, len(list))
		for i, v := range list {
			rows[i] = []any{v}
			if rec, ok := v.(record); ok && wide {
				rows[i] = append([]any{}, rec...)
			}
			if t.Ordinality {
				rows[i] = append(rows[i], int64(i+1))
			}
		}
		return rows, err
	}}
	return sc, s.addScan(sc, r, t.Call.Pos())
}

func (s *scope) join(t *syntax.Join) (source, error) {
	if t.Kind == "full" {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "FULL JOIN is not supported over the catalog").At(t.Position)
	}
	first := len(s.rels)
	left, err := s.table(t.Left)
	if err != nil {
		return nil, err
	}
	middle := len(s.rels)
	right, err := s.table(t.Right)
	if err != nil {
		return nil, err
	}
	if t.Kind == "right" {
		left, right = right, left
	}
	j := &join{left: left, right: right, outer: t.Kind == "left" || t.Kind == "right"}
	var conds []conjunct
	if t.On != nil {
		if conds, err = s.conjuncts(t.On, "JOIN/ON"); err != nil {
			return nil, err
		}
	}
	names := t.Using
	if t.Natural {
		names = common(s.rels[first:middle], s.rels[middle:])
	}
	for _, name := range names {
		c, err := s.using(name, s.rels[first:middle], s.rels[middle:], t.Kind == "right", t.Position)
		if err != nil {
			return nil, err
		}
		conds = append(conds, c)
	}
	for _, c := range conds {
		if !j.outer && c.refs&right.rels() == 0 {
			left.push(c)
		} else {
			right.push(c)
		}
	}
	return j, nil
}

// common lists the names that both sides of a NATURAL JOIN have.
func common(left, right []*rel) []string {
	var out []string
	for _, l := range left {
		for i, c := range l.cols[:len(l.cols)-l.system] {
			if _, n := find(right, c.name); n >= 0 && !l.hidden[i] {
				out = append(out, c.name)
			}
		}
	}
	return out
}

func find(rels []*rel, name string) (*rel, int) {
	for _, r := range rels {
		for i, c := range r.cols[:len(r.cols)-r.system] {
			if c.name == name && !r.hidden[i] {
				return r, i
			}
		}
	}
	return nil, -1
}

// using binds the equality of a column that both sides have, and hides the one that may
// be NULL for want of a match.
func (s *scope) using(name string, left, right []*rel, hideLeft bool, pos int) (conjunct, error) {
	l, i := find(left, name)
	r, j := find(right, name)
	if l == nil || r == nil {
		return conjunct{}, sqlerr.New(sqlerr.UndefinedColumn, "column %q specified in USING clause does not exist on both sides", name).At(pos)
	}
	c := conjunct{l: s.reference(s, 0, l, i, pos), r: s.reference(s, 0, r, j, pos), lrefs: 1 << l.index, rrefs: 1 << r.index}
	c.refs = c.lrefs | c.rrefs
	var err error
	if c.e, err = s.operator("=", c.l, c.r, pos); err != nil {
		return c, err
	}
	h, k := r, j
	if hideLeft {
		h, k = l, i
	}
	if h.hidden == nil {
		h.hidden = map[int]bool{}
	}
	h.hidden[k] = true
	return c, nil
}

// conjunct is one condition of several that must all hold. For an equality its sides are
// kept, so that a scan can look rows up.
type conjunct struct {
	e            *expr
	refs         uint64
	l, r         *expr
	lrefs, rrefs uint64
}

// conjuncts binds a condition in the parts that AND joins.
func (s *scope) conjuncts(e syntax.Expr, where string) ([]conjunct, error) {
	b, ok := e.(*syntax.Binary)
	if ok && b.Op == "and" {
		l, err := s.conjuncts(b.L, where)
		if err != nil {
			return nil, err
		}
		r, err := s.conjuncts(b.R, where)
		return append(l, r...), err
	}
	outer := s.used
	defer func() { s.used |= outer }()
	s.used = 0
	if !ok || b.Op != "=" {
		cond, err := s.condition(e, where)
		return []conjunct{{e: cond, refs: s.used}}, err
	}
	c := conjunct{}
	var err error
	if c.l, err = s.value(b.L); err != nil {
		return nil, err
	}
	c.lrefs, s.used = s.used, 0
	if c.r, err = s.value(b.R); err != nil {
		return nil, err
	}
	c.rrefs = s.used
	c.refs = c.lrefs | c.rrefs
	if c.l, c.r, err = s.alike(c.l, c.r, b.Pos()); err != nil {
		return nil, err
	}
	c.l, c.r = s.foldNames(c.l, c.r)
	c.e = both(c.l, c.r, boolType, func(_ *frame, x, y any) (any, error) { return compare(x, y) == 0, nil })
	return []conjunct{c}, nil
}

// source is a node of a FROM clause. each sets the rows of its tables in the frame, one
// combination after the other, and yields. A condition that is pushed into a source may
// read tables that stand to its left: a join binds its left side first.
type source interface {
	rels() uint64
	push(c conjunct)
	each(f *frame, yield func() error) error
}

// nothing is a SELECT without FROM: one row of no columns.
type nothing struct{}

func (nothing) rels() uint64                            { return 0 }
func (nothing) push(conjunct)                           { panic("pgcatalog: condition without a table") }
func (nothing) each(_ *frame, yield func() error) error { return yield() }

// filter keeps the rows for which all conditions hold.
type filter struct {
	source
	conds []*expr
}

func (n *filter) push(c conjunct) { n.conds = append(n.conds, c.e) }

func (n *filter) each(f *frame, yield func() error) error {
	return n.source.each(f, func() error {
		ok, err := holds(f, n.conds)
		if err != nil || !ok {
			return err
		}
		return yield()
	})
}

func holds(f *frame, conds []*expr) (bool, error) {
	for _, c := range conds {
		v, err := c.eval(f)
		if err != nil || v != true {
			return false, err
		}
	}
	return true, nil
}

// scan goes over the rows of one table, or looks them up by one column.
type scan struct {
	rel  int
	rows func(f *frame) ([][]any, error)
	// static: the rows are the same throughout an execution, so an index pays.
	static bool
	conds  []*expr
	probe  *probe
}

// probe is an equality of a column with a value that is known before the scan begins.
type probe struct {
	column int
	key    *expr
	cond   *expr
}

func (n *scan) rels() uint64 { return 1 << n.rel }

// push takes a condition. An equality with other tables is a better probe than one with
// a constant: it is asked once per row of theirs.
func (n *scan) push(c conjunct) {
	p := n.probeOf(c)
	switch {
	case p == nil:
		n.conds = append(n.conds, c.e)
	case n.probe == nil:
		n.probe = p
	case n.probe.key.constant && !p.key.constant:
		n.conds = append(n.conds, n.probe.cond)
		n.probe = p
	default:
		n.conds = append(n.conds, c.e)
	}
}

func (n *scan) probeOf(c conjunct) *probe {
	if !n.static || c.l == nil {
		return nil
	}
	side := func(column, key *expr, keyRefs uint64) *probe {
		if column.ref == nil || column.ref.rel != n.rel || keyRefs&n.rels() != 0 || column.typ.shape() != key.typ.shape() {
			return nil
		}
		switch column.typ.shape() {
		case isInt, isText, isBool:
			return &probe{column: column.ref.col, key: key, cond: c.e}
		}
		return nil
	}
	if p := side(c.l, c.r, c.rrefs); p != nil {
		return p
	}
	return side(c.r, c.l, c.lrefs)
}

func (n *scan) each(f *frame, yield func() error) error {
	rows, err := n.candidates(f)
	if err != nil {
		return err
	}
	defer func() { f.rows[n.rel] = nil }()
	for _, row := range rows {
		if err := f.ex.step(); err != nil {
			return err
		}
		f.rows[n.rel] = row
		ok, err := holds(f, n.conds)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if err := yield(); err != nil {
			return err
		}
	}
	return nil
}

func (n *scan) candidates(f *frame) ([][]any, error) {
	if n.probe == nil {
		return n.rows(f)
	}
	v, err := n.probe.key.eval(f)
	if err != nil || v == nil {
		return nil, err
	}
	index, ok := f.ex.indexes[n]
	if !ok {
		rows, err := n.rows(f)
		if err != nil {
			return nil, err
		}
		index = make(map[any][][]any, len(rows))
		for _, row := range rows {
			k := row[n.probe.column]
			index[k] = append(index[k], row)
		}
		f.ex.indexes[n] = index
	}
	return index[v], nil
}

// join binds left, then right for each row of it. With outer, a row of left without a
// match comes once, with the tables of right NULL.
type join struct {
	left, right source
	outer       bool
	conds       []*expr // on what comes out
}

func (n *join) rels() uint64 { return n.left.rels() | n.right.rels() }

func (n *join) push(c conjunct) {
	switch {
	case c.refs&n.right.rels() == 0:
		n.left.push(c)
	case n.outer:
		n.conds = append(n.conds, c.e)
	default:
		n.right.push(c)
	}
}

func (n *join) each(f *frame, yield func() error) error {
	emit := func() error {
		ok, err := holds(f, n.conds)
		if err != nil || !ok {
			return err
		}
		return yield()
	}
	return n.left.each(f, func() error {
		matched := false
		err := n.right.each(f, func() error {
			matched = true
			return emit()
		})
		if err != nil || matched || !n.outer {
			return err
		}
		return emit()
	})
}
