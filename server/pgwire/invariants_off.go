//go:build !invariants

package pgwire

const invariants = false
