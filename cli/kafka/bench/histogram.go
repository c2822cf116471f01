package bench

import (
	"math/bits"
	"time"
)

// subBuckets is how finely a power of two is divided: a percentile is at most 1/64 too
// large.
const subBuckets = 64

// histogram counts durations in buckets that grow with them, from a microsecond to weeks,
// in memory that does not grow.
type histogram struct {
	buckets [42 * subBuckets]int64
	count   int64
	sum     time.Duration
	max     time.Duration
}

func bucketOf(d time.Duration) int {
	us := uint64(max(d, 0) / time.Microsecond)
	if us < subBuckets {
		return int(us)
	}
	shift := bits.Len64(us) - bits.Len64(subBuckets)
	return min((shift+1)*subBuckets+int(us>>shift)-subBuckets, 42*subBuckets-1)
}

// upper is the largest duration of a bucket.
func upper(bucket int) time.Duration {
	if bucket < subBuckets {
		return time.Duration(bucket) * time.Microsecond
	}
	shift := bucket/subBuckets - 1
	us := (uint64(bucket%subBuckets+subBuckets)+1)<<shift - 1
	return time.Duration(us) * time.Microsecond
}

func (h *histogram) add(d time.Duration) {
	h.buckets[bucketOf(d)]++
	h.count++
	h.sum += d
	h.max = max(h.max, d)
}

func (h *histogram) mean() time.Duration {
	if h.count == 0 {
		return 0
	}
	return h.sum / time.Duration(h.count)
}

// percentile is a duration that so many of a thousand do not exceed.
func (h *histogram) percentile(perMille int64) time.Duration {
	rank := (h.count*perMille + 999) / 1000
	seen := int64(0)
	for b, n := range h.buckets {
		if seen += n; seen >= rank && n > 0 {
			return min(upper(b), h.max)
		}
	}
	return h.max
}
