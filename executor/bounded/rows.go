package bounded

import (
	"tailrace/executor/chunk"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// rows are gathered rows.
type rows struct {
	cols []*vector.Vector
	n    int
	mem  counted
}

func newRows(ts []types.Type) *rows {
	r := &rows{cols: make([]*vector.Vector, len(ts))}
	for i, t := range ts {
		r.cols[i] = vector.New(t, 0)
	}
	return r
}

// add appends the columns at the given places.
func (r *rows) add(x *run, b *batch, at []int) error {
	for i, p := range at {
		r.cols[i].AppendVector(b.cols[p])
	}
	r.n += b.n
	return r.count(x)
}

// addCols appends columns.
func (r *rows) addCols(x *run, cols []*vector.Vector, n int) error {
	for i, c := range cols {
		r.cols[i].AppendVector(c)
	}
	r.n += n
	return r.count(x)
}

// count asks for the rows twice: an array that grows is there twice, and rows in order are
// handed on as a copy.
func (r *rows) count(x *run) error { return r.mem.set(x, 2*r.bytes()) }

func (r *rows) bytes() int {
	n := 0
	for _, c := range r.cols {
		n += c.MemBytes()
	}
	return n
}

// reset empties the rows, and gives their memory back.
func (r *rows) reset(x *run) {
	for i, c := range r.cols {
		r.cols[i] = vector.New(c.Type, 0)
	}
	r.n = 0
	_ = r.mem.set(x, 0)
}

// deliver hands the rows on in batches.
func (r *rows) deliver(x *run, out emit) error { return x.inBatches(&batch{r.cols, r.n}, out) }

// inBatches hands many rows on a batch at a time.
func (x *run) inBatches(b *batch, out emit) error {
	if b.n <= chunk.MaxRows {
		if b.n == 0 {
			return nil
		}
		return out(b)
	}
	for from := 0; from < b.n; from += chunk.MaxRows {
		if err := x.ctx.Err(); err != nil {
			return err
		}
		if err := out(b.slice(from, min(from+chunk.MaxRows, b.n))); err != nil {
			return err
		}
	}
	return nil
}

// table finds rows by the values of key columns: NULL equals NULL. Entries are numbered from
// 0 in the order in which they came.
type table struct {
	keys   []*vector.Vector // of the entries
	hashes []uint64
	slots  []int32 // entry+1 by hash, open addressing; a power of two of them
	buf    []uint64
}

func newTable(ts []types.Type) *table {
	t := &table{slots: make([]int32, 64)}
	for _, k := range ts {
		t.keys = append(t.keys, vector.New(k, 0))
	}
	return t
}

func (t *table) len() int { return len(t.hashes) }

// bytes is what the table takes while an array of it grows.
func (t *table) bytes() int {
	n := cap(t.hashes)*8 + cap(t.slots)*4
	for _, k := range t.keys {
		n += k.MemBytes()
	}
	return 2 * n
}

func (t *table) hash(cols []*vector.Vector, n int) []uint64 {
	if cap(t.buf) < n {
		t.buf = make([]uint64, n)
	}
	t.buf = t.buf[:n]
	vector.HashRows(cols, n, 0x5bd1e995, t.buf)
	return t.buf
}

// put finds or makes the entry of each row, into out[:n].
func (t *table) put(cols []*vector.Vector, n int, out []int32) {
	hashes := t.hash(cols, n)
	for i, h := range hashes {
		e := t.find(cols, i, h)
		if e < 0 {
			e = t.insert(cols, i, h)
		}
		out[i] = e
	}
}

// get finds the entry of each row, -1 where there is none.
func (t *table) get(cols []*vector.Vector, n int, out []int32) {
	for i, h := range t.hash(cols, n) {
		out[i] = t.find(cols, i, h)
	}
}

func (t *table) find(cols []*vector.Vector, i int, h uint64) int32 {
	mask := uint64(len(t.slots) - 1)
	for s := h & mask; ; s = (s + 1) & mask {
		e := t.slots[s] - 1
		if e < 0 {
			return -1
		}
		if t.hashes[e] == h && vector.EqualRows(cols, i, t.keys, int(e)) {
			return e
		}
	}
}

func (t *table) insert(cols []*vector.Vector, i int, h uint64) int32 {
	if 2*len(t.hashes) >= len(t.slots) {
		t.grow()
	}
	e := int32(len(t.hashes))
	t.hashes = append(t.hashes, h)
	for k, c := range cols {
		t.keys[k].AppendFrom(c, i)
	}
	t.place(e, h)
	return e
}

func (t *table) place(e int32, h uint64) {
	mask := uint64(len(t.slots) - 1)
	s := h & mask
	for t.slots[s] != 0 {
		s = (s + 1) & mask
	}
	t.slots[s] = e + 1
}

func (t *table) grow() {
	t.slots = make([]int32, 2*len(t.slots))
	for e, h := range t.hashes {
		t.place(int32(e), h)
	}
}

// anyNull marks the rows in which a key is NULL.
func anyNull(cols []*vector.Vector, n int) vector.Bitmap {
	var out vector.Bitmap
	for _, c := range cols {
		switch {
		case c.Type.Kind == types.Null:
			return vector.Fill(out, n)
		case c.Nulls.Any():
			out = vector.Or(out, out, c.Nulls, n)
		}
	}
	return out
}
