package expr

import (
	"tailrace/sql/function"
	"tailrace/sql/types/vector"
)

// mask evaluates a part of an expression for some rows of a frame: it gathers the columns
// that the part reads into a frame of its own.
type mask struct {
	used  []int
	frame frame
	cols  []*vector.Vector // one for each of used
	ctx   function.Context
}

func (c *compiler) mask(es ...*Expr) *mask {
	m := &mask{used: c.used(es...)}
	m.frame.in = make([]*vector.Vector, c.width)
	m.cols = make([]*vector.Vector, len(m.used))
	return m
}

// enter returns the frame of the rows sel of f, valid until the next enter; f itself when
// sel has all its rows.
func (m *mask) enter(f *frame, sel []int32) *frame {
	if len(sel) == f.n {
		return f
	}
	for i, at := range m.used {
		v := f.in[at]
		if v == nil {
			continue // a variable of a lambda further in
		}
		if m.cols[i] == nil {
			m.cols[i] = &vector.Vector{Type: v.Type}
		}
		v.GatherInto(m.cols[i], sel)
		m.frame.in[at] = m.cols[i]
	}
	g := &m.frame
	g.n, g.sel, g.parent, g.state = len(sel), sel, f, f.state
	g.state.epoch++
	g.id = g.state.epoch
	m.ctx = *f.ctx
	if m.ctx.Fail != nil {
		outer := f.ctx.Fail
		m.ctx.Fail = func(row int, err error) { outer(int(sel[row]), err) }
	}
	g.ctx = &m.ctx
	return g
}
