//go:build invariants

package pgwire

// invariants: a panic in a statement ends the program, where tests see it.
const invariants = true
