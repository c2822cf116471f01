package pgwire

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"

	"tailrace/sql/types"
	"tailrace/sql/types/pgtext"
	"tailrace/sql/types/vector"
)

// Days and microseconds between 1970-01-01 and 2000-01-01, PostgreSQL's epoch.
const (
	epochDays   = 10957
	epochMicros = epochDays * 86_400_000_000
)

const (
	textFormat   = 0
	binaryFormat = 1
)

// appendRow appends a DataRow message for row i. It builds the message by hand: through
// pgproto3 a row costs more than twice as much.
func appendRow(dst []byte, cols []*vector.Vector, i int, formats []int16) []byte {
	start := len(dst)
	dst = append(dst, 'D', 0, 0, 0, 0)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(cols)))
	for c, col := range cols {
		if col.IsNull(i) {
			dst = append(dst, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		at := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		if formats[c] == binaryFormat {
			dst = appendBinary(dst, col, i)
		} else {
			dst = appendText(dst, col, i)
		}
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
	binary.BigEndian.PutUint32(dst[start+1:], uint32(len(dst)-start-1))
	return dst
}

// appendText appends a value that is not NULL in PostgreSQL's text form.
func appendText(dst []byte, col *vector.Vector, i int) []byte {
	switch col.Type.Kind {
	case types.Boolean:
		return append(dst, "ft"[b2i(col.Bool[i])])
	case types.Int:
		return strconv.AppendInt(dst, int64(col.I32[i]), 10)
	case types.Bigint:
		return strconv.AppendInt(dst, col.I64[i], 10)
	case types.Double:
		return pgtext.AppendFloat(dst, col.F64[i])
	case types.String, types.JSON, types.JSONB:
		return append(dst, col.Bytes(i)...)
	case types.Bytes:
		return hex.AppendEncode(append(dst, '\\', 'x'), col.Bytes(i))
	case types.Date:
		return pgtext.AppendDate(dst, types.DateVal(col.I32[i]))
	case types.Time:
		return pgtext.AppendTime(dst, types.TimeVal(col.I64[i]))
	case types.Timestamp:
		return pgtext.AppendTimestamp(dst, types.TimestampVal(col.I64[i]))
	}
	return appendValueText(dst, col.Value(i), col.Type)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// appendBinary appends a value that is not NULL in the type's send format.
func appendBinary(dst []byte, col *vector.Vector, i int) []byte {
	switch col.Type.Kind {
	case types.Boolean:
		return append(dst, byte(b2i(col.Bool[i])))
	case types.Int:
		return binary.BigEndian.AppendUint32(dst, uint32(col.I32[i]))
	case types.Bigint:
		return binary.BigEndian.AppendUint64(dst, uint64(col.I64[i]))
	case types.Double:
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(col.F64[i]))
	case types.String, types.Bytes, types.JSON:
		return append(dst, col.Bytes(i)...)
	case types.JSONB:
		return append(append(dst, 1), col.Bytes(i)...) // the version of its form
	case types.Date:
		return binary.BigEndian.AppendUint32(dst, uint32(col.I32[i]-epochDays))
	case types.Time:
		return binary.BigEndian.AppendUint64(dst, uint64(col.I64[i]*1000))
	case types.Timestamp:
		return binary.BigEndian.AppendUint64(dst, uint64(col.I64[i]*1000-epochMicros))
	case types.Decimal, types.Numeric, types.Interval, types.Array:
		return appendBinaryValue(dst, col.Value(i), col.Type)
	}
	return appendValueText(dst, col.Value(i), col.Type)
}

// appendBinaryValue is appendBinary for one boxed value.
func appendBinaryValue(dst []byte, v types.Value, t types.Type) []byte {
	switch v := v.(type) {
	case bool:
		return append(dst, byte(b2i(v)))
	case int32:
		return binary.BigEndian.AppendUint32(dst, uint32(v))
	case int64:
		return binary.BigEndian.AppendUint64(dst, uint64(v))
	case float64:
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(v))
	case string:
		if t.Kind == types.JSONB {
			dst = append(dst, 1)
		}
		return append(dst, v...)
	case []byte:
		return append(dst, v...)
	case types.DateVal:
		return binary.BigEndian.AppendUint32(dst, uint32(int32(v)-epochDays))
	case types.TimeVal:
		return binary.BigEndian.AppendUint64(dst, uint64(int64(v)*1000))
	case types.TimestampVal:
		return binary.BigEndian.AppendUint64(dst, uint64(int64(v)*1000-epochMicros))
	case types.Dec:
		return appendNumeric(dst, v)
	case types.IntervalVal:
		dst = binary.BigEndian.AppendUint64(dst, uint64(v.Micros))
		return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(dst, uint32(v.Days)), uint32(v.Months))
	case types.ArrayVal:
		if infoOf(t).oid != oidJSON {
			return appendArrayBinary(dst, v, *t.Elem)
		}
	}
	return appendValueText(dst, v, t)
}

// appendNumeric writes numeric's send format: the count of base-10000 digits, the weight
// of the first, the sign, the number of decimals shown, and the digits.
func appendNumeric(dst []byte, d types.Dec) []byte {
	text := d.Unscaled.Big().Text(10)
	var sign uint16
	if text[0] == '-' {
		sign, text = 0x4000, text[1:]
	}
	scale := int(d.Scale)
	for len(text) <= scale {
		text = "0" + text
	}
	whole, frac := text[:len(text)-scale], text[len(text)-scale:]
	for len(whole)%4 != 0 {
		whole = "0" + whole
	}
	for len(frac)%4 != 0 {
		frac += "0"
	}
	var digits []uint16
	for all := whole + frac; all != ""; all = all[4:] {
		n, _ := strconv.Atoi(all[:4])
		digits = append(digits, uint16(n))
	}
	weight := len(whole)/4 - 1
	for len(digits) > 0 && digits[0] == 0 {
		digits, weight = digits[1:], weight-1
	}
	for len(digits) > 0 && digits[len(digits)-1] == 0 {
		digits = digits[:len(digits)-1]
	}
	if len(digits) == 0 {
		weight = 0
	}
	for _, n := range []uint16{uint16(len(digits)), uint16(int16(weight)), sign, uint16(scale)} {
		dst = binary.BigEndian.AppendUint16(dst, n)
	}
	for _, n := range digits {
		dst = binary.BigEndian.AppendUint16(dst, n)
	}
	return dst
}

// appendArrayBinary writes the send format of a one-dimensional array.
func appendArrayBinary(dst []byte, a types.ArrayVal, elem types.Type) []byte {
	hasNull := uint32(0)
	for _, v := range a {
		if v == nil {
			hasNull = 1
		}
	}
	dims := uint32(1)
	if len(a) == 0 {
		dims = 0
	}
	for _, n := range []uint32{dims, hasNull, infoOf(elem).oid} {
		dst = binary.BigEndian.AppendUint32(dst, n)
	}
	if dims == 0 {
		return dst
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(a)))
	dst = binary.BigEndian.AppendUint32(dst, 1) // lower bound
	for _, v := range a {
		if v == nil {
			dst = append(dst, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		at := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		dst = appendBinaryValue(dst, v, elem)
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
	return dst
}

// appendValueText is the text form of one boxed value: JSON for arrays of nested types, whose
// type is json, otherwise as appendText.
func appendValueText(dst []byte, v types.Value, t types.Type) []byte {
	if a, ok := v.(types.ArrayVal); ok && infoOf(t).oid == oidJSON {
		return pgtext.AppendJSON(dst, t, a)
	}
	return pgtext.Append(dst, t, v)
}
