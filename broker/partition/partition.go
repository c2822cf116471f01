// Package partition is one partition of a topic as its leader sees it: what may be
// appended, how far it is durable, who waits for it.
//
//	append -> page cache -> LogEnd
//	                 flusher: one fsync for all that came meanwhile -> HighWatermark
//
// LogStart <= LastStable <= HighWatermark <= LogEnd. Readers see what is below the high
// watermark. It is the end of what has been fsynced, or LogEnd itself in a topic that
// chose the page cache (flush.messages or flush.ms). Batches that are durable elsewhere
// (the commit journal of package local) move it without an fsync of their own.
//
// A Partition may be used by many goroutines.
package partition

import (
	"context"

	"tailrace/storage/commitlog"
	"tailrace/storage/record/kerr"
	"tailrace/storage/segment"
)

// Offset, as commitlog's.
type Offset = commitlog.Offset

// Error is a refusal with the code that Kafka gives it. errors.Is finds the matching
// sentinel of package commitlog, kerr.Of the code.
type Error struct {
	Code    kerr.Code
	Message string
	// Records names the records at fault, for Produce v8 and later.
	Records []RecordError
}

// RecordError is one record at fault: its index in the batch, and why.
type RecordError struct {
	Index   int32
	Message string
}

// AppendOptions says how to append.
type AppendOptions struct {
	// Acks AcksDurable waits until the batch is below the high watermark; AcksLeader
	// (and 0) returns when it is in the log.
	Acks commitlog.Acks
	// Internal batches come from the server itself: a topic's timestamp bounds and
	// recompression do not apply to them.
	Internal bool
}

// Result is what became of an appended batch.
type Result struct {
	BaseOffset Offset
	// NextOffset is the offset after the last record: WaitHighWatermark(NextOffset)
	// waits for the batch to be durable.
	NextOffset Offset
	// LogAppendTimeMs is -1 unless the topic stamps records itself.
	LogAppendTimeMs int64
	LogStart        Offset
	// Duplicate: an idempotent producer sent the batch before. The offsets are those of
	// the first time.
	Duplicate bool
}

// Bounds are the offsets of a partition at one moment.
type Bounds struct {
	LogStart      Offset
	LastStable    Offset // = HighWatermark: the log holds no open transactions
	HighWatermark Offset
	LogEnd        Offset
}

// ReadOptions bounds a ReadRange.
type ReadOptions struct {
	MaxBytes int
	// MinOneBatch returns the first batch even if it is larger than MaxBytes.
	MinOneBatch bool
}

// ReadRange finds whole batches in [the one that holds from, high watermark), at most
// MaxBytes and within one segment. At the high watermark the range is empty. Outside
// [LogStart, LogEnd] the error has code OFFSET_OUT_OF_RANGE; Bounds is valid
// then too. The caller releases the range.
func (p *Partition) ReadRange(from Offset, o ReadOptions) (segment.Range, Bounds, error) {
	panic("unimplemented")
}

// Read copies whole batches into buf, as commitlog.Log.Read documents.
func (p *Partition) Read(from Offset, buf []byte) (commitlog.Fetched, error) {
	panic("unimplemented")
}

// Append checks one record batch v2 and adds it to the log. It patches base offset and
// leader epoch into batch itself (and the timestamp where the topic stamps records), so
// the caller must not share it. Errors are *Error, or ctx.Err() when the wait for
// durability was cut short: the batch is in the log then.
func (p *Partition) Append(ctx context.Context, batch []byte, o AppendOptions) (Result, error) {
	panic("unimplemented")
}

// WaitHighWatermark returns when the high watermark has reached off, ctx ends, or the
// partition can no longer get there (closed, deleted, disk failure).
func (p *Partition) WaitHighWatermark(ctx context.Context, off Offset) error {
	panic("unimplemented")
}

// Watch sends to wake, without blocking, whenever the high watermark moves or the
// partition is closed or deleted, until cancel is called.
func (p *Partition) Watch(wake chan<- struct{}) (cancel func()) {
	panic("unimplemented")
}

// Bounds returns the offsets now.
func (p *Partition) Bounds() Bounds { panic("unimplemented") }

// TimedOffset is an answer of OffsetForTime: -1 in each field when there is no record.
type TimedOffset struct {
	Offset      Offset
	TimestampMs int64
	LeaderEpoch int32
}

// OffsetForTime finds the first record below the high watermark whose timestamp is at
// least ms.
func (p *Partition) OffsetForTime(ms int64) (TimedOffset, error) { panic("unimplemented") }

// MaxTimestamp finds the record with the largest timestamp (ListOffsets -3).
func (p *Partition) MaxTimestamp() (TimedOffset, error) { panic("unimplemented") }

// LeaderEpoch is the epoch that new batches are stamped with.
func (p *Partition) LeaderEpoch() int32 { panic("unimplemented") }

// EpochEnd answers OffsetForLeaderEpoch: the largest epoch not above epoch that has
// records, and the offset where it ends; -1, -1 when there is none.
func (p *Partition) EpochEnd(epoch int32) (int32, Offset) { panic("unimplemented") }

// DeleteRecords moves the log start to before (-1: the high watermark) and returns it.
// It is durable on return.
func (p *Partition) DeleteRecords(before Offset) (Offset, error) { panic("unimplemented") }

// SizeBytes is the size of all segments.
func (p *Partition) SizeBytes() int64 { panic("unimplemented") }

// TopicPartition names the partition.
func (p *Partition) TopicPartition() commitlog.TopicPartition { panic("unimplemented") }

// TopicID is the id of its topic.
func (p *Partition) TopicID() [16]byte { panic("unimplemented") }

// Partition is one partition.
type Partition struct{}

// Error says what was refused.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the code.
func (e *Error) Unwrap() error { return e.Code }
