package algebra

import (
	"slices"

	"tailrace/planner/plan"
	"tailrace/sql/expr"
)

// FrameUnit says what the offsets of a frame count.
type FrameUnit uint8

// The units.
const (
	Rows FrameUnit = iota + 1
	Range
	Groups
)

// BoundKind is the kind of an end of a frame, in the order in which they may follow.
type BoundKind uint8

// The kinds.
const (
	UnboundedPreceding BoundKind = iota + 1
	Preceding
	CurrentRow
	Following
	UnboundedFollowing
)

// Bound is an end of a frame.
type Bound struct {
	Kind   BoundKind
	Offset *expr.Expr // without columns; of Preceding and Following
}

// Exclusion is what a frame leaves out.
type Exclusion uint8

// The exclusions.
const (
	NoOthers Exclusion = iota
	CurrentOnly
	Peers
	Ties
)

// Cols implements Node.
func (n *Scan) Cols() []ID { return n.IDs }

// Cols implements Node.
func (n *Values) Cols() []ID { return n.IDs }

// Cols implements Node.
func (n *Filter) Cols() []ID { return n.Input.Cols() }

// Cols implements Node.
func (n *Compute) Cols() []ID { return with(n.Input.Cols(), n.IDs...) }

// Cols implements Node.
func (n *Unnest) Cols() []ID {
	if n.Ordinality >= 0 {
		return with(with(n.Input.Cols(), n.IDs...), n.Ordinality)
	}
	return with(n.Input.Cols(), n.IDs...)
}

// Cols implements Node.
func (n *Join) Cols() []ID { return with(n.L.Cols(), n.R.Cols()...) }

// Cols implements Node.
func (n *Mark) Cols() []ID { return with(n.Input.Cols(), n.ID) }

// Cols implements Node.
func (n *Scalar) Cols() []ID { return with(n.Input.Cols(), n.ID) }

// Cols implements Node.
func (n *Aggregate) Cols() []ID {
	var out []ID
	for _, k := range n.Keys {
		out = append(out, k.Out)
	}
	if n.Grouping >= 0 {
		out = append(out, n.Grouping)
	}
	for _, c := range n.Calls {
		out = append(out, c.ID)
	}
	return out
}

// Cols implements Node.
func (n *Over) Cols() []ID {
	out := with(n.Input.Cols())
	for _, c := range n.Calls {
		out = append(out, c.ID)
	}
	return out
}

// Cols implements Node.
func (n *Distinct) Cols() []ID { return n.Input.Cols() }

// Cols implements Node.
func (n *Sort) Cols() []ID { return n.Input.Cols() }

// Cols implements Node.
func (n *Limit) Cols() []ID { return n.Input.Cols() }

// Cols implements Node.
func (n *SetOp) Cols() []ID { return n.IDs }

// Cols implements Node.
func (n *Shared) Cols() []ID { return n.IDs }

// Cols implements Node.
func (n *Working) Cols() []ID { return n.IDs }

func with(ids []ID, more ...ID) []ID { return append(slices.Clone(ids), more...) }

// Inputs implements Node.
func (n *Scan) Inputs() []Node { return nil }

// Inputs implements Node.
func (n *Values) Inputs() []Node { return nil }

// Inputs implements Node.
func (n *Filter) Inputs() []Node { return []Node{n.Input} }

// Inputs implements Node.
func (n *Compute) Inputs() []Node { return []Node{n.Input} }

// Inputs implements Node.
func (n *Unnest) Inputs() []Node { return []Node{n.Input} }

// Inputs implements Node.
func (n *Join) Inputs() []Node { return []Node{n.L, n.R} }

// Inputs implements Node.
func (n *Mark) Inputs() []Node { return []Node{n.Input, n.Sub} }

// Inputs implements Node.
func (n *Scalar) Inputs() []Node { return []Node{n.Input, n.Sub} }

// Inputs implements Node.
func (n *Aggregate) Inputs() []Node { return []Node{n.Input} }

// Inputs implements Node.
func (n *Over) Inputs() []Node { return []Node{n.Input} }

// Inputs implements Node.
func (n *Distinct) Inputs() []Node { return []Node{n.Input} }

// Inputs implements Node.
func (n *Sort) Inputs() []Node { return []Node{n.Input} }

// Inputs implements Node.
func (n *Limit) Inputs() []Node { return []Node{n.Input} }

// Inputs implements Node.
func (n *SetOp) Inputs() []Node { return []Node{n.L, n.R} }

// Inputs implements Node.
func (n *Shared) Inputs() []Node { return nil }

// Inputs implements Node.
func (n *Working) Inputs() []Node { return nil }

