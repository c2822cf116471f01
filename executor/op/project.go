package op

import (
	"tailrace/executor/chunk"
	"tailrace/sql/types"
)

// Project computes one expression a column. Ops, times and rows stay as they are: an
// update whose columns come out equal is still an update.
type Project struct {
	schema types.Schema
	exprs  []Eval
}

// NewProject makes a Project with the given output schema.
func NewProject(schema types.Schema, exprs []Eval) *Project {
	return &Project{schema: schema, exprs: exprs}
}

// Push implements Operator.
func (p *Project) Push(_ int, in *chunk.Chunk, out chunk.Emitter) error {
	cols, err := EvalAll(p.exprs, in)
	if err != nil {
		return err
	}
	return out.Emit(in.With(p.schema, cols))
}

// Flush implements Operator: nothing is held.
func (p *Project) Flush(chunk.Emitter) error { return nil }
