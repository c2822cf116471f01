package bounded

import (
	"cmp"
	"slices"

	"tailrace/executor/chunk"
	"tailrace/planner/plan/algebra"
	"tailrace/sql/expr"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types/vector"
)

// sorter gathers rows and hands them on in order; equal ones keep the order in which they
// came. Where only the first rows are wanted it keeps no more than a few times as many.
type sorter struct {
	in    compiled
	at    []int // columns that are gathered
	order []sortKey
	first func(x *run) (n int64, err error) // how many rows are wanted; nil: all
	rows  *rows
	// bounded: the first of rows are in order, and as many as are wanted.
	bounded bool
}

type sortKey struct {
	at               int
	desc, nullsFirst bool
}

func (c *compiler) sort(n *algebra.Sort, need algebra.Set, first func(*run) (int64, error)) (compiled, error) {
	ids := make([]algebra.ID, len(n.Order))
	for i, o := range n.Order {
		ids[i] = o.ID
	}
	need = with(need, ids)
	in, err := c.compile(n.Input, need)
	if err != nil {
		return in, err
	}
	s := &sorter{in: in, first: first}
	var cols []algebra.ID
	s.at, cols = chosen(in.cols, need, nil)
	s.order = sortKeys(n.Order, cols)
	s.rows = newRows(c.typesOf(cols))
	return compiled{s, cols}, nil
}

func sortKeys(order []algebra.Order, cols []algebra.ID) []sortKey {
	out := make([]sortKey, len(order))
	for i, o := range order {
		out[i] = sortKey{place(cols, o.ID), o.Desc, o.NullsFirst}
	}
	return out
}

func (s *sorter) run(x *run, out emit) error {
	s.rows.reset(x)
	most := int64(-1)
	if s.first != nil {
		var err error
		if most, err = s.first(x); err != nil {
			return err
		}
	}
	s.bounded = false
	err := s.in.run(x, func(b *batch) error {
		if s.bounded {
			if b = s.better(b, int(most)-1); b.n == 0 {
				return x.ctx.Err()
			}
		}
		if err := s.rows.add(x, b, s.at); err != nil {
			return err
		}
		if most > 0 && int64(s.rows.n) > 4*most+1024 {
			s.bounded = true
			return s.cut(x, most)
		}
		return nil
	})
	if err != nil {
		return err
	}
	sel, err := s.sorted(x)
	if err != nil {
		return err
	}
	if most >= 0 && int64(len(sel)) > most {
		sel = sel[:most]
	}
	for from := 0; from < len(sel); from += chunk.MaxRows {
		part := sel[from:min(from+chunk.MaxRows, len(sel))]
		if err := out(&batch{gather(s.rows.cols, part), len(part)}); err != nil {
			return err
		}
	}
	return nil
}

// cut keeps the first rows in order.
func (s *sorter) cut(x *run, most int64) error {
	sel, err := s.sorted(x)
	if err != nil {
		return err
	}
	cols := gather(s.rows.cols, sel[:most])
	s.rows.reset(x)
	return s.rows.addCols(x, cols, int(most))
}

// better are the rows of a batch that come before row worst of those that are kept.
func (s *sorter) better(b *batch, worst int) *batch {
	var sel []int32
	for i := range b.n {
		for _, o := range s.order {
			c := o.compare(b.cols[s.at[o.at]], i, s.rows.cols[o.at], worst)
			if c < 0 {
				sel = append(sel, int32(i))
			}
			if c != 0 {
				break
			}
		}
	}
	if len(sel) == b.n {
		return b
	}
	return b.pick(sel)
}

func (s *sorter) sorted(x *run) ([]int32, error) { return x.sorted(s.rows.cols, s.rows.n, s.order) }

// lookEvery is how many comparisons lie between two looks at whether the client still waits.
const lookEvery = 1 << 14

// sorted are the numbers of n rows in order.
func (x *run) sorted(cols []*vector.Vector, n int, order []sortKey) ([]int32, error) {
	sel := make([]int32, n)
	for i := range sel {
		sel[i] = int32(i)
	}
	steps, stopped := 0, false
	less := comparison(cols, order)
	slices.SortStableFunc(sel, func(a, b int32) int {
		if steps++; steps%lookEvery == 0 {
			stopped = stopped || x.ctx.Err() != nil
		}
		if stopped {
			return 0
		}
		return less(int(a), int(b))
	})
	return sel, x.ctx.Err()
}

// comparison orders two rows.
func comparison(cols []*vector.Vector, order []sortKey) func(a, b int) int {
	if len(order) == 1 {
		if o := order[0]; cols[o.at].I64 != nil && !cols[o.at].Nulls.Any() {
			v := cols[o.at].I64
			if o.desc {
				return func(a, b int) int { return cmp.Compare(v[b], v[a]) }
			}
			return func(a, b int) int { return cmp.Compare(v[a], v[b]) }
		}
	}
	return func(a, b int) int {
		for _, o := range order {
			if c := o.compare(cols[o.at], a, cols[o.at], b); c != 0 {
				return c
			}
		}
		return 0
	}
}

