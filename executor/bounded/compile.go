package bounded

import (
	"fmt"
	"slices"

	"tailrace/planner/plan/algebra"
	"tailrace/sql/expr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// compiler makes operators of a tree.
type compiler struct {
	q      *algebra.Query
	params []expr.Constant
	run    *run
	outer  algebra.Set // columns of rows around what is compiled
	ctes   map[*algebra.CTE]*shared
}

// compiled is an operator and the columns of its batches.
type compiled struct {
	node
	cols []algebra.ID
}

func (c compiled) places(ids []algebra.ID) []int {
	out := make([]int, len(ids))
	for i, id := range ids {
		out[i] = place(c.cols, id)
	}
	return out
}

func (c *compiler) typesOf(ids []algebra.ID) []types.Type {
	out := make([]types.Type, len(ids))
	for i, id := range ids {
		out[i] = c.q.Columns[id].Type
	}
	return out
}

// compile makes the operator of a tree, of whose columns those in need are used.
func (c *compiler) compile(n algebra.Node, need algebra.Set) (compiled, error) {
	switch n := n.(type) {
	case *algebra.Scan:
		return c.scan(n)
	case *algebra.Values:
		return c.values(n)
	case *algebra.Filter:
		return c.filter(n, need)
	case *algebra.Compute:
		return c.compute(n, need)
	case *algebra.Unnest:
		return c.unnest(n, need)
	case *algebra.Join:
		return c.join(n, need)
	case *algebra.Mark:
		return c.mark(n, need)
	case *algebra.Scalar:
		return c.scalar(n, need)
	case *algebra.Aggregate:
		return c.aggregate(n)
	case *algebra.Over:
		return c.over(n, need)
	case *algebra.Distinct:
		return c.distinct(n, need)
	case *algebra.Sort:
		return c.sort(n, need, nil)
	case *algebra.Limit:
		return c.limit(n, need)
	case *algebra.SetOp:
		return c.setOp(n)
	case *algebra.Shared:
		return c.shared(n)
	case *algebra.Working:
		return compiled{&working{c.ctes[n.CTE]}, n.IDs}, nil
	}
	return compiled{}, fmt.Errorf("no operator for %T", n)
}

// with is need and the columns that expressions refer to.
func with(need algebra.Set, ids []algebra.ID, es ...*expr.Expr) algebra.Set {
	out := algebra.Set{}
	for id := range need {
		out[id] = true
	}
	for _, id := range ids {
		out[id] = true
	}
	for _, e := range es {
		for _, id := range expr.Columns(e) {
			out[id] = true
		}
	}
	return out
}

// within compiles what is evaluated for each row of something with columns ids.
func (c *compiler) within(ids []algebra.ID, f func() error) error {
	before := c.outer
	c.outer = with(before, ids)
	err := f()
	c.outer = before
	return err
}

// values gives listed rows.
type values struct {
	rows  [][]*program
	types []types.Type
}

func (c *compiler) values(n *algebra.Values) (compiled, error) {
	v := &values{types: c.typesOf(n.IDs)}
	for _, row := range n.Rows {
		ps, err := c.programs(row, nil)
		if err != nil {
			return compiled{}, err
		}
		v.rows = append(v.rows, ps)
	}
	return compiled{v, n.IDs}, nil
}

func (v *values) run(x *run, out emit) error {
	b := &batch{n: len(v.rows), cols: make([]*vector.Vector, len(v.types))}
	for i, t := range v.types {
		b.cols[i] = vector.New(t, b.n)
	}
	for _, row := range v.rows {
		for i, p := range row {
			val, err := p.value(x)
			if err != nil {
				return err
			}
			b.cols[i].AppendValue(val)
		}
	}
	return out(b)
}

// filter keeps the rows for which a condition is true.
type filter struct {
	in   compiled
	pred *program
}

func (c *compiler) filter(n *algebra.Filter, need algebra.Set) (compiled, error) {
	if p, ok, err := c.probe(n, need); ok || err != nil {
		return p, err
	}
	in, err := c.compile(n.Input, with(need, nil, n.Predicate))
	if err != nil {
		return in, err
	}
	pred, err := c.program(n.Predicate, in.cols)
	return compiled{&filter{in, pred}, in.cols}, err
}

func (f *filter) run(x *run, out emit) error {
	return f.in.run(x, func(b *batch) error {
		return x.apply(b, func(b *batch) (*batch, error) { return kept(x, f.pred, b) }, out)
	})
}

// kept are the rows for which a condition is true.
func kept(x *run, p *program, b *batch) (*batch, error) {
	sel, all, err := p.selected(x, b)
	if err != nil || all {
		return b, err
	}
	return b.pick(sel), nil
}

// compute puts values of expressions behind its columns.
type compute struct {
	in    compiled
	keep  []int // columns of in that go on
	exprs []*program
}

func (c *compiler) compute(n *algebra.Compute, need algebra.Set) (compiled, error) {
	in, err := c.compile(n.Input, with(need, nil, n.Exprs...))
	if err != nil {
		return in, err
	}
	out := &compute{in: in}
	var cols []algebra.ID
	for i, id := range in.cols {
		if need[id] {
			out.keep, cols = append(out.keep, i), append(cols, id)
		}
	}
	out.exprs, err = c.programs(n.Exprs, in.cols)
	return compiled{out, append(cols, n.IDs...)}, err
}

func (c *compute) run(x *run, out emit) error {
	return c.in.run(x, func(b *batch) error {
		return x.apply(b, func(b *batch) (*batch, error) {
			made, err := evalAll(x, c.exprs, b)
			if err != nil {
				return nil, err
			}
			r := &batch{n: b.n, cols: make([]*vector.Vector, 0, len(c.keep)+len(made))}
			for _, i := range c.keep {
				r.cols = append(r.cols, b.cols[i])
			}
			r.cols = append(r.cols, made...)
			return r, nil
		}, out)
	})
}

// free are the columns that a tree takes from rows around it.
func free(n algebra.Node) []algebra.ID { return algebra.Free(n) }

// split parts ids into those among cols and the others.
func split(ids, cols []algebra.ID) (among, others []algebra.ID) {
	for _, id := range ids {
		if slices.Contains(cols, id) {
			among = append(among, id)
		} else {
			others = append(others, id)
		}
	}
	return among, others
}
