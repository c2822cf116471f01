package bounded

import (
	"tailrace/executor/chunk"
	"tailrace/planner/plan/algebra"
	"tailrace/sql/expr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// join gathers the rows of its right side and finds for each row of the left one its partners:
// by the values that the condition says are equal, or, where it says none, among all.
type join struct {
	kind   algebra.JoinKind
	l, r   compiled
	lAt    []int // columns of l that go on, of types lTypes
	lTypes []types.Type
	rAt    []int // columns of r that are gathered, and go on
	keys   equalities
	rest   *program // over the pair; nil: nothing is left to check
	// stable: the right side does not change when the join is run again.
	stable bool
	built  bool

	right   *rows
	index   *table
	heads   []int32 // of an entry of index: its last row + 1
	next    []int32 // of a row: the one before it with the same key + 1
	matched vector.Bitmap
	mem     counted
}

// equalities are the conjuncts l = r of a condition, a side of each being of one input.
type equalities struct {
	l, r     []*program
	types    []types.Type
	nullSafe []bool // IS NOT DISTINCT FROM
}

// equi takes the equalities between columns of both sides out of a condition.
func equi(on *expr.Expr, l, r algebra.Set) (pairs [][2]*expr.Expr, safe []bool, rest []*expr.Expr) {
	for _, e := range algebra.Conjuncts(on) {
		if e.Op == expr.OpEq || e.Op == expr.OpNotDistinct {
			a, b := e.Args[0], e.Args[1]
			if r.Touches(a) {
				a, b = b, a
			}
			if l.Touches(a) && !r.Touches(a) && r.Touches(b) && !l.Touches(b) {
				if t, ok := expr.CommonType(a.Type, b.Type); ok {
					pairs = append(pairs, [2]*expr.Expr{expr.Cast(a, t, true), expr.Cast(b, t, true)})
					safe = append(safe, e.Op == expr.OpNotDistinct)
					continue
				}
			}
		}
		rest = append(rest, e)
	}
	return pairs, safe, rest
}

func (c *compiler) equalities(pairs [][2]*expr.Expr, safe []bool, l, r []algebra.ID) (equalities, error) {
	out := equalities{nullSafe: safe}
	for _, p := range pairs {
		lp, err := c.program(p[0], l)
		if err != nil {
			return out, err
		}
		rp, err := c.program(p[1], r)
		if err != nil {
			return out, err
		}
		out.l, out.r, out.types = append(out.l, lp), append(out.r, rp), append(out.types, p[0].Type)
	}
	return out, nil
}

func (c *compiler) join(n *algebra.Join, need algebra.Set) (compiled, error) {
	lateral, _ := split(free(n.R), n.L.Cols())
	if len(lateral) > 0 {
		return c.lateral(n, lateral, need)
	}
	below := with(need, nil)
	if n.On != nil {
		below = with(need, nil, n.On)
	}
	l, err := c.compile(n.L, below)
	if err != nil {
		return l, err
	}
	r, err := c.compile(n.R, below)
	if err != nil {
		return r, err
	}
	j := &join{kind: n.Kind, l: l, r: r, stable: constant(n.R)}
	pairs, safe, rest := equi(n.On, algebra.SetOf(n.L.Cols()), algebra.SetOf(n.R.Cols()))
	if j.keys, err = c.equalities(pairs, safe, l.cols, r.cols); err != nil {
		return l, err
	}
	goes := with(need, nil, rest...)
	var cols []algebra.ID
	j.lAt, cols = chosen(l.cols, goes, nil)
	j.rAt, cols = chosen(r.cols, goes, cols)
	if len(rest) > 0 {
		if j.rest, err = c.program(algebra.And(rest), cols); err != nil {
			return l, err
		}
	}
	ts := c.typesOf(cols)
	j.lTypes, j.right = ts[:len(j.lAt)], newRows(ts[len(j.lAt):])
	return compiled{j, cols}, nil
}

// chosen are the places of the columns in need, and their ids behind those of before.
func chosen(cols []algebra.ID, need algebra.Set, before []algebra.ID) ([]int, []algebra.ID) {
	var at []int
	for i, id := range cols {
		if need[id] {
			at, before = append(at, i), append(before, id)
		}
	}
	return at, before
}

func (j *join) run(x *run, out emit) error {
	if !j.built || !j.stable {
		if err := j.build(x); err != nil {
			return err
		}
		j.built = true
	}
	if j.kind == algebra.Right || j.kind == algebra.Full {
		j.matched = vector.NewBitmap(j.right.n)
	}
	p := prober{j: j, x: x, out: out}
	err := j.l.run(x, func(b *batch) error {
		if err := x.ctx.Err(); err != nil {
			return err
		}
		return p.batch(b)
	})
	if err != nil || j.matched == nil {
		return err
	}
	return j.unmatched(x, out)
}

// build gathers the right side.
func (j *join) build(x *run) error {
	j.right.reset(x)
	j.index, j.heads, j.next = nil, nil, nil
	if len(j.keys.r) > 0 {
		j.index = newTable(j.keys.types)
	}
	var entries []int32
	return j.r.run(x, func(b *batch) error {
		if j.index != nil {
			keys, err := evalAll(x, j.keys.r, b)
			if err != nil {
				return err
			}
			entries = sized(entries, b.n)
			j.index.put(keys, b.n, entries)
			never := j.keys.never(keys, b.n)
			for i, e := range entries {
				for int(e) >= len(j.heads) {
					j.heads = append(j.heads, 0)
				}
				if never.Get(i) { // it is among the rows, and nobody's partner
					j.next = append(j.next, 0)
					continue
				}
				j.next = append(j.next, j.heads[e])
				j.heads[e] = int32(len(j.next))
			}
			if err := j.mem.set(x, j.index.bytes()+4*(cap(j.heads)+cap(j.next))); err != nil {
				return err
			}
		}
		return j.right.add(x, b, j.rAt)
	})
}

// never marks rows with a NULL among their keys: nothing equals it.
func (e *equalities) never(keys []*vector.Vector, n int) vector.Bitmap {
	var strict []*vector.Vector
	for i, k := range keys {
		if !e.nullSafe[i] {
			strict = append(strict, k)
		}
	}
	return anyNull(strict, n)
}

func sized(s []int32, n int) []int32 {
	if cap(s) < n {
		return make([]int32, n)
	}
	return s[:n]
}

// unmatched gives the rows of the right side that found no partner.
func (j *join) unmatched(x *run, out emit) error {
	var sel []int32
	for i := range j.right.n {
		if !j.matched.Get(i) {
			sel = append(sel, int32(i))
		}
	}
	for from := 0; from < len(sel); from += chunk.MaxRows {
		part := sel[from:min(from+chunk.MaxRows, len(sel))]
		b := &batch{n: len(part)}
		for _, t := range j.lTypes {
			b.cols = append(b.cols, vector.Const(t, nil, b.n))
		}
		b.cols = append(b.cols, gather(j.right.cols, part)...)
		if err := out(b); err != nil {
			return err
		}
	}
	return nil
}

// prober finds the partners of rows of the left side.
type prober struct {
	j       *join
	x       *run
	out     emit
	entries []int32
	li, ri  []int32 // pairs
	found   []bool  // of a row of the batch: it has a partner
}

func (p *prober) batch(b *batch) error {
	j := p.j
	p.found = append(p.found[:0], make([]bool, b.n)...)
	p.li, p.ri = p.li[:0], p.ri[:0]
	add := func(l, r int32) error {
		p.li, p.ri = append(p.li, l), append(p.ri, r)
		if len(p.li) < chunk.MaxRows {
			return nil
		}
		return p.flush(b)
	}
	if j.index == nil {
		for l := range b.n {
			for r := range j.right.n {
				if err := add(int32(l), int32(r)); err != nil {
					return err
				}
			}
		}
	} else {
		keys, err := evalAll(p.x, j.keys.l, b)
		if err != nil {
			return err
		}
		p.entries = sized(p.entries, b.n)
		j.index.get(keys, b.n, p.entries)
		never := j.keys.never(keys, b.n)
		for l, e := range p.entries {
			if e < 0 || never.Get(l) {
				continue
			}
			// The chain goes from the last row to the first: turned round, partners come in
			// the order of the right side.
			start := len(p.ri)
			for r := j.heads[e]; r != 0; r = j.next[r-1] {
				p.li, p.ri = append(p.li, int32(l)), append(p.ri, r-1)
			}
			reverse(p.ri[start:])
			if len(p.li) >= chunk.MaxRows {
				if err := p.flush(b); err != nil {
					return err
				}
			}
		}
	}
	if err := p.flush(b); err != nil {
		return err
	}
	if j.kind == algebra.Left || j.kind == algebra.Full {
		return p.alone(b)
	}
	return nil
}

func reverse(s []int32) {
	for i, k := 0, len(s)-1; i < k; i, k = i+1, k-1 {
		s[i], s[k] = s[k], s[i]
	}
}

// flush hands on the pairs that satisfy the rest of the condition.
func (p *prober) flush(b *batch) error {
	for from := 0; from < len(p.li); from += chunk.MaxRows {
		to := min(from+chunk.MaxRows, len(p.li))
		if err := p.pairs(b, p.li[from:to], p.ri[from:to]); err != nil {
			return err
		}
	}
	p.li, p.ri = p.li[:0], p.ri[:0]
	return p.x.ctx.Err()
}

func (p *prober) pairs(b *batch, li, ri []int32) error {
	j := p.j
	pairs := &batch{n: len(li), cols: make([]*vector.Vector, 0, len(j.lAt)+len(j.right.cols))}
	for _, at := range j.lAt {
		pairs.cols = append(pairs.cols, b.cols[at].Gather(li))
	}
	pairs.cols = append(pairs.cols, gather(j.right.cols, ri)...)
	sel, all := []int32(nil), true
	if j.rest != nil {
		var err error
		if sel, all, err = j.rest.selected(p.x, pairs); err != nil {
			return err
		}
	}
	note := func(i int32) {
		p.found[li[i]] = true
		if j.matched != nil {
			j.matched.Set(int(ri[i]))
		}
	}
	if all {
		for i := range li {
			note(int32(i))
		}
	} else {
		for _, i := range sel {
			note(i)
		}
		pairs = pairs.pick(sel)
	}
	if pairs.n == 0 {
		return nil
	}
	return p.out(pairs)
}

// alone gives the rows of the left side that found no partner.
func (p *prober) alone(b *batch) error {
	var sel []int32
	for i, found := range p.found {
		if !found {
			sel = append(sel, int32(i))
		}
	}
	if len(sel) == 0 {
		return nil
	}
	out := &batch{n: len(sel)}
	for _, at := range p.j.lAt {
		out.cols = append(out.cols, b.cols[at].Gather(sel))
	}
	for _, c := range p.j.right.cols {
		out.cols = append(out.cols, vector.Const(c.Type, nil, len(sel)))
	}
	return p.out(out)
}

// lateral runs its right side for each row of the left one.
type lateral struct {
	left   bool
	cols   []algebra.Column
	l, r   compiled
	lAt    []int
	rAt    []int
	rTypes []types.Type
	rest   *program
	ids    []algebra.ID // what the right side takes from the row
	at     []int
	made   *rows
}

func (c *compiler) lateral(n *algebra.Join, ids []algebra.ID, need algebra.Set) (compiled, error) {
	below := with(need, ids)
	goes := with(need, nil)
	if n.On != nil {
		below, goes = with(below, nil, n.On), with(need, nil, n.On)
	}
	l, err := c.compile(n.L, below)
	if err != nil {
		return l, err
	}
	j := &lateral{left: n.Kind == algebra.Left, cols: c.q.Columns, l: l, ids: ids, at: l.places(ids)}
	err = c.within(n.L.Cols(), func() error { j.r, err = c.compile(n.R, below); return err })
	if err != nil {
		return l, err
	}
	var cols []algebra.ID
	j.lAt, cols = chosen(l.cols, goes, nil)
	j.rAt, cols = chosen(j.r.cols, goes, cols)
	j.rTypes = c.typesOf(cols[len(j.lAt):])
	if n.On != nil {
		if j.rest, err = c.program(n.On, cols); err != nil {
			return l, err
		}
	}
	j.made = newRows(c.typesOf(cols))
	return compiled{j, cols}, nil
}

func (j *lateral) run(x *run, out emit) error {
	flush := func(least int) error {
		if j.made.n < least || j.made.n == 0 {
			return nil
		}
		err := j.made.deliver(x, out)
		j.made.reset(x)
		return err
	}
	j.made.reset(x)
	err := j.l.run(x, func(b *batch) error {
		for row := range b.n {
			if err := x.ctx.Err(); err != nil {
				return err
			}
			if err := j.row(x, b, row); err != nil {
				return err
			}
			if err := flush(chunk.MaxRows); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return flush(1)
}

// row puts a row and its partners among what has been made.
func (j *lateral) row(x *run, b *batch, row int) error {
	x.bind(j.cols, j.ids, j.at, b, row)
	found := false
	err := j.r.run(x, func(r *batch) error {
		pairs := &batch{n: r.n}
		for _, at := range j.lAt {
			pairs.cols = append(pairs.cols, b.cols[at].Gather(make32(int32(row), r.n)))
		}
		for _, at := range j.rAt {
			pairs.cols = append(pairs.cols, r.cols[at])
		}
		if j.rest != nil {
			var err error
			if pairs, err = kept(x, j.rest, pairs); err != nil {
				return err
			}
		}
		found = found || pairs.n > 0
		return j.made.addCols(x, pairs.cols, pairs.n)
	})
	if err != nil || found || !j.left {
		return err
	}
	alone := b.slice(row, row+1)
	var cols []*vector.Vector
	for _, at := range j.lAt {
		cols = append(cols, alone.cols[at])
	}
	for _, t := range j.rTypes {
		cols = append(cols, vector.Const(t, nil, 1))
	}
	return j.made.addCols(x, cols, 1)
}

func make32(x int32, n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = x
	}
	return out
}
