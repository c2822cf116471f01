package partition

import (
	"errors"
	"fmt"

	"tailrace/storage/commitlog"
	"tailrace/storage/record"
	"tailrace/storage/record/kerr"
)

// Error is a refusal with the code that Kafka gives it. errors.Is finds the matching
// sentinel of package commitlog, kerr.Of the code.
type Error struct {
	Code    kerr.Code
	Message string
	// Records names the records at fault, for Produce v8 and later.
	Records []RecordError
	// Unread: the records were not looked at, the bytes are no single batch of magic 2.
	Unread bool
	cause  error
}

// RecordError is one record at fault: its index in the batch, and why.
type RecordError struct {
	Index   int32
	Message string
}

// Error says what was refused.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the code, and what lies behind it.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.Code}
	}
	return []error{e.Code, e.cause}
}

// Is matches the sentinels of the seam.
func (e *Error) Is(target error) bool {
	switch e.Code {
	case kerr.MessageTooLarge, kerr.RecordListTooLarge:
		return target == commitlog.ErrBatchTooLarge
	case kerr.CorruptMessage, kerr.InvalidRecord, kerr.InvalidTimestamp, kerr.UnsupportedCompressionType:
		return target == commitlog.ErrInvalidBatch
	case kerr.OffsetOutOfRange:
		return target == commitlog.ErrOffsetOutOfRange
	case kerr.UnknownTopicOrPartition:
		return target == commitlog.ErrUnknownTopic
	case kerr.NotLeaderOrFollower:
		return target == commitlog.ErrClosed
	}
	return false
}

func (p *Partition) refuse(code kerr.Code, cause error, format string, args ...any) *Error {
	return &Error{Code: code, Message: p.tp.String() + ": " + fmt.Sprintf(format, args...), cause: cause}
}

// refuseBatch gives a malformed batch the code that Kafka's brokers answer: what is cut short
// is no batch, and what a wrong CRC covers is not looked at.
func (p *Partition) refuseBatch(batch []byte, err error) *Error {
	e := p.refuse(kerr.InvalidRecord, err, "%v", err)
	switch {
	case errors.Is(err, record.ErrTruncated), errors.Is(err, record.ErrMagic):
		e.Unread = true
	case !record.Intact(batch):
		e.Code = kerr.CorruptMessage
	}
	return e
}

func (p *Partition) storageError(err error) *Error {
	return p.refuse(kerr.StorageError, err, "%v", err)
}

// errGone is the state of a partition that is closed or deleted.
func (p *Partition) errGone(deleted bool) *Error {
	if deleted {
		return p.refuse(kerr.UnknownTopicOrPartition, nil, "topic was deleted")
	}
	return p.refuse(kerr.NotLeaderOrFollower, nil, "log is closed")
}
