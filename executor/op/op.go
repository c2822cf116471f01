// Package op holds the operators: each turns chunks of changes into chunks of changes.
//
//	                 Push(side, chunk)
//	upstream ───────────────┐
//	                     Operator ── state.Keyed, state.Ordered
//	downstream <─ Emit ─────┘
//
// The rooms agg and join hold the ones with state. An operator is a pure function of its
// state and its input: it reads no clock, takes no lock and does no I/O but through its
// state. One task owns it. What every operator obeys (schema, update halves side by side)
// is checked by package executor/check.
//
// An UpdateAfter may come without its UpdateBefore when nobody downstream has asked for
// the half before (plan analysis in topology): it then means "this is the row now". A
// Delete with its NullValue bit set says that the row was not known.
package op

import (
	"errors"
	"tailrace/executor/chunk"
	"tailrace/sql/function"
	"tailrace/sql/types/vector"
)

// The sides of an operator with two inputs. Those with one have only Left.
const (
	Left = iota
	Right
)

// Operator is one node of a running plan.
type Operator interface {
	// Push takes a chunk of one input. in is read only and may not be kept.
	Push(side int, in *chunk.Chunk, out chunk.Emitter) error
	// Flush emits what the operator has held back so that several changes of a key become
	// one. After it, what was emitted is all that follows from what was pushed.
	Flush(out chunk.Emitter) error
}

// Clocked is an operator that keeps stream time: the greatest event time it has seen. It
// is committed with the input positions and handed back after a restart.
type Clocked interface {
	// StreamTime returns the stream time, NoTime before the first row.
	StreamTime() int64
	// SetStreamTime restores it.
	SetStreamTime(ms int64)
}

// NoTime is the stream time of who has seen nothing.
const NoTime = int64(-1 << 63)

// Eval computes a column of values, one for each row of a chunk. A row that fails is NULL
// and has been logged.
type Eval interface {
	Eval(in *chunk.Chunk) (*vector.Vector, error)
}

// Column is the Eval of a column of the input.
type Column int

// Eval returns the column itself.
func (c Column) Eval(in *chunk.Chunk) (*vector.Vector, error) { return in.Cols[c], nil }

// EvalFunc is a function as an Eval.
type EvalFunc func(in *chunk.Chunk) (*vector.Vector, error)

// Eval calls f.
func (f EvalFunc) Eval(in *chunk.Chunk) (*vector.Vector, error) { return f(in) }

// RowLog takes note of a row that was left out or could not be computed.
type RowLog func(in *chunk.Chunk, row int, reason string)

// note calls l unless it is nil.
func (l RowLog) note(in *chunk.Chunk, row int, reason string) {
	if l != nil {
		l(in, row, reason)
	}
}

// Halving pushes chunks into an operator whose expressions may make much of little: a chunk
// whose values would take too much memory is pushed in halves. An operator evaluates before
// it does anything else, so that nothing is done twice; the halves of an update stay
// together.
func Halving(o Operator) Operator { return halving{o} }

type halving struct{ Operator }

// Push implements Operator.
func (h halving) Push(side int, in *chunk.Chunk, out chunk.Emitter) error {
	err := h.Operator.Push(side, in, out)
	if !errors.Is(err, function.ErrChunkFull) || in.N <= function.FewRows {
		return err
	}
	mid := in.N / 2
	if in.Op(mid-1) == chunk.UpdateBefore {
		mid++
	}
	if err := h.Push(side, in.Slice(0, mid), out); err != nil {
		return err
	}
	return h.Push(side, in.Slice(mid, in.N), out)
}

// EvalAll evaluates several expressions over one chunk.
func EvalAll(evals []Eval, in *chunk.Chunk) ([]*vector.Vector, error) {
	out := make([]*vector.Vector, len(evals))
	for i, e := range evals {
		v, err := e.Eval(in)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}
