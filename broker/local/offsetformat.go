package local

import (
	"encoding/binary"
	"errors"
	"unicode/utf16"

	"tailrace/storage/commitlog"
)

// The records of OffsetsTopic, as Kafka's tools decode them:
//
//	key    version i16 = 1 | group string | topic string | partition i32
//	value  version i16 = 3 | offset i64 | leader epoch i32 | metadata string | commit time i64
//	key    version i16 = 2 | group string
//	value  GroupMetadataValue, opaque here
//
// A string is its length i16 and its bytes. A value of null forgets the key.
const (
	offsetKeyVersion   = 1
	groupKeyVersion    = 2
	offsetValueVersion = 3
)

var errOffsetFormat = errors.New("record of " + OffsetsTopic + " is malformed")

func appendString(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

func appendOffsetKey(b []byte, group string, tp commitlog.TopicPartition) []byte {
	b = binary.BigEndian.AppendUint16(b, offsetKeyVersion)
	b = appendString(appendString(b, group), tp.Topic)
	return binary.BigEndian.AppendUint32(b, uint32(tp.Partition))
}

func appendGroupKey(b []byte, group string) []byte {
	return appendString(binary.BigEndian.AppendUint16(b, groupKeyVersion), group)
}

func appendOffsetValue(b []byte, o CommittedOffset) []byte {
	b = binary.BigEndian.AppendUint16(b, offsetValueVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(o.Offset))
	b = binary.BigEndian.AppendUint32(b, uint32(o.LeaderEpoch))
	b = appendString(b, o.Metadata)
	return binary.BigEndian.AppendUint64(b, uint64(o.CommitMs))
}

// formatReader takes fields off a key or value; ok turns false when they are not there.
type formatReader struct {
	b  []byte
	ok bool
}

func (r *formatReader) take(n int) []byte {
	if !r.ok || n < 0 || n > len(r.b) {
		r.ok = false
		return make([]byte, 8)
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *formatReader) i16() int16 { return int16(binary.BigEndian.Uint16(r.take(2))) }
func (r *formatReader) i32() int32 { return int32(binary.BigEndian.Uint32(r.take(4))) }
func (r *formatReader) i64() int64 { return int64(binary.BigEndian.Uint64(r.take(8))) }
func (r *formatReader) string() string {
	n := int(r.i16())
	if !r.ok {
		return ""
	}
	return string(r.take(n))
}

// offsetsKey is a decoded key: of a group's metadata when isGroup, else of a position.
type offsetsKey struct {
	isGroup bool
	group   string
	tp      commitlog.TopicPartition
}

// decodeOffsetsKey decodes a key. known is false for kinds that other versions write.
func decodeOffsetsKey(b []byte) (k offsetsKey, known bool, err error) {
	r := formatReader{b, true}
	switch v := r.i16(); {
	case !r.ok:
		return k, false, errOffsetFormat
	case v == 0 || v == offsetKeyVersion:
		k.group, k.tp.Topic = r.string(), r.string()
		k.tp.Partition = commitlog.PartitionID(r.i32())
	case v == groupKeyVersion:
		k.isGroup, k.group = true, r.string()
	default:
		return k, false, nil
	}
	if !r.ok {
		return k, false, errOffsetFormat
	}
	return k, true, nil
}

func decodeOffsetValue(b []byte) (CommittedOffset, error) {
	r := formatReader{b, true}
	version := r.i16()
	o := CommittedOffset{Offset: commitlog.Offset(r.i64()), LeaderEpoch: -1}
	if version >= 3 {
		o.LeaderEpoch = r.i32()
	}
	o.Metadata = r.string()
	o.CommitMs = r.i64()
	if !r.ok || version < 0 || version > offsetValueVersion {
		return o, errOffsetFormat
	}
	return o, nil
}

// PartitionFor is the partition of OffsetsTopic that keeps a group:
// abs(Java's String.hashCode(group)) % 50.
func PartitionFor(group string) commitlog.PartitionID {
	h := int32(0)
	for _, u := range utf16.Encode([]rune(group)) {
		h = 31*h + int32(u)
	}
	if h == -1<<31 {
		h = 0 // Kafka's Utils.abs
	}
	if h < 0 {
		h = -h
	}
	return commitlog.PartitionID(h % OffsetsPartitions)
}
