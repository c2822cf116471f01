package query

import (
	"context"
	"sort"

	"tailrace/planner/plan"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// sorter gathers rows and delivers them in order. Rows that are equal keep the order in
// which they came.
type sorter struct {
	order []plan.Order
	cols  []*vector.Vector
	n     int
}

func newSorter(order []plan.Order, columns []types.Type) *sorter {
	s := &sorter{order: order}
	for _, t := range columns {
		s.cols = append(s.cols, vector.New(t, 0))
	}
	return s
}

func (s *sorter) add(cols []*vector.Vector, n int) error {
	if s.n += n; s.n > MaxGatheredRows {
		return tooManyRows()
	}
	for i, c := range cols {
		s.cols[i].AppendVector(c)
	}
	return nil
}

// bytes is how much memory the rows take, twice: they are put in order as a copy.
func (s *sorter) bytes() int {
	n := 0
	for _, c := range s.cols {
		n += 2 * c.MemBytes()
	}
	return n
}

// lookEvery is how many comparisons lie between two looks at whether the client still waits.
const lookEvery = 1 << 14

func (s *sorter) deliver(ctx context.Context, next Sink) error {
	sel := make([]int32, s.n)
	for i := range sel {
		sel[i] = int32(i)
	}
	steps, stopped := 0, false
	sort.SliceStable(sel, func(a, b int) bool {
		if steps++; steps%lookEvery == 0 {
			stopped = stopped || ctx.Err() != nil
		}
		return !stopped && s.less(int(sel[a]), int(sel[b]))
	})
	if stopped {
		return ctx.Err()
	}
	return next(gather(s.cols, sel), s.n)
}

func (s *sorter) less(a, b int) bool {
	for _, o := range s.order {
		col := s.cols[o.Column]
		aNull, bNull := col.IsNull(a), col.IsNull(b)
		if aNull || bNull {
			if aNull == bNull {
				continue
			}
			return aNull == o.NullsFirst
		}
		if c := col.CompareAt(a, col, b); c != 0 {
			return c < 0 != o.Desc
		}
	}
	return false
}

// distinct drops rows whose first width columns equal those of an earlier row.
type distinct struct {
	width   int
	seen    map[string]bool
	scratch []byte
	bytes   int
}

// entryBytes is about what an entry of a map takes beside its key.
const entryBytes = 48

// memory is how much the rows that have been seen take.
func (d *distinct) memory() int { return d.bytes }

func newDistinct(width int) *distinct { return &distinct{width: width, seen: map[string]bool{}} }

func (d *distinct) filter(cols []*vector.Vector, n int, next Sink) error {
	var sel []int32
	for i := range n {
		d.scratch = vector.AppendKey(d.scratch[:0], cols[:d.width], i)
		if d.seen[string(d.scratch)] {
			continue
		}
		if len(d.seen) >= MaxGatheredRows {
			return tooManyRows()
		}
		d.seen[string(d.scratch)] = true
		d.bytes += len(d.scratch) + entryBytes
		sel = append(sel, int32(i))
	}
	if len(sel) == 0 {
		return nil
	}
	return next(gather(cols, sel), len(sel))
}
