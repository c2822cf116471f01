package plan

import (
	"fmt"

	"tailrace/sql/expr"
	"tailrace/sql/types"
)

// Check says whether a plan is sound: every column that an operator refers to exists and
// has the type it is used as, every schema is what its operator makes, and state stores
// and internal topics have names of their own. Plans come from this package's writers and
// from disk; running an unsound one would fail far from the cause.
func Check(q *Query) error {
	if q.Root.Node == nil {
		return fmt.Errorf("plan %s has no root", q.ID)
	}
	c := checker{names: map[string]bool{}}
	if err := c.node(q.Root.Node); err != nil {
		return fmt.Errorf("plan %s: %w", q.ID, err)
	}
	if s := q.Sink; s != nil && s.Timestamp != nil && !within(s.Timestamp.Column, len(q.Root.Schema().Columns)) {
		return fmt.Errorf("plan %s: the sink's timestamp is column %d of %d", q.ID, s.Timestamp.Column, len(q.Root.Schema().Columns))
	}
	return nil
}

func within(i, n int) bool { return 0 <= i && i < n }

type checker struct{ names map[string]bool }

func (c *checker) node(n Node) error {
	for _, in := range n.Inputs() {
		if in == nil {
			return fmt.Errorf("%s has no input", OpName(n))
		}
		if err := c.node(in); err != nil {
			return err
		}
	}
	if err := c.one(n); err != nil {
		return fmt.Errorf("%s: %w", OpName(n), err)
	}
	return nil
}

