package bounded

import (
	"tailrace/executor/chunk"
	"tailrace/planner/plan/algebra"
	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// unnest gives as many rows for each as its calls have values.
type unnest struct {
	in         compiled
	keep       []int
	calls      []unnestCall
	ordinality bool
	types      []types.Type // of the columns that it makes
}

type unnestCall struct {
	args   []*program
	expand func([]types.Value) ([]types.Value, error)
}

func (c *compiler) unnest(n *algebra.Unnest, need algebra.Set) (compiled, error) {
	below := need
	for _, call := range n.Calls {
		below = with(below, nil, call.Args...)
	}
	in, err := c.compile(n.Input, below)
	if err != nil {
		return in, err
	}
	u := &unnest{in: in, ordinality: n.Ordinality >= 0, types: c.typesOf(n.IDs)}
	var cols []algebra.ID
	u.keep, cols = chosen(in.cols, need, nil)
	for _, call := range n.Calls {
		sig, err := function.FindTable(call.Overload)
		if err != nil {
			return in, err
		}
		args, err := c.programs(call.Args, in.cols)
		if err != nil {
			return in, err
		}
		u.calls = append(u.calls, unnestCall{args, sig.Expand})
	}
	cols = append(cols, n.IDs...)
	if u.ordinality {
		cols, u.types = append(cols, n.Ordinality), append(u.types, types.BigintType)
	}
	return compiled{u, cols}, nil
}

func (u *unnest) run(x *run, out emit) error {
	return u.in.run(x, func(b *batch) error {
		lists := make([][][]types.Value, len(u.calls))
		for i, c := range u.calls {
			args, err := evalAll(x, c.args, b)
			if err != nil {
				return err
			}
			if lists[i], err = c.values(args, b.n); err != nil {
				return err
			}
		}
		return u.rows(x, b, lists, out)
	})
}

// values are the results of a call for each of n rows.
func (c *unnestCall) values(args []*vector.Vector, n int) ([][]types.Value, error) {
	out := make([][]types.Value, n)
	row := make([]types.Value, len(args))
	for i := range out {
		for k, a := range args {
			row[k] = a.Value(i)
		}
		var err error
		if out[i], err = c.expand(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// rows puts the values beside each other; the shorter lists go on with NULL.
func (u *unnest) rows(x *run, b *batch, lists [][][]types.Value, out emit) error {
	var sel []int32
	made := u.fresh()
	flush := func() error {
		if len(sel) == 0 {
			return nil
		}
		r := &batch{n: len(sel)}
		for _, at := range u.keep {
			r.cols = append(r.cols, b.cols[at].Gather(sel))
		}
		r.cols = append(r.cols, made...)
		sel, made = sel[:0], u.fresh()
		return out(r)
	}
	for row := range b.n {
		if err := x.ctx.Err(); err != nil {
			return err
		}
		longest := 0
		for _, l := range lists {
			longest = max(longest, len(l[row]))
		}
		for k := range longest {
			for i, l := range lists {
				if k < len(l[row]) {
					made[i].AppendValue(l[row][k])
				} else {
					made[i].AppendNull()
				}
			}
			if u.ordinality {
				made[len(made)-1].AppendValue(int64(k + 1))
			}
			if sel = append(sel, int32(row)); len(sel) >= chunk.MaxRows {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	return flush()
}

func (u *unnest) fresh() []*vector.Vector {
	out := make([]*vector.Vector, len(u.types))
	for i, t := range u.types {
		out[i] = vector.New(t, 0)
	}
	return out
}
