package expr

import (
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// nested compiles access into nested values and their constructors. Failures inside a
// constructor stay there: the element is NULL.
func (c *compiler) nested(e *Expr) (node, error) {
	compile := c.node
	if e.Op == OpArray || e.Op == OpMap || e.Op == OpStruct {
		compile = c.within
	}
	args, err := c.nodes(e.Args, compile)
	if err != nil {
		return nil, err
	}
	res := newResult(e.Type, !c.caught)
	switch e.Op {
	case OpField:
		return &fieldNode{res, args[0], e.Column}, nil
	case OpItem:
		return &itemNode{res, args[0], args[1], e.Standard}, nil
	}
	return &buildNode{result: res, op: e.Op, args: args, cols: make([]*vector.Vector, len(args))}, nil
}

// fieldNode is a field of a STRUCT; that of a NULL struct is NULL.
type fieldNode struct {
	*result
	x     node
	field int
}

func (n *fieldNode) eval(f *frame) (*vector.Vector, error) {
	a, err := n.x.eval(f)
	if err != nil {
		return nil, err
	}
	n.v.Reset()
	for i := range f.n {
		if a.IsNull(i) {
			n.v.AppendNull()
			continue
		}
		n.v.AppendValue(a.Obj[i].(types.StructVal)[n.field])
	}
	return n.v, nil
}

// itemNode is an element of an ARRAY, counted from 1 or backwards from -1, or the value of
// a key of a MAP. What is not there is NULL; in the standard dialect, that is the element before
// the first.
type itemNode struct {
	*result
	x, index node
	standard bool
}

func (n *itemNode) eval(f *frame) (*vector.Vector, error) {
	a, err := n.x.eval(f)
	if err != nil {
		return nil, err
	}
	at, err := n.index.eval(f)
	if err != nil {
		return nil, err
	}
	n.v.Reset()
	for i := range f.n {
		if a.IsNull(i) || at.IsNull(i) {
			n.v.AppendNull()
			continue
		}
		switch x := a.Obj[i].(type) {
		case types.ArrayVal:
			if n.standard && at.I32[i] < 1 {
				n.v.AppendNull()
				continue
			}
			n.v.AppendValue(arrayItem(x, int(at.I32[i])))
		case *types.MapVal:
			n.v.AppendValue(mapItem(x, at, i))
		}
	}
	return n.v, nil
}

func arrayItem(a types.ArrayVal, index int) types.Value {
	if index < 0 {
		index += len(a)
	} else {
		index--
	}
	if index < 0 || index >= len(a) {
		return nil
	}
	return a[index]
}

// mapItem looks up the key in row i; text is compared without making a string of it.
func mapItem(m *types.MapVal, keys *vector.Vector, i int) types.Value {
	if keys.Type.Kind == types.String {
		key := keys.Bytes(i)
		for j, k := range m.Keys {
			if s, ok := k.(string); ok && s == string(key) {
				return m.Values[j]
			}
		}
		return nil
	}
	v, _ := m.Get(keys.Value(i))
	return v
}

// buildNode is ARRAY[...], MAP(...) or STRUCT(...). A MAP with a NULL key fails.
type buildNode struct {
	*result
	op   Op
	args []node
	cols []*vector.Vector
}

func (n *buildNode) eval(f *frame) (*vector.Vector, error) {
	for i, a := range n.args {
		v, err := a.eval(f)
		if err != nil {
			return nil, err
		}
		n.cols[i] = v
	}
	v := n.begin(f)
	for i := range f.n {
		switch n.op {
		case OpArray:
			x := make(types.ArrayVal, len(n.cols))
			for j, c := range n.cols {
				x[j] = c.Value(i)
			}
			v.Obj[i] = x
		case OpStruct:
			x := make(types.StructVal, len(n.cols))
			for j, c := range n.cols {
				x[j] = c.Value(i)
			}
			v.Obj[i] = x
		case OpMap:
			b := types.NewMapBuilder(len(n.cols) / 2)
			for j := 0; j+1 < len(n.cols); j += 2 {
				key := n.cols[j].Value(i)
				if key == nil {
					n.failer(i, errNullKey)
					break
				}
				b.Put(key, n.cols[j+1].Value(i))
			}
			v.Obj[i] = b.Map()
		}
	}
	return v, nil
}
