package record

import "fmt"

// Walk calls fn for each record from offset from on in batches that lie back to back, as
// a read of the log gives them, and returns the offset to go on with. The CRC of each
// batch is checked; control batches are passed over. What fn gets is valid until it
// returns, and its error ends the walk.
func Walk(batches []byte, from int64, fn func(*Record) error) (next int64, err error) {
	var it Iter
	for len(batches) > 0 {
		h, err := Verify(batches)
		if err != nil {
			return from, fmt.Errorf("batch at offset %d: %w", from, err)
		}
		if !h.Control() {
			if err := it.walk(batches, from, fn); err != nil {
				return from, err
			}
		}
		from, batches = max(from, h.NextOffset()), batches[h.Size():]
	}
	return from, nil
}

// walk is Walk of the first batch.
func (it *Iter) walk(batch []byte, from int64, fn func(*Record) error) error {
	if err := it.Reset(batch); err != nil {
		return fmt.Errorf("batch at offset %d: %w", from, err)
	}
	for it.Next() {
		if r := it.Record(); r.Offset >= from {
			if err := fn(r); err != nil {
				return err
			}
		}
	}
	if err := it.Err(); err != nil {
		return fmt.Errorf("batch at offset %d: %w", from, err)
	}
	return nil
}
