package state

import (
	"bytes"
	"encoding/binary"
	"math"

	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// AppendKey is vector.AppendKey with a short way for what keys are made of most.
func AppendKey(dst []byte, cols []*vector.Vector, i int) []byte {
	for _, v := range cols {
		if (v.Type.Kind == types.String || v.Type.Kind == types.Bytes) && !v.Nulls.Get(i) {
			if b := v.Bytes(i); bytes.IndexByte(b, 0) < 0 {
				dst = append(append(append(dst, 1), b...), 0, 1)
				continue
			}
		}
		dst = v.AppendKeyColumn(dst, i)
	}
	return dst
}

// AppendKeys adds the key encoding of rows of the columns to keys; a nil rows means the
// first n.
func AppendKeys(keys *Keys, cols []*vector.Vector, rows []int32, n int) {
	if rows == nil {
		for i := range n {
			keys.Arena = AppendKey(keys.Arena, cols, i)
			keys.End()
		}
		return
	}
	for _, i := range rows {
		keys.Arena = AppendKey(keys.Arena, cols, int(i))
		keys.End()
	}
}

// DecodeKey is vector.DecodeKey without a value in between for what keys are made of most.
func DecodeKey(src []byte, cols []*vector.Vector) (rest []byte, err error) {
	for _, v := range cols {
		if len(src) > 1 && src[0] == 1 {
			if after, ok := decodeFast(src[1:], v); ok {
				src = after
				continue
			}
		}
		var x types.Value
		if x, src, err = vector.DecodeKeyValue(src, v.Type); err != nil {
			return src, err
		}
		v.AppendValue(x)
	}
	return src, nil
}

func decodeFast(src []byte, v *vector.Vector) (rest []byte, ok bool) {
	switch v.Type.Kind {
	case types.Int, types.Date:
		if len(src) < 4 {
			return nil, false
		}
		v.I32 = append(v.I32, int32(binary.BigEndian.Uint32(src)^1<<31))
		src = src[4:]
	case types.Bigint, types.Time, types.Timestamp:
		if len(src) < 8 {
			return nil, false
		}
		v.I64 = append(v.I64, int64(binary.BigEndian.Uint64(src)^1<<63))
		src = src[8:]
	case types.String, types.Bytes:
		end := bytes.IndexByte(src, 0)
		if end < 0 || end+1 >= len(src) || src[end+1] != 1 {
			return nil, false
		}
		v.AppendBytes(src[:end])
		return src[end+2:], true
	default:
		return nil, false
	}
	v.N++
	return src, true
}

// windowBound is the length of a bound of a window in a key: a tag and eight bytes.
const windowBound = 9

// WindowStart reads the start of the window out of a key whose last two columns are the
// bounds of one: BIGINTs that are never NULL.
func WindowStart(key []byte) (ms int64) { return windowTime(key, 2*windowBound) }

// WindowEnd reads the end of the window out of such a key.
func WindowEnd(key []byte) (ms int64) { return windowTime(key, windowBound) }

// windowTime reads the bound that lies fromEnd bytes before the end. A key that has none
// belongs to no window, and is never too old.
func windowTime(key []byte, fromEnd int) int64 {
	if len(key) < 2*windowBound || key[len(key)-fromEnd] != 1 {
		return math.MaxInt64
	}
	return int64(binary.BigEndian.Uint64(key[len(key)-fromEnd+1:]) ^ 1<<63)
}
