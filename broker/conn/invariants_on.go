//go:build invariants

package conn

// panicsAreFatal lets a bug in a handler end the process, so that tests see it.
const panicsAreFatal = true
