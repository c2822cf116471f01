package bounded

import (
	"slices"

	"tailrace/executor/chunk"
	"tailrace/sql/types/vector"
	"tailrace/storage/memory"
)

// latest keeps the last row of each key.
type latest struct {
	keys    []int
	chunks  []*chunk.Chunk
	rows    map[string]spot
	scratch []byte
	total   int // rows in chunks
	bytes   int // of chunks
	memory  *memory.Held
}

// spot is where a row stands.
type spot struct{ chunk, row int }

func (t *latest) add(c *chunk.Chunk) error {
	c = c.Clone()
	t.chunks = append(t.chunks, c)
	t.bytes += c.MemBytes()
	keys := c.Columns(t.keys)
	for i := range c.N {
		t.scratch = vector.AppendKey(t.scratch[:0], keys, i)
		if c.Op(i) == chunk.Delete {
			delete(t.rows, string(t.scratch))
			continue
		}
		t.rows[string(t.scratch)] = spot{len(t.chunks) - 1, i}
	}
	if t.total += c.N; t.total > 2*len(t.rows)+tidyRows {
		t.tidy()
	}
	return t.memory.Ask(int64(t.bytes + len(t.rows)*entryBytes))
}

// entryBytes is about what an entry of a map takes beside its key.
const entryBytes = 48

// tidyRows is how many rows that have been overwritten may lie about at least.
const tidyRows = 1 << 16

// tidy drops the rows that have been overwritten, and chunks that have no others.
func (t *latest) tidy() {
	sels := t.selected()
	at := make([]int, len(t.chunks)) // where a chunk goes
	kept := t.chunks[:0]
	t.bytes = 0
	for i, sel := range sels {
		if at[i] = len(kept); len(sel) > 0 {
			c := t.chunks[i].Select(sel).Clone() // without the text of the others
			kept, t.bytes = append(kept, c), t.bytes+c.MemBytes()
		}
	}
	clear(t.chunks[len(kept):])
	t.chunks = kept
	for key, p := range t.rows {
		row, _ := slices.BinarySearch(sels[p.chunk], int32(p.row))
		t.rows[key] = spot{at[p.chunk], row}
	}
	t.total = len(t.rows)
}

// selected are the rows of each chunk that are the last of their keys.
func (t *latest) selected() [][]int32 {
	keep := make([]vector.Bitmap, len(t.chunks))
	for i, c := range t.chunks {
		keep[i] = vector.NewBitmap(c.N)
	}
	for _, p := range t.rows {
		keep[p.chunk].Set(p.row)
	}
	out := make([][]int32, len(t.chunks))
	for i := range keep {
		out[i] = keep[i].AppendIndexes(nil)
	}
	return out
}

// deliver hands on what is left, in order of the last change.
func (t *latest) deliver(emit func([]*vector.Vector, int) error) error {
	for i, sel := range t.selected() {
		if len(sel) == 0 {
			continue
		}
		if err := emit(gather(t.chunks[i].Cols, sel), len(sel)); err != nil {
			return err
		}
	}
	return nil
}
