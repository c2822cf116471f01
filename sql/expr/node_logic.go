package expr

import (
	"tailrace/sql/types/vector"
)

// logicPred is a chain of AND, or of OR, with three values. An operand that may fail is
// evaluated only for rows that the operands before it have not decided.
type logicPred struct {
	or    bool
	parts []logicPart
	t     vector.Bitmap // rows that are TRUE (AND) or FALSE (OR) so far
	d     vector.Bitmap // rows that are decided: FALSE (AND), TRUE (OR)
	u     vector.Bitmap
	open  vector.Bitmap
	sel   []int32
	part  truth
}

type logicPart struct {
	p    pred
	mask *mask // nil: for all rows
}

func (c *compiler) logic(e *Expr) (pred, error) {
	out := &logicPred{or: e.Op == OpOr}
	for i, a := range e.Args {
		part := logicPart{}
		var err error
		if i > 0 && mayFail(a) {
			part.mask = c.mask(a)
			err = c.apart(func() (err error) {
				part.p, err = c.pred(a)
				return err
			})
		} else {
			part.p, err = c.pred(a)
		}
		if err != nil {
			return nil, err
		}
		out.parts = append(out.parts, part)
	}
	return out, nil
}

func (p *logicPred) test(f *frame) (truth, error) {
	n := f.n
	decided, neutral := vector.Zero(p.d, n), vector.Fill(p.t, n)
	for i := range p.parts {
		x, err := p.evaluate(&p.parts[i], f, decided)
		if err != nil {
			return truth{}, err
		}
		if p.or { // TRUE decides; neutral is FALSE: neither true nor NULL
			decided = vector.Or(decided, decided, x.t, n)
			neutral = vector.AndNot(neutral, neutral, x.t, n)
			if x.u.Any() {
				neutral = vector.AndNot(neutral, neutral, x.u, n)
			}
			continue
		}
		neutral = vector.And(neutral, neutral, x.t, n)
		p.u = vector.Not(p.u[:0], x.t, n)
		if x.u.Any() {
			p.u = vector.AndNot(p.u, p.u, x.u, n)
		}
		decided = vector.Or(decided, decided, p.u, n)
	}
	p.t, p.d = neutral, decided
	p.u = vector.Or(p.u[:0], neutral, decided, n)
	p.u = vector.Not(p.u, p.u, n) // neither all neutral nor decided: NULL
	out := truth{t: p.t}
	if p.or {
		out.t = p.d
	}
	if p.u.Any() {
		out.u = p.u
	}
	return out, nil
}

// evaluate computes one operand; rows that are decided count as neutral for one with a
// mask, which changes nothing for them.
func (p *logicPred) evaluate(part *logicPart, f *frame, decided vector.Bitmap) (truth, error) {
	if part.mask == nil || !decided.Any() {
		return part.p.test(f)
	}
	p.open = vector.Not(p.open, decided, f.n)
	p.sel = p.open.AppendIndexes(p.sel[:0])
	t, u := vector.Zero(p.part.t, f.n), vector.Zero(p.part.u, f.n)
	if !p.or {
		t = vector.Fill(t, f.n)
	}
	p.part = truth{t, u}
	if len(p.sel) == 0 {
		return p.part, nil
	}
	x, err := part.p.test(part.mask.enter(f, p.sel))
	if err != nil {
		return truth{}, err
	}
	for i, row := range p.sel {
		if x.t.Get(i) {
			t.Set(int(row))
		} else {
			t.Clear(int(row))
		}
		if x.u.Get(i) {
			u.Set(int(row))
		}
	}
	return p.part, nil
}
