package query

import (
	"context"

	"tailrace/executor"
	"tailrace/executor/chunk"
	"tailrace/planner/plan"
	"tailrace/sql/types/vector"
)

// ScanRows reads what a topic holds now: the rows of a stream, or of a table that nothing
// materializes the last row of each key.
func ScanRows(engine *executor.Engine, p *plan.Pull) Rows {
	if !p.Table {
		return func(ctx context.Context, emit func([]*vector.Vector, int) error) error {
			return engine.Scan(ctx, p.Scan, func(c *chunk.Chunk) error { return emit(c.Cols, c.N) })
		}
	}
	return func(ctx context.Context, emit func([]*vector.Vector, int) error) error {
		t := latest{rows: map[string]place{}, keys: p.Scan.Out.Key()}
		if err := engine.Scan(ctx, p.Scan, t.add); err != nil {
			return err
		}
		return t.deliver(emit)
	}
}

// latest keeps the last row of each key.
type latest struct {
	keys    []int
	chunks  []*chunk.Chunk
	rows    map[string]place
	scratch []byte
}

// place is where a row stands.
type place struct{ chunk, row int }

func (t *latest) add(c *chunk.Chunk) error {
	c = c.Clone()
	t.chunks = append(t.chunks, c)
	keys := c.Columns(t.keys)
	for i := range c.N {
		t.scratch = vector.AppendKey(t.scratch[:0], keys, i)
		if c.Op(i) == chunk.Delete {
			delete(t.rows, string(t.scratch))
			continue
		}
		t.rows[string(t.scratch)] = place{len(t.chunks) - 1, i}
	}
	if len(t.rows) > MaxGatheredRows {
		return tooManyRows()
	}
	return nil
}

// deliver hands on what is left, in order of the last change.
func (t *latest) deliver(emit func([]*vector.Vector, int) error) error {
	keep := make([]vector.Bitmap, len(t.chunks))
	for i, c := range t.chunks {
		keep[i] = vector.NewBitmap(c.N)
	}
	for _, p := range t.rows {
		keep[p.chunk].Set(p.row)
	}
	for i, c := range t.chunks {
		sel := keep[i].AppendIndexes(nil)
		if len(sel) == 0 {
			continue
		}
		if err := emit(gather(c.Cols, sel), len(sel)); err != nil {
			return err
		}
	}
	return nil
}
