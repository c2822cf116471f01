package rule

import (
	"slices"

	"tailrace/planner/plan"
	"tailrace/sql/expr"
	"tailrace/sql/types"
)

// Prune drops the columns that nobody above uses, down to the fields that sources decode.
// Keys stay: of tables always, of streams where somebody works by them.
func Prune(root plan.Node) plan.Node {
	need := make([]bool, len(root.Schema().Columns))
	for i := range need {
		need[i] = true
	}
	prune(root, need)
	return root
}

// prune keeps at least the needed columns of a node and returns where its old columns are
// now, -1 for those that are gone. It changes the tree in place: nobody else has it yet.
func prune(n plan.Node, need []bool) []int {
	switch n := n.(type) {
	case *plan.Source:
		return PruneSource(n, need)
	case *plan.Filter:
		mark(need, n.Predicate)
		at := prune(n.Input.Node, need)
		n.Predicate = Remap(n.Predicate, at)
		n.Out = n.Input.Node.Schema()
		return at
	case *plan.Project:
		at := prune(n.Input.Node, needs(n.Input.Node, n.Exprs...))
		n.Exprs = RemapAll(n.Exprs, at)
		return identity(len(n.Out.Columns))
	case *plan.Rekey:
		return pruneRekey(n, need)
	case *plan.FlatMap:
		return pruneFlatMap(n, need)
	case *plan.Aggregate:
		return pruneAggregate(n)
	case *plan.StreamTableJoin:
		return pruneJoin(&n.Out, &n.Output, n.Left.Node, n.Right.Node, need)
	case *plan.StreamStreamJoin:
		return pruneJoin(&n.Out, &n.Output, n.Left.Node, n.Right.Node, need)
	case *plan.TableTableJoin:
		return pruneJoin(&n.Out, &n.Output, n.Left.Node, n.Right.Node, need)
	case *plan.ForeignKeyJoin:
		return pruneForeignKey(n, need)
	case *plan.Suppress:
		return pruneSame(n.Input.Node, &n.Out, need)
	case *plan.Repartition:
		return pruneSame(n.Input.Node, &n.Out, need)
	case *plan.Materialize:
		return pruneSame(n.Input.Node, &n.Out, need)
	}
	return identity(len(n.Schema().Columns))
}

// pruneSame prunes below a node that passes rows unchanged.
func pruneSame(in plan.Node, out *types.Schema, need []bool) []int {
	at := prune(in, need)
	*out = in.Schema()
	return at
}

// PruneSource keeps the needed fields of a source, and the key of a table; it returns
// where the old columns are now, -1 for those that are gone.
func PruneSource(n *plan.Source, need []bool) []int {
	keepKeys := n.Table || n.Window != nil
	for i, c := range n.Out.Columns {
		need[i] = need[i] || keepKeys && c.In == types.InKey
	}
	if !slices.Contains(need, true) && len(need) > 0 {
		need[0] = true // a chunk counts its rows by its columns
	}
	at := make([]int, len(need))
	columns, fields := n.Out.Columns, n.Fields
	n.Out.Columns, n.Fields = nil, nil
	for i := range need {
		at[i] = -1
		if need[i] {
			at[i] = len(n.Fields)
			n.Out.Columns, n.Fields = append(n.Out.Columns, columns[i]), append(n.Fields, fields[i])
		}
	}
	return at
}

func pruneRekey(n *plan.Rekey, need []bool) []int {
	keys := len(n.Keys)
	below := needs(n.Input.Node, n.Keys...)
	for i := range below {
		below[i] = below[i] || need[keys+i]
	}
	at := prune(n.Input.Node, below)
	n.Keys = RemapAll(n.Keys, at)
	n.Out.Columns = n.Out.Columns[:keys:keys]
	for _, c := range n.Input.Node.Schema().Columns {
		c.In = types.InValue
		n.Out.Columns = append(n.Out.Columns, c)
	}
	return append(identity(keys), shift(at, keys)...)
}

func pruneFlatMap(n *plan.FlatMap, need []bool) []int {
	width := len(n.Input.Node.Schema().Columns)
	below := need[:width:width]
	for _, c := range n.Calls {
		mark(below, c.Args...)
	}
	calls := slices.Clone(n.Out.Columns[width:])
	at := prune(n.Input.Node, below)
	for i := range n.Calls {
		n.Calls[i].Args = RemapAll(n.Calls[i].Args, at)
	}
	n.Out.Columns = append(slices.Clone(n.Input.Node.Schema().Columns), calls...)
	return append(at, shift(identity(len(calls)), len(n.Out.Columns)-len(calls))...)
}

