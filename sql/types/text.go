package types

import (
	"encoding/base64"
	"math"
	"strconv"
)

// Text is v as CAST(v AS STRING) writes it; see AppendText.
func Text(t Type, v Value) string { return string(AppendText(nil, t, v)) }

// AppendText writes a value as ksqlDB's CAST(... AS STRING) does, which is Java's
// toString: [1, 3], {this=1}, Struct{F0=1,f1=3} (fields that are NULL left out), 1.0E10.
// NULL is written as null; BYTES as base64.
func AppendText(dst []byte, t Type, v Value) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case int32:
		return strconv.AppendInt(dst, int64(v), 10)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case float64:
		return AppendDouble(dst, v)
	case Dec:
		return v.Append(dst)
	case string:
		return append(dst, v...)
	case []byte:
		return base64.StdEncoding.AppendEncode(dst, v)
	case DateVal:
		return v.Append(dst)
	case TimeVal:
		return v.Append(dst)
	case TimestampVal:
		return v.Append(dst)
	case IntervalVal:
		return v.Append(dst)
	case ArrayVal:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = AppendText(dst, *t.Elem, e)
		}
		return append(dst, ']')
	case *MapVal:
		dst = append(dst, '{')
		for i, k := range v.Keys {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = append(AppendText(dst, *t.Key, k), '=')
			dst = AppendText(dst, *t.Elem, v.Values[i])
		}
		return append(dst, '}')
	case StructVal:
		return appendStruct(dst, t, v)
	}
	panic("types: not a value of the language")
}

func appendStruct(dst []byte, t Type, v StructVal) []byte {
	dst = append(dst, "Struct{"...)
	first := true
	for i, f := range t.Fields {
		if v[i] == nil {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(append(dst, f.Name...), '=')
		dst = AppendText(dst, f.Type, v[i])
	}
	return append(dst, '}')
}

// AppendDouble writes a double as Java's Double.toString: plain with at least one digit
// after the point from 10^-3 to 10^7, else as 1.234E10; the fewest digits that read back.
func AppendDouble(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	if a := math.Abs(f); a == 0 || a >= 1e-3 && a < 1e7 {
		start := len(dst)
		dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
		for _, c := range dst[start:] {
			if c == '.' {
				return dst
			}
		}
		return append(dst, ".0"...)
	}
	var buf [32]byte
	text := strconv.AppendFloat(buf[:0], f, 'e', -1, 64) // d[.ddd]e±xx
	if text[1] == 'e' || f < 0 && text[2] == 'e' {
		text = strconv.AppendFloat(buf[:0], f, 'e', 1, 64) // Java takes the best of two digits
	}
	point := false
	for i, c := range text {
		if c == '.' {
			point = true
		}
		if c != 'e' {
			dst = append(dst, c)
			continue
		}
		if !point {
			dst = append(dst, ".0"...)
		}
		exp, _ := strconv.Atoi(string(text[i+1:]))
		return strconv.AppendInt(append(dst, 'E'), int64(exp), 10)
	}
	return dst
}
