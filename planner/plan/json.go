package plan

import (
	"encoding/json"
	"fmt"
)

// Ref is a Node in a field: in JSON {"op": name, ...the node's fields}.
type Ref struct{ Node }

// nodeNames are the operators as they stand in persisted plans: never renamed.
var nodeNames = map[string]func() Node{
	"source":           func() Node { return new(Source) },
	"filter":           func() Node { return new(Filter) },
	"project":          func() Node { return new(Project) },
	"flatMap":          func() Node { return new(FlatMap) },
	"rekey":            func() Node { return new(Rekey) },
	"repartition":      func() Node { return new(Repartition) },
	"aggregate":        func() Node { return new(Aggregate) },
	"suppress":         func() Node { return new(Suppress) },
	"streamTableJoin":  func() Node { return new(StreamTableJoin) },
	"streamStreamJoin": func() Node { return new(StreamStreamJoin) },
	"tableTableJoin":   func() Node { return new(TableTableJoin) },
	"foreignKeyJoin":   func() Node { return new(ForeignKeyJoin) },
	"materialize":      func() Node { return new(Materialize) },
}

// OpName is the name of a node's operator in plans, EXPLAIN and metrics.
func OpName(n Node) string {
	for name, make := range nodeNames {
		if fmt.Sprintf("%T", make()) == fmt.Sprintf("%T", n) {
			return name
		}
	}
	return fmt.Sprintf("%T", n)
}

// MarshalJSON writes the node with its operator's name.
func (r Ref) MarshalJSON() ([]byte, error) {
	if r.Node == nil {
		return []byte("null"), nil
	}
	body, err := json.Marshal(r.Node)
	if err != nil {
		return nil, err
	}
	head, err := json.Marshal(OpName(r.Node))
	if err != nil {
		return nil, err
	}
	out := append([]byte(`{"op":`), head...)
	if len(body) > 2 {
		out = append(out, ',')
	}
	return append(out, body[1:]...), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (r *Ref) UnmarshalJSON(data []byte) error {
	var head struct{ Op string }
	if err := json.Unmarshal(data, &head); err != nil {
		return err
	}
	if head.Op == "" {
		r.Node = nil
		return nil
	}
	make, ok := nodeNames[head.Op]
	if !ok {
		return fmt.Errorf("plan has an operator %q that this version does not know: it was made by a newer one", head.Op)
	}
	r.Node = make()
	return json.Unmarshal(data, r.Node)
}

func in(refs ...Ref) []Node {
	out := make([]Node, len(refs))
	for i, r := range refs {
		out[i] = r.Node
	}
	return out
}

// Inputs returns the nodes that feed a node, left before right.
func (*Source) Inputs() []Node { return nil }

// Inputs returns the one input.
func (n *Filter) Inputs() []Node { return in(n.Input) }

// Inputs returns the one input.
func (n *Project) Inputs() []Node { return in(n.Input) }

// Inputs returns the one input.
func (n *FlatMap) Inputs() []Node { return in(n.Input) }

// Inputs returns the one input.
func (n *Rekey) Inputs() []Node { return in(n.Input) }

// Inputs returns the one input.
func (n *Repartition) Inputs() []Node { return in(n.Input) }

// Inputs returns the one input.
func (n *Aggregate) Inputs() []Node { return in(n.Input) }

// Inputs returns the one input.
func (n *Suppress) Inputs() []Node { return in(n.Input) }

// Inputs returns the one input.
func (n *Materialize) Inputs() []Node { return in(n.Input) }

// Inputs returns left and right.
func (n *StreamTableJoin) Inputs() []Node { return in(n.Left, n.Right) }

// Inputs returns left and right.
func (n *StreamStreamJoin) Inputs() []Node { return in(n.Left, n.Right) }

// Inputs returns left and right.
func (n *TableTableJoin) Inputs() []Node { return in(n.Left, n.Right) }

// Inputs returns left and right.
func (n *ForeignKeyJoin) Inputs() []Node { return in(n.Left, n.Right) }
