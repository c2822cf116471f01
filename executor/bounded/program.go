package bounded

import (
	"fmt"

	"tailrace/executor/chunk"
	"tailrace/planner/plan/algebra"
	"tailrace/sql/expr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// program is a compiled expression over the columns of a batch and of rows around it.
type program struct {
	*expr.Program
	around []algebra.ID
	cols   []*vector.Vector
}

// program compiles an expression; what is not among cols is of a row around.
func (c *compiler) program(e *expr.Expr, cols []algebra.ID) (*program, error) {
	at := make(map[int]int, len(cols))
	types := make([]types.Type, len(cols))
	for i, id := range cols {
		at[id], types[i] = i, c.q.Columns[id].Type
	}
	p := &program{}
	for _, id := range expr.Columns(e) {
		if _, ok := at[id]; ok {
			continue
		}
		if !c.outer[id] {
			return nil, fmt.Errorf("column %d (%s) is not there", id, c.q.Columns[id].Name)
		}
		at[id] = len(cols) + len(p.around)
		p.around, types = append(p.around, id), append(types, c.q.Columns[id].Type)
	}
	var err error
	p.Program, err = expr.Compile(expr.Remap(e, at), expr.CompileEnv{Inputs: types, Params: c.params})
	return p, err
}

func (c *compiler) programs(list []*expr.Expr, cols []algebra.ID) ([]*program, error) {
	out := make([]*program, len(list))
	for i, e := range list {
		var err error
		if out[i], err = c.program(e, cols); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// inputs are the columns that the program reads.
func (p *program) inputs(x *run, b *batch) []*vector.Vector {
	if len(p.around) == 0 {
		return b.cols
	}
	p.cols = append(p.cols[:0], b.cols...)
	for _, id := range p.around {
		p.cols = append(p.cols, x.around[id].rows(b.n))
	}
	return p.cols
}

// eval computes the expression; the result is valid until the next call.
func (p *program) eval(x *run, b *batch) (*vector.Vector, error) {
	v, err := p.Eval(p.inputs(x, b), b.n, x.fctx)
	if err == nil {
		err = x.failed
	}
	return v, err
}

// selected are the rows for which a condition is true; nil means all.
func (p *program) selected(x *run, b *batch) (sel []int32, all bool, err error) {
	keep, err := p.EvalBool(p.inputs(x, b), b.n, x.fctx)
	if err == nil {
		err = x.failed
	}
	if err != nil || keep.All(b.n) {
		return nil, true, err
	}
	return keep.AppendIndexes(nil), false, nil
}

// value computes an expression without columns of its own.
func (p *program) value(x *run) (types.Value, error) {
	v, err := p.eval(x, &batch{n: 1})
	if err != nil {
		return nil, err
	}
	return v.Value(0), nil
}

// evalAll computes several expressions of one batch.
func evalAll(x *run, ps []*program, b *batch) ([]*vector.Vector, error) {
	out := make([]*vector.Vector, len(ps))
	for i, p := range ps {
		var err error
		if out[i], err = p.eval(x, b); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// set gives a column of a row around its value.
func (a *around) set(t types.Type, v types.Value) {
	a.value = v
	a.vec = vector.New(t, 1)
	a.vec.AppendValue(v)
}

// rows is the value n times.
func (a *around) rows(n int) *vector.Vector {
	if a.vec.N < n {
		a.vec.Repeat(max(n, min(2*a.vec.N, chunk.MaxRows)))
	}
	if a.vec.N == n {
		return a.vec
	}
	return a.vec.Slice(0, n)
}

// bind makes a row of a batch a row around: ids and the places of their values.
func (x *run) bind(c []algebra.Column, ids []algebra.ID, at []int, b *batch, row int) {
	for i, id := range ids {
		if x.around[id] == nil {
			x.around[id] = &around{}
		}
		x.around[id].set(c[id].Type, b.cols[at[i]].Value(row))
	}
}
