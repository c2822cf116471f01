// Package executor runs plans over a log.
//
//	planner/plan.Query ── topology: cut at repartitions ── task: the loop ── commitlog.Log
//	                                                          |
//	      chunk: what flows · op, op/agg, op/join: operators · storage/state: what stays
//	      source, sink: records and rows · view: what can be asked · check: invariants
//
// An Engine owns the tasks of its node. Start runs a persistent query: its tasks commit
// outputs, state changes and positions in one commit of the log, so that after a crash
// they go on as if nothing had happened. Views are the materialized results of such
// queries: View finds them, Subscribe follows their changes. RunPush runs a query for one
// client, without a trace in the log; clients of one plan share what they can (fan.go).
//
// Made with Manual set, an Engine has no goroutines: RunUntilIdle does all that there is
// to do, in the order in which the queries were started.
package executor