func (c *checker) one(n Node) error {
	switch n := n.(type) {
	case *Source:
		return c.source(n)
	case *Filter:
		if n.Predicate == nil || n.Predicate.Type.Kind != types.Boolean {
			return fmt.Errorf("the predicate is no condition")
		}
		return firstError(exprsFit(n.Input.Node, n.Predicate), same(n.Out, n.Input.Node.Schema()))
	case *Project:
		return firstError(exprsFit(n.Input.Node, n.Exprs...), typesMatch(n.Out.Columns, n.Exprs))
	case *FlatMap:
		return flatMap(n)
	case *Rekey:
		if len(n.Out.Columns) != len(n.Keys)+len(n.Input.Node.Schema().Columns) {
			return fmt.Errorf("%d columns out of %d keys and %d columns", len(n.Out.Columns), len(n.Keys), len(n.Input.Node.Schema().Columns))
		}
		return firstError(exprsFit(n.Input.Node, n.Keys...), typesMatch(n.Out.Columns[:len(n.Keys)], n.Keys))
	case *Repartition:
		return firstError(c.name(n.Name), same(n.Out, n.Input.Node.Schema()))
	case *Aggregate:
		return firstError(c.name(n.StateID), aggregate(n))
	case *Suppress:
		return firstError(c.name(n.StateID), same(n.Out, n.Input.Node.Schema()))
	case *Materialize:
		return firstError(c.name(n.StateID), same(n.Out, n.Input.Node.Schema()))
	case *StreamTableJoin:
		return firstError(c.name(n.StateID), joined(n.Out, n.Output, n.Left.Node, n.Right.Node), keysMatch(n.Left.Node, n.Right.Node))
	case *StreamStreamJoin:
		return firstError(c.name(n.StateID), joined(n.Out, n.Output, n.Left.Node, n.Right.Node), keysMatch(n.Left.Node, n.Right.Node))
	case *TableTableJoin:
		return firstError(c.name(n.StateID), joined(n.Out, n.Output, n.Left.Node, n.Right.Node), keysMatch(n.Left.Node, n.Right.Node))
	case *ForeignKeyJoin:
		return firstError(c.name(n.StateID), exprsFit(n.Left.Node, n.LeftKey), joined(n.Out, n.Output, n.Left.Node, n.Right.Node))
	}
	return fmt.Errorf("an operator of type %T", n)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// name checks that a state store or internal topic has a name, and one of its own.
func (c *checker) name(name string) error {
	if name == "" || c.names[name] {
		return fmt.Errorf("the name %q is empty or taken", name)
	}
	c.names[name] = true
	return nil
}

func (c *checker) source(n *Source) error {
	if len(n.Fields) != len(n.Out.Columns) {
		return fmt.Errorf("%d fields for %d columns", len(n.Fields), len(n.Out.Columns))
	}
	for i, f := range n.Fields {
		if f.Pseudo != "" {
			continue
		}
		if f.Column < 0 || f.Column >= len(n.Declared.Columns) {
			return fmt.Errorf("field %d is column %d of %d", i, f.Column, len(n.Declared.Columns))
		}
		if d := n.Declared.Columns[f.Column]; !d.Type.Equal(n.Out.Columns[i].Type) {
			return fmt.Errorf("column %s is %s, declared as %s", d.Name, n.Out.Columns[i].Type, d.Type)
		}
	}
	if n.Timestamp != nil && !within(n.Timestamp.Column, len(n.Declared.Columns)) {
		return fmt.Errorf("the timestamp is column %d of %d", n.Timestamp.Column, len(n.Declared.Columns))
	}
	if n.Table {
		return c.name(n.StateID)
	}
	return nil
}

// exprsFit checks expressions over the output of a node.
func exprsFit(in Node, list ...*expr.Expr) error {
	columns := in.Schema().Columns
	for _, e := range list {
		if err := expr.Validate(e, len(columns)); err != nil {
			return err
		}
		var wrong error
		expr.Walk(e, func(e *expr.Expr) bool {
			if e.Op == expr.OpColumn && !e.Type.Equal(columns[e.Column].Type) {
				wrong = fmt.Errorf("%s is %s, used as %s", columns[e.Column].Name, columns[e.Column].Type, e.Type)
			}
			return wrong == nil
		})
		if wrong != nil {
			return wrong
		}
	}
	return nil
}

func typesMatch(columns []types.Column, list []*expr.Expr) error {
	if len(columns) != len(list) {
		return fmt.Errorf("%d expressions for %d columns", len(list), len(columns))
	}
	for i, e := range list {
		if e == nil || !e.Type.Equal(columns[i].Type) {
			return fmt.Errorf("column %s is %s, its expression is not", columns[i].Name, columns[i].Type)
		}
	}
	return nil
}

func same(a, b types.Schema) error {
	if a.String() != b.String() {
		return fmt.Errorf("the schema changes from %s to %s", b, a)
	}
	return nil
}

func flatMap(n *FlatMap) error {
	in := n.Input.Node.Schema().Columns
	if len(n.Out.Columns) != len(in)+len(n.Calls) {
		return fmt.Errorf("%d columns out of %d and %d calls", len(n.Out.Columns), len(in), len(n.Calls))
	}
	for i, call := range n.Calls {
		if err := exprsFit(n.Input.Node, call.Args...); err != nil {
			return err
		}
		if !n.Out.Columns[len(in)+i].Type.Equal(call.Type) {
			return fmt.Errorf("column %s is not the result of %s", n.Out.Columns[len(in)+i].Name, call.Name)
		}
	}
	return nil
}

func aggregate(n *Aggregate) error {
	in := n.Input.Node.Schema()
	keys := in.Key()
	bounds := 0
	if n.Window != nil {
		bounds = 2
	}
	if len(n.Out.Columns) != len(keys)+bounds+len(n.Calls) {
		return fmt.Errorf("%d columns out of %d keys and %d calls", len(n.Out.Columns), len(keys), len(n.Calls))
	}
	for i, k := range keys {
		if !n.Out.Columns[i].Type.Equal(in.Columns[k].Type) || n.Out.Columns[i].In != types.InKey {
			return fmt.Errorf("column %s is not key column %s", n.Out.Columns[i].Name, in.Columns[k].Name)
		}
	}
	for i, call := range n.Calls {
		if err := exprsFit(n.Input.Node, call.Args...); err != nil {
			return err
		}
		if c := n.Out.Columns[len(keys)+bounds+i]; !c.Type.Equal(call.Type) {
			return fmt.Errorf("column %s is %s, %s gives %s", c.Name, c.Type, call.Name, call.Type)
		}
	}
	return nil
}

// joined checks the output of a join against its sides.
func joined(out types.Schema, output []JoinColumn, left, right Node) error {
	if len(output) != len(out.Columns) {
		return fmt.Errorf("%d sources for %d columns", len(output), len(out.Columns))
	}
	for i, c := range output {
		from := left.Schema().Columns
		if c.Side == "right" {
			from = right.Schema().Columns
		}
		if c.Column < 0 || c.Column >= len(from) {
			return fmt.Errorf("column %s comes from column %d of %d of the %s side", out.Columns[i].Name, c.Column, len(from), c.Side)
		}
		if !from[c.Column].Type.Equal(out.Columns[i].Type) {
			return fmt.Errorf("column %s is %s, on the %s side %s", out.Columns[i].Name, out.Columns[i].Type, c.Side, from[c.Column].Type)
		}
		if isKey := c.Side == "key"; isKey != (out.Columns[i].In == types.InKey) {
			return fmt.Errorf("column %s: only what comes from the key is key", out.Columns[i].Name)
		}
	}
	return nil
}

// keysMatch checks that the keys of both sides of a join can be equal.
func keysMatch(left, right Node) error {
	l, r := left.Schema(), right.Schema()
	lk, rk := l.Key(), r.Key()
	if len(lk) == 0 || len(lk) != len(rk) {
		return fmt.Errorf("keys of %d and %d columns", len(lk), len(rk))
	}
	for i := range lk {
		if a, b := l.Columns[lk[i]].Type, r.Columns[rk[i]].Type; !a.Equal(b) {
			return fmt.Errorf("keys of %s and %s", a, b)
		}
	}
	return nil
}
