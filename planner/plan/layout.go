package plan

import (
	"fmt"

	"tailrace/sql/types"
)

// Upgradable fails when the rows that a query has stored cannot be read by the one that takes
// its place: columns may be added behind those that there are, and are NULL in old rows. A
// row begins with a bit a column, so that the bytes of these bits must stay as many. kept tells which states
// the old one has.
func Upgradable(old, now *Query, kept func(stateID string) bool) error {
	have := map[string][]types.Column{}
	stored(old.Root.Node, have)
	want := map[string][]types.Column{}
	stored(now.Root.Node, want)
	for id, cols := range have {
		next, ok := want[id]
		if !ok || !kept(id) {
			continue
		}
		if len(next) < len(cols) || (len(next)+7)/8 != (len(cols)+7)/8 {
			return fmt.Errorf("the rows of state %s have %d columns, and would have %d", id, len(cols), len(next))
		}
		for i, c := range cols {
			if n := next[i]; n.Name != c.Name || n.Type.String() != c.Type.String() {
				return fmt.Errorf("column %d of the rows of state %s is %s %s, and would be %s %s", i+1, id, c.Name, c.Type, n.Name, n.Type)
			}
		}
	}
	return nil
}

// stored gathers the columns of the rows that a query without joins, windows and aggregates
// keeps, by state id.
func stored(n Node, out map[string][]types.Column) {
	id := ""
	switch n := n.(type) {
	case *Source:
		id = n.StateID
	case *Materialize:
		id = n.StateID
	}
	if id != "" {
		var cols []types.Column
		for _, c := range n.Schema().Columns {
			if c.In != types.InKey {
				cols = append(cols, c)
			}
		}
		out[id] = cols
	}
	for _, in := range n.Inputs() {
		stored(in, out)
	}
}
