package function_test

import (
	"errors"
	"strings"
	"testing"

	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// TestAKernelStopsAfterARow: a kernel that computes with text ends with the row in which somebody
// has stopped to wait, and not with the chunk.
func TestAKernelStopsAfterARow(t *testing.T) {
	column := vector.New(types.Type{Kind: types.String}, 10)
	for range 10 {
		column.AppendValue(strings.Repeat("x", 100))
	}
	calls, done := 0, make(chan struct{})
	work := func() {
		if calls++; calls == 3 {
			close(done)
		}
	}
	for name, kernel := range map[string]function.Kernel{
		"rows":     function.LiftRows(func(_ *function.Context, a []types.Value) (types.Value, error) { work(); return a[0], nil }),
		"one text": function.Lift1(func(s string) (string, error) { work(); return s, nil }),
	} {
		calls, done = 0, make(chan struct{})
		ctx := function.NewContext(func() int64 { return 0 }, func() uint64 { return 0 })
		ctx.Account.Done = done
		err := kernel(ctx, []*vector.Vector{column}, 10, vector.New(types.Type{Kind: types.String}, 10))
		if !errors.Is(err, function.ErrStopped) || calls != 3 {
			t.Errorf("%s: %v after %d rows, want it stopped after 3", name, err, calls)
		}
	}
}
