package bind

import (
	"strconv"

	"tailrace/sql/ast"
	"tailrace/sql/types"
)

// Names gives out column names that no source has: KSQL_COL_0, KSQL_COL_1, ... for
// expressions, the field's name for a field of a struct, with _1, _2, ... when taken.
type Names struct {
	used map[string]bool
	next int
}

// NewNames starts with the names of schemas taken.
func NewNames(schemas ...types.Schema) *Names {
	n := &Names{used: map[string]bool{}}
	for _, s := range schemas {
		for _, c := range s.Columns {
			n.used[c.Name] = true
		}
	}
	return n
}

// For is a new name for an expression that has none.
func (n *Names) For(e ast.Expr) string {
	if d, ok := e.(*ast.Deref); ok {
		return n.Free(d.Field.Name)
	}
	for {
		name := "KSQL_COL_" + strconv.Itoa(n.next)
		n.next++
		if !n.used[name] {
			n.used[name] = true
			return name
		}
	}
}

// Free is name itself if it is free, else with the first free number behind it.
func (n *Names) Free(name string) string {
	free := name
	for i := 1; n.used[free]; i++ {
		free = name + "_" + strconv.Itoa(i)
	}
	n.used[free] = true
	return free
}

// syntheticKey is the name of a join's key that is no column of either side: ROWKEY, with
// the number after the highest that a source uses.
func syntheticKey(sources []*Source) string {
	names := &Names{used: map[string]bool{}}
	for _, s := range sources {
		for _, c := range s.Src.Schema.Columns {
			names.used[c.Name] = true
		}
	}
	return names.Free("ROWKEY")
}
