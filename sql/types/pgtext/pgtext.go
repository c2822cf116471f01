// Package pgtext writes values as PostgreSQL's output functions do: what its clients read in
// text format, and what its casts to text, concat, format and array_to_string give.
package pgtext

import (
	"bytes"
	"encoding/hex"
	"math"
	"strconv"

	"tailrace/sql/types"
)

// Append writes a value that is not NULL; nested types but arrays of scalars are JSON.
func Append(dst []byte, t types.Type, v types.Value) []byte {
	switch v := v.(type) {
	case bool:
		return append(dst, "ft"[b2i(v)])
	case int32:
		return strconv.AppendInt(dst, int64(v), 10)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case float64:
		return AppendFloat(dst, v)
	case string:
		return append(dst, v...)
	case []byte:
		return hex.AppendEncode(append(dst, '\\', 'x'), v)
	case types.DateVal:
		return AppendDate(dst, v)
	case types.TimeVal:
		return AppendTime(dst, v)
	case types.TimestampVal:
		return AppendTimestamp(dst, v)
	case types.Dec:
		return v.Append(dst)
	case types.IntervalVal:
		return v.Append(dst)
	case types.ArrayVal:
		if t.Elem != nil && !nestedInArray(*t.Elem) {
			return AppendArray(dst, *t.Elem, v)
		}
	}
	return AppendJSON(dst, t, v)
}

// nestedInArray says that arrays of such elements travel as JSON.
func nestedInArray(elem types.Type) bool { return elem.IsNested() && elem.Kind != types.Array }

// AppendCast is Append as a cast to text writes it: booleans are words.
func AppendCast(dst []byte, t types.Type, v types.Value) []byte {
	if b, ok := v.(bool); ok {
		return strconv.AppendBool(dst, b)
	}
	return Append(dst, t, v)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// AppendFloat writes a float8 as PostgreSQL does: the shortest text that reads back to
// the same number, with an exponent from 1e+15 on.
func AppendFloat(dst []byte, f float64) []byte {
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

// AppendDate writes a date; years before 1 end in BC.
func AppendDate(dst []byte, days types.DateVal) []byte {
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

// AppendTime writes a time of day, with as many decimals as it has.
func AppendTime(dst []byte, ms types.TimeVal) []byte {
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

// AppendTimestamp writes a date, a space and a time of day.
func AppendTimestamp(dst []byte, ms types.TimestampVal) []byte {
	day, at := ms.Split()
	dst = AppendDate(dst, day)
	head, found := bytes.CutSuffix(dst, []byte(" BC"))
	dst = AppendTime(append(head, ' '), at)
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

// AppendArray writes an array as {1,NULL,"a b"}: elements are quoted when they hold
// anything that the array syntax would read otherwise.
func AppendArray(dst []byte, elem types.Type, a types.ArrayVal) []byte {
	dst = append(dst, '{')
	for i, v := range a {
		if i > 0 {
			dst = append(dst, ',')
		}
		if v == nil {
			dst = append(dst, "NULL"...)
			continue
		}
		if nested, ok := v.(types.ArrayVal); ok {
			dst = AppendArray(dst, *elem.Elem, nested)
			continue
		}
		dst = appendArrayElement(dst, Append(nil, elem, v))
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
