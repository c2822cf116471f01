package pgcatalog

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
