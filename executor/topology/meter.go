package topology

import (
	"sync/atomic"
	"time"

	"tailrace/executor/chunk"
	"tailrace/executor/op"
	"tailrace/planner/plan"
)

// Meter counts what an operator of a query does, in all tasks together.
type Meter struct {
	// RowsIn and RowsOut are rows of chunks: both halves of an update count.
	RowsIn, RowsOut atomic.Int64
	// Busy is how long the operator itself has worked, without those behind it.
	Busy atomic.Int64 // nanoseconds
}

// Meters are the meters of a plan by its nodes, and the clock that they are read off.
type Meters struct {
	ByNode map[plan.Node]*Meter
	Now    func() time.Time
}

// NewMeters makes a meter for each node of a plan.
func NewMeters(root plan.Node, now func() time.Time) *Meters {
	m := &Meters{ByNode: map[plan.Node]*Meter{}, Now: now}
	m.add(root)
	return m
}

func (m *Meters) add(n plan.Node) {
	if n == nil {
		return
	}
	m.ByNode[n] = &Meter{}
	for _, in := range n.Inputs() {
		m.add(in)
	}
}

// leaf counts the rows that a leaf reads.
func (m *Meters) leaf(n plan.Node, out chunk.Emitter) chunk.Emitter {
	meter := m.of(n)
	if meter == nil {
		return out
	}
	return chunk.EmitFunc(func(c *chunk.Chunk) error {
		meter.RowsOut.Add(int64(c.N))
		return out.Emit(c)
	})
}

func (m *Meters) of(n plan.Node) *Meter {
	if m == nil {
		return nil
	}
	return m.ByNode[n]
}

// wrap is o with a meter, and where its output goes.
func (m *Meters) wrap(n plan.Node, o op.Operator, out chunk.Emitter) (op.Operator, chunk.Emitter) {
	meter := m.of(n)
	if meter == nil {
		return o, out
	}
	w := &metered{Operator: o, meter: meter, now: m.Now}
	return w, chunk.EmitFunc(func(c *chunk.Chunk) error {
		meter.RowsOut.Add(int64(c.N))
		began := w.now()
		err := out.Emit(c)
		w.behind += w.now().Sub(began)
		return err
	})
}

// metered is an operator of one task with its meter. Four looks at the clock a chunk are a
// fraction of what the chunk costs, even of one row.
type metered struct {
	op.Operator
	meter  *Meter
	now    func() time.Time
	behind time.Duration // spent in the operators behind, since Push or Flush began
}

// Push implements op.Operator.
func (w *metered) Push(side int, in *chunk.Chunk, out chunk.Emitter) error {
	err := w.timed(func() error { return w.Operator.Push(side, in, out) })
	if err == nil { // otherwise the halves of the chunk may come
		w.meter.RowsIn.Add(int64(in.N))
	}
	return err
}

// Flush implements op.Operator.
func (w *metered) Flush(out chunk.Emitter) error {
	return w.timed(func() error { return w.Operator.Flush(out) })
}

func (w *metered) timed(f func() error) error {
	w.behind = 0
	began := w.now()
	err := f()
	w.meter.Busy.Add(int64(max(0, w.now().Sub(began)-w.behind)))
	return err
}
