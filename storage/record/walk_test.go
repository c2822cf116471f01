package record_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"tailrace/storage/record"
)

// TestWalk: records before from are passed over, the walk ends behind the last batch, and
// a damaged batch is an error, not a record.
func TestWalk(t *testing.T) {
	var batches []byte
	for base := range int64(3) {
		b := record.NewBuilder(record.Options{})
		for i := range 2 {
			b.Append(1, nil, fmt.Appendf(nil, "v%d", base*2+int64(i)), nil)
		}
		batch, err := b.Finish()
		if err != nil {
			t.Fatal(err)
		}
		record.SetBaseOffset(batch, base*2)
		batches = append(batches, batch...)
	}
	walk := func(in []byte, from int64) (string, int64, error) {
		var got []string
		next, err := record.Walk(in, from, func(r *record.Record) error { got = append(got, string(r.Value)); return nil })
		return strings.Join(got, " "), next, err
	}
	if got, next, err := walk(batches, 3); got != "v3 v4 v5" || next != 6 || err != nil {
		t.Errorf("from 3: %q, next %d, %v", got, next, err)
	}
	stop := errors.New("stop")
	if _, err := record.Walk(batches, 0, func(*record.Record) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of fn: %v", err)
	}
	damaged := append([]byte{}, batches...)
	damaged[len(damaged)-1] ^= 1
	if got, next, err := walk(damaged, 0); err == nil || got != "v0 v1 v2 v3" || next != 4 {
		t.Errorf("damaged last batch: %q, next %d, %v", got, next, err)
	}
}