func (n *Scan) refs(f func(ID)) {
	for _, b := range []plan.Bounds{n.WindowStart, n.WindowEnd} {
		boundRefs(f, b.From, b.To)
	}
	if n.Lookup != nil {
		boundRefs(f, n.Lookup.From, n.Lookup.To)
		for _, k := range n.Lookup.Keys {
			exprRefs(f, k...)
		}
	}
}
func boundRefs(f func(ID), bounds ...*plan.Bound) {
	for _, b := range bounds {
		if b != nil {
			exprRefs(f, b.Value)
		}
	}
}
func (n *Values) refs(f func(ID)) {
	for _, r := range n.Rows {
		exprRefs(f, r...)
	}
}
func (n *Filter) refs(f func(ID))  { exprRefs(f, n.Predicate) }
func (n *Compute) refs(f func(ID)) { exprRefs(f, n.Exprs...) }
func (n *Unnest) refs(f func(ID)) {
	for _, c := range n.Calls {
		exprRefs(f, c.Args...)
	}
}
func (n *Join) refs(f func(ID)) { exprRefs(f, n.On) }
func (n *Mark) refs(f func(ID)) {
	for _, p := range n.Pairs {
		exprRefs(f, p.L, p.R)
	}
}
func (n *Scalar) refs(f func(ID)) { f(n.Col) }
func (n *Aggregate) refs(f func(ID)) {
	for _, k := range n.Keys {
		f(k.In)
	}
	for _, c := range n.Calls {
		c.refs(f)
	}
}
func (c *Call) refs(f func(ID)) {
	exprRefs(f, c.Args...)
	exprRefs(f, c.Filter)
	orderRefs(f, c.Order)
}
func orderRefs(f func(ID), order []Order) {
	for _, o := range order {
		f(o.ID)
	}
}
func (n *Over) refs(f func(ID)) {
	listRefs(f, n.Partition)
	orderRefs(f, n.Order)
	for i := range n.Calls {
		n.Calls[i].refs(f)
		exprRefs(f, n.Calls[i].Frame.Start.Offset, n.Calls[i].Frame.End.Offset)
	}
}
func listRefs(f func(ID), ids []ID) {
	for _, id := range ids {
		f(id)
	}
}
func (n *Distinct) refs(f func(ID)) { listRefs(f, n.On) }
func (n *Sort) refs(f func(ID))     { orderRefs(f, n.Order) }
func (n *Limit) refs(f func(ID)) {
	exprRefs(f, n.Limit, n.Offset)
	listRefs(f, n.Ties)
}
func (n *SetOp) refs(f func(ID)) {
	listRefs(f, n.LeftIDs)
	listRefs(f, n.RightIDs)
}
func (n *Shared) refs(func(ID))  {}
func (n *Working) refs(func(ID)) {}

func exprRefs(f func(ID), es ...*expr.Expr) {
	for _, e := range es {
		expr.Walk(e, func(e *expr.Expr) bool {
			if e.Op == expr.OpColumn {
				f(e.Column)
			}
			return true
		})
	}
}

// Refs calls f for the columns that a node itself refers to, apart from those below it.
func Refs(n Node, f func(ID)) { n.refs(f) }

// Walk calls f for n and all below it, and for the bodies of the common table expressions
// that they read, each once.
func Walk(n Node, f func(Node)) { walk(n, f, map[*CTE]bool{}) }

func walk(n Node, f func(Node), seen map[*CTE]bool) {
	f(n)
	for _, in := range n.Inputs() {
		walk(in, f, seen)
	}
	if s, ok := n.(*Shared); ok && !seen[s.CTE] {
		seen[s.CTE] = true
		walk(s.CTE.Body, f, seen)
		if s.CTE.Step != nil {
			walk(s.CTE.Step, f, seen)
		}
	}
}

// Set is a set of columns.
type Set map[ID]bool

// SetOf makes a set.
func SetOf(ids []ID) Set {
	s := Set{}
	for _, id := range ids {
		s[id] = true
	}
	return s
}

// Holds reports whether all columns of an expression are in the set.
func (s Set) Holds(e *expr.Expr) bool {
	ok := true
	exprRefs(func(id ID) { ok = ok && s[id] }, e)
	return ok
}

// Touches reports whether a column of an expression is in the set.
func (s Set) Touches(e *expr.Expr) bool {
	found := false
	exprRefs(func(id ID) { found = found || s[id] }, e)
	return found
}

// Free are the columns that a tree refers to and nothing in it makes, in ascending order.
func Free(n Node) []ID {
	used, made := Set{}, Set{}
	Walk(n, func(n Node) {
		n.refs(func(id ID) { used[id] = true })
		switch n := n.(type) {
		case *Shared, *Working, *Scan, *Values, *Aggregate, *SetOp:
			add(made, n.Cols())
		case *Compute:
			add(made, n.IDs)
		case *Unnest:
			add(made, n.IDs)
			made[n.Ordinality] = true
		case *Mark:
			made[n.ID] = true
		case *Scalar:
			made[n.ID] = true
		case *Over:
			for _, c := range n.Calls {
				made[c.ID] = true
			}
		}
	})
	var out []ID
	for id := range used {
		if !made[id] {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

func add(s Set, ids []ID) {
	for _, id := range ids {
		s[id] = true
	}
}

// Conjuncts splits a condition at its ANDs; nil is true.
func Conjuncts(e *expr.Expr) []*expr.Expr {
	if e == nil {
		return nil
	}
	if e.Op != expr.OpAnd {
		return []*expr.Expr{e}
	}
	var out []*expr.Expr
	for _, a := range e.Args {
		out = append(out, Conjuncts(a)...)
	}
	return out
}

// And joins conditions; nil for none.
func And(conds []*expr.Expr) *expr.Expr {
	switch len(conds) {
	case 0:
		return nil
	case 1:
		return conds[0]
	}
	return &expr.Expr{Op: expr.OpAnd, Type: conds[0].Type, Args: conds, Standard: conds[0].Standard, Pos: conds[0].Pos}
}
