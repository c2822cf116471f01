package record

import (
	"fmt"
)

// Record is one record of a batch. Key and Value are nil when null; they alias the batch.
type Record struct {
	Offset    int64
	Timestamp int64 // ms since the epoch
	Key       []byte
	Value     []byte
	// RawHeaders is the encoded headers, their count first; Headers walks them.
	RawHeaders []byte
}

// Iter walks the records of a batch. One Iter can be Reset for batch after batch, so that
// it allocates nothing once its buffer has grown. It trusts the CRC to have been checked
// but nothing else: garbage ends in an error, never in a panic.
type Iter struct {
	h       Header
	records []byte // decompressed
	pos     int
	left    int32
	rec     Record
	size    int64 // of rec, in bytes
	err     error
	buf     []byte // of decompression
}

// Reset begins the walk of the batch at the start of b, decompressing it when needed.
func (it *Iter) Reset(b []byte) error {
	it.left, it.pos, it.records, it.rec = 0, 0, nil, Record{}
	it.h, it.err = ParseHeader(b)
	if it.err != nil {
		return it.err
	}
	if len(b) < it.h.Size() {
		it.err = fmt.Errorf("%w: %d bytes of %d", ErrTruncated, len(b), it.h.Size())
		return it.err
	}
	it.records = b[HeaderSize:it.h.Size()]
	if c := it.h.Codec(); c != None && it.h.Count > 0 {
		it.buf, it.err = decompress(c, it.buf, it.records)
		if it.err != nil {
			return it.err
		}
		it.records = it.buf
	}
	it.left = it.h.Count
	return nil
}

// Header is the head of the batch.
func (it *Iter) Header() *Header { return &it.h }

// Err is why Next stopped early, or nil.
func (it *Iter) Err() error { return it.err }

// Record is the current record, valid until the next call of Next or Reset; the bytes it
// points to are valid as long as the batch, or until Reset when it is compressed.
func (it *Iter) Record() *Record { return &it.rec }

// Next moves to the next record and reports whether there is one.
func (it *Iter) Next() bool {
	if it.left == 0 || it.err != nil {
		return false
	}
	it.left--
	b := it.records
	size, p := varint(b, it.pos)
	if p < 0 || size < 1 || size > int64(len(b)-p) {
		return it.fail("length")
	}
	it.size = size
	end := p + int(size)
	p++ // attributes: unused
	b = b[:end]
	ts, p := varint(b, p)
	if p < 0 {
		return it.fail("timestamp")
	}
	delta, p := varint(b, p)
	if p < 0 || delta < 0 || delta > int64(it.h.LastOffsetDelta) {
		return it.fail("offset delta")
	}
	n, p := varint(b, p)
	if p < 0 || n > int64(len(b)-p) || n < -1 {
		return it.fail("key")
	}
	var key []byte
	if n >= 0 {
		key = b[p : p+int(n) : p+int(n)]
		p += int(n)
	}
	n, p = varint(b, p)
	if p < 0 || n > int64(len(b)-p) || n < -1 {
		return it.fail("value")
	}
	var value []byte
	if n >= 0 {
		value = b[p : p+int(n) : p+int(n)]
		p += int(n)
	}
	it.rec.Key, it.rec.Value = key, value
	it.rec.Offset = it.h.BaseOffset + delta
	it.rec.Timestamp = it.h.BaseTimestamp + ts
	if it.h.Attributes&LogAppendTimeBit != 0 {
		it.rec.Timestamp = it.h.MaxTimestamp
	}
	it.rec.RawHeaders = b[p:end:end]
	if end-p != 1 || b[p] != 0 {
		if !validHeaders(it.rec.RawHeaders) {
			return it.fail("headers")
		}
	}
	it.pos = end
	if it.left == 0 && end != len(it.records) {
		return it.fail("size: bytes are left behind the last record")
	}
	return true
}

func (it *Iter) fail(what string) bool {
	it.err = fmt.Errorf("%w: %s of record %d", ErrMalformed, what, it.h.Count-it.left-1)
	it.left = 0
	return false
}

// sliceAt reads a nullable byte string; an empty one is not nil. Its capacity runs on into
// the batch, so that a decoder can see that the bytes behind it may be read.
func sliceAt(b []byte, p int) ([]byte, int) {
	n, p := varint(b, p)
	if p < 0 || n > int64(len(b)-p) || n < -1 {
		return nil, -1
	}
	if n < 0 {
		return nil, p
	}
	return b[p : p+int(n)], p + int(n)
}

func validHeaders(b []byte) bool {
	n, p := varint(b, 0)
	if p < 0 || n < 0 || n > int64(len(b)) {
		return false
	}
	for ; n > 0; n-- {
		var key []byte
		if key, p = sliceAt(b, p); p < 0 || key == nil {
			return false
		}
		if _, p = sliceAt(b, p); p < 0 {
			return false
		}
	}
	return p == len(b)
}

// RecordHeader is one header of a record. A Value of nil is null.
type RecordHeader struct {
	Key   []byte
	Value []byte
}

// Headers calls yield for each header of the record, in order, until it returns false.
func (r *Record) Headers(yield func(RecordHeader) bool) {
	n, p := varint(r.RawHeaders, 0)
	for ; n > 0 && p >= 0; n-- {
		var h RecordHeader
		if h.Key, p = sliceAt(r.RawHeaders, p); p < 0 {
			return
		}
		if h.Value, p = sliceAt(r.RawHeaders, p); p < 0 {
			return
		}
		if !yield(h) {
			return
		}
	}
}

// BufferSize is the size of the iterator's own buffer, for those who pool iterators.
func (it *Iter) BufferSize() int { return cap(it.buf) }
