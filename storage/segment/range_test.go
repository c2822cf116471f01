package segment

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"tailrace/storage/record"
)

// batchAt is what a model of the log knows of one batch.
type batchAt struct{ offset, next, size int64 }

// Consumers in any number, that read on or jump, through memory or not, with any limits,
// get what a walk over all batches would give them: hints and cached index blocks only
// save time.
func TestLocateAgreesWithAWalk(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	cfg := DefaultConfig()
	cfg.SegmentBytes, cfg.IndexIntervalBytes = 200_000, 50
	k := newKit(t, cfg)
	var model []batchAt
	lastOf := map[int64]int{} // segment, by the offset it begins with: batches before its end
	grow := func(n int) {
		for range n {
			from, before := k.log.End(), k.log.Segments()
			records := make([]kv, 1+rng.IntN(3))
			for i := range records {
				records[i] = kv{fmt.Sprint(i), strings.Repeat("v", rng.IntN(100))}
			}
			if _, err := k.try(record.Options{}, t0.UnixMilli(), records...); err != nil {
				t.Fatal(err)
			}
			to := k.log.End()
			size := to.pos - from.pos
			if k.log.Segments() > before {
				size = to.pos
			}
			model = append(model, batchAt{from.Offset, to.Offset, size})
			lastOf[to.base] = len(model)
		}
	}
	baseOf := func(offset int64) (base int64) {
		for b := range lastOf {
			if b <= offset {
				base = max(base, b)
			}
		}
		return base
	}
	// want is the range of whole batches from the one that holds from.
	want := func(from int64, limit int) (first, next, size int64) {
		i := 0
		for model[i].next <= from {
			i++
		}
		first = model[i].offset
		next, size = model[i].next, model[i].size
		end := lastOf[baseOf(first)]
		for i++; i < end && size+model[i].size <= int64(limit); i++ {
			next, size = model[i].next, size+model[i].size
		}
		return first, next, size
	}
	buffers := &Buffers{Get: func(n int) []byte { return make([]byte, 0, n) }}
	grow(6000)
	cursors := make([]int64, 5)
	for i := range 4000 {
		if i%20 == 0 {
			grow(1)
		}
		c := &cursors[rng.IntN(len(cursors))]
		if rng.IntN(10) == 0 || *c >= k.log.End().Offset {
			*c = rng.Int64N(k.log.End().Offset)
		}
		limit := ReadLimit{MaxBytes: 1 + rng.IntN(1<<(1+rng.IntN(16))), MinOne: true, To: k.log.End()}
		if rng.IntN(2) == 0 {
			limit.CopyBytes, limit.Buffers = 1+rng.IntN(1<<15), buffers
		}
		r, err := k.log.Locate(*c, limit)
		if err != nil {
			t.Fatal(err)
		}
		first, next, size := want(*c, limit.MaxBytes)
		b := make([]byte, r.Len)
		if _, err := r.ReadAt(b, 0); err != nil {
			t.Fatal(err)
		}
		h, err := record.Verify(b)
		if err != nil || h.BaseOffset != first || r.Next != next || int64(r.Len) != size {
			t.Fatalf("%+v from %d\n got offsets %d to %d in %d bytes (%v)\nwant offsets %d to %d in %d bytes",
				limit, *c, h.BaseOffset, r.Next, r.Len, err, first, next, size)
		}
		*c = r.Next
		r.Release()
	}
}
