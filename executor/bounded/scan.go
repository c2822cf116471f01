package bounded

import (
	"errors"
	"fmt"

	"tailrace/executor"
	"tailrace/executor/chunk"
	"tailrace/planner/plan/algebra"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// viewScan reads the rows of a view that a lookup leaves: by key, by a range of the first
// key column, or all.
type viewScan struct {
	view     *executor.View
	shape    *shape
	want     []bool       // columns of the view
	keys     [][]*program // of a lookup by whole keys
	from, to *bound       // of a range
}

type bound struct {
	value     *program
	inclusive bool
}

// topicScan reads what the topic of a stream holds now, or of a table that nothing keeps.
type topicScan struct{ n *algebra.Scan }

func (c *compiler) scan(n *algebra.Scan) (compiled, error) {
	if n.Topic != nil {
		return compiled{&topicScan{n}, n.IDs}, nil
	}
	view, ok := c.run.engine.View(n.Name)
	if !ok {
		return compiled{}, fmt.Errorf("there is no view of table %s", n.Name)
	}
	s := &viewScan{view: view}
	var err error
	if s.shape, err = newShape(view.Schema(), n.Names); err != nil {
		return compiled{}, fmt.Errorf("view %s: %w", n.Name, err)
	}
	s.want = make([]bool, len(view.Schema().Columns))
	for _, at := range s.shape.from {
		if at >= 0 {
			s.want[at] = true
		}
	}
	if l := n.Lookup; l != nil {
		for _, k := range l.Keys {
			ps, err := c.programs(k, nil)
			if err != nil {
				return compiled{}, err
			}
			s.keys = append(s.keys, ps)
		}
		if l.From != nil {
			p, err := c.program(l.From.Value, nil)
			if err != nil {
				return compiled{}, err
			}
			s.from = &bound{p, l.From.Inclusive}
		}
		if l.To != nil {
			p, err := c.program(l.To.Value, nil)
			if err != nil {
				return compiled{}, err
			}
			s.to = &bound{p, l.To.Inclusive}
		}
	}
	return compiled{s, n.IDs}, nil
}

func (s *viewScan) run(x *run, out emit) error {
	b := &batch{cols: make([]*vector.Vector, len(s.shape.from))}
	take := func(c *chunk.Chunk) error {
		if err := x.ctx.Err(); err != nil {
			return err
		}
		s.shape.fill(b.cols, c)
		b.n = c.N
		return out(b)
	}
	if len(s.keys) > 0 {
		keys, err := s.lookup(x)
		if err != nil {
			return err
		}
		return s.view.Get(x.ctx, keys, take)
	}
	r, none, err := s.bounds(x)
	if err != nil || none {
		return err
	}
	return s.view.Scan(x.ctx, r, s.want, take)
}

// lookup evaluates the keys; one with a NULL in it finds nothing, and one that is named
// twice is looked up once.
func (s *viewScan) lookup(x *run) ([][]types.Value, error) {
	var out [][]types.Value
	for _, row := range s.keys {
		key := make([]types.Value, len(row))
		null := false
		for i, p := range row {
			v, err := p.value(x)
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

// bounds evaluates a range; nothing is beyond NULL.
func (s *viewScan) bounds(x *run) (r executor.Range, none bool, err error) {
	if s.from != nil {
		v, err := s.from.value.value(x)
		if err != nil || v == nil {
			return r, true, err
		}
		r.Low, r.LowExclusive = []types.Value{v}, !s.from.inclusive
	}
	if s.to != nil {
		v, err := s.to.value.value(x)
		if err != nil || v == nil {
			return r, true, err
		}
		r.High, r.HighInclude = []types.Value{v}, s.to.inclusive
	}
	return r, false, nil
}

// shape maps the columns of a view to those of a scan, by name. ROWTIME is the time of a
// row.
type shape struct {
	from []int // column of the view; -1: ROWTIME
}

func newShape(have types.Schema, want []string) (*shape, error) {
	s := &shape{}
	for _, name := range want {
		at := have.Find(name)
		if at < 0 && name != types.RowTime {
			return nil, errors.New("no column " + name)
		}
		s.from = append(s.from, at)
	}
	return s, nil
}

// fill sets the first columns of cols to those of the scan.
func (s *shape) fill(cols []*vector.Vector, c *chunk.Chunk) {
	for i, at := range s.from {
		if at >= 0 {
			cols[i] = c.Cols[at]
			continue
		}
		cols[i] = &vector.Vector{Type: types.BigintType, N: c.N, I64: c.Time}
	}
}

// run gives the rows of a stream, or of a table that nothing materializes the last row of each
// key. A stream's records without a value are rows of NULLs by the standard, and none in
// ksqlDB's dialect.
func (s *topicScan) run(x *run, out emit) error {
	if !s.n.Table {
		return x.engine.Scan(x.ctx, s.n.Topic, func(c *chunk.Chunk) error {
			if err := x.ctx.Err(); err != nil {
				return err
			}
			if c.NullValue.Any() && !x.standard {
				c = c.Select(vector.Not(nil, c.NullValue, c.N).AppendIndexes(nil))
			}
			return out(&batch{c.Cols, c.N})
		})
	}
	t := latest{rows: map[string]spot{}, keys: s.n.Topic.Out.Key(), memory: x.account.Hold()}
	defer t.memory.Release()
	if err := x.engine.Scan(x.ctx, s.n.Topic, t.add); err != nil {
		return err
	}
	return t.deliver(func(cols []*vector.Vector, n int) error { return out(&batch{cols, n}) })
}
