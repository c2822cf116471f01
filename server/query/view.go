package query

import (
	"context"
	"errors"
	"fmt"

	"tailrace/executor"
	"tailrace/executor/chunk"
	"tailrace/planner/plan"
	"tailrace/sql/expr"
	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// ViewRows reads the rows of a view that a plan's lookup leaves: by key, by a range of the
// first key column, or all.
func ViewRows(view *executor.View, p *plan.Pull, args []expr.Constant, fctx *function.Context) (Rows, error) {
	shape, err := newShape(view.Schema(), p.Input)
	if err != nil {
		return nil, fmt.Errorf("view %s: %w", view.Name(), err)
	}
	if p.Lookup == nil {
		return func(ctx context.Context, emit func([]*vector.Vector, int) error) error {
			return view.Scan(ctx, executor.Range{}, shape.pass(emit))
		}, nil
	}
	if len(p.Lookup.Keys) > 0 {
		keys, err := lookupKeys(p.Lookup.Keys, args, fctx)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, emit func([]*vector.Vector, int) error) error {
			return view.Get(ctx, keys, shape.pass(emit))
		}, nil
	}
	r, err := lookupRange(p.Lookup, args, fctx)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, emit func([]*vector.Vector, int) error) error {
		return view.Scan(ctx, r, shape.pass(emit))
	}, nil
}

// lookupKeys evaluates the keys of a lookup; one with a NULL in it finds nothing, and one
// that is named twice is looked up once.
func lookupKeys(exprs [][]*expr.Expr, args []expr.Constant, fctx *function.Context) ([][]types.Value, error) {
	var out [][]types.Value
	for _, row := range exprs {
		key := make([]types.Value, len(row))
		null := false
		for i, e := range row {
			v, err := Constant(e, args, fctx)
			if err != nil {
				return nil, err
			}
			key[i], null = v, null || v == nil
		}
		if !null && !contains(out, key) {
			out = append(out, key)
		}
	}
	return out, nil
}

func contains(keys [][]types.Value, key []types.Value) bool {
	for _, k := range keys {
		same := len(k) == len(key)
		for i := 0; same && i < len(k); i++ {
			same = types.Equal(k[i], key[i])
		}
		if same {
			return true
		}
	}
	return false
}

func lookupRange(l *plan.Lookup, args []expr.Constant, fctx *function.Context) (r executor.Range, err error) {
	if l.From != nil {
		v, err := Constant(l.From.Value, args, fctx)
		if err != nil {
			return r, err
		}
		r.Low, r.LowExclusive = []types.Value{v}, !l.From.Inclusive
	}
	if l.To != nil {
		v, err := Constant(l.To.Value, args, fctx)
		if err != nil {
			return r, err
		}
		r.High, r.HighInclude = []types.Value{v}, l.To.Inclusive
	}
	return r, nil
}

// shape maps the columns of a view to those of a plan's Input, by name. ROWTIME is the
// time of a row.
type shape struct {
	from []int // column of the view; -1: ROWTIME
}

func newShape(have, want types.Schema) (*shape, error) {
	s := &shape{}
	for _, c := range want.Columns {
		at := have.Find(c.Name)
		if at < 0 && c.Name != types.RowTime {
			return nil, errors.New("no column " + c.Name)
		}
		s.from = append(s.from, at)
	}
	return s, nil
}

func (s *shape) pass(emit func([]*vector.Vector, int) error) func(*chunk.Chunk) error {
	return func(c *chunk.Chunk) error {
		cols := make([]*vector.Vector, len(s.from))
		s.fill(cols, c)
		return emit(cols, c.N)
	}
}

// fill sets the first columns of cols to those of the plan's Input.
func (s *shape) fill(cols []*vector.Vector, c *chunk.Chunk) {
	for i, at := range s.from {
		if at >= 0 {
			cols[i] = c.Cols[at]
			continue
		}
		cols[i] = &vector.Vector{Type: types.BigintType, N: c.N, I64: c.Time}
	}
}
