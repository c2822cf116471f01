package bounded

import (
	"tailrace/planner/plan/algebra"
	"tailrace/sql/types"
)

// maxRounds bounds the rounds of a recursive query.
const maxRounds = 1_000_000

// shared gathers the rows of a common table expression when somebody first reads them.
type shared struct {
	cte   *algebra.CTE
	body  compiled
	at    []int
	types []types.Type
	step  compiled
	steps []int
	fixed bool // it does not depend on rows around
	full  bool
	rows  *rows
	last  *rows // what the last round of a recursive one gave
}

func (c *compiler) shared(n *algebra.Shared) (compiled, error) {
	if s := c.ctes[n.CTE]; s != nil {
		return compiled{s, n.IDs}, nil
	}
	s := &shared{cte: n.CTE, types: c.typesOf(n.CTE.IDs), fixed: constant(n)}
	c.ctes[n.CTE] = s
	s.rows, s.last = newRows(s.types), newRows(s.types)
	var err error
	if s.body, err = c.compile(n.CTE.Body, algebra.SetOf(n.CTE.IDs)); err != nil {
		return compiled{}, err
	}
	s.at = s.body.places(n.CTE.IDs)
	if n.CTE.Step != nil {
		if s.step, err = c.compile(n.CTE.Step, algebra.SetOf(n.CTE.StepIDs)); err != nil {
			return compiled{}, err
		}
		s.steps = s.step.places(n.CTE.StepIDs)
	}
	return compiled{s, n.IDs}, nil
}

func (s *shared) run(x *run, out emit) error {
	if !s.full || !s.fixed {
		if err := s.fill(x); err != nil {
			return err
		}
		s.full = true
	}
	return s.rows.deliver(x, out)
}

func (s *shared) fill(x *run) error {
	s.rows.reset(x)
	if s.cte.Step == nil {
		return s.body.run(x, func(b *batch) error { return s.rows.add(x, b, s.at) })
	}
	var seen *distinctRows
	if !s.cte.All {
		seen = newDistinctRows(s.types)
	}
	round := func(in compiled, at []int) error {
		made := newRows(s.types)
		err := in.run(x, func(b *batch) error {
			b = b.columns(at)
			if seen != nil {
				var err error
				if b, err = seen.first(x, b, b.cols); err != nil {
					return err
				}
			}
			return made.addCols(x, b.cols, b.n)
		})
		s.last.reset(x)
		s.last = made
		if err == nil {
			err = s.rows.addCols(x, made.cols, made.n)
		}
		return err
	}
	if err := round(s.body, s.at); err != nil {
		return err
	}
	for n := 0; s.last.n > 0; n++ {
		if n >= maxRounds {
			return tooMany("the recursive query "+s.cte.Name+" has gone on", maxRounds)
		}
		if err := x.ctx.Err(); err != nil {
			return err
		}
		if err := round(s.step, s.steps); err != nil {
			return err
		}
	}
	return nil
}

// columns is a batch of some columns.
func (b *batch) columns(at []int) *batch {
	out := &batch{n: b.n, cols: b.cols[:0:0]}
	for _, i := range at {
		out.cols = append(out.cols, b.cols[i])
	}
	return out
}

// working gives what the last round gave.
type working struct{ of *shared }

func (w *working) run(x *run, out emit) error { return w.of.last.deliver(x, out) }