// compare orders two values by a sort key.
func (o sortKey) compare(v *vector.Vector, i int, w *vector.Vector, k int) int {
	iNull, kNull := v.IsNull(i), w.IsNull(k)
	switch {
	case iNull && kNull:
		return 0
	case iNull || kNull:
		if iNull == o.nullsFirst {
			return -1
		}
		return 1
	}
	c := v.CompareAt(i, w, k)
	if o.desc {
		return -c
	}
	return c
}

// limit skips and counts rows.
type limit struct {
	in         compiled
	most, skip *program // nil: none
	ties       []int
}

func (c *compiler) limit(n *algebra.Limit, need algebra.Set) (compiled, error) {
	l := &limit{}
	var err error
	for _, p := range []struct {
		e  *expr.Expr
		to **program
	}{{n.Limit, &l.most}, {n.Offset, &l.skip}} {
		if p.e != nil {
			if *p.to, err = c.program(p.e, nil); err != nil {
				return compiled{}, err
			}
		}
	}
	if s, ok := n.Input.(*algebra.Sort); ok && l.most != nil && n.Ties == nil {
		l.in, err = c.sort(s, need, func(x *run) (int64, error) {
			most, skip, err := l.counts(x)
			if most < 0 || err != nil || most > 1<<40 || skip > 1<<40 {
				return -1, err
			}
			return most + skip, nil
		})
	} else {
		l.in, err = c.compile(n.Input, with(need, n.Ties))
	}
	l.ties = l.in.places(n.Ties)
	return compiled{l, l.in.cols}, err
}

// counts evaluates LIMIT (-1: none) and OFFSET; NULL is none, as in PostgreSQL.
func (l *limit) counts(x *run) (most, skip int64, err error) {
	number := func(p *program, absent int64, clause string, code sqlerr.Code) (int64, error) {
		if p == nil {
			return absent, nil
		}
		v, err := p.value(x)
		if err != nil || v == nil {
			return absent, err
		}
		if n := v.(int64); n >= 0 {
			return n, nil
		}
		return 0, sqlerr.New(code, "%s must not be negative", clause)
	}
	if most, err = number(l.most, -1, "LIMIT", sqlerr.InvalidRowCount); err == nil {
		skip, err = number(l.skip, 0, "OFFSET", sqlerr.InvalidRowOffset)
	}
	return most, skip, err
}

func (l *limit) run(x *run, out emit) error {
	left, skip, err := l.counts(x)
	if err != nil || left == 0 {
		return err
	}
	var last []*vector.Vector // the columns of the last row, for ties
	done := false
	err = l.in.run(x, func(b *batch) error {
		from := int(min(skip, int64(b.n)))
		skip -= int64(from)
		to := b.n
		if left >= 0 {
			to = int(min(int64(b.n), int64(from)+left))
			left -= int64(to - from)
		}
		for last != nil && to < b.n && l.same(last, b, to) {
			to++
		}
		if left == 0 && len(l.ties) > 0 && to > from && last == nil {
			row := b.slice(to-1, to)
			for _, at := range l.ties {
				last = append(last, row.cols[at].Clone())
			}
			for to < b.n && l.same(last, b, to) {
				to++
			}
		}
		if to > from {
			if err := out(b.slice(from, to)); err != nil {
				return err
			}
		}
		if done = left == 0 && (len(l.ties) == 0 || to < b.n); done {
			return errEnough
		}
		return nil
	})
	if done {
		return enough(err)
	}
	return err
}

func (l *limit) same(last []*vector.Vector, b *batch, row int) bool {
	for i, at := range l.ties {
		if !last[i].EqualAt(0, b.cols[at], row) {
			return false
		}
	}
	return true
}

// distinct keeps the first of equal rows.
type distinct struct {
	in     compiled
	on     []int
	newSet func() *distinctRows
}

func (c *compiler) distinct(n *algebra.Distinct, need algebra.Set) (compiled, error) {
	in, err := c.compile(n.Input, with(need, n.On))
	if err != nil {
		return in, err
	}
	ts := c.typesOf(n.On)
	return compiled{&distinct{in: in, on: in.places(n.On), newSet: func() *distinctRows { return newDistinctRows(ts) }}, in.cols}, nil
}

func (d *distinct) run(x *run, out emit) error {
	set := d.newSet()
	defer set.release(x)
	return d.in.run(x, func(b *batch) error {
		r, err := set.first(x, b, b.columns(d.on).cols)
		if err != nil || r.n == 0 {
			return err
		}
		return out(r)
	})
}
