package aggregate_test

import (
	"testing"

	"tailrace/sql/types/vector"
)

// FuzzDecode: no bytes make an accumulator panic, then or later; and what was decoded is
// a state like any other: it encodes to bytes that decode to the same result.
func FuzzDecode(f *testing.F) {
	all := laws()
	for i := range all {
		f.Add(uint16(i), []byte{1, 2, 0, 0, 0, 0, 0, 0, 0, 1, 3, 'a', 0, 1})
		f.Add(uint16(i), []byte{1, 0})
	}
	f.Fuzz(func(t *testing.T, which uint16, state []byte) {
		l := all[int(which)%len(all)]
		b := bind(t, l)
		acc := accumulatorOf(t, b, 2)
		if _, err := acc.Decode(0, state); err != nil {
			return
		}
		out := vector.New(b.Result, 1)
		if err := acc.Result([]int32{0}, out); err != nil {
			return // a sum that its type does not hold
		}
		if _, err := acc.Decode(1, acc.Encode(0, nil)); err != nil {
			t.Fatalf("%s: what was encoded does not decode: %v", b.Canonical, err)
		}
		if got, want := resultOf(t, acc, b, 1), out.Value(0); !same(got, want, l.slack) {
			t.Fatalf("%s\n got %v\nwant %v", b.Canonical, got, want)
		}
		if err := acc.Merge(0, 1); err != nil {
			return
		}
		acc.Clear(0)
		acc.Clear(1)
		if acc.Bytes() < 0 {
			t.Fatalf("%s: %d bytes", b.Canonical, acc.Bytes())
		}
	})
}
