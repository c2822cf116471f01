// Package join puts rows of two inputs together by key.
//
//	StreamTable   looks each row of a stream up in a table
//	StreamStream  pairs rows of two streams whose times are near
//	TableTable    joins two tables on their keys
//	ForeignKey    joins a table with another on an expression of its rows
//
// What each emits, and in which order, is Kafka Streams': ksqlDB's cases say so.
package join

import (
	"encoding/binary"
	"errors"

	"tailrace/executor/chunk"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/record"
	"tailrace/storage/state"
)

// Type says which side survives without a partner.
type Type string

// The types of join.
const (
	Inner      Type = "INNER"
	LeftOuter  Type = "LEFT"
	RightOuter Type = "RIGHT"
	FullOuter  Type = "FULL"
)

// keeps reports whether rows of a side survive without a partner.
func (t Type) keeps(left bool) bool {
	switch t {
	case LeftOuter:
		return left
	case RightOuter:
		return !left
	}
	return t == FullOuter
}

// From says where a column of the output comes from.
type From uint8

// The origins of columns.
const (
	FromLeft From = iota
	FromRight
	FromKey // the n-th key column, of whichever side has the row
)

// Output is one column of the output.
type Output struct {
	From   From
	Column int
}

// Spec says what to join.
type Spec struct {
	Schema      types.Schema
	Left, Right types.Schema
	Type        Type
	Output      []Output
}

// side is one input of a join: which of its columns are used, and how rows are kept.
type side struct {
	schema types.Schema
	keys   []int // key columns
	used   []int // columns that the output refers to
	place  []int // by column of the schema: index in used, or -1
}

func newSide(schema types.Schema, outputs []Output, from From) side {
	s := side{schema: schema, keys: schema.Key(), place: make([]int, len(schema.Columns))}
	for i := range s.place {
		s.place[i] = -1
	}
	for _, o := range outputs {
		if o.From == from && s.place[o.Column] < 0 {
			s.place[o.Column] = len(s.used)
			s.used = append(s.used, o.Column)
		}
	}
	return s
}

// encode appends a row as it is stored: time, used columns.
func (s *side) encode(dst []byte, in *chunk.Chunk, row int) []byte {
	return state.AppendRow(binary.AppendVarint(dst, in.Time[row]), in.Columns(s.used), state.AllBits, row)
}

var errStored = errors.New("malformed row of a join in state")

// timeOf splits a stored row into its time and its columns.
func timeOf(stored []byte) (int64, []byte, error) {
	t, n := binary.Varint(stored)
	if n <= 0 {
		return 0, nil, errStored
	}
	return t, stored[n:], nil
}

// columns makes empty vectors for the used columns.
func (s *side) columns() []*vector.Vector {
	out := make([]*vector.Vector, len(s.used))
	for i, c := range s.used {
		out[i] = vector.New(s.schema.Columns[c].Type, 0)
	}
	return out
}

// rows collects output rows: the columns of both sides and the key, row by row.
type rows struct {
	spec             Spec
	left, right      side
	leftCols, rights []*vector.Vector
	keyCols          []*vector.Vector
	ops              []chunk.Op
	time             []int64
	unknown          vector.Bitmap
	// cause is the headers of the row that is being pushed: what follows from it has them,
	// as in Kafka Streams. headers is nil until a row has some.
	cause   []record.RecordHeader
	headers [][]record.RecordHeader
	n       int
}

// follow makes the rows that are added from now on follow from row i of in.
func (r *rows) follow(in *chunk.Chunk, i int) {
	if r.cause = nil; in.Headers != nil {
		r.cause = in.Headers[i]
	}
}

func newRows(spec Spec, left, right side) *rows {
	r := &rows{spec: spec, left: left, right: right}
	r.reset()
	return r
}

func (r *rows) reset() {
	r.leftCols, r.rights, r.keyCols = r.left.columns(), r.right.columns(), nil
	for _, k := range r.left.keys {
		r.keyCols = append(r.keyCols, vector.New(r.left.schema.Columns[k].Type, 0))
	}
	r.ops, r.time, r.unknown, r.headers, r.n = nil, nil, nil, nil, 0
}

// add appends a row: the key as encoded, and the stored rows of each side, nil for none.
func (r *rows) add(how chunk.Op, time int64, key, left, right []byte) error {
	if _, err := state.DecodeKey(key, r.keyCols); err != nil {
		return err
	}
	if err := appendStored(left, r.leftCols); err != nil {
		return err
	}
	if err := appendStored(right, r.rights); err != nil {
		return err
	}
	r.ops, r.time = append(r.ops, how), append(r.time, time)
	if r.cause != nil && r.headers == nil {
		r.headers = make([][]record.RecordHeader, r.n)
	}
	if r.headers != nil {
		r.headers = append(r.headers, r.cause)
	}
	r.n++
	return nil
}

// forget marks the row added last as not known.
func (r *rows) forget() {
	r.unknown = r.unknown.Grow(r.n)
	r.unknown.Set(r.n - 1)
}

func appendStored(stored []byte, cols []*vector.Vector) error {
	if stored == nil {
		for _, v := range cols {
			v.AppendNull()
		}
		return nil
	}
	_, row, err := timeOf(stored)
	if err != nil {
		return err
	}
	_, err = state.DecodeRow(row, cols, state.AllBits)
	return err
}

// flush emits what has been collected.
func (r *rows) flush(out chunk.Emitter) error {
	if r.n == 0 {
		return nil
	}
	c := &chunk.Chunk{Schema: r.spec.Schema, N: r.n, Ops: r.ops, Time: r.time, NullValue: r.unknown, Headers: r.headers}
	for _, o := range r.spec.Output {
		switch o.From {
		case FromLeft:
			c.Cols = append(c.Cols, r.leftCols[r.left.place[o.Column]])
		case FromRight:
			c.Cols = append(c.Cols, r.rights[r.right.place[o.Column]])
		case FromKey:
			c.Cols = append(c.Cols, r.keyCols[o.Column])
		}
	}
	if !c.HasOps() {
		c.Ops = nil
	}
	r.reset()
	return out.Emit(c)
}

// anyNull reports whether a key has a NULL in it: such rows meet nobody.
func anyNull(cols []*vector.Vector, row int) bool {
	for _, v := range cols {
		if v.IsNull(row) {
			return true
		}
	}
	return false
}
