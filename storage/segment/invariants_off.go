//go:build !invariants

package segment

// invariants makes a broken rule panic.
const invariants = false
