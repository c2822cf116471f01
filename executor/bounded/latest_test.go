package bounded

import (
	"testing"

	"tailrace/executor/chunk"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// TestLatestForgets: a table whose few keys change for ever takes no more memory for it, and
// its rows stay the last ones.
func TestLatestForgets(t *testing.T) {
	const keys, rows = 10, 4096
	bigint := types.Type{Kind: types.Bigint}
	l := latest{rows: map[string]spot{}, keys: []int{0}}
	for round := range 100 {
		k, v := vector.New(bigint, rows), vector.New(bigint, rows)
		for i := range rows {
			key := int64(i % keys)
			if round > 0 { // key 0 is never written again
				key = 1 + int64(i%(keys-1))
			}
			k.AppendValue(key)
			v.AppendValue(int64(round*rows + i))
		}
		c := &chunk.Chunk{N: rows, Time: make([]int64, rows), Cols: []*vector.Vector{k, v}}
		if err := l.add(c); err != nil {
			t.Fatal(err)
		}
		if n := len(l.chunks); n > 2+tidyRows/rows {
			t.Fatalf("round %d: %d chunks for %d keys", round, n, keys)
		}
	}
	got := map[int64]int64{}
	if err := l.deliver(func(cols []*vector.Vector, n int) error {
		for i := range n {
			got[cols[0].I64[i]] = cols[1].I64[i]
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(got) != keys {
		t.Errorf("%d rows, want one a key: %v", len(got), got)
	}
	for key, value := range got {
		if round := value / rows; round != 99 && (key != 0 || round != 0) {
			t.Errorf("key %d has the value %d of round %d, not its last", key, value, round)
		}
	}
}
