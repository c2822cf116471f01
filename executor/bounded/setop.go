package bounded

import (
	"tailrace/planner/plan/algebra"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// distinctRows knows which rows have been seen.
type distinctRows struct {
	seen    *table
	entries []int32
	mem     counted
}

func newDistinctRows(ts []types.Type) *distinctRows { return &distinctRows{seen: newTable(ts)} }

// first are the rows of a batch whose keys have not been seen.
func (d *distinctRows) first(x *run, b *batch, keys []*vector.Vector) (*batch, error) {
	d.entries = sized(d.entries, b.n)
	before := d.seen.len()
	d.seen.put(keys, b.n, d.entries)
	if d.seen.len() == before+b.n {
		return b, d.mem.set(x, d.seen.bytes())
	}
	var sel []int32
	next := int32(before)
	for i, e := range d.entries {
		if e == next { // entries are numbered as they come
			sel, next = append(sel, int32(i)), next+1
		}
	}
	return b.pick(sel), d.mem.set(x, d.seen.bytes())
}

func (d *distinctRows) release(x *run) { _ = d.mem.set(x, 0) }

// setOp combines the rows of two inputs.
type setOp struct {
	kind     algebra.SetKind
	all      bool
	l, r     compiled
	lAt, rAt []int
	types    []types.Type
}

func (c *compiler) setOp(n *algebra.SetOp) (compiled, error) {
	l, err := c.compile(n.L, algebra.SetOf(n.LeftIDs))
	if err != nil {
		return l, err
	}
	r, err := c.compile(n.R, algebra.SetOf(n.RightIDs))
	s := &setOp{kind: n.Kind, all: n.All, l: l, r: r, lAt: l.places(n.LeftIDs), rAt: r.places(n.RightIDs), types: c.typesOf(n.IDs)}
	return compiled{s, n.IDs}, err
}

func (s *setOp) run(x *run, out emit) error {
	if s.kind == algebra.Union {
		return s.union(x, out)
	}
	// How often rows stand on the right side.
	right := newTable(s.types)
	var counts []int
	var entries []int32
	var mem counted
	defer func() { _ = mem.set(x, 0) }()
	err := s.r.run(x, func(b *batch) error {
		b = b.columns(s.rAt)
		entries = sized(entries, b.n)
		right.put(b.cols, b.n, entries)
		for _, e := range entries {
			if int(e) == len(counts) {
				counts = append(counts, 0)
			}
			counts[e]++
		}
		return mem.set(x, right.bytes()+8*cap(counts))
	})
	if err != nil {
		return err
	}
	seen := newDistinctRows(s.types)
	defer seen.release(x)
	return s.l.run(x, func(b *batch) error {
		b = b.columns(s.lAt)
		entries = sized(entries, b.n)
		right.get(b.cols, b.n, entries)
		var sel []int32
		for i, e := range entries {
			there := e >= 0 && counts[e] > 0
			if there && s.all {
				counts[e]--
			}
			if there == (s.kind == algebra.Intersect) {
				sel = append(sel, int32(i))
			}
		}
		r := b.pick(sel)
		if !s.all && r.n > 0 {
			var err error
			if r, err = seen.first(x, r, r.cols); err != nil {
				return err
			}
		}
		if r.n == 0 {
			return x.ctx.Err()
		}
		return out(r)
	})
}

func (s *setOp) union(x *run, out emit) error {
	seen := newDistinctRows(s.types)
	defer seen.release(x)
	side := func(in compiled, at []int) error {
		return in.run(x, func(b *batch) error {
			b = b.columns(at)
			if !s.all {
				var err error
				if b, err = seen.first(x, b, b.cols); err != nil || b.n == 0 {
					return err
				}
			}
			return out(b)
		})
	}
	if err := side(s.l, s.lAt); err != nil {
		return err
	}
	return side(s.r, s.rAt)
}
