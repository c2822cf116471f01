package bench

import (
	"testing"
	"time"
)

// TestHistogram: percentiles are at most a 64th too large, and never beyond the largest.
func TestHistogram(t *testing.T) {
	var h histogram
	for us := 1; us <= 100_000; us++ {
		h.add(time.Duration(us) * time.Microsecond)
	}
	for perMille, want := range map[int64]time.Duration{500: 50_000, 950: 95_000, 990: 99_000, 999: 99_900, 1000: 100_000} {
		got := h.percentile(perMille) / time.Microsecond
		if got < want || got > want+want/subBuckets+1 {
			t.Errorf("percentile %d: %d us, want %d", perMille, got, want)
		}
	}
	if h.mean() != 50_000500*time.Nanosecond || h.max != 100*time.Millisecond || h.count != 100_000 {
		t.Errorf("mean %s, largest %s, %d", h.mean(), h.max, h.count)
	}
	for d := time.Microsecond; d < 1000*time.Hour; d = d*3 + time.Microsecond {
		if b := bucketOf(d); upper(b) < d.Truncate(time.Microsecond) || b > 0 && upper(b-1) >= d {
			t.Errorf("%s is in bucket %d, which ends at %s", d, b, upper(b))
		}
	}
	var none histogram
	if none.percentile(990) != 0 || none.mean() != 0 {
		t.Error("an empty histogram has percentiles")
	}
}
