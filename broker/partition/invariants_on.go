//go:build invariants

package partition

// invariants makes a broken rule panic.
const invariants = true
