package task

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"tailrace/executor/chunk"
	"tailrace/executor/source"
	"tailrace/storage/commitlog"
	"tailrace/storage/record"
)

// readBytes is how much of a partition is read at once: enough for the walk to be cheap,
// little enough to stay in the cache until it is decoded.
const readBytes = 256 << 10

// buffers are shared: an idle partition holds none.
var buffers = sync.Pool{New: func() any { b := make([]byte, readBytes); return &b }}

// input is one partition that a leaf reads.
type input struct {
	tp    commitlog.TopicPartition
	leaf  int
	first bool // wins when event times are equal: the table of a stream-table join
	dec   *source.Decoder
	// missed is told of offsets [from, to) that the log does not have any more; to before
	// from means that the topic ends there.
	missed func(from, to commitlog.Offset)
	// passed are not decoded.
	passed []Range

	buf     *[]byte // from buffers, while there is something in it
	batches []byte  // read, not yet decoded
	walking bool    // iter is inside of a batch
	iter    record.Iter

	most  int // bytes that a chunk is made of, but for a record that takes more
	burst int // bytes decoded since memory was last given back

	rows    *chunk.Chunk // decoded, pushed up to at
	offsets []int64
	at      int
	next    commitlog.Offset // of the next record to decode
	fetch   commitlog.Offset // of the next batch to read
	end     commitlog.Offset // high watermark as of the last read
	shown   commitlog.Offset // position as of the last publish

	bytes *atomic.Int64 // counts what is read; nil: nobody asks
	until int64         // the largest timestamp of the batches that have been begun; -1: of none

	frontier int64 // how far those who write the topic had come, before it was read last
}

// seek makes off the next record to be read.
func (in *input) seek(off commitlog.Offset) {
	in.next, in.fetch, in.batches, in.walking, in.rows, in.at = off, off, nil, false, nil, 0
}

// position is the offset below which everything has been pushed.
func (in *input) position() commitlog.Offset {
	if in.rows != nil && in.at < in.rows.N {
		return commitlog.Offset(in.offsets[in.at])
	}
	return in.next
}

// behind reports whether there was more to read than the last read gave.
func (in *input) behind() bool { return in.next < in.end }

// fill decodes rows unless some are left; it reports whether there are any.
func (in *input) fill(ctx context.Context, log commitlog.Log) (bool, error) {
	for in.rows == nil || in.at >= in.rows.N {
		in.rows, in.at = nil, 0
		if !in.walking && len(in.batches) == 0 {
			more, err := in.read(ctx, log)
			if err != nil || !more {
				return false, err
			}
		}
		if err := in.decode(); err != nil {
			return false, err
		}
	}
	return true, nil
}

// read fetches batches. Where the log has dropped what was to be read next, it says so and
// goes on with the first that is left.
func (in *input) read(ctx context.Context, log commitlog.Log) (bool, error) {
	if in.buf == nil {
		in.buf = buffers.Get().(*[]byte)
	}
	defer func() {
		if len(in.batches) == 0 {
			buffers.Put(in.buf)
			in.buf = nil
		}
	}()
	f, err := log.Read(ctx, in.tp, in.fetch, *in.buf)
	if errors.Is(err, commitlog.ErrOffsetOutOfRange) {
		b, err := log.Bounds(ctx, in.tp)
		if err != nil {
			return false, err
		}
		was := in.fetch
		in.seek(max(b.LogStart, min(in.fetch, b.HighWatermark)))
		if in.missed != nil && in.fetch != was {
			in.missed(was, in.fetch)
		}
		f, err = log.Read(ctx, in.tp, in.fetch, *in.buf)
		if err != nil {
			return false, err
		}
	} else if err != nil {
		return false, err
	}
	if in.bytes != nil {
		in.bytes.Add(int64(len(f.Batches)))
	}
	in.batches, in.end = f.Batches, f.Bounds.HighWatermark
	return len(in.batches) > 0, nil
}

// decode makes a chunk of the records at hand.
func (in *input) decode() error {
	in.dec.Reset()
	bytes := 0
	for in.dec.Len() < chunk.MaxRows && bytes < in.most || in.dec.InUpdate() {
		if !in.walking {
			if len(in.batches) == 0 {
				break
			}
			if err := in.open(); err != nil {
				return err
			}
			continue
		}
		if !in.iter.Next() {
			if err := in.iter.Err(); err != nil {
				return fmt.Errorf("%s at offset %d: %w", in.tp, in.next, err)
			}
			h := in.iter.Header()
			in.walking, in.next, in.batches = false, max(in.next, commitlog.Offset(h.NextOffset())), in.batches[h.Size():]
			in.fetch = in.next
			continue
		}
		r := in.iter.Record()
		if commitlog.Offset(r.Offset) < in.next {
			continue // the batch began before where we were
		}
		if in.passes(commitlog.Offset(r.Offset)) {
			in.next = commitlog.Offset(r.Offset) + 1
			continue
		}
		in.dec.Append(r)
		bytes += len(r.Key) + len(r.Value) + len(r.RawHeaders)
		in.next = commitlog.Offset(r.Offset) + 1
	}
	in.burst += bytes
	var err error
	in.rows, in.offsets, err = in.dec.Chunk()
	return err
}

// open begins the first of the batches at hand.
func (in *input) open() error {
	h, err := record.ParseHeader(in.batches) // the log has verified it
	if err != nil {
		return fmt.Errorf("%s at offset %d: %w", in.tp, in.next, err)
	}
	if h.Control() {
		in.next = max(in.next, commitlog.Offset(h.NextOffset()))
		in.fetch, in.batches = in.next, in.batches[h.Size():]
		return nil
	}
	if err := in.iter.Reset(in.batches); err != nil {
		return fmt.Errorf("%s at offset %d: %w", in.tp, in.next, err)
	}
	in.walking, in.until = true, max(in.until, h.MaxTimestamp)
	return nil
}

// shrink gives back the memory of past chunks.
func (in *input) shrink() error {
	if in.rows != nil && in.at < in.rows.N {
		return nil
	}
	in.rows, in.burst = nil, 0
	if len(in.batches) == 0 {
		in.batches, in.iter = nil, record.Iter{}
	}
	return in.dec.Shrink()
}

// run is how many rows may be pushed before those of another input that is at limit; at
// equal times the other goes first when it wins.
func (in *input) run(most int, limit int64, otherWins bool) int {
	n := 0
	for in.at+n < in.rows.N && n < most {
		t := in.rows.Time[in.at+n]
		if t > limit || t == limit && otherWins {
			break
		}
		n++
	}
	// The halves of an update go together.
	if n > 0 && in.at+n < in.rows.N && in.rows.Op(in.at+n-1) == chunk.UpdateBefore {
		n++
	}
	return n
}
