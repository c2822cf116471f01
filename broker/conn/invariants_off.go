//go:build !invariants

package conn

// panicsAreFatal is false in production: a bug in a handler costs one connection.
const panicsAreFatal = false
