package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

const (
	// HeaderSize is the size of a batch without its records.
	HeaderSize = 61
	// PrefixSize is the size of base offset and length: what must be read to know where
	// the next batch begins.
	PrefixSize = 12
	// Slack is how many readable bytes must lie behind a batch in memory.
	Slack = 16
	// NoProducer is the producer id of a batch that is not idempotent.
	NoProducer = -1
)

// Attribute bits of a batch.
const (
	CodecMask        = 0x07
	LogAppendTimeBit = 0x08
	TransactionalBit = 0x10
	ControlBit       = 0x20
	DeleteHorizonBit = 0x40
)

// Errors of malformed batches; they are wrapped with what was found.
var (
	ErrTruncated = errors.New("record batch is cut short")
	ErrMagic     = errors.New("record batch is not of format v2")
	ErrCRC       = errors.New("record batch does not match its CRC")
	ErrMalformed = errors.New("record batch is malformed")
	ErrTooLarge  = errors.New("record batch decompresses to more than the limit")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Header is the head of a batch, decoded.
type Header struct {
	BaseOffset      int64
	Length          int32
	LeaderEpoch     int32
	CRC             uint32
	Attributes      int16
	LastOffsetDelta int32
	BaseTimestamp   int64
	MaxTimestamp    int64
	ProducerID      int64
	ProducerEpoch   int16
	BaseSequence    int32
	Count           int32
}

// Size is the size of the whole batch in bytes.
func (h *Header) Size() int { return PrefixSize + int(h.Length) }

// LastOffset is the offset of the last record, also when compaction removed it.
func (h *Header) LastOffset() int64 { return h.BaseOffset + int64(h.LastOffsetDelta) }

// NextOffset is the base offset of the batch that follows.
func (h *Header) NextOffset() int64 { return h.LastOffset() + 1 }

// LastSequence is the sequence of the last record; sequences wrap from 2^31-1 to 0.
func (h *Header) LastSequence() int32 { return AddSequence(h.BaseSequence, h.LastOffsetDelta) }

// Codec is the compression of the records.
func (h *Header) Codec() Codec { return Codec(h.Attributes & CodecMask) }

// Control batches carry transaction markers, not records.
func (h *Header) Control() bool { return h.Attributes&ControlBit != 0 }

// Transactional batches become visible when their transaction commits.
func (h *Header) Transactional() bool { return h.Attributes&TransactionalBit != 0 }

// LogAppendTime batches give all their records MaxTimestamp.
func (h *Header) LogAppendTime() bool { return h.Attributes&LogAppendTimeBit != 0 }

// AddSequence adds to a producer's sequence number, wrapping as Kafka does.
func AddSequence(s, n int32) int32 {
	if s > 1<<31-1-n {
		return n - (1<<31 - 1 - s) - 1
	}
	return s + n
}

// PeekSize returns the size of the batch at the start of b, of which at least PrefixSize
// bytes must be there, or 0 when the length cannot be that of a batch.
func PeekSize(b []byte) int {
	n := int32(binary.BigEndian.Uint32(b[8:]))
	if n < HeaderSize-PrefixSize {
		return 0
	}
	return PrefixSize + int(n)
}

// ParseHeader decodes the head of the batch at the start of b. The records need not be
// there, and the CRC is not looked at.
func ParseHeader(b []byte) (Header, error) {
	if len(b) < HeaderSize {
		return Header{}, fmt.Errorf("%w: %d bytes of a header of %d", ErrTruncated, len(b), HeaderSize)
	}
	_ = b[HeaderSize-1]
	be := binary.BigEndian
	h := Header{
		BaseOffset:      int64(be.Uint64(b)),
		Length:          int32(be.Uint32(b[8:])),
		LeaderEpoch:     int32(be.Uint32(b[12:])),
		CRC:             be.Uint32(b[17:]),
		Attributes:      int16(be.Uint16(b[21:])),
		LastOffsetDelta: int32(be.Uint32(b[23:])),
		BaseTimestamp:   int64(be.Uint64(b[27:])),
		MaxTimestamp:    int64(be.Uint64(b[35:])),
		ProducerID:      int64(be.Uint64(b[43:])),
		ProducerEpoch:   int16(be.Uint16(b[51:])),
		BaseSequence:    int32(be.Uint32(b[53:])),
		Count:           int32(be.Uint32(b[57:])),
	}
	switch {
	case b[16] != 2:
		return h, fmt.Errorf("%w: magic %d", ErrMagic, int8(b[16]))
	case h.Length < HeaderSize-PrefixSize:
		return h, fmt.Errorf("%w: length %d", ErrMalformed, h.Length)
	case h.BaseOffset < 0 || h.LastOffsetDelta < 0 || h.Count < 0 || int64(h.Count) > int64(h.LastOffsetDelta)+1:
		return h, fmt.Errorf("%w: base offset %d, %d records, last offset delta %d",
			ErrMalformed, h.BaseOffset, h.Count, h.LastOffsetDelta)
	}
	return h, nil
}

// Intact reports whether the batch at the start of b is all there and its CRC holds, whatever
// its header says besides.
func Intact(b []byte) bool {
	n := 0
	if len(b) >= HeaderSize {
		n = PeekSize(b)
	}
	return n > 0 && n <= len(b) && crc32.Checksum(b[21:n], castagnoli) == binary.BigEndian.Uint32(b[17:])
}

// Verify decodes the batch at the start of b and checks that all of it is there and that
// its CRC holds.
func Verify(b []byte) (Header, error) {
	h, err := ParseHeader(b)
	if err != nil {
		return h, err
	}
	if len(b) < h.Size() {
		return h, fmt.Errorf("%w: %d bytes of %d", ErrTruncated, len(b), h.Size())
	}
	if c := crc32.Checksum(b[21:h.Size()], castagnoli); c != h.CRC {
		return h, fmt.Errorf("%w: computed %08x, stored %08x", ErrCRC, c, h.CRC)
	}
	return h, nil
}

// SetBaseOffset patches the base offset. The CRC does not cover it.
func SetBaseOffset(b []byte, offset int64) { binary.BigEndian.PutUint64(b, uint64(offset)) }

// SetLeaderEpoch patches the leader epoch. The CRC does not cover it.
func SetLeaderEpoch(b []byte, epoch int32) { binary.BigEndian.PutUint32(b[12:], uint32(epoch)) }

// SetProducer patches who sent the batch. Call Seal afterwards.
func SetProducer(b []byte, id int64, epoch int16, baseSequence int32) {
	binary.BigEndian.PutUint64(b[43:], uint64(id))
	binary.BigEndian.PutUint16(b[51:], uint16(epoch))
	binary.BigEndian.PutUint32(b[53:], uint32(baseSequence))
}

// SetLogAppendTime stamps the batch with the time of its append. Call Seal afterwards.
func SetLogAppendTime(b []byte, ms int64) {
	a := binary.BigEndian.Uint16(b[21:])
	binary.BigEndian.PutUint16(b[21:], a|LogAppendTimeBit)
	SetMaxTimestamp(b, ms)
}

// ClearLogAppendTime makes the records' own timestamps count. Call Seal afterwards.
func ClearLogAppendTime(b []byte) {
	a := binary.BigEndian.Uint16(b[21:])
	binary.BigEndian.PutUint16(b[21:], a&^LogAppendTimeBit)
}

// SetMaxTimestamp patches the largest timestamp. Call Seal afterwards.
func SetMaxTimestamp(b []byte, ms int64) { binary.BigEndian.PutUint64(b[35:], uint64(ms)) }

// Seal recomputes the CRC of one whole batch.
func Seal(b []byte) {
	binary.BigEndian.PutUint32(b[17:], crc32.Checksum(b[21:], castagnoli))
}

// Empty returns a batch without records that stands for the offsets [from, to): what
// compaction, or a repair, has left of them. There are at most 2^31 of them.
func Empty(from, to int64) []byte {
	b := make([]byte, HeaderSize)
	be := binary.BigEndian
	be.PutUint64(b, uint64(from))
	be.PutUint32(b[8:], HeaderSize-PrefixSize)
	b[16] = 2
	be.PutUint32(b[23:], uint32(to-from-1))
	for _, at := range []int{27, 35, 43} { // timestamps and producer: none
		be.PutUint64(b[at:], 1<<64-1)
	}
	be.PutUint16(b[51:], 1<<16-1)
	be.PutUint32(b[53:], 1<<32-1)
	be.PutUint32(b[17:], crc32.Checksum(b[21:], castagnoli))
	return b
}
