package plan

import (
	"strings"

	"tailrace/sql/expr"
	"tailrace/sql/sqlerr"
)

// SameSteps checks that one query may go on where another has stopped, as CREATE OR REPLACE
// asks: what it filters and selects may be another, but what gives its rows their keys, and
// what its groups are folded with, must be the same. Its state is read on as it stands.
func SameSteps(old, now *Query) error {
	a, b := steps(old.Root.Node), steps(now.Root.Node)
	for i := 0; i < len(a) || i < len(b); i++ {
		switch {
		case i == len(a):
			return notUpgradable(b[i].kind, "class", "none", b[i].kind)
		case i == len(b):
			return notUpgradable(a[i].kind, "class", a[i].kind, "none")
		case a[i].kind != b[i].kind:
			return notUpgradable(a[i].kind, "class", a[i].kind, b[i].kind)
		case a[i].shown != b[i].shown:
			return notUpgradable(a[i].kind, a[i].property, a[i].shown, b[i].shown)
		}
	}
	return nil
}

func notUpgradable(kind, property, old, now string) error {
	return sqlerr.New(sqlerr.FeatureNotSupported, "Query is not upgradeable. Plan step of type %s must have matching %s. Values differ: '%s' vs. '%s'", kind, property, old, now).
		Hint("CREATE OR REPLACE may change WHERE, HAVING and expressions of the select list. For anything else DROP the query and create it again.")
}

// step is an operator that must stay, with ksqlDB's name and what of it must be the same.
type step struct{ kind, property, shown string }

// steps are the operators of a query on one source that must stay, from the sink down.
func steps(n Node) []step {
	var out []step
	switch n := n.(type) {
	case *Aggregate:
		calls := make([]string, len(n.Calls))
		for i, c := range n.Calls {
			calls[i] = showCall(c)
		}
		out = append(out, step{"StreamAggregate", "aggregationFunctions", "[" + strings.Join(calls, ", ") + "]"})
	case *Rekey:
		keys := make([]string, len(n.Keys))
		for i, k := range n.Keys {
			keys[i] = expr.Format(k)
		}
		kind, property := "StreamSelectKey", "keyExpressions"
		if n.DropNull {
			kind, property = "StreamGroupBy", "groupByExpressions"
		}
		out = append(out, step{kind, property, "[" + strings.Join(keys, ", ") + "]"})
	case *Source:
		out = append(out, step{"StreamSource", "topicName", n.Topic})
	}
	for _, in := range n.Inputs() {
		out = append(out, steps(in)...)
	}
	return out
}

func showCall(c AggregateCall) string {
	args := make([]string, 0, len(c.Args)+len(c.Initial))
	for _, a := range c.Args {
		args = append(args, expr.Format(a))
	}
	for i := range c.Initial {
		args = append(args, expr.Format(&expr.Expr{Op: expr.OpLiteral, Type: c.Initial[i].Type, Value: &c.Initial[i]}))
	}
	if len(args) == 0 {
		args = append(args, "*")
	}
	name, _, _ := strings.Cut(c.Overload, "(")
	return name + "(" + strings.Join(args, ", ") + ")"
}
