package partition

import (
	"errors"
	"fmt"
	"sync"

	"tailrace/storage/record"
	"tailrace/storage/record/kerr"
)

// Prepared is a batch that has passed every check that needs no place in the log.
type Prepared struct {
	batch         []byte
	header        record.Header
	logAppendTime int64
}

// Bytes is the batch as it will be stored, but for its offset.
func (b *Prepared) Bytes() []byte { return b.batch }

// Count is the number of records.
func (b *Prepared) Count() int32 { return b.header.Count }

// SetProducer makes the batch one of an idempotent producer.
func (b *Prepared) SetProducer(id int64, epoch int16, baseSequence int32) {
	record.SetProducer(b.batch, id, epoch, baseSequence)
	record.Seal(b.batch)
	b.header.ProducerID, b.header.ProducerEpoch, b.header.BaseSequence = id, epoch, baseSequence
}

// Restore takes a batch that was prepared before, from the journal.
func Restore(batch []byte) (Prepared, error) {
	h, err := record.Verify(batch)
	if err == nil && h.Size() != len(batch) {
		err = fmt.Errorf("%w: %d bytes for a batch of %d", record.ErrMalformed, len(batch), h.Size())
	}
	return Prepared{batch: batch, header: h, logAppendTime: -1}, err
}

var iters = sync.Pool{New: func() any { return new(record.Iter) }}

// iterKeep bounds the decompression buffer of a pooled iterator: rare giants are left to
// the garbage collector.
const iterKeep = 4 << 20

func putIter(it *record.Iter) {
	if it.BufferSize() <= iterKeep {
		iters.Put(it)
	}
}

// Prepare checks a batch against the format and the topic's configuration, and converts
// it where the topic asks for another compression or stamps records itself.
func (p *Partition) Prepare(batch []byte, o AppendOptions) (Prepared, error) {
	cfg := p.config()
	h, err := record.ParseHeader(batch)
	switch {
	case err != nil:
		return Prepared{}, p.refuseBatch(batch, err)
	case len(batch) > cfg.MaxMessageBytes:
		return Prepared{}, p.refuseSize(cfg, len(batch))
	case h.Size() < len(batch):
		e := p.refuse(kerr.InvalidRecord, nil, "more than one record batch")
		e.Unread = true
		return Prepared{}, e
	}
	if h, err = record.Verify(batch); err != nil {
		return Prepared{}, p.refuseBatch(batch, err)
	}
	if err := p.checkKind(&h); err != nil {
		return Prepared{}, err
	}
	it := iters.Get().(*record.Iter)
	defer putIter(it)
	sum, err := record.Check(batch, it)
	if errors.Is(err, record.ErrTooLarge) {
		return Prepared{}, p.refuse(kerr.MessageTooLarge, err, "%v", err)
	}
	if err != nil {
		return Prepared{}, p.refuseBatch(batch, err)
	}
	b := Prepared{batch: batch, header: h, logAppendTime: -1}
	if h.Codec() != record.None && sum.LargestBytes > cfg.MaxDecompressedBytes {
		return Prepared{}, p.refuse(kerr.InvalidRecord, nil, "a record of %d bytes, decompressed, is larger than max.decompressed.message.bytes (%d)",
			sum.LargestBytes, cfg.MaxDecompressedBytes)
	}
	if sum.FirstKeyless >= 0 && cfg.Segment.Compact {
		return Prepared{}, p.refuseKeyless(it, batch)
	}
	if err := p.checkTimes(cfg, it, &b, sum, o); err != nil {
		return Prepared{}, err
	}
	if cfg.Recompress && cfg.Codec != h.Codec() {
		if err := b.recompress(cfg.Codec, it); err != nil {
			return Prepared{}, p.refuseBatch(batch, err)
		}
	}
	// The limits are those of what is stored, which may be larger than what was sent.
	if n := len(b.batch); n > cfg.MaxMessageBytes || int64(n) > cfg.Segment.SegmentBytes {
		return Prepared{}, p.refuseSize(cfg, n)
	}
	p.stamp(cfg, &b, sum)
	return b, nil
}

// refuseSize refuses a batch of n bytes, which is too large for a batch or for a segment.
func (p *Partition) refuseSize(cfg *Config, n int) *Error {
	if n > cfg.MaxMessageBytes {
		return p.refuse(kerr.MessageTooLarge, nil,
			"batch of %d bytes is larger than max.message.bytes (%d)", n, cfg.MaxMessageBytes)
	}
	return p.refuse(kerr.RecordListTooLarge, nil, "batch of %d bytes is larger than segment.bytes (%d)", n, cfg.Segment.SegmentBytes)
}

