package pgwire

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"

	"tailrace/sql/types"
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
		return appendFloat(dst, col.F64[i])
	case types.String:
		return append(dst, col.Bytes(i)...)
	case types.Bytes:
		return hex.AppendEncode(append(dst, '\\', 'x'), col.Bytes(i))
	case types.Date:
		return appendDate(dst, int64(col.I32[i]))
	case types.Time:
		return appendTime(dst, col.I64[i])
	case types.Timestamp:
		return appendTimestamp(dst, col.I64[i])
	case types.Array:
		if infoOf(col.Type).oid != oidJSON {
			return appendArrayText(dst, col.Value(i).(types.ArrayVal), *col.Type.Elem)
		}
	}
	return appendValueText(dst, col.Value(i), col.Type)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// appendFloat writes a float8 as PostgreSQL does: the shortest text that reads back to
// the same number, with an exponent from 1e+15 on.
func appendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e15) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

// Dates and times are written digit by digit: the calendar of package time costs several
// times as much, and timestamps are in most rows.

func appendDate(dst []byte, days int64) []byte {
	year, month, day := types.CivilOf(int(days))
	era := ""
	if year < 1 { // there is no year 0: 1 BC comes before 1 AD
		year, era = 1-year, " BC"
	}
	dst = appendDigits(dst, year, 4)
	dst = appendDigits(append(dst, '-'), month, 2)
	dst = appendDigits(append(dst, '-'), day, 2)
	return append(dst, era...)
}

// appendTime writes a time of day, with as many decimals as it has.
func appendTime(dst []byte, ms int64) []byte {
	n := int(ms)
	dst = appendDigits(dst, n/3_600_000, 2)
	dst = appendDigits(append(dst, ':'), n/60_000%60, 2)
	dst = appendDigits(append(dst, ':'), n/1000%60, 2)
	switch frac := n % 1000; {
	case frac == 0:
		return dst
	case frac%100 == 0:
		return appendDigits(append(dst, '.'), frac/100, 1)
	case frac%10 == 0:
		return appendDigits(append(dst, '.'), frac/10, 2)
	default:
		return appendDigits(append(dst, '.'), frac, 3)
	}
}

func appendTimestamp(dst []byte, ms int64) []byte {
	day, at := types.TimestampVal(ms).Split()
	dst = appendDate(dst, int64(day))
	head, found := bytes.CutSuffix(dst, []byte(" BC"))
	dst = appendTime(append(head, ' '), int64(at))
	if found {
		dst = append(dst, " BC"...)
	}
	return dst
}

// appendDigits writes a number that is not negative in at least width digits.
func appendDigits(dst []byte, n, width int) []byte {
	if n >= 10_000 || n >= 100 && width == 2 {
		return strconv.AppendInt(dst, int64(n), 10)
	}
	if width >= 4 {
		dst = append(dst, byte('0'+n/1000))
	}
	if width >= 3 {
		dst = append(dst, byte('0'+n/100%10))
	}
	if width >= 2 {
		dst = append(dst, byte('0'+n/10%10))
	}
	return append(dst, byte('0'+n%10))
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
	case types.String, types.Bytes:
		return append(dst, col.Bytes(i)...)
	case types.Date:
		return binary.BigEndian.AppendUint32(dst, uint32(col.I32[i]-epochDays))
	case types.Time:
		return binary.BigEndian.AppendUint64(dst, uint64(col.I64[i]*1000))
	case types.Timestamp:
		return binary.BigEndian.AppendUint64(dst, uint64(col.I64[i]*1000-epochMicros))
	case types.Decimal, types.Array:
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

// appendArrayText writes an array as {1,NULL,"a b"}: elements are quoted when they hold
// anything that the array syntax would read otherwise.
func appendArrayText(dst []byte, a types.ArrayVal, elem types.Type) []byte {
	dst = append(dst, '{')
	for i, v := range a {
		if i > 0 {
			dst = append(dst, ',')
		}
		if v == nil {
			dst = append(dst, "NULL"...)
			continue
		}
		dst = appendArrayElement(dst, appendValueText(nil, v, elem))
	}
	return append(dst, '}')
}

func appendArrayElement(dst, text []byte) []byte {
	quote := len(text) == 0 || string(text) == "NULL" || string(text) == "null"
	for _, c := range text {
		quote = quote || c == '{' || c == '}' || c == ',' || c == '"' || c == '\\' || c <= ' '
	}
	if !quote {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	for _, c := range text {
		if c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

// appendValueText is the text form of one boxed value: JSON for nested types, otherwise
// as appendText.
func appendValueText(dst []byte, v types.Value, t types.Type) []byte {
	switch v := v.(type) {
	case bool:
		return append(dst, "ft"[b2i(v)])
	case int32:
		return strconv.AppendInt(dst, int64(v), 10)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case float64:
		return appendFloat(dst, v)
	case string:
		return append(dst, v...)
	case []byte:
		return hex.AppendEncode(append(dst, '\\', 'x'), v)
	case types.DateVal:
		return appendDate(dst, int64(v))
	case types.TimeVal:
		return appendTime(dst, int64(v))
	case types.TimestampVal:
		return appendTimestamp(dst, int64(v))
	case types.Dec:
		return append(dst, v.String()...)
	}
	return appendJSON(dst, v, t)
}
