// Package agg folds rows into groups.
//
//	Aggregate   groups, tumbling and hopping windows: accumulators by slot in columns
//	Session     session windows: sessions of a key in a sorted map, merged as rows bridge them
//	Suppress    EMIT FINAL: holds windows back until they are closed
package agg

import (
	"encoding/binary"
	"errors"

	"tailrace/executor/op"
	"tailrace/executor/op/window"
	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/state"
)

// Call is one aggregate function, with the expressions of its arguments.
type Call struct {
	Acc  function.Accumulator
	Args []op.Eval
	Type types.Type
}

// Spec says what to aggregate.
type Spec struct {
	// Schema is the keys, WINDOWSTART and WINDOWEND when there is a window, and a column
	// for each call.
	Schema types.Schema
	// Keys are the columns of the input that are the group.
	Keys   []int
	Calls  []Call
	Window *window.Window
	// Before: somebody downstream needs the row before a change.
	Before bool
	// Ends: a group without rows is deleted; otherwise it stays, with what its functions give
	// for no rows.
	Ends bool
	// Eager emits a change for every row, not one a key and flush.
	Eager bool
	// Late is told of rows whose windows are closed, Log of rows with a NULL key.
	Late, Log op.RowLog
}

// groups are the state of all groups by slot: the greatest event time, accumulators, and
// where groups end the number of rows. It implements state.Values.
type groups struct {
	time  []int64
	ends  bool
	rows  []int64 // with ends
	calls []Call
}

// Versions of a group's bytes: with ends the number of rows stands behind the time.
const (
	groupVersion        = 1
	countedGroupVersion = 2
)

func (g *groups) Resize(n int) {
	for len(g.time) < n {
		g.time = append(g.time, op.NoTime)
	}
	for g.ends && len(g.rows) < n {
		g.rows = append(g.rows, 0)
	}
	for _, c := range g.calls {
		c.Acc.Resize(n)
	}
}

func (g *groups) Clear(slot int32) {
	g.time[slot] = op.NoTime
	if g.ends {
		g.rows[slot] = 0
	}
	for _, c := range g.calls {
		c.Acc.Clear(slot)
	}
}

// Encode writes: version, greatest event time (varint), in version 2 the number of rows
// (varint), each accumulator's own bytes.
func (g *groups) Encode(slot int32, dst []byte) []byte {
	dst = binary.AppendVarint(append(dst, g.version()), g.time[slot])
	if g.ends {
		dst = binary.AppendVarint(dst, g.rows[slot])
	}
	for _, c := range g.calls {
		dst = c.Acc.Encode(slot, dst)
	}
	return dst
}

func (g *groups) version() byte {
	if g.ends {
		return countedGroupVersion
	}
	return groupVersion
}

var errGroup = errors.New("malformed group in state")

func (g *groups) Decode(slot int32, src []byte) error {
	if len(src) == 0 || src[0] != g.version() {
		return errGroup
	}
	t, n := binary.Varint(src[1:])
	if n <= 0 {
		return errGroup
	}
	g.time[slot], src = t, src[1+n:]
	if g.ends {
		rows, n := binary.Varint(src)
		if n <= 0 {
			return errGroup
		}
		g.rows[slot], src = rows, src[n:]
	}
	for _, c := range g.calls {
		var err error
		if src, err = c.Acc.Decode(slot, src); err != nil {
			return err
		}
	}
	return nil
}

func (g *groups) Bytes() int {
	n := 8 * (cap(g.time) + cap(g.rows))
	for _, c := range g.calls {
		n += c.Acc.Bytes()
	}
	return n
}

// results appends the results of slots to a column for each call.
func (g *groups) results(slots []int32, out []*vector.Vector) error {
	for i, c := range g.calls {
		if err := c.Acc.Result(slots, out[i]); err != nil {
			return err
		}
	}
	return nil
}

func newColumns(schema types.Schema, from, capacity int) []*vector.Vector {
	out := make([]*vector.Vector, 0, len(schema.Columns)-from)
	for _, c := range schema.Columns[from:] {
		out = append(out, vector.New(c.Type, capacity))
	}
	return out
}

var _ state.Values = (*groups)(nil)
