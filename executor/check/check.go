// Package check asserts what every operator obeys. It wraps emitters under the tag
// invariants; a breach is a bug and panics.
//
//	a chunk has as many columns as its schema, of its types, each with N values
//	Ops and Time, when they are there, have N entries; a chunk has at most a bounded N
//	an UpdateBefore is followed at once by an UpdateAfter with the same key
package check

import (
	"fmt"

	"tailrace/executor/chunk"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// Emitter passes chunks on to out, which may be nil, and panics on those that are wrong.
func Emitter(schema types.Schema, out chunk.Emitter) chunk.Emitter {
	return chunk.EmitFunc(func(c *chunk.Chunk) error {
		if err := Chunk(schema, c); err != nil {
			panic("invariant: " + err.Error())
		}
		if out == nil {
			return nil
		}
		return out.Emit(c)
	})
}

// Chunk reports what is wrong with a chunk of the given schema.
func Chunk(schema types.Schema, c *chunk.Chunk) error {
	if len(c.Cols) != len(schema.Columns) {
		return fmt.Errorf("chunk has %d columns, its schema (%s) %d", len(c.Cols), schema, len(schema.Columns))
	}
	for i, v := range c.Cols {
		col := schema.Columns[i]
		switch {
		case v == nil:
			return fmt.Errorf("column %s has no vector", col.Name)
		case !v.Type.Equal(col.Type):
			return fmt.Errorf("column %s has type %s, not %s", col.Name, v.Type, col.Type)
		case v.N != c.N:
			return fmt.Errorf("column %s has %d values in a chunk of %d rows", col.Name, v.N, c.N)
		}
	}
	if len(c.Time) != c.N || c.Ops != nil && len(c.Ops) != c.N {
		return fmt.Errorf("chunk of %d rows has %d times and %d ops", c.N, len(c.Time), len(c.Ops))
	}
	return updates(schema, c)
}

func updates(schema types.Schema, c *chunk.Chunk) error {
	var keys []*vector.Vector
	for i, col := range schema.Columns {
		if col.In == types.InKey {
			keys = append(keys, c.Cols[i])
		}
	}
	for i := range c.N {
		if c.Op(i) != chunk.UpdateBefore {
			continue
		}
		if i+1 >= c.N || c.Op(i+1) != chunk.UpdateAfter {
			return fmt.Errorf("row %d is an update without its half after", i)
		}
		if !vector.EqualRows(keys, i, keys, i+1) {
			return fmt.Errorf("the halves of the update in row %d differ in their keys", i)
		}
	}
	return nil
}