func (p *Partition) checkKind(h *record.Header) error {
	switch {
	case h.Control():
		return p.refuse(kerr.InvalidRecord, nil, "clients must not write control batches")
	case h.Transactional():
		return p.refuse(kerr.InvalidTxnState, nil, "producer %d has no transaction here", h.ProducerID)
	case h.Codec() > record.Zstd:
		return p.refuse(kerr.UnsupportedCompressionType, nil, "unknown compression %d", h.Codec())
	case h.ProducerID >= 0 && (h.ProducerEpoch < 0 || h.BaseSequence < 0):
		return p.refuse(kerr.InvalidRecord, nil, "producer %d sent epoch %d and sequence %d",
			h.ProducerID, h.ProducerEpoch, h.BaseSequence)
	}
	return nil
}

// refuseKeyless names every record without a key.
func (p *Partition) refuseKeyless(it *record.Iter, batch []byte) *Error {
	e := p.refuse(kerr.InvalidRecord, nil, "a compacted topic cannot accept a record without a key")
	if it.Reset(batch) == nil {
		for i := int32(0); it.Next(); i++ {
			if it.Record().Key == nil {
				e.Records = append(e.Records, RecordError{i, "Compacted topic cannot accept message without key."})
			}
		}
	}
	return e
}

// checkTimes holds the records' own timestamps against the topic's bounds.
func (p *Partition) checkTimes(cfg *Config, it *record.Iter, b *Prepared, sum record.Summary, o AppendOptions) error {
	switch {
	case o.Internal:
		return nil
	case cfg.LogAppendTime && b.header.LogAppendTime():
		return p.refuse(kerr.InvalidTimestamp, nil, "only the log may say that a timestamp is the log's")
	case cfg.LogAppendTime:
		return nil
	}
	now := p.clock.Now().UnixMilli()
	outside := func(ts int64) bool {
		return ts != noTimestamp && (cfg.TimestampBefore != Forever && ts < now-cfg.TimestampBefore.Milliseconds() ||
			cfg.TimestampAfter != Forever && ts > now+cfg.TimestampAfter.Milliseconds())
	}
	// The records are only looked at when one of them may be outside: a record without a
	// timestamp, which is not, hides the oldest of the others.
	if !outside(sum.MinTimestamp) && !outside(sum.MaxTimestamp) && (sum.MinTimestamp > noTimestamp || sum.MaxTimestamp == sum.MinTimestamp) {
		return nil
	}
	if err := it.Reset(b.batch); err != nil {
		return p.refuseBatch(b.batch, err)
	}
	var faults []RecordError
	for i := int32(0); it.Next(); i++ {
		if ts := it.Record().Timestamp; outside(ts) {
			faults = append(faults, RecordError{i, fmt.Sprintf("Timestamp %d of message is out of range", ts)})
		}
	}
	if len(faults) == 0 {
		return nil
	}
	e := p.refuse(kerr.InvalidTimestamp, nil, "timestamps %d..%d are out of range at %d", sum.MinTimestamp, sum.MaxTimestamp, now)
	e.Records = faults
	return e
}

// noTimestamp is that of a record without one, which is never out of range.
const noTimestamp = -1

// stamp brings the head's timestamps in line with the records or the topic.
func (p *Partition) stamp(cfg *Config, b *Prepared, sum record.Summary) {
	switch {
	case cfg.LogAppendTime:
		b.logAppendTime = p.clock.Now().UnixMilli()
		record.SetLogAppendTime(b.batch, b.logAppendTime)
		b.header.Attributes |= record.LogAppendTimeBit
		b.header.MaxTimestamp = b.logAppendTime
	case b.header.LogAppendTime():
		// The producer claims what only a log can know: Kafka overwrites it, too.
		record.ClearLogAppendTime(b.batch)
		b.header.Attributes &^= record.LogAppendTimeBit
	case b.header.MaxTimestamp != sum.MaxTimestamp:
		record.SetMaxTimestamp(b.batch, sum.MaxTimestamp)
		b.header.MaxTimestamp = sum.MaxTimestamp
	default:
		return
	}
	record.Seal(b.batch)
}

func (b *Prepared) recompress(codec record.Codec, it *record.Iter) error {
	if err := it.Reset(b.batch); err != nil {
		return err
	}
	h := &b.header
	builder := record.NewBuilder(record.Options{
		Codec: codec, Idempotent: h.ProducerID >= 0, ProducerID: h.ProducerID,
		ProducerEpoch: h.ProducerEpoch, BaseSequence: h.BaseSequence,
	})
	for i := int32(0); it.Next(); i++ {
		builder.AppendRaw(i, it.Record())
	}
	if it.Err() != nil {
		return it.Err()
	}
	out, err := builder.Finish()
	if err != nil {
		return err
	}
	b.batch = out
	b.header, err = record.ParseHeader(out)
	return err
}

func (p *Partition) refuseSequence(err error) *Error {
	return p.refuse(kerr.Of(err), err, "%v", err)
}

// ProducerID is the idempotent producer of the batch, or record.NoProducer.
func (b *Prepared) ProducerID() int64 { return b.header.ProducerID }

// LastSequence is the sequence of the last record.
func (b *Prepared) LastSequence() int32 { return b.header.LastSequence() }
