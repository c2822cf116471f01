package expr

import (
	"fmt"

	"tailrace/sql/expr/kernel"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// likePred is x LIKE pattern. A NULL operand makes it NULL in both dialects.
type likePred struct {
	x, pattern node // pattern is nil when it is constant
	matcher    *kernel.Like
	escape     rune
	fold       bool
	hard       bool
	t, u       vector.Bitmap
	last       string // the pattern that matcher stands for, when it varies
}

func (c *compiler) like(e *Expr) (pred, error) {
	x, pattern, err := c.pair(e)
	if err != nil {
		return nil, err
	}
	p := &likePred{x: x, pattern: pattern, fold: e.Name == FoldCase, hard: !c.caught}
	if len(e.Args) > 2 {
		v, ok := c.constant(e.Args[2])
		if !ok {
			return nil, fmt.Errorf("expression: the escape of LIKE is not constant")
		}
		p.escape = firstRune(v.(string))
	}
	if v, ok := c.constant(e.Args[1]); ok {
		m, err := kernel.CompileLike(v.(string), p.escape, p.fold)
		if err == nil {
			p.matcher, p.pattern = m, nil
		}
	}
	return p, nil
}

func (p *likePred) test(f *frame) (truth, error) {
	v, err := p.x.eval(f)
	if err != nil {
		return truth{}, err
	}
	p.t = vector.Zero(p.t, f.n)
	p.u = vector.Or(p.u[:0], v.Nulls, nil, f.n)
	if p.pattern == nil {
		for i, r := range v.Ref[:f.n] {
			if !p.u.Get(i) && p.matcher.Match(v.Arena[r.Off:r.Off+r.Len]) {
				p.t.Set(i)
			}
		}
		return p.truth(), nil
	}
	patterns, err := p.pattern.eval(f)
	if err != nil {
		return truth{}, err
	}
	p.u = vector.Or(p.u, p.u, patterns.Nulls, f.n)
	for i := range f.n {
		if p.u.Get(i) {
			continue
		}
		if text := patterns.Bytes(i); p.matcher == nil || string(text) != p.last {
			p.last = string(text)
			if p.matcher, err = kernel.CompileLike(p.last, p.escape, p.fold); err != nil {
				f.fail(i, err, p.hard)
				p.u.Set(i)
				continue
			}
		}
		if p.matcher.Match(v.Bytes(i)) {
			p.t.Set(i)
		}
	}
	return p.truth(), nil
}

func (p *likePred) truth() truth {
	if p.u.Any() {
		return truth{p.t, p.u}
	}
	return truth{t: p.t}
}

// inPred is x IN (list). Constants of the list are in a set; the others are compared one
// by one. In the standard dialect the result is NULL where x is, and where nothing
// matches but the list has a NULL.
type inPred struct {
	x        node
	set      set
	others   []node
	equal    comparePred // its kernel compares x with the others
	hasNull  bool        // a NULL among the constants
	standard bool
	t, u, eq vector.Bitmap
}

// set finds rows of a column in a list of constants: it sets the bits of those found.
type set interface {
	find(dst vector.Bitmap, v *vector.Vector)
}

func (c *compiler) in(e *Expr) (pred, error) {
	x, err := c.node(e.Args[0])
	if err != nil {
		return nil, err
	}
	p := &inPred{x: x, standard: e.Standard}
	var constants []types.Value
	for _, a := range e.Args[1:] {
		if v, ok := c.constant(a); ok {
			constants = append(constants, v)
			continue
		}
		if IsNullLiteral(a) {
			p.hasNull = true
			continue
		}
		n, err := c.node(a)
		if err != nil {
			return nil, err
		}
		p.others = append(p.others, n)
	}
	if len(p.others) > 0 {
		t := e.Args[0].Type
		if err := p.equal.choose(OpEq, t, t, nil, false); err != nil {
			return nil, err
		}
	}
	if len(constants) > 0 {
		p.set = newSet(e.Args[0].Type, constants)
	}
	return p, nil
}

func (p *inPred) test(f *frame) (truth, error) {
	v, err := p.x.eval(f)
	if err != nil {
		return truth{}, err
	}
	p.t = vector.Zero(p.t, f.n)
	p.u = vector.Zero(p.u, f.n)
	if p.set != nil {
		p.set.find(p.t, v)
	}
	for _, other := range p.others {
		w, err := other.eval(f)
		if err != nil {
			return truth{}, err
		}
		p.eq = vector.Zero(p.eq, f.n)
		p.equal.run(p.eq, v, w)
		if w.Nulls.Any() {
			p.eq = vector.AndNot(p.eq, p.eq, w.Nulls, f.n)
			p.u = vector.Or(p.u, p.u, w.Nulls, f.n)
		}
		p.t = vector.Or(p.t, p.t, p.eq, f.n)
	}
	if v.Nulls.Any() {
		p.t = vector.AndNot(p.t, p.t, v.Nulls, f.n)
	}
	if !p.standard {
		return truth{t: p.t}, nil
	}
	if p.hasNull {
		p.u = vector.Fill(p.u, f.n)
	}
	p.u = vector.Or(p.u, p.u, v.Nulls, f.n)
	p.u = vector.AndNot(p.u, p.u, p.t, f.n)
	return truth{p.t, p.u}, nil
}

// few is how many constants are compared one by one rather than hashed.
const few = 8

func newSet(needle types.Type, values []types.Value) set {
	switch needle.Kind {
	case types.Int:
		return newNumberSet[int32](values, i32s)
	case types.Bigint:
		return newNumberSet[int64](values, i64s)
	case types.Double:
		return newNumberSet[float64](values, f64s)
	case types.String:
		s := textSet{}
		for _, v := range values {
			s[v.(string)] = struct{}{}
		}
		return s
	}
	s := &keySet{keys: map[string]struct{}{}}
	for _, v := range values {
		if d, ok := v.(types.Dec); ok && needle.Kind == types.Decimal { // to the scale of the column, where it fits at all
			x, err := types.Rescale(d.Unscaled, int(d.Scale), needle.Scale, types.Unnecessary)
			if err != nil {
				continue
			}
			v = types.Dec{Unscaled: x, Scale: int32(needle.Scale)}
		}
		s.keys[string(vector.AppendKeyValue(nil, needle, v))] = struct{}{}
	}
	return s
}

type numberSet[T kernel.Number] struct {
	list []T
	hash map[T]struct{} // nil for few
	data func(*vector.Vector) []T
	eq   vector.Bitmap
}

func newNumberSet[T kernel.Number](values []types.Value, data func(*vector.Vector) []T) set {
	s := &numberSet[T]{data: data}
	for _, v := range values {
		s.list = append(s.list, v.(T))
	}
	if len(s.list) > few {
		s.hash = map[T]struct{}{}
		for _, x := range s.list {
			s.hash[x] = struct{}{}
		}
	}
	return s
}

func (s *numberSet[T]) find(dst vector.Bitmap, v *vector.Vector) {
	x := s.data(v)
	if s.hash != nil {
		for i, k := range x {
			if _, ok := s.hash[k]; ok {
				dst.Set(i)
			}
		}
		return
	}
	for _, k := range s.list {
		s.eq = vector.Zero(s.eq, len(x))
		kernel.EqC(s.eq, x, k)
		vector.Or(dst, dst, s.eq, len(x))
	}
}

type textSet map[string]struct{}

func (s textSet) find(dst vector.Bitmap, v *vector.Vector) {
	for i, r := range v.Ref[:v.N] {
		if v.Nulls.Get(i) {
			continue
		}
		if _, ok := s[string(v.Arena[r.Off:r.Off+r.Len])]; ok {
			dst.Set(i)
		}
	}
}

// keySet finds values of any type by their key encoding.
type keySet struct {
	keys map[string]struct{}
	buf  []byte
}

func (s *keySet) find(dst vector.Bitmap, v *vector.Vector) {
	for i := range v.N {
		if v.IsNull(i) {
			continue
		}
		s.buf = v.AppendKeyColumn(s.buf[:0], i)
		if _, ok := s.keys[string(s.buf)]; ok {
			dst.Set(i)
		}
	}
}
