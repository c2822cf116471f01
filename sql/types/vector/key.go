package vector

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"

	"tailrace/sql/types"
)

// The key encoding turns a row of key columns into bytes that compare (bytes.Compare) as
// the rows do under types.Compare, column by column. It is on disk: it never changes.
//
//	column     01 value | 02                 02 is NULL, which sorts last
//	BOOLEAN    00 | 01
//	INT, DATE  4 bytes big endian, sign bit flipped
//	BIGINT, TIME, TIMESTAMP  8 bytes big endian, sign bit flipped
//	DOUBLE     8 bytes big endian IEEE 754: positive with the sign bit flipped, negative
//	           with all bits flipped; -0.0 becomes 0.0, every NaN 7ff8000000000000
//	DECIMAL    16 bytes big endian unscaled, sign bit flipped; the scale is the type's
//	STRING, BYTES, JSON, JSONB  the bytes with 00 written as 00 ff, then 00 01
//	ARRAY      each element as a column, then 00
//	MAP        each entry, sorted by key, as two columns, then 00
//	STRUCT     each field as a column
//	NUMERIC    01 for negative numbers, 02 for 0, 03 for positive ones; then, with all bits flipped
//	           for negative ones, the exponent of the first digit, 2 bytes, plus 32768, and the
//	           digits without zeros at the end, each plus 1, then 00: 5.0 is 5.00
//	INTERVAL   its total in microseconds, 16 bytes as of a DECIMAL: one month is 30 days
const (
	keyEnd   = 0x00
	keyValue = 0x01
	keyNull  = 0x02
)

// AppendKey appends the key encoding of row i of the columns.
func AppendKey(dst []byte, cols []*Vector, i int) []byte {
	for _, v := range cols {
		dst = v.AppendKeyColumn(dst, i)
	}
	return dst
}

// AppendKeyColumn appends the key encoding of row i.
func (v *Vector) AppendKeyColumn(dst []byte, i int) []byte {
	if v.IsNull(i) {
		return append(dst, keyNull)
	}
	dst = append(dst, keyValue)
	switch physical(v.Type.Kind) {
	case types.Boolean:
		return appendKeyBool(dst, v.Bool[i])
	case types.Int:
		return binary.BigEndian.AppendUint32(dst, uint32(v.I32[i])^1<<31)
	case types.Bigint:
		return binary.BigEndian.AppendUint64(dst, uint64(v.I64[i])^1<<63)
	case types.Double:
		return appendKeyFloat(dst, v.F64[i])
	case types.Decimal:
		return appendKeyDec(dst, v.Dec[i])
	case types.String:
		return appendKeyBytes(dst, v.Bytes(i))
	}
	return appendKeyValue(dst, v.Type, v.Obj[i])
}

// AppendKeyValue appends the key encoding of one value of type t, as AppendKeyColumn.
func AppendKeyValue(dst []byte, t types.Type, x types.Value) []byte {
	if x == nil {
		return append(dst, keyNull)
	}
	return appendKeyValue(append(dst, keyValue), t, x)
}

func appendKeyValue(dst []byte, t types.Type, x types.Value) []byte {
	switch x := x.(type) {
	case bool:
		return appendKeyBool(dst, x)
	case int32:
		return binary.BigEndian.AppendUint32(dst, uint32(x)^1<<31)
	case types.DateVal:
		return binary.BigEndian.AppendUint32(dst, uint32(x)^1<<31)
	case int64:
		return binary.BigEndian.AppendUint64(dst, uint64(x)^1<<63)
	case types.TimeVal:
		return binary.BigEndian.AppendUint64(dst, uint64(x)^1<<63)
	case types.TimestampVal:
		return binary.BigEndian.AppendUint64(dst, uint64(x)^1<<63)
	case float64:
		return appendKeyFloat(dst, x)
	case types.Dec:
		if t.Kind == types.Numeric {
			return appendKeyNumeric(dst, x)
		}
		return appendKeyDec(dst, x.Unscaled)
	case types.IntervalVal:
		return appendKeyDec(dst, x.Total())
	case string:
		return appendKeyBytes(dst, x)
	case []byte:
		return appendKeyBytes(dst, x)
	case types.ArrayVal:
		for _, e := range x {
			dst = AppendKeyValue(dst, *t.Elem, e)
		}
		return append(dst, keyEnd)
	case *types.MapVal:
		for _, i := range x.SortedKeys() {
			dst = AppendKeyValue(dst, *t.Key, x.Keys[i])
			dst = AppendKeyValue(dst, *t.Elem, x.Values[i])
		}
		return append(dst, keyEnd)
	case types.StructVal:
		for i, f := range t.Fields {
			dst = AppendKeyValue(dst, f.Type, x[i])
		}
		return dst
	}
	panic(fmt.Sprintf("vector: %T is not a value of the language", x))
}

func appendKeyBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func appendKeyFloat(dst []byte, f float64) []byte {
	u := floatBits(f)
	if u>>63 != 0 {
		u = ^u
	} else {
		u ^= 1 << 63
	}
	return binary.BigEndian.AppendUint64(dst, u)
}

func appendKeyDec(dst []byte, x types.Int128) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(x.Hi)^1<<63)
	return binary.BigEndian.AppendUint64(dst, x.Lo)
}

func appendKeyBytes[T string | []byte](dst []byte, b T) []byte {
	start := 0
	for i := 0; i < len(b); i++ {
		if b[i] == 0 {
			dst = append(append(dst, b[start:i+1]...), 0xff)
			start = i + 1
		}
	}
	return append(append(dst, b[start:]...), 0, 1)
}

var errKey = fmt.Errorf("malformed key")

// maxKeyDepth bounds the recursion of DecodeKeyValue; types nest no deeper.
const maxKeyDepth = 64

// DecodeKeyValue reads one column of a key and returns the bytes that follow it.
func DecodeKeyValue(src []byte, t types.Type) (x types.Value, rest []byte, err error) {
	return decodeKey(src, t, 0)
}

func decodeKey(src []byte, t types.Type, depth int) (types.Value, []byte, error) {
	if len(src) == 0 || depth > maxKeyDepth {
		return nil, src, errKey
	}
	if src[0] == keyNull {
		return nil, src[1:], nil
	}
	if src[0] != keyValue {
		return nil, src, errKey
	}
	src = src[1:]
	switch t.Kind {
	case types.Numeric:
		return decodeKeyNumeric(src)
	case types.String, types.Bytes, types.JSON, types.JSONB:
		b, rest, err := decodeKeyBytes(src)
		if err != nil || t.Kind == types.Bytes {
			return b, rest, err
		}
		return string(b), rest, nil
	case types.Array:
		return decodeKeyArray(src, t, depth)
	case types.Map:
		return decodeKeyMap(src, t, depth)
	case types.Struct:
		out := make(types.StructVal, len(t.Fields))
		var err error
		for i, f := range t.Fields {
			if out[i], src, err = decodeKey(src, f.Type, depth+1); err != nil {
				return nil, src, err
			}
		}
		return out, src, nil
	}
	return decodeKeyFixed(src, t)
}

func decodeKeyFixed(src []byte, t types.Type) (types.Value, []byte, error) {
	width := [...]int{types.Boolean: 1, types.Int: 4, types.Date: 4, types.Bigint: 8, types.Time: 8,
		types.Timestamp: 8, types.Double: 8, types.Decimal: 16, types.Interval: 16, types.Numeric: 0}[t.Kind]
	if width == 0 || len(src) < width {
		return nil, src, errKey
	}
	b, rest := src[:width], src[width:]
	switch t.Kind {
	case types.Boolean:
		return b[0] != 0, rest, nil
	case types.Int:
		return int32(binary.BigEndian.Uint32(b) ^ 1<<31), rest, nil
	case types.Date:
		return types.DateVal(binary.BigEndian.Uint32(b) ^ 1<<31), rest, nil
	case types.Double:
		u := binary.BigEndian.Uint64(b)
		if u>>63 == 0 {
			u = ^u
		} else {
			u ^= 1 << 63
		}
		return math.Float64frombits(u), rest, nil
	}
	u := int64(binary.BigEndian.Uint64(b) ^ 1<<63)
	switch t.Kind {
	case types.Time:
		return types.TimeVal(u), rest, nil
	case types.Timestamp:
		return types.TimestampVal(u), rest, nil
	case types.Interval:
		return types.IntervalOfTotal(types.Int128{Hi: u, Lo: binary.BigEndian.Uint64(b[8:])}), rest, nil
	case types.Decimal:
		return types.Dec{Unscaled: types.Int128{Hi: u, Lo: binary.BigEndian.Uint64(b[8:])}, Scale: int32(t.Scale)}, rest, nil
	}
	return u, rest, nil
}

