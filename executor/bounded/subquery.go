package bounded

import (
	"slices"

	"tailrace/planner/plan/algebra"
	"tailrace/sql/expr"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// subplan is a subquery that is run for rows: once if it depends on none of their columns,
// else once for each of their values.
type subplan struct {
	compiled
	columns []algebra.Column
	ids     []algebra.ID // what it takes from the row
	at      []int        // where that is
	fixed   bool         // it takes nothing from rows further around either
	memo    map[string]any
	key     []byte
	held    int64 // bytes, by what memo refers to
}

// maxMemo bounds how many results of a subquery are kept for values that come again.
const maxMemo = 1 << 16

func (c *compiler) subplan(n algebra.Node, in compiled, inCols []algebra.ID, need algebra.Set) (*subplan, error) {
	own, others := split(free(n), inCols)
	s := &subplan{columns: c.q.Columns, ids: own, at: in.places(own), fixed: len(others) == 0 && !readsWorking(n), memo: map[string]any{}}
	var err error
	err = c.within(inCols, func() error { s.compiled, err = c.compile(n, need); return err })
	return s, err
}

// enter begins a run of the operator that has the subquery.
func (s *subplan) enter(x *run) {
	if !s.fixed {
		s.forget(x)
	}
}

func (s *subplan) forget(x *run) {
	clear(s.memo)
	_ = x.ask(-s.held) // giving back is never refused
	s.held = 0
}

// forRow is what make makes of the subquery for a row: it is asked once for equal values.
func (s *subplan) forRow(x *run, b *batch, row int, make func() (any, error)) (any, error) {
	s.key = s.key[:0]
	for _, at := range s.at {
		s.key = b.cols[at].AppendKeyColumn(s.key, row)
	}
	if v, ok := s.memo[string(s.key)]; ok {
		return v, nil
	}
	key := string(s.key)
	x.bind(s.columns, s.ids, s.at, b, row)
	v, err := make()
	if err != nil {
		return nil, err
	}
	if len(s.memo) >= maxMemo {
		s.forget(x)
	}
	s.memo[key] = v
	return v, nil
}

// mark puts behind each row what a predicate says of the rows of a subquery.
type mark struct {
	in    compiled
	sub   *subplan
	op    expr.Op
	all   bool
	left  []*program
	right []*program
	types []types.Type
}

func (c *compiler) mark(n *algebra.Mark, need algebra.Set) (compiled, error) {
	own, _ := split(free(n.Sub), n.Input.Cols())
	var ls, rs []*expr.Expr
	for _, p := range n.Pairs {
		l, r := p.L, p.R
		if t, ok := expr.CommonType(l.Type, r.Type); ok {
			l, r = expr.Cast(l, t, true), expr.Cast(r, t, true)
		}
		ls, rs = append(ls, l), append(rs, r)
	}
	in, err := c.compile(n.Input, with(need, own, ls...))
	if err != nil {
		return in, err
	}
	m := &mark{in: in, op: n.Op, all: n.All}
	if m.sub, err = c.subplan(n.Sub, in, n.Input.Cols(), with(nil, nil, rs...)); err != nil {
		return in, err
	}
	if m.left, err = c.programs(ls, in.cols); err != nil {
		return in, err
	}
	err = c.within(n.Input.Cols(), func() error { m.right, err = c.programs(rs, m.sub.cols); return err })
	for _, l := range ls {
		m.types = append(m.types, l.Type)
	}
	return compiled{m, append(append([]algebra.ID{}, in.cols...), n.ID)}, err
}

func (m *mark) run(x *run, out emit) error {
	m.sub.enter(x)
	return m.in.run(x, func(b *batch) error {
		return x.apply(b, func(b *batch) (*batch, error) {
			left, err := evalAll(x, m.left, b)
			if err != nil {
				return nil, err
			}
			v := vector.New(types.BooleanType, b.n)
			for row := range b.n {
				if err := x.ctx.Err(); err != nil {
					return nil, err
				}
				set, err := m.sub.forRow(x, b, row, func() (any, error) { return m.gather(x) })
				if err != nil {
					return nil, err
				}
				v.AppendValue(set.(*members).test(m, left, row))
			}
			return &batch{cols: append(append([]*vector.Vector{}, b.cols...), v), n: b.n}, nil
		}, out)
	})
}

// members are the rows of a subquery that values are compared with.
type members struct {
	some  bool // there is a row
	rows  *rows
	index *table        // the rows without NULLs; nil where they are compared one by one
	nulls vector.Bitmap // rows with a NULL
	entry []int32
}

// gather runs the subquery; of EXISTS one row is enough.
func (m *mark) gather(x *run) (*members, error) {
	s := &members{}
	if len(m.right) > 0 {
		s.rows = newRows(m.types)
	}
	err := enough(m.sub.run(x, func(b *batch) error {
		s.some = s.some || b.n > 0
		if len(m.right) == 0 {
			if s.some {
				return errEnough
			}
			return nil
		}
		right, err := evalAll(x, m.right, b)
		if err != nil {
			return err
		}
		return s.rows.addCols(x, right, b.n)
	}))
	if err != nil || s.rows == nil {
		return s, err
	}
	s.nulls = anyNull(s.rows.cols, s.rows.n)
	if m.op == expr.OpEq && !m.all || m.op == expr.OpNe && m.all {
		s.index = newTable(m.types)
		s.index.put(s.rows.cols, s.rows.n, make([]int32, s.rows.n))
	}
	held := s.rows.mem.bytes
	if s.index != nil {
		held += int64(s.index.bytes())
	}
	m.sub.held += held
	return s, x.ask(held - s.rows.mem.bytes)
}

// test compares a row with the members: TRUE, FALSE, or nil where that is not known.
func (s *members) test(m *mark, left []*vector.Vector, row int) types.Value {
	if s.rows == nil {
		return s.some
	}
	if s.index != nil {
		in := s.contains(left, row)
		if m.all && in != nil { // x <> ALL is NOT x = ANY
			return !in.(bool)
		}
		return in
	}
	unknown := false
	for i := range s.rows.n {
		switch holds := compareRow(m.op, left, row, s.rows.cols, i); {
		case holds == nil:
			unknown = true
		case holds.(bool) != m.all:
			return !m.all // one is enough: for ANY that holds, for ALL that does not
		}
	}
	if unknown {
		return nil
	}
	return m.all
}

// contains says whether a row equals a member.
func (s *members) contains(left []*vector.Vector, row int) types.Value {
	if s.rows.n == 0 {
		return false
	}
	null := false
	for _, l := range left {
		null = null || l.IsNull(row)
	}
	if !null {
		one := make([]*vector.Vector, len(left))
		for i, l := range left {
			one[i] = l.Slice(row, row+1)
		}
		s.entry = sized(s.entry, 1)
		s.index.get(one, 1, s.entry)
		if s.entry[0] >= 0 {
			return true
		}
		if !s.nulls.Any() {
			return false
		}
	} else if len(left) == 1 {
		return nil
	}
	for i := range s.rows.n { // with a NULL on either side
		if (null || s.nulls.Get(i)) && compareRow(expr.OpEq, left, row, s.rows.cols, i) == nil {
			return nil
		}
	}
	return false
}

// compareRow compares rows of values as SQL does: of several by = or <> only.
func compareRow(op expr.Op, l []*vector.Vector, i int, r []*vector.Vector, k int) types.Value {
	unknown := false
	for c := range l {
		if l[c].IsNull(i) || r[c].IsNull(k) {
			unknown = true
			continue
		}
		o := l[c].CompareAt(i, r[c], k)
		if len(l) == 1 {
			return ordered(op, o)
		}
		if o != 0 { // one difference decides
			return op == expr.OpNe
		}
	}
	if unknown {
		return nil
	}
	return op == expr.OpEq
}

func ordered(op expr.Op, o int) bool {
	switch op {
	case expr.OpEq:
		return o == 0
	case expr.OpNe:
		return o != 0
	case expr.OpLt:
		return o < 0
	case expr.OpLe:
		return o <= 0
	case expr.OpGt:
		return o > 0
	}
	return o >= 0
}

// scalar puts behind each row the value of the only row of a subquery.
type scalar struct {
	in    compiled
	sub   *subplan
	t     types.Type
	col   int
	array bool
	pos   int
}

func (c *compiler) scalar(n *algebra.Scalar, need algebra.Set) (compiled, error) {
	own, _ := split(free(n.Sub), n.Input.Cols())
	in, err := c.compile(n.Input, with(need, own))
	if err != nil {
		return in, err
	}
	s := &scalar{in: in, t: c.q.Columns[n.ID].Type, array: n.Array, pos: n.Pos}
	if s.sub, err = c.subplan(n.Sub, in, n.Input.Cols(), algebra.SetOf([]algebra.ID{n.Col})); err != nil {
		return in, err
	}
	s.col = place(s.sub.cols, n.Col)
	return compiled{s, append(append([]algebra.ID{}, in.cols...), n.ID)}, nil
}

func (s *scalar) run(x *run, out emit) error {
	s.sub.enter(x)
	return s.in.run(x, func(b *batch) error {
		return x.apply(b, func(b *batch) (*batch, error) {
			v := vector.New(s.t, b.n)
			for row := range b.n {
				if err := x.ctx.Err(); err != nil {
					return nil, err
				}
				value, err := s.sub.forRow(x, b, row, func() (any, error) { return s.value(x) })
				if err != nil {
					return nil, err
				}
				v.AppendValue(value)
			}
			return &batch{cols: append(append([]*vector.Vector{}, b.cols...), v), n: b.n}, nil
		}, out)
	})
}

// value runs the subquery.
func (s *scalar) value(x *run) (types.Value, error) {
	n := 0
	var value types.Value
	list := types.ArrayVal{}
	err := s.sub.run(x, func(b *batch) error {
		if s.array {
			for i := range b.n {
				list = append(list, b.cols[s.col].Value(i))
			}
			return x.ask(int64(b.n) * 64)
		}
		if n += b.n; n > 1 {
			return sqlerr.New(sqlerr.CardinalityViolation, "more than one row returned by a subquery used as an expression").At(s.pos)
		}
		if b.n == 1 {
			value = b.cols[s.col].Value(0)
		}
		return nil
	})
	if s.array {
		return list, err
	}
	return value, err
}

// probe is a filter inside of what is run again and again, over rows that stay the same: it
// keeps them by the values that they are compared with.
type probe struct {
	in      compiled
	at      []int
	inner   []*program // over in
	outer   []*program // over rows around
	types   []types.Type
	rest    *program
	built   bool
	kept    *rows
	index   *table
	members [][]int32
	mem     counted
}

// probe compiles a filter so if it can.
func (c *compiler) probe(n *algebra.Filter, need algebra.Set) (compiled, bool, error) {
	none := compiled{}
	if len(c.outer) == 0 || !constant(n.Input) {
		return none, false, nil
	}
	own := algebra.SetOf(n.Input.Cols())
	var inner, outer, rest []*expr.Expr
	for _, e := range algebra.Conjuncts(n.Predicate) {
		if e.Op == expr.OpEq {
			a, b := e.Args[0], e.Args[1]
			if own.Touches(b) {
				a, b = b, a
			}
			t, ok := expr.CommonType(a.Type, b.Type)
			if ok && own.Holds(a) && own.Touches(a) && !own.Touches(b) && len(expr.Columns(b)) > 0 {
				inner, outer = append(inner, expr.Cast(a, t, true)), append(outer, expr.Cast(b, t, true))
				continue
			}
		}
		rest = append(rest, e)
	}
	if len(inner) == 0 {
		return none, false, nil
	}
	in, err := c.compile(n.Input, with(need, nil, n.Predicate))
	if err != nil {
		return none, false, err
	}
	p := &probe{in: in}
	var cols []algebra.ID
	p.at, cols = chosen(in.cols, with(need, nil, rest...), nil)
	for _, e := range inner {
		p.types = append(p.types, e.Type)
	}
	if p.inner, err = c.programs(inner, in.cols); err != nil {
		return none, false, err
	}
	if p.outer, err = c.programs(outer, nil); err != nil {
		return none, false, err
	}
	if len(rest) > 0 {
		if p.rest, err = c.program(algebra.And(rest), cols); err != nil {
			return none, false, err
		}
	}
	p.kept, p.index = newRows(c.typesOf(cols)), newTable(p.types)
	return compiled{p, cols}, true, nil
}

// readsWorking reports whether a tree reads what a recursive query around it has made so far.
func readsWorking(n algebra.Node) bool {
	inside := algebra.CTEs(n)
	found := false
	algebra.Walk(n, func(n algebra.Node) {
		if w, ok := n.(*algebra.Working); ok && !slices.Contains(inside, w.CTE) {
			found = true
		}
	})
	return found
}

// constant says that a tree gives the same rows whenever it is run.
func constant(n algebra.Node) bool { return len(free(n)) == 0 && !readsWorking(n) }

func (p *probe) run(x *run, out emit) error {
	if !p.built {
		if err := p.build(x); err != nil {
			return err
		}
		p.built = true
	}
	key := make([]*vector.Vector, len(p.outer))
	for i, o := range p.outer {
		v, err := o.eval(x, &batch{n: 1})
		if err != nil || v.IsNull(0) {
			return err
		}
		key[i] = v
	}
	entry := []int32{0}
	p.index.get(key, 1, entry)
	if entry[0] < 0 {
		return nil
	}
	found := p.members[entry[0]]
	return x.inBatches(&batch{cols: gather(p.kept.cols, found), n: len(found)}, func(b *batch) error {
		if p.rest == nil {
			return out(b)
		}
		return x.apply(b, func(b *batch) (*batch, error) { return kept(x, p.rest, b) }, out)
	})
}

func (p *probe) build(x *run) error {
	var entries []int32
	return p.in.run(x, func(b *batch) error {
		keys, err := evalAll(x, p.inner, b)
		if err != nil {
			return err
		}
		entries = sized(entries, b.n)
		p.index.put(keys, b.n, entries)
		never := anyNull(keys, b.n)
		for len(p.members) < p.index.len() {
			p.members = append(p.members, nil)
		}
		for i, e := range entries {
			if !never.Get(i) {
				p.members[e] = append(p.members[e], int32(p.kept.n+i))
			}
		}
		if err := p.mem.set(x, p.index.bytes()+24*len(p.members)+8*p.kept.n); err != nil {
			return err
		}
		return p.kept.add(x, b, p.at)
	})
}
