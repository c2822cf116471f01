// Package bench measures the budgets of a whole server, each beside its ceiling in the
// same run: the pipeline from the log to a view, lookups, latency, fan-out, start and
// memory. Budgets of one room are measured in that room.
//
//	go test ./server/bench -run '^$' -bench . -benchtime 1x
//
// Each measurement is a function of a size: benchmarks run it large and report figures,
// tests run it small and check only that what was measured is what was meant. No test
// asserts a time. A server under measurement is a process of its own (this test binary,
// or the program that TAILRACE_BIN names). docs/benchmarks.md has the figures.
package bench
