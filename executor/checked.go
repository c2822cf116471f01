package executor

import (
	"tailrace/executor/check"
	"tailrace/executor/chunk"
	"tailrace/sql/types"
)

// checked asserts the invariants of what a sub-topology emits.
func checked(schema types.Schema, out chunk.Emitter) chunk.Emitter {
	return check.Emitter(schema, out)
}
