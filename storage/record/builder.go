package record

import (
	"encoding/binary"
	"fmt"
	"sync"
)

// Options are what all records of a batch share. The zero value is an uncompressed batch
// of no producer.
type Options struct {
	Codec         Codec
	Idempotent    bool // ProducerID, ProducerEpoch and BaseSequence are meant
	ProducerID    int64
	ProducerEpoch int16
	BaseSequence  int32
	Transactional bool
	Control       bool
}

// Builder encodes records into one batch. Reset makes it ready for the next and keeps
// its buffers: in the steady state it allocates nothing.
type Builder struct {
	opts    Options
	buf     []byte // header and uncompressed records
	packed  []byte // header and compressed records
	count   int32
	last    int32
	base    int64 // timestamp
	max     int64
	horizon bool
}

// NewBuilder returns an empty builder.
func NewBuilder(o Options) *Builder {
	b := &Builder{}
	b.Reset(o)
	return b
}

// spare are builders that nobody uses, for all who build batches: what one has grown, the
// next takes, and what nobody takes is the collector's.
var spare = sync.Pool{New: func() any { return &Builder{} }}

// maxSpare is how large the batches of a builder may have been that is used again.
const maxSpare = 1 << 20

// TakeBuilder is NewBuilder with the memory of one that was given back.
func TakeBuilder(o Options) *Builder {
	b := spare.Get().(*Builder)
	b.Reset(o)
	return b
}

// GiveBuilder gives a builder back. The batch that it has finished is not used any more.
func GiveBuilder(b *Builder) {
	if cap(b.buf) <= maxSpare {
		spare.Put(b)
	}
}

// Reset forgets the records. The batch that Finish returned is overwritten by what follows.
func (b *Builder) Reset(o Options) {
	if !o.Idempotent {
		o.ProducerID, o.ProducerEpoch, o.BaseSequence = NoProducer, -1, -1
	}
	b.opts = o
	if cap(b.buf) < HeaderSize {
		b.buf = make([]byte, HeaderSize, 4096)
	}
	b.buf = b.buf[:HeaderSize]
	b.count, b.last, b.base, b.max, b.horizon = 0, -1, 0, 0, false
}

// Count is the number of records so far.
func (b *Builder) Count() int { return int(b.count) }

// Size is the size of the batch so far, before compression.
func (b *Builder) Size() int { return len(b.buf) }

// Append adds a record at the next offset. A nil key or value is null.
func (b *Builder) Append(timestamp int64, key, value []byte, headers []RecordHeader) {
	body := b.begin(b.last+1, timestamp)
	n := body + bytesSize(key) + bytesSize(value) + varintSize(int64(len(headers)))
	for i := range headers {
		n += varintSize(int64(len(headers[i].Key))) + len(headers[i].Key) + bytesSize(headers[i].Value)
	}
	b.head(n, b.last+1, timestamp)
	b.buf = appendBytes(b.buf, key)
	b.buf = appendBytes(b.buf, value)
	b.buf = appendVarint(b.buf, int64(len(headers)))
	for i := range headers {
		b.buf = appendVarint(b.buf, int64(len(headers[i].Key)))
		b.buf = append(b.buf, headers[i].Key...)
		b.buf = appendBytes(b.buf, headers[i].Value)
	}
	b.last++
}

// AppendRaw adds a record at an offset delta above the last, with its headers as they
// were encoded. Compaction uses it to keep offsets.
func (b *Builder) AppendRaw(delta int32, r *Record) {
	body := b.begin(delta, r.Timestamp)
	b.head(body+bytesSize(r.Key)+bytesSize(r.Value)+len(r.RawHeaders), delta, r.Timestamp)
	b.buf = appendBytes(b.buf, r.Key)
	b.buf = appendBytes(b.buf, r.Value)
	b.buf = append(b.buf, r.RawHeaders...)
	b.last = delta
}

// SetDeleteHorizon gives the batch, which must be empty still, the time (ms) from which
// on its tombstones may be dropped. It takes the place of the base timestamp.
func (b *Builder) SetDeleteHorizon(ms int64) { b.base, b.horizon = ms, true }

// begin returns the size of attributes, timestamp and offset.
func (b *Builder) begin(delta int32, timestamp int64) int {
	if b.count == 0 {
		if !b.horizon {
			b.base = timestamp
		}
		b.max = timestamp
	}
	return 1 + varintSize(timestamp-b.base) + varintSize(int64(delta))
}

func (b *Builder) head(size int, delta int32, timestamp int64) {
	b.max = max(b.max, timestamp)
	b.count++
	b.buf = appendVarint(b.buf, int64(size))
	b.buf = append(b.buf, 0)
	b.buf = appendVarint(b.buf, timestamp-b.base)
	b.buf = appendVarint(b.buf, int64(delta))
}

// Finish returns the encoded batch with base offset 0 and no leader epoch. It aliases the
// builder's buffer, with Slack bytes behind it, until Reset.
func (b *Builder) Finish() ([]byte, error) { return b.FinishAt(0, b.last) }

// FinishAt is Finish for a batch at a known offset that spans more offsets than it has
// records (compaction).
func (b *Builder) FinishAt(baseOffset int64, lastOffsetDelta int32) ([]byte, error) {
	out := b.buf
	if b.opts.Codec != None && b.count > 0 {
		if cap(b.packed) < HeaderSize {
			b.packed = make([]byte, HeaderSize, cap(b.buf))
		}
		var err error
		b.packed, err = compress(b.opts.Codec, b.packed[:HeaderSize], b.buf[HeaderSize:])
		if err != nil {
			return nil, err
		}
		b.packed = withSlack(b.packed)
		out = b.packed
	} else {
		b.buf = withSlack(b.buf)
		out = b.buf
	}
	if len(out)-PrefixSize > 1<<31-1 {
		return nil, fmt.Errorf("%w: %d bytes", ErrMalformed, len(out))
	}
	b.putHeader(out, baseOffset, lastOffsetDelta)
	Seal(out)
	return out, nil
}

func (b *Builder) putHeader(out []byte, baseOffset int64, lastOffsetDelta int32) {
	attributes := uint16(b.opts.Codec)
	if b.opts.Transactional {
		attributes |= TransactionalBit
	}
	if b.opts.Control {
		attributes |= ControlBit
	}
	if b.horizon {
		attributes |= DeleteHorizonBit
	}
	be := binary.BigEndian
	be.PutUint64(out, uint64(baseOffset))
	be.PutUint32(out[8:], uint32(len(out)-PrefixSize))
	be.PutUint32(out[12:], 1<<32-1)
	out[16] = 2
	be.PutUint16(out[21:], attributes)
	be.PutUint32(out[23:], uint32(lastOffsetDelta))
	be.PutUint64(out[27:], uint64(b.base))
	be.PutUint64(out[35:], uint64(b.max))
	SetProducer(out, b.opts.ProducerID, b.opts.ProducerEpoch, b.opts.BaseSequence)
	be.PutUint32(out[57:], uint32(b.count))
}
