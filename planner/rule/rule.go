// Package rule holds the rewrites of a query's tree that keep its meaning, one a file.
//
//	push.go   a filter moves below a projection that only passes its columns on
//	prune.go  sources read only the columns that somebody uses
//
// Constant expressions are folded when they are bound. Every rule is a function from tree
// to tree; the result has the schema of the original at its root.
package rule

import "tailrace/planner/plan"

// Apply runs all rules.
func Apply(root plan.Node) plan.Node {
	root = PushFilters(root)
	return Prune(root)
}
