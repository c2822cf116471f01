package relational

import (
	"tailrace/planner/plan/algebra"
	"tailrace/sql/ast"
	"tailrace/sql/expr"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

var joinKinds = map[ast.JoinType]algebra.JoinKind{
	ast.InnerJoin: algebra.Inner, ast.LeftJoin: algebra.Left, ast.RightJoin: algebra.Right, ast.FullJoin: algebra.Full, ast.CrossJoin: algebra.Inner,
}

// join binds a join. left is what stands to the left of all of it.
func (k *block) join(j *ast.Join, left *from) (*from, error) {
	if j.Within != nil {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "WITHIN is for joins of streams that do not end").At(j.Within.Pos()).
			Hint("Add EMIT CHANGES, or compare the times in ON.")
	}
	l, err := k.relations(j.Left, left)
	if err != nil {
		return nil, err
	}
	seen := l
	if left != nil {
		seen = beside(left, l)
	}
	r, err := k.relations(j.Right, seen)
	if err != nil {
		return nil, err
	}
	if err := distinctNames(l, r, j.Right.Pos()); err != nil {
		return nil, err
	}
	n := &algebra.Join{Kind: joinKinds[j.Type], L: l.node, R: r.node}
	if refersTo(n.R, n.L) && n.Kind != algebra.Inner && n.Kind != algebra.Left {
		return nil, sqlerr.New(sqlerr.InvalidColumnReference, "the combining JOIN type must be INNER or LEFT for a LATERAL reference").At(j.Right.Pos())
	}
	out := beside(l, r)
	out.node = n
	switch {
	case j.Natural:
		return out, k.using(j, n, out, l, r, commonNames(l, r))
	case len(j.Using) > 0:
		return out, k.using(j, n, out, l, r, j.Using)
	case j.On != nil:
		return out, k.on(j, n, out)
	}
	return out, nil
}

// beside are two parts of FROM together; the node is the caller's to set.
func beside(l, r *from) *from {
	out := &from{covered: algebra.Set{}}
	for _, f := range []*from{l, r} {
		out.rels = append(out.rels, f.rels...)
		out.merged = append(out.merged, f.merged...)
		for id := range f.covered {
			out.covered[id] = true
		}
	}
	return out
}

// refersTo reports whether a tree is lateral to what another gives.
func refersTo(n, to algebra.Node) bool {
	cols := algebra.SetOf(to.Cols())
	for _, id := range algebra.Free(n) {
		if cols[id] {
			return true
		}
	}
	return false
}

func distinctNames(l, r *from, pos int) error {
	names := map[string]bool{}
	for _, x := range l.rels {
		names[x.alias] = true
	}
	for _, x := range r.rels {
		if names[x.alias] {
			return sqlerr.New(sqlerr.DuplicateAlias, "table name %q specified more than once", x.alias).At(pos).Hint("Give one of them an alias.")
		}
	}
	return nil
}

// on binds the condition of a join, over its two sides.
func (k *block) on(j *ast.Join, n *algebra.Join, out *from) error {
	inner := &block{b: k.b, outer: k.outer, ctes: k.ctes, node: n}
	inner.scope = &scope{parent: k.outer, from: *out, b: k.b}
	cond, err := inner.predicate(j.On, "JOIN ON")
	if err != nil {
		return err
	}
	if inner.node == algebra.Node(n) {
		n.On = cond
		return nil
	}
	// A subquery stands in the condition: it is evaluated for the pairs.
	if n.Kind != algebra.Inner {
		return sqlerr.New(sqlerr.FeatureNotSupported, "a subquery in the condition of an outer join is not supported").At(j.On.Pos()).
			Hint("Join with a subquery in FROM that has filtered its rows.")
	}
	out.node = &algebra.Filter{Input: inner.node, Predicate: cond}
	return nil
}

// commonNames are the columns that both sides have, for NATURAL.
func commonNames(l, r *from) []ast.Ident {
	var out []ast.Ident
	for _, f := range l.visible() {
		if _, n := r.only(f.name); n > 0 {
			out = append(out, ast.Ident{Name: f.name})
		}
	}
	return out
}

// visible are the columns that * shows of a part of FROM.
func (f *from) visible() []field {
	out := append([]field{}, f.merged...)
	for _, r := range f.rels {
		for _, c := range r.fields {
			if !c.pseudo && !f.covered[c.id] {
				out = append(out, c)
			}
		}
	}
	return out
}

// only is the column of a name and how many there are.
func (f *from) only(name string) (field, int) {
	var found field
	n := 0
	for _, c := range f.visible() {
		if c.name == name {
			found, n = c, n+1
		}
	}
	return found, n
}

// using joins by columns of one name, which become one column.
func (k *block) using(j *ast.Join, n *algebra.Join, out, l, r *from, names []ast.Ident) error {
	var conds []*expr.Expr
	var merged []field
	for _, name := range names {
		lf, ln := either(l, name)
		rf, rn := either(r, name)
		for _, side := range []struct {
			n    int
			text string
		}{{ln, "left"}, {rn, "right"}} {
			switch {
			case side.n == 0:
				return sqlerr.New(sqlerr.UndefinedColumn, "column %q specified in USING clause does not exist in %s table", name.Name, side.text).At(max(name.Pos(), j.Pos()))
			case side.n > 1:
				return sqlerr.New(sqlerr.AmbiguousColumn, "common column name %q appears more than once in %s table", name.Name, side.text).At(max(name.Pos(), j.Pos()))
			}
		}
		cond, err := expr.CompareOf(ast.Eq, k.b.ref(lf.id, j.Pos()), k.b.ref(rf.id, j.Pos()), k.b.options("JOIN ON"))
		if err != nil {
			return err
		}
		conds = append(conds, cond)
		m := field{name: lf.name, id: lf.id}
		switch n.Kind {
		case algebra.Right:
			m.id = rf.id
		case algebra.Full:
			var err error
			if m.id, err = k.coalesce(out, lf, rf); err != nil {
				return err
			}
		}
		merged = append(merged, m)
		out.covered[lf.id], out.covered[rf.id] = true, true
		out.merged = without(out.merged, lf.id, rf.id)
	}
	out.merged = append(merged, out.merged...)
	n.On = algebra.And(conds)
	return nil
}

func without(list []field, ids ...algebra.ID) []field {
	var out []field
	for _, f := range list {
		if f.id != ids[0] && f.id != ids[1] {
			out = append(out, f)
		}
	}
	return out
}

// either is the column of a name as it is written or folded.
func either(f *from, name ast.Ident) (field, int) {
	for _, s := range spellings(name.Name) {
		if c, n := f.only(s); n > 0 {
			return c, n
		}
	}
	return field{}, 0
}

// coalesce computes the column of USING of a full join: the side's that has a row.
func (k *block) coalesce(out *from, l, r field) (algebra.ID, error) {
	t, both, err := expr.Unify([]*expr.Expr{k.b.ref(l.id, 0), k.b.ref(r.id, 0)}, k.b.options("JOIN ON"))
	if err != nil {
		return 0, err
	}
	e := &expr.Expr{Op: expr.OpCase, Type: t, Args: []*expr.Expr{
		{Op: expr.OpNotNull, Type: types.BooleanType, Args: []*expr.Expr{both[0]}}, both[0], both[1]}}
	id := k.b.column(l.name, t)
	out.node = &algebra.Compute{Input: out.node, IDs: []algebra.ID{id}, Exprs: []*expr.Expr{e}}
	return id, nil
}
