// Package physical makes a logical tree runnable: it puts repartitions where rows of one
// key may lie in several partitions, names the state stores, and wraps the result of a
// table in its materialization.
//
// Rows of one key meet in one task when they were partitioned by the bytes of that key. So
// a repartition is needed below whatever works by key (aggregations, joins) when its
// input was given a new key (Rekey), and between two sides of a join whose keys are not
// encoded alike. Grouping by the key that the rows already have needs none.
package physical

import (
	"fmt"

	"tailrace/planner/plan"
	"tailrace/sql/expr"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// Options are what the plan depends on besides the tree.
type Options struct {
	// View is the table to materialize at the root; empty for streams and clients.
	View string
	// Window is the window of the result's keys.
	Window *plan.KeyWindow
	// Partitions answers how many partitions a topic has; nil: unknown.
	Partitions func(topic string) (int32, bool)
}

type planner struct {
	Options
	states, repartitions int
}

// Finish makes a tree runnable.
func Finish(root plan.Node, o Options) (plan.Node, error) {
	p := &planner{Options: o}
	if err := p.visit(root); err != nil {
		return nil, err
	}
	if o.View == "" {
		return root, nil
	}
	m := &plan.Materialize{Input: plan.Ref{Node: root}, Name: o.View, Window: o.Window, StateID: p.state("Materialize")}
	m.Out, m.Table = root.Schema(), true
	m.Retention = retention(root)
	return m, nil
}

// retention is how long the windows of the aggregation below are kept.
func retention(n plan.Node) int64 {
	if a, ok := n.(*plan.Aggregate); ok && a.Window != nil {
		return a.Window.Retention
	}
	for _, in := range n.Inputs() {
		if r := retention(in); r > 0 {
			return r
		}
	}
	return 0
}

// state is the next state id: unique in the query, and stable because the tree is walked
// from the sources up.
func (p *planner) state(kind string) string {
	p.states++
	return fmt.Sprintf("%s-%d", kind, p.states)
}

func (p *planner) visit(n plan.Node) error {
	for _, in := range n.Inputs() {
		if err := p.visit(in); err != nil {
			return err
		}
	}
	switch n := n.(type) {
	case *plan.Source:
		if n.Table {
			n.StateID = p.state("Source")
		}
	case *plan.Aggregate:
		n.StateID = p.state("Aggregate")
		if rk, ok := n.Input.Node.(*plan.Rekey); ok && !keepsKey(rk) {
			n.Input.Node = p.repartition(rk, internalKey(rk.Schema()), 0)
		}
	case *plan.Suppress:
		n.StateID = p.state("Suppress")
	case *plan.StreamTableJoin:
		n.StateID = p.state("Join")
		return p.join(&n.Left, &n.Right)
	case *plan.StreamStreamJoin:
		n.StateID = p.state("Join")
		return p.join(&n.Left, &n.Right)
	case *plan.TableTableJoin:
		n.StateID = p.state("Join")
		return p.join(&n.Left, &n.Right)
	case *plan.ForeignKeyJoin:
		n.StateID = p.state("Join")
	}
	return nil
}

// keepsKey says that a Rekey only names the key that the rows of a stream have: the same
// columns in the same order.
func keepsKey(r *plan.Rekey) bool {
	in := r.Input.Node
	keys := in.Schema().Key()
	if plan.IsTable(in) || len(keys) != len(r.Keys) {
		return false
	}
	for i, k := range r.Keys {
		if k.Op != expr.OpColumn || k.Column != keys[i] {
			return false
		}
	}
	return true
}

// internalKey is the format of the keys of an internal topic: the plain one where it can
// be, for it is the smallest.
func internalKey(s types.Schema) plan.Format {
	keys := s.Key()
	f := plan.Format{Name: "JSON", Unwrapped: len(keys) == 1}
	if len(keys) == 1 {
		switch s.Columns[keys[0]].Type.Kind {
		case types.Int, types.Bigint, types.Double, types.String, types.Bytes:
			f.Name = "KAFKA"
		}
	}
	return f
}

func (p *planner) repartition(in plan.Node, key plan.Format, partitions int32) plan.Node {
	p.repartitions++
	r := &plan.Repartition{Input: plan.Ref{Node: in}, Name: fmt.Sprintf("Repartition-%d", p.repartitions),
		Key: key, Value: plan.Format{Name: "JSON"}, Partitions: partitions}
	r.Out, r.Table = in.Schema(), plan.IsTable(in)
	return r
}

// join brings both sides of a join into partitions of the same bytes: those of the side
// that keeps its key, the left one first.
func (p *planner) join(left, right *plan.Ref) error {
	_, newLeft := left.Node.(*plan.Rekey)
	_, newRight := right.Node.(*plan.Rekey)
	lf, rf := keyFormat(left.Node), keyFormat(right.Node)
	switch {
	case newLeft && newRight:
		f, n := internalKey(left.Node.Schema()), max(p.partitions(left.Node), p.partitions(right.Node))
		left.Node, right.Node = p.repartition(left.Node, f, n), p.repartition(right.Node, f, n)
	case newLeft:
		left.Node = p.repartition(left.Node, rf, p.partitions(right.Node))
	case newRight:
		right.Node = p.repartition(right.Node, lf, p.partitions(left.Node))
	case lf.Name != rf.Name || lf.Delimiter != rf.Delimiter:
		if windowed(right.Node) {
			return sqlerr.New(sqlerr.FeatureNotSupported, "Implicit repartitioning of windowed sources is not supported. See https://github.com/confluentinc/ksql/issues/4385.")
		}
		right.Node = p.repartition(right.Node, lf, p.partitions(left.Node))
	default:
		return p.align(left, right, lf)
	}
	return nil
}

// align brings two sides that keep their keys to one number of partitions: a stream goes
// through a topic of the query's own, the right one first; tables cannot.
func (p *planner) align(left, right *plan.Ref, key plan.Format) error {
	l, r := p.partitions(left.Node), p.partitions(right.Node)
	moves := func(n plan.Node) bool { return !plan.IsTable(n) && !windowed(n) }
	switch {
	case l == r || l == 0 || r == 0:
	case moves(right.Node):
		right.Node = p.repartition(right.Node, key, l)
	case moves(left.Node):
		left.Node = p.repartition(left.Node, key, r)
	default:
		return sqlerr.New(sqlerr.InvalidDefinition, "Can't join since the number of partitions don't match: left partitions = %d; right partitions = %d. "+
			"Please repartition either one so that the number of partitions match.", l, r)
	}
	return nil
}

// keyFormat is how the key of a node's rows was encoded when they were partitioned.
func keyFormat(n plan.Node) plan.Format {
	switch n := n.(type) {
	case *plan.Source:
		return n.Key
	case *plan.Repartition:
		return n.Key
	}
	if in := n.Inputs(); len(in) > 0 {
		return keyFormat(in[0])
	}
	return plan.Format{}
}

func windowed(n plan.Node) bool {
	if s, ok := n.(*plan.Source); ok {
		return s.Window != nil
	}
	in := n.Inputs()
	return len(in) > 0 && windowed(in[0])
}

// partitions is how many partitions a node's rows lie in; 0 when that is not known.
func (p *planner) partitions(n plan.Node) int32 {
	switch n := n.(type) {
	case *plan.Source:
		if p.Partitions != nil {
			count, _ := p.Partitions(n.Topic)
			return count
		}
		return 0
	case *plan.Repartition:
		if n.Partitions > 0 {
			return n.Partitions
		}
	}
	if in := n.Inputs(); len(in) > 0 {
		return p.partitions(in[0])
	}
	return 0
}
