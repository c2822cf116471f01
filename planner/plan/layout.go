package plan

import (
	"fmt"

	"tailrace/sql/types"
)

// Upgrade makes a query read what the one that it takes the place of has stored: columns may
// be added behind those that there are, and are NULL in old rows. It fails where old rows
// cannot be read. kept tells which states the old one has.
func Upgrade(old, now *Query, kept func(stateID string) bool) error {
	have := map[string]stored{}
	storedBy(old.Root.Node, have)
	want := map[string]stored{}
	storedBy(now.Root.Node, want)
	for id, before := range have {
		next, ok := want[id]
		if !ok || !kept(id) {
			continue
		}
		if len(next.cols) < len(before.cols) || len(before.cols) == 0 && len(next.cols) > 0 {
			return fmt.Errorf("the rows of state %s have %d columns, and would have %d", id, len(before.cols), len(next.cols))
		}
		for i, c := range before.cols {
			if n := next.cols[i]; n.Name != c.Name || n.Type.String() != c.Type.String() {
				return fmt.Errorf("column %d of the rows of state %s is %s %s, and would be %s %s", i+1, id, c.Name, c.Type, n.Name, n.Type)
			}
		}
		// Rows begin with whole bytes of bits: those that there are stay as many.
		room := (len(before.cols) + 7) / 8 * 8
		switch {
		case *before.bits != 0:
			*next.bits = *before.bits
		case len(next.cols) > room:
			*next.bits = room
		}
	}
	return nil
}

// stored are the columns of the rows that a node keeps, and the bits of their layout.
type stored struct {
	cols []types.Column
	bits *int
}

// storedBy gathers what a query without joins, windows and aggregates keeps, by state id.
func storedBy(n Node, out map[string]stored) {
	var id string
	var s stored
	switch n := n.(type) {
	case *Source:
		id, s.bits = n.StateID, &n.RowBits
	case *Materialize:
		id, s.bits = n.StateID, &n.RowBits
	}
	if id != "" {
		for _, c := range n.Schema().Columns {
			if c.In != types.InKey {
				s.cols = append(s.cols, c)
			}
		}
		out[id] = s
	}
	for _, in := range n.Inputs() {
		storedBy(in, out)
	}
}