func pruneAggregate(n *plan.Aggregate) []int {
	in := n.Input.Node
	need := make([]bool, len(in.Schema().Columns))
	for _, k := range in.Schema().Key() {
		need[k] = true
	}
	for _, c := range n.Calls {
		mark(need, c.Args...)
	}
	at := prune(in, need)
	for i := range n.Calls {
		n.Calls[i].Args = RemapAll(n.Calls[i].Args, at)
	}
	return identity(len(n.Out.Columns))
}

// pruneJoin drops columns of a join's output and then of its sides, whose keys stay.
func pruneJoin(out *types.Schema, output *[]plan.JoinColumn, left, right plan.Node, need []bool) []int {
	sides := map[string][]bool{"left": keysOf(left), "right": keysOf(right)}
	at := make([]int, len(need))
	var columns []types.Column
	var kept []plan.JoinColumn
	for i, c := range *output {
		at[i] = -1
		if !need[i] && c.Side != "key" {
			continue
		}
		at[i] = len(kept)
		columns, kept = append(columns, out.Columns[i]), append(kept, c)
		if c.Side != "key" {
			sides[c.Side][c.Column] = true
		}
	}
	moved := map[string][]int{"left": prune(left, sides["left"]), "right": prune(right, sides["right"])}
	moved["key"] = moved["left"]
	for i := range kept {
		kept[i].Column = moved[kept[i].Side][kept[i].Column]
	}
	out.Columns, *output = columns, kept
	return at
}

func pruneForeignKey(n *plan.ForeignKeyJoin, need []bool) []int {
	left := n.Left.Node
	used := expr.Columns(n.LeftKey)
	// The left key is kept by asking for its columns on the left: as columns of the
	// output that nobody sees they would be dropped, so they are marked on the side.
	sides := [2][]bool{keysOf(left), keysOf(n.Right.Node)}
	for _, c := range used {
		sides[0][c] = true
	}
	at := make([]int, len(need))
	var columns []types.Column
	var kept []plan.JoinColumn
	for i, c := range n.Output {
		at[i] = -1
		if !need[i] && c.Side != "key" {
			continue
		}
		at[i] = len(kept)
		columns, kept = append(columns, n.Out.Columns[i]), append(kept, c)
		if c.Side == "right" {
			sides[1][c.Column] = true
		} else {
			sides[0][c.Column] = true
		}
	}
	l, r := prune(left, sides[0]), prune(n.Right.Node, sides[1])
	for i := range kept {
		if kept[i].Side == "right" {
			kept[i].Column = r[kept[i].Column]
		} else {
			kept[i].Column = l[kept[i].Column]
		}
	}
	n.Out.Columns, n.Output = columns, kept
	n.LeftKey = Remap(n.LeftKey, l)
	return at
}

func keysOf(n plan.Node) []bool {
	need := make([]bool, len(n.Schema().Columns))
	for _, k := range n.Schema().Key() {
		need[k] = true
	}
	return need
}

// needs are the columns of a node that expressions use.
func needs(n plan.Node, exprs ...*expr.Expr) []bool {
	need := make([]bool, len(n.Schema().Columns))
	mark(need, exprs...)
	return need
}

func mark(need []bool, exprs ...*expr.Expr) {
	for _, c := range expr.Columns(exprs...) {
		need[c] = true
	}
}

func identity(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func shift(at []int, by int) []int {
	out := make([]int, len(at))
	for i, c := range at {
		out[i] = -1
		if c >= 0 {
			out[i] = c + by
		}
	}
	return out
}

// Remap moves the columns of an expression to where they are now.
func Remap(e *expr.Expr, at []int) *expr.Expr {
	columns := make(map[int]int, len(at))
	for from, to := range at {
		columns[from] = to
	}
	return expr.Remap(e, columns)
}

// RemapAll is Remap for a list.
func RemapAll(list []*expr.Expr, at []int) []*expr.Expr {
	out := make([]*expr.Expr, len(list))
	for i, e := range list {
		out[i] = Remap(e, at)
	}
	return out
}
