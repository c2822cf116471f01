package expr

import "tailrace/sql/types/vector"

// caseNode is CASE: a branch is evaluated only for the rows that come to it, so that one
// which is not taken cannot fail.
type caseNode struct {
	*result
	branches []caseBranch
	other    caseBranch // without a condition; its value is nil without ELSE
	sel      [2][]int32 // rows that no branch has taken: before and after the current one
	taken    []int32
	local    []int32
}

type caseBranch struct {
	cond  pred
	value node
	// direct says that value is a column or constant: it is read in place, by row.
	direct              bool
	condMask, valueMask *mask
}

func (c *compiler) cases(e *Expr) (node, error) {
	n := &caseNode{result: newResult(e.Type, false)}
	for i := 0; i+1 < len(e.Args); i += 2 {
		b, err := c.branch(e.Args[i+1])
		if err != nil {
			return nil, err
		}
		b.condMask = c.mask(e.Args[i])
		err = c.apart(func() (err error) {
			b.cond, err = c.pred(e.Args[i])
			return err
		})
		if err != nil {
			return nil, err
		}
		n.branches = append(n.branches, b)
	}
	var err error
	if len(e.Args)%2 == 1 {
		n.other, err = c.branch(e.Args[len(e.Args)-1])
	}
	return n, err
}

// branch compiles the value of a branch.
func (c *compiler) branch(value *Expr) (b caseBranch, err error) {
	b.direct = value.Op == OpColumn || value.Op == OpLiteral || value.Op == OpVar || value.Op == OpParam
	b.valueMask = c.mask(value)
	err = c.apart(func() (err error) {
		b.value, err = c.node(value)
		return err
	})
	return b, err
}

func (n *caseNode) eval(f *frame) (*vector.Vector, error) {
	v := n.begin(f)
	if v.Ref != nil {
		clear(v.Ref) // rows that get no value keep an empty reference
	}
	rest := n.sel[0][:0]
	for i := range f.n {
		rest = append(rest, int32(i))
	}
	for i := range n.branches {
		b := &n.branches[i]
		if len(rest) == 0 {
			break
		}
		g := b.condMask.enter(f, rest)
		truth, err := b.cond.test(g)
		if err != nil {
			return nil, err
		}
		n.taken, n.local = n.taken[:0], n.sel[(i+1)%2][:0]
		for j, row := range rest {
			if truth.t.Get(j) {
				n.taken = append(n.taken, row)
			} else {
				n.local = append(n.local, row)
			}
		}
		n.sel[i%2], n.sel[(i+1)%2] = rest, n.local
		rest = n.local
		if err := b.put(f, v, n.taken); err != nil {
			return nil, err
		}
	}
	if n.other.value != nil {
		return v, n.other.put(f, v, rest)
	}
	for _, row := range rest {
		v.SetNull(int(row))
	}
	return v, nil
}

// put writes the value of the branch into rows of v.
func (b *caseBranch) put(f *frame, v *vector.Vector, rows []int32) error {
	if len(rows) == 0 {
		return nil
	}
	if b.direct {
		x, err := b.value.eval(f)
		if err == nil {
			v.Scatter(rows, x, rows)
		}
		return err
	}
	x, err := b.value.eval(b.valueMask.enter(f, rows))
	if err == nil {
		v.Scatter(rows, x, nil)
	}
	return err
}
