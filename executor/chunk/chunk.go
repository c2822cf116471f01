// Package chunk is what operators exchange: a batch of changes in columns.
//
//	op   time   ID   NAME        a chunk of three rows
//	+    1000   7    "x"
//	U-   1200   8    "y"         the two halves of an update stand side by side,
//	U+   1200   8    "z"         before first, in one chunk
//
// A stream's chunks hold inserts only. A table's chunks hold all four ops: a delete
// carries the row that was there, as far as its producer knew it. Rows are in order of
// arrival; event time may go back and forth.
package chunk

import (
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/record"
)

// Op is what a row does to the relation.
type Op uint8

// The kinds of change. UpdateBefore is always followed at once by its UpdateAfter, which
// has the same key.
const (
	Insert Op = iota
	Delete
	UpdateBefore
	UpdateAfter
)

// String is the op as tests write it.
func (o Op) String() string { return [...]string{"+", "-", "U-", "U+"}[o] }

// MaxRows is about how many rows a chunk holds at most (the halves of an update go over it
// together): past a few hundred, kernels gain nothing, and a few thousand columns of
// strings still fit the cache. Tests make it small, before anything runs; 2 is the least.
var MaxRows = 4096

// MaxBytes is about how many bytes the records that a chunk is made of take at most; one
// record that takes more makes a chunk of its own.
const MaxBytes = 8 << 20

// Chunk is a batch of changes. It has one writer; once emitted it is read only.
type Chunk struct {
	Schema types.Schema
	N      int
	Ops    []Op    // nil: all Insert
	Time   []int64 // event time, milliseconds since 1970 UTC; one a row
	Cols   []*vector.Vector
	// NullValue marks rows of a stream whose record had a NULL value: all value columns
	// are NULL, and a sink writes NULL again, not a record of NULLs.
	NullValue vector.Bitmap
	// NullKey marks rows of a stream whose record had no key: all key columns are NULL,
	// and a sink writes no key again, not a key of NULLs.
	NullKey vector.Bitmap
	// Headers are those of the rows' records, which go on to what is made of them; nil:
	// no row has any.
	Headers [][]record.RecordHeader
	// Memo is for receivers to share what they make of these rows; nil: the chunk goes to
	// one. Chunks made of this one do not have it.
	Memo *Memo
}

// Op returns the op of row i.
func (c *Chunk) Op(i int) Op {
	if c.Ops == nil {
		return Insert
	}
	return c.Ops[i]
}

// Emitter takes what an operator emits. It may keep nothing of the chunk after it has
// returned unless it copies.
type Emitter interface {
	Emit(*Chunk) error
}

// EmitFunc is a function as an Emitter.
type EmitFunc func(*Chunk) error

// Emit calls f.
func (f EmitFunc) Emit(c *Chunk) error { return f(c) }
