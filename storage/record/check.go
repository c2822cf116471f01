package record

import "fmt"

// Summary is what Check learned about the records of a batch.
type Summary struct {
	MinTimestamp int64
	MaxTimestamp int64
	// OffsetOfMax is the offset delta of the first record with MaxTimestamp.
	OffsetOfMax int32
	// FirstKeyless is the index of the first record whose key is null, or -1.
	FirstKeyless int32
	// LargestBytes is the size of the largest record, decompressed.
	LargestBytes int64
}

// Check verifies what a producer must get right inside one batch: the count matches the
// records, and their offset deltas run from 0 without a gap. The CRC has been verified
// by the caller. it lends its decompression buffer.
func Check(b []byte, it *Iter) (Summary, error) {
	s := Summary{FirstKeyless: -1}
	if err := it.Reset(b); err != nil {
		return s, err
	}
	h := &it.h
	if len(b) != h.Size() {
		return s, fmt.Errorf("%w: %d bytes for a batch of %d", ErrMalformed, len(b), h.Size())
	}
	if h.Count == 0 || h.Count != h.LastOffsetDelta+1 {
		return s, fmt.Errorf("%w: %d records, last offset delta %d", ErrMalformed, h.Count, h.LastOffsetDelta)
	}
	for i := int32(0); it.Next(); i++ {
		r := &it.rec
		if r.Offset-h.BaseOffset != int64(i) {
			return s, fmt.Errorf("%w: record %d has offset delta %d", ErrMalformed, i, r.Offset-h.BaseOffset)
		}
		s.LargestBytes = max(s.LargestBytes, it.size)
		if r.Key == nil && s.FirstKeyless < 0 {
			s.FirstKeyless = i
		}
		if i == 0 {
			s.MinTimestamp, s.MaxTimestamp = r.Timestamp, r.Timestamp
			continue
		}
		s.MinTimestamp = min(s.MinTimestamp, r.Timestamp)
		if r.Timestamp > s.MaxTimestamp {
			s.MaxTimestamp, s.OffsetOfMax = r.Timestamp, i
		}
	}
	return s, it.err
}