const (
	numericNegative = 0x01
	numericZero     = 0x02
	numericPositive = 0x03
)

func appendKeyNumeric(dst []byte, d types.Dec) []byte {
	if d.Unscaled.Sign() == 0 {
		return append(dst, numericZero)
	}
	var buf [40]byte
	digits := d.Unscaled.Append(buf[:0])
	negative := digits[0] == '-'
	if negative {
		digits = digits[1:]
	}
	exponent := len(digits) - int(d.Scale)
	digits = bytes.TrimRight(digits, "0")
	flip := byte(0)
	if negative {
		flip = 0xff
	}
	dst = append(dst, numericPositive-2*(flip&1))
	dst = append(dst, byte((exponent+32768)>>8)^flip, byte(exponent+32768)^flip)
	for _, c := range digits {
		dst = append(dst, (c-'0'+1)^flip)
	}
	return append(dst, flip)
}

// decodeKeyNumeric reads a number, with the fewest digits that say it.
func decodeKeyNumeric(src []byte) (types.Value, []byte, error) {
	if len(src) > 0 && src[0] == numericZero {
		return types.Dec{}, src[1:], nil
	}
	if len(src) < 4 || src[0] != numericNegative && src[0] != numericPositive {
		return nil, src, errKey
	}
	flip, text := byte(0), []byte{}
	if src[0] == numericNegative {
		flip, text = 0xff, append(text, '-')
	}
	exponent := int(binary.BigEndian.Uint16([]byte{src[1] ^ flip, src[2] ^ flip})) - 32768
	n := 0
	for src = src[3:]; ; src, n = src[1:], n+1 {
		if len(src) == 0 {
			return nil, src, errKey
		}
		c := src[0] ^ flip
		if c == 0 {
			break
		}
		if c > 10 {
			return nil, src, errKey
		}
		text = append(text, '0'+c-1)
	}
	d, err := types.ParseDec(fmt.Sprintf("%se%d", text, exponent-n))
	if err != nil {
		return nil, src, errKey
	}
	return d, src[1:], nil
}

func decodeKeyBytes(src []byte) (b, rest []byte, err error) {
	b = []byte{}
	for i := 0; i+1 < len(src); i++ {
		if src[i] != 0 {
			b = append(b, src[i])
			continue
		}
		i++
		switch src[i] {
		case 0xff:
			b = append(b, 0)
		case 1:
			return b, src[i+1:], nil
		default:
			return nil, src, errKey
		}
	}
	return nil, src, errKey
}

func decodeKeyArray(src []byte, t types.Type, depth int) (types.Value, []byte, error) {
	out := types.ArrayVal{}
	for {
		if len(src) > 0 && src[0] == keyEnd {
			return out, src[1:], nil
		}
		x, rest, err := decodeKey(src, *t.Elem, depth+1)
		if err != nil {
			return nil, src, err
		}
		out, src = append(out, x), rest
	}
}

func decodeKeyMap(src []byte, t types.Type, depth int) (types.Value, []byte, error) {
	out := &types.MapVal{}
	for {
		if len(src) > 0 && src[0] == keyEnd {
			return out, src[1:], nil
		}
		k, rest, err := decodeKey(src, *t.Key, depth+1)
		if err != nil {
			return nil, src, err
		}
		v, rest, err := decodeKey(rest, *t.Elem, depth+1)
		if err != nil {
			return nil, src, err
		}
		out.Keys, out.Values, src = append(out.Keys, k), append(out.Values, v), rest
	}
}
