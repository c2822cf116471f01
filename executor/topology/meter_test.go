package topology

import (
	"testing"
	"time"

	"tailrace/executor/chunk"
	"tailrace/planner/plan"
	"tailrace/storage/env"
)

// through is an operator that does nothing.
type through struct{}

func (through) Push(_ int, in *chunk.Chunk, out chunk.Emitter) error { return out.Emit(in) }
func (through) Flush(chunk.Emitter) error                            { return nil }

// sleeper takes a time of its own for each chunk, and lets what is behind it take another.
type sleeper struct{ step func() }

func (s sleeper) Push(_ int, in *chunk.Chunk, out chunk.Emitter) error {
	s.step()
	return out.Emit(in)
}
func (sleeper) Flush(chunk.Emitter) error { return nil }

// TestMeterTakesOffWhatIsBehind: an operator's time is its own, and rows are counted at both ends.
func TestMeterTakesOffWhatIsBehind(t *testing.T) {
	now := time.Unix(0, 0)
	n := &plan.Filter{}
	m := &Meters{ByNode: map[plan.Node]*Meter{n: {}}, Now: func() time.Time { return now }}
	behind := chunk.EmitFunc(func(*chunk.Chunk) error { now = now.Add(time.Second); return nil })
	o, out := m.wrap(n, sleeper{func() { now = now.Add(time.Millisecond) }}, behind)
	for range 3 {
		if err := o.Push(0, &chunk.Chunk{N: 2}, out); err != nil {
			t.Fatal(err)
		}
	}
	got := m.ByNode[n]
	if in, busy, rows := got.RowsIn.Load(), got.Busy.Load(), got.RowsOut.Load(); in != 6 || rows != 6 || busy != (3*time.Millisecond).Nanoseconds() {
		t.Errorf("rows in %d and out %d, busy %d ns; want 6, 6 and 3 ms", in, rows, busy)
	}
}

// BenchmarkMeter is what the meter of one operator costs for a chunk, however many rows it has.
func BenchmarkMeter(b *testing.B) {
	in := &chunk.Chunk{N: 1}
	drop := chunk.EmitFunc(func(*chunk.Chunk) error { return nil })
	n := &plan.Filter{}
	for name, m := range map[string]*Meters{"with": {ByNode: map[plan.Node]*Meter{n: {}}, Now: env.SystemClock.Now}, "without": nil} {
		b.Run(name, func(b *testing.B) {
			o, out := m.wrap(n, through{}, drop)
			for b.Loop() {
				if err := o.Push(0, in, out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
