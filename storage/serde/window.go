package serde

import (
	"encoding/binary"

	"tailrace/sql/sqlerr"
)

// The key of a windowed table is the key, and after it the bounds of the window in
// milliseconds, eight bytes each and big endian, as Kafka Streams lays them out:
//
//	TUMBLING, HOPPING    key | start             the end is start + size
//	SESSION              key | end | start
//
// A session's end is its last record's time; the other windows do not hold their end.

// AppendTimeWindow appends the bounds of a tumbling or hopping window to a key.
func AppendTimeWindow(key []byte, start int64) []byte {
	return binary.BigEndian.AppendUint64(key, uint64(start))
}

// AppendSessionWindow appends the bounds of a session to a key.
func AppendSessionWindow(key []byte, start, end int64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(key, uint64(end)), uint64(start))
}

// SplitTimeWindow takes the key of a tumbling or hopping window apart. The key is a part
// of data.
func SplitTimeWindow(data []byte) (key []byte, start int64, err error) {
	n := len(data) - 8
	if n < 0 {
		return nil, 0, shortWindow(len(data), 8)
	}
	return data[:n], int64(binary.BigEndian.Uint64(data[n:])), nil
}

// SplitSessionWindow takes the key of a session apart. The key is a part of data.
func SplitSessionWindow(data []byte) (key []byte, start, end int64, err error) {
	n := len(data) - 16
	if n < 0 {
		return nil, 0, 0, shortWindow(len(data), 16)
	}
	return data[:n], int64(binary.BigEndian.Uint64(data[n+8:])), int64(binary.BigEndian.Uint64(data[n:])), nil
}

func shortWindow(size, least int) error {
	return sqlerr.New(sqlerr.DataException, "a windowed key takes at least %d bytes, not %d", least, size)
}
